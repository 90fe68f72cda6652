"""Plant identities in private elements, in bytes of unknown VR, around the dataset."""

import base64

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRBigEndian, ImplicitVRLittleEndian

from ops.bench.identities.attributes import tag_of
from ops.bench.identities.cultures import plain
from ops.bench.identities.paths import Path
from ops.bench.identities.persons import make_id
from ops.bench.identities.standard import SafePrivate
from ops.bench.identities.texts import make_text, mixed
from ops.bench.identities.values import make_date, make_uid
from ops.bench.identities.work import Expect, Kind, Work, put, put_raw

_UNKNOWN_CREATORS = ("ACME PACS 7.2", "NORTHSTAR RIS LINK", "VX ACQ SHADOW", "99HOSPITAL")
_TEXT_LIMITS = {"LO": 64, "LT": 4000, "SH": 16, "ST": 1024}
_NUMBERS = {
    "DS": "1.375",
    "IS": "47",
    "US": 37,
    "UL": 40961,
    "SS": -12,
    "SL": -4097,
    "FL": 2.5,
    "FD": 0.8125,
    "CS": "AXIAL",
}


def _text_rows(rows: list[SafePrivate]) -> list[SafePrivate]:
    """Return the safe elements whose VR is one of free text."""
    return [row for row in rows if row.vr in _TEXT_LIMITS]


def _safe_texts(work: Work, rows: list[SafePrivate], count: int) -> None:
    """Plant free text in safe elements: it is cleaned there as it is in a description."""
    for row in work.rng.sample(_text_rows(rows), count):
        text = make_text(work.rng, work.subject, _TEXT_LIMITS[row.vr])
        path = _add(work, row.group, row.creator, row.element, vr=row.vr, value=text.value)
        if path is not None:
            named = Expect.CLEANED if text.needles or text.gone else Expect.WHOLE
            work.plant_text(path, text, Kind.PRIVATE_TEXT, basic=Expect.GONE, research=named)


def plant_private(work: Work, count: int) -> None:
    """Plant `count` safe elements and one of each unsafe sort."""
    rows = sorted(work.standard.safe.values(), key=lambda r: (r.creator, r.group, r.element))
    numeric = [r for r in rows if r.vr in _NUMBERS]
    for row in work.rng.sample(numeric, count):
        value = _number(work, row.vr)
        _add(work, row.group, row.creator, row.element, vr=row.vr, value=value)
    _safe_texts(work, rows, 3)
    _safe_with_identity(work, rows)
    _unknown(work)
    _sequence(work, rows)
    _without_creator(work)


def _number(work: Work, vr: str) -> object:
    """Return a value, now and then several or a term of the trade."""
    if vr == "CS":
        return work.rng.choice(("AXIAL", "Y", "MIN_MAX", ["M", "FFE"], "HEAD", "SPIN"))
    if vr in ("DS", "FL", "FD") and work.rng.random() < 0.4:
        return [work.rng.randrange(-999, 999) / 8 for _ in range(3)]
    return _NUMBERS[vr]


def _add(
    work: Work, group: int, creator: str, element: int, *, vr: str, value: object
) -> Path | None:
    dataset = work.dataset
    block = dataset.private_block(group, creator, create=True)
    tag = block.get_tag(element)
    if tag in dataset:
        return None
    put(dataset, tag, vr=vr, value=value)
    return (f"{group:04X}:{element:02X}:{creator}",)


def _note(
    work: Work, path: Path | None, needles: tuple[str, ...], kind: Kind = Kind.PRIVATE
) -> None:
    if path is not None:
        work.plant(path, kind, needles=needles, expects=Expect.GONE)


def _safe_with_identity(work: Work, rows: list[SafePrivate]) -> None:
    subject, rng = work.subject, work.rng
    row = rng.choice([r for r in rows if r.vr in ("LO", "SH")])
    value = subject.patient_id if row.vr == "SH" else subject.person.roman
    needles = subject.person.needles if row.vr == "LO" else (subject.patient_id,)
    _note(work, _add(work, row.group, row.creator, row.element, vr=row.vr, value=value), needles)
    if rng.random() < 0.08 and not work.retargeted:  # a number that is none
        row = rng.choice([r for r in rows if r.vr in ("DS", "CS")])
        value = plain(subject.person.given).upper()[:16]
        tag = work.dataset.private_block(row.group, row.creator, create=True).get_tag(row.element)
        put_raw(work.dataset, tag, vr=row.vr, value=value.encode())
        _note(work, (f"{row.group:04X}:{row.element:02X}:{row.creator}",), (value,))


