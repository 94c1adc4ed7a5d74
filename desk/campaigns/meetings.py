"""Daily meetings (日例会) of a campaign: written down with the tasks that they give, and tasks followed until they are done; each in one change.

Source: domain.md 3.5 (日例会、日通报), 6 (日例会纪要: 时间, 地点, 主持, 参会, 昨日任务完成, 问题, 今日任务, 决定).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from desk.intake import struck
from desk.posts.acting import change
from desk.room import Room
from desk.visits.acts import today as today_of
from geo.errors import DraftError, LifecycleError
from incidents.lifecycle import By
from incidents.text import clean, required
from incidents.within import Within
from inspections.meetings import Act, State, Subject, Tally
from ledger import campaigns, find, meetings
from ledger.meetings import Asked, Meeting, Task
from ledger.writing import Writing

LOOK, RUN, OWN = "campaigns", "campaign", "act"  # capabilities
LONGEST_WORDS, LONGEST_MATTER, LONGEST_PLACE = 2000, 200, 60
MOST_TASKS, MOST_POSTS = 30, 200
MOST_AHEAD = timedelta(days=366)
WORDS, REASON = ("done", "problems", "decisions"), "reason"


@dataclass(frozen=True)
class Give:
    """A task that is given: what, to which post, until which day."""

    matter: str
    post: str
    due: date


@dataclass(frozen=True)
class Wish:
    """A meeting as somebody writes it down.

    Attributes
    ----------
    begins
        In the area's zone.
    present
        Keys of posts; the chair is present.
    tasks
        That it gives; of one that is changed those that come to it.
    number, version
        Of the one that is changed, as whoever does saw it; "" and 0 for a new one.
    """

    campaign: str
    day: date
    begins: time
    place: str
    chair: str
    present: Sequence[str] = ()
    done: str = ""
    problems: str = ""
    decisions: str = ""
    tasks: Sequence[Give] = ()
    number: str = ""
    version: int = 0


# Looking


def sight(room: Room) -> Within | None:
    """Return how far who looks through a room sees what belongs to campaigns: all of the area, what their posts and sites have to do with, or none (None)."""
    if room.who is None:
        return Within()
    return room.within if room.who.can(LOOK) else None


def listed(room: Room, campaign: str, *, until: date | None = None, most: int | None = None) -> list[Meeting]:
    """Return the meetings of a campaign that stand, the latest first."""
    asked = Asked(room.id, sight(room), frozenset({campaign}), frozenset({State.HELD}), until=until)
    with room.ledger.reading() as connection:
        return meetings.page(connection, Subject.MEETING, asked, most=most)


def of(room: Room, number: str) -> tuple[Meeting, list[Task]]:
    """Return a meeting with its tasks, as far as who looks sees them.

    Raises
    ------
    DraftError
        There is none of that number, or none for who looks: the answer does not tell which.
    """
    with room.ledger.reading() as connection:
        found = meetings.get(connection, room.id, Subject.MEETING, number, sight(room))
        return found, meetings.page(connection, Subject.TASK, Asked(room.id, _to_tasks(room, found), meetings=frozenset({number})))  # fmt: skip


def tasks(room: Room, campaign: str, states: frozenset[State] = frozenset({State.OPEN})) -> list[Task]:
    """Return the tasks of a campaign, by the day until which they are to be done."""
    with room.ledger.reading() as connection:
        return meetings.page(connection, Subject.TASK, Asked(room.id, sight(room), frozenset({campaign}), states))


def done_since(room: Room, campaign: str, since: date, until: date) -> list[Task]:
    """Return the tasks of a campaign that were done from one day to another: what the next meeting says of yesterday."""
    return [one for one in tasks(room, campaign, frozenset({State.DONE})) if one.ended and since <= one.ended <= until]


def tally(room: Room, campaign: str, today: date) -> Tally:
    """Count the tasks of a campaign."""
    asked = Asked(room.id, sight(room), frozenset({campaign}))
    with room.ledger.reading() as connection:
        found = meetings.counts(connection, Subject.TASK, asked)
        late = meetings.late(connection, asked, today)
    return Tally(found.get(State.OPEN, 0), late, found.get(State.DONE, 0), found.get(State.CANCELLED, 0))


def waiting(room: Room, post: str, now: datetime) -> tuple[int, int]:
    """Return how many tasks wait for a post, and how many of them are late; none for who does not see campaigns."""
    asked = Asked(room.id, sight(room), states=frozenset({State.OPEN}), posts=frozenset({post}))
    with room.ledger.reading() as connection:
        return meetings.count(connection, Subject.TASK, asked), meetings.late(connection, asked, today_of(room, now))


def own(room: Room, post: str) -> list[Task]:
    """Return the tasks that wait for a post, by day."""
    asked = Asked(room.id, sight(room), states=frozenset({State.OPEN}), posts=frozenset({post}))
    with room.ledger.reading() as connection:
        return meetings.page(connection, Subject.TASK, asked)


# Writing


def hold(room: Room, wish: Wish, by: By, now: datetime) -> Meeting:
    """Write a meeting down with its tasks, or change one and give more; return it.

    Raises
    ------
    DraftError, TextError, Conflict, LifecycleError, NoAccess
        Why it cannot be; nothing was written.
    """
    made, given = checked(room, wish, now)

    def work(writing: Writing) -> Meeting:
        return write(room, writing, made, given, by, now)

    return change(room, RUN, by, now, work)


def write(room: Room, writing: Writing, made: Meeting, given: Sequence[Task], by: By, now: datetime) -> Meeting:  # noqa: PLR0917
    """Write a checked meeting in a change that goes on already."""
    demand_campaign(writing, room, made.campaign)
    at = now.astimezone(UTC)
    if made.number:
        there = meetings.get(writing.connection, room.id, Subject.MEETING, made.number)
        after = replace(made, id=there.id, said=there.said, campaign=there.campaign)
        filed = meetings.put(writing, Subject.MEETING, replace(there, version=made.version), after, Act.CHANGE, by=by, at=at, words=made.words)  # fmt: skip
    else:
        filed = meetings.make(writing, Subject.MEETING, made, day=made.day, by=by, at=at)
    for one in given:
        meetings.make(writing, Subject.TASK, replace(one, meeting=filed.number), day=made.day, by=by, at=at)
    return filed


def strike(room: Room, seen: Meeting, reason: str, by: By, now: datetime) -> Meeting:
    """Strike a meeting that was written down by mistake, with the reason, and cancel its open tasks; raises as `hold`."""
    said = struck(room, required(reason, most=LONGEST_MATTER, what="reason", lines=False))

    def work(writing: Writing) -> Meeting:
        at, day = now.astimezone(UTC), today_of(room, now)
        for one in meetings.page(writing.connection, Subject.TASK, Asked(room.id, meetings=frozenset({seen.number}), states=frozenset({State.OPEN}))):  # fmt: skip
            meetings.put(writing, Subject.TASK, one, replace(one, ended=day), Act.CANCEL, by=by, at=at)
        return meetings.put(writing, Subject.MEETING, seen, seen, Act.STRIKE, by=by, at=at, words={**seen.words, REASON: said})  # fmt: skip

    return change(room, RUN, by, now, work)


def follow(room: Room, seen: Task, act: Act, by: By, now: datetime, *, due: date | None = None, post: str = "") -> Task:
    """Say that a task is done, open it again, move it to another day or post ("" leaves it) or cancel it, and return it.

    The post that has it says that it is done; the rest is for who runs campaigns.

    Raises
    ------
    DraftError, Conflict, LifecycleError, NoAccess
        Why it cannot be; nothing was written.
    """
    mine = by.post == seen.post and act in {Act.DONE, Act.REOPEN} and not may_run(room)
    day = today_of(room, now)
    after = replace(seen, ended=day if act in {Act.DONE, Act.CANCEL} else None)
    if act is Act.MOVE:
        after = replace(after, due=_due(due, day), post=post or seen.post)
        demand_posts(room, [after.post], now)
        if (after.due, after.post) == (seen.due, seen.post):
            raise DraftError("The task would stay as it is. Choose another post, or another day.", field="meeting_move")
    if act is Act.MAKE:
        raise LifecycleError("A task is given by a meeting. Write it there.")

    def work(writing: Writing) -> Task:
        meetings.get(writing.connection, room.id, Subject.TASK, seen.number, sight(room))
        return meetings.put(writing, Subject.TASK, seen, after, act, by=by, at=now.astimezone(UTC))

    return change(room, OWN if mine else RUN, by, now, work)


def entries(room: Room, subject: Subject, number: str) -> list[dict[str, Any]]:
    """Return the history of a meeting, a task or a theme day, oldest first; raises DraftError where there is none, or none for who looks."""
    with room.ledger.reading() as connection:
        meetings.get(connection, room.id, subject, number, sight(room))
        return find.entries(connection, room.id, number, subject=subject.value)


def may_run(room: Room) -> bool:
    """Tell whether who looks through a room runs campaigns."""
    return room.who is None or room.who.can(RUN)


def checked(room: Room, wish: Wish, now: datetime) -> tuple[Meeting, list[Task]]:
    """Return a meeting and its tasks as they are kept; raises DraftError and TextError."""
    today = today_of(room, now)
    if wish.day > today:
        raise DraftError(f"{wish.day} lies ahead. A meeting is written down once it was held.", field="meeting_day")
    present = tuple(dict.fromkeys([wish.chair, *wish.present]))
    demand_posts(room, present, now)
    said = {name: words(room, getattr(wish, name), LONGEST_WORDS, name) for name in WORDS}
    given = [_task(room, wish, one, now) for one in wish.tasks]
    if not given and not any(said.values()):
        raise DraftError("A record without a word says nothing. Write what was done, what the problems are, or give a task.", field="meeting_empty")  # fmt: skip
    if len(given) > MOST_TASKS:
        raise DraftError(f"{len(given)} tasks are too many for one meeting: give at most {MOST_TASKS}.", field="meeting_tasks")  # fmt: skip
    place = struck(room, required(wish.place, most=LONGEST_PLACE, what="place", lines=False))
    made = Meeting(
        area=room.id, campaign=wish.campaign, number=wish.number, version=wish.version, day=wish.day, begins=clock(wish.begins), place=place,
        chair=wish.chair, roster=present, words={name: text for name, text in said.items() if text},
    )  # fmt: skip
    return made, given


def demand_campaign(writing: Writing, room: Room, key: str) -> None:
    """Raise DraftError where an area has no campaign of a number."""
    campaigns.get(writing.connection, room.id, key)


def demand_posts(room: Room, keys: Sequence[str], now: datetime) -> None:
    """Raise DraftError where one of some posts is none of the area."""
    known = room.register.posts(now)
    lacking = [key for key in keys if key not in known]
    if not keys or lacking:
        raise DraftError(f"{room.id} has no post {', '.join(lacking) or repr('')}. Choose posts of the list.", field="meeting_posts")  # fmt: skip
    if len(keys) > MOST_POSTS:
        raise DraftError(f"{len(keys)} posts are too many: choose at most {MOST_POSTS}.", field="meeting_posts")


def words(room: Room, text: str, most: int, what: str) -> str:
    """Return words as they are kept: without the people in them."""
    return struck(room, clean(text, most=most, what=what))


def clock(at: time) -> str:
    """Return a time of day as it is kept."""
    return f"{at:%H:%M}"


def _task(room: Room, wish: Wish, give: Give, now: datetime) -> Task:
    demand_posts(room, [give.post], now)
    if give.due < wish.day:
        raise DraftError(f"A task of the meeting of {wish.day} cannot be due on {give.due}. Give that day or a later one.", field="meeting_due")  # fmt: skip
    matter = struck(room, required(give.matter, most=LONGEST_MATTER, what="matter", lines=False))
    due = _due(give.due, wish.day)
    return Task(area=room.id, campaign=wish.campaign, meeting="", post=give.post, due=due, words={"matter": matter})


def _due(due: date | None, day: date) -> date:
    if due is None or not day <= due <= day + MOST_AHEAD:
        raise DraftError(f"A task is done between {day} and a year later. Give such a day.", field="meeting_due")
    return due


def _to_tasks(room: Room, found: Meeting) -> Within | None:
    """Return how far who sees a meeting sees its tasks: who was there sees all of them."""
    within = sight(room)
    return Within() if within and not within.posts.isdisjoint({found.chair, *found.roster}) else within


def campaign_name(room: Room, key: str) -> str:
    """Return the name of a campaign, "" where there is none."""
    try:
        with room.ledger.reading() as connection:
            return campaigns.get(connection, room.id, key).name
    except DraftError:
        return ""
