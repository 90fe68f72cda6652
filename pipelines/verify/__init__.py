"""Look for what is left of the subject in the written object."""

from pipelines.verify.gate import verify_written

__all__ = ["verify_written"]
