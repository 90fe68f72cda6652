"""The shared data beside the project: corpus, tables of the standard.

It is no part of the repository; a test that needs it carries `needs_shared`.
"""

from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"

SHARED: Path | None = _BESIDE if (_BESIDE / "standard").is_dir() else None

needs_shared = pytest.mark.skipif(
    SHARED is None, reason="../shared/data (beside the project) is missing"
)
