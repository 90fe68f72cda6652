"""Run: a child of ``narthex deidentify --jobs`` in which libraries quote a value.

Arguments: a folder, the value.
"""

import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gateway.batch import start_child
from rules.disclosure import install_hooks


class _Fails:
    """Raises where nobody can catch."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __del__(self) -> None:
        raise ValueError(self._value)


def quote(value: str) -> None:
    """Warn as pydicom does, and fail in a destructor."""
    warnings.warn(f"Invalid value for VR UI: {value!r}", UserWarning, stacklevel=2)
    _Fails(value)


def main(folder: str, value: str) -> None:
    """Start a child as the command does, and let it quote."""
    install_hooks()
    job: Any = SimpleNamespace(  # what the initializer asks of the command's own class
        output=Path(folder),
        rules="basic",
        project=None,
        run_secret=bytes(32),
        private_sop_classes=(),
        explain=False,
    )
    with ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=start_child, initargs=(job,)
    ) as pool:
        pool.submit(quote, value).result()


if __name__ == "__main__":
    main(*sys.argv[1:])
