"""Campaigns (专项行动): phases, target lists, coverage."""

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the tables; nothing was written before."""
