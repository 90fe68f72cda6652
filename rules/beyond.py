"""Attributes outside Table E.1-1 that can identify, with the action we give them.

The table lists what its editors found; the dictionary (PS3.6) has more: retired order
numbers, names and dates of other information models, comments, locations. Our rows are
resolved like those of the table. ``ops/manual/metadata.md``, section 1, lists them.
"""

from rules.entries import DATE_VRS, TEXT_VRS
from rules.tables import Definition, Row
from rules.vocabulary import Option

_KEPT_LOCATIONS = frozenset(
    ["CodingSchemeURL", "RelativeURIReferenceWithinEncapsulatedDocument", "URNCodeValue"]
)
_BY_VR = {"PN": "D", "DA": "D", "DT": "D", "TM": "D", "UR": "D"}
_BY_KEYWORD = {
    "BreedRegistrationNumber": "D",  # Type 1 at some place, as the next four and UR
    "CalculationComment": "D",
    "DocumentTitle": "Z",
    "FilenameInContainer": "D",
    "HL7InstanceIdentifier": "D",
    "HangingProtocolCreator": "D",
    "TextValue": "D",
    **dict.fromkeys(
        (
            "AssertionComments",
            "AuthorizationEquipmentCertificationNumber",
            "BoardingPassID",
            "CarrierID",
            "CommentsOnPatientPerformanceOfVisualField",
            "CommentsOnTheScheduledProcedureStep",
            "ComponentWelderIDs",
            "ContactDisplayName",
            "DoseComment",
            "EncryptedAttributesSequence",
            "FillerOrderNumberImagingServiceRequestRetired",
            "FillerOrderNumberProcedure",
            "IdentificationDescriptionTrial",
            "InstructionPerformanceComment",
            "ItineraryID",
            "NTPSourceAddress",
            "OwnerID",
            "PatientAlternativeCalendar",
            "PatientBirthDateInAlternativeCalendar",
            "PatientDeathDateInAlternativeCalendar",
            "PlacerOrderNumberImagingServiceRequestRetired",
            "PlacerOrderNumberProcedure",
            "ReasonForCancellation",
            "ReportStatusCommentTrial",
            "ResponsiblePersonRole",
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
_FREE_TEXT_ENDINGS = (
    *("Comment", "Comments", "Description", "Descriptor", "Explanation", "Label", "Notes"),
    *("Reason", "Summary"),
)
_FREE_TEXTS = frozenset(
    [
        "AcquisitionProtocolName",
        "BeamName",
        "BibliographicCitation",
        "BlockName",
        "DataSetName",
        "EventTimerNames",
        "FractionPattern",
        "HangingProtocolName",
        "StageName",
        "TemplateName",
        "ViewName",
        "CodeMeaning",
        "ExtendedCodeMeaning",
        "InstructionText",
        "PatientAdditionalPosition",
        "PotentialReasonsForProcedure",
        "ProtocolElementName",
        "RTImageName",
        "RadiationMachineName",
        "SelectorUCValue",
        "StrainAdditionalInformation",
        "TrackingID",
        "TreatmentProtocols",
    ]
)
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
    kept = dict.fromkeys(sorted(_KEPT_LOCATIONS), "K")
    texts = dict.fromkeys([*sorted(_FREE_TEXTS), *(f"*{each}" for each in _FREE_TEXT_ENDINGS)], "C")
    return {"keyword": _BY_KEYWORD | kept, "text": texts, "vr": _BY_VR}


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
    if letter is None:
        return None
    return Row(
        tag=f"{tag:08X}",
        vr=found.vr,
        keyword=found.keyword,
        name=found.name,
        retired=False,
        basic=letter,
        options=_OPTIONS_OF_DATES if found.vr in DATE_VRS else {},
    )


def is_free_text(found: Definition) -> bool:
    """Return whether people write what they like into an attribute outside Table E.1-1."""
    if found.vr not in TEXT_VRS:
        return False
    keyword = found.keyword.removesuffix("Trial")
    return keyword.endswith(_FREE_TEXT_ENDINGS) or keyword in _FREE_TEXTS


def names_instance(found: Definition) -> bool:
    """Return whether an attribute outside Table E.1-1 holds the UID of an instance."""
    if found.vr != "UI" or found.keyword in _KEPT_UIDS:
        return False
    return not found.keyword.endswith(("ClassUID", "TransferSyntaxUID"))
