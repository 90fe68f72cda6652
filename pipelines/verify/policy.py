"""What the plan allows in the written object, place by place.

The mirror of `rules.plan.Node` for the gate: a dictionary that fills itself, from tag to
what must be checked of an element; None where nothing must be.
"""

from enum import Enum, auto
from functools import lru_cache

from rules.plan import Entry, Node, Plan, Roots
from rules.vocabulary import Operation


class Check(Enum):
    """What an element must be."""

    ABSENT = auto()
    EMPTY = auto()
    DUMMY = auto()
    UID = auto()
    PSEUDONYM = auto()
    ACCESSION = auto()
    ITEMS = auto()
    """A kept sequence, or one of several things by a condition: its items are walked."""
    UNKNOWN = auto()
    """Kept, of no VR that the plan knows: walked where it begins like a sequence."""
    FIT = auto()
    """Kept where its value is of the VR that the plan names."""


class Rule:
    """What must be checked of one element.

    Attributes
    ----------
    check : Check
    is_sequence : bool
        By the dictionary.
    vr : str
        Of the plan; "" where no check asks for it.
    """

    __slots__ = ("check", "is_sequence", "vr")

    def __init__(self, check: Check, *, is_sequence: bool, vr: str = "") -> None:
        self.check = check
        self.is_sequence = is_sequence
        self.vr = vr


ABSENT = Rule(Check.ABSENT, is_sequence=False)
"""The rule of what must not be there."""
_CHECKS = {
    Operation.REMOVE: Check.ABSENT,
    Operation.HOLD: Check.ABSENT,
    Operation.EMPTY: Check.EMPTY,
    Operation.DUMMY: Check.DUMMY,
    Operation.REPLACE_UID: Check.UID,
    Operation.PSEUDONYM: Check.PSEUDONYM,
    Operation.ACCESSION: Check.ACCESSION,
}
_FORBIDDEN_GROUPS = frozenset([0x0000, 0x0002, 0x0004])
_LAST_GROUP = 0xFEFF
_BY_PROFILE = "PS3.15 E.2"
_UNKNOWN_VRS = frozenset(["", "UN"])


def rule_of(entry: Entry) -> Rule | None:
    """Return what `entry` demands of the written element; None where nothing."""
    each = (entry, *(other for _, other in entry.alternatives))
    checks = {_CHECKS.get(one.operation) for one in each}
    check = checks.pop() if len(checks) == 1 else None
    if check is not None:
        return Rule(check, is_sequence=entry.vr == "SQ")
    if entry.vr == "SQ":
        return Rule(Check.ITEMS, is_sequence=True)
    if entry.vr in _UNKNOWN_VRS:
        return Rule(Check.UNKNOWN, is_sequence=False)
    kept = [one for one in each if one.operation is Operation.KEEP]
    if kept and all(one.unfit_note for one in kept):
        return Rule(Check.FIT, is_sequence=False, vr=entry.vr)
    return None


def is_kept_on_purpose(entry: Entry) -> bool:
    """Return True where a rule or an option, not the profile, keeps the element."""
    return any(
        each.operation is Operation.KEEP and each.section != _BY_PROFILE
        for each in (entry, *(other for _, other in entry.alternatives))
    )


class Policy(dict[int, Rule | None]):
    """Rules of the standard elements of one place, by tag; filled on first look-up.

    Parameters
    ----------
    node : Node
    known : dict[int, Policy]
        Policies of all places of the plan, by the identity of their node.
    """

    __slots__ = ("_known", "_private", "node")

    def __init__(self, node: Node, known: "dict[int, Policy]") -> None:
        super().__init__()
        self.node = node
        self._known = known
        self._private: dict[tuple[str, int, int], Rule | None] = {}

    def __missing__(self, tag: int) -> Rule | None:
        """Ask the plan once."""
        group = tag >> 16
        if tag & 0xFFFF == 0 or group in _FORBIDDEN_GROUPS or group > _LAST_GROUP:
            rule: Rule | None = ABSENT
        else:
            rule = rule_of(self.node[tag])
        self[tag] = rule
        return rule

    def private(self, key: tuple[str, int, int]) -> Rule | None:
        """Return the rule of a private element."""
        if key not in self._private:
            self._private[key] = rule_of(self.node.private[key])
        return self._private[key]

    def inside(self, tag: int, *, is_dummy: bool) -> "Policy":
        """Return the policy of the items of a sequence."""
        node = self.node.children[tag]
        return DummyPolicy(node, {}) if is_dummy else _policy_of(node, self._known)


class DummyPolicy(Policy):
    """Inside a dummy sequence only values stand that the engine writes itself."""

    __slots__ = ()

    def __missing__(self, tag: int) -> Rule | None:
        """Let nothing but dummy values stand."""
        rule = Rule(Check.DUMMY, is_sequence=self.node[tag].vr == "SQ")
        self[tag] = rule
        return rule

    def private(self, key: tuple[str, int, int]) -> Rule | None:  # noqa: ARG002  (none)
        """Let no private element stand."""
        return ABSENT

    def inside(self, tag: int, *, is_dummy: bool) -> Policy:  # noqa: ARG002  (all are)
        """Return the same for the items of a sequence."""
        return DummyPolicy(self.node.children[tag], {})


def _policy_of(node: Node, known: dict[int, Policy]) -> Policy:
    policy = known.get(id(node))
    if policy is None:
        policy = known[id(node)] = Policy(node, known)
    return policy


class _ByIdentity:
    """Makes the roots of a plan a key of a cache."""

    __slots__ = ("roots",)

    def __init__(self, roots: Roots) -> None:
        self.roots = roots

    def __hash__(self) -> int:
        return id(self.roots)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.roots is self.roots


@lru_cache(maxsize=8)
def _known_policies(_roots: _ByIdentity) -> dict[int, Policy]:
    return {}


def root_policy(plan: Plan, sop_class_uid: str) -> Policy:
    """Return the policy of the root of a SOP class under `plan`."""
    known = _known_policies(_ByIdentity(plan.roots))
    return _policy_of(plan.roots[sop_class_uid], known)
