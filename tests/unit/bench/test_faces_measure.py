"""The scorer of faces on a head made of two ellipsoids: it sees a leak, and a cut brain."""

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ops.bench.faces import contestants, judge, measure, summary
from ops.bench.faces.anatomy import EARS, FACE, MEAN, Region, generous_face, regions_of
from ops.bench.faces.contestants import Cost, Outcome
from ops.bench.faces.frame import SHAPE, SPACING_MM
from ops.bench.faces.heads import core_of
from ops.bench.faces.judge import Bars, Verdict
from ops.bench.faces.scan import Scan
from ops.bench.faces.surface import Mask, Skin, skin_of

_SPACING = (SPACING_MM,) * 3
_CHEAP = Cost(wall_seconds=1.0, cpu_seconds=1.0, peak_rss_mb=100.0, exit_code=0)


def _ellipsoid(middle: tuple[float, ...], radii: tuple[float, ...]) -> Mask:
    grid = np.indices(SHAPE, dtype=np.float32) * SPACING_MM
    inside = np.zeros(SHAPE, dtype=np.float32)
    for axis in range(3):
        inside += ((grid[axis] - middle[axis]) / radii[axis]) ** 2
    return np.asarray(inside < 1)


@cache
def _head() -> Scan:
    skin = _ellipsoid((130, 150, 110), (125, 112, 80))
    brain = _ellipsoid((150, 160, 110), (50, 70, 60))
    values = np.where(skin, 600, 0) + np.where(brain, 300, 0)
    place = np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0])
    return Scan(
        name="made",
        person="M",
        is_ct=False,
        values=values.astype(np.int16),
        affine=place,
        placement=place,
        landmarks=MEAN,
        brain=brain,
        core=core_of(brain),
        seen=np.ones(SHAPE, dtype=bool),
    )


@cache
def _skin() -> Skin:
    return skin_of(_head().values.astype(np.float32), _head().seen, is_ct=False)


@cache
def _face() -> Mask:
    return np.asarray(generous_face(MEAN) & ~_ellipsoid((150, 160, 110), (60, 80, 70)))


def _verdict(gone: Mask, *, fill: int = 0) -> Verdict:
    after = _head().values.copy()
    after[gone] = fill
    return judge.judge(_head(), Outcome(after=after, held="", cost=_CHEAP))


def _losses(gone: Mask, *, fill: int = 0) -> dict[Region, measure.RegionLoss]:
    before = _head().values.astype(np.float32)
    skin = _skin()
    after = np.where(gone, np.float32(fill), before)
    return measure.surface_loss(skin, after, after != before, regions_of(MEAN))


def test_a_face_that_went_with_a_whole_brain_misses_nothing() -> None:
    verdict = _verdict(_face())
    assert verdict.missed(Bars()) == []
    assert set(verdict.regions) == {*FACE, *EARS}
    assert verdict.brain is not None
    assert verdict.brain.core_altered == 0
    assert verdict.elsewhere_percent == 0


def test_nothing_done_is_all_left() -> None:
    verdict = _verdict(np.zeros(SHAPE, dtype=bool))
    assert [loss.removed for loss in verdict.regions.values()] == [0] * 6
    assert {line.split()[0] for line in verdict.missed(Bars())} == {*map(str, FACE), "ears"}


@pytest.mark.parametrize("region", list(Region))
def test_what_is_left_of_a_region_is_charged_to_it_alone(region: Region) -> None:
    losses = _losses(_face() & ~regions_of(MEAN)[region])
    assert losses[region].percent < 20
    assert min(loss.percent for other, loss in losses.items() if other != region) > 98


def test_a_cut_brain_is_counted_by_the_voxel() -> None:
    cut = _face().copy()
    cut[:, :60] |= _head().core[:, :60]
    verdict = _verdict(cut)
    assert verdict.brain is not None
    assert verdict.brain.core_altered == int(_head().core[:, :60].sum())
    assert verdict.brain.deepest_mm > 20
    assert any("core brain" in line for line in verdict.missed(Bars()))


def test_a_voxel_of_the_rim_is_no_core() -> None:
    rim = _head().brain & ~_head().core
    loss = measure.brain_loss(rim, _head().core, _head().brain, spacing_mm=_SPACING)
    assert (loss.core_altered, loss.deepest_mm) == (0, 0.0)
    assert 0 < loss.brain_altered_percent < 100