def _unknown(work: Work) -> None:
    subject, rng = work.subject, work.rng
    creator = rng.choice(_UNKNOWN_CREATORS)
    group = rng.choice((0x0009, 0x0021, 0x0031, 0x7053))
    text = mixed(rng, subject, 4000)
    uid = make_uid(rng)
    number = make_id(rng)
    own = subject.person
    for element, vr, value, needles in (
        (0x01, "LO", number, (number,)),
        (0x02, "PN", own.pn, own.needles),
        (0x03, "DA", make_date(rng, subject), ()),
        (0x04, "UI", uid, (uid,)),
        (0x05, "LT", text.value, text.needles),
        (0x06, "SH", "1.5T", ()),
    ):
        _note(work, _add(work, group, creator, element, vr=vr, value=value), needles)
    spoken = f"{own.given} {subject.patient_id}"
    for element, raw, needles in (
        (0x10, b"\x00\x07\xff" + spoken.encode() + b"\x00\x80\x01", (own.given,)),
        (0x11, spoken.encode("utf-16-le"), (own.given, subject.patient_id)),
        (0x12, base64.b64encode(b"pt=" + spoken.encode()), (spoken,)),
        (0x13, own.pn.encode(), (own.given,)),
        (0x14, f"<p><dob>{subject.birth:%Y-%m-%d}</dob></p>".encode(), (f"{subject.birth}",)),
    ):
        padded = raw + b"\0" * (len(raw) % 2)
        path = _add(work, group, creator, element, vr="UN", value=padded)
        _note(work, path, needles, Kind.UN_BYTES)
    nested = _encoded_item(work)
    path = _add(work, group, creator, 0x20, vr="UN", value=nested)
    little = work.dataset.file_meta.TransferSyntaxUID != ExplicitVRBigEndian
    if path is not None and little and rng.random() < 0.5:
        block = work.dataset.private_block(group, creator)
        work.dataset[block.get_tag(0x20)].is_undefined_length = True
    _note(work, path, (own.given, subject.patient_id), Kind.UN_BYTES)
    named = plain(own.roman.replace("^", " "))[:64]
    _note(work, _add(work, 0x0067, named, 0x01, vr="LO", value="ok"), (named,))


def _encoded_item(work: Work) -> bytes:
    """Return a sequence of one item as implicit VR bytes, as it stands under VR UN."""
    item = Dataset()
    item.PatientName = work.subject.person.roman
    item.PatientID = work.subject.patient_id
    inner = Dataset()
    inner.InstitutionName = work.subject.institution
    item.AnatomicRegionSequence = Sequence([inner])
    holder = Dataset()
    holder.SpecificCharacterSet = "ISO_IR 192"
    holder.ProcedureCodeSequence = Sequence([item])
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, True
    write_dataset(stream, holder)
    encoded = stream.getvalue()
    start = encoded.index(b"\x08\x00\x32\x10")
    return encoded[start + 8 :]


def _sequence(work: Work, rows: list[SafePrivate]) -> None:
    own = work.subject.person
    safe = work.rng.choice([r for r in rows if r.vr == "SQ"])
    for group, creator, element in (
        (0x0009, "ACME TREE", 0x40),
        (safe.group, safe.creator, safe.element),
    ):
        item, inner = Dataset(), Dataset()
        inner.PatientName = own.pn
        inner.AccessionNumber = number = make_id(work.rng)
        put(item, tag_of("AnatomicRegionSequence"), vr="SQ", value=Sequence([inner]))
        path = _add(work, group, creator, element, vr="SQ", value=Sequence([item]))
        _note(work, path, (*own.needles, number))
    row = work.rng.choice([r for r in rows if r.vr == "SQ"])  # as an implicit VR writer leaves it
    path = _add(work, row.group, row.creator, row.element, vr="UN", value=_encoded_item(work))
    _note(work, path, (own.given, work.subject.patient_id), Kind.UN_BYTES)


