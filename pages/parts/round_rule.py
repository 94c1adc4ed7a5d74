"""Part of the page of rounds: the rule as a table, its numbers to be changed with the effect shown first, and the versions that were saved."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

import streamlit as st

from desk.inspections import rounds as desk
from desk.inspections.rounds import Share, Shown
from desk.room import Room
from geo.errors import BattlemapError
from inspections.grades import Degree
from inspections.rounds import MOST_DAYS, MOST_FINDINGS, RoundRules
from ledger.rounds import Kept
from pages.parts.element import pixels
from pages.parts.form import Form, steady
from pages.parts.going import go, link
from pages.parts.tables import table
from pages.parts.visit import Visit
from reports import rounds
from reports.case_words import grid_name, local, post_name
from reports.inspection_words import grade_text
from reports.refusals import refusal

CHANGE = "change"
FEW = 8  # lines of a table of the effect


def rule(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show the rule; who may edit it changes it here."""
    _, kept = visit._, desk.versions(room)
    holds, seen = desk.of_kept(room, next(iter(kept), None)), kept[0].version if kept else 0
    used = desk.used(room)
    may_edit = visit.may(desk.EDIT) and not room.within.narrows
    form = Form("round_rule", visit)
    if may_edit and own.get("do") == CHANGE:
        if form.get("seen", None) is None:
            form.clear(seen=seen, **_fields_of(room, holds))
        _change(visit, room, form, holds, used)
        return
    saved = form.get("saved", None)
    with st.container(key="round_said", horizontal=True, vertical_alignment="center", gap="small"):
        if saved is not None and saved == seen:
            st.html(f'<p class="bm-saved" role="status">{escape(_("The rule was saved and holds from now on."))}</p>', width="content")  # fmt: skip
            st.button(_("Put it back as it was"), key="round_back", on_click=_back, args=(visit, form, seen))
        if may_edit:
            st.html(f"{link(visit, 'rounds', {'tab': 'rule', 'do': CHANGE}, attributes=' class=bm-button')}{escape(_('Change the numbers'))}</a>", width="content")  # fmt: skip
    if refused := form.get("refused", None):
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
    st.html(f'<div class="bm-wide">{table((_("In this case"), _("Rounds")), rounds.rule_lines(room, holds, _, visit.language))}</div>')  # fmt: skip
    st.html(f"<h2>{escape(_('Days between two rounds, by kind'))}</h2>")
    lines = rounds.base_lines(room, holds, used, visit.language)
    st.html(f'<div class="bm-wide bm-counted">{table((_("Kind of site"), _("Days between"), _("Sites in use")), lines)}</div>')  # fmt: skip
    st.html(_trail(visit, room, kept))


def _fields_of(room: Room, holds: RoundRules) -> dict[str, Any]:
    """Return the fields of the form, as a rule fills them."""
    found: dict[str, Any] = {name: getattr(holds, name) for name in ("window_days", "least_days", "soon_days")}
    for place, step in enumerate(holds.raises):
        found |= {f"raise_{place}_findings": step.findings, f"raise_{place}_factor": step.factor}
    found |= {f"open_{degree.value}": days for degree, days in holds.open_days.items()}
    found |= {f"lower_{name}": value for name, value in vars(holds.lower).items()}
    kinds = room.rules.sites.kinds
    return found | {f"base_{key}": holds.base_days.get(key, kind.base_days) for key, kind in kinds.items()}


def _wished(room: Room, form: Form, holds: RoundRules) -> RoundRules:
    """Return the rule that the form says; raises RulesError where it is none."""
    kinds = room.rules.sites.kinds
    base = {key: int(form.get(f"base_{key}", kind.base_days) or 1) for key, kind in kinds.items()}
    said = {
        **{name: int(form.get(name, 1) or 0) for name in ("window_days", "least_days", "soon_days")},
        "raise": [
            {"findings": int(form.get(f"raise_{place}_findings", 1) or 0), "factor": float(form.get(f"raise_{place}_factor", 1.0) or 0)}
            for place in range(len(holds.raises))
        ],
        "open_days": {degree.value: int(form.get(f"open_{degree.value}", 1) or 0) for degree in holds.open_days},
        "lower": {"clean_rounds": int(form.get("lower_clean_rounds", 1) or 0), "factor": float(form.get("lower_factor", 1.0) or 0), "lasts_days": int(form.get("lower_lasts_days", 1) or 0)},
        "base_days": {key: days for key, days in base.items() if days != kinds[key].base_days or key in holds.base_days},
    }  # fmt: skip
    return RoundRules.from_table(said)


