"""Attacks, against a console that really runs: what comes in without being let in, in whose name, in how many spellings, and how often."""

import asyncio
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode, urljoin, urlsplit

import pytest
from accounts import PASSWORD, account, accounts_in, close, signed_in
from chromium import PATIENCE
from console_server import ended, served, started
from hypothesis import given
from hypothesis import strategies as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api import serving
from api.identity import SESSION, Gate
from api.login.house import own_path
from api.turns import Turns
from data import rules
from desk.access.entrance import Entrance
from desk.access.permissions import OFF, PUBLIC, permissions_of
from incidents.access import Role, Scope

COOKIE = "battlemap_session"
REFUSED = {303, 400, 401, 403, 404, 405, 414}
UPLOAD = "/_stcore/upload_file/77660fd1-2dc7-4f6a-b8e9-3d2d18b8589c/8f6459a0-a1f2-447d-a84e-4ea261e42fbe"
PAGES = (
    "/live/longnan",
    "/map/longnan",
    "/case",
    "/",
    "/_stcore/stream",
    "/_stcore/metrics",
    "/static/index.html",
    UPLOAD,
)
TABLE = permissions_of(None)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Said:
    """What a console answered, byte by byte as it came."""

    status: int
    headers: dict[str, list[str]]
    text: str

    def one(self, name):
        return self.headers.get(name, [""])[0]


