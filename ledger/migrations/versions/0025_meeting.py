"""Meetings, theme days and letters of campaigns."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; nothing was written before."""
    op.create_table(
        "meeting",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("said", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("begins", sa.String(length=5), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("chair", sa.String(length=200), nullable=False),
        sa.Column("roster", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_meeting_area_number")),
    )
    op.create_index("ix_meeting_campaign", "meeting", ["area", "campaign", "day"], unique=False)
    op.create_index("ix_meeting_version", "meeting", ["area", "version"], unique=False)
    op.create_table(
        "meeting_task",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("said", sa.BigInteger(), nullable=False),
        sa.Column("meeting", sa.String(length=60), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("due", sa.String(length=10), nullable=False),
        sa.Column("ended", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_task")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_meeting_task_area_number")),
    )
    op.create_index("ix_meeting_task_campaign", "meeting_task", ["area", "campaign", "state"], unique=False)
    op.create_index("ix_meeting_task_meeting", "meeting_task", ["area", "meeting"], unique=False)
    op.create_index("ix_meeting_task_post", "meeting_task", ["area", "state", "post"], unique=False)
    op.create_index("ix_meeting_task_version", "meeting_task", ["area", "version"], unique=False)
    op.create_table(
        "theme_day",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("said", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("begins", sa.String(length=5), nullable=False),
        sa.Column("ends", sa.String(length=5), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("checklist", sa.String(length=60), nullable=False),
        sa.Column("roster", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme_day")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_theme_day_area_number")),
    )
    op.create_index("ix_theme_day_campaign", "theme_day", ["area", "campaign", "day"], unique=False)
    op.create_index("ix_theme_day_version", "theme_day", ["area", "version"], unique=False)
    op.create_table(
        "letter",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("said", sa.BigInteger(), nullable=False),
        sa.Column("party", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("issued", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("signed", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_letter_area_number")),
    )
    op.create_index("ix_letter_campaign", "letter", ["area", "campaign", "state"], unique=False)
    op.create_index("ix_letter_party", "letter", ["area", "party", "key"], unique=False)
    op.create_index("ix_letter_version", "letter", ["area", "version"], unique=False)
