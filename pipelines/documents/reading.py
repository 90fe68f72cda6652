"""Read the text layer of a PDF with pdfminer.six, page by page, within a budget."""

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from math import atan2, cos, degrees, hypot, isfinite, radians, sin

from pdfminer.pdfcolor import PDFColorSpace
from pdfminer.pdfdevice import PDFTextDevice
from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
from pdfminer.pdffont import PDFFont
from pdfminer.pdfinterp import PDFGraphicState, PDFPageInterpreter
from pdfminer.pdfpage import PDFPage
from pdfminer.pdftypes import PDFStream
from pdfminer.utils import Matrix, Rect

from pipelines.documents.budget import (
    OBJECTS,
    PAGES,
    SIZE_BYTES,
    BoundedDocument,
    BoundedParser,
    Budget,
)
from pipelines.documents.census import census
from pipelines.documents.characters import readable
from pipelines.documents.errors import DocumentError
from pipelines.documents.fonts import Fonts
from pipelines.documents.layout import Glyph, lines_of

UNREADABLE_PER_READABLE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The text of each page, and what else there was."""

    pages: tuple[str, ...]
    beside: Counter[str]


def read_pdf(data: bytes) -> Reading:
    """Return the text of a PDF, hidden text included.

    Raises
    ------
    DocumentError
        With any of its codes. It quotes nothing.
    """
    if len(data) > SIZE_BYTES:
        raise DocumentError("document.limit")
    try:
        return _read(data)
    except DocumentError:
        raise
    except (PDFEncryptionError, PDFPasswordIncorrect):
        raise DocumentError("document.encrypted") from None
    except (MemoryError, RecursionError):
        raise DocumentError("document.limit") from None
    except Exception:  # noqa: BLE001  (PDFMiner lets any class out on damaged files)
        raise DocumentError("document.damaged") from None


def _read(data: bytes) -> Reading:
    budget = Budget()
    document = BoundedDocument(BoundedParser(data, budget), fallback=False)
    if any("Encrypt" in xref.get_trailer() for xref in document.xrefs):
        raise DocumentError("document.encrypted")
    spans = [count for xref in document.xrefs for _, count in getattr(xref, "ranges", ())]
    if sum(spans) > OBJECTS:
        raise DocumentError("document.limit")
    beside = census(document)
    document.catalog.pop("PageLabels", None)  # read with the pages, and easily broken
    fonts = Fonts(budget)
    device = _Device(fonts, budget)
    interpreter = PDFPageInterpreter(fonts, device)
    pages: list[str] = []
    unreadable = 0
    for page in islice(PDFPage.create_pages(document), PAGES + 1):
        interpreter.process_page(page)
        text, missing = readable("\n".join(lines_of(device.taken())))
        pages.append(text)
        unreadable += missing
    _check(pages, unreadable)
    beside["characters without meaning"] = unreadable
    beside["inline images"] = device.inline_images
    beside["pages without text"] = sum(not text.strip() for text in pages)
    return Reading(pages=tuple(pages), beside=+beside)


def _check(pages: list[str], unreadable: int) -> None:
    if len(pages) > PAGES:
        raise DocumentError("document.limit")
    characters = sum(not c.isspace() for text in pages for c in text)
    if unreadable > UNREADABLE_PER_READABLE * max(characters, 20):
        raise DocumentError("document.unreadable")
    if not any(c.isalnum() for text in pages for c in text):
        raise DocumentError("document.no-text")


class _Device(PDFTextDevice):
    """Takes every glyph that is shown, in whatever colour, size or rendering mode."""

    def __init__(self, fonts: Fonts, budget: Budget) -> None:
        super().__init__(fonts)
        self.inline_images = 0
        self._fonts = fonts
        self._budget = budget
        self._glyphs: list[Glyph] = []

    def taken(self) -> list[Glyph]:
        glyphs, self._glyphs = self._glyphs, []
        return glyphs

    def begin_figure(self, name: str, bbox: Rect, matrix: Matrix) -> None:  # noqa: ARG002
        self._budget.figure()

    def render_image(self, name: str, stream: PDFStream) -> None:  # noqa: ARG002
        self.inline_images += stream.objid is None

    def render_char(  # noqa: PLR0917  (its parent's)
        self,
        matrix: Matrix,
        font: PDFFont,
        fontsize: float,
        scaling: float,
        rise: float,
        cid: int,
        ncs: PDFColorSpace,  # noqa: ARG002
        graphicstate: PDFGraphicState,  # noqa: ARG002
    ) -> float:
        self._budget.glyph()
        if font.is_vertical():
            raise DocumentError("document.script")
        advance = font.char_width(cid) * fontsize * scaling
        self._glyphs.append(
            _glyph(
                self._fonts.meaning(font, cid), matrix, advance=advance, size=fontsize, rise=rise
            )
        )
        return advance


def _glyph(text: str, matrix: Matrix, *, advance: float, size: float, rise: float) -> Glyph:
    a, b, c, d, e, f = matrix
    x, y = e + c * rise, f + d * rise
    if not all(map(isfinite, (a, b, c, d, x, y, advance, size))):
        raise DocumentError("document.damaged")
    sign = -1 if advance < 0 or (not advance and size < 0) else 1
    angle = round(degrees(atan2(sign * b, sign * a)))
    turn = radians(angle)
    return Glyph(
        text=text,
        angle=angle % 360,
        along=x * cos(turn) + y * sin(turn),
        across=y * cos(turn) - x * sin(turn),
        width=abs(advance) * hypot(a, b),
        size=abs(size) * hypot(c, d),
    )
