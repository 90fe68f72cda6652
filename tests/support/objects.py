"""Small objects and a context for tests of the engine."""

import hashlib
import io
import struct

import pydicom
from pydicom.dataset import FileDataset

from pipelines.context import Span, SubjectContext
from pipelines.metadata.normalise import BytesReader
from pipelines.objects import Cleaned
from pipelines.run import clean, inspect, verify
from tests.support.datasets import CT, base
from tests.support.encoding import EXPLICIT, LONG_VRS, UNDEFINED, Made, dicom_file
from tests.support.engine import plan_of, run_engine

BASIC = "name: test\nprofile: basic\noptions: []\n"
CONTEXT = SubjectContext(
    pseudonym="NXTEST",
    shift_days=-1000,
    uid_secret=hashlib.sha256(b"engine").digest(),
    uid_generation=1,
)
ITEM, ITEM_END, SEQUENCE_END = (struct.pack("<HH", 0xFFFE, n) for n in (0xE000, 0xE00D, 0xE0DD))


def options(*names: str, rules: str = "") -> str:
    """Return a rule set with options, and rules in YAML."""
    return f"name: test\nprofile: basic\noptions: [{', '.join(names)}]\n{rules}"


def element(tag: int, vr: str, value: bytes, *, length: int | None = None) -> bytes:
    """Return an element as it is said, explicit VR, or implicit VR where `vr` is empty."""
    length = len(value) if length is None else length
    group, number = tag >> 16, tag & 0xFFFF
    if not vr:
        return struct.pack("<HHL", group, number, length) + value
    if vr in LONG_VRS:
        return struct.pack("<HH2sHL", group, number, vr.encode("ascii"), 0, length) + value
    return struct.pack("<HH2sH", group, number, vr.encode("ascii"), length) + value


def item(content: bytes, *, length: int | None = None) -> bytes:
    """Return an item; of undefined length with its delimiter."""
    length = len(content) if length is None else length
    end = ITEM_END + bytes(4) if length == UNDEFINED else b""
    return ITEM + struct.pack("<L", length) + content + end


def fragments(*values: bytes) -> bytes:
    """Return the value of encapsulated Pixel Data: the offset table first."""
    return b"".join(item(v) for v in (b"", *values)) + SEQUENCE_END + bytes(4)


def small(*elements: Made, tail: bytes = b"", transfer_syntax: str = EXPLICIT) -> bytes:
    """Return a file with what every object must have, `elements`, and raw bytes at its end."""
    return dicom_file((*base(CT), *elements), transfer_syntax=transfer_syntax) + tail


def cleaned(data: bytes, rules: str = BASIC) -> FileDataset:
    """Return the cleaned object, verified, as pydicom reads it."""
    written = run_engine(data, rules_yaml=rules, context=CONTEXT)
    assert str(pydicom.dcmread(io.BytesIO(written)))  # every element can be read
    return pydicom.dcmread(io.BytesIO(written))


def walked(data: bytes, rules: str = BASIC, *, explain: bool = False) -> Cleaned:
    """Return what the engine makes of an object; verified."""
    source, plan = BytesReader(data), plan_of(rules)
    inspection = inspect(source, attributes=())
    result = clean(
        source, plan=plan, context=CONTEXT, inspection=inspection, explain=explain, face=None
    )
    verify(BytesReader(joined(result)), cleaned=result, plan=plan, context=CONTEXT)
    return result


def joined(result: Cleaned) -> bytes:
    """Return the bytes of the file."""
    return b"".join(
        result.source.read(s.offset, s.length) if isinstance(s, Span) else s
        for s in result.segments
    )
