"""Heavy-pollution warnings (重污染天气预警): entered from the city's order, their tasks at sources, and how far they are."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from urllib.parse import quote, urlencode

import pandas as pd
import streamlit as st

from desk.alerts import NEEDS
from desk.room import Room
from desk.scans import PDF
from desk.warnings import acts
from desk.warnings.acts import Order, Seen
from geo.errors import BattlemapError, DraftError
from incidents.alerts import LONGEST_ISSUER, LONGEST_NUMBER, Level
from inspections.emergency_list import LEVELS
from inspections.warnings import Kind, State, Task, Warned, reported
from ledger import files as kept
from ledger import warnings
from pages.parts.acts import PHOTOS
from pages.parts.files import files
from pages.parts.form import Form, steady
from pages.parts.going import link
from pages.parts.visit import Visit
from pages.parts.warning_list import emergency_list
from reports import warning_lists
from reports.alerts import LEVEL
from reports.case_words import local
from reports.refusals import refusal
from reports.sheet_files import KINDS
from reports.warning_lists import BY, HEADS, SITE, Held
from reports.warning_words import ACT

NEW, CHANGE, LIFT = "new", "change", "lift"
LIST = "list"  # tab
USUAL = timedelta(days=3)
ROWS = 200
SCAN = 240  # pixels of a page beside the others; a press shows it large


def render(visit: Visit) -> None:
    """Show the page, laid out as that of the air."""
    room, own = visit.room(), dict(st.session_state["own"]["warnings"])
    found, form = acts.listed(room), Form("warning", visit)
    one = next((each for each in found if each.number == own.get("warning")), found[0] if found else None)
    of = warning_lists.held(room, one) if one else None
    is_list = own.get("tab") == LIST
    with st.container(key="air", gap=None):
        _top(visit, room, None if is_list else of, form, is_list=is_list)
        if is_list:
            emergency_list(visit, room, own)
            return
        with steady():
            if form.get("open", "") == NEW:
                _order(visit, room, form, None)
        if of is None:
            st.html(f'<p class="bm-empty">{escape(visit._("No warning was entered yet. The command room enters it from the order of the city."))}</p>')  # fmt: skip
            return
        _summary(visit, room, of, form, found)
        with st.container(key="air_list", horizontal=True, gap="medium"):
            st.html(_progress(visit, room, of, own))
            with st.container(key="air_sheet", gap="small"):
                _sheet(visit, room, of, own.get("site", ""))


def _top(visit: Visit, room: Room, of: Held | None, form: Form, *, is_list: bool) -> None:
    _ = visit._
    with st.container(key="air_top", horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(f'<h1 class="bm-heading">{escape(_("Heavy-pollution warnings"))}</h1>', width="content")
        st.html(f'<p class="bm-note">{escape(_("The city orders and lifts; the street urges, looks and reports."))}</p>', width="content")  # fmt: skip
        tabs = {"": _("Warnings"), LIST: _("Emergency list")}
        ways = "".join(
            f"{link(visit, 'warnings', {'tab': key}, attributes=' aria-current=true' if is_list == bool(key) else '')}{escape(name)}</a>"
            for key, name in tabs.items()
        )
        st.html(f'<p class="bm-digest">{ways}</p>', width="content")
        if visit.may(NEEDS) and not is_list:
            st.button(_("Enter a warning"), key="warning_new", on_click=lambda: form.clear(open=NEW))
        if of:
            number = of.warning.number
            files(visit, room, "warnings", _("Heavy-pollution warnings"), len(of.tasks), _called(visit, of.warning), {"warning": number}, lambda now: _table(visit, now, number))  # fmt: skip


def _table(visit: Visit, room: Room, number: str) -> pd.DataFrame:
    one = next(each for each in acts.listed(room) if each.number == number)
    return warning_lists.table(room, warning_lists.held(room, one), visit._, visit.language, datetime.now(UTC))


def _called(visit: Visit, one: Warned) -> str:
    return visit._("{number} {level} warning").format(number=one.number, level=visit._(LEVEL[one.level]))


def _summary(visit: Visit, room: Room, of: Held, form: Form, found: Sequence[Warned]) -> None:
    """Show which warning it is, how far it is, what it may become, and its orders."""
    _, one = visit._, of.warning
    count = warning_lists.total(room, of, visit.now)
    ended = _("stood down {time}") if one.over else _("expected until {time}, not lifted yet") if one.ends < visit.now else _("expected until {time}")  # fmt: skip
    times = f"{_('since {time}').format(time=local(room, one.starts))} · {ended.format(time=local(room, one.ends))}"
    st.html(f'<p class="bm-alert" data-level="{one.level.value}"><i aria-hidden="true"></i><b>{escape(_called(visit, one))}</b> <span>{escape(f"{one.issuer} {one.order}")}</span> <small>{escape(times)}</small></p>')  # fmt: skip
    said = _(
        "{done} done, {broken} of them not kept · {open} to be done, {late} of them overdue · {closed} of no use any more"
    )
    told = said.format(done=count.done, open=count.open, late=count.late, broken=count.broken, closed=count.closed)
    if count.lapsed:
        told += _(", of them {n} overdue when it was stood down").format(n=count.lapsed)
    st.html(f'<p class="bm-note">{escape(told)}</p>')
    _reports(visit, room, one)
    others = [each for each in found if each.number != one.number]
    if others:
        st.html('<p class="bm-note">' + " · ".join(f"{link(visit, 'warnings', {'warning': each.number})}{escape(_called(visit, each))}</a>" for each in others[:ROWS]) + "</p>")  # fmt: skip
    with steady():
        if (refused := form.get("refused")) and form.get("open", "") != NEW:  # of a new one it stands in its form
            st.html(f'<p class="bm-refused" role="alert">{escape(refused)}</p>')
        if visit.may(NEEDS) and not one.over:
            _acts(visit, room, form, one)
    with st.expander(_("Orders of this warning")):
        _orders(visit, room, one)


def _reports(visit: Visit, room: Room, one: Warned) -> None:
    """Link to the report of the last hour at which one was due, and to that of now; say when the next one is due."""
    if not visit.may("export"):
        return
    _, zone = visit._, room.area.pack.timezone
    last, following = reported(room.rules.warnings, one, visit.now, zone)
    hours = [] if last is None else [(_("Report of {time}").format(time=local(room, last)), f"{last.astimezone(zone):%Y-%m-%dT%H:%M}")]  # fmt: skip
    parts = [
        f"<b>{escape(name)}</b> "
        + " ".join(
            f'<a href="/warning-report/{quote(room.id, safe="")}/{quote(one.number, safe="")}/{kind}?{escape(urlencode({"lang": visit.language, **({"at": at} if at else {})}))}" download>{kind.upper()}</a>'
            for kind in KINDS
        )
        for name, at in (*hours, (_("As of now"), ""))
    ]
    parts += [escape(_("next report due {time}").format(time=local(room, following)))] if following and not one.over else []  # fmt: skip
    st.html(f'<p class="bm-note bm-reports">{" · ".join(parts)}</p>')


def _acts(visit: Visit, room: Room, form: Form, one: Warned) -> None:
    _, opened = visit._, form.get("open", "")
    if opened == CHANGE:
        _order(visit, room, form, one)
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        if opened == LIFT:
            st.text_input(_("Number of the order (may be empty)"), max_chars=LONGEST_NUMBER, **form.bind("number"))
            st.button(_("Stand it down"), type="primary", key="warning_lift", on_click=_lift, args=(visit, room, form, one))  # fmt: skip
            st.button(_("Cancel"), key="warning_keep", on_click=form.clear)
        else:
            ends = one.ends.astimezone(room.area.pack.timezone).replace(tzinfo=None)
            st.button(_("Change level or end"), key="warning_change", on_click=lambda: form.clear(open=CHANGE, level=one.level, number="", ends=ends))  # fmt: skip
            st.button(_("Stand down …"), key="warning_ask", on_click=lambda: form.clear(open=LIFT))


def _orders(visit: Visit, room: Room, one: Warned) -> None:
    _ = visit._
    with room.ledger.reading() as connection:
        told = warnings.orders(connection, room.id, one.number)
    for each in told:
        words = (local(room, each["at"]), _(ACT[each["act"]]), _(LEVEL[Level(each["level"])]), each["decree"])
        st.html(f"<p>{escape(' · '.join(words))}</p>")
        paths = [kept.path(room.ledger.folder, scan) for scan in each["scans"]]
        if there := [path.read_bytes() for path in paths if path.is_file()]:
            with st.container(horizontal=True, gap="small"):
                for page in there:
                    st.image(page, width=SCAN)


def _order(visit: Visit, room: Room, form: Form, was: Warned | None) -> None:
    """Show the form of an order."""
    _, zone = visit._, room.area.pack.timezone
    begins = visit.now.astimezone(zone).replace(tzinfo=None, minute=0, second=0, microsecond=0) + timedelta(hours=1)
    with st.container(key="warning_form", gap="small"):
        if was is None and (refused := form.get("refused")):
            st.html(f'<p class="bm-refused" role="alert">{escape(refused)}</p>')
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            if was is None:
                st.text_input(_("By order of"), max_chars=LONGEST_ISSUER, placeholder=_("e.g. the city's headquarters for air pollution"), **form.bind("issuer"))  # fmt: skip
            st.text_input(_("Number of the order"), max_chars=LONGEST_NUMBER, **form.bind("number"))
            st.selectbox(_("Level of the warning"), LEVELS, format_func=lambda level: _(LEVEL[level]), **form.bind("level", LEVELS[0]))  # fmt: skip
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            if was is None:
                st.datetime_input(_("Holds from"), **form.bind("starts", begins))
            st.datetime_input(_("Expected until"), **form.bind("ends", begins + USUAL))
        st.file_uploader(_("Scanned order (PDF, or one picture a page)"), type=[*PHOTOS, "pdf"], accept_multiple_files=True, key=_uploader(form))  # fmt: skip
        with st.container(horizontal=True, gap="small"):
            st.button(_("Save"), type="primary", key="warning_save", on_click=_save, args=(visit, room, form, was))
            st.button(_("Cancel"), key="warning_cancel", on_click=form.clear)


def _uploader(form: Form) -> str:
    return f"photos_{form.key('photos')}"


def _given(form: Form) -> list[bytes]:
    given = st.session_state.get(_uploader(form)) or ()
    if any(file.name.lower().endswith(".pdf") and not file.getvalue().startswith(PDF) for file in given):
        raise DraftError("A file is called a PDF and is none.", field="scan_broken")
    return [file.getvalue() for file in given]


def _save(visit: Visit, room: Room, form: Form, was: Warned | None) -> None:
    try:
        starts, ends = (_moment(room, form.get(name, None)) for name in ("starts", "ends"))
        if ends is None:
            raise DraftError("Say until when it is expected.", field="warning_ends")
        order = Order(form.get("issuer"), form.get("number"), Level(form.get("level", LEVELS[0])), ends, starts, _given(form))  # fmt: skip
        by, now = visit.by("act"), datetime.now(UTC)
        if was:
            acts.alter(room, was, order, by, now)
        else:
            acts.issue(room, order, by, now)
    except BattlemapError as error:
        form.set(refused=refusal(error, visit._, room.area.pack.timezone))
    else:
        form.clear()


def _lift(visit: Visit, room: Room, form: Form, was: Warned) -> None:
    try:
        acts.stand_down(room, was, form.get("number"), visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        form.set(refused=refusal(error, visit._, room.area.pack.timezone))
    else:
        form.clear()


def _moment(room: Room, said: datetime | None) -> datetime | None:
    """Return a time that was typed, in the area's zone."""
    return said.replace(tzinfo=room.area.pack.timezone).astimezone(UTC) if said else None


