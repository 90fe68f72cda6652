"""Plant identities in standard attributes: at the root, in what the header has, in items."""

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from ops.bench.identities.paths import Path, resolve, walk
from ops.bench.identities.persons import make_id
from ops.bench.identities.phrases import Secret, compose
from ops.bench.identities.standard import AttributeRow, Profile, is_class_uid
from ops.bench.identities.texts import make_text
from ops.bench.identities.values import Planted, make_date, make_time, make_uid, make_value
from ops.bench.identities.work import Kind, Sibling, Work, put

_CHARACTERISTICS = {
    "EthnicGroup": "Caucasian",
    "EthnicGroups": "Celtic",
    "PatientSexNeutered": "ALTERED",
    "SexParametersforClinicalUseCategoryReference": "https://example.org/spcu",
    "SmokingStatus": "YES",
    "TimezoneOffsetFromUTC": "+0130",
}
_KEPT_SEQUENCES = (
    "AnatomicRegionSequence",
    "CTDIPhantomTypeCodeSequence",
    "DerivationCodeSequence",
    "FrameAnatomySequence",
    "MRImagingModifierSequence",
    "ProcedureCodeSequence",
    "RealWorldValueMappingSequence",
    "ViewCodeSequence",
)
_DESCRIPTORS = (
    "AcquisitionDeviceProcessingDescription",
    "AcquisitionComments",
    "AcquisitionProtocolDescription",
    "AdditionalPatientHistory",
    "AdmittingDiagnosesDescription",
    "Allergies",
    "CommentsOnThePerformedProcedureStep",
    "ContrastBolusAgent",
    "DerivationDescription",
    "ImageComments",
    "MedicalAlerts",
    "Occupation",
    "PatientComments",
    "PatientState",
    "PerformedProcedureStepDescription",
    "PreMedication",
    "ProtocolName",
    "ReasonForStudy",
    "ReasonForTheImagingServiceRequest",
    "ReasonForTheRequestedProcedure",
    "ReasonForVisit",
    "RequestedContrastAgent",
    "RequestedProcedureComments",
    "RequestedProcedureDescription",
    "ScheduledProcedureStepDescription",
    "SeriesDescription",
    "SpecialNeeds",
    "StudyComments",
    "StudyDescription",
    "VisitComments",
)


def tag_of(keyword: str) -> BaseTag:
    """Return the tag of a keyword of the dictionary."""
    number = tag_for_keyword(keyword)
    if number is None:
        raise KeyError(keyword)
    return Tag(number)


def plant_identity(work: Work) -> None:
    """Make the subject the patient of the object."""
    subject, rng, dataset = work.subject, work.rng, work.dataset
    referring, performing, operator = subject.staff[:3]
    own = subject.person
    visit_time = make_time(rng)
    values: dict[str, tuple[str, str, tuple[str, ...]]] = {
        "PatientName": (
            "PN",
            rng.choice((own.pn, own.pn, own.pn.upper())),
            (*own.needles, own.family),
        ),
        "PatientID": ("LO", subject.patient_id + rng.choice(("", " ")), (subject.patient_id,)),
        "IssuerOfPatientID": ("LO", subject.issuer, (subject.issuer,)),
        "PatientBirthDate": ("DA", f"{subject.birth:%Y%m%d}", (f"{subject.birth:%Y%m%d}",)),
        "PatientSex": ("CS", subject.sex, ()),
        "PatientAge": ("AS", subject.age, ()),
        "PatientMotherBirthName": (
            "PN",
            subject.mother.pn,
            (*subject.mother.needles, subject.mother.family),
        ),
        "PatientAddress": ("LO", subject.address, (subject.address,)),
        "PatientTelephoneNumbers": ("SH", subject.phone, (subject.phone,)),
        "PatientTelecomInformation": ("LT", subject.email, (subject.email,)),
        "InstitutionName": ("LO", subject.institution, (subject.institution,)),
        "InstitutionAddress": ("ST", subject.institution_address, (subject.institution_address,)),
        "ReferringPhysicianName": ("PN", referring.pn, (*referring.needles, referring.family)),
        "PerformingPhysicianName": ("PN", performing.pn, (*performing.needles, performing.family)),
        "OperatorsName": ("PN", operator.pn, (*operator.needles, operator.family)),
        "StudyDate": ("DA", f"{work.study.day:%Y%m%d}", ()),
        "SeriesDate": ("DA", make_date(rng, subject), ()),
        "StudyTime": ("TM", visit_time, ()),
    }
    for keyword, number in (("AccessionNumber", subject.accession), ("StudyID", make_id(rng))):
        values[keyword] = ("SH", number, (number,))
    for keyword, (vr, value, needles) in values.items():
        put(dataset, tag_of(keyword), vr=vr, value=value)
        kind = Kind.DATE if vr in ("DA", "TM") else Kind.STRUCTURED
        kind = Kind.CHARACTERISTIC if keyword in ("PatientSex", "PatientAge") else kind
        work.plant((_step(keyword),), kind, needles=needles)
    plant_characteristics(work)
    aliases = list(subject.other_ids[:2])
    put(dataset, tag_of("OtherPatientIDs"), vr="LO", value=aliases)
    work.plant((_step("OtherPatientIDs"),), Kind.STRUCTURED, needles=tuple(aliases))


