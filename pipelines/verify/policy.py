"""What the plan allows in the written object, place by place.

The mirror of `rules.plan.Node` for the gate: a dictionary that fills itself, from tag to
what must be checked of an element; None where nothing must be.
"""

from functools import lru_cache

from pipelines.verify.demands import ABSENT, Check, Rule
from rules.entries import CODED_TEXT_VRS, CUT_SECTIONS, PROFILE, SECTIONS, TEXT_VRS
from rules.plan import ConceptKey, Entry, Node, Plan, Roots
from rules.vocabulary import Operation, Option

_CHECKS = {
    Operation.EMPTY: Check.EMPTY,
    Operation.DUMMY: Check.DUMMY,
    Operation.REPLACE_UID: Check.UID,
    Operation.PSEUDONYM: Check.PSEUDONYM,
    Operation.ACCESSION: Check.ACCESSION,
    Operation.CLEAN_TEXT: Check.TEXT,
    Operation.CLEAN_KNOWN: Check.CODED,
    Operation.CLEAN_DOCUMENT: Check.DOCUMENT,
    Operation.SHIFT_DATE: Check.DATE,
    Operation.CAP_AGE: Check.AGE,
}
_GONE = frozenset([Operation.REMOVE, Operation.HOLD])
_FORBIDDEN_GROUPS = frozenset([0x0000, 0x0002, 0x0004])
_LAST_GROUP = 0xFEFF
_UNKNOWN_VRS = frozenset(["", "UN"])
_SAFE_PRIVATE = SECTIONS[Option.RETAIN_SAFE_PRIVATE]


def rule_of(entry: Entry, *, cuts_known: bool) -> Rule | None:
    """Return what `entry` demands of the written element; None where nothing.

    Parameters
    ----------
    cuts_known : bool
        What is known of the subject may have been cut out of texts that the plan keeps.
    """
    each = (entry, *(other for _, other in entry.alternatives))
    stay = [one for one in each if one.operation not in _GONE]
    rules = {_rule_of(one, cuts_known=cuts_known) for one in stay}
    if not rules:
        return ABSENT
    if len(rules) == 1:
        return rules.pop()
    # one of several things, by a condition
    return Rule(Check.EITHER, is_sequence=True) if entry.vr == "SQ" else None


def _rule_of(entry: Entry, *, cuts_known: bool) -> Rule | None:
    is_listed = entry.section == _SAFE_PRIVATE
    check = _CHECKS.get(entry.operation)
    if check is not None:
        return Rule(
            check,
            is_sequence=entry.vr == "SQ",
            vr=entry.vr,
            fallback=entry.fallback,
            is_listed=is_listed,
        )
    if entry.vr == "SQ":
        return Rule(Check.ITEMS, is_sequence=True, is_listed=is_listed)
    if entry.vr in _UNKNOWN_VRS:
        return Rule(Check.UNKNOWN, is_listed=is_listed)
    if entry.unfit_note:
        return Rule(Check.FIT, vr=entry.vr, is_listed=is_listed)
    if cuts_known and entry.section in CUT_SECTIONS and entry.vr in TEXT_VRS | CODED_TEXT_VRS:
        check = Check.CODED if entry.vr in CODED_TEXT_VRS else Check.TEXT
        return Rule(check, vr=entry.vr, fallback=entry.fallback, is_kept=True)
    return Rule(Check.FREE, is_listed=True) if is_listed else None


def is_kept_on_purpose(entry: Entry) -> bool:
    """Return True where a rule or an option, not the profile, keeps the element."""
    return any(
        each.operation is Operation.KEEP and each.section != PROFILE
        for each in (entry, *(other for _, other in entry.alternatives))
    )


class Policy(dict[int, Rule | None]):
    """Rules of the standard elements of one place, by tag; filled on first look-up.

    Parameters
    ----------
    node : Node
    known : dict[int, Policy]
        Policies of all places of the plan, by the identity of their node.
    cuts_known : bool
        See `rule_of`.
    """

    __slots__ = ("_known", "_private", "cuts_known", "node")

    def __init__(self, node: Node, known: "dict[int, Policy]", *, cuts_known: bool) -> None:
        super().__init__()
        self.node = node
        self.cuts_known = cuts_known
        self._known = known
        self._private: dict[tuple[str, int, int], Rule | None] = {}

    def __missing__(self, tag: int) -> Rule | None:
        """Ask the plan once."""
        group = tag >> 16
        if tag & 0xFFFF == 0 or group in _FORBIDDEN_GROUPS or group > _LAST_GROUP:
            rule: Rule | None = ABSENT
        else:
            rule = rule_of(self.node[tag], cuts_known=self.cuts_known)
        self[tag] = rule
        return rule

    def keeps(self, tag: int) -> bool:
        """Return whether the plan keeps a standard element."""
        return self.node[tag].operation is Operation.KEEP

    def private(self, key: tuple[str, int, int]) -> Rule | None:
        """Return the rule of a private element."""
        if key not in self._private:
            entry = self.node.private[key]
            self._private[key] = rule_of(entry, cuts_known=self.cuts_known)
        return self._private[key]

    def inside(self, tag: int, *, is_dummy: bool) -> "Policy":
        """Return the policy of the items of a sequence."""
        node = self.node.children[tag]
        return DummyPolicy(node, {}, cuts_known=False) if is_dummy else self._of(node)

    @property
    def holds_content(self) -> bool:
        """Return whether the items of this place are content items, each with its concept."""
        return self.node.content is not None

    def of_concept(self, concept: ConceptKey | None) -> "Policy | None":
        """Return the policy of a content item of this place; None: it must go."""
        if concept is None or self.node.content is None:
            return self
        node = self.node.content[concept]
        return None if node is None else self._of(node)

    def _of(self, node: Node) -> "Policy":
        return _policy_of(node, self._known, cuts_known=self.cuts_known)


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
        return DummyPolicy(self.node.children[tag], {}, cuts_known=False)


def _policy_of(node: Node, known: dict[int, Policy], *, cuts_known: bool) -> Policy:
    policy = known.get(id(node))
    if policy is None:
        policy = known[id(node)] = Policy(node, known, cuts_known=cuts_known)
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
    cuts_known = Option.CLEAN_DESCRIPTORS in plan.options
    return _policy_of(plan.roots[sop_class_uid], known, cuts_known=cuts_known)
