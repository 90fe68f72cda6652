"""The release gate: nothing leaves that was not read again as it was written."""

from pipelines.context import RangeReader, SubjectContext
from pipelines.errors import ResidualError
from pipelines.objects import Cleaned
from pipelines.verify.head import IMPLICIT_VR_LITTLE_ENDIAN, check_head
from pipelines.verify.identity import count_values
from pipelines.verify.judgement import Judge
from pipelines.verify.policy import is_kept_on_purpose, root_policy
from pipelines.verify.reference import (
    SERIES_INSTANCE_UID,
    SOP_INSTANCE_UID,
    STUDY_INSTANCE_UID,
    check_references,
)
from pipelines.verify.scan import Places, Scan
from pipelines.verify.search import search_of
from pipelines.verify.structure import Walk
from pipelines.verify.uids import UidSearch
from pipelines.verify.validity import check_validity
from pipelines.verify.window import Window
from rules.plan import Plan
from rules.vocabulary import Operation

_MAX_IDENTITY_VALUES = 2000
_UNREADABLE = "unreadable-sequence.removed"
_PATIENT = (0x00100010, 0x00100020)
_IDENTITY_REMOVED, _METHOD = 0x00120062, 0x00120063
_SOP_CLASS_UID = 0x00080016


def verify_written(
    written: RangeReader, *, cleaned: Cleaned, plan: Plan, context: SubjectContext
) -> None:
    """Return where the written object may be released.

    Parameters
    ----------
    written : RangeReader
        The whole file, as it was written.
    cleaned : Cleaned
        What the engine says it is, and the evidence of the source.

    Raises
    ------
    ResidualError
        `verify.structure`, `verify.identity`, `verify.reference`, `verify.validity`, with
        the place of what was found and never its value.
    """
    window = Window(written)
    start = check_head(
        window.first,
        sop_class_uid=cleaned.sop_class_uid,
        sop_instance_uid=cleaned.sop_instance_uid,
        transfer_syntax_uid=cleaned.transfer_syntax_uid,
    )
    implicit = cleaned.transfer_syntax_uid == IMPLICIT_VR_LITTLE_ENDIAN
    policy = root_policy(plan, cleaned.sop_class_uid)
    pseudonym = context.pseudonym.encode("ascii")
    evidence = cleaned.evidence

    accessions = frozenset(each.encode("ascii") for each in context.accessions.values())
    walk = Walk(window, pseudonym=pseudonym, accessions=accessions)
    walk.run(start, policy, implicit=implicit)
    if sum(count_values(each) for each in evidence.identity) > _MAX_IDENTITY_VALUES:
        raise ResidualError("verify.identity", where="more values than can be searched")
    search = search_of(evidence.identity)
    Scan(
        window,
        Places(written, start=start, policy=policy, implicit=implicit),
        search=search,
        judge=Judge(search, plan=plan, pseudonym=pseudonym),
        uids=UidSearch(evidence.uids),
    ).run(walk, transfer_syntax_uid=cleaned.transfer_syntax_uid)
    if walk.problem:
        raise ResidualError("verify.structure", where=walk.problem)
    _check_root(walk, cleaned, plan)
    check_validity(
        policy.node,
        present=evidence.present,
        present_empty=evidence.present_empty,
        filled=walk.filled,
        empty=walk.empty,
        may_lose_sequences=_UNREADABLE in cleaned.report.notes,
    )


def _check_root(walk: Walk, cleaned: Cleaned, plan: Plan) -> None:
    """Check what a released data set must say of itself."""
    captured = {tag: value.strip(b"\0 ") for tag, value in walk.captured.items()}
    node = plan.roots[cleaned.sop_class_uid]
    for tag in _PATIENT:
        if tag not in captured and node[tag].operation is Operation.PSEUDONYM:
            raise ResidualError("verify.structure", where="pseudonym")
    if captured.get(_IDENTITY_REMOVED) != b"YES":
        raise ResidualError("verify.structure", where="(0012,0062)")
    method = captured.get(_METHOD, b"")
    said = f"\\sha256:{plan.hash[:32]}".encode("ascii")
    if not (method.startswith(b"Narthex ") and method.endswith(said)):
        raise ResidualError("verify.structure", where="(0012,0063)")
    if captured.get(_SOP_CLASS_UID) != cleaned.sop_class_uid.encode("ascii"):
        raise ResidualError("verify.structure", where="(0008,0016)")
    expected = {
        SOP_INSTANCE_UID: cleaned.sop_instance_uid,
        STUDY_INSTANCE_UID: cleaned.study_instance_uid,
        SERIES_INSTANCE_UID: cleaned.series_instance_uid,
    }
    check_references(
        captured,
        expected=expected,
        uids=cleaned.evidence.uids,
        kept=[tag for tag in expected if is_kept_on_purpose(node[tag])],
    )
