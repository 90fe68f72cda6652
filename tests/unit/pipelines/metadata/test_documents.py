"""An encapsulated document is replaced, cleaned by a rule, or held (PS3.3, A.45)."""

import io

import pypdf
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from pipelines.errors import HeldError
from tests.support.objects import options
from tests.support.shared_data import SHARED, needs_shared
from tests.unit.pipelines.documents.making import assert_holds_no, pdf, stream, text
from tests.unit.pipelines.metadata.planted import (
    DESCRIPTORS,
    RESEARCH,
    Result,
    assert_gone,
    cleaned,
    code,
    file_of,
    instance,
)

_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_CDA = "1.2.840.10008.5.1.4.1.1.104.2"
_STL = "1.2.840.10008.5.1.4.1.1.104.3"
_CLEANED = "rules:\n  - {{tags: [{}], action: C}}\n".format("EncapsulatedDocument")
_BY_RULE = options("clean-descriptors", rules=_CLEANED)
_REMOVED_BY_RULE = options(rules="rules:\n  - {tags: [EncapsulatedDocument], action: X}\n")
_REPORT = (
    "Letter for Lucia Marchetti, born 17.03.1948",
    "Findings: nodule of 4 mm in the right upper lobe.",
    "Dr. Griffith, telephone 030 555 0142",
)


def _lines(*lines: str) -> bytes:
    return b"".join(text(line, y=700 - 20 * number) for number, line in enumerate(lines))


def _document(
    data: bytes, *, mime_type: str = "application/pdf", sop_class: str = _PDF, **others: object
) -> Dataset:
    made = instance(
        sop_class,
        Modality="DOC",
        ConversionType="WSD",
        BurnedInAnnotation="YES",
        DocumentTitle="Referral letter Marchetti Lucia",
        MIMETypeOfEncapsulatedDocument=mime_type,
        EncapsulatedDocument=data + b"\0" * (len(data) % 2),
        EncapsulatedDocumentLength=len(data),
        ConceptNameCodeSequence=code("18842-5", "LN", "Discharge Summary"),
        InstanceNumber="1",
        SeriesNumber="1",
        ContentDate="20240229",
        ContentTime="101500",
    )
    for keyword, value in others.items():
        setattr(made, keyword, value)
    return made


def _pages(result: Result) -> list[str]:
    data = result.dataset.EncapsulatedDocument
    data = data[: result.dataset.get("EncapsulatedDocumentLength", len(data))]
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def _held(source: Dataset, rules: str) -> str:
    with pytest.raises(HeldError) as caught:
        cleaned(source, rules)
    return caught.value.code


@pytest.mark.parametrize("rules", [options(), DESCRIPTORS, RESEARCH])
@pytest.mark.parametrize("transfer_syntax", ["1.2.840.10008.1.2.1", ImplicitVRLittleEndian])
def test_the_tables_leave_a_notice_in_the_place_of_a_pdf(rules: str, transfer_syntax: str) -> None:
    data = file_of(_document(pdf(_lines(*_REPORT))), transfer_syntax=transfer_syntax)
    result = cleaned(data, rules)
    assert_gone(result, "Marchetti", "Griffith", "nodule")
    dataset = result.dataset
    (page,) = _pages(result)
    assert "removed" in page
    assert dataset.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert dataset.ConceptNameCodeSequence[0].CodeValue == "18842-5"
    assert "DocumentTitle" in dataset  # Type 2
    assert dataset.EncapsulatedDocumentLength in (
        len(dataset.EncapsulatedDocument),
        len(dataset.EncapsulatedDocument) - 1,
    )


@pytest.mark.parametrize("transfer_syntax", ["1.2.840.10008.1.2.1", ImplicitVRLittleEndian])
def test_a_rule_sets_a_pdf_anew_from_its_cleaned_text(transfer_syntax: str) -> None:
    source = _document(pdf(_lines(*_REPORT), deflated=True))
    result = cleaned(file_of(source, transfer_syntax=transfer_syntax), _BY_RULE)
    (page,) = _pages(result)
    assert "nodule of 4 mm in the right upper lobe" in page
    assert_gone(result, "Marchetti", "Griffith", "555 0142")
    assert_holds_no(result.dataset.EncapsulatedDocument, "Marchetti", "Lucia", "Griffith", "1948")
    assert result.report.reasons
    assert not result.report.notes


def test_metadata_attachments_forms_and_scripts_are_not_carried_over() -> None:
    info = b"<< /Author (Lucia Marchetti) /Title (MR-40817) >>"
    xmp = stream(b"<x:xmpmeta>Marchetti</x:xmpmeta>", b"/Type /Metadata /Subtype /XML")
    attached = stream(b"name;Marchetti", b"/Type /EmbeddedFile")
    file_entry = b"<< /Type /Filespec /F (Marchetti.csv) /EF << /F 12 0 R >> >>"
    field = b"<< /FT /Tx /T (name) /V (Marchetti) /Type /Annot /Subtype /Widget /Rect [0 0 9 9] >>"
    data = pdf(
        _lines("Findings: nodule of 4 mm"),
        extra=(info, xmp, attached, file_entry, field),
        catalog=b"/Metadata 11 0 R /Names << /EmbeddedFiles << /Names [(Marchetti) 13 0 R] >> >> "
        b"/AcroForm << /Fields [14 0 R] >> /OpenAction << /S /JavaScript /JS (Marchetti) >>",
        page=b"/Annots [14 0 R]",
        trailer=b"/Info 10 0 R /ID [<4D61726368657474> <4D61726368657474>]",
    )
    result = cleaned(_document(data), _BY_RULE)
    assert "nodule of 4 mm" in _pages(result)[0]
    assert_gone(result, "Marchetti", "40817")
    assert_holds_no(result.dataset.EncapsulatedDocument, "Marchetti", "Lucia")


