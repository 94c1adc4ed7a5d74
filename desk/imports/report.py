"""The report of an import: for people in both languages, for scripts as JSON."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from desk.imports import Outcome, Plan, Planned, Verdict
from desk.imports.findings import WARNINGS, short
from desk.room import Room
from geo.errors import MissingColumns
from geo.scheme import Name
from incidents.text import Personal
from locales import N_, Translator

SHOWN = 20  # rows that the text names one by one
ROWS_NAMED = 8  # rows that a line about many of them names

JUDGED = frozenset({"worked_on", "backward"})  # said beside the news
VERDICTS = MappingProxyType(
    {
        Verdict.NEW: N_("new"),
        Verdict.KNOWN: N_("there already, nothing new"),
        Verdict.CHANGED: N_("there already, with news from the other system"),
        Verdict.KEPT: N_("there already, with news that a person has to judge; left as it is"),
        Verdict.REFUSED: N_("refused"),
    }
)
PERSONAL = MappingProxyType(
    {
        Personal.NAME: N_("names"),
        Personal.PHONE: N_("phone numbers"),
        Personal.IDENTITY: N_("identity numbers"),
        Personal.PLATE: N_("number plates"),
        Personal.ACCOUNT: N_("accounts"),
        Personal.CARD: N_("bank cards"),
    }
)
FIELDS = MappingProxyType(
    {
        "status": N_("state"),
        "due": N_("deadline"),
        "closed": N_("end"),
        "agency": N_("agency"),
        "class": N_("class"),
        "place": N_("place"),
        "title": N_("title"),
        "text": N_("description"),
        "address": N_("address"),
    }
)


def text(
    plan: Plan,
    room: Room,
    translate: Translator,
    language: str,
    *,
    outcome: Outcome | None = None,
    asked: bool = False,
    aside: Path | None = None,
    states: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the report for a terminal.

    Parameters
    ----------
    outcome
        What was written; None after a dry run.
    asked
        Whether writing was asked for.
    aside
        File with the refused rows, where one was written.
    states
        Key of a state -> its name in that language.
    """
    _ = translate
    blocks = [
        _head(plan, _),
        _refused(plan, _),
        _changed(plan, room, _, states),
        _warned(plan, _),
        _agreements(plan, room, _, language),
    ]
    return "\n\n".join(
        "\n".join(block) for block in [*blocks, _end(plan, _, outcome, asked=asked, aside=aside)] if block
    )


def absent(error: MissingColumns, translate: Translator) -> str:
    """Return that a mapping names columns that there are not, which, and which there are."""
    _ = translate
    said = _("The mapping names columns that {file} does not have: {absent}. It has: {there}. Correct the mapping.")
    first = said.format(file=error.file, absent=", ".join(error.absent), there=", ".join(error.there))
    return "\n  - ".join(
        [" ".join([first, *([_("It has these faults beside:")] if error.faults else [])]), *error.faults]
    )


def table(plan: Plan, translate: Translator, *, outcome: Outcome | None = None) -> dict[str, Any]:
    """Return the report for scripts: every row, with findings by kind and as text."""
    return {
        "file": str(plan.file),
        "source": plan.mapping.source,
        "guessed": plan.mapping.is_guess,
        "details": dict(plan.details),
        "rows": len(plan.rows),
        "counts": plan.counts,
        "notes": [{"kind": note.kind, "text": note.text(translate)} for note in plan.notes],
        "grids": {
            key: {class_: vars(tally) for class_, tally in sorted(classes.items())}
            for key, classes in plan.grids.items()
        },
        "written": outcome is not None,
        "made": list(outcome.made) if outcome else [],
        "updated": list(outcome.updated) if outcome else [],
        "by_row": [_row(row, translate) for row in plan.rows],
    }


def reasons(row: Planned, translate: Translator) -> str:
    """Return why a row is refused, in one line."""
    return " ".join(found.text(translate) for found in row.findings if found.is_refusal)


def _row(row: Planned, translate: Translator) -> dict[str, Any]:
    findings = [
        {"kind": found.kind, "refuses": found.is_refusal, "text": _said(found, translate)} for found in row.findings
    ]
    plain = {"row": row.row, "id": row.id, "verdict": row.verdict.value, "findings": findings}
    if row.found:
        plain["number"] = row.found.number
    if row.changes:
        plain["changes"] = {name: {"before": old, "now": new} for name, (old, new) in row.changes.items()}
    return plain


def _said(found: Any, translate: Translator) -> str:
    if found.kind == "struck":
        what = ", ".join(translate(PERSONAL[kind]) for kind in found.said["what"].split(", "))
        return translate(WARNINGS["struck"]).format(what=what)
    if found.kind != "differs":
        return str(found.text(translate))
    named = ", ".join(translate(FIELDS[name]) for name in found.said["fields"].split(", "))
    return translate(WARNINGS["differs"]).format(fields=named)


def _head(plan: Plan, _: Translator) -> list[str]:
    how = ", ".join([*plan.details.values(), _("source {name}").format(name=plan.mapping.source)])
    first = _("{file}: {n} rows ({how})").format(file=plan.file.name, n=len(plan.rows), how=how)
    counts = [f"  {n:>7}  {_(VERDICTS[Verdict(verdict)])}" for verdict, n in plan.counts.items() if n]
    return [first, *counts, *(f"  · {note.text(_)}" for note in plan.notes)]


