"""Find identifiers by the words before them, and numbers too long to measure anything."""

import re
from collections.abc import Iterator

from pipelines.text.reasons import Reason, Span

_NUMBER = r"(?:[ \t]*(?:no|nr|num(?:ber)?|#|n°|nº|№|id|code)\b\.?|[ \t]*[#°№])?"
_labelled = re.compile(
    r"(?<![^\W_])(?:"
    r"mrn|m\.r\.n\.|mr#|mr[ \t]?(?:no|number|#)|med(?:ical)?\.?[ \t]rec(?:ord)?\.?|hospital[ \t](?=no|num|#|id)|hosp[ \t](?=no|#)"
    r"|pat(?:ient)?\.?[ \t_-]?(?:id|nr|no|num(?:ber)?)|pid|pt[ \t]?id|subject[ \t]?(?:id|no|number)"
    r"|acc(?:ession)?(?=[ \t]*(?:no\b|nr\b|num|#|:|id\b)|[ \t]+[A-Z]{0,4}-?\d{4})|acsn|an(?=[ \t]*:)"
    r"|ssn|social[ \t]security|sozialversicherungs(?:nummer|nr)|nhs|chi(?=[ \t]*(?:no|num|:))|nino|nip|ipp|nir|bsn|dni|nie|nuhsa|cip(?=\W*\d)|codice[ \t]fiscale"
    r"|case(?=[ \t]*(?:no\b|nr\b|num|#|:|id\b))|account|acct|encounter|visit(?=[ \t]*(?:no\b|num|#|id\b))|csn|fin(?=[ \t]*[:#])"
    r"|fall-?(?:nummer|nr)|patienten-?(?:nummer|nr|id)|pat\.?-?nr|aktenzeichen|az(?=[ \t]*:)|versicherten(?:nummer|nr)|auftrags?-?(?:nummer|nr)|aufnahme-?(?:nummer|nr)"
    r"|dossier|num[ée]ro|historia[ \t](?:cl[ií]nica)?|nhc|expediente|cartella|pati[eë]nt(?:en)?-?nummer"
    r"|order(?=[ \t]*(?:no\b|nr\b|num|#|id\b))|req(?:uisition)?(?=[ \t]*(?:no\b|num|#))|serial|s/n|device[ \t]id|licen[sc]e|plate|policy|member|insurance|medicare|medicaid|passport|vin|dea|npi|certificate"
    r"|chart|file(?=[ \t]*(?:no\b|num|#))|folder(?=[ \t]*(?:no\b|#))|barcode|id|uid|ref(?=[ \t]*(?:no\b|num|#)|[ \t]*:[ \t]*[A-Z]{0,3}\d)"
    rf"){_NUMBER}[ \t]*[:#.=]*[ \t]*(?P<value>[A-Z]{{0,5}}[-/ ]?\d[A-Z0-9]*(?:[-/.][A-Z0-9]+|[ \t]\d{{2,}}(?![.,]?\d*[ \t]?(?:mm|cm|mg|ml)))*)(?![^\W_])",
    re.IGNORECASE,
)
_long = re.compile(
    r"(?<![^\W_])(?<!\d[.,-])[A-Z]{0,4}-?\d{7,}(?:-\d+)*(?![^\W_]|[.,]\d)(?![ \t]?(?:mm|ms|hz|bq)\b)",
    re.IGNORECASE,
)
_LEAST_DIGITS = 2
_FEW_DIGITS = 4


def find_identifiers(text: str) -> Iterator[Span]:
    """Yield identifiers."""
    if sum(character.isdigit() for character in text) < _LEAST_DIGITS:
        return
    for found in _labelled.finditer(text):
        value = found["value"]
        if sum(character.isdigit() for character in value) >= _LEAST_DIGITS:
            yield Span(found.start("value"), found.end("value"), Reason.ID_CONTEXT)
    for found in _long.finditer(text):
        yield Span(found.start(), found.end(), Reason.ID_LONG_NUMBER)
