"""Tell words from names.

The words come from PS3.6 and PS3.16 (as pinned by pydicom), from the dictionaries of six
languages, and from our own lists of what those lack; the names from the US census and a
list of our own. Read at first use.
"""

import re
from enum import Enum, auto
from functools import lru_cache
from importlib import resources

from pipelines.text import clinical_words, ordinary_words
from pipelines.text.dictionaries import (
    dictionary,
    given_names,
    is_foreign,
    is_ordinary_name,
    surnames,
)
from pipelines.text.tokens import fold

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
_word = re.compile(r"[^\W\d_]{2,}")


@lru_cache(maxsize=16_384)
def judge(word: str) -> Verdict:
    """Return what a lower-case word, with its accents, is by itself."""
    bare = fold(word)
    if word in _own_words():
        return Verdict.WORD
    if bare in _own_names() and bare not in _eponyms():
        return _name(bare)
    if bare in _words(ordinary_words.PLACES):
        return Verdict.PLACE
    if is_possible_name(bare):
        return _name_or_word(word, bare)
    is_word = bare in _eponyms() or _is_word(word, bare)
    return Verdict.WORD if is_word else Verdict.UNKNOWN


def _name_or_word(word: str, bare: str) -> Verdict:
    if bare in _eponyms():
        return Verdict.EPONYM
    # Männer is a word, though Manner is a name
    is_word = is_ordinary_name(bare) if word.isascii() else is_foreign(word)
    return Verdict.WORD if is_word else _name(bare)


def _is_word(word: str, bare: str) -> bool:
    return bool(
        is_clinical(word)
        or dictionary("en").count(word)
        or bare in _standard_words()
        or _is_medical(bare)
        or any(is_foreign(spelled) for spelled in _spellings(word))
        or _is_compound(bare)
        or _is_derived(bare)
    )


def is_possible_name(bare: str) -> bool:
    """Return True for what is somebody's name, though it may be a word as well."""
    return bare in surnames() or bare in given_names() or bare in _own_names()


def is_clinical(word: str) -> bool:
    """Return True for a word that PS3.6 and PS3.16 write small.

    The release gate keeps the same words (`pipelines.vocabulary`).
    """
    return _standard_words().get(word.casefold(), False)


def is_own(bare: str) -> bool:
    """Return True for a word of our own lists."""
    return bare in _own_words()


def is_frequent_surname(bare: str) -> bool:
    """Return True for one of the thousand most frequent surnames."""
    return surnames().get(bare, _FREQUENT_RANK) < _FREQUENT_RANK


def is_given_name(bare: str) -> bool:
    """Return True for given names that are not words."""
    return bare in given_names() and judge(bare) in (Verdict.NAME, Verdict.NAME_OR_WORD)


def _name(bare: str) -> Verdict:
    count = dictionary("en").count(bare)
    is_word = count >= (_WORD_COUNT if is_frequent_surname(bare) else _RARE_WORD_COUNT)
    return Verdict.NAME_OR_WORD if is_word else Verdict.NAME


def _spellings(word: str) -> list[str]:
    german = word
    for plain, accented in (("ae", "ä"), ("oe", "ö"), ("ue", "ü")):
        german = german.replace(plain, accented)
    return list(dict.fromkeys([word, german, word.replace("ss", "ß")]))


def _is_medical(bare: str) -> bool:
    ending = _MEDICAL_ENDINGS.search(bare, 2) if len(bare) >= _LEAST_WITH_ENDING else None
    while ending is not None and ending.end() != len(bare):
        ending = _MEDICAL_ENDINGS.search(bare, ending.start() + 1)
    return ending is not None


def _is_compound(bare: str) -> bool:
    """Return True for two clinical words in one: ``HeadNeck``, ``sacroiliac``."""
    own = _own_words()
    return any(
        bare[:cut] in own
        and bare[cut:] in own
        and not (is_possible_name(bare[:cut]) and is_possible_name(bare[cut:]))
        for cut in range(_LEAST_COMPOUND_PART, len(bare) - _LEAST_COMPOUND_PART + 1)
    )


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
    return frozenset(words).union(map(fold, words))


@lru_cache(maxsize=1)
def _own_words() -> frozenset[str]:
    lists = (
        *(clinical_words.MODALITIES, clinical_words.SEQUENCES, clinical_words.MAKERS),
        *(
            clinical_words.DRUGS,
            clinical_words.CLINICAL,
            clinical_words.KERNELS,
            clinical_words.SIGNS,
        ),
        *(ordinary_words.GERMAN, ordinary_words.FRENCH, ordinary_words.SPANISH),
        *(ordinary_words.ITALIAN, ordinary_words.DUTCH, ordinary_words.ENGLISH),
    )
    return frozenset().union(*map(_words, lists))


@lru_cache(maxsize=1)
def _eponyms() -> frozenset[str]:
    return _words(clinical_words.EPONYMS)


@lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    return _words(ordinary_words.NAMES)


@lru_cache(maxsize=1)
def _standard_words() -> dict[str, bool]:
    """Return the words of the standard; True for those that it also writes small."""
    table = (resources.files("rules.standard") / "ps316_words.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines()[1:])
    return {word: kind == "clinical" for word, kind in rows}
