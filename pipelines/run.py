"""The way of one object through the pipelines.

``inspect`` → (the gateway asks the vault for the subject context) → ``clean`` →
(the gateway writes the segments) → ``verify`` over what was written → release.

Whatever is raised as `pipelines.errors.HeldError` holds the object, with its code.
"""

import re
from collections.abc import Collection
from collections.abc import Set as AbstractSet

from pydicom.uid import MediaStorageDirectoryStorage

from pipelines.context import RangeReader, Segment, SubjectContext
from pipelines.copies import PIXEL_TAGS, place_of_copies
from pipelines.deface.decision import DecidedBy, FaceDecision
from pipelines.errors import HeldError, MalformedError
from pipelines.faces import (
    RECOGNIZABLE_VISUAL_FEATURES,
    Faced,
    carry_out,
    features_removed,
)
from pipelines.identity import IDENTITY_TAGS
from pipelines.metadata.characteristics import (
    PRIVATE_DATA_ELEMENT_CHARACTERISTICS_SEQUENCE,
    declarations,
    encode_characteristics,
)
from pipelines.metadata.documents import ENCAPSULATED_DOCUMENT, ENCAPSULATED_DOCUMENT_LENGTH
from pipelines.metadata.encode import encode_element
from pipelines.metadata.head import encode_head
from pipelines.metadata.identity import collect_identity
from pipelines.metadata.known import TEXT_TAGS
from pipelines.metadata.method import (
    CONTRIBUTING_EQUIPMENT_SEQUENCE,
    DEIDENTIFICATION_METHOD_CODE_SEQUENCE,
    code_sequence,
    codes_of,
    equipment_item,
    method_elements,
)
from pipelines.metadata.opening import open_object, read_normalised
from pipelines.metadata.outline import Outline
from pipelines.metadata.replacement import PATIENT_ID, PATIENT_NAME
from pipelines.metadata.root import RootLookup
from pipelines.metadata.sop_classes import is_transfer_syntax, storage_sop_classes
from pipelines.metadata.texts import Texts
from pipelines.metadata.walk import Walk
from pipelines.objects import Cleaned, Evidence, IdentityValue, Inspection
from pipelines.report import Report
from pipelines.verify import verify_written
from pipelines.verify.search import search_of
from rules.plan import Node, Plan
from rules.vocabulary import Operation, Option

_REQUIRED = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "PatientID",
    "IssuerOfPatientID",
)
__all__ = ["Cleaned", "Evidence", "IdentityValue", "Inspection", "clean", "inspect", "verify"]

_uid = re.compile(r"[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]+)*")
_UID_CHARACTERS = 64
_PERSON_DECIDED = ("Face: decided by a person",)
"""In De-identification Method (0012,0063)."""


def inspect(
    source: RangeReader,
    *,
    attributes: Collection[str],
    private_sop_classes: Collection[str] = (),
) -> Inspection:
    """Read what routing and the vault need.

    Parameters
    ----------
    source : RangeReader
        A DICOM file (PS3.10), with or without preamble and meta information.
    attributes : Collection[str]
        DICOM keywords of root attributes, for conditions.
    private_sop_classes : Collection[str]
        Taken beside the storage SOP classes of the standard.

    Raises
    ------
    pipelines.errors.HeldError
        `identity.missing`, `metadata.no-uid`, `sop-class.unsupported`,
        `transfer-syntax.unsupported`.
    pipelines.errors.MalformedError
    """
    outline, normalised = open_object(source)
    root = RootLookup.of_outline(outline)
    values = {keyword: root(keyword) or "" for keyword in _REQUIRED}
    if not is_transfer_syntax(outline.head.transfer_syntax_uid):
        raise HeldError("transfer-syntax.unsupported")
    if outline.head.sop_class_uid == MediaStorageDirectoryStorage:
        raise HeldError("sop-class.unsupported", where="DICOMDIR")
    if not values["SOPClassUID"]:
        raise HeldError("metadata.no-uid", where="SOPClassUID")
    if (
        values["SOPClassUID"] not in storage_sop_classes()
        and values["SOPClassUID"] not in private_sop_classes
    ):
        raise HeldError("sop-class.unsupported")
    for keyword in _REQUIRED[1:4]:
        if not values[keyword]:
            raise HeldError("metadata.no-uid", where=keyword)
    if not values["PatientID"]:
        raise HeldError("identity.missing")
    asked = {keyword: root(keyword) for keyword in attributes}
    return Inspection(
        sop_class_uid=values["SOPClassUID"],
        sop_instance_uid=values["SOPInstanceUID"],
        study_instance_uid=values["StudyInstanceUID"],
        series_instance_uid=values["SeriesInstanceUID"],
        transfer_syntax_uid=outline.head.transfer_syntax_uid,
        patient_id=values["PatientID"],
        issuer=values["IssuerOfPatientID"],
        attributes={k: v for k, v in asked.items() if v is not None},
        outline=outline,
        normalised=normalised,
    )


