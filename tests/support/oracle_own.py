"""The rows beyond Table E.1-1, and what may stay in a safe private element: from the manual."""

import re

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement

from tests.support.oracle_reading import PADDING, Element, bytes_of, vr_of
from tests.support.oracle_tables import Row, dictionary_entry

FULL_DATES = "retain-longitudinal-full-dates"
MODIFIED_DATES = "retain-longitudinal-modified-dates"
HARMLESS_URLS = (
    "CodingSchemeURL",
    "URNCodeValue",
    "RelativeURIReferenceWithinEncapsulatedDocument",
)
OWN = {
    **dict.fromkeys(
        [
            "PatientAlternativeCalendar",
            "ResponsiblePersonRole",
            "PatientBirthDateInAlternativeCalendar",
            "PatientDeathDateInAlternativeCalendar",
            "CommentsOnPatientPerformanceOfVisualField",
            "CommentsOnTheScheduledProcedureStep",
            "PlacerOrderNumberProcedure",
            "FillerOrderNumberProcedure",
            "PlacerOrderNumberImagingServiceRequestRetired",
            "FillerOrderNumberImagingServiceRequestRetired",
            "EncryptedAttributesSequence",
            "UniformResourceLocatorTrial",
            "ReportStatusCommentTrial",
            "IdentificationDescriptionTrial",
            "SpecimenDescriptionTrial",
            "ContactDisplayName",
            "ComponentWelderIDs",
            "BoardingPassID",
            "ItineraryID",
            "CarrierID",
            "OwnerID",
            "NTPSourceAddress",
            "AssertionComments",
            "InstructionPerformanceComment",
            "TreatmentStatusComment",
            "SetupImageComment",
            "DoseComment",
            "SurfaceComments",
            "TransactionStatusComment",
            "SOPAuthorizationComment",
            "ReasonForCancellation",
            "AuthorizationEquipmentCertificationNumber",
        ],
        "X",
    ),
    "DocumentTitle": "Z",
    "TextValue": "D",
    "BreedRegistrationNumber": "D",
    "CalculationComment": "D",
    "FilenameInContainer": "D",
    "HL7InstanceIdentifier": "D",
    "HangingProtocolCreator": "D",
}
"""Basic column by keyword."""
OWN_BY_TAG = {tag_for_keyword(keyword): letter for keyword, letter in OWN.items()}
TOLD_BY_NAME = (
    "Comment",
    "Comments",
    "Description",
    "Descriptor",
    "Explanation",
    "Label",
    "Notes",
    "Reason",
    "Summary",
)
TOLD = (
    "AcquisitionProtocolName",
    "BeamName",
    "CodeMeaning",
    "ExtendedCodeMeaning",
    "InstructionText",
    "PatientAdditionalPosition",
    "PotentialReasonsForProcedure",
    "ProtocolElementName",
    "RTImageName",
    "StrainAdditionalInformation",
    "TrackingID",
    "TreatmentProtocols",
)
"""Texts that tell: kept, and cleaned under clean-descriptors."""
WORDS = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "AT": 4, "FD": 8, "SV": 8, "UV": 8}
CHARACTERS = {
    "DS": rb"[0-9+\-Ee. ]*",
    "IS": rb"[0-9+\- ]*",
    "AS": rb"[0-9DWMY ]*",
    "CS": rb"[A-Z0-9 _]*",
    "UI": rb"[0-9.]*",
}
ITEM_TAG, UNDEFINED = b"\xfe\xff\x00\xe0", 0xFFFFFFFF


def own_row(tag: int) -> Row | None:
    """Return the row beyond the table; None if the attribute can't identify."""
    entry = dictionary_entry(tag)
    if entry is None:
        return None
    vr, keyword = entry
    basic, options = OWN_BY_TAG.get(tag, ""), {}
    if vr == "PN":
        basic = basic or "D"
    if vr in ("DA", "DT", "TM"):
        basic, options = basic or "D", {FULL_DATES: "K", MODIFIED_DATES: "C"}
    if vr == "UR" and keyword not in HARMLESS_URLS:
        basic = "D"
    texts = ("LO", "SH", "ST", "LT", "UT", "UC")
    if vr in texts and (keyword.endswith(TOLD_BY_NAME) or keyword in TOLD):
        basic, options = basic or "K", {"clean-descriptors": "C"}
    if not basic:
        return None
    return Row(tag=f"{tag:08X}", name=keyword, keyword=keyword, vr=vr, basic=basic, options=options)


def fits(element: Element, vr: str) -> bool:
    """Return whether the value of a safe private element is one of the table's VR."""
    if vr == "SQ":
        return is_sequence(element)
    if vr_of(element) not in ("", "UN", vr):  # UN: of unknown VR, as in implicit VR
        return False
    if isinstance(element, RawDataElement) and element.length == UNDEFINED:
        return False  # a sequence
    value = bytes_of(element)
    if vr in WORDS:
        return len(value) % WORDS[vr] == 0
    pattern = CHARACTERS.get(vr, rb"(?s:.*)")
    return all(re.fullmatch(pattern, one.strip(PADDING)) for one in value.split(b"\\"))


def is_sequence(element: Element) -> bool:
    """Return whether the value is items, to its last byte."""
    if vr_of(element) == "SQ":
        return True
    if vr_of(element) not in ("", "UN"):
        return False
    value = bytes_of(element)
    while value:
        length = int.from_bytes(value[4:8], "little")
        if value[:4] != ITEM_TAG or len(value) < 8:
            return False
        if length == UNDEFINED:
            return True  # pydicom has found its end
        if len(value) < 8 + length:
            return False
        value = value[8 + length :]
    return True


def looks_like_items(element: Element) -> bool:
    """Return whether a value of unknown VR begins with an item tag."""
    return vr_of(element) in ("", "UN") and bytes_of(element).startswith(ITEM_TAG)
