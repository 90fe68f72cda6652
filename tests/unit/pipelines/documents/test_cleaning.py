"""Only cleaned text is in the new document; what can't be read for certain is refused."""

import contextlib
import io
import logging
import re
import zlib

import pydicom
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.documents import DocumentError, Kind, clean_pdf, document_kind, notice_page
from rules.disclosure import _Lines
from tests.support.shared_data import SHARED, needs_shared
from tests.unit.pipelines.documents.making import (
    all_bytes,
    assert_holds_no,
    clean,
    pdf,
    poppler,
    read_back,
    stream,
    text,
    to_unicode,
    with_object_stream,
    write,
)

REPORT = text("Patient: Marchetti, Lucia MR-40817", y=740) + text(
    "CT of the head: no acute intracranial abnormality."
)
KEPT = "CT of the head: no acute intracranial abnormality."
CANARY = "Canarybird"
CANARY_BYTES = CANARY.encode()


def keep(words: str) -> str:
    return words


def code_of(data: bytes) -> str:
    with pytest.raises(DocumentError) as raised:
        clean_pdf(data, clean, clean)
    assert raised.value.where == ""
    assert raised.value.__cause__ is None
    return raised.value.code


def full_pdf() -> bytes:
    """Write a report with a canary in each corner that PDF has."""
    image = b"/Type /XObject /Subtype /Image /Width 1 /Height 10 /BitsPerComponent 8 "
    extra = [
        stream(CANARY_BYTES, image + b"/ColorSpace /DeviceGray"),  # 10
        stream(f"<x:xmpmeta>{CANARY}</x:xmpmeta>".encode(), b"/Type /Metadata /Subtype /XML"),
        stream(CANARY_BYTES, b"/Type /EmbeddedFile", deflated=True),
        b"<< /Type /Filespec /F (%b.txt) /EF << /F 12 0 R >> >>" % CANARY_BYTES,
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (%b) /V (%b) /Rect [0 0 9 9] "
        b"/AP << /N 18 0 R >> >>" % (CANARY_BYTES, CANARY_BYTES),
        b"<< /Type /Annot /Subtype /FreeText /Contents (%b) /Rect [0 0 9 9] >>" % CANARY_BYTES,
        b"<< /S /JavaScript /JS (app.alert\\(%b\\)) >>" % CANARY_BYTES,
        b"<< /Title (%b) /Author (%b) /Producer <%b> >>"
        % (CANARY_BYTES, CANARY_BYTES, CANARY_BYTES.hex().encode()),
        stream(
            b"BT /F1 9 Tf (%b) Tj ET" % CANARY_BYTES,
            b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << >>",
        ),
        b"<< /Type /OCG /Name (%b) >>" % CANARY_BYTES,
        b"<< /Type /Outlines /First 21 0 R /Last 21 0 R /Count 1 >>",
        b"<< /Title (%b) /Parent 20 0 R >>" % CANARY_BYTES,
    ]
    catalog = (
        b"/Metadata 11 0 R /AcroForm << /Fields [14 0 R] /XFA (%b) >> /OpenAction 16 0 R "
        b"/Names << /EmbeddedFiles << /Names [(%b) 13 0 R] >> >> /Outlines 20 0 R "
        b"/OCProperties << /OCGs [19 0 R] /D << /OFF [19 0 R] >> >> /Lang (%b)"
        % (CANARY_BYTES, CANARY_BYTES, CANARY_BYTES)
    )
    inline = b"q BI /W 10 /H 1 /BPC 8 /CS /G ID %b EI Q\n" % CANARY_BYTES
    marked = b"/Span << /ActualText (%b) /Alt (%b) >> BDC EMC\n" % (CANARY_BYTES, CANARY_BYTES)
    made = pdf(
        REPORT + b"q /Im Do Q\n" + inline + marked + b"% " + CANARY_BYTES + b"\n",
        b"q /Im Do Q",
        extra=extra,
        resources=b"/XObject << /Im 10 0 R >>",
        page=b"/Annots [14 0 R 15 0 R] /PieceInfo << /X (%b) >>" % CANARY_BYTES,
        catalog=catalog,
        trailer=b"/Info 17 0 R /ID [(%b) (%b)]" % (CANARY_BYTES, CANARY_BYTES),
    )
    return made + b"% " + CANARY_BYTES


def test_nothing_but_text_is_carried_over() -> None:
    made = full_pdf()
    assert CANARY_BYTES in all_bytes(made)
    cleaned = clean_pdf(made, clean, clean)
    assert_holds_no(cleaned.data, CANARY, "Marchetti", "Lucia", "MR-40817", "40817")
    assert KEPT in read_back(cleaned.data)[0]
    assert cleaned.pages == 2
    assert cleaned.dropped == {
        "annotations": 2,
        "application data": 2,
        "attachments": 1,
        "forms": 2,
        "images": 1,
        "inline images": 1,
        "layers": 1,
        "metadata": 2,
        "outlines": 1,
        "pages without text": 1,
        "scripts": 1,
    }
    for key in (b"Annot", b"/Info", b"Metadata", b"/ID", b"XObject", b"Names", b"Date", b"Action"):
        assert key not in cleaned.data


