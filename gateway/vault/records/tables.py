"""Tables of the records. Everything about a subject is sealed under the subject's key."""

import sqlalchemy as sa

metadata = sa.MetaData()

subject_record = sa.Table(
    "subject_record",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # that of the subject key
    sa.Column("project", sa.String(64), nullable=False),
    sa.Column("pseudonym_index", sa.LargeBinary(32), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("project", "pseudonym_index", name="one_subject_per_pseudonym"),
)

study_pin = sa.Table(
    "study_pin",
    metadata,
    sa.Column("project", sa.String(64), primary_key=True),
    sa.Column("study_index", sa.LargeBinary(32), primary_key=True),
    sa.Column("subject_id", sa.String(32), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("tag", sa.LargeBinary(32), nullable=False),  # binds the row together
)

accession = sa.Table(
    "accession",
    metadata,
    sa.Column("project", sa.String(64), primary_key=True),
    sa.Column("accession_index", sa.LargeBinary(32), primary_key=True),
    sa.Column("pseudonym_index", sa.LargeBinary(32), nullable=False),
    # goes with the record: nothing can be added for a subject that was erased meanwhile
    sa.Column(
        "subject_id",
        sa.String(32),
        sa.ForeignKey("subject_record.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("project", "pseudonym_index", name="one_accession_per_pseudonym"),
)
