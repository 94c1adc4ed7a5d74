"""What a message says: made when it is sent or shown, never kept.

Number, title where the class is not restricted, place, deadline and a link; nobody's name or number. Of a restricted case (domain 7.2) no word of it, nor the micro-grid, which
holds few enough households to tell whose it is.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlencode

from desk.inspections.expiring import thing_name
from desk.orders.people import sees
from desk.outbox import notices
from desk.outbox.alarms import card_of, event_of
from desk.outbox.rules import DUTY
from desk.planning.kept import sight as sight_of_plans
from desk.room import Room
from desk.sites import register
from desk.visits.people import sight as sight_of_visits
from desk.whistle.people import sight
from geo.errors import DraftError, UnknownIncident, UnknownOrder, UnknownPost, UnknownVisit, UnknownWhistle
from incidents.case import Incident
from incidents.text import strike_names
from inspections.plans import State as PlanState
from layers.grid_names import every_name, full_names
from ledger import orders, outbox, patrols, plans, upwinds, visits, warnings, whistles
from ledger.emergencies import EVENT
from ledger.notices import SUBJECT as NOTICE
from ledger.orders import SUBJECT as ORDER
from ledger.outbox import SUMMARY, Message
from ledger.patrols import SUBJECT as PATROL
from ledger.plans import SUBJECT as PLAN
from ledger.rounds import EXPIRY
from ledger.upwinds import SUBJECT as UPWIND
from ledger.visits import SUBJECT as VISIT
from ledger.warnings import SUBJECT as WARNING
from ledger.whistles import SUBJECT as WHISTLE
from locales import N_, translator

UNREAD = "unread"
OF_ITSELF = frozenset({UNREAD, SUMMARY})  # kinds that are about messages, and not about what those are about
UNNUMBERED = frozenset({NOTICE, EVENT})  # subjects whose number nobody knows them by
# What a message is about -> the page that shows it, and what that calls its number.
PAGE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "incident": ("case", "case"),
        WHISTLE: ("whistles", "whistle"),
        ORDER: ("orders", "order"),
        UPWIND: ("air", "list"),
        NOTICE: ("messages", "notice"),
        VISIT: ("visits", "walk"),
        PATROL: ("patrols", "patrol"),
        PLAN: ("plan", "plan"),
        EXPIRY: ("sites", "site"),
        WARNING: ("warnings", "warning"),
    }
)
LONGEST = 500  # characters of a message: what a text message and every robot take
KIND: Mapping[str, str] = MappingProxyType(
    {
        "assignment": N_("Assigned to you"),
        "escalation": N_("Reported up to you"),
        "rework": N_("Returned for rework"),
        "new_red": N_("New report"),
        "handed_over": N_("Handed over to you"),
        "reminder": N_("Due soon"),
        "overdue": N_("Overdue"),
        "supervision": N_("Supervision"),
        "first_handler": N_("Nobody has begun"),
        "sent_back": N_("Sent back"),
        "to_verify": N_("To be verified"),
        "asked": N_("Asks for more time or a suspension"),
        "answered": N_("Answer to your request"),
        "closed": N_("Closed"),
        "help": N_("Asks for help"),
        "material": N_("Asks for material"),
        "whistle": N_("Whistle"),
        "whistle_asked": N_("Whistle to be approved"),
        "whistle_declined": N_("Whistle not approved"),
        "whistle_blown": N_("Whistle blown"),
        "whistle_disputed": N_("Call disputed"),
        "whistle_upheld": N_("The call stands"),
        "whistle_released": N_("Let go from the whistle"),
        "whistle_due": N_("Whistle: due soon"),
        "whistle_late": N_("Whistle: overdue"),
        "whistle_task": N_("Task of a whistle"),
        "whistle_finished": N_("Done: please confirm"),
        "whistle_returned": N_("Whistle returned"),
        "whistle_closed": N_("Whistle ended"),
        "whistle_withdrawn": N_("Whistle withdrawn"),
        "order": N_("Resident's order"),
        "order_alone": N_("No team fits the order"),
        "order_taken": N_("A team took the order"),
        "order_back": N_("The order came back"),
        "order_late": N_("Order: its time is over"),
        "order_missed": N_("Missed: was not done on its day"),
        "order_done": N_("Order done: please ask how it was"),
        "order_rated": N_("The resident was asked"),
        "order_cancelled": N_("Order cancelled"),
        "visit": N_("Visit to be made"),
        "visit_waiting": N_("Visit: nobody at home, please decide"),
        "visit_overdue": N_("Visit overdue"),
        "visit_cancelled": N_("Visit cancelled"),
        "patrol": N_("Patrol to be walked"),
        "patrol_missed": N_("Patrol missed"),
        "patrol_cancelled": N_("Patrol cancelled"),
        "day_plan": N_("Plan of your day"),
        "day_plan_replaced": N_("Plan of your day replaced"),
        "day_plan_withdrawn": N_("Plan of your day withdrawn"),
        "expiring": N_("Runs out soon"),
        "upwind": N_("Sources upwind to be looked at"),
        "warning_late": N_("Tasks of a warning overdue"),
        "notice": N_("Notice"),
        "notice_receipt": N_("Notice: please acknowledge"),
        "notice_reminder": N_("Notice: a reminder"),
        "notice_withdrawn": N_("Notice taken back"),
        "emergency": N_("Emergency begun"),
        UNREAD: N_("Not read: please call"),
        SUMMARY: N_("More messages"),
    }
)


@dataclass(frozen=True)
class Words:
    """A message in words: a subject of one line, and the text with it."""

    subject: str
    text: str
    link: str


def kind_name(kind: str, language: str) -> str:
    """Return what a kind of message is called; one that only the rules know goes by its name there."""
    return translator(language)(KIND.get(kind, kind))


def words(room: Room, message: Message, language: str, *, console: str = "", many: int = 0) -> Words:
    """Return what a message says.

    Parameters
    ----------
    console
        Address of the console for the link; "" for none.
    many
        How many names are on the call list, or messages were held back, for the message that says so.
    """
    _ = translator(language)
    kind = kind_name(message.kind, language)
    case = _case(room, message)
    is_named = message.kind not in OF_ITSELF and message.subject not in UNNUMBERED
    subject = f"{kind} {message.number}".strip() if is_named else kind
    lines = [_("[Grid battle map] {subject}").format(subject=subject)]
    if message.contact == DUTY:
        lines.append(_("You are on duty: {post}").format(post=post_name(room, message.post)))
    if message.kind == UNREAD:
        lines.append(_("{n} on the call list").format(n=max(many, 1)))
    elif message.kind == SUMMARY:
        lines.append(_("and {n} more: please look into the console").format(n=max(many, 1)))
    elif case:
        lines += _of_case(room, case, language)
    elif message.subject in _ABOUT:
        lines += _ABOUT[message.subject](room, message, language)
    link = _link(room, message, console) if console else ""
    text = "\n".join(line for line in lines if line)[: LONGEST - len(link) - 1]
    return Words(subject, f"{text}\n{link}".strip(), link)


def post_name(room: Room, key: str) -> str:
    """Return the title of a post."""
    try:
        return room.post(key).title
    except UnknownPost:
        return key


def title_of(room: Room, case: Incident, language: str) -> str:
    """Return what may be said of a case outside of the console: its title without anybody's name or number, or what class it is of; nothing of a restricted one."""
    _ = translator(language)
    if case.restricted:
        return _("(restricted: see the console)")
    return strike_names(case.title) or room.class_name(case.class_).in_(language)


