"""Inspections, findings, and their photos."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; nothing was inspected before."""
    op.create_table(
        "inspection",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("checklist", sa.String(length=60), nullable=False),
        sa.Column("checklist_version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("grade", sa.String(length=10), nullable=True),
        sa.Column("due", sa.String(length=10), nullable=True),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("signed", sa.String(length=10), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("rechecked", sa.Text(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("done_at", sa.String(length=40), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("lon", sa.Float(precision=53), nullable=False),
        sa.Column("lat", sa.Float(precision=53), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("item", sa.String(length=70), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_inspection_area_number")),
    )
    op.create_index("ix_inspection_day", "inspection", ["area", "day", "id"], unique=False)
    op.create_index("ix_inspection_item", "inspection", ["area", "item"], unique=False)
    op.create_index("ix_inspection_site", "inspection", ["area", "site", "day"], unique=False)
    op.create_index("ix_inspection_version", "inspection", ["area", "version"], unique=False)
    op.create_table(
        "finding",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("inspection", sa.String(length=60), nullable=False),
        sa.Column("checklist", sa.String(length=60), nullable=False),
        sa.Column("checklist_version", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False),
        sa.Column("party", sa.String(length=30), nullable=False),
        sa.Column("article", sa.String(length=60), nullable=False),
        sa.Column("found", sa.String(length=10), nullable=False),
        sa.Column("repeats", sa.String(length=60), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("grade", sa.String(length=10), nullable=False),
        sa.Column("due", sa.String(length=10), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("closed", sa.String(length=10), nullable=True),
        sa.Column("incident", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_finding_area_number")),
    )
    op.create_index("ix_finding_found", "finding", ["area", "found", "id"], unique=False)
    op.create_index("ix_finding_incident", "finding", ["area", "incident"], unique=False)
    op.create_index("ix_finding_inspection", "finding", ["area", "inspection"], unique=False)
    op.create_index("ix_finding_site", "finding", ["area", "site", "item", "found"], unique=False)
    op.create_index("ix_finding_state", "finding", ["area", "state", "due"], unique=False)
    op.create_index("ix_finding_version", "finding", ["area", "version"], unique=False)
    op.create_table(
        "inspection_photo",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("thumbnail", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("area", "number", "version", "sha256", name=op.f("pk_inspection_photo")),
    )
