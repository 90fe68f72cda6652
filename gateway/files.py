"""Read and write the files of objects: ranges in, segments out."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from pipelines.context import RangeReader, Segment, Span

_COPY_BYTES = 4 * 1024 * 1024
_NO_COPY = frozenset([errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL])


class FileReader:
    """A `pipelines.context.RangeReader` over a file; also a context manager.

    Parameters
    ----------
    path : pathlib.Path
    follows_links : bool
        False: a symbolic link is an error. Only what a person named may be one.
    """

    __slots__ = ("_size", "descriptor")

    def __init__(self, path: Path, *, follows_links: bool = False) -> None:
        # a FIFO must not wait for its writer
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        self.descriptor = os.open(path, flags if follows_links else flags | os.O_NOFOLLOW)
        self._size = os.fstat(self.descriptor).st_size

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        return os.pread(self.descriptor, length, offset)

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        """Return the reader itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_segments(descriptor: int, segments: Iterable[Segment], source: RangeReader) -> None:
    """Write an object; runs of a source file go from file to file inside the kernel.

    Parameters
    ----------
    descriptor : int
        Of the new file, at its start.
    segments : Iterable[Segment]
    source : RangeReader
        What the spans refer to.

    Raises
    ------
    OSError
        Also where the source is shorter than a span says.
    """
    pending: list[bytes] = []
    for segment in segments:
        if isinstance(segment, bytes):
            pending.append(segment)
            continue
        _write(descriptor, b"".join(pending))
        pending.clear()
        _copy(descriptor, segment, source)
    _write(descriptor, b"".join(pending))


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _copy(descriptor: int, span: Span, source: RangeReader) -> None:
    offset, end = span.offset, span.offset + span.length
    in_kernel = isinstance(source, FileReader)
    while offset < end:
        if isinstance(source, FileReader) and in_kernel:
            try:
                copied = os.copy_file_range(source.descriptor, descriptor, end - offset, offset)
            except OSError as error:
                if error.errno not in _NO_COPY:
                    raise
                in_kernel = False
                continue
        else:
            data = source.read(offset, min(end - offset, _COPY_BYTES))
            _write(descriptor, data)
            copied = len(data)
        if not copied:
            raise OSError(errno.EIO, "the source is shorter than it was")
        offset += copied
