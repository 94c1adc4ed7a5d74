"""The gate: every address of the app, for every role and for nobody, beside one table; and what people try instead."""

import asyncio
import re
from datetime import UTC, datetime
from functools import cache
from time import sleep

import pytest
from accounts import accounts_in, close, signed_in
from http_client import ask
from hypothesis import given
from hypothesis import strategies as st
from sockets import Socket
from starlette.routing import Match, Mount, WebSocketRoute

import api
import app as console
from api.identity import COOKIE, SESSION, Gate, Table
from desk.access.entrance import VISITOR
from desk.access.permissions import OFF, PUBLIC, permissions_of
from incidents.access import GIVEN, Role

PERSON = {"accept": "text/html"}
HERE = console.SETTINGS.data_dir
AREA = "longnan"
SCOPE = {Role.DEPARTMENT: f"{AREA}:department:城管执法中队"}
FILLED = {"area": AREA, "digest": "0", "file": "x.js", "kind": "micro", "code": "1-01", "number": "LN-1", "sha256": "0" * 64,
          "z": "1", "x": "1", "y": "1", "session_id": "77660fd1-2dc7-4f6a", "file_id": "8f6459a0-a1f2-447d", "path": "x", "rest": "x/x/x/x/x/x", "building": "B99999", "token": "x", "view": "hall", "key": "gas_shop", "site": "S-0001"}  # fmt: skip
PERMISSIONS = permissions_of(None)


@cache
def built():
    """The whole app, as a server runs it: ours and Streamlit's."""
    return console.app._build_starlette_app()


def lines():
    """Every address of the app with each of its methods, as a line of the table writes it."""
    for route in built().routes:
        if isinstance(route, Mount):
            yield f"* {route.path}/{{path:path}}"
        elif isinstance(route, WebSocketRoute):
            yield f"WEBSOCKET {route.path}"
        else:
            yield from (f"{method} {route.path}" for method in sorted(route.methods - {"HEAD"}))


def needs(line):
    """What the table says of a line; None where it says nothing."""
    path = line.split(" ", 1)[1]
    return PERMISSIONS.routes.get(line) or PERMISSIONS.routes.get(f"* {path}")


def address(line):
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: FILLED[found[1]], line.split(" ", 1)[1])


@pytest.fixture(scope="module")
def cookies():
    """A session of every role that there is, in the ledger of the app."""
    scope = {role: SCOPE.get(role, AREA) for role in GIVEN}
    return {role: f"{COOKIE}={signed_in(HERE, role.value, scope[role])}" for role in GIVEN}


def test_every_address_of_the_app_has_a_line_in_the_table():
    missing = [line for line in lines() if needs(line) is None]
    assert not missing, f"write them into data/rules/permissions.toml: {missing}"


def test_every_line_of_the_table_is_an_address_of_the_app():
    """But for what lies below Streamlit's mount, whose files the mount's own line would refuse."""
    here = {line.split(" ", 1)[1] for line in lines()} | {"/static/{path:path}"}
    assert {line.split(" ", 1)[1] for line in PERMISSIONS.routes} <= here


def test_a_new_address_without_a_line_is_refused_to_everybody(cookies):
    for method in ("GET", "POST", "DELETE"):
        answer = ask(built(), "/new/door", method=method, cookie=cookies[Role.SYSTEM])
        assert answer.status == 404


@pytest.mark.parametrize("line", sorted({line for line in lines() if not line.startswith("WEBSOCKET")}))
def test_each_role_gets_what_the_table_says(cookies, line):
    method, said = line.split(" ", 1)[0].replace("*", "GET"), needs(line)
    own = {"origin": "http://localhost:8501", "sec_fetch_site": "same-origin"}
    for role, cookie in cookies.items():
        answer = ask(built(), address(line), method=method, cookie=cookie, **own)
        refused = "may not" in answer.body.decode("utf-8", "replace") and answer.status == 403
        if said == OFF:
            assert answer.status in {404, 405}, role
        elif said == PUBLIC or said in PERMISSIONS.of(role):
            assert not refused, role
            assert answer.status != 401, role
        else:
            assert answer.status == 403, role
            assert refused, role


