"""What a demonstration holds of a campaign (专项行动): the three phases of data/demo/campaign.toml day by day, with its register of sites, inspections, findings, meetings, a theme day and letters.

Places and posts alone, no people. What lies ahead of now has not happened yet; the campaign begins on its day of the year before now.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any

from data import demo
from data.synthetic.plane import Chance
from desk.campaigns import acts, letters, meetings, themes
from desk.demo.sites import KINDS, NAMED, answers
from desk.inspections.acts import Made, ready
from desk.inspections.acts import write as inspected
from desk.orders.people import CENTRE
from desk.room import Room
from desk.sites import register
from desk.sites.register import Wish
from desk.visits.acts import today as today_of
from incidents.lifecycle import By, PostKind
from incidents.posts import kind_of, post_key
from inspections.campaigns import Campaign, Found, Gate, Phase, Rule, Source, total
from inspections.checklists import Action, Checklist
from inspections.checklists import Kind as ItemKind
from inspections.findings import Act, Done, why_not
from inspections.grades import Degree
from inspections.inspection import Way
from inspections.meetings import Act as MeetingAct
from inspections.meetings import Subject
from inspections.sites import Site, Spot
from ledger import campaigns, findings, sites
from ledger import meetings as kept
from ledger.meetings import Letter, Task, Theme
from ledger.writing import Writing

DAY, SEED = timedelta(days=1), 9
HUNDRED = 100
WORKING = (9, 18)  # hours of the day in the area's zone in which somebody goes round
MOST_FAULTS, SHARE_DONE, SHARE_SIGNED = 3, 0.85, 0.8
SATURDAY = 5
MADE, BEGUN, CLOSED = time(8), time(8, 30), time(19)  # clock times in the area's zone
BLANK = Campaign("", Source.SITES, (), (), date.min)
BEFORE = timedelta(hours=12)  # the register was taken in on the day before


@dataclass(frozen=True)
class Visit:
    """Somebody goes to a target of a phase, for the first time or again."""

    at: datetime
    site: Site
    phase: int
    round: int


@dataclass
class Counts:
    """What was done on a day."""

    sites: set[str] = field(default_factory=set)
    inspections: int = 0
    found: int = 0
    corrected: int = 0


@dataclass
class Tale:
    """What is told of a campaign while it is written: the days, and what came of each."""

    room: Room
    said: Mapping[str, Any]
    now: datetime
    first: date
    sites: list[Site] = field(default_factory=list)
    campaign: Campaign = BLANK
    counted: dict[date, "Counts"] = field(default_factory=dict)
    queue: list[tuple[datetime, int, Callable[[Writing, datetime], None]]] = field(default_factory=list)
    _turn: Iterator[int] = field(default_factory=count)

    def later(self, at: datetime, happens: Callable[[Writing, datetime], None]) -> None:
        """Note what happens at a time; what lies ahead of now does not."""
        if at <= self.now:
            heappush(self.queue, (at, next(self._turn), happens))

    def tell(self, writing: Writing) -> None:
        """Let everything happen in order of time."""
        while self.queue:
            at, _turn, happens = heappop(self.queue)
            happens(writing, at)

    def at(self, day: date, clock: time) -> datetime:
        """Return a time of a day in the area's zone, UTC."""
        return datetime.combine(day, clock, self.room.area.pack.timezone).astimezone(UTC)

    def phases(self) -> list[tuple[int, Mapping[str, Any], date, date]]:
        """Return the phases with their first and last days."""
        found, first = [], self.first
        for place, one in enumerate(self.said["phases"]):
            last = first + (one["days"] - 1) * DAY
            found.append((place, one, first, last))
            first = last + DAY
        return found


def told(room: Room) -> Mapping[str, Any] | None:
    """Return the campaign of an area's demonstration; None where it has none."""
    said = demo.read("campaign")
    return said if room.area.pack.synthetic and said["area"] == room.id else None


def first_day(said: Mapping[str, Any], today: date) -> date:
    """Return the last day on which it may have begun: that of the year, of this year or the one before."""
    month, day = map(int, said["begins"].split("-"))
    found = date(today.year, month, day)
    return found if found < today else date(today.year - 1, month, day)


# The register


def wishes(room: Room, said: Mapping[str, Any]) -> list[Wish]:
    """Return the sites of the campaign: places of the pack spread over all of it, other ones than those of `desk.demo.sites`, and vendors with their usual spots and no address."""
    known, found = room.rules.sites.kinds, []
    for frame in room.area.of_kind("site").values():
        for part in said["register"]:
            rows = _spread(frame[frame["class"] == part["class"]].iloc[KINDS[part["class"]][1] :], part["most"])
            kinds = [kind for kind in part["kinds"] if kind in known]
            for place, row in enumerate(rows.itertuples()):
                if kinds:
                    kind = next((kind for word, kind in NAMED.items() if word in row.name and kind in kinds), kinds[place % len(kinds)])  # fmt: skip
                    found.append(Wish(kind, row.name, row.geometry.x, row.geometry.y, address=row.address))
        found += _vendors(frame, said["vendors"]) if said["vendors"]["kind"] in known else []
    return found


