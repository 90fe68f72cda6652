"""The vocabulary tells words from names, and is read as it was written."""

import gzip
import json
from importlib import resources

import pytest

from pipelines.text.dictionaries import dictionary
from pipelines.text.vocabulary import Verdict, judge

_LANGUAGES = ("en", "de", "fr", "es", "it", "nl")


@pytest.mark.parametrize("language", _LANGUAGES)
def test_a_dictionary_is_searched_as_a_table_would_be(language: str) -> None:
    file = resources.files("spellchecker") / "resources" / f"{language}.json.gz"
    counts = json.loads(gzip.decompress(file.read_bytes()))
    words = [*list(counts)[::97], *list(counts)[-3:], "qqq", "zzzzzz", "", '"']
    found = {word: dictionary(language).count(word) for word in words}
    assert found == {word: counts.get(word, 0) for word in words}


@pytest.mark.parametrize(
    ("word", "verdict"),
    [
        *((word, Verdict.WORD) for word in ("hand", "white", "chest", "hypodense", "mprage")),
        *(
            (word, Verdict.WORD)
            for word in ("untersuchung", "verlaufskontrolle", "genou", "rundherde")
        ),
        *((word, Verdict.NAME) for word in ("garcia", "kowalczyk", "müller", "nguyen")),
        *((word, Verdict.NAME_OR_WORD) for word in ("frank", "john", "jane")),
        *((word, Verdict.EPONYM) for word in ("baker", "smith", "wilson")),
        ("berlin", Verdict.PLACE),
        *((word, Verdict.FOREIGN) for word in ("männer", "farid")),
        ("okonkwo", Verdict.UNKNOWN),
    ],
)
def test_words_and_names(word: str, verdict: Verdict) -> None:
    assert judge(word) is verdict
