"""Find postal addresses and institutions."""

import re
from collections.abc import Iterator, Sequence

from pipelines.text.reasons import Reason, Span
from pipelines.text.tokens import Token, fold, fold_german, words_of
from pipelines.text.vocabulary import Verdict, is_clinical, is_own, judge

_LEAST_TEXT = 4
_line_ends = re.compile(r"[\r\n\f,;\\^]+")

_STREET = r"[A-ZÄÖÜ][\w'’.äöüéè-]*"
_addresses = re.compile(
    r"(?<![\w.-])(?:"
    rf"\d{{1,5}}[A-Za-z]?,?[ \t]+(?:[NSEW]\.?[ \t]+)?(?:{_STREET}[ \t]+){{1,4}}"
    r"(?:Street|STREET|St\.?(?=[,\s]|$)|ST\.|Avenue|AVENUE|Ave\.?|AVE\.?|Road|ROAD|Rd\.?|RD\.?|Boulevard|BOULEVARD|Blvd\.?|BLVD\.?"
    r"|Lane|LANE|Ln\.?|Drive|DRIVE|Dr\.?(?=[,\s]|$)|Court|COURT|Ct\.?|Way|Place|PLACE|Pl\.|Square|SQUARE|Highway|HIGHWAY|Hwy\.?|Parkway|PARKWAY|Pkwy\.?|Terrace|Circle|Crescent|Close)"
    r"(?:[ \t]*,?[ \t]*(?:Apt|Apartment|Suite|Ste|Unit|Flat|APT|SUITE|UNIT|#)\.?[ \t]*#?\w{1,5})?"
    r"|(?:[A-ZÄÖÜ][\w.äöüß-]*[ -])?[A-ZÄÖÜ][a-zäöüß]*(?:straße|strasse|str\.|weg|platz|allee|gasse|ufer|damm|straat|laan|plein|gracht|kade)[ \t]*\d{1,4}[ \t]?[a-z]?\b"
    r"|\d{1,4}(?:[ \t]?bis)?,?[ \t]+(?i:rue|avenue|boulevard|place|chemin|allée|impasse|quai|bd)[ \t]+(?:d[eu][ \t]|des[ \t]|de[ \t]la[ \t]|l')?(?:[A-Z][\w'’éèç-]*[ \t]?){1,4}"
    r"|(?:Calle|C/|Avda\.?|Avenida|Plaza|Paseo|Via|Viale|Piazza|Corso|Largo)[ \t]+(?:d[aei]l?l?a?[ \t])?(?:[A-Z][\w'’áéíóúñ-]*[ \t]?){1,4},?[ \t]*(?:n[º°.][ \t]?)?\d{1,4}"
    r"|(?:P\.?[ \t]?O\.?[ \t]?Box|Postfach|BP)[ \t]+\d+"
    r"|[A-Z][A-Za-z.]+(?:[ \t][A-Z][A-Za-z.]+)?,?[ \t]+(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])\.?,?[ \t]+\d{5}(?:-\d{4})?"
    r"|(?:[DAF]-|CH-|NL-|B-)?\d{4,5}[ \t]+(?P<city>[A-ZÄÖÜ][a-zäöüßéè]{3,}(?:[ -][A-ZÄÖÜ][a-zäöüß]+)*)"
    r"|\d{4}[ \t]?[A-Z]{2}[ \t]+[A-Z][a-z]{3,}"
    r")(?![^\W_])"
)
_zip = re.compile(
    r"\b(?:zip(?:[ \t]?code)?|plz|postcode|code[ \t]postal|cap)[: \t]+(?P<zip>\d{4,5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?[ \t]?\d[A-Z]{2})\b",
    re.IGNORECASE,
)
_from = re.compile(
    r"\b(?:lives[ \t]in|living[ \t]in|resident[ \t]of|resides[ \t](?:in|at)|wohnhaft[ \t]in|habite[ \t]à|vive[ \t]en|from|transferred[ \t]from|aus)[ \t]+"
    r"(?P<place>[A-ZÄÖÜ][\w'’-]+(?:[ \t][A-ZÄÖÜ][\w'’-]+){0,2})"
)
_HEADS = frozenset(
    [
        "hospital",
        "hospitals",
        "clinic",
        "clinics",
        "center",
        "centre",
        "infirmary",
        "institute",
        "university",
        "hospice",
        "sanatorium",
        "klinikum",
        "klinik",
        "kliniken",
        "krankenhaus",
        "universitatsklinikum",
        "universitatsklinik",
        "universitat",
        "praxis",
        "radiologie",
        "charite",
        "spital",
        "inselspital",
        "universitatsspital",
        "hopital",
        "clinique",
        "chu",
        "chru",
        "hospitalier",
        "clinica",
        "hospitalario",
        "ospedale",
        "policlinico",
        "azienda",
        "istituto",
        "ziekenhuis",
        "umc",
        "mc",
        "medisch",
        "associates",
        "partners",
        "healthcare",
        "imaging",
        "radiology",
        "diagnostics",
        "laboratory",
        "laboratories",
        "foundation",
        "trust",
        "polyclinic",
    ]
)
_TAIL_ONLY = frozenset(
    [
        "center",
        "centre",
        "imaging",
        "radiology",
        "associates",
        "partners",
        "foundation",
        "trust",
        "diagnostics",
        "laboratory",
        "laboratories",
        "healthcare",
        "radiologie",
        "praxis",
        "mc",
        "institute",
    ]
)
"""Make an institution only after a name."""
_QUALIFIERS = frozenset(
    [
        "general",
        "university",
        "memorial",
        "regional",
        "community",
        "county",
        "city",
        "children",
        "childrens",
        "veterans",
        "va",
        "royal",
        "national",
        "presbyterian",
        "methodist",
        "baptist",
        "lutheran",
        "mercy",
        "sacred",
        "adventist",
        "jewish",
        "catholic",
        "central",
        "north",
        "south",
        "east",
        "west",
        "northern",
        "southern",
        "eastern",
        "western",
        "medical",
        "health",
        "cancer",
        "heart",
        "eye",
        "imaging",
        "diagnostic",
        "radiology",
        "state",
        "federal",
        "municipal",
        "saint",
        "st",
        "mount",
        "mt",
        "holy",
        "good",
        "trinity",
        "mary",
        "marys",
        "our",
        "lady",
        "teaching",
        "district",
        "universitario",
        "universitaire",
        "universitario",
        "san",
        "santa",
        "santo",
        "sankt",
        "stadtisches",
        "civil",
        "academic",
        "academisch",
        "militar",
        "naval",
        "army",
        "free",
        "advanced",
        "open",
        "premier",
        "mri",
        "valley",
        "lake",
        "hill",
        "park",
        "river",
    ]
)
_FOLLOWING = frozenset(
    [
        "of",
        "the",
        "for",
        "and",
        "de",
        "del",
        "della",
        "du",
        "des",
        "d",
        "la",
        "le",
        "el",
        "los",
        "las",
        "der",
        "am",
        "im",
        "st",
        "san",
        "santa",
        "sant",
        "saint",
        "s",
        "van",
        "het",
        "di",
        "and",
        "at",
    ]
)
_MOST_LEFT = 6
_MOST_ACRONYM = 5


