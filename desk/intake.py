"""A report at the desk: what it would become while it is being written, and taking it with what its writer decided about its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from desk import acts, evidence, reports
from desk.acts import Doing
from desk.mediation import KEY as MEDIATION
from desk.mediation import Mediation
from desk.places import names_of
from desk.places.place import Place, duty, neighbours, place
from desk.posts.acting import change
from desk.reports import Draft
from desk.room import Room
from geo.errors import DraftError
from incidents.case import Incident
from incidents.classes import IncidentClass
from incidents.deadlines import add
from incidents.lifecycle import RULES, Act, By
from incidents.limits import Limit, Stage
from incidents.model import Channel
from incidents.posts import Duty
from incidents.text import Personal, find_personal, strike_names
from ledger import rota
from ledger.writing import Writing

LATER, NEW = "later", "new"  # what may be decided about neighbours, beside the number of one of them


@dataclass(frozen=True)
class Term:
    """A deadline that a case would get, and the limit that gives it."""

    due: datetime
    limit: Limit


@dataclass(frozen=True)
class Outlook:
    """What a report would become, as far as it is known.

    Attributes
    ----------
    sort, handle
        Deadline for sorting it, and for handling it if it were dispatched now; None where the rules set none, or nobody said yet what it is.
    same
        What may be the same thing, with its distance in metres, nearest first.
    """

    place: Place
    duty: Duty
    sort: Term | None = None
    handle: Term | None = None
    same: tuple[tuple[Incident, float], ...] = ()


@dataclass(frozen=True)
class Taken:
    """A report that was taken.

    Attributes
    ----------
    fresh
        False where the same was taken before: a second press, or an order number that is there already.
    """

    incident: Incident
    fresh: bool


def outlook(room: Room, draft: Draft, now: datetime) -> Outlook:
    """Say what a draft would become; its class may be missing yet.

    Raises
    ------
    PlaceError, UnknownClass
        It lies in no grid; there is no such class.
    """
    found = place(room, draft.lon, draft.lat, unit=draft.unit, floor=draft.floor)
    posts = _answering(room, duty(room, found.codes), now)
    if not draft.class_:
        return Outlook(found, posts)
    plain = Draft(
        class_=draft.class_, lon=draft.lon, lat=draft.lat, unit=draft.unit, floor=draft.floor, urgency=draft.urgency
    )
    made = reports.checked(room, plain, now, found=found)
    same = tuple(neighbours(room, made, at=draft.reported or now))
    if draft.cleared:
        return Outlook(found, posts, same=same)
    return Outlook(found, posts, _sorting(room, draft, made, now), _handling(room, draft, made, now), same)


def _answering(room: Room, net: Duty, now: datetime) -> Duty:
    """Return the posts as the report will have them: out of hours the one on duty answers, and the net's is informed (`desk.posts.roster.responsible`)."""
    if room.in_hours(now):
        return net
    with room.ledger.reading() as connection:
        key = rota.answering(connection, room.id, now)
    officer = room.register.posts(now).get(key)
    return net if officer is None or officer == net.post else replace(net, post=officer, informed=net.post)


def submit(
    room: Room,
    draft: Draft,
    by: By,
    now: datetime,
    *,
    decided: str = LATER,
    beside: Sequence[str] = (),
    mediation: Mediation | None = None,
) -> Taken:
    """Take a report and what was decided about its neighbours, in one change.

    Parameters
    ----------
    decided
        `LATER`; `NEW`, which keeps it apart from every one of ``beside``; or the number of the one that it is the same as.
    beside
        Numbers of the neighbours that were shown.

    Raises
    ------
    UnknownClass, TextError, PlaceError, PhotoError, DraftError, LifecycleError
        Why it cannot be taken; nothing was written.
    """
    draft = checked_form(room, draft, now, mediation)
    made = reports.checked(room, draft, now)
    shots = evidence.keep(room, draft.photos, kind="after" if draft.cleared else "before", blur=draft.blur)

    def write(writing: Writing) -> Taken:
        before = writing.version
        kept = reports.write(writing, room, draft, made, by, now, photos=shots)
        if kept.version <= before:
            return Taken(kept, fresh=False)
        for doing in _decisions(kept, decided, beside):
            kept = acts.write(writing, room, doing, by, now)
        return Taken(kept, fresh=True)

    return change(room, "report", by, now, write)


