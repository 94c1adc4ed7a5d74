"""Plans of a day's walks."""

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Make the tables; nothing was written before."""
