"""Campaigns (专项行动): phases, their targets, meetings and theme days."""

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the tables; there is nothing in them yet."""
