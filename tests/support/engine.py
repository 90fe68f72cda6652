"""Call the pipelines on bytes, the way the gateway does."""

from functools import cache

from pipelines.context import Span, SubjectContext
from pipelines.metadata.normalise import BytesReader
from pipelines.run import clean, inspect, verify
from rules.load import compile_rules
from rules.plan import Plan


@cache
def plan_of(rules_yaml: str) -> Plan:
    """Return the plan of a rule set; the same text is compiled once."""
    return compile_rules(rules_yaml, source="test")


def run_engine(
    data: bytes, *, rules_yaml: str, context: SubjectContext, verified: bool = True
) -> bytes:
    """Return the cleaned file.

    Raises
    ------
    pipelines.errors.HeldError
    """
    plan = plan_of(rules_yaml)
    source = BytesReader(data)
    inspection = inspect(source, attributes=())
    cleaned = clean(
        source, plan=plan, context=context, inspection=inspection, explain=False, face=None
    )
    written = b"".join(
        cleaned.source.read(segment.offset, segment.length)
        if isinstance(segment, Span)
        else segment
        for segment in cleaned.segments
    )
    if verified:
        verify(BytesReader(written), cleaned=cleaned, plan=plan, context=context)
    return written
