"""Attributes outside Table E.1-1 that can identify, with the action we give them.

The table lists what its editors found; the dictionary (PS3.6) has more: retired order
numbers, names and dates of other information models, comments, locations. Our rows are
resolved like those of the table. ``ops/manual/metadata.md``, section 1, lists them.
"""

from rules.entries import DATE_VRS
from rules.tables import Definition, Row
from rules.vocabulary import Option

_KEPT_LOCATIONS = frozenset(
    ["CodingSchemeURL", "RelativeURIReferenceWithinEncapsulatedDocument", "URNCodeValue"]
)
_BY_VR = {"PN": "D", "DA": "D", "DT": "D", "TM": "D", "UR": "X"}
_BY_KEYWORD = {
    "DocumentTitle": "Z",
    "TextValue": "D",
    **dict.fromkeys(
        (
            "AssertionComments",
            "AuthorizationEquipmentCertificationNumber",
            "BoardingPassID",
            "BreedRegistrationNumber",
            "CalculationComment",
            "CarrierID",
            "CommentsOnPatientPerformanceOfVisualField",
            "CommentsOnTheScheduledProcedureStep",
            "ComponentWelderIDs",
            "ContactDisplayName",
            "DoseComment",
            "EncryptedAttributesSequence",
            "FilenameInContainer",
            "FillerOrderNumberImagingServiceRequestRetired",
            "FillerOrderNumberProcedure",
            "HL7InstanceIdentifier",
            "HangingProtocolCreator",
            "IdentificationDescriptionTrial",
            "InstructionPerformanceComment",
            "ItineraryID",
            "NTPSourceAddress",
            "OwnerID",
            "PatientBirthDateInAlternativeCalendar",
            "PatientDeathDateInAlternativeCalendar",
            "PlacerOrderNumberImagingServiceRequestRetired",
            "PlacerOrderNumberProcedure",
            "ReasonForCancellation",
            "ReportStatusCommentTrial",
            "SOPAuthorizationComment",
            "SetupImageComment",
            "SpecimenDescriptionTrial",
            "SurfaceComments",
            "TransactionStatusComment",
            "TreatmentStatusComment",
            "UniformResourceLocatorTrial",
        ),
        "X",
    ),
}
_CODE_MEANING = "CodeMeaning"
"""Stays, but under the option that cleans text it is one: sites write persons there."""
_OPTIONS_OF_DATES = {
    Option.RETAIN_LONGITUDINAL_FULL_DATES: "K",
    Option.RETAIN_LONGITUDINAL_MODIFIED_DATES: "C",
}
_KEPT_UIDS = frozenset(
    [
        "CodingSchemeUID",
        "ContextGroupExtensionCreatorUID",
        "ContextUID",
        "MappingResourceUID",
        "SOPClassesInStudy",
        "SOPClassesSupported",
    ]
)
"""Attributes of VR UI that name no instance, though their keyword does not say so."""


def rows_beyond() -> dict[str, dict[str, str]]:
    """Return our rows, for the hash of a plan."""
    kept = dict.fromkeys(sorted([_CODE_MEANING, *_KEPT_LOCATIONS]), "K")
    return {"keyword": _BY_KEYWORD | kept, "vr": _BY_VR}


def letter_beyond(keyword: str, vr: str) -> str | None:
    """Return the basic action of an attribute outside Table E.1-1; None: it is kept."""
    if keyword in _BY_KEYWORD:
        return _BY_KEYWORD[keyword]
    if keyword in _KEPT_LOCATIONS:
        return None
    return _BY_VR.get(vr)


def row_beyond(tag: int, found: Definition) -> Row | None:
    """Return our row of an attribute outside Table E.1-1; None: it is kept."""
    letter = letter_beyond(found.keyword, found.vr)
    options = _OPTIONS_OF_DATES if found.vr in DATE_VRS else {}
    if found.keyword == _CODE_MEANING:
        letter, options = "K", {Option.CLEAN_DESCRIPTORS: "C"}
    if letter is None:
        return None
    return Row(
        tag=f"{tag:08X}",
        vr=found.vr,
        keyword=found.keyword,
        name=found.name,
        retired=False,
        basic=letter,
        options=options,
    )


def names_instance(found: Definition) -> bool:
    """Return whether an attribute outside Table E.1-1 holds the UID of an instance."""
    if found.vr != "UI" or found.keyword in _KEPT_UIDS:
        return False
    return not found.keyword.endswith(("ClassUID", "TransferSyntaxUID"))
