"""Errors of the gateway.

::

    GatewayError
    ├── SettingsError          a setting is unknown, missing or wrong
    ├── StateError             the state folder is unusable or in use
    ├── VaultError
    │   ├── SealedError        the vault is sealed (retry)
    │   │   └── VaultUnavailableError  the broker does not answer (retry)
    │   ├── UnsealError        the key or passphrase does not fit
    │   ├── SubjectErasedError a tombstone stands for the subject
    │   └── TamperedError      a record does not authenticate
    ├── AuditTamperedError     an audit event was changed or is missing
    ├── SpoolError
    │   ├── DiskFullError      no room; the sender is told 0xA700 (retry)
    │   └── SpoolDamagedError  a spool file is truncated or does not authenticate
    ├── ArchiveFullError       no room for cleaned objects (retry)
    ├── ChildDiedError         a parsing child is gone (retry)
    ├── FaceVerdictError       what a person says of a face can't count
    └── LostLeaseError         another worker has the job now

No message holds a value of an attribute. `code` is stable.
"""

from typing import ClassVar


class GatewayError(Exception):
    """Root of the tree.

    Parameters
    ----------
    hint : str
        What to do next, for a person. Never a value of an attribute.
    """

    code: ClassVar[str] = "gateway"
    retry: ClassVar[bool] = False

    def __init__(self, hint: str = "") -> None:
        super().__init__(f"{self.code}: {hint}" if hint else self.code)
        self.hint = hint


class SettingsError(GatewayError):
    """A setting is unknown, missing or wrong."""

    code = "settings"


class StateError(GatewayError):
    """The state folder is unusable or in use."""

    code = "state"


class VaultError(GatewayError):
    """Root of the vault's errors."""

    code = "vault"


class SealedError(VaultError):
    """The vault is sealed."""

    code = "vault.sealed"
    retry = True


class VaultUnavailableError(SealedError):
    """The broker does not answer; to a worker the same as a sealed vault."""

    code = "vault.unavailable"


class UnsealError(VaultError):
    """The key or passphrase does not fit."""

    code = "vault.unseal"


class SubjectErasedError(VaultError):
    """A tombstone stands for the subject."""

    code = "subject.erased"


class TamperedError(VaultError):
    """A record of the vault does not authenticate."""

    code = "vault.tampered"


class AuditTamperedError(GatewayError):
    """An audit event was changed or is missing."""

    code = "audit.tampered"


class SpoolError(GatewayError):
    """The spool can't do what was asked."""

    code = "spool"


class DiskFullError(SpoolError):
    """There is no room for the object."""

    code = "spool.full"
    retry = True


class SpoolDamagedError(SpoolError):
    """A spool file is truncated, changed, or not the one it claims to be."""

    code = "spool.damaged"


class ArchiveFullError(GatewayError):
    """There is no room for cleaned objects; they wait in the spool."""

    code = "archive.full"
    retry = True


class ChildDiedError(GatewayError):
    """The child died, or was ended because it took too long."""

    code = "child.died"
    retry = True


class FaceVerdictError(GatewayError):
    """What a person says of a face can't count: it was about something else, or it is too late."""

    code = "face.verdict"


class LostLeaseError(GatewayError):
    """Another worker has the job now; what was done under the lease is dropped."""

    code = "work.lease"
