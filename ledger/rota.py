"""The duty rota (值班表): who leads and who answers in each shift."""

from datetime import datetime

from sqlalchemy import Connection, select

from ledger.tables import milliseconds, shift

OFFICER = "officer"


def officer(connection: Connection, area: str, at: datetime) -> str:
    """Return the key of the post of the duty officer (值班员) at a time; "" when nobody is on duty."""
    c, time = shift.c, milliseconds(at)
    asked = (
        select(c.post)
        .where(c.area == area, c.role == OFFICER, c.since <= time, c.until > time)
        .order_by(c.id.desc())
        .limit(1)
    )
    return connection.execute(asked).scalar() or ""
