"""Tell words from names.

The words come from PS3.6 and PS3.16 (as pinned by pydicom; what those write small the release
gate keeps too, `pipelines.vocabulary`), from the dictionaries of six
languages, and from our own lists of what those lack; the names from the US census and a
list of our own. Read at first use.
"""

import importlib
import re
from collections.abc import Iterable
from enum import Enum, auto
from functools import lru_cache

from pipelines.eponyms import EPONYMS
from pipelines.text import clinical_words, ordinary_words
from pipelines.text.dictionaries import (
    dictionary,
    given_names,
    is_foreign,
    is_ordinary_name,
    surnames,
)
from pipelines.text.tokens import fold
from pipelines.vocabulary import is_clinical

_FREQUENT_RANK = 1000
_WORD_COUNT = 2000
_RARE_WORD_COUNT = 300


class Verdict(Enum):
    """What a word is by itself."""

    WORD = auto()
    EPONYM = auto()
    """A name that stands for a disease, a sign or a view; else for somebody."""
    PLACE = auto()
    NAME_OR_WORD = auto()
    """A name where it has a capital."""
    NAME = auto()
    FOREIGN = auto()
    """A word of another language than English, or a name of its speakers."""
    UNKNOWN = auto()


_MEDICAL_ENDINGS = re.compile(
    r"(?:itis|itides|omas?|omata|ectom(?:y|ies|ie|ia)|graph(?:y|ie|isch)|grafi[ae]|scop(?:y|ie|ia)"
    r"|path(?:y|ies|ie|ia|ic)|osis|oses|otic|[aä]mie|a?emi[ac]|plast(?:y|ie|ia|ies)|gramm?s?"
    r"|log(?:y|ie|ia|ist|ic)"
    r"|trophy|plasia|plasie|plastic|ostom(?:y|ie|ia)|otom(?:y|ie|ia)|genic|lysis|lytic"
    r"|megal(?:y|ie|ia)"
    r"|algi[ae]|uria|penia|rrh(?:age|agic|ea|oea|aphy)|sclerosis|sclerotic|stenosis|thorax|metry"
    r"|cele|centesis|desis|ectasi[as]|ectatic|edema|oedema|emesis|phagia|phasia|plegia"
    r"|paresis|pnea|pnoea"
    r"|mab|nib|cillin|statin|prazole|azole|sartan|mycin|micin|oxacin|xaban|parin|tinib|ciclib"
    r"|gliptin"
    r"|gliflozin|setron|triptan|dronate|barbital|caine|azepam|azolam|cycline|vir|fibrate"
    r"|lukast|terol"
    r"|glutide|relin|mustine|platin|rubicin|taxel|trexate|grastim|kinra|cept"
    r"|spinal|vertebral|costal|cranial|dural|articular|vascular|cardial|pleural|hepatic|renal"
    r"|gastric"
    r"|pulmonary|cerebral|cerebellar|glandular|muscular|thoracic|lateral|dorsal|ventral"
    r"|caudal|phageal"
    r"|itische[nrs]?|ische[nrs]?|ungen|ierung|ierte[nrs]?|barkeit|heiten|keiten"
    r"|untersuchung|aufnahme|schmerzen?|fraktur(?:en)?|gelenks?|tumoren?|karzinoms?"
    r"|metastasen?|wirbels?"
    r"|wirbels[aä]ule|bereich(?:es|s)?|kontrolle|verletzung|erguss|gef[aä][sß]+e?|arterien?"
    r"|venen?|knochen"
    r"|serie|phase|darstellung|therapie|verdacht|ausschluss|zeichen|struktur(?:en)?"
    r"|l[aä]sion(?:en)?)"
)
_prefix = re.compile(
    r"(?:hyper|hypo|iso|peri|endo|exo|sub|supra|infra|trans|inter|intra|retro|pre|post|anti"
    r"|non|multi"
    r"|poly|pseudo|para|micro|macro|neuro|cardio|cranio|cervico|thoraco|lumbo|abdomino|gastro"
    r"|hepato"
    r"|broncho|pneumo|veno|angio|osteo|chondro|myo|naso|oro|fronto|temporo|parieto|occipito|spheno"
    r"|postero|antero|medio|latero|infero|supero|extra|semi|ultra|auto|radio|reno|pelvi|pyelo"
    r"|uro|cysto"
    r"|fibro|lympho|cholecysto|entero|ileo|ureo|vaso|cerebro|spondylo|bi|tri|un|re|over|under|mid|vor|nach|ober|unter|zwischen|doppel|haupt|rest)"
)
_ENDINGS = ("s", "es", "ed", "ing", "ly", "al", "like", "less", "free", "ness", "able")
_LEAST_WITH_ENDING = 6
_LEAST_COMPOUND_PART = 4
_LISTS = {
    "de": ordinary_words.GERMAN,
    "fr": ordinary_words.FRENCH,
    "es": ordinary_words.SPANISH,
    "it": ordinary_words.ITALIAN,
    "nl": ordinary_words.DUTCH,
}
_LEAST_TELLING = 6
_MOST_LETTERS = 60
"""Of a word of any language; to judge a word takes the square of its length."""
_stem = re.compile(
    r"(?:adeno|angi|arteri|arthr|artr|blephar|bronch|bronq|bronc|carcin|cardi|karzin|kardi|cephal"
    r"|cefal|cerebr|zerebr|cervic|zervi|cholangi|cholecyst|colecist|chondr|condr|colon|kolon"
    r"|cost|crani|krani|cyst|cist|zyst|derm|duoden|encephal|encefal|enzephal|enter|fibr|gastr"
    r"|gingiv|glio|gloss|haem|hemat|hemor|emat|emor|hepat|epat|hyster|hidro|hydro|idro|ile|jejun"
    r"|kerat|laryng|laring|leuk|leuc|lipo|lymph|linf|lumb|mast|mamm|mening|myel|miel|musc|muskul"
    r"|nephr|nefr|neur|nodul|odont|oesophag|esofag|oophor|orch|osteo|otit|pancreat|pankreat"
    r"|parot|periton|pharyng|faring|phleb|fleb|pleur|pneum|neum|polyp|polip|proct|prostat|pulm"
    r"|pyel|piel|rect|rekt|rhin|salping|sarc|sark|scler|scol|skol|spondyl|spondil|splen|esplen"
    r"|synov|sinov|tendin|thromb|tromb|thyr|tiro|trach|traqu|tubercul|tuberk|ureter|urethr|uter"
    r"|valv|vascul|vaskul|ventric|ventrik|vertebr|vesic|viscer)"
)
_ending = re.compile(
    r"(?:lyse|lysen|lisi|lisis|asis|asi|ase|itis|ite|iti|ites|ose|osi|osen|om|ome|omi|omen|omas|ie|ien|ia|ias|ico|ica|icos|icas|ici"
    r"|iche|ique|iques|isch|ische[nrsm]?|al|ale|ales|ali|aux|ar|are|ares|ari|aren|aire|aires|ario"
    r"|aria|ell|elle[nrsm]?|eel|air|eux|euse|oso|osa|osi|ose|ung|ungen|ion|ione|ioni|iones|ionen"
    r"|aal|iek|isme|ismo|ismus|ade|ura|ur|ures)$"
)
_LEAST_STEMMED = 7
_GERMAN_ENDS = re.compile(
    r"[a-zäöüß]{4,}(?:[bdfgklmnprstzß]ung|ungen|heit|heiten|[lrn]keit|keiten|schaft)$"
)
_name_end = re.compile(
    r"(?:berg|burg|stein|mann|bach|feld|dorf|hof|hoff|horst|th?al|wald|haus|hausen|heim|hart|rich"
    r"|stadt|furth?|ingen|kirch|kirchen|weiler|hagen|bro?u?nn|born|beck|see|holz|busch|graf|kamp"
    r"|brand|brecht|ert|brück|er)s?$"
)
"""Ends surnames that are made of two German words."""
_LEAST_COMPOUND = 8
_LEAST_MISSPELLED = 8
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LEAST_HEAD = 4
_word = re.compile(r"[^\W\d_]{2,}")


