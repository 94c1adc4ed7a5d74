"""Whistles (吹哨报到): where each stands, who sees it, and the photos that were taken on site."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; nobody has whistled before."""
    op.create_table(
        "whistle",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("incident", sa.String(length=60), nullable=False),
        sa.Column("asker", sa.String(length=200), nullable=False),
        sa.Column("lon", sa.Float(precision=53), nullable=False),
        sa.Column("lat", sa.Float(precision=53), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.String(length=12), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whistle")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_whistle_area_number")),
    )
    op.create_index("ix_whistle_phase", "whistle", ["area", "phase", "due"], unique=False)
    op.create_index("ix_whistle_incident", "whistle", ["area", "incident"], unique=False)
    op.create_table(
        "whistle_seen",
        sa.Column("whistle", NUMBER, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["whistle"], ["whistle.id"], name=op.f("fk_whistle_seen_whistle")),
        sa.PrimaryKeyConstraint("whistle", "by", name=op.f("pk_whistle_seen")),
    )
    op.create_index("ix_whistle_seen_by", "whistle_seen", ["area", "by", "whistle"], unique=False)
    op.create_table(
        "whistle_photo",
        sa.Column("whistle", NUMBER, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("thumbnail", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["whistle"], ["whistle.id"], name=op.f("fk_whistle_photo_whistle")),
        sa.PrimaryKeyConstraint("whistle", "version", "sha256", name=op.f("pk_whistle_photo")),
    )
