"""Duty (值守): filling the rota, who is on duty, and what one shift hands to the next.

Out of hours the rota overrides the responsible post (`desk.posts.roster.responsible`) of a case that comes in, until it is handed over: to the net's post when it is
dispatched or ended (`desk.acts`), at the latest when working hours begin (`desk.steps`); to the next post on duty when that one signs for the note which carries the case.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from desk.posts.acting import change
from desk.posts.roster import Wish, added, checked_name, handed_over
from desk.reading import lies_in, may_read
from desk.room import DISPATCHER, Room
from geo.errors import RosterError, UnknownIncident
from incidents.case import Incident
from incidents.lifecycle import NEW, By, PostKind
from incidents.model import Status
from incidents.posts import Post, post_key
from incidents.rota import COVER, DAY, SINGLE, WEEK, Double, Role, Shift, Slot, copied, doubles, fill, gaps, slots
from incidents.rota import day_of as duty_day
from incidents.text import clean, strike_names
from ledger import find, rota
from ledger.rota import Changed, Handover, OnDuty
from ledger.writing import Writing

# Days that a rota is asked for; the weeks around them are dates still.
FIRST, LAST = date(2000, 1, 1), date(2999, 12, 31)
LONGEST_NOTE = 2000
MOST_CARRIED = 200
MOST_LOOKED_AT = 1000  # past hand-overs among which those of a part are looked for
LATE = timedelta(hours=1)  # who hands over this late still hands over the shift before
ALWAYS = (Role.LEADER, Role.OFFICER)  # roles that no hour may lack
MOST_DAYS = 92
DEMO_BACK, DEMO_AHEAD = 7, 14  # days of the demonstration's rota


@dataclass(frozen=True)
class Week:
    """A week of the rota.

    Attributes
    ----------
    days
        Monday to Sunday.
    slots
        What each role is to cover.
    shifts
        Who serves, those that reach in from the week before included.
    gaps
        What nobody covers: always for leader and officer, for the other roles where the week has any.
    doubles
        What cannot both be.
    """

    days: tuple[date, ...]
    slots: Mapping[Role, Sequence[Slot]]
    shifts: Sequence[Shift]
    gaps: Mapping[Role, Sequence[Slot]]
    doubles: Sequence[Double]

    def of(self, role: Role, slot: Slot) -> list[Shift]:
        """Return who of a role serves in a part of a slot."""
        return [one for one in self.shifts if one.role is role and one.since < slot.until and one.until > slot.since]


@dataclass(frozen=True)
class Carried:
    """An open case that a hand-over carries, and why: ``unsorted``, ``overdue``, ``review``, ``shift``."""

    case: Incident
    why: str


def on_duty(room: Room, now: datetime) -> list[OnDuty]:
    """Return who is on duty now, in the order of the roles."""
    with room.ledger.reading() as connection:
        return rota.on_duty(connection, room.id, now)


def standing(room: Room, now: datetime) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Return what a page that shows the duty depends on: who is on duty, which hand-overs wait, and the last change of the rota."""
    with room.ledger.reading() as connection:
        serving = tuple(one.id for one in rota.on_duty(connection, room.id, now))
        waits = tuple(note.id for note in rota.handovers(connection, room.id, taken=False))
        return serving, waits, rota.version(connection, room.id)


def next_duty(room: Room, now: datetime) -> list[OnDuty]:
    """Return who comes on duty when the present shift ends."""
    times, zone = room.rules.settings.shifts, room.area.pack.timezone
    today = duty_day(now, times, zone)
    ahead = [slot for slot in slots(today, today + DAY, times, zone) if slot.since > now]
    return on_duty(room, ahead[0].since) if ahead else []


def monday(room: Room, day: date | None, now: datetime) -> date:
    """Return the Monday of a day's week; None: of the present day of duty."""
    found = day or duty_day(now, room.rules.settings.shifts, room.area.pack.timezone)
    return found - timedelta(days=found.weekday())


def week(room: Room, first: date) -> Week:
    """Return the week that begins on a Monday."""
    times, zone = room.rules.settings.shifts, room.area.pack.timezone
    last = first + timedelta(days=WEEK - 1)
    covers = {role: slots(first, last, times, zone, COVER[role]) for role in Role}
    whole = slots(first, last, times, zone)
    with room.ledger.reading() as connection:
        shifts = rota.shifts(connection, room.id, whole[0].since, whole[-1].until)
    used = {shift.role for shift in shifts} | set(ALWAYS)
    missing = {role: gaps(covers[role], shifts, role) for role in Role if role in used}
    days = tuple(first + timedelta(days=number) for number in range(WEEK))
    return Week(days, MappingProxyType(covers), shifts, MappingProxyType(missing), doubles(shifts))


