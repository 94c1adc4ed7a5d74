"""Patrol lists of sources upwind, and the causes that were confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; nothing was written before."""
    op.create_table(
        "upwind",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upwind")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_upwind_area_number")),
    )
    op.create_index("ix_upwind_station", "upwind", ["area", "station", "hour"], unique=False)
    op.create_table(
        "upwind_line",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("walk", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("site", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("found", sa.String(length=10), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("area", "walk", "number", name=op.f("pk_upwind_line")),
    )
    op.create_index("ix_upwind_line_site", "upwind_line", ["area", "site"], unique=False)
