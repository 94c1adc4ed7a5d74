"""Daily sheets (日通报) and their life."""

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Make the tables; nothing was written before."""
