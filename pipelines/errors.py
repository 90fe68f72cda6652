"""Errors of the pipelines.

::

    PipelineError
    ├── HeldError          the object must not be released; a reason code says why
    │   └── ResidualError  verify found identity, or a broken object, in what was written
    └── MalformedError     the bytes can't be read as DICOM; the object is held

No message holds a value of an attribute. `code` is stable and documented in
``ops/manual/reasons.md``.
"""

from typing import ClassVar


class PipelineError(Exception):
    """Root of the tree.

    Parameters
    ----------
    code : str
        Stable, dotted: ``"metadata.malformed"``.
    where : str
        Tags, offsets, counts; never values.
    """

    retry: ClassVar[bool] = False

    def __init__(self, code: str, *, where: str = "") -> None:
        super().__init__(f"{code} {where}".strip())
        self.code = code
        self.where = where


class HeldError(PipelineError):
    """The object must not be released; it goes to quarantine with `code`."""


class ResidualError(HeldError):
    """Verify found identity, or a broken object, in the written bytes."""


class MalformedError(HeldError):
    """The bytes can't be read as DICOM (PS3.5, PS3.10)."""
