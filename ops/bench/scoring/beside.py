"""Run several tools over the same files and print what they reached in one table."""

from dataclasses import dataclass
from pathlib import Path

from ops.bench.scoring import tools
from ops.bench.scoring.judge import Verdict
from ops.bench.scoring.summary import leaks_by_kind, lost_by_kind, percent, score, words_kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A tool to run beside the one that is scored.

    Attributes
    ----------
    command : str
        With ``{in}``, ``{out}`` and ``{mapping}``; the name of a baseline stands for itself.
    """

    name: str
    command: str

    @classmethod
    def parse(cls, text: str) -> "Entry":
        """Return the entry for ``NAME=COMMAND``, or for the name of a baseline alone."""
        name, equals, command = text.partition("=")
        if not equals and name not in tools.BASELINES:
            raise ValueError(f"NAME=COMMAND or one of {', '.join(tools.BASELINES)}, not this")
        return cls(name=name, command=command or name)


def run_entry(entry: Entry, folder: Path) -> Path:
    """Run the tool over ``folder/in``; return the folder that holds its ``out``."""
    own = folder / "beside" / entry.name
    for name in ("out", "mapping"):
        (own / name).mkdir(parents=True, exist_ok=True)
    (own / "in").symlink_to((folder / "in").resolve(), target_is_directory=True)
    if entry.command in tools.BASELINES:
        tools.run_baseline(entry.command, own / "in", own / "out")
    else:
        tools.run_command(own, template=entry.command)
    return own


def as_table(verdicts: dict[str, Verdict]) -> str:
    """Return a column for each tool: privacy and utility in percent, by kind and in all."""
    width = max(18, *(len(name) + 2 for name in verdicts))
    kinds = sorted({k for v in verdicts.values() for k in (*v.privacy, *v.utility)})
    lines = [f"{'privacy / utility':<18}" + "".join(f"{name:>{width}}" for name in verdicts)]
    lines += [
        f"{kind:<18}" + "".join(f"{_cell(v, kind):>{width}}" for v in verdicts.values())
        for kind in kinds
    ]
    figures = {name: score(verdict) for name, verdict in verdicts.items()}
    rows = {
        "all": [f"{s.privacy:.2f} / {s.utility:.2f}" for s in figures.values()],
        "harmonic mean": [f"{s.harmonic_mean:.2f}" for s in figures.values()],
        "of released": [f"{s.utility_of_released:.2f}" for s in figures.values()],
        "words kept": [f"{words_kept(v):.2f}" for v in verdicts.values()],
        "leaks": [str(len(v.leaks)) for v in verdicts.values()],
    }
    return "\n".join([*lines, *(_line(label, cells, width) for label, cells in rows.items())])


def _line(label: str, cells: list[str], width: int) -> str:
    return f"{label:<18}" + "".join(f"{cell:>{width}}" for cell in cells)


def _cell(verdict: Verdict, kind: str) -> str:
    told, used = verdict.privacy[kind], verdict.utility[kind]
    privacy = f"{percent(leaks_by_kind(verdict)[kind], told):.2f}" if told else "-"
    utility = f"{percent(lost_by_kind(verdict)[kind], used):.2f}" if used else "-"
    return f"{privacy} / {utility}"
