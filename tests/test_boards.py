"""Notice boards: the register and its history, lists that come in, and the public page under attack; on both databases where the ledger is meant."""

import csv
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from accounts import signed_in
from http_client import ask
from rooms import DISPATCHER, NOON, room_of, shipped
from sqlalchemy import delete, insert, select, update
from test_gate import built
from whole_app import LIMITS, ROOMS

import app as console
from api.identity import COOKIE
from data import rules
from desk import steps
from desk.access.limits import limits_from
from desk.access.permissions import permissions_of
from desk.acts import Doing, do
from desk.boards import page, register
from desk.boards.page import Said
from desk.boards.register import Wish
from desk.outbox.rules import OutboxRules
from desk.people import contacts
from desk.places.place import place
from desk.places.repeats import repeats
from desk.posts import duty
from desk.rules import rules_of
from geo.errors import (
    DraftError,
    LifecycleError,
    MissingColumns,
    NoAccess,
    RulesError,
    TextError,
    TooOften,
    UnknownClass,
)
from incidents.access import Role, Scope, Who
from incidents.board_rules import BoardRules
from incidents.lifecycle import Act, By, PostKind, allowed
from incidents.model import Channel, Mark, Status
from ledger import backup, tables
from ledger.boards import State
from ledger.verify import verify
from locales import translator
from reports import inbox
from reports.figures import Filter, look
from reports.refusals import refusal

AREA, BUILDING = "longnan", "B00040"
BY = replace(DISPATCHER, account="a1")
WISH = Wish("3-01", BUILDING, "小区东门内侧", "", "0371-60000001", "2026-11-01")
OWN = {"origin": "http://localhost:8501", "sec_fetch_site": "same-origin"}
PAGE_BYTES = 30_000


@pytest.fixture
def room(tmp_path, database):
    room = room_of(shipped(AREA), tmp_path / "ledger", database)
    yield room
    room.ledger.close()


def somebody(role, scope=AREA):
    return permissions_of(None).given(Who("a1", "li", Role(role), Scope.read(scope), "s1"))


def history(room, subject="board"):
    c = tables.history.c
    with room.ledger.reading() as connection:
        return connection.execute(select(c.act, c.data, c.before, c.after, c.post).where(c.subject == subject).order_by(c.version)).all()  # fmt: skip


def holds(room):
    return verify(room.ledger, now=NOON).breaks == ()


def test_a_board_stands_in_the_register_with_the_post_that_answers_for_its_place(room):
    board = register.put(room, WISH, BY, NOON)
    assert (board.name, board.place, board.kind, board.put_up, board.state) == (
        "3-01",
        "小区东门内侧",
        "building",
        "2026-11-01",
        State.STANDING,
    )
    assert room.post(board.post).kind is PostKind.HEAD
    assert register.listed(room) == [board]
    assert register.is_due(room, board, NOON)
    assert holds(room)


def test_neither_the_telephone_nor_the_token_stands_in_the_history(room):
    board = register.put(room, WISH, BY, NOON)
    said = json.dumps([list(row) for row in history(room)], ensure_ascii=False)
    assert board.contact not in said
    assert board.token not in said
    assert "3-01" in said


def test_a_board_is_changed_looked_at_and_gets_another_code(room):
    board = register.put(room, WISH, BY, NOON)
    moved = register.put(room, replace(WISH, id=board.id, place="西门"), BY, NOON)
    assert (moved.id, moved.place, moved.token) == (board.id, "西门", board.token)
    found = register.check(room, board.id, "damaged", BY, NOON)
    assert (found.state, found.checked, register.is_due(room, found, NOON)) == (State.DAMAGED, NOON, False)
    assert register.is_due(room, found, NOON + timedelta(days=31))
    renewed = register.renew(room, board.id, BY, NOON)
    assert renewed.token != board.token
    assert page.find_board(room.ledger, board.token) is None
    assert page.find_board(room.ledger, renewed.token) == (AREA, renewed)
    assert [row.act for row in history(room)] == ["add", "edit", "check", "renew"]
    assert holds(room)


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [("where", "nowhere at all", "where"), ("where", "", "where"), ("post", "皇帝", "post"), ("contact", "call me", "contact"), ("put_up", "gestern", "put_up")],
)  # fmt: skip
def test_a_board_that_cannot_be_is_refused_by_its_field(room, field, value, fault):
    with pytest.raises(DraftError) as error:
        register.put(room, replace(WISH, **{field: value}), BY, NOON)
    assert error.value.field == fault
    assert register.listed(room) == []


