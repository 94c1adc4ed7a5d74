"""One whistle's sheet: what it is about, how much time each department has, its joint record of tasks, what may be done now, and its course."""

from html import escape
from urllib.parse import quote, urlencode

import streamlit as st

from desk.room import Room
from desk.whistle.people import approvers
from incidents.deadlines import Light
from incidents.whistles import Party, Phase, Task
from pages.parts import whistle_acts
from pages.parts.going import link
from pages.parts.rows import light, mark_of
from pages.parts.timeline import timeline
from pages.parts.visit import Visit
from reports import whistles
from reports.case_words import local, post_name
from reports.whistles import Clock, Sheet
from reports.words import status_name

PICTURES = "whistle"  # where photos of a whistle are read: /whistle/{area}/{number}/{sha256}


def show(visit: Visit, room: Room, shown: Sheet) -> None:
    """Show it."""
    _, number = visit._, shown.filed.number
    _walk(visit, number)
    st.html(_head(visit, room, shown))
    with st.container(key="sheet", horizontal=True, gap=None):
        with st.container(key="work", gap=None):
            whistle_acts.show(visit, room, shown)
            text = whistles.text_of(shown)
            st.html(f'<div class="bm-said"><p>{escape(text)}</p></div>' if text else "")
            if shown.filed.state.parties:
                st.html(_parties(visit, room, shown))
            if shown.filed.state.tasks:
                st.html(_tasks(visit, room, shown))
            course = timeline(whistles.lines(room, shown, _), visit, pictures_of(visit, number))
            st.html(f"<h2>{escape(_('Course of the whistle'))}</h2>{course}")
        with st.container(key="beside", gap=None):
            st.html(_beside(visit, room, shown))


def pictures_of(visit: Visit, number: str) -> str:
    """Return where the photos of a whistle are read."""
    return f"/{PICTURES}/{quote(visit.name, safe='')}/{quote(number, safe='')}/"


def _walk(visit: Visit, number: str) -> None:
    _ = visit._
    said = urlencode({"lang": visit.language, "post": visit.post.key})
    paper = f"/{PICTURES}/{quote(visit.name, safe='')}/{quote(number, safe='')}?{said}"
    with st.container(key="walk", horizontal=True, vertical_alignment="center", gap="small"):
        pile = st.session_state["own"]["whistles"].get("pile", "")
        st.html(
            f"{link(visit, 'whistles', {'pile': pile} if pile else {})}← {escape(_('Whistles'))}</a>", width="content"
        )
        st.html(
            f'<a class="bm-paper" href="{escape(paper)}" target="_blank" rel="noopener">{escape(_("Print the evidence pack"))}</a>',
            width="content",
        )


def _head(visit: Visit, room: Room, shown: Sheet) -> str:
    _, state = visit._, shown.filed.state
    now = whistles.next_clock(room, state, visit.post.key, visit.now, _)
    lead = state.lead
    facts = [
        (_("State"), escape(whistles.phase_name(room, state, _))),
        (_("Deadline"), light(now.light.value, f"{now.name} {now.left}", now.due) if now and now.light else "—"),
        (_("Whistle asked by"), escape(post_name(room, state.asker, _))),
        (_("Approved by"), escape(_leader(visit, room, shown))),
        (_("Leads"), escape(post_name(room, lead.post, _) if lead else "—")),
    ]
    cells = "".join(f"<div><dt>{escape(label)}</dt><dd>{value}</dd></div>" for label, value in facts)
    kind = whistles.kind_name(room, state, visit.language)
    return (
        f'<header class="bm-head"><h1><i class="bm-sort" aria-hidden="true">{escape(kind[:1])}</i>{escape(kind)}</h1>'
        f'<p class="bm-number"><code>{escape(shown.filed.number)}</code>{escape(whistles.where(room, shown))}</p><dl>{cells}</dl></header>'
    )


def _leader(visit: Visit, room: Room, shown: Sheet) -> str:
    _, state = visit._, shown.filed.state
    if state.approver or state.phase is not Phase.ASKED:
        return post_name(room, state.approver, _) or "—"
    waits = "、".join(post_name(room, post.key, _) for post in approvers(room, shown.filed, visit.now))
    return _("waits for {posts}").format(posts=waits or "—")


def _parties(visit: Visit, room: Room, shown: Sheet) -> str:
    _ = visit._
    items = "".join(_party(visit, room, shown, party) for party in shown.filed.state.parties)
    return f'<h2>{escape(_("Departments that were called"))}</h2><ul class="bm-parties">{items}</ul>'


