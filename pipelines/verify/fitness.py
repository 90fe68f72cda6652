"""Ask whether a value can be of a VR, for private elements that a list declares safe.

Only VRs that can hold no free text pass (PS3.5, 6.2). Independent of the engine's.
"""

_BINARY = {
    **dict.fromkeys(("SS", "US"), 2),
    **dict.fromkeys(("AT", "FL", "OF", "OL", "SL", "UL"), 4),
    **dict.fromkeys(("FD", "OD", "OV", "SV", "UV"), 8),
}
"""Bytes of a word."""
_CAPITALS = bytes(range(ord("A"), ord("Z") + 1))
_DIGITS = b"0123456789"
_CHARACTERS = {
    "AS": _DIGITS + b"DWMY\\",
    "DA": _DIGITS + b"\\",
    "DT": _DIGITS + b".+- \\",
    "TM": _DIGITS + b". \\",
    "CS": _DIGITS + _CAPITALS + b"_ \\",
    "DS": _DIGITS + b"+-.eE \\",
    "IS": _DIGITS + b"+- \\",
    "UI": _DIGITS + b".\\",
}
"""What may stand in a value, all values of the element together."""


def is_fit(value: bytes, *, written_vr: bytes, vr: str) -> bool:
    """Return True where `value` can be what the list says.

    Parameters
    ----------
    written_vr : bytes
        Of the file; b"" in implicit VR.
    vr : str
        Of the list. Nothing is fit for a VR that is not named here.
    """
    if written_vr not in (b"", b"UN") and written_vr.decode("latin-1") != vr:
        return False
    if vr in _BINARY:
        return len(value) % _BINARY[vr] == 0
    return vr in _CHARACTERS and not value.rstrip(b"\0 ").translate(None, _CHARACTERS[vr])
