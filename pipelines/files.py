"""Let a library read a `RangeReader` as a file."""

import io

from pipelines.context import RangeReader

_BUFFER_BYTES = 64 * 1024


class _File(io.RawIOBase):
    """A `RangeReader` as a file."""

    name = ""  # pydicom asks every buffered file for it

    def __init__(self, source: RangeReader) -> None:
        self._source = source
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._source.size}
        self._position = start[whence] + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any writable buffer
        data = self._source.read(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def as_file(source: RangeReader) -> io.BufferedReader:
    """Return a file to read from; nothing is read before it is asked for."""
    return io.BufferedReader(_File(source), _BUFFER_BYTES)
