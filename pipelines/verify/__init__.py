"""Look for what is left of the subject in the written object."""

from pipelines.verify.gate import verify_written
from pipelines.verify.identity import IDENTITY_TAGS

__all__ = ["IDENTITY_TAGS", "verify_written"]
