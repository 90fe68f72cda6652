"""Random pseudonyms with a check character.

A prefix (``NX`` of a subject, ``AX`` of an accession number), random characters, check
character, all of Crockford's alphabet of 32 (no I, L, O,
U: they are misread, or make words). Read as numbers of GF(32) with the primitive polynomial
x^5 + x^2 + 1, a pseudonym is a polynomial that x makes zero. Any one wrong character and
any two exchanged characters make it something else.
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = "NX"
ACCESSION_PREFIX = "AX"
CHARACTERS = 9
"""Random characters of a pseudonym: 45 bits; the vault keeps them unique per project."""
ACCESSION_CHARACTERS = 13
"""Of the pseudonym of an accession number: 65 bits, also where no vault keeps them unique."""
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_POLYNOMIAL = 0b100101


def new_pseudonym() -> str:
    """Return a random pseudonym, 12 characters."""
    return spell(secrets.randbits(5 * CHARACTERS), characters=CHARACTERS)


def new_accession_pseudonym() -> str:
    """Return a random pseudonym of an accession number, 16 characters."""
    return spell_accession(secrets.randbits(5 * ACCESSION_CHARACTERS))


def spell_accession(number: int) -> str:
    """Return the pseudonym of an accession number for a random number below ``2 ** 65``."""
    return spell(number, characters=ACCESSION_CHARACTERS, prefix=ACCESSION_PREFIX)


def spell(number: int, *, characters: int, prefix: str = PREFIX) -> str:
    """Return the pseudonym of a random number.

    Parameters
    ----------
    number : int
        Less than ``32 ** characters``.
    characters : int
        At most 13: a pseudonym has at most 16.
    """
    body = "".join(ALPHABET[number >> 5 * i & 31] for i in reversed(range(characters)))
    return prefix + body + ALPHABET[_times_x(_residue(prefix + body))]


def is_pseudonym(text: str, *, prefix: str = PREFIX) -> bool:
    """Return whether `text` is one of ours, free of slips of the pen."""
    return (
        len(prefix) + 1 < len(text) <= 16
        and text.startswith(prefix)
        and all(c in _VALUES for c in text)
        and _residue(text) == 0
    )


def _residue(text: str) -> int:
    residue = 0
    for character in text:
        residue = _times_x(residue) ^ _VALUES[character]
    return residue


def _times_x(value: int) -> int:
    value <<= 1
    return value ^ _POLYNOMIAL if value & 32 else value
