"""Structured reports about a subject: radiology, measurements, dose, CAD, key objects."""

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from ops.bench.identities.attributes import sibling_of
from ops.bench.identities.clinical import SENTENCES
from ops.bench.identities.content import Code, Node, root_of
from ops.bench.identities.phrases import whole
from ops.bench.identities.texts import mixed
from ops.bench.identities.work import Kind, Work

_MM: Code = ("mm", "UCUM", "millimeter")
_DAP: Code = ("Gy.m2", "UCUM", "Gy.m2")
_MGY: Code = ("mGy", "UCUM", "milligray")
_LIVER: Code = ("10200004", "SCT", "Liver")
_PERCENT: Code = ("%", "UCUM", "Percent")


def _observers(root: Node) -> None:
    staff = root.work.subject.staff
    root.person(("121008", "DCM", "Person Observer Name"), root.work.rng.choice(staff))
    root.identifier(
        ("121009", "DCM", "Person Observer's Organization Name"), root.work.subject.institution
    )
    root.identifier(("121016", "DCM", "Device Observer Serial Number"))
    root.uid(("121012", "DCM", "Device Observer UID"))


def _evidence(work: Work) -> None:
    sibling = sibling_of(work)
    instance, series, study = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID = sibling.sop_class
    instance.ReferencedSOPInstanceUID = sibling.uid
    series.SeriesInstanceUID = sibling.series
    series.ReferencedSOPSequence = Sequence([instance])
    study.StudyInstanceUID = sibling.study
    study.ReferencedSeriesSequence = Sequence([series])
    work.dataset.CurrentRequestedProcedureEvidenceSequence = Sequence([study])
    base = ("0040A375", 0)
    inner = (*base, "00081115", 0)
    for path in (
        (*base, "0020000D"),
        (*inner, "0020000E"),
        (*inner, "00081199", 0, "00081155"),
    ):
        work.plant(path, Kind.REFERENCE)


def radiology_report(work: Work) -> None:
    """Fill in a report of sections with text, codes and the people who wrote it."""
    root = root_of(work, ("18748-4", "LN", "Diagnostic imaging report"))
    root.code(
        ("121049", "DCM", "Language of Content Item and Descendants"), ("en", "RFC5646", "English")
    )
    _observers(root)
    own = work.subject
    root.person(("121029", "DCM", "Subject Name"), own.person)
    root.identifier(("121030", "DCM", "Subject ID"), own.patient_id)
    root.code(("121032", "DCM", "Subject Sex"), ("F", "DCM", "Female"))
    root.identifier(("121022", "DCM", "Accession Number"), own.accession)
    if own.age < "090Y":
        age = str(int(own.age[:3]))
        root.number(("121033", "DCM", "Subject Age"), age, ("a", "UCUM", "year"))
    sections: tuple[tuple[Code, Code], ...] = (
        (("121060", "DCM", "History"), ("11329-0", "LN", "History")),
        (("121070", "DCM", "Findings"), ("121071", "DCM", "Finding")),
        (("121076", "DCM", "Conclusions"), ("121077", "DCM", "Conclusion")),
        (("121074", "DCM", "Recommendations"), ("121075", "DCM", "Recommendation")),
        (("121068", "DCM", "Previous Findings"), ("121111", "DCM", "Summary")),
    )
    for heading, inside in sections:
        section = root.container(heading)
        section.text(inside)
        section.text(("121106", "DCM", "Comment"))
        section.text(("99A1", "99LOCAL", "Dictated paragraph"))
        section.image(("121112", "DCM", "Source of Measurement"))
    root.moment(("111060", "DCM", "Study Date"), "DATE")
    root.person(("121114", "DCM", "Performing Physician"), work.rng.choice(own.staff))
    _evidence(work)


def measurement_report(work: Work) -> None:
    """Fill in tracked measurements of lesions."""
    rng = work.rng
    root = root_of(work, ("126000", "DCM", "Imaging Measurement Report"))
    _observers(root)
    root.code(("121058", "DCM", "Procedure reported"), ("25045-6", "LN", "CT Abdomen"))
    groups = root.container(("126010", "DCM", "Imaging Measurements"))
    for number in range(rng.randrange(2, 5)):
        group = groups.container(("125007", "DCM", "Measurement Group"))
        group.text(
            ("112039", "DCM", "Tracking Identifier"), whole(f"Lesion {number + 1}", rule="label")
        )
        group.uid(("112040", "DCM", "Tracking Unique Identifier"))
        group.code(("363698007", "SCT", "Finding Site"), _LIVER)
        group.code(("121071", "DCM", "Finding"), ("4147007", "SCT", "Mass"))
        group.image(("121233", "DCM", "Source image for segmentation"))
        length = group.number(("103339001", "SCT", "Long Axis"), f"{rng.randrange(9, 70)}.4", _MM)
        length.image(("121112", "DCM", "Source of Measurement"))
        group.number(("103340004", "SCT", "Short Axis"), f"{rng.randrange(4, 40)}.2", _MM)
        group.text(("121106", "DCM", "Comment"))
    root.text(("121071", "DCM", "Finding"), mixed(rng, work.subject, 4000))
    root.moment(("131561", "DCM", "Series Date"), "DATE")
    _evidence(work)


