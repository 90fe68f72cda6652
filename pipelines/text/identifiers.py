"""Find identifiers by the words before them, and numbers too long to measure anything."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from pipelines.text.reasons import Reason, Span
from pipelines.text.tokens import AFTER_WORD, BEFORE_WORD, word_set

_NUMBER = r"(?:[ \t]*(?:no|nr|num(?:ber)?|#|n°|nº|№|id|code)\b\.?|[ \t]*[#°№])?"
_labelled = re.compile(
    rf"{BEFORE_WORD}(?:"
    r"mrn|m\.r\.n\.|mr#|mr[ \t]?(?:no|number|#)|med(?:ical)?\.?[ \t]rec(?:ord)?\.?"
    r"|hospital[ \t](?=no|num|#|id)|hosp[ \t](?=no|#)"
    r"|pat(?:ient)?\.?[ \t_-]?(?:id|nr|no|num(?:ber)?)|pid|pt[ \t]?id|subject[ \t]?(?:id|no"
    r"|number)"
    r"|acc(?:ession)?\.?(?=[ \t]*(?:no\b|nr\b|num|#|:|id\b)|[ \t]+[A-Z]{0,4}-?\d{4})|acsn"
    r"|an(?=[ \t]*:)"
    r"|ssn|social[ \t]security|sozialversicherungs(?:nummer|nr)|nhs|chi(?=[ \t]*(?:no|num|:))"
    r"|nino|nip|ipp|nir|bsn|dni|nie|nuhsa|cip(?=\W*\d)|codice[ \t]fiscale"
    r"|case(?=[ \t]*(?:no\b|nr\b|num|#|:|id\b))|account|acct|encounter|visit(?=[ \t]*(?:no\b"
    r"|num|#|id\b))|csn|fin(?=[ \t]*[:#])"
    r"|fall-?(?:nummer|nr)|patienten-?(?:nummer|nr|id)|pat\.?-?nr|aktenzeichen|az(?=[ \t]*:)"
    r"|versicherten(?:nummer|nr)|auftrags?-?(?:nummer|nr)|aufnahme-?(?:nummer|nr)"
    r"|dossier|num[ée]ro|historia[ \t](?:cl[ií]nica)?|nhc|expediente|cartella"
    r"|pati[eë]nt(?:en)?-?nummer"
    r"|order(?=[ \t]*(?:no\b|nr\b|num|#|id\b))|req(?:uisition)?(?=[ \t]*(?:no\b|num|#))"
    r"|serial|s/n|device[ \t]id|licen[sc]e|plate|policy|member|insurance|medicare|medicaid"
    r"|passport|vin|dea|npi|certificate"
    r"|chart|file(?=[ \t]*(?:no\b|num|#))|folder(?=[ \t]*(?:no\b|#))|barcode|id|uid"
    r"|ref(?=[ \t]*(?:no\b|num|#)|[ \t]*:[ \t]*[A-Z]{0,3}\d)"
    rf"){_NUMBER}[ \t]*[:#.=]*[ \t]*(?P<value>[A-Z]{{0,5}}[-/ ]?\d[A-Z0-9]*(?:[-/.][A-Z0-9]+"
    rf"|[ \t]\d{{2,}}(?![.,]?\d*[ \t]?(?:mm|cm|mg|ml)))*){AFTER_WORD}",
    re.IGNORECASE,
)
_long = re.compile(
    rf"{BEFORE_WORD}(?<!\d[.,-])[A-Z]{{0,4}}-?\d{{7,}}(?:-\d+)*{AFTER_WORD}(?![.,]\d)"
    r"(?![ \t]?(?:mm|ms|hz"
    r"|bq|iu|u|counts?|cts|cps|kcts)\b)",
    re.IGNORECASE,
)
_numbered = re.compile(
    rf"(?<=[^\W\d_]#)[: \t]*(?P<value>[A-Z]{{0,4}}-?\d[\dA-Z-]{{3,}}){AFTER_WORD}", re.IGNORECASE
)
_national = re.compile(
    rf"{BEFORE_WORD}"
    r"(?:[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]|\d{8}-?[A-HJ-NP-TV-Z]"
    r"|[XYZ]-?\d{7}-?[A-Z]"
    r"|[12][ ]\d{2}[ ](?:0[1-9]|1[0-2])[ ]\d{2}[ ]\d{3}[ ]\d{3}(?:[ ]\d{2})?"
    r"|[A-CEGHJ-PR-TW-Z]{2}[ ]\d{2}[ ]\d{2}[ ]\d{2}[ ][A-D]"
    r"|[A-Z]{2}\d{2}(?:[ ]\d{4}){3,6}(?:[ ]\d{1,3})?"
    r"|\d{4}-\d{4}-\d{4}(?:-\d{4})?)"
    rf"{AFTER_WORD}"
)
"""Italian, Spanish, French, British numbers of persons; accounts and cards."""
_uid = re.compile(r"(?<![\w.])(?!1\.2\.840\.10008\.)[012](?:\.\d{1,39}){5,31}(?![\w]|\.\d)")
"""A UID that is not one of the standard's."""
_alone = re.compile(
    r"[ \t]*(?!\d+\.\d+[ \t]*\Z)(?P<value>(?:[A-Z]{1,4}-?)?\d[\dA-Z]*(?:[./-][\dA-Z]+)*)[ \t]*"
)
_hash = re.compile(rf"{BEFORE_WORD}#[ \t]?\d{{4,}}{AFTER_WORD}")
_LEAST_ALONE = 6
_LEAST_GROUP = 4
"""Digits of an identifier that is all of a text."""
_LEAST_DIGITS = 2