@pytest.mark.parametrize("line", sorted({line for line in lines() if not line.startswith("WEBSOCKET")}))
def test_nobody_gets_nothing_but_the_log_in(cookies, line):
    method, said = line.split(" ", 1)[0].replace("*", "GET"), needs(line)
    script, person = (ask(built(), address(line), method=method, **headers) for headers in ({}, PERSON))
    if said == PUBLIC:
        assert {script.status, person.status} <= {200, 403, 404}  # a form without its token, a file that is not there
    else:
        assert script.status == 401
        assert set(script.json) == {"error"}
        assert person.status == 303
        assert person.headers["location"].startswith("/log-in")


def test_what_is_public_says_nothing(cookies):
    assert ask(built(), "/healthz").text == "ok"
    page = ask(built(), "/log-in", **PERSON)
    assert page.status == 200
    assert "<script" not in page.text
    assert not any(name in page.text for name in ("longnan", "陇南"))
    assert ask(built(), "/first-run", **PERSON).status == 404


def route_of(method, path):
    """The line of the route that Starlette would take."""
    scope = {"type": "http", "method": method, "path": path, "headers": [], "root_path": ""}
    for route in built().routes:
        if isinstance(route, WebSocketRoute):
            continue
        if route.matches(scope)[0] is Match.FULL:
            return f"* {route.path}/{{path:path}}" if isinstance(route, Mount) else f"{method} {route.path}"
    return ""


PIECES = st.sampled_from(
    ["map", "live", "case", "cases", "_stcore", "stream", "metrics", "agent", "mcp", "static", "media", "assets", "log-in", "own", "..", ".", "", "longnan", "x.js", "Map", "%2e", "%2f", "1"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=6), st.sampled_from(["GET", "POST", "PUT", "OPTIONS"]))
def test_the_gate_decides_on_the_route_that_is_taken(pieces, method):
    path = "/" + "/".join(pieces)
    taken, decided = needs(route_of(method, path) or "* nothing"), Table(PERMISSIONS.routes).needs(method, path)
    if decided not in {OFF, None} and not path.startswith("/static/"):
        assert decided == taken


TRICKS = [
    "//map/longnan", "/map//longnan", "/map/../live/longnan", "/MAP/longnan", "/map/longnan/", "/map/longnan.", "/./map/longnan", "/map/longnan%00", "/%6dap/longnan",
    "/map%2flongnan", "/map/%2e%2e/live/longnan", "/live/longnan;x", "/live/longnan%0a", "/log-in/../cases", "/healthz/../cases", "/assets/0/../../cases", "/cases/", "/cases%20",
    "/case%73", "/healthz/", "/_STCORE/stream", "/_stcore/../_stcore/metrics", "/static/../cases", "/log-in/", "/log-in%2f..%2fcases", "\\cases", "/cases?x=/log-in", "/..%5ccases",
]  # fmt: skip


@pytest.mark.parametrize("path", TRICKS)
def test_no_spelling_leads_past_the_gate(cookies, path):
    answer = ask(built(), path)
    assert answer.status in {400, 401, 404}
    assert b"longnan" not in answer.body
    assert ask(built(), path, **PERSON).status in {303, 400, 404}


def test_a_person_comes_back_to_where_they_wanted(cookies):
    answer = ask(built(), "/cases?area=longnan&q=a%26b", **PERSON)
    assert answer.headers["location"] == "/log-in?next=%2Fcases%3Farea%3Dlongnan%26q%3Da%2526b"
    assert ask(built(), "/log-out", method="POST", **PERSON).status == 403
    assert ask(built(), "/own", method="POST", **PERSON).headers["location"] == "/log-in"


def bogus():
    token = signed_in(HERE, "inspector", AREA, name="bogus")
    value, _, signature = token.rpartition(".")
    return {
        "none": "", "empty": f"{COOKIE}=", "text": f"{COOKIE}=admin", "visitor": f"{COOKIE}={VISITOR}", "unsigned": f"{COOKIE}={value}",
        "signature": f"{COOKIE}={value}.{signature[::-1]}", "value": f"{COOKIE}=x{value}.{signature}", "long": f"{COOKIE}={'a' * 4000}",
        "other name": f"session={token}", "over tls": f"__Host-{COOKIE}={token}", "quoted": f'{COOKIE}="\\303"',
    }  # fmt: skip


def test_forged_cookies_are_nobody(cookies):
    for name, cookie in bogus().items():
        assert ask(built(), "/live/longnan", **({"cookie": cookie} if cookie else {})).status == 401, name


def test_a_forged_header_is_nobody(cookies):
    """What tells the pages whose websocket it is comes from the gate alone."""
    for value in (VISITOR, cookies[Role.SYSTEM]):
        answer = ask(built(), "/live/longnan", **{SESSION.decode().replace("-", "_"): value})
        assert answer.status == 401


