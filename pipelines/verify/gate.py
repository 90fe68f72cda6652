"""The release gate: nothing leaves that was not read again as it was written."""

from pipelines.context import RangeReader, SubjectContext
from pipelines.errors import ResidualError
from pipelines.objects import Cleaned
from pipelines.verify.documents import ENCAPSULATED_DOCUMENT, check_document
from pipelines.verify.faces import check_faces, was_examined
from pipelines.verify.head import IMPLICIT_VR_LITTLE_ENDIAN, check_head
from pipelines.verify.identity import count_values
from pipelines.verify.judgement import Judge
from pipelines.verify.ours import (
    PRIVATE_CHARACTERISTICS_SEQUENCE,
    characteristics,
    equipment_item,
    our_rules,
)
from pipelines.verify.pairs import Pairs
from pipelines.verify.places import show
from pipelines.verify.policy import is_kept_on_purpose, root_policy
from pipelines.verify.reference import (
    SERIES_INSTANCE_UID,
    SOP_INSTANCE_UID,
    STUDY_INSTANCE_UID,
    check_references,
)
from pipelines.verify.scan import Places, Scan
from pipelines.verify.search import search_of
from pipelines.verify.source import Source
from pipelines.verify.structure import Walk
from pipelines.verify.uids import UidSearch
from pipelines.verify.window import Window
from rules.plan import Plan
from rules.vocabulary import Operation

_MAX_IDENTITY_VALUES = 2000
_UNREADABLE = "unreadable-sequence.removed"
_PATIENT = (0x00100010, 0x00100020)
_IDENTITY_REMOVED, _METHOD = 0x00120062, 0x00120063
_SOP_CLASS_UID = 0x00080016
_IMAGE_TYPE, _LABEL_IN_IMAGE = 0x00080008, 0x00480010
_CODES = ("verify.structure", "verify.reference", "verify.validity")


def verify_written(
    written: RangeReader, *, cleaned: Cleaned, plan: Plan, context: SubjectContext
) -> None:
    """Return where the written object may be released.

    Parameters
    ----------
    written : RangeReader
        The whole file, as it was written.
    cleaned : Cleaned
        What the engine says it is, the source, and the evidence of it.

    Raises
    ------
    ResidualError
        `verify.structure`, `verify.identity`, `verify.reference`, `verify.validity`,
        `verify.pixels`, with the place of what was found and never its value.
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

    source = Source(cleaned.source, implicit=implicit)
    walk = Walk(
        window,
        pseudonym=pseudonym,
        accessions=frozenset(each.encode("ascii") for each in context.accessions.values()),
        pairs=Pairs(
            source,
            uids=evidence.uids,
            shift_days=context.shift_days,
            may_lose_sequences=_UNREADABLE in cleaned.report.notes,
            ours=our_rules(was_examined=was_examined(cleaned, source)),
        ),
    )
    walk.run(start, policy, implicit=implicit)
    if sum(count_values(each) for each in evidence.identity) > _MAX_IDENTITY_VALUES:
        raise ResidualError("verify.identity", where="more values than can be searched")
    search = search_of(evidence.identity)
    judge = Judge(search, plan=plan, pseudonym=pseudonym)
    Scan(
        window,
        Places(written, start=start, policy=policy, implicit=implicit),
        search=search,
        judge=judge,
        uids=UidSearch(evidence.uids),
    ).run(walk, transfer_syntax_uid=cleaned.transfer_syntax_uid)
    for code in _CODES:
        if code in walk.problems:
            raise ResidualError(code, where=walk.problems[code])
    _check_root(walk, cleaned, plan)
    _check_ours(walk, window, implicit=implicit)
    _check_label(walk, source)
    check_faces(walk, window, source, cleaned=cleaned, plan=plan)
    rule = policy[ENCAPSULATED_DOCUMENT]
    if rule is not None and ENCAPSULATED_DOCUMENT in walk.spans:
        check_document(rule, walk, window, search=search, judge=judge)


def _check_root(walk: Walk, cleaned: Cleaned, plan: Plan) -> None:
    """Check what a released data set must say of itself."""
    captured = {tag: value.strip(b"\0 ") for tag, value in walk.captured.items()}
    node = plan.roots[cleaned.sop_class_uid]
    for tag in _PATIENT:
        if tag not in captured and node[tag].operation is Operation.PSEUDONYM:
            raise ResidualError("verify.structure", where="pseudonym")
    if captured.get(_IDENTITY_REMOVED) != b"YES":
        raise ResidualError("verify.structure", where=show(_IDENTITY_REMOVED))
    method = captured.get(_METHOD, b"")
    said = f"\\sha256:{plan.hash[:32]}".encode("ascii")
    if not (method.startswith(b"Narthex ") and method.endswith(said)):
        raise ResidualError("verify.structure", where=show(_METHOD))
    if captured.get(_SOP_CLASS_UID) != cleaned.sop_class_uid.encode("ascii"):
        raise ResidualError("verify.structure", where=show(_SOP_CLASS_UID))
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


def _check_ours(walk: Walk, window: Window, *, implicit: bool) -> None:
    """Check that our equipment is named, and the private blocks that stay, and no others."""
    # of UN the items are implicit VR (PS3.5, 6.2.2)
    forms = {equipment_item(implicit=True), equipment_item(implicit=implicit)}
    if window.read(*walk.equipment) not in forms:
        raise ResidualError("verify.structure", where="equipment")
    expected = characteristics(walk.blocks, implicit=implicit)
    tag = PRIVATE_CHARACTERISTICS_SEQUENCE
    written = window.read(*walk.spans[tag]) if tag in walk.spans else b""
    if written != expected or (tag in walk.spans) is not bool(expected):
        raise ResidualError("verify.structure", where=show(tag))


def _check_label(walk: Walk, source: Source) -> None:
    """Hold the label of a slide, which names the patient in its pixels."""
    stated = (
        source.text(source.root, _IMAGE_TYPE),
        walk.captured.get(_IMAGE_TYPE, b"").decode("latin-1"),
    )
    types = {each.strip("\0 ").upper() for text in stated if text for each in text.split("\\")}
    shows = (source.text(source.root, _LABEL_IN_IMAGE) or "").upper()
    if "LABEL" in types or shows == "YES" or ("OVERVIEW" in types and shows != "NO"):
        raise ResidualError("verify.structure", where=show(_IMAGE_TYPE))
