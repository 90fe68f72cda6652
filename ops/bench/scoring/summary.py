"""Turn a verdict into figures, as JSON and for a person."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ops.bench.identities.key import Row
from ops.bench.identities.paths import show
from ops.bench.scoring.consistency import Consistency
from ops.bench.scoring.judge import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Percentages over checks of released objects; lost objects count as lost utility."""

    privacy: float
    utility: float
    harmonic_mean: float
    utility_of_released: float


def percent(failed: int, checks: int) -> float:
    """Return how many of `checks` passed, in percent; 0 where nothing was checked."""
    return 100 * (checks - failed) / checks if checks else 0.0


def score(verdict: Verdict) -> Score:
    """Return the figures of `verdict`."""
    privacy = percent(len(verdict.leaks), verdict.privacy.total())
    utility = percent(len(verdict.lost), verdict.utility.total())
    both = privacy + utility
    return Score(
        privacy=privacy,
        utility=utility,
        harmonic_mean=2 * privacy * utility / both if both else 0.0,
        utility_of_released=percent(
            len(verdict.lost) - verdict.withheld_checks,
            verdict.utility.total() - verdict.withheld_checks,
        ),
    )


def leaks_by_kind(verdict: Verdict) -> Counter[str]:
    """Return the leaks by kind."""
    return Counter(str(leak.row.kind) for leak in verdict.leaks)


def lost_by_kind(verdict: Verdict) -> Counter[str]:
    """Return the lost utility by kind."""
    return Counter(str(row.kind) for row, _ in verdict.lost)


def words_kept(verdict: Verdict) -> float:
    """Return how many words of cleaned and of clinical texts stayed, in percent."""
    return percent(verdict.words_lost.total(), verdict.words.total())


def leaks_by_rule(verdict: Verdict) -> Counter[str]:
    """Return the leaks by what the key says of the place."""
    return Counter(leak.row.rule or str(leak.row.kind) for leak in verdict.leaks)


def lost_by_rule(verdict: Verdict) -> Counter[str]:
    """Return the lost utility of released objects by what the key says of the place."""
    return Counter(row.rule or str(row.kind) for row, why in verdict.lost if why != "withheld")


def privacy_of(verdict: Verdict, kinds: list[str]) -> float:
    """Return the privacy over `kinds` alone, over all where none is named."""
    leaks, checks = leaks_by_kind(verdict), verdict.privacy
    names = kinds or list(checks)
    return percent(sum(leaks[k] for k in names), sum(checks[k] for k in names))


def as_json(
    verdict: Verdict,
    consistency: Consistency,
    *,
    about: dict[str, object],
    withheld: Counter[str],
    shown: int,
) -> dict[str, object]:
    """Return the whole report."""
    figures = score(verdict)
    leaks, lost = leaks_by_kind(verdict), lost_by_kind(verdict)
    return {
        **about,
        "privacy": round(figures.privacy, 4),
        "utility": round(figures.utility, 4),
        "harmonic_mean": round(figures.harmonic_mean, 4),
        "utility_of_released": round(figures.utility_of_released, 4),
        "withheld": dict(withheld),
        "withheld_checks": verdict.withheld_checks,
        "words": verdict.words.total(),
        "words_kept": round(words_kept(verdict), 4),
        "leaks_by_rule": dict(leaks_by_rule(verdict).most_common()),
        "lost_by_rule": dict(lost_by_rule(verdict).most_common()),
        "privacy_by_kind": {
            kind: {"checks": count, "leaks": leaks[kind], "percent": percent(leaks[kind], count)}
            for kind, count in sorted(verdict.privacy.items())
        },
        "utility_by_kind": {
            kind: {"checks": count, "lost": lost[kind], "percent": percent(lost[kind], count)}
            for kind, count in sorted(verdict.utility.items())
        },
        "consistency": consistency.as_json(),
        "leaks": [_line(leak.row, leak.where) for leak in verdict.leaks[:shown]],
        "lost": [_line(row, why) for row, why in verdict.lost if why != "withheld"][:shown],
    }


def _line(row: Row, why: str) -> dict[str, str]:
    return {
        "file": row.file,
        "path": show(row.path),
        "kind": str(row.kind),
        "rule": row.rule,
        "why": why,
        "value": row.value[:80],
    }


def as_table(verdict: Verdict, consistency: Consistency, *, withheld: Counter[str]) -> str:
    """Return the report for a person."""
    figures = score(verdict)
    leaks, lost = leaks_by_kind(verdict), lost_by_kind(verdict)
    lines = [f"{'kind':<16}{'privacy checks':>16}{'leaks':>8}{'%':>8}{'utility checks':>16}"]
    lines[0] += f"{'lost':>8}{'%':>8}"
    for kind in sorted({*verdict.privacy, *verdict.utility}):
        told, used = verdict.privacy[kind], verdict.utility[kind]
        lines.append(
            f"{kind:<16}{told:>16}{leaks[kind]:>8}{_cell(leaks[kind], told)}"
            f"{used:>16}{lost[kind]:>8}{_cell(lost[kind], used)}"
        )
    lines.append(
        f"\nprivacy {figures.privacy:.2f} %   utility {figures.utility:.2f} % "
        f"(of released {figures.utility_of_released:.2f} %)   "
        f"harmonic mean {figures.harmonic_mean:.2f}"
    )
    lines += _words_and_rules(verdict)
    lines.append("withheld: " + (", ".join(f"{n} {why}" for why, n in withheld.items()) or "0"))
    figures_by_name = consistency.as_json().items()
    lines.append(
        "consistency: " + ", ".join(f"{n.replace('_', ' ')} {v}" for n, v in figures_by_name)
    )
    return "\n".join(lines)


def _cell(failed: int, checks: int) -> str:
    return f"{percent(failed, checks):>8.2f}" if checks else f"{'':>8}"


def _words_and_rules(verdict: Verdict) -> Iterator[str]:
    for kind, words in sorted(verdict.words.items()):
        if words:
            kept = percent(verdict.words_lost[kind], words)
            yield f"words of {kind} kept: {kept:.2f} % of {words}"
    for name, found in (("leaks", leaks_by_rule(verdict)), ("lost", lost_by_rule(verdict))):
        if found:
            told = "; ".join(f"{rule} {number}" for rule, number in found.most_common(12))
            yield f"{name} by rule: {told}"
