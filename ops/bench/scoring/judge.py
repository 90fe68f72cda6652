"""Hold each row of the answer key against the written file."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from pydicom.dataelem import DataElement

from ops.bench.identities.key import Row
from ops.bench.identities.paths import (
    Path,
    contents_of,
    readings_of,
    resolve,
    text_of,
    text_of_bytes,
)
from ops.bench.identities.persons import Subject
from ops.bench.identities.phrases import count_phrase, runs
from ops.bench.identities.standard import Profile
from ops.bench.identities.work import Expect
from ops.bench.scoring.match import Output
from ops.bench.scoring.raw import first_hits

_SHORT = 5
_PRIVATE_SIDE = frozenset(
    {
        Expect.GONE,
        Expect.CLEANED,
        Expect.PSEUDONYM,
        Expect.UID,
        Expect.UID_OR_GONE,
        Expect.DATE,
        Expect.CAPPED,
    }
)
_USEFUL_SIDE = frozenset(
    {Expect.KEPT, Expect.CLEANED, Expect.WHOLE, Expect.PRESENT}
    | {Expect.PSEUDONYM, Expect.UID, Expect.DATE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A row whose identity is still in the output."""

    row: Row
    where: str


@dataclass(slots=True, kw_only=True)
class Verdict:
    """Every check that was made.

    Attributes
    ----------
    privacy, utility : Counter
        Checks by kind.
    leaks, lost : list
        The checks that failed; `lost` holds the row and what was wrong.
    withheld_checks : int
        Utility checks lost with withheld objects, counted in `lost_by_kind` too.
    words, words_lost : Counter
        Words that should have stayed in texts, by kind, and those of them that did not.
    """

    privacy: Counter[str] = field(default_factory=Counter)
    utility: Counter[str] = field(default_factory=Counter)
    leaks: list[Leak] = field(default_factory=list)
    lost: list[tuple[Row, str]] = field(default_factory=list)
    withheld_checks: int = 0
    words: Counter[str] = field(default_factory=Counter)
    words_lost: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What most rows of a subject say, to hold the others against."""

    pseudonyms: dict[tuple[str, Path], str]
    shared: frozenset[str]
    uids: dict[tuple[str, str], str]
    shifts: dict[str, int]


def agree(rows: list[Row], outputs: Mapping[str, Output], profile: Profile) -> Agreement:
    """Return the pseudonym, the UID map and the day shift that each subject's objects show."""
    names: dict[tuple[str, Path], Counter[str]] = {}
    uids: dict[tuple[str, str], Counter[str]] = {}
    shifts: dict[str, Counter[int]] = {}
    for row in rows:
        output = outputs.get(row.file)
        if output is None:
            continue
        element = resolve(output.dataset, row.path)
        new = "" if element is None else text_of(element)
        expected = row.expected(profile)
        if not new:
            continue
        if expected is Expect.PSEUDONYM:
            names.setdefault((row.subject, row.path), Counter())[new] += 1
        elif expected in (Expect.UID, Expect.UID_OR_GONE):
            for old, one in zip(row.value.split("\\"), new.split("\\"), strict=False):
                uids.setdefault((row.subject, old), Counter())[one] += 1
        elif expected is Expect.DATE:
            days = days_between(row.value, new)
            if days:
                shifts.setdefault(row.subject, Counter())[days] += 1
    pseudonyms = {key: found.most_common(1)[0][0] for key, found in names.items()}
    owners = Counter(pseudonyms[key] for key in pseudonyms if key[1] == ("00100020",))
    return Agreement(
        pseudonyms=pseudonyms,
        shared=frozenset(name for name, count in owners.items() if count > 1),
        uids={key: found.most_common(1)[0][0] for key, found in uids.items()},
        shifts={key: found.most_common(1)[0][0] for key, found in shifts.items()},
    )


def days_between(old: str, new: str) -> int | None:
    """Return the days from one DA or DT to the other, None where one is no full date."""
    try:
        first = date(int(old[:4]), int(old[4:6]), int(old[6:8]))
        second = date(int(new[:4]), int(new[4:6]), int(new[6:8]))
    except ValueError:
        return None
    return (second - first).days


def judge(
    rows: list[Row],
    outputs: Mapping[str, Output],
    *,
    subjects: Mapping[str, Subject],
    profile: Profile,
) -> Verdict:
    """Return the verdict on the outputs; a missing output leaks nothing and keeps nothing."""
    verdict = Verdict()
    agreement = agree(rows, outputs, profile)
    by_file: dict[str, list[Row]] = {}
    for row in rows:
        by_file.setdefault(row.file, []).append(row)
    for file, mine in by_file.items():
        output = outputs.get(file)
        if output is None:
            _judge_withheld(verdict, mine, profile)
        else:
            _judge_released(
                verdict,
                mine,
                output,
                agreement=agreement,
                profile=profile,
                subject=subjects[mine[0].subject],
            )
    return verdict


def _judge_withheld(verdict: Verdict, rows: list[Row], profile: Profile) -> None:
    for row in rows:
        if row.expected(profile) in _USEFUL_SIDE and not row.privacy_only:
            verdict.utility[row.kind] += 1
            _count_words(verdict, row, row.expected(profile), None)
            verdict.withheld_checks += 1
            verdict.lost.append((row, "withheld"))