def clean(
    source: RangeReader,
    *,
    plan: Plan,
    context: SubjectContext,
    inspection: Inspection,
    explain: bool,
    face: FaceDecision | None,
) -> Cleaned:
    """Clean one object.

    Parameters
    ----------
    source : RangeReader
        The one that was inspected.
    inspection : Inspection
        Of this object; what it read is not read again.
    explain : bool
        True: the report lists every change.
    face : FaceDecision or None
        What was decided about it with its study (`pipelines.deface`); None: nobody looked.
        Where the plan does not ask for faces it does not count.

    Raises
    ------
    pipelines.errors.RefusedError
        A rule leaves nothing of the object.
    pipelines.errors.HeldError
    pipelines.errors.AccessionsNeededError
        `context` lacks pseudonyms of accession numbers.
    """
    outline = inspection.outline
    normalised = inspection.normalised
    try:
        return _clean(outline, plan, context, explain=explain, normalised=normalised, face=face)
    except MalformedError as error:
        if normalised or error.code != "metadata.malformed":
            raise
    # The walk met something inside a sequence that it can't read; pydicom may.
    outline = read_normalised(source)
    return _clean(outline, plan, context, explain=explain, normalised=True, face=face)


def _clean(
    outline: Outline,
    plan: Plan,
    context: SubjectContext,
    *,
    explain: bool,
    normalised: bool,
    face: FaceDecision | None,
) -> Cleaned:
    root = RootLookup.of_outline(outline)
    _hold_label(root)
    _hold_unavailable(plan, outline.by_tag.keys())
    faced = carry_out(outline, plan=plan, face=face)
    if faced.outline is not outline:
        outline = faced.outline
        root = RootLookup.of_outline(outline)
    sop_class_uid = root("SOPClassUID") or ""
    node = plan.roots[sop_class_uid]
    implicit = outline.head.implicit
    found = collect_identity(outline, node, IDENTITY_TAGS | TEXT_TAGS)
    identity = tuple(
        IdentityValue(tag=tag, value=value, encodings=encodings)
        for tag, value, encodings in sorted(found)
        if tag in IDENTITY_TAGS
    )
    texts = Texts(found)
    declared = declarations(outline)
    additions = _additions(outline, plan, context, node, faced=faced)

    def walked(*, cuts_known: bool) -> tuple[Walk, list[Segment], dict[int, int]]:
        walk = Walk(
            outline,
            context=context,
            root=root,
            texts=texts,
            declared=declared,
            cuts_known=cuts_known,
            explain=explain,
        )
        return walk, *walk.run(
            node, additions, items={CONTRIBUTING_EQUIPMENT_SEQUENCE: equipment_item}
        )

    walk, segments, positions = walked(cuts_known=False)
    walk.replacement.accessions.check()
    if Option.CLEAN_DESCRIPTORS in plan.options and _may_hold(segments, identity):
        walk, segments, positions = walked(cuts_known=True)
    notes = walk.trail.notes | faced.notes
    codes = codes_of(plan, notes)
    segments[positions[DEIDENTIFICATION_METHOD_CODE_SEQUENCE]] = code_sequence(
        codes, implicit=implicit
    )
    segments[positions[PRIVATE_DATA_ELEMENT_CHARACTERISTICS_SEQUENCE]] = encode_characteristics(
        walk.private_blocks, implicit=implicit
    )
    if ENCAPSULATED_DOCUMENT_LENGTH in positions:
        segments[positions[ENCAPSULATED_DOCUMENT_LENGTH]] = _document_length(outline, walk)
    if faced.evidence is not None:
        copies = place_of_copies(segments, outline.source, head=outline.head)
        if copies:
            raise HeldError("face.unsupported", where=copies)
    # under retain-uids, or by a rule, the three UIDs may stay
    replaced = walk.replacement.uids.replaced
    new = {k: replaced.get(v, v) for k in _REQUIRED[1:4] if (v := root(k) or "")}
    for keyword, uid in new.items():
        # Several values, or text that would stay and can't name a file. Letters may be kept:
        # test objects have them, and a rule may say so.
        if len(uid) > _UID_CHARACTERS or not _uid.fullmatch(uid):
            raise HeldError("metadata.no-uid", where=keyword)
    head = encode_head(
        sop_class_uid=sop_class_uid,
        sop_instance_uid=new["SOPInstanceUID"],
        transfer_syntax_uid=outline.head.transfer_syntax_uid,
    )
    return Cleaned(
        segments=(head, *(s for s in segments if s != b"")),
        source=outline.source,
        sop_class_uid=sop_class_uid,
        transfer_syntax_uid=outline.head.transfer_syntax_uid,
        sop_instance_uid=new["SOPInstanceUID"],
        study_instance_uid=new["StudyInstanceUID"],
        series_instance_uid=new["SeriesInstanceUID"],
        report=Report(
            plan=plan.hash,
            actions=dict(walk.trail.counts),
            methods=tuple(code.value for code in codes),
            normalised=normalised,
            notes=tuple(sorted(notes)),
            reasons=dict(sorted(walk.trail.reasons.items())),
            face=faced.outcome,
            face_figures=dict(faced.figures),
            face_decided_by=faced.decided_by,
            changes=tuple(walk.trail.changes),
        ),
        evidence=Evidence(
            identity=identity,
            uids=walk.replacement.uids.replaced,
            face=faced.evidence,
        ),
    )