def _progress(visit: Visit, room: Room, of: Held, own: dict[str, str]) -> str:
    """Return how far the tasks are: by source, post or grid."""
    _, by = visit._, own["by"] if own.get("by") in BY else SITE
    same = {"warning": of.warning.number}
    tabs = " · ".join(f"{link(visit, 'warnings', {**same, 'by': key}, attributes=' aria-current=true' if key == by else '')}{escape(_(name))}</a>" for key, name in BY.items())  # fmt: skip
    heads = (
        _(HEADS[by]),
        _("Tasks done"),
        _("of them not kept"),
        _("To be done"),
        _("of them overdue"),
        _("Of no use any more"),
    )
    head = "".join(
        f'<th scope="col"{" class=bm-number" if place else ""}>{escape(name)}</th>' for place, name in enumerate(heads)
    )
    found = sorted(warning_lists.lines(room, of, by, visit.now), key=lambda one: (-one.late, -one.open, one.key))
    rows = ""
    for one in found[:ROWS]:
        name = escape(warning_lists.called(room, of, by, one.key, _))
        if by == SITE:
            is_open = ' aria-current="true"' if own.get("site") == one.key else ""
            name = f"{link(visit, 'warnings', {**same, 'site': one.key}, attributes=is_open)}{name}</a>"
        rows += f"<tr><td>{name}</td>" + "".join(f'<td class="bm-number">{many or ""}</td>' for many in (one.done, one.broken, one.open, one.late, one.closed)) + "</tr>"  # fmt: skip
    empty = f'<p class="bm-empty">{escape(_("No source of the register that you see has a task."))}</p>' if not rows else ""  # fmt: skip
    return f'<section class="bm-air"><p>{tabs}</p><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{empty}</section>'  # fmt: skip