@dataclass(frozen=True)
class Wire:
    """The way to a console for somebody at an address of this machine."""

    address: str
    source: str = "127.0.0.1"

    @property
    def netloc(self):
        return urlsplit(self.address).netloc

    def open(self):
        return socket.create_connection(("127.0.0.1", urlsplit(self.address).port), PATIENCE, (self.source, 0))

    def say(self, target, method="GET", body="", cookies=None, **headers):
        """Send a request as it stands, and return the answer."""
        sent = {"host": self.netloc, "connection": "close", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        if body:
            sent |= {"content-length": str(len(body)), "content-type": "application/x-www-form-urlencoded"}
        lines = [
            f"{method} {target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in sent.items() if value is not None),
        ]
        return self.send("\r\n".join([*lines, "", body]).encode("latin-1"))

    def send(self, data):
        """Send bytes, and return the answer; a websocket that opens stays open as long as it is looked at."""
        with self.open() as wire:
            wire.sendall(data)
            said = b""
            while part := wire.recv(65536):
                said += part
                if said.startswith(b"HTTP/1.1 101") and b"\r\n\r\n" in said:
                    break
            return parsed(said)

    def talk(self, cookies=None, **headers):
        """Ask for the websocket; return the status of the answer."""
        sent = {
            "upgrade": "websocket",
            "connection": "Upgrade",
            "sec_websocket_version": "13",
            "sec_websocket_key": "AAAAAAAAAAAAAAAAAAAAAA==",
        }
        return self.say("/_stcore/stream", cookies=cookies, **sent, **headers).status

    def form(self, path, cookies=None):
        """Open a page as a browser does; return the token of its form, and all cookies that the browser has then."""
        page = self.say(path, cookies=cookies, accept="text/html")
        found = re.search(r'name="form" value="([^"]*)"', page.text)
        return found[1] if found else "", {**(cookies or {}), **new_cookies(page)}

    def post(self, path, fields, cookies, **headers):
        own = {"origin": self.address, "sec_fetch_site": "same-origin", "accept": "text/html"}
        return self.say(path, "POST", urlencode(fields), cookies, **{**own, **headers})

    def log_in(self, name, password=PASSWORD, cookies=None, following="/"):
        token, cookies = self.form("/log-in", cookies)
        return self.post("/log-in", {"form": token, "name": name, "password": password, "next": following}, cookies)

    def is_in(self, cookie, path="/live/longnan"):
        return self.say(path, cookies={COOKIE: cookie}).status == 200


def parsed(data):
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for name, value in (line.split(": ", 1) for line in lines if ": " in line):
        headers.setdefault(name.lower(), []).append(value)
    return Said(int(first.split(" ")[1]) if first else 0, headers, body.decode("utf-8", "replace"))


def new_cookies(said):
    return dict(one.split(";")[0].split("=", 1) for one in said.headers.get("set-cookie", []))


@dataclass(frozen=True)
class House:
    """A console with accounts, and what was kept of cookies that are over."""

    wire: Wire
    folder: str
    over: dict[str, str]
    cookies: dict[str, str]

    def cookie(self, role):
        return self.cookies[role]

    def accounts(self):
        return closing_accounts(self.folder)


@contextmanager
def closing_accounts(folder):
    found = accounts_in(folder)
    try:
        yield found
    finally:
        close(found)


def alone(folder):
    """Settings of a console that keeps everything in a folder, and begins with nothing."""
    return {"BATTLEMAP_DATA_DIR": str(folder), "BATTLEMAP_DEMO": "off"}


def cheap_rules(folder):
    """Rules as they are shipped, but for hashes that cost little: a storm is as long, and sooner over."""
    text = rules.find("identity").read_text(encoding="utf-8")
    kept = folder / "rules"
    kept.mkdir()
    (kept / "identity.toml").write_text(text.replace("memory_kib = 65536", "memory_kib = 8192"), encoding="utf-8")
    return str(kept)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attacked")
    now = datetime.now(UTC)
    over = {
        "older than a shift": signed_in(folder, "dispatcher", "longnan", now=now - 13 * HOUR),
        "idle for two hours": signed_in(folder, "dispatcher", "longnan", now=now - 2 * HOUR),
    }
    roles = [role.value for role in Role if role not in {Role.DEMO, Role.WALL}]
    cookies = {role: signed_in(folder, role, "longnan") for role in roles}
    with served(folder, "--area", "longnan", BATTLEMAP_RULES=cheap_rules(folder), **alone(folder)) as address:
        yield House(Wire(address), folder, over, cookies)


# ------------------------------------------------------------------------------------------------ addresses in many spellings

SPELLINGS = {
    "as it is": "{path}",
    "two slashes": "/{path}",
    "three slashes": "//{path}",
    "a slash behind": "{path}/",
    "a dot behind": "{path}.",
    "dots behind": "{path}/..",
    "by way of a public page": "/log-in/..{path}",
    "by way of health": "/healthz/..{path}",
    "by way of assets": "/assets/..{path}",
    "by way of assets of a version": "/assets/x/../..{path}",
    "by way of encoded dots": "/assets/%2e%2e{path}",
    "by way of an encoded slash": "/assets/..%2f{path}",
    "by way of two encodings": "/assets/%252e%252e%252f{path}",
    "by way of an overlong encoding": "/assets/%c0%ae%c0%ae{path}",
    "by way of here": "/.{path}",
    "backslash": "\\{path}",
    "encoded backslash": "/%5c..{path}",
    "semicolon": "{path};a=b",
    "semicolon before": "/;{path}",
    "semicolon of a public page": "/log-in;{path}",
    "NUL": "{path}%00",
    "NUL and a public ending": "{path}%00.css",
    "line ends": "{path}%0d%0aSet-Cookie:a=b",
    "space behind": "{path}%20",
    "space before": "/%20{path}",
    "tab": "{path}%09",
    "question mark as part": "{path}%3f",
    "query of a public page": "{path}?/healthz",
    "fragment": "{path}#/healthz",
    "half an encoding": "{path}%",
    "full address": "http://localhost{path}",
    "full address of another": "http://evil.example{path}",
    "no slash": "x{path}",
    "star": "*",
}


def spelled(path):
    yield from (form.format(path=path) for form in SPELLINGS.values())
    yield path.upper()
    yield path.swapcase().replace("/", "%2F", 1)
    yield "/" + quote(path[1:].encode(), safe="").replace("/", "%2f")
    yield "".join(f"%{ord(sign):02x}" for sign in path)
    yield "/" + "".join(f"%25{ord(sign):02x}" for sign in path[1:])
    yield "/" + "".join(f"%{ord(sign):02X}" for sign in path[1:])


@pytest.mark.parametrize("path", PAGES)
def test_somebody_without_an_account_gets_the_log_in_page_or_a_refusal_in_every_spelling(house, path):
    for target in spelled(path):
        for method in ("GET", "HEAD", "POST", "PUT"):
            said = house.wire.say(target, method, accept="text/html")
            assert said.status in REFUSED, (method, target)
            assert said.status != 303 or said.one("location").split("?")[0] == "/log-in", (method, target)
            assert "set-cookie" not in said.headers, (method, target)


@pytest.mark.parametrize("role", ["system", "security", "audit"])
def test_no_administrator_reads_an_area_in_any_spelling(house, role):
    for target in (*spelled("/live/longnan"), *spelled("/map/longnan"), *spelled("/case")):
        said = house.wire.say(target, cookies={COOKIE: house.cookie(role)})
        assert said.status in REFUSED, target


DOORS = (
    "/static",
    "/static/js",
    "/media",
    "/assets/x",
    "/_stcore/bidi-components/x",
    "/photo/longnan",
    "/tiles",
    "/map/longnan/data/x",
    "/map/..",
    "/card/longnan/grid",
)
CLIMBS = ("../", "..%2f", "%2e%2e/", "%252e%252e%252f", "..%5c", "....//", "..;/", "%c0%ae%c0%ae/", "/")


@pytest.mark.parametrize("door", DOORS)
def test_nobody_who_is_in_climbs_out_of_a_door_to_a_file(house, door):
    cookies = {COOKIE: house.cookie("dispatcher")}
    for climb in CLIMBS:
        for file in ("etc/passwd", "proc/self/environ", f"{str(house.folder)[1:]}/session.key"):
            said = house.wire.say(f"{door}/{climb * 12}{file}", cookies=cookies)
            assert said.status in {400, 403, 404}, (climb, file)
            assert "root:" not in said.text


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "localhost@evil.example"},
        {"host": "localhost, evil.example"},
        {"host": "localhost:99999999"},
        {"host": ""},
        {"host": None},
        {"x_forwarded_host": "localhost", "x_forwarded_for": "127.0.0.1"},
        {"x_original_url": "/healthz", "x_rewrite_url": "/healthz"},
        {"x_forwarded_prefix": "/healthz"},
        {"x_http_method_override": "GET"},
        {"authorization": "Basic YWRtaW46YWRtaW4="},
    ],
)
def test_no_header_lets_anybody_in_or_sends_anybody_elsewhere(house, headers):
    said = house.wire.say("/live/longnan", accept="text/html", **headers)
    assert said.status in {303, 400}
    assert said.one("location") in {"", "/log-in?next=%2Flive%2Flongnan"}


