"""The household round (每月入户巡查) of a period: every building of the pack, how many households it has, what the visits of the round's kind came to there; and visits planned for what is left."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from desk.room import Room
from desk.visits.acts import Planning, plan, today
from desk.visits.places import Goal, households, houses
from geo.errors import DraftError
from incidents.household_rounds import AGAIN, NOTHING, Reach, Round, Seen, reach, round_of
from incidents.lifecycle import By
from ledger import visits
from ledger.visits import Asked, Filed


@dataclass(frozen=True)
class House:
    """A building in a round: its households, None where nobody said how many, and what was seen there."""

    goal: Goal
    households: int | None
    seen: Seen

    @property
    def reach(self) -> Reach:
        """How far it was reached."""
        return reach(self.households, self.seen)


def standing(room: Room, asked: Asked) -> list[House]:
    """Return every building that who looks through a room sees, as it stands in a round; those in which nobody lives are left out, and all where the rules have no round."""
    kind = room.rules.visits.round_kind
    if not kind:
        return []
    known = households(room.area)
    with room.ledger.reading() as connection:
        seen = visits.by_building(connection, asked, kind)
    homes = (goal for goal in houses(room) if known.get(goal.building) != 0)
    return [House(goal, known.get(goal.building), seen.get(goal.building, NOTHING)) for goal in homes]


def by_grid(found: Collection[House], level: str) -> dict[str, Round]:
    """Return how far a round reached the grids of a level, by their codes; of several that lie one above another the first one's."""
    grids: dict[str, list[House]] = {}
    for one in found:
        grids.setdefault(_code(one, level), []).append(one)
    return {code: whole(some) for code, some in sorted(grids.items())}


def whole(found: Collection[House]) -> Round:
    """Return how far a round reached some buildings."""
    return round_of((one.households, one.seen) for one in found)


def left(found: Collection[House]) -> list[House]:
    """Return the buildings that are not wholly reached and where nobody is to go; those whose households nobody knows are left out once somebody went there."""
    return [one for one in found if one.reach is not Reach.WHOLE and not one.seen.is_planned and not (one.reach is Reach.UNKNOWN and one.seen.tries)]  # fmt: skip


def plan_left(room: Room, found: Collection[House], last: date, by: By, now: datetime) -> list[Filed]:
    """Plan a visit of the round to each building that is left, until the last day of its period, each by its own post; and return them.

    Raises
    ------
    DraftError, LifecycleError, UnknownPost, NoAccess
        Why it cannot be; nothing was written.
    """
    rules, goals = room.rules.visits, tuple(one.goal for one in left(found))
    if not goals:
        raise DraftError("Nothing is left of this round: every building was reached, or somebody is to go there.", field="visit_round")  # fmt: skip
    day = max(last, today(room, now) + timedelta(days=1))
    return plan(room, Planning(goals, "", rules.round_kind, rules.round_topics, day), by, now)


def some(found: Collection[House], how: str, grid: Mapping[str, str]) -> list[House]:
    """Return the buildings that were reached so far (`Reach`, ``again``, "" for all), in grids by level and code: as many as `by_grid` counts there."""
    wanted = AGAIN if how == "again" else {Reach(how)} if how in set(Reach) else set(Reach)
    return [one for one in found if one.reach in wanted and all(_code(one, level) == code for level, code in grid.items())]  # fmt: skip


def _code(house: House, level: str) -> str:
    """Return the grid of a level that counts a building: of several that lie one above another the first one."""
    return house.goal.codes.get(level, "").split(";")[0]
