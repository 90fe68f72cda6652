"""Alembic migrations of the keyring."""
