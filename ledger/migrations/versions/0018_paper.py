"""Links by which places check themselves (自查), what came in by them, and the orders of authorities (责令整改通知书)."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; there is no link and no order yet."""
    op.create_table(
        "check_link",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("site", sa.String(length=30), nullable=False),
        sa.Column("checklist", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_link")),
        sa.UniqueConstraint("digest", name=op.f("uq_check_link_digest")),
    )
    op.create_index("ix_check_link_site", "check_link", ["area", "site"], unique=False)
    op.create_table(
        "self_check",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("link", sa.BigInteger(), nullable=False),
        sa.Column("seen_by", sa.String(length=200), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("area", "number", name=op.f("pk_self_check")),
    )
    op.create_index("ix_self_check_link", "self_check", ["area", "link"], unique=False)
    op.create_table(
        "authority_order",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.String(length=30), nullable=False),
        sa.Column("inspection", sa.String(length=60), nullable=False),
        sa.Column("authority", sa.String(length=120), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("articles", sa.Text(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("due", sa.String(length=10), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority_order")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_authority_order_area_number")),
    )
    op.create_index("ix_authority_order_inspection", "authority_order", ["area", "inspection"], unique=False)
    op.create_index("ix_authority_order_site", "authority_order", ["area", "site"], unique=False)
