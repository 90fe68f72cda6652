"""Exit codes, and the one table from errors to codes and words for a person.

``ops/manual/commands.md`` lists both.
"""

from enum import IntEnum

from gateway.errors import (
    DiskFullError,
    GatewayError,
    SealedError,
    SettingsError,
    StateError,
    UnsealError,
    VaultError,
)
from pipelines.errors import PipelineError
from rules.errors import RulesError


class Exit(IntEnum):
    """What the exit code of ``narthex`` means."""

    DONE = 0
    FINDINGS = 1
    """The work was done and something failed or was held; the output says what."""
    USAGE = 2
    SETTINGS = 3
    STATE = 4
    SEALED = 5
    UNSEAL = 6
    VAULT = 7
    DISK = 8
    RULES = 9
    HELD = 10
    OTHER = 11
    INTERNAL = 70
    INTERRUPTED = 130


TABLE: tuple[tuple[type[Exception], Exit, str], ...] = (
    (SettingsError, Exit.SETTINGS, "A setting is wrong"),
    (StateError, Exit.STATE, "The state folder can't be used"),
    (SealedError, Exit.SEALED, "The vault is sealed, or its broker does not run"),
    (UnsealError, Exit.UNSEAL, "The vault does not open"),
    (VaultError, Exit.VAULT, "The vault refuses"),
    (DiskFullError, Exit.DISK, "There is no room on the disk"),
    (RulesError, Exit.RULES, "The rule set is refused"),
    (PipelineError, Exit.HELD, "The object is held"),
    (GatewayError, Exit.OTHER, "Narthex can't do that"),
)
"""First match wins."""


def explain(error: Exception) -> tuple[Exit, str] | None:
    """Return exit code and words for `error`; None if it is none of ours."""
    for kind, code, words in TABLE:
        if isinstance(error, kind):
            return code, f"{words}: {getattr(error, 'hint', '') or error}"
    return None
