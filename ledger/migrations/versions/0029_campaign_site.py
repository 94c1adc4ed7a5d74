"""The row of the site beside each target of a campaign."""

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Nothing yet."""
