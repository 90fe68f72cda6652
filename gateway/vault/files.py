"""Small files that must be whole or absent after a power loss."""

import os
import secrets
from pathlib import Path

from gateway.files import sync_folder


def write_durably(path: Path, content: bytes, *, replaces: bool) -> None:
    """Write `content` under `path`, mode 0600, file and folder fsynced.

    Parameters
    ----------
    path : Path
        Its folder is made, 0700, where it is missing.
    content : bytes
    replaces : bool
        Whether an existing file may give way.

    Raises
    ------
    FileExistsError
        The file exists and `replaces` is False. It is not changed.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replaces:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
