"""The board beside the map: counts, what is overdue, what is newest. The same query as the marks, so that the numbers agree."""

from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Any

import pandas as pd

from desk.room import Room
from layers.grid_names import full_names
from locales import Translator
from reports import figures
from reports.figures import MARKS, Filter
from reports.withheld import few_left_out
from reports.words import MARK, day_and_time, length_of_time, moment, period

MOST_OVERDUE = 5
MOST_NEWEST = 20


def counts(room: Room, wanted: Filter, now: datetime, _: Translator) -> str:
    """Return the three counts as HTML. Their buttons carry ``data-mark``, which console.js answers."""
    picture = figures.look(room, wanted, now)
    found = picture.cases
    late = figures.overdue(found, picture.clock)
    as_of = _("Data as of {time}").format(time=moment(picture.clock))
    demo = f' <span class="bm-chip">{escape(_("Demonstration"))}</span>' if found["demo"].any() else ""
    count = figures.counts(found)
    rows = [_count(mark, count[mark], wanted, _, len(late) if mark == "red" else 0) for mark in MARKS]
    parts = [
        f'<p class="bm-asof">{escape(as_of)}{demo}</p>',
        f'<div class="bm-counts" role="group" aria-label="{escape(_("Current incidents"))}">{"".join(rows)}</div>',
    ]
    if hidden := figures.restricted(found):
        said = _("{n} of restricted classes are counted and not shown").format(n=f"{hidden:,}")
        parts.append(f'<p class="bm-hidden">{escape(said)}</p>')
    if few := few_left_out(room, picture.question, _):
        parts.append(f'<p class="bm-hidden">{escape(few)}</p>')
    if found.empty:
        parts.append(f'<p class="bm-empty">{escape(_("No incident matches the filter."))}</p>')
    return f'<div class="bm-board">{"".join(parts)}</div>'


def lists(room: Room, wanted: Filter, now: datetime, _: Translator) -> str:
    """Return what is overdue and what is newest as HTML. Their buttons carry ``data-fly``, which console.js answers."""
    picture = figures.look(room, wanted, now)
    found, clock = picture.placed, picture.clock
    late = figures.overdue(found, clock)
    total = len(figures.overdue(picture.cases, clock))  # with those that are counted and not shown
    overdue = _list(_("Overdue"), total, (_late(room, row, clock, _) for row in _rows(late, MOST_OVERDUE)))
    newest = _list(_("Newest"), len(picture.cases), (_new(room, row, clock) for row in _rows(found, MOST_NEWEST)))
    return f'<div class="bm-board">{overdue}{newest}</div>'


def mark_shape(mark: str) -> str:
    """Return the shape of a mark; the page's styles draw it, for st.html lets no SVG pass."""
    return f'<i class="bm-mark bm-{mark}" aria-hidden="true"></i>'


def _count(mark: str, number: int, wanted: Filter, _: Translator, late: int) -> str:
    chosen = not wanted.marks or mark in wanted.marks
    pressed = "true" if mark in wanted.marks else "false"
    aside = _("{n} overdue").format(n=late) if late else period(wanted.days, _) if mark == "green" else ""
    small = f"<small>{escape(aside)}</small>" if aside else ""
    figure = f"{number:,}" if chosen else "—"
    return (
        f'<button type="button" class="bm-count bm-{mark}{"" if chosen else " bm-off"}" data-mark="{mark}" aria-pressed="{pressed}" title="{escape(_("Show only these"))}">'
        f"{mark_shape(mark)}<b>{figure}</b><span>{escape(_(MARK[mark]))}{small}</span></button>"
    )


def _list(title: str, number: int, items: Iterable[str]) -> str:
    body = "".join(items)
    return f"<h3>{escape(title)} <b>{number:,}</b></h3><ol>{body}</ol>" if body else ""


def _rows(frame: pd.DataFrame, most: int) -> list[Any]:
    return list(frame.head(most).rename(columns={"class": "class_"}).itertuples(index=False))


def _late(room: Room, row: Any, clock: pd.Timestamp, _: Translator) -> str:
    return _item(room, row, _("{span} over").format(span=length_of_time(clock - row.due, _)), "bm-late")


def _new(room: Room, row: Any, clock: pd.Timestamp) -> str:
    return _item(room, row, day_and_time(row.reported, clock), "")


def _item(room: Room, row: Any, when: str, look: str) -> str:
    key = room.area.net.leaf.key
    code = str(getattr(row, key, "")).split(";")[0]
    label = full_names(room.area.net)[key].get(code, "")
    return (
        f'<li><button type="button" data-fly="incident" data-code="{escape(row.uid)}">{mark_shape(row.mark)}'
        f'<span class="bm-title">{escape(row.title or row.class_)}</span><span class="bm-where">{escape(label)}</span><time class="{look}">{escape(when)}</time></button></li>'
    )
