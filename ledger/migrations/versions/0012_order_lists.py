"""Indexes for the lists of service orders: what changed last, and the orders of one key."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("ix_service_order_version", "service_order", ["area", "version"], unique=False)
    op.create_index("ix_service_order_key", "service_order", ["key", "area"], unique=False)
