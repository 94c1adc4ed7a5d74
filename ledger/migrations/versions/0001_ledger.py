"""The first ledger, in its own words: tables.py goes on changing, this does not."""

import sqlalchemy as sa
from alembic import op

from ledger.migrations import triggers

revision = "0001"
down_revision = None
NUMBER = sa.BigInteger().with_variant(
    sa.Integer(), "sqlite"
)  # SQLite counts only a column of the type INTEGER as its row number


def upgrade() -> None:
    """Make the tables, the triggers, and the head of an empty history."""
    op.create_table(
        "area",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("edition", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("begun", sa.BigInteger(), nullable=True),
        sa.Column("how", sa.String(length=20), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
    )
    op.create_table(
        "chat_group",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("covers", sa.Text(), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_group")),
        sa.UniqueConstraint("area", "name", name=op.f("uq_chat_group_area_name")),
    )
    op.create_table(
        "handover",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("from_post", sa.String(length=200), nullable=False),
        sa.Column("to_post", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("cases", sa.Text(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_handover_at", "handover", ["area", "at"], unique=False)
    op.create_table(
        "head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head")),
    )
    op.create_table(
        "history",
        sa.Column("version", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("act", sa.String(length=30), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_history")),
    )
    op.create_index("ix_history_at", "history", ["area", "at"], unique=False)
    op.create_index("ix_history_subject", "history", ["area", "subject", "key", "version"], unique=False)
    op.create_table(
        "holding",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("stand_in", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holding")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_holding_post", "holding", ["area", "post", "since"], unique=False)
    op.create_table(
        "incident",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("class", sa.String(length=40), nullable=False),
        sa.Column("major", sa.String(length=20), nullable=False),
        sa.Column("urgency", sa.String(length=20), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lon", sa.Float(precision=53), nullable=False),
        sa.Column("lat", sa.Float(precision=53), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("building", sa.String(length=80), nullable=False),
        sa.Column("unit", sa.Float(precision=53), nullable=True),
        sa.Column("floor", sa.Float(precision=53), nullable=True),
        sa.Column("edition", sa.String(length=40), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("match", sa.String(length=20), nullable=False),
        sa.Column("edge_m", sa.Float(precision=53), nullable=True),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("informed", sa.String(length=200), nullable=False),
        sa.Column("overdue_post", sa.String(length=200), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("mark", sa.String(length=10), nullable=False),
        sa.Column("handler", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("reported", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("area", "number", name=op.f("uq_incident_area_number")),
    )
    op.create_index("ix_incident_class", "incident", ["area", "class", "reported"], unique=False)
    op.create_index("ix_incident_closed", "incident", ["area", "closed"], unique=False)
    op.create_index("ix_incident_due", "incident", ["area", "mark", "due"], unique=False)
    op.create_index("ix_incident_handler", "incident", ["area", "handler", "mark", "reported"], unique=False)
    op.create_index("ix_incident_major", "incident", ["area", "major", "reported"], unique=False)
    op.create_index("ix_incident_mark", "incident", ["area", "mark", "reported"], unique=False)
    op.create_index("ix_incident_mark_class", "incident", ["area", "mark", "class", "reported"], unique=False)
    op.create_index("ix_incident_post", "incident", ["area", "post", "mark", "reported"], unique=False)
    op.create_index("ix_incident_reported", "incident", ["area", "reported"], unique=False)
    op.create_index("ix_incident_status", "incident", ["area", "status", "reported"], unique=False)
    op.create_index("ix_incident_version", "incident", ["area", "version"], unique=False)
    op.create_table(
        "post",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("volunteer", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("area", "key", name=op.f("pk_post")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("area", "post", "name", name=op.f("uq_saved_view_area_post_name")),
    )
    op.create_table(
        "serial",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("day", sa.String(length=8), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("area", "day", name=op.f("pk_serial")),
    )
    op.create_table(
        "shift",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_shift_since", "shift", ["area", "since", "until"], unique=False)
    op.create_table(
        "wording",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_wording")),
    )
    op.create_index("ix_wording_number", "wording", ["area", "number"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("incident", NUMBER, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("thumbnail", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name=op.f("fk_attachment_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index("ix_attachment_incident", "attachment", ["incident"], unique=False)
    op.create_index("ix_attachment_sha256", "attachment", ["sha256"], unique=False)
    op.create_index("ix_attachment_thumbnail", "attachment", ["thumbnail"], unique=False)
    op.create_table(
        "incident_grid",
        sa.Column("incident", NUMBER, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("reported", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name=op.f("fk_incident_grid_incident")),
        sa.PrimaryKeyConstraint("incident", "key", "code", name=op.f("pk_incident_grid")),
    )
    op.create_index(
        "ix_incident_grid_code", "incident_grid", ["area", "key", "code", "reported", "incident"], unique=False
    )
    op.create_table(
        "origin",
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("incident", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name=op.f("fk_origin_incident")),
        sa.PrimaryKeyConstraint("area", "source", "key", name=op.f("pk_origin")),
    )
    op.create_index("ix_origin_incident", "origin", ["incident"], unique=False)
    op.create_table(
        "relation",
        sa.Column("one", NUMBER, nullable=False),
        sa.Column("other", NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["one"], ["incident.id"], name=op.f("fk_relation_one")),
        sa.ForeignKeyConstraint(["other"], ["incident.id"], name=op.f("fk_relation_other")),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_relation")),
    )
    op.create_index("ix_relation_other", "relation", ["other"], unique=False)
    op.create_table(
        "reporter",
        sa.Column("incident", NUMBER, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name=op.f("fk_reporter_incident")),
        sa.PrimaryKeyConstraint("incident", name=op.f("pk_reporter")),
    )
    op.create_index("ix_reporter_caller", "reporter", ["caller"], unique=False)
    # ### end Alembic commands ###
    triggers.create(op.get_bind())
    op.execute(sa.text("INSERT INTO head (id, version, hash, signature) VALUES (1, 0, '" + "0" * 64 + "', '')"))
