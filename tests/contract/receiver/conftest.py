"""A receiver on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.receiver import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(folder=tmp_path, url=f"sqlite:///{tmp_path / 'work.db'}")


@pytest.fixture
def port(bench: Bench) -> Iterator[int]:
    with bench.running() as number:
        yield number
