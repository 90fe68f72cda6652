"""New values, computed the slow and obvious way (ops/manual/metadata.md, section 2)."""

import base64
import hashlib
import hmac
import re
import warnings
from collections.abc import Sequence
from datetime import date, timedelta

from pydicom import Dataset
from pydicom._uid_dict import UID_dictionary
from pydicom.charset import decode_bytes
from pydicom.datadict import tag_for_keyword

from pipelines.context import SubjectContext
from tests.support.oracle_reading import PADDING, Element, make, put
from tests.support.oracle_tables import dictionary_entry

TEXT = ("LO", "LT", "SH", "ST", "UC", "UT", "CS")
EIGHT_ZEROS = ("OB", "OW", "OD", "OF", "OL", "OV", "UN")
DUMMIES = {
    "AE": b"NARTHEX",
    "AS": b"000Y",
    "AT": bytes(4),
    "DA": b"19000101",
    "DS": b"0",
    "DT": b"19000101000000",
    "FD": bytes(8),
    "FL": bytes(4),
    "IS": b"0",
    "SL": bytes(4),
    "SS": bytes(2),
    "SV": bytes(8),
    "TM": b"000000",
    "UL": bytes(4),
    "UR": b"urn:removed",
    "US": bytes(2),
    "UV": bytes(8),
    **dict.fromkeys(TEXT, b"REMOVED"),
    **dict.fromkeys(EIGHT_ZEROS, bytes(8)),
}


class NotADate(Exception):  # noqa: N818  a signal between functions, not an error
    """The value takes the fallback."""


def new_uid(uid: bytes, context: SubjectContext) -> bytes:
    """Return the UID that stands for `uid`."""
    uid = uid.strip(PADDING)
    if not uid or uid.decode("latin-1") in UID_dictionary:
        return uid
    return secret_uid(uid, context)


def secret_uid(uid: bytes, context: SubjectContext) -> bytes:
    """Return the 2.25 UID of a text, whatever it is."""
    generation = str(context.uid_generation).encode("ascii")
    message = b"uid|v1|" + generation + b"|" + uid
    digest = bytearray(hmac.new(context.uid_secret, message, hashlib.sha256).digest()[:16])
    digest[6] = 0x80 | (digest[6] & 0x0F)
    digest[8] = 0x80 | (digest[8] & 0x3F)
    return b"2.25." + str(int.from_bytes(digest, "big")).encode("ascii")


def new_uids(value: bytes, context: SubjectContext) -> bytes:
    """Map each value."""
    return b"\\".join(new_uid(uid, context) for uid in value.split(b"\\"))


def person(name: str, context: SubjectContext) -> str:
    """Return the pseudonym of one person's name."""
    group = name.strip(" \0").split("=")[0]
    key = "^".join(component.strip() for component in group.split("^"))
    key = key.rstrip("^").casefold()
    if not key:
        return "REMOVED"
    message = b"person|v1|" + key.encode("utf-8")
    digest = hmac.new(context.uid_secret, message, hashlib.sha256).digest()[:5]
    return "Person^" + base64.b32encode(digest).decode("ascii").lower().rstrip("=")


