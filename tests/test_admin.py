"""The three administrators' pages: what each may, what none may, and what stays when something goes wrong."""

import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import segno
from accounts import PASSWORD, account, accounts_in, close, signed_in
from admin_pages import HEADERS, Seat, doors
from http_client import ask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from desk.access.permissions import permissions_of
from geo.errors import AccessError, LedgerError
from incidents.access import EVERYWHERE, GIVEN, Role, Scope

PAGES = {
    "/accounts": "system",
    "/grants": "security",
    "/grants/sessions": "security",
    "/grants/walls": "security",
    "/audit": "audit",
    "/audit/export?format=csv": "audit",
}
GRID = "micro:41010299900100101"
HAN = re.compile("[一-鿿]")
SCOPE = {Role.DEPARTMENT: "longnan:department:城管执法中队"}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A console that all tests of the module share: each makes people of its own."""
    folder = tmp_path_factory.mktemp("console")
    return doors(folder), folder


@pytest.fixture
def system(house):
    return Seat(*house, "system")


@pytest.fixture
def security(house):
    return Seat(*house, "security")


@pytest.fixture
def auditor(house):
    return Seat(*house, "audit")


@pytest.fixture(scope="module")
def seats(house):
    return {role: Seat(*house, role, name=f"typing-{role}") for role in ("system", "security", "audit")}


@pytest.fixture
def people(house):
    """The accounts themselves, beside the pages."""
    found = accounts_in(house[1])
    yield found
    close(found)


def person(house, name, role="dispatcher", scope="longnan"):
    """An account of its own for a test; returns its key."""
    return account(house[1], role, scope, name).key


def now():
    return datetime.now(UTC)


def said(page):
    """What a page says, without its tags."""
    return unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL))


# --- three, apart from one another ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [role.value for role in GIVEN])
@pytest.mark.parametrize("address", PAGES)
def test_each_page_is_for_one_role_and_refused_to_every_other(house, address, role):
    seat = Seat(
        *house, role, name=f"of-{role}", scope=SCOPE.get(Role(role), "*" if role in PAGES.values() else "longnan")
    )
    wanted = 200 if role == PAGES[address] else 403
    assert seat.get(address).status == wanted
    if wanted == 403 and "export" not in address:
        assert seat.ask(address, "POST", b"act=add&name=nobody").status == 403


@pytest.mark.parametrize("address", PAGES)
def test_nobody_is_sent_to_log_in(house, address):
    answer = Seat(*house, None).get(address)
    assert (answer.status, answer.headers["location"].partition("?")[0]) == (303, "/log-in")


def test_no_administrator_has_a_capability_of_another_nor_of_the_desk():
    of = {role: permissions_of(None).of(Role(role)) for role in ("system", "security", "audit")}
    assert of == {
        "system": {"own", "accounts"},
        "security": {"own", "grants"},
        "audit": {"own", "audit"},
    }


@pytest.mark.parametrize(("role", "page"), [("system", "/accounts"), ("security", "/grants"), ("audit", "/audit")])
def test_after_log_in_each_lands_on_the_own_page(house, role, page):
    Seat(*house, role)
    nobody = Seat(*house, None)
    (action, hidden) = nobody.forms("/log-in")[0]
    body = {**hidden, "name": role, "password": PASSWORD}
    assert nobody.ask(action, "POST", urlencode(body).encode()).headers["location"] == page


def test_an_administrator_who_is_refused_is_led_to_the_own_page(auditor):
    refused = auditor.get("/grants").text
    assert '<a href="/audit">返回我的管理页面' in refused
    assert "作战图" not in refused


def test_who_opens_the_console_goes_to_the_own_page_and_a_script_is_refused(system, security, auditor):
    for seat, page in ((system, "/accounts"), (security, "/grants"), (auditor, "/audit")):
        answer = seat.get("/")
        assert (answer.status, answer.headers["location"]) == (303, page)
        assert seat.ask("/", accept="application/json").status == 403


def test_a_form_of_nobodys_page_changes_nothing(house, system, people):
    fields = {"act": "add", "name": "forged"}
    assert system.post("/accounts", fields).status == 403
    token = system.token("/accounts")
    foreign = {"origin": "http://elsewhere.test", "sec_fetch_site": "cross-site"}
    assert system.post("/accounts", {**fields, "form": token}, **foreign).status == 403
    other = Seat(*house, "system", name="another-system")
    assert other.post("/accounts", {**fields, "form": token}).status == 403
    assert "forged" not in {one.name for one in people.every()}


# --- accounts exist ------------------------------------------------------------------------------------------------------------------------------------


def test_a_password_is_shown_once_and_stands_nowhere_else(house, system, auditor):
    page = system.send("/accounts", {"act": "add"}, {"name": "Li.Na"}).text
    once = re.search(r'id="once">([^<]+)<', page)[1]
    assert "li.na" in page
    later = system.text("/accounts"), auditor.text("/audit"), auditor.get("/audit/export", format="csv").text
    assert all(once not in one for one in later)
    newcomer = Seat(*house, None)
    asked = {"name": "li.na", "password": once}
    assert "安全管理员" in newcomer.send("/log-in", {}, asked).text, "no role was granted yet"


def test_a_name_that_cannot_be_stays_in_its_field_with_the_reason_beside_it(system):
    for language, reason in (("zh", "账号名为 2 到 64"), ("en", "A name has 2 to 64")):
        answer = system.send("/accounts", {"act": "add"}, {"name": "a b<i>"}, lang=language)
        assert answer.status == 422
        field = re.search(r'<label>[^<]*<input name="name"[^>]*>', answer.text)[0]
        assert 'value="a b&lt;i&gt;"' in field
        assert 'aria-describedby="fault-name"' in field
        assert reason in re.search(r'id="fault-name"[^>]*>([^<]+)<', answer.text)[1]


def test_a_name_that_is_taken_is_refused(system, people):
    system.send("/accounts", {"act": "add"}, {"name": "twice"})
    answer = system.send("/accounts", {"act": "add"}, {"name": "TWICE"})
    assert answer.status == 422
    assert [one.name for one in people.every()].count("twice") == 1


def test_disabling_is_asked_first_ends_sessions_and_can_be_undone(house, system, people):
    key = person(house, "disabled-one")
    token = signed_in(house[1], "dispatcher", "longnan", name="disabled-one")
    question = system.text("/accounts", ask="disable", account=key)
    assert "停用 disabled-one？" in question
    assert people.sessions.who(token, now()) is not None, "the question alone changes nothing"
    page = system.send("/accounts", {"act": "disable"}, ask="disable", account=key)
    assert "disabled-one 已停用" in said(page.text)
    assert not people.named("disabled-one").enabled
    assert people.sessions.ended({people.sessions.of(key)[0].key}, now())
    undo = dict(HIDDEN_OF(page.text, "note"))
    assert undo["act"] == "enable"
    assert "disabled-one 已启用" in said(system.post("/accounts", undo).text)
    assert people.named("disabled-one").enabled


def HIDDEN_OF(page, part):
    """The hidden fields of the form in the first part of a class."""
    found = re.search(rf'class="{part}".*?</form>', page, re.DOTALL)[0]
    return [(name, unescape(value)) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', found)]


def test_a_password_is_reset_once_by_one_question(house, system, people):
    key = person(house, "reset-one")
    action, fields = next(
        one for one in system.forms("/accounts", ask="reset", account=key) if one[1].get("act") == "reset"
    )
    first = re.search(r'id="once">([^<]+)<', system.post(action, fields).text)[1]
    again = system.post(action, fields)
    assert again.status == 422
    assert "刚被他人改动" in again.text
    assert people.log_in("reset-one", first, address="127.0.0.1", agent="", now=now()).must_change


@pytest.mark.parametrize("act", ["disable", "enable", "reset"])
def test_a_system_administrator_touches_no_administrator_and_not_themselves(house, system, people, act):
    Seat(*house, "security")
    for name, sentence in (("security", "命令行"), ("system", "不能对自己")):
        key = people.named(name).key
        row = re.search(rf'<tr data-key="{key}".*?</tr>', system.text("/accounts"), re.DOTALL)[0]
        assert "<a " not in row
        assert "<button" not in row
        assert sentence in said(system.forged("/accounts", act=act, account=key).text)
        if act != "enable":
            assert sentence in said(system.get("/accounts", ask=act, account=key).text)
        assert people.named(name).enabled


def test_a_system_administrator_gives_no_role(system, people):
    system.forged("/accounts", act="add", name="sneaked", role="security", scope="*")
    assert people.named("sneaked").role is None


def test_the_list_says_how_each_stands_and_is_searched(house, system, people):
    person(house, "locked-one")
    for _ in range(5):
        with pytest.raises(AccessError):
            people.log_in("locked-one", "wrong", address="127.0.0.1", agent="", now=now())
    page = system.text("/accounts", q="LOCKED", state="locked")
    assert "locked-one" in page
    assert "锁定至" in page
    assert "从未" in page
    assert "没有符合的账号" in system.text("/accounts", q="nobody-at-all")


def test_a_list_that_is_long_is_paged_and_says_how_many(house, system, people):
    for number in range(60):
        people.add(f"many-{number:02}", None, None, PASSWORD, by=None, now=now())
    first, second = system.text("/accounts", q="many-"), system.text("/accounts", q="many-", page=2)
    assert len(re.findall("many-[0-9]{2}<", first)) == 50
    assert len(re.findall("many-[0-9]{2}<", second)) == 10
    assert "<b>60</b>" in first
    assert "many-59" in system.text("/accounts", q="many-", page="99")


# --- accounts may --------------------------------------------------------------------------------------------------------------------------------------


def test_a_role_is_chosen_in_two_steps_from_what_there_is(house, security, people):
    key = people.add("chosen-one", None, None, PASSWORD, by=None, now=now()).key
    first = security.text("/grants", account=key)
    assert 'id="grant"' not in first, "no role, no place"
    second = security.text("/grants", account=key, role="head", area="longnan", find="1-01")
    assert GRID in second
    assert "1-02<" not in second
    page = security.send("/grants", {"act": "grant"}, {"place": GRID}, account=key, role="head", area="longnan")
    assert "chosen-one 现为 网格长" in said(page.text)
    found = people.named("chosen-one")
    assert (found.role, str(found.scope)) == (Role.HEAD, f"longnan:{GRID}")


@pytest.mark.parametrize(
    ("role", "place"), [("dispatcher", ""), ("department", "department:消防救援机构"), ("analyst", GRID), ("audit", "")]
)
def test_each_role_gets_the_scope_that_it_works_in(house, security, people, role, place):
    key = person(house, f"scoped-{role}", "inspector", "longnan")
    security.send("/grants", {"act": "grant"}, {"place": place}, account=key, role=role, area="longnan")
    found = people.named(f"scoped-{role}")
    wanted = EVERYWHERE if role == "audit" else f"longnan:{place}".rstrip(":")
    assert (found.role.value, str(found.scope)) == (role, wanted)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"role": "head", "area": "longnan", "place": "micro:9-99"}, "place"),
        ({"role": "head", "area": "longnan", "place": "nonsense"}, "place"),
        ({"role": "head", "area": "longnan", "place": ""}, "place"),
        ({"role": "head", "area": "atlantis", "place": GRID}, "area"),
        ({"role": "head", "area": "*", "place": ""}, "area"),
        ({"role": "department", "area": "longnan", "place": "department:none"}, "place"),
        ({"role": "wall", "area": "longnan", "place": ""}, "role"),
        ({"role": "demo", "area": "longnan", "place": ""}, "role"),
        ({"role": "king", "area": "longnan", "place": ""}, "role"),
    ],
)
def test_what_does_not_exist_cannot_be_granted(house, security, people, fields, field):
    name = f"forged-{abs(hash(str(fields)))}"
    key = person(house, name, "inspector", "longnan")
    answer = security.forged(f"/grants?account={key}", act="grant", account=key, **fields)
    assert answer.status == 422
    assert f'id="fault-{field}"' in answer.text
    assert people.named(name).role is Role.INSPECTOR


def test_a_grant_can_be_undone_from_its_notice(house, security, people):
    key = person(house, "undone-one", "head", f"longnan:{GRID}")
    page = security.send("/grants", {"act": "grant"}, {"place": ""}, account=key, role="dispatcher", area="longnan")
    assert people.named("undone-one").role is Role.DISPATCHER
    security.post("/grants", dict(HIDDEN_OF(page.text, "note")))
    found = people.named("undone-one")
    assert (found.role, str(found.scope)) == (Role.HEAD, f"longnan:{GRID}")


def test_a_role_is_taken_away_after_a_question_and_given_back(house, security, people):
    key = person(house, "taken-one")
    page = security.send("/grants", {"act": "take"}, ask="take", account=key)
    assert people.named("taken-one").role is None
    security.post("/grants", dict(HIDDEN_OF(page.text, "note")))
    assert people.named("taken-one").role is Role.DISPATCHER


def test_a_notice_that_we_did_not_write_is_not_shown(house, security):
    key = person(house, "noticed-one")
    page = security.text("/grants", account=key, done='["granted","x","system","*"]')
    assert 'class="note"' not in page


def test_a_form_that_is_older_than_the_account_changes_nothing(house, security, people):
    key = person(house, "stale-one")
    action, fields = next(
        one
        for one in security.forms("/grants", account=key, role="inspector", area="longnan")
        if one[1].get("act") == "grant"
    )
    people.grant(key, Role.ANALYST, Scope("longnan"), by=None, now=now())
    answer = security.post(action, fields)
    assert answer.status == 422
    assert "刚被他人改动" in answer.text
    assert people.named("stale-one").role is Role.ANALYST


def test_nobody_changes_the_own_role(house, security, people):
    other = person(house, "beside-one")
    key = people.named("security").key
    page = security.text("/grants", account=key)
    assert "您不能更改自己的角色" in page
    assert 'id="grant"' not in page
    for act, fields in (("take", {}), ("grant", {"role": "audit", "area": "*", "place": ""})):
        page = f"/grants?account={other}&role=analyst&area=longnan"
        answer = security.forged(f"/grants?account={key}", page, act=act, account=key, **fields)
        assert answer.status == 422
        assert "不能对自己的账号" in answer.text
    assert people.named("security").role is Role.SECURITY


@pytest.mark.parametrize("role", ["system", "audit"])
def test_the_last_administrator_of_a_kind_keeps_the_role(tmp_path, role):
    house = doors(tmp_path), tmp_path
    security, accounts = Seat(*house, "security"), accounts_in(tmp_path)
    key = account(tmp_path, role, "*", "only-one").key
    for act, fields in (("take", {}), ("grant", {"role": "analyst", "area": "longnan", "place": ""})):
        answer = security.forged(f"/grants?account={key}", act=act, account=key, **fields)
        assert answer.status == 422
        assert "最后一位此类管理员" in answer.text
    assert accounts.named("only-one").role is Role(role)
    accounts.disable(account(tmp_path, role, "*", "gone-one").key, by=None, now=now())
    assert security.forged(f"/grants?account={key}", act="take", account=key).status == 422, (
        "a disabled one does not count"
    )
    account(tmp_path, role, "*", "second-one")
    security.forged(f"/grants?account={key}", act="take", account=key)
    assert accounts.named("only-one").role is None
    close(accounts)


def test_two_security_administrators_cannot_take_each_other_away_at_once(tmp_path):
    account(tmp_path, "security", "*", "one")
    account(tmp_path, "security", "*", "two")
    accounts = accounts_in(tmp_path)
    one, two = (
        accounts.log_in(name, PASSWORD, address="127.0.0.1", agent="", now=now()).who for name in ("one", "two")
    )
    accounts.grant(two.account, None, None, by=one, now=now())
    with pytest.raises(AccessError, match="last security administrator"):
        accounts.grant(one.account, None, None, by=two, now=now())
    close(accounts)


def test_a_locked_name_is_unlocked(house, security, people):
    key = person(house, "shut-one")
    for _ in range(5):
        with pytest.raises(AccessError):
            people.log_in("shut-one", "wrong", address="127.0.0.1", agent="", now=now())
    page = security.send("/grants", {"act": "unlock", "account": key}, state="locked", q="shut-one")
    assert "shut-one 已解锁" in said(page.text)
    assert people.log_in("shut-one", PASSWORD, address="127.0.0.1", agent="", now=now())


def test_sessions_of_everybody_are_listed_and_ended_after_a_question(house, security, people):
    key = person(house, "seen-one")
    signed_in(house[1], "dispatcher", "longnan", name="seen-one")
    (session,) = people.sessions.current(key, now())
    assert "seen-one" in security.text("/grants/sessions", q="seen-one")
    question = security.text("/grants/sessions", ask="end", session=session.key)
    assert "结束 seen-one 的这个会话？" in question
    page = security.send("/grants/sessions", {"act": "end"}, ask="end", session=session.key)
    assert "seen-one 的会话已结束" in said(page.text)
    assert people.sessions.current(key, now()) == []
    again = security.get("/grants/sessions", ask="end", session=session.key)
    assert again.status == 422
    assert "已经结束" in again.text


def test_all_sessions_of_an_account_end_and_the_own_one_here_goes_on(house, security, people):
    key = people.named("security").key
    signed_in(house[1], "security", "*", name="security")
    assert len(people.sessions.current(key, now())) > 1
    page = security.send("/grants", {"act": "end_all"}, ask="end_all", account=key)
    assert page.status == 200
    assert len(people.sessions.current(key, now())) == 1


# --- wall screens --------------------------------------------------------------------------------------------------------------------------------------


def offered(security, name="lobby", **fields):
    page = security.send("/grants/walls", {"act": "offer"}, {"name": name, "place": "", **fields})
    found = re.search(r'id="code">([^<]+)<', page.text)
    return page, found and found[1]


def test_a_wall_comes_in_by_its_code_once_and_goes_out_when_it_is_revoked(house, security, people):
    page, code = offered(security, "大厅")
    assert "<svg" in page.text
    assert "http://console.test:8501/log-in" in page.text
    wall = Seat(*house, None)
    assert "等待输入代码" in security.text("/grants/walls")
    answer = wall.send("/log-in", {}, {"code": code}, code="")
    assert answer.status in {200, 404}
    assert code not in security.text("/grants/walls")
    assert "已连接" in security.text("/grants/walls")
    assert "代码" in said(Seat(*house, None).send("/log-in", {}, {"code": code}, code="").text), "a code holds once"
    device = next(one for one in people.walls.every() if one.name == "大厅")
    page = security.send("/grants/walls", {"act": "revoke"}, ask="revoke", device=device.key)
    assert "大屏“大厅”已撤销" in said(page.text)
    assert people.sessions.ended({device.key}, now())
    assert security.forged("/grants/walls", act="revoke", device=device.key).status == 422


def test_the_picture_holds_the_address_with_the_code(security, monkeypatch):
    made = []
    real = segno.make
    monkeypatch.setattr(
        "api.admin.walls.segno.make", lambda text, **options: made.append(text) or real(text, **options)
    )
    _page, code = offered(security, "scanned")
    assert made == [f"http://console.test:8501/log-in?code={code.replace('-', '')}"]


def test_without_an_address_for_others_there_is_no_picture(security):
    local = {"host": "127.0.0.1:8501", "origin": "http://127.0.0.1:8501"}
    hidden = {"form": security.token("/grants/walls"), "act": "offer", "area": "longnan", "name": "near", "place": ""}
    page = security.post("/grants/walls", hidden, **local)
    assert 'id="code"' in page.text
    assert "<svg" not in page.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "hall\u202etxt"}, "name"),
        ({"area": "*"}, "area"),
        ({"area": "atlantis"}, "area"),
        ({"place": "micro:none"}, "place"),
    ],
)
def test_a_wall_that_cannot_be_gets_no_code(security, people, fields, field):
    before = len(people.walls.every())
    answer = offered(security, **{"name": "kept-name", **fields})[0]
    assert answer.status == 422
    assert f'id="fault-{field}"' in answer.text
    assert "name" in fields or 'value="kept-name"' in answer.text
    assert len(people.walls.every()) == before


# --- accounts did --------------------------------------------------------------------------------------------------------------------------------------


def rows(page):
    return [said(one) for one in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)][1:]


def test_the_trail_is_filtered_by_time_account_act_area_and_text(auditor, people):
    li = people.add("li-of-trail", Role.DISPATCHER, Scope("longnan"), PASSWORD, by=None, must_change=False, now=now())
    who = people.log_in("li-of-trail", PASSWORD, address="10.9.8.7", agent="", now=now()).who
    people.trail.write("unmask", who, area="dc", what="LN-77", address="10.9.8.7", data={"reason": "回访%"}, now=now())
    assert li.key
    day = f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m-%d}"
    for wanted in (
        {"name": "Li-of-Trail", "act": "unmask"},
        {"area": "dc"},
        {"text": "LN-77"},
        {"text": "回访%"},
        {"since": day, "until": day, "text": "LN-77"},
    ):
        (row,) = rows(auditor.text("/audit", **wanted))
        assert "LN-77" in row
        assert "理由" in row or "原因" in row
    assert len(rows(auditor.text("/audit", text="10.9.8.7"))) >= 2
    assert "没有符合的记录" in auditor.text("/audit", until="2001-01-01")


@pytest.mark.parametrize(
    "wanted", [{"since": "tomorrow"}, {"until": "2026-02-30"}, {"since": "2026-02-02", "until": "2026-02-01"}]
)
def test_a_day_that_is_none_is_named_and_the_rest_stays(auditor, wanted):
    answer = auditor.get("/audit", **wanted, text="kept words")
    assert answer.status == 422
    assert 'id="fault-since"' in answer.text
    assert 'value="kept words"' in answer.text
    assert auditor.get("/audit/export", format="csv", **wanted).status == 422


def test_the_trail_is_paged_without_losing_or_repeating_a_line(auditor, people):
    for number in range(205):
        people.trail.write("print", None, what=f"paged {number}", now=now())
    seen, address = [], "/audit?text=paged"
    while address:
        page = auditor.ask(address).text
        seen += re.findall(r"paged \d+", "".join(re.findall(r"<tbody>.*</tbody>", page, re.DOTALL)))
        older = re.search(r'href="([^"]+)" rel="next"', page)
        address = unescape(older[1]) if older else ""
    assert [one for one in seen if one != "paged"] == [f"paged {number}" for number in range(204, -1, -1)]


def test_the_times_are_of_the_default_area_and_the_page_says_so(auditor, people):
    at = datetime(2026, 11, 22, 20, 30, 5, tzinfo=UTC)
    people.trail.write("print", None, what="on the clock", now=at)
    page = auditor.text("/audit", text="on the clock")
    assert "2026-11-23 04:30:05" in page
    assert page.count("Asia/Shanghai (UTC+08:00)") == 1
    assert auditor.text("/audit", since="2026-11-23", until="2026-11-23", text="on the clock").count("04:30:05") == 1
    assert "2026-11-23 04:30:05" in auditor.get("/audit/export", format="csv", text="on the clock").body.decode()


def test_what_stands_in_the_details_is_in_words(auditor, people):
    data = {"sheet": "rota", "post": "head:community:410102001002", "filter": {"week": "2026-11-23", "names": False}}
    people.trail.write("print", None, what="rota 2026-11-23", data=data, now=now())
    for language, words in (
        ("zh", ["值班表 2026-11-23", "网格长 410102001002", "带姓名：否"]),
        ("en", ["Duty rota 2026-11-23", "Grid head 410102001002", "With names: no"]),
    ):
        page = said(auditor.text("/audit", act="print", lang=language))
        for one in words:
            assert one in page
        assert "head:community" not in page


def test_reading_and_exporting_are_written_down_with_filter_and_count(auditor, people):
    auditor.text("/audit", text="looked for this")
    line = people.trail.read(act="audit_read", limit=1)[0]
    assert (line.name, line.role, line.data["filter"]) == ("audit", "audit", {"text": "looked for this"})
    people.trail.write("print", None, what="exported thing", now=now())
    auditor.get("/audit/export", format="csv", text="exported thing")
    line = people.trail.read(act="audit_exported", limit=1)[0]
    assert line.data == {"format": "csv", "filter": {"text": "exported thing"}, "rows": 1}


def test_a_csv_has_its_mark_for_excel_a_watermark_and_no_formula(auditor, people):
    people.trail.write("print", None, what="=HYPERLINK(1)", area="longnan", now=now())
    answer = auditor.get("/audit/export", format="csv", text="=HYPERLINK")
    assert answer.headers["content-disposition"].startswith('attachment; filename="audit-')
    assert answer.body.startswith(b"\xef\xbb\xbf")
    heading, *lines = answer.body.decode("utf-8-sig").strip("\r\n").split("\r\n")
    assert len(lines) == 1
    assert "'=HYPERLINK(1)" in lines[0]
    assert "audit (审计管理员)" in heading
    assert "=HYPERLINK" in heading.rpartition(" · ")[0], "the filter stands in the watermark"


def test_a_workbook_opens_with_its_watermark_in_the_foot_and_on_a_sheet(auditor, people):
    people.trail.write("print", None, what="=SUM(A1)", now=now())
    answer = auditor.get("/audit/export", format="xlsx", text="=SUM", lang="en")
    book = openpyxl.load_workbook(io.BytesIO(answer.body))
    sheet = book.worksheets[0]
    assert [sheet.cell(2, 6).value, sheet.cell(2, 6).data_type] == ["=SUM(A1)", "s"]
    assert "audit (Auditor)" in sheet.oddFooter.left.text
    assert "audit (Auditor)" in book.worksheets[-1].cell(1, 1).value


def test_an_export_that_cannot_be_written_down_does_not_leave(house, auditor, monkeypatch):
    def full(*_args, **_kwargs):
        raise LedgerError("The disk is full.")

    monkeypatch.setattr("desk.access.trail.Trail.write", full)
    answer = auditor.get("/audit/export", format="csv")
    assert answer.status == 503
    assert "account_added" not in answer.text
    assert auditor.get("/audit").status == 503


def test_an_export_of_another_kind_is_refused(auditor):
    assert auditor.get("/audit/export", format="exe").status == 422


def test_the_trail_says_whether_it_was_verified_and_when(tmp_path):
    auditor = Seat(doors(tmp_path), tmp_path, "audit")
    accounts = accounts_in(tmp_path)
    assert "未核验：还没有人核验过" in auditor.text("/audit")
    page = auditor.send("/audit", {"act": "check"})
    assert re.search(r"核验通过：最近一次核验（\d{4}-\d\d-\d\d \d\d:\d\d）", page.text)
    with accounts.ledger.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER IF EXISTS audit_no_update"))
        triggers = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
        ).scalars()
        for name in list(triggers):
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("UPDATE audit SET name = 'somebody' WHERE number = 1"))
    page = auditor.send("/audit", {"act": "check"})
    assert "核验未通过" in page.text
    assert "1 处不一致" in page.text
    close(accounts)


# --- all of them ---------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [one for one in PAGES if "export" not in one])
def test_a_page_has_no_script_and_speaks_one_language(house, address):
    seat = Seat(*house, PAGES[address])
    zh, en = seat.text(address), seat.text(address, lang="en")
    assert "<script" not in zh
    assert not re.search(r"\son\w+=", zh)
    assert "default-src 'none'" in seat.get(address).headers["content-security-policy"]
    assert seat.get(address).headers["cache-control"] == "no-store"
    title = re.search(r"<h1>([^<]+)</h1>", en)[1]
    assert not HAN.search(title)
    for page, foreign in ((en, HAN), (zh, re.compile(r"[A-Za-z]{4,} [a-z]{3,} [a-z]{3,}"))):
        for part in re.findall(r"<(?:label|button|h1|h2|thead|p class=\"hint\")\b[^>]*>([^<]+)", page):
            assert not foreign.search(part), part


TYPED = st.text(st.characters(exclude_categories=("Cs",)), max_size=30) | st.sampled_from(
    ["<script>", "'\"><i>", "%00", "\0", "9" * 40, "-1", "*"]
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "q",
                "state",
                "role",
                "ask",
                "account",
                "area",
                "find",
                "place",
                "page",
                "before",
                "since",
                "until",
                "act",
                "name",
                "text",
                "done",
                "session",
                "device",
                "lang",
            ]
        ),
        TYPED,
        max_size=5,
    )
)
def test_whatever_stands_in_an_address_is_answered_and_nothing_of_it_becomes_a_tag(seats, query):
    for address in ("/accounts", "/grants", "/grants/sessions", "/grants/walls", "/audit"):
        seat = seats[PAGES[address]]
        answer = seat.get(address, **query)
        assert answer.status in {200, 404, 422}, answer.text
        assert "<script" not in answer.text
        assert "<i>" not in answer.text


def test_what_others_wrote_into_the_trail_stays_text(auditor, people):
    people.trail.write(
        "print", None, what="<script>alert(1)</script>", area="<b>", address="<i>", data={"reason": "<u>"}, now=now()
    )
    page = auditor.text("/audit", text="<script>")
    assert "&lt;script&gt;alert(1)" in page
    assert not re.search("<(script|b|i|u)>", page.partition("<tbody>")[2])


def test_forms_of_a_page_know_only_what_they_offer(house, system, security):
    for seat, address in ((system, "/accounts"), (security, "/grants/walls")):
        answer = seat.forged(address, act="drop")
        assert answer.status == 422
        assert "没有执行任何操作" in answer.text
    page = f"/grants?account={person(house, 'stays')}"
    gone = security.forged("/grants", page, act="grant", account="a0000000000000000")
    assert gone.status == 404
    assert "没有这个账号" in gone.text


def test_the_export_is_for_reading(house):
    cookie = "; ".join(f"{name}={value}" for name, value in Seat(*house, "audit").jar.items())
    assert ask(house[0], "/audit/export?format=csv", method="POST", **HEADERS, cookie=cookie).status == 405


def test_last_log_ins_and_sessions_are_those_of_each(house, people):
    key = person(house, "counted-one")
    at = now() - timedelta(minutes=5)
    people.log_in("counted-one", PASSWORD, address="127.0.0.1", agent="", now=at)
    assert abs(people.sessions.last_begun()[key] - at) < timedelta(seconds=1)
    mine = [one for one in people.sessions.everybody(now()) if one.account.key == key]
    assert len(mine) == 1
    assert not [one for one in people.sessions.everybody(now() + timedelta(days=2)) if one.account.key == key]
