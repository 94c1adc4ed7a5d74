"""Log in, log out, password, own sessions, the first account: what a browser does, and what others try in its name."""

import re
import time
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import streamlit
from accounts import PASSWORD, account, accounts_in, close, quick_rules, signed_in
from http_client import ask
from starlette.applications import Starlette

import api
from api.forms import FRESH
from api.identity import COOKIE, OVER_TLS
from api.login.house import PATHS, own_path
from geo.errors import AccessError
from incidents.access import Role, Scope
from settings import Settings

INDEX = Path(streamlit.__file__).with_name("static") / "index.html"
OWN = {"origin": "http://localhost:8501", "sec_fetch_site": "same-origin"}
NEW = "Birke-am-Ufer-58"
NEXT = "Ulme-am-Bach-6258"


class Browser:
    """A browser that keeps its cookies and sends forms as it finds them."""

    def __init__(self, app, **given):
        self.app, self.jar, self.given = app, {}, given

    def get(self, address, **headers):
        return self._ask(address, "GET", b"", headers)

    def send(self, address, fields=None, *, form=0, headers=OWN, **changed):
        """Open a page, fill in the form on it with that number, and send it."""
        page = self.get(address).text
        found = re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', page, re.DOTALL)[form]
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[1]))
        said = {**{name: unescape(value) for name, value in hidden.items()}, **(fields or {}), **changed}
        return self.post(unescape(found[0]), said, **headers)

    def post(self, address, fields, **headers):
        return self._ask(address, "POST", urlencode(fields).encode(), headers)

    def _ask(self, address, method, body, headers):
        cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        sent = {"accept": "text/html", **({"cookie": cookie} if cookie else {}), **self.given, **headers}
        answer = ask(self.app, address, method=method, chunks=[body], **sent)
        for name, value, rest in re.findall(r"(?:^|, )([\w-]*battlemap\w+)=([^;]*)((?:; [^,;]+(?:, [^,;=]+GMT)?)*)", answer.headers.get("set-cookie", "")):  # fmt: skip
            self.jar = {**self.jar, name: value} if "Max-Age=0" not in rest else {key: one for key, one in self.jar.items() if key != name}  # fmt: skip
        return answer


def application(folder, **settings):
    settings, console = (
        Settings(data_dir=folder, rules=quick_rules(folder), **settings),
        api.Console(index=INDEX, paths=("/",), assets={}),
    )
    return Starlette(routes=api.routes(settings, console), middleware=api.middleware(settings, console))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("var")
    account(found, "inspector", "longnan", "wang")
    return found


@pytest.fixture(scope="module")
def app(folder):
    return application(folder)


@pytest.fixture
def browser(app):
    return Browser(app)


def entered(browser, name="wang", password=PASSWORD, address="/log-in"):
    return browser.send(address, name=name, password=password)


def test_who_knows_name_and_password_comes_in(browser):
    answer = entered(browser)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    said = answer.headers["set-cookie"]
    assert re.search(rf"{COOKIE}=[\w.-]+; HttpOnly; Path=/; SameSite=lax", said)
    assert browser.get("/live/longnan").status == 200


@pytest.mark.parametrize(("agent", "home"), [("Mozilla/5.0 (Linux; Android 10) Mobile Safari/537.36", "/field"), ("Mozilla/5.0 (X11; Linux x86_64)", "/")])  # fmt: skip
def test_who_works_in_a_grid_and_comes_with_a_phone_begins_at_the_field_page(app, folder, agent, home):
    name = f"worker{len(agent)}"
    account(folder, "worker", "longnan:micro:1-01", name)
    came = Browser(app, **{"user-agent": agent})
    assert entered(came, name).headers["location"] == home
    assert entered(Browser(app, **{"user-agent": agent})).headers["location"] == "/"  # an inspector


def test_over_tls_the_cookie_is_one_that_no_other_host_can_set(app, monkeypatch):
    async def over_tls(scope, receive, send):
        await app({**scope, "scheme": "https"}, receive, send)

    browser = Browser(over_tls)
    answer = browser.send(
        "/log-in", name="wang", password=PASSWORD, headers={**OWN, "origin": "https://localhost:8501"}
    )
    assert answer.status == 303
    assert re.search(rf"{OVER_TLS}=[\w.-]+; HttpOnly; Path=/; SameSite=lax; Secure", answer.headers["set-cookie"])
    assert browser.get("/live/longnan").status == 200
    plain = Browser(over_tls)
    plain.jar = {COOKIE: browser.jar[OVER_TLS]}
    assert plain.get("/live/longnan").status == 303


