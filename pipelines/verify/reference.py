"""Check that the instance is what the engine says it is (narrow: the instance itself)."""

from collections.abc import Mapping

from pipelines.errors import ResidualError
from pipelines.verify.places import show

SOP_INSTANCE_UID = 0x00080018
STUDY_INSTANCE_UID = 0x0020000D
SERIES_INSTANCE_UID = 0x0020000E


def check_references(
    captured: Mapping[int, bytes], *, expected: Mapping[int, str], uids: Mapping[str, str]
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

    Raises
    ------
    ResidualError
        `verify.reference`.
    """
    for tag, uid in expected.items():
        is_source = uids.get(uid, uid) != uid
        if is_source or not uid or captured.get(tag, b"") != uid.encode("ascii", "replace"):
            raise ResidualError("verify.reference", where=show(tag))
