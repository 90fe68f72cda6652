"""Canary words: an invented identity in many scripts, and objects that are full of it.

Every canary of a run holds a random core, the same for all its objects: the hunt looks
for the cores. A suffix tells the objects apart for people who debug, not for the hunt.
"""

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom import Dataset, config
from pydicom.charset import python_encoding
from pydicom.dataelem import DataElement
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from rules.tables import confidentiality_table

SCRIPTS = {
    "latin-1": ("ISO_IR 100", "äöüéèñçåøßðþ"),
    "cyrillic": ("ISO_IR 144", "абвгдежзиклмнопрстуфхцчшщэюя"),
    "greek": ("ISO_IR 126", "αβγδεζηθικλμνξοπρστυφχψω"),
    "arabic": ("ISO_IR 127", "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"),
    "hebrew": ("ISO_IR 138", "אבגדהוזחטיכלמנסעפצקרשת"),
    "thai": ("ISO_IR 166", "กขคงจฉชซญดตถทธนบปผฝพฟภมยรลวสหอฮ"),
    "kanji": ("\\ISO 2022 IR 87", "山川田村木林森島橋原野谷池石松竹梅桜春夏秋冬雪月花鳥"),
    "katakana": ("ISO_IR 13", "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓ"),
    "hangul": ("\\ISO 2022 IR 149", "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남"),
    "chinese": ("GB18030", "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"),
    "unicode": ("ISO_IR 192", "ąćęłńóśźżčďěňřšťůžőűğışțțăâî"),
}
"""By kind: Specific Character Set and letters to draw from."""

SOP_CLASSES = {
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "OT": "1.2.840.10008.5.1.4.1.1.7",
    "NM": "1.2.840.10008.5.1.4.1.1.20",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
    "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3",
    "SR": "1.2.840.10008.5.1.4.1.1.88.33",
    "KO": "1.2.840.10008.5.1.4.1.1.88.59",
    "PR": "1.2.840.10008.5.1.4.1.1.11.1",
    "SEG": "1.2.840.10008.5.1.4.1.1.66.4",
    "ECG": "1.2.840.10008.5.1.4.1.1.9.1.1",
    "DOC": "1.2.840.10008.5.1.4.1.1.104.1",
}
"""By modality."""

_WITHOUT_PIXELS = frozenset({"RTSTRUCT", "SR", "KO", "PR", "ECG", "DOC"})
_LENGTHS = {"SH": 16, "CS": 16, "AE": 16, "LO": 64, "ST": 1024, "LT": 1024, "UT": 4096, "UC": 4096}
_OWN = frozenset({0x00080016, 0x00080018, 0x0020000D, 0x0020000E, 0x00100010, 0x00100020})


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A word that must be nowhere.

    Attributes
    ----------
    kind : str
        Says what it is in findings.
    text : str
    codec : str
        Python codec of the DICOM character set that it is sent in.
    is_number : bool
        True: between other digits it is chance.
    """

    kind: str
    text: str
    codec: str = "ascii"
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The invented person of one run.

    Attributes
    ----------
    word : str
        Latin letters; core of names, ids, addresses, texts.
    number, date, uid : str
        Ten digits; ``YYYYMMDD``; root of all UIDs.
    scripts : dict[str, str]
        A word by kind of `SCRIPTS`.
    """

    word: str
    number: str
    date: str
    uid: str
    scripts: dict[str, str]

    @property
    def canaries(self) -> tuple[Canary, ...]:
        """Return what to look for."""
        year, month, day = self.date[:4], self.date[4:6], self.date[6:]
        return (
            Canary(kind="word", text=self.word),
            Canary(kind="number", text=self.number, is_number=True),
            Canary(kind="uid", text=self.uid),
            Canary(kind="date", text=self.date, is_number=True),
            Canary(kind="date", text=f"{year}-{month}-{day}", is_number=True),
            Canary(kind="date", text=f"{year}.{month}.{day}", is_number=True),
            *(
                Canary(kind=kind, text=self.scripts[kind], codec=codec_of(charset))
                for kind, (charset, _) in SCRIPTS.items()
            ),
        )


def draw() -> Identity:
    """Return an identity that nobody had before."""
    chance = random.SystemRandom()
    consonants, vowels = "bdfgklmnprstvwxz", "aeiou"
    day = f"{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
    letters = [chance.choice(vowels if n % 2 else consonants) for n in range(10)]
    return Identity(
        word="".join(letters).capitalize(),
        number=str(chance.randrange(10**9, 10**10)),
        date=f"19{chance.randrange(11, 50)}{day}",
        uid=f"1.2.826.0.1.{chance.randrange(10**9, 10**10)}",
        scripts={
            kind: "".join(chance.sample(letters, 6)) for kind, (_, letters) in SCRIPTS.items()
        },
    )


