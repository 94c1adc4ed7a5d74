"""The lifecycle of a whistle (吹哨报到): a community asks, its leader approves, departments report on site, the community ends it.

One table of acts, and the pure function that applies them, as `incidents.lifecycle` does for cases. A whistle calls several parties, one of which leads; each signs,
makes contact and arrives by its own clock. Deadlines come in with the acts that start them. A party may dispute that it was rightly called: its clocks stand still
until the centre decides. What is done on site is a joint record of tasks in order (协同会商), and only the community that asked ends the whistle (销哨).

A hand-over to enforcement (移交) is a whistle of a kind that needs nobody on site: signing is its receipt (回执), finishing its reply, a dispute its return.

Source: domain.md 2.6, 2.7; the sequence 吹哨准, 分哨明, 应哨快, 评哨严.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from geo.errors import LifecycleError
from incidents.lifecycle import By, PostKind
from incidents.moments import to_text, to_texts, to_time, to_times


class Phase(StrEnum):
    """Where a whistle stands."""

    ASKED = "asked"  # waits for its leader
    BLOWN = "blown"  # departments are called
    FINISHED = "finished"  # the lead says that it is done
    CLOSED = "closed"  # the community agrees (销哨)
    DECLINED = "declined"  # the leader did not approve
    WITHDRAWN = "withdrawn"


RUNNING = frozenset({Phase.ASKED, Phase.BLOWN, Phase.FINISHED})


class Blow(StrEnum):
    """What can be done to a whistle."""

    ASK = "ask"
    APPROVE = "approve"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    CALL = "call"  # the centre calls another party, or makes another one lead
    RELEASE = "release"  # the centre lets a party go
    UPHOLD = "uphold"  # the centre decides that a disputed call stands
    SIGN = "sign"
    CONTACT = "contact"
    ARRIVE = "arrive"
    DISPUTE = "dispute"
    TASK = "task"
    TASK_DONE = "task_done"
    TASK_DROP = "task_drop"
    FINISH = "finish"
    RETURN = "return"
    CLOSE = "close"
    RATE = "rate"
    NOTE = "note"
    STEP = "step"  # time: a reminder, or a deadline that passed


ENDS = (Blow.CLOSE, Blow.DECLINE, Blow.WITHDRAW)  # acts after which nothing runs
STAGES = (Blow.SIGN, Blow.CONTACT, Blow.ARRIVE)  # each by its own deadline, in this order


@dataclass(frozen=True)
class Party:
    """A department that is called.

    Attributes
    ----------
    due
        Stage -> deadline, UTC, of each stage that its kind of whistle has; of the lead also ``finish``, where there is a date for the reply.
    times
        Act -> when it last did it, UTC.
    disputed
        Whether it says that it was wrongly called, and nobody decided yet.
    released
        Whether the centre let it go.
    """

    post: str
    lead: bool = False
    due: Mapping[str, datetime] = field(default_factory=dict)
    times: Mapping[str, datetime] = field(default_factory=dict)
    disputed: bool = False
    released: bool = False

    @property
    def next(self) -> Blow | None:
        """The stage that it must reach next; None when it reached all, or was let go."""
        if self.released:
            return None
        return next((stage for stage in STAGES if stage in self.due and stage not in self.times), None)

    @property
    def running(self) -> Blow | None:
        """What its clock runs for: the next stage, then the reply of who leads; None where it has none, or stands still."""
        if self.disputed or self.released:
            return None
        return self.next or (Blow.FINISH if self.lead and Blow.FINISH in self.due else None)

    @property
    def deadline(self) -> datetime | None:
        """The deadline of what runs; None where nothing does, a dispute included."""
        return self.due[self.running] if self.running else None


@dataclass(frozen=True)
class Task:
    """A sub-task of the joint record. Those of one step may be done side by side; a step begins when the one before it is done (先后处置)."""

    number: int
    owner: str
    step: int
    due: datetime | None = None
    done: datetime | None = None
    dropped: bool = False

    @property
    def waits(self) -> bool:
        """Whether it is still to be done."""
        return self.done is None and not self.dropped


@dataclass(frozen=True)
class Whistle:
    """Where a whistle stands: all that the lifecycle decides.

    Attributes
    ----------
    kind
        Key of its kind, which the rules describe.
    asker, approver
        Posts; the approver is "" until there is one.
    approvers
        Kinds of posts that may approve it.
    returns
        How often the community did not agree.
    steps
        What time did already, each once.
    rated
        Post that was rated -> the post that rated it -> stars, 1 to 5.
    """

    phase: Phase
    kind: str
    asker: str
    approvers: tuple[str, ...]
    approver: str = ""
    parties: tuple[Party, ...] = ()
    tasks: tuple[Task, ...] = ()
    returns: int = 0
    rated: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    times: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def lead(self) -> Party | None:
        """The party that leads."""
        return next((party for party in self.active if party.lead), None)

    @property
    def active(self) -> tuple[Party, ...]:
        """The parties that were not let go."""
        return tuple(party for party in self.parties if not party.released)

    @property
    def deadline(self) -> datetime | None:
        """The earliest deadline that runs, of a party or of a task that may be done now."""
        if self.phase is not Phase.BLOWN:
            return None
        tasks = [task.due for task in self.open_tasks if task.due]
        return min([*tasks, *(party.deadline for party in self.active if party.deadline)], default=None)

    @property
    def ended(self) -> datetime | None:
        """When it ended, agreed or not; None while it runs."""
        return None if self.phase in RUNNING else max(self.times[act] for act in ENDS if act in self.times)

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """The tasks that may be done now: those of the earliest step that is not done."""
        waiting = [task for task in self.tasks if task.waits]
        step = min((task.step for task in waiting), default=0)
        return tuple(task for task in waiting if task.step == step)

    @property
    def posts(self) -> frozenset[str]:
        """Every post that has to do with it, one that was let go included."""
        return frozenset({self.asker, self.approver, *(party.post for party in self.parties)} - {""})

    def party(self, post: str) -> Party | None:
        """Return the party that a post is; None where it is none, or was let go."""
        return next((party for party in self.active if party.post == post), None)

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values; times as ISO 8601 in UTC."""
        return {
            "phase": self.phase.value,
            "kind": self.kind,
            "asker": self.asker,
            "approvers": list(self.approvers),
            "approver": self.approver,
            "parties": [
                {**vars(party), "due": to_texts(party.due), "times": to_texts(party.times)} for party in self.parties
            ],
            "tasks": [{**vars(task), "due": to_text(task.due), "done": to_text(task.done)} for task in self.tasks],
            "returns": self.returns,
            "steps": list(self.steps),
            "rated": {post: dict(stars) for post, stars in self.rated.items()},
            "times": to_texts(self.times),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Whistle":
        """Read what `to_json` wrote."""
        parties = (
            {**party, "due": to_times(party["due"]), "times": to_times(party["times"])} for party in plain["parties"]
        )
        tasks = ({**task, "due": to_time(task["due"]), "done": to_time(task["done"])} for task in plain["tasks"])
        return cls(
            phase=Phase(plain["phase"]),
            kind=plain["kind"],
            asker=plain["asker"],
            approvers=tuple(plain["approvers"]),
            approver=plain["approver"],
            parties=tuple(Party(**party) for party in parties),
            tasks=tuple(Task(**task) for task in tasks),
            returns=plain["returns"],
            rated=plain["rated"],
            steps=tuple(plain["steps"]),
            times=to_times(plain["times"]),
        )


@dataclass(frozen=True)
class Blown:
    """One act as the history keeps it. ``data`` holds plain values; its times are ISO 8601.

    ``ASK``: kind, approvers (kinds of posts). ``APPROVE``, ``CALL``: parties, each {post, lead, due {stage: time}}. ``RELEASE``, ``UPHOLD``: post, and for an
    upheld one due. ``TASK``: owner, step, and due. ``TASK_DONE``, ``TASK_DROP``: task. ``RETURN``: due, where the lead gets a new date. ``RATE``: post, stars.
    ``STEP``: step, to.
    """

    act: Blow
    by: By
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


Side = Callable[[Whistle, By], bool]


@dataclass(frozen=True)
class Rule:
    """One line of the table: in which phases, to which it leads (None: it stays), who may, and what its data must carry."""

    frm: frozenset[Phase]
    to: Phase | None
    side: Side
    needs: tuple[str, ...] = ()


ASKERS = frozenset({PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.DEPUTY, PostKind.OFFICE, PostKind.DISPATCHER})


def _asker(whistle: Whistle, by: By) -> bool:
    return by.post in {whistle.asker, whistle.approver}


def _approver(whistle: Whistle, by: By) -> bool:
    return by.kind.value in whistle.approvers and by.post != whistle.asker


def _centre(_whistle: Whistle, by: By) -> bool:
    return by.kind is PostKind.DISPATCHER


def _party(whistle: Whistle, by: By) -> bool:
    return whistle.party(by.post) is not None


def _lead(whistle: Whistle, by: By) -> bool:
    party = whistle.party(by.post)
    return party is not None and party.lead


def _involved(whistle: Whistle, by: By) -> bool:
    return _asker(whistle, by) or _centre(whistle, by) or _party(whistle, by) or _approver(whistle, by)


def _ending(whistle: Whistle, by: By) -> bool:
    return _asker(whistle, by) or _centre(whistle, by)


def _joint(whistle: Whistle, by: By) -> bool:
    return _asker(whistle, by) or _centre(whistle, by) or _lead(whistle, by)


P, B = Phase, frozenset({Phase.BLOWN})
RULES: Mapping[Blow, Rule] = MappingProxyType(
    {
        Blow.APPROVE: Rule(frozenset({P.ASKED}), P.BLOWN, _approver, ("parties",)),
        Blow.DECLINE: Rule(frozenset({P.ASKED}), P.DECLINED, _approver, ("reason",)),
        Blow.WITHDRAW: Rule(frozenset({P.ASKED, P.BLOWN}), P.WITHDRAWN, _ending, ("reason",)),
        Blow.CALL: Rule(B, None, _centre, ("parties", "reason")),
        Blow.RELEASE: Rule(B, None, _centre, ("post", "reason")),
        Blow.UPHOLD: Rule(B, None, _centre, ("post", "reason", "due")),
        Blow.SIGN: Rule(B, None, _party),
        Blow.CONTACT: Rule(B, None, _party),
        Blow.ARRIVE: Rule(B, None, _party),
        Blow.DISPUTE: Rule(B, None, _party, ("reason",)),
        Blow.TASK: Rule(B, None, _joint, ("text", "owner", "step")),
        Blow.TASK_DONE: Rule(B, None, _involved, ("task",)),
        Blow.TASK_DROP: Rule(B, None, _joint, ("task", "reason")),
        Blow.FINISH: Rule(B, P.FINISHED, _lead, ("text",)),
        Blow.RETURN: Rule(frozenset({P.FINISHED}), P.BLOWN, _asker, ("reason",)),
        Blow.CLOSE: Rule(frozenset({P.FINISHED}), P.CLOSED, _asker),
        Blow.RATE: Rule(frozenset({P.CLOSED}), None, lambda whistle, by: _asker(whistle, by) or _party(whistle, by), ("post", "stars")),
        Blow.NOTE: Rule(frozenset(Phase), None, _involved, ("text",)),
        Blow.STEP: Rule(RUNNING, None, _centre, ("step",)),
    }
)  # fmt: skip


def allowed(whistle: Whistle, by: By) -> tuple[Blow, ...]:
    """Return the acts that a post may do now, in the order of the table; what they need is not looked at."""
    return tuple(act for act in RULES if act is not Blow.STEP and not _refusal(whistle, act, by))


def apply(whistle: Whistle | None, entry: Blown) -> Whistle:
    """Return the state after an act.

    Raises
    ------
    LifecycleError
        The act is not allowed now, or not to this post, or lacks what it needs; the message says which.
    """
    if whistle is None:
        return _asked(entry)
    refusal = _refusal(whistle, entry.act, entry.by) or _lacking(whistle, entry)
    if refusal:
        raise LifecycleError(refusal)
    rule = RULES[entry.act]
    after = replace(whistle, phase=rule.to or whistle.phase, times={**whistle.times, entry.act.value: entry.at})
    return _EFFECTS.get(entry.act, _nothing)(after, entry)


def replay(entries: Iterable[Blown]) -> Whistle | None:
    """Return the state after a history; None after an empty one; raises LifecycleError where an entry could not have followed."""
    whistle: Whistle | None = None
    for entry in entries:
        whistle = apply(whistle, entry)
    return whistle


def _asked(entry: Blown) -> Whistle:
    if entry.act is not Blow.ASK:
        raise LifecycleError(f"{entry.act.value} cannot be done to a whistle that is not there yet.")
    if entry.by.kind not in ASKERS:
        raise LifecycleError(f"ask is not for a post of the kind {entry.by.kind.value}: a community asks.")
    if not (entry.data.get("kind") and entry.data.get("approvers")):
        raise LifecycleError("ask needs kind, approvers.")
    times = {Blow.ASK.value: entry.at}
    return Whistle(P.ASKED, entry.data["kind"], entry.by.post, tuple(entry.data["approvers"]), times=times)


def _refusal(whistle: Whistle, act: Blow, by: By) -> str:
    if act not in RULES:
        return f"{act.value} cannot be done to a whistle that is there already."
    rule, party = RULES[act], whistle.party(by.post)
    if whistle.phase not in rule.frm:
        return f"{act.value} cannot be done to a whistle that is {whistle.phase.value}."
    if not rule.side(whistle, by):
        return f"{act.value} is not for {by.post} in this whistle."
    if party and (act in STAGES or act is Blow.DISPUTE):
        return _out_of_turn(act, party)
    return _unfinished(whistle) if act is Blow.FINISH else ""


def _out_of_turn(act: Blow, party: Party) -> str:
    """Say why a party cannot do that now: it disputes the call, has arrived, or another stage is next."""
    if party.disputed:
        return f"{act.value} has to wait: {party.post} disputes the call, and the centre has not decided."
    if act is Blow.DISPUTE:
        return "dispute comes too late: who arrived took the call." if Blow.ARRIVE in party.times else ""
    if party.next is not act:
        return (
            f"{act.value} is not what {party.post} has to do; next is {party.next.value if party.next else 'nothing'}."
        )
    return ""


def _unfinished(whistle: Whistle) -> str:
    """Say why the lead cannot finish: a party disputes or is still on its way, or a task is open."""
    waiting = [party.post for party in whistle.active if party.disputed or party.next]
    if waiting:
        return f"finish has to wait for {', '.join(waiting)}."
    tasks = [str(task.number) for task in whistle.tasks if task.waits]
    return f"finish has to wait for task {', '.join(tasks)}." if tasks else ""


def _lacking(whistle: Whistle, entry: Blown) -> str:
    lacking = [name for name in RULES[entry.act].needs if not entry.data.get(name)]
    if lacking:
        return f"{entry.act.value} needs {', '.join(lacking)}."
    check = _CHECKS.get(entry.act)
    return check(whistle, entry) if check else ""


def _bad_parties(whistle: Whistle, entry: Blown) -> str:
    parties = _read(entry.data["parties"])
    posts = [party.post for party in parties]
    leads = [party.post for party in parties if party.lead]
    if len(set(posts)) < len(posts):
        return f"{entry.act.value} names a party twice."
    if len(leads) > 1 or (not leads and (whistle.lead is None or whistle.lead.post in posts)):
        return f"{entry.act.value} needs one party that leads, and has {len(leads)}."
    if {whistle.asker, whistle.approver, entry.by.post} & set(posts):
        return f"{entry.act.value} calls who asked for it, or who decides about it."
    return ""


def _not_called(whistle: Whistle, entry: Blown) -> str:
    party = whistle.party(entry.data["post"])
    if party is None:
        return f"{entry.data['post']} is no party of this whistle."
    if entry.act is Blow.UPHOLD and not party.disputed:
        return f"{party.post} disputes nothing."
    if entry.act is Blow.RELEASE and party.lead:
        return f"{party.post} leads. Call another party to lead first, or withdraw the whistle."
    return ""


def _bad_task(whistle: Whistle, entry: Blown) -> str:
    if whistle.party(entry.data["owner"]) is None and entry.data["owner"] not in {whistle.asker, whistle.approver}:
        return f"{entry.data['owner']} is not in this whistle, and can own none of its tasks."
    done = max((task.step for task in whistle.tasks if task.done), default=0)
    if int(entry.data["step"]) < done:
        return f"Step {entry.data['step']} lies before one that is done already. Add the task to step {done} or later."
    return ""


def _not_his(whistle: Whistle, entry: Blown) -> str:
    task = next((task for task in whistle.open_tasks if task.number == entry.data["task"]), None)
    if task is None:
        return f"Task {entry.data['task']} is done, has to wait for others, or does not exist."
    return "" if entry.by.post == task.owner else f"Task {task.number} is for {task.owner}."


def _not_waiting(whistle: Whistle, entry: Blown) -> str:
    waits = any(task.waits and task.number == entry.data["task"] for task in whistle.tasks)
    return "" if waits else f"Task {entry.data['task']} is done or dropped already, or does not exist."


def _bad_stars(whistle: Whistle, entry: Blown) -> str:
    rated, by = str(entry.data["post"]), entry.by.post
    is_other_side = whistle.party(rated) is not None if _asker(whistle, entry.by) else rated == whistle.asker
    if not is_other_side:
        return f"rate is not for {rated}: the community rates parties, and a party rates who asked."
    if entry.data["stars"] not in range(1, 6):
        return "rate gives 1 to 5 stars."
    return f"{by} rated {rated} already." if by in whistle.rated.get(rated, {}) else ""


_CHECKS: Mapping[Blow, Callable[[Whistle, Blown], str]] = MappingProxyType(
    {
        Blow.APPROVE: _bad_parties,
        Blow.CALL: _bad_parties,
        Blow.RELEASE: _not_called,
        Blow.UPHOLD: _not_called,
        Blow.TASK: _bad_task,
        Blow.TASK_DONE: _not_his,
        Blow.TASK_DROP: _not_waiting,
        Blow.RATE: _bad_stars,
    }
)


def _nothing(after: Whistle, _entry: Blown) -> Whistle:
    return after


def _read(parties: Iterable[Mapping[str, Any]]) -> list[Party]:
    return [Party(str(one["post"]), bool(one.get("lead")), to_times(one.get("due", {}))) for one in parties]


def _approved(after: Whistle, entry: Blown) -> Whistle:
    return replace(after, approver=entry.by.post, parties=tuple(_read(entry.data["parties"])))


def _called(after: Whistle, entry: Blown) -> Whistle:
    """Add parties; one that is in it already only takes or gives the lead, and its clocks go on."""
    called = {party.post: party for party in _read(entry.data["parties"])}
    leads = any(party.lead for party in called.values())
    kept = []
    for party in after.parties:
        new = called.get(party.post)
        if new and party.released:
            continue  # called anew: it begins from the start
        lead = new.lead if new else party.lead and not leads
        due = {**party.due, **({Blow.FINISH.value: new.due[Blow.FINISH]} if new and Blow.FINISH in new.due else {})}
        kept.append(replace(party, lead=lead, due=due))
    known = {party.post for party in kept}
    return replace(after, parties=(*kept, *(party for post, party in called.items() if post not in known)))


def _of_party(after: Whistle, post: str, **changed: Any) -> Whistle:
    parties = (replace(party, **changed) if party.post == post else party for party in after.parties)
    return replace(after, parties=tuple(parties))


def _reached(after: Whistle, entry: Blown) -> Whistle:
    party = after.party(entry.by.post)
    return _of_party(after, entry.by.post, times={**(party.times if party else {}), entry.act.value: entry.at})


def _upheld(after: Whistle, entry: Blown) -> Whistle:
    """Let the clocks of a party run again; what it reached before stays reached."""
    return _of_party(after, entry.data["post"], disputed=False, due=to_times(entry.data["due"]))


def _released(after: Whistle, entry: Blown) -> Whistle:
    """Let a party go; what it had still to do is the lead's."""
    post, lead = entry.data["post"], after.lead.post if after.lead else ""
    tasks = (replace(task, owner=lead) if task.waits and task.owner == post else task for task in after.tasks)
    return _of_party(replace(after, tasks=tuple(tasks)), post, released=True, disputed=False)


def _returned(after: Whistle, entry: Blown) -> Whistle:
    after, lead, due = replace(after, returns=after.returns + 1), after.lead, entry.data.get("due")
    if lead is None or not due:
        return after
    return _of_party(after, lead.post, due={**lead.due, **to_times({Blow.FINISH.value: due})})


def _tasked(after: Whistle, entry: Blown) -> Whistle:
    data = entry.data
    task = Task(len(after.tasks) + 1, str(data["owner"]), int(data["step"]), to_time(data.get("due")))
    return replace(after, tasks=(*after.tasks, task))


def _task_done(after: Whistle, entry: Blown) -> Whistle:
    tasks = (replace(task, done=entry.at) if task.number == entry.data["task"] else task for task in after.tasks)
    return replace(after, tasks=tuple(tasks))


def _dropped(after: Whistle, entry: Blown) -> Whistle:
    tasks = (replace(task, dropped=True) if task.number == entry.data["task"] else task for task in after.tasks)
    return replace(after, tasks=tuple(tasks))


def _rated(after: Whistle, entry: Blown) -> Whistle:
    post = str(entry.data["post"])
    return replace(
        after, rated={**after.rated, post: {**after.rated.get(post, {}), entry.by.post: entry.data["stars"]}}
    )


_EFFECTS: Mapping[Blow, Callable[[Whistle, Blown], Whistle]] = MappingProxyType(
    {
        Blow.APPROVE: _approved,
        Blow.CALL: _called,
        Blow.RELEASE: _released,
        Blow.UPHOLD: _upheld,
        **dict.fromkeys(STAGES, _reached),
        Blow.DISPUTE: lambda after, entry: _of_party(after, entry.by.post, disputed=True),
        Blow.TASK: _tasked,
        Blow.TASK_DONE: _task_done,
        Blow.TASK_DROP: _dropped,
        Blow.RETURN: _returned,
        Blow.RATE: _rated,
        Blow.STEP: lambda after, entry: replace(after, steps=(*after.steps, str(entry.data["step"]))),
    }
)
