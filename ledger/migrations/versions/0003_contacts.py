"""Reporters' contacts in full, encrypted, beside the masked ones."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; of those who reported before there are only masked names and numbers."""
    op.add_column("reporter", sa.Column("sealed", sa.Text(), nullable=True))