def _spread(frame: Any, most: int) -> Any:
    return frame.iloc[:: max(1, len(frame) // most)].head(most)


def _vendors(frame: Any, said: Mapping[str, Any]) -> list[Wish]:
    near = list(_spread(frame[frame["class"] == said["near"]], 2 * said["most"]).itertuples())
    found = []
    for place in range(min(said["most"], len(near) // 2)):
        pair = near[2 * place : 2 * place + 2]
        spots = [Spot(row.geometry.x, row.geometry.y, f"{row.address}门前") for row in pair]
        mark = said["mark"].format(n=place + 1)
        name = said["names"][place % len(said["names"])]
        found.append(Wish(said["kind"], f"{name}（{mark}）", spots=spots, mobile=mark))
    return found


# The days


def visits(tale: Tale) -> Iterator[Visit]:
    """Yield who is gone to when, in no order: each target of a phase for the first time, but for some, and once more."""
    found = []
    left = {site.kind for site in tale.sites} - {kind for one in tale.said["phases"] for kind in one.get("kinds", ())}
    for phase, one, first, last in tale.phases():
        days = (last - first).days - 2  # the last days are for those who were away
        kinds = one.get("kinds") or left
        for site in tale.sites:
            chance = Chance(tale.room.id, SEED, site.number, phase)
            if site.kind not in kinds or chance.happens(tale.said["shares"]["never"] / HUNDRED):
                continue
            day = first + chance.whole(0, max(0, days - 1)) * DAY
            found.append(Visit(_hour(tale, chance, day), site, phase, 0))
            found.append(Visit(_hour(tale, chance, day + chance.whole(1, 2) * DAY), site, phase, 1))
    yield from found


def _hour(tale: Tale, chance: Chance, day: date) -> datetime:
    return tale.at(day, time(chance.whole(WORKING[0], WORKING[1] - 2), chance.whole(0, 59)))


def how(tale: Tale, visit: Visit) -> str:
    """Return how a first visit ends: ``absent``, ``refused`` or ``inspected``."""
    shares = tale.said["shares"]
    drawn = Chance(tale.room.id, SEED, visit.site.number, visit.phase, "how").whole(1, HUNDRED)
    return "absent" if drawn <= shares["absent"] else "refused" if drawn <= shares["absent"] + shares["refused"] else "inspected"  # fmt: skip


def goes_again(tale: Tale, visit: Visit) -> bool:
    """Tell whether somebody goes again to one who was away or refused."""
    return Chance(tale.room.id, SEED, visit.site.number, visit.phase, "again").happens(tale.said["shares"]["again"] / HUNDRED)  # fmt: skip


def _go(tale: Tale, visit: Visit, writing: Writing, _at: datetime) -> None:
    """Go to a target; who was away or refused is gone to again, some of them."""
    end = how(tale, visit)
    if visit.round == 0 and end != "inspected":
        day = today_of(tale.room, visit.at)
        again = day + 2 * DAY if end == "absent" else None
        acts.attempt_in(tale.room, writing, visit.site.number, Found(end), again, _worker(visit.site), visit.at)
        return
    if visit.round == 0 or (end != "inspected" and goes_again(tale, visit)):
        _inspect(tale, writing, visit)


def _inspect(tale: Tale, writing: Writing, visit: Visit) -> None:
    """Inspect a site, and note what becomes of that which was found there."""
    room, site, at = tale.room, visit.site, visit.at
    lists = room.rules.checklists.for_site(site.kind, room.rules.sites.kinds[site.kind].group)
    checklist = next((one for one in lists if one.key != "self_check"), None)
    if checklist is None:
        return
    site, by = sites.get(writing.connection, room.id, site.number), _worker(site)
    chance = Chance(room.id, SEED, site.number, visit.phase, "faults")
    made = Made(site.number, checklist.key, checklist.version, _answers(tale, checklist, chance, at), Way.INSPECT, done_at=at)  # fmt: skip
    report = inspected(room, writing, ready(room, site, made, by, at, assume_photos=True), by, at)
    counts = tale.counted.setdefault(today_of(room, at), Counts())
    counts.sites.add(site.number)
    counts.inspections += 1
    counts.found += report.inspection.failed
    counts.corrected += report.inspection.corrected
    for one in report.findings:
        _goes_on(tale, one.number, by, at)


def _answers(tale: Tale, checklist: Checklist, chance: Chance, at: datetime) -> dict[str, Any]:
    said = answers(checklist, at.date())
    may_fail = [item for item in checklist.items.values() if item.kind is ItemKind.YES_NO and not item.applies]
    if chance.happens(tale.said["shares"]["faulty"] / HUNDRED):
        for _ in range(chance.whole(1, MOST_FAULTS)):
            item = chance.pick(may_fail)
            at_once = (
                item.action not in {Action.STOP, Action.HAND_OVER}
                and item.grade is not Degree.STOP
                and chance.happens(0.3)
            )
            said[item.key] = {"value": "fail", "corrected": at_once}
    return said


def _worker(site: Site) -> By:
    return By(site.post, kind_of(site.post)) if site.post else CENTRE


def _goes_on(tale: Tale, number: str, by: By, at: datetime) -> None:
    """Let a finding be put right and closed, put right, handed over, or left, as drawn."""
    chance = Chance(tale.room.id, SEED, number)
    if chance.happens(tale.said["shares"]["handed"] / HUNDRED):
        steps = [(Act.HAND_OVER, CENTRE)]
    else:
        steps = [(Act.CORRECT, by), (Act.PASS, CENTRE)][: chance.pick((0, 1, 2, 2, 2))]
    then = at
    for act, who in steps:
        then += chance.whole(1, 3) * DAY
        tale.later(then, partial(_act, tale, number, act, who))


def _act(tale: Tale, number: str, act: Act, by: By, writing: Writing, at: datetime) -> None:  # noqa: PLR0917
    """Do something to a finding, where another inspection has not brought it on meanwhile."""
    room = tale.room
    standing = findings.get(writing.connection, room.id, number).state
    if why_not(standing, act, by):
        return
    data = {"to": _authority(room), "reason": "多次督促未整改，移交处理"} if act is Act.HAND_OVER else {}
    findings.act(writing, room.id, number, Done(act, by, at, data), day=today_of(room, at))


def _authority(room: Room) -> str:
    return next((key for key, post in room.own_posts.items() if post.kind is PostKind.DEPARTMENT), CENTRE.post)


# What is agreed on the way


def agree(tale: Tale) -> None:
    """Let the meetings of working days, the theme days and the letters happen."""
    heads = _heads(tale.room)
    tale.later(tale.at(tale.first, MADE), partial(_make, tale, heads))
    tale.later(tale.at(tale.first, time(10)), partial(_letters, tale, heads))
    for place, _one, first, last in tale.phases():
        tale.later(tale.at(first, BEGUN), partial(_begin, tale, place + 1))
        tale.later(tale.at(last, CLOSED), partial(_close, tale, place + 1))
        for back in range((last - first).days + 1):
            day = first + back * DAY
            if day.weekday() < SATURDAY:
                tale.later(tale.at(day, time.fromisoformat(tale.said["meeting"]["begins"])), partial(_meet, tale, day, heads))  # fmt: skip
        if tale.said["theme"]["checklists"][place]:
            tale.later(tale.at(first + DAY, time(10)), partial(_theme, tale, place, first + 3 * DAY, heads))


def _heads(room: Room) -> list[str]:
    """Return the posts that head the communities: of the level two above the leaf."""
    levels = room.area.net.levels
    level = levels[max(0, len(levels) - 3)]
    return [key for key in (post_key(PostKind.HEAD, level.key, str(code)) for code in level.codes) if key in room.own_posts]  # fmt: skip


def _make(tale: Tale, heads: Sequence[str], writing: Writing, at: datetime) -> None:
    gate = Gate(visited=tale.said["gate"]["visited"])
    phases = [Phase(one["name"], Rule(tuple(one.get("kinds", ())), rest=one.get("rest", False)), first, last, gate) for _, one, first, last in tale.phases()]  # fmt: skip
    wish = acts.Wish(tale.said["name"], Source.SITES, [CENTRE.post, *heads], phases)
    tale.campaign = acts.make_in(tale.room, writing, wish, CENTRE, at)


def _begin(tale: Tale, phase: int, writing: Writing, at: datetime) -> None:
    tale.campaign = acts.begin_in(tale.room, writing, tale.campaign, phase, CENTRE, at)


def _close(tale: Tale, phase: int, writing: Writing, at: datetime) -> None:
    """Close a phase, and say why where its gate asks for more."""
    begun, day = tale.campaign.phase(phase).begun or tale.first, today_of(tale.room, at)
    counted = total(campaigns.rows(writing.connection, campaigns.Asked(tale.room.id, tale.campaign.number, phase, begun, day, day), campaigns.POST))  # fmt: skip
    enough = HUNDRED * counted.visited >= tale.said["gate"]["visited"] * counted.targets
    tale.campaign = acts.close_in(tale.room, writing, tale.campaign, phase, "" if enough else tale.said["gate"]["reason"], CENTRE, at)  # fmt: skip


def _meet(tale: Tale, day: date, heads: Sequence[str], writing: Writing, at: datetime) -> None:
    said, counts = tale.said["meeting"], tale.counted.get(day)
    chance = Chance(tale.room.id, SEED, day.isoformat(), "tasks")
    tasks = [meetings.Give(matter, chance.pick(heads), day + DAY) for matter in said["tasks"][: chance.whole(1, 3)]]
    done = said["done"].format(sites=len(counts.sites), inspections=counts.inspections, found=counts.found, corrected=counts.corrected) if counts else said["quiet"]  # fmt: skip
    wish = meetings.Wish(tale.campaign.number, day, time.fromisoformat(said["begins"]), said["place"], CENTRE.post, heads, done, said["problems"], said["decisions"], tasks)  # fmt: skip
    made, given = meetings.checked(tale.room, wish, at)
    filed = meetings.write(tale.room, writing, made, given, CENTRE, at)
    for one in kept.page(writing.connection, Subject.TASK, kept.Asked(tale.room.id, meetings=frozenset({filed.number}))):  # fmt: skip
        if chance.happens(SHARE_DONE):
            tale.later(at + timedelta(hours=20), partial(_done, one))


def _done(task: Task, writing: Writing, at: datetime) -> None:
    by = By(task.post, kind_of(task.post))
    kept.put(writing, Subject.TASK, task, replace(task, ended=task.due), MeetingAct.DONE, by=by, at=at)


def _theme(tale: Tale, place: int, day: date, heads: Sequence[str], writing: Writing, at: datetime) -> None:  # noqa: PLR0917
    said = tale.said["theme"]
    roster = [*heads, *sorted({site.post for site in tale.sites if site.post})][: meetings.MOST_POSTS]
    begins, ends = time.fromisoformat(said["begins"]), time.fromisoformat(said["ends"])
    wish = themes.Wish(tale.campaign.number, said["name"], day, begins, ends, said["place"], roster, checklist=said["checklists"][place])  # fmt: skip
    filed = kept.make(writing, Subject.THEME, themes.checked(tale.room, wish, at), day=day, by=CENTRE, at=at)
    tale.later(tale.at(day, time(18)), partial(_hold, filed))


def _hold(theme: Theme, writing: Writing, at: datetime) -> None:
    kept.put(writing, Subject.THEME, theme, theme, MeetingAct.HOLD, by=CENTRE, at=at)


def _letters(tale: Tale, heads: Sequence[str], writing: Writing, at: datetime) -> None:
    """Make letters out to the communities and to the sites of the first phase; most are signed."""
    kinds = tale.said["phases"][0]["kinds"]
    parties = [*((kept.POST, key) for key in heads), *((kept.SITE, one.number) for one in tale.sites if one.kind in kinds)]  # fmt: skip
    wish = letters.Wish(tale.campaign.number, parties, **tale.said["letter"], until=tale.first + 365 * DAY)
    for blank in letters.checked(tale.room, wish, at):
        filed = kept.make(writing, Subject.LETTER, blank, day=tale.first, by=CENTRE, at=at)
        chance = Chance(tale.room.id, SEED, blank.key, "letter")
        if chance.happens(SHARE_SIGNED):
            signed = tale.first + chance.whole(0, 12) * DAY
            tale.later(tale.at(signed, time(16)), partial(_sign, tale, filed, signed))


def _sign(tale: Tale, letter: Letter, day: date, writing: Writing, at: datetime) -> None:
    done = kept.put(writing, Subject.LETTER, letter, replace(letter, signed=day), MeetingAct.SIGN, by=CENTRE, at=at)
    letters.file(tale.room, writing, done, CENTRE, at)


def write(writing: Writing, room: Room, now: datetime) -> None:
    """Write the campaign of an area that has one, in a change that goes on already."""
    said = told(room)
    if said is None:
        return
    first = first_day(said, today_of(room, now))
    tale = Tale(room, said, now.astimezone(UTC), first)
    made = [register.checked(room, wish) for wish in wishes(room, said)]
    tale.sites = sites.make(writing, room.id, made, prefix=room.rules.sites.prefix, by=CENTRE, at=tale.at(first, time()) - BEFORE)  # fmt: skip
    for visit in visits(tale):
        tale.later(visit.at, partial(_go, tale, visit))
    agree(tale)
    tale.tell(writing)
