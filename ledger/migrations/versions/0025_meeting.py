"""Meetings, theme days and letters of campaigns."""

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Make the tables; nothing was written before."""
