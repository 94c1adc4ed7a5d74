"""Campaigns in words: names of states and figures, what a gate still asks for, the tables of files, and what is said when something cannot be."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

import pandas as pd

from desk.room import Room
from desk.sheets import acts as sheets
from geo.errors import BattlemapError
from incidents.sheet_life import Act
from incidents.sheets import span
from inspections.campaigns import Campaign, Phase, Reach, Row, Rule, Shortfall, Source, State, total
from layers.grid_names import full_names
from ledger import campaigns
from ledger.campaigns import FAULTS, POST, Asked
from locales import N_, Translator
from reports.case_words import level_name, post_name
from reports.coverage import question
from reports.daily import phase_of
from reports.figures import INSTANT, level_of
from reports.sheet_files.paper import Paper

SOURCE: Mapping[Source, str] = MappingProxyType(
    {Source.SITES: N_("Sites of the register"), Source.HOUSEHOLDS: N_("Households of buildings"), Source.CASES: N_("Cases of some classes")}
)  # fmt: skip
STATE: Mapping[State, str] = MappingProxyType(
    {State.PLANNED: N_("Not begun"), State.RUNNING: N_("Running"), State.CLOSED: N_("It is over"), State.CANCELLED: N_("Called off")}
)  # fmt: skip
REACH: Mapping[Reach, str] = MappingProxyType(
    {Reach.VISITED: N_("Inspected"), Reach.REFUSED: N_("Refused entry"), Reach.ABSENT: N_("Nobody was there"), Reach.NOT_YET: N_("Not yet")}
)  # fmt: skip
DUE, NEW = "second_due", "new_today"  # figures that lead to lists beside those of `Reach`
HEADS: Mapping[str, str] = MappingProxyType(
    {
        "targets": N_("To be inspected"),
        "visited": REACH[Reach.VISITED],
        "new_today": N_("Of these this day"),
        "refused": REACH[Reach.REFUSED],
        "absent": REACH[Reach.ABSENT],
        "not_yet": REACH[Reach.NOT_YET],
        "second_due": N_("To be visited again"),
        "findings": N_("Hazards found"),
        "corrected": N_("Put right and closed"),
        "correcting": N_("Being put right"),
        "handed_over": N_("Handed to a department"),
        "open_late": N_("Overdue"),
    }
)
LISTED = ("targets", *(one.value for one in Reach), DUE, NEW)
FINDINGS = "findings"
MOST_FAULTS = 10_000  # findings that such a list holds
DRAFT: Mapping[str, str] = MappingProxyType(
    {
        "campaign_gone": N_("There is no such campaign, or none that you see. Look it up in the list."),
        "campaign_name": N_("A campaign has a name. Write what it is called."),
        "campaign_force": N_("A task force has at least one post of the area. Choose posts of the list."),
        "campaign_phases": N_("A campaign has one to eight phases, and each has a name."),
        "campaign_days": N_("Phases follow one another, and each ends after it starts. Look at their days."),
        "campaign_kinds": N_("Say what the phase is about: choose kinds of the list."),
        "campaign_grids": N_("The phase names a grid that there is not. Choose grids of the list."),
        "campaign_gate": N_("The gate asks for a share of 0 to 100 percent, and for a grade of the list."),
        "campaign_empty": N_("The phase has no targets: nothing in use is what its rule says. Change the rule, or the register."),
        "campaign_close": N_("The gate is not met. Say why the phase is closed all the same."),
        "campaign_reason": N_("Say why the campaign is called off."),
        "attempt_time": N_("The time lies ahead. Look at the clock of the device."),
        "attempt_again": N_("The day of the next visit is over, or too far away. Choose another one."),
        "attempt_gone": N_("There is no such line any more, or it was struck. Look at the site again."),
    }
)  # fmt: skip


def share(part: int, whole: int) -> str:
    """Return a share in percent with one place, "–" of nothing."""
    return f"{100 * part / whole:.1f}%" if whole else "–"


def group_name(room: Room, by: str, _: Translator, language: str) -> str:
    """Return what the rows of a table are: a level, or posts."""
    overlays = {one.key: one.name.in_(language) for one in room.area.net.overlays}
    return _("Post") if by == POST else overlays.get(by) or level_name(room, by, language)


def groups(room: Room) -> tuple[str, ...]:
    """Return by what the targets are counted: levels that divide the area, dedicated grids, posts."""
    net = room.area.net
    levels = [level.key for level in net.levels if len(level) > 1] or [net.leaf.key]
    return (*levels, *(one.key for one in net.overlays if one.responsible), POST)


def rule_words(room: Room, source: Source, rule: Rule, _: Translator, language: str) -> str:
    """Return in one line what a phase is about."""
    named = {key: kind.name.in_(language) for key, kind in room.rules.sites.kinds.items()} if source is Source.SITES else {key: room.class_name(key).in_(language) for key in rule.kinds}  # fmt: skip
    grids = [full_names(room.area.net).get(key, {}).get(code, code) for key, code in rule.grids]
    between = "、" if language == "zh" else ", "
    said = [
        between.join(named.get(key, key) for key in rule.kinds) or (_("All kinds") if source is Source.SITES else ""),
        between.join(grids),
        f"“{rule.text}”" if rule.text else "",
        _("all that no earlier phase had") if rule.rest else "",
    ]
    return " · ".join(filter(None, said))


def gate_words(phase: Phase, lacks: Shortfall | None, room: Room, _: Translator, language: str) -> str:
    """Return what the gate of a phase asks for, and what is missing; "" for a gate that asks for nothing."""
    gate, said = phase.gate, []
    grades = {grade.key.value: grade.name.in_(language) for grade in room.rules.checklists.grades.grades.values()}
    if gate.visited:
        now = _(" (now {share}%)").format(share=f"{lacks.visited:.1f}") if lacks and lacks.visited is not None else ""
        said.append(_("{share}% inspected").format(share=f"{gate.visited:g}") + now)
    if gate.grade:
        now = _(" (now {n})").format(n=f"{lacks.grade:,}") if lacks and lacks.grade else ""
        said.append(_("no open finding of the grade {grade} or worse").format(grade=grades.get(gate.grade, gate.grade)) + now)  # fmt: skip
    if gate.letters:
        now = _(" (now {n} without)").format(n=f"{lacks.letters:,}") if lacks and lacks.letters else ""
        said.append(_("a letter of responsibility with every site") + now)
    return ("；" if language == "zh" else "; ").join(said)


def table(room: Room, rows: Sequence[Row], by: str, _: Translator, language: str) -> pd.DataFrame:
    """Return the figures as the table of a file, with the sum below."""
    lines = [*rows, total(rows)]
    names = [*(one.name or _("No grid") for one in rows), _("Sum")]
    columns: dict[str, list[object]] = {group_name(room, by, _, language): list(names)}
    for name, head in HEADS.items():
        columns[_(head)] = [getattr(one, name) for one in lines]
        if name == "visited":
            columns[_("Share inspected")] = [share(one.visited, one.targets) for one in lines]
        if name == "corrected":
            columns[_("Share put right")] = [share(one.corrected, one.findings) for one in lines]
    return pd.DataFrame(columns)


def targets_table(room: Room, campaign: Campaign, number: int, at: datetime, _: Translator, language: str) -> pd.DataFrame:  # fmt: skip
    """Return the sites of a phase as the table of a file: how each stands."""
    with room.ledger.reading() as connection:
        found = campaigns.targets(connection, question(room, campaign, number, at), most=room.rules.settings.export_rows)  # fmt: skip
    net = room.area.net
    columns = {
        _("Number"): [site.number for site, *_rest in found],
        _("Name"): [site.name for site, *_rest in found],
        _("Kind"): [room.rules.sites.kinds[site.kind].name.in_(language) if site.kind in room.rules.sites.kinds else site.kind for site, *_rest in found],
        **{level_name(room, key, language): [site.codes.get(key, "") for site, *_rest in found] for key in net.keys},
        _("Responsible"): [post_name(room, site.post, _) for site, *_rest in found],
        _("How far"): [_(REACH[reach_of(target)]) for _site, target, _first in found],
        _("First inspected"): [first for *_rest, first in found],
        _("To be visited again"): [_("yes") if target.due else "" for _site, target, _first in found],
    }  # fmt: skip
    return pd.DataFrame(columns)


def reach_of(target: object) -> Reach:
    """Return in which state a target of one stands."""
    return next((reach for reach in (Reach.VISITED, Reach.REFUSED, Reach.ABSENT) if getattr(target, reach.value)), Reach.NOT_YET)  # fmt: skip


def day_words(phase: Phase) -> str:
    """Return from when to when a phase runs."""
    first, last = phase.begun or phase.starts, phase.closed or phase.ends
    return f"{first:%Y-%m-%d} – {last:%Y-%m-%d}"


SHEET = "sheet-"  # before the daily sheet whose figure leads to a list
TARGET = "target"  # of an address of sites: campaign, phase, and how they stand, between dots


def target_of(room: Room, said: str, now: datetime) -> frozenset[str] | None:
    """Return the sites that an address asks for as targets of a phase: ``专-2026-0001.1``, perhaps with ``.absent``, ``.second_due``, a day, or a daily sheet (``.sheet-2026-07-01`` or its number), and with the grid or post in which they count (``@community:0101``); None where it asks for none, and none where there is no such campaign."""
    found = _question(room, said, now) if said else None
    if found is None:
        return frozenset() if said else None
    with room.ledger.reading() as connection:
        return frozenset(campaigns.numbers(connection, found[2]))


def faults_of(room: Room, said: str, now: datetime) -> frozenset[str] | None:
    """Return the findings that an address asks for as those of a phase, as `target_of`: ``专-2026-0001.1.corrected``, one of `FAULTS`, all of them without one."""
    found = _question(room, said, now) if said else None
    if found is None:
        return frozenset() if said else None
    with room.ledger.reading() as connection:
        numbers = campaigns.faults(connection, found[2], next((one for one in found[3] if one in FAULTS), FINDINGS))
    return frozenset(numbers if len(numbers) <= MOST_FAULTS else ())


def fault_words(room: Room, said: str, now: datetime, _: Translator) -> str:
    """Return what the findings are that an address asks for: campaign, phase, figure and day; "" where it asks for none."""
    found = _question(room, said, now) if said else None
    if found is None:
        return ""
    campaign, phase, asked, how = found
    name = next((one for one in how if one in FAULTS), FINDINGS)
    day = next((one.removeprefix(SHEET) for one in how if one[:2] == "20" or one.startswith(SHEET)), "")
    place = full_names(room.area.net).get(asked.grid[0], {}).get(asked.grid[1], "") or post_name(room, asked.grid[1], _) if asked.grid else ""  # fmt: skip
    return " · ".join(filter(None, (campaign.name, campaign.phase(phase).name, place, _(HEADS[name]), day and _("as of {day}").format(day=day))))  # fmt: skip


def sheet_target(room: Room, campaign: str, paper: Paper, which: str, figure: str, code: str) -> tuple[str, dict[str, str]] | None:  # noqa: PLR0917  # fmt: skip
    """Return the page that lists what a figure of a campaign's daily sheet counts, and what it is asked for; None where there is no such list.

    Parameters
    ----------
    which
        The day of the sheet, or its number where it was drawn up.
    figure, code
        Column and line; "" is the sum.
    """
    with room.ledger.reading() as connection:
        found = campaigns.get(connection, room.id, campaign)
    at, _begins, _seen = _of_sheet(room, which, paper.at)
    phase, is_fault = phase_of(found, at.astimezone(room.area.pack.timezone).date()), figure in {FINDINGS, *FAULTS}
    if found.source is not Source.SITES or not phase or not (is_fault or figure in LISTED):
        return None
    said = ".".join([campaign, str(phase), *([figure] if figure not in {"targets", FINDINGS} else []), SHEET + which])
    target = f"{said}@{level_of(room).key}:{code}" if code else said
    return ("findings", {"pile": "all", TARGET: target}) if is_fault else ("sites", {"state": "every", TARGET: target})


def _of_sheet(room: Room, which: str, now: datetime) -> tuple[datetime, datetime, int | None]:
    """Return as of when a daily sheet counts, from when on what it counts is new, and the version that it saw; of a day that nobody drew up, or a sheet by its number."""
    rules, zone = room.rules.sheets, room.area.pack.timezone
    if which[:2] == "20":
        begins, ends = span(date.fromisoformat(which), rules.cutoff, zone)
        return min(ends - INSTANT, now), begins, None
    sheet = sheets.numbered(room, which)
    begins, ends = span(sheet.day, rules.cutoff, zone)
    drawn = sheet.hand(Act.DRAFT)
    return min(ends - INSTANT, drawn.at if drawn else now), begins, sheet.seen


def _question(room: Room, said: str, now: datetime) -> tuple[Campaign, int, Asked, list[str]] | None:
    """Return campaign, phase, question and words of an address; None where it makes no sense."""
    said, _at, where = said.partition("@")
    key, _colon, code = where.partition(":")
    number, _dot, rest = said.partition(".")
    phase, *how = rest.split(".")
    reach = next((Reach(one) for one in how if one in set(Reach)), None)
    try:
        with room.ledger.reading() as connection:
            campaign = campaigns.get(connection, room.id, number)
        sheet = next((one.removeprefix(SHEET) for one in how if one.startswith(SHEET)), "")
        at, since, seen = _of_sheet(room, sheet, now) if sheet else (as_of(room, next((one for one in how if one[:2] == "20"), ""), now), None, None)  # fmt: skip
        asked = question(room, campaign, int(phase), at, reach=reach, due=DUE in how, new=NEW in how, grid=(key, code) if where else None, since=since, known=seen)  # fmt: skip
    except (BattlemapError, ValueError):
        return None
    return campaign, int(phase), asked, how


def as_of(room: Room, day: str, now: datetime) -> datetime:
    """Return the end of a day of an address, or now where it names none, or one that is not over; raises ValueError where it is none."""
    if not day:
        return now
    end = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), room.area.pack.timezone)
    return min(end - timedelta(seconds=1), now)
