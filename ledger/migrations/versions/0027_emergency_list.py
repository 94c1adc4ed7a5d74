"""The emergency list (应急减排清单) of each year."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Make the table; nothing was written before."""
    op.create_table(
        "emergency_list",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("area", "year", name=op.f("pk_emergency_list")),
    )
