"""Rounds (检查频次) in words and figures: lists of what is due, overdue and skipped, the rule as a table, the effect of another one, and requests for fewer rounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import pandas as pd

from desk.inspections import rounds
from desk.inspections.reading import named
from desk.inspections.rounds import One
from desk.room import Room
from inspections.grades import Degree
from inspections.lowering import State
from inspections.rounds import RoundRules, Standing, Why
from inspections.sites import Site
from ledger.sites import Asked
from locales import N_, Translator
from reports.case_words import grid_name, post_name
from reports.inspection_words import grade_text

PAGE = 50
STANDING: Mapping[Standing, str] = MappingProxyType(
    {
        Standing.SKIPPED: N_("a round left out"),
        Standing.OVERDUE: N_("round overdue"),
        Standing.DUE: N_("due today"),
        Standing.SOON: N_("due soon"),
        Standing.LATER: N_("not due yet"),
    }
)
# List -> how the sites of it stand, its name, and what it says where it is empty.
PILE: Mapping[str, tuple[Standing, str, str]] = MappingProxyType(
    {
        "skipped": (Standing.SKIPPED, N_("A round left out"), N_("No site was left out for a whole round.")),
        "overdue": (Standing.OVERDUE, N_("Round overdue"), N_("No round is overdue.")),
        "due": (Standing.DUE, N_("Due today"), N_("No round is due today.")),
        "soon": (Standing.SOON, N_("Due soon"), N_("No round is due in the next days.")),
    }
)
WHY: Mapping[Why, str] = MappingProxyType(
    {
        Why.KIND: N_("as its kind"),
        Why.FINDINGS: N_("more often: found again and again"),
        Why.OPEN: N_("more often: a finding is open"),
        Why.LOWERED: N_("less often: approved"),
    }
)
LOWERING: Mapping[State, str] = MappingProxyType(
    {
        State.ASKED: N_("asked for"),
        State.APPROVED: N_("approved"),
        State.REFUSED: N_("not approved"),
        State.ENDED: N_("ended"),
    }
)
DRAFT: Mapping[str, str] = MappingProxyType(
    {
        "round_kind": N_("One of the kinds of sites is not known. Open the page again."),
        "round_clean": N_("Too few rounds in a row found nothing, or a finding is open there. Go on as the rule says."),
        "round_asked": N_("Fewer rounds were asked for or approved there already. Look at that first."),
        "round_state": N_("Somebody decided that already. Look at it again."),
        "round_approver": N_("Heads of grids, the office and the command centre approve fewer rounds."),
        "round_same": N_("Who asked for fewer rounds does not approve them; another person does."),
    }
)


@dataclass(frozen=True)
class Row:
    """A line of a list: a site and how it stands."""

    site: Site
    one: One


def counts(room: Room, asked: Asked, now: datetime) -> dict[str, int]:
    """Return how many sites each list has."""
    found = rounds.counts(room, asked, now)
    return {name: found[standing] for name, (standing, _name, _empty) in PILE.items()}


def listed(room: Room, pile: str, asked: Asked, now: datetime, *, most: int = PAGE, skip: int = 0) -> list[Row]:
    """Return a part of a list, those that have waited longest first."""
    numbers = rounds.in_order(room, asked, {PILE[pile][0]}, now)[skip : skip + most]
    found, there = rounds.stand(room, now), named(room, set(numbers))
    return [Row(there[number], one) for number in numbers if number in there and (one := found.of(number))]


def said(one: One, _: Translator) -> str:
    """Return how often a site is visited, and why."""
    return _("every {days} days · {why}").format(days=one.every, why=_(WHY[one.why]))


def due_text(one: One, now: datetime, room: Room, _: Translator) -> str:
    """Return the day of the next round, and for how long it is over."""
    days = (room.clock(now).date() - one.due).days
    return f"{one.due} · {_('{n} days over').format(n=days)}" if days > 0 else str(one.due)


def table(room: Room, rows: Sequence[Row], _: Translator, language: str) -> pd.DataFrame:
    """Return a list as the table of a file, with headings for people."""
    return pd.DataFrame(
        [
            {
                _("Number"): row.site.number,
                _("Name"): row.site.name,
                _("Kind of site"): room.rules.sites.kind(row.site.kind).name.in_(language),
                _("Address"): row.site.address,
                _("Micro-grid"): grid_name(room, row.site.codes),
                _("Responsible post"): post_name(room, row.site.post, _) if row.site.post else _("no post"),
                _("State of its rounds"): _(STANDING[row.one.standing]),
                _("Next round"): str(row.one.due),
                _("Last round"): str(row.one.last or ""),
                _("Days between"): row.one.every,
                _("Why so often"): _(WHY[row.one.why]),
            }
            for row in rows
        ]
    )


def figures(room: Room, now: datetime, part: tuple[str, str] | None = None) -> dict[str, int]:
    """Return how many sites are due today, overdue and skipped, in a grid or in all that who looks sees."""
    found = counts(room, Asked(room.id, grid=part), now)
    return {name: found[name] for name in ("due", "overdue", "skipped")}


def rule_lines(room: Room, rule: RoundRules, _: Translator, language: str) -> list[tuple[str, str]]:
    """Return what a rule says beside the days of kinds, line by line."""
    lines = [(_("{n} findings or more in {days} days").format(n=step.findings, days=rule.window_days), _("the days of its kind × {factor:g}").format(factor=step.factor)) for step in rule.raises]  # fmt: skip
    lines += [
        (
            _("While a finding is open: {grade}").format(grade=grade_text(room, degree, language)),
            _("at least every {days} days").format(days=days),
        )
        for degree in Degree
        if (days := rule.open_days.get(degree))
    ]
    lower = rule.lower
    lines.append((_("{n} rounds in a row without a finding, and approved").format(n=lower.clean_rounds), _("the days of its kind × {factor:g}, for {days} days, until something is found").format(factor=lower.factor, days=lower.lasts_days)))  # fmt: skip
    lines.append((_("In any case"), _("at most every {least} days; due soon {soon} days before").format(least=rule.least_days, soon=rule.soon_days)))  # fmt: skip
    return lines


def base_lines(room: Room, rule: RoundRules, used: Mapping[str, int], language: str) -> list[tuple[str, str, str]]:
    """Return the days of each kind, with how many sites in use it has; those that have some first."""
    kinds = room.rules.sites.kinds
    found = [(kind.name.in_(language), f"{rule.base_days.get(key, kind.base_days):,}", f"{used.get(key, 0):,}") for key, kind in kinds.items() if used.get(key)]  # fmt: skip
    return found + [(kind.name.in_(language), f"{rule.base_days.get(key, kind.base_days):,}", "0") for key, kind in kinds.items() if not used.get(key)]  # fmt: skip


def bars(before: Sequence[int], after: Sequence[int], days: Sequence[str], title: str) -> str:
    """Return the rounds of each day as small bars, now and by another rule: each in twentieths of the highest (``data-h``), its numbers in its title."""
    most = max([*before, *after, 1])
    parts = "".join(
        f'<span title="{day}: {one:,} → {other:,}"><i class="bm-bar-now" data-h="{-(-20 * one // most)}"></i><i class="bm-bar-then" data-h="{-(-20 * other // most)}"></i></span>'
        for one, other, day in zip(before, after, days, strict=True)
    )
    return f'<div class="bm-bars" role="img" aria-label="{title}">{parts}</div>'
