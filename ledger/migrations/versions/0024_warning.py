"""Heavy-pollution warnings (重污染天气预警) and their tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; nothing was written before."""
    op.create_table(
        "warning",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("issuer", sa.String(length=60), nullable=False),
        sa.Column("decree", sa.String(length=60), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warning")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_warning_area_number")),
    )
    op.create_index("ix_warning_closed", "warning", ["area", "closed"], unique=False)
    op.create_table(
        "warning_task",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("warning", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=True),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("item", sa.String(length=70), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("area", "warning", "number", name=op.f("pk_warning_task")),
    )
    op.create_index("ix_warning_task_site", "warning_task", ["area", "site", "state"], unique=False)
    op.create_index("ix_warning_task_item", "warning_task", ["area", "item"], unique=False)
