"""The report of a table of sites that comes in: for people in both languages, for scripts as JSON."""

from collections import defaultdict
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from desk.imports.findings import Finding
from desk.sites.imports import Outcome, Plan, Planned, Verdict
from locales import N_, Translator

SHOWN = 20  # rows that the text names one by one
VERDICTS = MappingProxyType(
    {
        Verdict.NEW: N_("new"),
        Verdict.KNOWN: N_("there already, nothing new"),
        Verdict.CHANGED: N_("there already, and the table says something else"),
        Verdict.ALIKE: N_("may be there already: a person decides"),
        Verdict.REFUSED: N_("refused"),
    }
)


def text(plan: Plan, _: Translator, outcome: Outcome | None = None) -> str:
    """Return the report for a terminal; ``outcome`` is None where nothing was written."""
    head = _("{file}: {n} rows ({how})").format(file=plan.file.name, n=len(plan.rows), how=", ".join(plan.details.values()))  # fmt: skip
    counts = [f"  {n:>7}  {_(VERDICTS[Verdict(verdict)])}" for verdict, n in plan.counts.items() if n]
    notes = [f"  · {note.text(_)}" for note in plan.notes]
    return "\n".join([head, *counts, *notes, *_rows(plan, _), *_warned(plan, _), *_end(plan, _, outcome)])


def table(plan: Plan, _: Translator, outcome: Outcome | None = None) -> dict[str, Any]:
    """Return the report for scripts: every row, with findings by kind and as text."""
    return {
        "file": str(plan.file),
        "source": plan.mapping.source,
        "rows": len(plan.rows),
        "counts": plan.counts,
        "notes": [_finding(note, _) for note in plan.notes],
        "doubts": [note.kind for note in plan.doubts],
        "written": outcome is not None,
        "made": list(outcome.made) if outcome else [],
        "changed": list(outcome.changed) if outcome else [],
        "by_row": [_row(row, _) for row in plan.rows],
    }


def _row(row: Planned, _: Translator) -> dict[str, Any]:
    plain = {"row": row.row, "id": row.id, "verdict": row.verdict.value, "changes": list(row.changes)}
    number = {"number": row.found.number} if row.found else {}
    return {**plain, **number, "findings": [_finding(one, _) for one in row.findings]}


def _finding(one: Finding, _: Translator) -> dict[str, Any]:
    return {"kind": one.kind, "refuses": one.is_refusal, "text": one.text(_)}


def _rows(plan: Plan, _: Translator) -> list[str]:
    """Name the rows that keep the file from being taken, or that change what is there."""
    lines = []
    for verdict in (Verdict.REFUSED, Verdict.ALIKE, Verdict.CHANGED):
        rows = plan.of(verdict)
        lines += [f"  {_('row {row}').format(row=row.row)}: {_why(row, _)}" for row in rows[:SHOWN]]
        if len(rows) > SHOWN:
            lines.append(_("  … and {n} more; --json lists all of them").format(n=len(rows) - SHOWN))
    return lines


def _why(row: Planned, _: Translator) -> str:
    if row.verdict is Verdict.CHANGED and row.found:
        return f"{row.found.number}: {', '.join(row.changes)}"
    told = [one for one in row.findings if one.is_refusal or one.kind == "alike"]
    return " ".join(one.text(_) for one in told)


def _warned(plan: Plan, _: Translator) -> list[str]:
    """Say each kind of warning once, with an example and the number of its rows."""
    kinds: dict[str, list[Finding]] = defaultdict(list)
    for row in plan.rows:
        for one in row.findings:
            if not one.is_refusal and one.kind != "alike":
                kinds[one.kind].append(one)
    lines = [f"  {len(found):>7}  {_like(found, _)}" for found in kinds.values()]
    return [_("To be looked at:"), *lines] if lines else []


def _like(found: Sequence[Finding], _: Translator) -> str:
    said = {one.text(_) for one in found[:SHOWN]}
    first = found[0].text(_)
    return first if len(said) == 1 else _("{said} (for example)").format(said=first)


def _end(plan: Plan, _: Translator, outcome: Outcome | None) -> list[str]:
    if outcome is not None:
        return [_("Written: {made} new sites, {changed} changed.").format(made=len(outcome.made), changed=len(outcome.changed))]  # fmt: skip
    lines = [_("Nothing was written. Write it with --write.")]
    if plan.doubts:
        lines.append(_("The places of the whole file are in doubt: {doubts} Name the system of the coordinates with --crs.").format(doubts=" ".join(note.text(_) for note in plan.doubts)))  # fmt: skip
    if plan.counts["changed"]:
        lines.append(_("What the table says otherwise is taken over with --update."))
    if plan.counts["alike"]:
        lines.append(_("Rows that may be there already are taken as new ones with --alike."))
    if plan.counts["refused"] or plan.counts["alike"]:
        lines.append(_("They stop the whole file; leave them aside with --skip-bad-rows."))
    return lines