def fill_span(  # noqa: PLR0917
    room: Room, role: Role, keys: Sequence[str], first: date, last: date, by: By, now: datetime,
    *, overwrite: bool = False,
) -> Changed:  # fmt: skip
    """Fill a span of days by turns; what is there stays, unless it is to be overwritten.

    Raises
    ------
    RosterError, UnknownPost
        There is nothing to fill, or nobody to serve; nothing was written.
    """
    if not keys:
        raise RosterError("Choose the posts that take turns.", kind="no_posts")
    if last < first:
        raise RosterError("The last day lies before the first. Exchange them.", kind="dates")
    if (last - first).days >= MOST_DAYS:
        raise RosterError(f"A rota is filled for at most {MOST_DAYS} days at once.", kind="span", most=MOST_DAYS)
    _known(room, keys, now)
    wanted = slots(first, last, room.rules.settings.shifts, room.area.pack.timezone, COVER[role])

    def work(writing: Writing) -> Changed:
        there = rota.shifts(writing.connection, room.id, wanted[0].since, wanted[-1].until)
        own = [one for one in there if one.role is role and one.since >= wanted[0].since]
        remove = [one.id for one in own] if overwrite else []
        stays = [one for one in there if one.id not in set(remove)]
        free = gaps(wanted, stays, role)
        if not free:
            raise RosterError("Every shift of these days is taken already.", kind="rota_full")
        before = rota.last_before(writing.connection, room.id, role, wanted[0].since)
        made = fill(free, keys, role, before=before)
        return rota.replace(writing, room.id, first.isoformat(), remove, made, by, now.astimezone(UTC), act="fill")

    return change(room, "rota", by, now, work)


def copy_week(room: Room, first: date, by: By, now: datetime) -> Changed:
    """Copy the week before into the free shifts of a week; names are not copied.

    Raises
    ------
    RosterError
        The week before is empty, or this one is full.
    """
    times, zone = room.rules.settings.shifts, room.area.pack.timezone
    last = first + timedelta(days=WEEK - 1)
    now_week, old_week = slots(first, last, times, zone), slots(first - WEEK * DAY, last - WEEK * DAY, times, zone)

    def work(writing: Writing) -> Changed:
        was = rota.shifts(writing.connection, room.id, old_week[0].since, old_week[-1].until)
        was = [one for one in was if one.since >= old_week[0].since]
        if not was:
            raise RosterError("The week before is empty. Fill this one by turns.", kind="rota_empty")
        there = rota.shifts(writing.connection, room.id, now_week[0].since, now_week[-1].until)
        made = [one for one in copied(was, zone) if not _taken(one, there) and room.register.alive(one.post, one.since)]
        if not made:
            raise RosterError("Every shift of these days is taken already.", kind="rota_full")
        return rota.replace(writing, room.id, first.isoformat(), [], made, by, now.astimezone(UTC), act="copy")

    return change(room, "rota", by, now, work)


def put(  # noqa: PLR0917
    room: Room, slot: Slot, role: Role, key: str, by: By, now: datetime, *, holder: str = "", instead: int = 0
) -> Changed:
    """Put one post on duty by hand, instead of a shift that stood there.

    Raises
    ------
    RosterError, UnknownPost, TextError
        Why it cannot be; nothing was written.
    """
    _known(room, [key], slot.since)
    made = Shift(slot.since, slot.until, role, key, checked_name(holder) if holder.strip() else "")
    remove = [instead] if instead else []
    return change(
        room,
        "rota",
        by,
        now,
        lambda writing: rota.replace(writing, room.id, slot.day.isoformat(), remove, [made], by, now.astimezone(UTC)),
    )


def take_off(room: Room, day: date, ids: Sequence[int], by: By, now: datetime) -> Changed:
    """Take shifts off the rota."""
    return change(
        room,
        "rota",
        by,
        now,
        lambda writing: rota.replace(writing, room.id, day.isoformat(), ids, [], by, now.astimezone(UTC)),
    )


def undo(room: Room, done: Changed, by: By, now: datetime) -> Changed:
    """Take a change of the rota back, within a minute."""
    return change(
        room, "rota", by, now, lambda writing: rota.undo(writing, room.id, done, by=by, at=now.astimezone(UTC))
    )


# Hand-over


