"""Files of the archive: names, exclusive creation, what a dead worker left."""

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from stat import S_IMODE

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
    workspace.close()


def test_only_old_files_that_nobody_knows_are_removed(tmp_path: Path) -> None:
    store = ArchiveStore(tmp_path / "archive")
    workspace = Workspace(store, "a")
    names = [f"00{letter * 62}" for letter in "abc"]
    for each in names:
        temporary = workspace.new_path()
        temporary.write_bytes(b"cleaned")
        store.publish([(temporary, each)])
    workspace.close()
    written = store.path(names[0]).stat().st_ctime

    def remove(*, before: float) -> int:
        return store.remove_unknown("00", before=before, known=lambda _names: names[:1])

    assert remove(before=written - 1) == 0
    assert remove(before=written + 60) == 2
    assert [store.path(each).exists() for each in names] == [True, False, False]
    assert remove(before=written + 60) == 0


def test_nothing_is_removed_while_files_get_their_names(tmp_path: Path) -> None:
    store = ArchiveStore(tmp_path / "archive")
    workspace = Workspace(store, "a")
    temporary = workspace.new_path()
    temporary.write_bytes(b"cleaned")
    looked, removed = threading.Event(), []

    def sweep() -> None:
        looked.set()
        removed.append(store.remove_unknown("00", before=time.time() + 60, known=lambda _n: ()))

    thread = threading.Thread(target=sweep)

    def files() -> Iterator[tuple[Path, str]]:
        thread.start()
        assert looked.wait(10)
        assert not removed
        yield temporary, "00" * 32

    store.publish(files())
    thread.join()
    assert removed == [1]
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
