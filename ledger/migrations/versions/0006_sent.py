"""What an account sent from a phone, by its key: so that the same sent again is done once."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table; nothing was sent before."""
    op.create_table(
        "sent",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("account", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("incident", NUMBER, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name=op.f("fk_sent_incident")),
        sa.PrimaryKeyConstraint("area", "account", "key", name=op.f("pk_sent")),
    )
    op.create_index("ix_sent_incident", "sent", ["incident"], unique=False)
