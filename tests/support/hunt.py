"""Look for canary words in everything that a system leaves behind, however encoded.

A sink is a place that something can leak to: a file tree, a database, what a process
printed, answered or was called with. Each can be read (`pieces`) and, to prove that the
hunt is not blind there, planted (`plant`). Findings name sink, kind and encoding, never
the words.
"""

import base64
import json
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol
from urllib.parse import quote_from_bytes

import re2
import sqlalchemy as sa

from tests.support.canaries import Canary

_SHORTEST = 5
"""Needles with fewer bytes would be found by chance."""
_DEPTH = 3
_INFLATED_AT_MOST = 8 << 20
_STEP = 512
_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
_BYTES.max_mem = 1 << 30
_STREAM = re2.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08", options=_BYTES)
_BASE64 = re2.compile(rb"[A-Za-z0-9+/_-]{24,}", options=_BYTES)
_HEX = re2.compile(rb"(?:[0-9A-Fa-f]{2}){12,}", options=_BYTES)
_DIGIT = frozenset(b"0123456789abcdefABCDEF")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A canary that is where it must not be. Says no more than this."""

    sink: str
    kind: str
    encoding: str


class Sink(Protocol):
    """A place that something can leak to."""

    @property
    def name(self) -> str:
        """Name of the sink, for findings."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """Yield everything that is there."""
        ...

    def plant(self, data: bytes) -> None:
        """Leave `data` there, the way a leak would."""
        ...


class Hunt:
    """Looks for canaries.

    Parameters
    ----------
    canaries : Sequence[Canary]
    """

    def __init__(self, canaries: Sequence[Canary]) -> None:
        self._needles: dict[bytes, tuple[str, str, bool]] = {}
        for canary in canaries:
            for encoding, needle in _spellings(canary):
                if len(needle) >= _SHORTEST:
                    entry = (canary.kind, encoding, canary.is_number)
                    self._needles.setdefault(needle, entry)
        longest_first = sorted(self._needles, key=len, reverse=True)
        pattern = "|".join("".join(f"\\x{byte:02x}" for byte in n) for n in longest_first)
        self._pattern = re2.compile(pattern.encode(), options=_BYTES)

    def search(self, data: bytes) -> Iterator[tuple[str, str]]:
        """Yield kind and encoding of every canary in `data`, unpacked as far as it goes."""
        for way, piece in _unfold(data, _DEPTH):
            for match in self._pattern.finditer(piece):
                kind, encoding, is_number = self._needles[match.group()]
                if is_number and _is_among_digits(piece, match.start(), match.end()):
                    continue
                yield kind, f"{way}{encoding}"

    def sinks(self, sinks: Iterable[Sink]) -> Counter[Finding]:
        """Return what is found, with the number of times."""
        return Counter(
            Finding(sink.name, kind, encoding)
            for sink in sinks
            for piece in sink.pieces()
            for kind, encoding in self.search(piece)
        )


def _is_among_digits(data: bytes, start: int, end: int) -> bool:
    before, after = data[start - 1 : start], data[end : end + 1]
    return bool(before and before[0] in _DIGIT) or bool(after and after[0] in _DIGIT)


def _spellings(canary: Canary) -> Iterator[tuple[str, bytes]]:
    """Yield name of the encoding and bytes, for every way a canary may lie somewhere."""
    text = canary.text
    for cased in dict.fromkeys((text, text.upper(), text.lower(), text.title())):
        for codec in dict.fromkeys(("utf-8", "latin-1", canary.codec, "utf-16-le", "utf-16-be")):
            try:
                encoded = cased.encode(codec)
            except UnicodeEncodeError:
                continue
            yield codec, encoded
            yield from ((f"{name}({codec})", data) for name, data in _wrapped(encoded))
        yield "json", json.dumps(cased)[1:-1].encode()
        yield "escaped", cased.encode("unicode_escape")
        yield "raw-escaped", cased.encode("raw_unicode_escape")
        yield "entities", cased.encode("ascii", "xmlcharrefreplace")


def _wrapped(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "hex", data.hex().encode()
    yield "hex", data.hex().upper().encode()
    yield "repr", repr(data)[2:-1].encode()
    yield "percent", quote_from_bytes(data, safe="").encode()
    yield "percent", "".join(f"%{byte:02X}" for byte in data).encode()
    yield "percent", "".join(f"%{byte:02x}" for byte in data).encode()
    yield "quoted-printable", "".join(f"={byte:02X}" for byte in data).encode()
    yield "json-bytes", "".join(f"\\u{byte:04x}" for byte in data).encode()
    for offset in range(3):
        # characters that also hold bits of the neighbours are left out
        start, end = (offset * 8 + 5) // 6, (offset + len(data)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield "base64", encode(bytes(offset) + data)[start:end]


def _unfold(data: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    """Yield `data` and what is packed in it: zlib, gzip, deflate of DICOM, base64, hex."""
    yield "", data
    if not depth:
        return
    for name, inner in _unpacked(data):
        for way, piece in _unfold(inner, depth - 1):
            yield f"{name}>{way}", piece


def _unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    for match in _STREAM.finditer(data):
        is_gzip = match.group()[0] == 0x1F
        inner = _inflate(data, match.start(), wbits=zlib.MAX_WBITS + 16 * is_gzip)
        if inner:
            yield "gzip" if is_gzip else "zlib", inner
    if data[128:132] == b"DICM":
        start = 144 + int.from_bytes(data[140:144], "little")
        if inner := _inflate(data, start, wbits=-zlib.MAX_WBITS):
            yield "deflate", inner
    for match in _BASE64.finditer(data):
        run = match.group().translate(bytes.maketrans(b"-_", b"+/"))
        yield "base64", base64.b64decode(run[: len(run) // 4 * 4])
    for match in _HEX.finditer(data):
        yield "hex", bytes.fromhex(match.group().decode())


def _inflate(data: bytes, start: int, *, wbits: int) -> bytes:
    """Return what can be inflated from `start`, also where the stream breaks off."""
    inflater, out = zlib.decompressobj(wbits=wbits), bytearray()
    try:
        for offset in range(start, len(data), _STEP):
            out += inflater.decompress(data[offset : offset + _STEP], _INFLATED_AT_MOST)
            while inflater.unconsumed_tail and len(out) < _INFLATED_AT_MOST:
                out += inflater.decompress(inflater.unconsumed_tail, _INFLATED_AT_MOST)
            if inflater.eof or len(out) >= _INFLATED_AT_MOST:
                break
    except zlib.error:
        pass  # what came before the break counts
    return bytes(out)


@dataclass(frozen=True)
class Tree:
    """A file, or every file below a folder, with their names."""

    name: str
    path: Path

    def pieces(self) -> Iterator[bytes]:
        paths = sorted(self.path.rglob("*")) if self.path.is_dir() else [self.path]
        yield "\0".join(str(path.relative_to(self.path)) for path in paths).encode()
        for path in paths:
            if path.is_file():
                try:
                    yield path.read_bytes()
                except FileNotFoundError:
                    continue  # a running system removed it meanwhile

    def plant(self, data: bytes) -> None:
        if self.path.is_dir():
            (self.path / "planted").write_bytes(data)
        else:
            with self.path.open("ab") as file:
                file.write(data)


@dataclass(frozen=True)
class SqliteFile:
    """An SQLite database: its pages, journal and free pages as bytes, its values by query."""

    name: str
    path: Path

    def pieces(self) -> Iterator[bytes]:
        for path in sorted(self.path.parent.glob(f"{self.path.name}*")):
            yield path.read_bytes()
        with sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():
                for row in connection.execute(f'SELECT * FROM "{table}"'):
                    yield from _values(row)
        connection.close()

    def plant(self, data: bytes) -> None:
        connection = sqlite3.connect(self.path)
        connection.execute("PRAGMA secure_delete = OFF")  # Debian has it on
        connection.execute("CREATE TABLE IF NOT EXISTS planted (value BLOB)")
        # a line of its own: the header of a row may be a letter, which would shift base64
        connection.execute("INSERT INTO planted VALUES (?)", (b"\n" + data + b"\n",))
        connection.commit()
        connection.execute("DELETE FROM planted")  # its bytes stay in the page
        connection.commit()
        connection.close()


@dataclass(frozen=True)
class PostgresCluster:
    """A PostgreSQL: data folder with write-ahead log, server log, values by query.

    Read by query too: what is long, the server compresses in a way of its own.
    """

    name: str
    url: str

    @cached_property
    def _engine(self) -> sa.Engine:
        return sa.create_engine(self.url, poolclass=sa.NullPool)

    @property
    def folder(self) -> Path:
        """Return the folder of the cluster's data folder and log."""
        with self._engine.connect() as connection:
            return Path(connection.execute(sa.text("SHOW data_directory")).scalar_one()).parent

    def pieces(self) -> Iterator[bytes]:
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("CHECKPOINT"))
            found = sa.MetaData()
            found.reflect(connection)
            for table in found.tables.values():
                for row in connection.execute(sa.select(table)):
                    yield from _values(tuple(row))
        yield from Tree(self.name, self.folder).pieces()

    def plant(self, data: bytes) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE IF NOT EXISTS planted (value BYTEA)"))
            connection.execute(sa.text("INSERT INTO planted VALUES (:v)"), {"v": data})


@dataclass
class Record:
    """What was printed, answered or called: kept by the test that saw it."""

    name: str
    kept: list[bytes] = field(default_factory=list)

    def pieces(self) -> Iterator[bytes]:
        yield from self.kept

    def plant(self, data: bytes) -> None:
        self.kept.append(data)


def _values(row: Iterable[object]) -> Iterator[bytes]:
    for value in row:
        if isinstance(value, bytes | memoryview):
            yield bytes(value)
        elif value is not None:
            yield str(value).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process as everybody on the machine can see it."""

    pid: int
    command_line: bytes
    environment: bytes
    core_bytes: str


def processes(root: int) -> list[Process]:
    """Return a process and all that descend from it."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        folder = Path("/proc", str(pid))
        try:
            limits = (folder / "limits").read_text(encoding="ascii")
            core = next(line for line in limits.splitlines() if "core file" in line)
            seen = Process(
                pid=pid,
                command_line=(folder / "cmdline").read_bytes(),
                environment=(folder / "environ").read_bytes(),
                core_bytes=core.split()[4],
            )
            for task in (folder / "task").iterdir():
                children = (task / "children").read_text(encoding="ascii")
                waiting += map(int, children.split())
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        found.append(seen)
    return found
