"""What a cleaned text may be: judged, not foretold (ops/manual/metadata.md, *Cleaning*).

Which words a cleaner takes out is its own business; that it only takes out, and that nobody
known is left, is not.
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from functools import cache

from pydicom import Dataset
from pydicom._dicom_dict import DicomDictionary
from pydicom._uid_dict import UID_dictionary
from pydicom.charset import decode_bytes
from pydicom.sr._concepts_dict import concepts
from pydicom.tag import Tag

from tests.support.oracle_reading import (
    PADDING,
    Element,
    Open,
    bytes_of,
    elements,
    encodings_of,
    items_of,
    vr_of,
)
from tests.support.oracle_tables import dictionary_entry

ONE_TEXT = ("ST", "LT", "UT")
ITEM_TAG = b"\xfe\xff\x00\xe0"
LONGEST = 256 * 1024
PATIENT_NAMES = (0x00100010, 0x00101001, 0x00101005, 0x00101060)
PATIENT_IDS = (0x00100020, 0x00101000)


@cache
def clinical() -> frozenset[str]:
    """Return words of PS3.6 and PS3.16: such a name may stay where it is a word."""
    names = [entry[2] for entry in DicomDictionary.values()]
    names += [entry[0] for entry in UID_dictionary.values()]
    names += [name for scheme in concepts.values() for name in scheme]
    words = {word for name in names for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
    return frozenset(word.casefold() for word in words) - {"miller"}  # a person in our objects


def decoded(value: bytes, encodings: Sequence[str]) -> str | None:
    """Return the text; None where it is not of its character set, or hides items."""
    if value.startswith(ITEM_TAG):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            text = decode_bytes(value, encodings, set())
        except (UserWarning, UnicodeError, LookupError):
            return None
    return None if re.search(r"[\x01-\x08\x0e-\x1f]", text) else text


def known_words(ds: Dataset) -> frozenset[str]:
    """Return what of the dataset, at any depth, must not stay in a cleaned text.

    Words of the patient's names from three letters on, those of other persons from four,
    and identifiers of the patient from four characters.
    """
    return frozenset(_known(ds, ["iso8859"])) - clinical()


def _known(ds: Dataset, inherited: Sequence[str]) -> Iterator[str]:
    encodings = encodings_of(ds, inherited)
    for element in elements(ds):
        children = items_of(element)
        if children is not None:
            for child in children:
                yield from _known(child, encodings)
            continue
        tag = int(element.tag)
        entry = dictionary_entry(tag)
        if entry is None or vr_of(element) == "SQ" or entry[0] not in ("PN", "LO"):
            continue
        text = decoded(bytes_of(element).strip(PADDING), encodings)
        if text is None:
            continue
        if entry[0] == "PN":
            least = 3 if tag in PATIENT_NAMES else 4
            words = re.findall(r"[^\W\d_]+", text.casefold())
            yield from (word for word in words if len(word) >= least)
        elif tag in PATIENT_IDS:
            values = (value.strip() for value in text.casefold().split("\\"))
            yield from (value for value in values if len(value) > 3)


def cleaned(
    element: Element,
    *,
    vr: str,
    fallback: Element | None,
    encodings: Sequence[str],
    known: frozenset[str],
) -> Open:
    """Return the judge of what becomes of a text: as it was, a cut of it, or the fallback."""
    source = bytes_of(element)

    def judge(got: Element | None) -> str:
        if got is None or fallback is None:
            if got is None:
                return "" if fallback is None else "missing, the fallback is another"
        elif vr_of(got) != "SQ" and vr_of(fallback) != "SQ":
            same = bytes_of(got).rstrip(PADDING) == bytes_of(fallback).rstrip(PADDING)
            if same and bytes_of(fallback).rstrip(PADDING) != source.rstrip(PADDING):
                return ""
        if vr_of(got) == "SQ":
            return "a sequence, expected a text"
        return _judge_text(source, bytes_of(got), vr=vr, encodings=encodings, known=known)

    return Open(tag=Tag(element.tag), VR=vr, judge=judge)


def _judge_text(  # noqa: PLR0911  one return per fault
    source: bytes, got: bytes, *, vr: str, encodings: Sequence[str], known: frozenset[str]
) -> str:
    before, after = decoded(source, encodings), decoded(got, encodings)
    if before is None or after is None:
        same = source.rstrip(PADDING) == got.rstrip(PADDING)
        return "" if same else "not of its character set"
    if _left(after, known):
        return "somebody known is left"
    if before.rstrip(" \0") == after.rstrip(" \0"):
        return ""
    if vr in ("AE", "CS"):
        return "a code is cut, expected the fallback"
    pairs = [[text] if vr in ONE_TEXT else text.split("\\") for text in (before, after)]
    if len(pairs[0]) != len(pairs[1]):
        return f"{len(pairs[0])} values expected, {len(pairs[1])} there"
    if not all(_is_cut(*pair) for pair in zip(*pairs, strict=True)):
        return "not a cut of the source"
    return "" if after.strip(" \0\\") else "nothing is left, expected the fallback"


def _is_cut(before: str, after: str) -> bool:
    """Return whether every word of `after` stands in `before`, in that order."""
    words = iter(re.findall(r"[^\W_]+", before))
    return all(word in words for word in re.findall(r"[^\W_]+", after))


def _left(text: str, known: frozenset[str]) -> bool:
    folded = text.casefold()
    return any(
        re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", folded)
        for word in known
        if word in folded
    )
