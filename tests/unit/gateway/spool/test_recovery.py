from dataclasses import replace
from pathlib import Path

from gateway.spool import format as form
from gateway.spool.recovery import find_orphans, set_aside
from tests.unit.gateway.spool.test_store import ENTRY, KEY, pattern, spooled, store_in


def test_complete_files_without_a_row_are_found_in_order(tmp_path: Path) -> None:
    entries = []
    for received in (3.0, 1.0, 2.0):
        with store_in(tmp_path).create() as writer:
            writer.write(pattern(1000))
            entry = writer.commit(replace(ENTRY, received=received))
        entries.append(entry)
    known = {entries[0].id}
    orphans = find_orphans(tmp_path, known=known, receiver_key=KEY)
    assert orphans.complete == (entries[1], entries[2])
    assert orphans.broken == ()


def test_temporary_cut_and_foreign_files_are_broken(tmp_path: Path) -> None:
    cut = tmp_path / spooled(tmp_path, pattern(5000)).id
    cut.write_bytes(cut.read_bytes()[:-1])
    partial = tmp_path / ("a" * 32 + form.PARTIAL_SUFFIX)
    partial.write_bytes(b"half of a header")
    foreign = tmp_path / "notes.txt"
    foreign.write_bytes(b"")
    (tmp_path / ".receiver").write_bytes(b"not looked at")
    orphans = find_orphans(tmp_path, known=(), receiver_key=KEY)
    assert orphans.complete == ()
    assert set(orphans.broken) == {cut, partial, foreign}


def test_what_is_set_aside_is_kept_and_not_found_again(tmp_path: Path) -> None:
    partial = tmp_path / ("a" * 32 + form.PARTIAL_SUFFIX)
    partial.write_bytes(b"half of a header")
    set_aside(partial)
    assert (tmp_path / form.ORPHANS / partial.name).read_bytes() == b"half of a header"
    assert find_orphans(tmp_path, known=(), receiver_key=KEY).broken == ()
