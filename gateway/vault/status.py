"""The state of a vault, as people and clients see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultStatus:
    """What may be said of a vault without opening it.

    Attributes
    ----------
    initialised : bool
    sealed : bool
    seal : str
        ``key-file``, ``passphrase``, or empty where there is no vault.
    epoch : int
        0 where there is no vault.
    subjects : int
    erased : int
        Tombstones.
    """

    initialised: bool
    sealed: bool
    seal: str
    epoch: int
    subjects: int
    erased: int


NO_VAULT = VaultStatus(initialised=False, sealed=True, seal="", epoch=0, subjects=0, erased=0)
