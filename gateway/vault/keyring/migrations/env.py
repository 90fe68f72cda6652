"""Run the migrations of this database on the connection given."""

from alembic import context

from gateway.vault.keyring.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="alembic_version_keyring",
)
with context.begin_transaction():
    context.run_migrations()
