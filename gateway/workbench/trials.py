"""Run the tests of a rule set through the real engine: inspect, clean, verify."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from struct import error as struct_error
from struct import pack

from gateway.workbench.assembled import Assembled
from pipelines.context import SubjectContext
from pipelines.errors import AccessionsNeededError, HeldError
from pipelines.metadata.encode import encode_element
from pipelines.metadata.head import encode_head
from pipelines.metadata.normalise import BytesReader
from pipelines.metadata.opening import open_object
from pipelines.metadata.root import RootLookup
from pipelines.metadata.sop_classes import storage_sop_classes
from pipelines.run import clean, inspect, verify
from rules.plan import Plan
from rules.tables import definition, iod_of, tags_by_keyword
from rules.trials import Held

_EXPLICIT = "1.2.840.10008.1.2.1"
_NUMBERS = {
    "US": "<H",
    "SS": "<h",
    "UL": "<L",
    "SL": "<l",
    "UV": "<Q",
    "SV": "<q",
    "FL": "<f",
    "FD": "<d",
}
_NUL_PADDED = frozenset(["UI", "OB", "UN"])
_UNUSABLE = "trial.unusable"
"""Said where a test gives what no text can stand for: items, letters for a number."""
_NOT_SHOWN = frozenset([b"SQ", b"UN", b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"AT"])
_PRESENT_VALUE = "<present>"
_REQUIRED = {
    "SOPInstanceUID": "2.25.1001",
    "StudyInstanceUID": "2.25.1002",
    "SeriesInstanceUID": "2.25.1003",
    "PatientID": "RULETEST0001",
    "SpecificCharacterSet": "ISO_IR 192",
}
"""What every object must have, where the test does not give it."""


def run_trial(plan: Plan, given: Mapping[str, str]) -> Mapping[str, str] | Held:
    """Return the root attributes that are left of an object with the attributes `given`.

    Without a SOP Class UID the object is of a class that no IOD is known of. The subject
    is always the same: pseudonym ``TESTSUBJECT``, of accession numbers ``TESTACCESSION``,
    dates shifted by the first bound of the rule set.

    Parameters
    ----------
    given : Mapping[str, str]
        By keyword; several values are joined by a backslash, numbers are in decimal. What
        text can't stand for is returned as ``<present>``.
    """
    attributes = {"SOPClassUID": _unmapped_class(), **_REQUIRED, **given}
    try:
        data = _file(attributes)
    except (ValueError, struct_error):
        return Held(code=_UNUSABLE)
    source = BytesReader(data)
    context = SubjectContext(
        pseudonym="TESTSUBJECT",
        shift_days=plan.shift_days[0],
        uid_secret=hashlib.sha256(b"narthex rules test").digest(),
        uid_generation=1,
    )
    try:
        inspection = inspect(source, attributes=(), private_sop_classes=[attributes["SOPClassUID"]])
        try:
            cleaned = clean(
                source, plan=plan, context=context, inspection=inspection, explain=False, face=None
            )
        except AccessionsNeededError as error:
            made = dict.fromkeys(error.accessions, "TESTACCESSION")
            context = replace(context, accessions=made)
            cleaned = clean(
                source, plan=plan, context=context, inspection=inspection, explain=False, face=None
            )
        written = Assembled(cleaned.segments, cleaned.source)
        verify(written, cleaned=cleaned, plan=plan, context=context)
    except HeldError as error:
        return Held(code=error.code)
    before = RootLookup.of_outline(inspection.outline)
    outline, _ = open_object(written)
    after = RootLookup.of_outline(outline)
    left = {}
    for tag, element in outline.by_tag.items():
        found = definition(tag)
        if found is None or not found.keyword:
            continue
        keyword = found.keyword
        if element.vr in _NOT_SHOWN:
            left[keyword] = _PRESENT_VALUE if element.length else ""
            continue
        value = after(keyword) or ""
        # as the author wrote it: 1.50 and 1.5 are one number
        is_same = keyword in given and value == before(keyword)
        left[keyword] = given[keyword] if is_same else value
    return left


@cache
def _unmapped_class() -> str:
    return next(uid for uid in sorted(storage_sop_classes()) if iod_of(uid) is None)


def _file(attributes: Mapping[str, str]) -> bytes:
    head = encode_head(
        sop_class_uid=attributes["SOPClassUID"],
        sop_instance_uid=attributes["SOPInstanceUID"],
        transfer_syntax_uid=_EXPLICIT,
    )
    by_tag = sorted((tags_by_keyword()[keyword], text) for keyword, text in attributes.items())
    return head + b"".join(_element(tag, text) for tag, text in by_tag)


def _element(tag: int, text: str) -> bytes:
    found = definition(tag)
    vr = found.vr if found else "UN"
    value = _value(vr, text)
    if len(value) % 2:
        value += b"\0" if vr in _NUL_PADDED else b" "
    return encode_element(tag, vr.encode("ascii"), value, implicit=False)


def _value(vr: str, text: str) -> bytes:
    """Return the value as encoded.

    Raises
    ------
    ValueError, struct.error
        If text can't stand for it.
    """
    if vr in ("SQ", "AT") and text:
        raise ValueError(vr)
    number = _NUMBERS.get(vr)
    if number is None or not text:
        return text.encode("utf-8")
    convert = float if vr in ("FL", "FD") else int
    return b"".join(pack(number, convert(part)) for part in text.split("\\"))
