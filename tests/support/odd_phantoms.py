"""Objects that are wrong in known ways and full of canaries, by the name of what is wrong."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace

from pydicom import Dataset, config
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from tests.support.canaries import Identity, Phantom, phantom

LEVELS = 90
BOMB_BYTES = 300 << 20

Change = Callable[[bytes, Identity], bytes]


def malformed(identity: Identity) -> list[Phantom]:
    """Return objects whose bytes are broken; the receiver takes them as they are."""
    return [
        _broken(identity, number, change)
        for number, change in enumerate(
            (
                _truncated,
                _text_only,
                _bad_vr,
                _long_value,
                _unending,
                _late,
                _no_group,
                _charset,
                _numbers,
            )
        )
    ]


def odd(identity: Identity) -> list[Phantom]:
    """Return objects that parse, with values that make libraries complain and quote."""
    word, letters = identity.word, identity.scripts["cyrillic"]
    changes: tuple[dict[str, object], ...] = (
        {"StudyDate": word, "PatientAge": word, "StudyTime": word},
        {"StudyInstanceUID": UID(f"{word}.1"), "SOPInstanceUID": UID(f"{identity.uid}.{word}")},
        {"PatientName": "\\".join([word, letters] * 3), "ImageType": word},
        {"PatientID": f"{word}\\{identity.number}"},
        {"PatientID": letters},
        {"Rows": None, "PatientComments": "\\".join([word] * 40)},
    )
    return [
        phantom(identity, f"o{chr(97 + number)}", script="cyrillic", changes=each)
        for number, each in enumerate(changes)
    ]


def _broken(identity: Identity, number: int, change: Change) -> Phantom:
    """Return a changed object. Its words have no suffix: each is a whole word of the name."""
    uids: dict[str, object] = {
        f"{level}InstanceUID": UID(f"{identity.uid}.66.{number}.{end}")
        for end, level in enumerate(("Study", "SOP"))
    }
    whole = phantom(identity, "", changes=uids)
    encoded = change(whole.encoded, identity)
    start = whole.file[: -len(whole.encoded)]
    return replace(whole, encoded=encoded, file=start + encoded)


def _truncated(data: bytes, _identity: Identity) -> bytes:
    return data[: data.index(b"\x10\x00\x20\x00LO") + 14]


def _text_only(_data: bytes, identity: Identity) -> bytes:
    return f"{identity.word} {identity.number} ".encode() * 40


def _bad_vr(data: bytes, identity: Identity) -> bytes:
    place = data.index(b"\x10\x00\x10\x00PN") + 4
    return data[:place] + identity.word[:2].encode() + data[place + 2 :]


def _long_value(data: bytes, _identity: Identity) -> bytes:
    place = data.index(b"\x10\x00\x10\x00PN") + 6
    return data[:place] + struct.pack("<H", 0xFFFE) + data[place + 2 :]


def _unending(data: bytes, identity: Identity) -> bytes:
    item = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return item + struct.pack("<HH2sH", 0x10, 0x10, b"PN", 10) + identity.word.encode() + data


def _late(data: bytes, identity: Identity) -> bytes:
    return data + struct.pack("<HH2sH", 0x10, 0x10, b"PN", 10) + identity.word.encode()


def _no_group(data: bytes, identity: Identity) -> bytes:
    return identity.word.encode() + b"\0\0" + data


def _charset(data: bytes, identity: Identity) -> bytes:
    return data.replace(b"ISO_IR 100", identity.word.encode().ljust(10)[:10])


def _numbers(data: bytes, identity: Identity) -> bytes:
    """Say words where numbers are due."""
    word = identity.word.encode()
    thickness = b"\x18\x00\x50\x00DS"
    return data.replace(thickness + b"\x04\0001.5 ", thickness + b"\x0a\0" + word)


def without_patient_id(identity: Identity) -> Phantom:
    return phantom(identity, "na", changes={"PatientID": None})


def two_identities(identity: Identity) -> list[Phantom]:
    """Return a study with two patients."""
    study = {"StudyInstanceUID": UID(f"{identity.uid}.77.2")}
    return [phantom(identity, suffix, changes=dict(study)) for suffix in ("ca", "cb")]


def conflicting_copies(identity: Identity) -> list[Phantom]:
    """Return an object, the same with another header, and another with its UID."""
    first = phantom(identity, "da")
    return [
        first,
        phantom(identity, "da", changes={"StudyDescription": f"{identity.word} again"}),
        phantom(identity, "da", pixels=bytes(range(255, -1, -1)) * 2),
    ]


def kept_by_rule(identity: Identity) -> Phantom:
    """Return an object with the name in an attribute that the rule set keeps."""
    text = f"seen by {identity.word}va"
    return phantom(identity, "va", changes={"ImageComments": text})


def kept_outside_table(identity: Identity) -> Phantom:
    """Return an object with the name where Table E.1-1 says nothing."""
    return phantom(identity, "vb", changes={"TextValue": f"for {identity.word}vb"})


def named_in_codestream(identity: Identity) -> Phantom:
    """Return an object with the name in a comment of its JPEG stream."""
    text = f"{identity.word}ja".encode()
    comment = b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text
    stream = b"\xff\xd8" + comment + b"\xff\xd9"
    return phantom(identity, "ja", syntax=JPEGBaseline8Bit, pixels=stream + bytes(len(stream) % 2))


def nested(identity: Identity) -> Phantom:
    """Return an object with more levels than anybody allows."""
    with config.disable_value_validation():
        inner = Dataset()
        inner.PatientName = identity.word
        for _ in range(LEVELS):
            outer = Dataset()
            outer.PatientComments = identity.word
            outer.AnatomicRegionSequence = Sequence([inner])
            inner = outer
        return phantom(
            identity, "ha", changes={"AnatomicRegionSequence": inner.AnatomicRegionSequence}
        )


def bomb(identity: Identity) -> Phantom:
    """Return a small object that inflates beyond every limit."""
    whole = phantom(identity, "ba")
    header = struct.pack("<HH2sHL", 0x7FE1, 0x1010, b"OB", 0, BOMB_BYTES)
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    start = compressor.compress(whole.encoded + header) + compressor.flush(zlib.Z_FULL_FLUSH)
    zeros = compressor.compress(bytes(1 << 20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    data = start + zeros * (BOMB_BYTES >> 20) + compressor.flush()
    return _with_encoded(whole, data, DeflatedExplicitVRLittleEndian)


def large_when_inflated(identity: Identity, size: int) -> Phantom:
    """Return an object that is small in the spool and large in the archive."""
    return phantom(identity, "la", syntax=DeflatedExplicitVRLittleEndian, pixels=bytes(size))


def in_another_syntax(identity: Identity) -> Phantom:
    """Return an object whose bytes are not in the syntax it is sent in."""
    implicit = phantom(identity, "ia", syntax=ImplicitVRLittleEndian)
    return replace(implicit, transfer_syntax_uid=str(ExplicitVRLittleEndian))


def _with_encoded(whole: Phantom, encoded: bytes, syntax: str) -> Phantom:
    start = whole.file[: -len(whole.encoded)]
    return replace(whole, encoded=encoded, file=start + encoded, transfer_syntax_uid=str(syntax))