def plant_characteristics(work: Work) -> None:
    """Say how tall and heavy the subject is, what they smoke and where they come from."""
    rng = work.rng
    for keyword, vr, value in (
        ("PatientSize", "DS", f"1.{rng.randrange(45, 98)}"),
        ("PatientWeight", "DS", f"{rng.randrange(38, 129)}.{rng.randrange(10)}"),
        ("EthnicGroup", "SH", rng.choice(("Caucasian", "Han", "Inuit", "2106-3"))),
        ("SmokingStatus", "CS", rng.choice(("YES", "NO", "UNKNOWN"))),
        ("PregnancyStatus", "US", rng.choice((1, 4))),
    ):
        put(work.dataset, tag_of(keyword), vr=vr, value=value)
        work.plant((_step(keyword),), Kind.CHARACTERISTIC)


def plant_descriptors(work: Work, count: int) -> None:
    """Put free text about the subject into descriptors."""
    for keyword in work.rng.sample(_DESCRIPTORS, count):
        vr = dictionary_VR(tag_of(keyword))
        text = make_text(work.rng, work.subject, {"LO": 64, "SH": 16, "ST": 1024}.get(vr, 4000))
        put(work.dataset, tag_of(keyword), vr=vr, value=text.value)
        work.plant_text((_step(keyword),), text)


def replant_header(work: Work) -> None:
    """Give every attribute of Table E.1-1 and every UID of the header an invented value."""
    for path, element in list(walk(work.dataset)):
        parent = _parent(work.dataset, path)
        if element.VR == "SQ" or element.is_empty or element.tag.is_private:
            continue
        if element.VR == "UI":
            if not is_class_uid(keyword_for_tag(element.tag)):
                element.value = _fresh_uids(work, element)
            continue
        row = work.standard.row(element.tag)
        if row is not None and element.tag.group < 0x5000:
            set_row(work, parent, path, row)
        elif _is_clinical_text(work, parent, element) and work.rng.random() < 0.5:
            text = make_text(work.rng, work.subject, 4000)
            element.value = text.value
            work.plant_text(path, text, Kind.SR_TEXT)


def _is_clinical_text(work: Work, item: Dataset, element: DataElement) -> bool:
    """Return True for a text whose concept Table E.3.4-1 does not take away."""
    if keyword_for_tag(element.tag) != "TextValue":
        return False
    names = item.get("ConceptNameCodeSequence") or [Dataset()]
    code = str(names[0].get("CodeValue", ""))
    scheme = str(names[0].get("CodingSchemeDesignator", ""))
    return work.standard.concept_letter(code, scheme, "TEXT") in ("", "C", "K")


def _fresh_uids(work: Work, element: DataElement) -> object:
    if isinstance(element.value, MultiValue):
        return [work.fresh(str(uid)) for uid in element.value]
    return work.fresh(str(element.value))


def _parent(dataset: Dataset, path: Path) -> Dataset:
    if len(path) == 1:
        return dataset
    index = path[-2]
    sequence = resolve(dataset, path[:-2])
    if sequence is None or not isinstance(index, int):
        raise LookupError(path)
    item = sequence.value[index]
    if not isinstance(item, Dataset):
        raise TypeError(path)
    return item


def _step(keyword: str) -> str:
    return f"{tag_of(keyword):08X}"


def set_row(work: Work, parent: Dataset, path: Path, row: AttributeRow) -> None:
    """Put an invented value for `row` into `parent`, whose place is `path`."""
    if row.tag == Tag(0x0042, 0x0011):  # a document keeps its bytes and gains a comment
        document = bytes(parent[row.tag].value).rstrip(b"\0") if row.tag in parent else b""
        comment = f"\n% {work.subject.person.given} {work.subject.patient_id}\n".encode()
        value = document + comment
        put(parent, row.tag, vr="OB", value=value + b"\0" * (len(value) % 2))
        work.plant(path, Kind.STRUCTURED, needles=work.subject.person.needles[:1])
        return
    planted = _value_of(work, row)
    if planted is None:
        return
    put(parent, row.tag, vr=row.vr, value=planted.value)
    if planted.text is not None:
        work.plant_text(path, planted.text)
        return
    kind = Kind.STRUCTURED if len(path) == 1 else Kind.SEQUENCE
    if row.vr in ("DA", "DT", "TM"):
        kind = Kind.DATE
    elif row.vr == "UI":
        kind = Kind.UID
    work.plant(path, kind, needles=planted.needles)


