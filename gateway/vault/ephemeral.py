"""A vault in memory, for a run of ``narthex deidentify`` without project."""

import secrets
from collections.abc import Iterator

from gateway.errors import VaultError
from gateway.ports import Lease, SubjectKey
from gateway.vault import keys
from gateway.vault.pseudonyms import ACCESSION_CHARACTERS, spell, spell_accession
from gateway.vault.requests import check_accession, check_request, days_of
from pipelines.context import Accession, SubjectContext

_CHARACTERS = 13
"""65 bits: processes of one run can't ask each other whether a pseudonym is taken."""


class EphemeralVault:
    """Contexts from one random secret that is forgotten with the run.

    Implements `gateway.ports.Vault`. Vaults with the same secret, also in other
    processes, give the same contexts.

    Parameters
    ----------
    run_secret : bytes
        32 random bytes; see `new_run_secret`.
    """

    def __init__(self, run_secret: bytes) -> None:
        self._secret = run_secret
        self._pseudonyms: dict[tuple[str, str], str] = {}

    def context(
        self,
        key: SubjectKey,
        *,
        lease: Lease | None,  # noqa: ARG002  (there is no job)
        shift_days: tuple[int, int],
    ) -> SubjectContext:
        """Return the context of a subject in this run.

        Raises
        ------
        VaultError
            There is no Patient ID, or the range of days is empty.
        """
        check_request(key, shift_days)
        subject = self._subject(key)
        pseudonym = spell(_number(subject, "pseudonym"), characters=_CHARACTERS)
        self._pseudonyms[key.issuer, key.patient_id] = pseudonym
        return SubjectContext(
            pseudonym=pseudonym,
            shift_days=days_of(_number(subject, "shift") >> 192, shift_days),
            uid_secret=keys.derive(subject, "ephemeral-uid", salt=b""),
            uid_generation=1,
        )

    def accession(
        self,
        key: SubjectKey,
        accession: Accession,
        *,
        lease: Lease | None,  # noqa: ARG002  (there is no job)
    ) -> str:
        """Return the pseudonym of an accession number in this run.

        Raises
        ------
        VaultError
            There is no Patient ID or no accession number.
        """
        check_accession(key, accession)
        subject = self._subject(key)
        found = keys.blind_index(subject, "accession", accession.issuer, accession.number)
        return spell_accession(int.from_bytes(found) >> len(found) * 8 - 5 * ACCESSION_CHARACTERS)

    def file_key(
        self,
        wrapped: bytes,  # noqa: ARG002  (refused unread)
        *,
        lease: Lease | None,  # noqa: ARG002
    ) -> bytes:
        """Refuse: there is no spool.

        Raises
        ------
        VaultError
            Always.
        """
        raise VaultError("a run without project has no spool")

    def project_secret(
        self,
        project: str,
        *,
        lease: Lease | None,  # noqa: ARG002  (there is no job)
    ) -> bytes:
        """Return the secret of a project in this run."""
        return keys.blind_index(self._secret, "project", project)

    def _subject(self, key: SubjectKey) -> bytes:
        return keys.blind_index(self._secret, "subject", key.project, key.issuer, key.patient_id)

    def mapping(self) -> Iterator[tuple[str, str]]:
        """Yield Patient ID and pseudonym of every subject that was asked for here."""
        for (_, patient_id), pseudonym in self._pseudonyms.items():
            yield patient_id, pseudonym


def new_run_secret() -> bytes:
    """Return the secret of a new run, 32 bytes."""
    return secrets.token_bytes(keys.KEY_BYTES)


def _number(subject: bytes, label: str) -> int:
    return int.from_bytes(keys.derive(subject, f"ephemeral-{label}", salt=b""))
