"""Part of the page of patrols: the fields of what came of one, planned or not."""

from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from desk.patrols.acts import Walked
from desk.patrols.people import WALKERS
from desk.room import Room
from desk.visits.acts import today
from geo.errors import DraftError
from inspections.patrols import COUNTS, NOTHING, OPINION, Patrol
from pages.parts.element import pixels
from pages.parts.form import Form, steady
from pages.parts.visit import Visit
from reports.patrol_words import COUNT
from reports.words import post_title

HOUR = timedelta(hours=1)


def walked_fields(visit: Visit, room: Room, form: Form, planned: Patrol | None = None) -> None:
    """Show when it was walked, by whom, and what came of it."""
    _, rules = visit._, room.rules.patrols
    day, begun, ended = _usual(visit, room, planned)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        first = today(room, visit.now) - timedelta(days=room.rules.settings.field_back_days)
        st.date_input(_("Day on which it began"), min_value=min(first, day), max_value=today(room, visit.now), format="YYYY-MM-DD", width=pixels(170), **form.bind("day", day))  # fmt: skip
        st.time_input(_("Began at"), step=300, width=pixels(110), **form.bind("begun", begun))
        st.time_input(_("End of the patrol"), step=300, width=pixels(110), **form.bind("ended", ended))
    posts = {key: post_title(post, _) for key, post in room.register.posts(visit.now).items() if post.kind in WALKERS}
    usual = list(planned.walkers) if planned else [visit.post.key]
    st.multiselect(_("Who walked"), list(posts), format_func=lambda key: posts.get(key, key), placeholder=_("Choose posts"), select_all=False, **form.bind("walkers", [key for key in usual if key in posts]))  # fmt: skip
    outcomes = st.pills(_("What came of it"), list(rules.outcomes), selection_mode="multi", format_func=lambda key: rules.outcome(key).in_(visit.language), **form.bind("outcomes", []))  # fmt: skip
    with steady():
        if OPINION in (outcomes or ()):
            st.pills(_("What people spoke of"), list(rules.topics), selection_mode="multi", format_func=lambda key: rules.topic(key).in_(visit.language), **form.bind("topics", []))  # fmt: skip
    with steady():
        if outcomes and NOTHING not in outcomes:
            with st.container(horizontal=True, gap="small"):
                for name in COUNTS:
                    st.number_input(_(COUNT[name]), 0, rules.most_count, step=1, width=pixels(150), **form.bind(name, 0))  # fmt: skip
            st.text_input(_("Case that was reported from it"), placeholder=_("Number, where there is one"), **form.bind("case"))  # fmt: skip
    st.text_input(_("Note"), max_chars=rules.longest_note, placeholder=_("No names, numbers or door numbers: only the matter"), **form.bind("words"))  # fmt: skip


def walked_of(visit: Visit, room: Room, form: Form, planned: Patrol | None = None) -> Walked:
    """Return what the fields say; raises DraftError where a time is missing."""
    day, begun, ended = (form.get(name, None) for name in ("day", "begun", "ended"))
    usual = _usual(visit, room, planned)
    since, until = _moments(room, day or usual[0], begun or usual[1], ended or usual[2])
    outcomes, is_nothing = tuple(form.get("outcomes", []) or ()), NOTHING in (form.get("outcomes", []) or ())
    counts = {} if is_nothing else {name: int(form.get(name, 0) or 0) for name in COUNTS}
    topics = tuple(form.get("topics", []) or ()) if OPINION in outcomes else ()
    case = "" if is_nothing else form.get("case").strip()
    return Walked(since, until, tuple(form.get("walkers", [])), outcomes, topics, **counts, case=case, text=form.get("words"))  # fmt: skip


def _usual(visit: Visit, room: Room, planned: Patrol | None) -> tuple[date, time, time]:
    """Return day, beginning and end that the fields begin with: those that were planned, else the hour that is over."""
    zone = room.area.pack.timezone
    if planned:
        since, until = planned.since.astimezone(zone), min(planned.until, visit.now).astimezone(zone)
        return planned.night, since.time().replace(tzinfo=None), max(since, until).time().replace(second=0, microsecond=0, tzinfo=None)  # fmt: skip
    until = visit.now.astimezone(zone).replace(second=0, microsecond=0)
    until -= timedelta(minutes=until.minute % 5)
    since = until - HOUR
    return since.date(), since.time(), until.time()


def _moments(room: Room, day: date, begun: time, ended: time) -> tuple[datetime, datetime]:
    """Return both times in UTC; an end before the beginning is the next morning's."""
    zone = room.area.pack.timezone
    since = datetime.combine(day, begun, zone)
    until = datetime.combine(day if ended >= begun else day + timedelta(days=1), ended, zone)
    if begun == ended:
        raise DraftError("A patrol that ends when it began was none. Look at both times.", field="patrol_time")
    return since.astimezone(UTC), until.astimezone(UTC)