def _of_case(room: Room, case: Incident, language: str) -> list[str]:
    _, due = translator(language), case.state.due
    place = _place(room, case)
    return [
        title_of(room, case, language),
        _("Place: {place}").format(place=place) if place else "",
        _("Deadline: {time}").format(time=_local(room, due)) if due else "",
    ]


def _of_whistle(room: Room, message: Message, language: str) -> list[str]:
    """Return of what kind a whistle is, where, and by when the post that is told has to do something; nothing that anybody wrote."""
    _ = translator(language)
    try:
        with room.ledger.reading() as connection:
            filed = whistles.get(connection, room.id, message.number, sight(room))
    except UnknownWhistle:
        return []
    party = filed.state.party(message.post)
    place, due = place_of(room, filed.codes, coarse=True), party.deadline if party else None
    return [
        room.rules.whistles.kind(filed.state.kind).name.in_(language),
        _("Place: {place}").format(place=place) if place else "",
        _("Deadline: {time}").format(time=_local(room, due)) if due else "",
    ]


def _of_order(room: Room, message: Message, language: str) -> list[str]:
    """Return what is ordered, where and when; nothing that anybody wrote, no key, and no place that says whose it is."""
    _ = translator(language)
    try:
        with room.ledger.reading() as connection:
            filed = orders.get(connection, room.id, message.number)
    except UnknownOrder:
        return []
    if not sees(room, filed):
        return []
    place = place_of(room, filed.codes, coarse=True)
    return [
        room.rules.services.item(filed.state.item).name.in_(language),
        _("Place: {place}").format(place=place) if place else "",
        _("Wanted: {time}").format(time=_local(room, filed.state.since)),
    ]