def test_words_that_hide_are_found() -> None:
    data = pdf(
        text("Mar", x=50) + text("chetti", x=72) + text("Luc-", x=300, y=680),
        text("ia", y=600) + text("stone of 3 mm", y=500),
    )
    result = cleaned(_document(data), _BY_RULE)
    assert "stone of 3 mm" in " ".join(_pages(result))
    assert_holds_no(result.dataset.EncapsulatedDocument, "Marchetti")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pdf(b"0 0 100 100 re f"), "document.no-text"),
        (pdf(_lines("Marchetti")), "document.no-text"),
        (b"%PDF-1.7\nnothing else that could be read", "document.damaged"),
    ],
)
def test_a_pdf_that_can_not_be_cleaned_becomes_a_notice_that_says_why(
    data: bytes, reason: str
) -> None:
    result = cleaned(_document(data), _BY_RULE)
    (page,) = _pages(result)
    assert reason in page
    assert result.report.notes == (reason,)
    assert_gone(result, "Marchetti")


_XML = b'<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3">Marchetti</ClinicalDocument>'
_SOLID = b"solid Marchetti\nfacet normal 0 0 1\nouter loop\nendloop\nendfacet\nendsolid Marchetti\n"
_OTHERS = {
    "CDA": _document(_XML, mime_type="text/XML", sop_class=_CDA),
    "STL": _document(_SOLID, mime_type="model/stl", sop_class=_STL),
    "a CDA that is called a PDF": _document(_XML),
    "a PDF that is called a CDA": _document(pdf(b""), mime_type="text/XML", sop_class=_CDA),
    "an image": _document(b"\x89PNG\r\n\x1a\nMarchetti", mime_type="image/png"),
    "without a type": _document(pdf(b""), mime_type=""),
    "large": _document(_SOLID + b" " * 200_000, mime_type="model/stl", sop_class=_STL),
}


@pytest.mark.parametrize("which", _OTHERS)
@pytest.mark.parametrize("rules", [options(), RESEARCH, _BY_RULE])
def test_what_is_no_pdf_is_held(which: str, rules: str) -> None:
    assert _held(_OTHERS[which], rules) == "document.uncleanable"


@pytest.mark.parametrize("which", ["CDA", "STL"])
def test_a_rule_removes_what_can_not_be_cleaned(which: str) -> None:
    result = cleaned(_OTHERS[which], _REMOVED_BY_RULE)
    assert "EncapsulatedDocument" not in result.dataset
    assert_gone(result, "Marchetti")


@pytest.mark.parametrize("which", ["CDA", "STL", "a CDA that is called a PDF"])
def test_a_rule_puts_a_dummy_in_the_place_of_what_can_not_be_cleaned(which: str) -> None:
    rules = options(rules="rules:\n  - {tags: [EncapsulatedDocument], action: D}\n")
    result = cleaned(_OTHERS[which], rules)
    assert result.dataset.EncapsulatedDocument == bytes(8)
    assert_gone(result, "Marchetti")


def test_a_document_is_cleaned_the_same_way_twice() -> None:
    source = file_of(_document(pdf(_lines(*_REPORT))))
    assert cleaned(source, _BY_RULE).written == cleaned(source, _BY_RULE).written


def test_attributes_around_the_document_are_cleaned() -> None:
    result = cleaned(
        _document(pdf(_lines(*_REPORT)), SeriesDescription="Letters of Marchetti"), RESEARCH
    )
    assert_gone(result, "Marchetti", "Lucia", "40817")
    assert result.dataset.SeriesDescription.startswith("Letters")
    assert result.dataset.BurnedInAnnotation == "YES"


@needs_shared
def test_a_real_pdf_object_is_cleaned() -> None:
    assert SHARED is not None
    data = (SHARED / "corpus" / "document" / "encapsulated_pdf.dcm").read_bytes()
    for rules in (RESEARCH, _BY_RULE):
        result = cleaned(data, rules)
        assert_gone(result, "Marchetti", "Okafor", "40817")
        assert_holds_no(result.dataset.EncapsulatedDocument, "Marchetti", "Okafor")
        assert _pages(result)


@needs_shared
def test_a_real_cda_is_held() -> None:
    assert SHARED is not None
    data = (SHARED / "corpus" / "document" / "encapsulated_cda.dcm").read_bytes()
    with pytest.raises(HeldError) as caught:
        cleaned(data, RESEARCH)
    assert caught.value.code == "document.uncleanable"
