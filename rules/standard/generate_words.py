"""Write the words of the standard: ``python -m rules.standard.generate_words``.

From PS3.6 and PS3.16 as pinned by the installed pydicom, into ``ps316_words.tsv``.
"""

import importlib
import re
from pathlib import Path

from pydicom._dicom_dict import DicomDictionary

_lower_word = re.compile(r"\b[a-z]{2,}\b")
_any_word = re.compile(r"[^\W\d_]{2,}")
_name_word = re.compile(r"\b(?:[A-Za-z][a-z]+|[A-Z]{2,})\b")
_code = re.compile(r"[A-Z]{2,16}")


def words() -> dict[str, str]:
    """Return each word of the standard and ``clinical``, or ``capital`` where it has one."""
    clinical: set[str] = set()
    every: set[str] = set()
    concepts = importlib.import_module("pydicom.sr._concepts_dict").concepts
    for scheme in concepts.values():
        for codes in scheme.values():
            for code, (meaning, *_) in codes.items():
                clinical.update(_lower_word.findall(meaning))
                every.update(word.casefold() for word in _any_word.findall(meaning))
                if _code.fullmatch(code):
                    clinical.add(code.casefold())
    for _, _, name, _, _ in DicomDictionary.values():
        clinical.update(word.casefold() for word in _name_word.findall(name))
    return {word: "clinical" if word in clinical else "capital" for word in clinical | every}


def table() -> str:
    """Return the table as text."""
    rows = (f"{word}\t{kind}\n" for word, kind in sorted(words().items()))
    return "word\tkind\n" + "".join(rows)


if __name__ == "__main__":
    path = Path(__file__).with_name("ps316_words.tsv")
    path.write_text(table(), encoding="utf-8")
