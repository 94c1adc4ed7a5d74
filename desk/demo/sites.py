"""What a demonstration holds of sites (场所): some of the pack's places in the register, most of them inspected within a month, with findings in every state. Places alone, no people."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

from data.synthetic.plane import Chance
from desk.inspections.acts import Made, ready
from desk.inspections.acts import write as inspected
from desk.orders.people import CENTRE
from desk.room import Room
from desk.sites import register
from desk.sites.register import Wish
from incidents.lifecycle import By
from incidents.posts import kind_of
from inspections.checklists import Checklist, Kind, Means
from inspections.findings import Act, Done, State
from inspections.inspection import Way
from inspections.sites import Document, Site
from ledger import findings, sites
from ledger.findings import Filed
from ledger.writing import Writing

DAY = timedelta(days=1)
SEED = 1
# Class of the pack's sites -> kinds of the register, in turn; and how many of them.
KINDS = {
    "gas_restaurant": (("gas_restaurant",), 24),
    "shop": (("gas_shop",), 12),
    "restaurant": (("fumes",), 14),
    "construction": (("dust",), 6),
    "enterprise": (("enterprise",), 5),
    "pollution": (("bare_soil", "spraying", "machinery"), 9),
    "small_venue": (("small_shop",), 12),
}
# What the name of a small place says of its kind.
NAMED = {"网吧": "small_netbar", "网咖": "small_netbar", "台球": "small_entertainment", "棋牌": "small_entertainment", "影": "small_entertainment", "美": "small_beauty", "发": "small_beauty", "足": "small_beauty", "旅": "small_hotel", "宾馆": "small_hotel", "酒店": "small_hotel", "诊": "small_clinic", "面": "small_eatery", "餐": "small_eatery", "吃": "small_eatery"}  # fmt: skip
LATELY = 28  # days
SHARE_INSPECTED, SHARE_FAULTY, MOST_FAULTS = 0.7, 0.5, 3


def write(writing: Writing, room: Room, now: datetime) -> None:
    """Write them for an invented area that has such places, in a change that goes on already."""
    if not room.area.pack.synthetic:
        return
    begun = now - (LATELY + 2) * DAY
    made = [register.checked(room, wish) for wish in _wishes(room, begun)]
    filed = sites.make(writing, room.id, made, prefix=room.rules.sites.prefix, by=CENTRE, at=begun.astimezone(UTC))
    visited = sorted((_when(site, now), site.number, site) for site in filed if _chance(room, site, "visit").happens(SHARE_INSPECTED))  # fmt: skip
    for at, _, site in visited:
        _inspect(writing, room, site, at, now)


def _wishes(room: Room, begun: datetime) -> list[Wish]:
    found, today = [], begun.date()
    frames = room.area.of_kind("site").values()
    for (class_, (kinds, most)), frame in product(KINDS.items(), frames):
        rows = frame[frame["class"] == class_].head(most)
        known = [kind for kind in kinds if kind in room.rules.sites.kinds]
        for place, row in enumerate(rows.itertuples()):
            if known:
                kind = next((kind for word, kind in NAMED.items() if class_ == "small_venue" and word in row.name and kind in room.rules.sites.kinds), known[place % len(known)])  # fmt: skip
                papers = _papers(room, kind, place, today)
                found.append(
                    Wish(kind, row.name, row.geometry.x, row.geometry.y, address=row.address, documents=papers)
                )
    return found


def _papers(room: Room, kind: str, place: int, today: date) -> list[Document]:
    """Return the papers of a place: some run out soon, some did."""
    papers = room.rules.sites.kinds[kind].documents
    return [Document(key, today - 300 * DAY, today + (place * 37 % 400 + 10) * DAY) for key in papers[: 1 + place % 3]]


def _when(site: Site, now: datetime) -> datetime:
    """Return when a site was inspected: in working hours of a day within the month."""
    back = Chance(site.number, SEED, "when").whole(1, LATELY)
    return (now - back * DAY).replace(hour=2 + back % 7, minute=back * 7 % 60, second=0, microsecond=0)


def _chance(room: Room, site: Site, what: str) -> Chance:
    return Chance(room.id, SEED, site.number, what)


def _inspect(writing: Writing, room: Room, site: Site, at: datetime, now: datetime) -> None:
    lists = room.rules.checklists.for_site(site.kind, room.rules.sites.kinds[site.kind].group)
    checklist = next((one for one in lists if one.key != "self_check"), None)
    by = By(site.post, kind_of(site.post)) if site.post else CENTRE
    if checklist is None:
        return
    chance = _chance(room, site, "faults")
    said = answers(checklist, at.date())
    may_fail = [item.key for item in checklist.items.values() if item.kind is Kind.YES_NO and not item.applies]
    if chance.happens(SHARE_FAULTY):
        for _ in range(chance.whole(1, MOST_FAULTS)):
            said[chance.pick(may_fail)] = {"value": "fail", "corrected": False}
    made = Made(site.number, checklist.key, checklist.version, said, Way.INSPECT, done_at=at)
    report = inspected(room, writing, ready(room, site, made, by, at, assume_photos=True), by, at)
    for one in report.findings:
        _goes_on(writing, room, one, by, at, now)


def answers(checklist: Checklist, day: date) -> dict[str, Any]:
    """Return an answer to each item with which it passes on a day."""
    found: dict[str, Any] = {}
    for item in checklist.items.values():
        if item.kind is Kind.CHOICE:
            found[item.key] = next((one.key for one in item.options if one.result == "pass"), item.options[0].key)
        elif item.kind is Kind.DATE:
            found[item.key] = (day + 300 * DAY if item.means is Means.EXPIRES else day - 20 * DAY).isoformat()
        elif item.kind in {Kind.NUMBER, Kind.COUNT}:
            found[item.key] = item.least if item.least is not None else item.most if item.most is not None else 1
        elif item.kind is not Kind.SUM:
            found[item.key] = {"15": 1} if item.kind is Kind.CYLINDERS else "pass"
    return found


def _goes_on(writing: Writing, room: Room, filed: Filed, by: By, at: datetime, now: datetime) -> None:  # noqa: PLR0917
    """Bring a finding on: put right and closed, put right, or left."""
    chance = Chance(room.id, SEED, filed.number)
    steps = chance.pick((0, 1, 2, 2))
    for number, (act, who) in enumerate([(Act.CORRECT, by), (Act.PASS, CENTRE)][:steps], 1):
        then = at + number * 3 * DAY
        if then > now or (act is Act.PASS and who.post == by.post) or filed.state.state is State.CLOSED:
            return
        day = then.astimezone(room.area.pack.timezone).date()
        findings.act(writing, room.id, filed.number, Done(act, who, then.astimezone(UTC)), day=day)