@pytest.mark.parametrize(
    "said", ["2026-11-02", "2026/11/2", "2026.11.2", "2026年11月2日", "2026-11-02 00:00:00", " ２０２６/11/02 "]
)
def test_a_day_is_understood_as_people_and_spreadsheets_write_it(room, said):
    assert register.checked(room, replace(WISH, put_up=said)).put_up == "2026-11-02"


@pytest.mark.parametrize("said", ["2026-13-01", "2026-11-222", "26-11-2", "2026-11"])
def test_what_is_no_day_is_refused(room, said):
    with pytest.raises(DraftError) as error:
        register.checked(room, replace(WISH, put_up=said))
    assert error.value.field == "put_up"


def test_two_boards_have_no_number_in_common(room):
    register.put(room, WISH, BY, NOON)
    with pytest.raises(DraftError):
        register.put(room, WISH, BY, NOON)
    with pytest.raises(TextError):
        register.put(room, replace(WISH, name=" "), BY, NOON)


def test_who_may_only_look_changes_nothing_and_sees_the_boards_of_the_own_grid(room):
    board = register.put(room, WISH, BY, NOON)
    own = board.post.split(":")[2]
    other = next(code for code in map(str, room.area.net.leaf.codes) if code != own)
    near, far = (room.seen_by(somebody("worker", f"{AREA}:micro:{code}")) for code in (own, other))
    by = By(f"worker:micro:{own}", PostKind.WORKER, "a1")
    assert [one.name for one in register.listed(near)] == ["3-01"]
    assert register.listed(far) == []
    assert register.check(near, board.id, "missing", by, NOON).state is State.MISSING
    with pytest.raises(DraftError):
        register.check(far, board.id, "missing", By(f"worker:micro:{other}", PostKind.WORKER, "a1"), NOON)
    with pytest.raises(NoAccess):
        register.renew(near, board.id, by, NOON)


def test_a_list_comes_in_as_a_whole_with_a_report_for_each_row(room, tmp_path):
    register.put(room, WISH, BY, NOON)
    path = tmp_path / "list.csv"
    rows = [["编号", "楼栋", "位置", "办公电话"], ["3-02", "B00041", "北门", ""], ["3-01", BUILDING, "南门", ""], ["3-03", "没有的楼", "", ""], ["3-02", "B00042", "", ""]]  # fmt: skip

    def written(some):
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(some)
        return register.plan(room, path)

    report = written(rows)
    assert [(row.what, row.fault) for row in report] == [
        ("add", ""),
        ("edit", ""),
        ("fault", "where"),
        ("fault", "twice"),
    ]
    with pytest.raises(DraftError):
        register.take(room, report, BY, NOON)
    assert len(register.listed(room)) == 1
    assert register.take(room, written(rows[:3]), BY, NOON) == 2
    assert [(one.name, one.place) for one in register.listed(room)] == [("3-01", "南门"), ("3-02", "北门")]
    assert holds(room)


def test_the_names_of_columns_may_stand_below_a_title_and_those_that_are_missing_are_named(room, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["公示牌登记表"])
    book.active.merge_cells("A1:C1")
    for row in (["编号", "网格", "位置"], ["3-09", "1-03", "北门"]):
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    (row,) = register.plan(room, tmp_path / "list.xlsx")
    assert (row.row, row.what, row.board.place) == (3, "add", "北门")
    (tmp_path / "list.csv").write_text("编号,地点\n1,北门\n", "utf-8")
    with pytest.raises(MissingColumns) as error:
        register.plan(room, tmp_path / "list.csv")
    assert (error.value.absent, error.value.there) == (("楼栋",), ("编号", "地点"))


def test_for_a_grid_its_own_head_answers_though_its_middle_lies_in_a_dedicated_one(room):
    made = register.checked(room, Wish("3-09", "1-02"))
    assert place(room, made.lon, made.lat).codes["dedicated"]
    assert room.posts[made.post].title.startswith("1-02")


