"""Notices (通知) as the history keeps them, and nothing else does: sent, acknowledged, reminded of, withdrawn. Their words stand in ``wording``, and are erased some time later.

Who read one is a mark of its message (`ledger.outbox`); who acknowledged it has an entry of their own here.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from ledger.tables import history, instant, milliseconds, wording
from ledger.writing import Actor, Writing

SUBJECT = "notice"
SEND, ACKNOWLEDGE, REMIND, WITHDRAW = "send", "acknowledge", "remind", "withdraw"
DONE_AT = "done_at"  # what an entry calls the time at which a thing was done on a phone, which came later


@dataclass(frozen=True)
class Notice:
    """A notice. Times are aware, in UTC.

    Attributes
    ----------
    id
        The version of its first entry, which is its key too.
    post
        Who sent it.
    posts
        To whom.
    receipt
        Whether they are asked to acknowledge it.
    until
        When it is over.
    words
        Its title, and below that its text; "" once they were erased.
    withdrawn
        When it was taken back; None while it stands.
    """

    area: str
    id: int
    post: str
    at: datetime
    posts: tuple[str, ...]
    receipt: bool
    until: datetime
    words: str = ""
    withdrawn: datetime | None = None
    reason: str = ""
    reminded: datetime | None = None

    @property
    def title(self) -> str:
        """The first line of its words."""
        return self.words.partition("\n")[0]

    @property
    def text(self) -> str:
        """Its words below the title."""
        return self.words.partition("\n")[2]

    def runs(self, now: datetime) -> bool:
        """Tell whether it is neither withdrawn nor over."""
        return self.withdrawn is None and now < self.until


# Writing


def send(
    writing: Writing, area: str, posts: Sequence[str], words: str, *, receipt: bool, until: datetime, by: Actor, at: datetime
) -> int:  # fmt: skip
    """Write a notice, and return its id."""
    after = {"posts": list(posts), "receipt": receipt, "until": milliseconds(until)}
    return writing.enter(area, SUBJECT, str(writing.version + 1), SEND, post=by, at=at, after=after, data={"text": words})  # fmt: skip


def acknowledge(
    writing: Writing, area: str, id_: int, *, by: Actor, at: datetime, data: Mapping[str, str] | None = None
) -> int:
    """Write that a post acknowledged a notice; ``data`` says ``done_at`` where that was earlier, on a phone."""
    return writing.enter(area, SUBJECT, str(id_), ACKNOWLEDGE, post=by, at=at, data=data)


def remind(writing: Writing, area: str, id_: int, posts: Sequence[str], *, by: Actor, at: datetime) -> int:
    """Write that some posts were reminded of a notice."""
    return writing.enter(area, SUBJECT, str(id_), REMIND, post=by, at=at, after={"posts": list(posts)})


def withdraw(writing: Writing, notice: Notice, reason: str, *, by: Actor, at: datetime) -> int:
    """Write that a notice was taken back."""
    said = {"posts": list(notice.posts)}
    return writing.enter(notice.area, SUBJECT, str(notice.id), WITHDRAW, post=by, at=at, after=said, data={"reason": reason})  # fmt: skip


def forget(writing: Writing, area: str, *, before: datetime, at: datetime) -> int:
    """Erase the words of notices that were over before a time, and return how many texts those were; the history keeps that there were some."""
    over = [str(one.id) for one in listed(writing.connection, area) if one.until < before]
    c = wording.c
    told = (c.area == area, c.number.in_(over), c.text.is_not(None))
    erased = int(writing.connection.execute(update(wording).where(*told).values(text=None)).rowcount) if over else 0
    if erased:
        writing.enter(area, "notices", area, "erase", post="", at=at, after={"erased": erased})
    return erased


# Looking


def listed(
    connection: Connection, area: str, *, ids: Collection[int] | None = None, most: int | None = None
) -> list[Notice]:
    """Return notices, the newest first; those of some ids, or all."""
    c = history.c
    asked = select(history).where(*_of(area, ids, SEND)).order_by(c.version.desc()).limit(most)
    sent = [dict(row) for row in connection.execute(asked).mappings()]
    keys = [row["version"] for row in sent]
    later: dict[int, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for act in (REMIND, WITHDRAW):
        for row in connection.execute(select(history).where(*_of(area, keys, act)).order_by(c.version)).mappings():
            later[int(row["key"])][act] = dict(row)
    rows = [*sent, *(found[WITHDRAW] for found in later.values() if WITHDRAW in found)]
    said = _words(connection, area, rows)
    return [_notice(row, later[row["version"]], said) for row in sent]


def acknowledged(
    connection: Connection, area: str, ids: Collection[int], posts: Collection[str] | None = None
) -> dict[int, dict[str, datetime]]:
    """Return which posts, or which of some, acknowledged notices, and when they did: on a phone without a signal that was before it arrived."""
    c = history.c
    wanted = [*_of(area, ids, ACKNOWLEDGE), *([c.post.in_(sorted(posts))] if posts is not None else [])]
    asked = select(c.key, c.post, c.at, c.data).where(*wanted).order_by(c.version.desc())
    found: dict[int, dict[str, datetime]] = {}
    for key, post, at, data in connection.execute(asked):
        done = json.loads(data).get(DONE_AT)
        found.setdefault(int(key), {})[post] = datetime.fromisoformat(done) if done else instant(at)
    return found


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last entry of any notice; 0 while there is none."""
    asked = select(func.max(history.c.version)).where(history.c.area == area, history.c.subject == SUBJECT)
    return int(connection.execute(asked).scalar() or 0)


def versions(connection: Connection, area: str, id_: int) -> set[int]:
    """Return the versions of all entries of a notice."""
    c = history.c
    asked = select(c.version).where(c.area == area, c.subject == SUBJECT, c.key == str(id_))
    return set(connection.execute(asked).scalars())


def _of(area: str, ids: Collection[int] | None, act: str) -> list[ColumnElement[bool]]:
    c = history.c
    found = [c.area == area, c.subject == SUBJECT, c.act == act]
    return [*found, c.key.in_([str(one) for one in sorted(ids)])] if ids is not None else found


def _words(connection: Connection, area: str, rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return the words of entries, by version."""
    keys = {}
    for row in rows:
        data = json.loads(row["data"])
        ref = next((data[name]["ref"] for name in ("text", "reason") if "ref" in data.get(name, {})), None)
        keys[ref] = row["version"]
    c = wording.c
    asked = select(c.key, c.text).where(c.area == area, c.key.in_(key for key in keys if key), c.text.is_not(None))
    return {keys[key]: text for key, text in connection.execute(asked)}


def _notice(row: Mapping[str, Any], later: Mapping[str, Mapping[str, Any]], said: Mapping[int, str]) -> Notice:
    after, gone, again = json.loads(row["after"]), later.get(WITHDRAW), later.get(REMIND)
    return Notice(
        row["area"], row["version"], row["post"], instant(row["at"]), tuple(after["posts"]), after["receipt"], instant(after["until"]),
        words=said.get(row["version"], ""),
        withdrawn=instant(gone["at"]) if gone else None,
        reason=said.get(gone["version"], "") if gone else "",
        reminded=instant(again["at"]) if again else None,
    )  # fmt: skip
