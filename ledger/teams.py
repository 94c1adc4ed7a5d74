"""The register of service teams (服务队台账). Every change is an entry of the history, under the number of its team; a team that was abolished stays, for its orders name it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from geo.errors import DraftError, LifecycleError
from incidents.lifecycle import UNDO_WITHIN
from incidents.teams import Team
from ledger.tables import history, instant, team
from ledger.writing import Actor, Writing, post_of

SUBJECT = "team"
ADD, EDIT, ABOLISH, UNDO = "add", "edit", "abolish", "undo"
COLUMNS = ("area", "id", "name", "post", "skills", "areas", "days", "opens", "closes", "ended")


def teams(connection: Connection, area: str, *, ended: bool = False) -> list[Team]:
    """Return the teams of an area, in order of name; with ``ended`` those that were abolished as well."""
    asked = select(team).where(team.c.area == area).order_by(team.c.name, team.c.id)
    found = [_team(dict(row)) for row in connection.execute(asked).mappings()]
    return [one for one in found if ended or not one.ended]


def put(writing: Writing, area: str, wished: Team, *, by: Actor, at: datetime) -> Team:
    """Write a team, a new one where it has no number yet, and return it with its number.

    Raises
    ------
    DraftError
        Another team has its name, or it is gone.
    """
    connection = writing.connection
    if any(one.name == wished.name and one.id != wished.id for one in teams(connection, area)):
        raise DraftError(f"{area} has a team {wished.name!r} already. Give this one another name.", field="team")
    if not wished.id:
        made = replace(wished, id=writing.version + 1)
        connection.execute(insert(team), {"area": area, "id": made.id, **_row(made)})
        writing.enter(area, SUBJECT, str(made.id), ADD, post=by, at=at, before={}, after=said(made))
        return made
    before = get(connection, area, wished.id)
    if before != wished:
        _change(writing, area, before, wished, EDIT, by, at)
    return wished


def abolish(writing: Writing, area: str, number: int, *, by: Actor, at: datetime) -> Team:
    """Abolish a team, and return it as it was; what it has taken it still does.

    Raises
    ------
    DraftError
        It is gone already.
    """
    before = get(writing.connection, area, number)
    _change(writing, area, before, replace(before, ended=True), ABOLISH, by, at)
    return before


def undo(writing: Writing, area: str, number: int, *, by: Actor, at: datetime) -> None:
    """Take the last change of a team back, within the minute in which that is allowed, by the post that made it.

    Raises
    ------
    LifecycleError
        It was taken back already, another post made it, or the minute is over.
    DraftError
        A team of its name was added in between, or it was offered an order.
    """
    connection, c = writing.connection, history.c
    asked = select(history).where(c.area == area, c.subject == SUBJECT, c.key == str(number))
    last = connection.execute(asked.order_by(c.version.desc()).limit(1)).mappings().one_or_none()
    if last is None or last["act"] == UNDO:
        raise LifecycleError("There is nothing to undo.")
    if last["post"] != post_of(by):
        raise LifecycleError(f"{last['act']} was done by {last['post']}; only that post can undo it.")
    if at - instant(last["at"]) > UNDO_WITHIN:
        raise LifecycleError(f"{last['act']} was done more than a minute ago and stands.")
    before, after = json.loads(last["before"]), json.loads(last["after"])
    if any(one.name == before.get("name") and one.id != number for one in teams(connection, area)):
        raise DraftError(f"{area} has a team {before['name']!r} again. Rename that one first.", field="team")
    if not before and _was_offered(connection, area, number):
        raise DraftError("The team was offered an order already. Abolish it instead.", field="team_offered")
    connection.execute(delete(team).where(team.c.area == area, team.c.id == number))
    if before:
        connection.execute(insert(team), {"area": area, "id": number, **_kept(before)})
    writing.enter(area, SUBJECT, str(number), UNDO, post=by, at=at, before=after, after=before)


def get(connection: Connection, area: str, number: int) -> Team:
    """Return a team that was not abolished.

    Raises
    ------
    DraftError
        There is none of that number any more.
    """
    found = next((one for one in teams(connection, area) if one.id == number), None)
    if found is None:
        raise DraftError(f"{area} has no team number {number} any more. Load the list again.", field="team_gone")
    return found


def said(one: Team) -> dict[str, Any]:
    """Return what the history says of a team."""
    return {
        "name": one.name,
        "post": one.post,
        "skills": list(one.skills),
        "areas": [list(grid) for grid in one.areas],
        "days": one.days,
        "opens": f"{one.opens:%H:%M}",
        "closes": f"{one.closes:%H:%M}",
        "ended": one.ended,
    }


def _was_offered(connection: Connection, area: str, number: int) -> bool:
    c = history.c
    offers = select(c.data).where(c.area == area, c.subject == "order", c.act == "offer")
    found = connection.execute(offers).scalars()
    return any(one.get("team") == number for data in found for one in json.loads(data)["teams"])


def _change(writing: Writing, area: str, before: Team, after: Team, act: str, by: Actor, at: datetime) -> None:  # noqa: PLR0917
    writing.connection.execute(update(team).where(team.c.area == area, team.c.id == before.id).values(_row(after)))
    writing.enter(area, SUBJECT, str(before.id), act, post=by, at=at, before=said(before), after=said(after))


def _row(one: Team) -> dict[str, Any]:
    return _kept(said(one))


def _kept(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {**plain, **{name: json.dumps(plain[name], ensure_ascii=False) for name in ("skills", "areas")}}


def _team(row: Mapping[str, Any]) -> Team:
    return Team(
        name=row["name"],
        skills=tuple(json.loads(row["skills"])),
        post=row["post"],
        areas=tuple((str(key), str(code)) for key, code in json.loads(row["areas"])),
        days=row["days"],
        opens=time.fromisoformat(row["opens"]),
        closes=time.fromisoformat(row["closes"]),
        ended=bool(row["ended"]),
        id=row["id"],
    )
