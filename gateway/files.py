"""Read and write the files of objects: ranges in, segments out."""

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from pipelines.context import RangeReader, Segment, Span

_COPY_BYTES = 4 * 1024 * 1024
_NO_COPY = frozenset([errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL])
_NO_UNNAMED = frozenset([errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL])
"""What a file system answers that has no files without a name (open(2), O_TMPFILE)."""
_NO_LINKS = frozenset([errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
_PRIVATE = 0o600
_NEW = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


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


@contextmanager
def unpublished(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield descriptor and path of a new file; it is gone at the end unless `publish` named it.

    It has no name where the file system can do that: a process that is killed leaves
    nothing behind. Elsewhere (exFAT, SMB) it has a temporary one, which begins with a dot.

    Parameters
    ----------
    folder : pathlib.Path
        Where it will stand.
    """
    temporary: Path | None = None
    try:
        flags = os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC
        descriptor = os.open(folder, flags, _PRIVATE)
    except OSError as error:
        if error.errno not in _NO_UNNAMED:
            raise
        temporary = _temporary(folder)
        descriptor = os.open(temporary, os.O_RDWR | _NEW, _PRIVATE)
    try:
        yield descriptor, temporary or Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def publish(path: Path, target: Path) -> None:
    """Give the file that `unpublished` yielded its name.

    Raises
    ------
    FileExistsError
        There is such a file; it is not changed.
    """
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # with a folder's descriptor the link under /proc is followed (linkat(2))
        os.link(path, target.name, dst_dir_fd=folder)
    except OSError as error:
        if error.errno not in _NO_LINKS or path.parent != target.parent:
            raise
        _rename_to_new(path, target)
    finally:
        os.close(folder)


def _rename_to_new(path: Path, target: Path) -> None:
    """Rename where there are no links: an empty file keeps others from the name."""
    os.close(os.open(target, os.O_WRONLY | _NEW, _PRIVATE))
    try:
        path.rename(target)
    except OSError:
        target.unlink()
        raise


def create_private(path: Path) -> int:
    """Return the descriptor of a new, empty file, mode 0600, for writing.

    What has the name gives way to it and is not emptied: who could read that, or has it
    open, must not read what comes now. A device or a pipe is opened as it is.
    """
    if path.exists() and not path.is_file():
        return os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    place = path.resolve()
    temporary = _temporary(place.parent)
    descriptor = os.open(temporary, os.O_WRONLY | _NEW, _PRIVATE)
    try:
        temporary.rename(place)
    except OSError:
        os.close(descriptor)
        temporary.unlink()
        raise
    return descriptor


def _temporary(folder: Path) -> Path:
    return folder / f".{secrets.token_hex(16)}.part"


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
