"""An index of the messages that were to be read and after which nobody called, for the call list."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the index."""
    uncalled = sa.text("read_by IS NOT NULL AND called IS NULL")
    columns = ["area", "state", "id", "read_by"]
    op.create_index("ix_message_call", "message", columns, unique=False, sqlite_where=uncalled, postgresql_where=uncalled)  # fmt: skip
