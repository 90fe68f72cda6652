"""Open an object: find its encoding and its root elements, normalise what can't be walked."""

from pipelines.context import RangeReader
from pipelines.errors import MalformedError
from pipelines.metadata.head import is_walkable, read_head
from pipelines.metadata.normalise import inflate, normalise
from pipelines.metadata.outline import Outline, read_outline

_DEFLATED = "1.2.840.10008.1.2.1.99"


def open_object(source: RangeReader) -> tuple[Outline, bool]:
    """Return the outline, and True where the object had to be normalised.

    Raises
    ------
    MalformedError
        `metadata.malformed` where neither the walk nor pydicom can read it;
        `metadata.limit`.
    """
    normalised = False
    try:
        head = read_head(source)
        if head.transfer_syntax_uid == _DEFLATED:
            source = inflate(source, head)
            head, normalised = read_head(source), True
        if is_walkable(head.transfer_syntax_uid):
            return read_outline(source, head), normalised
    except MalformedError as error:
        if error.code != "metadata.malformed":
            raise
    return read_normalised(source), True


def read_normalised(source: RangeReader) -> Outline:
    """Return the outline of the object as pydicom re-encodes it.

    Raises
    ------
    MalformedError
    """
    normalised = normalise(source)
    return read_outline(normalised, read_head(normalised))
