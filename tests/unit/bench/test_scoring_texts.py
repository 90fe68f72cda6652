"""The texts that the scorer plants: what must go, what must stay, and how both are counted."""

import random
import re

import pytest
from pydicom.charset import convert_encodings, encode_string

from ops.bench.identities.cultures import CLINICAL_SURNAMES, CLINICAL_USES, CULTURES
from ops.bench.identities.persons import Subject, make_person, make_subject
from ops.bench.identities.phrases import Secret, Text, compose, count_phrase, runs, whole
from ops.bench.identities.spellings import spell
from ops.bench.identities.texts import clinical, make_text, mixed

_SUBJECTS = [make_subject(random.Random(i), f"s{i}", culture) for i, culture in enumerate(CULTURES)]
_LIMITS = (16, 64, 1024, 4000)


def _texts(subject: Subject, seed: int, count: int = 60) -> list[tuple[int, Text]]:
    rng = random.Random(seed)
    limits = [rng.choice(_LIMITS) for _ in range(count)]
    return [(limit, make_text(rng, subject, limit)) for limit in limits]


def _without(text: Text) -> str:
    """Return the text after a search for the phrases that must go, longest first."""
    value = text.value.casefold()
    for phrase in sorted({*text.gone, *text.needles}, key=len, reverse=True):
        between = r"[\W_]*".join(map(re.escape, runs(phrase)))
        edge = r"(?<![^\W_])", r"(?![^\W_])"
        joined = not phrase.isascii() and " " not in phrase
        value = re.sub(between if joined else between.join(edge), " ", value)
    return value


@pytest.mark.parametrize("subject", _SUBJECTS, ids=lambda s: s.culture.name)
def test_a_text_fits_and_can_be_written_in_the_character_sets_of_its_subject(
    subject: Subject,
) -> None:
    for limit, text in _texts(subject, 1):
        assert 0 < len(text.value) <= limit
        assert "\\" not in text.value
        for charset in subject.culture.charsets:
            codecs = convert_encodings(list(charset)) if charset else ["iso8859"]
            assert encode_string(text.value, codecs)


@pytest.mark.parametrize("subject", _SUBJECTS, ids=lambda s: s.culture.name)
def test_what_must_stay_stands_in_the_text_and_outlives_what_must_go(subject: Subject) -> None:
    for _, text in _texts(subject, 2):
        assert all(count_phrase(token, text.value) for token in text.tokens)
        if any(count_phrase(p, t) for p in text.gone for t in text.tokens):
            continue  # a word that is also a name: which of them goes, a search can't tell
        left = _without(text)
        assert all(count_phrase(token, left) for token in text.tokens), text
        for phrase in text.gone:
            kept = sum(count_phrase(phrase, token) for token in text.tokens)
            assert count_phrase(phrase, left) <= kept, text


def test_a_mixed_text_names_someone_and_a_clinical_one_nobody() -> None:
    for subject in _SUBJECTS:
        rng = random.Random(3)
        assert not any(clinical(rng, subject, 64).gone for _ in range(20))
        texts = [mixed(rng, subject, 4000) for _ in range(20)]
        assert all(text.gone and text.tokens for text in texts if text.rule != "clinical")
        assert sum(text.rule == "clinical" for text in texts) < 5


def test_every_sort_of_identity_comes_up() -> None:
    rules = {
        text.rule.split(":")[0]
        for seed, subject in enumerate(_SUBJECTS * 4)
        for _, text in _texts(subject, seed)
    }
    assert {"name", "titled-patient", "initials", "staff", "stranger", "relative"} <= rules
    assert {"own-id", "other-id", "date", "birth", "phone", "email", "url"} <= rules
    assert {"address", "institution", "age", "several", "clinical", "surname"} <= rules
    assert {"surname as a name and as a word", "tiny name"} <= rules


def test_every_spelling_of_a_name_comes_up() -> None:
    rng = random.Random(4)
    persons = [make_person(rng, culture) for culture in CULTURES for _ in range(12)]
    rules = {spell(rng, person)[0] for person in persons for _ in range(30)}
    assert {"given-family", "family-comma", "caret", "odd-case", "initial-family"} <= rules
    assert {"family", "given", "no-diacritics", "transliterated", "upper-underscore"} <= rules
    assert {"native-0", "native-2"} <= rules


def test_a_clinical_surname_alone_names_nobody() -> None:
    for subject in _SUBJECTS:
        if subject.person.family.upper() not in CLINICAL_SURNAMES:
            continue
        for seed in range(60):
            _, secret = spell(random.Random(seed), subject.person)
            assert subject.person.given.casefold() in secret.value.casefold()
            assert subject.person.family not in secret.needles


def test_each_use_of_a_clinical_surname_holds_the_word() -> None:
    for surname, uses in CLINICAL_USES.items():
        assert all(count_phrase(surname, use) for use in uses)


def test_phrases_are_counted_by_words() -> None:
    assert count_phrase("HAND", "HAND, JOHN: HAND X-RAY") == 2
    assert count_phrase("hand", "handle") == 0
    assert count_phrase("Smith Jane", "t1_SMITH_JANE_sag") == 1
    assert count_phrase("12.03.2019", "on 12/03/2019") == 1
    assert count_phrase("山寺", "患者山寺太郎次") == 1
    assert count_phrase("", "text") == 0


def test_a_template_says_which_words_may_do_either() -> None:
    secret = Secret(value="Jane Smith", gone=("Jane",), needles=("Smith",))
    text = compose("MRI BREAST <for> {x}, left", {"x": secret}, rule="r")
    assert text.value == "MRI BREAST for Jane Smith, left"
    assert text.tokens == ("mri breast", "left")
    assert (text.gone, text.needles, text.rule) == (("Jane",), ("Smith",), "r")
    assert whole("L4-5, T1", rule="r").tokens == ("l4 5 t1",)