def _value_of(work: Work, row: AttributeRow) -> Planted | None:
    if row.keyword in _CHARACTERISTICS:
        return Planted(value=_CHARACTERISTICS[row.keyword])
    if row.keyword == "PatientSex":
        return Planted(value=work.subject.sex)
    if row.keyword == "ReasonForTheAttributeModification":
        return Planted(value="COERCE")
    return make_value(
        work.rng, work.subject, keyword=row.keyword, vr=row.vr, descriptor=row.descriptor
    )


def add_rows(work: Work, rows: list[AttributeRow]) -> None:
    """Add attributes of Table E.1-1 that the header lacks, at the root."""
    for row in rows:
        if row.tag in work.dataset or row.keyword == "ContentSequence":
            continue
        path = (f"{row.tag:08X}",)
        if row.vr == "SQ":
            put(work.dataset, row.tag, vr="SQ", value=Sequence([_item(work, path, row)]))
        elif row.tag == Tag(0x0042, 0x0011):
            continue
        else:
            set_row(work, work.dataset, path, row)


def _item(work: Work, path: Path, row: AttributeRow) -> Dataset:
    item = Dataset()
    inside = (*path, 0)
    if row.basic == "X/Z/U*" or row.keyword.startswith("ReferencedS"):
        sibling = sibling_of(work)
        item.ReferencedSOPClassUID = sibling.sop_class
        item.ReferencedSOPInstanceUID = sibling.uid
        return item
    item.CodeValue, item.CodingSchemeDesignator = "T-D3000", "SRT"
    if row.letter(Profile.RESEARCH) == "K":
        item.CodeMeaning = "Chest"
        return item
    person = work.rng.choice(work.subject.staff)
    item.CodeMeaning = person.spoken
    work.plant((*inside, _step("CodeMeaning")), Kind.SEQUENCE, needles=person.needles)
    for keyword in ("PatientName", "OtherPatientIDs", "PatientAddress"):
        inner = work.standard.rows[tag_of(keyword)]
        set_row(work, item, (*inside, _step(keyword)), inner)
    return item


def sibling_of(work: Work) -> Sibling:
    """Return an object of the same subject to point at, one that is nowhere if there is none."""
    if work.study.siblings:
        return work.rng.choice(work.study.siblings)
    uid, series = make_uid(work.rng), make_uid(work.rng)
    return Sibling("1.2.840.10008.5.1.4.1.1.2", uid, series, work.study.study_uid)


def nest(work: Work, rows: list[AttributeRow], depth: int) -> None:
    """Plant `rows` and a clinical code in items `depth` sequences deep, none in the table."""
    names = work.rng.sample(_KEPT_SEQUENCES, len(_KEPT_SEQUENCES))
    names = [name for name in names if tag_of(name) not in work.dataset]
    if not names:
        return
    parent: Dataset = work.dataset
    path: Path = ()
    undefined = work.rng.random() < 0.5
    for level in range(depth):
        name = names[level % len(names)]
        item = Dataset()
        item.CodeMeaning = work.rng.choice(("Chest", "Left hand", "White matter", "Bone"))
        put(parent, tag_of(name), vr="SQ", value=Sequence([item]))
        parent[tag_of(name)].is_undefined_length = undefined
        item.is_undefined_length_sequence_item = undefined
        path = (*path, _step(name), 0)
        parent = item
    for row in rows:
        if row.vr != "SQ" and row.tag != Tag(0x0042, 0x0011):
            set_row(work, parent, (*path, f"{row.tag:08X}"), row)


def plant_references(work: Work) -> None:
    """Point at an object of the same subject from places that are kept."""
    sop_class, uid, series, study_uid = sibling_of(work)
    reference = Dataset()
    reference.ReferencedSOPClassUID = sop_class
    reference.ReferencedSOPInstanceUID = uid
    put(work.dataset, tag_of("ReferencedInstanceSequence"), vr="SQ", value=Sequence([reference]))
    inner, outer, study = Dataset(), Dataset(), Dataset()
    inner.ReferencedSOPClassUID, inner.ReferencedSOPInstanceUID = sop_class, uid
    outer.SeriesInstanceUID = series
    outer.ReferencedInstanceSequence = Sequence([inner])
    study.StudyInstanceUID = study_uid
    study.ReferencedSeriesSequence = Sequence([outer])
    put(
        work.dataset,
        tag_of("StudiesContainingOtherReferencedInstancesSequence"),
        vr="SQ",
        value=Sequence([study]),
    )


def plant_stray(work: Work) -> None:
    """Put the patient's name where the table expects none."""
    given = work.subject.person.given
    text = compose(
        "se2d {x}",
        {"x": Secret(value=given[:11], gone=(given[:11],), needles=(given[:11],))},
        rule="name in an attribute outside the table",
    )
    put(work.dataset, tag_of("SequenceName"), vr="SH", value=text.value)
    work.plant_text((_step("SequenceName"),), text)
