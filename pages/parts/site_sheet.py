"""Part of the page of sites: one site with its facts, papers, what may be done to it, and its history."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

import streamlit as st

from desk.inspections import rounds
from desk.papers import self_checks
from desk.room import Room
from desk.sites import register
from geo.errors import BattlemapError
from incidents.text import mask_phone
from inspections.sites import FROM, Act, Bound, Document, Site
from ledger.tables import instant
from locales import N_, Translator
from pages.parts.air_walks import site_proposed
from pages.parts.form import Form
from pages.parts.going import go
from pages.parts.site_attempts import site_attempts
from pages.parts.site_form import CHANGE
from pages.parts.site_inspections import site_inspections
from pages.parts.site_watering import site_watering
from pages.parts.tables import pairs
from pages.parts.visit import Visit
from reports import rounds as round_words
from reports.case_words import dedicated_names, grid_name, local, post_name
from reports.refusals import refusal
from reports.site_words import ACT, BOUND, MATCH, STATE

SOON = timedelta(days=30)
EDIT, FILE = "edit", "file"  # beside the acts
LOOKS = {Act.SUSPEND: N_("Put out of use"), Act.MOVE: N_("Moved away"), Act.CLOSE: N_("Close"), Act.REOPEN: N_("Open again"), Act.BIND: N_("Bind by hand"), Act.UNBIND: N_("Bind by the rule"), EDIT: N_("Change"), FILE: N_("Enter a paper")}  # fmt: skip
CHANGED = {"kind": N_("kind"), "name": N_("name"), "address": N_("address"), "lon": N_("place"), "lat": N_("place"), "codes": N_("grids"), "post": N_("responsible post"), "documents": N_("papers"), "fields": N_("facts"), "note": N_("note"), "households": N_("households")}  # fmt: skip


def expiry(visit: Visit, room: Room, one: Site) -> tuple[str, bool]:
    """Return which paper runs out first, in words, and whether it did already; "" where none has a day."""
    if one.expires is None:
        return "", False
    _ = visit._
    first = next(paper for paper in one.documents if paper.expires == one.expires)
    name, today = room.rules.sites.document(first.key).name.in_(visit.language), room.clock(visit.now).date()
    if one.expires < today:
        return _("{name} ran out {day}").format(name=name, day=one.expires), True
    return _("{name} until {day}").format(name=name, day=one.expires), False


def sheet(visit: Visit, room: Room, number: str) -> None:
    """Show a site; nothing where none is chosen."""
    if not number:
        return
    _, form = visit._, Form(f"site_act_{number}", visit)
    try:
        one = register.get(room, number)
        entries = register.history(room, number)
        ring = register.contact(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    may_edit = visit.may(register.EDIT)
    st.html(_facts(visit, room, one, ring))
    st.html(_on_paper(visit, room, one))
    if may_edit:
        _acts(visit, room, form, one)
    site_watering(visit, room, one)
    site_inspections(visit, room, one)
    site_attempts(visit, room, one)
    site_proposed(visit, room, one)
    st.html(_history(visit, room, entries))


def _facts(visit: Visit, room: Room, one: Site, ring: str) -> str:
    _, rules = visit._, room.rules.sites
    since = f" · {one.state_since}" if one.state_since else ""
    bound = _(BOUND[one.bound]) + (f" · {one.bound_since} · {one.bound_reason}" if one.bound_since else "")
    rows = [
        (_("Number"), one.number),
        (_("Kind of site"), rules.kind(one.kind).name.in_(visit.language)),
        (_("State"), f"{_(STATE[one.state])}{since}"),
        (_("Reason"), one.state_reason),
        (_("Address"), one.address),
        (_("Micro-grid"), " · ".join(filter(None, (grid_name(room, one.codes), "" if one.match == "inside" else _(MATCH.get(one.match, one.match)))))),
        (_("Dedicated grid"), dedicated_names(room, one.codes)),
        (_("Near an edge"), _("{metres} m").format(metres=one.edge_m) if one.edge_m is not None else ""),
        (_("Responsible post"), post_name(room, one.post, _) or _("no post")),
        (_("Bound"), bound),
        (_("Next round"), _round(visit, room, one)),
        (_("Mark of the vehicle"), one.mobile if visit.may(register.EDIT) else ""),
        (_("Usual spots"), "; ".join(spot.label or f"{spot.lon:.5f}, {spot.lat:.5f}" for spot in one.spots)),
        (_("Households"), "" if one.households is None else f"{one.households:,}"),
        *((rules.field(key).name.in_(visit.language), _value(rules.field(key).unit, value)) for key, value in one.fields.items()),
        (_("Office telephone"), mask_phone(ring) if ring else ""),
        (_("Note"), one.note),
        (_("Other system"), " ".join(filter(None, (one.source, one.external_id if not one.external_id.startswith("#") else "")))),
    ]  # fmt: skip
    return f"<h2>{escape(one.name)}</h2>{pairs([row for row in rows if row[1]])}{_papers(visit, room, one)}"


def _on_paper(visit: Visit, room: Room, one: Site) -> str:
    """Return the ways to check it on paper, and by a link where who looks judges findings."""
    _, kind, area, number = (
        visit._,
        room.rules.sites.kind(one.kind),
        quote(visit.name, safe=""),
        quote(one.number, safe=""),
    )
    lists = room.rules.checklists.for_site(kind.key, kind.group.value)
    waits = self_checks.waiting(room, one)
    papers = [(f"/checklist/{area}/{quote(each.key, safe='')}?{urlencode({'site': one.number, 'lang': visit.language})}", _("On paper: {name}").format(name=each.name.in_(visit.language))) for each in lists]  # fmt: skip
    own = [(f"/self-checks/{area}/{number}?{urlencode({'lang': visit.language})}", _("Self-checks of the site, not looked at: {n}").format(n=waits) if waits else _("Self-checks of the site"))] if lists and visit.may(self_checks.EDIT) else []  # fmt: skip
    links = "".join(f'<li><a href="{escape(address)}" target="_blank" rel="noopener">{escape(name)}</a></li>' for address, name in (*own, *papers))  # fmt: skip
    return f'<h2>{escape(_("Self-checks and lists on paper"))}</h2><ul class="bm-links">{links}</ul>' if links else ""


def _round(visit: Visit, room: Room, one: Site) -> str:
    """Return the day of the next round, how often and why; "" of a site that is not in use."""
    found = rounds.some(room, [one.number], visit.now).get(one.number)
    return f"{round_words.due_text(found, visit.now, room, visit._)} · {round_words.said(found, visit._)}" if found else ""  # fmt: skip


def _value(unit: str | None, value: float | str) -> str:
    return f"{value:,g} {unit or ''}".strip() if isinstance(value, int | float) else value


def _papers(visit: Visit, room: Room, one: Site) -> str:
    """Return the papers that a site has, and those that its kind names and it lacks."""
    _, rules, today = visit._, room.rules.sites, room.clock(visit.now).date()
    missing = [key for key in rules.kind(one.kind).documents if one.document(key) is None]
    rows = [(rules.document(paper.key).name.in_(visit.language), *_paper(paper, rules.document(paper.key).warn_days, today, _)) for paper in one.documents]  # fmt: skip
    rows += [(rules.document(key).name.in_(visit.language), _("not entered"), "none") for key in missing]
    if not rows:
        return ""
    lines = "".join(f'<div data-paper="{look}"><dt>{escape(name)}</dt><dd>{escape(said)}</dd></div>' for name, said, look in rows)  # fmt: skip
    return f'<h2>{escape(_("Papers"))}</h2><dl class="bm-pairs bm-papers">{lines}</dl>'


def _paper(paper: Document, warn: int, today: date, _: Translator) -> tuple[str, str]:
    """Return what a paper says in words, and how it looks: over, soon, held."""
    issued = _("from {day}").format(day=paper.issued) if paper.issued else ""
    note = f"({paper.note})" if paper.note else ""
    if paper.expires is None:
        return " ".join(filter(None, (issued, note))), "held"
    until = _("until {day}").format(day=paper.expires)
    look = "over" if paper.expires < today else "soon" if paper.expires <= today + timedelta(days=warn) else "held"
    told = {"over": _("ran out"), "soon": _("runs out soon")}.get(look, "")
    return " ".join(filter(None, (issued, until, told, note))), look


def _acts(visit: Visit, room: Room, form: Form, one: Site) -> None:
    """Show what may be done: a button for each act, and the form of the one that was pressed."""
    _ = visit._
    may = [EDIT, FILE, Act.BIND, *([Act.UNBIND] if one.bound is Bound.HAND else []), *(act for act, states in FROM.items() if one.state in states)]  # fmt: skip
    chosen = form.get("act", None)
    with st.container(horizontal=True, key="site_acts", gap="small"):
        for act in may:
            st.button(_(LOOKS[act]), key=f"site_{act}", on_click=_open, args=(form, one, act))
    if chosen in may and chosen != EDIT:
        with st.container(key="site_act_form", gap="small"):
            _fields(visit, room, form, one, chosen)
            with st.container(horizontal=True, gap="small"):
                st.button(_(LOOKS[chosen]), key="site_confirm", type="primary", on_click=_do, args=(visit, form, one, chosen))  # fmt: skip
                st.button(_("Leave it as it was"), key="site_leave", on_click=form.clear)
    if refused := form.get("refused", None):
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _open(form: Form, one: Site, act: str) -> None:
    """Open the form of an act; that of the whole site takes the place of the list."""
    if act == EDIT:
        go("sites", {**st.session_state["own"]["sites"], "site": one.number, "do": CHANGE})
    else:
        form.clear(act=act)


def _fields(visit: Visit, room: Room, form: Form, one: Site, act: str) -> None:
    _, today, rules = visit._, room.clock(visit.now).date(), room.rules.sites
    if act == FILE:
        own = rules.kind(one.kind).documents
        keys = [*own, *(key for key in rules.documents if key not in own)]
        st.selectbox(_("Paper"), keys, format_func=lambda key: rules.document(key).name.in_(visit.language), **form.bind("paper", keys[0]))  # fmt: skip
        with st.container(horizontal=True, gap="small"):
            first, last = date(1990, 1, 1), date(2099, 12, 31)
            st.date_input(_("Issued on"), min_value=first, max_value=last, format="YYYY-MM-DD", **form.bind("issued", None))  # fmt: skip
            st.date_input(_("Runs out on"), min_value=first, max_value=last, format="YYYY-MM-DD", **form.bind("expires", None))  # fmt: skip
        st.text_input(_("Note"), max_chars=register.LONGEST_FIELD, **form.bind("note"))
        return
    if act == Act.UNBIND:
        st.html(f'<p class="bm-note">{escape(_("The post of its place answers for it again."))}</p>')
        return
    if act == Act.BIND:
        posts = {post.key: post_name(room, post.key, _) for post in room.register.posts(visit.now).values()}
        st.selectbox(_("Responsible post"), list(posts), index=None, format_func=lambda key: posts.get(key, key), placeholder=_("Choose a post"), **form.bind("post", None))  # fmt: skip
    st.text_input(_("Reason"), max_chars=register.LONGEST_REASON, **form.bind("reason"))
    st.date_input(_("Since"), max_value=today, format="YYYY-MM-DD", **form.bind("day", today))


def _do(visit: Visit, form: Form, one: Site, act: str) -> None:
    now = datetime.now(UTC)
    room, today = visit.room(), visit.room().clock(now).date()
    reason, day = form.get("reason"), form.get("day", None) or today
    try:
        by = register.hand(room, now)
        doing: Mapping[str, Callable[[], Any]] = {
            FILE: lambda: register.file(room, one, Document(form.get("paper"), form.get("issued", None), form.get("expires", None), form.get("note")), by, now),
            Act.BIND: lambda: register.bind(room, [one], form.get("post", None) or "", reason, day, by, now),
            Act.UNBIND: lambda: register.unbind(room, [one], by, now),
        }  # fmt: skip
        doing.get(act, lambda: register.turn(room, one, Act(act), reason, day, by, now))()
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()


def _history(visit: Visit, room: Room, entries: list[dict[str, Any]]) -> str:
    _ = visit._
    rows = "".join(
        f'<li data-act="{escape(entry["act"])}"><time>{escape(local(room, instant(entry["at"])))}</time><div><p><b>{escape(_(ACT[Act(entry["act"])]))}</b> '
        f"<span>{escape(post_name(room, entry['post'], _))}</span></p>{_told(room, entry, _)}</div></li>"
        for entry in reversed(entries)
    )
    return f'<ol class="bm-timeline">{rows}</ol>'


def _told(room: Room, entry: Mapping[str, Any], _: Translator) -> str:
    """Return what an entry says: its reason, and what changed."""
    after, before = entry["after"], entry["before"]
    reason = after.get("state_reason") or after.get("bound_reason") or ""
    if entry["act"] == Act.ADD.value:
        return ""
    names = dict.fromkeys(_(CHANGED[name]) for name in after if name in CHANGED)
    post = f"{post_name(room, before.get('post', ''), _) or _('no post')} → {post_name(room, after['post'], _) or _('no post')}" if "post" in after else ""  # fmt: skip
    name = f"{before['name']} → {after['name']}" if "name" in after else ""
    lines = [line for line in (", ".join(names), name, post) if line]
    quote = f"<q>{escape(reason)}</q>" if reason else ""
    return f"{quote}<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
