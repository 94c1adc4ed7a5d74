"""Household rounds (入户巡查) as counts of buildings, and watering logs (洒水台账) of construction sites."""

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Make the tables; there is nothing in them yet."""
