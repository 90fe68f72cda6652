"""Judge one scan: before against what a tool released."""

from dataclasses import asdict, dataclass, field

import numpy as np

from ops.bench.faces import measure, recognition
from ops.bench.faces.anatomy import EARS, FACE, Region, generous_face, regions_of
from ops.bench.faces.contestants import Outcome
from ops.bench.faces.measure import BrainLoss, RegionLoss
from ops.bench.faces.recognition import Likeness, Picture
from ops.bench.faces.scan import Scan
from ops.bench.faces.surface import Mask, Skin, Values, head_of, skin_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """What issue 4 asks of every head that is released."""

    core_altered_percent: float = 0.05
    face_percent: float = 98.0
    ears_percent: float = 65.0
    seconds: float = 8.0
    peak_rss_mb: float = 512.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A head as somebody sees it: for detectors and recognisers."""

    shown: Picture
    depth: Values
    cascade: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was measured of one scan; brain and regions only where it was released."""

    name: str
    person: str
    modality: str
    outcome: Outcome
    brain: BrainLoss | None = None
    regions: dict[Region, RegionLoss] = field(default_factory=dict)
    elsewhere_percent: float = 0.0
    outlined_percent: float = 0.0
    before: Look | None = None
    after: Look | None = None
    likeness: dict[str, tuple[Likeness | None, Likeness | None]] = field(default_factory=dict)
    hog: tuple[bool, bool] | None = None

    @property
    def released(self) -> bool:
        """Whether any of it left."""
        return self.outcome.after is not None

    @property
    def ears_percent(self) -> float | None:
        """The mean over the ears that the scan shows."""
        seen = [self.regions[ear].percent for ear in EARS if ear in self.regions]
        return float(np.mean(seen)) if seen else None

    def missed(self, bars: Bars) -> list[str]:
        """Return in words which bars the released scan misses."""
        if self.brain is None:
            return []
        missed = []
        if self.brain.core_altered_percent > bars.core_altered_percent:
            missed.append(
                f"core brain altered {self.brain.core_altered_percent:.3f} %"
                f" ({self.brain.deepest_mm:.0f} mm deep)"
            )
        missed += [
            f"{region} {self.regions[region].percent:.1f} %"
            for region in FACE
            if region in self.regions and self.regions[region].percent < bars.face_percent
        ]
        if self.ears_percent is not None and self.ears_percent < bars.ears_percent:
            missed.append(f"ears {self.ears_percent:.1f} %")
        if self.outcome.cost.cpu_seconds > bars.seconds:
            missed.append(f"{self.outcome.cost.cpu_seconds:.1f} s CPU")
        if self.outcome.cost.peak_rss_mb > bars.peak_rss_mb:
            missed.append(f"{self.outcome.cost.peak_rss_mb:.0f} MB")
        return missed

    def as_json(self, bars: Bars) -> dict[str, object]:
        """Return the figures."""
        brain = None
        if self.brain is not None:
            brain = {**asdict(self.brain), "core_altered_percent": self.brain.core_altered_percent}
        return {
            "case": self.name,
            "person": self.person,
            "modality": self.modality,
            "released": self.released,
            "held": self.outcome.held,
            "brain": brain,
            "regions": {
                str(region): {**asdict(loss), "percent": loss.percent}
                for region, loss in self.regions.items()
            },
            "ears_percent": self.ears_percent,
            "changed_elsewhere_percent": self.elsewhere_percent,
            "outlined_percent": self.outlined_percent,
            "cascade": _pair(self.before, self.after),
            "hog": list(self.hog) if self.hog else None,
            "likeness": {
                who: [asdict(one) if one else None for one in pair]
                for who, pair in self.likeness.items()
            },
            "cost": asdict(self.outcome.cost),
            "missed": self.missed(bars),
        }


def _pair(before: Look | None, after: Look | None) -> list[bool | None]:
    return [look.cascade if look else None for look in (before, after)]


def look(scan: Scan, values: Values, tissue: Mask) -> Look:
    """Return the head of `tissue` from the front; `values` are smooth ones."""
    shown = recognition.portrait(tissue, values)
    return Look(
        shown=shown,
        depth=recognition.face_depth(tissue, scan.landmarks),
        cascade=recognition.cascade_sees(shown),
    )


def judge(scan: Scan, outcome: Outcome) -> Verdict:
    """Return what was taken from `scan`, and what is left to see."""
    held = Verdict(name=scan.name, person=scan.person, modality=scan.modality, outcome=outcome)
    if outcome.after is None:
        return held
    values, seen = scan.looked_at()
    released = outcome.there if outcome.there is not None else np.ones(len(scan.values), dtype=bool)
    own = np.broadcast_to(released[:, None, None], scan.values.shape)
    seen &= np.nan_to_num(scan.measured(own)) > 0
    skin = skin_of(values, seen, is_ct=scan.is_ct)
    differs = (outcome.after != scan.values) & own
    changed = np.nan_to_num(scan.measured(differs)) > 0
    after = np.where(changed, scan.measured(outcome.after), values).astype(np.float32)
    rooms = regions_of(scan.landmarks)
    left = head_of((after > skin.threshold) & seen)
    return Verdict(
        name=scan.name,
        person=scan.person,
        modality=scan.modality,
        outcome=outcome,
        brain=measure.brain_loss(
            differs,
            scan.own(scan.core) & own,
            scan.own(scan.brain) & own,
            spacing_mm=scan.spacing_mm,
        ),
        regions=measure.surface_loss(skin, after, changed, rooms),
        elsewhere_percent=measure.changed_elsewhere_percent(
            skin, changed, generous_face(scan.landmarks)
        ),
        outlined_percent=measure.outlined_percent(
            skin, changed, values, np.logical_or.reduce(list(rooms.values()))
        ),
        before=look(scan, _smooth(scan, scan.values), skin.tissue & seen),
        after=look(scan, _smooth(scan, outcome.after), left),
    )


def _smooth(scan: Scan, values: np.ndarray) -> Values:
    taken = scan.measured(values, order=1)
    return np.nan_to_num(taken, nan=-1000.0 if scan.is_ct else 0.0)


def skin_for_pictures(scan: Scan) -> Skin:
    """Return the skin of the whole scan."""
    values, seen = scan.looked_at()
    return skin_of(values, seen, is_ct=scan.is_ct)
