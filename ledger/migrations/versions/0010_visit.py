"""Visits (走访): where each stands, and who sees it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; nobody has gone anywhere before."""
    op.create_table(
        "visit",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("visitor", sa.String(length=200), nullable=False),
        sa.Column("building", sa.String(length=100), nullable=False),
        sa.Column("lon", sa.Float(precision=53), nullable=False),
        sa.Column("lat", sa.Float(precision=53), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("leaf", sa.String(length=300), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("phase", sa.String(length=12), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("due", sa.String(length=10), nullable=False),
        sa.Column("topics", sa.String(length=300), nullable=False),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("walked", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("item", sa.String(length=70), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_visit_area_number")),
    )
    op.create_index("ix_visit_due", "visit", ["area", "phase", "due"], unique=False)
    op.create_index("ix_visit_ended", "visit", ["area", "ended"], unique=False)
    op.create_index("ix_visit_item", "visit", ["area", "item"], unique=False)
    op.create_index("ix_visit_version", "visit", ["area", "version"], unique=False)
    op.create_index("ix_visit_visitor", "visit", ["area", "visitor", "phase"], unique=False)
    op.create_index("ix_visit_walked", "visit", ["area", "phase", "walked"], unique=False)
    op.create_table(
        "visit_seen",
        sa.Column("visit", NUMBER, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["visit"], ["visit.id"], name=op.f("fk_visit_seen_visit")),
        sa.PrimaryKeyConstraint("visit", "by", name=op.f("pk_visit_seen")),
    )
    op.create_index("ix_visit_seen_by", "visit_seen", ["area", "by", "visit"], unique=False)
