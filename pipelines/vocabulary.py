"""Words that name nobody: placeholders, particles, and the clinical vocabulary."""

import importlib
import re
from functools import lru_cache

from pydicom._dicom_dict import DicomDictionary

_PLACEHOLDERS = """
anon anonym anonymised anonymized anonymous anonymise anonymize admin case clinic
deidentified default demo demonstration dicom doctor dummy empty example hidden
hospital identified identity institution name narthex nobody noname none null operator
patient person phantom physician private pseudonym radiology redacted removed research
sample subject tech technician technologist test testing unknown unnamed untitled user
volunteer xxxx xxxxx xxxxxx xxxxxxx xxxxxxxx
"""
_PARTICLES = """
al ap bin da das de del della den der des di do dos du ibn el la las le les los mc
md mr mrs ms na of op san st ste ten ter the to van von vom zu zum zur dr no not un
and for her his you one two
"""
_word = re.compile(r"\b[a-z]{2,}\b")
_name_word = re.compile(r"\b(?:[A-Za-z][a-z]+|[A-Z]{2,})\b")
_code = re.compile(r"[A-Z]{2,16}")
_trailing_number = re.compile(r"\d{1,3}$")


def is_placeholder(word: str) -> bool:
    """Return True for words that stand where a name should: ``ANON``, ``Test1``."""
    return _trailing_number.sub("", word.casefold()) in _placeholders()


def is_particle(word: str) -> bool:
    """Return True for short words of names and of languages: ``van``, ``de``, ``the``."""
    return word.casefold() in _particles()


def is_clinical(word: str) -> bool:
    """Return True for a word of PS3.6 and PS3.16, as pinned by pydicom.

    Words that PS3.16 writes with a capital only (eponyms) are not clinical.
    """
    return word.casefold() in _clinical_words()


def is_meaning(text: str) -> bool:
    """Return True for a Code Meaning of PS3.16, as pinned by pydicom."""
    return text in _meanings()


@lru_cache(maxsize=1)
def _meanings() -> frozenset[str]:
    concepts = importlib.import_module("pydicom.sr._concepts_dict").concepts
    return frozenset(
        meaning
        for scheme in concepts.values()
        for codes in scheme.values()
        for meaning, *_ in codes.values()
    )


@lru_cache(maxsize=1)
def _placeholders() -> frozenset[str]:
    return frozenset(_PLACEHOLDERS.split())


@lru_cache(maxsize=1)
def _particles() -> frozenset[str]:
    return frozenset(_PARTICLES.split())


@lru_cache(maxsize=1)
def _clinical_words() -> frozenset[str]:
    found: set[str] = set()
    # 0.2 s to import and seldom needed: at first use
    concepts = importlib.import_module("pydicom.sr._concepts_dict").concepts
    for scheme in concepts.values():
        for codes in scheme.values():
            for code, (meaning, *_) in codes.items():
                found.update(_word.findall(meaning))
                if _code.fullmatch(code):
                    found.add(code.casefold())
    for _, _, name, _, _ in DicomDictionary.values():
        found.update(word.casefold() for word in _name_word.findall(name))
    return frozenset(found)