@lru_cache(maxsize=16_384)
def judge(word: str) -> Verdict:
    """Return what a lower-case word, with its accents, is by itself."""
    bare = fold(word)
    if word in _own_words():
        return Verdict.WORD
    if len(word) > _MOST_LETTERS:
        return Verdict.UNKNOWN
    if bare in _own_names() and bare not in _eponyms():
        return _name(bare)
    if bare in _words(ordinary_words.PLACES):
        return Verdict.PLACE
    if is_possible_name(bare):
        return _name_or_word(word, bare)
    return _word_or_unknown(word, bare)


def _word_or_unknown(word: str, bare: str) -> Verdict:
    if bare in _eponyms():
        return Verdict.EPONYM
    if _is_word(word, bare):
        return Verdict.WORD
    is_spoken = any(is_foreign(spelled) for spelled in _spellings(word))
    return Verdict.FOREIGN if is_spoken else Verdict.UNKNOWN


def _name_or_word(word: str, bare: str) -> Verdict:
    if bare in _eponyms():
        return Verdict.EPONYM
    # Männer is a word, though Manner is a name
    is_word = is_ordinary_name(bare) if word.isascii() else any(map(is_foreign, _spellings(word)))
    return Verdict.WORD if is_word else _name(bare)


def _is_word(word: str, bare: str) -> bool:
    return bool(
        is_clinical(word)
        or dictionary("en").count(word)
        or bare in _standard_words()
        or _is_medical(bare)
        or _is_compound(bare)
        or _is_german_compound(word)
        or _is_derived(bare)
        or _is_misspelled(bare)
    )


