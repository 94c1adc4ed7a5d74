"""Two people on one case: what the other did meanwhile, the state then and now, and one's own act with every word kept."""

from dataclasses import replace
from html import escape

import streamlit as st

from incidents.case import Incident
from incidents.lifecycle import Act
from pages.parts.acts import BOTH, LABEL, Tried, attempt, name_of
from pages.parts.timeline import timeline
from pages.parts.visit import Visit
from reports.case_words import compared, facts_at, local, post_name
from reports.case_words import timeline as lines_of


def conflict(case: Incident, visit: Visit, tried: Tried) -> None:
    """Show the conflict, and the two ways out of it."""
    room, _ = visit.room(), visit._
    _case, entries, photos = room.sheet(case.number)
    since = [line for line in lines_of(room, entries, photos, _, visit.language) if line.version > tried.seen]
    old, new = facts_at(entries, tried.seen), facts_at(entries, case.version)
    still = _still(case, visit, tried.act)
    with st.container(key="conflict"):
        st.html(
            f'<section role="alert"><h2>{escape(_("Somebody else changed this case in the meantime"))}</h2>'
            f"<p>{escape(_('Nothing is lost. Look at what changed, then decide.'))}</p>"
            f'<div class="bm-two"><div><h3>{escape(_("What you were about to do"))}</h3>{_own(tried, visit)}</div>'
            f"<div><h3>{escape(_('What was done meanwhile'))}</h3>{timeline(since, visit)}</div></div>"
            f"{_side_by_side(compared(room, old, new, _, visit.language), visit)}</section>"
        )
        with st.container(horizontal=True, gap="small"):
            if still:
                again = replace(tried, seen=case.version)
                st.button(
                    _("Go on with the new state"), type="primary", key="go_on", on_click=attempt, args=(visit, again)
                )
            else:
                st.html(
                    f'<p class="bm-refused">{escape(_("In the new state this cannot be done any more."))}</p>',
                    width="content",
                )
            st.button(_("Give it up"), key="give_up", on_click=lambda: st.session_state.pop("conflict", None))


def _still(case: Incident, visit: Visit, act: str) -> bool:
    wanted = Act.FILE if act == BOTH else Act(act)
    return wanted in visit.allowed(case.state)


def _own(tried: Tried, visit: Visit) -> str:
    _ = visit._
    rows = [(visit._(LABEL[name]), _shown(name, value, visit)) for name, value in tried.data.items() if value]
    if tried.photos:
        rows.append((_("Photos"), str(len(tried.photos))))
    said = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(text)}</dd></div>" for label, text in rows)
    return f'<p><b>{escape(name_of(tried.act, visit))}</b></p><dl class="bm-pairs">{said}</dl>'


def _shown(name: str, value: object, visit: Visit) -> str:
    if name == "handler":
        return post_name(visit.room(), str(value), visit._)
    return local(visit.room(), value) if hasattr(value, "tzinfo") else str(value)


def _side_by_side(rows: list[tuple[str, str, str]], visit: Visit) -> str:
    _ = visit._
    body = "".join(
        f"<tr{' class=bm-changed' if old != new else ''}><th scope=row>{escape(label)}</th><td>{escape(old)}</td><td>{escape(new)}</td></tr>"
        for label, old, new in rows
    )
    return f'<table class="bm-table bm-sides"><thead><tr><td></td><th scope="col">{escape(_("When you looked"))}</th><th scope="col">{escape(_("Now"))}</th></tr></thead><tbody>{body}</tbody></table>'
