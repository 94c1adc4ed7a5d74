"""Daily sheets (日通报): how each stands, and its frozen figures."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table; nothing was written before."""
    op.create_table(
        "sheet",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("frozen", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_sheet_area_number")),
    )
    op.create_index("ix_sheet_day", "sheet", ["area", "day", "campaign"], unique=False)
    op.create_index("ix_sheet_version", "sheet", ["area", "version"], unique=False)
