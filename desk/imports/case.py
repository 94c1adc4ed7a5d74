"""A case as another system tells it (外部案件), and how it comes into the ledger: with its own state, times, deadline and agency, once for each of its ids."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from desk.places.place import duty
from desk.posts.roster import handed_over, responsible
from desk.reports import day_of, edition_of
from desk.room import Room
from geo.errors import RulesError
from incidents.case import Incident
from incidents.deadlines import add, external
from incidents.lifecycle import NEW, Act, By, CaseState, Entry, PostKind
from incidents.limits import EXTERNAL, Limit, Stage
from incidents.model import OPEN, Channel, Status, Urgency
from incidents.posts import Duty, post_key
from ledger.writing import Writing

LONGEST_AGENCY, LONGEST_CLASS = 120, 40
RUNNING = OPEN - {Status.SUSPENDED}
# How far a case has come in each state: the other system's word of an earlier one is old, unless it names a later deadline.
STAGES: Mapping[Status, int] = {
    Status.UNCHECKED: 0,
    Status.REPORTED: 0,
    Status.FILED: 1,
    Status.DISPATCHED: 2,
    Status.IN_HAND: 3,
    Status.SUSPENDED: 4,
    Status.NOTICED: 4,
    Status.FEEDBACK: 5,
    Status.RETURNED: 5,
    Status.SELF_CLEARED: 5,
    Status.CLOSED: 6,
    Status.SELF_VERIFIED: 6,
    Status.REFUSED: 6,
    Status.CANCELLED: 6,
    Status.LINKED: 6,
    Status.EVALUATED: 7,
}
HALTS = frozenset({Status.RETURNED, Status.SUSPENDED})  # after which a running case goes through its states again
# State -> the acts whose time the end of a case is.
ENDS: Mapping[Status, tuple[Act, ...]] = {
    Status.CLOSED: (Act.CLOSE,),
    Status.EVALUATED: (Act.CLOSE,),
    Status.SELF_CLEARED: (Act.SELF_CLEAR,),
    Status.SELF_VERIFIED: (Act.SELF_CLEAR, Act.SAMPLE_PASS),
    Status.REFUSED: (Act.REFUSE,),
    Status.CANCELLED: (Act.CANCEL,),
    Status.LINKED: (Act.LINK,),
    Status.FEEDBACK: (Act.FEEDBACK,),
}


@dataclass(frozen=True)
class Foreign:
    """A case of another system, read and placed. Times are aware.

    Attributes
    ----------
    source, key
        The system, and what makes the case the only one of its kind there: its id, or a digest of what it says.
    external_id
        Its id there; "" where it has none.
    class_, major
        Keys of the directory; a class that the directory does not know keeps its own key, without a major.
    codes, match, edge_m
        Where it lies; see `desk.places.place.Place`.
    due, closed
        Its official deadline, and when it ended; None where nobody said.
    agency
        Who handles it: the name of a department, or the key of a post.
    """

    source: str
    key: str
    class_: str
    reported: datetime
    lon: float
    lat: float
    codes: Mapping[str, str]
    external_id: str = ""
    match: str = "inside"
    edge_m: float | None = None
    major: str = ""
    restricted: bool = False
    title: str = ""
    text: str = ""
    address: str = ""
    building: str = ""
    unit: float | None = None
    floor: float | None = None
    channel: Channel = Channel.IMPORT
    urgency: Urgency = Urgency.NORMAL
    status: Status = Status.REPORTED
    due: datetime | None = None
    closed: datetime | None = None
    agency: str = ""

    @property
    def official(self) -> dict[str, str]:
        """What the other system says of how the case stands: compared when the same case comes again."""
        said = {"due": _iso(self.due), "closed": _iso(self.closed), "agency": self.agency}
        return {"status": self.status.value, **{name: value for name, value in said.items() if value}}

    @property
    def handler(self) -> str:
        """Key of the post that handles it; "" where nobody was named, or it waits to be sorted."""
        if not self.agency or self.status in NEW:
            return ""
        return self.agency if self.agency.count(":") > 1 else post_key(PostKind.DEPARTMENT, "", self.agency)


@dataclass
class Placer:
    """Makes incidents of foreign cases, and remembers what is the same for many of them."""

    room: Room
    own_limits: bool = True
    _edition: str = ""
    _duties: dict[tuple[str, ...], Duty] = field(default_factory=dict)

    def incident(self, case: Foreign) -> Incident:
        """Return the incident that a case makes, not yet written."""
        posts = self._duty(case.codes)
        self._edition = self._edition or edition_of(self.room)
        return Incident(
            area=self.room.id,
            class_=case.class_,
            major=case.major,
            reported=case.reported.astimezone(UTC),
            lon=case.lon,
            lat=case.lat,
            state=CaseState(case.status),
            channel=case.channel,
            urgency=case.urgency,
            title=case.title,
            text=case.text,
            address=case.address,
            building=case.building,
            unit=case.unit,
            floor=case.floor,
            edition=self._edition,
            codes=case.codes,
            match=case.match,
            edge_m=case.edge_m,
            post=posts.post.key if posts.post else "",
            informed=posts.informed.key if posts.informed else "",
            overdue_post=posts.overdue.key if posts.overdue else "",
            restricted=case.restricted,
            source=case.source,
            external_id=case.external_id,
        )

    def data(self, case: Foreign) -> dict[str, Any]:
        """Return what the history keeps of the act: state, handler, times and deadline, as the other system told them."""
        ends = {act.value: _iso(case.closed) for act in ENDS.get(case.status, ())} if case.closed else {}
        return {
            "status": case.status.value,
            "handler": case.handler,
            "level": self.room.area.net.leaf.key,
            "times": ends,
            "official": case.official,
            **self._clock(case),
        }

    def _clock(self, case: Foreign) -> dict[str, Any]:
        """Return the deadline: the official one is kept as given; a running case without one gets ours."""
        runs, limit = case.status in RUNNING, None
        due, promised = case.due, case.due
        if case.due is not None:
            limit = _official(case.reported, case.due)
        elif self.own_limits and runs:
            limit = self._limit(case)
            local = case.reported.astimezone(self.room.area.pack.timezone)
            due = add(self.room.rules.calendar, local, limit.span) if limit else None
            promised = None if case.status in NEW else due
        told = {"limit": limit.span.text, "rule": limit.rule} if limit else {"limit": "", "rule": ""}
        return {"due": _iso(due) or None if runs else None, "promised": _iso(promised) or None, **told}

    def _limit(self, case: Foreign) -> Limit | None:
        rules, major, urgency = self.room.rules.deadlines, case.major or None, case.urgency.value
        if case.status in NEW:
            stage = Stage.DISPATCH if case.status is Status.FILED else Stage.ACCEPT
            return rules.stage(stage, class_key=case.class_, major=major, urgency=urgency)
        return rules.limit(case.class_, major=major, urgency=urgency, level=self.room.area.net.leaf.key)

    def _duty(self, codes: Mapping[str, str]) -> Duty:
        key = tuple(codes.values())
        if key not in self._duties:
            self._duties[key] = duty(self.room, codes)
        return self._duties[key]


class Ready(NamedTuple):
    """A case that is ready to be written: what can be said of it before anybody has to wait."""

    incident: Incident
    entry: Entry
    day: str
    origin: tuple[str, str]


def ready(room: Room, cases: Sequence[Foreign], by: By, now: datetime, *, live: bool = True) -> list[Ready]:
    """Make cases ready to be written, the earliest first.

    Parameters
    ----------
    live
        Whether they are news: a running case without an official deadline gets one by our rules.
    """
    placer, at = Placer(room, own_limits=live), now.astimezone(UTC)
    return [
        Ready(
            placer.incident(case),
            Entry(Act.IMPORT, by, at, placer.data(case)),
            day_of(room, case.reported),
            (case.source, case.key),
        )
        for case in sorted(cases, key=lambda case: case.reported)
    ]


def add_all(
    writing: Writing, room: Room, cases: Iterable[Ready], now: datetime, *, live: bool = True
) -> list[Incident]:
    """Write cases that the ledger does not have, in a change that goes on already; one that came in between stays as it is.

    Parameters
    ----------
    live
        Whether they are news: out of hours the one on duty answers for what nobody was sent to.
    """
    is_watched, made = live and not room.area.pack.archive, []
    for incident, entry, day, origin in cases:
        if is_watched and incident.status in NEW:
            incident = responsible(writing, room, incident, now)  # noqa: PLW2901
            entry = replace(entry, data={**entry.data, **_on_duty(incident)})  # noqa: PLW2901
        made.append(writing.report(incident, entry, prefix=room.area.pack.prefix, day=day, origin=origin))
    return made


def bring_up_to_date(  # noqa: PLR0917
    writing: Writing, room: Room, case: Foreign, number: str, version: int, by: By, now: datetime
) -> Incident:
    """Write what another system says anew of a case.

    Raises
    ------
    Conflict
        Somebody changed the case since the version that was compared.
    """
    entry = Entry(Act.IMPORT, by, now.astimezone(UTC), Placer(room).data(case))
    stands = writing.get(room.id, number)
    if stands.version == version and stands.state.duty and case.status not in NEW:
        version = handed_over(writing, room, stands, "sorted", by, now).version
    return writing.act(room.id, number, entry, expected=version)


def _on_duty(incident: Incident) -> dict[str, str]:
    return {"duty": incident.state.duty} if incident.state.duty else {}


def untouched(state: CaseState) -> bool:
    """Tell whether a case still stands as the other system last said, so that its next word may simply be taken over."""
    if not state.official:
        return False
    due = _iso(state.due if state.status in RUNNING else state.promised)
    said = state.official.get("due", "")
    return state.official.get("status") == state.status.value and (not said or state.rule != EXTERNAL or said == due)


def goes_back(said: Mapping[str, str], told: Sequence[Mapping[str, str]]) -> bool:
    """Tell whether the other system's word is older than its last one, as far as that can be seen.

    It is where it equals one that it had said before, or where the case stands earlier than it last did (a closed one is open again) and no later deadline than ever is named.

    Parameters
    ----------
    said
        What it says now; see `Foreign.official`.
    told
        What it said before, the earliest first.
    """
    if not told or said == told[-1]:
        return False
    if said in told:
        return True
    last, now = Status(told[-1].get("status", said["status"])), Status(said["status"])
    is_resumed = last in HALTS and now in OPEN
    is_newer = bool(said.get("due")) and said["due"] > max(words.get("due", "") for words in told)
    return STAGES[now] < STAGES[last] and not is_resumed and not is_newer


def _official(reported: datetime, due: datetime) -> Limit | None:
    try:
        return external(reported, due)
    except RulesError:  # more than a century
        return None


def _iso(time: datetime | None) -> str:
    return time.astimezone(UTC).isoformat() if time else ""
