"""How Alembic runs our revisions: over the connection that it is handed, all in one transaction that no other process shares, with foreign keys off on SQLite.

On SQLite Alembic's batch mode copies a table and drops the old one: triggers would be lost and cascades fire, so that revisions restore the triggers
(`triggers.create`), and tests/test_migrations.py asserts them after each.
"""

from alembic import context

from ledger.tables import METADATA

LOCK = 5_271_009  # of PostgreSQL: a number that no one else takes
connection = context.config.attributes["connection"]
is_sqlite = connection.dialect.name == "sqlite"
driver = connection.connection.driver_connection
if is_sqlite:
    driver.execute("PRAGMA foreign_keys=OFF")  # past SQLAlchemy, which would begin a transaction, where it does nothing
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=is_sqlite,
    transaction_per_migration=False,
    transactional_ddl=True,  # Alembic thinks that Python's sqlite3 commits by itself; ours does not, and each revision would be a commit
)
try:
    with context.begin_transaction():
        if not is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        context.run_migrations()
    connection.commit()
finally:
    if is_sqlite:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")
