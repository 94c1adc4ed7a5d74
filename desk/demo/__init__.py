"""A demonstration (演示): a believable stream of incidents, written through the same rules as real ones and marked as what it is.

`fill` writes the days up to now, `live` goes on from what stands in the ledger. Reports come as desk.demo_cases draws them, and what happens to a case next is drawn from
the table of desk.demo_moves; the same seed, times and pack give the same stream. Nothing here goes past the desk: places are looked up in the net, deadlines counted
by the rules, acts checked by the lifecycle.
"""

import heapq
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from data.synthetic.plane import Chance
from desk import acts, reports, steps
from desk.acts import Doing
from desk.demo import campaign, orders, patrols, sites, visits, warnings, whistles
from desk.demo.cases import Arrival, Scene, arrivals, late_arrivals, scene_of
from desk.demo.moves import PHOTOGRAPHED, From, Move, Standing, net_post, next_move
from desk.posts import duty
from desk.reports import edition_of
from desk.room import Room
from desk.steps import DESK
from geo.errors import DemoError
from incidents.case import Incident
from incidents.deadlines import next_step
from incidents.lifecycle import By
from incidents.model import OPEN, Channel, Status
from incidents.posts import Post, kind_of
from ledger import find
from ledger.writing import Writing

LOG = logging.getLogger(__name__)
FEW_LEAVES = 150  # micro-grids up to which a first demonstration goes back a month
LATE_MINUTES = 90
AHEAD = timedelta(hours=6)
STEP = timedelta(days=1)  # of a change that `fill` writes

