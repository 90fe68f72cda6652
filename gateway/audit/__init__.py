"""Append-only record of what crossed a trust boundary."""
