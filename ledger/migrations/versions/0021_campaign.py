"""Campaigns (专项行动), the targets that their phases drew, and visits of sites that came to nothing (上门未果)."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; nothing was written before. Two indexes hold all that coverage asks of inspections and findings."""
    op.create_table(
        "campaign",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_campaign_area_number")),
    )
    op.create_index("ix_campaign_version", "campaign", ["area", "version"], unique=False)
    op.create_table(
        "campaign_target",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("phase", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("target", sa.String(length=120), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("area", "campaign", "phase", "target", "since", name=op.f("pk_campaign_target")),
    )
    op.create_table(
        "site_attempt",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("site", sa.String(length=30), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("found", sa.String(length=10), nullable=False),
        sa.Column("again", sa.String(length=10), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("struck", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_attempt")),
    )
    op.create_index("ix_site_attempt_site", "site_attempt", ["area", "site", "day", "at"], unique=False)
    # How far a campaign is, is answered out of these two alone.
    op.drop_index("ix_inspection_site", "inspection")
    op.create_index("ix_inspection_site", "inspection", ["area", "site", "day", "way"], unique=False)
    op.create_index("ix_finding_reach", "finding", ["area", "site", "found", "state", "due"], unique=False)