def test_verify_sees_a_board_that_was_put_in_or_changed(room):
    board = register.put(room, WISH, BY, NOON)
    c = tables.board.c

    def told(statement):
        room.ledger.change(lambda writing: writing.connection.execute(statement))
        return [one.what for one in verify(room.ledger, now=NOON).breaks]

    assert told(update(tables.board).values(digest="0" * 64)) == [
        f"board {board.id} in {AREA} stands with another digest than its history says"
    ]
    row = {"area": AREA, "name": "x", "place": "x", "kind": "grid", "code": "x", "lon": 1.0, "lat": 1.0, "post": "", "contact": "", "put_up": "", "state": "standing", "token": "x", "digest": "1" * 64}  # fmt: skip
    assert any("was put in" in what for what in told(insert(tables.board).values(row)))
    assert any("was removed" in what for what in told(delete(tables.board).where(c.name == "3-01")))


def test_a_backup_brings_the_boards_back_with_their_codes(room, tmp_path):
    board = register.put(room, WISH, BY, NOON)
    backup.backup(room.ledger, tmp_path / "ledger.zip", now=NOON)
    register.renew(room, board.id, BY, NOON)
    backup.restore(room.ledger, tmp_path / "ledger.zip", now=NOON, force=True)
    assert page.find_board(room.ledger, board.token) == (AREA, board)
    assert register.put(room, replace(WISH, name="3-02"), BY, NOON).id != board.id


# What comes in


def said(room, **more):
    return Said(**{"class_": page.classes(room)[0].key, "text": "楼道堆了杂物", "once": "n1", **more})


def test_a_report_from_a_board_is_marked_and_waits_for_a_person(room):
    board = register.put(room, WISH, BY, NOON)
    receipt = page.take(room, board, said(room), NOON)
    (case,) = cases(room)
    assert (case.channel, case.state.status, case.state.handler) == (Channel.BOARD, Status.UNCHECKED, "")
    assert (case.text, case.address, case.building) == ("楼道堆了杂物", "小区东门内侧", BUILDING)
    assert (case.source, case.external_id) == ("board", receipt)
    assert case.number not in receipt
    assert room.post(case.state.reporter or history(room, "incident")[0].post).title == "公示牌 3-01"
    assert holds(room)


def test_what_nobody_has_looked_at_has_no_mark_counts_nowhere_and_stands_in_a_pile_of_its_own(room):
    page.take(room, register.put(room, WISH, BY, NOON), said(room), NOON)
    (case,) = cases(room)
    head = room.post(case.post)

    def counted():
        figures = look(room, Filter(), NOON)
        piles = [inbox.listed(room, post, pile, NOON) for post in (room.post(BY.post), head) for pile in ("unchecked", "grid", "new")]  # fmt: skip
        return len(figures.cases), [len(one) for one in piles]

    assert (case.mark, counted()) == (None, (0, [1, 0, 0, 1, 0, 0]))
    assert {Act.FILE, Act.REFUSE, Act.LINK} <= set(allowed(case.state, BY))
    assert Act.DISPATCH not in allowed(case.state, BY)
    filed = do(room, Doing(case.number, Act.FILE), BY, NOON)
    assert (filed.status, filed.mark, counted()) == (Status.FILED, Mark.RED, (1, [0, 1, 1, 0, 1, 1]))
    assert do(room, Doing(case.number, Act.UNDO), BY, NOON).status is Status.UNCHECKED
    assert do(room, Doing(case.number, Act.REFUSE, {"reason": "查无此事"}), BY, NOON).mark is None
    assert counted() == (0, [0, 0, 1, 0, 0, 1])
    assert holds(room)


def test_a_flood_of_what_nobody_has_looked_at_makes_no_repeat_and_hides_no_case(room):
    board = register.put(room, WISH, BY, NOON)
    for number in range(4):
        page.take(room, board, said(room, once=f"n{number}", contact="13812345678"), NOON)
    first, second, third, _ = cases(room)
    filed = do(room, Doing(first.number, Act.FILE), BY, NOON)
    counted = repeats(room, filed, at=NOON + timedelta(minutes=1))
    assert (counted.place, counted.caller, counted.many) == (1, 1, False)
    with pytest.raises(LifecycleError) as error:  # its mark would be gone
        do(room, Doing(first.number, Act.LINK, {"to": second.number}), BY, NOON)
    assert refusal(error.value, translator("zh")).startswith("对方是尚未核实的来件")
    for number in (second.number, third.number):
        assert do(room, Doing(number, Act.LINK, {"to": first.number}), BY, NOON).mark is None
    assert holds(room)


