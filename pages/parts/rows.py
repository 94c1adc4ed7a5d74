"""Cases in a list: mark, title, where, state, deadline; each a link to its sheet."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from desk.reading import may_read
from desk.room import Room
from incidents.case import Incident
from incidents.model import Status
from pages.parts.board import mark_shape
from pages.parts.going import link
from pages.parts.visit import Visit
from reports.case_words import class_name, deadline, grid_name, post_name, short
from reports.words import CHANNEL, URGENCY, status_name


def rows(visit: Visit, room: Room, cases: Iterable[Incident]) -> str:
    """Return cases as HTML; the keyboard goes through its links."""
    return f'<ol class="bm-rows">{"".join(_row(visit, room, case, visit.now) for case in cases)}</ol>'


def badge(case: Incident, visit: Visit) -> str:
    """Return what stands beside a title: urgency, suspension, demonstration."""
    _ = visit._
    words = [] if case.urgency.value == "normal" else [(_(URGENCY[case.urgency]), "bm-urgent")]
    words += [(_("Demo"), "")] if case.demo else []
    return "".join(f'<em class="{look}">{escape(word)}</em>' for word, look in words)


def light(shown: str, text: str, due: str) -> str:
    """Return a deadline's light with its words."""
    return (
        f'<span class="bm-light bm-light-{escape(shown)}" title="{escape(due)}">{escape(text)}</span>' if text else ""
    )


def mark_of(case: Incident) -> str:
    """Return the shape of a case's mark; one that has none leaves the room."""
    name = case.mark.value if case.mark else "none"
    held = " bm-held" if case.status is Status.SUSPENDED else ""
    return mark_shape(name).replace('class="bm-mark', f'class="bm-mark{held}')


def _row(visit: Visit, room: Room, case: Incident, now: datetime) -> str:
    _ = visit._
    shown = deadline(room, case, now, _)
    title = case.title if may_read(visit.post, case) else class_name(room, case.class_, visit.language)
    who = post_name(room, case.state.handler or case.post, _)
    about = [class_name(room, case.class_, visit.language), _(CHANNEL[case.channel]), short(room, case.reported, now)]
    return (
        f"<li>{link(visit, 'case', {'case': case.number})}{mark_of(case)}"
        f'<b class="bm-title">{escape(title)}{badge(case, visit)}</b>'
        f'<span class="bm-about"><code>{escape(case.number)}</code> {escape(" · ".join(filter(None, about)))}</span>'
        f'<span class="bm-where">{escape(grid_name(room, case.codes))}<small>{escape(who)}</small></span>'
        f'<span class="bm-state">{escape(status_name(case.status.value, _))}</span>'
        f"{light(shown.light.value if shown.light else 'none', shown.left, shown.due)}</a></li>"
    )
