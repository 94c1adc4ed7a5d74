"""Service teams and orders (居民点单、服务队接单): who does what where, where each order stands, and who sees it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; nobody has ordered before."""
    op.create_table(
        "team",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("skills", sa.Text(), nullable=False),
        sa.Column("areas", sa.Text(), nullable=False),
        sa.Column("days", sa.String(length=10), nullable=False),
        sa.Column("opens", sa.String(length=5), nullable=False),
        sa.Column("closes", sa.String(length=5), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
    )
    op.create_index("ix_team_area", "team", ["area", "name"], unique=False)
    op.create_table(
        "service_order",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.String(length=30), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("asker", sa.String(length=200), nullable=False),
        sa.Column("building", sa.String(length=80), nullable=False),
        sa.Column("unit", sa.Float(precision=53), nullable=True),
        sa.Column("floor", sa.Float(precision=53), nullable=True),
        sa.Column("lon", sa.Float(precision=53), nullable=False),
        sa.Column("lat", sa.Float(precision=53), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.String(length=12), nullable=False),
        sa.Column("team", NUMBER, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("next", sa.Boolean(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_order")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_service_order_area_number")),
    )
    op.create_index("ix_service_order_phase", "service_order", ["area", "phase", "since"], unique=False)
    op.create_index("ix_service_order_next", "service_order", ["area", "next"], unique=False)
    op.create_index("ix_service_order_ended", "service_order", ["area", "ended"], unique=False)
    op.create_table(
        "order_seen",
        sa.Column("order", NUMBER, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["service_order.id"], name=op.f("fk_order_seen_order")),
        sa.PrimaryKeyConstraint("order", "by", name=op.f("pk_order_seen")),
    )
    op.create_index("ix_order_seen_by", "order_seen", ["area", "by", "order"], unique=False)
