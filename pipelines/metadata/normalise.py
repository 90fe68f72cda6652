"""Re-encode what the walk can't read as explicit VR little endian, through pydicom.

Deflated data sets (inflated within a bound), big endian, missing or broken meta
information, tags out of order, unknown VRs, truncated last values.
"""

import io
import warnings
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager

import pydicom
from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import _read_file_meta_info, read_preamble
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from pipelines.context import RangeReader
from pipelines.errors import MalformedError
from pipelines.metadata.elements import PIXEL_DATA
from pipelines.metadata.head import Head, encode_head

MAX_INFLATED_BYTES = 256 * 1024 * 1024
MAX_NORMALISED_BYTES = 1024 * 1024 * 1024
_PIXEL_WORDS = {32: "I", 64: "Q"}
_WORDS = {"OW": "H", "OF": "I", "OL": "I", "OD": "Q", "OV": "Q"}


class BytesReader:
    """A `RangeReader` over bytes.

    Parameters
    ----------
    data : bytes
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        return len(self._data)

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        return self._data[offset : offset + length]


def inflate(source: RangeReader, head: Head) -> BytesReader:
    """Return a deflated object with its data set inflated (PS3.5, A.5).

    Raises
    ------
    MalformedError
        `metadata.limit` beyond 256 MiB; `metadata.malformed` if it is no deflate stream.
    """
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(
            source.read(head.dataset, source.size - head.dataset), MAX_INFLATED_BYTES
        )
    except zlib.error:
        raise MalformedError("metadata.malformed", where="deflate") from None
    if inflater.unconsumed_tail:
        raise MalformedError("metadata.limit", where="inflated size")
    if not inflater.eof:
        raise MalformedError("metadata.malformed", where="deflate ends early")
    return BytesReader(_head(head.sop_class_uid, str(ExplicitVRLittleEndian)) + data)


def _head(sop_class_uid: str, transfer_syntax_uid: str) -> bytes:
    """Say how the data set is encoded; the file gets its own head when written."""
    return encode_head(
        sop_class_uid=sop_class_uid,
        sop_instance_uid="",
        transfer_syntax_uid=transfer_syntax_uid,
    )


@contextmanager
def tolerant() -> Iterator[None]:
    """Let pydicom keep what it can't decode; its settings belong to the process.

    UN stays UN: its bytes are little endian also where the data set is not (PS3.5, 6.2.2).
    """
    before = config.replace_un_with_known_vr, config.convert_wrong_length_to_UN
    config.replace_un_with_known_vr, config.convert_wrong_length_to_UN = False, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings quote values
            yield
    finally:
        config.replace_un_with_known_vr, config.convert_wrong_length_to_UN = before


def normalise(source: RangeReader) -> BytesReader:
    """Return the object as pydicom reads it, explicit VR little endian.

    Raises
    ------
    MalformedError
        If pydicom can't read or write it, or the object is too large for memory.
    """
    if source.size > MAX_NORMALISED_BYTES:
        raise MalformedError("metadata.limit", where="size of a malformed object")
    data = source.read(0, source.size)
    with tolerant():
        try:
            return BytesReader(_rewrite(data))
        except MalformedError:
            raise
        except Exception as error:  # noqa: BLE001  (pydicom raises anything on hostile bytes)
            kind = type(error).__name__
        # the error may quote data: only its class leaves
        raise MalformedError("metadata.malformed", where=kind) from None


def _rewrite(data: bytes) -> bytes:
    _refuse_deflated(data)
    dataset = pydicom.dcmread(io.BytesIO(data), force=True)
    if not len(dataset):
        raise MalformedError("metadata.malformed", where="no element")
    sop_class = str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    big_endian = dataset.original_encoding[1] is False
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None or syntax in (ImplicitVRLittleEndian, ExplicitVRBigEndian):
        syntax = ExplicitVRLittleEndian
    for _ in dataset.iterall():
        pass  # decodes: what was read as implicit VR has no VR to write yet
    if big_endian:
        _swap_words(dataset)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    dataset.file_meta = meta
    for tag in [tag for tag in dataset.keys() if tag.group == 2 or tag.element == 0]:  # noqa: SIM118  (iterating decodes)
        del dataset[tag]
    out = io.BytesIO()
    dcmwrite(
        out,
        dataset,
        implicit_vr=False,
        little_endian=True,
        force_encoding=True,
        enforce_file_format=False,
    )
    body = out.getvalue()
    return _head(sop_class, str(syntax)) + body[_body_offset(body) :]


def _refuse_deflated(data: bytes) -> None:
    """Keep pydicom from inflating what `inflate` did not: it knows no bound."""
    stream = io.BytesIO(data)
    read_preamble(stream, force=True)
    meta = _read_file_meta_info(stream)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        raise MalformedError("metadata.malformed", where="deflate")


def _body_offset(written: bytes) -> int:
    """Return where the data set starts in what pydicom wrote (preamble, group 0002)."""
    start = 132 if written[128:132] == b"DICM" else 0
    while written[start : start + 2] == b"\x02\x00":
        start += 8 + int.from_bytes(written[start + 6 : start + 8], "little")
    return start


def _word(dataset: Dataset, element: DataElement) -> str:
    """Return the array code of a word; one pixel is one word, whatever OW says."""
    allocated = dataset.get("BitsAllocated")
    if element.tag == PIXEL_DATA and allocated in _PIXEL_WORDS:
        return _PIXEL_WORDS[allocated]
    return _WORDS[element.VR]


def _swap_words(dataset: Dataset) -> None:
    """Swap the bytes of word values in place; pydicom leaves them as they are."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _swap_words(item)
        elif element.VR in _WORDS and isinstance(element.value, bytes):
            words = array(_word(dataset, element))
            whole = len(element.value) - len(element.value) % words.itemsize
            words.frombytes(element.value[:whole])
            words.byteswap()
            element.value = words.tobytes() + element.value[whole:]
