"""What was done away from the desk, done in the ledger: in order, each thing exactly once, however often and in whatever pieces it is sent.

The key of an item stands in the entry of the history that it becomes, and in the table ``sent``, in the transaction of the act itself (`ledger.writing`): after whatever breaks,
either all three are there or none. What was refused leaves nothing, so that it can be put right and sent again under its key.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from desk import acts, evidence, intake, reports
from desk.acts import Doing
from desk.campaigns import acts as campaign_acts
from desk.field import inspections as field_inspections
from desk.field import notices as field_notices
from desk.field import orders as field_orders
from desk.field import patrols as field_patrols
from desk.field import visits as field_visits
from desk.field import warnings as field_warnings
from desk.field.items import Item, Parcel, facts
from desk.field.mine import ACTS, HELP
from desk.field.staged import Staged
from desk.inspections import acts as inspecting
from desk.inspections import findings as finding_acts
from desk.orders.acts import ITEM_KEY
from desk.orders.acts import Doing as OrderDoing
from desk.orders.acts import do as do_order
from desk.orders.acts import of as order
from desk.outbox import notices
from desk.patrols import acts as patrolling
from desk.posts.acting import acting, change, posts_of
from desk.posts.roster import netted
from desk.reports import Draft
from desk.room import DISPATCHER, Room
from desk.sites import watering as site_watering
from desk.visits import acts as visiting
from desk.visits.acts import Unplanned
from desk.warnings import acts as warning_acts
from geo.errors import (
    AccessError,
    AnswersError,
    BattlemapError,
    Conflict,
    DraftError,
    LedgerError,
    LifecycleError,
    PhotoError,
    PlaceError,
    RulesError,
    TextError,
    TooOften,
    UnknownClass,
    UnknownIncident,
    UnknownOrder,
    UnknownPost,
    UnknownVisit,
)
from incidents.case import Incident
from incidents.lifecycle import RULES, Act, By, PostKind
from incidents.model import OPEN, Channel, Status, Urgency
from incidents.orders import Phase, Serve
from incidents.posts import Post, line_of
from ledger import campaigns, find, findings, inspections, patrols, visits, warnings, watering
from ledger.writing import ITEM, Writing

DONE_AT = "done_at"  # what an entry calls the time at which a thing was done, which came later
# Acts that change nothing of what a phone showed of a case, but that they happened; all others that do not lead to another state correct it.
CORRECTING = frozenset({Act.CORRECT, Act.REASSIGN, Act.IMPORT, Act.UNDO})


class State(StrEnum):
    """What became of an item."""

    DONE = "done"
    REFUSED = "refused"
    WAIT = "wait"  # not done, and nothing is wrong with it: it is sent again


class Kind(StrEnum):
    """Why an item was not done."""

    BEFORE = "before"  # an earlier one about the same case was not
    OFTEN = "often"
    BUSY = "busy"
    PHOTO = "photo"  # waiting: has not arrived; refused: is none that can be kept
    FORM = "form"
    POST = "post"
    UNKNOWN = "unknown"
    CLOSED = "closed"
    HANDED_ON = "handed_on"
    CHANGED = "changed"
    RULES = "rules"
    CLASS = "class"
    PLACE = "place"
    TEXT = "text"
    DRAFT = "draft"
    SITE = "site"  # it is closed, moved away, or not seen
    CHECKLIST = "checklist"  # that version is not known, or is not for the site
    ANSWERS = "answers"
    FINDING = "finding"  # another person did something to it meanwhile
    TASK = "task"  # of a warning: it was closed, or another person did it meanwhile


LATER = frozenset({Kind.OFTEN, Kind.BUSY})  # nothing after it is tried either: what is behind keeps its turn


@dataclass(frozen=True)
class Outcome:
    """What became of one item.

    Attributes
    ----------
    number, version
        Of the case and of its entry, where it was done; of an inspection its own.
    error
        What the desk said, where it said something.
    case
        The case as it stands now, where it stands otherwise than the phone thought.
    missing
        Digests of photos that have not arrived.
    """

    key: str
    state: State
    number: str = ""
    version: int = 0
    kind: Kind | None = None
    error: BattlemapError | None = None
    case: Incident | None = None
    missing: tuple[str, ...] = ()


def send(room: Room, parcel: Parcel, now: datetime, box: Staged, ask: Callable[[], None]) -> list[Outcome]:
    """Do what a parcel says, and return what became of each item, in their order.

    Parameters
    ----------
    room
        As the account sees it that sends.
    now
        When the parcel arrived.
    box
        The account's photos.
    ask
        Is asked before each item that is new; raises TooOften.
    """
    return _Sending(room, parcel, now, box, ask).outcomes()


def done_at(item: Item, clock: datetime, now: datetime, *, back: timedelta) -> datetime:
    """Return when a thing was done by our clock: as long ago as the device says by its own, never later than now, and no longer ago than ``back``."""
    return now - min(max(clock - item.at, timedelta(0)), back)


class _Sending:
    def __init__(self, room: Room, parcel: Parcel, now: datetime, box: Staged, ask: Callable[[], None]) -> None:
        assert room.who is not None, "nobody sends through a room that nobody looks through"
        self._room, self._parcel, self._now, self._box, self._ask = room, parcel, now, box, ask
        self._account = room.who.account
        self._posts: Mapping[str, Post] = {post.key: post for post in posts_of(room, room.who, now)}
        keys = {key for item in parcel.items for key in (item.key, item.report, item.joins) if key}
        made = {self._as_made(key): key for key in keys}
        with room.ledger.reading() as connection:
            self._sent = find.sent(connection, room.id, self._account, sorted(keys))
            for beside in (visits, inspections, patrols, watering, warnings, campaigns):
                self._sent |= {made[item]: there for item, there in beside.sent(connection, room.id, made).items()}
            told = {item.number for item in parcel.items if item.do == field_inspections.CORRECT}
            for one in findings.named(connection, room.id, told).values():
                self._sent |= {made[item]: (one.number, one.version) for item in one.state.items if item in made}
        self._stuck: dict[str, State] = {}  # numbers, and keys of reports, about which something was not done

    def outcomes(self) -> list[Outcome]:
        found: list[Outcome] = []
        stopped: Outcome | None = None
        for item in self._parcel.items:
            outcome = replace(stopped, key=item.key) if stopped and item.key not in self._sent else self._one(item)
            if outcome.state is State.DONE:
                self._sent[item.key] = outcome.number, outcome.version
            else:
                self._stuck |= dict.fromkeys(self._about(item), outcome.state)
                stopped = stopped or (outcome if outcome.kind in LATER else None)
            found.append(outcome)
        self._let_go(found)
        return found

    def _about(self, item: Item) -> list[str]:
        """Return what an item is about: a number, or the key of a report, or both."""
        number = item.number or self._sent.get(item.report, ("", 0))[0]
        return [name for name in (number, item.report or (item.key if item.makes else "")) if name]

    def _as_made(self, key: str) -> str:
        """Return under which name a visit, an inspection or a finding keeps the key of what made it or was done to it: keys belong to their account."""
        return f"{self._account}:{key}"

    def _let_go(self, found: Sequence[Outcome]) -> None:
        """Let the photos go that only what was done had named."""
        done = {outcome.key for outcome in found if outcome.state is State.DONE}
        kept = {digest for item in self._parcel.items if item.key not in done for digest in item.photos}
        self._box.drop({digest for item in self._parcel.items for digest in item.photos} - kept)

    def _one(self, item: Item) -> Outcome:
        if item.key in self._sent:
            number, version = self._sent[item.key]
            return Outcome(item.key, State.DONE, number, version)
        stuck = next((self._stuck[name] for name in (*self._about(item), item.joins) if name in self._stuck), None)
        if stuck or any(key and key not in self._sent for key in (item.report, item.joins)):
            return Outcome(item.key, stuck or State.REFUSED, kind=Kind.BEFORE)
        missing = self._box.missing(item.photos)
        if missing:
            return Outcome(item.key, State.WAIT, kind=Kind.PHOTO, missing=missing)
        try:
            self._ask()
            number, version = self._do(item)
        except BattlemapError as error:
            return self._refused(item, error)
        return Outcome(item.key, State.DONE, number, version)

    def _do(self, item: Item) -> tuple[str, int]:
        """Do one item, and return the number of its case and the version of its entry."""
        post = self._posts.get(item.post)
        if post is None:
            raise UnknownPost(f"{item.post[:80]} is no post of yours. Act as one of your own.")
        by, settings = acting(self._room, post), self._room.rules.settings
        at = done_at(item, self._parcel.clock, self._now, back=timedelta(days=settings.field_back_days))
        told = {ITEM: item.key, DONE_AT: at.astimezone(UTC).isoformat(timespec="seconds")}
        if item.is_order:
            return self._order(item, by, told[DONE_AT])
        if item.is_visit:
            return self._visit(item, by, told[DONE_AT])
        if item.is_notice:
            return self._notice(item, by, at)
        if item.is_patrol:
            return self._patrol(item, by, at)
        if item.is_inspection or item.is_warning:
            return self._inspection(item, by, at) if item.is_inspection else self._warning(item, by, at)
        work = self._report(item, by, at, told) if item.is_new else self._act(item, by, told)
        needs = "report" if item.is_new else "act"

        def once(writing: Writing) -> tuple[str, int]:
            return writing.sent(self._room.id, self._account, item.key) or work(writing)

        return change(self._room, needs, by, self._now, once)

    def _order(self, item: Item, by: By, at: str) -> tuple[str, int]:
        """Do something to a service order, once: its own history keeps under which keys it was sent."""
        if item.photos:
            raise DraftError("A service order takes no photos.", field="form.photos")
        data = {**facts(item), ITEM_KEY: item.key, DONE_AT: at}
        taken = order(self._room, item.number) if field_orders.ACTS[item.do] is Serve.ACCEPT else None
        if taken and taken.state.phase is Phase.ACCEPTED and taken.state.server == by.post:
            return taken.number, taken.version  # by another phone, or an earlier press
        done = do_order(self._room, OrderDoing(item.number, field_orders.ACTS[item.do], data), by, self._now)
        return done.number, done.version

    def _notice(self, item: Item, by: By, at: datetime) -> tuple[str, int]:
        """Note that a post read a notice, or knows of it: once, however often it is said."""
        facts(item)
        if not (item.number.isascii() and item.number.isdecimal()):
            raise DraftError("A notice is named by its number.", field="form.case")
        if item.do == field_notices.READ:
            notices.read(self._room, int(item.number), by, self._now, at)
            return item.number, 0
        told = {ITEM: item.key, DONE_AT: at.astimezone(UTC).isoformat(timespec="seconds")}
        return item.number, notices.acknowledge(self._room, int(item.number), by, self._now, told)

    def _inspection(self, item: Item, by: By, at: datetime) -> tuple[str, int]:
        """Write an inspection down, or that a finding is put right, once, with its photos: both keep under which key they were sent."""
        data, name = facts(item), self._as_made(item.key)
        if item.do == field_inspections.WATER:
            line = site_watering.water(self._room, item.number, data.get("way", ""), at, by, self._now, item=name)
            return line.site, line.id
        if item.do == field_inspections.TRY:
            return self._attempt(item, data, by, at)
        if item.do == field_inspections.CORRECT:
            told = {**data, ITEM_KEY: name, DONE_AT: at.astimezone(UTC).isoformat(timespec="seconds")}
            doing = finding_acts.Doing(item.number, field_inspections.ACTS[item.do], told, self._photos(item))
            done = finding_acts.do(self._room, doing, by, self._now)
            return done.number, done.version
        photos = dict(zip(item.photos, self._photos(item), strict=True))
        made = field_inspections.made_of(item.number, data, photos, item=name, at=at)
        found = inspecting.inspect(self._room, made, by, self._now).inspection
        return found.number, found.version

    def _attempt(self, item: Item, data: Mapping[str, Any], by: By, at: datetime) -> tuple[str, int]:
        """Write down that nobody could look at a site, once: the line keeps under which key it was sent."""
        if item.photos:
            raise DraftError("A visit that came to nothing takes no photos.", field="form.photos")
        if "found" not in data:
            raise DraftError("Say whether nobody was there, or entry was refused.", field="form.found")
        if item.at > self._parcel.clock + timedelta(minutes=self._room.rules.settings.ahead_minutes):
            raise DraftError("A visit is written down after it was made. Look at the time.", field="attempt_time")
        made = campaign_acts.attempt(self._room, item.number, data["found"], data.get("again"), by, self._now, at=at, item=self._as_made(item.key))  # fmt: skip
        return made.site, made.id

    def _warning(self, item: Item, by: By, at: datetime) -> tuple[str, int]:
        """Write down what was seen at a source while a warning holds, once, with its photos: the task keeps under which key it was sent."""
        (number, serial), data = field_warnings.place_of(item.number), facts(item)
        seen = field_warnings.seen_of(data, self._photos(item), item=self._as_made(item.key), at=at)
        warning_acts.done(self._room, number, serial, seen, by, self._now)
        return item.number, 0

    def _patrol(self, item: Item, by: By, at: datetime) -> tuple[str, int]:
        """Write a patrol down, or do something to one, once: it keeps under which keys it was sent."""
        if item.photos:
            raise DraftError("A patrol takes no photos.", field="form.photos")
        data, name, shift = facts(item), self._as_made(item.key), at - item.at
        if item.do in {field_patrols.NEW, "patrol_done"} and not {"since", "until"} <= set(data):
            raise DraftError("A patrol has a time at which it began, and one at which it ended.", field="patrol_time")
        if item.do == field_patrols.NEW:
            grid = (data.get("level", ""), data.get("code", ""))
            done = patrolling.walk(self._room, grid, data.get("kind", ""), field_patrols.walked_of(data, shift, name), by, self._now)  # fmt: skip
        else:
            done = patrolling.do(self._room, field_patrols.doing_of(item.do, item.number, data, shift, name), by, self._now)  # fmt: skip
        return done.number, done.version

    def _visit(self, item: Item, by: By, at: str) -> tuple[str, int]:
        """Write a visit down, or do something to one, once: it keeps under which keys it was sent."""
        if item.photos:
            raise DraftError("A visit takes no photos.", field="form.photos")
        data = {**facts(item), ITEM_KEY: self._as_made(item.key), DONE_AT: at}
        if item.joins:
            data["case"] = self._sent[item.joins][0]
        if item.do == field_visits.NEW:
            if "lon" not in data or "lat" not in data:
                raise _lacking("lon")
            place = {name: data.pop(name) for name in ("lon", "lat", "building", "outcome", "kind") if name in data}
            done = visiting.walk(self._room, Unplanned(**{"outcome": "", **place}, data=data), by, self._now)
        else:
            number = item.number or self._sent[item.report][0]
            done = visiting.do(self._room, visiting.Doing(number, field_visits.ACTS[item.do], data), by, self._now)
        return done.number, done.version

    def _report(
        self, item: Item, by: By, at: datetime, told: Mapping[str, Any]
    ) -> Callable[[Writing], tuple[str, int]]:
        room, now, data = self._room, self._now, facts(item)
        for name in ("class_", "lon", "lat"):
            if name not in data:
                raise _lacking(name)
        data.pop("accuracy", None)  # of the device's place: says nothing of the case
        draft = Draft(
            **{
                **data,
                "urgency": Urgency(data.get("urgency", Urgency.NORMAL)),
                "channel": Channel(data.get("channel", Channel.PATROL)),
                "blur": data.get("blur", {}),
            },
            reported=at,
            photos=self._photos(item),
            cleared=item.do == Act.SELF_CLEAR.value,
            more=told,
        )
        draft = intake.checked_form(room, draft, now)
        posts = room.register.seen()
        made = reports.checked(room, draft, now, posts=posts.posts)
        shots = evidence.keep(room, draft.photos, kind="after" if draft.cleared else "before", blur=draft.blur)

        def work(writing: Writing) -> tuple[str, int]:
            stands = made if writing.posts_changed(room.id) == posts.changed else netted(room, made, now)
            kept = reports.write(writing, room, draft, stands, by, now, photos=shots)
            return kept.number, kept.version

        return work

    def _act(self, item: Item, by: By, told: Mapping[str, Any]) -> Callable[[Writing], tuple[str, int]]:
        room, now, act = self._room, self._now, ACTS[item.do]
        data = {**facts(item), **told}
        number = item.number or self._sent[item.report][0]
        shots = evidence.keep(room, self._photos(item), kind=acts.PHOTO_KIND.get(act, "other"))

        def work(writing: Writing) -> tuple[str, int]:
            case = acts.seen(writing, room, number)
            if act is Act.ACCEPT and case.status is Status.IN_HAND and case.state.handler == item.post:
                return case.number, case.version  # accepted by another phone of the post, or an earlier press
            self._require_unmoved(writing, case, item)
            if act is Act.SELF_CLEAR and not intake.may_be_cleared(room.rules.directory.get(case.class_), by):
                raise DraftError(f"{case.class_} is not cleared on the spot. Report it.", field="cleared")
            asked = _asked(room, case, by, data) if item.do == HELP else data
            done = acts.write(writing, room, Doing(number, act, asked), by, now, photos=shots)
            return done.number, done.version

        return work

    def _require_unmoved(self, writing: Writing, case: Incident, item: Item) -> None:
        """Raise where somebody else changed the case since the phone saw it, in a way that matters: not by a reminder, or a note."""
        if item.expected is None or item.expected >= case.version:
            return
        writing.flush()
        since = find.since(writing.connection, case.area, case.number, item.expected)
        if any(entry["account"] != self._account and _moves(Act(entry["act"])) for entry in since):
            raise Conflict(case.number, item.expected, case.version)

    def _photos(self, item: Item) -> list[bytes]:
        found = [self._box.read(digest) for digest in item.photos]
        if None in found:
            raise _Gone(tuple(digest for digest, data in zip(item.photos, found, strict=True) if data is None))
        return [data for data in found if data is not None]

    def _refused(self, item: Item, error: BattlemapError) -> Outcome:
        if isinstance(error, _Gone):
            return Outcome(item.key, State.WAIT, kind=Kind.PHOTO, missing=error.missing)
        if isinstance(error, TooOften):
            return Outcome(item.key, State.WAIT, kind=Kind.OFTEN, error=error)
        if isinstance(error, LedgerError):
            return Outcome(item.key, State.WAIT, kind=Kind.BUSY, error=error)
        if (item.is_inspection or item.is_warning) and isinstance(error, LifecycleError):
            kind = Kind.FINDING if item.is_inspection else Kind.TASK
            return Outcome(item.key, State.REFUSED, kind=kind, error=error)
        if isinstance(error, LifecycleError):
            return (
                _met_beside(item, error) if item.is_order or item.is_visit or item.is_patrol else self._met(item, error)
            )
        found = next((kind for cls, kind in KINDS.items() if isinstance(error, cls)), None)
        if found is None:
            raise error  # nothing that an item can cause
        if isinstance(error, DraftError) and error.field.startswith("form."):
            found = Kind.FORM
        elif isinstance(error, DraftError):
            found = FIELDS.get(error.field, found)
        return Outcome(item.key, State.REFUSED, kind=found, error=error)

    def _met(self, item: Item, error: LifecycleError) -> Outcome:
        """Say how a case stands that took another way meanwhile."""
        try:
            case = self._room.get(item.number or self._sent[item.report][0])
        except UnknownIncident as gone:
            return Outcome(item.key, State.REFUSED, kind=Kind.UNKNOWN, error=gone)
        kind = Kind.CHANGED if isinstance(error, Conflict) else Kind.RULES
        if case.status not in OPEN:
            kind = Kind.CLOSED
        elif _was_handed_on(case, item):
            kind = Kind.HANDED_ON
        return Outcome(item.key, State.REFUSED, kind=kind, error=error, case=case)


class _Gone(PhotoError):
    """Photos that were there a moment ago: another of the account's phones sent the same item."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__("A photo has not arrived. Send it again.", kind="other")
        self.missing = missing


