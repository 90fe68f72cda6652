"""First form of the records."""

import sqlalchemy as sa
from alembic import op

revision = "records_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subject_record",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("pseudonym_index", sa.LargeBinary(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("project", "pseudonym_index", name="one_subject_per_pseudonym"),
    )
    op.create_table(
        "study_pin",
        sa.Column("project", sa.String(64), primary_key=True),
        sa.Column("study_index", sa.LargeBinary(32), primary_key=True),
        sa.Column("subject_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("tag", sa.LargeBinary(32), nullable=False),
    )
    op.create_index("ix_study_pin_subject_id", "study_pin", ["subject_id"])


def downgrade() -> None:
    op.drop_table("study_pin")
    op.drop_table("subject_record")