def codec_of(charset: str) -> str:
    """Return the Python codec of a Specific Character Set (the last value)."""
    return python_encoding[charset.rpartition("\\")[2]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phantom:
    """An object full of canaries.

    Attributes
    ----------
    name : str
        Neutral: for file names.
    encoded : bytes
        The dataset alone.
    file : bytes
        The same as a file with preamble and meta information.
    """

    name: str
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    encoded: bytes
    file: bytes


def phantom(
    identity: Identity,
    suffix: str,
    *,
    modality: str = "CT",
    script: str = "latin-1",
    syntax: str = ExplicitVRLittleEndian,
    changes: dict[str, object] | None = None,
    pixels: bytes = bytes(range(256)) * 2,
) -> Phantom:
    """Return an object.

    Parameters
    ----------
    suffix : str
        Letters that tell this object apart.
    changes : dict[str, object]
        By keyword; None removes.
    """
    with config.disable_value_validation():
        dataset = _dataset(identity, suffix, modality=modality, script=script)
        if modality not in _WITHOUT_PIXELS:
            _add_pixels(dataset, pixels, syntax=syntax)
        for keyword, value in (changes or {}).items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)
        return encode(dataset, identity, suffix, syntax=syntax)


def encode(dataset: Dataset, identity: Identity, name: str, *, syntax: str) -> Phantom:
    """Return a dataset as an object, with canaries also before it."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR = syntax == ImplicitVRLittleEndian
    buffer.is_little_endian = syntax != ExplicitVRBigEndian
    with config.disable_value_validation():
        write_dataset(buffer, dataset)
    encoded = buffer.getvalue()
    if syntax == DeflatedExplicitVRLittleEndian:
        encoded = deflated(encoded)
    sop_class, sop_instance = str(dataset.SOPClassUID), str(dataset.SOPInstanceUID)
    start = _file_start(identity, sop_class, sop_instance, syntax=syntax)
    return Phantom(
        name=name,
        sop_class_uid=sop_class,
        sop_instance_uid=sop_instance,
        transfer_syntax_uid=str(syntax),
        encoded=encoded,
        file=start + encoded,
    )


def deflated(data: bytes) -> bytes:
    """Return `data` as a raw deflate stream (PS3.5, A.5)."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def _file_start(identity: Identity, sop_class: str, sop_instance: str, *, syntax: str) -> bytes:
    meta = FileMetaDataset()
    with config.disable_value_validation():
        meta.MediaStorageSOPClassUID = UID(sop_class)
        meta.MediaStorageSOPInstanceUID = UID(sop_instance)
        meta.TransferSyntaxUID = UID(syntax)
        meta.ImplementationClassUID = UID(f"{identity.uid}.7")
        meta.SourceApplicationEntityTitle = identity.word.upper()
        meta.PrivateInformationCreatorUID = UID(f"{identity.uid}.8")
        meta.PrivateInformation = identity.word.encode()
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, False
        write_file_meta_info(buffer, meta)
    preamble = identity.word.encode().ljust(128, b"\0")
    return preamble + b"DICM" + buffer.getvalue()


def _dataset(identity: Identity, suffix: str, *, modality: str, script: str) -> Dataset:
    word, letters = identity.word + suffix, identity.scripts[script]
    dataset = Dataset()
    dataset.SpecificCharacterSet = SCRIPTS[script][0].split("\\")
    for number, row in enumerate(_rows()):
        value = _value(identity, word, letters, row[1], number)
        if value is not None:
            dataset.add(DataElement(row[0], row[1], value))
    dataset.SOPClassUID = UID(SOP_CLASSES[modality])
    for keyword, end in (("SOPInstance", 1), ("StudyInstance", 2), ("SeriesInstance", 3)):
        setattr(dataset, f"{keyword}UID", UID(f"{identity.uid}.{_digits(suffix)}.{end}"))
    dataset.Modality = modality
    dataset.PatientName = (
        f"{word}^Jane={letters}^{letters[:2]}"
        if "\\" in SCRIPTS[script][0]
        else f"{letters}^{word}"
    )
    dataset.PatientID = f"{word}-{identity.number}"
    dataset.SliceThickness = "1.5"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    # anything but a PDF is held
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocument = b"%PDF-1.4\n" + dataset.EncapsulatedDocument
    _add_private(dataset, identity, word, letters)
    dataset.add(DataElement(0x60000010, "US", 8))
    dataset.add(DataElement(0x60000011, "US", 64))
    dataset.add(DataElement(0x60000022, "LO", word))
    dataset.add(DataElement(0x60003000, "OW", word.encode().ljust(64, b"\0")))
    dataset.add(DataElement(0x60004000, "LT", f"{word} {letters}"))
    dataset.add(DataElement(0x50003000, "OW", word.encode().ljust(32, b"\0")))
    dataset.add(DataElement(0xFFFCFFFC, "OB", word.encode().ljust(32, b"\0")))
    return dataset