def _additions(
    outline: Outline, plan: Plan, context: SubjectContext, node: Node, *, faced: Faced
) -> dict[int, bytes]:
    """Return the elements that we put at the root, by tag; empty where only the walk knows."""
    tags = outline.by_tag.keys()
    implicit = outline.head.implicit
    remarks = _PERSON_DECIDED if faced.decided_by == DecidedBy.PERSON else ()
    additions = method_elements(plan, implicit=implicit, remarks=remarks)
    # once we know what ran, and what stays
    additions[DEIDENTIFICATION_METHOD_CODE_SEQUENCE] = b""
    additions[PRIVATE_DATA_ELEMENT_CHARACTERISTICS_SEQUENCE] = b""
    if faced.is_examined:
        additions[RECOGNIZABLE_VISUAL_FEATURES] = features_removed(implicit=implicit)
    if ENCAPSULATED_DOCUMENT_LENGTH in tags and ENCAPSULATED_DOCUMENT in tags:
        additions[ENCAPSULATED_DOCUMENT_LENGTH] = b""
    said = node[CONTRIBUTING_EQUIPMENT_SEQUENCE].operation is Operation.KEEP
    if CONTRIBUTING_EQUIPMENT_SEQUENCE not in tags or not said:
        additions[CONTRIBUTING_EQUIPMENT_SEQUENCE] = encode_element(
            CONTRIBUTING_EQUIPMENT_SEQUENCE,
            b"SQ",
            equipment_item(implicit=implicit),
            implicit=implicit,
        )
    for tag, vr in ((PATIENT_NAME, b"PN"), (PATIENT_ID, b"LO")):
        if tag not in tags and node[tag].operation is Operation.PSEUDONYM:
            additions[tag] = encode_element(
                tag, vr, context.pseudonym.encode("ascii"), implicit=implicit
            )
    return additions


def _document_length(outline: Outline, walk: Walk) -> bytes:
    """Return Encapsulated Document Length: the new document's, or as it was."""
    size = walk.replacement.document_bytes
    if size is None:
        element = outline.by_tag[ENCAPSULATED_DOCUMENT_LENGTH]
        return outline.buffer[element.start : element.following]
    value = size.to_bytes(4, "little")
    implicit = outline.head.implicit
    return encode_element(ENCAPSULATED_DOCUMENT_LENGTH, b"UL", value, implicit=implicit)


def _may_hold(segments: list[Segment], identity: tuple[IdentityValue, ...]) -> bool:
    """Return whether an identifier may still stand in what was cleaned."""
    data = b"".join(segment for segment in segments if isinstance(segment, bytes))
    return any(True for _ in search_of(identity).candidates(data, len(data)))


def _hold_label(root: RootLookup) -> None:
    """Hold the image of a slide's label: it shows who the patient is (PS3.3, C.8.12.4)."""
    image_type = {value.strip().upper() for value in (root("ImageType") or "").split("\\")}
    shows = (root("SpecimenLabelInImage") or "").strip().upper()
    if "LABEL" in image_type or shows == "YES" or ("OVERVIEW" in image_type and shows != "NO"):
        raise HeldError("pixels.label")


def _hold_unavailable(plan: Plan, tags: AbstractSet[int]) -> None:
    """Hold what an option of the plan concerns while the option's engine is not there."""
    code = plan.unavailable.get(Option.CLEAN_PIXEL_DATA)
    if code is not None and PIXEL_TAGS & tags:
        raise HeldError(code)


def verify(written: RangeReader, *, cleaned: Cleaned, plan: Plan, context: SubjectContext) -> None:
    """Search the written bytes for what is left of the subject; raise or return.

    Raises
    ------
    pipelines.errors.ResidualError
    """
    verify_written(written, cleaned=cleaned, plan=plan, context=context)