def test_the_same_input_gives_the_same_bytes() -> None:
    made = full_pdf()
    assert clean_pdf(made, clean, clean).data == clean_pdf(made, clean, clean).data
    assert notice_page("document.damaged") == notice_page("document.damaged")


def test_the_new_document_can_be_cleaned_again() -> None:
    once = clean_pdf(full_pdf(), clean, clean).data
    twice = clean_pdf(once, clean, clean).data
    assert [page.split() for page in read_back(twice)] == [page.split() for page in read_back(once)]


def test_former_revisions_stay_behind() -> None:
    old = pdf(text(f"{CANARY} {KEPT}"))
    start = int(re.findall(rb"startxref\n(\d+)", old)[-1])
    content = stream(text(KEPT))
    new = old + b"11 0 obj\n%b\nendobj\n" % content
    new += (
        b"xref\n11 1\n%010d 00000 n \ntrailer\n<< /Size 12 /Root 1 0 R /Prev %d >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(old), start, len(old) + len(content) + 17)
    )
    cleaned = clean_pdf(new, keep, keep)
    assert read_back(cleaned.data)[0].strip() == KEPT
    assert_holds_no(cleaned.data, CANARY)
    assert cleaned.dropped == {"revisions": 1}


def test_object_streams_are_read() -> None:
    cleaned = clean_pdf(with_object_stream(REPORT), clean, clean)
    assert_holds_no(cleaned.data, "Marchetti", "40817")
    assert KEPT in read_back(cleaned.data)[0]


@pytest.mark.parametrize(
    "line",
    [
        "T2-weighted FLAIR, e.g. b.i.d.; 5.4 x 3.2 mm (axial), SUV 3.1",
        "L4/L5: disc bulge - no stenosis. BI-RADS 2. T1 N0 M0",
        "12 14 16 18 20 22 120/80 mmHg; 45 % \xb1 3 \xb0C, \xb5g, 10\xb2",
        "\u0141okie\u0107 prawy: bez zmian. Pr\u016fdu\u0161ky \u2265 3 mm \u2264 5",
        r"a \ backslash, (parentheses) and 'quotes'",
    ],
)
def test_clinical_text_stays_as_it_is(line: str) -> None:
    codes = dict(enumerate(sorted(set(line)), start=1))
    shown = bytes(next(code for code, c in codes.items() if c == letter) for letter in line)
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Widths [%b] /FirstChar 1 "
    font = font % b" ".join([b"500"] * 255) + b"/LastChar 255 /ToUnicode 10 0 R >>"
    content = b"BT /F2 10 Tf 50 700 Td <%b> Tj ET" % shown.hex().encode()
    made = pdf(content, fonts={"F2": font}, extra=[to_unicode(codes)])
    cleaned = clean_pdf(made, clean, clean)
    assert read_back(cleaned.data)[0].strip() == line
    assert cleaned.dropped == {}
    seen = poppler(cleaned.data)
    assert seen is None or seen.strip() == line


def test_words_of_two_columns_and_a_table_stay() -> None:
    rows = [("Organ", "Size", "Finding"), ("Liver", "15 cm", "steatosis"), ("Spleen", "9 cm", "-")]
    content = b"".join(
        text(cell, x=50 + 150 * column, y=700 - 14 * row)
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
    )
    lines = read_back(clean_pdf(pdf(content), clean, clean).data)[0].split("\n")
    assert [line.split("  ") for line in lines if line.strip()] == [list(row) for row in rows]


def test_long_pages_and_long_lines_are_continued() -> None:
    content = b"".join(text(f"{n} " + "word " * 40, y=10_000 - 14 * n) for n in range(200))
    cleaned = clean_pdf(pdf(content), keep, keep)
    assert cleaned.pages == 1
    pages = read_back(cleaned.data)
    assert len(pages) > 5
    assert " ".join(pages).count("word") == 200 * 40


def test_what_a_date_becomes_is_not_shifted_twice() -> None:
    def shift(words: str) -> str:
        return re.sub(r"\b(\d{4})(?=-)", lambda match: str(int(match[1]) - 1), words)

    made = pdf(text("Seen 2024-03-01, see also 2020-"))
    assert "Seen 2023-03-01, see also 2019-" in read_back(clean_pdf(made, shift, shift).data)[0]