def persons(value: bytes, encodings: Sequence[str], context: SubjectContext) -> bytes:
    """Map each name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = decode_bytes(value, encodings, {ord("^"), ord("="), ord("\\")})
    return "\\".join(person(name, context) for name in text.split("\\")).encode("ascii")


def _shifted(digits: str, days: int) -> str:
    """Shift YYYY, YYYYMM or YYYYMMDD; the same precision comes back."""
    whole = digits + {4: "0701", 6: "15", 8: ""}[len(digits)]
    try:
        moved = date(int(whole[:4]), int(whole[4:6]), int(whole[6:])) + timedelta(days)
    except (ValueError, OverflowError):
        raise NotADate from None
    return f"{moved.year:04}{moved.month:02}{moved.day:02}"[: len(digits)]


def shift_da(value: str, days: int) -> str:
    """Shift one DA."""
    match = re.fullmatch(r"([0-9]{4})\.([0-9]{2})\.([0-9]{2})", value)
    digits = "".join(match.groups()) if match else value
    if not re.fullmatch(r"[0-9]{4}|[0-9]{6}|[0-9]{8}", digits):
        raise NotADate
    return _shifted(digits, days)


def check_tm(value: str) -> str:
    """Return one TM as it is, if it is one."""
    pattern = r"([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:\.[0-9]{1,6})?)?)?"
    colons = r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,6})?)?"
    match = re.fullmatch(pattern, value) or re.fullmatch(colons, value)
    if match is None:
        raise NotADate
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    if hours > 23 or minutes > 59 or seconds > 60:
        raise NotADate
    return value


def shift_dt(value: str, days: int) -> str:
    """Shift the date part of one DT."""
    match = re.fullmatch(
        r"(?P<date>[0-9]{4}(?:[0-9]{2}(?:[0-9]{2})?)?)(?P<time>(?<=[0-9]{8})[0-9]{2}[0-9.]*)?"
        r"(?P<zone>[+-][0-9]{4})?",
        value,
    )
    if match is None:
        raise NotADate
    time, zone = match["time"] or "", match["zone"] or ""
    if time:
        check_tm(time)
    return _shifted(match["date"], days) + time + zone


def keep_tm(value: str, _days: int) -> str:
    """Return one TM as it is: whole days leave it alone."""
    return check_tm(value)


SHIFTED = {"DA": shift_da, "DT": shift_dt, "TM": keep_tm}


def shift(value: bytes, vr: str, days: int) -> bytes:
    """Shift each value of an element.

    Raises
    ------
    NotADate
        One of them is none, or `vr` is not of a date.
    """
    if vr not in SHIFTED:
        raise NotADate
    one = SHIFTED[vr]
    texts = [v.strip(PADDING).decode("latin-1") for v in value.split(b"\\")]
    return "\\".join(one(t, days) if t else t for t in texts).encode("latin-1")


def cap_age(value: bytes) -> bytes:
    """Return the age, at most 090Y."""
    text = value.strip(PADDING).decode("latin-1")
    match = re.fullmatch(r"([0-9]{3})([DWMY])", text)
    if match is None:
        raise NotADate
    years = int(match[1]) / {"D": 365.25, "W": 52.18, "M": 12, "Y": 1}[match[2]]
    return b"090Y" if years > 89 else text.encode("ascii")


def _item(**values: bytes | list[Dataset]) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        tag = tag_for_keyword(keyword)
        assert tag is not None
        entry = dictionary_entry(tag)
        assert entry is not None
        if isinstance(value, list):
            put(item, make(tag, "SQ", items=value))
        else:
            put(item, make(tag, entry[0], value))
    return item


def dummy_item(keyword: str, context: SubjectContext) -> Dataset:
    """Return the item of a dummy sequence."""
    code = {
        "CodeValue": b"REMOVED",
        "CodingSchemeDesignator": b"99NARTHEX",
        "CodeMeaning": b"REMOVED",
    }
    items: dict[str, dict[str, bytes | list[Dataset]]] = {
        "ContentSequence": {
            "RelationshipType": b"CONTAINS",
            "ValueType": b"TEXT",
            "ConceptNameCodeSequence": [
                _item(CodeValue=b"121106", CodingSchemeDesignator=b"DCM", CodeMeaning=b"Comment")
            ],
            "TextValue": b"REMOVED",
        },
        "VerifyingObserverSequence": {
            "VerifyingOrganization": b"REMOVED",
            "VerificationDateTime": b"19000101000000",
            "VerifyingObserverName": b"REMOVED",
            "VerifyingObserverIdentificationCodeSequence": [],
        },
        "PersonIdentificationCodeSequence": {**code},
        "InstitutionCodeSequence": {**code},
        "OperatorIdentificationSequence": {
            "InstitutionName": b"REMOVED",
            "PersonIdentificationCodeSequence": [_item(**code)],
        },
        "GraphicAnnotationSequence": {
            "GraphicLayer": b"REMOVED",
            "TextObjectSequence": [
                _item(
                    UnformattedTextValue=b"REMOVED",
                    AnchorPoint=bytes(8),
                    AnchorPointVisibility=b"N",
                    AnchorPointAnnotationUnits=b"DISPLAY",
                )
            ],
        },
        "WaveformAnnotationSequence": {
            "UnformattedTextValue": b"REMOVED",
            "ReferencedWaveformChannels": b"\x01\x00\x00\x00",
        },
        "FlowIdentifierSequence": {"FlowIdentifier": bytes(8), "SourceIdentifier": bytes(8)},
        "ReferencedPerformedProcedureStepSequence": {
            "ReferencedSOPClassUID": b"1.2.840.10008.3.1.2.3.3",
            "ReferencedSOPInstanceUID": secret_uid(b"empty", context),
        },
    }
    return _item(**items.get(keyword, {}))


def dummy(
    element: Element,
    *,
    value: bytes,
    vr: str,
    keyword: str,
    encodings: Sequence[str],
    context: SubjectContext,
) -> Element:
    """Return the element with the dummy value of `vr`."""
    if vr == "SQ":
        return make(element.tag, "SQ", items=[dummy_item(keyword, context)])
    if vr == "PN":
        return make(element.tag, vr, persons(value, encodings, context))
    if vr == "UI":
        empty = not value.strip(PADDING)
        new = secret_uid(b"empty", context) if empty else new_uids(value, context)
        return make(element.tag, vr, new)
    return make(element.tag, vr, DUMMIES[vr])
