"""Attributes outside Table E.1-1 that can identify, with the action we give them.

The table lists what its editors found; the dictionary (PS3.6) has more: retired order
numbers, names and dates of other information models, comments, locations. Our rows are
resolved like those of the table. ``ops/manual/metadata.md``, section 1, lists them.
"""

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


def rows_beyond() -> dict[str, dict[str, str]]:
    """Return our rows, for the hash of a plan."""
    kept = dict.fromkeys(sorted(_KEPT_LOCATIONS), "K")
    return {"keyword": _BY_KEYWORD | kept, "vr": _BY_VR}


def letter_beyond(keyword: str, vr: str) -> str | None:
    """Return the basic action of an attribute outside Table E.1-1; None: it is kept."""
    if keyword in _BY_KEYWORD:
        return _BY_KEYWORD[keyword]
    if keyword in _KEPT_LOCATIONS:
        return None
    return _BY_VR.get(vr)
