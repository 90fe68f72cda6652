"""Tables of the keyring. No identifier, no key in clear.

`epoch` names the key-encrypting key that wraps the row, `version` the format.
"""

import sqlalchemy as sa

metadata = sa.MetaData()

seal = sa.Table(
    "seal",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # key-file | passphrase
    sa.Column("salt", sa.LargeBinary(16), nullable=False),
    sa.Column("memory_kib", sa.Integer, nullable=False),
    sa.Column("passes", sa.Integer, nullable=False),
    sa.Column("lanes", sa.Integer, nullable=False),
    sa.Column("verifier", sa.LargeBinary(32), nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),  # the current one
    sa.CheckConstraint("id = 1", name="one_seal"),
)

vault_key = sa.Table(
    "vault_key",
    metadata,
    # epoch: wrapped by the root; index: by the root, epoch 0, never rotated;
    # spool: private half, wrapped by its epoch
    sa.Column("purpose", sa.String(16), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

project_secret = sa.Table(
    "project_secret",
    metadata,
    sa.Column("project", sa.String(64), primary_key=True),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

subject_key = sa.Table(
    "subject_key",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("project", sa.String(64), nullable=False),
    sa.Column("subject_index", sa.LargeBinary(32), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),  # live | erased (tombstone)
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("wrapped", sa.LargeBinary),  # none where erased
    sa.UniqueConstraint("project", "subject_index", name="one_key_per_subject"),
)
