"""Ask whether a value is what a list or a rule says it is (PS3.5, 6.2)."""

import re

_WORD_BYTES = {
    "AT": 4,
    "FD": 8,
    "FL": 4,
    "OD": 8,
    "OF": 4,
    "OL": 4,
    "OV": 8,
    "SL": 4,
    "SS": 2,
    "SV": 8,
    "UL": 4,
    "US": 2,
    "UV": 8,
}
_TEXTS = {
    "AS": re.compile(rb"(?:[0-9]{3}[DWMY]\\?)*\Z"),
    "DA": re.compile(rb"(?:[0-9]{8}\\?)*\Z"),
    "DT": re.compile(rb"[0-9.+\- \\]*\Z"),
    "TM": re.compile(rb"[0-9. \\]*\Z"),
    "CS": re.compile(rb"[A-Z0-9_ \\]*\Z"),
    "DS": re.compile(rb"[0-9+\-.eE \\]*\Z"),
    "IS": re.compile(rb"[0-9+\- \\]*\Z"),
    "UI": re.compile(rb"[0-9.\\]*\Z"),
}


def fits(value: bytes, *, vr: bytes, asked: str) -> bool:
    """Return whether `value` is of the VR that was asked for.

    Parameters
    ----------
    value : bytes
        As encoded.
    vr : bytes
        The file's; b"" in implicit VR.
    asked : str
        VR of the list. Of a VR without a form here no value fits.
    """
    if vr not in (b"", b"UN", asked.encode("ascii")):
        return False
    width = _WORD_BYTES.get(asked)
    if width is not None:
        return len(value) % width == 0
    form = _TEXTS.get(asked)
    return form is not None and form.match(value.rstrip(b"\0 ")) is not None
