"""Files of the archive: names, exclusive creation, what a dead worker left."""

import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path
from stat import S_IMODE
from tempfile import NamedTemporaryFile

from hypothesis import given
from hypothesis import strategies as st

from gateway.archive.reader import FileReader
from gateway.archive.store import ArchiveStore, Workspace, bury_dead_workers, object_name

SECRET = bytes(32)


def name(sop: str = "1.2", plan: str = "p", content: bytes = b"c", secret: bytes = SECRET) -> str:
    return object_name(secret, sop_instance_uid=sop, plan_hash=plan, content=content)


def test_a_name_depends_on_all_that_makes_the_object_and_on_nothing_else() -> None:
    assert name() == name()
    others = [name(sop="1.3"), name(plan="q"), name(content=b"d"), name(secret=b"s" * 32)]
    assert len({name(), *others}) == 5
    assert all(len(other) == 64 for other in others)


def test_a_published_file_has_its_name_and_leaves_the_workspace(tmp_path: Path) -> None:
    store = ArchiveStore(tmp_path / "archive")
    workspace = Workspace(store, "a")
    temporary = workspace.new_path()
    temporary.write_bytes(b"cleaned")
    store.publish([(temporary, name())])
    assert store.path(name()).read_bytes() == b"cleaned"
    assert not temporary.exists()
    assert S_IMODE(store.path(name()).stat().st_mode) == 0o600
    assert S_IMODE(store.path(name()).parent.stat().st_mode) == 0o700
    workspace.close()


def test_what_an_interrupted_job_published_is_replaced(tmp_path: Path) -> None:
    store = ArchiveStore(tmp_path / "archive")
    workspace = Workspace(store, "a")
    for content in (b"first", b"second"):
        temporary = workspace.new_path()
        temporary.write_bytes(content)
        store.publish([(temporary, name())])
    assert store.path(name()).read_bytes() == b"second"
    assert list(workspace.folder.glob("*.dcm")) == []
    store.remove(name())
    store.remove(name())
    assert not store.path(name()).exists()
    workspace.close()


def _hold_and_die(folder: Path, connection: Connection) -> None:
    workspace = Workspace(ArchiveStore(folder), "dead")
    workspace.new_path().write_bytes(b"half")
    connection.send("ready")
    connection.recv()
    os._exit(1)


def test_only_the_folders_of_dead_workers_are_removed(tmp_path: Path) -> None:
    store = ArchiveStore(tmp_path)
    alive = Workspace(store, "alive")
    kept = alive.new_path()
    kept.write_bytes(b"half")
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_hold_and_die, args=(tmp_path, theirs))
    process.start()
    assert ours.recv() == "ready"
    assert bury_dead_workers(store) == []
    ours.send("die")
    process.join()
    assert bury_dead_workers(store) == ["dead"]
    assert bury_dead_workers(store) == []
    assert kept.exists()
    alive.close()
    assert not alive.folder.exists()


@given(data=st.binary(max_size=300), offset=st.integers(0, 320), length=st.integers(0, 320))
def test_the_reader_reads_as_a_slice(data: bytes, offset: int, length: int) -> None:
    with NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        with FileReader(Path(file.name)) as reader:
            assert reader.size == len(data)
            assert reader.read(offset, length) == data[offset : offset + length]
