"""The outbox: messages, and up to which version they were derived. What the history says so far is told to nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; every area begins with what happens from now on."""
    op.create_table(
        "message",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("receipt", sa.String(length=120), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=True),
        sa.Column("claim", sa.String(length=32), nullable=False),
        sa.Column("claimed", sa.BigInteger(), nullable=False),
        sa.Column("read_by", sa.BigInteger(), nullable=True),
        sa.Column("read", sa.BigInteger(), nullable=True),
        sa.Column("called", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint(
            "area", "version", "post", "channel", "kind", name=op.f("uq_message_area_version_post_channel_kind")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_line", "message", ["area", "contact", "channel", "state", "id"], unique=False)
    op.create_index("ix_message_number", "message", ["area", "number"], unique=False)
    op.create_index("ix_message_post", "message", ["area", "channel", "post", "state"], unique=False)
    op.create_index("ix_message_state", "message", ["state", "due"], unique=False)
    cursor = op.create_table(
        "outbox_cursor",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("area", name=op.f("pk_outbox_cursor")),
    )
    history = sa.table("history", sa.column("area"), sa.column("version"))
    last = sa.select(sa.func.max(history.c.version)).scalar_subquery()
    op.execute(sa.insert(cursor).from_select(["area", "version"], sa.select(history.c.area, last).distinct()))
