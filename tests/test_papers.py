"""The dispatch sheet (派遣单) on paper, the small map, and photos behind their case."""

import html
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
import segno
import streamlit
from desk_browser import jpeg, post, reported
from http_client import ask
from starlette.applications import Starlette

import api
from desk.acts import Doing, do
from incidents.lifecycle import Act
from ledger import files, find
from settings import Settings

INDEX = Path(streamlit.__file__).with_name("static") / "index.html"
PERSON = {"accept": "text/html"}
HEAD = "head:grid:410102999001001"


@pytest.fixture(scope="module")
def app(room):
    console = api.Console(index=INDEX, paths=("/",), assets={})
    settings = Settings(area="longnan", data_dir=room.ledger.folder, demo=False, host="0.0.0.0")
    return Starlette(routes=api.routes(settings, console), middleware=api.middleware(settings, console))


@pytest.fixture(scope="module")
def case(room):
    now = datetime.now(UTC)
    made = reported(room, "楼道堆放<b>杂物</b>", now=now, address="织云路74号", photos=[jpeg("#a33")])
    acts = (
        (Act.FILE, "dispatcher::", {}),
        (Act.DISPATCH, "dispatcher::", {"handler": HEAD, "text": "两小时内到场"}),
        (Act.ACCEPT, HEAD, {}),
    )
    for act, by, data in acts:
        made = do(room, Doing(made.number, act, data), post(by), now)
    return made


def cells(text):
    """Return what stands beside each label of the sheet."""
    rows = re.findall(r"<th scope=row>(.*?)</th><td>(.*?)</td>", text)
    return {html.unescape(label): html.unescape(value) for label, value in rows}


def test_the_sheet_has_the_columns_of_a_dispatch_sheet_filled_in(app, case):
    answer = ask(app, f"/dispatch/longnan/{case.number}", **PERSON)
    assert answer.status == 200
    found = cells(answer.text)
    assert list(found) == ["派遣时间", "紧急程度", "承办单位", "协办单位", "事项", "处置要求", "时限", "位置", "签收人/时间", "反馈"]  # fmt: skip
    assert found["承办单位"] == "三级网格长（1）"
    assert found["处置要求"] == "两小时内到场"
    assert "织云路74号" in found["位置"]
    assert "1-01" in found["位置"]
    assert found["签收人/时间"].startswith("三级网格长（1） 20")
    assert found["反馈"] == ""
    assert found["时限"]


def test_what_a_person_wrote_is_text_on_the_sheet(app, case):
    text = ask(app, f"/dispatch/longnan/{case.number}", **PERSON).text
    assert "<b>杂物" not in text
    assert "&lt;b&gt;杂物" in text


def test_the_sheet_speaks_english_too(app, case):
    found = cells(ask(app, f"/dispatch/longnan/{case.number}?lang=en", **PERSON).text)
    assert next(iter(found)) == "Dispatched at"
    assert found["Urgency"] == "Normal"


def test_the_sheet_is_a_plain_document_that_asks_nothing_of_anybody(app, case):
    answer = ask(app, f"/dispatch/longnan/{case.number}", **PERSON)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-store"
    assert not re.search(r"<script(?! src=\"/assets/)", answer.text)
    assert not re.search(r"https?://(?!www\.w3\.org/)", answer.text)
    assert not re.search(r"<[^>]*\son\w+=", answer.text)


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("192.168.1.7:8501", "http://192.168.1.7:8501/case?area=longnan&case={number}"),
        ("wangge", "http://wangge/case?area=longnan&case={number}"),
        ("localhost:8501", "{number}"),
        ("127.0.0.1:8501", "{number}"),
        ("[::1]:8501", "{number}"),
    ],
)
def test_the_code_leads_to_the_case_where_another_device_can_reach_it(app, case, host, says, monkeypatch):
    made = []
    monkeypatch.setattr(
        "api.identity.is_local", lambda _scope: True
    )  # the visitor of a demonstration, by whatever name
    real = segno.make
    monkeypatch.setattr("api.papers.segno.make", lambda text, **options: made.append(text) or real(text, **options))
    assert "<svg" in ask(app, f"/dispatch/longnan/{case.number}", host=host, **PERSON).text
    assert made == [says.format(number=case.number)]


def test_a_case_that_was_never_sent_leaves_room_for_handwriting(app, room):
    number = reported(room, "还没派", place=4).number
    found = cells(ask(app, f"/dispatch/longnan/{number}", **PERSON).text)
    assert found["派遣时间"] == found["承办单位"] == found["处置要求"] == ""
    assert found["事项"].endswith("还没派")


