"""Scopes and the table of permissions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.access.permissions import PUBLIC, demand, permissions_of
from geo.errors import AccessError, NoAccess, RulesError
from incidents.access import ADMINISTRATORS, GIVEN, Role, Scope, Who

NAMES = st.text("abc-03东", min_size=1, max_size=8)


@given(NAMES, st.none() | st.tuples(st.sampled_from(["micro", "grid", "dedicated"]), NAMES))
def test_a_scope_reads_what_it_writes(area, grid):
    scope = Scope(area, grid)
    assert Scope.read(str(scope)) == scope
    assert scope.whole == (grid is None)
    assert scope.covers(area)
    assert not scope.covers(f"{area}x")


def test_a_department_and_everywhere_are_scopes():
    assert Scope.read("longnan:department:城管中队") == Scope("longnan", department="城管中队")
    assert str(Scope("longnan", department="城管中队")) == "longnan:department:城管中队"
    assert Scope.read("*").covers("dc")


@pytest.mark.parametrize("text", ["", ":micro:3", "longnan:micro", "longnan:micro:", "*:micro:3", "longnan::3"])
def test_what_is_no_scope_is_refused(text):
    with pytest.raises(AccessError, match="is no scope"):
        Scope.read(text)


def test_every_role_may_do_something_and_no_administrator_reads_cases():
    table = permissions_of(None)
    assert all(table.of(role) for role in GIVEN)
    for role in ADMINISTRATORS:
        assert not table.of(role) & {"look", "cases", "report", "act", "export", "unmask"}
    three = {"accounts", "grants", "audit"}
    assert [table.of(role) & three for role in (Role.SYSTEM, Role.SECURITY, Role.AUDIT)] == [
        {"accounts"},
        {"grants"},
        {"audit"},
    ]
    assert not any(table.of(role) & three for role in GIVEN if role not in ADMINISTRATORS)


def test_the_demonstration_only_reads():
    assert permissions_of(None).of(Role.DEMO) == {
        "look",
        "wall",
        "day_plans",
        "desk",
        "cases",
        "whistles",
        "orders",
        "visits",
        "walls",
        "sites",
        "campaigns",
        "sheets",
        "emergency",
    }


def test_what_a_role_does_not_have_is_refused():
    table = permissions_of(None)
    worker = table.given(Who("a1", "worker", Role.WORKER, Scope("longnan")))
    demand(worker, "report")
    with pytest.raises(NoAccess, match="audit"):
        demand(worker, "audit")


def test_only_what_nobody_needs_to_hide_is_public():
    public = {route.split(" ", 1)[1] for route, needs in permissions_of(None).routes.items() if needs == PUBLIC}
    assert public == {
        "/healthz",
        "/metrics",
        "/field/sw.js",
        "/emergency/sw.js",
        "/board/{token}",
        "/board/{rest:path}",
        "/self-check/{token}",
        "/self-check/{rest:path}",
        "/assets/{digest}/{file:path}",
        "/assets/{rest:path}",
        "/log-in",
        "/log-in/provider",
        "/log-in/returned",
        "/log-out",
        "/first-run",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[routes]\n", "capabilities"),
        ('[capabilities]\nlook = ["king"]\n[routes]\n', "king"),
        ("[capabilities]\nlook = 3\n[routes]\n", "look"),
        ('[capabilities]\nlook = ["wall"]\n[routes]\n"GET /" = "fly"\n', "fly"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(tmp_path, text, said):
    (tmp_path / "permissions.toml").write_text(text, "utf-8")
    with pytest.raises(RulesError, match=said):
        permissions_of(tmp_path)
