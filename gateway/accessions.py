"""Clean where the vault is in the same process: ask it for accession numbers when they are met."""

from collections.abc import Callable
from dataclasses import replace

from gateway.ports import SubjectKey, Vault
from pipelines.context import Accession, SubjectContext
from pipelines.errors import AccessionsNeededError
from pipelines.objects import Cleaned

_MOST_KEPT = 1000


class AccessionLoans:
    """Pseudonyms of the accession numbers of one study at a time.

    Parameters
    ----------
    vault : Vault
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._key: SubjectKey | None = None
        self._lent: dict[Accession, str] = {}

    def clean(
        self,
        key: SubjectKey,
        context: SubjectContext,
        clean: Callable[[SubjectContext], Cleaned],
    ) -> tuple[Cleaned, SubjectContext]:
        """Return what `clean` makes of an object, and the context that it was cleaned with.

        Raises
        ------
        pipelines.errors.HeldError
        gateway.errors.GatewayError
        """
        if key != self._key or len(self._lent) > _MOST_KEPT:
            self._key, self._lent = key, {}
        context = replace(context, accessions=self._lent)
        try:
            return clean(context), context
        except AccessionsNeededError as error:
            asked = sorted(error.accessions)
        made = {each: self._vault.accession(key, each, lease=None) for each in asked}
        self._lent = self._lent | made
        context = replace(context, accessions=self._lent)
        return clean(context), context
