"""Orders of an authority (责令整改通知书): each is one entry of the history under its number, written once.

The names and certificate numbers of its officers, and what was written into it, stand where they can be erased; the history refers to them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from geo.errors import DraftError
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import authority_order, wording
from ledger.writing import Actor, Writing

SUBJECT, ISSUE = "authority_order", "issue"
COLUMNS = ("site", "inspection", "authority", "items", "articles", "day", "due", "post")


@dataclass(frozen=True)
class Order:
    """An order to put right what was found.

    Attributes
    ----------
    authority
        In whose name.
    items, articles
        Keys of what the checklist found to fail, and the texts on which the order rests.
    words
        ``officers`` ((name, number of the certificate), …), ``addressee`` and ``text``; {} once they were erased.
    """

    area: str
    site: str
    inspection: str
    authority: str
    items: tuple[str, ...]
    articles: tuple[str, ...]
    day: date
    due: date
    post: str
    words: Mapping[str, Any] = field(default_factory=dict, repr=False)
    number: str = ""
    version: int = 0


def issue(writing: Writing, made: Order, prefix: str, *, by: Actor, at: datetime) -> Order:
    """Write an order, and return it with its number."""
    start = f"{prefix}-{made.day:%Y%m%d}-"
    number = next_number(writing.connection, authority_order, made.area, start)
    made = replace(made, number=number, version=writing.version + 1)
    row = _row(made)
    writing.enter(made.area, SUBJECT, number, ISSUE, post=by, at=at, after=row, data={"text": dumps(dict(made.words))})
    kept = {**row, **{name: dumps(row[name]) for name in ("items", "articles")}}
    writing.connection.execute(insert(authority_order), {"id": made.version, "area": made.area, "number": number, "version": made.version, **kept})  # fmt: skip
    return made


def get(connection: Connection, area: str, number: str) -> Order:
    """Return an order.

    Raises
    ------
    DraftError
        There is none of that number.
    """
    c = authority_order.c
    row = None if "\0" in number else connection.execute(select(authority_order).where(c.area == area, c.number == number)).mappings().first()  # fmt: skip
    if row is None:
        raise DraftError(f"{area} has no order {number.replace(chr(0), '')!r}. Look it up at its inspection.", field="order_gone")  # fmt: skip
    return _order(connection, row)


def of_inspection(connection: Connection, area: str, inspection: str) -> list[Order]:
    """Return the orders that rest on an inspection, the oldest first."""
    c = authority_order.c
    asked = select(authority_order).where(c.area == area, c.inspection == inspection).order_by(c.id)
    return [_order(connection, row) for row in connection.execute(asked).mappings().all()]


def erase(writing: Writing, area: str, *, before: date, at: datetime) -> int:
    """Erase the names of officers, and what was written, of orders that were to be done before a day, and return how many; the history keeps that there were some."""
    c, w = authority_order.c, wording.c
    old = select(c.number).where(c.area == area, c.due < before.isoformat())
    gone = update(wording).where(w.area == area, w.number.in_(old), w.text.is_not(None)).values(text=None)
    erased = int(writing.connection.execute(gone).rowcount)
    if erased:
        writing.enter(area, "authority_orders", area, "erase", post="", at=at, after={"erased": erased})
    return erased


def _row(made: Order) -> dict[str, Any]:
    plain = {name: getattr(made, name) for name in ("site", "inspection", "authority", "post")}
    return {**plain, "items": list(made.items), "articles": list(made.articles), "day": made.day.isoformat(), "due": made.due.isoformat()}  # fmt: skip


def _order(connection: Connection, row: Mapping[Any, Any]) -> Order:
    w = wording.c
    asked = select(w.text).where(w.area == row["area"], w.number == row["number"], w.key == f"{row['version']}.text")
    said = connection.execute(asked).scalar()
    plain = {name: row[name] for name in ("area", "site", "inspection", "authority", "post", "number", "version")}
    return Order(
        **plain, items=tuple(json.loads(row["items"])), articles=tuple(json.loads(row["articles"])),
        day=date.fromisoformat(row["day"]), due=date.fromisoformat(row["due"]), words=json.loads(said) if said else {},
    )  # fmt: skip
