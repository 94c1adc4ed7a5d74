"""The register of service teams (服务队台账): added, changed, abolished, and taken back within a minute."""

from dataclasses import replace
from datetime import datetime

from desk.posts.acting import change
from desk.room import Room
from geo.errors import DraftError, UnknownPost
from incidents.lifecycle import By
from incidents.teams import DAYS, Team
from incidents.text import required
from ledger import teams

NEEDS = "teams"  # capability
LONGEST_NAME = 60


def of_room(room: Room, *, ended: bool = False) -> list[Team]:
    """Return the teams, in order of name; with ``ended`` those that were abolished as well."""
    with room.ledger.reading() as connection:
        return teams.teams(connection, room.id, ended=ended)


def put(room: Room, wished: Team, by: By, now: datetime) -> Team:
    """Add or change a team, and return it with its number.

    Raises
    ------
    DraftError, TextError, NoAccess
        Why it cannot be so; nothing was written.
    """
    team = replace(wished, name=required(wished.name, most=LONGEST_NAME, what="team"), ended=False)
    _check(room, team, now)
    return change(room, NEEDS, by, now, lambda writing: teams.put(writing, room.id, team, by=by, at=now))


def abolish(room: Room, number: int, by: By, now: datetime) -> Team:
    """Abolish a team, and return it as it was; what it has taken it still does."""
    return change(room, NEEDS, by, now, lambda writing: teams.abolish(writing, room.id, number, by=by, at=now))


def undo(room: Room, number: int, by: By, now: datetime) -> None:
    """Take the last change of a team back; raises LifecycleError or DraftError where it stands."""
    change(room, NEEDS, by, now, lambda writing: teams.undo(writing, room.id, number, by=by, at=now))


def grids(room: Room) -> set[tuple[str, str]]:
    """Return the grids in which a team may work, as level or overlay and code."""
    net = room.area.net
    levels = {(level.key, str(code)) for level in net.levels for code in level.codes}
    return levels | {(overlay.key, str(code)) for overlay in net.overlays for code in overlay.codes}


def _check(room: Room, team: Team, now: datetime) -> None:
    strange = [skill for skill in team.skills if skill not in room.rules.services.items]
    if not team.skills or strange:
        raise DraftError("A team does something of the catalogue. Choose what it does.", field="skills")
    if team.post not in room.register.posts(now):
        raise UnknownPost(f"{team.post!r} is no post of {room.id}. Choose one of the register; it acts for the team.")
    if not set(team.areas) <= grids(room):
        raise DraftError("A team works in grids of the area, or everywhere. Choose them from the list.", field="areas")
    if team.days not in DAYS or team.opens >= team.closes:
        raise DraftError("A team closes after it opens. Correct its hours.", field="hours")
