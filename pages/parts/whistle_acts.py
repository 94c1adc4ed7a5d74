"""What may be done to a whistle: buttons, the form that each opens, and doing it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from html import escape
from types import MappingProxyType
from typing import Any

import streamlit as st

from desk.posts.acting import NOBODY
from desk.room import Room
from desk.whistle.acts import Doing, do, is_done
from desk.whistle.people import departments, offered
from geo.errors import BattlemapError, Conflict
from incidents.whistles import Blow, Whistle
from locales import N_
from pages.parts.acts import PHOTOS
from pages.parts.visit import Visit
from reports import whistles
from reports.case_words import post_name
from reports.refusals import refusal
from reports.whistles import Sheet
from reports.words import post_title

MOST_BUTTONS = 4
OPEN, REFUSED = "whistle_act", "whistle_refused"


@dataclass(frozen=True)
class Asks:
    """What an act asks for: names of fields, those that must be filled in marked by a star; and a word of warning."""

    fields: tuple[str, ...] = ()
    warns: str = ""


FINAL = N_("This cannot be taken back.")
FORMS: Mapping[Blow, Asks] = MappingProxyType(
    {
        Blow.APPROVE: Asks(("lead*", "assisting", "text"), N_("The departments are called at once, and their time runs. This cannot be taken back.")),
        Blow.DECLINE: Asks(("reason*",), FINAL),
        Blow.SIGN: Asks(("text",)),
        Blow.CONTACT: Asks(("text",)),
        Blow.ARRIVE: Asks(("photos", "text"), N_("The time is kept; the place of your device is not.")),
        Blow.DISPUTE: Asks(("reason*",), N_("Your clock stands still until the centre decides.")),
        Blow.UPHOLD: Asks(("disputing*", "reason*")),
        Blow.RELEASE: Asks(("party*", "new_lead", "reason*"), FINAL),
        Blow.CALL: Asks(("new_lead", "assisting", "reason*")),
        Blow.TASK: Asks(("text*", "owner*", "step*", "due")),
        Blow.TASK_DONE: Asks(("task*", "photos", "text")),
        Blow.TASK_DROP: Asks(("any_task*", "reason*")),
        Blow.FINISH: Asks(("text*", "photos")),
        Blow.CLOSE: Asks(("text",), N_("The whistle ends. This cannot be taken back.")),
        Blow.RETURN: Asks(("reason*", "due")),
        Blow.RATE: Asks(("rated*", "stars*", "text")),
        Blow.NOTE: Asks(("text*", "photos")),
        Blow.WITHDRAW: Asks(("reason*",), N_("The whistle ends for everybody. This cannot be taken back.")),
    }
)  # fmt: skip
# In this order stand the buttons; the first is the primary one.
ORDER = (
    Blow.APPROVE, Blow.DECLINE, Blow.SIGN, Blow.CONTACT, Blow.ARRIVE, Blow.TASK_DONE, Blow.FINISH, Blow.CLOSE, Blow.RETURN, Blow.UPHOLD, Blow.RELEASE,
    Blow.DISPUTE, Blow.TASK, Blow.CALL, Blow.RATE, Blow.NOTE, Blow.TASK_DROP, Blow.WITHDRAW,
)  # fmt: skip
# What is waited for: only these stand out.
AWAITED = frozenset(
    {
        Blow.APPROVE,
        Blow.SIGN,
        Blow.CONTACT,
        Blow.ARRIVE,
        Blow.TASK_DONE,
        Blow.FINISH,
        Blow.CLOSE,
        Blow.UPHOLD,
        Blow.RATE,
    }
)
NAME = MappingProxyType({"disputing": "post", "party": "post", "rated": "post", "new_lead": "lead", "any_task": "task"})
LABEL = MappingProxyType(
    {
        "lead": N_("Department that leads"),
        "new_lead": N_("Who leads from now on"),
        "assisting": N_("Departments that assist"),
        "reason": N_("Reason"),
        "text": N_("Words"),
        "photos": N_("Photos"),
        "disputing": N_("Department"),
        "party": N_("Department"),
        "owner": N_("Owner"),
        "step": N_("Step"),
        "due": N_("By when"),
        "task": N_("Task"),
        "any_task": N_("Task"),
        "rated": N_("Whom you rate"),
        "stars": N_("Stars"),
    }
)
WORDS = MappingProxyType({Blow.TASK: N_("What is to be done"), Blow.FINISH: N_("What was done")})


def may(visit: Visit, room: Room, shown: Sheet) -> list[Blow]:
    """Return what the acting post may do now, in the order of the buttons."""
    if not visit.may("act") or visit.post is NOBODY:
        return []
    found = offered(room, shown.filed, visit.post.by, visit.now)
    some = [act for act in ORDER if act in found and not (act is Blow.UPHOLD and not _disputing(shown.filed.state))]
    mine = any(task.owner == visit.post.key for task in shown.filed.state.open_tasks)
    some = [act for act in some if act is not Blow.TASK_DONE or mine]
    return [act for act in some if act is not Blow.TASK_DROP or shown.filed.state.open_tasks]


def show(visit: Visit, room: Room, shown: Sheet) -> None:
    """Show the buttons, and the form that is open."""
    acts, number = may(visit, room, shown), shown.filed.number
    chosen = st.session_state.get(OPEN)
    if chosen not in {(number, act) for act in acts}:
        chosen = None
        st.session_state[OPEN] = None
    if acts:
        _bar(visit, room, shown, acts, chosen[1] if chosen else None)
    if chosen:
        with st.container(key="act_form"):
            _form(visit, room, shown, chosen[1])
    elif st.session_state.get(REFUSED):
        st.html(f'<p class="bm-refused" role="alert">{escape(st.session_state[REFUSED])}</p>')


def _bar(visit: Visit, room: Room, shown: Sheet, acts: list[Blow], chosen: Blow | None) -> None:
    buttons, number = acts[:MOST_BUTTONS], shown.filed.number
    if chosen and chosen not in buttons:
        buttons = [*buttons[:-1], chosen]
    rest = [act for act in acts if act not in buttons]
    with st.container(key="acts", horizontal=True, gap="small"):
        for act in buttons:
            primary = act is (chosen or acts[0]) and (chosen or act in AWAITED)
            _button(
                visit,
                room,
                shown,
                act,
                "primary" if primary else "secondary",
                (number, act) if act is not chosen else None,
            )
        if rest:
            with st.popover(visit._("More"), key="more"):
                for act in rest:
                    _button(visit, room, shown, act, "tertiary", (number, act))


def _button(visit: Visit, room: Room, shown: Sheet, act: Blow, look: str, opens: Any) -> None:  # noqa: PLR0917
    name = whistles.act_name(room, shown.filed.state, act, visit._)
    st.button(name, key=f"act_{act.value}", type=look, on_click=_open, args=(opens,))


def _open(what: Any) -> None:
    st.session_state[OPEN] = what
    st.session_state.pop(REFUSED, None)


def _form(visit: Visit, room: Room, shown: Sheet, act: Blow) -> None:
    _, asks, filed = visit._, FORMS[act], shown.filed
    key = f"whistle_{filed.number}_{act.value}_{st.session_state.get('turn', 0)}"
    with st.form(key, border=False):
        for name in asks.fields:
            plain = name.rstrip("*")
            word = WORDS.get(act, LABEL[plain]) if plain == "text" else LABEL[plain]
            label = _(word) + ("" if name.endswith("*") else _(" (optional)"))
            FIELDS[plain](_Slot(visit, room, shown, act, f"{key}_{plain}", label))
        if asks.warns:
            st.html(f'<p class="bm-warns">{escape(_(asks.warns))}</p>')
        with st.container(horizontal=True, gap="small"):
            said = _("Confirm: {act}").format(act=whistles.act_name(room, filed.state, act, _))
            st.form_submit_button(
                said, type="primary", on_click=_submit, args=(visit, filed.number, filed.version, act, key)
            )
            st.form_submit_button(_("Put aside"), on_click=_open, args=(None,))
    if st.session_state.get(REFUSED):
        st.html(f'<p class="bm-refused" role="alert">{escape(st.session_state[REFUSED])}</p>')


def _submit(visit: Visit, number: str, version: int, act: Blow, key: str) -> None:
    state, names = st.session_state, [name.rstrip("*") for name in FORMS[act].fields]
    said = {name: _value(state.get(f"{key}_{name}"), visit) for name in names if name != "photos"}
    photos = [file.getvalue() for file in state.get(f"{key}_photos") or ()]
    lacking = [name.rstrip("*") for name in FORMS[act].fields if name.endswith("*") and not said.get(name.rstrip("*"))]
    if lacking:
        labels = ("、" if visit.language == "zh" else ", ").join(visit._(LABEL[name]) for name in lacking)
        state[REFUSED] = visit._("Still missing: {fields}").format(fields=labels)
        return
    data = {NAME.get(name, name): value for name, value in said.items() if value not in (None, "", [])}
    room, by, doing = visit.room(), visit.by("act"), Doing(number, act, data, version, photos)
    try:
        do(room, doing, by, datetime.now(UTC))
    except Conflict as error:
        if is_done(room, doing, by):  # pressed twice
            _open(None)
            return
        state[REFUSED] = refusal(error, visit._) + visit._(
            " The page shows it as it stands now; look, and press again."
        )
    except BattlemapError as error:
        state[REFUSED] = refusal(error, visit._, room.area.pack.timezone)
    else:
        state["turn"] = state.get("turn", 0) + 1
        _open(None)


def _value(value: Any, visit: Visit) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=visit.area().pack.timezone)
    return value.strip() if isinstance(value, str) else value


@dataclass(frozen=True)
class _Slot:
    """Where a field of a form stands."""

    visit: Visit
    room: Room
    shown: Sheet
    act: Blow
    key: str
    label: str

    @property
    def state(self) -> Whistle:
        return self.shown.filed.state


def _disputing(state: Whistle) -> list[str]:
    return [party.post for party in state.active if party.disputed]


def _words(slot: _Slot) -> None:
    st.text_area(slot.label, key=slot.key, height=96)


def _photos(slot: _Slot) -> None:
    most = slot.room.rules.settings.most_photos
    words = slot.visit._("At most {n}; position and names in them are taken out.").format(n=most)
    st.file_uploader(slot.label, type=PHOTOS, accept_multiple_files=True, key=slot.key, help=words)


def _posts(slot: _Slot, keys: list[str], *, first: bool = False) -> None:
    names = {key: post_name(slot.room, key, slot.visit._) for key in keys}
    st.selectbox(slot.label, list(names), index=0 if first and names else None, format_func=names.get, placeholder=slot.visit._("Choose a department"), key=slot.key)  # fmt: skip


def _proposed(slot: _Slot) -> list[str]:
    return list(slot.shown.entries[0]["data"].get("proposed", ()))


def _named(slot: _Slot) -> dict[str, str]:
    return {post.key: post_title(post, slot.visit._) for post in departments(slot.room, slot.visit.now)}


def _lead(slot: _Slot) -> None:
    names, proposed = _named(slot), _proposed(slot)
    place = list(names).index(proposed[0]) if proposed and proposed[0] in names else None
    st.selectbox(slot.label, list(names), index=place, format_func=names.get, placeholder=slot.visit._("Choose a department"), key=slot.key)  # fmt: skip


def _new_lead(slot: _Slot) -> None:
    lead = slot.state.lead
    _posts(slot, [key for key in _named(slot) if lead is None or key != lead.post])


def _assisting(slot: _Slot) -> None:
    names = _named(slot)
    chosen = [key for key in _proposed(slot)[1:] if key in names] if slot.act is Blow.APPROVE else []
    keys = [key for key in names if slot.act is Blow.APPROVE or slot.state.party(key) is None]
    st.multiselect(slot.label, keys, default=chosen, format_func=names.get, placeholder=slot.visit._("Choose departments"), key=slot.key, select_all=False)  # fmt: skip


def _owner(slot: _Slot) -> None:
    state = slot.state
    _posts(slot, list(dict.fromkeys([*(party.post for party in state.active), state.asker])))


def _step(slot: _Slot) -> None:
    last = max((task.step for task in slot.state.tasks), default=0)
    done = max((task.step for task in slot.state.tasks if task.done), default=1)
    st.number_input(slot.label, min_value=max(done, 1), max_value=99, value=max(last, 1), step=1, key=slot.key, help=slot.visit._("Tasks of one step go side by side; a step begins when the one before it is done."))  # fmt: skip


def _due(slot: _Slot) -> None:
    local = slot.visit.now.astimezone(slot.room.area.pack.timezone)
    evening = datetime.combine(local.date() + timedelta(days=1), time(18))
    st.datetime_input(slot.label, value=evening if slot.act is Blow.TASK else None, key=slot.key)


def _task(slot: _Slot) -> None:
    mine = slot.act is Blow.TASK_DONE
    waiting = slot.state.open_tasks if mine else [task for task in slot.state.tasks if task.waits]
    names = {task.number: f"{task.number}. {whistles.task_text(slot.shown, task.number)}" for task in waiting if not mine or task.owner == slot.visit.post.key}  # fmt: skip
    st.selectbox(slot.label, list(names), index=0 if names else None, format_func=names.get, key=slot.key)


def _rated(slot: _Slot) -> None:
    state, post = slot.state, slot.visit.post.key
    others = [party.post for party in state.active] if post in {state.asker, state.approver} else [state.asker]
    _posts(slot, [key for key in others if post not in state.rated.get(key, {})], first=True)


def _stars(slot: _Slot) -> None:
    st.segmented_control(slot.label, [1, 2, 3, 4, 5], format_func=lambda stars: "★" * stars, key=slot.key)


FIELDS: Mapping[str, Callable[[_Slot], None]] = MappingProxyType(
    {
        "lead": _lead,
        "new_lead": _new_lead,
        "assisting": _assisting,
        "reason": _words,
        "text": _words,
        "photos": _photos,
        "disputing": lambda slot: _posts(slot, _disputing(slot.state), first=True),
        "party": lambda slot: _posts(slot, [*_disputing(slot.state), *(one.post for one in slot.state.active if not one.disputed)], first=True),
        "owner": _owner,
        "step": _step,
        "due": _due,
        "task": _task,
        "any_task": _task,
        "rated": _rated,
        "stars": _stars,
    }
)  # fmt: skip