def carried(room: Room, post: Post, now: datetime) -> list[Carried]:
    """Return the open cases that a hand-over of a post carries, each once, the most pressing reason first.

    Not sorted yet; overdue; suspended and to be reviewed within a day; reported in the shift that ends and still open. Cases of restricted classes only where the
    post may read them.
    """
    clock = room.clock(now).to_pydatetime()
    since = room.rules.settings.shift(clock - LATE)
    red = frozenset({"red"})
    asked: dict[str, dict[str, Any]] = {
        "unsorted": {"statuses": frozenset(status.value for status in NEW)},
        "overdue": {"due_before": clock.astimezone(UTC)},
        "review": {"statuses": frozenset({Status.SUSPENDED.value}), "until_before": clock.astimezone(UTC) + DAY},
        "shift": {"marks": red, "reported_since": since.astimezone(UTC)},
    }
    found: dict[str, Carried] = {}
    with room.ledger.reading() as connection:
        for why, fields in asked.items():
            for case in find.incidents(connection, room.wanted(**fields), order="due", limit=MOST_CARRIED):
                if may_read(post, case):
                    found.setdefault(case.number, Carried(case, why))
    return list(found.values())[:MOST_CARRIED]


def write(  # noqa: PLR0917
    room: Room, text: str, cases: Iterable[str], to_post: str, by: By, now: datetime
) -> Handover:
    """Write a hand-over note (交接班); names and numbers of people are struck out of its words.

    Raises
    ------
    RosterError, TextError, UnknownPost
        Why it cannot be; nothing was written.
    """
    words = strike_names(clean(text, most=LONGEST_NOTE, what="note"))
    numbers = tuple(dict.fromkeys(cases))
    if not words and not numbers:
        raise RosterError("A hand-over needs words, or cases that it carries.", kind="handover_empty")
    if to_post:
        room.post(to_post)
    if room.within.narrows:
        for number in numbers:
            room.get(number)
    note = Handover(0, now.astimezone(UTC), by.post, to_post, words, numbers)
    return change(room, "act", by, now, lambda writing: rota.write_handover(writing, room.id, note, by=by))


def take(room: Room, id_: int, by: By, now: datetime) -> Handover:
    """Sign for a hand-over, and let what is not sorted yet pass on from the leaving post.

    Raises
    ------
    RosterError
        It was taken already, or the post that wrote it would sign for itself.
    """

    def work(writing: Writing) -> Handover:
        note = rota.handover_of(writing.connection, room.id, id_)
        if not _concerns(room, note):
            raise RosterError(f"There is no hand-over {id_} in {room.id}. Load the page again.", kind="handover_gone")
        if not may_sign(note, by.post, rota.on_duty(writing.connection, room.id, now)):
            raise RosterError("The post that hands over does not sign for itself.", kind="handover_own")
        done = rota.take(writing, room.id, id_, by=by, at=now.astimezone(UTC))
        for number in note.cases:
            _pass_on(writing, room, number, note.from_post, by, now)
        return done

    return change(room, "act", by, now, work)


def may_sign(note: Handover, post: str, serving: Iterable[Shift]) -> bool:
    """Tell whether a post may sign for a hand-over: every other one, and who wrote it where the next shift is its own."""
    return post != note.from_post or any(one.post == post and one.since >= note.at for one in serving)


def withdraw(room: Room, id_: int, by: By, now: datetime) -> None:
    """Take a hand-over note back, within a minute."""
    change(room, "act", by, now, lambda writing: rota.withdraw(writing, room.id, id_, by=by, at=now.astimezone(UTC)))


def waiting(room: Room) -> list[Handover]:
    """Return the hand-overs that nobody signed for yet, newest first; to who sees a part of the area alone those of its posts, with the cases that lie in it."""
    with room.ledger.reading() as connection:
        return _seen(room, rota.handovers(connection, room.id, taken=False))


def past(room: Room, *, most: int = 10) -> list[Handover]:
    """Return the hand-overs that were signed for, newest first; as `waiting`."""
    with room.ledger.reading() as connection:
        if not room.within.narrows:
            return rota.handovers(connection, room.id, taken=True, most=most)
        return _seen(room, rota.handovers(connection, room.id, taken=True, most=MOST_LOOKED_AT))[:most]


def _seen(room: Room, notes: Sequence[Handover]) -> list[Handover]:
    if not room.within.narrows:
        return list(notes)
    own = [note for note in notes if _concerns(room, note)]
    named = frozenset(number for note in own for number in note.cases)
    there = room.wanted(numbers=named)
    with room.ledger.reading() as connection:
        seen = {row["number"] for row in find.rows(connection, there, columns=("number",))} if named else set()
    return [replace(note, cases=tuple(number for number in note.cases if number in seen)) for note in own]


