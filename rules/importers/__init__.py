"""Read the anonymizer scripts of other products and make rule sets of them."""

from rules.importers.accounts import Account, Imported, Outcome
from rules.importers.ctp import import_ctp

__all__ = ["Account", "Imported", "Outcome", "import_ctp"]
