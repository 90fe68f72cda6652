"""The hunt is not blind: what is planted is found, what is not there is not."""

import os
import secrets
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from tests.support.canaries import SCRIPTS, draw, phantom
from tests.support.hunt import Hunt, PostgresCluster, Record, Sink, SqliteFile, Tree, processes
from tests.support.planting import ENCODINGS

_ALL = {"word", *SCRIPTS}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", ["file", "folder", "sqlite", "record"])
def test_what_is_planted_is_found(kind: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    # the end of a line: a random letter right before base64 would shift it
    (tmp_path / "file").write_bytes(secrets.token_bytes(5000) + b"\n")
    sinks: dict[str, Sink] = {
        "file": Tree("file", tmp_path / "file"),
        "folder": Tree("folder", tmp_path / "folder"),
        "sqlite": SqliteFile("sqlite", tmp_path / "database"),
        "record": Record("record"),
    }
    identity, sink = draw(), sinks[kind]
    sink.plant(ENCODINGS[encoding](identity))
    assert {each.kind for each in Hunt(identity.canaries).sinks([sink])} >= _ALL


@pytest.mark.parametrize("encoding", ["plain", "utf-16", "base64-1", "pickle", "zlib"])
def test_what_is_planted_in_postgresql_is_found(encoding: str, postgres_url: str) -> None:
    identity, sink = draw(), PostgresCluster("postgres", postgres_url)
    sink.plant(ENCODINGS[encoding](identity))
    assert {each.kind for each in Hunt(identity.canaries).sinks([sink])} >= _ALL


def test_the_write_ahead_log_and_long_values_of_postgresql_are_read(postgres_url: str) -> None:
    early, long = draw(), draw()
    sink = PostgresCluster("postgres", postgres_url)
    sink.plant(early.word.encode())
    sink.plant((f"{long.word} " * 5000).encode())  # compressed by the server
    found = Hunt((*early.canaries, *long.canaries)).sinks([sink])
    assert sum(found.values()) > 5000


@pytest.mark.parametrize("encoding", ["plain", "upper", "base64-0", "hex", "percent", "json"])
@pytest.mark.parametrize("place", ["argument", "environment"])
def test_what_a_process_is_called_with_is_found(place: str, encoding: str) -> None:
    identity = draw()
    text = ENCODINGS[encoding](identity).decode()
    code = "import sys; print(flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, text if place == "argument" else ""],
        env={**os.environ, "LEAK": text if place == "environment" else ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    record = Record("processes")
    for each in processes(os.getpid()):
        record.plant(each.command_line + b"\n" + each.environment)
    process.communicate()
    assert {each.kind for each in Hunt(identity.canaries).sinks([record])} >= _ALL


def test_file_names_are_read(tmp_path: Path) -> None:
    identity = draw()
    (tmp_path / f"x{identity.word}").mkdir()
    sink = Tree("folder", tmp_path)
    assert {each.kind for each in Hunt(identity.canaries).sinks([sink])} == {"word"}


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_phantom_is_full_of_canaries(script: str, syntax: str) -> None:
    identity = draw()
    found = Hunt(identity.canaries).search(
        phantom(identity, "aa", script=script, syntax=syntax).file
    )
    assert {kind for kind, _ in found} == {"word", "number", "date", "uid", script}


def test_numbers_among_digits_are_chance() -> None:
    identity = draw()
    hunt = Hunt(identity.canaries)
    assert not list(hunt.search(f"2.25.7{identity.date}8 a{identity.number}f".encode()))
    assert list(hunt.search(f"<{identity.date}>".encode()))


def test_nothing_is_found_by_chance() -> None:
    assert not list(Hunt(draw().canaries).search(secrets.token_bytes(2 << 20)))
    another = phantom(draw(), "aa").file
    assert not list(Hunt(draw().canaries).search(another + zlib.compress(another)))


def test_findings_hold_no_word(tmp_path: Path) -> None:
    identity = draw()
    sink = Tree("folder", tmp_path)
    sink.plant(ENCODINGS["plain"](identity))
    said = repr(Hunt(identity.canaries).sinks([sink])).encode()
    assert not list(Hunt(identity.canaries).search(said))