def _judge_released(
    verdict: Verdict,
    rows: list[Row],
    output: Output,
    *,
    agreement: Agreement,
    profile: Profile,
    subject: Subject,
) -> None:
    leaked: dict[Path, str] = {}
    for row in rows:
        expected = row.expected(profile)
        element = resolve(output.dataset, row.path)
        if expected in _PRIVATE_SIDE:
            verdict.privacy[row.kind] += 1
            found = _leak(row, expected, element, output)
            if found:
                leaked[row.path] = found
        if expected in _USEFUL_SIDE and not row.privacy_only:
            verdict.utility[row.kind] += 1
            _count_words(verdict, row, expected, element)
            wrong = _loss(row, expected, element, agreement)
            if wrong:
                verdict.lost.append((row, wrong))
    private = [row for row in rows if row.expected(profile) in _PRIVATE_SIDE]
    _raw_leaks(private, output, subject, leaked)
    verdict.leaks += [Leak(row=r, where=leaked[r.path]) for r in private if r.path in leaked]


def _leak(row: Row, expected: Expect, element: DataElement | None, output: Output) -> str:
    """Return where the identity of `row` still stands, '' where it is gone."""
    if row.path[0] == "preamble":
        preamble = output.path.read_bytes()[:128]
        return "preamble" if any(n.encode() in preamble for n in row.needles) else ""
    now = "" if element is None else text_of(element)
    if element is None or not now:
        return ""
    if expected in (Expect.DATE, Expect.UID, Expect.UID_OR_GONE):
        length = 8 if expected is Expect.DATE else 64
        olds = {old[:length] for old in row.value.split("\\")}
        return "same value" if any(new[:length] in olds for new in now.split("\\")) else ""
    if expected is Expect.CAPPED:
        return "age over 90" if now == row.value or now > "090Y" else ""
    if now == row.value:
        return "same value"
    return _part_left(row, element)


def _part_left(row: Row, element: DataElement) -> str:
    contents = contents_of(element)
    if any(_stands(needle, contents) for needle in row.needles):
        return "part of the value"
    readings = readings_of(element)
    left = any(_left(phrase, text, row) for phrase in row.gone for text in readings)
    return "word of the identity" if left else ""


def _stands(needle: str, contents: str) -> bool:
    """Whether `needle` is in `contents`; a short one only where no letters go on around it."""
    if len(needle) >= _SHORT or not needle.isascii():
        return len(needle) > 1 and needle.casefold() in contents.casefold()
    return len(needle) > 1 and count_phrase(needle, contents) > 0


def _left(phrase: str, contents: str, row: Row) -> bool:
    """Whether `phrase` stands there oftener than the words that stay have it."""
    return count_phrase(phrase, contents) > sum(count_phrase(phrase, t) for t in row.tokens)


def _count_words(verdict: Verdict, row: Row, expected: Expect, element: DataElement | None) -> None:
    if expected in (Expect.CLEANED, Expect.WHOLE):
        wanted = Counter(word for token in row.tokens for word in runs(token))
        verdict.words[row.kind] += wanted.total()
        readings = [""] if element is None else readings_of(element)
        missing = min((wanted - Counter(runs(text))).total() for text in readings)
        verdict.words_lost[row.kind] += missing


def _raw_leaks(rows: list[Row], output: Output, subject: Subject, leaked: dict[Path, str]) -> None:
    """Blame what stands in the bytes on a row that named it and was found clean in its place."""
    owners: dict[str, list[Row]] = {}
    for row in rows:
        needles = row.needles
        if row.expected(Profile.BASIC) is Expect.UID and len(row.path) == 1:
            needles = (*needles, *row.value.split("\\"))
        for needle in needles:
            owners.setdefault(needle, []).append(row)
    patient = [row for row in rows if row.path == ("00100010",)]
    for needle in subject.needles:
        owners.setdefault(needle, patient)
    for needle, offset in first_hits(output.path, owners).items():
        mine = owners[needle]
        if mine and not any(row.path in leaked for row in mine):
            leaked[mine[0].path] = f"in the bytes of the file at {offset}"


def _loss(row: Row, expected: Expect, element: DataElement | None, agreement: Agreement) -> str:
    """Return what is wrong with what should have stayed, '' where it stayed."""
    now = "" if element is None else text_of(element)
    if element is None or not now:
        return "missing"
    if expected is Expect.KEPT:
        return "" if _same(row.value, now, element) else "changed"
    if expected in (Expect.CLEANED, Expect.WHOLE):
        contents = contents_of(element)
        return "" if all(count_phrase(token, contents) for token in row.tokens) else "words lost"
    return _inconsistency(row, expected, now, agreement)


def _inconsistency(row: Row, expected: Expect, now: str, agreement: Agreement) -> str:
    if expected is Expect.PSEUDONYM and now in agreement.shared:
        return "shared with another subject"
    if expected is Expect.PSEUDONYM and agreement.pseudonyms[row.subject, row.path] != now:
        return "another pseudonym than elsewhere"
    if expected is Expect.UID:
        pairs = zip(row.value.split("\\"), now.split("\\"), strict=False)
        if any(agreement.uids[row.subject, old] != new for old, new in pairs):
            return "another UID than elsewhere"
    if expected is Expect.DATE:
        days = days_between(row.value, now)
        if not days or days != agreement.shifts.get(row.subject):
            return "interval broken"
    return ""


def _same(old: str, new: str, element: DataElement) -> bool:
    if old == new:
        return True
    if isinstance(element.value, bytes):
        return old in _swapped(element.value)
    try:
        return [float(v) for v in old.split("\\")] == [float(v) for v in new.split("\\")]
    except ValueError:
        return False


def _swapped(value: bytes) -> list[str]:
    """Return `value` as it was before a change of byte order, as the key has it."""
    turned = []
    for size in (2, 4, 8):
        whole = value[: len(value) // size * size]
        words = (whole[i : i + size][::-1] for i in range(0, len(whole), size))
        turned.append(text_of_bytes(b"".join(words)))
    return turned
