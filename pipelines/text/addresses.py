"""Find postal addresses."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from pipelines.text.reasons import Reason, Span
from pipelines.text.tokens import fold, fold_german, word_set, words_of
from pipelines.text.vocabulary import Verdict, judge

_LEAST_TEXT = 4
_line_ends = re.compile(r"[\r\n\f,;\\^]+")

_STREET = r"[A-ZÄÖÜ][\w'\u2019.äöüéè-]*"
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI"
    r"|S[CD]|T[NX]|UT|V[AT]|W[AIVY])"
)
_POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]?[ ]\d[ABD-HJLNP-UW-Z]{2}(?!\w)"
"""British."""
_addresses = re.compile(
    r"(?<![\w.-])(?:"
    rf"\d{{1,5}}[A-Za-z]?,?[ \t]+(?:[NSEW]\.?[ \t]+)?(?:{_STREET}[ \t]+){{1,4}}"
    r"(?:Street|STREET|St\.?(?=[,\s]|$)|ST\.|Avenue|AVENUE|Ave\.?|AVE\.?|Road|ROAD|Rd\.?"
    r"|RD\.?|Boulevard|BOULEVARD|Blvd\.?|BLVD\.?"
    r"|Lane|LANE|Ln\.?|Drive|DRIVE|Dr\.?(?=[,\s]|$)|Court|COURT|Ct\.?|Way|Place|PLACE|Pl\."
    r"|Square|SQUARE|Highway|HIGHWAY|Hwy\.?|Parkway|PARKWAY|Pkwy\.?|Terrace|Circle|Crescent"
    r"|Close)(?:[ \t]+[NS][EW]\b)?"
    r"(?:[ \t]*,?[ \t]*(?:Apt|Apartment|Suite|Ste|Unit|Flat|APT|SUITE|UNIT|#)\.?[ \t]*#?\w{1,5})?"
    rf"(?:,[ \t]*{_STREET}(?:[ \t]{_STREET})?,?[ \t]*(?:{_STATE}"
    rf"(?:[ \t]+\d{{5}}(?:-\d{{4}})?)?(?!\w)|{_POSTCODE}))?"
    rf"|[A-Z](?={_POSTCODE})[A-Z]\d[A-Z\d]?[ ]\d(?!TH|ND|RD|ST)[A-Z]{{2}}(?!\w)"
    r"|(?:[A-ZÄÖÜ][\w.äöüß-]*[ -])?[A-ZÄÖÜ][a-zäöüß]*(?:straße|strasse|str\.|weg|platz|allee"
    r"|gasse|ufer|damm|straat|laan|plein|gracht|kade|[ ]Straße|[ ]Strasse|[ ]Str\.|[ ]Weg|[ ]Platz"
    r"|[ ]Allee|[ ]Ring)[ \t]*\d{1,4}[ \t]?[a-z]?\b"
    r"|\d{1,4}(?:[ \t]?bis)?,?[ \t]+(?i:rue|avenue|boulevard|place|chemin|allée|impasse|quai"
    r"|bd)[ \t]+(?:d[eu][ \t]|des[ \t]|de[ \t]la[ \t]|l')?(?:[A-Z][\w'\u2019éèç-]*[ \t]?){1,4}"
    r"|(?:Calle|C/|Avda\.?|Avenida|Plaza|Paseo|Via|Viale|Piazza|Corso"
    r"|Largo)[ \t]+(?:d[aei]l?l?a?[ \t])?(?:[A-Z][\w'\u2019áéíóúñ-]*[ \t]?){1,4},?[ \t]*"
    r"(?:n[º°.][ \t]?)?\d{1,5}(?:,?[ \t]*(?:Piso|Apto|Dpto|Int|Esc|Pta|Pal|Scala)\.?[ \t]*\w{1,4})?"
    r"|R\.?R\.?[ ]?\d{1,3},?[ ]Box[ ]\d{1,5}"
    r"|(?:P\.?[ \t]?O\.?[ \t]?Box|Postfach|BP)[ \t]+\d+(?![\d/])"
    rf"|[A-Z][A-Za-z.]+(?:[ \t][A-Z][A-Za-z.]+)?,?[ \t]+{_STATE}"
    r"\.?,?[ \t]+\d{5}(?:-\d{4})?"
    r"|(?:[DAF]-|CH-|NL-"
    r"|B-)?\d{4,5}[ \t]+(?P<city>[A-ZÄÖÜ][a-zäöüßéè]{3,}(?:[ -][A-ZÄÖÜ][a-zäöüß]+)*)"
    r"|\d{4}[ \t]?[A-Z]{2}[ \t]+[A-Z][a-z]{3,}"
    r")(?![^\W_])"
)
_zip = re.compile(
    r"\b(?:zip(?:[ \t]?code)?|plz|postcode|code[ \t]postal"
    r"|cap)[: \t]+(?P<zip>\d{4,5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]?[ \t]?\d[A-Z]{2})\b",
    re.IGNORECASE,
)
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w'\u2019.-]*"
_SMALL = r"[^\W\d_A-ZÀ-ÖØ-Þ]{1,10}['\u2019]?"
_WITHIN = (
    r"(?:of|the|on|upon|d[aeiu]|des|del|la|les?|der|den|am|an|im|auf|van|von|zu|op|aan|y|sur|sous)"
)
_lives = re.compile(
    r"\b(?:(?i:lives?|living|resides?|residing|resident|wohnt|wohnhaft|habite|vive|woont|abita)"
    r"[ \t]+(?i:at|in|on|of|à|en|te|a|bei)"
    r"|(?i:addr|address|adresse|anschrift|direcci[oó]n|domicile|domicilio|adres|indirizzo)"
    r"(?:\.?[ \t]*[:=]|(?=[ \t]+\d{1,5}\b)))[ \t]+"
    rf"(?P<place>(?:\d{{1,5}}[ \t]?[A-Za-z]?(?!\w),?[ \t]+(?:{_SMALL}[ \t]+){{0,3}})?{_CAPITAL}"
    rf"(?:[ \t]+(?:{_WITHIN}[ \t]+){{0,2}}{_CAPITAL}){{0,4}}(?:[ \t]+\d{{1,6}}[a-z]?\b)?)"
)
_town = re.compile(
    rf"(?:[ \t]*,[ \t]*|[ \t]+(?=\d{{5}}\b))(?P<code>\d{{4,6}}[ \t]+)?(?P<town>{_CAPITAL})"
    rf"(?:[ \t]{_CAPITAL}){{0,2}}(?P<zip>[ \t]+(?:\d{{4,6}}(?:-\d{{4}})?(?!\w)|{_POSTCODE}))?"
    r"(?=[ \t]*(?:[,;:.)\n]|$|-[ \t]))"
)
_flat = re.compile(r"[ \t]*,[ \t]*\d{1,3}[ºª°]?(?:[ \t]?[A-Z]{1,3})?(?=[ \t]*,)")
"""Floor and door."""
_MOST_TOWNS = 3
_from = re.compile(
    r"\b(?:lives[ \t]in|living[ \t]in|resident[ \t]of|resides[ \t](?:in|at)|wohnhaft[ \t]in"
    r"|habite[ \t]à|vive[ \t]en|from|transferred[ \t]from|aus)[ \t]+"
    r"(?P<place>[A-ZÄÖÜ][\w'\u2019-]+(?:[ \t][A-ZÄÖÜ][\w'\u2019-]+){0,2})"
)
_LIVES = word_set(
    """
    live lives living resides reside residing resident wohnt wohnhaft habite vive woont abita
    addr address adresse anschrift direccion domicile domicilio adres indirizzo
    """
)
_FROM = frozenset(
    ["lives", "living", "resident", "resides", "wohnhaft", "habite", "vive", "from", "aus"]
)


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
    for found in _addresses.finditer(text):
        if not found["city"] or judge(found["city"].split()[0].casefold()) is not Verdict.WORD:
            yield Span(found.start(), _end_of_towns(text, found.end()), Reason.ADDRESS)
    for found in _zip.finditer(text):
        yield Span(found.start("zip"), found.end("zip"), Reason.ADDRESS)


def _end_of_towns(text: str, end: int) -> int:
    """Return where an address ends: with the town, the county, the country."""
    flat = _flat.match(text, end)
    if flat is not None:
        end = flat.end()
    for _ in range(_MOST_TOWNS):
        found = _town.match(text, end)
        if found is None:
            return end
        is_word = judge(found["town"].rstrip(".").casefold()) in (Verdict.WORD, Verdict.EPONYM)
        if is_word and not (found["code"] or found["zip"]):
            return end
        end = found.end()
    return end


def find_homes(text: str, words: AbstractSet[str]) -> Iterator[Span]:
    """Yield places that somebody comes from.

    Parameters
    ----------
    words : collections.abc.Set[str]
        Of the text, folded.
    """
    if not words.isdisjoint(_LIVES):
        for found in _lives.finditer(text):
            end = _end_of_towns(text, found.end())
            yield Span(found.start("place"), end, Reason.ADDRESS)
    if not words.isdisjoint(_FROM):
        for found in _from.finditer(text):
            word = found["place"].split()[0].casefold()
            if judge(word) not in (Verdict.WORD, Verdict.EPONYM):
                yield Span(found.start("place"), found.end("place"), Reason.ADDRESS)