def is_possible_name(bare: str) -> bool:
    """Return True for what is somebody's name, though it may be a word as well."""
    return bare in surnames() or bare in given_names() or bare in _own_names()


def is_medical(bare: str) -> bool:
    """Return True for a word that ends or begins as terms of medicine do."""
    return _is_medical(bare)


def is_own(bare: str) -> bool:
    """Return True for a word of our own lists."""
    return bare in _own_words()


def languages_of(words: Iterable[str]) -> tuple[str, ...]:
    """Return the languages, but English, that have a telling word of `words`, or two."""
    found = [language for word in frozenset(words) for language in _languages_of(word)]
    return tuple(language for language in _LISTS if found.count(language) > 1)


@lru_cache(maxsize=16_384)
def _languages_of(word: str) -> tuple[str, ...]:
    """Return the languages of a word that is not English; twice where our own list has it."""
    if (
        not 2 <= len(word) <= _MOST_LETTERS
        or not word.isalpha()
        or dictionary("en").count(word)
        or is_clinical(word)
    ):
        return ()
    listed = [language for language, words in _LISTS.items() if word in _words(words)]
    spoken = [language for language in _LISTS if is_word_of(word, (language,))]
    if len(word) < _LEAST_TELLING or is_possible_name(word):
        return (*listed, *(set(listed) if len(listed) == 1 else ()))
    return (*listed, *listed, *(spoken if len(spoken) == 1 else ()))


def is_word_of(word: str, languages: Iterable[str]) -> bool:
    """Return True for a word of one of the languages."""
    return any(
        dictionary(language).count(spelled)
        for language in languages
        for spelled in _spellings(word)
    )


def is_frequent_surname(bare: str) -> bool:
    """Return True for one of the thousand most frequent surnames."""
    return surnames().get(bare, _FREQUENT_RANK) < _FREQUENT_RANK


def is_given_name(bare: str) -> bool:
    """Return True for given names that are not words."""
    is_given = bare in given_names() or bare in _own_names()
    return is_given and judge(bare) in (Verdict.NAME, Verdict.NAME_OR_WORD)


def _name(bare: str) -> Verdict:
    count = dictionary("en").count(bare)
    is_word = count >= (_WORD_COUNT if is_frequent_surname(bare) else _RARE_WORD_COUNT)
    return Verdict.NAME_OR_WORD if is_word else Verdict.NAME


def _spellings(word: str) -> list[str]:
    german = word
    for plain, accented in (("ae", "ä"), ("oe", "ö"), ("ue", "ü")):
        german = german.replace(plain, accented)
    return list(dict.fromkeys([word, german, word.replace("ss", "ß"), german.replace("ss", "ß")]))


