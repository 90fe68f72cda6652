"""Limits of what one PDF may cost, and streams that keep to them."""

import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pdfminer.ascii85 import ascii85decode, asciihexdecode
from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdfparser import PDFParser
from pdfminer.pdftypes import PDFObjRef, PDFStream
from pdfminer.psparser import literal_name

from pipelines.documents.errors import DocumentError

SIZE_BYTES = 32 << 20
PAGES = 500
GLYPHS = 500_000
FIGURES = 5_000
OBJECTS = 200_000
ENTRIES = 500_000
SUSPECTS = 500_000
INFLATED_BYTES = 64 << 20
LZW_BYTES = 64 << 10
"""What LZW and run lengths unpack to can be told only by unpacking: a small input only."""
COLUMNS = 100_000


@dataclass(slots=True)
class Budget:
    """What is left to spend on one document."""

    inflated: int = INFLATED_BYTES
    glyphs: int = GLYPHS
    figures: int = FIGURES
    entries: int = ENTRIES

    def inflate(self, size: int) -> None:
        """Spend `size` bytes of unpacked streams."""
        self.inflated -= size
        self._check(self.inflated)

    def glyph(self) -> None:
        """Spend one glyph."""
        self.glyphs -= 1
        self._check(self.glyphs)

    def figure(self) -> None:
        """Spend one call of a form or image."""
        self.figures -= 1
        self._check(self.figures)

    def entry(self, count: int) -> None:
        """Spend entries of the tables of fonts."""
        self.entries -= count
        self._check(self.entries)

    @staticmethod
    def _check(left: int) -> None:
        if left < 0:
            raise DocumentError("document.limit")


class BoundedStream(PDFStream):
    """A stream that is unpacked within a budget, wholly or not at all."""

    def __init__(self, stream: PDFStream, budget: Budget) -> None:
        super().__init__(stream.attrs, stream.rawdata or b"", stream.decipher)
        self._budget = budget

    def decode(self) -> None:
        """Unpack; PDFMiner by itself has no limit and makes do with what is damaged."""
        filters = self.get_filters()
        if len(filters) > 2:
            raise DocumentError("document.limit")
        data = self.rawdata or b""
        for name, parameters in filters:
            data = self._unpacked(literal_name(name), data)
            self._budget.inflate(len(data))
            _check_predictor(parameters)
        super().decode()

    def _unpacked(self, name: str, data: bytes) -> bytes:
        if name in {"FlateDecode", "Fl"}:
            return _inflated(data, self._budget.inflated)
        if name in {"ASCII85Decode", "A85"}:
            return ascii85decode(data)
        if name in {"ASCIIHexDecode", "AHx"}:
            return asciihexdecode(data)
        if len(data) > LZW_BYTES:
            raise DocumentError("document.limit")
        return data


def _inflated(data: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(data, most + 1)
    if len(inflated) > most:
        raise DocumentError("document.limit")
    if not inflater.eof:
        raise DocumentError("document.damaged")
    return inflated


def _check_predictor(parameters: object) -> None:
    if not isinstance(parameters, dict):
        return
    for key, most in (("Columns", COLUMNS), ("Colors", 32), ("BitsPerComponent", 16)):
        value = parameters.get(key, 1)
        if not isinstance(value, int) or not 0 < value <= most:
            raise DocumentError("document.limit")


class BoundedParser(PDFParser):
    """A parser whose streams are `BoundedStream`."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        super().__init__(BytesIO(data))
        self._budget = budget

    def push(self, *objs: Any) -> None:  # noqa: ANN401  (its parent's)
        """Push objects, streams in their bounded form."""
        super().push(*((place, self._bounded(value)) for place, value in objs))

    def _bounded(self, value: Any) -> Any:  # noqa: ANN401
        return BoundedStream(value, self._budget) if isinstance(value, PDFStream) else value


class BoundedDocument(PDFDocument):
    """A document in which no reference leads to a reference: PDFMiner follows a circle for ever."""

    def getobj(self, objid: int) -> object:
        """Return an object that is no reference."""
        value = super().getobj(objid)
        if isinstance(value, PDFObjRef):
            raise DocumentError("document.damaged")
        return value