def _of_visit(room: Room, message: Message, language: str) -> list[str]:
    """Return of what kind a visit is, where, until when, and how many more there are beside it; nothing that anybody wrote."""
    _ = translator(language)
    try:
        with room.ledger.reading() as connection:
            filed = visits.get(connection, room.id, message.number, sight_of_visits(room))
            (entry,) = outbox.entries(connection, room.id, message.version - 1, most=1)
    except UnknownVisit:
        return []
    more = int(json.loads(entry["data"]).get("count", 1)) - 1
    place, due = place_of(room, filed.codes, coarse=True), filed.state.due
    return [
        room.rules.visits.kind(filed.state.kind).name.in_(language),
        _("Place: {place}").format(place=place) if place else "",
        _("Until: {day}").format(day=due) if due else "",
        _("and {n} more").format(n=more) if more > 0 else "",
    ]


def _of_patrol(room: Room, message: Message, language: str) -> list[str]:
    """Return of what kind a patrol is, where, from when until when, and how many more there are beside it; nothing that anybody wrote."""
    _ = translator(language)
    try:
        with room.ledger.reading() as connection:
            filed = patrols.get(connection, room.id, message.number, sight_of_visits(room))
            (entry,) = outbox.entries(connection, room.id, message.version - 1, most=1)
    except DraftError:
        return []
    more, state = int(json.loads(entry["data"]).get("counts", {}).get(message.post, 1)) - 1, filed.state
    return [
        room.rules.patrols.kind(state.kind).name.in_(language),
        _("Place: {place}").format(place=every_name(room.area.net).get(filed.level, {}).get(filed.code, filed.code)),
        _("Time: {since} to {until}").format(since=_local(room, state.since), until=_local(room, state.until)),
        _("and {n} more").format(n=more) if more > 0 else "",
    ]


def _of_plan(room: Room, message: Message, language: str) -> list[str]:
    """Return of which day a plan is, and how many sites it has for the post, from when on; nothing of the others."""
    _ = translator(language)
    try:
        with room.ledger.reading() as connection:
            found = plans.get(connection, room.id, message.number, sight_of_plans(room))
    except DraftError:
        return []
    stops = found.of_post(message.post)
    said = [_("Day: {day}").format(day=found.day)]
    if found.state is PlanState.KEPT and stops:
        begins = stops[0].begins
        said.append(_("{n} sites, the first at {time}").format(n=f"{len(stops):,}", time=f"{begins // 3600:02d}:{begins % 3600 // 60:02d}"))  # fmt: skip
    return said


def _of_upwind(room: Room, message: Message, language: str) -> list[str]:
    """Return of which station and hour a list is, and how many sources of it are the post's; none of them by name."""
    _ = translator(language)
    try:
        with room.ledger.reading() as connection:
            found = upwinds.get(connection, room.id, message.number, register.sight(room))
            lines = upwinds.lines(connection, room.id, message.number, register.sight(room))
    except DraftError:
        return []
    mine = sum(one.post == message.post for one in lines)
    return [
        _("Station: {name}, {time}").format(name=found.name, time=_local(room, found.hour)),
        _("{n} source(s) to be looked at: a list to walk, and no proof").format(n=f"{mine:,}"),
    ]


