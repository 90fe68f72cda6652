"""What every hunt gets."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def _silent_senders() -> Iterator[None]:
    """Keep our own senders from printing canaries: a finding must not say what it found."""
    loggers = [logging.getLogger(name) for name in ("pynetdicom", "pydicom")]
    before = [logger.disabled for logger in loggers]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    yield
    for logger, level, disabled in zip(loggers, levels, before, strict=True):
        logger.setLevel(level)
        logger.disabled = disabled
