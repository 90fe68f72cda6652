from hypothesis import given
from hypothesis import strategies as st

from gateway.vault.pseudonyms import ALPHABET, is_pseudonym, new_pseudonym, spell

pseudonyms = st.integers(0, 2**45 - 1).map(lambda number: spell(number, characters=9))


@given(pseudonyms)
def test_a_pseudonym_is_short_ascii_without_misread_letters(pseudonym: str) -> None:
    assert len(pseudonym) == 12
    assert pseudonym.startswith("NX")
    assert not set(pseudonym) & set("ILOU")
    assert is_pseudonym(pseudonym)


@given(pseudonyms)
def test_any_one_wrong_character_is_caught(pseudonym: str) -> None:
    for i, right in enumerate(pseudonym):
        for wrong in set(ALPHABET + "ILOU- a") - {right}:
            assert not is_pseudonym(pseudonym[:i] + wrong + pseudonym[i + 1 :])


@given(pseudonyms)
def test_any_two_exchanged_characters_are_caught(pseudonym: str) -> None:
    for i in range(len(pseudonym)):
        for j in range(i):
            if pseudonym[i] != pseudonym[j]:
                swapped = list(pseudonym)
                swapped[i], swapped[j] = swapped[j], swapped[i]
                assert not is_pseudonym("".join(swapped))


@given(st.text(max_size=20))
def test_what_is_no_pseudonym_is_refused(text: str) -> None:
    if is_pseudonym(text):
        assert text.startswith("NX")
        assert len(text) <= 16


@given(st.integers(0, 2**45 - 1), st.integers(0, 2**45 - 1))
def test_numbers_are_told_apart(one: int, other: int) -> None:
    assert (spell(one, characters=9) == spell(other, characters=9)) == (one == other)


def test_new_ones_are_random() -> None:
    assert len({new_pseudonym() for _ in range(1000)}) == 1000
