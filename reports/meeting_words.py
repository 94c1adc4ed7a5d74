"""Words for meetings, tasks, theme days and letters of campaigns, and what their papers say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from desk.campaigns import themes
from desk.room import Room
from desk.sites import register
from geo.errors import DraftError, RulesError
from inspections.meetings import Act, State
from ledger.meetings import SITE, Letter, Meeting, Result, Task, Theme
from locales import N_, Translator
from reports.case_words import Line, local, post_name
from reports.patrol_words import grid_title

STATE: Mapping[State, str] = MappingProxyType(
    {
        State.HELD: N_("Held"),
        State.STRUCK: N_("Struck"),
        State.OPEN: N_("To be done"),
        State.DONE: N_("Done"),
        State.CANCELLED: N_("Cancelled"),
        State.PLANNED: N_("Planned"),
        State.ISSUED: N_("Not signed yet"),
        State.SIGNED: N_("Signed by both"),
        State.REFUSED: N_("Signature refused"),
        State.VOID: N_("Taken back"),
    }
)
ACT: Mapping[Act, str] = MappingProxyType(
    {
        Act.DONE: N_("Done"),
        Act.REOPEN: N_("Open again"),
        Act.MAKE: N_("Written down"),
        Act.CHANGE: N_("Changed"),
        Act.MOVE: N_("Another post or day"),
        Act.CANCEL: N_("Cancel"),
        Act.STRIKE: N_("Strike the record"),
        Act.HOLD: N_("It was held"),
        Act.SIGN: N_("It was signed"),
        Act.REFUSE: N_("Signature refused"),
        Act.VOID: N_("Take it back"),
    }
)
RESULT: Mapping[str, str] = MappingProxyType(
    {
        "sites": N_("Sites reached"),
        "inspections": N_("Inspections"),
        "found": N_("Hazards found"),
        "corrected": N_("Put right on the spot"),
        "refused": N_("Refused to put right"),
    }
)
DRAFT: Mapping[str, str] = MappingProxyType(
    {
        "meeting_gone": N_("There is no such record, or it does not concern your posts. Look it up in the list."),
        "meeting_day": N_("A meeting is written down once it was held. Give today, or a day before."),
        "meeting_posts": N_("One of the posts is not there any more, or none was chosen. Choose posts of the list."),
        "meeting_empty": N_("Write what was done, what the problems are or what was decided, or give a task."),
        "meeting_tasks": N_("Too many tasks for one meeting. Give at most 30."),
        "meeting_due": N_("The day of a task is that of the meeting or a later one, within a year. Give such a day."),
        "meeting_move": N_("The task would stay as it is. Choose another post, or another day."),
        "theme_day": N_("The day does not fit: within a year, and not ahead of today where the day was held."),
        "theme_time": N_("A theme day ends after it began. Look at both times."),
        "theme_checklist": N_("There is no such checklist any more. Choose one of the list."),
        "theme_grid": N_("There is no such grid. Choose one of the list."),
        "letter_there": N_("One of them has a letter in this campaign already. Nothing was written; choose again."),
        "letter_parties": N_("Letters are made out to 1 to 1,000 sites or posts at a time. Choose them."),
        "letter_until": N_("The last day is over, or too far away. Give a later day, or none."),
        "letter_words": N_("A letter says what is to be reached and what is to be done. Write both."),
        "letter_day": N_("A letter is signed between the day on which it was made out and today. Give such a day."),
        "letter_reason": N_("Say why the letter was not signed."),
    }
)
# What the lifecycle says, and how a page says it.
RULES = ((re.compile(r"is not for a (?:meeting|meeting_task|theme_day|letter) that is"), N_("It was changed meanwhile, and this cannot be done to it any more.")),)  # fmt: skip
BETWEEN: Mapping[str, str] = MappingProxyType({"zh": "、", "en": ", "})


@dataclass(frozen=True)
class Paper:
    """What stands on a paper: facts, sections of words, a table under its title, and who signs."""

    rows: tuple[tuple[str, str], ...]
    sections: tuple[tuple[str, str], ...] = ()
    heads: tuple[str, ...] = ()
    lines: tuple[tuple[str, ...], ...] = ()
    table: str = ""
    signs: tuple[str, ...] = ()


def names(room: Room, keys: tuple[str, ...], _: Translator, language: str) -> str:
    """Return the titles of posts in a row."""
    return BETWEEN[language].join(post_name(room, key, _) for key in keys)


def history(room: Room, entries: list[dict[str, Any]], _: Translator) -> list[Line]:
    """Return the acts of a meeting, a task or a theme day in words, with the post and the day to which a task was moved."""
    said = []
    for one in entries:
        before, now = one["before"], one["after"]
        moved = [f"{post_name(room, before['post'], _)} → {post_name(room, now['post'], _)}"] if before.get("post", now.get("post")) != now.get("post") else []  # fmt: skip
        moved += [f"{before[name]} → {now[name]}" for name in ("due", "day") if before.get(name, now.get(name)) != now.get(name)]  # fmt: skip
        said.append(Line(one["version"], one["act"], local(room, one["at"]), "", post_name(room, one["post"], _), _(ACT[Act(one["act"])]), "", tuple(moved), ()))  # fmt: skip
    return said


def matter(task: Task, _: Translator) -> str:
    """Return what a task is; that its words were erased, where they were."""
    return task.words.get("matter") or _("(erased when its time was over)")


def place(room: Room, theme: Theme, _: Translator) -> str:
    """Return the grid in which the posts of a theme day look."""
    return grid_title(room, theme.level, theme.code) if theme.code else _("Whole area")


def checklist(room: Room, key: str, _: Translator, language: str) -> str:
    """Return the name of a checklist, its key where it is not there any more."""
    try:
        return room.rules.checklists.current(key).name.in_(language) if key else _("Any checklist")
    except RulesError:
        return key


def party(room: Room, letter: Letter, _: Translator) -> tuple[str, str]:
    """Return to whom a letter is made out, and its number or grid beside: a site by its name, a post by its title."""
    if letter.party != SITE:
        return post_name(room, letter.key, _), ""
    try:
        site = register.get(room, letter.key)
    except DraftError:
        return letter.key, ""
    return site.name, f"{site.number} {site.address}".strip()


def results(found: Result, _: Translator) -> list[tuple[str, int]]:
    """Return what came of a theme day, with the names of the counts."""
    return [(_(title), getattr(found, name)) for name, title in RESULT.items()]


def meeting_paper(room: Room, found: Meeting, tasks: list[Task], _: Translator, language: str) -> Paper:
    """Return the record of a meeting (日例会纪要)."""
    return Paper(
        (
            (_("Time"), f"{found.day} {found.begins}"),
            (_("Meeting place"), found.place),
            (_("Chair"), post_name(room, found.chair, _)),
            (_("Present"), names(room, found.roster, _, language)),
            *(((_("State"), _(STATE[found.state])), *reason(found, _)) if found.state is State.STRUCK else ()),
        ),
        tuple((title, found.words[key]) for key, title in words_of(_).items() if found.words.get(key)),
        (_("Task"), _("Post"), _("Until"), _("State")) if tasks else (),
        tuple(
            (matter(one, _), post_name(room, one.post, _), one.due.isoformat(), _(STATE[one.state])) for one in tasks
        ),
        _("Tasks of this meeting"),
        (_("Chair (signature)"), _("Recorded by (signature)")),
    )


def reason(found: Meeting | Theme, _: Translator) -> list[tuple[str, str]]:
    """Return the row that says why a meeting was struck or a theme day cancelled; none where it was not."""
    said_ = found.words.get("reason", "") if found.state in {State.STRUCK, State.CANCELLED} else ""
    return [(_("Reason"), said_)] if said_ else []


def words_of(_: Translator) -> dict[str, str]:
    """Return the sections of a meeting's record: key -> heading."""
    return {"done": _("Done since the last meeting"), "problems": _("Problems"), "decisions": _("Decisions")}


