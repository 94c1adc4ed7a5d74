"""Posts, their holders, their load and the duty rota, in words."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from desk.posts.load import Load
from desk.posts.roster import last_day
from desk.posts.staff import Report, Step
from desk.room import Room
from geo.errors import BattlemapError, RosterError, TextError
from incidents.posts import Post
from incidents.rota import Role
from layers.grid_names import full_names, homes
from ledger.posts import Holding
from locales import N_, Translator
from reports.case_words import post_name
from reports.refusals import refusal

ROLE = MappingProxyType(
    {
        Role.LEADER: N_("Leader in charge"),
        Role.OFFICER: N_("Duty officer"),
        Role.HEAD: N_("Heads by turns"),
        Role.NIGHT: N_("Night shift"),
    }
)
WEEKDAY = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
WHY = MappingProxyType(
    {
        "unsorted": N_("Not sorted yet"),
        "overdue": N_("Overdue"),
        "review": N_("Suspension to review"),
        "shift": N_("Reported in this shift"),
    }
)
CLASH = MappingProxyType(
    {
        "role": N_("two posts at once, where one serves"),
        "post": N_("one post in two duties at once"),
        "holder": N_("one person in two duties at once"),
    }
)
ACT = MappingProxyType(
    {
        "add": N_("Post added"),
        "rename": N_("Post changed"),
        "abolish": N_("Post abolished"),
        "restore": N_("Post goes on"),
        "hold": N_("Holder entered"),
        "hand_over": N_("Post handed over"),
        "end": N_("Holding ended"),
        "correct": N_("Holding corrected"),
        "erase": N_("Name erased"),
        "undo": N_("Undone"),
    }
)
VERB = MappingProxyType(
    {
        "add": N_("new post"),
        "rename": N_("other title"),
        "hold": N_("new holder"),
        "correct": N_("other dates"),
        "same": N_("unchanged"),
        "fault": N_("cannot be taken"),
    }
)
# What went wrong, by the kind of a RosterError; the fields are what it says.
TROUBLE: Mapping[str, str] = MappingProxyType(
    {
        "contact": N_("A number or an account stands beside the name. Contacts are not stored before accounts exist: leave it out."),
        "name_empty": N_("A holder needs a name. Write it, or leave the post vacant."),
        "title_empty": N_("A post needs a title. Write how people call it."),
        "needs_grid": N_("This kind of post answers for a grid. Choose one."),
        "no_grid": N_("There is no grid {grid}."),
        "grid_many": N_("Several grids are called {grid}: {near} … Add a column with the community, or give the code."),
        "post_there": N_("That grid has its head already. Change that post, or let it go on."),
        "post_gone": N_("There is no such post, or it was abolished."),
        "holding_gone": N_("Somebody else changed the holders in between. Look again."),
        "stays": N_("This post belongs to the command room itself and stays."),
        "held_twice": N_("The same person holds the post in that time already."),
        "handover_early": N_("The post is held from a later day on. End or correct that first."),
        "stand_in_end": N_("A stand-in needs a last day."),
        "dates": N_("The last day lies before the first. Exchange them."),
        "date": N_("{text} is no day. Write it as 2026-01-31."),
        "yes_no": N_("{text} says neither yes nor no."),
        "kind_unknown": N_("{text} is no kind of post."),
        "no_columns": N_("The file has no column that names a grid or a post. Name it as the template does."),
        "import_faults": N_("{n} rows cannot be taken; nothing was written."),
        "no_posts": N_("Choose the posts that take turns."),
        "span": N_("A rota is filled for at most {most} days at once."),
        "rota_full": N_("Every shift of these days is taken already."),
        "rota_empty": N_("The week before is empty. Fill this one by turns."),
        "rota_changed": N_("Somebody else changed the rota in between. Look at it again."),
        "undo_none": N_("There is nothing of yours to take back."),
        "undo_late": N_("That was more than a minute ago and stands. Correct it instead."),
        "handover_taken": N_("The hand-over was taken already."),
        "handover_own": N_("The post that hands over does not sign for itself."),
        "handover_gone": N_("The hand-over is not there any more."),
        "handover_empty": N_("A hand-over needs words, or cases that it carries."),
    }
)  # fmt: skip


def trouble(error: BattlemapError, _: Translator) -> str:
    """Return what went wrong in words; what has no words of its own as the log has it."""
    if isinstance(error, RosterError) and error.kind in TROUBLE:
        near = (
            _(" Near: {near}.").format(near=error.said["near"])
            if error.kind == "no_grid" and error.said.get("near")
            else ""
        )
        return _(TROUBLE[error.kind]).format(**error.said) + near
    if isinstance(error, TextError):
        return _("The text has {n} characters; {most} are allowed.").format(n=error.length, most=error.most)
    return refusal(error, _)


def holder_name(held: Holding, _: Translator) -> str:
    """Return a holder's name, marked where it is a stand-in's."""
    name = held.holder or _("(erased)")
    return _("{name} (stand-in)").format(name=name) if held.stand_in else name


def day(room: Room, time: datetime) -> str:
    """Return the day of a time in the area, as ``2026-11-22``."""
    return time.astimezone(room.area.pack.timezone).date().isoformat()


def span(room: Room, since: datetime, until: datetime | None, _: Translator) -> str:
    """Return since when and until when, both days included."""
    if until is None:
        return _("since {day}").format(day=day(room, since))
    return _("{first} to {last}").format(first=day(room, since), last=last_day(room, until).isoformat())


def clock(room: Room, time: datetime) -> str:
    """Return the time of day in the area."""
    return time.astimezone(room.area.pack.timezone).strftime("%H:%M")


def day_name(of: date, _: Translator) -> str:
    """Return a day as heading: ``Mon 11-23``."""
    return f"{_(WEEKDAY[of.weekday()])} {of:%m-%d}"


def post_grid(room: Room, post: Post, language: str) -> str:
    """Return the grid of a post with its level; "" for the command room and departments."""
    if not post.grid:
        return ""
    key, code = post.grid
    for overlay in room.area.net.overlays:
        if overlay.key == key:
            place = overlay.positions.get(code)
            return code if place is None else f"{overlay.labels[place]} {overlay.titles[place]}".strip()
    del language
    return full_names(room.area.net).get(key, {}).get(code, code)


def post_full(room: Room, key: str, _: Translator) -> str:
    """Return a post's title by its key with the grid above, where others have the same title: 化纤路社区 三级网格长（2）."""
    name = post_name(room, key, _)
    post = room.register.named(key) if key else None
    home = homes(room.area.net).get(post.grid[0], {}).get(post.grid[1], "") if post and post.grid else ""
    return name if home in name else f"{home} {name}"


