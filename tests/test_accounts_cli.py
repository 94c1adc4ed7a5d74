"""`battlemap user`: the way in for whoever owns the machine."""

import json
import re
from datetime import UTC, datetime

import pytest
from accounts import PASSWORD, accounts_in, close
from click.testing import CliRunner

from cli import battlemap
from geo.errors import BattlemapError
from incidents.access import Role


@pytest.fixture
def console(tmp_path, monkeypatch):
    """Runs `battlemap user …` on a ledger of its own; what it prints, or the error that it ends with."""
    folder = tmp_path / "var"
    monkeypatch.setenv("BATTLEMAP_DATA_DIR", str(folder))
    monkeypatch.setenv("BATTLEMAP_DEMO", "off")

    def run(*words, given=None):
        done = CliRunner().invoke(battlemap, ["user", *words], input=given)
        if isinstance(done.exception, BattlemapError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    run.folder = folder
    return run


def accounts_of(console):
    return {one["name"]: one for one in json.loads(console("list", "--json"))}


def test_the_first_account_with_a_made_password(console):
    said = console("add", "Li.Na", "--role", "head", "--scope", "longnan:micro:1-02")
    once = re.search(r"first log-in: (\S+)", said)[1]
    found = accounts_of(console)["li.na"]
    assert (found["role"], found["scope"]) == ("head", "longnan:micro:41010299900100102")  # by its code
    accounts = accounts_in(console.folder)
    entered = accounts.log_in("li.na", once, address="127.0.0.1", agent="", now=datetime.now(UTC))
    assert entered.must_change
    assert accounts.trail.read(act="account_added")[0].role == "local"
    close(accounts)
    assert once not in console("list") + console("sessions", "li.na")


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_password_by_standard_input_need_not_be_changed(console, ending):
    said = console(
        "add", "li", "--role", "dispatcher", "--scope", "longnan", "--password-stdin", given=PASSWORD + ending
    )
    assert PASSWORD not in said
    assert "Password" not in said
    accounts = accounts_in(console.folder)
    assert not accounts.log_in("li", PASSWORD, address="", agent="", now=datetime.now(UTC)).must_change
    close(accounts)


@pytest.mark.parametrize(
    ("role", "scope", "said"),
    [
        ("head", "longnan", "belongs to a grid"),
        (
            "head",
            "longnan:micro:9-99",
            r"micro '9-99' names no one grid of longnan: there are none\. It has: 1-01, .* and \d+ more",
        ),
        ("head", "longnan:floor:1", "no level or overlay 'floor'"),
        ("head", "nowhere:micro:1-02", "nowhere"),
        ("dispatcher", "nowhere", "nowhere"),
        ("dispatcher", "longnan:", "is no scope|longnan"),
        ("dispatcher", "longnan:micro", "is no scope"),
        ("department", "longnan", "needs a scope AREA:department:NAME"),
        ("department", "longnan:department:无此部门", r"no department '无此部门'\. It has: .*公安机关"),
        ("dispatcher", "longnan:department:城管", "no other role"),
        ("security", "longnan", "works on all areas"),
    ],
)
def test_a_scope_that_does_not_fit_is_refused_and_nothing_is_written(console, role, scope, said):
    if scope == "longnan:":
        console("add", "li", "--role", role, "--scope", scope)  # an empty rest is none
        return
    with pytest.raises(BattlemapError, match=said):
        console("add", "li", "--role", role, "--scope", scope)
    console("add", "boss", "--role", "system", "--scope", "*")
    assert list(accounts_of(console)) == ["boss"]


def test_a_department_of_the_area_is_taken(console):
    from desk.rooms import rooms_of
    from settings import Settings

    settings = Settings.from_env()
    rooms = rooms_of(settings.packs, "longnan", settings.data_dir, "", None, False)
    name = next(
        post.title for post in rooms.get("longnan", datetime.now(UTC)).posts.values() if post.kind == "department"
    )
    console("add", "fang", "--role", "department", "--scope", f"longnan:department:{name}")
    assert accounts_of(console)["fang"]["scope"] == f"longnan:department:{name}"


def test_adding_an_account_begins_no_demonstration(console, monkeypatch):
    monkeypatch.setenv("BATTLEMAP_DEMO", "on")
    console("add", "li", "--role", "head", "--scope", "longnan:micro:1-02")
    accounts = accounts_in(console.folder)
    assert accounts.ledger.version() == 0
    close(accounts)


def test_an_account_from_its_first_day_to_its_last(console):
    console("add", "li", "--role", "dispatcher", "--scope", "longnan", "--password-stdin", given=PASSWORD)
    accounts, now = accounts_in(console.folder), datetime.now(UTC)
    tokens = [accounts.log_in("li", PASSWORD, address="10.0.0.7", agent="Firefox", now=now) for _ in range(3)]
    listed = json.loads(console("sessions", "li", "--json"))
    assert {one["session"] for one in listed} == {one.who.session for one in tokens}
    assert {one["address"] for one in listed} == {"10.0.0.7"}
    console("end", "li", listed[0]["session"])
    assert len(json.loads(console("sessions", "li", "--json"))) == 2
    assert "2 sessions ended" in console("end", "li")
    assert json.loads(console("sessions", "li", "--json")) == []
    console("grant", "li", "--role", "head", "--scope", "longnan:micro:1-02")
    assert accounts.named("li").role is Role.HEAD
    console("disable", "li")
    assert accounts_of(console)["li"]["state"] == "disabled"
    console("enable", "li")
    for _ in range(5):
        with pytest.raises(BattlemapError):
            accounts.log_in("li", "wrong", address="", agent="", now=now)
    assert "locked" in console("list")
    once = re.search(r"first log-in: (\S+)", console("reset", "li"))[1]
    assert "locked" not in console("list")
    assert accounts.log_in("li", once, address="", agent="", now=datetime.now(UTC)).must_change
    close(accounts)


@pytest.mark.parametrize("words", [("disable",), ("enable",), ("reset",), ("sessions",), ("end",)])
def test_a_name_that_nobody_has_is_named(console, words):
    console("add", "li", "--role", "system", "--scope", "*")
    with pytest.raises(BattlemapError, match="no account 'nobody'"):
        console(*words, "nobody")


def test_a_weak_password_is_refused_with_every_reason_and_not_repeated(console):
    with pytest.raises(BattlemapError) as caught:
        console("add", "li", "--role", "system", "--scope", "*", "--password-stdin", given="mima1")
    assert "too short" in str(caught.value)
    assert "common" in str(caught.value)
    assert "mima1" not in str(caught.value)


def test_roles_that_nobody_can_be_given_are_no_choice(console):
    for role in ("wall", "demo", "root"):
        done = CliRunner().invoke(battlemap, ["user", "add", "li", "--role", role, "--scope", "*"])
        assert done.exit_code == 2
