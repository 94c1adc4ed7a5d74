"""The papers of a whistle: the evidence pack (证据包) of one that calls departments, and the hand-over (移交函) with its receipt and reply slip, as words for paper.

The two are never mixed. A hand-over names the authority that is competent and hands facts over; it orders nobody and punishes nothing, which a community cannot.
Source: domain.md 2.6, 2.7, 8.4 (W21).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.room import Room
from incidents.whistles import Blow, Party, Whistle
from locales import Translator
from reports import whistles
from reports.case_words import Line, class_name, local, post_name, timeline
from reports.whistles import Sheet

Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Part:
    """A part of the paper: a heading, a table of lines or of columns, photos."""

    title: str
    rows: Rows = ()
    table: tuple[tuple[str, ...], ...] = ()  # the first line names its columns
    photos: tuple[tuple[str, str], ...] = ()  # small picture and what it shows
    slip: bool = False


@dataclass(frozen=True)
class Pack:
    """What stands on the paper."""

    title: str
    number: str
    letter: str
    parts: tuple[Part, ...]


def pack(room: Room, shown: Sheet, now: datetime, _: Translator, language: str) -> Pack:
    """Return the papers of a whistle by its kind."""
    state = shown.filed.state
    handed = room.rules.whistles.kind(state.kind).hand_over
    title = _("Letter of hand-over") if handed else _("Evidence pack of a whistle")
    parts = [Part(_("The matter"), _matter(room, shown, _, language)), *_case(room, shown, _, language)]
    parts += [_parties(room, shown, now, _)] if state.parties else []
    parts += [_record(room, shown, _)] if state.tasks else []
    parts += [_photos(shown, _)] if shown.photos else []
    parts.append(
        _course(
            _("Course of the whistle") if not handed else _("Course of the hand-over"),
            whistles.lines(room, shown, _),
            _,
        )
    )
    parts += _slips(room, state, _) if handed else []
    return Pack(
        title,
        shown.filed.number,
        _letter(room, state, _) if handed else "",
        tuple(part for part in parts if part.rows or part.table or part.photos),
    )


def _letter(room: Room, state: Whistle, _: Translator) -> str:
    lead = post_name(room, state.lead.post, _) if state.lead else "＿＿＿＿"
    return _("To {authority}: we hand over to you what follows, to be dealt with by you under your own powers. It orders nothing and decides nothing; please sign the receipt, and reply by the date below.").format(authority=lead)  # fmt: skip


def _matter(room: Room, shown: Sheet, _: Translator, language: str) -> Rows:
    state = shown.filed.state
    lead = state.lead
    assisting = "、".join(post_name(room, party.post, _) for party in state.active if not party.lead)
    rows = (
        (_("Kind of whistle"), whistles.kind_name(room, state, language)),
        (_("Reason of the whistle"), whistles.text_of(shown)),
        (
            _("Place"),
            "\n".join(filter(None, (whistles.where(room, shown), f"{shown.filed.lat:.6f}, {shown.filed.lon:.6f}"))),
        ),
        (_("Whistle asked by"), _at(room, state.asker, state.times.get(Blow.ASK), _)),
        (_("Approved by"), _at(room, state.approver, state.times.get(Blow.APPROVE), _) if state.approver else ""),
        (
            _("Authority") if room.rules.whistles.kind(state.kind).hand_over else _("Leads"),
            post_name(room, lead.post, _) if lead else "",
        ),
        (_("Assist"), assisting),
        (_("State"), whistles.phase_name(room, state, _)),
        (_("What was done"), _said(shown, Blow.FINISH)),
        (_("Ended at"), local(room, state.times.get(Blow.CLOSE))),
    )
    return tuple((label, value) for label, value in rows if value)


def _at(room: Room, post: str, at: datetime | None, _: Translator) -> str:
    return f"{post_name(room, post, _)} {local(room, at)}".strip()


def _said(shown: Sheet, act: Blow) -> str:
    found = [entry["data"].get("text") or "" for entry in shown.entries if entry["act"] == act.value]
    return found[-1] if found else ""


def _case(room: Room, shown: Sheet, _: Translator, language: str) -> list[Part]:
    """Return the case with its photos and its course; of one in which people are protected only its number, unless who prints may read it."""
    case = shown.case
    if case is None:
        return []
    if not shown.reads:
        hidden = _("People are protected in this case: only posts that work on it see it.")
        return [Part(_("The case"), ((_("No."), case.number), (_("Matter"), hidden)))]
    rows: Rows = (
        (_("No."), case.number),
        (
            _("Matter"),
            "\n".join(dict.fromkeys(filter(None, (class_name(room, case.class_, language), case.title, case.text)))),
        ),
        (_("Reported at"), local(room, case.reported)),
    )
    photos = tuple(
        (photo["thumbnail"], f"{_('Photo of the case')} {local(room, photo['at'])}") for photo in shown.case_photos
    )
    course = timeline(room, shown.case_entries, shown.case_photos, _, language)
    return [Part(_("The case"), rows, photos=photos), _course(_("Course of the case"), course, _)]


def _parties(room: Room, shown: Sheet, now: datetime, _: Translator) -> Part:
    state = shown.filed.state
    found: list[tuple[str, ...]] = []
    for party in state.parties:
        name, first = post_name(room, party.post, _), True
        for clock in whistles.clocks(room, state, party, now, _) or []:
            found.append((f"{name}\n{_role(party, _)}" if first else "", clock.name, clock.due, clock.at or clock.left))
            first = False
        if first:
            found.append((f"{name}\n{_role(party, _)}", "", "", ""))
    return Part(
        _("Receipt and reply") if room.rules.whistles.kind(state.kind).hand_over else _("Departments that were called"),
        table=((_("Department"), _("Stage"), _("By when"), _("Done at")), *found),
    )


def _role(party: Party, _: Translator) -> str:
    if party.released:
        return _("let go")
    return _("leads") if party.lead else _("assists")


def _record(room: Room, shown: Sheet, _: Translator) -> Part:
    state, found = shown.filed.state, []
    for task in sorted(state.tasks, key=lambda one: (one.step, one.number)):
        done = _("dropped") if task.dropped else local(room, task.done)
        words = whistles.task_text(shown, task.number)
        found.append(
            (str(task.step), f"{task.number}. {words}", post_name(room, task.owner, _), local(room, task.due), done)
        )
    return Part(
        _("Joint record"), table=((_("Step"), _("What is to be done"), _("Owner"), _("By when"), _("Done at")), *found)
    )


def _photos(shown: Sheet, _: Translator) -> Part:
    return Part(
        _("Photos on site"), photos=tuple((one["thumbnail"], _when(shown, one["version"], _)) for one in shown.photos)
    )


def _when(shown: Sheet, version: int, _: Translator) -> str:
    entry = next((entry for entry in shown.entries if entry["version"] == version), None)
    return _(whistles.ACT[Blow(entry["act"])]) if entry else ""


def _course(title: str, lines: Sequence[Line], _: Translator) -> Part:
    found = [(line.at, line.who, "\n".join(filter(None, (line.what, *line.details))), line.said) for line in lines]
    return Part(title, table=((_("Time"), _("Whose act"), _("Act"), _("Words")), *found))


def _slips(room: Room, state: Whistle, _: Translator) -> list[Part]:
    """Return the slips that the authority fills in, or that say when it did: receipt (回执) and reply (答复)."""
    lead = state.lead
    due: Mapping[str, Any] = lead.due if lead else {}
    signed = lead.times.get(Blow.SIGN) if lead else None
    name = post_name(room, lead.post, _) if lead else ""
    blank = "\n"
    return [
        Part(_("Receipt"), ((_("Authority"), name), (_("To be signed by"), local(room, due.get("sign"))), (_("Received by, time, seal"), local(room, signed) or blank)), slip=True),
        Part(_("Reply"), ((_("Authority"), name), (_("To be replied by"), local(room, due.get("finish"))), (_("Dealt with as follows"), blank), (_("Signed by, time, seal"), blank)), slip=True),
    ]  # fmt: skip
