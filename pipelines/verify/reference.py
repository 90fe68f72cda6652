"""Check that the instance is what the engine says it is (narrow: the instance itself)."""

from collections.abc import Collection, Mapping

from pipelines.errors import ResidualError
from pipelines.verify.places import show
from pipelines.verify.values import is_new_uid

SOP_INSTANCE_UID = 0x00080018
STUDY_INSTANCE_UID = 0x0020000D
SERIES_INSTANCE_UID = 0x0020000E


def check_references(
    captured: Mapping[int, bytes],
    *,
    expected: Mapping[int, str],
    uids: Mapping[str, str],
    kept: Collection[int],
) -> None:
    """Compare the UIDs of the written instance with those it must have.

    Parameters
    ----------
    captured : Mapping[int, bytes]
        Of the output, by tag.
    expected : Mapping[int, str]
        By tag.
    uids : Mapping[str, str]
        Replaced UIDs of the source.
    kept : Collection[int]
        Tags whose UID an option or a rule keeps; the others must have a new one.

    Raises
    ------
    ResidualError
        `verify.reference`.
    """
    for tag, uid in expected.items():
        is_source = uids.get(uid, uid) != uid
        encoded = uid.encode("ascii", "replace")
        is_allowed = is_new_uid(encoded) or (tag in kept and bool(uid))
        if is_source or not is_allowed or captured.get(tag, b"") != encoded:
            raise ResidualError("verify.reference", where=show(tag))
