"""The first ledger."""

from alembic import op
from sqlalchemy import insert

from ledger.history import NOTHING
from ledger.migrations import triggers
from ledger.tables import METADATA, head

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, the triggers, and the head of an empty history."""
    connection = op.get_bind()
    METADATA.create_all(connection)
    triggers.create(connection)
    connection.execute(insert(head).values(id=1, version=0, hash=NOTHING, signature=""))