@pytest.mark.parametrize(
    "method", ["TRACE", "OPTIONS", "PATCH", "PROPFIND", "CONNECT", "get", "WEBSOCKET", "*", "POST", "DELETE"]
)
def test_a_method_that_an_address_does_not_take_is_refused_to_everybody(house, method):
    for path in ("/live/longnan", "/", "/healthz", "/_stcore/stream", "/own;x"):
        said = house.wire.say(path, method, cookies={COOKIE: house.cookie("dispatcher")}, x_secret="echoed")
        assert said.status in {400, 403, 404, 405}, path
        assert "echoed" not in said.text


@pytest.mark.parametrize(
    "data",
    [
        b"POST /log-in HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\na=b&c",
        b"POST /log-in HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"GET /live/longnan HTTP/1.1\r\nHost: {host}\r\nHost: localhost\r\n\r\n",
        b"GET /live/longnan\r\n\r\n",
        b"GET /live/longnan HTTP/1.1\r\nHost: {host}\r\nCookie : battlemap_session=a\r\n\r\n",
        b"GET /live/longnan HTTP/1.1\r\nHost: {host}\r\nX: \x00\r\n\r\n",
        b"GET /live/\xff HTTP/1.1\r\nHost: {host}\r\n\r\n",
    ],
)
def test_a_request_that_two_servers_could_read_in_two_ways_is_refused(house, data):
    assert house.wire.send(data.replace(b"{host}", house.wire.netloc.encode())).status == 400


# ------------------------------------------------------------------------------------------------ cookies


def forgeries(cookie):
    secret, signature = cookie.rsplit(".", 1)
    yield from ("", ".", secret, f".{signature}", f"{secret}.", f"{secret}.{signature}x", f"{secret}x.{signature}")
    yield from (f"{secret}.{signature[:-2]}AA", f"A{cookie[1:]}", cookie.swapcase(), cookie + "\x80", "x" * 3000)
    yield from (f'"{cookie}\\000"', f"{cookie}.{signature}", f"{secret}%2e{signature}", "null", "undefined", "1")


