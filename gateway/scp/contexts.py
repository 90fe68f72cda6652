"""Which SOP classes and transfer syntaxes the Storage SCP takes.

Every storage SOP class of the standard that pydicom or pynetdicom knows, retired ones
too, and private ones by configuration; every transfer syntax that a dataset can be sent
in. Objects pass as they are, so no decoder is needed.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from pydicom._uid_dict import UID_dictionary
from pynetdicom import AllStoragePresentationContexts
from pynetdicom.presentation import PresentationContext
from pynetdicom.service_class import StorageServiceClass
from pynetdicom.sop_class import register_uid, uid_to_service_class

VERIFICATION = "1.2.840.10008.1.1"
_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_IMPLICIT_LITTLE = "1.2.840.10008.1.2"
_EXPLICIT_BIG = "1.2.840.10008.1.2.2"
_NOT_BY_C_STORE = frozenset(
    {
        "1.2.840.10008.1.3.10",  # Media Storage Directory
        "1.2.840.10008.1.20.1",  # Storage Commitment Push Model
        "1.2.840.10008.1.20.2",  # Storage Commitment Pull Model
    }
)
_NO_DATASET_SYNTAX = frozenset(
    {
        "1.2.840.10008.1.2.6.1",  # RFC 2557 MIME encapsulation
        "1.2.840.10008.1.2.6.2",  # XML Encoding
        "1.2.840.10008.1.2.7.1",  # SMPTE ST 2110: real-time streams
        "1.2.840.10008.1.2.7.2",
        "1.2.840.10008.1.2.7.3",
        "1.2.840.10008.1.20",  # Papyrus 3
    }
)


@cache
def standard_sop_classes() -> frozenset[str]:
    """Return the UIDs of the storage SOP classes of the standard."""
    named = {
        uid
        for uid, (name, kind, *_) in UID_dictionary.items()
        if kind == "SOP Class" and re.search(r"\bStorage\b", name)
    }
    listed = {str(context.abstract_syntax) for context in AllStoragePresentationContexts}
    return frozenset((named | listed) - _NOT_BY_C_STORE)


@cache
def transfer_syntaxes() -> tuple[str, ...]:
    """Return the UIDs of the transfer syntaxes, in our order of preference.

    The order matters only where a peer offers several in one presentation context:
    explicit VR keeps what implicit VR loses, and nothing has to be decompressed by us.
    """
    known = {uid for uid, (_, kind, *_) in UID_dictionary.items() if kind == "Transfer Syntax"}
    first = [_EXPLICIT_LITTLE, _IMPLICIT_LITTLE]
    rest = sorted(known - _NO_DATASET_SYNTAX - {*first, _EXPLICIT_BIG})
    return (*first, *rest, _EXPLICIT_BIG)


def register_sop_classes(private: Iterable[str]) -> frozenset[str]:
    """Tell pynetdicom which UIDs are storage SOP classes, and return them all.

    Parameters
    ----------
    private : Iterable[str]
        UIDs of private SOP classes, from the settings.
    """
    supported = standard_sop_classes() | frozenset(private)
    for uid in sorted(supported):
        if uid_to_service_class(uid) is not StorageServiceClass:
            keyword = "NarthexStorage_" + re.sub(r"\W", "_", uid)
            register_uid(uid, keyword, StorageServiceClass)
    return supported


def contexts_for(
    requested: Sequence[PresentationContext], *, sop_classes: frozenset[str]
) -> list[PresentationContext]:
    """Return the contexts we support of those that a peer requested."""
    supported: dict[str, PresentationContext] = {}
    for context in requested:
        uid = str(context.abstract_syntax)
        if uid in supported or not (uid in sop_classes or uid == VERIFICATION):
            continue
        offer = PresentationContext()
        offer.abstract_syntax = context.abstract_syntax
        offer.transfer_syntax = list(transfer_syntaxes())
        supported[uid] = offer
    return list(supported.values())
