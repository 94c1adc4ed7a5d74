"""Part of the page of campaigns: the daily meetings, the tasks that are followed, and the form of a new record."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from html import escape
from typing import Any
from urllib.parse import quote

import streamlit as st

from desk.campaigns import meetings as desk
from desk.posts.acting import NOBODY
from desk.room import Room
from desk.visits.acts import today as today_of
from geo.errors import BattlemapError
from inspections.meetings import Act, State, Subject
from ledger.meetings import Meeting, Task
from pages.parts.element import pixels
from pages.parts.form import Form, steady
from pages.parts.going import go, link
from pages.parts.tables import pairs
from pages.parts.timeline import timeline
from pages.parts.visit import Visit
from reports import meeting_words
from reports.case_words import post_name
from reports.meeting_words import ACT, STATE
from reports.refusals import refusal
from reports.words import post_title

NEW, EDIT, TAB = "new", "edit", "meetings"
BEGINS = time(17, 30)
FIRST = 60  # characters of the words that a line shows
MOST_GIVEN = 6  # tasks that a form has room for


def meetings(visit: Visit, room: Room, key: str, own: Mapping[str, str]) -> None:
    """Show the meetings of a campaign: one with its tasks, the form of a new one, or the list."""
    asked = own.get("meeting", "")
    if asked == NEW and may_run(visit):
        _form(visit, room, key, own, None)
    elif asked and own.get("do") == EDIT and may_run(visit):
        _change(visit, room, asked, own)
    elif asked:
        _sheet(visit, room, asked, own)
    else:
        _list(visit, room, key, own)


def may_run(visit: Visit) -> bool:
    """Tell whether who looks runs campaigns, as one of their posts."""
    return visit.may(desk.RUN) and visit.post is not NOBODY


def to(visit: Visit, own: Mapping[str, str], tab: str, **said: str) -> str:
    """Return the opening tag of a link within a campaign."""
    button = said.pop("button", "")
    kept = {name: own[name] for name in ("campaign", "day") if own.get(name)}
    return link(visit, "campaigns", {**kept, "tab": tab, **said}, attributes=f" class={button}" if button else "")


def paper(visit: Visit, room: Room, kind: str, number: str) -> str:
    """Return the link to a paper."""
    way = f"/{kind}/{quote(room.id, safe='')}/{quote(number, safe='')}?lang={visit.language}"
    return f'<a class="bm-on-map" href="{escape(way)}" target="_blank" rel="noopener">{escape(visit._("Print"))}</a>'


def refused(form: Form, visit: Visit) -> None:
    """Say why what was pressed last was refused."""
    error = form.get("refused", None)
    if error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, visit._))}</p>')


def sure(form: Form, visit: Visit, label: str, warns: str, work: Callable[[], object], *, reason: bool = False) -> None:
    """Show what a press leads to, with room for its reason, and do it at the second press."""
    _ = visit._
    st.html(f'<p class="bm-note">{escape(warns)}</p>')
    if reason:
        st.text_input(_("Reason"), max_chars=desk.LONGEST_MATTER, **form.bind("reason"))
    with st.container(horizontal=True, gap="small"):
        st.button(label, key=form.key("sure"), type="primary", on_click=_sure, args=(form, work))
        st.button(_("Leave it"), key=form.key("leave"), on_click=form.clear)


def _sure(form: Form, work: Callable[[], object]) -> None:
    if attempt(form, work):
        form.clear()


def meanwhile(form: Form, visit: Visit, version: int) -> int:
    """Return the version of what a form changes as it was when the form was opened; where it is another one by now, say so and offer to begin again."""
    seen = int(form.get("seen", 0) or version)
    form.values["seen"] = seen
    if seen != version:
        st.html(f'<p class="bm-refused" role="alert">{escape(visit._("It was changed by somebody else since you opened the form. What you wrote stands below; copy what you need, then begin again."))}</p>')  # fmt: skip
        st.button(visit._("Begin again with what stands now"), key=form.key("again"), on_click=form.clear)
    return seen


def history(visit: Visit, room: Room, subject: Subject, number: str) -> str:
    """Return what was done to a meeting, a task or a theme day, folded."""
    lines = meeting_words.history(room, desk.entries(room, subject, number), visit._)
    said = visit._("What was done to the task: {n}") if subject is Subject.TASK else visit._("What was done to this record: {n}")  # fmt: skip
    return f"<details class='bm-note'><summary>{escape(said.format(n=len(lines)))}</summary>{timeline(lines, visit)}</details>"


def _list(visit: Visit, room: Room, key: str, own: Mapping[str, str]) -> None:
    _, today = visit._, today_of(room, visit.now)
    counted, found = desk.tally(room, key, today), desk.listed(room, key)
    new = f"{to(visit, own, TAB, meeting=NEW, button='bm-button')}{escape(_('Write a meeting down'))}</a>" if may_run(visit) else ""  # fmt: skip
    said = _("Tasks: {given} given, {done} done, {open} open, {late} of them late.").format(given=f"{counted.given:,}", done=f"{counted.done:,}", open=f"{counted.open:,}", late=f"{counted.late:,}")  # fmt: skip
    st.html(f'<p class="bm-note">{escape(said)}</p>' + (f"<p>{new}</p>" if new else ""))
    _tasks(visit, room, own, desk.tasks(room, key), today)
    st.html(f"<h2>{escape(_('Daily meetings'))}</h2>")
    if not found:
        st.html(f'<p class="bm-empty">{escape(_("No meeting is written down. What a meeting agrees on stands here, and its tasks are followed until they are done."))}</p>')  # fmt: skip
        return
    heads = (_("Day"), _("Chair"), _("Present"), _("What was said"))
    lines = "".join(
        f"<tr><td>{to(visit, own, TAB, meeting=one.number)}{escape(f'{one.day} {one.begins}')}</a><small>{escape(one.number)}</small></td>"
        f'<td>{escape(post_name(room, one.chair, _))}</td><td class="bm-number">{len(one.roster):,}</td><td>{escape(_short(one))}</td></tr>'
        for one in found
    )
    st.html(_table(heads, lines))


def _short(one: Meeting) -> str:
    text = next((one.words[name] for name in desk.WORDS if one.words.get(name)), "").replace("\n", " ")
    return text[:FIRST] + ("…" if len(text) > FIRST else "")


def _table(heads: tuple[str, ...], lines: str) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    return f'<section class="bm-visits"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></section>'


def _tasks(visit: Visit, room: Room, own: Mapping[str, str], found: list[Task], today: Any) -> None:
    _ = visit._
    st.html(f"<h2>{escape(_('Open tasks'))}</h2>")
    if not found:
        st.html(f'<p class="bm-note">{escape(_("No task is open."))}</p>')
        return
    lines = "".join(
        f"<tr><td>{to(visit, own, TAB, meeting=one.meeting)}{escape(meeting_words.matter(one, _))}</a><small>{escape(one.number)}</small></td>"
        f'<td>{escape(post_name(room, one.post, _))}</td><td class="{"bm-late" if one.due < today else ""}">{one.due}</td></tr>'
        for one in found
    )
    st.html(_table((_("Task"), _("Post"), _("Until")), lines))


def _sheet(visit: Visit, room: Room, number: str, own: Mapping[str, str]) -> None:
    _ = visit._
    try:
        found, tasks = desk.of(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    runs = may_run(visit) and found.state is State.HELD
    with st.container(key="visit_form", gap="small"):
        edit = f" {to(visit, own, TAB, button='bm-on-map', meeting=number, do=EDIT)}{escape(_('Change the record'))}</a>" if runs else ""  # fmt: skip
        st.html(f"<p>{to(visit, own, TAB, button='bm-on-map')}← {escape(_('All meetings'))}</a> {paper(visit, room, 'meeting', number)}{edit}</p>")  # fmt: skip
        told = meeting_words.meeting_paper(room, found, [], _, visit.language)
        words = "".join(f"<h2>{escape(title)}</h2><p>{_lines(text)}</p>" for title, text in told.sections)
        st.html(f"<h2>{escape(_('Daily meeting'))} {escape(found.number)}</h2>{pairs(told.rows)}")
        st.html(words)
        st.html(f"<h2>{escape(_('Tasks of this meeting'))}</h2>" + ("" if tasks else f'<p class="bm-note">{escape(_("It gave no task."))}</p>'))  # fmt: skip
        for one in tasks:
            _task(visit, room, one)
        st.html(history(visit, room, Subject.MEETING, number))
        if runs:
            _strike(visit, room, found)


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.split("\n"))


def _task(visit: Visit, room: Room, one: Task) -> None:
    """Show a task with what the acting post may do to it."""
    _, form = visit._, Form(f"meeting_task_{one.number}", visit)
    today = today_of(room, visit.now)
    late = one.state is State.OPEN and one.due < today
    ended = f" · {one.ended}" if one.ended else ""
    with st.container(key=f"task_{one.id}", gap="small"):
        st.html(
            f"<p><b>{escape(meeting_words.matter(one, _))}</b><br><span class='bm-note'>{escape(post_name(room, one.post, _))} · {escape(_('until {day}').format(day=one.due))} · "
            f"{escape(_('late') if late else _(STATE[one.state]))}{escape(ended)}</span></p>"
        )
        with steady():
            asking = form.get("asking", "")
            if asking == Act.MOVE.value and _may(visit, one):
                _move(visit, room, form, one, today)
            elif asking == Act.CANCEL.value and _may(visit, one):
                warns = _("The task is cancelled and goes out of the inbox of its post. It can be opened again.")
                sure(form, visit, _("Cancel the task"), warns, lambda: _turned(visit, room, _seen(form, one), Act.CANCEL))  # fmt: skip
            elif acts := _may(visit, one):
                with st.container(horizontal=True, gap="small"):
                    for act in acts:
                        st.button(_(ACT[act]), key=f"task_{one.id}_{act.value}", type="primary" if act is Act.DONE else "secondary", on_click=_press, args=(visit, room, form, one, act))  # fmt: skip
            refused(form, visit)
        if one.version != one.id:
            st.html(history(visit, room, Subject.TASK, one.number))


def _may(visit: Visit, one: Task) -> list[Act]:
    if visit.post is NOBODY:
        return []
    if may_run(visit):
        return [Act.DONE, Act.MOVE, Act.CANCEL] if one.state is State.OPEN else [Act.REOPEN]
    if visit.may(desk.OWN) and visit.post.key == one.post:
        return [Act.DONE] if one.state is State.OPEN else [Act.REOPEN] if one.state is State.DONE else []
    return []


def _press(visit: Visit, room: Room, form: Form, one: Task, act: Act) -> None:
    """Do what is pressed, or ask first for what it takes."""
    if act in {Act.MOVE, Act.CANCEL}:
        form.set(asking=act.value, seen=one.version)
    else:
        attempt(form, lambda: _turned(visit, room, one, act))


def _seen(form: Form, one: Task) -> Task:
    """Return a task with the version that was seen when the question was opened."""
    return replace(one, version=int(form.get("seen", one.version)))


def _move(visit: Visit, room: Room, form: Form, one: Task, today: date) -> None:
    _, posts = visit._, {key: post_title(post, visit._) for key, post in room.register.posts(visit.now).items()}
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.selectbox(_("Post"), list(posts), index=None, placeholder=_("Choose a post"), format_func=lambda key: posts.get(key, key), width=pixels(260), **form.bind("post", one.post if one.post in posts else None))  # fmt: skip
        st.date_input(_("Until"), min_value=today, max_value=today + desk.MOST_AHEAD, format="YYYY-MM-DD", width=pixels(150), **form.bind("due", max(one.due, today)))  # fmt: skip
    warns = _("The task goes to the inbox of that post, and is late after that day.")
    sure(form, visit, _("Move the task"), warns, lambda: _moved(visit, room, form, one))


def _moved(visit: Visit, room: Room, form: Form, one: Task) -> Task:
    return _turned(visit, room, _seen(form, one), Act.MOVE, due=form.get("due", None), post=form.get("post", None) or "")  # fmt: skip


def _turned(visit: Visit, room: Room, one: Task, act: Act, **more: Any) -> Task:
    by = visit.by("campaign") if may_run(visit) else visit.by("act")
    return desk.follow(room, one, act, by, datetime.now(UTC), **more)


def attempt(form: Form, work: Callable[[], object]) -> bool:
    """Do something, or keep why it was refused; return whether it was done."""
    try:
        work()
    except BattlemapError as error:
        form.set(refused=error)
        return False
    return True


def _strike(visit: Visit, room: Room, found: Meeting) -> None:
    _, form = visit._, Form(f"meeting_strike_{found.number}", visit)
    with steady():
        if form.get("asking", ""):
            warns = _("A struck record goes out of the list, and its open tasks are cancelled. The history keeps both.")
            sure(form, visit, _("Strike the record"), warns, lambda: _struck(visit, room, form, found), reason=True)
        else:
            st.button(_("Written down by mistake"), key="meeting_strike", on_click=lambda: form.set(asking="strike", seen=found.version))  # fmt: skip
        refused(form, visit)


def _struck(visit: Visit, room: Room, form: Form, found: Meeting) -> None:
    seen = replace(found, version=int(form.get("seen", found.version)))
    desk.strike(room, seen, form.get("reason"), visit.by("campaign"), datetime.now(UTC))
    go("campaigns", {"campaign": found.campaign, "tab": TAB})


def _change(visit: Visit, room: Room, number: str, own: Mapping[str, str]) -> None:
    try:
        found, _tasks_of = desk.of(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, visit._))}</p>')
        return
    _form(visit, room, found.campaign, own, found)


def _form(visit: Visit, room: Room, key: str, own: Mapping[str, str], found: Meeting | None) -> None:
    """Show the form of a new record, which begins with the last one, or of one that is changed."""
    _, today = visit._, today_of(room, visit.now)
    form = Form(f"meeting_edit_{found.number}" if found else f"meeting_new_{key}", visit)
    posts = {one: post_title(post, _) for one, post in room.register.posts(visit.now).items()}
    like = found or next(iter(desk.listed(room, key, most=1)), None)
    with st.container(key="visit_form", gap="small"):
        back = {"meeting": found.number} if found else {}
        st.html(f"<p>{to(visit, own, TAB, button='bm-on-map', **back)}← {escape(_('The record') if found else _('All meetings'))}</a></p><h2>{escape(_('Change the record') if found else _('Write a meeting down'))}</h2>")  # fmt: skip
        with steady():
            seen = meanwhile(form, visit, found.version) if found else 0
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            day, begins = (found.day, time.fromisoformat(found.begins)) if found else (today, BEGINS)
            st.date_input(_("Day"), max_value=today, min_value=min(day, today - timedelta(days=366)), format="YYYY-MM-DD", width=pixels(160), **form.bind("day", day))  # fmt: skip
            st.time_input(_("Begins at"), step=300, width=pixels(110), **form.bind("begins", begins))
            st.text_input(_("Meeting place"), max_chars=desk.LONGEST_PLACE, width=pixels(320), **form.bind("place", like.place if like else ""))  # fmt: skip
        chair = like.chair if like and like.chair in posts else visit.post.key
        st.selectbox(_("Chair"), list(posts), format_func=lambda one: posts.get(one, one), **form.bind("chair", chair if chair in posts else next(iter(posts))))  # fmt: skip
        present = [one for one in like.roster if one in posts] if like else []
        st.multiselect(_("Present"), list(posts), format_func=lambda one: posts.get(one, one), placeholder=_("Choose posts"), select_all=False, **form.bind("present", present))  # fmt: skip
        words = dict(found.words) if found else _since(room, key, like.day if like else today, today, visit)
        for name, title in meeting_words.words_of(_).items():
            st.text_area(title, max_chars=desk.LONGEST_WORDS, height=90, **form.bind(name, words.get(name, "")))
        st.html(f"<h2>{escape(_('More tasks') if found else _('Tasks'))}</h2>")
        _given(form, visit, posts, today)
        refused(form, visit)
        st.button(_("Save the record"), type="primary", key="meeting_save", on_click=_save, args=(visit, room, form, key, found.number if found else "", seen))  # fmt: skip


def _since(room: Room, key: str, since: date, today: date, visit: Visit) -> dict[str, str]:
    """Return what was done since the last meeting, as the first words of a record."""
    return {"done": "\n".join(meeting_words.matter(one, visit._) for one in desk.done_since(room, key, since, today))}


def _given(form: Form, visit: Visit, posts: Mapping[str, str], today: Any) -> None:
    """Show a line for each task, and one more as soon as the last one is begun."""
    _ = visit._
    filled = [place for place in range(MOST_GIVEN) if str(form.get(f"matter_{place}", "") or "").strip()]
    shown = min(MOST_GIVEN, (filled[-1] + 2) if filled else 1)
    with steady():
        for place in range(shown):
            with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key=f"given_{place}"):
                st.text_input(_("Task {n}").format(n=place + 1), max_chars=desk.LONGEST_MATTER, **form.bind(f"matter_{place}"))  # fmt: skip
                st.selectbox(_("Post"), list(posts), index=None, placeholder=_("Choose a post"), format_func=lambda one: posts.get(one, one), width=pixels(240), **form.bind(f"post_{place}", None))  # fmt: skip
                st.date_input(_("Until"), min_value=today - timedelta(days=366), format="YYYY-MM-DD", width=pixels(150), **form.bind(f"due_{place}", today + timedelta(days=1)))  # fmt: skip


def _save(visit: Visit, room: Room, form: Form, key: str, number: str, seen: int) -> None:  # noqa: PLR0917
    given = [
        desk.Give(form.get(f"matter_{place}"), form.get(f"post_{place}", None) or "", form.get(f"due_{place}", None))
        for place in range(MOST_GIVEN)
        if str(form.get(f"matter_{place}", "") or "").strip()
    ]
    day = form.get("day", None) or today_of(room, visit.now)
    wish = desk.Wish(
        key, day, form.get("begins", BEGINS) or BEGINS, form.get("place"), form.get("chair", "") or "", form.get("present", []), form.get("done"),
        form.get("problems"), form.get("decisions"), given, number, seen,
    )  # fmt: skip
    held: list[Meeting] = []
    if attempt(form, lambda: held.append(desk.hold(room, wish, visit.by("campaign"), datetime.now(UTC)))):
        form.clear()
        go("campaigns", {"campaign": key, "tab": TAB, "meeting": held[0].number})