_LABELS = word_set(
    """
    m mrn mr med medical hospital hosp pat patient patid patientid pid pt ptid subject
    subjectid acc accession acsn an ssn social sozialversicherungsnummer sozialversicherungsnr
    nhs chi nino nip ipp nir bsn dni nie nuhsa cip codice case account acct encounter visit
    csn fin fall fallnummer fallnr patienten patientennummer patientennr patientenid patnr
    aktenzeichen az versichertennummer versichertennr auftrag auftrags auftragsnummer
    auftragsnr auftragnummer auftragnr aufnahme aufnahmenummer aufnahmenr dossier numero
    historia nhc expediente cartella patientnummer order req requisition serial s device
    licence license plate policy member insurance medicare medicaid passport vin dea npi
    certificate chart file folder barcode id uid ref
    """
)
"""With one of these `_labelled` begins."""


def find_identifiers(text: str, words: AbstractSet[str]) -> Iterator[Span]:
    """Yield identifiers.

    Parameters
    ----------
    words : collections.abc.Set[str]
        Of the text, folded; words that end with digits without them too.
    """
    for found in () if words.isdisjoint(_LABELS) else _labelled.finditer(text):
        value = found["value"]
        if sum(map(str.isdigit, value)) >= _LEAST_DIGITS:
            yield Span(found.start("value"), found.end("value"), Reason.ID_CONTEXT)
    for found in _numbered.finditer(text) if "#" in text else ():
        yield Span(found.start("value"), found.end("value"), Reason.ID_CONTEXT)
    for found in _uid.finditer(text):
        yield Span(found.start(), found.end(), Reason.ID_CONTEXT)
    for found in _national.finditer(text):
        yield Span(found.start(), found.end(), Reason.ID_CONTEXT)
    for found in _hash.finditer(text):
        yield Span(found.start(), found.end(), Reason.ID_CONTEXT)
    alone = _alone.fullmatch(text)
    if alone is not None and _is_identifier(alone["value"]):
        yield Span(alone.start("value"), alone.end("value"), Reason.ID_LONG_NUMBER)
    for found in _long.finditer(text):
        yield Span(found.start(), found.end(), Reason.ID_LONG_NUMBER)


def _is_identifier(value: str) -> bool:
    """Return True unless short numbers are joined: ``10-20-30``."""
    if sum(map(str.isdigit, value)) < _LEAST_ALONE:
        return False
    is_long = any(len(part) >= _LEAST_GROUP for part in re.split(r"\D+", value))
    return is_long or not value.replace(".", "").replace("-", "").replace("/", "").isdigit()