@pytest.mark.parametrize(
    ("name", "password"), [("wang", "wrong"), ("nobody", PASSWORD), ("", ""), ("wang", ""), ("王" * 500, "x" * 9000)]
)
def test_who_does_not_is_told_neither_which(browser, name, password):
    answer = entered(browser, name, password)
    assert answer.status == 401
    assert "账号或密码错误" in answer.text
    assert COOKIE not in browser.jar


def test_a_name_is_text_on_the_page(browser):
    answer = entered(browser, '"><script>alert(1)</script>')
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_a_locked_name_says_how_long(app, folder):
    account(folder, "inspector", "longnan", "locked")
    browser = Browser(app)
    for _ in range(5):
        entered(browser, "locked", "wrong")
    answer = entered(browser, "locked")
    assert answer.status == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert "秒" in answer.text


def test_a_log_in_gives_a_new_session_and_ends_the_one_before(browser):
    entered(browser)
    before = browser.jar[COOKIE]
    entered(browser)
    assert browser.jar[COOKIE] != before
    stale = Browser(browser.app)
    stale.jar = {COOKIE: before}
    assert stale.get("/live/longnan").status == 303


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/cases?area=longnan&q=1", "/cases?area=longnan&q=1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("cases", "/"),
        ("", "/"),
        ("/log-out", "/"),
        ("/" + "a" * 3000, "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
    ],
)
def test_one_is_sent_to_addresses_of_this_console_alone(browser, wanted, given):
    assert own_path(wanted) == given
    answer = entered(browser, address="/log-in?" + urlencode({"next": wanted}))
    assert answer.headers["location"] == given


def test_each_role_begins_where_its_work_is(app, folder):
    for role, home in {"system": "/accounts", "security": "/grants", "audit": "/audit", "worker": "/"}.items():
        account(folder, role, "longnan", f"{role}-home")
        assert entered(Browser(app), f"{role}-home").headers["location"] == home


# --- forms in somebody's name ---------------------------------------------------------------------------------------------------------------------------


