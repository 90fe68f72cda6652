"""A name that the page holds in some odd way is not in the new document."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.documents import clean_pdf
from tests.unit.pipelines.documents.making import (
    MRN,
    assert_holds_no,
    clean,
    pdf,
    read_back,
    stream,
    text,
    to_unicode,
)

NAME = "Marchetti"
REST = text("No acute intracranial abnormality.", y=600)
KEPT = "No acute intracranial abnormality."
WIDTHS = {"M": 833, "a": 556, "r": 333, "c": 500, "h": 556, "e": 556, "t": 278, "i": 222}


def glyphs(name: str, *, x: float, y: float, gap: float = 0, size: float = 12) -> list[bytes]:
    drawn = []
    for letter in name:
        drawn.append(text(letter, x=x, y=y, size=size))
        x += (WIDTHS[letter] / 1000 + gap) * size
    return drawn


WAYS = {
    "plain": text(f"Patient: {NAME}"),
    "capitals": text(f"Patient: {NAME.upper()}"),
    "invisible": text(NAME, before="3 Tr"),
    "clip only": text(NAME, before="7 Tr"),
    "white": b"1 1 1 rg " + text(NAME),
    "tiny": text(NAME, size=0.01),
    "no size at all": b"BT /F1 0 Tf 50 700 Td (Marchetti) Tj ET\n",
    "beside the page": text(NAME, x=-4000, y=9000),
    "upside down": b"q -1 0 0 -1 400 700 cm " + text(NAME, x=0, y=0) + b"Q\n",
    "mirrored": b"q -1 0 0 1 400 700 cm " + text(NAME, x=0, y=0) + b"Q\n",
    "turned": b"q 0 1 -1 0 400 300 cm " + text(NAME, x=0, y=0) + b"Q\n",
    "slanting": b"q .8 .6 -.6 .8 200 300 cm " + text(NAME, x=0, y=0) + b"Q\n",
    "negative size": text(NAME, size=-12),
    "stretched": text(NAME, before="250 Tz"),
    "narrow": text(NAME, before="20 Tz"),
    "raised": text("Mar", before="5 Ts") + text("chetti", x=70.7),
    "kerned": b"BT /F1 12 Tf 50 700 Td [(M) 20 (ar) -30 (ch) 15 (etti)] TJ ET\n",
    "glyph by glyph": b"".join(glyphs(NAME, x=50, y=700)),
    "glyphs backwards": b"".join(reversed(glyphs(NAME, x=50, y=700))),
    "glyphs apart": b"".join(glyphs(NAME, x=50, y=700, gap=0.5)),
    "glyphs far apart": b"".join(glyphs(NAME, x=50, y=700, gap=3)),
    "glyphs drawn twice": b"".join(
        a + b for a, b in zip(glyphs(NAME, x=50, y=700), glyphs(NAME, x=50.3, y=700.1), strict=True)
    ),
    "spaced letters": b"q " + text(NAME, before="6 Tc") + b"Q\n",
    "written spaces": text("M a r c h e t t i"),
    "points between": text("M.a.r.c.h.e.t.t.i"),
    "stacked": b"".join(text(c, x=300, y=700 - 14 * n) for n, c in enumerate(NAME)),
    "in three pieces": b"BT /F1 12 Tf 50 700 Td [(Mar) -400 (che) -400 (tti)] TJ ET\n",
    "hyphen": text("Seen was Mar-") + text("chetti in ward 7", y=686),
    "hyphen twice": text("Mar-") + text("chet-", y=686) + text("ti", y=672),
    "line break": text("Mar") + text("chetti", y=686),
    "hyphen in columns": (
        text("Seen was Mar-")
        + text("The left lung is clear and well.", x=300)
        + text("chetti in ward", y=686)
        + text("The right one, too.", x=300, y=686)
    ),
    "soft hyphen in a line": text("Mar\xadchetti"),
    "soft hyphen at the end": text("Mar\xad") + text("chetti", y=686),
    "run together": text("PatientMarchettiWard"),
    "drawn over other text": b"".join(
        a + text(b, x=50 + 9 * n, y=700)
        for n, (a, b) in enumerate(zip(glyphs(NAME, x=50, y=700), "Laborator", strict=True))
    ),
    "hidden layer": b"/OC /Hidden BDC " + text(NAME) + b"EMC\n",
    "actual text": b"/Span << /ActualText (Marchetti) >> BDC " + text("clear") + b"EMC\n",
}


@pytest.mark.parametrize("deflated", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_a_name_is_gone_however_it_is_set(way: str, *, deflated: bool) -> None:
    cleaned = clean_pdf(pdf(WAYS[way] + REST, deflated=deflated), clean, clean)
    assert_holds_no(cleaned.data, NAME, "chetti", "hetti")
    assert KEPT in read_back(cleaned.data)[0]


@given(
    order=st.permutations(range(len(NAME))),
    gap=st.floats(0, 0.13),
    size=st.sampled_from([0.5, 12, 300]),
)
def test_glyphs_in_any_order_make_the_word(order: list[int], gap: float, size: float) -> None:
    drawn = glyphs(NAME, x=50, y=700, gap=gap, size=size)
    cleaned = clean_pdf(pdf(b"".join(drawn[n] for n in order) + REST), clean, clean)
    assert NAME[4:].encode() not in cleaned.data
    assert read_back(cleaned.data)[0].strip() == KEPT


def test_a_hyphen_that_belongs_to_the_name() -> None:
    cleaned = clean_pdf(
        pdf(text("Seen: Meier-") + text("Schmidt, well", y=686) + REST), clean, clean
    )
    assert_holds_no(cleaned.data, "Meier", "Schmidt")
    assert "well" in read_back(cleaned.data)[0]


def test_a_number_over_a_line_end() -> None:
    cleaned = clean_pdf(pdf(text("Number MR-") + text("40817", y=686) + REST), clean, clean)
    assert_holds_no(cleaned.data, MRN, "40817")


def test_a_number_in_the_boxes_of_a_form() -> None:
    boxes = b"".join(text(c, x=50 + 20 * n) for n, c in enumerate("40817"))
    assert_holds_no(clean_pdf(pdf(boxes + REST), clean, clean).data, "40817", "4081")


def test_a_word_over_a_page_end() -> None:
    cleaned = clean_pdf(pdf(REST + text("Schmidt-"), text("bauer", y=800) + REST), clean, clean)
    assert cleaned.pages == 2
    assert_holds_no(cleaned.data, "Schmidt", "bauer")


@pytest.mark.parametrize("way", ["M\xa8uller", "M\xa8 uller", "Mu\u0308ller", "M\xfcller"])
def test_an_accent_drawn_by_itself(way: str) -> None:
    codes = dict(enumerate(way, start=65))
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 10 0 R >>"
    shown = b"BT /F2 12 Tf 50 700 Td (%b) Tj ET\n" % bytes(codes)
    made = pdf(shown + REST, fonts={"F2": font}, extra=[to_unicode(codes)])
    assert_holds_no(clean_pdf(made, clean, clean).data, "Muller", "ller")


@pytest.mark.parametrize(
    "meanings",
    [
        ("Gri", "\ufb03", "th"),
        ("Gri", "\u200b", "ffith"),
        ("Gri", "\u202d", "ffith"),
        ("\uff27\uff32\uff29", "FF", "ITH"),
        ("Gri", "\ufffd", "ffith"),
        ("Gri", "\ue001", "ffith"),
        ("Griffith",),
    ],
)
def test_a_map_that_tells_odd_characters(meanings: tuple[str, ...]) -> None:
    codes = dict(enumerate(meanings, start=1))
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 10 0 R >>"
    shown = b"BT /F2 12 Tf 50 700 Td (%b) Tj ET\n" % bytes(codes)
    made = pdf(shown + REST, fonts={"F2": font}, extra=[to_unicode(codes)])
    assert_holds_no(clean_pdf(made, clean, clean).data, "Griffith", "fith")


def test_a_type_3_font_with_names() -> None:
    letters = sorted(set(NAME))
    procedures = b" ".join(b"/%b 10 0 R" % c.encode() for c in letters)
    codes = b" ".join(b"%d /%b" % (ord(c), c.encode()) for c in letters)
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [.001 0 0 .001 0 0]"
        b" /FirstChar 65 /LastChar 122 /Widths [%b] /CharProcs << %b >>"
        b" /Encoding << /Differences [%b] >> >>" % (b" ".join([b"600"] * 58), procedures, codes)
    )
    shown = b"BT /F2 12 Tf 50 700 Td (Marchetti) Tj ET\n"
    made = pdf(shown + REST, fonts={"F2": font}, extra=[stream(b"600 0 d0")])
    cleaned = clean_pdf(made, clean, clean)
    assert_holds_no(cleaned.data, NAME)
    assert KEPT in read_back(cleaned.data)[0]


def test_text_in_a_form_in_a_form() -> None:
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << %b >>"
    font = b"/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    inner = stream(text(f"{NAME} well"), entries % font)
    outer = stream(b"/Inner Do", entries % b"/XObject << /Inner 10 0 R >>")
    made = pdf(REST + b"/Outer Do", extra=[inner, outer], resources=b"/XObject << /Outer 11 0 R >>")
    cleaned = clean_pdf(made, clean, clean)
    assert_holds_no(cleaned.data, NAME)
    assert "well" in read_back(cleaned.data)[0]