def submit_all(room: Room, drafts: Sequence[Draft], by: By, now: datetime) -> list[Taken]:
    """Take several reports in one change, all or none."""
    ready = [checked_form(room, draft, now) for draft in drafts]
    made = [reports.checked(room, draft, now) for draft in ready]

    def write(writing: Writing) -> list[Taken]:
        taken = []
        for draft, incident in zip(ready, made, strict=True):
            before = writing.version
            kept = reports.write(writing, room, draft, incident, by, now)
            taken.append(Taken(kept, fresh=kept.version > before))
        return taken

    return change(room, "report", by, now, write)


def may_decide(by: By) -> bool:
    """Tell whether a post may say that two cases are the same thing, or are not."""
    return by.kind in RULES[Act.LINK].by


def may_be_cleared(class_: IncidentClass, by: By) -> bool:
    """Tell whether a post may clear something of a class on the spot."""
    return class_.self_clear and by.kind in RULES[Act.SELF_CLEAR].by


def personal(room: Room, text: str) -> list[Personal]:
    """Return the kinds of personal data that a text seems to hold; names of the area's places are none."""
    return find_personal(text, keep=names_of(room.area))


def struck(room: Room, text: str) -> str:
    """Return a text without the people in it."""
    return strike_names(text, keep=names_of(room.area))


def checked_form(room: Room, draft: Draft, now: datetime, mediation: Mediation | None = None) -> Draft:
    """Return a draft with what only a form asks for looked at; in a restricted class the people in a text are struck.

    Raises
    ------
    UnknownClass, DraftError
        What is missing.
    """
    if draft.channel is Channel.HOTLINE and not draft.external_id.strip():
        raise DraftError("A hotline order has a number. Give it as it stands on the order.", field="order")
    if draft.due is not None and draft.due <= (draft.reported or now):
        raise DraftError(f"The order's deadline {draft.due} lies before the time of the report.", field="due")
    if draft.cleared and not draft.photos:
        raise DraftError("Clearing on the spot needs a photo. Attach one.", field="photo")
    class_ = room.rules.directory.get(draft.class_)
    if not class_.restricted:
        return draft
    draft = replace(draft, title=struck(room, draft.title), text=struck(room, draft.text))
    if mediation is None:
        return draft
    today = now.astimezone(room.area.pack.timezone).date()
    return replace(draft, more={**draft.more, MEDIATION: mediation.checked(today).to_json()})


def _decisions(made: Incident, decided: str, beside: Sequence[str]) -> list[Doing]:
    if decided == NEW:
        return [Doing(made.number, Act.KEEP_APART, {"to": number}) for number in beside]
    return [] if decided == LATER else [Doing(made.number, Act.LINK, {"to": decided})]


def _sorting(room: Room, draft: Draft, made: Incident, now: datetime) -> Term | None:
    if draft.due is not None:
        return None
    stage = room.rules.deadlines.stage(
        Stage.ACCEPT, class_key=made.class_, major=made.major, urgency=made.urgency.value
    )
    return _term(room, stage, draft.reported or now) if stage else None


def _handling(room: Room, draft: Draft, made: Incident, now: datetime) -> Term | None:
    if draft.due is not None:
        return None
    return _term(room, acts.limit_of(room, made, level=room.area.net.leaf.key), now)


def _term(room: Room, limit: Limit, start: datetime) -> Term:
    return Term(add(room.rules.calendar, start.astimezone(room.area.pack.timezone), limit.span), limit)
