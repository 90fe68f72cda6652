"""Fonts of a PDF, and which of their codes do not tell what they mean.

PDFMiner reads a code that nothing explains as if it were ASCII. In a font with an order
of its own that is a cipher of the text, which nobody can search for names.
"""

import re
from collections.abc import Container, Mapping, Sequence
from io import BytesIO

from pdfminer.cmapdb import CMapBase, CMapParser
from pdfminer.encodingdb import name2unicode
from pdfminer.pdffont import PDFFont, PDFSimpleFont, PDFUnicodeNotDefined
from pdfminer.pdfinterp import PDFResourceManager
from pdfminer.pdftypes import PDFStream, dict_value, list_value, resolve1
from pdfminer.psparser import PSLiteral

from pipelines.documents.budget import Budget
from pipelines.documents.characters import UNREADABLE
from pipelines.documents.errors import DocumentError

_CODES = frozenset(range(256))
_SYMBOLIC = 4
_SUBSET = re.compile("[A-Z]{6}[+]")
_PICTURES = ("Symbol", "ZapfDingbats", "Wingdings", "Webdings")


class Fonts(PDFResourceManager):
    """The fonts of one document."""

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._budget = budget
        self._unnamed: list[tuple[PDFFont, Container[int]]] = []

    def get_font(self, objid: object, spec: Mapping[str, object]) -> PDFFont:
        """Return the font of a resource.

        Raises
        ------
        DocumentError
            `document.damaged`: there is no such resource. `document.limit`: its tables
            are endless.
        """
        if not spec:
            raise DocumentError("document.damaged")
        self._check_ranges(spec)
        font = super().get_font(objid, spec)
        unnamed = _unnamed(spec) if isinstance(font, PDFSimpleFont) else frozenset()
        if unnamed and not any(font is other for other, _ in self._unnamed):
            self._unnamed.append((font, unnamed))
        return font

    def meaning(self, font: PDFFont, code: int) -> str:
        """Return the text of a code, or `UNREADABLE` where the document does not tell it."""
        unnamed = next((codes for other, codes in self._unnamed if other is font), ())
        try:
            if code not in unnamed:
                return font.to_unichr(code)
            explained = getattr(font, "unicode_map", None)
            return str(explained.get_unichr(code)) if explained else UNREADABLE
        except (PDFUnicodeNotDefined, KeyError):
            return UNREADABLE

    def _check_ranges(self, spec: Mapping[str, object]) -> None:
        """Spend what PDFMiner would make of ranges: a few bytes can name all numbers."""
        meanings = resolve1(spec.get("ToUnicode"))
        if isinstance(meanings, PDFStream):
            CMapParser(_Counting(self._budget), BytesIO(meanings.get_data())).run()
        for key, numbers in (("W", 3), ("W2", 5)):
            widths = resolve1(spec.get(key))
            if isinstance(widths, list):
                self._budget.entry(_span(widths, numbers))


class _Counting(CMapBase):
    """Counts the entries of a map and keeps none."""

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._budget = budget

    def add_cid2unichr(self, cid: int, code: PSLiteral | bytes | int) -> None:  # noqa: ARG002
        self._budget.entry(1)


def _span(widths: Sequence[object], numbers: int) -> int:
    """Return how many codes the ranges of a table of widths name (ISO 32000-1, 9.7.4.3)."""
    spanned = 0
    row: list[object] = []
    for value in map(resolve1, widths):
        row = [] if isinstance(value, list) else [*row, value]
        if len(row) == numbers:
            first, last = row[:2]
            if isinstance(first, int) and isinstance(last, int):
                spanned += max(0, last - first)
            row = []
    return spanned


def _unnamed(spec: Mapping[str, object]) -> frozenset[int]:
    if _SUBSET.sub("", _name(spec.get("BaseFont"))).startswith(_PICTURES):
        return _CODES
    encoding = resolve1(spec.get("Encoding"))
    differences = encoding.get("Differences") if isinstance(encoding, dict) else None
    named, unnamed = _explained(list_value(differences or []))
    based = isinstance(encoding, PSLiteral) or (
        isinstance(encoding, dict) and "BaseEncoding" in encoding
    )
    return unnamed if based or not _has_own_order(spec) else _CODES - named


def _explained(differences: Sequence[object]) -> tuple[frozenset[int], frozenset[int]]:
    """Return the codes whose glyphs have a name that tells a character, and the others."""
    named, unnamed = set(), set()
    code = 0
    for value in map(resolve1, differences):
        if isinstance(value, int):
            code = value
            continue
        try:
            name2unicode(_name(value))
        except (KeyError, ValueError):
            unnamed.add(code)
        else:
            named.add(code)
        code += 1
    return frozenset(named), frozenset(unnamed)


def _has_own_order(spec: Mapping[str, object]) -> bool:
    """Tell whether the codes may have the order that an embedded font gives them."""
    if _name(spec.get("Subtype")) == "Type3":
        return True
    descriptor = dict_value(spec.get("FontDescriptor") or {})
    flags = resolve1(descriptor.get("Flags", 0))
    symbolic = isinstance(flags, int) and bool(flags & _SYMBOLIC)
    return symbolic and ("FontFile2" in descriptor or "FontFile3" in descriptor)


def _name(value: object) -> str:
    value = resolve1(value)
    return str(value.name) if isinstance(value, PSLiteral) else ""
