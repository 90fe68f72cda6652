import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import DiskFullError, SpoolDamagedError
from gateway.spool import format as form
from gateway.spool.format import SpoolEntry
from gateway.spool.reader import SpoolReader, read_wrapped_key
from gateway.spool.recovery import read_entry
from gateway.spool.store import SpoolStore
from gateway.vault.envelope import open_file_key, public_half

PRIVATE = X25519PrivateKey.generate()
PUBLIC = public_half(1, PRIVATE.public_key().public_bytes_raw())
KEY = bytes(range(32))
ENTRY = SpoolEntry(
    id="",
    association_id="0123456789abcdef" * 2,
    peer="modality",
    study_index=b"s" * 32,
    subject_index=b"p" * 32,
    sop_index=b"i" * 32,
    content_digest=b"c" * 32,
    pixel_digest=b"x" * 32,
    size_bytes=0,
    received=1_700_000_000.25,
)
SIZES = (1, 100, form.CHUNK_BYTES - 1, form.CHUNK_BYTES, form.CHUNK_BYTES + 1)


def store_in(folder: Path, *, minimum_free_bytes: int = 0) -> SpoolStore:
    return SpoolStore(
        folder, public_key=PUBLIC, receiver_key=KEY, minimum_free_bytes=minimum_free_bytes
    )


def spooled(folder: Path, plaintext: bytes) -> SpoolEntry:
    with store_in(folder).create() as writer:
        writer.write(plaintext)
        return writer.commit(ENTRY)


def opened(path: Path) -> SpoolReader:
    return SpoolReader(path, file_key=open_file_key(PRIVATE, read_wrapped_key(path)))