FOREIGN = {
    "no origin": {},
    "another site": {"origin": "http://evil.example", "sec_fetch_site": "cross-site"},
    "a neighbour": {"origin": "http://other.localhost:8501", "sec_fetch_site": "same-site"},
    "another port": {"origin": "http://localhost:9999"},
    "hidden": {"origin": "null", "sec_fetch_site": "cross-site"},
    "typed": {"origin": "http://localhost:8501", "sec_fetch_site": "none"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("path", PATHS)
def test_no_form_is_taken_from_another_page(browser, path, headers):
    entered(browser)
    form = re.search(r'name="form" value="([^"]+)"', browser.get(path).text)
    answer = browser.post(path, {"form": form[1] if form else ""}, **headers)
    assert answer.status == 403
    assert "没有做任何更改" in answer.text


@pytest.mark.parametrize("path", PATHS)
def test_no_form_is_taken_without_its_token(browser, path):
    entered(browser)
    token = re.search(r'name="form" value="([^"]+)"', browser.get("/password").text)[1]
    other = Browser(browser.app)
    other.get("/log-in")
    theirs = re.search(r'name="form" value="([^"]+)"', other.get("/log-in").text)[1]
    wrong = {"none": {}, "empty": {"form": ""}, "text": {"form": "x"}, "forged": {"form": token[:-3] + "abc"}, "of another browser": {"form": theirs}}  # fmt: skip
    for name, fields in wrong.items():
        assert browser.post(path, fields, **OWN).status == 403, name
    if path != "/password":
        assert browser.post(path, {"form": token}, **OWN).status == 403
    assert browser.get("/live/longnan").status == 200  # still logged in


def test_a_form_grows_old(browser, monkeypatch):
    token = re.search(r'name="form" value="([^"]+)"', browser.get("/log-in").text)[1]
    import itsdangerous.timed

    now = int(datetime.now(UTC).timestamp())
    monkeypatch.setattr(itsdangerous.timed.TimestampSigner, "get_timestamp", lambda _self: now + FRESH + 2)
    answer = browser.post("/log-in", {"form": token, "name": "wang", "password": PASSWORD}, **OWN)
    assert answer.status == 403


def test_a_form_has_its_size(browser):
    assert browser.send("/log-in", name="wang", password="x" * 20_000).status == 403


# --- one's own ------------------------------------------------------------------------------------------------------------------------------------------


def test_log_out_ends_the_session_and_takes_the_cookie(browser):
    entered(browser)
    cookie = browser.jar[COOKIE]
    answer = browser.send("/log-out")
    assert (answer.status, answer.headers["location"]) == (303, "/log-in")
    assert COOKIE not in browser.jar
    stolen = Browser(browser.app)
    stolen.jar = {COOKIE: cookie}
    assert stolen.get("/live/longnan").status == 303


def test_one_ends_sessions_of_ones_own_and_of_nobody_else(app, folder):
    account(folder, "inspector", "longnan", "two")
    here, there = Browser(app), Browser(app)
    entered(here, "two")
    entered(there, "two")
    page = here.get("/own").text
    assert page.count("<li>") + page.count("<li ") == 2
    other = accounts_in(folder)
    try:
        whose = other.sessions.who(signed_in(folder, "inspector", "longnan", name="wang"), datetime.now(UTC)).session
    finally:
        close(other)
    assert here.send("/own", session=whose).status == 404
    assert here.send("/own").status == 303
    assert there.get("/live/longnan").status == 303
    assert "<li>" not in here.get("/own").text


def test_a_first_password_is_changed_before_anything_else(app, folder):
    account(folder, "inspector", "longnan", "newcomer", must_change=True)
    browser = Browser(app)
    answer = entered(browser, "newcomer", address="/log-in?next=%2Fcases")
    assert answer.headers["location"] == "/password?next=%2Fcases"
    assert browser.get("/live/longnan").headers["location"] == "/password"
    assert browser.get("/live/longnan", accept="application/json").status == 403
    assert browser.get("/log-out").status == 200
    address = answer.headers["location"]
    said = {"old": PASSWORD, "new": NEW, "again": NEW}
    for fields, fault in (
        ({**said, "old": "wrong"}, "当前密码错误"),
        ({**said, "again": "other"}, "不一致"),
        ({**said, "new": "short", "again": "short"}, "太短"),
        ({**said, "new": PASSWORD, "again": PASSWORD}, "以前用过"),
    ):
        refused = browser.send(address, fields)
        assert refused.status in {401, 422}
        assert fault in refused.text
    before = browser.jar[COOKIE]
    done = browser.send(address, said)
    assert (done.status, done.headers["location"]) == (303, "/cases")
    assert browser.jar[COOKIE] != before
    assert browser.get("/live/longnan").status == 200
    assert entered(Browser(app), "newcomer", NEW).status == 303


@pytest.mark.parametrize(
    ("following", "there"),
    [("/wall/longnan/hall", "/wall/longnan/hall"), ("/inbox", "/wall/longnan"), ("//evil.test/wall/", "/wall/longnan")],
)
def test_a_screen_goes_on_to_the_view_that_was_opened_on_it(app, folder, following, there):
    accounts = accounts_in(folder)
    try:
        code = accounts.walls.offer("hall", Scope.read("longnan"), by=None, now=datetime.now(UTC))
    finally:
        close(accounts)
    answer = Browser(app).send(f"/log-in?code=&next={quote(following, safe='')}", code=code)
    assert (answer.status, answer.headers["location"]) == (303, there)


def test_a_wall_comes_in_by_a_code_once_and_sees_its_map(app, folder):
    accounts = accounts_in(folder)
    try:
        code = accounts.walls.offer("hall", Scope.read("longnan"), by=None, now=datetime.now(UTC))
    finally:
        close(accounts)
    wall = Browser(app)
    assert code in wall.get(f"/log-in?code={code}").text
    answer = wall.send(f"/log-in?code={code}", code=code.lower())
    assert (answer.status, answer.headers["location"]) == (303, "/wall/longnan")
    assert wall.get("/map/longnan").status == 200
    assert wall.get("/").headers["location"] == "/wall/longnan"
    again = Browser(app).send("/log-in?code=", code=code)
    assert again.status == 401
    assert "代码错误" in again.text
    assert f'name="code" value="{code}"' in again.text  # to be mended, instead of another form
    entered(other := Browser(app))
    assert other.get(f"/log-in?code={code}").status == 200  # opening an address connects nothing


def test_a_wall_that_was_revoked_says_so_and_asks_for_a_new_code(app, folder):
    accounts = accounts_in(folder)
    try:
        code = accounts.walls.offer("大厅（东） 1", Scope.read("longnan"), by=None, now=datetime.now(UTC))
        wall = Browser(app)
        wall.send(f"/log-in?code={code}", code=code)
        said = "此大屏的连接已结束"
        assert said not in wall.get("/log-in").text  # still in
        accounts.walls.revoke(accounts.walls.every()[0].key, by=None, now=datetime.now(UTC))
        end = time.monotonic() + 10  # what one process ends is over in another within a second
        while (answer := wall.get("/map/longnan?theme=dark&lang=en")).status == 200 and time.monotonic() < end:
            time.sleep(0.05)
        assert "This screen is no longer connected." in wall.get(answer.headers["location"]).text
        page = wall.get("/log-in").text
        assert said in page
        assert 'name="code"' in page
        assert 'name="password"' in wall.get("/log-in?name=").text  # somebody with an account stands there
        assert said not in Browser(app).get("/log-in").text
        wall.jar[COOKIE] += "x"
        assert said not in wall.get("/log-in").text
    finally:
        close(accounts)


def test_the_pages_are_whole_in_both_languages(browser):
    entered(browser)
    for path in ("/log-in", "/log-in?code=", "/log-out", "/password", "/own"):
        joint = "&" if "?" in path else "?"
        chinese, english = browser.get(path).text, browser.get(f"{path}{joint}lang=en").text
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert re.findall(r"[\u4e00-\u9fff]+", re.sub(r"<style.*?</style>", "", english, flags=re.DOTALL)) in (["中文"], ["中文", "陇南社区"], ["陇南社区", "中文"])  # fmt: skip
        assert "<script" not in chinese


def test_the_pages_take_forms_to_this_console_alone_and_stand_in_no_frame(browser):
    answer = browser.get("/log-in")
    policy = answer.headers["content-security-policy"]
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert answer.headers["cache-control"] == "no-store"


# --- the first account ----------------------------------------------------------------------------------------------------------------------------------

FIRST = {"name": "li", "role": "dispatcher", "scope": "longnan", "password": NEW, "again": NEW}


def test_the_first_account_is_made_on_the_machine_itself_and_only_it(tmp_path):
    app = application(tmp_path)
    browser = Browser(app)
    assert browser.get("/map/longnan").status == 200  # the demonstration, while there is no account
    answer = browser.send("/first-run", FIRST)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert browser.get("/live/longnan").status == 200
    assert Browser(app).get("/live/longnan").status == 303  # the demonstration is over
    assert Browser(app).get("/first-run").status == 404
    assert browser.get("/first-run").status == 404


def test_a_first_administrator_works_on_all_areas_and_reads_the_role_in_chinese(tmp_path):
    browser = Browser(application(tmp_path))
    assert "battlemap user add" in browser.get("/first-run").text
    browser.send("/first-run", {**FIRST, "role": "system"})
    own = browser.get("/own").text
    assert "<dd>系统管理员</dd>" in own
    assert "<dd>全部区域</dd>" in own


def test_the_own_page_names_the_grid_and_the_clock(tmp_path):
    token = signed_in(tmp_path, "head", "longnan:grid:410102999001002")
    page = Browser(application(tmp_path), cookie=f"{COOKIE}={token}").get("/own").text
    assert "<dd>陇南社区 · 网格2</dd>" in page
    assert page.count("Asia/Shanghai (UTC+08:00)") == 1


SECOND = {"name": "zhao", "password": NEXT, "again": NEXT}


def three_begun(folder):
    app = application(folder)
    browser = Browser(app)
    assert '<option value="system" selected>' in browser.get("/first-run").text
    answer = browser.send("/first-run", {**FIRST, "role": "system"})
    assert (answer.status, answer.headers["location"]) == (303, "/first-run")
    return app, browser


def test_the_three_administrators_are_made_one_after_the_other_and_then_nobody(tmp_path):
    app, browser = three_begun(tmp_path)
    page = browser.get("/first-run").text
    assert re.findall(r'<option value="(\w+)"', page) == ["security", "audit"]
    assert "battlemap user add NAME --role security" in page
    assert browser.send("/first-run", SECOND, role="security").headers["location"] == "/first-run"
    assert browser.send("/first-run", {**SECOND, "name": "sun"}, role="audit").headers["location"] == "/"
    assert browser.get("/first-run").status == 404
    assert browser.get("/accounts").status == 200  # still the first one's session
    other = Browser(app)
    assert entered(other, "zhao", NEXT).headers["location"].startswith("/password")  # chooses the own password first
    assert {one.role for one in accounts_in(tmp_path).every()} == {Role.SYSTEM, Role.SECURITY, Role.AUDIT}


@pytest.mark.parametrize("role", ["system", "dispatcher", "wall", "demo", ""])
def test_after_the_first_account_no_other_role_is_made_there(tmp_path, role):
    _app, browser = three_begun(tmp_path)
    assert browser.send("/first-run", SECOND, role=role, scope="longnan").status == 404
    assert len(accounts_in(tmp_path).every()) == 1


def test_only_an_administrator_at_the_machine_goes_on(tmp_path):
    app, browser = three_begun(tmp_path)
    assert Browser(app).get("/first-run").status == 404
    away = Browser(app, x_forwarded_for="10.0.0.7")
    away.jar = browser.jar
    assert away.get("/own").status == 200
    assert away.get("/first-run").status == 404


def test_who_was_told_to_choose_a_password_makes_nobody(tmp_path):
    app, browser = three_begun(tmp_path)
    browser.send("/first-run", SECOND, role="security")
    second = Browser(app)
    entered(second, "zhao", NEXT)
    assert second.get("/first-run").status == 404


def test_with_anybody_else_in_the_first_run_is_over(tmp_path):
    _app, browser = three_begun(tmp_path)
    account(tmp_path, "dispatcher", "longnan", "wang")
    assert browser.get("/first-run").status == 404
    with pytest.raises(AccessError):
        accounts_in(tmp_path).add(
            "sun", Role.AUDIT, Scope.read("*"), NEXT, by=None, now=datetime.now(UTC), completes=True
        )


ELSEWHERE = {
    "by a name of the network": {"host": "wangge.example.gov.cn"},
    "by a number of the network": {"host": "10.0.0.7:8501"},
    "rebound": {"host": "localhost.evil.example"},
    "through a proxy": {"x_forwarded_for": "10.0.0.7"},
    "through another": {"forwarded": "for=10.0.0.7"},
}


@pytest.mark.parametrize("headers", ELSEWHERE.values(), ids=ELSEWHERE)
def test_from_elsewhere_there_is_no_first_account_and_no_demonstration(tmp_path, headers):
    browser = Browser(application(tmp_path), **headers)
    assert browser.get("/first-run").status in {400, 404}
    assert browser.get("/live/longnan", accept="*/*").status == 401
    assert browser.post("/first-run", FIRST, origin=f"http://{headers.get('host', 'localhost:8501')}").status in {
        400,
        403,
    }


def test_from_another_machine_there_is_no_first_account_and_no_demonstration(tmp_path):
    app = application(tmp_path)

    async def from_the_network(scope, receive, send):
        await app({**scope, "client": ("10.0.0.7", 5)}, receive, send)

    browser = Browser(from_the_network)
    assert browser.get("/first-run").status == 404
    assert browser.get("/live/longnan", accept="*/*").status == 401
    assert browser.get("/").headers["location"] == "/log-in"


def test_two_first_accounts_at_once_are_one(tmp_path):
    app = application(tmp_path)
    one, other = Browser(app), Browser(app)
    page = one.get("/first-run").text
    other.get("/first-run")
    token = re.search(r'name="form" value="([^"]+)"', page)[1]
    assert other.send("/first-run", FIRST).status == 303
    assert one.post("/first-run", {**FIRST, "name": "zhang", "form": token}, **OWN).status == 404


def test_the_demonstration_can_be_switched_off(tmp_path):
    app = application(tmp_path, demo_access=False)
    assert ask(app, "/live/longnan").status == 401
    assert Browser(app).get("/first-run").status == 200


def test_a_demonstration_shows_what_is_invented_and_no_other_area(tmp_path):
    from small_pack import write_small_pack

    write_small_pack(tmp_path / "packs" / "real")
    toml = tmp_path / "packs" / "real" / "area.toml"
    toml.write_text(toml.read_text("utf-8").replace("synthetic = true", "").replace("archive = true", ""), "utf-8")
    app = application(tmp_path, packs=(tmp_path / "packs",))
    assert ask(app, "/live/real").status == 404
    assert ask(app, "/live/longnan").status == 200


def test_a_session_ends_when_nobody_does_anything(tmp_path):
    """What a page asks by itself is no sign of life; what it says somebody did is one."""
    begun = datetime.now(UTC) - timedelta(minutes=59)
    token = signed_in(tmp_path, Role.INSPECTOR.value, "longnan", now=begun)
    accounts = accounts_in(tmp_path)
    try:
        late = datetime.now(UTC) + timedelta(minutes=2)
        app = application(tmp_path)
        assert ask(app, "/live/longnan", cookie=f"{COOKIE}={token}").status == 200
        assert accounts.sessions.who(token, late, touch=False) is None
        active = {"cookie": f"{COOKIE}={token}", "x_battlemap_active": "1"}
        assert ask(app, "/live/longnan", **active).status == 200
        again = accounts_in(tmp_path)
        assert again.sessions.who(token, late, touch=False) is not None
        close(again)
    finally:
        close(accounts)