def _without_creator(work: Work) -> None:
    number = make_id(work.rng)
    tag = Tag(0x0077, 0x1010)
    if tag in work.dataset or Tag(0x0077, 0x0010) in work.dataset:
        return
    put(work.dataset, tag, vr="LO", value=number)
    _note(work, ("0077:1010:",), (number,))


def plant_wrong_vrs(work: Work) -> None:
    """Write attributes under a VR that is not theirs, and one that no dictionary knows."""
    dataset, subject = work.dataset, work.subject
    number = make_id(work.rng)
    put(dataset, Tag(0x0010, 0x9903), vr="LO", value=number)
    work.plant(("00109903",), Kind.STRUCTURED, needles=(number,), expects=Expect.GONE)
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax in (ImplicitVRLittleEndian, ExplicitVRBigEndian):
        return
    own = subject.person
    for keyword, vr, value, needles in (
        ("PatientBirthName", "UN", own.roman.encode("utf-8"), own.needles),
        ("InstitutionalDepartmentName", "UN", number.encode(), (number,)),
        ("LastMenstrualDate", "LO", f"see {own.given}", (own.given,)),
        ("PatientReligiousPreference", "UN", own.given.encode(), (own.given,)),
    ):
        padded = value + b" " * (len(value) % 2) if isinstance(value, bytes) else value
        put(dataset, tag_of(keyword), vr=vr, value=padded)
        kind = Kind.UN_BYTES if vr == "UN" else Kind.STRUCTURED
        work.plant((f"{tag_of(keyword):08X}",), kind, needles=needles, expects=Expect.GONE)
    tag = tag_of("ConceptCodeSequence")
    if tag not in dataset:
        put(dataset, tag, vr="UN", value=_encoded_item(work))


def plant_envelope(work: Work) -> None:
    """Plant identities before the dataset: preamble and file meta information."""
    subject = work.subject
    meta = work.dataset.file_meta
    title = plain(subject.institution).upper().replace(" ", "")[:12] + str(
        work.rng.randrange(101, 998)
    )
    meta.SourceApplicationEntityTitle = title
    meta.SendingApplicationEntityTitle = title
    meta.PrivateInformationCreatorUID = UID(make_uid(work.rng))
    spoken = f"{subject.person.given} {subject.patient_id}"
    note = spoken.encode()
    meta.PrivateInformation = note + b"\0" * (len(note) % 2)
    work.dataset.preamble = (b"II*\0" + note).ljust(128, b"\0")[:128]
    work.plant(("meta", "00020016"), Kind.META, needles=(title,), expects=Expect.GONE)
    work.plant(("meta", "00020017"), Kind.META, needles=(title,), expects=Expect.GONE)
    work.plant(("meta", "00020102"), Kind.META, needles=(spoken,), expects=Expect.GONE)
    work.plant(("preamble",), Kind.META, needles=(spoken,), expects=Expect.GONE)


def plant_graphics(work: Work) -> None:
    """Add an overlay and a curve with comments about the subject."""
    dataset = work.dataset
    for group in (0x6000, 0x5000):
        if any(tag.group == group for tag in dataset.keys()):  # noqa: SIM118 - tags, not elements
            return
    text = mixed(work.rng, work.subject, 4000)
    for element, vr, value in (
        (0x0010, "US", 8),
        (0x0011, "US", 8),
        (0x0040, "CS", "G"),
        (0x0050, "SS", [1, 1]),
        (0x0100, "US", 1),
        (0x0102, "US", 0),
        (0x3000, "OW", b"\x18\x3c\x7e\xff\xff\x7e\x3c\x18"),
        (0x4000, "LT", text.value),
    ):
        put(dataset, Tag(0x6000, element), vr=vr, value=value)
    number = make_id(work.rng)
    put(dataset, Tag(0x5000, 0x2500), vr="LO", value=number)
    work.plant(("60004000",), Kind.STRUCTURED, needles=text.needles, expects=Expect.GONE)
    work.plant(("50002500",), Kind.STRUCTURED, needles=(number,), expects=Expect.GONE)
