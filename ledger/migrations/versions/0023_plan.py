"""Plans of a day's walks."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table; no plan was kept before."""
    op.create_table(
        "day_plan",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("walkers", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("replaced_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_plan")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_day_plan_area_number")),
    )
    op.create_index("ix_day_plan_day", "day_plan", ["area", "day", "state"], unique=False)
    op.create_index("ix_day_plan_version", "day_plan", ["area", "version"], unique=False)
