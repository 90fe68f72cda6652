"""What the index must know of an object, computed while its bytes pass by.

All of it is HMAC-SHA256 under the receiver's key: it recognises, and says nothing to
those who have the database only.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

from gateway.scp.dataset_scanner import DatasetScanner

SOP_CLASS_UID = 0x00080016
SOP_INSTANCE_UID = 0x00080018
PATIENT_ID = 0x00100020
ISSUER_OF_PATIENT_ID = 0x00100021
STUDY_INSTANCE_UID = 0x0020000D

_WANTED = frozenset(
    {SOP_CLASS_UID, SOP_INSTANCE_UID, PATIENT_ID, ISSUER_OF_PATIENT_ID, STUDY_INSTANCE_UID}
)
_BULK = frozenset(
    {
        0x00420011,  # Encapsulated Document
        0x54000100,  # Waveform Sequence
        0x56000020,  # Spectroscopy Data
        0x7FE00008,  # Float Pixel Data
        0x7FE00009,  # Double Float Pixel Data
        0x7FE00010,  # Pixel Data
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What was computed.

    Attributes
    ----------
    sop_class_uid, sop_instance_uid : bytes
        Of the dataset; empty where it has none. Not to be stored.
    pixel_digest : bytes
        Of the bulk data. What has none (a report, a plan) is all header: it equals only
        its exact copy.
    is_readable : bool
        False: the dataset could not be read to its end; the object is a study of its
        own, and equals only its exact copy.
    """

    sop_class_uid: bytes = field(repr=False)
    sop_instance_uid: bytes = field(repr=False)
    study_index: bytes = field(repr=False)
    subject_index: bytes = field(repr=False)
    sop_index: bytes = field(repr=False)
    content_digest: bytes = field(repr=False)
    pixel_digest: bytes = field(repr=False)
    is_readable: bool


def index(key: bytes, label: str, *parts: bytes) -> bytes:
    """Return HMAC-SHA256 of `label` and `parts`, each with its length."""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in (label.encode("ascii"), *parts):
        mac.update(len(part).to_bytes(8, "big") + part)
    return mac.digest()


class Intake:
    """Takes the bytes of one dataset.

    Parameters
    ----------
    key : bytes
        The receiver's key, 32 bytes.
    issuer : str
        Default Issuer of Patient ID of the peer.
    sop_instance_uid : str
        Of the C-STORE command.
    transfer_syntax_uid : str
    """

    def __init__(
        self, *, key: bytes, issuer: str, sop_instance_uid: str, transfer_syntax_uid: str
    ) -> None:
        self._key = key
        self._issuer = issuer.encode()
        self._sop_instance_uid = sop_instance_uid.encode()
        self._content = hmac.new(
            key, b"content|v1|" + transfer_syntax_uid.encode() + b"\0", hashlib.sha256
        )
        self._pixels = hmac.new(key, b"pixels|v1\0", hashlib.sha256)
        self._has_bulk = False
        self._scanner = DatasetScanner(
            transfer_syntax_uid, wanted=_WANTED, bulk=_BULK, on_bulk=self._take_bulk
        )

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._content.update(data)
        self._scanner.feed(data)

    def finish(self) -> Fingerprint:
        """Return what was found."""
        self._scanner.close()
        values = self._scanner.values
        readable = self._scanner.is_readable
        content = self._content.digest()
        sop = self._sop_instance_uid
        study = values.get(STUDY_INSTANCE_UID, b"")
        issuer = values.get(ISSUER_OF_PATIENT_ID) or self._issuer
        alone = () if study else (sop,)
        return Fingerprint(
            sop_class_uid=values.get(SOP_CLASS_UID, b""),
            sop_instance_uid=values.get(SOP_INSTANCE_UID, b""),
            study_index=index(self._key, "study|v1", self._issuer, study, *alone),
            subject_index=index(self._key, "subject|v1", issuer, values.get(PATIENT_ID, b"")),
            sop_index=index(self._key, "sop|v1", self._issuer, sop),
            content_digest=content,
            pixel_digest=(
                self._pixels.digest()
                if readable and self._has_bulk
                else index(self._key, "unread|v1", content)
            ),
            is_readable=readable,
        )

    def _take_bulk(self, data: bytes) -> None:
        self._has_bulk = True
        self._pixels.update(data)
