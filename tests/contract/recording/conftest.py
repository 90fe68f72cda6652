"""The index of the spool on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.databases import open_database, upgrade


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    url = f"sqlite:///{tmp_path / 'work.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    opened = open_database(url)
    upgrade(opened, "gateway.work")
    yield opened
    opened.dispose()