def test_a_forged_cookie_is_nobody(house):
    cookie = house.cookie("dispatcher")
    assert house.wire.is_in(cookie)
    for forged in forgeries(cookie):
        assert house.wire.say("/live/longnan", cookies={COOKIE: forged}).status in {400, 401}, forged
        assert house.wire.talk({COOKIE: forged}, origin=house.wire.address) in {400, 403}, forged


@pytest.mark.parametrize("why", ["older than a shift", "idle for two hours"])
def test_an_expired_cookie_is_nobody(house, why):
    cookies = {COOKIE: house.over[why]}
    assert house.wire.say("/live/longnan", cookies=cookies).status == 401
    assert (
        house.wire.say("/case?number=1", cookies=cookies, accept="text/html")
        .one("location")
        .startswith("/log-in?next=")
    )
    assert house.wire.talk(cookies, origin=house.wire.address) == 403


def test_the_cookie_of_another_console_is_nobody_here(house, tmp_path):
    elsewhere = signed_in(tmp_path, "dispatcher", "longnan")
    assert not house.wire.is_in(elsewhere)


def test_a_cookie_of_the_name_that_tls_has_counts_for_nothing_without_tls(house):
    assert house.wire.say("/live/longnan", cookies={f"__Host-{COOKIE}": house.cookie("dispatcher")}).status == 401


def test_a_cookie_that_is_sent_again_after_logging_out_is_nobody(house):
    cookie = signed_in(house.folder, "dispatcher", "longnan", name="leaves")
    token, cookies = house.wire.form("/log-out", {COOKIE: cookie})
    assert house.wire.is_in(cookie)
    assert house.wire.post("/log-out", {"form": token}, cookies).one("location") == "/log-in"
    assert house.wire.say("/live/longnan", cookies={COOKIE: cookie}).status == 401
    assert house.wire.talk({COOKIE: cookie}, origin=house.wire.address) == 403


def test_a_stolen_cookie_is_seen_by_its_owner_and_ended(house):
    stolen, own = (signed_in(house.folder, "inspector", "longnan", name="robbed") for _ in range(2))
    token, cookies = house.wire.form("/own", {COOKIE: own})
    page = house.wire.say("/own", cookies=cookies, accept="text/html").text
    (session,) = re.findall(r'name="session" value="([^"]+)"', page)  # the other one; one's own is ended by logging out
    assert house.wire.is_in(stolen)
    assert house.wire.post("/own", {"form": token, "session": session}, cookies).status == 303
    assert house.wire.say("/live/longnan", cookies={COOKIE: stolen}).status == 401
    assert house.wire.is_in(own)


def test_nobody_ends_the_session_of_another(house):
    cookie, _other = (signed_in(house.folder, "worker", "longnan", name="curious") for _ in range(2))
    with house.accounts() as accounts:
        (other,) = [one for one in accounts.every() if one.role is Role.AUDIT]
        session = accounts.sessions.of(other.key)[0].key
    token, cookies = house.wire.form("/own", {COOKIE: cookie})
    assert house.wire.post("/own", {"form": token, "session": session}, cookies).status == 404
    assert house.wire.is_in(house.cookie("audit"), "/own")


def test_a_cookie_that_was_planted_before_the_log_in_is_worth_nothing_after_it(house):
    account(house.folder, "worker", "longnan", "victim")
    attacker = signed_in(house.folder, "worker", "longnan", name="attacker")
    for planted in ("fixed", attacker):
        made = new_cookies(house.wire.log_in("victim", cookies={COOKIE: planted}))[COOKIE]
        assert made != planted
        assert house.wire.is_in(made)
        assert not house.wire.is_in(planted)


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(house):
    account(house.folder, "worker", "longnan", "careful")
    said = house.wire.log_in("careful")
    (line,) = [one for one in said.headers["set-cookie"] if one.startswith(COOKIE)]
    assert {"httponly", "path=/", "samesite=lax"} <= {part.strip().lower() for part in line.split(";")}
    assert "domain" not in line.lower()
    assert said.one("cache-control") == "no-store"


