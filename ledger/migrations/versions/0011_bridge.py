"""The bridge: how far both sides have come, and what the inner one could not do."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the tables; nothing was written before."""
    op.create_table(
        "bridge",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("peer", sa.String(length=120), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("exported", sa.BigInteger(), nullable=False),
        sa.Column("exported_at", sa.BigInteger(), nullable=True),
        sa.Column("acked", sa.BigInteger(), nullable=False),
        sa.Column("owed", sa.Boolean(), nullable=False),
        sa.Column("seen_line", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("read", sa.BigInteger(), nullable=False),
        sa.Column("read_hash", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=True),
        sa.Column("made", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("area", name=op.f("pk_bridge")),
    )
    op.create_table(
        "bridge_refusal",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("account", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("did", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("area", "account", "key", name=op.f("pk_bridge_refusal")),
    )