def _is_medical(bare: str) -> bool:
    ending = _MEDICAL_ENDINGS.search(bare, 2) if len(bare) >= _LEAST_WITH_ENDING else None
    while ending is not None and ending.end() != len(bare):
        ending = _MEDICAL_ENDINGS.search(bare, ending.start() + 1)
    if ending is not None or _GERMAN_ENDS.match(bare):
        return True
    return len(bare) >= _LEAST_STEMMED and _is_stemmed(bare)


def _is_stemmed(bare: str) -> bool:
    """Return True for a Greek or Latin stem with an ending: ``Nefrolitiasis``."""
    return _stem.match(bare) is not None and _ending.search(bare) is not None


def _is_german_compound(word: str) -> bool:
    """Return True for two German or Dutch words in one that end like no surname: ``Rundherde``."""
    if len(word) < _LEAST_COMPOUND or _name_end.search(word):
        return False
    for cut in range(_LEAST_HEAD, len(word) - _LEAST_HEAD + 1):
        head, tail = word[:cut], word[cut:]
        if is_possible_name(fold(tail)):
            continue
        if tail in _words(ordinary_words.GERMAN) or _is_stemmed(fold(tail)):
            return True
        for language in ("de", "nl"):
            spoken = dictionary(language)
            if spoken.count(tail) and (spoken.count(head) or spoken.count(head.removesuffix("s"))):
                return True
    return False


def _is_compound(bare: str) -> bool:
    """Return True for two clinical words in one: ``HeadNeck``, ``sacroiliac``."""
    own = _own_words()
    return any(
        bare[:cut] in own
        and bare[cut:] in own
        and not (is_possible_name(bare[:cut]) and is_possible_name(bare[cut:]))
        for cut in range(_LEAST_COMPOUND_PART, len(bare) - _LEAST_COMPOUND_PART + 1)
    )


def _is_misspelled(bare: str) -> bool:
    """Return True for a long term of the standard with a letter missing or too many."""
    if len(bare) < _LEAST_MISSPELLED:
        return False
    shorter = (bare[:cut] + bare[cut + 1 :] for cut in range(len(bare)))
    longer = (
        bare[:cut] + letter + bare[cut:] for cut in range(1, len(bare)) for letter in _LETTERS
    )
    return any(map(is_clinical, shorter)) or any(map(is_clinical, longer))


def _is_derived(bare: str) -> bool:
    """Return True for a clinical prefix and a word: ``hypoattenuating``; a plural of a word."""
    prefix = _prefix.match(bare)
    stems = [bare[prefix.end() :]] if prefix else []
    stems += [bare.removesuffix(ending) for ending in _ENDINGS if bare.endswith(ending)]
    return any(
        len(stem) >= _LEAST_COMPOUND_PART
        and (stem in _own_words() or dictionary("en").count(stem))
        and not is_possible_name(stem)
        for stem in stems
    )


@lru_cache(maxsize=16)
def _words(text: str) -> frozenset[str]:
    words = text.split()
    return frozenset(words).union(map(str.casefold, words), map(fold, words))


@lru_cache(maxsize=1)
def _own_words() -> frozenset[str]:
    lists = (
        *(clinical_words.MODALITIES, clinical_words.SEQUENCES, clinical_words.MAKERS),
        *(
            clinical_words.DRUGS,
            clinical_words.CLINICAL,
            clinical_words.LATIN,
            clinical_words.ABBREVIATIONS,
            clinical_words.KERNELS,
            clinical_words.SIGNS,
        ),
        *(ordinary_words.GERMAN, ordinary_words.FRENCH, ordinary_words.SPANISH),
        *(ordinary_words.ITALIAN, ordinary_words.DUTCH, ordinary_words.ENGLISH),
    )
    return frozenset().union(*map(_words, lists))


@lru_cache(maxsize=1)
def _eponyms() -> frozenset[str]:
    return EPONYMS


@lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    return _words(ordinary_words.NAMES)


@lru_cache(maxsize=1)
def _standard_words() -> frozenset[str]:
    """Return the words of PS3.16, those too that it writes with a capital only."""
    concepts = importlib.import_module("pydicom.sr._concepts_dict").concepts  # at first use: slow
    meanings = (
        each[0]
        for scheme in concepts.values()
        for codes in scheme.values()
        for each in codes.values()
    )
    return frozenset(word for text in meanings for word in _word.findall(text.casefold()))
