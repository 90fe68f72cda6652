"""Which letter carries out what a CTP script does with an element."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rules.entries import DATE_VRS
from rules.importers.accounts import Outcome
from rules.importers.ctp.calls import Call, Parts
from rules.importers.ctp.names import Element

STRICTEST = "KCUDZX"
"""From what leaves most to what leaves least; "" (the tables decide) counts as U."""

IDENTITY = frozenset({0x00100010, 0x00100020})
ACCESSION_NUMBER = 0x00080050
INSTANCE_UIDS = frozenset({0x00080018, 0x0020000D, 0x0020000E})
OURS = frozenset({0x00120062, 0x00120063, 0x00120064, 0x00280303})
"""Attributes that the gateway writes itself."""

UNTOUCHED = {
    0x00080005: "the text of the object can't be read without it",
    0x00080016: "the object can't be stored without it",
}
_GONE = frozenset({0x0000, 0x0002, 0x0004, 0xFFFA, 0xFFFC, 0xFFFE})
_BULK = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UN"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a line, or one of its clauses, comes to.

    Attributes
    ----------
    letter : str
        "" where the tables decide.
    outcome, why, hint
        As in `rules.importers.accounts.Account`.
    is_pseudonym : bool
        Whether the script gives equal values equal replacements.
    """

    letter: str
    outcome: Outcome = Outcome.EXACT
    why: str = ""
    hint: str = ""
    is_pseudonym: bool = False


def _different(letter: str, why: str, hint: str = "") -> Meaning:
    return Meaning(letter=letter, outcome=Outcome.DIFFERENT, why=why, hint=hint)


def _lost(why: str, hint: str) -> Meaning:
    return Meaning(letter="X", outcome=Outcome.LOST, why=why, hint=hint)


_TO_DECIDE = "Decide what this attribute needs, and write its rule"
_HASHED = replace(
    _different("D", "a dummy value is written, not a hash that can be tried out"),
    is_pseudonym=True,
)
_COPIED = _lost("values are not computed from values of the object", _TO_DECIDE)
_HELD = _lost(
    "a rule holds no object: the element is removed",
    "Keep such objects away with a route or an acceptance rule",
)
TEXT = _different("D", "a dummy value is written, not this text")
MALFORMED = _lost("the call can't be read", "Look for a missing bracket or brace")
MIXED = _lost("functions and text in one value can't be told apart", _TO_DECIDE)
UNSAID = _lost(
    "the condition can't be said: the strictest of both clauses is taken",
    "Write rules with when: yourself",
)
_SHIFTED = "each subject has its own random shift, the same for all of its dates"
_FUNCTIONS: Mapping[str, Meaning] = {
    "keep": Meaning(letter="K"),
    "process": Meaning(letter="K"),
    "remove": Meaning(letter="X"),
    "empty": Meaning(letter="Z"),
    "blank": _different("Z", "the value is emptied, not filled with spaces"),
    "require": _different("K", "kept; where it is absent it is not added"),
    "hash": _HASHED,
    "hashname": _HASHED,
    "hashptid": _HASHED,
    "integer": replace(
        _different("D", "a dummy value is written, not a number of a series"), is_pseudonym=True
    ),
    "lookup": replace(
        _different(
            "D",
            "a dummy value is written: values of look-up tables are not taken over",
            "Of a patient the vault knows the pseudonym; the table is not needed for release",
        ),
        is_pseudonym=True,
    ),
    "param": TEXT,
    "date": TEXT,
    "time": TEXT,
    "hashuid": Meaning(letter="U"),
    "hashdate": _different("C", _SHIFTED),
    "incrementdate": _different("C", _SHIFTED),
    "modifydate": Meaning(
        letter="Z",
        outcome=Outcome.LOST,
        why="parts of a date are not replaced: it is emptied",
        hint="Write C to shift it instead",
    ),
    "round": _lost(
        "ages are not grouped: it is removed",
        "Use the option retain-patient-characteristics: ages over 89 become 090Y",
    ),
    "quarantine": _HELD,
    "skip": _HELD,
    "append": _lost("nothing is added to values", _TO_DECIDE),
    "encrypt": _lost("an encrypted value can be decrypted: it is removed", _TO_DECIDE),
    **dict.fromkeys(
        (
            "contents",
            "value",
            "truncate",
            "pathelement",
            "uppercase",
            "lowercase",
            "initials",
            "dateinterval",
            "decrypt",
        ),
        _COPIED,
    ),
}


def plain_meaning(parts: Parts, *, parameters: Mapping[str, str]) -> Meaning:
    """Return what text and calls without @if and @select come to."""
    if not parts:
        return _different("X", "removed; newer CTP empties it", "Write Z if it must be there")
    calls = [part for part in parts if isinstance(part, Call)]
    if any(call.name == "remove" for call in calls):
        return Meaning(letter="X")
    if len(parts) == 1 and calls:
        return _of_call(calls[0], parameters)
    meanings = [_of_call(call, parameters) for call in calls]
    return TEXT if all(m.letter == "D" for m in meanings) else MIXED