Progress = Callable[[int, int], None]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much a demonstration writes.

    Attributes
    ----------
    per_day
        Reports of an average day.
    """

    days: int = 30
    per_day: int = 40
    seed: int = 1


@dataclass(frozen=True)
class Written:
    """What was written."""

    incidents: int = 0
    entries: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(self.incidents + other.incidents, self.entries + other.entries)


class Turn(NamedTuple):
    """Something that is to happen: a report, a move, or a look at a deadline (``due``); in order of time, then of key and step, which no two share."""

    at: datetime
    key: str
    step: int
    arrival: Arrival | None = None
    number: str = ""
    status: Status | None = None
    move: Move | None = None
    twin: str = ""
    due: datetime | None = None


@dataclass(frozen=True)
class Queue:
    """What is to happen, a heap; the number of each case by the key of its arrival; the deadline of each that is watched."""

    turns: list[Turn] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)
    watched: dict[str, datetime] = field(default_factory=dict)

    def copy(self) -> "Queue":
        """Return a copy to go on with: a change that the database refuses is done again from the one before."""
        return Queue(list(self.turns), dict(self.numbers), dict(self.watched))

    def put(self, turns: Sequence[Turn]) -> None:
        """Add turns."""
        for turn in turns:
            heapq.heappush(self.turns, turn)

    def due(self, until: datetime) -> Iterator[Turn]:
        """Take turns up to a time, those that are put in meanwhile included."""
        while self.turns and self.turns[0].at <= until:
            yield heapq.heappop(self.turns)


def first_plan(room: Room) -> Plan:
    """Return how much a room begins with: a month for a community, ten days for a whole street, so that its first start stays bearable."""
    leaves = len(room.area.net.leaf)
    days = 30 if leaves <= FEW_LEAVES else 10
    return Plan(days=days, per_day=max(6, min(120, round(leaves / 2))))


def plan(
    room: Room, *, days: int | None = None, per_day: int | None = None, seed: int | None = None, live: bool = False
) -> Plan:
    """Return how much is written where somebody asks for a demonstration; what is None follows from the room.

    Beside a demonstration that is there already another seed is taken, for the same one would write the same incidents again; going on live it is the same, and
    nothing is written for the days before.
    """
    with room.ledger.reading() as connection:
        there = find.count(connection, room.wanted(demo=True))
    goes_on = live and there > 0
    usual = first_plan(room)
    return Plan(
        days=days if days is not None else 0 if goes_on else usual.days,
        per_day=per_day or usual.per_day,
        seed=seed if seed is not None else usual.seed if goes_on or not there else usual.seed + there,
    )


def check(room: Room, *, force: bool = False) -> None:
    """Refuse to mix invented incidents with real ones.

    Raises
    ------
    DemoError
        The area is not one of demonstration, or its ledger holds real incidents.
    """
    if room.area.pack.archive:
        raise DemoError(f"{room.id} is an archive; its clock stands still. Choose another area.")
    if force:
        return
    if not room.area.pack.synthetic:
        raise DemoError(
            f"{room.id} is a real area (its area.toml does not say synthetic = true). Choose a demonstration area, or add --force."
        )
    with room.ledger.reading() as connection:
        real = find.count(connection, room.wanted(demo=False), most=1)
    if real:
        raise DemoError(f"{room.id} holds real incidents. Choose another BATTLEMAP_DATA_DIR, or add --force.")


def fill(room: Room, plan: Plan, now: datetime, *, progress: Progress | None = None) -> Written:
    """Write the incidents of the days up to now, a day in each change, and return how many.

    Parameters
    ----------
    progress
        Called with the days that are written, and all of them.
    """
    stream, queue = opening(room, plan, now)
    total = Written()
    for day in range(1, plan.days + 1):
        until, before = now - timedelta(days=plan.days - day), queue

        def work(writing: Writing, until: datetime = until, before: Queue = before) -> tuple[Queue, Written]:
            begin(writing, room, now)
            return stream.advance(writing, before, until)

        queue, written = room.ledger.change(work)
        total += written
        if progress:
            progress(day, plan.days)
    return total


def first(room: Room, now: datetime, *, progress: Progress | None = None) -> None:
    """Write the demonstration that a room begins with, all of it in one change: a server that is killed meanwhile leaves nothing of it.

    Parameters
    ----------
    progress
        As for `fill`.
    """
    plan = first_plan(room)
    LOG.info("%s begins with a demonstration of %d days, about %d reports each", room.id, plan.days, plan.per_day)
    stream, queue = opening(room, plan, now)

    def work(writing: Writing) -> None:
        if writing.begun(room.id):  # another process was first
            return
        begin(writing, room, now)
        rest = queue
        for day in range(1, plan.days + 1):
            rest, written = stream.advance(writing, rest, now - timedelta(days=plan.days - day))
            LOG.info("%s: day %d of %d, %d incidents", room.id, day, plan.days, written.incidents)
            if progress:
                progress(day, plan.days)

    room.ledger.change(work)


def begin(writing: Writing, room: Room, now: datetime) -> None:
    """Note that a room begins with a demonstration, with its duty rota, some service orders, whistles, inspected sites, patrols, visits and a warning, where it has not begun yet."""
    if not writing.begun(room.id):
        writing.begin(room.id, "demo", edition=edition_of(room), digest=room.area.digest, at=now)
        duty.demo(room, writing, now)
        orders.write(writing, room, now)
        whistles.write(writing, room, now)
        campaign.write(writing, room, now)
        sites.write(writing, room, now)
        patrols.write(writing, room, now)
        warnings.write(writing, room, now)
        visits.write(writing, room, now)


def opening(room: Room, plan: Plan, now: datetime) -> "tuple[Stream, Queue]":
    """Return the stream of a plan and its reports, none written yet: the part of the work that needs no ledger."""
    stream = Stream(room, scene_of(room, plan.seed), plan.seed)
    since = now - timedelta(days=plan.days)
    drawn = arrivals(room, stream.scene, plan.seed, since=since, until=now, per_day=plan.per_day)
    shift = max(room.rules.settings.shift(now.astimezone(room.area.pack.timezone)), since)
    late = max(shift, now - timedelta(minutes=LATE_MINUTES))
    drawn += late_arrivals(room, stream.scene, plan.seed, since=late, until=now, count=max(4, plan.per_day // 8))
    queue = Queue()
    queue.put([Turn(one.at, one.key, 0, arrival=one) for one in drawn])
    return stream, queue


def live(
    room: Room,
    plan: Plan,
    clock: Callable[[], datetime],
    wait: Callable[[float], None],
    *,
    speed: float = 1.0,
    until: datetime | None = None,
    tell: Tell | None = None,
) -> Written:
    """Go on with the demonstration as time goes by: new reports come in, open cases move on.

    Parameters
    ----------
    clock
        Returns the time, aware; nothing is written that lies after it.
    wait
        Waits so many seconds; what it raises ends the stream.
    speed
        How many times as much happens as in real life; all of it is written with its real time.
    until
        When to stop; None: never.
    tell
        Called with a line for each thing that happens.
    """
    start = clock()
    stream = Stream(room, scene_of(room, plan.seed), plan.seed, tell=tell)
    queue, total, drawn = stream.resumed(start), Written(), start
    while until is None or clock() < until:
        now = clock()
        at = start + (now - start) * speed  # the stream's own time
        if at + AHEAD > drawn:
            queue = stream.announced(queue, drawn, at + 2 * AHEAD, plan.per_day)
            drawn = at + 2 * AHEAD
        if queue.turns and queue.turns[0].at <= at:
            before = queue

            def work(
                writing: Writing, before: Queue = before, at: datetime = at, now: datetime = now
            ) -> tuple[Queue, Written]:
                return stream.advance(writing, before, at, now=now, speed=speed)

            queue, written = room.ledger.change(work)
            total += written
        ahead = (queue.turns[0].at - at).total_seconds() / speed if queue.turns else 60.0
        wait(min(max(ahead, 0.05), 5.0))
    return total


@dataclass(frozen=True)
class Stream:
    """The stream of one room."""

    room: Room
    scene: Scene
    seed: int
    tell: Tell | None = None

    def advance(
        self, writing: Writing, queue: Queue, until: datetime, *, now: datetime | None = None, speed: float = 1.0
    ) -> tuple[Queue, Written]:
        """Write what happens up to a time, and return what is still to happen.

        Parameters
        ----------
        until
            In the stream's own time.
        now
            What it is written with; None: with the time at which it happens.
        speed
            How much faster the stream's own time runs.
        """
        ahead, before, count, posts = queue.copy(), writing.version, 0, self.room.posts
        for turn in ahead.due(until):
            at = now or turn.at
            if turn.due:
                watched = writing.get(self.room.id, turn.number)
                if watched.state.due == turn.due and watched.status in steps.TIMED:
                    steps.write(writing, self.room, turn.number, at)
                    ahead.put(self._watch(watched, turn, at, speed))
                continue
            case = self._arrive(writing, turn, at) if turn.arrival else self._act(writing, turn, at, posts)
            if case is None:
                continue
            if turn.arrival:
                count += 1
                ahead.numbers[turn.key] = case.number
            twin = turn.twin or (ahead.numbers.get(turn.arrival.twin, "") if turn.arrival else "")
            standing = self._standing(case, turn._replace(step=turn.step + 1), self._twin(writing, twin), at, posts)
            ahead.put(self._planned(standing, turn, twin, speed))
            if case.state.due and ahead.watched.get(case.number) != case.state.due:
                ahead.watched[case.number] = case.state.due
                ahead.put(self._watch(case, turn._replace(number=case.number, due=case.state.due), at, speed))
        return ahead, Written(count, writing.version - before)

    def resumed(self, now: datetime) -> Queue:
        """Return what is to happen to the open cases of earlier demonstrations."""
        queue = Queue()
        wanted = self.room.wanted(statuses=frozenset(OPEN | {Status.SELF_CLEARED}), demo=True)
        with self.room.ledger.reading() as connection:
            cases = find.incidents(connection, wanted, order="oldest")
        posts = self.room.posts
        for case in cases:
            turn = Turn(now, case.number, case.version, None, case.number)
            queue.put(self._planned(self._standing(case, turn, "", now, posts), turn, "", 1.0))
        return queue

    def announced(self, queue: Queue, since: datetime, until: datetime, per_day: int) -> Queue:
        """Return a queue with the reports of a time to come."""
        drawn = arrivals(self.room, self.scene, self.seed, since=since, until=until, per_day=per_day)
        more = queue.copy()
        more.put([Turn(one.at, one.key, 0, arrival=one) for one in drawn])
        return more

    def _arrive(self, writing: Writing, turn: Turn, at: datetime) -> Incident | None:
        arrival = turn.arrival
        assert arrival is not None
        draft = arrival.draft if at == turn.at else _at(arrival.draft, at)
        made = reports.checked(self.room, draft, at, found=arrival.found)
        head = net_post(made)
        if draft.cleared and not head:  # nobody clears from a desk
            draft = replace(draft, cleared=False)
        by = By(head, kind_of(head)) if draft.channel is Channel.PATROL and head else DESK
        before = writing.version
        case = reports.write(writing, self.room, draft, made, by, at)
        if writing.version == before:  # an order of that number is there already
            return None
        self._say(case, "report" if not draft.cleared else "self_clear", at)
        return case

    def _act(self, writing: Writing, turn: Turn, at: datetime, posts: Mapping[str, Post]) -> Incident | None:
        """Do a move, if the case still stands as it did when the move was drawn; somebody else may have gone on with it."""
        case, move = writing.get(self.room.id, turn.number), turn.move
        assert move is not None
        assert move.act is not None
        standing = self._standing(case, turn, self._twin(writing, turn.twin), at, posts)
        until = case.state.until
        early = until is not None and at < until and move.since is From.UNTIL
        if case.status is not turn.status or early or (move.fits and not move.fits(standing)):
            return case if case.status in OPEN else None
        says = move.says(standing) if move.says else {}
        by = move.by(standing) if move.by else DESK
        doing = Doing(turn.number, move.act, says)
        done = acts.write(writing, self.room, doing, by, at, assume_photo=move.act in PHOTOGRAPHED)
        self._say(done, move.act.value, at)
        return done

    def _planned(self, standing: Standing, turn: Turn, twin: str, speed: float) -> list[Turn]:
        """Return the next move of a case, if there is one."""
        found, case = next_move(standing), standing.case
        if found is None:
            return []
        move, when = found
        wait = (when - standing.at) * (speed if move.since is From.UNTIL else 1)  # a notice runs by the real clock
        return [Turn(turn.at + wait, turn.key, turn.step + 1, None, case.number, case.status, move, twin)]

    def _watch(self, case: Incident, turn: Turn, at: datetime, speed: float) -> list[Turn]:
        """Return the next look at a deadline."""
        zone, rules = self.room.area.pack.timezone, self.room.rules
        if turn.due is None or case.status not in steps.TIMED:
            return []
        following = next_step(
            rules.deadlines, turn.due.astimezone(zone), at.astimezone(zone), rules.calendar, urgency=case.urgency.value
        )
        if following is None:
            return []
        look = turn.at + (following.at - at) * speed
        return [Turn(look, case.number, -1, None, case.number, due=turn.due)]

    def _twin(self, writing: Writing, number: str) -> str:
        return number if number and writing.get(self.room.id, number).status in OPEN else ""

    def _standing(self, case: Incident, turn: Turn, twin: str, at: datetime, posts: Mapping[str, Post]) -> Standing:
        chance = Chance(self.room.id, self.seed, turn.key, turn.step)
        matter = self.scene.by_class.get(case.class_)
        return Standing(self.room, case, at, posts, self.scene.words, matter, twin, chance)

    def _say(self, case: Incident, act: str, at: datetime) -> None:
        if self.tell:
            local = at.astimezone(self.room.area.pack.timezone)
            self.tell(f"{local:%H:%M:%S}  {case.number}  {act:<14}  {case.title}")


def _at(draft: reports.Draft, at: datetime) -> reports.Draft:
    """Return a draft as it is reported at another time, an order's deadline moved along."""
    moved = at - (draft.reported or at)
    return replace(draft, reported=at.astimezone(UTC), due=draft.due + moved if draft.due else None)
