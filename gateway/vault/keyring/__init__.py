"""Wrapped keys and tombstones: a database of its own, outside bulk backups."""
