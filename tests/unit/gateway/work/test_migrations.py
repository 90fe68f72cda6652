import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.databases import open_database, upgrade
from gateway.tables import metadata


def test_migrations_make_the_tables_of_the_metadata(work_url: str) -> None:
    engine = open_database(work_url)
    upgrade(engine, "gateway.work")
    upgrade(engine, "gateway.work")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        names = set(sa.inspect(connection).get_table_names())
    assert names == {*metadata.tables, "alembic_version"}
    engine.dispose()
