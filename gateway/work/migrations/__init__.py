"""Alembic migrations of the work database."""
