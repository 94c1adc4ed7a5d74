"""Patrols (巡查) and their plans."""

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Make the tables; there is nothing in them yet."""
