"""Persons to be taken for: the heads, and invented ones made of them, each acquired alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ops.bench.faces import recognition
from ops.bench.faces.frame import SPACING_MM
from ops.bench.faces.judge import Look, Verdict
from ops.bench.faces.recognition import Likeness, likeness, shape_similarity
from ops.bench.faces.scan import Scan
from ops.bench.faces.surface import head_of, threshold_of
from ops.bench.faces.variants import another_person

INVENTED = 3  # of each head
_THIN_MM = 2.5
_MEMBERS = ("mr_t1_sag_adultA", "mr_t1_sag_adultB", "mr_t1_thick_sag_adultC", "ct_phantom_head")

Acquisition = tuple[bool, int, float]  # CT, axis across the slices, thickness in mm


def acquisition_of(scan: Scan) -> Acquisition:
    """Return what makes two scans alike."""
    step = np.linalg.solve(scan.placement[:3, :3], scan.affine[:3, 2])
    axis = 2 - int(np.abs(step).argmax())
    thickness = scan.spacing_mm[0]
    return (scan.is_ct, axis, round(thickness)) if thickness > _THIN_MM else (scan.is_ct, 0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Faces of known persons, by name."""

    looks: Mapping[str, Look]


def persons(volumes: Mapping[str, Scan]) -> list[Scan]:
    """Return the heads with a whole face, and invented persons made of them."""
    real = [volumes[name] for name in _MEMBERS]
    made = [another_person(scan, seed=seed) for scan in real for seed in range(1, INVENTED + 1)]
    return real + made


def acquired(members: Iterable[Scan], acquisition: Acquisition) -> Gallery:
    """Return the gallery of `members` in slices of that thickness.

    CT and MR are in one: the skin has the same shape in both.
    """
    _, axis, thickness = acquisition
    looks = {}
    for member in members:
        empty = -1000.0 if member.is_ct else 0.0
        values = np.nan_to_num(member.measured(member.values, order=1), nan=empty)
        if thickness > _THIN_MM:
            values = ndimage.gaussian_filter1d(values, 0.42 * thickness / SPACING_MM, axis=axis)
        seen = member.seen
        threshold = threshold_of(values, seen, is_ct=member.is_ct)
        tissue = head_of((values > threshold) & seen)
        looks[member.person] = Look(
            shown=recognition.portrait(tissue, values),
            depth=recognition.face_depth(tissue, member.landmarks),
            cascade=False,
        )
    return Gallery(looks=looks)


def by_shape(verdict: Verdict, gallery: Gallery) -> tuple[Likeness | None, Likeness | None]:
    """Return who the head is by depth, before and after."""
    both = []
    for one in (verdict.before, verdict.after):
        found = {
            name: shape_similarity(one.depth, known.depth) if one else -np.inf
            for name, known in gallery.looks.items()
        }
        both.append(likeness(found, verdict.person))
    return both[0], both[1]


def by_network(
    verdicts: Mapping[str, tuple[Verdict, Acquisition]],
    galleries: Mapping[Acquisition, Gallery],
    *,
    python: Path,
    work: Path,
) -> dict[str, Verdict] | None:
    """Return the verdicts with what dlib says; nothing where it is not installed."""
    paths: list[Path] = []
    for key, gallery in galleries.items():
        paths += [
            recognition.save(known.shown, work / _file("known", *key, name))
            for name, known in gallery.looks.items()
        ]
    for name, (verdict, _) in verdicts.items():
        for when, one in (("before", verdict.before), ("after", verdict.after)):
            if one is not None:
                paths.append(recognition.save(one.shown, work / _file(when, name)))
    answers = recognition.embed(paths, python)
    if answers is None:
        return None
    done = {}
    for name, (verdict, key) in verdicts.items():
        if verdict.before is None:
            done[name] = verdict
            continue
        both = []
        for when in ("before", "after"):
            own = answers[str(work / _file(when, name))][1]
            both.append(
                likeness(_distances(own, galleries[key], key, answers, work), verdict.person)
            )
        hog = (
            answers[str(work / _file("before", name))][0],
            answers[str(work / _file("after", name))][0],
        )
        done[name] = replace(
            verdict, hog=hog, likeness={**verdict.likeness, "network": (both[0], both[1])}
        )
    return done


def _distances(
    own: NDArray[np.float64],
    gallery: Gallery,
    key: Acquisition,
    answers: Mapping[str, tuple[bool, NDArray[np.float64]]],
    work: Path,
) -> dict[str, float]:
    return {
        name: -float(np.linalg.norm(own - answers[str(work / _file("known", *key, name))][1]))
        for name in gallery.looks
    }


def _file(*parts: object) -> str:
    return "-".join(str(part) for part in parts) + ".png"
