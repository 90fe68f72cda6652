"""Pseudonyms of accession numbers."""

import sqlalchemy as sa
from alembic import op

revision = "records_0002"
down_revision = "records_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accession",
        sa.Column("project", sa.String(64), primary_key=True),
        sa.Column("accession_index", sa.LargeBinary(32), primary_key=True),
        sa.Column("pseudonym_index", sa.LargeBinary(32), nullable=False),
        sa.Column(
            "subject_id",
            sa.String(32),
            sa.ForeignKey("subject_record.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("project", "pseudonym_index", name="one_accession_per_pseudonym"),
    )
    op.create_index("ix_accession_subject_id", "accession", ["subject_id"])


def downgrade() -> None:
    op.drop_table("accession")
