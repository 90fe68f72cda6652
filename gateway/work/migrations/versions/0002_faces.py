"""Keep what was found of faces for objects that come later, and what reviewers say."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "face_memory",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("looks", sa.String(length=64), nullable=False),
        sa.Column("study_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("frame_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("study_id", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project", "looks", "study_index", "subject_index", "frame_index"),
    )
    op.create_index(
        "ix_face_memory_study", "face_memory", ["study_index", "subject_index"], unique=False
    )
    op.create_index("ix_face_memory_study_id", "face_memory", ["study_id"], unique=False)
    op.create_table(
        "face_verdict",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(length=32), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("seen", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_face_verdict_study", "face_verdict", ["study_id", "generation"], unique=False
    )
    op.create_table(
        "face_verdict_object",
        sa.Column("verdict_id", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["verdict_id"], ["face_verdict.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("verdict_id", "object_id"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("face_verdict_object")
    op.drop_table("face_verdict")
    op.drop_table("face_memory")