@pytest.mark.parametrize("door", ["dispatch", "spot"])
def test_an_unknown_case_or_area_is_said(app, door):
    answer = ask(app, f"/{door}/longnan/LN-19990101-0001", **PERSON)
    assert answer.status == 404
    assert "没有该事件" in answer.text
    assert ask(app, f"/{door}/nowhere/LN-19990101-0001").status == 404


@pytest.fixture(scope="module")
def care(room):
    """A case of a restricted class: somebody needs care."""
    key = next(one.key for one in room.rules.directory.classes.values() if one.restricted)
    return reported(room, "独居老人两天没下楼", place=8, class_=key, address="织云路80号")


@pytest.mark.parametrize("door", ["dispatch", "spot"])
def test_a_case_of_a_restricted_class_is_there_for_posts_that_work_on_it_alone(app, room, care, door):
    assert care.restricted
    own, other = care.post, next(key for key, post in room.posts.items() if post.key.startswith("department:"))
    for asked in ("", "?post=", "?post=nobody", f"?post={quote(other)}"):
        answer = ask(app, f"/{door}/longnan/{care.number}{asked}", **PERSON)
        assert answer.status == 404
        assert "没有该事件" in answer.text
        assert "织云路" not in answer.text
    assert ask(app, f"/{door}/longnan/{care.number}").text == ask(
        app, f"/{door}/longnan/LN-19990101-0001"
    ).text.replace("LN-19990101-0001", care.number)
    for key in (own, "dispatcher::"):
        assert ask(app, f"/{door}/longnan/{care.number}?post={quote(key)}", **PERSON).status == 200


def test_the_sheet_keeps_the_post_that_looks_at_it(app, care):
    text = html.unescape(ask(app, f"/dispatch/longnan/{care.number}?post=dispatcher%3A%3A", **PERSON).text)
    assert len(re.findall(r'<a id="(?:back|ink)" href="[^"]*post=dispatcher%3A%3A', text)) == 2


@pytest.mark.parametrize("week", ["next", "9999-12-31", "0001-01-01", "2026-02-30"])
def test_a_week_of_the_rota_that_is_none_is_said(app, room, week):
    answer = ask(app, f"/rota/longnan?week={week}", **PERSON)
    assert answer.status == 400
    assert week in answer.text


def test_an_ink_that_there_is_not_is_refused(app, case):
    assert ask(app, f"/dispatch/longnan/{case.number}?ink=gold").status == 400
    assert ask(app, f"/dispatch/longnan/{case.number}?ink=black", **PERSON).status == 200


def test_the_small_map_shows_the_mark_in_its_middle_and_the_numbers_around(app, case):
    answer = ask(app, f"/spot/longnan/{case.number}")
    drawn = ET.fromstring(answer.text)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert drawn.get("viewBox") == "0 0 120 78"
    assert any((text.text or "") == "1-01" for text in drawn.iter("{http://www.w3.org/2000/svg}text"))
    moved = [part.get("transform", "") for part in drawn.iter("{http://www.w3.org/2000/svg}g")]
    assert any(transform.startswith("translate(60.00 39.00)") for transform in moved)


def test_a_photo_is_shown_to_its_area_alone(app, room, case):
    with room.ledger.reading() as connection:
        photo = find.photos(connection, room.id, case.number)[0]
    for digest in (photo["sha256"], photo["thumbnail"]):
        answer = ask(app, f"/photo/longnan/{digest}")
        assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.body.startswith(b"\xff\xd8")
        assert answer.headers["cache-control"].startswith("private")
        assert ask(app, f"/photo/mianfang/{digest}").status == 404


def test_a_file_that_no_case_names_is_not_shown(app, room):
    orphan = files.put(room.ledger.folder, jpeg("#123456"))
    assert ask(app, f"/photo/longnan/{orphan}").status == 404
    for name in ("..", "x" * 64, "0" * 64, "0" * 63, "%2e%2e%2fledger.db"):
        assert ask(app, f"/photo/longnan/{name}").status == 404


def test_a_photo_whose_file_is_gone_is_missing_and_nothing_breaks(app, room):
    number = reported(room, "丢了", place=6, photos=[jpeg("#777")]).number
    with room.ledger.reading() as connection:
        photo = find.photos(connection, room.id, number)[0]
    files.path(room.ledger.folder, photo["sha256"]).unlink()
    assert ask(app, f"/photo/longnan/{photo['sha256']}").status == 404