def dose_report(work: Work) -> None:
    """Fill in irradiation events with their doses."""
    rng = work.rng
    root = root_of(work, ("113701", "DCM", "X-Ray Radiation Dose Report"))
    root.code(("121058", "DCM", "Procedure reported"), ("113704", "DCM", "Projection X-Ray"))
    _observers(root)
    root.moment(("113809", "DCM", "Start of X-Ray Irradiation"), "DATETIME")
    root.moment(("113810", "DCM", "End of X-Ray Irradiation"), "DATETIME")
    total = root.container(("113702", "DCM", "Accumulated X-Ray Dose Data"))
    total.number(("113722", "DCM", "Dose Area Product Total"), f"0.00{rng.randrange(11, 99)}", _DAP)
    total.number(("113725", "DCM", "Dose (RP) Total"), f"{rng.randrange(11, 99)}.5", _MGY)
    total.text(("113720", "DCM", "Calibration Protocol"))
    for _ in range(rng.randrange(2, 5)):
        event = root.container(("113706", "DCM", "Irradiation Event X-Ray Data"))
        event.uid(("113769", "DCM", "Irradiation Event UID"))
        event.text(("125203", "DCM", "Acquisition Protocol"))
        event.code(("113764", "DCM", "Acquisition Plane"), ("113622", "DCM", "Single Plane"))
        event.number(("113733", "DCM", "KVP"), str(rng.randrange(60, 140)), ("kV", "UCUM", "kV"))
        event.number(
            ("113734", "DCM", "X-Ray Tube Current"),
            str(rng.randrange(20, 400)),
            ("mA", "UCUM", "mA"),
        )
        event.image(("113795", "DCM", "Acquired Image"))
        event.text(("121106", "DCM", "Comment"))
    root.person(("113870", "DCM", "Person Name"), rng.choice(work.subject.staff))
    root.identifier(("113871", "DCM", "Person ID"))
    root.identifier(("113877", "DCM", "Device Name"))
    root.identifier(("113880", "DCM", "Device Serial Number"))
    root.text(("113907", "DCM", "Reason for Proceeding"), mixed(rng, work.subject, 4000))
    _evidence(work)


def cad_report(work: Work) -> None:
    """Fill in what a mammography CAD found."""
    rng = work.rng
    root = root_of(work, ("111036", "DCM", "Mammography CAD Report"))
    library = root.container(("111028", "DCM", "Image Library"))
    library.image(("111032", "DCM", "Image Quality"))
    library.moment(("111060", "DCM", "Study Date"), "DATE")
    library.code(("111027", "DCM", "Image Laterality"), ("80248007", "SCT", "Left breast"))
    findings = root.container(("111034", "DCM", "Individual Impression/Recommendation"))
    for _ in range(rng.randrange(2, 4)):
        found = findings.container(("111059", "DCM", "Single Image Finding"))
        found.code(("111005", "DCM", "Assessment Category"), ("111142", "DCM", "Category 2"))
        score = str(rng.randrange(3, 99))
        found.number(("111012", "DCM", "Certainty of Finding"), score, _PERCENT)
        found.text(("111033", "DCM", "Impression Description"))
    root.text(
        ("111021", "DCM", "Description of Change"), whole(rng.choice(SENTENCES), rule="plain")
    )
    root.text(("111058", "DCM", "Selected Region Description"), mixed(rng, work.subject, 4000))
    root.person(("121008", "DCM", "Person Observer Name"), rng.choice(work.subject.staff))


def key_objects(work: Work) -> None:
    """Fill in a selection of images with a remark."""
    root = root_of(work, ("113000", "DCM", "Of Interest"))
    root.person(("121008", "DCM", "Person Observer Name"), work.rng.choice(work.subject.staff))
    root.text(("113012", "DCM", "Key Object Description"))
    for _ in range(2):
        root.image(("99K1", "99LOCAL", "Selected image"))
    _evidence(work)