def against(number: int | None, norm: tuple[int, int] | None, _: Translator) -> str:
    """Return how a number stands beside its norm, in words; "" within it, or where there is none."""
    if number is None or norm is None:
        return ""
    low, high = norm
    return _("over") if number > high else _("under") if number < low else ""


def over(load: Load) -> bool:
    """Tell whether a post carries more than a norm."""
    return any(
        number is not None and norm is not None and number > norm[1]
        for number, norm in (
            (load.households, load.households_norm),
            (load.open, load.open_norm),
            (load.sites, load.sites_norm),
        )
    )


# Import


def import_table(report: Report, *, written: bool) -> dict[str, Any]:
    """Return an import's report as plain values."""
    return {
        "written": written,
        "rows": len(report.steps),
        "faults": len(report.faults),
        "changes": len(report.changes),
        "columns": dict(report.file.columns),
        "not_read": list(report.file.contacts),
        "report": [
            {
                "row": step.row.number,
                "what": list(step.verbs),
                "post": step.post.key if step.post else "",
                "title": step.post.title if step.post else step.row.title,
                "fault": str(step.row.fault) if step.row.fault else "",
            }
            for step in report.steps
        ],
    }


def import_lines(report: Report, _: Translator, *, written: bool) -> list[str]:
    """Return an import's report for a terminal: what is unchanged is counted, not listed."""
    lines = [_line(step, _) for step in report.steps if step.verbs != ("same",)]
    columns = ", ".join(f"{name} = {heading}" for name, heading in report.file.columns.items())
    lines.append(_("Columns: {columns}").format(columns=columns))
    if report.file.contacts:
        names = ", ".join(report.file.contacts)
        lines.append(_("Not read, for they hold contacts: {names}").format(names=names))
    counted = ", ".join(f"{_(VERB[verb])} {report.count(verb)}" for verb in VERB if report.count(verb))
    lines.append(_("{n} rows: {counted}").format(n=len(report.steps), counted=counted or "0"))
    return [*lines, _("Written.") if written else _("Nothing was written.")]


def _line(step: Step, _: Translator) -> str:
    row = _("row {row}").format(row=step.row.number)
    if step.row.fault or step.post is None:
        return f"{row}: {trouble(step.row.fault, _) if step.row.fault else _(VERB['fault'])}"
    who = f": {holder_name(step.held, _)}" if step.held else ""
    return f"{row}: {', '.join(_(VERB[verb]) for verb in step.verbs)} – {step.post.title}{who}"