def _refused(plan: Plan, _: Translator) -> list[str]:
    rows = plan.of(Verdict.REFUSED)
    if not rows:
        return []
    lines = [f"  {_name(row, _)}: {reasons(row, _)}" for row in rows[:SHOWN]]
    return [_("Refused:"), *lines, *_more(len(rows) - SHOWN, _)]


def _changed(plan: Plan, room: Room, _: Translator, states: Mapping[str, str]) -> list[str]:
    rows = plan.of(Verdict.CHANGED, Verdict.KEPT)
    if not rows:
        return []
    zone = room.area.pack.timezone
    lines = []
    for row in rows[:SHOWN]:
        news = "; ".join(
            f"{_(FIELDS[name])} {_value(states.get(old, old), zone)} → {_value(states.get(new, new), zone)}"
            for name, (old, new) in row.changes.items()
        )
        why = [found.text(_) for found in row.findings if found.kind in JUDGED]
        lines.append(" ".join([f"  {_name(row, _)} {row.found.number if row.found else ''}: {news}", *why]))
    return [_("News from the other system:"), *lines, *_more(len(rows) - SHOWN, _)]


def _warned(plan: Plan, _: Translator) -> list[str]:
    kinds: dict[str, list[Planned]] = defaultdict(list)
    for row in plan.rows:
        for kind in dict.fromkeys(found.kind for found in row.findings if not found.is_refusal):
            kinds[kind].append(row)
    lines = [_about(kind, rows, _) for kind, rows in kinds.items() if kind not in JUDGED]
    return [_("To be looked at:"), *lines] if lines else []


def _about(kind: str, rows: Sequence[Planned], _: Translator) -> str:
    """Say one thing about many rows; the values of the first stand for an example."""
    said = [_said(found, _) for row in rows[:SHOWN] for found in row.findings if found.kind == kind]
    numbers = ", ".join(str(row.row) for row in rows[:ROWS_NAMED]) + ("…" if len(rows) > ROWS_NAMED else "")
    like = said[0] if len(set(said)) == 1 else _("{said} (for example)").format(said=said[0])
    return _("  {n:>7}  {said}  [rows {rows}]").format(n=len(rows), said=like, rows=numbers)


def _agreements(plan: Plan, room: Room, _: Translator, language: str) -> list[str]:
    lines: list[str] = []
    for key, classes in plan.grids.items():
        if classes:
            names = {level.key: level.name for level in room.area.net.levels}
            names |= {overlay.key: overlay.name for overlay in room.area.net.overlays}
            lines.append(_("Official {name} beside ours:").format(name=_in(names[key], language)))
        for class_, tally in sorted(classes.items()):
            said = _("{agreed}/{compared} agree").format(agreed=tally.agreed, compared=tally.compared)
            more = [_("{n} of them on a line").format(n=tally.border)] if tally.border else []
            more += [_("{n} rows name none").format(n=tally.silent)] if tally.silent else []
            lines.append(f"  {_in(room.class_name(class_), language)}: {', '.join([said, *more])}")
    return lines


def _end(plan: Plan, _: Translator, outcome: Outcome | None, *, asked: bool, aside: Path | None) -> list[str]:
    if outcome is not None:
        said = _("Written: {made} new incidents, {updated} brought up to date.")
        rest = _("Refused rows are in {file}, with the reason: correct them there, and import that file.")
        more = [rest.format(file=aside)] if aside else []
        return [said.format(made=len(outcome.made), updated=len(outcome.updated)), *more]
    dry = _("Nothing was written: this was a dry run. Write it with --write.")
    lines = [_("Nothing was written.") if asked else dry]
    if plan.doubts:
        kinds = " ".join(note.text(_) for note in plan.doubts)
        doubt = _(
            "The places of the whole file are in doubt: {doubts} Nothing of it is written until they are right, or --crs names their system (--crs EPSG:4326 takes WGS84 as it is)."
        )
        lines.append(doubt.format(doubts=kinds))
    if plan.counts[Verdict.CHANGED]:
        lines.append(_("News are taken over with --update."))
    if plan.counts[Verdict.REFUSED]:
        lines.append(_("Refused rows stop the whole file; leave them aside with --skip-bad-rows."))
    return lines


def _name(row: Planned, _: Translator) -> str:
    said = _("row {row}").format(row=row.row)
    return f"{said} ({short(row.id, 40)})" if row.id else said


def _more(n: int, _: Translator) -> list[str]:
    return [_("  … and {n} more; --json lists all of them").format(n=n)] if n > 0 else []


def _value(said: str, zone: ZoneInfo) -> str:
    """Return an official value as people read it: a time in the area's zone, what is not there as –."""
    try:
        return f"{datetime.fromisoformat(said).astimezone(zone):%Y-%m-%d %H:%M}" if said[:4].isdigit() else said or "–"
    except ValueError:
        return said


def _in(name: Name, language: str) -> str:
    return str(name.en if language == "en" else name.zh)