def test_the_greek_of_medicine_is_written_out() -> None:
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 10 0 R >>"
    made = pdf(
        b"BT /F2 12 Tf 50 700 Td (A) Tj /F1 12 Tf (-fetoprotein) Tj ET",
        fonts={"F2": font},
        extra=[to_unicode({65: "\u03b1"})],
    )
    assert "alpha-fetoprotein" in read_back(clean_pdf(made, keep, keep).data)[0]


@pytest.mark.parametrize(
    "word",
    ["\u041c\u0430\u0440\u0438\u044f", "\u9234\u6728", "\uae40", "\u03b3\u03b9\u03b1", "\u05d3"],
)
def test_letters_outside_the_font_are_refused(word: str) -> None:
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 10 0 R >>"
    made = pdf(
        REPORT + b"BT /F2 12 Tf 50 400 Td (A) Tj ET",
        fonts={"F2": font},
        extra=[to_unicode({65: word})],
    )
    assert code_of(made) == "document.script"


def test_glyphs_without_a_meaning_are_refused() -> None:
    identity = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts "
        b"[<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo "
        b"<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>] >>"
    )
    type_3 = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] "
        b"/FirstChar 65 /LastChar 66 /Widths [1 1] /CharProcs << /g1 10 0 R >> "
        b"/Encoding << /Differences [65 /g1 /g2] >> >>"
    )
    symbolic = (
        b"<< /Type /Font /Subtype /TrueType /BaseFont /ABCDEF+X /FontDescriptor "
        b"<< /Type /FontDescriptor /Flags 4 /FontName /X /FontFile2 10 0 R >> >>"
    )
    partly = symbolic.replace(b"/FontDesc", b"/Encoding << /Differences [67 /C] >> /FontDesc")
    for font in (identity, type_3, symbolic, partly):
        content = b"BT /F2 12 Tf 50 400 Td (ABABABABABABABABABAB) Tj ET"
        made = pdf(REPORT + content, fonts={"F2": font}, extra=[stream(b"")])
        assert code_of(made) == "document.unreadable"


def test_a_bullet_of_a_picture_font_is_left_out_and_counted() -> None:
    font = b"<< /Type /Font /Subtype /TrueType /BaseFont /ABCDEF+Wingdings-Regular >>"
    made = pdf(REPORT + b"BT /F2 12 Tf 40 700 Td (n) Tj ET", fonts={"F2": font})
    cleaned = clean_pdf(made, clean, clean)
    assert cleaned.dropped == {"characters without meaning": 1}
    assert KEPT in read_back(cleaned.data)[0]


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
@pytest.mark.parametrize("password", ["", "secret"])
def test_what_is_encrypted_is_refused(algorithm: str, password: str) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(REPORT)))
    writer.encrypt(user_password=password, owner_password="owner", algorithm=algorithm)
    made = io.BytesIO()
    writer.write(made)
    assert code_of(made.getvalue()) == "document.encrypted"


def bomb(layers: int) -> bytes:
    data = b" " * (100 << 20)
    for _ in range(layers):
        data = zlib.compress(data, 9)
    return data


FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << %b >> >>"


def laughs() -> bytes:
    """Write forms that call each other ten times over, nine deep."""
    extra = [stream(b"/X Do " * 10, FORM % (b"/X %d 0 R" % (11 + depth))) for depth in range(9)]
    return pdf(REPORT + b"/X Do", extra=extra, resources=b"/XObject << /X 10 0 R >>")


def circle() -> bytes:
    form = stream(b"/X Do", FORM % b"/X 10 0 R")
    return pdf(b"/X Do", extra=[form], resources=b"/XObject << /X 10 0 R >>")


def endless(table: bytes) -> bytes:
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 10 0 R >>"
    return pdf(REPORT, fonts={"F2": font}, extra=[stream(table)])


def endless_widths(key: bytes) -> bytes:
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts "
        b"[<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /%b [0 99999999 5 5 5] >>] >>"
    )
    return pdf(REPORT, fonts={"F2": font % key})


def tree(depth: int) -> bytes:
    kids = b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>"
    page = b"<< /Type /Page /MediaBox [0 0 9 9] >>"
    nodes = [kids % (number + 3) for number in range(depth)]
    return write([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, page])