FIELDS: Mapping[str, Kind] = MappingProxyType(
    {
        "visit_note": Kind.TEXT,
        "visit_where": Kind.PLACE,
        "patrol_gone": Kind.UNKNOWN,
        "watering_kind": Kind.SITE,
        "warning_gone": Kind.UNKNOWN,
        "site_gone": Kind.SITE,
        "inspection_site": Kind.SITE,
        "inspection_checklist": Kind.CHECKLIST,
        "inspection_empty": Kind.ANSWERS,
        "inspection_photos": Kind.ANSWERS,
        "inspection_signature": Kind.ANSWERS,
        "inspection_recheck": Kind.FINDING,
        "finding_gone": Kind.FINDING,
    }
)
KINDS: Mapping[type[BattlemapError], Kind] = MappingProxyType(
    {
        AccessError: Kind.POST,
        UnknownPost: Kind.POST,
        UnknownIncident: Kind.UNKNOWN,
        UnknownOrder: Kind.RULES,
        UnknownVisit: Kind.RULES,
        UnknownClass: Kind.CLASS,
        AnswersError: Kind.ANSWERS,
        RulesError: Kind.CHECKLIST,
        PlaceError: Kind.PLACE,
        TextError: Kind.TEXT,
        PhotoError: Kind.PHOTO,
        DraftError: Kind.DRAFT,
    }
)


