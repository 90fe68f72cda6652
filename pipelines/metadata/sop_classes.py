"""The storage SOP classes of the standard (PS3.4, B.5), retired ones included."""

from functools import cache

from pydicom._uid_dict import UID_dictionary

_NOT_INSTANCES = ("Storage Commitment", "Media Storage Directory", "Storage Service Class")


@cache
def storage_sop_classes() -> frozenset[str]:
    """Return their UIDs, as the pinned dictionary (PS3.6, annex A) lists them."""
    return frozenset(
        uid
        for uid, (name, kind, *_) in UID_dictionary.items()
        if kind == "SOP Class" and "Storage" in name and not name.startswith(_NOT_INSTANCES)
    )


@cache
def transfer_syntaxes() -> frozenset[str]:
    """Return the transfer syntaxes of the standard (PS3.5, clause 10), retired ones included."""
    return frozenset(
        uid for uid, (_, kind, *_) in UID_dictionary.items() if kind == "Transfer Syntax"
    )