def parts_of_place(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the folded words of a place: all of it, each line, each part between commas."""
    for spelled in dict.fromkeys([fold(text), fold_german(text)]):
        for part in dict.fromkeys([spelled, *_line_ends.split(spelled), *_locals(spelled)]):
            words = words_of(part)
            if len(words) == 1 or sum(map(len, words)) >= _LEAST_TEXT:
                yield words


def _locals(text: str) -> list[str]:
    local, at, _ = text.partition("@")
    return [local.rpartition(" ")[2]] if at else []


def find_addresses(text: str) -> Iterator[Span]:
    """Yield postal addresses, and cities with their code."""
    if any(character.isdigit() for character in text):
        for found in _addresses.finditer(text):
            if not found["city"] or judge(found["city"].split()[0].casefold()) is not Verdict.WORD:
                yield Span(found.start(), found.end(), Reason.ADDRESS)
        for found in _zip.finditer(text):
            yield Span(found.start("zip"), found.end("zip"), Reason.ADDRESS)
    for found in _from.finditer(text):
        word = found["place"].split()[0].casefold()
        if judge(word) not in (Verdict.WORD, Verdict.EPONYM):
            yield Span(found.start("place"), found.end("place"), Reason.ADDRESS)


def find_institutions(text: str, tokens: Sequence[Token]) -> Iterator[Span]:
    """Yield institutions: ``St. Mary's Hospital``, ``Klinikum Musterstadt``."""
    for number, token in enumerate(tokens):
        if token.low in _HEADS and (token.raw[0].isupper() or not token.raw.isascii()):
            left = _left(text, tokens, number)
            right = _right(text, tokens, number)
            if token.low in _TAIL_ONLY and not _names(tokens[left:number]):
                continue
            if left < number or _names(tokens[number + 1 : right]):
                yield Span(tokens[left].start, tokens[right - 1].end, Reason.INSTITUTION)


def _names(tokens: Sequence[Token]) -> bool:
    return any(token.raw[0].isupper() and _is_proper(token) for token in tokens)


def _is_proper(token: Token) -> bool:
    return token.raw[0].isupper() and (
        judge(token.raw.casefold()) is not Verdict.WORD
        or (
            token.raw.isupper()
            and 1 < len(token.raw) <= _MOST_ACRONYM
            and not is_clinical(token.low)
            and not is_own(token.low)
        )
    )


def _left(text: str, tokens: Sequence[Token], number: int) -> int:
    first = number
    for before in range(number - 1, max(number - _MOST_LEFT, -1), -1):
        token = tokens[before]
        between = text[token.end : tokens[before + 1].start]
        if between not in (" ", ". ", "'", "’", "-", " & ") or (
            between == ". " and token.low not in ("st", "mt")
        ):
            break
        if token.low in ("s", "of", "and", "the", "for") or token.low in ("&",):
            continue
        if not token.raw[0].isupper() or not (token.low in _QUALIFIERS or _is_proper(token)):
            break
        first = before
    return first


def _right(text: str, tokens: Sequence[Token], number: int) -> int:
    last = number + 1
    for after in range(number + 1, min(number + 1 + _MOST_LEFT, len(tokens))):
        token = tokens[after]
        between = text[tokens[after - 1].end : token.start]
        if between not in (" ", ". ", "'", "’", "-", " - ") or (
            between == ". " and tokens[after - 1].low not in ("st", "mt")
        ):
            break
        if token.low in _FOLLOWING:
            continue
        if (
            (
                token.low in _HEADS
                and token.raw[0].isupper()
                and token.low not in ("radiology", "imaging", "radiologie")
            )
            or _is_proper(token)
        ) or (token.low in _QUALIFIERS and token.raw[0].isupper() and not is_clinical(token.low) and not is_own(token.low)):
            last = after + 1
        else:
            break
    return last
