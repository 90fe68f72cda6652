"""Tell ``Baker cyst`` from Dr. Baker."""

from collections.abc import Sequence

from pipelines.eponyms import NOUNS
from pipelines.text.tokens import Token, word_set
from pipelines.text.vocabulary import is_medical

_APOSTROPHES = ("'", "\u2019", "`")
_SPACES = (" ", "-", "' ", "\u2019 ")
_HYPHENS = ("-", "/", "\u2013")
_BEFORE = word_set(
    """
    morbus mb m grade type class stage score maladie malattia morbo enfermedad ziekte
    """
)


_PAIRS = word_set(
    """
    hunt-hess spetzler-martin child-pugh swan-ganz salter-harris weber-danis danis-weber hill-sachs
    osgood-schlatter legg-calve-perthes mallory-weiss budd-chiari arnold-chiari dandy-walker
    sturge-weber hippel-lindau wolff-parkinson-white guillain-barre ehlers-danlos klippel-feil
    wernicke-korsakoff zollinger-ellison peutz-jeghers henoch-schonlein epstein-barr stevens-johnson
    creutzfeldt-jakob lauge-hansen rosai-dorfman niemann-pick charcot-marie-tooth osler-weber-rendu
    blalock-taussig blalock-hanlon pierre-robin erdheim-chester langerhans-hand lambert-eaton
    mayer-rokitansky mayo-robson paget-schroetter may-thurner brown-sequard tolosa-hunt
    birt-hogg-dube greulich-pyle swyer-james li-fraumeni roux-en-y kimmelstiel-wilson prader-willi
    landouzy-dejerine muir-torre jaffe-lichtenstein pringle-maneuver denonvilliers-fascia
    wells-score
    churg-strauss kasabach-merritt meyer-weigert fitz-hugh-curtis graves-basedow crohn-colitis
    kellgren-lawrence gustilo-anderson mason-johnston garden-pauwels neer-horowitz hawkins-canale
    sinding-larsen-johansson adams-stokes argyll-robertson bence-jones reed-sternberg hand-schuller
    """
)
_SIGNS = word_set(
    """
    disease syndrome sign classification score criteria maneuver contracture palsy phenomenon
    malformation anomaly chorea thyroiditis granulomatosis cardiomyopathy lymphoma sarcoma syndrom
    krankheit zeichen sindrome maladie
    """
)
"""What is called by a name that need not be in a list."""
_GRADES = frozenset(["ii", "iii", "iv", "vi", "iib", "iia", "iiia", "iiib"])
_LETTERS = frozenset(["a", "b", "c", "i", "v"])
"""Grades too, where something follows."""
_MOST_ABBREVIATED = 5
_OF = word_set(
    "circle foramen loop angle node nodes pouch canal valve sign duct triangle space tetralogy"
)


def is_eponym(text: str, tokens: Sequence[Token], number: int) -> bool:
    """Return True where the name at `number` stands for a disease, a sign, a view."""
    before = tokens[number - 1].low if number else ""
    if before in _BEFORE or (before == "of" and number > 1 and tokens[number - 2].low in _OF):
        return True
    if is_pair(text, tokens, number):
        return True
    following = number + 1
    if following == len(tokens):
        return False
    between = text[tokens[number].end : tokens[following].start]
    if tokens[following].low == "s" and between in _APOSTROPHES:
        following += 1
        if following == len(tokens):
            return True  # ends with a possessive: Addison's
        between = text[tokens[following - 1].end : tokens[following].start]
        if between.strip(" "):
            return True
    other = tokens[following].low
    is_grade = other in _GRADES or (other in _LETTERS and following + 1 < len(tokens))
    is_noun = other in NOUNS or (tokens[following].raw.islower() and is_medical(other))
    return between in _SPACES and (is_noun or other[0].isdigit() or is_grade)


def is_sign(text: str, tokens: Sequence[Token], number: int) -> bool:
    """Return True for any word that a disease, sign or score is called by: ``Heidelberg score``."""
    following = number + 1
    if following < len(tokens) and tokens[following].low == "s":
        following += 1
    if following >= len(tokens):
        return False
    between = text[tokens[following - 1].end : tokens[following].start]
    return between in (" ", "-") and tokens[following].low in _SIGNS


def is_term(text: str, tokens: Sequence[Token], number: int) -> bool:
    """Return True for an unknown word that is used as a term.

    Before a grade (``Fazekas 2``, ``Galassi II cyst``), a term of medicine (``Graves
    ophthalmopathy``), or as a short abbreviation before a number (``VENC 150``).
    """
    following = number + 1
    if following >= len(tokens):
        return False
    token, other = tokens[number], tokens[following]
    if text[token.end : other.start] not in (" ", "-"):
        return False
    ends = text[other.end : other.end + 1] in ("", ",", ";", ".", ")", " ", "\n")
    if other.raw.isdigit() and ends:
        is_short = token.raw.isupper() and len(token.raw) <= _MOST_ABBREVIATED
        is_last = following + 1 == len(tokens) or text[other.end : other.end + 1] != " "
        return is_short or (len(other.raw) == 1 and is_last)
    if other.low in _GRADES and other.raw.isupper():
        return True
    return other.raw.islower() and (other.low in _SIGNS or is_medical(other.low))


def is_pair(text: str, tokens: Sequence[Token], number: int) -> bool:
    """Return True within two or three names that stand for one thing: ``Hunt-Hess``."""
    first, last = number, number
    while (
        first > number - 2
        and first
        and text[tokens[first - 1].end : tokens[first].start] in _HYPHENS
    ):
        first -= 1
    while (
        last < number + 2
        and last + 1 < len(tokens)
        and text[tokens[last].end : tokens[last + 1].start] in _HYPHENS
    ):
        last += 1
    names = [token.low for token in tokens[first : last + 1]]
    place = number - first
    return any(
        "-".join(names[start : start + size]) in _PAIRS
        for size in (2, 3)
        for start in range(max(place - size + 1, 0), place + 1)
    )