def test_somebody_who_was_moved_sees_the_new_scope_at_once_and_the_old_one_no_more(house):
    cookie = signed_in(house.folder, "head", "longnan", name="moved")
    assert house.wire.is_in(cookie)
    with house.accounts() as accounts:
        (mine,) = [one for one in accounts.every() if one.name == "moved"]
        for area, inside in (("mianfang", False), ("longnan", True)):
            accounts.grant(mine.key, Role.HEAD, Scope.read(area), by=None, now=datetime.now(UTC))
            time.sleep(1.1)  # what was read counts as true for a second
            assert house.wire.is_in(cookie) is inside


def test_a_clock_that_is_set_back_lets_nobody_stay_in_and_everybody_log_in_again(tmp_path):
    account(tmp_path, "dispatcher", "longnan", "now")
    later = signed_in(tmp_path, "dispatcher", "longnan", name="later", now=datetime.now(UTC) + HOUR)
    with served(tmp_path, "--area", "longnan", **alone(tmp_path)) as address:
        wire = Wire(address)
        assert not wire.is_in(later)
        assert wire.is_in(new_cookies(wire.log_in("now"))[COOKIE])


def test_no_secret_gets_into_the_log(tmp_path):
    account(tmp_path, "dispatcher", "longnan", "keeps", must_change=True)
    with closing_accounts(tmp_path) as accounts:
        code = accounts.walls.offer("wall", Scope.read("longnan"), by=None, now=datetime.now(UTC))
    rules_dir = cheap_rules(tmp_path)
    process, address = started(tmp_path, "--area", "longnan", BATTLEMAP_RULES=rules_dir, **alone(tmp_path))
    secrets = [PASSWORD, "Wrong-secret-4711", "New-secret-4712", code]
    try:
        wire = Wire(address)
        wire.log_in("keeps", "Wrong-secret-4711")
        first = new_cookies(wire.log_in("keeps"))
        token, cookies = wire.form("/password", first)
        fields = {"form": token, "old": PASSWORD, "new": "New-secret-4712", "again": "New-secret-4712"}
        second = new_cookies(wire.post("/password", fields, cookies))
        form, there = wire.form("/log-in?code=")
        wall = new_cookies(wire.post("/log-in", {"form": form, "code": code}, there))
        secrets += [token, form, *(found[COOKIE] for found in (first, second, wall)), *there.values()]
        assert wire.is_in(second[COOKIE])
        for cookie in (second[COOKIE], wall[COOKIE]):
            wire.say("/card/longnan/grid/x", cookies={COOKIE: cookie}, x_battlemap_session=cookie)
            wire.talk({COOKIE: cookie}, origin=address)
            wire.send(f"GET {cookie} HTTP/9\r\nCookie: {COOKIE}={cookie}\r\n\r\n".encode())
            wire.post("/log-in", {"form": cookie, "password": PASSWORD}, {COOKIE: cookie + "x"})
    finally:
        said = ended(process)
    assert address in said
    for secret in secrets:
        assert secret not in said
        assert secret.rsplit(".", 1)[0] not in said


def test_what_is_printed_of_somebody_who_came_in_holds_no_secret(tmp_path):
    account(tmp_path, "worker", "longnan", "printed")
    with closing_accounts(tmp_path) as accounts:
        entered = accounts.log_in("printed", PASSWORD, address="127.0.0.1", agent="test", now=datetime.now(UTC))
        made = accounts.add("new", None, None, by=None, now=datetime.now(UTC))
        said = repr([entered, made, Entrance(accounts, TABLE, b"the key of all")])
    assert entered.token not in said
    assert made.once
    assert made.once not in said
    assert "the key of all" not in said


# ------------------------------------------------------------------------------------------------ in somebody's name


def test_what_comes_in_under_the_name_of_our_own_header_is_thrown_away(tmp_path):
    cookie = signed_in(tmp_path, "dispatcher", "longnan")
    seen = []

    async def inside(scope, receive, send):
        seen.append([value for name, value in scope["headers"] if name.lower() == SESSION])
        await send({"type": "websocket.close", "code": 1000})

    with closing_accounts(tmp_path) as accounts:
        gate = Gate(inside, entrance=Entrance(accounts, TABLE, b"k" * 32))
        smuggled = [(b"x-battlemap-session", b"a"), (b"X-Battlemap-Session", b"b"), (b"X-BATTLEMAP-SESSION", b"c")]
        headers = [(b"host", b"localhost"), (b"cookie", f"{COOKIE}={cookie}".encode()), *smuggled]
        scope = {
            "type": "websocket",
            "scheme": "ws",
            "path": "/_stcore/stream",
            "client": ("127.0.0.1", 1),
            "headers": headers,
        }

        async def receive():
            return {"type": "websocket.connect"}

        async def send(_message):
            pass

        asyncio.run(gate(scope, receive, send))
        (mine,) = [one.key for one in accounts.sessions.of(accounts.every()[0].key)]
    assert seen == [[mine.encode()]]