def test_a_session_that_ended_is_nobody(cookies):
    token = signed_in(HERE, "inspector", AREA, name="leaver")
    cookie = f"{COOKIE}={token}"
    assert ask(built(), "/live/longnan", cookie=cookie).status == 200
    accounts = accounts_in(HERE)
    try:
        accounts.sessions.log_out(token, datetime.now(UTC))
    finally:
        close(accounts)
    entrance_forgets()
    assert ask(built(), "/live/longnan", cookie=cookie).status == 401


def entrance_forgets():
    """Another process ended a session: what this one remembers is a second old at most."""
    sleep(1.05)


def test_a_thousand_bogus_connections_ask_neither_the_ledger_nor_argon(cookies, monkeypatch):
    def never(*_args, **_kwargs):
        raise AssertionError("the ledger was asked")

    monkeypatch.setattr("ledger.store.Ledger.reading", never)
    monkeypatch.setattr("argon2.PasswordHasher.verify", never)
    for number in range(1000):
        assert ask(built(), "/live/longnan", cookie=f"{COOKIE}=guess{number}.signature").status == 401


def test_another_method_is_named_as_what_is_wrong(cookies):
    answer = ask(built(), "/live/longnan", method="POST", cookie=cookies[Role.INSPECTOR])
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_the_scope_of_an_account_names_no_other_area(cookies):
    cookie = f"{COOKIE}={signed_in(HERE, 'inspector', AREA, name='here')}"
    for door in ("live", "map", "print", "search"):
        answer = ask(built(), f"/{door}/mianfang", cookie=cookie)
        assert answer.status == 404
        assert "synthetic" not in answer.text
        assert answer.text.replace("mianfang", "nowhere") == ask(built(), f"/{door}/nowhere", cookie=cookie).text


# --- the websocket --------------------------------------------------------------------------------------------------------------------------------------

STREAM = "/_stcore/stream"


@pytest.mark.parametrize("role", [None, *GIVEN])
def test_the_websocket_opens_to_whom_the_table_lets(cookies, role):
    may = role is not None and "desk" in PERMISSIONS.of(role)
    socket = Socket(STREAM, cookie=cookies[role] if role else "")
    assert asyncio.run(socket.shake(gate_before(echo))) is may


@pytest.mark.parametrize(
    "path", ["/_stcore/stream/", "//_stcore/stream", "/_STCORE/stream", "/live/longnan", "/nowhere"]
)
def test_no_other_address_opens_a_websocket(cookies, path):
    assert asyncio.run(Socket(path, cookie=cookies[Role.DISPATCHER]).shake(gate_before(echo))) is False


def test_the_pages_are_told_by_the_gate_alone_whose_websocket_it_is(cookies):
    heard = []

    async def listening(scope, receive, send):
        heard.extend(value for name, value in scope["headers"] if name.lower() == SESSION)
        await echo(scope, receive, send)

    forged = [(SESSION, VISITOR.encode()), (SESSION.upper(), b"somebody")]
    socket = Socket(STREAM, cookie=cookies[Role.DISPATCHER], headers=forged)
    assert asyncio.run(socket.shake(gate_before(listening)))
    assert len(heard) == 1
    assert heard[0] not in {VISITOR.encode(), b"somebody"}
    assert heard[0].decode() not in cookies[Role.DISPATCHER]  # the key, not the secret


def test_a_websocket_is_cut_when_its_session_ends(cookies):
    token = signed_in(HERE, "dispatcher", AREA, name="cut")
    socket = Socket(STREAM, cookie=f"{COOKIE}={token}")

    async def life():
        async with socket.open(gate_before(echo, every=0.1)):
            assert await socket.says(b"hello") == b"hello"
            other = accounts_in(HERE)
            try:
                other.sessions.log_out(token, datetime.now(UTC))
            finally:
                close(other)
            return await asyncio.wait_for(socket.closed(), 10)

    assert asyncio.run(life()) == 4401
    assert socket.after_close == []


async def echo(_scope, receive, send):
    """Accept, and say again what comes in, as Streamlit would run its script."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "bytes": message["bytes"]})


def gate_before(behind, **options):
    gate = next(one for one in api.middleware(console.SETTINGS, console.CONSOLE) if one.cls is Gate)
    return Gate(behind, **{**gate.kwargs, **options})
