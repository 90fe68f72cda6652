"""Errors of the pipelines.

::

    PipelineError
    ├── HeldError          the object must not be released; a reason code says why
    │   ├── RefusedError   the plan lets nothing of the object out, and nobody need look at it
    │   └── ResidualError  verify found identity, or a broken object, in what was written
    ├── MalformedError     the bytes can't be read as DICOM; the object is held
    └── AccessionsNeededError  the vault must be asked for pseudonyms first

No message holds a value of an attribute. `code` is stable and documented in
``ops/manual/reasons.md``.
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pipelines.context import Accession


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


class RefusedError(HeldError):
    """A rule of the plan leaves nothing of the object; who does not know that holds it."""


class ResidualError(HeldError):
    """Verify found identity, or a broken object, in the written bytes."""


class MalformedError(HeldError):
    """The bytes can't be read as DICOM (PS3.5, PS3.10)."""


class AccessionsNeededError(PipelineError):
    """Accession numbers have no pseudonym yet: ask the vault, and clean again.

    Attributes
    ----------
    accessions : frozenset[Accession]
        Patient data: in memory only, and no part of the message.
    """

    def __init__(self, accessions: "frozenset[Accession]") -> None:
        super().__init__("accession.needed", where=f"{len(accessions)} accession numbers")
        self.accessions = accessions
