"""Files of objects: ranges in, segments out."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.files import FileReader, create_private, publish, unpublished, write_segments
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


def test_what_is_not_published_is_gone(tmp_path: Path) -> None:
    with unpublished(tmp_path) as (descriptor, path):
        os.write(descriptor, b"content")
        assert path.read_bytes() == b"content"
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(params=["unnamed", "named"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With a file system as it is, and with one that answers as one without O_TMPFILE."""
    if request.param == "named":
        # the kernel's own answer to it is EISDIR, as that of one that has no O_TMPFILE
        monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY)
    return str(request.param)


def test_a_published_file_is_private_and_never_takes_a_name(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    with unpublished(tmp_path) as (descriptor, path):
        assert len(list(tmp_path.iterdir())) == (kind == "named")
        assert stat.S_IMODE(os.fstat(descriptor).st_mode) == 0o600
        os.write(descriptor, b"content")
        publish(path, target)
    assert list(tmp_path.iterdir()) == [target]
    assert (target.read_bytes(), target.stat().st_nlink) == (b"content", 1)
    with unpublished(tmp_path) as (_, path), pytest.raises(FileExistsError):
        publish(path, target)
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_bytes() == b"content"


@pytest.mark.usefixtures("kind")
def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with unpublished(tmp_path) as (descriptor, _):
            os.write(descriptor, b"content")
            raise OSError("stop")

    with pytest.raises(OSError, match="stop"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_no_reason_for_a_temporary_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), unpublished(tmp_path / "missing"):
        pass


def test_a_name_that_could_not_be_given_is_free_again(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()  # no file: it can't be linked (EPERM), nor replace one
    with pytest.raises(NotADirectoryError):
        publish(tmp_path / "folder", tmp_path / "target")
    assert not (tmp_path / "target").exists()


_WITHOUT_LINKS = """
import os, sys
from pathlib import Path
from gateway.files import publish, unpublished
os.O_TMPFILE = os.O_DIRECTORY
target = Path(sys.argv[1])
for expected in (True, False):
    with unpublished(target.parent) as (descriptor, path):
        os.write(descriptor, b"content")
        try:
            publish(path, target)
        except FileExistsError:
            assert not expected
        else:
            assert expected
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")
def test_where_there_are_no_links_a_file_is_renamed_and_replaces_nothing(tmp_path: Path) -> None:
    """exFAT answers so: the answer is put into the system call."""
    folder = tmp_path / "folder"
    folder.mkdir()
    target, trace = folder / "target", tmp_path / "trace"
    inject = ("-e", "trace=linkat", "-e", "inject=linkat:error=EPERM", "-o", str(trace))
    subprocess.run(
        ["strace", *inject, sys.executable, "-c", _WITHOUT_LINKS, str(target)],
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert trace.read_text().count("(INJECTED)") == 2
    assert list(folder.iterdir()) == [target]
    assert target.read_bytes() == b"content"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o644, 0o600, None])
def test_a_private_file_is_a_new_one(tmp_path: Path, mode: int | None) -> None:
    path = tmp_path / "file"
    if mode is not None:
        path.write_bytes(b"old")
        path.chmod(mode)
    reader = path.open("rb") if mode is not None else None
    with os.fdopen(create_private(path), "wb") as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    if reader is not None:
        with reader:
            assert reader.read() == b"old"  # who had it open sees nothing of the new one


def test_a_link_keeps_its_place_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    os.close(create_private(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe:
        with os.fdopen(create_private(Path(f"/dev/fd/{write}")), "wb") as file:
            file.write(b"row")
        os.close(write)
        assert pipe.read() == b"row"


def test_a_folder_is_no_place_for_a_private_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        create_private(tmp_path / "folder")
    with pytest.raises(FileNotFoundError):
        create_private(tmp_path / "missing" / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