def pattern(size: int) -> bytes:
    return (b"%08d" * (size // 8 + 1) % tuple(range(size // 8 + 1)))[:size]


@pytest.mark.parametrize("size", [*SIZES, 2 * form.CHUNK_BYTES, 3 * form.CHUNK_BYTES + 7])
def test_what_was_written_is_read(tmp_path: Path, size: int) -> None:
    plaintext = pattern(size)
    entry = spooled(tmp_path, plaintext)
    with opened(tmp_path / entry.id) as reader:
        assert reader.size == size == entry.size_bytes
        assert reader.read(0, size + 100) == plaintext
        assert reader.read(size, 10) == b""


@settings(max_examples=60)
@given(data=st.data())
def test_any_range_equals_the_plaintext(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    plaintext = pattern(2 * form.CHUNK_BYTES + 4321)
    folder = tmp_path_factory.mktemp("spool")
    entry = spooled(folder, plaintext)
    with opened(folder / entry.id) as reader:
        for _ in range(8):
            offset = data.draw(st.integers(0, len(plaintext) + 10))
            length = data.draw(st.integers(0, len(plaintext) + 10))
            assert reader.read(offset, length) == plaintext[offset : offset + length]


def test_the_file_is_private_and_holds_nothing_in_clear(tmp_path: Path) -> None:
    entry = spooled(tmp_path, b"DOE^JANE" * 1000)
    path = tmp_path / entry.id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"DOE^JANE" not in path.read_bytes()
    assert form.FILE_NAME.fullmatch(entry.id)


def test_the_file_is_private_from_its_first_moment(tmp_path: Path) -> None:
    with store_in(tmp_path).create():
        (partial,) = tmp_path.iterdir()
        assert stat.S_IMODE(partial.stat().st_mode) == 0o600
        assert partial.name.endswith(form.PARTIAL_SUFFIX)


def test_what_is_not_committed_leaves_nothing(tmp_path: Path) -> None:
    with store_in(tmp_path).create() as writer:
        writer.write(pattern(3 * form.CHUNK_BYTES))
    assert list(tmp_path.iterdir()) == []


def read_all(path: Path) -> bytes:
    with opened(path) as reader:
        return reader.read(0, reader.size)


@settings(max_examples=150)
@given(size=st.sampled_from((1, 300, form.CHUNK_BYTES + 1)), data=st.data())
def test_any_changed_bit_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, size: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    path = folder / spooled(folder, pattern(size)).id
    content = bytearray(path.read_bytes())
    parts = (0, form.header_bytes(content), len(content) - form.TRAILER_BYTES, len(content))
    part = data.draw(st.integers(0, 2))  # header, chunks, trailer: each as often
    position = data.draw(st.integers(parts[part], parts[part + 1] - 1))
    content[position] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with pytest.raises(Exception, match=r"spool\.damaged|vault\.tampered"):
        read_all(path)


@settings(max_examples=60)
@given(size=st.sampled_from(SIZES), data=st.data())
def test_any_truncation_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, size: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    path = folder / spooled(folder, pattern(size)).id
    length = path.stat().st_size
    os.truncate(path, data.draw(st.integers(0, length - 1)))
    with pytest.raises(SpoolDamagedError):
        read_entry(path, receiver_key=KEY)
    with pytest.raises(Exception, match=r"spool\.damaged|vault\.tampered"):
        read_all(path)


@settings(max_examples=20)
@given(st.binary(min_size=1, max_size=3000))
def test_anything_appended_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, more: bytes
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    path = folder / spooled(folder, pattern(5000)).id
    with path.open("ab") as file:
        file.write(more)
    with pytest.raises(SpoolDamagedError):
        read_all(path)
    with pytest.raises(SpoolDamagedError):
        read_entry(path, receiver_key=KEY)


def test_exchanged_and_dropped_chunks_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / spooled(tmp_path, pattern(3 * form.CHUNK_BYTES + 5)).id
    content = path.read_bytes()
    start, step = form.header_bytes(content), form.CHUNK_BYTES + form.TAG_BYTES
    first, second, third = (content[start + n * step : start + (n + 1) * step] for n in range(3))
    head, tail = content[:start], content[start + 3 * step :]
    for body in (second + first + third, first + second, first + second + third + third):
        path.write_bytes(head + body + tail)
        with pytest.raises(SpoolDamagedError):
            read_all(path)


def test_a_chunk_of_another_file_is_noticed(tmp_path: Path) -> None:
    one, other = (tmp_path / spooled(tmp_path, pattern(form.CHUNK_BYTES + 5)).id for _ in "ab")
    content = bytearray(one.read_bytes())
    start, step = form.header_bytes(content), form.CHUNK_BYTES + form.TAG_BYTES
    content[start : start + step] = other.read_bytes()[start : start + step]
    one.write_bytes(content)
    with pytest.raises(SpoolDamagedError):
        read_all(one)


def test_a_file_under_the_name_of_another_is_noticed(tmp_path: Path) -> None:
    one, other = (tmp_path / spooled(tmp_path, pattern(500)).id for _ in "ab")
    one.write_bytes(other.read_bytes())
    with pytest.raises(SpoolDamagedError):
        read_wrapped_key(one)
    with pytest.raises(SpoolDamagedError):
        read_entry(one, receiver_key=KEY)


def test_the_receiver_recognises_its_own_file(tmp_path: Path) -> None:
    entry = spooled(tmp_path, pattern(5000))
    assert replace(entry, id="", size_bytes=0) == ENTRY
    assert read_entry(tmp_path / entry.id, receiver_key=KEY) == entry
    with pytest.raises(SpoolDamagedError):
        read_entry(tmp_path / entry.id, receiver_key=bytes(32))


def test_too_little_free_space_is_disk_full(tmp_path: Path) -> None:
    with pytest.raises(DiskFullError):
        store_in(tmp_path, minimum_free_bytes=1 << 62).create()
    assert list(tmp_path.iterdir()) == []


_LIMITED = """
import resource, sys
from pathlib import Path
from gateway.errors import DiskFullError
from tests.unit.gateway.spool.test_store import ENTRY, store_in, pattern
limit, size = int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    with store_in(Path(sys.argv[1])).create() as writer:
        writer.write(pattern(size))
        writer.commit(ENTRY)
except DiskFullError:
    sys.exit(7)
"""


@pytest.mark.parametrize(
    ("limit", "size"),
    [
        (10, 100),  # in the header
        (600, 1000),  # in the last chunk
        (3 * form.CHUNK_BYTES // 2, 2 * form.CHUNK_BYTES),  # in the second of two chunks
        (form.CHUNK_BYTES, form.CHUNK_BYTES - 100),  # in the trailer
    ],
)
def test_a_file_system_that_stops_in_the_middle_is_disk_full(
    tmp_path: Path, limit: int, size: int
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    run = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(spool), str(limit), str(size)],
        cwd=Path(__file__).parents[4],
        check=False,
        capture_output=True,
    )
    assert run.returncode == 7, run.stderr
    assert list(spool.iterdir()) == []
