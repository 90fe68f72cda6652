"""Dummy values, valid for their VR, and dummy items (PS3.15 Table E.1-1a, D).

The tables are explained in ``ops/manual/metadata.md``, section 2.
"""

from pydicom.datadict import dictionary_VR
from pydicom.tag import Tag

from pipelines.metadata.encode import encode_element, encode_item
from pipelines.metadata.uids import UidMap

_ZEROS = bytes(8)

VALUES: dict[bytes, bytes] = {
    b"AE": b"NARTHEX",
    b"AS": b"000Y",
    b"AT": bytes(4),
    b"CS": b"REMOVED",
    b"DA": b"19000101",
    b"DS": b"0",
    b"DT": b"19000101000000",
    b"FD": bytes(8),
    b"FL": bytes(4),
    b"IS": b"0",
    b"LO": b"REMOVED",
    b"LT": b"REMOVED",
    b"OB": _ZEROS,
    b"OD": _ZEROS,
    b"OF": _ZEROS,
    b"OL": _ZEROS,
    b"OV": _ZEROS,
    b"OW": _ZEROS,
    b"PN": b"REMOVED",
    b"SH": b"REMOVED",
    b"SL": bytes(4),
    b"SS": bytes(2),
    b"ST": b"REMOVED",
    b"SV": bytes(8),
    b"TM": b"000000",
    b"UC": b"REMOVED",
    b"UL": bytes(4),
    b"UN": _ZEROS,
    b"UR": b"urn:removed",
    b"US": bytes(2),
    b"UT": b"REMOVED",
    b"UV": bytes(8),
}
"""By VR. UI has none: a dummy UID is made under the study's secret."""

_Items = dict[str, "str | bytes | _Items"]

_UID = "(dummy UID)"
_CODE: _Items = {
    "CodeValue": "REMOVED",
    "CodingSchemeDesignator": "99NARTHEX",
    "CodeMeaning": "REMOVED",
}
ITEMS: dict[str, _Items] = {
    "ContentSequence": {
        "RelationshipType": "CONTAINS",
        "ValueType": "TEXT",
        "ConceptNameCodeSequence": {
            "CodeValue": "121106",
            "CodingSchemeDesignator": "DCM",
            "CodeMeaning": "Comment",
        },
        "TextValue": "REMOVED",
    },
    "VerifyingObserverSequence": {
        "VerifyingOrganization": "REMOVED",
        "VerificationDateTime": "19000101000000",
        "VerifyingObserverName": "REMOVED",
        "VerifyingObserverIdentificationCodeSequence": b"",
    },
    "PersonIdentificationCodeSequence": _CODE,
    "InstitutionCodeSequence": _CODE,
    "OperatorIdentificationSequence": {
        "InstitutionName": "REMOVED",
        "PersonIdentificationCodeSequence": _CODE,
    },
    "GraphicAnnotationSequence": {
        "GraphicLayer": "REMOVED",
        "TextObjectSequence": {
            "UnformattedTextValue": "REMOVED",
            "AnchorPoint": bytes(8),
            "AnchorPointVisibility": "N",
            "AnchorPointAnnotationUnits": "DISPLAY",
        },
    },
    "WaveformAnnotationSequence": {
        "UnformattedTextValue": "REMOVED",
        "ReferencedWaveformChannels": b"\x01\x00\x00\x00",
    },
    "FlowIdentifierSequence": {"FlowIdentifier": _ZEROS, "SourceIdentifier": _ZEROS},
    "ReferencedPerformedProcedureStepSequence": {
        "ReferencedSOPClassUID": "1.2.840.10008.3.1.2.3.3",
        "ReferencedSOPInstanceUID": _UID,
    },
}
"""The one item of a dummy sequence, by keyword. All others: an item without elements."""


def dummy_items(keyword: str, uids: UidMap, *, implicit: bool) -> bytes:
    """Return the encoded item that stands for the content of a sequence."""
    return encode_item(_encode(ITEMS.get(keyword, {}), uids, implicit=implicit))


def _encode(items: _Items, uids: UidMap, *, implicit: bool) -> bytes:
    elements = []
    for keyword, content in items.items():
        tag = Tag(keyword)
        vr = dictionary_VR(tag)
        if isinstance(content, dict):
            value = encode_item(_encode(content, uids, implicit=implicit))
        elif content == _UID:
            value = uids.dummy().encode("ascii")
        else:
            value = content if isinstance(content, bytes) else content.encode("ascii")
        elements.append((tag, encode_element(tag, vr.encode("ascii"), value, implicit=implicit)))
    return b"".join(encoded for _, encoded in sorted(elements))
