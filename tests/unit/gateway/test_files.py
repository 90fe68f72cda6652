"""Files of objects: ranges in, segments out."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.files import FileReader, write_segments
from pipelines.context import Segment, Span


@given(data=st.binary(max_size=300), offset=st.integers(0, 320), length=st.integers(0, 320))
def test_the_reader_reads_as_a_slice(data: bytes, offset: int, length: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        with FileReader(path) as reader:
            assert reader.size == len(data)
            assert reader.read(offset, length) == data[offset : offset + length]


def test_a_link_is_followed_only_where_a_person_named_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "file")
    with pytest.raises(OSError, match="symbolic"):
        FileReader(link)
    with FileReader(link, follows_links=True) as reader:
        assert reader.read(0, 7) == b"content"


class _Memory:
    """A source that is no file: nothing can be copied inside the kernel."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        return len(self._data)

    def read(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]


def test_segments_are_written_in_order_from_files_and_other_sources(tmp_path: Path) -> None:
    data = bytes(range(256)) * 20
    (tmp_path / "source").write_bytes(data)
    segments: list[Segment] = [
        b"head",
        Span(offset=3, length=5000),
        b"",
        b"tail",
        Span(offset=0, length=2),
    ]
    with FileReader(tmp_path / "source") as file:
        for source in (file, _Memory(data)):
            target = tmp_path / type(source).__name__
            with target.open("wb") as output:
                write_segments(output.fileno(), segments, source)
            assert target.read_bytes() == b"head" + data[3:5003] + b"tail" + data[:2]


def test_what_the_kernel_can_not_copy_is_copied_by_hand(tmp_path: Path) -> None:
    # files of /proc have no size and no place on a disk
    with FileReader(Path("/proc/version")) as source, (tmp_path / "out").open("wb") as output:
        first = source.read(0, 5)
        write_segments(output.fileno(), [Span(offset=0, length=5), b"."], source)
    assert (tmp_path / "out").read_bytes() == first + b"."


def test_a_source_that_became_shorter_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"short")
    span = [Span(offset=0, length=9)]
    with FileReader(tmp_path / "source") as file, (tmp_path / "out").open("wb") as output:
        for source in (file, _Memory(b"short")):
            with pytest.raises(OSError, match="shorter"):
                write_segments(output.fileno(), span, source)