def test_the_key_of_a_session_in_a_header_lets_nobody_in(house):
    with house.accounts() as accounts:
        keys = [session.key for one in accounts.every() for session in accounts.sessions.of(one.key)]
    assert keys
    for key in keys[:3]:
        assert house.wire.talk(origin=house.wire.address, x_battlemap_session=key) == 403
        assert house.wire.say("/live/longnan", x_battlemap_session=key).status == 401


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost.evil.example", "http://localhost:1"]
)
def test_a_page_from_elsewhere_opens_no_websocket_with_a_cookie_that_the_browser_sends_along(house, origin):
    cookies = {COOKIE: house.cookie("dispatcher")}
    assert house.wire.talk(cookies, origin=origin) == 403
    assert house.wire.say(UPLOAD, "PUT", "x", cookies, origin=origin).status == 403


FORMS = [line.split(" ", 1)[1] for line, needs in TABLE.routes.items() if line.startswith("POST ") and needs != OFF]


BY_ORIGIN = {"/field/{area}/send"}  # takes JSON of a script, without a form: where it comes from is all there is
CLOSED = {
    "/board/{token}",
    "/self-check/{token}",
}  # are off, and answered as what does not exist; tests of boards and papers open them


def actor(path):
    """A role that may send a form; None for what anybody may."""
    needs = TABLE.routes[f"POST {path}"]
    return None if needs == PUBLIC else min(TABLE.capabilities[needs]).value


@pytest.mark.parametrize("path", FORMS)
def test_no_form_is_taken_that_another_site_sent(house, path):
    there = re.sub(r"{[^}]+}", "x", path)
    role = actor(path)
    session = {COOKIE: house.cookie(role)} if role else {}
    token, cookies = house.wire.form(there, session)
    foreign, _ = house.wire.form("/log-in")
    other, _ = house.wire.form("/log-out", cookies)
    sent = [
        ({}, {}),
        ({"form": ""}, {}),
        ({"form": foreign}, {}),
        ({"form": token}, {"origin": "http://evil.example"}),
        ({"form": token}, {"origin": "null"}),
        ({"form": token}, {"sec_fetch_site": "cross-site"}),
        ({"form": token}, {"sec_fetch_site": "same-site"}),
        ({"form": token}, {"sec_fetch_site": "none"}),
        ({"form": token}, {"origin": None, "sec_fetch_site": None}),
        *([({"form": other}, {})] if there != "/log-out" else []),
    ]
    for fields, headers in sent:
        if headers or path not in BY_ORIGIN:
            answer = house.wire.post(there, {"name": "x", "password": "x", **fields}, cookies, **headers)
            assert answer.status == (404 if path in CLOSED else 403)
    if token:  # and of the same browser when somebody else is logged in
        stranger = {**cookies, COOKIE: house.cookie("analyst" if role != "analyst" else "head")}
        assert house.wire.post(there, {"form": token}, stranger).status == 403
    assert role is None or house.wire.say("/own", cookies=session).status == 200


def test_an_address_changes_nothing(house):
    cookie = signed_in(house.folder, "worker", "longnan", name="stays")
    for target in ("/log-out", "/log-out?form=x", "/own?session=x", "/password?old=a&new=b&again=b"):
        house.wire.say(target, cookies={COOKIE: cookie}, x_http_method_override="POST", accept="text/html")
    assert house.wire.is_in(cookie)


ELSEWHERE = [
    "http://evil.example", "https:evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "/\t/evil.example", "/\n/evil.example", " //evil.example", "javascript:alert(1)", "data:text/html,x", "http://[",
    "//[", "evil.example", "/log-out", "/\u2028/evil.example", "/\x00", "https://localhost@evil.example", "",
]  # fmt: skip