def test_what_nobody_has_looked_at_goes_up_by_no_clock_and_is_carried_into_the_next_shift(room):
    page.take(room, register.put(room, WISH, BY, NOON), said(room), NOON)
    assert steps.take(room, NOON + timedelta(days=3)) == 0
    carried = duty.carried(room, room.post(BY.post), NOON + timedelta(hours=1))
    assert [(one.case.status, one.why) for one in carried] == [(Status.UNCHECKED, "unsorted")]


def test_one_page_that_is_sent_twice_is_one_report(room):
    board = register.put(room, WISH, BY, NOON)
    assert page.take(room, board, said(room), NOON) == page.take(room, board, said(room), NOON)
    assert page.take(room, board, said(room, once="n2"), NOON) != page.take(room, board, said(room), NOON)
    assert len(cases(room)) == 2


def test_a_contact_from_a_board_is_sealed_masked_and_opened_with_a_reason(room):
    board = register.put(room, WISH, BY, NOON)
    page.take(room, board, said(room, contact="13812345678"), NOON)
    (case,) = cases(room)
    shown = contacts.shown(room, case.number)
    assert (shown.phone, shown.has_more) == ("138****5678", True)
    with room.ledger.reading() as connection:
        everything = str([connection.execute(select(table)).all() for table in tables.METADATA.tables.values()])
    assert "13812345678" not in everything
    who = somebody("dispatcher")
    assert contacts.unmask(room, who, case.number, "回访核实", BY, NOON).phone == "13812345678"


@pytest.mark.parametrize(
    ("more", "error"), [({"class_": "nothing"}, UnknownClass), ({"text": "  "}, TextError), ({"text": "x" * 501}, TextError)]
)  # fmt: skip
def test_what_is_no_report_is_not_taken(room, more, error):
    board = register.put(room, WISH, BY, NOON)
    with pytest.raises(error):
        page.take(room, board, said(room, **more), NOON)
    assert cases(room) == []


def cases(room):
    from ledger import find

    with room.ledger.reading() as connection:
        return find.incidents(connection, room.wanted(channels=frozenset({Channel.BOARD.value})))


def test_rules_name_every_fault():
    with pytest.raises(RulesError) as error:
        BoardRules.from_table({"open": "yes", "address": "ftp://x/y", "classes": [], "longest_text": 0, "colour": 1})
    assert all(
        word in str(error.value)
        for word in ("'open'", "'address'", "'classes'", "longest_text", "photo_mb", "'colour'")
    )
    assert rules_of(shipped(AREA).pack).boards.open is False  # as it is shipped


# The public page, through the whole app


class Door:
    """The page of one board on the console of all tests."""

    def __init__(self, room, board):
        self.room, self.board = room, board

    def get(self, token="", **headers):
        return ask(built(), f"/board/{token or self.board.token}", accept="text/html", **headers)

    def form(self):
        return re.search(r'name="form" value="([^"]+)"', self.get().text)[1]

    def post(self, token="", photo=b"", chunks=None, headers=OWN, **fields):
        said = {
            "form": fields.pop("form", None) or self.form(),
            "class": page.classes(self.room)[0].key,
            "text": "楼道堆了杂物",
            "contact": "",
            **fields,
        }
        edge = "----battlemap"
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in said.items()
        ]
        if photo:
            parts.append(
                f'--{edge}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'.encode()
                + photo
                + b"\r\n"
            )
        body = b"".join([*parts, f"--{edge}--\r\n".encode()])
        sent = {"content_type": f"multipart/form-data; boundary={edge}", "accept": "text/html", **headers}
        return ask(built(), f"/board/{token or self.board.token}", method="POST", chunks=chunks or [body], **sent)


@pytest.fixture
def door():
    """A board whose page is open; nobody waits here but in the test that says so."""
    room = ROOMS.get(AREA, datetime.now(UTC))
    object.__setattr__(room.rules, "boards", replace(room.rules.boards, open=True))
    known = {one.name: one for one in register.listed(room)}
    board = known.get("9-01") or register.put(room, replace(WISH, name="9-01"), DISPATCHER, datetime.now(UTC))
    limits = LIMITS._limits
    kept = {name: (limits[name]._gap, limits[name]._ahead) for name in page.LIMITS}
    for name in kept:
        limits[name]._gap, limits[name]._ahead = 1e-6, 60.0
    yield Door(room, board)
    for name, (gap, ahead) in kept.items():
        limits[name]._gap, limits[name]._ahead = gap, ahead
    object.__setattr__(room.rules, "boards", replace(room.rules.boards, open=False))


