"""Tables of the work database: associations, studies, spool, jobs, archive index, faces, outbox.

No column holds an identifier or a UID of the source. What must be recognised again
(`*_index`, `*_digest`) is an HMAC-SHA256 under the receiver's key. Times are seconds
since the epoch. Ids are random.
"""

import sqlalchemy as sa

metadata = sa.MetaData()

association = sa.Table(
    "association",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("peer", sa.String(64), nullable=False),
    sa.Column("receiver", sa.String(32), nullable=False),
    sa.Column("called_ae_title", sa.String(16), nullable=False, default=""),
    sa.Column("opened", sa.Double, nullable=False),
    sa.Column("ended", sa.Double, index=True),
    sa.Column("received", sa.Integer, nullable=False, default=0),
)

study = sa.Table(
    "study",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("study_index", sa.LargeBinary(32), nullable=False),
    sa.Column("peer", sa.String(64), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),  # what arrives joins it
    sa.Column("open", sa.Boolean, nullable=False),  # generation awaits its closing
    sa.Column("last_received", sa.Double, nullable=False),
    sa.Column("last_association", sa.String(32), nullable=False),
    sa.UniqueConstraint("peer", "study_index"),
    sa.Index("ix_study_open", "open", "last_received"),
)

spool_object = sa.Table(
    "spool_object",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # file name in the spool
    sa.Column("study_id", sa.ForeignKey("study.id"), nullable=False),
    sa.Column("association_id", sa.String(32), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("sop_index", sa.LargeBinary(32), nullable=False),
    sa.Column("subject_index", sa.LargeBinary(32), nullable=False),
    sa.Column("content_digest", sa.LargeBinary(32), nullable=False),
    sa.Column("pixel_digest", sa.LargeBinary(32), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("received", sa.Double, nullable=False),
    # received | cleaned | held | superseded | refused | discarded
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(64), nullable=False, default=""),
    sa.Column("supersedes", sa.String(32)),
    sa.Column("deaths", sa.Integer, nullable=False, default=0),
    sa.Index("ix_spool_sop", "sop_index"),
    sa.Index("ix_spool_study", "study_id", "generation", "state"),
    sa.Index("ix_spool_state", "state"),
)

job = sa.Table(
    "job",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),  # clean
    sa.Column("study_id", sa.ForeignKey("study.id"), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # due | leased | done
    sa.Column("created", sa.Double, nullable=False),  # the time a repeat works with
    sa.Column("due", sa.Double, nullable=False),
    sa.Column("owner", sa.String(32)),
    sa.Column("fence", sa.Integer, nullable=False, default=0),
    sa.Column("lease_until", sa.Double),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.UniqueConstraint("kind", "study_id", "generation"),
    sa.Index("ix_job_due", "state", "due"),
    sa.Index("ix_job_study", "study_id", "generation"),
)

archive_object = sa.Table(
    "archive_object",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("project", sa.String(64), nullable=False),
    sa.Column("plan_hash", sa.String(64), nullable=False),
    sa.Column("spool_id", sa.String(32), nullable=False),
    sa.Column("sop_class_uid", sa.String(64), nullable=False),
    sa.Column("transfer_syntax_uid", sa.String(64), nullable=False),
    # UIDs of the cleaned object: new ones, nothing of the source
    sa.Column("study_instance_uid", sa.String(64), nullable=False),
    sa.Column("series_instance_uid", sa.String(64), nullable=False),
    sa.Column("sop_instance_uid", sa.String(64), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # current | superseded
    sa.Index("ix_archive_uid", "project", "sop_instance_uid"),
    sa.Index("ix_archive_spool", "spool_id"),
    sa.Index(
        "ux_archive_current",
        "project",
        "sop_instance_uid",
        unique=True,
        sqlite_where=sa.text("state = 'current'"),
        postgresql_where=sa.text("state = 'current'"),
    ),
)

# What was found of faces, and what reviewers said: geometry of a head, sealed under the secret
# of the project. `frame_index` is an HMAC under that secret, the other two are the receiver's.
face_memory = sa.Table(
    "face_memory",
    metadata,
    sa.Column("project", sa.String(64), primary_key=True),
    sa.Column("looks", sa.String(64), primary_key=True),  # digest: modalities and mask of the plan
    sa.Column("study_index", sa.LargeBinary(32), primary_key=True),
    sa.Column("subject_index", sa.LargeBinary(32), primary_key=True),
    sa.Column("frame_index", sa.LargeBinary(32), primary_key=True),
    sa.Column("study_id", sa.ForeignKey("study.id", ondelete="CASCADE"), nullable=False),
    # no-face | unclear | already-removed | removed | moved
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Index("ix_face_memory_study", "study_index", "subject_index"),
    sa.Index("ix_face_memory_study_id", "study_id"),
)

face_verdict = sa.Table(
    "face_verdict",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("study_id", sa.ForeignKey("study.id", ondelete="CASCADE"), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),  # for which it is given
    sa.Column("project", sa.String(64), nullable=False),
    sa.Column("plan_hash", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),  # removed | no-face
    sa.Column("seen", sa.String(64), nullable=False),  # digest of what the person saw
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("person", sa.BigInteger, nullable=False),  # user id of the operating system
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # given | used | undone
    sa.Index("ix_face_verdict_study", "study_id", "generation"),
)

face_verdict_object = sa.Table(
    "face_verdict_object",
    metadata,
    sa.Column("verdict_id", sa.ForeignKey("face_verdict.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("object_id", sa.String(32), primary_key=True),
    sa.Column("reason", sa.String(64), nullable=False),  # for which it was held
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.ForeignKey("archive_object.name"), nullable=False),
    sa.Column("destination", sa.String(64), nullable=False),
    sa.Column(
        "state", sa.String(16), nullable=False
    ),  # queued | sending | delivered | held | superseded
    sa.Column("due", sa.Double, nullable=False),
    sa.Column("owner", sa.String(32)),
    sa.Column("fence", sa.Integer, nullable=False, default=0),
    sa.Column("lease_until", sa.Double),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("status", sa.Integer),  # last DIMSE status
    sa.Column("code", sa.String(64), nullable=False, default=""),
    sa.Column("delivered", sa.Double),
    sa.UniqueConstraint("name", "destination"),
    sa.Index("ix_outbox_due", "destination", "state", "due"),
)