@pytest.mark.parametrize("following", ELSEWHERE)
def test_nobody_is_sent_elsewhere_after_logging_in(house, following):
    assert own_path(following) == "/"
    page = house.wire.say(f"/log-in?{urlencode({'next': following})}", accept="text/html")
    assert page.status == 200
    assert 'name="next" value="/"' in page.text


def test_nobody_is_sent_elsewhere_by_a_form_either(house):
    account(house.folder, "dispatcher", "longnan", "goes")
    assert house.wire.log_in("goes", following="//evil.example").one("location") == "/"
    assert house.wire.log_in("goes", following="/cases?a=b").one("location") == "/cases?a=b"


@given(st.one_of(st.text(), st.from_regex(r"/[/\\.@:?#a-z\t]{0,12}", fullmatch=True)))
def test_wherever_somebody_wants_to_go_it_is_here(text):
    found = own_path(text)
    assert found.isprintable()
    assert urlsplit(urljoin("https://console.example/log-in", found)).netloc == "console.example"
    assert found[:1] == "/"
    assert found[1:2] not in {"/", "\\"}


def test_no_answer_can_be_framed_by_another_site_whoever_asks(house):
    cookie = {COOKIE: house.cookie("dispatcher")}
    asked = [
        ("/log-in", {}),
        ("/", {}),
        ("/", cookie),
        ("/own", cookie),
        ("/map/longnan", cookie),
        ("/nothing", cookie),
        ("/map/none", cookie),
    ]
    answers = [house.wire.say(path, cookies=cookies, accept="text/html") for path, cookies in asked]
    answers.append(house.wire.post("/log-in", {}, {}))
    assert [said.status for said in answers] == [200, 303, 200, 200, 200, 404, 404, 403]
    for said in answers:
        assert re.search(r"frame-ancestors '(none|self)'", said.one("content-security-policy"))
        assert said.one("x-frame-options") in {"DENY", "SAMEORIGIN"}


def test_a_photo_comes_in_only_with_a_session_that_may_report(house):
    own = {"origin": house.wire.address}
    for cookies, status in (
        ({}, 401),
        ({COOKIE: house.cookie("analyst")}, 403),
        ({COOKIE: house.cookie("audit")}, 403),
    ):
        for method in ("PUT", "DELETE"):
            assert house.wire.say(UPLOAD, method, "x", cookies, **own).status == status


# ------------------------------------------------------------------------------------------------ storms


def test_a_storm_of_log_ins_is_slowed_down_and_stops_nobody(house):
    storm = Wire(house.wire.address, "127.0.0.9")
    token, cookies = storm.form("/log-in")
    seen = []

    def attempt(i):
        return storm.post("/log-in", {"form": token, "name": f"name-{i}", "password": "wrong"}, cookies)

    with ThreadPoolExecutor(16) as threads:
        guesses = [threads.submit(attempt, i) for i in range(60)]
        while not all(one.done() for one in guesses):
            began = time.monotonic()
            assert house.wire.is_in(house.cookie("dispatcher"))
            seen.append(time.monotonic() - began)
    statuses = [one.result().status for one in guesses]
    assert set(statuses) == {401, 429}
    assert statuses.count(429) >= 10
    assert max(seen) < 10
    account(house.folder, "worker", "longnan", "calm")
    assert new_cookies(Wire(house.wire.address, "127.0.0.10").log_in("calm"))[COOKIE]


def test_a_storm_leaves_threads_to_everybody_else_and_its_queue_has_an_end():
    """Forty log-ins at one moment had every thread of the process, and whoever was in waited for half a minute."""
    storm, over = Turns(at_once=3, queue=5), threading.Event()
    request = Request({"type": "http", "headers": []})

    def slow():
        assert over.wait(PATIENCE)
        return Response()

    async def all_at_once():
        guesses = [asyncio.create_task(storm.take(request, slow)) for _ in range(100)]
        others = [run_in_threadpool(int, "7") for _ in range(37)]
        assert await asyncio.wait_for(asyncio.gather(*others), PATIENCE) == [7] * 37
        over.set()
        answers = await asyncio.gather(*guesses)
        return answers, await storm.take(request, Response)

    answers, after = asyncio.run(all_at_once())
    assert [said.status_code for said in answers] == [200] * 8 + [429] * 92
    assert answers[-1].headers["retry-after"] == "5"
    assert after.status_code == 200