def _change(visit: Visit, room: Room, form: Form, holds: RoundRules, used: Mapping[str, int]) -> None:
    _ = visit._
    with st.container(key="round_change", horizontal=True, gap="large"):
        with st.container(key="round_form", gap="small"):
            _numbers(visit, room, form, holds, used)
        with st.container(key="round_effect", gap="small"), steady():
            try:
                wished = _wished(room, form, holds)
                st.html(_effect(visit, room, desk.effect(room, wished, visit.now)))
            except BattlemapError as error:
                st.html(f'<p class="bm-refused" role="alert">{escape(_("These numbers are no rule: more findings need a smaller factor than fewer ones, and every number at least 1."))}</p>')  # fmt: skip
                form.values["wrong"] = error
            st.text_input(_("Why it is changed"), max_chars=desk.LONGEST_REASON, **form.bind("reason"))
            if refused := form.get("refused", None):
                st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
            with st.container(horizontal=True, gap="small"):
                st.button(_("Save the rule"), key="round_save", type="primary", on_click=_save, args=(visit, form, holds))  # fmt: skip
                st.button(_("Leave it as it was"), key="round_leave", on_click=_leave, args=(form,))


def _numbers(visit: Visit, room: Room, form: Form, holds: RoundRules, used: Mapping[str, int]) -> None:
    _, kinds = visit._, room.rules.sites.kinds
    st.html(f"<h2>{escape(_('Days between two rounds, by kind'))}</h2>")
    first = [key for key in kinds if used.get(key)]
    with st.container(key="round_base", horizontal=True, gap="small"):
        for key in first:
            _number(form, f"base_{key}", kinds[key].name.in_(visit.language))
    with (
        st.expander(_("Kinds without a site"), expanded=not first),
        st.container(key="round_base_more", horizontal=True, gap="small"),
    ):
        for key in kinds:
            if key not in first:
                _number(form, f"base_{key}", kinds[key].name.in_(visit.language))
    st.html(f"<h2>{escape(_('More often'))}</h2>")
    with st.container(key="round_raise", horizontal=True, gap="small"):
        _number(form, "window_days", _("Findings of so many days"))
        for place in range(len(holds.raises)):
            _number(form, f"raise_{place}_findings", _("From so many findings ({n})").format(n=place + 1), most=MOST_FINDINGS)  # fmt: skip
            _factor(form, f"raise_{place}_factor", _("its days × ({n})").format(n=place + 1), least=0.05, most=1.0)
        for degree in (degree for degree in Degree if degree in holds.open_days):
            _number(form, f"open_{degree.value}", _("Open: {grade}, days").format(grade=grade_text(room, degree, visit.language)))  # fmt: skip
    st.html(f"<h2>{escape(_('Less often, with approval'))}</h2>")
    with st.container(key="round_less", horizontal=True, gap="small"):
        _number(form, "lower_clean_rounds", _("Rounds without a finding"), most=MOST_FINDINGS)
        _factor(form, "lower_factor", _("its days ×"), least=1.0, most=10.0)
        _number(form, "lower_lasts_days", _("For so many days"))
        _number(form, "least_days", _("At most every … days"))
        _number(form, "soon_days", _("Due soon, days before"), least=0)


def _number(form: Form, name: str, label: str, *, least: int = 1, most: int = MOST_DAYS) -> None:
    st.number_input(label, min_value=least, max_value=most, step=1, width=pixels(150), **form.bind(name, least))


def _factor(form: Form, name: str, label: str, *, least: float, most: float) -> None:
    st.number_input(label, min_value=least, max_value=most, step=0.05, width=pixels(150), **form.bind(name, 1.0))


