"""An encapsulated document is one that we made, and names nobody."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.documents import notice_page
from pipelines.documents.writing import pdf_of
from pipelines.verify.documents import text_of
from tests.unit.pipelines.verify.real import RESEARCH, Real, real, setting, source

PDF = "1.2.840.10008.5.1.4.1.1.104.1"
CLEANS = "rules:\n  - {tags: [EncapsulatedDocument], action: C}\n"
WHERE = "verify.structure (0042,0011)"


def encapsulated(document: bytes, *, more: str = CLEANS) -> Real:
    d = source(
        PDF,
        Modality="DOC",
        MIMETypeOfEncapsulatedDocument="application/pdf",
        EncapsulatedDocument=document + bytes(len(document) & 1),
        EncapsulatedDocumentLength=len(document),
    )
    return real(d, RESEARCH, more=more)


def said(made: Real, document: bytes) -> str:
    def edit(d: object) -> None:
        setting("EncapsulatedDocument", document + bytes(len(document) & 1))(d)  # type: ignore[arg-type]  # a data set
        setting("EncapsulatedDocumentLength", len(document))(d)  # type: ignore[arg-type]  # a data set

    return made.said(edit)


REPORT = pdf_of(["CT of the liver\nPatient: Lucia Marchetti\nNo metastases.", "Second page"])
CLEAN = pdf_of(["CT of the liver\nNo metastases."])


def test_what_the_engine_writes_is_released() -> None:
    made = encapsulated(REPORT)
    assert made.said() == ""
    text = text_of(made.dataset.EncapsulatedDocument)
    assert text is not None
    assert "metastases" in text
    assert "Marchetti" not in text
    damaged = encapsulated(b"%PDF-1.4\nnot much of a document")
    assert damaged.said() == ""
    assert "Reason: document.damaged" in (text_of(damaged.dataset.EncapsulatedDocument) or "")
    by_tables = encapsulated(REPORT, more="")
    assert by_tables.said() == ""
    assert said(by_tables, CLEAN) == WHERE


def test_a_document_of_somebody_else_is_held() -> None:
    made = encapsulated(REPORT)
    assert said(made, CLEAN) == ""
    other = CLEAN.replace(b"/Type /Catalog", b"/Type /Catalog /OpenAction 9 0 R")
    script = b"9 0 obj\n<< /S /JavaScript /JS (app.alert) >>\nendobj\n"
    packed = CLEAN.replace(b"<< /Length", b"<< /Filter /FlateDecode /Length")
    for document in (
        b"",
        b"plain text",
        other,
        CLEAN.replace(b"xref\n0", script + b"xref\n0"),
        CLEAN.replace(b"<< /Size", b"<< /Info 9 0 R /Size"),
        packed,
        CLEAN + b"% something else\n",
        CLEAN + CLEAN,
        CLEAN.replace(b"/BaseFont /Courier", b"/BaseFont /Helvetica"),
        CLEAN.replace(b"%PDF-1.4\n", b"%PDF-1.4\n% a comment\n"),
        CLEAN.replace(b"0000000009", b"0000000123"),
    ):
        assert said(made, document).startswith("verify."), document[:40]


def test_a_name_in_the_text_is_found_however_it_is_encoded() -> None:
    made = encapsulated(REPORT)
    assert said(made, pdf_of(["seen: Marchetti, Lucia"])) == "verify.identity (0042,0011)"
    letters = "".join(f"\\{ord(letter):03o}" for letter in "Marchetti")
    escaped = CLEAN.replace(b"metastases", letters.encode())
    length = len(escaped) - len(CLEAN)
    assert length
    assert said(made, escaped).startswith("verify.")
    d = source(PDF, PatientName="Łódź^Żaneta", MIMETypeOfEncapsulatedDocument="application/pdf")
    d.SpecificCharacterSet = "ISO_IR 192"
    d.EncapsulatedDocument, d.EncapsulatedDocumentLength = REPORT + b"\0", len(REPORT)
    polish = real(d, RESEARCH, more=CLEANS)
    assert polish.said() == ""
    assert said(polish, pdf_of(["seen: Łódź"])) == "verify.identity (0042,0011)"


def test_its_length_is_stated() -> None:
    made = encapsulated(REPORT)
    length = len(made.dataset.EncapsulatedDocument.rstrip(b"\0"))
    assert made.dataset.EncapsulatedDocumentLength == length
    wrong = setting("EncapsulatedDocumentLength", length + 2)
    assert made.said(wrong) == "verify.structure (0042,0015)"


@pytest.mark.parametrize("reason", ["document.removed", "document.script", "document.limit"])
def test_the_notice_page_is_ours(reason: str) -> None:
    assert reason in (text_of(notice_page(reason)) or "")


LINE = st.text(
    st.characters(codec="cp1252", exclude_categories=["Cc"]) | st.sampled_from("łżŞă≤()\\"),
    max_size=120,
)


@settings(max_examples=50, deadline=None)
@given(lines=st.lists(LINE, max_size=90))
def test_every_document_that_we_write_is_known(lines: list[str]) -> None:
    made = pdf_of(["report\n" + "\n".join(lines)])
    text = text_of(made)
    assert text is not None
    assert text.startswith("report")
