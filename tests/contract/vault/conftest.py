"""A vault on each database, and the hand of somebody who may write it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.vault.vault import VaultStore
from tests.support.vault import VaultPlace, close_vaults, place_in


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VaultPlace]:
    if request.param == "sqlite":
        yield place_in(tmp_path)
    else:
        url = request.getfixturevalue("postgres_url")
        yield VaultPlace(url, url, tmp_path / "keys" / "spool.pub")
    close_vaults()


@pytest.fixture
def vault(place: VaultPlace) -> VaultStore:
    return place.open_unsealed()


@pytest.fixture
def keyring(place: VaultPlace, vault: VaultStore) -> Iterator[sa.Connection]:
    with _raw(place.keyring_url) as connection:
        yield connection


@pytest.fixture
def records(place: VaultPlace, vault: VaultStore) -> Iterator[sa.Connection]:
    with _raw(place.records_url) as connection:
        yield connection


def _raw(url: str) -> sa.Connection:
    """Return the hand of somebody who may write the database but holds no key."""
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool).connect()