def shifts_dates(call: Call, *, parameters: Mapping[str, str]) -> bool:
    """Return whether `call` moves a date; by 0 days is not."""
    if call.name == "hashdate":
        return True
    if call.name != "incrementdate":
        return False
    days = call.arguments[1] if len(call.arguments) > 1 else ""
    days = parameters.get(days[1:], days) if days.startswith("@") else days
    return days.strip() not in ("0", "+0", "-0")


def _of_call(call: Call, parameters: Mapping[str, str]) -> Meaning:
    meaning = _FUNCTIONS.get(call.name)
    if meaning is None:
        return _lost("there is no such function here", _TO_DECIDE)
    if call.name == "incrementdate" and not shifts_dates(call, parameters=parameters):
        return Meaning(letter="K")
    own = {"hashuid": 1, "hashdate": 0, "incrementdate": 0}.get(call.name)
    if own is not None and call.arguments[own : own + 1] not in (("this",), ("",)):
        return replace(meaning, outcome=Outcome.DIFFERENT, why="made of its own value")
    return meaning


def fitted(meaning: Meaning, element: Element, *, full_dates: bool) -> Meaning:
    """Return `meaning` as a rule about `element` may say it.

    Parameters
    ----------
    full_dates : bool
        Whether dates are kept as they are.
    """
    letter, tag = meaning.letter, element.tag
    if element.is_private:
        return _fitted_private(meaning, element)
    if tag >> 16 in _GONE or not tag & 0xFFFF:
        never = _different("", "never passes: groups of files, group lengths, signatures")
        return replace(meaning, letter="") if letter == "X" else never
    if tag in OURS | UNTOUCHED.keys():
        why = UNTOUCHED.get(tag, "the gateway writes this attribute itself")
        kept = letter == "K" and tag in UNTOUCHED
        return Meaning(letter="") if kept else _different("", why)
    if tag in IDENTITY:
        emptied = _unlike(replace(meaning, letter="Z"), "emptied: it must be there")
        pseudonym = _different("", "the pseudonym of the subject is written")
        return {"Z": meaning, "X": emptied}.get(letter, pseudonym)
    if tag in INSTANCE_UIDS and letter not in ("K", "U"):
        return _unlike(replace(meaning, letter="U"), "the UID is replaced: it must be there")
    return _fitted_plain(meaning, element, full_dates=full_dates)


def _fitted_plain(meaning: Meaning, element: Element, *, full_dates: bool) -> Meaning:
    letter, why, vr = meaning.letter, "", element.vr
    if element.tag == ACCESSION_NUMBER and meaning.is_pseudonym:
        return _different("", "a random pseudonym of the project: accession: pseudonym")
    if letter in ("C", "D", "U") and vr in _BULK:
        letter, why = "X", "removed: it holds no text"
    elif letter == "K" and vr == "SQ":
        why = "its items are cleaned with all rules of this rule set"
    elif letter == "D" and vr == "UI":
        letter, why = "U", "the UID is replaced by one of the project"
    elif letter == "U" and vr != "UI":
        letter, why = "D", "a dummy value: it holds no UID"
    elif letter == "C" and vr not in DATE_VRS:
        letter, why = "X", "removed: it is no date"
    elif letter == "K" and vr in DATE_VRS and not full_dates:
        # Shifting moves days: a time of day stays as it is.
        letter, why = "C", "" if vr == "TM" else f"shifted, not kept: {_SHIFTED}"
    return _unlike(replace(meaning, letter=letter), why) if why else replace(meaning, letter=letter)


def _fitted_private(meaning: Meaning, element: Element) -> Meaning:
    if meaning.letter in ("X", "Z"):
        gone = replace(meaning, letter="X" if element.patterns else "")
        return gone if meaning.letter == "X" else _unlike(gone, "removed, not emptied")
    if element.creator and element.patterns and meaning.letter in ("K", "C", "U"):
        return _unlike(meaning, "the creator is compared with case; dates in it are shifted")
    why = "nothing private is written" if element.creator else "its creator is not named"
    return Meaning(
        letter="X" if element.patterns else "",
        outcome=Outcome.LOST,
        why=f"removed: {why}",
        hint='To keep a private element write (gggg,"CREATOR",ee), or use retain-safe-private',
    )


def _unlike(meaning: Meaning, why: str) -> Meaning:
    """Return `meaning` with one more difference."""
    outcome = Outcome.DIFFERENT if meaning.outcome is Outcome.EXACT else meaning.outcome
    return replace(meaning, outcome=outcome, why="; ".join(filter(None, (meaning.why, why))))
