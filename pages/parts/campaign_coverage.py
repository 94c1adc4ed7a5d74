"""Part of the page of campaigns: the phases with what is done to them, and how far the chosen one is, by grid or post and as of a day."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any

import streamlit as st

from desk.campaigns import acts
from desk.campaigns.meetings import RUN
from desk.room import Room
from desk.visits.acts import today as today_of
from geo.errors import BattlemapError, DraftError
from inspections.campaigns import COUNTS, Campaign, Reach, Row, Shortfall, Source, State, total
from ledger.campaigns import POST
from locales import N_
from pages.parts.element import pixels
from pages.parts.files import files
from pages.parts.form import Form, steady
from pages.parts.going import link, on_map
from pages.parts.visit import Visit, own_key
from reports.campaign_words import (
    FAULTS,
    FINDINGS,
    HEADS,
    LISTED,
    MOST_FAULTS,
    STATE,
    as_of,
    day_words,
    gate_words,
    group_name,
    groups,
    rule_words,
    share,
    table,
    targets_table,
)
from reports.coverage import lines, missing
from reports.inspection_lists import ALL
from reports.refusals import refusal

DAY = timedelta(days=1)
TOLD: Mapping[Source, str] = {
    Source.SITES: N_("A site counts as inspected from its first inspection in the phase on, self-checks left out; each stands in exactly one of the four states. A finding is put right once it was looked at again and closed."),
    Source.HOUSEHOLDS: N_("Households are counted, and nobody is named: what visits of the round met, at most what a building has. Buildings whose households nobody knows are left out."),
    Source.CASES: N_("Cases of these classes that were reported in the phase; inspected are those to which somebody was sent, put right those that are over. Findings are the cases."),
}  # fmt: skip


def how_far(visit: Visit, room: Room, campaign: Campaign, own: Mapping[str, str]) -> None:
    """Show phases and figures."""
    today = today_of(room, visit.now)
    number = int(own["phase"]) if own.get("phase", "").isdigit() and 1 <= int(own["phase"]) <= len(campaign.phases) else campaign.latest or 1  # fmt: skip
    day = _day(own, today)
    at = as_of(room, day.isoformat() if day != today else "", visit.now)
    st.html(_phases(visit, room, campaign, number, own))
    _acts(visit, room, campaign, number)
    phase, known = campaign.phase(number), groups(room)
    if phase.begun is None:
        st.html(f'<p class="bm-empty">{escape(visit._("This phase has not begun. Its targets are drawn when it begins."))}</p>')  # fmt: skip
        return
    by = own["by"] if own.get("by") in known else known[0]
    asked = {"campaign": campaign.number, "phase": str(number), "by": by, **({"day": day.isoformat()} if day != today else {})}  # fmt: skip
    rows = lines(room, campaign, number, at, by, visit._)
    with st.container(key="visit_bar", horizontal=True, vertical_alignment="center", gap="small"):
        _as_of(visit, campaign, number, day, today)
        ways = "".join(
            f"{link(visit, 'campaigns', {**asked, 'by': one}, attributes=' aria-current=true' if one == by else '')}{escape(group_name(room, one, visit._, visit.language))}</a>"
            for one in known
        )
        st.html(f'<p class="bm-digest">{ways}</p>', width="content")
        if campaign.source is Source.SITES:
            st.html(on_map(visit, "sites", {"state": "every", "target": _target(campaign, number, day, today, Reach.NOT_YET.value)}), width="content")  # fmt: skip
        files(visit, room, "campaign", campaign.name, len(rows), visit._("How far"), asked, lambda now: table(now, lines(now, campaign, number, at, by, visit._), by, visit._, visit.language))  # fmt: skip
    st.html(_table(visit, room, campaign, number, by, rows, day, today))
    st.html(f'<p class="bm-note">{escape(visit._(TOLD[campaign.source]))}</p>')
    if campaign.source is Source.SITES:
        with st.container(key="campaign_targets", horizontal=True, vertical_alignment="center", gap="small"):
            st.html(f'<p class="bm-note">{escape(visit._("All targets of the phase, one a row:"))}</p>', width="content")  # fmt: skip
            files(visit, room, "targets", campaign.name, max(total(rows).targets, 1), visit._("Targets"), {**asked, "list": "targets"}, lambda now: targets_table(now, campaign, number, at, visit._, visit.language), key="targets")  # fmt: skip


def _day(own: Mapping[str, str], today: date) -> date:
    try:
        return min(date.fromisoformat(own["day"]), today) if own.get("day") else today
    except ValueError:
        return today


def _phases(visit: Visit, room: Room, campaign: Campaign, chosen: int, own: Mapping[str, str]) -> str:
    _, parts = visit._, []
    for number, phase in enumerate(campaign.phases, 1):
        current = " aria-current=true" if number == chosen else ""
        way = link(visit, "campaigns", {"campaign": campaign.number, "phase": str(number), **({"by": own["by"]} if own.get("by") else {})}, attributes=current)  # fmt: skip
        about = rule_words(room, campaign.source, phase.rule, _, visit.language)
        parts.append(
            f"<li>{way}<b>{number}. {escape(phase.name)}</b><span>{escape(_(STATE[phase.state]))} · {escape(day_words(phase))}</span><small>{escape(about)}</small></a></li>"
        )
    return f'<ol class="bm-phases">{"".join(parts)}</ol>'


def _acts(visit: Visit, room: Room, campaign: Campaign, number: int) -> None:
    """Show what may be done to the chosen phase, and what its gate asks for."""
    _, phase = visit._, campaign.phase(number)
    lacks = missing(room, campaign, number, visit.now) if phase.state is State.RUNNING else None
    gate = gate_words(phase, lacks, room, _, visit.language)
    if gate:
        st.html(f'<p class="bm-note">{escape(_("Gate: {what}").format(what=gate))}</p>')
    if phase.reason:
        st.html(f'<p class="bm-note">{escape(_("Closed before its gate: {reason}").format(reason=phase.reason))}</p>')
    if not visit.may(RUN) or campaign.cancelled:
        return
    form = Form(f"campaign_{campaign.number}_{number}", visit)
    with steady():
        if phase.state is State.PLANNED and not campaign.running and number == campaign.latest + 1:
            _press(form, "begin", _("Begin the phase and draw its targets"), lambda: _did(acts.begin(room, campaign, number, visit.by("campaign"), datetime.now(UTC))))  # fmt: skip
        elif phase.state is State.RUNNING:
            _running(visit, room, campaign, number, form, lacks)
        elif phase.state is State.CLOSED and number == campaign.latest:
            _press(form, "reopen", _("Let it run again"), lambda: _did(acts.reopen(room, campaign, number, visit.by("campaign"), datetime.now(UTC))))  # fmt: skip
        if (told := form.get("told", None)) is not None:
            came, went = told
            st.html(f'<p class="bm-saved" role="status">{escape(_("Drawn again: {came} came, {went} left.").format(came=f"{came:,}", went=f"{went:,}"))}</p>')  # fmt: skip
        refused = form.get("refused", None)
        if refused:
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _running(visit: Visit, room: Room, campaign: Campaign, number: int, form: Form, lacks: Shortfall | None) -> None:  # noqa: PLR0917  # fmt: skip
    _ = visit._
    if not form.get("closing", False):
        with st.container(horizontal=True, gap="small"):
            if campaign.source is not Source.CASES:
                _press(form, "draw", _("Draw the targets again"), lambda: {"told": acts.draw(room, campaign, visit.by("campaign"), datetime.now(UTC))[1:]})  # fmt: skip
            st.button(_("Close the phase"), key="campaign_close", on_click=lambda: form.set(closing=True))
        return
    is_met = lacks is None or lacks.is_met
    st.html(f"<p>{escape(_('The phase ends today, and its list stays as it is.') if is_met else _('The gate is not met. Say why the phase is closed all the same.'))}</p>")  # fmt: skip
    if not is_met:
        st.text_area(_("Reason"), max_chars=acts.LONGEST_NOTE, height=80, **form.bind("reason"))
    with st.container(horizontal=True, gap="small"):
        st.button(_("Close it now"), key="campaign_close_now", type="primary", on_click=_close, args=(visit, room, campaign, number, form, is_met))  # fmt: skip
        st.button(_("Go on with it"), key="campaign_close_not", on_click=form.clear)


def _close(visit: Visit, room: Room, campaign: Campaign, number: int, form: Form, is_met: bool) -> None:  # noqa: FBT001, PLR0917  # fmt: skip
    reason = "" if is_met else form.get("reason")
    if not is_met and not reason.strip():
        form.set(refused=DraftError("Say why the phase is closed before its gate.", field="campaign_close"))
        return
    _do(form, lambda: _did(acts.close(room, campaign, number, reason, visit.by("campaign"), datetime.now(UTC))))


def _press(form: Form, name: str, said: str, work: Callable[[], dict[str, Any]]) -> None:
    st.button(said, key=f"campaign_{name}", on_click=_do, args=(form, work))


def _do(form: Form, work: Callable[[], dict[str, Any]]) -> None:
    try:
        told = work()
    except BattlemapError as error:
        form.set(refused=error)
    else:
        form.clear(**told)


def _did(_campaign: Campaign) -> dict[str, Any]:
    return {}


def _as_of(visit: Visit, campaign: Campaign, number: int, day: date, today: date) -> None:
    _, phase, key = visit._, campaign.phase(number), own_key("campaign_day", visit)
    first = phase.begun or today
    st.session_state[key] = max(day, first)
    own = {name: value for name, value in st.session_state["own"]["campaigns"].items() if name != "day"}
    if day > first:
        st.html(_step(visit, own, day - DAY, today, "‹", _("The day before")), width="content")
    st.date_input(_("As of the end of this day"), min_value=first, max_value=max(today, first), format="YYYY-MM-DD", key=key, label_visibility="collapsed", width=pixels(150), on_change=_ask, args=(key, today))  # fmt: skip
    if day < today:
        st.html(_step(visit, own, day + DAY, today, "›", _("The day after")), width="content")


def _step(visit: Visit, own: Mapping[str, str], day: date, today: date, sign: str, said: str) -> str:  # noqa: PLR0917
    asked = {**own, **({"day": day.isoformat()} if day != today else {})}
    return f'<p class="bm-pager">{link(visit, "campaigns", asked, attributes=f" aria-label={chr(34)}{escape(said)}{chr(34)}")}{sign}</a></p>'  # fmt: skip


def _ask(key: str, today: date) -> None:
    chosen = st.session_state[key]
    own = {**st.session_state["own"]["campaigns"], "day": "" if chosen is None or chosen == today else chosen.isoformat()}  # fmt: skip
    st.session_state["own"] = {**st.session_state["own"], "campaigns": {name: value for name, value in own.items() if value}}  # fmt: skip


def _target(campaign: Campaign, number: int, day: date, today: date, how: str) -> str:
    said = [campaign.number, str(number), *([how] if how not in {"targets", FINDINGS} else []), *([day.isoformat()] if day != today else [])]  # fmt: skip
    return ".".join(said)


def _table(visit: Visit, room: Room, campaign: Campaign, number: int, by: str, rows: tuple[Row, ...], day: date, today: date) -> str:  # noqa: PLR0917  # fmt: skip
    _ = visit._
    heads = [group_name(room, by, _, visit.language), *(_(name) for name in HEADS.values()), _("Share inspected")]
    head = "".join(f'<th scope="col"{" class=bm-number" if place else ""}>{escape(name)}</th>' for place, name in enumerate(heads))  # fmt: skip
    body = "".join(_row(visit, campaign, number, by, one, day, today) for one in rows)
    whole = total(rows)
    sums = "".join(f'<td class="bm-number">{_figure(visit, campaign, number, "", "", name, getattr(whole, name), day, today)}</td>' for name in COUNTS_SHOWN)  # fmt: skip
    foot = f'<tr class="bm-sum"><td>{escape(_("Sum"))}</td>{sums}<td class="bm-number">{share(whole.visited, whole.targets)}</td></tr>'
    return f'<div class="bm-wide bm-counted bm-linked"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody><tfoot>{foot}</tfoot></table></div>'  # fmt: skip


COUNTS_SHOWN = tuple(name for name in HEADS if name in COUNTS)


def _row(visit: Visit, campaign: Campaign, number: int, by: str, one: Row, day: date, today: date) -> str:  # noqa: PLR0917  # fmt: skip
    cells = "".join(f'<td class="bm-number">{_figure(visit, campaign, number, by, one.code, name, getattr(one, name), day, today)}</td>' for name in COUNTS_SHOWN)  # fmt: skip
    name = one.name or (visit._("No post") if by == POST else visit._("No grid"))
    return f'<tr><td>{escape(name)}</td>{cells}<td class="bm-number">{share(one.visited, one.targets)}</td></tr>'


def _figure(visit: Visit, campaign: Campaign, number: int, by: str, code: str, name: str, many: int, day: date, today: date) -> str:  # noqa: PLR0917  # fmt: skip
    """Return a figure, as the way to its list where its sites can be listed."""
    if not many:
        return "0"
    where, is_fault = f"@{by}:{code}" if by else "", name in {FINDINGS, *FAULTS}
    if campaign.source is not Source.SITES or not (name in LISTED or is_fault) or (by and not code):
        return f"{many:,}"
    if is_fault:
        own = {"pile": ALL, "target": _target(campaign, number, day, today, name) + where}
        return f"{link(visit, 'findings', own)}{many:,}</a>" if many <= MOST_FAULTS else f"{many:,}"
    return f"{link(visit, 'sites', {'state': 'every', 'target': _target(campaign, number, day, today, name) + where})}{many:,}</a>"  # fmt: skip
