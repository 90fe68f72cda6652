"""Replace UIDs under the secret of the study (PS3.5, B.2; RFC 9562 version 8)."""

import hmac

from pydicom._uid_dict import UID_dictionary

_VERSION_MASK = ~(0xF << 76)
_VERSION_8 = 0x8 << 76
_VARIANT_MASK = ~(0x3 << 62)
_VARIANT_RFC = 0x2 << 62

EMPTY_NAME = "empty"
"""What is mapped where a dummy UID is needed and the source has none."""


class UidMap:
    """UIDs of one subject and generation, each with its replacement.

    Parameters
    ----------
    secret : bytes
        32 bytes.
    generation : int
        Of the publication.

    Attributes
    ----------
    replaced : dict[str, str]
        Source UID to new UID, for each that was asked for and did change.
    """

    __slots__ = ("_prefix", "_secret", "replaced")

    def __init__(self, secret: bytes, generation: int) -> None:
        self._secret = secret
        self._prefix = b"uid|v1|%d|" % generation
        self.replaced: dict[str, str] = {}

    def __getitem__(self, uid: str) -> str:
        """Return the replacement of `uid`; UIDs of PS3.6, Annex A stay."""
        new = self.replaced.get(uid)
        if new is None:
            if uid in UID_dictionary:
                return uid
            new = self.replaced[uid] = self._make(uid)
        return new

    def _make(self, uid: str) -> str:
        message = self._prefix + uid.encode("utf-8", "surrogateescape")
        number = int.from_bytes(hmac.digest(self._secret, message, "sha256")[:16], "big")
        number = (number & _VERSION_MASK) | _VERSION_8
        number = (number & _VARIANT_MASK) | _VARIANT_RFC
        return f"2.25.{number}"

    def dummy(self) -> str:
        """Return the UID that stands where there was none."""
        return self._make(EMPTY_NAME)

    def replace(self, value: bytes) -> bytes:
        """Return the value of a UI element with each of its UIDs replaced, unpadded."""
        text = value.decode("latin-1")
        if "\\" not in text:
            uid = text.strip("\0 ")
            return self[uid].encode("latin-1") if uid else b""
        uids = (part.strip("\0 ") for part in text.split("\\"))
        return "\\".join(self[uid] if uid else "" for uid in uids).encode("latin-1")
