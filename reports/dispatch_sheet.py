"""The dispatch sheet (派遣单): the columns that such sheets have in practice, filled in from a case and its history, as words for paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desk.room import Room
from incidents.case import Incident
from incidents.lifecycle import Act
from incidents.limits import EXTERNAL
from locales import Translator
from reports.case_words import class_name, dedicated_names, grid_name, local, post_name, said, span_name
from reports.words import CHANNEL, URGENCY

DISPATCHES = (Act.DISPATCH.value, Act.ESCALATE.value)


@dataclass(frozen=True)
class DispatchSheet:
    """What stands on the sheet.

    Attributes
    ----------
    rows
        Label and value of each line, in order; a value of "" leaves room for handwriting.
    """

    title: str
    number: str
    rows: tuple[tuple[str, str], ...]


def dispatch_sheet(
    room: Room, case: Incident, entries: Sequence[Mapping[str, Any]], _: Translator, language: str
) -> DispatchSheet:
    """Return the sheet of a case.

    Source: columns of 派遣单(任务单) as used in practice [domain.md 6].
    """
    entries = _standing(entries)
    sent = next((entry for entry in reversed(entries) if entry["act"] in DISPATCHES), None)
    accepted = _after(entries, Act.ACCEPT, sent)
    feedback = _after(entries, Act.FEEDBACK, sent) or _after(entries, Act.CLEAR, sent)
    grid = " · ".join(filter(None, (grid_name(room, case.codes), dedicated_names(room, case.codes))))
    matter = class_name(room, case.class_, language)
    rows = (
        (_("Dispatched at"), local(room, sent["at"]) if sent else ""),
        (_("Urgency"), _(URGENCY[case.urgency])),
        (_("Handling unit"), post_name(room, case.state.handler, _)),
        (_("Assisting unit"), post_name(room, case.informed, _) if case.informed != case.state.handler else ""),
        (_("Matter"), "\n".join(dict.fromkeys(filter(None, (f"{matter} · {_(CHANNEL[case.channel])}", case.title, case.text))))),
        (_("What is to be done"), said(sent["data"], _) if sent else ""),
        (_("Deadline"), _limit(room, case, _)),
        (_("Place"), "\n".join(filter(None, (case.address, grid, f"{case.lat:.6f}, {case.lon:.6f}")))),
        (_("Signed for by, time"), _signed(room, accepted, _)),
        (_("Feedback"), f"{local(room, feedback['at'])} {said(feedback['data'], _)}" if feedback else ""),
    )  # fmt: skip
    return DispatchSheet(_("Dispatch sheet"), case.number, rows)


def _standing(entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the entries without those that were taken back: an undo takes back the entry before it."""
    found: list[Mapping[str, Any]] = []
    for entry in entries:
        if entry["act"] != Act.UNDO.value:
            found.append(entry)
        elif found:
            found.pop()
    return found


def _limit(room: Room, case: Incident, _: Translator) -> str:
    state = case.state
    if state.due is None:
        return ""
    limit = ""
    if state.limit and state.rule != EXTERNAL:
        limit = _(" ({span})").format(span=span_name(state.limit, _))
    return local(room, state.due) + limit


def _signed(room: Room, entry: Mapping[str, Any] | None, _: Translator) -> str:
    return f"{post_name(room, entry['post'], _)} {local(room, entry['at'])}" if entry else ""


def _after(entries: Sequence[Mapping[str, Any]], act: Act, sent: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    since = sent["version"] if sent else 0
    return next((entry for entry in reversed(entries) if entry["act"] == act.value and entry["version"] > since), None)