def _of_expiry(room: Room, message: Message, language: str) -> list[str]:
    """Return what runs out at which site, and how many more sites there are beside it."""
    _ = translator(language)
    try:
        one = register.get(room, message.number)
        with room.ledger.reading() as connection:
            (entry,) = outbox.entries(connection, room.id, message.version - 1, most=1)
    except DraftError:
        return []
    more = int(json.loads(entry["data"]).get("count", 1)) - 1
    things = json.loads(entry["after"])
    return [
        one.name,
        *(_("{name} until {day}").format(name=thing_name(room, key, language), day=day) for key, day in things.items()),
        _("and {n} more").format(n=more) if more > 0 else "",
    ]


def _of_warning(room: Room, message: Message, language: str) -> list[str]:
    """Return whose order a warning is, and how many of its tasks are overdue at the sources of the post; none of them by name."""
    _ = translator(language)
    try:
        with room.ledger.reading() as connection:
            found = warnings.get(connection, room.id, message.number)
            (entry,) = outbox.entries(connection, room.id, message.version - 1, most=1)
    except DraftError:
        return []
    many = int(json.loads(entry["data"]).get("counts", {}).get(message.post, 1))
    return [f"{found.issuer} {found.order}", _("{n} task(s) overdue: please go, urge and report").format(n=f"{many:,}")]


def _of_emergency(room: Room, message: Message, language: str) -> list[str]:
    """Return the class of an emergency, its building, and when it began."""
    _, found = translator(language), event_of(room, message.number)
    if found is None:
        return []
    event, at = found
    plan = room.rules.emergencies.plans.get(event.kind)
    return [
        plan.name.in_(language) if plan else event.kind,
        _("Place: {place}").format(place=at.title),
        _("Begun: {time}").format(time=_local(room, event.begun)),
    ]


def _of_notice(room: Room, message: Message, language: str) -> list[str]:
    """Return what a notice says, by whom and until when; of one that was taken back only its title."""
    _ = translator(language)
    try:
        found = notices.get(room, int(message.number))
    except (DraftError, ValueError):
        return []
    if found.withdrawn:
        return [strike_names(found.title)]
    until = _("Until: {time}").format(time=_local(room, found.until))
    return [strike_names(found.title), strike_names(found.text), f"{post_name(room, found.post)} · {until}"]


# What a message is about -> what it says of it.
_ABOUT: Mapping[str, Callable[[Room, Message, str], list[str]]] = MappingProxyType(
    {
        WHISTLE: _of_whistle,
        ORDER: _of_order,
        UPWIND: _of_upwind,
        EVENT: _of_emergency,
        NOTICE: _of_notice,
        VISIT: _of_visit,
        PATROL: _of_patrol,
        PLAN: _of_plan,
        EXPIRY: _of_expiry,
        WARNING: _of_warning,
    }
)


def _place(room: Room, case: Incident) -> str:
    return place_of(room, case.codes, coarse=case.restricted)


def place_of(room: Room, codes: Mapping[str, str], *, coarse: bool = False) -> str:
    """Return the name of the smallest grid that is known for sure; where it must not say whose it is, none of the smallest level."""
    levels = [level.key for level in reversed(room.area.net.levels)]
    names = full_names(room.area.net)
    for key in levels[1:] if coarse else levels:
        code = codes.get(key, "")
        if code and ";" not in code:
            return names.get(key, {}).get(code, code)
    return ""


def _local(room: Room, time: datetime) -> str:
    return time.astimezone(room.area.pack.timezone).strftime("%m-%d %H:%M")


def _link(room: Room, message: Message, console: str) -> str:
    event = event_of(room, message.number) if message.subject == EVENT and message.kind not in OF_ITSELF else None
    if event:
        return console.rstrip("/") + card_of(room, event[0])
    path, name = PAGE.get(message.subject, ("messages", "")) if message.kind not in OF_ITSELF else ("messages", "")
    said = {"area": room.id, **({name: message.number} if name else {})}
    return f"{console.rstrip('/')}/{path}?{urlencode(said)}"


def _case(room: Room, message: Message) -> Incident | None:
    if message.subject != "incident":
        return None
    try:
        return room.get(message.number)  # as who looks sees it; the courier sees everything
    except UnknownIncident:
        return None
