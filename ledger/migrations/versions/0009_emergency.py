"""Emergencies: cut-off points, events and their logs; and the register of notice boards."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; nothing was written before."""
    op.create_table(
        "board",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("lon", sa.Float(precision=53), nullable=False),
        sa.Column("lat", sa.Float(precision=53), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("put_up", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("checked", sa.BigInteger(), nullable=True),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board")),
        sa.UniqueConstraint("area", "name", name=op.f("uq_board_area_name")),
        sa.UniqueConstraint("digest", name=op.f("uq_board_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cutoff",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("building", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("keeper", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("area", "building", "kind", name=op.f("pk_cutoff")),
    )
    op.create_table(
        "emergency",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("building", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("begun", sa.BigInteger(), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency")),
    )
    op.create_index("ix_emergency_building", "emergency", ["area", "building", "ended"], unique=False)
    op.create_table(
        "emergency_step",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("emergency", NUMBER, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("step", sa.String(length=30), nullable=False),
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("struck", sa.BigInteger(), nullable=True),
        sa.Column("struck_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["emergency"], ["emergency.id"], name=op.f("fk_emergency_step_emergency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_step")),
        sa.UniqueConstraint("emergency", "key", name=op.f("uq_emergency_step_emergency_key")),
    )
    # ### end Alembic commands ###