def _concerns(room: Room, note: Handover) -> bool:
    """Tell whether a hand-over is from or to a post of the part that who looks sees; all are, where that is everything."""
    within, net = room.within, room.area.net
    scope = room.who.scope.grid if room.who else None
    posts = [room.post(key) for key in (note.from_post, note.to_post) if key]
    return not within.narrows or any(
        post.key in within.posts or (scope and post.grid and lies_in(net, post.grid, scope)) for post in posts
    )


def cases_of(room: Room, note: Handover, post: Post) -> list[Incident]:
    """Return the cases that a hand-over carries, as they stand now; of restricted classes only those that a post may read."""
    if not note.cases:
        return []
    with room.ledger.reading() as connection:
        found = find.incidents(connection, room.wanted(numbers=frozenset(note.cases)))
    order = {number: place for place, number in enumerate(note.cases)}
    return sorted((case for case in found if may_read(post, case)), key=lambda case: order[case.number])


def _pass_on(  # noqa: PLR0917
    writing: Writing, room: Room, number: str, leaving: str, by: By, now: datetime
) -> None:
    """Let one case pass on, where the leaving post answers for it on duty."""
    try:
        case = writing.get(room.id, number)
    except UnknownIncident:  # taken away since
        return
    if case.state.duty == leaving != by.post:
        handed_over(writing, room, case, "signed", by, now, to="" if room.in_hours(now) else by.post)


def _known(room: Room, keys: Iterable[str], at: datetime) -> None:
    there = room.register.posts(at)
    for key in keys:
        if key not in there:
            raise RosterError(f"{room.id} has no post {key}.", kind="post_gone", post=key)


def _taken(one: Shift, there: Iterable[Shift]) -> bool:
    """Tell whether a shift's time is taken in its role; where several may serve, by the same post."""
    return any(
        other.role is one.role
        and other.since < one.until
        and one.since < other.until
        and (one.role in SINGLE or other.post == one.post)
        for other in there
    )


# A demonstration


def demo(room: Room, writing: Writing, now: datetime) -> None:
    """Write seats, first heads and a rota from a week ago to two weeks ahead for a demonstration: posts only, nobody's name."""
    by = By(DISPATCHER, PostKind.DISPATCHER)
    zone, times = room.area.pack.timezone, room.rules.settings.shifts
    seats = [post_key(PostKind.DISPATCHER), *_seats(writing, room, by, now)]
    leaders = _leaders(writing, room, by, now)
    heads = [key for key, post in room.own_posts.items() if post.grid and post.grid[0] == _level_of_heads(room)]
    today = duty_day(now, times, zone)
    first, last = today - DEMO_BACK * DAY, today + DEMO_AHEAD * DAY
    crews = {Role.LEADER: leaders, Role.OFFICER: seats, Role.HEAD: heads}
    made = [
        one
        for role, keys in crews.items()
        if keys
        for one in fill(slots(first, last, times, zone, COVER[role]), keys, role)
    ]
    rota.replace(writing, room.id, first.isoformat(), [], made, by, now.astimezone(UTC), act="fill")


def _seats(writing: Writing, room: Room, by: By, now: datetime) -> list[str]:
    titles = ("城运中心2号派遣席", "城运中心3号派遣席", "城运中心4号派遣席")
    return [added(writing, room, Wish(PostKind.DISPATCHER, title), by, now).key for title in titles]


def _leaders(writing: Writing, room: Room, by: By, now: datetime) -> list[str]:
    """Add the first heads (第一网格长) of the level above the heads who take turns, and return the leaders: those, and the heads of the widest level."""
    net, level = room.area.net, _level_of_heads(room)
    above = net.levels[max(0, [one.key for one in net.levels].index(level) - 1)]
    first = [
        added(writing, room, Wish(PostKind.FIRST_HEAD, f"{label}第一网格长", (above.key, str(code))), by, now).key
        for code, label in zip(above.codes, above.labels, strict=True)
    ]
    top = net.levels[0]
    heads = [post_key(PostKind.HEAD, top.key, str(code)) for code in top.codes]
    return [*(key for key in heads if key in room.own_posts), *first]


def _level_of_heads(room: Room) -> str:
    """Return the level whose heads take turns: the one above the leaf."""
    levels = room.area.net.levels
    return levels[-2].key if len(levels) > 1 else levels[0].key