def _effect(visit: Visit, room: Room, shown: Shown) -> str:
    """Return what the rule would come to on the next days."""
    _, found = visit._, shown.effect
    before, after = int(found.before.sum()), int(found.after.sum())
    many = len(shown.at_once)
    title = _("Rounds on each of the next {n} days: now and by the new rule").format(n=len(shown.days))
    told = _("{before} rounds now, {after} by the new rule ({more}).").format(before=f"{before:,}", after=f"{after:,}", more=f"{after - before:+,}")  # fmt: skip
    once = _("Overdue at once: {n} sites.").format(n=f"{many:,}")
    posts = [Share(post_name(room, one.key, _) if one.key else _("no post"), one.before, one.after) for one in shown.posts]  # fmt: skip
    leaf = room.area.net.leaf.key
    grids = [Share(grid_name(room, {leaf: one.key}) or one.key, one.before, one.after) for one in shown.grids]
    kinds = [Share(room.rules.sites.kind(one.key).name.in_(visit.language), one.before, one.after) for one in shown.kinds]  # fmt: skip
    days = [f"{day:%m-%d}" for day in shown.days]
    return (
        f'<h2>{escape(_("The effect on the next {n} days").format(n=len(days)))}</h2><p class="bm-effect" data-before="{before}" data-after="{after}"><b>{escape(told)}</b> '
        f'<span class="{"bm-late" if many else ""}">{escape(once)}</span></p>'
        f"{rounds.bars(found.before.tolist(), found.after.tolist(), days, escape(title))}"
        f'<p class="bm-legend"><span>{escape(days[0])}</span><span><i class="bm-bar-now"></i>{escape(_("now"))} <i class="bm-bar-then"></i>{escape(_("new rule"))}</span><span>{escape(days[-1])}</span></p>'
        f"{_shares(visit, _('Kind of site'), kinds)}{_shares(visit, _('Responsible post'), posts)}{_shares(visit, _('Micro-grid'), grids)}"
    )


def _shares(visit: Visit, name: str, shares: list[Share]) -> str:
    _ = visit._
    lines = [(one.key, f"{one.before:,}", f"{one.after:,}", f"{one.after - one.before:+,}" if one.after != one.before else "0") for one in shares[:FEW]]  # fmt: skip
    more = f'<p class="bm-note">{escape(_("and {n} more").format(n=len(shares) - FEW))}</p>' if len(shares) > FEW else ""  # fmt: skip
    return (
        f'<div class="bm-wide bm-counted">{table((name, _("now"), _("new rule"), _("Difference")), lines)}</div>{more}'
    )


def _trail(visit: Visit, room: Room, kept: list[Kept]) -> str:
    _ = visit._
    if not kept:
        return (
            f'<p class="bm-note">{escape(_("Nobody changed the rule here: it is that of the file rounds.toml."))}</p>'
        )
    rows = "".join(
        f"<li><time>{escape(local(room, one.at))}</time><div><p><b>{escape(_('saved'))}</b> <span>{escape(post_name(room, one.post, _))}</span></p><q>{escape(one.reason)}</q></div></li>"
        for one in kept
    )
    return f'<h2>{escape(_("Versions"))}</h2><ol class="bm-timeline">{rows}</ol>'


def _save(visit: Visit, form: Form, holds: RoundRules) -> None:
    now = datetime.now(UTC)
    room = visit.room()
    try:
        wished = _wished(room, form, holds)
        desk.save(room, wished.to_table(), form.get("reason"), visit.by("rounds_edit"), now, seen=form.get("seen", 0))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear(saved=desk.versions(room, most=1)[0].version)
        go("rounds", {"tab": "rule"})


def _leave(form: Form) -> None:
    form.clear()
    go("rounds", {"tab": "rule"})


def _back(visit: Visit, form: Form, seen: int) -> None:
    """Save the version before as a new one; that of the file where there is none."""
    now, room = datetime.now(UTC), visit.room()
    kept = desk.versions(room, most=2)
    before: Mapping[str, Any] = kept[1].table if len(kept) > 1 else {}
    try:
        desk.save(room, before, visit._("put back as it was"), visit.by("rounds_edit"), now, seen=seen)
    except BattlemapError as error:
        form.clear(refused=error)
    else:
        form.clear()
