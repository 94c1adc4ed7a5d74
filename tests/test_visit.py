"""A visit of a page: who looks is asked anew whenever it counts, and every act of every page asks there."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from accounts import accounts_in, close, quick_rules, signed_in

from desk.access.entrance import VISITOR, entrance_of
from desk.access.permissions import permissions_of
from geo.errors import NoAccess, UnknownArea
from incidents.access import Role, Scope
from incidents.lifecycle import PostKind
from pages.parts.visit import Visit, visit
from settings import Settings

ROOT = Path(__file__).parent.parent
AREA = "longnan"
HEAD = "head:grid:410102999001001"
DESK = tuple(role for role in Role if "desk" in permissions_of(None).of(role) and role is not Role.DEMO)
SCOPES = {
    Role.WORKER: f"{AREA}:grid:410102999001001",
    Role.HEAD: f"{AREA}:grid:410102999001001",
    Role.COMMUNITY: f"{AREA}:grid:410102999001001",
    Role.DEPARTMENT: f"{AREA}:department:城管执法中队",
}
WRITING = (
    "act",
    "report",
    "chat",
    "posts",
    "rota",
    "rounds_edit",
    "teams",
    "unmask",
    "inspect",
    "inspect_close",
    "day_plan",
    "campaign",
    "sheet",
    "sheet_sign",
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("var")
    return Settings(data_dir=folder, rules=quick_rules(folder), demo=False)


@pytest.fixture(scope="module")
def keys(settings):
    """The key of a session of every role that uses the console, as the gate would hand it to the pages."""
    entrance, now = entrance_of(settings.data_dir, "", settings.rules, True), datetime.now(UTC)
    return {
        role: entrance.who(signed_in(settings.data_dir, role.value, SCOPES.get(role, AREA)), now, active=True).session
        for role in DESK
    }


def of(settings, session, acting="dispatcher::", name=AREA):
    return Visit(settings, "zh", name, {}, acting, datetime.now(UTC), session)


@pytest.mark.parametrize("role", DESK)
def test_an_act_is_done_by_whom_the_table_lets_and_as_a_post_of_theirs(settings, keys, role):
    here = of(settings, keys[role])
    for capability in WRITING:
        if capability in permissions_of(None).of(role):
            by = here.by(capability)
            assert by.post in {post.key for post in here.posts}
            assert by.account == here.who.account
        else:
            with pytest.raises(NoAccess):
                here.by(capability)


@pytest.mark.parametrize("role", [role for role in DESK if role is not Role.DISPATCHER])
@pytest.mark.parametrize("forged", ["dispatcher::", "head:micro:0101", HEAD, "inspector::", "x", ""])
def test_nobody_looks_or_acts_as_a_post_that_is_not_theirs(settings, keys, role, forged):
    here = of(settings, keys[role], forged)
    assert here.post.kind is not PostKind.DISPATCHER
    assert here.post.key in {"nobody::", *(post.key for post in here.posts)}


def test_an_analyst_looks_through_nobodys_eyes_and_does_nothing(settings, keys):
    here = of(settings, keys[Role.ANALYST])
    assert here.posts == ()
    assert here.room().id == AREA
    for capability in (*WRITING, "views"):
        with pytest.raises(NoAccess):
            here.by(capability)


@pytest.mark.parametrize("session", ["", "x", "sffff", VISITOR])
def test_a_session_that_there_is_not_sees_nothing(settings, keys, session):
    here = of(settings, session)
    for look in (here.room, lambda: here.by("act"), here.names, lambda: here.may("desk")):
        with pytest.raises(NoAccess):
            look()


def test_another_area_is_none_and_its_name_is_not_told(settings, keys):
    here = of(settings, keys[Role.INSPECTOR], name="mianfang")
    with pytest.raises(UnknownArea) as caught:
        here.room()
    assert re.findall(r"Known areas: ([^.]*)\.", str(caught.value)) == [AREA]
    assert list(here.names()) == [AREA]


def test_who_it_is_is_asked_anew_after_a_second(settings, keys):
    """A page keeps its visit for as long as its buttons are shown; what they do is asked for when they are pressed."""
    here = of(settings, keys[Role.DISPATCHER])
    assert here.by("rota").post == "dispatcher::"
    accounts = accounts_in(settings.data_dir)
    try:
        account, now = here.who.account, datetime.now(UTC)
        accounts.grant(account, Role.ANALYST, Scope.read(AREA), by=None, now=now)
        here._kept.clear()  # a second went by
        entrance_of(settings.data_dir, "", settings.rules, True).accounts._records._lately.clear()
        with pytest.raises(NoAccess):
            here.by("rota")
        accounts.grant(account, Role.DISPATCHER, Scope.read(AREA), by=None, now=now)
    finally:
        close(accounts)


def test_a_page_that_was_somebody_elses_begins_anew(settings):
    state = {"typed": "words of the first"}
    visit(settings, {}, state, "one")
    state["typed"] = "words of the first"
    visit(settings, {}, state, "one")
    assert state["typed"] == "words of the first"
    visit(settings, {}, state, "two")
    assert "typed" not in state


def test_an_old_page_sets_no_clock_back(settings, keys):
    """What a page did an hour ago is no time of now: it would count as a clock that was set back, and end every session."""
    here = Visit(settings, "zh", AREA, {}, "", datetime.now(UTC) - timedelta(hours=1), keys[Role.INSPECTOR])
    assert here.by("act").post == "inspector::"
    assert of(settings, keys[Role.HEAD]).may("desk")


def test_every_act_of_a_page_names_what_it_needs():
    """`Visit.by` is the one way to act; each use names a capability of the table, so that none is forgotten."""
    pages = "\n".join(file.read_text("utf-8") for file in sorted((ROOT / "pages").rglob("*.py")))
    assert len(re.findall(r"\bvisit\.by\b", pages)) == len(re.findall(r'\bvisit\.by\("\w+"\)', pages))
    named = set(re.findall(r'\bvisit\.by\("(\w+)"\)', pages))
    assert named == {*WRITING}
    assert named <= set(permissions_of(None).capabilities)
