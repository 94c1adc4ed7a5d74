"""What may be done to a case: buttons, the form that each opens, and doing it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

import streamlit as st

from desk.acts import Doing, do_all, next_above
from desk.room import DISPATCHER, ROOM_POSTS, Room
from geo.errors import BattlemapError, Conflict
from incidents.case import Incident
from incidents.lifecycle import RULES, UNDO_WITHIN, Act
from incidents.posts import Post, line_of
from layers.grid_names import full_names
from locales import N_
from pages.parts.visit import Visit
from reports.case_words import RATINGS
from reports.refusals import refusal
from reports.words import ACT, post_title

BOTH = "file_dispatch"  # 立案并派遣, in one go
MOST_BUTTONS = 4
PASSING = frozenset({Act.STEP.value, Act.HAND_OVER.value})  # what time does by itself is no conflict
PHOTOS = ("jpg", "jpeg", "png", "webp")


@dataclass(frozen=True)
class Form:
    """What an act asks for: names of fields, those that must be filled in marked by a star; and a word of warning."""

    fields: tuple[str, ...] = ()
    warns: str = ""


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        BOTH: Form(("handler*", "text")),
        Act.FILE: Form(("text",)),
        Act.REFUSE: Form(("reason*",), N_("A refused report has no mark any more. It can be reopened.")),
        Act.DISPATCH: Form(("handler*", "text")),
        Act.ACCEPT: Form(),
        Act.SEND_BACK: Form(("reason*",)),
        Act.ESCALATE: Form(("text",)),
        Act.POST_NOTICE: Form(("photos*", "until", "text")),
        Act.CLEAR: Form(("photos*", "text")),
        Act.FEEDBACK: Form(("text*", "photos")),
        Act.CLOSE: Form(("text", "photos")),
        Act.RETURN: Form(("reason*",)),
        Act.EVALUATE: Form(("rating*", "text")),
        Act.ASK_EXTENSION: Form(("due*", "reason*")),
        Act.EXTEND: Form(("due*", "text")),
        Act.ASK_SUSPENSION: Form(("until*", "reason*")),
        Act.SUSPEND: Form(("until*", "reason*")),
        Act.DENY: Form(("reason*",)),
        Act.REVIEW: Form(("text*", "until")),
        Act.RESUME: Form(("text",)),
        Act.LINK: Form(("to*", "text"), N_("It keeps its number and its reply; the other case is worked on.")),
        Act.UNLINK: Form(("text",)),
        Act.KEEP_APART: Form(("to*",)),
        Act.REOPEN: Form(("reason*",), N_("Who handled it is told. This cannot be undone.")),
        Act.CANCEL: Form(("reason*",), N_("A cancelled case has no mark and no deadline any more. It can be reopened.")),
        Act.SELF_CLEAR: Form(("photos*", "text")),
        Act.SAMPLE_PASS: Form(("text",)),
        Act.SAMPLE_FAIL: Form(("reason*",)),
        Act.CORRECT: Form(("class_", "title", "description", "address", "reason*")),
        Act.REASSIGN: Form(("codes*", "reason*")),
        Act.SUPERVISE: Form(("text*",)),
        Act.REPLY: Form(("text*",)),
        Act.NOTE: Form(("text*",)),
    }
)  # fmt: skip
# The first of these that is allowed is the primary one.
FIRST = (
    BOTH, Act.DISPATCH, Act.ACCEPT, Act.FEEDBACK, Act.CLEAR, Act.CLOSE, Act.SAMPLE_PASS, Act.EVALUATE, Act.RESUME, Act.UNLINK,
)  # fmt: skip
# Then these, as buttons of their own while there is room; the rest lies behind "more".
NEXT = (
    Act.EXTEND, Act.SUSPEND, Act.DENY, Act.RETURN, Act.SAMPLE_FAIL, Act.FILE, Act.REFUSE, Act.ESCALATE, Act.SEND_BACK, Act.POST_NOTICE,
    Act.ASK_EXTENSION, Act.ASK_SUSPENSION, Act.REVIEW, Act.REOPEN, Act.SUPERVISE, Act.REPLY, Act.REASSIGN, Act.CORRECT, Act.NOTE, Act.LINK,
    Act.KEEP_APART, Act.SELF_CLEAR, Act.CANCEL,
)  # fmt: skip
_ANSWER = MappingProxyType({"extension": Act.EXTEND, "suspension": Act.SUSPEND})
LABEL = MappingProxyType(
    {
        "reason": N_("Reason"),
        "text": N_("Words"),
        "handler": N_("Handler"),
        "until": N_("Until"),
        "due": N_("Deadline"),
        "to": N_("The other case"),
        "rating": N_("Rating"),
        "photos": N_("Photos"),
        "codes": N_("Micro-grid"),
        "class_": N_("Minor class"),
        "title": N_("Title"),
        "description": N_("Description"),
        "address": N_("Address"),
    }
)
WORDS = MappingProxyType({Act.DISPATCH: N_("What is to be done"), BOTH: N_("What is to be done"), Act.FEEDBACK: N_("What was done")})  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """An act that was not done: what the person was about to do, kept with every word.

    Attributes
    ----------
    seen
        Version of the case that the person saw.
    """

    number: str
    act: str
    data: Mapping[str, Any] = field(default_factory=dict)
    seen: int = 0
    photos: Sequence[bytes] = ()


def name_of(act: str, visit: Visit) -> str:
    """Return the name of an act, or of several in one."""
    return visit._("File and dispatch") if act == BOTH else visit._(ACT[Act(act)])


def offered(case: Incident, visit: Visit) -> tuple[str, list[str]]:
    """Return the act that is next for the acting post, "" for none, and all that it may do now, in the order of the buttons."""
    may = {act.value for act in visit.allowed(case.state)} & set(FORMS)
    if Act.FILE.value in may:
        may.add(BOTH)
    if not case.state.asked:
        may -= {Act.EXTEND.value, Act.DENY.value}
    sent = case.state.handler != ""
    primary = next((str(act) for act in FIRST if act in may and not (act is Act.DISPATCH and sent)), "")
    answers = {_ANSWER[what] for what in case.state.asked} | ({Act.DENY} if case.state.asked else set())
    answers |= {Act.NOTE} if case.state.help else set()
    rest = [str(act) for act in (*NEXT, *FIRST) if act in may and act != primary]
    rest.sort(key=lambda act: act not in answers)
    return primary, ([primary] if primary else []) + rest


def bar(case: Incident, visit: Visit, chosen: str) -> None:
    """Show the acts as buttons, one of them primary, the rest behind "more"."""
    (primary, acts), _ = offered(case, visit), visit._
    shown = acts[:MOST_BUTTONS]
    if chosen in acts and chosen not in shown:
        shown = [*shown[:-1], chosen]
    with st.container(key="acts", horizontal=True, gap="small"):
        for act in shown:
            look = "primary" if act == (chosen or primary) else "secondary"
            key = f"key_{'dispatch' if act in {BOTH, Act.DISPATCH} else 'act_' + act}"
            st.button(name_of(act, visit), key=key, type=look, on_click=choose, args=(act if act != chosen else "",))
        rest = [act for act in acts if act not in shown]
        if rest:
            with st.popover(_("More"), key="more"):
                for act in rest:
                    st.button(
                        name_of(act, visit), key=f"act_{act}", type="tertiary", on_click=choose, args=(act,)
                    )  # fmt: skip


def choose(act: str) -> None:
    """Open the form of an act, or close it; for callbacks."""
    st.session_state["act"] = act
    st.session_state.pop("refused", None)


def form(case: Incident, visit: Visit, act: str) -> None:
    """Show the form of an act; done, it acts on the version that was shown."""
    room, _, asked = visit.room(), visit._, FORMS[act]
    names = tuple(name.rstrip("*") for name in asked.fields)
    key = f"form_{case.number}_{act}_{st.session_state.get('turn', 0)}"
    with st.form(key, border=False):
        if act == Act.ESCALATE:
            above = next_above(room, case)
            st.html(f'<p class="bm-note">{_to_above(above, visit)}</p>')
        for name in asked.fields:
            plain = name.rstrip("*")
            _FIELDS[plain](_Slot(room, case, visit, act, f"{key}_{plain}", _label(act, name, visit)))
        if asked.warns:
            st.html(f'<p class="bm-warns">{_(asked.warns)}</p>')
        with st.container(horizontal=True, gap="small"):
            st.form_submit_button(
                _("Confirm: {act}").format(act=name_of(act, visit)),
                type="primary",
                on_click=_submit,
                args=(visit, case.number, case.version, act, key, names),
            )
            st.form_submit_button(_("Put aside"), on_click=choose, args=("",))
    refused = st.session_state.get("refused")
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{refused}</p>')


def _submit(visit: Visit, number: str, version: int, act: str, key: str, names: Sequence[str]) -> None:  # noqa: PLR0917
    state = st.session_state
    data = {name: _value(state.get(f"{key}_{name}"), visit) for name in names if name != "photos"}
    photos = [file.getvalue() for file in state.get(f"{key}_photos") or ()]
    lacking = [
        name.rstrip("*")
        for name in FORMS[act].fields
        if name.endswith("*") and not (photos if name == "photos*" else data.get(name.rstrip("*")))
    ]
    if lacking and _overtaken(visit.room(), number, version):
        state["refused"] = visit._("Somebody else changed this case in the meantime")
        return
    if lacking:
        labels = ("、" if visit.language == "zh" else ", ").join(visit._(LABEL[name]) for name in lacking)
        state["refused"] = visit._("Still missing: {fields}").format(fields=labels)
        return
    attempt(visit, Tried(number, act, data, version, photos))


def attempt(visit: Visit, tried: Tried) -> None:
    """Do what was tried, and note what came of it in the session: done, refused with the reason, or a conflict with everything kept."""
    state, room = st.session_state, visit.room()
    try:
        done = _do(room, tried, visit)
    except Conflict:
        if _only_steps_since(room, tried):
            attempt(visit, Tried(tried.number, tried.act, tried.data, _version(room, tried.number), tried.photos))
        else:
            state["conflict"] = tried
    except BattlemapError as error:
        state["refused"] = refusal(error, visit._, room.area.pack.timezone)
    else:
        state["turn"] = state.get("turn", 0) + 1
        state["act"] = ""
        state["done"] = (done.number, tried.act)
        for name in ("refused", "conflict"):
            state.pop(name, None)


def undo(visit: Visit, number: str, version: int) -> None:
    """Take the last act back; for callbacks."""
    attempt(visit, Tried(number, Act.UNDO.value, {}, version))


def doings(tried: Tried) -> list[Doing]:
    """Return the acts of one attempt; several in one are done in one change."""
    data = {name: value for name, value in tried.data.items() if value not in ("", None)}
    if tried.act == Act.CORRECT.value:
        data = {name: value for name, value in tried.data.items() if value is not None}
    if tried.act == BOTH:
        return [
            Doing(tried.number, Act.FILE, {}, tried.seen),
            Doing(tried.number, Act.DISPATCH, data),
        ]
    return [Doing(tried.number, Act(tried.act), data, tried.seen, tried.photos)]


def undoable(entry: Mapping[str, Any], visit: Visit) -> bool:
    """Tell whether the acting post may take the act of an entry back, but for the time."""
    return (
        visit.may("act")
        and entry["act"] in set(Act)
        and RULES[Act(entry["act"])].undo
        and entry["post"] == visit.post.key
    )


def _do(room: Room, tried: Tried, visit: Visit) -> Incident:
    return do_all(room, doings(tried), visit.by("act"), datetime.now(UTC))[-1]


def _only_steps_since(room: Room, tried: Tried) -> bool:
    """Tell whether only time did something since: a reminder or a hand-over that comes while somebody writes is no conflict."""
    entries = room.history(tried.number)
    since = [entry["act"] for entry in entries if entry["version"] > tried.seen]
    return bool(since) and set(since) <= PASSING


def _overtaken(room: Room, number: str, seen: int) -> bool:
    """Tell whether somebody did something to a case since: who looks at a form of before is told that first."""
    return any(entry["version"] > seen and entry["act"] not in PASSING for entry in room.history(number))


def _version(room: Room, number: str) -> int:
    return room.get(number).version


def _value(value: Any, visit: Visit) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=visit.area().pack.timezone)
    return value.strip() if isinstance(value, str) else value


def _label(act: str, name: str, visit: Visit) -> str:
    plain = name.rstrip("*")
    word = WORDS.get(act, LABEL[plain]) if plain == "text" else LABEL[plain]
    return visit._(word) + ("" if name.endswith("*") else visit._(" (optional)"))


def _to_above(above: Any, visit: Visit) -> str:
    _ = visit._
    return _("Goes to {post}").format(post=post_title(above[1], _)) if above else _("There is no level above this one.")


@dataclass(frozen=True)
class _Slot:
    """Where a field of a form stands."""

    room: Room
    case: Incident
    visit: Visit
    act: str
    key: str
    label: str


def _words(slot: _Slot) -> None:
    st.text_area(slot.label, key=slot.key, height=96)


def _handler(slot: _Slot) -> None:
    names, _ = handler_names(slot.room, slot.case, slot.visit), slot.visit._
    st.selectbox(
        slot.label,
        list(names),
        index=None,
        format_func=names.get,
        placeholder=_("Type a grid, a post or a department"),
        key=slot.key,
    )


def handlers(room: Room, case: Incident | None = None) -> list[str]:
    """Return the posts to which a case may be sent: who is likely first (responsible, the line above, the class's authority), then all others."""
    posts, likely = room.posts, []
    if case:
        class_ = room.rules.directory.classes.get(case.class_)
        authority = class_.authority if class_ else ""
        likely = [
            case.post,
            *(post.key for post in line_of(room.area.net, case.codes, room.posts)),
            f"department::{authority}",
        ]
    others = [key for key, post in posts.items() if post.kind not in ROOM_POSTS]
    return [key for key in dict.fromkeys([*likely, *others]) if key in posts and key != DISPATCHER]


def handler_names(room: Room, case: Incident | None, visit: Visit) -> dict[str, str]:
    """Return the posts to which a case may be sent, each as a list names it: its title and level."""
    posts = room.posts
    return {key: _handler_name(room, posts[key], visit) for key in handlers(room, case) if key in posts}


def _handler_name(room: Room, post: Post, visit: Visit) -> str:
    title = post_title(post, visit._)
    level = next((level for level in room.area.net.levels if post.grid and level.key == post.grid[0]), None)
    return f"{title} · {level.name.in_(visit.language)}" if level else title


def _moment(slot: _Slot) -> None:
    zone, extends = slot.room.area.pack.timezone, slot.act == Act.EXTEND
    asked = slot.case.state.asked.get("extension" if extends else "suspension", {})
    given = asked.get("due" if extends else "until")
    local = slot.visit.now.astimezone(zone)
    evening = datetime.combine(local.date() + timedelta(days=1), time(18))
    start = datetime.fromisoformat(given).astimezone(zone).replace(tzinfo=None) if given else evening
    st.datetime_input(slot.label, value=start.replace(second=0, microsecond=0), key=slot.key)


def _photos(slot: _Slot) -> None:
    most = slot.room.rules.settings.most_photos
    words = slot.visit._("At most {n}; position and names in them are taken out.").format(n=most)
    st.file_uploader(slot.label, type=PHOTOS, accept_multiple_files=True, key=slot.key, help=words)


def _rating(slot: _Slot) -> None:
    st.segmented_control(slot.label, RATINGS, format_func=slot.visit._, key=slot.key)


def _to(slot: _Slot) -> None:
    st.text_input(slot.label, key=slot.key, placeholder=f"{slot.room.area.pack.prefix}-…")


def _codes(slot: _Slot) -> None:
    net = slot.room.area.net
    names = {code: name for code, name in full_names(net)[net.leaf.key].items() if code not in net.stacked}
    st.selectbox(
        slot.label,
        list(names),
        index=None,
        format_func=names.get,
        placeholder=slot.visit._("Type a grid"),
        key=slot.key,
    )


def _class(slot: _Slot) -> None:
    classes = slot.room.rules.directory.classes
    keys = list(classes)
    st.selectbox(
        slot.label,
        keys,
        index=keys.index(slot.case.class_) if slot.case.class_ in keys else None,
        format_func=lambda name: f"{classes[name].name.in_(slot.visit.language)} {name}",
        key=slot.key,
    )


def _line(slot: _Slot) -> None:
    name = slot.key.rsplit("_", 1)[1]
    st.text_input(slot.label, value=getattr(slot.case, name), key=slot.key)


def _description(slot: _Slot) -> None:
    st.text_area(slot.label, value=slot.case.text, key=slot.key)


_FIELDS: Mapping[str, Callable[[_Slot], None]] = MappingProxyType(
    {
        "reason": _words,
        "text": _words,
        "handler": _handler,
        "until": _moment,
        "due": _moment,
        "to": _to,
        "rating": _rating,
        "photos": _photos,
        "codes": _codes,
        "class_": _class,
        "title": _line,
        "description": _description,
        "address": _line,
    }
)


def filed_too(entries: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the last act is a dispatch whose change filed the case too: taking it back leaves the case filed."""
    last = entries[-1]
    before = entries[-2] if len(entries) > 1 else last
    return (
        last["act"] == Act.DISPATCH.value
        and before["act"] == Act.FILE.value
        and (before["at"], before["post"]) == (last["at"], last["post"])
    )


def undo_name(visit: Visit, *, filed: bool) -> str:
    """Return what the button of taking back says: of what was filed and dispatched in one go, only the dispatch is taken back."""
    return visit._("Undo the dispatch (stays filed)") if filed else visit._("Undo")


def undo_until(entry: Mapping[str, Any]) -> datetime:
    """Return until when the act of an entry may be taken back."""
    at: datetime = entry["at"]
    return at + UNDO_WITHIN