def theme_paper(room: Room, found: Theme, _: Translator, language: str) -> Paper:
    """Return the roster of a theme day, with what came of it once it was held."""
    came = results(themes.result(room, found), _) if found.state is State.HELD else []
    return Paper(
        (
            (_("Time"), f"{found.day} {found.begins}–{found.ends}"),
            (_("Gathering place"), found.place),
            (_("Where they look"), place(room, found, _)),
            (_("Checklist"), checklist(room, found.checklist, _, language)),
            (_("State"), _(STATE[found.state])),
            *reason(found, _),
            *((title, f"{many:,}") for title, many in came),
        ),
        (),
        ("#", _("Post on the roster"), _("Signed in"), _("Note")),
        tuple((str(place_), post_name(room, key, _), "", "") for place_, key in enumerate(found.roster, 1)),
        _("On the roster"),
        (_("Person in charge (signature)"),),
    )


def letter_paper(room: Room, found: Letter, _: Translator) -> Paper:
    """Return a letter of responsibility (责任书)."""
    name, beside = party(room, found, _)
    titles = {"target": _("Target"), "tasks": _("What they take on"), "rewards": _("Reward and penalty"), "reason": _("Why it was not signed")}  # fmt: skip
    return Paper(
        tuple(
            row
            for row in (
                (_("Made out to"), name),
                (_("Number and place"), beside),
                (_("Made out on"), found.issued.isoformat()),
                (_("Holds until"), said(found.until)),
                (_("Signed on"), said(found.signed)),
                (_("State"), _(STATE[found.state])),
            )
            if row[1]
        ),
        tuple((title, found.words[key]) for key, title in titles.items() if found.words.get(key)),
        signs=(_("For the street or community (signature)"), _("Who answers for it (signature)"), _("Date")),
    )


def said(day: date | None) -> str:
    """Return a day, "" for none."""
    return day.isoformat() if day else ""
