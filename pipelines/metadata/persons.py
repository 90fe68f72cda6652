"""Replace person names, equal ones alike (PS3.5, 6.2.1)."""

import base64
import hmac

from pipelines.metadata.charsets import decode

_BYTES = 5


def person_key(name: str) -> str:
    """Return what makes two spellings of a name equal.

    The first component group, components stripped, without trailing empty ones,
    case-folded.
    """
    group = name.split("=", 1)[0]
    components = [component.strip() for component in group.split("^")]
    return "^".join(components).rstrip("^").casefold()


def replace_persons(value: bytes, encodings: tuple[str, ...], *, secret: bytes) -> bytes:
    """Return the value of a PN element with each name replaced by a stable one.

    Parameters
    ----------
    value : bytes
        As encoded; several names are separated by a backslash.
    encodings : tuple[str, ...]
        Python codecs in force.
    secret : bytes
        The study's; names of different subjects never meet.
    """
    names = value.strip(b"\0 ").split(b"\\")
    return b"\\".join(_replace(name, encodings, secret) for name in names)


def _replace(name: bytes, encodings: tuple[str, ...], secret: bytes) -> bytes:
    group = name.strip(b"\0 ").split(b"=", 1)[0]
    key = person_key(decode(group, encodings))
    if not key:
        return b"REMOVED"
    message = b"person|v1|" + key.encode("utf-8", "surrogatepass")
    digest = hmac.digest(secret, message, "sha256")[:_BYTES]
    return b"Person^" + base64.b32encode(digest).lower()