def _party(visit: Visit, room: Room, shown: Sheet, party: Party) -> str:
    _ = visit._
    tags = [(_("leads"), party.lead), (_("disputes the call"), party.disputed), (_("let go"), party.released)]
    said = "".join(f"<em>{escape(word)}</em>" for word, holds in tags if holds)
    stages = (
        ""
        if party.released
        else "".join(_stage(one, visit) for one in whistles.clocks(room, shown.filed.state, party, visit.now, _))
    )
    return f'<li data-post="{escape(party.post)}"><p><b>{escape(post_name(room, party.post, _))}</b>{said}</p><ol class="bm-stages">{stages}</ol></li>'


def _stage(one: Clock, visit: Visit) -> str:
    _ = visit._
    if one.at:
        late = f" <em>{escape(_('late'))}</em>" if one.light is Light.RED else ""
        return f'<li class="bm-reached"><b>{escape(one.name)}</b><span>{escape(one.at[5:])}{late}</span></li>'
    by = escape(_("by {time}").format(time=one.due[5:]))
    running = f"{light(one.light.value, one.left, one.due)}" if one.light else ""
    return f'<li class="{"bm-running" if one.light else "bm-coming"}"><b>{escape(one.name)}</b><span>{running or by}</span>{f"<small>{by}</small>" if running else ""}</li>'


def _tasks(visit: Visit, room: Room, shown: Sheet) -> str:
    _, state = visit._, shown.filed.state
    steps = sorted({task.step for task in state.tasks})
    parts = "".join(
        f"<li><p>{escape(_('Step {n}').format(n=step))}</p><ul>{''.join(_task(visit, room, shown, task) for task in state.tasks if task.step == step)}</ul></li>"
        for step in steps
    )
    return f'<h2>{escape(_("Joint record"))}</h2><ol class="bm-tasks">{parts}</ol>'


def _task(visit: Visit, room: Room, shown: Sheet, task: Task) -> str:
    _, clock = visit._, whistles.task_clock(room, shown.filed.state, task, visit.now, visit._)
    if task.dropped:
        state = escape(_("dropped"))
    elif task.done:
        state = f"✓ {escape(local(room, task.done)[5:])}"
    elif clock and clock.light:
        state = light(clock.light.value, clock.left, clock.due)
    else:
        state = escape(_("by {time}").format(time=clock.due[5:]) if clock else _("open"))
    look = "bm-dropped" if task.dropped else "bm-done" if task.done else ""
    return (
        f'<li class="{look}"><span>{task.number}. {escape(whistles.task_text(shown, task.number))}</span>'
        f"<small>{escape(post_name(room, task.owner, _))}</small><span>{state}</span></li>"
    )


def _beside(visit: Visit, room: Room, shown: Sheet) -> str:
    _, case = visit._, shown.case
    view = urlencode(
        {"area": room.id, "lang": visit.language, "view": f"{shown.filed.lat:.5f},{shown.filed.lon:.5f},18"}
    )
    parts = [
        f'<h2 class="bm-quiet">{escape(_("Place"))}</h2><p class="bm-address">{escape(whistles.where(room, shown) or "—")}</p>',
        f'<p class="bm-address"><a class="bm-way" href="/?{escape(view)}" target="_self">{escape(_("Open on the battle map"))}</a></p>',
    ]
    if case:
        title = (
            case.title if shown.reads else _("People are protected in this case: only posts that work on it see it.")
        )
        way = link(visit, "case", {"case": case.number}) if room.sees(case) and shown.reads else "<span>"
        end = "</a>" if way.startswith("<a") else "</span>"
        parts.append(
            f'<h2 class="bm-quiet">{escape(_("Case"))}</h2><p class="bm-other">{way}{mark_of(case)}<span>{escape(title)}</span>{end}'
            f"<small>{escape(f'{case.number} · {status_name(case.status.value, _)}')}</small></p>"
        )
        if shown.reads and case.text and case.text != case.title:
            parts.append(f'<div class="bm-said"><p>{escape(case.text)}</p></div>')
        base = pictures_of(visit, shown.filed.number)
        shots = "".join(
            f'<a class="bm-photo" href="{base}{one["sha256"]}" target="_blank" rel="noopener" data-photo><img src="{base}{one["thumbnail"]}" alt="{escape(_("Photos"))}" loading="lazy"></a>'
            for one in shown.case_photos
        )
        parts.append(f'<div class="bm-photos">{shots}</div>' if shots else "")
    rated = [
        f"{post_name(room, by, _)} → {post_name(room, post, _)} {'★' * stars}"
        for post, given in shown.filed.state.rated.items()
        for by, stars in given.items()
    ]
    if rated:
        parts.append(
            f'<h2 class="bm-quiet">{escape(_("Ratings"))}</h2>' + "".join(f"<p>{escape(one)}</p>" for one in rated)
        )
    return "".join(parts)