def test_one_name_is_locked_and_its_owner_stays_in(house):
    account(house.folder, "worker", "longnan", "guessed")
    wire = Wire(house.wire.address, "127.0.0.11")
    cookie = new_cookies(wire.log_in("guessed"))[COOKIE]
    assert [wire.log_in("guessed", "wrong").status for _ in range(6)][-1] == 429
    assert wire.log_in("guessed").status == 429, "the right password tells nothing while the name is locked"
    assert wire.is_in(cookie)


def test_a_thousand_bogus_connections_stop_nobody(house):
    serving._allow_connections()
    key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    said = {
        "nothing": "",
        "half a request": "GET /live/longnan HTTP/1.1\r\nHost: localh",
        "half a form": "POST /log-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\nname=",
        "a websocket": f"GET /_stcore/stream HTTP/1.1\r\nHost: localhost\r\nCookie: {COOKIE}=a.b\r\n{key}\r\n",
    }
    cookies = {COOKIE: house.cookie("dispatcher")}
    with ExitStack() as open_:
        for text in said.values():
            for _ in range(250):
                open_.enter_context(house.wire.open()).sendall(text.encode())
        began = time.monotonic()
        assert house.wire.say("/", cookies=cookies, accept="text/html").status == 200
        assert house.wire.is_in(house.cookie("dispatcher"))
        assert time.monotonic() - began < 10
        with house.wire.open() as wire:
            wire.sendall(
                f"GET /_stcore/stream HTTP/1.1\r\nHost: {house.wire.netloc}\r\nCookie: {COOKIE}={cookies[COOKIE]}\r\n{key}\r\n".encode()
            )
            assert wire.recv(20).startswith(b"HTTP/1.1 101")


# ------------------------------------------------------------------------------------------------ connections that hold on


@contextmanager
def listening(app):
    """Serve an app as the console is served; yields the port."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    server = serving.server(app)
    server.config.lifespan, server.config.timeout_keep_alive = "off", 0.1  # before HEARING, as where it is served
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield taken.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(timeout=PATIENCE)
        taken.close()


def is_cut(wire):
    """Wait until the other side ends a connection, whatever it said before; False if it does not."""
    try:
        while wire.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


async def reading(scope, receive, send):
    """Take the whole body, then answer."""
    while scope["type"] == "http" and (await receive()).get("more_body"):
        pass
    await Response("taken")(scope, receive, send)


async def hasty(scope, receive, send):
    """Answer before the body has come."""
    await Response("no", 413)(scope, receive, send)


POST = b"POST /log-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nname="


@pytest.mark.parametrize("app", [reading, hasty])
def test_a_body_that_comes_byte_by_byte_is_not_heard_out(monkeypatch, app):
    monkeypatch.setattr(serving, "HEARING", 0.3)
    with listening(app) as port, socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as wire:
        wire.sendall(POST)
        stop = threading.Event()

        def drip():
            while not stop.wait(0.05):
                try:
                    wire.sendall(b"a")
                except OSError:
                    return

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        assert is_cut(wire)
        stop.set()
        dripping.join()


def test_a_body_that_comes_in_good_time_is_heard_out(monkeypatch):
    monkeypatch.setattr(serving, "HEARING", 0.2)
    with listening(reading) as port, socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as wire:
        wire.sendall(POST)
        for _ in range(20):
            time.sleep(0.05)
            wire.sendall(b"a" * 4999)
        wire.sendall(b"a" * 15)
        assert wire.recv(65536).startswith(b"HTTP/1.1 200")


def test_an_answer_that_nobody_takes_is_given_up(monkeypatch):
    gone = threading.Event()

    class Watched(serving.Hearing):
        def connection_lost(self, exc):
            super().connection_lost(exc)
            gone.set()

    async def large(scope, receive, send):
        await Response(b"x" * 2**26)(scope, receive, send)

    monkeypatch.setattr(serving, "HEARING", 0.3)
    monkeypatch.setattr(serving, "Hearing", Watched)
    with listening(large) as port, socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert gone.wait(PATIENCE)
