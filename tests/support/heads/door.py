"""The real door: ``narthex deidentify`` in a process of its own, and what it left."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.support.appliance import ROOT, narthex
from tests.support.heads.images import Series
from tests.support.heads.persons import UID_ROOT, WORDS, Study

RULES = """name: faces
profile: basic
options: [clean-recognizable-visual-features, retain-patient-characteristics]
deface: {{modalities: [CT, MR, PT], mask: {mask}, renderings: {renderings}}}
"""
METHOD = "113102"
"""Clean Recognizable Visual Features Option (PS3.16 CID 7050)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One run, over.

    Attributes
    ----------
    code : int
    facts : dict[str, Any]
        The line of JSON.
    rows : dict[str, dict[str, Any]]
        Of the report, by file name of the input.
    """

    study: Study
    folder: Path
    code: int
    facts: dict[str, Any]
    rows: dict[str, dict[str, Any]]
    said: bytes

    def row(self, source: Dataset) -> dict[str, Any]:
        """Return the row of an object of the study."""
        names = [name for name, made in self.study.files.items() if made is source]
        return self.rows[names[0]]

    def cleaned(self, source: Dataset) -> Dataset:
        """Return what became of an object that was released."""
        row = self.row(source)
        assert row["outcome"] == "cleaned", row["reason"]
        return dcmread(self.folder / "out" / row["output"])

    def is_held(self, source: Dataset) -> bool:
        """Return whether it was quarantined because of a face, and nothing was written."""
        row = self.row(source)
        return bool(row["outcome"] == "quarantined" and row["reason"].startswith("face."))

    def outcomes(self, series: Series) -> set[str]:
        """Return ``cleaned`` or the reason of each object of a series."""
        rows = [self.rows[name] for name in series.names]
        return {row["reason"] or row["outcome"] for row in rows}

    def before(self, series: Series) -> NDArray[np.integer[Any]]:
        """Return the stored values of the source, ``(frames, rows, columns)``."""
        return _stacked(series.datasets)

    def after(self, series: Series) -> NDArray[np.integer[Any]]:
        """Return the stored values that were released."""
        return _stacked([self.cleaned(source) for source in series.datasets])

    def changed(self, series: Series) -> NDArray[np.bool_]:
        """Return which pixels are others now."""
        return np.asarray(self.before(series) != self.after(series))

    def filled(self, series: Series) -> NDArray[np.bool_]:
        """Return which pixels hold the value that the changed ones of their image have."""
        result = []
        for before, after in zip(self.before(series), self.after(series), strict=True):
            values = np.unique(after[before != after])
            result.append(np.isin(after, values))
        return np.array(result)

    def is_told(self, source: Dataset) -> bool:
        """Return whether the row of the report says anything of a face."""
        row = {k: v for k, v in self.row(source).items() if k not in ("input", "output")}
        return "face" in json.dumps(row).lower()

    def leaks(self) -> Iterator[str]:
        """Yield what of the person stands in anything written or said."""
        words = [word.encode() for word in (*WORDS, UID_ROOT)]
        texts = {"said": self.said.lower()}
        for path in self.folder.rglob("*"):
            if path.is_file() and not path.is_relative_to(self.study.folder):
                texts[str(path.relative_to(self.folder))] = path.read_bytes().lower()
        for place, text in texts.items():
            yield from (f"{place}: {word.decode()}" for word in words if word in text)


def deidentify(
    study: Study,
    folder: Path,
    *,
    mask: str = "wide",
    renderings: str = "hold",
    words: tuple[str, ...] = (),
    rules: str = "",
) -> Door:
    """Send a study through.

    Parameters
    ----------
    folder : Path
        Gets ``rules.yaml``, ``report.jsonl``, ``out``, ``state``, ``tmp``.
    words : tuple[str, ...]
        More options.
    rules : str
        A whole rule set, or "" for that of this module.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tmp").mkdir(exist_ok=True)
    (folder / "rules.yaml").write_text(rules or RULES.format(mask=mask, renderings=renderings))
    done = subprocess.run(
        narthex(
            *("--state", folder / "state", "deidentify", study.folder, folder / "out"),
            *("--rules", folder / "rules.yaml", "--report", folder / "report.jsonl", "--json"),
            *words,
        ),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder / "tmp")},
        timeout=280,
        check=False,
    )
    assert done.returncode in (0, 1), (done.returncode, done.stderr.decode()[-2000:])
    lines = (folder / "report.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    return Door(
        study=study,
        folder=folder,
        code=done.returncode,
        facts=json.loads(done.stdout.splitlines()[-1]),
        rows={Path(row["input"]).name: row for row in rows},
        said=done.stdout + done.stderr,
    )


def methods(dataset: Dataset) -> set[str]:
    """Return the codes of De-identification Method Code Sequence (0012,0064)."""
    return {str(item.CodeValue) for item in dataset.DeidentificationMethodCodeSequence}


def _stacked(datasets: "tuple[Dataset, ...] | list[Dataset]") -> NDArray[np.integer[Any]]:
    arrays = [d.pixel_array for d in datasets]
    return np.concatenate([a if a.ndim == 3 else a[None] for a in arrays])
