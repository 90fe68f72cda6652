"""Decode text by the Specific Character Set in force (PS3.3, C.12.1.1.2)."""

import warnings
from functools import lru_cache

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.valuerep import PN_DELIMS

from pipelines.errors import MalformedError

DEFAULT: tuple[str, ...] = ("iso8859",)
_UTF_8 = ("utf8",)
_MAX_BYTES = 1024


@lru_cache(maxsize=256)
def encodings_of(value: bytes) -> tuple[str, ...]:
    """Return the Python codecs that a value of (0008,0005) names.

    An unknown term is read as the default repertoire, as pydicom does.

    Raises
    ------
    MalformedError
    """
    text = value[:_MAX_BYTES].decode("latin-1").strip("\0 ")
    terms = [term.strip() for term in text.split("\\")]
    with warnings.catch_warnings():
        # pydicom quotes the bad term in its warning
        warnings.simplefilter("ignore")
        try:
            return tuple(convert_encodings(terms))
        except LookupError:
            return DEFAULT
        except ValueError:  # a NUL in a term: nobody could read what we write
            raise MalformedError("metadata.malformed", where="(0008,0005)") from None


def apparent(value: bytes, encodings: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codecs that text was written in: UTF-8, where it says ISO 8859 or nothing.

    No text of several bytes above 127 is valid UTF-8 by chance.
    """
    if len(encodings) != 1 or not encodings[0].startswith(("iso8859", "latin")) or value.isascii():
        return encodings
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return encodings
    return _UTF_8


def decode(value: bytes, encodings: tuple[str, ...]) -> str:
    """Return text; what can't be decoded becomes U+FFFD."""
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    with warnings.catch_warnings():
        # pydicom quotes the value in its warning
        warnings.simplefilter("ignore")
        try:
            return decode_bytes(value, encodings, PN_DELIMS)
        except (LookupError, UnicodeError):
            return value.decode("latin-1")