def _met_beside(item: Item, error: LifecycleError) -> Outcome:
    """Say that an order or a visit took another way meanwhile: another team was faster, it was cancelled, or its time is over."""
    return Outcome(item.key, State.REFUSED, kind=Kind.RULES, error=error)


def _lacking(name: str) -> BattlemapError:
    if name == "class_":
        return DraftError("The class is missing. Choose one.", field="class")
    return PlaceError("The place has no coordinates. Choose it on the map.", kind="missing")


def _was_handed_on(case: Incident, item: Item) -> bool:
    """Tell whether only the handler may do it, and that is another post, or nobody after the item's own was."""
    state = case.state
    return bool(
        RULES[ACTS[item.do]].handler and state.handler != item.post and (state.handler or item.post in state.handlers)
    )


def _moves(act: Act) -> bool:
    return RULES[act].to is not None or act in CORRECTING


def _asked(room: Room, case: Incident, by: By, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call for help as its note keeps it: what for, and the post that is asked."""
    rest = {name: value for name, value in data.items() if name != "kind"}
    return {**rest, "help": data.get("kind", HELP), "to": asked_of(room, case, by).key}


def asked_of(room: Room, case: Incident, by: By) -> Post:
    """Return the post that a call for help reaches: the nearest paid head above the one that calls, else the command room.

    For a grid worker that is the head of their own grid, unless a volunteer is.
    """
    net = room.area.net
    keys = [level.key for level in net.levels]
    caller = room.post(by.post)
    depth = keys.index(caller.grid[0]) if caller.grid and caller.grid[0] in keys else len(keys)
    above = depth if caller.kind is PostKind.WORKER else depth - 1
    line = [post for post in line_of(net, case.codes, room.posts) if post.grid and keys.index(post.grid[0]) <= above]
    reached = next((post for post in line if not post.volunteer and post.key != by.post), None)
    return reached or room.post(DISPATCHER)