def _sheet(visit: Visit, room: Room, of: Held, number: str) -> None:
    """Show the tasks of a source, and how one is done."""
    _, site = visit._, of.sites.get(number)
    if site is None:
        return
    st.html(f"<h2>{escape(site.name)}</h2>")
    mine = [one for one in of.tasks if one.site == number]
    items = "".join(
        f"<li><b>{escape(warning_lists.asks(room, one, _, visit.language))}</b>"
        f"<small>{escape(_('due {time}').format(time=local(room, one.due)))} · {escape(warning_lists.stands(room, one, _, visit.now))}"
        f"{escape(' · ' + one.meter) if one.meter else ''}</small></li>"
        for one in mine
    )
    st.html(f'<ol class="bm-walk">{items}</ol>')
    waiting = [one for one in mine if one.state is State.OPEN]
    if waiting and visit.may(acts.DOES):
        _do(visit, room, of.warning, waiting)


def _do(visit: Visit, room: Room, one: Warned, waiting: Sequence[Task]) -> None:
    """Show the form in which a task is done."""
    _, form = visit._, Form(f"warned_{waiting[0].site}", visit)
    there = {each.number: each for each in waiting}
    form.mend("task", lambda number: number if number in there else waiting[0].number)
    st.selectbox(_("Task"), list(there), format_func=lambda number: f"{local(room, there[number].due)} {warning_lists.asks(room, there[number], _, visit.language)}", **form.bind("task", waiting[0].number))  # fmt: skip
    st.radio(_("Is it kept?"), [True, False], format_func=lambda is_kept: _("Kept") if is_kept else _("Not kept"), horizontal=True, **form.bind("kept", default=True))  # fmt: skip
    st.text_input(_("Meter reading"), max_chars=acts.LONGEST_METER, **form.bind("meter"))
    st.text_input(_("Note"), max_chars=acts.LONGEST_NOTE, placeholder=_("No names or numbers"), **form.bind("note"))
    is_stop = there.get(form.get("task", 0), waiting[0]).kind is Kind.STOP
    st.file_uploader(_("Photos"), type=PHOTOS, accept_multiple_files=True, key=_uploader(form))
    with steady():
        if is_stop:
            st.html(f'<p class="bm-note">{escape(_("A measure needs a meter reading or a photo."))}</p>')
        if refused := form.get("refused"):
            st.html(f'<p class="bm-refused" role="alert">{escape(refused)}</p>')
    st.button(_("Save"), type="primary", key="warned_save", on_click=_done, args=(visit, room, form, one))


def _done(visit: Visit, room: Room, form: Form, one: Warned) -> None:
    try:
        seen = Seen(bool(form.get("kept", True)), form.get("meter"), form.get("note"), _given(form))
        acts.done(room, one.number, int(form.get("task")), seen, visit.by("inspect"), datetime.now(UTC))
    except BattlemapError as error:
        form.set(refused=refusal(error, visit._, room.area.pack.timezone))
    else:
        form.clear()
