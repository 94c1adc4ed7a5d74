"""For developers: ``python -m ledger.migrations.write what_changed`` writes the next revision, from where the newest one ends to what tables.py says now.

Read what it wrote before you commit it: a column that must not be empty needs a value for the rows that are there, a renamed one looks like one dropped and one added.
"""

import re
import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations.ops import UpgradeOps
from alembic.runtime.migration import MigrationContext

from ledger import migrations, tables
from ledger.store import engine_of

NUMBER = "sa.BigInteger().with_variant(sa.Integer(), 'sqlite')"
REVISION = '''"""{title}."""

import sqlalchemy as sa
from alembic import op

from ledger.migrations import triggers

revision = "{revision}"
down_revision = {before!r}
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = {number}


def upgrade() -> None:
    """Change the tables, and put the triggers back, which SQLite drops with a table that is copied."""
{body}
    triggers.create(op.get_bind())
'''


def write(what: str) -> Path:
    """Write the next revision, and return its file.

    Parameters
    ----------
    what
        What changes, as part of the file's name: ``patrol_routes``.
    """
    before = migrations.newest()
    revision = f"{int(before) + 1:04d}"
    file = migrations.FOLDER / "versions" / f"{revision}_{what}.py"
    text = REVISION.format(
        title=what.replace("_", " ").capitalize(), revision=revision, before=before, number=NUMBER, body=_changes()
    )
    file.write_text(text, encoding="utf-8")
    return file


def _changes() -> str:
    """Return the statements that lead from the newest revision to tables.py."""
    with tempfile.TemporaryDirectory() as folder:
        engine = engine_of(Path(folder))
        migrations.upgrade(engine)
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"target_metadata": tables.METADATA})
            changes = produce_migrations(context, tables.METADATA).upgrade_ops or UpgradeOps([])
            code = render_python_code(changes, migration_context=context)
        engine.dispose()
    lines = re.sub(r"^\s*# ###.*\n", "", code, flags=re.MULTILINE).replace(NUMBER, "NUMBER").splitlines()
    return "\n".join(line if line.startswith("    ") or not line else f"    {line}" for line in lines)


if __name__ == "__main__":
    write(*sys.argv[1:])
