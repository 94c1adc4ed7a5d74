"""Self-checks (自查) by a link: links that open one page for a while, and what came in by them, which counts as nothing before a person looked at it.

Every change is an entry of the history. A token is told once, when its link is made, and kept nowhere: its digest finds the link.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from geo.errors import DraftError
from incidents.within import Within
from inspections.inspection import Inspection
from ledger.inspections import get as inspection_of
from ledger.tables import check_link, instant, milliseconds, self_check
from ledger.writing import Actor, Writing

LINK, CHECK = "check_link", "self_check"  # subjects
ADD, REVOKE, SEND, SEE = "add", "revoke", "send", "see"
LINKED = ("site", "checklist", "digest", "post", "made", "expires", "revoked")
CHECKED = ("link", "seen_by", "seen")


MOST = 50  # links of a place, and what came in by them, that a page shows


@dataclass(frozen=True)
class Link:
    """A link to the page on which a place checks itself.

    Attributes
    ----------
    site, checklist
        Number of the place, and key of the checklist, which is asked in its current version.
    post
        That made it.
    sent
        How often it was sent by.
    """

    area: str
    site: str
    checklist: str
    post: str
    made: datetime
    expires: datetime
    revoked: datetime | None = None
    sent: int = 0
    id: int = 0

    def opens(self, now: datetime, most: int) -> bool:
        """Tell whether it opens its page: it was not revoked, its time is not over, and it was not sent by ``most`` times."""
        return self.revoked is None and now < self.expires and self.sent < most


@dataclass(frozen=True)
class Check:
    """What came in by a link: its inspection, and who looked at it; "" and None while nobody did."""

    inspection: Inspection
    link: int
    seen_by: str = ""
    seen: datetime | None = None


def add(writing: Writing, made: Link, *, by: Actor) -> tuple[Link, str]:
    """Write a link, and return it with its token."""
    token = secrets.token_urlsafe(16)
    made = replace(made, id=writing.version + 1)
    row = {"site": made.site, "checklist": made.checklist, "digest": digest_of(token), "post": made.post, "made": milliseconds(made.made), "expires": milliseconds(made.expires), "revoked": None}  # fmt: skip
    writing.enter(made.area, LINK, str(made.id), ADD, post=by, at=made.made, after=row)
    writing.connection.execute(insert(check_link), {"id": made.id, "area": made.area, **row})
    return made, token


def revoke(writing: Writing, area: str, id_: int, *, by: Actor, at: datetime) -> Link:
    """Let a link open nothing any more; raises DraftError where there is none."""
    link = get(writing.connection, area, id_)
    if link.revoked is None:
        row = {"revoked": milliseconds(at)}
        writing.enter(area, LINK, str(id_), REVOKE, post=by, at=at, before={"revoked": None}, after=row)
        writing.connection.execute(update(check_link).where(check_link.c.id == id_).values(row))
    return get(writing.connection, area, id_)


def send(writing: Writing, area: str, number: str, link: int, *, by: Actor, at: datetime) -> None:
    """Note that an inspection came in by a link."""
    row = {"link": link, "seen_by": "", "seen": None}
    writing.enter(area, CHECK, number, SEND, post=by, at=at, after=row)
    writing.connection.execute(insert(self_check), {"area": area, "number": number, **row})


def see(writing: Writing, area: str, number: str, post: str, *, by: Actor, at: datetime) -> None:
    """Note that a person looked at what came in; once is enough."""
    c = self_check.c
    here = (c.area == area, c.number == number)
    if writing.connection.execute(select(c.seen_by).where(*here)).scalar() == "":
        row = {"seen_by": post, "seen": milliseconds(at)}
        writing.enter(area, CHECK, number, SEE, post=by, at=at, before={"seen_by": "", "seen": None}, after=row)
        writing.connection.execute(update(self_check).where(*here).values(row))


# Looking


def by_token(connection: Connection, token: str) -> Link | None:
    """Return the link of a token, whether it still opens anything or not; None where there is none."""
    return _one(connection, check_link.c.digest == digest_of(token))


def get(connection: Connection, area: str, id_: int) -> Link:
    """Return a link.

    Raises
    ------
    DraftError
        There is none of that number.
    """
    found = _one(connection, check_link.c.area == area, check_link.c.id == id_)
    if found is None:
        raise DraftError(f"{area} has no link number {id_}. Load the list again.", field="link_gone")
    return found


def links(connection: Connection, area: str, site: str) -> list[Link]:
    """Return the links of a place, the latest first, at most `MOST`."""
    c = check_link.c
    asked = _links().where(c.area == area, c.site == site).order_by(c.id.desc()).limit(MOST)
    return [_link(row) for row in connection.execute(asked).mappings()]


def checks(connection: Connection, area: str, site: str, within: Within | None) -> list[Check]:
    """Return what came in by the links of a place, the latest first, at most `MOST`."""
    c, l = self_check.c, check_link.c  # noqa: E741
    asked = select(self_check).join(check_link, l.id == c.link).where(c.area == area, l.area == area, l.site == site)
    rows = connection.execute(asked.order_by(c.number.desc()).limit(MOST)).mappings().all()
    return [_check(row, inspection_of(connection, area, row["number"], within)) for row in rows]


def unseen(connection: Connection, area: str, site: str = "") -> dict[str, int]:
    """Return how many self-checks of each place, or of one, nobody has looked at: number of the place -> how many."""
    c, l = self_check.c, check_link.c  # noqa: E741
    asked = select(l.site, func.count()).join(self_check, l.id == c.link).where(c.area == area, l.area == area, c.seen_by == "")  # fmt: skip
    asked = asked.where(l.site == site) if site else asked
    return {place: int(number) for place, number in connection.execute(asked.group_by(l.site))}


def digest_of(token: str) -> str:
    """Return the digest by which a token is found."""
    return hashlib.sha256(token.encode()).hexdigest()


def _one(connection: Connection, *where: Any) -> Link | None:
    row = connection.execute(_links().where(*where)).mappings().one_or_none()
    return _link(row) if row else None


def _links() -> Any:
    c = self_check.c
    sent = select(func.count()).select_from(self_check).where(c.area == check_link.c.area, c.link == check_link.c.id)
    return select(check_link, sent.scalar_subquery().label("sent"))


def _link(row: Mapping[Any, Any]) -> Link:
    revoked = instant(row["revoked"]) if row["revoked"] is not None else None
    plain = {name: row[name] for name in ("area", "site", "checklist", "post", "sent", "id")}
    return Link(**plain, made=instant(row["made"]), expires=instant(row["expires"]), revoked=revoked)


def _check(row: Mapping[Any, Any], made: Inspection) -> Check:
    return Check(made, row["link"], row["seen_by"], instant(row["seen"]) if row["seen"] is not None else None)
