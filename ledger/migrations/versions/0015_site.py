"""Sites (场所、污染源), and the grids in which they count."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; there is no register yet."""
    op.create_table(
        "site",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("lon", sa.Float(precision=53), nullable=False),
        sa.Column("lat", sa.Float(precision=53), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("building", sa.String(length=100), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("match", sa.String(length=20), nullable=False),
        sa.Column("edge_m", sa.Float(precision=53), nullable=True),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("bound", sa.String(length=10), nullable=False),
        sa.Column("bound_reason", sa.String(length=200), nullable=False),
        sa.Column("bound_since", sa.String(length=10), nullable=True),
        sa.Column("mobile", sa.String(length=60), nullable=False),
        sa.Column("spots", sa.Text(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("state_reason", sa.String(length=200), nullable=False),
        sa.Column("state_since", sa.String(length=10), nullable=True),
        sa.Column("documents", sa.Text(), nullable=False),
        sa.Column("expires", sa.String(length=10), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_site_area_number")),
    )
    op.create_index("ix_site_order", "site", ["area", "id"], unique=False)
    op.create_index("ix_site_kind", "site", ["area", "state", "kind"], unique=False)
    op.create_index("ix_site_post", "site", ["area", "post", "state"], unique=False)
    op.create_index("ix_site_expires", "site", ["area", "expires"], unique=False)
    op.create_index("ix_site_version", "site", ["area", "version"], unique=False)
    op.create_index("ix_site_source", "site", ["area", "source", "external_id"], unique=False)
    op.create_table(
        "site_grid",
        sa.Column("site", NUMBER, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_site_grid_site")),
        sa.PrimaryKeyConstraint("site", "key", "code", name=op.f("pk_site_grid")),
    )
    op.create_index("ix_site_grid_code", "site_grid", ["area", "key", "code", "state", "kind", "site"], unique=False)
