"""How Alembic runs our revisions: over the connection that it is handed, all in one transaction, with foreign keys off on SQLite.

On SQLite Alembic's batch mode copies a table and drops the old one: triggers would be lost and cascades fire, so that revisions restore the triggers
(`triggers.create`), and tests/test_migrations.py asserts them after each.
"""

from alembic import context

from ledger.tables import METADATA

connection = context.config.attributes["connection"]
sqlite = connection.dialect.name == "sqlite"
if sqlite:
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.commit()
context.configure(
    connection=connection, target_metadata=METADATA, render_as_batch=sqlite, transaction_per_migration=False
)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
if sqlite:
    connection.exec_driver_sql("PRAGMA foreign_keys=ON")
    connection.commit()
