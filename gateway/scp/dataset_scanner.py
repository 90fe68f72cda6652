"""Find a few root elements of an encoded dataset while its bytes pass by.

The bytes come from the network: nothing here trusts a length, recurses, or keeps more
than one element header and one short value. What can't be read is flagged, never
raised: the object is stored whatever it holds.
"""

import struct
import zlib
from collections.abc import Callable, Collection
from typing import Final

UNDEFINED: Final = 0xFFFFFFFF
INFLATED_BYTES_AT_MOST: Final = 256 << 20
VALUE_BYTES_AT_MOST: Final = 1024
LEVELS_AT_MOST: Final = 1024

_ITEM = 0xFFFEE000
_ITEM_END = 0xFFFEE00D
_SEQUENCE_END = 0xFFFEE0DD
_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_VRS = _SHORT_VRS | _LONG_VRS
_INFLATE_STEP = 1 << 18
_WAIT = 0
_BROKEN = -1


class DatasetScanner:
    """Push the bytes of a dataset in with `feed`, then `close`.

    Parameters
    ----------
    transfer_syntax_uid : str
    wanted : Collection[int]
        Tags of root elements whose value is kept.
    bulk : Collection[int]
        Tags of root elements whose value is handed on.
    on_bulk : Callable[[bytes], object]
        Called with the value of bulk elements, in pieces.

    Attributes
    ----------
    values : dict[int, bytes]
        First value met of each wanted element, without padding. Patient data.
    is_readable : bool
        False once something could not be read; the values may be incomplete.
    """

    def __init__(
        self,
        transfer_syntax_uid: str,
        *,
        wanted: Collection[int],
        bulk: Collection[int],
        on_bulk: Callable[[bytes], object],
    ) -> None:
        self.values: dict[int, bytes] = {}
        self.is_readable = True
        self._wanted = wanted
        self._bulk = bulk
        self._on_bulk = on_bulk
        self._implicit = transfer_syntax_uid == "1.2.840.10008.1.2"
        self._big = transfer_syntax_uid == "1.2.840.10008.1.2.2"
        self._tag = struct.Struct(">HH" if self._big else "<HH").unpack_from
        self._u16 = struct.Struct(">H" if self._big else "<H").unpack_from
        self._u32 = struct.Struct(">L" if self._big else "<L").unpack_from
        deflated = transfer_syntax_uid in _DEFLATED
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS) if deflated else None
        self._inflated = 0
        self._started = False
        self._rest = b""
        self._skip = 0
        self._in_bulk = False
        # One entry per open container of undefined length: is it a sequence (else an
        # item), and is what it holds in implicit VR.
        self._open: list[tuple[bool, bool]] = []

    def feed(self, data: bytes) -> None:
        """Look at the next bytes of the dataset."""
        if not self.is_readable:
            return
        if self._inflater is None:
            self._scan(data)
            return
        try:
            is_full = False  # then more may come out, also when all input is taken
            while (data or is_full) and self.is_readable and not self._inflater.eof:
                plain = self._inflater.decompress(data, _INFLATE_STEP)
                data = self._inflater.unconsumed_tail
                is_full = len(plain) == _INFLATE_STEP
                self._inflated += len(plain)
                self.is_readable = self._inflated <= INFLATED_BYTES_AT_MOST
                self._scan(plain)
        except zlib.error:
            self.is_readable = False

    def close(self) -> None:
        """Say that the dataset has ended."""
        is_cut = self._inflater is not None and not self._inflater.eof
        if self._skip or self._rest or self._open or is_cut:
            self.is_readable = False
        self._rest = b""

    def _scan(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        position = 0
        while position < len(data) and self.is_readable:
            if self._skip:
                used = min(self._skip, len(data) - position)
                self._skip -= used
                if self._in_bulk:
                    self._on_bulk(data[position : position + used])
            elif len(data) - position < 8:
                break
            else:
                was_in_bulk = self._in_bulk
                used = self._header(data, position)
                if used == _WAIT:
                    break
                if used == _BROKEN:
                    self.is_readable = False
                    break
                if was_in_bulk:
                    self._on_bulk(data[position : position + used])
            position += used
            if not self._skip and not self._open:
                self._in_bulk = False
        self._rest = data[position:]

    def _header(self, data: bytes, position: int) -> int:
        """Take one header (and a wanted value); return the bytes used, or why not."""
        group, element = self._tag(data, position)
        tag = group << 16 | element
        if self._open and self._open[-1][0]:
            return self._item(tag, self._u32(data, position + 4)[0])
        if tag == _ITEM_END and self._open:
            self._open.pop()
            return 8
        implicit = self._open[-1][1] if self._open else self._root_is_implicit(data, position)
        vr = b"" if implicit else data[position + 4 : position + 6]
        if vr and not (vr.isalpha() and vr.isupper()):
            return _BROKEN
        used = 8 if implicit or vr in _SHORT_VRS else 12
        if len(data) - position < used:
            return _WAIT
        length = (
            self._u16(data, position + 6)[0]
            if vr in _SHORT_VRS
            else self._u32(data, position + used - 4)[0]
        )
        if self._open:
            return self._enter(vr, length, used=used, implicit=implicit)
        return self._root_element(
            data, position, tag=tag, vr=vr, length=length, used=used, implicit=implicit
        )

    def _root_element(
        self,
        data: bytes,
        position: int,
        *,
        tag: int,
        vr: bytes,
        length: int,
        used: int,
        implicit: bool,
    ) -> int:
        if tag in self._wanted and tag not in self.values:
            if length > VALUE_BYTES_AT_MOST:
                return _BROKEN
            end = position + used + length
            if len(data) < end:
                return _WAIT
            self.values[tag] = data[position + used : end].strip(b" \0")
            return used + length
        self._in_bulk = tag in self._bulk
        return self._enter(vr, length, used=used, implicit=implicit)

    def _enter(self, vr: bytes, length: int, *, used: int, implicit: bool) -> int:
        if length != UNDEFINED:
            self._skip = length
            return used
        # UN of undefined length is a sequence in implicit VR (PS3.5, 6.2.2, note 4).
        return self._push(is_sequence=True, implicit=implicit or vr == b"UN", used=used)

    def _item(self, tag: int, length: int) -> int:
        if tag == _SEQUENCE_END:
            self._open.pop()
            return 8
        if tag != _ITEM:
            return _BROKEN
        if length != UNDEFINED:
            self._skip = length
            return 8
        return self._push(is_sequence=False, implicit=self._open[-1][1], used=8)

    def _push(self, *, is_sequence: bool, implicit: bool, used: int) -> int:
        if len(self._open) == LEVELS_AT_MOST:
            return _BROKEN
        self._open.append((is_sequence, implicit))
        return used

    def _root_is_implicit(self, data: bytes, position: int) -> bool:
        """Believe the first element, not the transfer syntax, where they disagree."""
        if not self._started:
            self._started = True
            looks_explicit = data[position + 4 : position + 6] in _VRS
            if self._implicit == looks_explicit:
                self._implicit = not looks_explicit
        return self._implicit


_DEFLATED = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95"})
