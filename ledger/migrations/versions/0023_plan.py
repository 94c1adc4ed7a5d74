"""Plans of a day's inspections."""

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Make the tables; there is nothing in them yet."""
