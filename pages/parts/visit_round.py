"""Part of the page of visits: the household round of a period, by grid, and the buildings of each figure; visits for what is left are planned at once."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from html import escape

import streamlit as st

from desk.room import Room
from desk.visits.acts import today
from desk.visits.people import may_plan
from desk.visits.rounds import House, left, plan_left, some
from geo.errors import BattlemapError
from incidents.household_rounds import Reach, Round
from pages.parts.files import files
from pages.parts.form import Form
from pages.parts.going import link
from pages.parts.pager import page_of, pager
from pages.parts.visit import Visit
from pages.parts.visit_find import period
from reports import household_rounds
from reports.case_words import grid_name, level_name, post_name
from reports.household_rounds import AGAIN, NAMES, REACH, share
from reports.refusals import refusal
from reports.visit_lists import MONTH, PAGE, days

ROUND = "round"


def household_round(visit: Visit, room: Room, own: dict[str, str]) -> None:
    """Show how far the round of a period is, and what is left of it."""
    _, levels = visit._, household_rounds.levels(room)
    by = own["by"] if own.get("by") in levels else levels[0]
    asked = {"tab": ROUND, **{name: own[name] for name in ("period",) if own.get(name)}}
    found = household_rounds.houses(room, own, visit.now)
    how = own.get("reach", "")
    if how in NAMES:
        _buildings(visit, room, found, {**own, **asked})
        return
    with st.container(key="visit_bar", horizontal=True, vertical_alignment="center", gap="small"):
        period(visit, own)
        ways = "".join(_by(visit, room, one, asked, current=one == by) for one in levels)
        st.html(f'<p class="bm-digest">{ways}</p>', width="content")
        files(visit, room, "round", _("Household round"), len(found), level_name(room, by, visit.language), {**asked, "by": by}, lambda now: household_rounds.table(now, household_rounds.houses(now, own, visit.now), by, _, visit.language))  # fmt: skip
    if not found:
        st.html(f'<p class="bm-empty">{escape(_("There is no building here whose households could be visited."))}</p>')
        return
    _plan(visit, room, found, own)
    st.html(_table(visit, room, found, by, asked))
    st.html(f'<p class="bm-note">{escape(_("A building counts at most as many met as it has households. Those of which nobody said how many are counted apart. Only visits of this round in the period count."))}</p>')  # fmt: skip


def _table(visit: Visit, room: Room, found: list[House], by: str, asked: Mapping[str, str]) -> str:
    _ = visit._
    heads = (level_name(room, by, visit.language), _("Share met"), _("Households met"), _("Households"), *(_(name) for name in REACH.values()), _(NAMES[AGAIN]), _("Somebody is to go"))  # fmt: skip
    head = "".join(f'<th scope="col"{" class=bm-number" if place else ""}>{escape(name)}</th>' for place, name in enumerate(heads))  # fmt: skip
    body = "".join(_row(visit, code, name, one, by, asked) for code, name, one in household_rounds.lines(room, found, by))  # fmt: skip
    return f'<div class="bm-wide bm-counted bm-linked"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _row(visit: Visit, code: str, name: str, one: Round, by: str, asked: Mapping[str, str]) -> str:  # noqa: PLR0917
    def cell(how: str, many: int) -> str:
        own = {**asked, "reach": how, **({"by": by, "of": code} if code else {})}
        return f'<td class="bm-number">{link(visit, "visits", own)}{many:,}</a></td>' if many else '<td class="bm-number">0</td>'  # fmt: skip

    cells = (
        "".join(cell(reach.value, one.buildings[reach]) for reach in REACH)
        + cell(AGAIN, one.again)
        + f'<td class="bm-number">{one.planned:,}</td>'
    )
    shown = escape(name) if code else f"<b>{escape(visit._('Sum'))}</b>"
    return f'<tr><td>{shown}</td><td class="bm-number">{share(one)}</td><td class="bm-number">{one.met:,}</td><td class="bm-number">{one.households:,}</td>{cells}</tr>'


def _buildings(visit: Visit, room: Room, found: list[House], own: dict[str, str]) -> None:
    """Show the buildings of one figure, with the way back."""
    _, how, level = visit._, own["reach"], own.get("by", "")
    grid = {level: own["of"]} if own.get("of") and level else {}
    rows = some(found, how, grid)
    page = page_of(own, len(rows), each=PAGE)
    with st.container(key="visit_bar", horizontal=True, vertical_alignment="center", gap="small"):
        back = {name: value for name, value in own.items() if name in {"tab", "period", "by"}}
        st.html(f"{link(visit, 'visits', back, attributes=' class=bm-on-map')}‹ {escape(_('Household round'))}</a> <b>{escape(_(NAMES[how]))}</b>", width="content")  # fmt: skip
        if rows:
            st.html(pager(visit, "visits", own, page, len(rows), each=PAGE), width="content")
        files(visit, room, "round", _("Household round"), len(rows), _(NAMES[how]), own, lambda now: household_rounds.buildings_table(now, some(household_rounds.houses(now, own, visit.now), how, grid), _))  # fmt: skip
    if not rows:
        st.html(f'<p class="bm-empty">{escape(_("No building stands like that any more."))}</p>')
        return
    heads = (_("Building"), _("Households met"), _("How far"), _("Tries"), _("Next visit until"), _("Who goes"))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(
        _building(visit, room, one, own.get("period", MONTH)) for one in rows[(page - 1) * PAGE : page * PAGE]
    )
    st.html(f'<section class="bm-visits bm-round"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></section>')  # fmt: skip


def _building(visit: Visit, room: Room, one: House, when: str) -> str:
    _ = visit._
    title = escape(one.goal.title)
    if one.seen.tries or one.seen.is_planned:  # else there is no visit to see
        title = f"{link(visit, 'visits', {'q': one.goal.building, 'period': when})}{title}</a>"
    met = f"{min(one.seen.met, one.households):,} / {one.households:,}" if one.households else f"{one.seen.met:,}"
    due = one.seen.due.isoformat() if one.seen.due else (_("not planned") if one.reach is not Reach.WHOLE else "")
    return (
        f"<tr><td>{title}<small>{escape(f'{one.goal.building} · {grid_name(room, one.goal.codes)}')}</small></td>"
        f'<td>{met}</td><td>{escape(_(REACH[one.reach]))}</td><td class="bm-number">{one.seen.tries or ""}</td><td>{escape(due)}</td><td>{escape(post_name(room, one.seen.visitor, _))}</td></tr>'
    )


def _plan(visit: Visit, room: Room, found: list[House], own: Mapping[str, str]) -> None:
    """Offer to plan what is left, to who may."""
    _, form = visit._, Form("visit_round", visit)
    rest, most = left(found), room.rules.visits.most_places
    saved, refused = form.get("saved", None), form.get("refused", None)
    if saved:
        st.html(f'<p class="bm-saved" role="status">{escape(_("{n} visits are planned, from {number} on.").format(n=f"{saved[0]:,}", number=saved[1]))}</p>')  # fmt: skip
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
    first, after = days(own.get("period", MONTH), today(room, visit.now))
    if not rest or not visit.may("act") or not may_plan(visit.post) or not first <= today(room, visit.now) < after:
        return
    label = _("Plan visits to the {n} buildings that are left").format(n=f"{min(len(rest), most):,}")
    if not form.get("sure", None):
        st.button(label, type="primary", key="visit_round_plan", on_click=form.clear, kwargs={"sure": True})
    else:
        last = after - timedelta(days=1)
        st.html(f'<p class="bm-note" role="status">{escape(_("Each goes to its own post, until {day}. They are taken back one by one.").format(day=last))}</p>')  # fmt: skip
        with st.container(horizontal=True, gap="small"):
            st.button(label, type="primary", key="visit_round_sure", on_click=_save, args=(visit, room, form, dict(own), last))  # fmt: skip
            st.button(_("Leave it as it was"), key="visit_round_leave", on_click=form.clear)
    if len(rest) > most:
        st.html(f'<p class="bm-note">{escape(_("{n} at a time; press again for the others.").format(n=f"{most:,}"))}</p>')  # fmt: skip


def _save(visit: Visit, room: Room, form: Form, own: dict[str, str], last: date) -> None:
    now = datetime.now(UTC)
    rest = left(household_rounds.houses(room, own, now))[: room.rules.visits.most_places]
    try:
        made = plan_left(room, rest, last, visit.by("act"), now)
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear(saved=(len(made), made[0].number))


def _by(visit: Visit, room: Room, by: str, asked: Mapping[str, str], *, current: bool) -> str:
    attributes = ' aria-current="true"' if current else ""
    return f"{link(visit, 'visits', {**asked, 'by': by}, attributes=attributes)}{escape(level_name(room, by, visit.language))}</a>"
