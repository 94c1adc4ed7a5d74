"""The key under which a phone sent a visit of a site that came to nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Add the column; what was written before came from no phone."""
    op.add_column("site_attempt", sa.Column("item", sa.String(length=70), server_default="", nullable=False))
    op.create_index("ix_site_attempt_item", "site_attempt", ["area", "item"], unique=False)
