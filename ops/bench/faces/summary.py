"""Say what was measured: a table for a person, and JSON."""

from collections.abc import Sequence

import numpy as np

from ops.bench.faces.anatomy import FACE
from ops.bench.faces.judge import Bars, Verdict
from ops.bench.faces.recognition import Likeness

_HEAD = (
    f"{'case':<24}{'core brain':>11}{'brain':>7}"
    + "".join(f"{region!s:>7}" for region in FACE)
    + f"{'ears':>6}{'shaved':>8}{'else':>7}{'outline':>8}"
    f"{'LBP':>6}{'HOG':>6}{'shape':>7}{'network':>8}{'wall s':>8}{'CPU s':>7}{'MB':>6}"
)


def _ranks(pair: tuple[Likeness | None, Likeness | None] | None) -> str:
    if pair is None:
        return "-"
    return ">".join(str(one.rank) if one else "-" for one in pair)


def _seen(before: bool | None, after: bool | None) -> str:  # noqa: FBT001 - a pair of answers
    return ">".join("-" if one is None else "ny"[one] for one in (before, after))


def _line(verdict: Verdict) -> str:
    cost = verdict.outcome.cost
    costs = f"{cost.wall_seconds:>8.1f}{cost.cpu_seconds:>7.1f}{cost.peak_rss_mb:>6.0f}"
    if verdict.brain is None:
        return f"{verdict.name:<24}flagged: {verdict.outcome.held:<85}{costs}"
    cells = [f"{verdict.name:<24}{verdict.brain.core_altered_percent:>10.3f}%"]
    cells.append(f"{verdict.brain.brain_altered_percent:>7.2f}")
    for region in FACE:
        loss = verdict.regions.get(region)
        cells.append(f"{loss.percent:>7.1f}" if loss else f"{'-':>7}")
    ears = verdict.ears_percent
    cells.append(f"{ears:>6.0f}" if ears is not None else f"{'-':>6}")
    shaved = max(
        (verdict.regions[r].shaved_percent for r in FACE if r in verdict.regions), default=0
    )
    cells.append(f"{shaved:>8.1f}{verdict.elsewhere_percent:>7.2f}{verdict.outlined_percent:>8.1f}")
    before, after = verdict.before, verdict.after
    cells.append(
        f"{_seen(before.cascade if before else None, after.cascade if after else None):>6}"
    )
    cells.append(f"{_seen(*verdict.hog) if verdict.hog else '-':>6}")
    cells.append(f"{_ranks(verdict.likeness.get('shape')):>7}")
    cells.append(f"{_ranks(verdict.likeness.get('network')):>8}")
    return "".join(cells) + costs


def as_table(verdicts: Sequence[Verdict], bars: Bars) -> str:
    """Return a line for each scan, the means, and which bars were missed."""
    lines = [_HEAD, *(_line(verdict) for verdict in verdicts)]
    figures = totals(verdicts, bars)
    lines.append(
        "\n{scans} scans, {released} released, {flagged} flagged; of the released"
        " {clean} reach every bar".format(**figures)
    )
    for name in ("core_altered_percent_worst", "ears_percent_mean", *_means()):
        value = figures[name]
        shown = "not in any scan" if value is None else f"{value:.3f}"
        lines.append(f"{name.replace('_', ' ')}: {shown}")
    for who, told in _identified(verdicts).items():
        lines.append(f"recognised by {who} (rank 1): {told}")
    lines += [f"  {v.name}: {', '.join(v.missed(bars))}" for v in verdicts if v.missed(bars)]
    return "\n".join(lines)


def _means() -> list[str]:
    return [f"{region}_percent_mean" for region in FACE] + [f"{r}_percent_worst" for r in FACE]


def _identified(verdicts: Sequence[Verdict]) -> dict[str, str]:
    told = {}
    for who in ("shape", "network"):
        pairs = [v.likeness[who] for v in verdicts if who in v.likeness]
        for index, when in enumerate(("before", "after")):
            ranks = [pair[index] for pair in pairs]
            known = [one for one in ranks if one is not None]
            if known:
                first = sum(one.rank == 1 for one in known)
                mean = float(np.mean([one.rank for one in known]))
                largest = max(one.gallery for one in known)
                told[f"{who} {when}"] = (
                    f"{first} of {len(known)}, mean rank {mean:.1f} of {largest}"
                )
    return told or {"anybody": "not measured"}


def totals(verdicts: Sequence[Verdict], bars: Bars) -> dict[str, object]:
    """Return the figures over all scans."""
    released = [v for v in verdicts if v.released]
    ears = [v.ears_percent for v in released if v.ears_percent is not None]
    figures: dict[str, object] = {
        "scans": len(verdicts),
        "released": len(released),
        "flagged": sum(bool(v.outcome.held) for v in verdicts),
        "clean": sum(not v.missed(bars) for v in released),
        "core_altered_percent_worst": max(
            (v.brain.core_altered_percent for v in released if v.brain), default=None
        ),
        "ears_percent_mean": float(np.mean(ears)) if ears else None,
        "identified": _identified(verdicts),
    }
    for region in FACE:
        found = [v.regions[region].percent for v in released if region in v.regions]
        figures[f"{region}_percent_mean"] = float(np.mean(found)) if found else None
        figures[f"{region}_percent_worst"] = min(found, default=None)
    return figures
