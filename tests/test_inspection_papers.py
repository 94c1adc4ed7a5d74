"""Papers of inspections: the community's notice, the authority's order, lists to fill in by hand, and self-checks by a link; roles, words, escaping, replays and floods."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote, urlencode

import pytest
from accounts import signed_in
from http_client import ask
from inspected import AREA, CENTRE, inspected, kept, made, shop
from rooms import DISPATCHER, NOON
from test_gate import built
from whole_app import LIMITS, ROOMS

import app as console
from api.identity import COOKIE
from api.notices import sheet
from data import rules
from desk.access.permissions import permissions_of
from desk.inspections import findings as lives
from desk.inspections.acts import inspect
from desk.inspections.incident import Becoming, becomes
from desk.papers import notices, orders, self_checks
from desk.papers.orders import Wish
from desk.papers.self_checks import Said
from desk.posts import roster
from desk.posts.acting import acting, posts_of
from desk.posts.roster import Wish as Post
from desk.sites import register
from geo.errors import AnswersError, DraftError, NoAccess, RulesError, TextError
from geo.scheme import Name
from incidents.access import Role, Scope, Who
from incidents.lifecycle import By, PostKind
from incidents.posts import post_key
from inspections.findings import Act as Deed
from inspections.inspection import Way
from inspections.paper_rules import Authority, PaperRules
from inspections.sites import Act
from ledger import authority_orders, findings, inspections, tables
from ledger import self_checks as rows
from ledger.verify import verify
from locales import translator
from reports.checklists import paper
from reports.inspection_papers import lines

OWN = {"origin": "http://localhost:8501", "sec_fetch_site": "same-origin"}
OFFICERS = (("张安", "豫A0100001"), ("李全", "豫A0100002"))


@pytest.fixture
def room(tmp_path, database):
    room, _shop = kept(tmp_path / "ledger", database)
    yield room
    room.ledger.close()


@pytest.fixture
def site(room):
    return register.listed(room, register.Asked(AREA))[0]


def somebody(role, scope=AREA):
    return permissions_of(None).given(Who("a9", "li", Role(role), Scope.read(scope), "s1"))


def failing(room, site, *keys, now=NOON, **fields):
    """An inspection in which some items fail, each with its photo where it asks for one."""
    checklist = room.rules.checklists.current("gas_shop")
    keys = keys or tuple(key for key, item in checklist.items.items() if item.kind == "yes_no" and item.party == checklist.party and not item.photo)[:3]  # fmt: skip
    return inspect(room, made(room, site, {key: {"value": "fail", "note": fields.get("note", "")} for key in keys}), CENTRE, now), keys  # fmt: skip


def inspector(room, *, named=True):
    """A room through which an inspector looks, and as whom they act."""
    seen = room.seen_by(somebody("inspector"))
    post = posts_of(seen, seen.who, NOON)[0]
    said = replace(room.rules.papers, authorities=(Authority(Name("龙南区城市管理局", "Urban Management"), (post.key,)),) if named else ())  # fmt: skip
    object.__setattr__(room.rules, "papers", said)
    return seen, acting(seen, post)


def wish(found, **more):
    items = [one.item.key for one in found.open]
    return Wish(**{"inspection": found.made.number, "items": items, "articles": orders.basis(found, "zh")[:2], "due": date(2026, 11, 27), "officers": OFFICERS, **more})  # fmt: skip


# What a community tells


def test_a_notice_names_what_failed_with_its_clause_grade_day_and_finding(room, site):
    done, keys = failing(room, site)
    found = notices.look(room, done.inspection.number)
    said = lines(room, found, translator("zh"), "zh")
    assert len(said) == len(keys)
    filed = {one.number for one in found.findings.values()}
    assert {one.number for one in said} == filed
    assert all(one.grade and one.until and one.todo for one in said)
    assert {one.clause for one in said} == {found.checklist.items[key].clause for key in keys}


def test_an_inspection_that_finds_nothing_has_no_lines(room, site):
    done = inspected(room, site)
    assert lines(room, notices.look(room, done.inspection.number), translator("zh"), "zh") == []


def test_no_words_of_a_community_order_or_punish(room, site):
    papers = room.rules.papers
    assert {"罚款", "责令"} <= set(papers.never)
    done, _keys = failing(room, site, note="再不改就罚款")
    found = notices.look(room, done.inspection.number)
    for language in ("zh", "en"):
        said = str(lines(room, found, translator(language), language))
        assert not [word for word in papers.never if word in said]
    for checklist in room.rules.checklists.found.values():
        words = str(checklist.table)
        assert "罚款" not in words
        assert "责令" not in words


def test_who_does_not_see_the_site_sees_no_notice(room, site):
    done, _keys = failing(room, site)
    leaf = room.area.net.leaf
    own = site.codes[leaf.key].split(";")[0]
    other = next(code for code in map(str, leaf.codes) if code not in site.codes[leaf.key].split(";"))
    near, far = (room.seen_by(somebody("worker", f"{AREA}:{leaf.key}:{code}")) for code in (own, other))
    assert notices.look(near, done.inspection.number).site == site
    for wrong in (far, room.seen_by(somebody("department", f"{AREA}:department:城管"))):
        with pytest.raises((DraftError, NoAccess)):
            notices.look(wrong, done.inspection.number)
    with pytest.raises(DraftError):
        notices.look(room, "检-20261120-9999")


# What an authority orders


def test_an_order_has_a_number_of_its_own_and_is_proved_by_the_history(room, site):
    done, _keys = failing(room, site)
    seen, by = inspector(room)
    found = notices.look(seen, done.inspection.number, needs=notices.ORDER)
    order = orders.issue(seen, wish(found, text="停用期间不得使用明火"), by, NOON)
    assert (order.number, order.authority, order.due) == ("责-20261120-0001", "龙南区城市管理局", date(2026, 11, 27))
    again, _found = orders.get(seen, order.number)
    assert again == order
    assert again.words["officers"] == [list(one) for one in OFFICERS]
    assert verify(room.ledger, now=NOON).breaks == ()
    with room.ledger.reading() as connection:
        told = str(connection.execute(tables.history.select()).all())
    assert "张安" not in told  # names stand where they can be erased
    with pytest.raises(DraftError) as error:
        orders.issue(seen, wish(found), by, NOON)
    assert error.value.field == "order_twice"
    room.ledger.change(lambda writing: authority_orders.erase(writing, AREA, before=date(2027, 1, 1), at=NOON))
    assert orders.get(seen, order.number)[0].words == {}
    assert verify(room.ledger, now=NOON).breaks == ()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"items": ()}, "order_items"),
        ({"items": ("G01", "G99")}, "order_items"),
        ({"articles": ()}, "order_basis"),
        ({"articles": ("刑法第一条",)}, "order_basis"),
        ({"due": date(2026, 11, 19)}, "order_due"),
        ({"due": date(2027, 11, 19)}, "order_due"),
        ({"officers": OFFICERS[:1]}, "order_officers"),
        ({"officers": (OFFICERS[0], OFFICERS[0])}, "order_officers"),
        ({"officers": (OFFICERS[0], ("王", "<b>"))}, "order_officers"),
    ],
)
def test_an_order_that_cannot_be_is_refused_by_its_field(room, site, more, field):
    done, _keys = failing(room, site)
    seen, by = inspector(room)
    found = notices.look(seen, done.inspection.number, needs=notices.ORDER)
    with pytest.raises(DraftError) as error:
        orders.issue(seen, wish(found, **more), by, NOON)
    assert error.value.field == field
    assert orders.listed(seen, done.inspection.number) == []


def test_no_community_and_nobody_without_an_authority_makes_an_order_out(room, site):
    done, _keys = failing(room, site)
    found = notices.look(room, done.inspection.number)
    for role in ("community", "head", "worker", "dispatcher", "analyst", "demo", "wall"):
        assert notices.ORDER not in somebody(role).may
    for by in (CENTRE, By(post_key(PostKind.OFFICE, "", "社区"), PostKind.OFFICE)):
        with pytest.raises(NoAccess):
            orders.issue(room, wish(found), by, NOON)
    seen, by = inspector(room, named=False)
    assert orders.issuers(seen, NOON) == ()
    with pytest.raises(NoAccess):
        orders.issue(seen, wish(found), by, NOON)


def test_a_restaurants_fault_never_rests_on_an_article_that_judges_the_gas_operator(room, site):
    done, _keys = failing(room, site)
    found = notices.look(room, done.inspection.number)
    assert not [text for text in orders.basis(found, "zh") if "重大隐患" in text]


def test_a_department_sees_what_was_handed_over_to_it_and_signs_in_its_own_name(room, site):
    done, _keys = failing(room, site)
    other, _keys = failing(room, site, now=NOON + timedelta(minutes=1))
    roster.add(room, Post(PostKind.DEPARTMENT, "城管执法中队"), DISPATCHER, NOON)
    seen = room.seen_by(somebody("department", f"{AREA}:department:城管执法中队"))
    with pytest.raises(DraftError):
        notices.look(seen, done.inspection.number, needs=notices.ORDER)
    number = done.inspection.findings[0]
    lives.do(room, lives.Doing(number, Deed.HAND_OVER, {"to": "城管执法中队", "reason": "拒不整改"}), CENTRE, NOON)
    found = notices.look(seen, done.inspection.number, needs=notices.ORDER)
    whole = notices.look(room, done.inspection.number)
    theirs = whole.findings
    handed = {one.item for one in theirs.values() if one.number == number}
    assert {one.item.key for one in found.failed} == handed < {one.item.key for one in whole.failed}
    assert set(found.findings) == handed
    assert set(found.notes) <= handed
    assert found.photos <= whole.photos
    (post,) = orders.issuers(seen, NOON)
    order = orders.issue(seen, wish(found), acting(seen, post), NOON)
    assert order.authority == "城管执法中队"
    with pytest.raises(NoAccess):  # a department makes no inspections and tells no hazards
        notices.look(seen, done.inspection.number)
    with pytest.raises(DraftError):
        notices.look(seen, other.inspection.number, needs=notices.ORDER)


def test_an_authority_comes_to_its_order_from_the_case_that_it_was_handed(room, site):
    done, _keys = failing(room, site)
    roster.add(room, Post(PostKind.DEPARTMENT, "城管执法中队"), DISPATCHER, NOON)
    wanted = Becoming(done.inspection.findings[0], next(iter(room.rules.directory.classes)), "城管执法中队", "拒不整改")
    case, _filed = becomes(room, wanted, CENTRE, NOON)
    seen = room.seen_by(somebody("department", f"{AREA}:department:城管执法中队"))
    assert orders.of_case(seen, case.number, NOON) == (done.inspection.number,)
    other = room.seen_by(somebody("department", f"{AREA}:department:公安机关"))
    assert orders.of_case(other, case.number, NOON) == ()
    assert orders.of_case(room.seen_by(somebody("head", f"{AREA}:community:410102999001")), case.number, NOON) == ()


# Lists by hand


def test_a_list_by_hand_names_the_place_and_escapes_it(room):
    checklist = room.rules.checklists.current("gas_shop")
    said = paper(checklist, date(2026, 11, 20), translator("zh"), "zh", place="<b>店</b>", address="")
    assert "&lt;b&gt;店" in said
    assert "<b>店" not in said
    assert said.count("<tr><td>") == len(checklist.items)


# Rules


def test_rules_name_every_fault():
    said = {"never": [1], "self_check": {"open": "yes", "address": "ftp://x", "days": 0, "more": 1}, "authorities": [{"name": ""}], "orders": {"most_days": "x"}}  # fmt: skip
    with pytest.raises(RulesError) as error:
        PaperRules.from_table(said)
    told = str(error.value)
    assert all(word in told for word in ("never", "self_check.open", "address", "days", "most_photos", "more", "posts", "most_days"))  # fmt: skip
    assert PaperRules.from_table(rules.read("papers")).self_check.open is False  # as it is shipped


# Self-checks


@pytest.fixture
def opened(room, site):
    """A link of the shop, its token, and the room with self-checks on."""
    allow(room)
    link, token = self_checks.make(room, site.number, "gas_shop", CENTRE, NOON)
    return link, token


def allow(room, **more):
    papers = room.rules.papers
    object.__setattr__(
        room.rules, "papers", replace(papers, self_check=replace(papers.self_check, **{"open": True, **more}))
    )


def checks(room, site):
    return self_checks.listed(room, site.number)[1]


def test_a_self_check_waits_for_a_person_raises_no_finding_and_is_no_inspection_in_time(room, site, opened):
    link, token = opened
    assert self_checks.find(room.ledger, token) == link
    receipt = self_checks.take(room, link, Said({"G25": "fail", "G26": "pass"}, "灶台旁有三通", (), "n1"), NOON)
    (check,) = checks(room, site)
    one = check.inspection
    assert (one.way, one.number, one.outcome, one.findings, one.failed) == (Way.SELF, "自-20261120-0001", None, (), 1)
    assert one.number not in receipt
    with room.ledger.reading() as connection:
        assert findings.count(connection, findings.Asked(AREA, date(2026, 11, 20))) == 0
        assert inspections.last_days(connection, AREA) == {}
        assert rows.unseen(connection, AREA) == {site.number: 1}
    self_checks.see(room, site.number, one.number, CENTRE, NOON)
    assert checks(room, site)[0].seen_by == CENTRE.post
    assert verify(room.ledger, now=NOON).breaks == ()


def test_one_page_sent_twice_is_one_and_a_link_is_used_up(room, site, opened):
    link, _token = opened
    allow(room, most=2)
    for once in ("n1", "n1", "n2", "n2", "n1"):
        self_checks.take(room, link, Said({"G25": "pass"}, once=once), NOON)
    assert len(checks(room, site)) == 2
    with pytest.raises(DraftError):
        self_checks.take(room, link, Said({"G25": "pass"}, once="n3"), NOON)


def test_a_place_has_no_more_links_than_it_needs_and_another_places_link_is_not_its_own(room, site, opened):
    link, _token = opened
    for _ in range(self_checks.MOST_OPEN - 1):
        self_checks.make(room, site.number, "gas_shop", CENTRE, NOON)
    with pytest.raises(DraftError, match="Revoke one first"):
        self_checks.make(room, site.number, "gas_shop", CENTRE, NOON)
    other = shop(room, "另一家", building="B00041")
    with pytest.raises(DraftError, match="no link number"):
        self_checks.revoke(room, other.number, link.id, CENTRE, NOON)
    self_checks.revoke(room, site.number, link.id, CENTRE, NOON)
    assert self_checks.make(room, site.number, "gas_shop", CENTRE, NOON)


def test_a_link_that_ran_out_was_revoked_or_is_off_opens_nothing(room, site, opened):
    link, token = opened
    assert self_checks.opened(room, link, NOON)
    assert self_checks.opened(room, link, NOON + timedelta(days=room.rules.papers.self_check.days)) is None
    allow(room, open=False)
    assert self_checks.opened(room, link, NOON) is None
    with pytest.raises(DraftError):
        self_checks.make(room, site.number, "gas_shop", CENTRE, NOON)
    allow(room)
    self_checks.revoke(room, site.number, link.id, CENTRE, NOON)
    revoked = self_checks.find(room.ledger, token)
    assert self_checks.opened(room, revoked, NOON) is None
    with pytest.raises(DraftError):  # by a page that was opened before
        self_checks.take(room, link, Said({"G25": "pass"}, once="n9"), NOON)
    assert self_checks.find(room.ledger, "x" * 22) is None
    assert verify(room.ledger, now=NOON).breaks == ()


def test_a_site_that_is_not_in_use_checks_nothing(room, site, opened):
    link, _token = opened
    register.turn(room, site, Act.CLOSE, "关门", date(2026, 11, 19), DISPATCHER, NOON)
    assert self_checks.opened(room, link, NOON) is None


def test_the_token_stands_nowhere_in_the_ledger(room, opened):
    with room.ledger.reading() as connection:
        everything = str([connection.execute(table.select()).all() for table in tables.METADATA.tables.values()])
    assert opened[1] not in everything


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Said({}), DraftError),
        (Said({"G99": "pass"}), DraftError),
        (Said({"G25": "perhaps"}), AnswersError),
        (Said({"G25": "pass"}, "x" * 201), TextError),
    ],
)
def test_what_is_no_self_check_is_not_taken(room, site, opened, said, error):
    with pytest.raises(error):
        self_checks.take(room, opened[0], said, NOON)
    assert checks(room, site) == []


def test_who_may_not_judge_findings_makes_no_link(room, site):
    allow(room)
    leaf = room.area.net.leaf.key
    worker = room.seen_by(somebody("worker", f"{AREA}:{leaf}:{site.codes[leaf].split(';')[0]}"))
    with pytest.raises(NoAccess):
        self_checks.make(worker, site.number, "gas_shop", CENTRE, NOON)
    with pytest.raises(DraftError):
        self_checks.make(room, site.number, "construction", CENTRE, NOON)


# Through the whole app


class Door:
    """A shop with an inspection in the console of all tests, and a link to check itself."""

    def __init__(self, room):
        self.room, now = room, datetime.now(UTC)
        self.site = shop(room, name=f"羊汤馆{now:%H%M%S%f}")
        self.done, self.keys = failing(room, self.site, note="<script>alert(1)</script>")
        self.link, self.token = self_checks.make(room, self.site.number, "gas_shop", CENTRE, now)

    def paper(self, path, role, scope=AREA, **headers):
        cookie = f"{COOKIE}={signed_in(console.SETTINGS.data_dir, role, scope)}"
        return ask(built(), quote(path, safe="/?=&"), accept="text/html", cookie=cookie, **headers)

    def get(self, token="", **headers):
        return ask(built(), f"/self-check/{token or self.token}", accept="text/html", **headers)

    def post(self, token="", chunks=None, headers=OWN, photo=b"", **fields):
        form = fields.pop("form", None) or re.search(r'name="form" value="([^"]+)"', self.get().text)[1]
        said, edge = {"form": form, "a.G25": "fail", "note": "", **fields}, "----battlemap"
        parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in said.items()]  # fmt: skip
        if photo:
            parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="photo0"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'.encode() + photo + b"\r\n")  # fmt: skip
        sent = {"content_type": f"multipart/form-data; boundary={edge}", "accept": "text/html", **headers}
        return ask(built(), f"/self-check/{token or self.token}", method="POST", chunks=chunks or [b"".join([*parts, f"--{edge}--\r\n".encode()])], **sent)  # fmt: skip

    def came(self):
        return self_checks.listed(self.room, self.site.number)[1]


@pytest.fixture
def door():
    room = ROOMS.get(AREA, datetime.now(UTC))
    before = room.rules.papers
    allow(room, most=50)
    limits = LIMITS._limits
    old = {name: (limits[name]._gap, limits[name]._ahead) for name in self_checks.LIMITS}
    for name in old:
        limits[name]._gap, limits[name]._ahead = 1e-6, 60.0
    yield Door(room)
    for name, (gap, ahead) in old.items():
        limits[name]._gap, limits[name]._ahead = gap, ahead
    object.__setattr__(room.rules, "papers", before)


def test_a_notice_is_printed_by_who_inspects_with_a_code_and_counts_its_prints(door):
    path = f"/notice/{AREA}/{door.done.inspection.number}"
    first = door.paper(path, "community")
    assert first.status == 200
    text = re.sub(r'<p class="advice" id="disclaimer">.*?</p>', "", first.text)
    assert not [word for word in door.room.rules.papers.never if word in text]
    assert "不是行政处罚" in first.text
    assert "<script>alert" not in first.text
    assert "第2次打印" not in first.text
    assert "第2次打印" in door.paper(path, "community").text
    for role, status in (("department", 403), ("analyst", 403), ("wall", 403)):
        assert door.paper(path, role).status == status, role
    assert door.paper(f"/notice/{AREA}/检-20261120-9999", "community").status == 404
    assert "script-src 'self'" in first.headers["content-security-policy"]


def test_the_code_leads_to_the_record(door, monkeypatch):
    told = []
    real = sheet.code_of
    monkeypatch.setattr(sheet, "code_of", lambda text: told.append(text) or real(text))
    number = door.done.inspection.number
    door.paper(f"/notice/{AREA}/{number}", "community")  # by this very machine's name
    assert told == [number]
    base = replace(door.room.rules.papers, self_check=replace(door.room.rules.papers.self_check, address="https://street.example"))  # fmt: skip
    object.__setattr__(door.room.rules, "papers", base)
    door.paper(f"/notice/{AREA}/{number}", "community")
    assert told[-1].startswith("https://street.example/inspections?area=longnan&inspection=")


def test_only_an_authority_has_the_address_of_an_order(door):
    path = f"/order/{AREA}?inspection={door.done.inspection.number}"
    for role in ("community", "head", "worker", "dispatcher", "analyst"):
        scope = AREA if role in {"community", "dispatcher", "analyst"} else f"{AREA}:{door.room.area.net.leaf.key}:{door.site.codes[door.room.area.net.leaf.key].split(';')[0]}"  # fmt: skip
        assert door.paper(path, role, scope).status == 403, role
    answer = door.paper(path, "inspector")
    assert answer.status == 200, re.sub(r"<style>.*?</style>", "", answer.text, flags=re.DOTALL)
    assert 'name="items"' not in answer.text  # no authority is named


def test_an_order_is_made_out_by_its_form_and_printed(door):
    room, path = door.room, f"/order/{AREA}?inspection={door.done.inspection.number}"
    seen, _by = inspector(room)
    assert orders.issuers(seen, NOON)
    cookie = f"{COOKIE}={signed_in(console.SETTINGS.data_dir, 'inspector', AREA)}"
    page = ask(built(), quote(path, safe="/?=&"), accept="text/html", cookie=cookie)
    form = re.search(r'name="form" value="([^"]+)"', page.text)[1]
    mine = page.headers.get("set-cookie", "").split(";")[0]
    post = re.search(r'<option value="([^"]+)"', page.text)[1]
    basis = re.search(r'name="articles" value="([^"]+)"', page.text)[1]
    said = [("form", form), ("as", post), ("articles", basis), ("due", datetime.now(room.area.pack.timezone).date().isoformat()), ("addressee", "<b>羊汤馆</b>"), ("text", "")]  # fmt: skip
    said += [(f"{name}{at}", value[where]) for at, value in enumerate(OFFICERS, 1) for where, name in enumerate(("name", "certificate"))]  # fmt: skip
    said += [("items", key) for key in door.keys]

    def send(*more, left_out=""):
        body = urlencode([*(pair for pair in said if pair[0] != left_out), *more]).encode()
        sent = {"content_type": "application/x-www-form-urlencoded", "accept": "text/html", "cookie": f"{cookie}; {mine}", **OWN}  # fmt: skip
        return ask(built(), quote(path, safe="/?=&"), method="POST", chunks=[body], **sent)

    assert send(left_out="form").status == 403
    assert send(left_out="articles").status == 422
    assert send(("as", "dispatcher::"), left_out="as").status == 422
    answer = send()
    assert answer.status == 303, re.sub(r"<style>.*?</style>", "", answer.text, flags=re.DOTALL)
    paper = ask(built(), answer.headers["location"], accept="text/html", cookie=cookie)
    assert paper.status == 200
    assert all(
        word in paper.text for word in ("责令整改通知书", "张安", "豫A0100002", "龙南区城市管理局", "&lt;b&gt;羊汤馆")
    )
    assert "<b>羊汤馆" not in paper.text
    assert "罚款" not in paper.text
    assert door.paper(answer.headers["location"], "community").status == 403


def test_a_list_by_hand_is_there_for_who_sees_sites(door):
    answer = door.paper(f"/checklist/{AREA}/gas_shop?site={door.site.number}", "worker", f"{AREA}:{door.room.area.net.leaf.key}:{door.site.codes[door.room.area.net.leaf.key].split(';')[0]}")  # fmt: skip
    assert answer.status == 200
    assert door.site.name in answer.text
    assert door.paper(f"/checklist/{AREA}/nothing", "community").status == 404


def test_anybody_with_the_link_may_send_and_learns_nothing_of_the_site_but_its_name(door, jpeg):
    page = door.get()
    assert page.status == 200
    assert door.site.name in page.text
    for secret in filter(None, (door.site.number, door.done.inspection.number, *door.site.codes.values())):
        assert secret not in page.text
    assert "<script" not in page.text
    answer = door.post(photo=jpeg, note="<script>alert(1)</script>")
    assert answer.status == 200
    (check,) = door.came()
    assert check.inspection.number not in answer.text
    with door.room.ledger.reading() as connection:
        assert len(inspections.photos(connection, AREA, check.inspection.number)) == 1
    shown = door.paper(f"/self-checks/{AREA}/{door.site.number}", "community")
    assert shown.status == 200
    assert check.inspection.number in shown.text
    assert "<script>alert" not in shown.text
    assert door.paper(f"/notice/{AREA}/{check.inspection.number}", "community").status == 404


def test_off_unknown_and_revoked_are_answered_alike(door):
    unknown = door.get("A" * 22)
    self_checks.revoke(door.room, door.site.number, door.link.id, CENTRE, datetime.now(UTC))
    revoked = door.get()
    assert (unknown.status, unknown.body) == (revoked.status, revoked.body)
    assert revoked.status == 404


def test_a_form_that_is_forged_foreign_replayed_or_too_large_is_not_taken_again(door):
    form = re.search(r'name="form" value="([^"]+)"', door.get().text)[1]
    other, token = self_checks.make(door.room, door.site.number, "gas_shop", CENTRE, datetime.now(UTC))
    assert other.id != door.link.id
    assert door.post(token, form=form).status == 403
    for forged in ("x", form[:-2] + "xx", "x" * 5000):
        assert door.post(form=forged).status == 403
    for headers in ({"origin": "http://evil.example", "sec_fetch_site": "cross-site"}, {"origin": "null"}, {}):
        assert door.post(form=form, headers=headers).status == 403
    assert door.post(form=form, chunks=[b"x" * 2**20] * 20).status == 413
    assert door.post(form=form, photo=b"GIF89a").status == 422
    assert door.post(form=form, **{"a.G25": ""}).status == 422
    assert door.came() == []
    receipts = {re.search(r'class="receipt">([^<]+)<', door.post(form=form).text)[1] for _ in range(3)}
    assert len(receipts) == len(door.came()) == 1


def test_a_flood_is_told_to_wait_and_its_words_are_kept(door):
    limit = LIMITS._limits["self_check.link"]
    limit._gap, limit._ahead = 60.0, 120.0  # two at once
    limit._due.clear()
    answers = [door.post(note=f"第{number}次") for number in range(4)]
    assert [one.status for one in answers] == [200, 200, 429, 429]
    assert "第3次" in answers[-1].text
    assert int(answers[-1].headers["retry-after"]) > 0
    assert len(door.came()) == 2
