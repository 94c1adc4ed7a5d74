"""Patrols (巡查): where each stands, who sees it, and the plans that open one each night."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; nobody has walked before."""
    op.create_table(
        "patrol_plan",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("begins", sa.String(length=5), nullable=False),
        sa.Column("ends", sa.String(length=5), nullable=False),
        sa.Column("posts", sa.Text(), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("first", sa.String(length=10), nullable=False),
        sa.Column("last", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_plan")),
    )
    op.create_index("ix_patrol_plan_area", "patrol_plan", ["area", "last"], unique=False)
    op.create_table(
        "patrol",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("night", sa.String(length=10), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("plan", NUMBER, nullable=True),
        sa.Column("walkers", sa.Text(), nullable=False),
        sa.Column("outcomes", sa.String(length=300), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("cleared", sa.Integer(), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=70), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_patrol_area_number")),
        sa.UniqueConstraint(
            "area", "plan", "night", "level", "code", name=op.f("uq_patrol_area_plan_night_level_code")
        ),
    )
    op.create_index("ix_patrol_night", "patrol", ["area", "night"], unique=False)
    op.create_index("ix_patrol_state", "patrol", ["area", "state", "until"], unique=False)
    op.create_index("ix_patrol_item", "patrol", ["area", "item"], unique=False)
    op.create_index("ix_patrol_version", "patrol", ["area", "version"], unique=False)
    op.create_table(
        "patrol_seen",
        sa.Column("patrol", NUMBER, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["patrol"], ["patrol.id"], name=op.f("fk_patrol_seen_patrol")),
        sa.PrimaryKeyConstraint("patrol", "by", name=op.f("pk_patrol_seen")),
    )
    op.create_index("ix_patrol_seen_by", "patrol_seen", ["area", "by", "patrol"], unique=False)