def _digits(suffix: str) -> int:
    return int.from_bytes(suffix.encode(), "big")


def _rows() -> Iterator[tuple[int, str]]:
    """Yield tag and VR of the rows of Table E.1-1 that have one tag."""
    for tag, row in confidentiality_table().rows.items():
        if tag not in _OWN and tag >> 16 not in (0x0000, 0x0002, 0x0004):
            yield tag, row.vr.partition(" ")[0].partition("/")[0]


def _value(identity: Identity, word: str, letters: str, vr: str, number: int) -> object:
    """Return a value full of canaries for `vr`; None: it can't hold one."""
    text = f"{word} {letters} {identity.number}"
    if vr in _LENGTHS:
        if vr in ("CS", "AE"):
            return word.upper()
        return text[: _LENGTHS[vr]] if number % 2 else letters
    hidden = _hidden(word, letters)
    values: dict[str, object] = {
        "PN": f"{word}^{letters}" if number % 2 else f"{letters}^{word}^^Dr.",
        "DA": identity.date,
        "DT": f"{identity.date}101112.000000",
        "UI": UID(f"{identity.uid}.{number}"),
        "IS": identity.number,
        "DS": identity.number,
        "UR": f"https://example.invalid/{word}?id={identity.number}",
        "SQ": Sequence([_item(identity, word, letters)]) if vr == "SQ" else None,
    }
    return values.get(vr, hidden if vr in ("OB", "OW", "UN") else None)


def _item(identity: Identity, word: str, letters: str) -> Dataset:
    inner = Dataset()
    inner.PatientName = f"{letters}^{word}"
    inner.PatientComments = f"{word} {letters}"
    inner.ReferencedSOPClassUID = CTImageStorage
    inner.ReferencedSOPInstanceUID = UID(f"{identity.uid}.9")
    block = inner.private_block(0x0029, f"{word}", create=True)
    block.add_new(1, "LO", letters)
    outer = Dataset()
    outer.PatientID = f"{word}-{identity.number}"
    outer.CodeMeaning = "Synthetic"
    outer.ReferencedImageSequence = Sequence([inner])
    outer.StudyDate = identity.date
    return outer


def _hidden(word: str, letters: str) -> bytes:
    """Return bytes as private headers hide them: several encodings, compressed too."""
    parts = (
        word.encode(),
        word.encode("utf-16-le"),
        letters.encode(),
        zlib.compress(word.encode()),
    )
    data = b"\0".join(parts)
    return data + bytes(len(data) % 2)


def _add_private(dataset: Dataset, identity: Identity, word: str, letters: str) -> None:
    block = dataset.private_block(0x0019, word, create=True)
    block.add_new(1, "LO", f"{word} {letters}")
    block.add_new(2, "UN", _hidden(word, letters))
    block.add_new(3, "SQ", Sequence([_item(identity, word, letters)]))
    block.add_new(4, "PN", f"{letters}^{word}")
    block.add_new(5, "DA", identity.date)
    block.add_new(6, "UI", UID(f"{identity.uid}.6"))
    block.add_new(7, "OB", _hidden(word, letters))
    dataset.add(DataElement(Tag(0x0021, 0x1001), "LO", word))  # without creator
    dataset.add(DataElement(Tag(0x0008, 0xEEEE), "LO", word))  # not in the dictionary


def _add_pixels(dataset: Dataset, pixels: bytes, *, syntax: str) -> None:
    columns = 16 if len(pixels) < 1 << 16 else 1024
    dataset.Rows, dataset.Columns = max(1, len(pixels) // (2 * columns)), columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    if syntax == JPEGBaseline8Bit:
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.add(DataElement(0x7FE00010, "OB", encapsulate([pixels])))
        dataset["PixelData"].is_undefined_length = True
    else:
        dataset.add(DataElement(0x7FE00010, "OW", pixels))
