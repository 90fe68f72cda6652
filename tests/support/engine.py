"""Call the pipelines on bytes, the way the gateway does."""

from pipelines.context import Span, SubjectContext
from pipelines.metadata.normalise import BytesReader
from pipelines.run import clean, inspect, verify
from rules.load import compile_rules


def run_engine(
    data: bytes, *, rules_yaml: str, context: SubjectContext, verified: bool = True
) -> bytes:
    """Return the cleaned file.

    Raises
    ------
    pipelines.errors.HeldError
    """
    plan = compile_rules(rules_yaml, source="test")
    source = BytesReader(data)
    inspection = inspect(source, attributes=())
    cleaned = clean(source, plan=plan, context=context, inspection=inspection, explain=False)
    written = b"".join(
        cleaned.source.read(segment.offset, segment.length)
        if isinstance(segment, Span)
        else segment
        for segment in cleaned.segments
    )
    if verified:
        verify(BytesReader(written), cleaned=cleaned, plan=plan, context=context)
    return written