REFUSED = {
    "nothing": (b"", "document.damaged"),
    "no pdf": (b"hello " * 100, "document.damaged"),
    "half": (pdf(REPORT)[: len(pdf(REPORT)) // 2], "document.damaged"),
    "no pages": (write([b"<< /Type /Catalog >>"]), "document.no-text"),
    "no text": (pdf(b"0 0 10 10 re f"), "document.no-text"),
    "points only": (pdf(text(". - .")), "document.no-text"),
    "all text is identity": (pdf(text("Marchetti")), "document.no-text"),
    "unknown font": (pdf(b"BT /F9 12 Tf 50 700 Td (A) Tj ET"), "document.damaged"),
    "too large": (bytes(33 << 20), "document.limit"),
    "too many pages": (pdf(*[text("A")] * 501), "document.limit"),
    "a stream cut short": (
        write(
            [
                b"<< /Type /Catalog /Pages 2 0 R >>",
                b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
                stream(zlib.compress(REPORT)[:-20], b"/Filter /FlateDecode"),
            ]
        ),
        "document.damaged",
    ),
    "forms in a circle": (circle(), "document.no-text"),
    "a billion forms": (laughs(), "document.limit"),
    "an endless range of characters": (
        endless(b"begincmap 1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange"),
        "document.limit",
    ),
    "an endless range of numbers": (
        endless(b"begincmap 1 begincidrange <00000000> <FFFFFFFF> 5 endcidrange"),
        "document.limit",
    ),
    "endless widths": (endless_widths(b"W"), "document.limit"),
    "endless heights": (endless_widths(b"W2"), "document.limit"),
    "a reference to itself": (
        pdf(REPORT, extra=[b"10 0 R"], page=b"/Rotate 10 0 R"),
        "document.damaged",
    ),
    "a circle of references": (
        write([b"2 0 R", b"1 0 R"]),
        "document.damaged",
    ),
    "a deep tree": (tree(3000), "document.limit"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_proved_is_refused(name: str) -> None:
    data, code = REFUSED[name]
    assert code_of(data) == code


@pytest.mark.parametrize("layers", [1, 2])
def test_bombs_do_not_go_off(layers: int) -> None:
    packed = bomb(layers)
    filters = b"/Filter [" + b"/FlateDecode " * layers + b"]"
    made = write(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
            stream(packed, filters),
        ]
    )
    assert code_of(made) == "document.limit"
    table = b"%%PDF-1.7\n1 0 obj\n%b\nendobj\nstartxref\n9\n%%%%EOF\n"
    entries = b"/Type /XRef /Size 7 /W [1 2 1] /Root 1 0 R " + filters
    assert code_of(table % stream(packed, entries)) == "document.limit"


def test_errors_and_logs_quote_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    odd = pdf(b"BT /F1 12 Tf (%b) Tf /%b Tj [/%b] TJ ET" % ((CANARY_BYTES,) * 3), b"(")
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(_Lines())
    logging.getLogger("pdfminer").addHandler(handler)
    try:
        for data in (odd, full_pdf()[:-600], full_pdf().replace(b"endstream", CANARY_BYTES)):
            with pytest.raises(DocumentError) as raised:
                clean_pdf(data, clean, clean)
            assert CANARY not in f"{raised.value} {raised.value.args}"
            assert raised.value.__suppress_context__ or raised.value.__context__ is None
    finally:
        logging.getLogger("pdfminer").removeHandler(handler)
    assert written.getvalue()
    assert CANARY not in written.getvalue()
    assert capsys.readouterr() == ("", "")


@given(
    made=st.sampled_from([full_pdf(), with_object_stream(REPORT), pdf(REPORT, deflated=True)]),
    changes=st.lists(
        st.tuples(st.integers(0, 1 << 16), st.binary(max_size=6)), min_size=1, max_size=8
    ),
    cut=st.booleans(),
)
def test_damage_does_no_more_than_refuse(
    *, made: bytes, changes: list[tuple[int, bytes]], cut: bool
) -> None:
    data = bytearray(made)
    for place, new in changes:
        at = place % len(data)
        data[at : at + len(new)] = new
    if cut:
        del data[changes[0][0] % len(data) :]
    with contextlib.suppress(DocumentError):
        read_back(clean_pdf(bytes(data), clean, clean).data)


def test_what_clean_raises_is_passed_on() -> None:
    def broken(_: str) -> str:
        raise LookupError

    with pytest.raises(LookupError):
        clean_pdf(pdf(REPORT), broken, broken)


def test_the_notice_page_says_why() -> None:
    page = notice_page("document.encrypted")
    [words] = read_back(page)
    assert "removed at de-identification" in words
    assert "document.encrypted" in words
    seen = poppler(page)
    assert seen is None or "document.encrypted" in seen


@needs_shared
def test_the_document_of_the_corpus() -> None:
    assert SHARED is not None
    dataset = pydicom.dcmread(SHARED / "corpus" / "document" / "encapsulated_pdf.dcm")
    data = dataset.EncapsulatedDocument
    assert document_kind(dataset.MIMETypeOfEncapsulatedDocument, data) is Kind.PDF
    cleaned = clean_pdf(data, clean, clean)
    assert_holds_no(cleaned.data, "Marchetti", "Lucia", "MR-40817")
    assert "Impression: no acute intracranial abnormality." in read_back(cleaned.data)[0]
