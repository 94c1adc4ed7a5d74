"""The posts that have something to do with a case, by post: who has to work on a case sees it."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
# SQLite counts only a column of the type INTEGER as its row number.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BATCH = 5_000  # cases that are read at once


def upgrade() -> None:
    """Make the table, and fill it with what the cases say."""
    made = op.create_table(
        "incident_post",
        sa.Column("incident", NUMBER, nullable=False),
        sa.Column("post", sa.String(length=200), nullable=False),
        sa.Column("area", sa.String(length=80), nullable=False),
        sa.Column("reported", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name=op.f("fk_incident_post_incident")),
        sa.PrimaryKeyConstraint("incident", "post", name=op.f("pk_incident_post")),
    )
    _fill(op.get_bind(), made)
    op.create_index("ix_incident_post_post", "incident_post", ["area", "post", "reported", "incident"], unique=False)


def _fill(connection: sa.Connection, into: sa.Table) -> None:
    names = ("id", "area", "reported", "post", "informed", "overdue_post", "state")
    incident = sa.table("incident", *map(sa.column, names))
    asked, last = sa.select(incident).order_by(incident.c.id).limit(BATCH), 0
    while rows := connection.execute(asked.where(incident.c.id > last)).all():
        found = [
            {"incident": row.id, "post": post, "area": row.area, "reported": row.reported}
            for row in rows
            for post in sorted(_posts(row))
        ]
        if found:
            connection.execute(sa.insert(into), found)
        last = rows[-1].id


def _posts(row: "sa.Row[Any]") -> set[str]:
    """Return the posts that answer, are informed, answer for what is overdue, handle or handled a case, or reported it."""
    state = json.loads(row.state)
    acting = (state.get("handler", ""), state.get("reporter", ""), *state.get("handlers", ()))
    return {row.post, row.informed, row.overdue_post, *acting} - {""}
