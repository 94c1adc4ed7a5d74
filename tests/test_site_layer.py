"""Sites and findings as layers of the map: what a layer has is what its list has, for every filter and for whoever looks."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from accounts import signed_in
from http_client import ask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inspected import NOON
from rooms import room_of, shipped
from test_gate import built
from visits import who

import app as console
from api.identity import COOKIE
from desk import demo
from desk.inspections import rounds
from desk.sites import register
from geo.errors import FilterError, UnknownGrid
from inspections.findings import STANDING
from inspections.grades import Degree
from ledger import findings
from reports import inspection_lists, site_lists
from reports.cards import card
from reports.site_layer import FINDINGS, MOST, SITES, layer

AREA = "longnan"


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    found = room_of(shipped(AREA), tmp_path_factory.mktemp("ledger"))
    found.ledger.change(lambda writing: demo.begin(writing, found, NOON))
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def looks(room):
    """Who looks: the command room, a head of one grid, a worker of a micro-grid, an analyst."""
    net = room.area.net
    grid, leaf = str(net.level("grid").codes[2]), str(net.leaf.codes[10])
    return [room, room.seen_by(who("head", f"{AREA}:grid:{grid}")), room.seen_by(who("worker", f"{AREA}:{net.leaf.key}:{leaf}")), room.seen_by(who("analyst", AREA))]  # fmt: skip


def listed(room, own, now):
    """Return the numbers of the list of sites, by the question of its page."""
    asked, standing = site_lists.asked_of(room, own, now), site_lists.standing_of(own)
    if standing:
        return rounds.in_order(room, asked, standing, now)
    return [one.number for one in register.listed(room, asked, most=None)]


def test_there_is_something_to_see(room):
    found = layer(room, SITES, "", NOON)
    assert found["of"] > 50
    assert found["found"] > 5
    assert {len(found[name]) for name in ("number", "name", "x", "y", "kind", "standing", "grade", "findings")} == {found["of"]}  # fmt: skip
    assert layer(room, FINDINGS, "", NOON)["found"] == found["found"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_layer_of_sites_has_what_its_list_has(room, looks, data):
    net = room.area.net
    codes = [f"grid:{code}" for code in net.level("grid").codes] + [f"{net.leaf.key}:{code}" for code in net.leaf.codes[:20]]  # fmt: skip
    own = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "kind": st.sampled_from(["gas_restaurant", "gas_shop", "dust", "fumes", "nothing"]),
                "state": st.sampled_from(["active", "closed", "every", "x"]),
                "in": st.sampled_from([*codes, "grid:0", "x"]),
                "due": st.sampled_from(["0", "30", "90", "7"]),
                "standing": st.sampled_from([*site_lists.STANDINGS, "x"]),
                "of": st.sampled_from(["none", "head:grid:410102999001002"]),
                "q": st.sampled_from(["店", "场-0001", "%", "'"]),
            },
        )
    )
    who_looks, now = data.draw(st.sampled_from(looks)), NOON + timedelta(days=data.draw(st.integers(0, 40)))
    found = layer(who_looks, SITES, urlencode(own), now)
    assert sorted(found["number"]) == sorted(listed(who_looks, own, now))
    assert found["of"] == len(listed(who_looks, own, now))
    stand = rounds.stand(room, now)
    for number, standing in zip(found["number"], found["standing"], strict=True):
        one = stand.of(number)
        assert standing == (-1 if one is None else int(one.standing))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_layer_of_findings_counts_what_its_list_has(room, looks, data):
    own = data.draw(
        st.fixed_dictionaries(
            {"pile": st.sampled_from(["open", "corrected", "closed", "overdue", "all"])},
            optional={
                "kind": st.sampled_from(["gas_restaurant", "dust", "fumes"]),
                "grade": st.sampled_from([degree.value for degree in Degree]),
                "in": st.sampled_from([f"grid:{code}" for code in room.area.net.level("grid").codes]),
                "q": st.sampled_from(["患", "店"]),
            },
        )
    )
    who_looks = data.draw(st.sampled_from(looks))
    found = layer(who_looks, FINDINGS, urlencode(own), NOON)
    asked = inspection_lists.findings_asked(who_looks, own, NOON)
    with who_looks.ledger.reading() as connection:
        rows = findings.page(connection, asked)
    assert found["found"] == sum(found["findings"]) == len(rows)
    assert set(found["number"]) == {row.site for row in rows}
    for number, rank in zip(found["number"], found["grade"], strict=True):
        assert rank == max(row.state.grade.rank for row in rows if row.site == number)


def test_without_a_pile_the_layer_has_what_stands(room):
    with room.ledger.reading() as connection:
        rows = findings.page(connection, findings.Asked(AREA, NOON.date(), states=frozenset(STANDING)))
    assert layer(room, FINDINGS, "", NOON)["found"] == len(rows)


def test_who_sees_no_register_has_no_layer_and_no_card(room, looks):
    department = room.seen_by(who("department", f"{AREA}:department:城管执法中队"))
    whole = layer(room, SITES, "", NOON)
    assert len(layer(looks[1], SITES, "", NOON)["number"]) < whole["of"]
    beyond = next(number for number in whole["number"] if number not in layer(looks[2], SITES, "", NOON)["number"])
    with pytest.raises(UnknownGrid):
        card(looks[2], "registered", beyond, NOON)
    assert not set(layer(department, SITES, "", NOON)["number"]) & set(whole["number"])
    found = card(room, "registered", beyond, NOON)
    assert (found["code"], found["link"]["page"]) == (beyond, "sites")


def test_what_is_no_layer_is_refused(room):
    with pytest.raises(FilterError):
        layer(room, "people", "", NOON)
    with pytest.raises(FilterError):
        layer(room, SITES, "q=" + "x" * 600, NOON)


def test_more_than_can_be_drawn_is_said(room, monkeypatch):
    whole = layer(room, SITES, "", NOON)
    monkeypatch.setattr("reports.site_layer.MOST", 10)
    found = layer(room, SITES, "", NOON)
    assert (len(found["number"]), found["of"]) == (10, whole["of"])
    assert (
        sorted(found["standing"], reverse=True) == sorted(whole["standing"], reverse=True)[:10]
    )  # those that wait longest
    assert found["of"] < MOST


def test_a_layer_is_sent_once_and_what_has_to_be_watered_whenever_it_is_asked_for():
    cookie = f"{COOKIE}={signed_in(console.SETTINGS.data_dir, 'dispatcher', AREA)}"
    first = ask(built(), f"/registered/{AREA}?sites=", cookie=cookie)
    assert (first.status, "private" in first.headers["cache-control"]) == (200, True)
    held = {"cookie": cookie, "if_none_match": first.headers["etag"]}
    again = ask(built(), f"/registered/{AREA}?sites=", **held)
    assert (again.status, again.body) == (304, b"")
    dry = ask(built(), f"/registered/{AREA}?sites=water%3Ddry", **held)
    assert (dry.status, "etag" in dry.headers) == (200, False)
