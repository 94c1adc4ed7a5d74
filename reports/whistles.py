"""Whistles in words, for page and paper: what waits for whom, how much time each department has, what was done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pandas as pd

from desk.posts.acting import NOBODY, reads
from desk.posts.own import IN_GRID
from desk.room import Room
from desk.whistle.clock import REMIND
from desk.whistle.people import sight, waits_for
from geo.errors import UnknownIncident
from incidents.case import Incident
from incidents.deadlines import Light, add
from incidents.lifecycle import PostKind
from incidents.limits import Span, Unit
from incidents.posts import Post
from incidents.whistles import RUNNING, STAGES, Blow, Party, Phase, Task, Whistle
from ledger import find, whistles
from ledger.whistles import SUBJECT, Filed
from locales import N_, Translator
from reports.case_words import Line, grid_name, local, post_name, said, span_name
from reports.words import length_of_time

MOST = 200  # rows of a pile that a page shows at once
PHASE = MappingProxyType(
    {
        Phase.ASKED: N_("To be approved"),
        Phase.BLOWN: N_("Whistle is blown"),
        Phase.FINISHED: N_("Done, to be confirmed"),
        Phase.CLOSED: N_("Whistle ended"),
        Phase.DECLINED: N_("Not approved"),
        Phase.WITHDRAWN: N_("Withdrawn"),
    }
)
ACT = MappingProxyType(
    {
        Blow.ASK: N_("Ask for a whistle"),
        Blow.APPROVE: N_("Approve and blow"),
        Blow.DECLINE: N_("Do not approve"),
        Blow.WITHDRAW: N_("Withdraw the whistle"),
        Blow.CALL: N_("Call another department"),
        Blow.RELEASE: N_("Let a department go"),
        Blow.UPHOLD: N_("Uphold the call"),
        Blow.SIGN: N_("Sign for it"),
        Blow.CONTACT: N_("Contact made"),
        Blow.ARRIVE: N_("Sign in on site"),
        Blow.DISPUTE: N_("Dispute the call"),
        Blow.TASK: N_("Add a task"),
        Blow.TASK_DONE: N_("Task done"),
        Blow.TASK_DROP: N_("Drop a task"),
        Blow.FINISH: N_("All is done"),
        Blow.RETURN: N_("Not done: return"),
        Blow.CLOSE: N_("End the whistle"),
        Blow.RATE: N_("Rate the response"),
        Blow.NOTE: N_("Whistle note"),
        Blow.STEP: N_("Reminder"),
    }
)
HANDED_OVER = MappingProxyType(  # the same acts, as a hand-over to enforcement calls them
    {
        Blow.ASK: N_("Ask for a hand-over"),
        Blow.APPROVE: N_("Approve and hand over"),
        Blow.SIGN: N_("Sign the receipt"),
        Blow.DISPUTE: N_("Return as not competent"),
        Blow.FINISH: N_("Reply"),
        Blow.CLOSE: N_("Accept the reply"),
    }
)
# What a clock runs for; what was reached is called as in STAGE.
TO = MappingProxyType({Blow.SIGN: N_("To sign"), Blow.CONTACT: N_("To make contact"), Blow.ARRIVE: N_("To be on site"), Blow.FINISH: N_("To reply")})  # fmt: skip
STAGE = MappingProxyType({Blow.SIGN: N_("Signed"), Blow.CONTACT: N_("Contacted"), Blow.ARRIVE: N_("On site"), Blow.FINISH: N_("Replied")})  # fmt: skip
RECEIPT = N_("Receipt")
PILE = MappingProxyType(
    {
        "approve": (N_("Mine to approve"), N_("No whistle waits for your approval.")),
        "mine": (N_("Waits for me"), N_("No whistle waits for you. Well done.")),
        "running": (N_("Running"), N_("No whistle is running.")),
        "late": (N_("Whistles overdue"), N_("No whistle is overdue.")),
        "finished": (N_("To be confirmed"), N_("No whistle waits to be confirmed.")),
        "ended": (N_("Ended whistles"), N_("No whistle has ended yet.")),
    }
)
NOT_OF = MappingProxyType(
    {
        "approve": frozenset({PostKind.DEPARTMENT, PostKind.WORKER, PostKind.INSPECTOR, PostKind.OFFICE}),
        "mine": frozenset({PostKind.INSPECTOR}),
    }
)


@dataclass(frozen=True)
class Clock:
    """A stage of a party as it shows.

    Attributes
    ----------
    at
        When it was reached, in the area's zone; "" for not yet.
    due
        By when.
    left
        How much time is left, or by how much it is over, in words; "" where no clock runs.
    light
        None where no clock runs; of what was reached, whether it was in time.
    """

    name: str
    at: str
    due: str
    left: str
    light: Light | None


@dataclass(frozen=True)
class Row:
    """A whistle in a list."""

    filed: Filed
    kind: str
    title: str
    where: str
    who: str
    phase: str
    clock: Clock | None


@dataclass(frozen=True)
class Sheet:
    """All that a sheet or a paper shows of one whistle, of one moment."""

    filed: Filed
    entries: Sequence[Mapping[str, Any]]
    photos: Sequence[Mapping[str, Any]]
    case: Incident | None
    case_photos: Sequence[Mapping[str, Any]]
    case_entries: Sequence[Mapping[str, Any]]
    reads: bool  # whether who looks may read the case's words


def kind_name(room: Room, state: Whistle, language: str) -> str:
    """Return what a kind of whistle is called."""
    return room.rules.whistles.kind(state.kind).name.in_(language)


def phase_name(room: Room, state: Whistle, _: Translator) -> str:
    """Return where a whistle stands, in words of its kind."""
    handed = room.rules.whistles.kind(state.kind).hand_over
    if state.phase is Phase.BLOWN and any(party.disputed for party in state.active):
        return _("Disputed, the centre decides")
    return _("Hand-over made") if handed and state.phase is Phase.BLOWN else _(PHASE[state.phase])


def act_name(room: Room, state: Whistle, act: Blow, _: Translator) -> str:
    """Return what an act is called in a whistle of its kind."""
    handed = room.rules.whistles.kind(state.kind).hand_over
    return _(HANDED_OVER[act]) if handed and act in HANDED_OVER else _(ACT[act])


def span_words(span: Span, _: Translator) -> str:
    """Return how much time a stage has: minutes and hours where they run day and night, else by the working calendar."""
    if span.unit is Unit.URGENT_HOUR:
        return (
            length_of_time(pd.Timedelta(hours=span.value), _)
            if span.value < 1
            else _("{n} h").format(n=f"{span.value:g}")
        )
    return span_name(span.text, _)


def clock(room: Room, state: Whistle, due: datetime, now: datetime, name: str, _: Translator, *, stage: Blow | None = None) -> Clock:  # fmt: skip
    """Return a deadline that runs, with its light: amber from the reminder on."""
    over = now >= due
    shown = Light.RED if over else Light.AMBER if _is_near(room, state, due, now, stage) else Light.GREEN
    words = _("{span} over") if over else _("{span} left")
    left = words.format(span=length_of_time(pd.Timedelta(abs(due - now)), _))
    return Clock(name, "", local(room, due), left, shown)


def _is_near(room: Room, state: Whistle, due: datetime, now: datetime, stage: Blow | None) -> bool:
    rules = room.rules.whistles
    span = rules.kind(state.kind).spans.get(stage) if stage else rules.task
    if span is None:
        return False
    before = Span(-span.value * (rules.remind_share if stage else 1), span.unit)
    return bool(before.value) and now >= add(room.rules.calendar, due.astimezone(room.area.pack.timezone), before)


def clocks(room: Room, state: Whistle, party: Party, now: datetime, _: Translator) -> list[Clock]:
    """Return the stages of a party, each reached, running, or to come."""
    handed = room.rules.whistles.kind(state.kind).hand_over
    found = []
    for stage in (*STAGES, Blow.FINISH):
        if stage not in party.due:
            continue
        due, at = party.due[stage], party.times.get(stage) if stage in STAGES else _replied(state)
        name = _(RECEIPT) if handed and stage is Blow.SIGN else _((STAGE if at else TO)[stage])
        if at is not None:
            found.append(Clock(name, local(room, at), local(room, due), "", Light.RED if at > due else Light.GREEN))
        elif party.running is stage and state.phase is Phase.BLOWN:
            found.append(clock(room, state, due, now, name, _, stage=stage))
        else:
            found.append(Clock(name, "", local(room, due), "", None))
    return found


def _replied(state: Whistle) -> datetime | None:
    return state.times.get(Blow.FINISH) if state.phase in {Phase.FINISHED, Phase.CLOSED} else None


def next_clock(room: Room, state: Whistle, post: str, now: datetime, _: Translator) -> Clock | None:
    """Return the deadline that counts for a post: its own where it was called, else the earliest that runs."""
    if state.phase is not Phase.BLOWN:
        return None
    party = state.party(post)
    parties = [party] if party and party.deadline else [one for one in state.active if one.deadline]
    named = [(one.deadline, one.running) for one in parties if one.deadline]
    named += [(task.due, None) for task in state.open_tasks if task.due and (party is None or task.owner == post)]
    if not named:
        return None
    due, stage = min(named, key=lambda one: one[0])
    return clock(room, state, due, now, _(TO[stage]) if stage else _("Task"), _, stage=stage)


def task_clock(room: Room, state: Whistle, task: Task, now: datetime, _: Translator) -> Clock | None:
    """Return the deadline of a task, where it has one."""
    if task.due is None:
        return None
    if task.done:
        return Clock(
            _("Task"),
            local(room, task.done),
            local(room, task.due),
            "",
            Light.RED if task.done > task.due else Light.GREEN,
        )
    if state.phase is Phase.BLOWN and task.waits:
        return clock(room, state, task.due, now, _("Task"), _)
    return Clock(_("Task"), "", local(room, task.due), "", None)


# Lists


def piles_of(post: Post) -> tuple[str, ...]:
    """Return the piles that a post has, in order."""
    if post is NOBODY:
        return ("running", "late", "finished", "ended")
    return tuple(name for name in PILE if post.kind not in NOT_OF.get(name, ()))


def piles(room: Room, post: Post, now: datetime) -> dict[str, list[Filed]]:
    """Return the whistles of every pile of a post."""
    with room.ledger.reading() as connection:
        found = whistles.listed(connection, room.id, sight(room), phases=RUNNING)
        over = whistles.listed(connection, room.id, sight(room), phases=set(Phase) - RUNNING, most=MOST)
    keep: Mapping[str, Callable[[Filed], bool]] = {
        "approve": lambda one: one.state.phase is Phase.ASKED and post.key in waits_for(room, one, now),
        "mine": lambda one: one.state.phase is not Phase.ASKED and post.key in waits_for(room, one, now),
        "running": lambda one: one.state.phase is not Phase.FINISHED,
        "late": lambda one: one.state.deadline is not None and one.state.deadline <= now,
        "finished": lambda one: one.state.phase is Phase.FINISHED,
    }
    return {name: over if name == "ended" else [one for one in found if keep[name](one)] for name in piles_of(post)}


def waiting(room: Room, post: Post, now: datetime) -> tuple[int, int]:
    """Count the whistles that wait for a post, and those among them whose deadline for it has passed: what its inbox says. For who supervises those wait that are overdue."""
    if room.who is not None and not room.who.can("whistles"):
        return 0, 0
    if post.kind is PostKind.INSPECTOR:
        with room.ledger.reading() as connection:
            over = whistles.late(connection, room.id, now, sight(room))
        return over, over
    with room.ledger.reading() as connection:
        found = whistles.listed(connection, room.id, sight(room), phases=RUNNING)
    mine = [one for one in found if post.key in waits_for(room, one, now)]
    return len(mine), sum(1 for one in mine if _is_late(one.state, post.key, now))


def _is_late(state: Whistle, post: str, now: datetime) -> bool:
    party = state.party(post)
    dues = [party.deadline] if party else [state.deadline]
    dues += [task.due for task in state.open_tasks if task.owner == post]
    return state.phase is Phase.BLOWN and any(due is not None and due <= now for due in dues)


def rows(room: Room, filed: Sequence[Filed], post: Post, now: datetime, _: Translator, language: str) -> list[Row]:
    """Return whistles as a list shows them."""
    with room.ledger.reading() as connection:
        why = whistles.why(connection, filed)
    return [_row(room, one, why.get(one.number, ""), post, now, _, language) for one in filed]


def _row(room: Room, filed: Filed, why: str, post: Post, now: datetime, _: Translator, language: str) -> Row:  # noqa: PLR0917  # fmt: skip
    state, lead = filed.state, filed.state.lead
    return Row(
        filed=filed,
        kind=kind_name(room, state, language),
        title=why.split("\n", maxsplit=1)[0] or kind_name(room, state, language),
        where=grid_name(room, filed.codes),
        who=post_name(room, lead.post if lead else state.asker, _),
        phase=phase_name(room, state, _),
        clock=next_clock(room, state, post.key, now, _),
    )


def of_case(room: Room, number: str) -> list[Filed]:
    """Return the whistles about a case that who looks sees."""
    if room.who is not None and not room.who.can("whistles"):
        return []
    with room.ledger.reading() as connection:
        return whistles.listed(connection, room.id, sight(room), incident=number)


def told_of_case(room: Room, number: str) -> list[Filed]:
    """Return all whistles about a case for who works in its grid and may read it: that there are any and where they stand is told to whoever brought it up, and no word of them."""
    if room.who is None or room.who.role not in IN_GRID:
        return []
    with room.ledger.reading() as connection:
        return whistles.listed(connection, room.id, incident=number)


# One


def sheet(room: Room, number: str, now: datetime, *, through: Post | None = None) -> Sheet:
    """Return all of one whistle.

    Its case comes with it for whoever is in the whistle; one in which people are protected only with words for who may read it anyway.

    Raises
    ------
    UnknownWhistle
        There is none of that number, or none for who looks.
    """
    with room.ledger.reading() as connection:
        filed = whistles.get(connection, room.id, number, sight(room))
        entries = find.entries(connection, room.id, number, subject=SUBJECT)
        photos = whistles.photos(connection, filed)
        try:
            case = find.get(connection, room.id, filed.incident) if filed.incident else None
        except UnknownIncident:
            case = None
        shots = find.photos(connection, room.id, case.number) if case else []
        course = find.entries(connection, room.id, case.number) if case else []
    may = bool(case and (not case.restricted or reads(room, case, now, through=through)))
    return Sheet(filed, entries, photos, case, shots if may else [], course if may else [], may)


def text_of(shown: Sheet) -> str:
    """Return what a whistle is about, as who asked wrote it; "" where it was erased."""
    return str(shown.entries[0]["data"].get("text") or "")


def where(room: Room, shown: Sheet) -> str:
    """Return where it is, in words."""
    address = shown.case.address if shown.case and shown.reads else shown.entries[0]["data"].get("address") or ""
    return " · ".join(filter(None, (grid_name(room, shown.filed.codes), address)))


def task_text(shown: Sheet, number: int) -> str:
    """Return the words of a task."""
    tasks = [entry for entry in shown.entries if entry["act"] == Blow.TASK.value]
    return str(tasks[number - 1]["data"].get("text") or "") if number <= len(tasks) else ""


def lines(room: Room, shown: Sheet, _: Translator) -> list[Line]:
    """Return the course of a whistle in words, oldest first."""
    found = []
    for place, entry in enumerate(shown.entries):
        before = shown.entries[place - 1]["at"] if place else None
        took = length_of_time(pd.Timedelta(entry["at"] - before), _) if before and entry["at"] > before else ""
        act = Blow(entry["act"])
        pictures = tuple(
            (one["thumbnail"], one["sha256"]) for one in shown.photos if one["version"] == entry["version"]
        )
        found.append(
            Line(
                version=entry["version"],
                act=act.value,
                at=local(room, entry["at"]),
                after=took,
                who="" if act is Blow.STEP else post_name(room, entry["post"], _),
                what=_what(room, shown.filed.state, entry, _),
                said=said(entry["data"], _),
                details=tuple(_details(room, entry, _)),
                photos=pictures,
            )
        )
    return found


def _what(room: Room, state: Whistle, entry: Mapping[str, Any], _: Translator) -> str:
    act = Blow(entry["act"])
    if act is not Blow.STEP:
        return act_name(room, state, act, _)
    return _("Reminder") if str(entry["data"]["step"]).startswith(REMIND) else _("Deadline passed")


def _details(room: Room, entry: Mapping[str, Any], _: Translator) -> list[str]:
    data, found = entry["data"], []
    if data.get("proposed"):
        found.append(_("proposed: {posts}").format(posts=_names(room, data["proposed"], _)))
    for party in data.get("parties", ()):
        role = _("{post} leads") if party["lead"] else _("{post} assists")
        found.append(role.format(post=post_name(room, party["post"], _)))
    if data.get("post"):
        found.append(post_name(room, data["post"], _))
    if data.get("owner"):
        found.append(_("to {post}").format(post=post_name(room, data["owner"], _)))
    if entry["act"] == Blow.STEP.value:
        found.append(_("told {post}").format(post=_names(room, data.get("to", ()), _)))
    if data.get("task"):
        found.append(_("task {n}").format(n=data["task"]))
    if isinstance(data.get("due"), str):
        found.append(_("by {time}").format(time=local(room, datetime.fromisoformat(data["due"]))))
    if data.get("stars"):
        found.append("★" * int(data["stars"]))
    return found


def _names(room: Room, posts: Sequence[str], _: Translator) -> str:
    return "、".join(post_name(room, post, _) for post in posts)
