"""Views of walls, and walls that show but one of them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the table; walls that are connected already show any view."""
    op.create_table(
        "wall_view",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("grid", sa.String(length=130), nullable=False),
        sa.Column("layers", sa.Text(), nullable=False),
        sa.Column("panels", sa.Text(), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("over", sa.String(length=40), nullable=False),
        sa.Column("theme", sa.String(length=10), nullable=False),
        sa.Column("chime", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("area", "key", name=op.f("pk_wall_view")),
    )
    op.add_column("device", sa.Column("view", sa.String(length=40), server_default="", nullable=False))
