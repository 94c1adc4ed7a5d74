"""Heavy-pollution warnings (重污染天气预警) and their tasks."""

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Make the tables; nothing was written before."""
