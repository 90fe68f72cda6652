"""The table of the audit log. Rows are added, never changed.

A writer is one opening of the log by one process; it numbers its events without gaps
and each event holds the digest of the one before, so a missing or changed row shows.
"""

import sqlalchemy as sa

metadata = sa.MetaData()

audit_event = sa.Table(
    "audit_event",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("writer", sa.String(32), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),  # from 1
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("time", sa.Double, nullable=False),
    sa.Column("event", sa.String(64), nullable=False),
    sa.Column("fields", sa.Text, nullable=False),  # JSON, keys sorted
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.UniqueConstraint("writer", "sequence", name="one_event_per_number"),
    sa.Index("ix_audit_event_time", "time"),
)
