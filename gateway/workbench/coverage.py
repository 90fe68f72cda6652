"""Sum up which devices were met, and which private and unknown attributes they write."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydicom.uid import UID

from gateway.workbench.creators import CreatorNames, element_name
from gateway.workbench.examination import Examined, Fate, Handled
from pipelines.metadata.place import show
from rules.overrides import CompiledRule
from rules.plan import PrivateKey
from rules.tables import definition, safe_private


@dataclass(slots=True)
class _Device:
    objects: int = 0
    held: Counter[str] = field(default_factory=Counter)
    private: Counter[tuple[PrivateKey, str, str]] = field(default_factory=Counter)
    unknown: Counter[tuple[int, str]] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    without_creator: int = 0


class Coverage:
    """Counts by (Manufacturer, Manufacturer's Model Name, SOP class); no other value is held.

    Parameters
    ----------
    rules : Iterable[CompiledRule]
        Of the rule set.
    """

    def __init__(self, rules: Iterable[CompiledRule]) -> None:
        self._creators = CreatorNames(rules)
        self._devices: dict[tuple[str, str, str], _Device] = {}
        self._unread: Counter[str] = Counter()

    def add(self, examined: Examined) -> None:
        """Count one file."""
        if not examined.sop_class_uid:
            self._unread[examined.reason] += 1
            return
        key = examined.manufacturer, examined.model, examined.sop_class_uid
        device = self._devices.setdefault(key, _Device())
        device.objects += 1
        if examined.reason:
            device.held[examined.reason] += 1
        device.notes.update(examined.notes)
        for handled in examined.handled:
            _count(device, handled)

    def as_data(self) -> dict[str, Any]:
        """Return what ``narthex rules coverage --json`` prints."""
        return {
            "unread": dict(sorted(self._unread.items())),
            "devices": [
                {
                    "manufacturer": manufacturer,
                    "model": model,
                    "sop_class_uid": sop_class_uid,
                    "sop_class": UID(sop_class_uid).name,
                    "objects": device.objects,
                    "held": dict(sorted(device.held.items())),
                    "private": self._private(device),
                    "without_creator": device.without_creator,
                    "unknown": [
                        {"tag": show(tag), "what": fate, "count": count}
                        for (tag, fate), count in sorted(device.unknown.items())
                    ],
                    "notes": dict(sorted(device.notes.items())),
                }
                for (manufacturer, model, sop_class_uid), device in sorted(self._devices.items())
            ],
        }

    def _private(self, device: _Device) -> list[dict[str, Any]]:
        creators: dict[str, list[dict[str, Any]]] = {}
        for (key, fate, rule), count in sorted(device.private.items()):
            creator, group, low = key
            creators.setdefault(self._creators.name(creator), []).append(
                {
                    "element": f"({group:04X},xx{low:02X})",
                    "name": element_name(key),
                    "what": _answer(key, fate, rule),
                    "fate": fate,
                    "rule": rule,
                    "count": count,
                }
            )
        return [{"creator": name, "elements": elements} for name, elements in creators.items()]


def _count(device: _Device, handled: Handled) -> None:
    if handled.key is not None:
        device.private[handled.key, handled.fate.value, handled.rule] += 1
    elif handled.tag >> 16 & 1:
        device.without_creator += not handled.is_creator
    else:
        found = definition(handled.tag)
        if (found is None or not found.keyword) and handled.tag & 0xFFFF and not _repeats(handled):
            device.unknown[handled.tag, handled.fate.value] += 1


def _repeats(handled: Handled) -> bool:
    """Return whether an element is of a repeating group (curves, overlays)."""
    return handled.tag >> 24 in (0x50, 0x60)


def _answer(key: PrivateKey, fate: str, rule: str) -> str:
    if rule.startswith("rules["):
        return "rule"
    if fate == Fate.REMOVED:
        return "removed"
    return "safe private" if key in safe_private() else "private list"
