"""Find institutions that only the text holds: ``St. Mary's Hospital``."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from pipelines.text.reasons import Reason, Span
from pipelines.text.tokens import Token, word_set
from pipelines.text.vocabulary import Verdict, is_own, judge
from pipelines.vocabulary import is_clinical

_HEADS = word_set(
    """
    uniklinik uniklinikum
    hospital hospitals clinic clinics center centre infirmary institute university hospice
    sanatorium klinikum klinik kliniken krankenhaus universitatsklinikum universitatsklinik
    universitat praxis radiologie charite spital inselspital universitatsspital hopital
    clinique chu chru hospitalier clinica hospitalario ospedale policlinico azienda istituto
    ziekenhuis umc mc medisch associates partners healthcare imaging radiology diagnostics
    laboratory laboratories foundation trust polyclinic memorial regional
    ctr hosp practice surgery instituto institut az
    """
)
_TAIL_ONLY = word_set(
    """
    center centre imaging radiology associates partners foundation trust diagnostics
    laboratory laboratories healthcare radiologie praxis mc institute memorial regional
    ctr practice surgery institut
    """
)
"""Make an institution only after a name."""
_QUALIFIERS = word_set(
    """
    general university memorial regional community county city children childrens veterans va
    royal national presbyterian methodist baptist lutheran mercy sacred adventist jewish
    catholic central north south east west northern southern eastern western medical health
    cancer heart eye imaging diagnostic radiology state federal municipal saint st mount mt
    holy good trinity mary marys our lady teaching district universitario universitaire
    universitario san santa santo sankt stadtisches civil academic academisch militar naval
    nacional nazionale family sick special women sint med
    army free advanced open premier mri valley lake hill park river
    """
)
_FOLLOWING = word_set(
    """
    of the for and de del della du des d la le el los las der am im st san santa sant saint s
    van het di and at dr prof sint
    """
)
_OF = frozenset(["for", "of", "de", "del", "della", "di"])
_WITHIN = frozenset(["s", "of", "and", "the", "for"])
_SHORTENED = frozenset(["st", "mt", "univ", "dr", "prof"])
_MOST_LEFT = 6
_MOST_PLAIN = 3
_MOST_ACRONYM = 5


def find_institutions(
    text: str, tokens: Sequence[Token], words: AbstractSet[str]
) -> Iterator[Span]:
    """Yield institutions: ``St. Mary's Hospital``, ``Klinikum Musterstadt``.

    Parameters
    ----------
    words : collections.abc.Set[str]
        Of the text, folded.
    """
    if words.isdisjoint(_HEADS):
        return
    for number, token in enumerate(tokens):
        if token.low in _HEADS and token.raw[0].isupper():
            left, right = _left(text, tokens, number), _right(text, tokens, number)
            before = tokens[left:number]
            if token.low in _TAIL_ONLY and not _names(before) and len(before) < 2:
                continue
            is_long = right > number + _MOST_PLAIN  # Hospital for Sick Children
            if left < number or is_long or _names(tokens[number + 1 : right]):
                yield Span(tokens[left].start, tokens[right - 1].end, Reason.INSTITUTION)


def _names(tokens: Sequence[Token]) -> bool:
    return any(_is_proper(token) for token in tokens)


def _is_proper(token: Token) -> bool:
    """Return True for a name, a place, an unknown word; for initials of an institution."""
    if not token.raw[0].isupper() or not token.raw.isalpha():
        return False
    if judge(token.raw.casefold()) is not Verdict.WORD:
        return True
    is_acronym = token.raw.isupper() and token.raw.isalpha() and 1 < len(token.raw) <= _MOST_ACRONYM
    return is_acronym and not _is_clinical(token)


def _is_clinical(token: Token) -> bool:
    return is_clinical(token.low) or is_own(token.low)


def _left(text: str, tokens: Sequence[Token], number: int) -> int:
    first, skipped = number, 0
    for before in range(number - 1, max(number - _MOST_LEFT, -1), -1):
        token = tokens[before]
        if not _is_joined(text, token, tokens[before + 1]):
            break
        if token.low in _WITHIN:
            continue
        # Massachusetts General Hospital: any word with a capital before a qualifier
        is_qualified = first < number and token.raw.istitle() and not _is_clinical(token)
        is_named = token.raw[0].isupper() and (token.low in _QUALIFIERS or _is_proper(token))
        if not (is_named or is_qualified):
            skipped += 1
            # Stonebridge Orthopaedic Clinic: one word of medicine between name and head
            if skipped > 1 or before < number - 2 or not token.raw.istitle():
                break
            continue
        first = before
    return first


def _right(text: str, tokens: Sequence[Token], number: int) -> int:
    last = number + 1
    for after in range(number + 1, min(number + 1 + _MOST_LEFT, len(tokens))):
        token = tokens[after]
        if not _is_joined(text, tokens[after - 1], token):
            break
        if token.low in _FOLLOWING:
            continue
        is_head = token.low in _HEADS and token.low not in _TAIL_ONLY
        before = tokens[after - 1].low
        is_said = before in _OF and last > number + 1 and token.raw.istitle()
        is_plain = not _is_clinical(token) or before in _OF or before in _QUALIFIERS
        is_qualifier = is_said or (token.low in _QUALIFIERS and is_plain)
        if not (token.raw[0].isupper() and (is_head or is_qualifier or _is_proper(token))):
            break
        last = after + 1
    return last


def _is_joined(text: str, token: Token, following: Token) -> bool:
    between = text[token.end : following.start]
    if between == ". ":
        return token.low in _SHORTENED
    return between in (" ", "'", "\u2019", "-", " & ")
