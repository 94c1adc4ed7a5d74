"""Numbers of what stands beside the cases: a row of its own for each day, without gaps, since nothing of it is ever deleted."""

from sqlalchemy import Connection, Table, select


def next_number(connection: Connection, table: Table, area: str, start: str) -> str:
    """Return the number after the last one of an area that begins so: ``start`` and at least four digits."""
    c = table.c
    there = select(c.number).where(c.area == area, c.number.startswith(start, autoescape=True))
    last = max((int(number.removeprefix(start)) for number in connection.execute(there).scalars()), default=0)
    return f"{start}{last + 1:04d}"
