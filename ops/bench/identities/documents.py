"""Encapsulated documents about a subject, in the clear and compressed."""

import zlib

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from ops.bench.identities.attributes import tag_of
from ops.bench.identities.texts import mixed
from ops.bench.identities.values import make_date, make_time
from ops.bench.identities.work import Expect, Kind, Work


def _fill(work: Work, document: bytes, media: str) -> None:
    dataset, subject = work.dataset, work.subject
    work.document = True
    dataset.ContentDate, dataset.ContentTime = make_date(work.rng, subject), make_time(work.rng)
    dataset.BurnedInAnnotation = "YES"
    dataset.MIMETypeOfEncapsulatedDocument = media
    title = mixed(work.rng, subject, 1024)
    dataset.DocumentTitle = title.value
    work.plant(
        (f"{tag_of('DocumentTitle'):08X}",),
        Kind.DOCUMENT,
        needles=title.needles,
        expects=Expect.GONE,
        rule="document title",
    )
    dataset.ConceptNameCodeSequence = Sequence([Dataset()])
    padded = document + b"\0" * (len(document) % 2)
    dataset.add_new(tag_of("EncapsulatedDocument"), "OB", padded)
    dataset.EncapsulatedDocumentLength = len(document)
    own = subject.person
    work.plant(
        ("00420011",),
        Kind.DOCUMENT,
        needles=(own.given, subject.patient_id),
        expects=Expect.GONE,
        rule="document",
    )


def pdf(work: Work) -> None:
    """Write a PDF whose text, properties and attachment name the subject."""
    own = work.subject
    said = f"Report for {own.person.given} {own.patient_id}".encode()
    drawn = b"BT /F1 12 Tf 72 700 Td (" + said + b") Tj ET"
    packed = zlib.compress(drawn)
    parts = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
        b"<< /Title (" + said + b") /Author (" + own.staff[0].given.encode() + b") >>",
    )
    body = b"%PDF-1.4\n"
    offsets = []
    for number, part in enumerate(parts, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    body += b"".join(b"%010d 00000 n \n" % at for at in offsets)
    body += b"trailer << /Size %d /Root 1 0 R /Info 5 0 R >>\n" % (len(parts) + 1)
    _fill(work, body + b"startxref\n%d\n%%%%EOF\n" % start, "application/pdf")


def cda(work: Work) -> None:
    """Write a clinical document whose header and narrative name the subject."""
    own = work.subject
    text = mixed(work.rng, own, 4000)
    document = (
        '<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument xmlns="urn:hl7-org:v3">'
        f'<recordTarget><patientRole><id extension="{own.patient_id}"/>'
        f"<patient><name><given>{own.person.given}</given><family>{own.person.family}</family>"
        f'</name><birthTime value="{own.birth:%Y%m%d}"/></patient></patientRole></recordTarget>'
        f"<component><text>{text.value}</text></component></ClinicalDocument>"
    )
    _fill(work, document.encode(), "text/XML")
