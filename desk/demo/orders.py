"""What a demonstration holds of service orders (居民点单、服务队接单): three teams, a handful of orders in every state, and two that come again. No name, no resident: keys alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import shapely

from desk.orders.acts import asked
from desk.orders.people import CENTRE
from desk.places.place import place
from desk.posts.roster import Wish, added
from desk.room import Room
from incidents.lifecycle import By, PostKind
from incidents.orders import Order, Phase, Repeat, Serve, Served, Step
from incidents.posts import kind_of, line_of
from incidents.teams import EVERY, WORKDAYS, Team
from ledger import orders, teams
from ledger.orders import Filed
from ledger.writing import Writing

DAY, SOON = timedelta(days=1), timedelta(minutes=40)
OPENS, CLOSES = time(8), time(18)
# Name, what it does, and on which days.
TEAMS = (
    ("代办跑腿服务队", ("errand", "medical_cover", "social_security", "social_aid", "papers_at_home"), WORKDAYS),
    ("助老关爱服务队", ("care_visit", "meal", "health_check"), EVERY),
    ("家政维修服务队", ("home_repair", "housekeeping", "haircut"), EVERY),
)


@dataclass(frozen=True)
class Story:
    """One order.

    Attributes
    ----------
    day
        The day for which it is wanted, from today.
    phase
        Where it stands.
    every
        How it comes again; its turns up to now are done but for ``missed``.
    missed
        Turns, counted from the first one, that were not done.
    """

    item: str
    day: int
    phase: Phase
    text: str
    outcome: str = "served"
    stars: int = 5
    home: bool = False
    every: str = ""
    missed: tuple[int, ...] = ()


STORIES = (
    Story("errand", 1, Phase.OFFERED, "代取慢性病药，三楼，按两次门铃", home=True),
    Story("home_repair", 1, Phase.OFFERED, "厨房水龙头漏水，白天有人在家", home=True),
    Story("small_wish", 3, Phase.ASKED, "想要一本放大字的挂历"),
    Story("medical_cover", 2, Phase.ACCEPTED, "异地就医备案，材料已备齐", home=True),
    Story("housekeeping", 1, Phase.BACK, "擦窗户，二楼，需带梯子", home=True),
    Story("health_check", -1, Phase.ACCEPTED, "量血压，午后在家", home=True),
    Story("papers_at_home", -1, Phase.DONE, "高龄津贴年审，行动不便", home=True),
    Story("haircut", -2, Phase.DONE, "卧床，请带围布", home=True),
    Story("errand", -3, Phase.CLOSED, "代缴电费"),
    Story("haircut", -4, Phase.CLOSED, "每次约二十分钟", home=True),
    Story("home_repair", -5, Phase.CLOSED, "楼道灯不亮，换灯泡", stars=4),
    Story("social_security", -6, Phase.CLOSED, "养老待遇资格认证", stars=3),
    Story("errand", -7, Phase.CLOSED, "代取快递", outcome="nobody", stars=0),
    Story("medical_cover", -8, Phase.CLOSED, "门诊慢病申报", stars=2),
    Story("meal", -6, Phase.CLOSED, "午餐少盐，放门口挂钩", home=True, every="1 day", missed=(3,)),
    Story("care_visit", -21, Phase.CLOSED, "独居，上午在家，听力不好", home=True, every="1 week", missed=(1,)),
)


def write(writing: Writing, room: Room, now: datetime) -> None:
    """Write them for an invented area whose catalogue has such services, in a change that goes on already."""
    known = room.rules.services.items
    if not room.area.pack.synthetic or not known:
        return
    found = list(_teams(writing, room, now - 30 * DAY))
    stories = [story for story in STORIES if story.item in known]
    leaves = room.area.net.leaf.geoms
    for number, story in enumerate(stories):
        point = shapely.point_on_surface(leaves[number * len(leaves) // len(stories)])
        _Teller(writing, room, now, found, story, key_of(number), (point.x, point.y)).tell()


def key_of(number: int) -> str:
    """Return the key of an invented resident."""
    return f"D{number % 9 + 1}-{'KMPRTWXY'[number % 8]}{number * 37 % 90 + 10}Q"


def _teams(writing: Writing, room: Room, at: datetime) -> Iterator[Team]:
    for name, skills, days in TEAMS:
        does = tuple(skill for skill in skills if skill in room.rules.services.items)
        if does:
            post = added(writing, room, Wish(PostKind.DEPARTMENT, name), CENTRE, at)
            yield teams.put(writing, room.id, Team(name, does, post.key, (), days, OPENS, CLOSES), by=CENTRE, at=at)


@dataclass(frozen=True)
class _Teller:
    """Writes one story: an order, or all of what came again."""

    writing: Writing
    room: Room
    now: datetime
    teams: list[Team]
    story: Story
    key: str
    where: tuple[float, float]

    def tell(self) -> None:
        """Write the order; of what comes again each turn up to today, and the last one as taken."""
        story, today = self.story, self.now.astimezone(self.room.area.pack.timezone).date()
        first, repeat = today + story.day * DAY, Repeat.read(story.every)
        if repeat is None:
            self._bring(self._asked(first, {}), story.phase)
            return
        turn, last = 0, None
        while (day := repeat.day(first, turn)) <= today:
            filed = self._asked(day, {"every": story.every, "first": first.isoformat(), "turn": turn}, after=last)
            over = day < today
            self._bring(filed, Phase.ACCEPTED if not over else Phase.MISSED if turn in story.missed else story.phase)
            turn, last = turn + 1, filed

    def _asked(self, day: date, more: dict[str, Any], *, after: Filed | None = None) -> Filed:
        """Write that it was asked for, two days before or an hour ago, and offered to the teams that do it; what comes again is made in the evening before."""
        room, story, zone = self.room, self.story, self.room.area.pack.timezone
        since, until = (datetime.combine(day, at, zone).astimezone(UTC) for at in (time(9), time(17)))
        codes = place(room, *self.where).codes
        line = line_of(room.area.net, codes, room.own_posts)
        asker = line[0].by if line else CENTRE
        at = min(since - (DAY / 2 if after else 2 * DAY), self.now - timedelta(hours=1))
        data = {
            "item": story.item, "key": self.key, "home": story.home, "text": story.text, "since": since.isoformat(), "until": until.isoformat(),
            "keepers": list(dict.fromkeys([asker.post, *(post.key for post in line)])), **more,
        }  # fmt: skip
        offered = [team for team in self.teams if team.does(story.item)] if story.phase is not Phase.ASKED else []
        state = Order(Phase.ASKED, story.item, self.key, "", (), since, until)
        blank = Filed(room.id, state, *self.where, codes=dict(codes))
        by = asker
        if after is not None:  # made by the clock
            by, data = CENTRE, {**data, "asker": asker.post, "after": after.number}
        filed = asked(self.writing, room, blank, data, by, at, offered)
        if after is not None:
            self._act(after, Serve.NEXT, CENTRE, at, number=filed.number)
        return filed

    def _bring(self, filed: Filed, phase: Phase) -> None:
        """Bring an order to where it stands."""
        if not filed.state.offers or phase is Phase.OFFERED:
            return
        state, at = filed.state, filed.state.times[Serve.ASK.value] + SOON
        asker, offer = By(state.asker, kind_of(state.asker)), state.offers[0]
        team = By(offer.post, PostKind.DEPARTMENT)
        if phase is Phase.BACK:
            self._act(filed, Serve.DECLINE, team, at, team=offer.team, reason="当日人手已排满")
            return
        self._act(filed, Serve.ACCEPT, team, at, team=offer.team)
        if phase is Phase.MISSED:
            self._act(filed, Serve.STEP, CENTRE, state.until + timedelta(minutes=1), step=Step.MISSED.value)
        if phase in {Phase.DONE, Phase.CLOSED}:
            self._act(filed, Serve.FINISH, team, state.since + 2 * SOON, outcome=self.story.outcome)
        if phase is Phase.CLOSED:
            self._act(filed, Serve.RATE, asker, state.until, stars=self.story.stars)

    def _act(self, filed: Filed, act: Serve, by: By, at: datetime, **data: object) -> None:
        orders.act(self.writing, self.room.id, filed.number, Served(act, by, min(at, self.now).astimezone(UTC), data))
