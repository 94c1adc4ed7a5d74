"""Daily sheets (日通报), their life and their frozen figures."""

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Make the tables; there is nothing in them yet."""
