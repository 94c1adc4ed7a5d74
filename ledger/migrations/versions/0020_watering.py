"""Watering logs (洒水台账) of sites, and the days on which nobody has to water."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; nothing was written before."""
    op.create_table(
        "watering",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("site", sa.String(length=30), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("item", sa.String(length=70), nullable=False),
        sa.Column("struck", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watering")),
    )
    op.create_index("ix_watering_site", "watering", ["area", "site", "at"], unique=False)
    op.create_index("ix_watering_item", "watering", ["area", "item"], unique=False)
    op.create_table(
        "wet_day",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("area", "day", name=op.f("pk_wet_day")),
    )
