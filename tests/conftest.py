"""What every test gets."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.support.postgres import postgres_cluster, postgres_url

__all__ = ["postgres_cluster", "postgres_url"]

settings.register_profile(
    "narthex", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("narthex")


@pytest.fixture(autouse=True)
def _private_files() -> None:
    """Create files as the processes of the product do."""
    os.umask(0o077)
