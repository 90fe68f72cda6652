"""Real vaults for tests, and what they are asked for."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.ports import SubjectKey
from gateway.vault.unsealing import SealKind
from gateway.vault.vault import VaultStore, open_vault

KEY = bytes(range(32))
DAYS = (-3650, -365)
_opened: list[VaultStore] = []


@dataclass(frozen=True)
class VaultPlace:
    """Where a vault is; travels to other processes."""

    keyring_url: str
    records_url: str
    spool_public: Path

    def open(self) -> VaultStore:
        """Return the vault, sealed."""
        vault = open_vault(self.keyring_url, self.records_url, spool_public=self.spool_public)
        _opened.append(vault)
        return vault

    def open_unsealed(self) -> VaultStore:
        """Return the vault, unsealed; it is made where there is none."""
        vault = self.open()
        if vault.status().initialised:
            vault.unseal(KEY)
        else:
            vault.init(KEY, SealKind.KEY_FILE)
        return vault


def close_vaults() -> None:
    """Close every vault that this process opened here."""
    while _opened:
        _opened.pop().close()


def place_in(folder: Path) -> VaultPlace:
    """Return the place of a vault in SQLite files under `folder`."""
    return VaultPlace(
        keyring_url=f"sqlite:///{folder / 'keyring' / 'keyring.db'}",
        records_url=f"sqlite:///{folder / 'vault' / 'records.db'}",
        spool_public=folder / "keys" / "spool.pub",
    )


def subject(
    patient_id: str = "4711",
    *,
    project: str = "heart",
    issuer: str = "CLINIC",
    study: str = "1.2.3",
) -> SubjectKey:
    """Return a question for the vault."""
    return SubjectKey(
        project=project, issuer=issuer, patient_id=patient_id, study_instance_uid=study
    )


def spellings(word: str) -> Iterator[bytes]:
    """Yield `word` as it may lie in a file: ASCII, UTF-16, hexadecimal, base64 at each offset."""
    plain = word.encode()
    yield plain
    yield word.encode("utf-16-le")
    yield word.encode("utf-16-be")
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    for offset in range(3):
        # Characters that also hold bits of the neighbours are left out.
        encoded = base64.b64encode(bytes(offset) + plain)
        yield encoded[(offset * 8 + 5) // 6 : (offset + len(plain)) * 8 // 6]


def hits(words: list[str], content: bytes) -> list[str]:
    """Return the words that lie in `content` in any spelling."""
    return [word for word in words if any(s in content for s in spellings(word))]
