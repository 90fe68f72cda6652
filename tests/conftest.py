"""What every test gets."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.support.postgres import postgres_cluster, postgres_url

__all__ = ["postgres_cluster", "postgres_url"]

# The same examples in every run: who changes nothing breaks nothing. To look for more:
# NARTHEX_EXPLORE=1 ops/test tests/unit -k gate, with --hypothesis-seed=N to do it again.
_EXPLORES = os.environ.get("NARTHEX_EXPLORE") == "1"
settings.register_profile(
    "narthex",
    deadline=None,
    derandomize=not _EXPLORES,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    phases=set(Phase) - {Phase.explain},  # takes a minute after each failure
)
settings.load_profile("narthex")


@pytest.fixture(autouse=True)
def _private_files() -> None:
    """Create files as the processes of the product do."""
    os.umask(0o077)