def test_anybody_may_report_and_is_told_a_receipt_and_nothing_else(door, jpeg):
    before = len(cases(door.room))
    answer = door.post(photo=jpeg, contact="13900001111")
    assert answer.status == 200
    receipt = re.search(r'class="receipt">([^<]+)<', answer.text)[1]
    made = cases(door.room)
    assert len(made) == before + 1
    (case,) = [one for one in made if one.external_id == receipt]
    assert case.number not in answer.text
    assert len(door.room.sheet(case.number)[2]) == 1
    for address in (f"/board/{receipt}", f"/card/{AREA}/incident/{receipt}"):
        assert ask(built(), address).status in {401, 404}


def test_the_page_is_light_runs_no_script_and_gives_a_phone_nothing_but_a_number_for_an_hour(door):
    answer = door.get()
    assert answer.status == 200
    assert len(answer.body) < PAGE_BYTES
    given = answer.headers["set-cookie"]
    assert {"HttpOnly", "Max-Age=3600", f"Path=/board/{door.board.token}", "SameSite=strict"} <= set(given.split("; "))
    assert "set-cookie" not in door.get(cookie=given.split(";")[0]).headers
    assert "set-cookie" in door.get(cookie=f"{given.split('=')[0]}=made-up").headers
    assert "<script" not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in door.post().headers


def test_a_page_that_is_off_is_answered_like_a_token_that_there_is_not(door):
    form = door.form()
    unknown = [door.get("A" * 22), door.post("A" * 22, form=form)]
    object.__setattr__(door.room.rules, "boards", replace(door.room.rules.boards, open=False))
    off = [door.get(), door.post(form=form)]
    assert [(one.status, one.body) for one in off] == [(one.status, one.body) for one in unknown]
    assert [one.status for one in off] == [404, 404]
    assert {name for one in off for name in one.headers} == {name for one in unknown for name in one.headers}


def test_a_board_that_was_taken_down_or_renewed_opens_nothing(door):
    old = door.board.token
    register.renew(door.room, door.board.id, DISPATCHER, datetime.now(UTC))
    assert door.get(old).status == 404
    fresh = register.get(door.room, door.board.id)
    register.check(door.room, fresh.id, "removed", DISPATCHER, datetime.now(UTC))
    assert door.get(fresh.token).status == 404
    register.check(door.room, fresh.id, "standing", DISPATCHER, datetime.now(UTC))


def test_a_form_that_is_forged_old_foreign_or_of_another_board_is_not_taken(door):
    before, form = len(cases(door.room)), door.form()
    named = {one.name: one for one in register.listed(door.room)}
    other = named.get("9-02") or register.put(door.room, replace(WISH, name="9-02"), DISPATCHER, datetime.now(UTC))
    assert Door(door.room, other).post(form=form).status == 403
    for forged in ("x", form[:-2] + "xx", form.split(".")[0], "x" * 5000):
        assert door.post(form=forged).status == 403
    for headers in ({"origin": "http://evil.example", "sec_fetch_site": "cross-site"}, {"origin": "null"}, {}):
        assert door.post(form=form, headers=headers).status == 403
    object.__setattr__(door.room.rules, "boards", replace(door.room.rules.boards, fresh_minutes=0))
    import time

    time.sleep(1.1)  # a token is signed to the second
    late = door.post(form=form, text="<b>还在</b>")
    object.__setattr__(door.room.rules, "boards", replace(door.room.rules.boards, fresh_minutes=30))
    assert late.status == 422
    assert "&lt;b&gt;还在&lt;/b&gt;" in late.text  # what was written is still there
    assert len(cases(door.room)) == before


def test_markup_in_words_stays_words(door):
    wicked = '<script>alert(1)</script><img src=x onerror="x()">'
    answer = door.post(text=wicked)
    receipt = re.search(r'class="receipt">([^<]+)<', answer.text)[1]
    (case,) = [one for one in cases(door.room) if one.external_id == receipt]
    assert case.text == wicked
    cookie = f"{COOKIE}={signed_in(console.SETTINGS.data_dir, 'dispatcher', AREA)}"
    sheet = ask(built(), f"/dispatch/{AREA}/{case.number}", accept="text/html", cookie=cookie)
    assert sheet.status == 200
    assert "<script>alert" not in sheet.text
    assert "<img src=x" not in sheet.text
    assert "<script>" not in door.post(text=wicked, **{"class": '"><script>'}).text.replace("&lt;script&gt;", "")


