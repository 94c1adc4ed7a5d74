"""Part of the report form: what it is. A class by words, by major class, or as the description proposes it; and what the class asks of who reports."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from desk.intake import personal, struck
from desk.room import Room
from incidents.classes import Directory, IncidentClass
from incidents.text import Personal
from locales import N_
from pages.parts.element import pixels
from pages.parts.form import Form
from pages.parts.visit import Visit
from reports.intake_words import PERSONAL

MOST = 12
ALL = ""


def choose_class(visit: Visit, room: Room, form: Form) -> IncidentClass | None:
    """Show the search, the usual classes and the chosen one."""
    _, directory = visit._, room.rules.directory
    with st.container(horizontal=True, gap="small"):
        query = st.text_input(
            _("Minor class"),
            type="search",
            live=True,
            placeholder=_("Search by a word, as residents say it, or by code"),
            **form.bind("class_query"),
        )
        st.selectbox(
            _("Major class"),
            [ALL, *directory.majors],
            format_func=lambda key: directory.majors[key].in_(visit.language) if key else _("All major classes"),
            width=pixels(220),
            **form.bind("major", ALL),
        )
    offered = _offered(directory, form, query)
    chosen = form.get("class")
    key = form.key("class_pills")
    st.session_state[key] = chosen if chosen in offered else None
    if not offered:
        st.html(f'<p class="bm-note">{escape(_("No class is called so. Try another word, or a major class."))}</p>')
    else:
        st.pills(
            _("Minor class"),
            offered,
            format_func=lambda key: directory.name(key).in_(visit.language),
            key=key,
            label_visibility="collapsed",
            on_change=_take,
            args=(form, key),
        )
    found = directory.classes.get(chosen)
    if found:
        st.html(_described(visit, directory, found))
    return found


def describe(visit: Visit, room: Room, form: Form, class_: IncidentClass | None) -> None:
    """Show title and description, and point out people in them."""
    _ = visit._
    st.text_input(_("Title"), placeholder=_("One line; empty: the beginning of the description"), **form.bind("title"))
    st.text_area(
        _("Description"),
        height=110,
        placeholder=_("What is the matter, since when, what is near. No names, no telephone numbers."),
        **form.bind("text"),
    )
    typed = f"{form.get('title')}\n{form.get('text')}"
    kinds = personal(room, typed) if typed.strip() else []
    if not kinds:
        return
    named = "、".join(_(PERSONAL[kind]) for kind in kinds) if visit.language == "zh" else _list(visit, kinds)
    if class_ and class_.restricted:
        advice = _("In this class it is struck out when the report is saved.")
    else:
        advice = _("Strike it out unless it belongs to the matter.")
    with st.container(key="personal", horizontal=True, vertical_alignment="center"):
        st.html(
            f'<p class="bm-warn">{escape(_("The text seems to hold: {kinds}.").format(kinds=named))} {escape(advice)}</p>'
        )
        st.button(_("Strike out"), key="strike", on_click=_strike, args=(room, form))


def _list(visit: Visit, kinds: Sequence[Personal]) -> str:
    return ", ".join(visit._(PERSONAL[kind]) for kind in kinds)


def _strike(room: Room, form: Form) -> None:
    form.set(title=struck(room, form.get("title")), text=struck(room, form.get("text")))


def _offered(directory: Directory, form: Form, query: str) -> list[str]:
    """Return the classes to offer: what was searched, else of a major class all, else what the description speaks of, and the usual ones."""
    major = form.get("major", ALL)
    if query:
        return [found.key for found in directory.search(query, MOST) if not major or found.major == major]
    if major in directory.majors:
        return [found.key for found in directory.of_major(major)]
    said = [found.key for found in directory.match(f"{form.get('title')} {form.get('text')}", 3)]
    chosen = [form.get("class")] if form.get("class") in directory.classes else []
    return list(dict.fromkeys([*chosen, *said, *directory.favourites]))


def _take(form: Form, key: str) -> None:
    form.values["class"] = st.session_state[key] or ""
    form.values.pop("refused", None)
    form.set(class_query="")


NOT_DUTY = N_("Not on the list of grid duties: {authority} acts. It may be reported and is handed over.")
ACTS = N_("The authority that acts: {authority}.")


def _described(visit: Visit, directory: Directory, found: IncidentClass) -> str:
    _, name = visit._, found.name.in_(visit.language)
    major = directory.majors[found.major].in_(visit.language)
    source = _("local catalogue") if found.source == "local" else found.source
    authority = found.authority or _("the department in charge")
    notes = []
    if not found.grid_duty:
        notes.append(f'<p class="bm-warn">{escape(_(NOT_DUTY).format(authority=authority))}</p>')
    elif found.authority:
        notes.append(f'<p class="bm-note">{escape(_(ACTS).format(authority=found.authority))}</p>')
    if found.restricted:
        told = _("Restricted: people are not named, parties are coded, the map shows counts only.")
        notes.append(f'<p class="bm-warn">{escape(told)}</p>')
    return f'<p class="bm-chosen"><b>{escape(name)}</b> <span>{escape(found.key)} · {escape(major)} · {escape(source)}</span></p>{"".join(notes)}'
