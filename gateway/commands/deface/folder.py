"""A folder of pictures that only its owner can read."""

import os
import stat
from pathlib import Path

import click

from gateway.files import create_private

_OWNER_ONLY = 0o700


def stands_in(path: Path, source: Path) -> bool:
    """Return whether `path`, or what it is a link to, is `source` or in it."""
    places = (path.resolve(), path.parent.resolve() / path.name)
    return any(place.is_relative_to(source.resolve()) for place in places)


def make_private(folder: Path) -> None:
    """Make a folder with mode 0700, or take one that others can't enter.

    Raises
    ------
    click.UsageError
        Others can enter it.
    click.FileError
    """
    try:
        folder.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise click.FileError(str(folder), error.strerror or "") from None
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise click.UsageError(
            "the folder for pictures can be entered by others: pictures show the face. Name a"
            " new folder, or: chmod 700"
        )


def write_private(path: Path, data: bytes) -> None:
    """Write a file with mode 0600; what has its name gives way.

    Raises
    ------
    click.FileError
    """
    try:
        with os.fdopen(create_private(path), "wb") as file:
            file.write(data)
    except OSError as error:
        raise click.FileError(str(path), error.strerror or "") from None
