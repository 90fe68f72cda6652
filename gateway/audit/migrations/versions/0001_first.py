"""First form of the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "audit_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("writer", sa.String(32), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.UniqueConstraint("writer", "sequence", name="one_event_per_number"),
    )
    op.create_index("ix_audit_event_time", "audit_event", ["time"])


def downgrade() -> None:
    op.drop_table("audit_event")