def test_a_brain_value_that_moved_by_one_is_altered() -> None:
    after = _head().values.copy()
    after[75, 80, 55] += 1
    verdict = judge.judge(_head(), Outcome(after=after, held="", cost=_CHEAP))
    assert verdict.brain is not None
    assert verdict.brain.core_altered == 1


def test_a_face_painted_over_is_not_removed() -> None:
    assert all(loss.removed == 0 for loss in _losses(_face(), fill=550).values())


def test_a_thin_layer_shows_the_shape() -> None:
    front = np.cumsum(_head().values > 0, axis=1)
    thin = (front > 0) & (front <= 2) & _face()
    losses = _losses(thin)
    assert losses[Region.NOSE].percent == 100
    assert losses[Region.NOSE].shaved_percent > 90
    assert _losses(_face())[Region.NOSE].shaved_percent < 10


def test_noise_left_before_a_removed_skin_draws_it() -> None:
    rng = np.random.default_rng(1)
    noise = rng.integers(1, 20, SHAPE)
    values = np.where(_head().values > 0, _head().values, noise).astype(np.int16)
    scan = replace(_head(), values=values)
    skin = skin_of(values.astype(np.float32), scan.seen, is_ct=False)
    room = np.logical_or.reduce([regions_of(MEAN)[region] for region in FACE])

    def drawn(gone: Mask) -> float:
        return measure.outlined_percent(skin, gone, values.astype(np.float32), room)

    assert drawn(_face() & skin.tissue) > 90
    assert drawn(_face()) < 5


def test_change_far_from_the_face_is_told() -> None:
    gone = _face().copy()
    gone[120:] = True
    assert _verdict(gone).elsewhere_percent > 1


def test_what_is_held_is_flagged_and_never_removed() -> None:
    verdict = judge.judge(_head(), Outcome(after=None, held="face.doubtful 40", cost=_CHEAP))
    assert verdict.regions == {}
    assert verdict.missed(Bars()) == []
    figures = summary.totals([verdict], Bars())
    assert (figures["released"], figures["flagged"]) == (0, 1)
    assert figures["nose_percent_mean"] is None
    assert "flagged: face.doubtful 40" in summary.as_table([verdict], Bars())


def test_slices_that_were_held_are_not_judged() -> None:
    there = np.ones(SHAPE[0], dtype=bool)
    there[:60] = False  # eyes are above, nose, mouth and chin below
    outcome = Outcome(after=_head().values, held="partly", cost=_CHEAP, there=there)
    verdict = judge.judge(_head(), outcome)
    assert Region.MOUTH not in verdict.regions
    assert verdict.brain is not None
    assert verdict.brain.core < int(_head().core.sum())


def test_a_region_beside_the_scan_is_left_out() -> None:
    seen = np.ones(SHAPE, dtype=bool)
    seen[:30] = False
    values = np.where(seen, _head().values, 0).astype(np.float32)
    skin = skin_of(values, seen, is_ct=False)
    still: NDArray[np.bool_] = np.zeros(SHAPE, dtype=bool)
    losses = measure.surface_loss(skin, values, still, regions_of(MEAN))
    assert Region.CHIN not in losses
    assert Region.EYES in losses


def test_the_baselines_do_badly() -> None:
    nothing = judge.judge(_head(), contestants.none(_head()))
    naive = judge.judge(_head(), contestants.box(_head()))
    assert len(nothing.missed(Bars())) == 5
    assert any("ears" in line for line in naive.missed(Bars()))


def test_cost_is_a_bar() -> None:
    dear = Cost(wall_seconds=9.0, cpu_seconds=9.0, peak_rss_mb=600.0, exit_code=0)
    after = np.where(_face(), 0, _head().values).astype(np.int16)
    verdict = judge.judge(_head(), Outcome(after=after, held="", cost=dear))
    assert verdict.missed(Bars()) == ["9.0 s CPU", "600 MB"]


def test_memory_of_the_scorer_is_not_charged_to_the_tool(tmp_path: Path) -> None:
    ballast = np.ones(60_000_000, dtype=np.uint8)  # 60 MB here, none there
    cost = contestants.run([sys.executable, "-I", "-c", "raise SystemExit(3)"], tmp_path / "log")
    assert ballast[-1] == 1
    assert cost.exit_code == 3
    assert 0 < cost.peak_rss_mb < 55