def test_what_is_too_large_or_no_form_is_dropped(door):
    before = len(cases(door.room))
    most = door.room.rules.boards.photo_mb * 2**20
    assert door.post(photo=b"x" * (most + 2**18)).status == 413
    endless = [b"x" * 2**20 for _ in range(door.room.rules.boards.photo_mb + 3)]
    assert door.post(form="x", chunks=endless).status == 413  # whatever its length was declared to be
    assert door.post(form="x", chunks=[b"not a form at all"]).status in {400, 403}
    assert (
        ask(
            built(),
            f"/board/{door.board.token}",
            method="POST",
            chunks=[b"a=b"],
            content_type="application/x-www-form-urlencoded",
            **OWN,
        ).status
        == 400
    )
    assert door.post(photo=b"GIF89a no photo").status == 422
    assert door.post(text="x" * 501).status == 422
    assert door.post(**{f"more{number}": "x" for number in range(40)}).status in {400, 403}
    assert len(cases(door.room)) == before


def test_a_flood_is_told_to_wait_by_address_by_board_and_by_all(door):
    limits = LIMITS._limits
    before = len(cases(door.room))
    for name in page.LIMITS:
        limit = limits[name]
        gap, ahead = limit._gap, limit._ahead
        limit._gap, limit._ahead = 60.0, 120.0  # two at once
        limit._due.clear()
        answers = [door.post(text=f"{name} {number}") for number in range(4)]
        limit._gap, limit._ahead = gap, ahead
        assert [answer.status for answer in answers] == [200, 200, 429, 429], name
        assert int(answers[-1].headers["retry-after"]) > 0
    assert len(cases(door.room)) == before + 2 * len(page.LIMITS)


def test_one_phone_that_floods_shuts_out_none_of_ten_neighbours_behind_the_same_address(room):
    limits, board = limits_from(rules.read("limits")), register.put(room, WISH, BY, NOON)
    other = register.put(room, replace(WISH, name="3-02"), BY, NOON)

    def comes_through(phone, board=board, address="100.64.0.1"):
        try:
            page.ask(limits, phone, address, board, NOON)
        except TooOften:
            return False
        return True

    assert sum(comes_through("flooder") for _ in range(100)) == 3
    assert all(comes_through(f"neighbour {n}") for n in range(10))
    assert sum(comes_through("") for _ in range(100)) <= 3  # without a cookie: one phone, whoever they are
    assert sum(comes_through(f"made up {n}") for n in range(100)) == 0  # the address has had its share of this board
    assert comes_through("a", other)
    assert comes_through("b", address="100.64.0.2")


def test_the_phone_that_floods_is_told_to_wait_and_its_words_are_kept(door):
    limit = LIMITS._limits["board.phone"]
    limit._gap, limit._ahead = 60.0, 60.0
    limit._due.clear()
    cookies = [door.get().headers["set-cookie"].split(";")[0] for _ in range(2)]
    answers = [door.post(text="还在吗", contact="139", headers={**OWN, "cookie": cookie}) for cookie in [*cookies, cookies[0]]]  # fmt: skip
    assert [one.status for one in answers] == [200, 200, 429]
    assert "还在吗" in answers[-1].text
    assert 'value="139"' in answers[-1].text


def test_a_log_never_carries_what_somebody_wrote(door, caplog):
    with caplog.at_level("DEBUG"):
        door.post(text="秘密的话", contact="13700002222")
    assert "秘密的话" not in caplog.text
    assert "13700002222" not in caplog.text


@pytest.mark.parametrize("hours", ["in", "out", "night"])
def test_a_report_from_a_board_rings_nobody(hours):
    tells = OutboxRules.from_table(rules.read("outbox")).tell

    def told(act, mark):
        said = {"case.mark": mark, "hours": hours}
        return [tell.kind for tell in tells if tell.fits("incident", act, lambda path: said.get(path, ""))]

    assert "new_red" in told("report", "red")
    assert told("receive", "") == []
