"""The doors of the field pages, through the whole app: who may, from where, how much, how often; and what a phone is told that sends nonsense."""

import hashlib
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from accounts import signed_in
from http_client import ask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phones import jpeg
from test_gate import built
from whole_app import LIMITS

import app as console
from api.identity import COOKIE
from desk.field.staged import FOLDER

AREA, LEAF = "longnan", "41010299900100101"
SCOPE = f"{AREA}:micro:{LEAF}"
HERE = console.SETTINGS.data_dir
OWN = {"origin": "http://localhost:8501", "sec_fetch_site": "same-origin"}
SEND = f"/field/{AREA}/send"


@pytest.fixture(scope="module", autouse=True)
def often():
    """Nobody waits here but in the test that says so."""
    limits = LIMITS._limits
    kept = {name: (limit._gap, limit._ahead) for name, limit in limits.items() if name.startswith("field_")}
    for name in kept:
        limits[name]._gap, limits[name]._ahead = 1e-6, 60.0
    yield
    for name, (gap, ahead) in kept.items():
        limits[name]._gap, limits[name]._ahead = gap, ahead


@pytest.fixture(scope="module")
def cookie():
    return f"{COOKIE}={signed_in(HERE, 'worker', SCOPE)}"


@pytest.fixture(scope="module")
def listed(cookie):
    return ask(built(), f"/field/{AREA}/data", cookie=cookie).json


def said(*written, **more):
    return json.dumps({"clock": datetime.now(UTC).isoformat(), "items": list(written), **more}).encode()


def report(listed, **data):
    west, south, east, north = listed["area"]["grids"][0]["bounds"]
    spot = {"class_": "06010", "lon": (west + east) / 2, "lat": (south + north) / 2, "text": "楼道堆物"}
    post = listed["who"]["posts"][0]["key"]
    return {
        "key": str(uuid4()),
        "at": datetime.now(UTC).isoformat(),
        "do": "report",
        "as": post,
        "data": {**spot, **data},
    }


def send(body, cookie, **headers):
    chunks = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]
    return ask(built(), SEND, method="POST", chunks=chunks, cookie=cookie, **{**OWN, **headers})


def put(data, cookie, digest="", **headers):
    digest = digest or hashlib.sha256(data).hexdigest()
    chunks = [data[at : at + 65536] for at in range(0, len(data), 65536)] or [b""]
    return ask(
        built(), f"/field/{AREA}/photo/{digest}", method="PUT", chunks=chunks, cookie=cookie, **{**OWN, **headers}
    )


def test_a_phone_reads_its_list_sends_a_photo_and_a_report_and_reads_the_case(cookie, listed):
    data = jpeg(77)
    sent = put(data, cookie)
    assert (sent.status, sent.json) == (200, {"photo": hashlib.sha256(data).hexdigest()})
    item = {**report(listed), "photos": [sent.json["photo"]]}
    first, again = send(said(item), cookie), send(said(item), cookie)
    assert first.status == 200
    assert first.json["items"] == again.json["items"]
    one = first.json["items"][0]
    assert one == {"key": item["key"], "state": "done", "number": one["number"], "version": one["version"]}
    case = ask(built(), f"/field/{AREA}/case/{one['number']}", cookie=cookie).json
    assert (case["text"], [line["act"] for line in case["history"]], len(case["shots"])) == ("楼道堆物", ["report"], 1)
    picture = ask(built(), f"/photo/{AREA}/{case['shots'][0]['thumbnail']}", cookie=cookie)
    assert picture.headers["content-type"] == "image/jpeg"
    assert one["number"] in {row["number"] for row in ask(built(), f"/field/{AREA}/data", cookie=cookie).json["cases"]}


def test_a_refusal_says_it_in_both_languages_with_what_to_do(cookie, listed):
    answer = send(said(report(listed, class_="nothing")), cookie).json["items"][0]
    assert (answer["state"], answer["error"]["kind"]) == ("refused", "class")
    assert all(answer["error"][name] for name in ("zh", "en", "what", "what_en"))


def test_nobody_is_told_to_log_in_and_keeps_what_was_written():
    for answer in (send(said(), "x=y"), put(jpeg(), "x=y"), ask(built(), f"/field/{AREA}/data")):
        assert (answer.status, answer.json) == (401, {"error": "log_in"})


def test_a_page_from_elsewhere_sends_nothing(cookie, listed):
    item = report(listed)
    before = len(ask(built(), f"/field/{AREA}/data", cookie=cookie).json["cases"])
    foreign = [
        {"origin": "http://evil.example", "sec_fetch_site": "cross-site"}, {"origin": "null"}, {"sec_fetch_site": "same-site"},
        {"origin": "http://localhost:8502", "sec_fetch_site": "same-site"}, {"origin": "http://localhost:8501.evil.example"},
    ]  # fmt: skip
    for headers in foreign:
        bare = {name: value for name, value in headers.items() if value}
        for method, path in (("POST", SEND), ("PUT", f"/field/{AREA}/photo/{'0' * 64}")):
            answer = ask(built(), path, method=method, chunks=[said(item)], cookie=cookie, **bare)
            assert (answer.status, answer.json["error"]) == (403, "foreign"), headers
    assert ask(built(), SEND, method="POST", chunks=[said(item)], cookie=cookie).status == 403
    assert len(ask(built(), f"/field/{AREA}/data", cookie=cookie).json["cases"]) == before


def deep(levels):
    return b'{"clock": "2026-11-22T00:00:00Z", "items": ' + b"[" * levels + b"]" * levels + b"}"


NONSENSE = {
    "nothing": b"", "no json": b"clock=1", "half": b'{"clock": ', "bad utf-8": b'{"clock": "\xff\xfe"}', "utf-16": said().decode().encode("utf-16"), "nan": b'{"clock": NaN}',
    "half a character": b'{"clock": "\\ud800", "items": []}', "a key twice as large as numbers get": b'{"clock": ' + b"9" * 5000 + b"}",
    "deep": deep(100_000), "a list": b"[]", "null": b"null", "no items": b'{"clock": "2026-11-22T00:00:00Z"}', "ten thousand": said(*({"key": "x"},) * 10_000),
    "a hundred and one": said(*({"key": "x"},) * 101), "wrong item": said("x"), "no clock": b'{"items": []}', "a form": b"do=report&text=x",
}  # fmt: skip


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_told_so(cookie, name):
    answer = send(NONSENSE[name], cookie)
    assert answer.status == 400, answer.text
    assert answer.json["error"] in {"json", "form", "many"}
    assert answer.json["detail"]


def test_ten_thousand_items_that_fit_into_a_parcel_are_too_many(cookie, listed):
    assert send(said(*({},) * 10_000), cookie).json["error"] == "many"


def test_a_parcel_that_is_too_large_is_not_read_to_its_end(cookie):
    answer = send(b" " * (2**20 + 1), cookie)
    assert (answer.status, answer.json["error"]) == (413, "large")


def test_what_another_account_wrote_is_not_sent_in_its_name(cookie, listed):
    item = report(listed)
    answer = send(said(item, account="another"), cookie)
    assert (answer.status, answer.json["error"]) == (400, "account")
    assert send(said(item, account=listed["who"]["account"]), cookie).json["items"][0]["state"] == "done"


def test_a_forged_post_is_refused_and_the_rest_goes_on(cookie, listed):
    forged, honest = {**report(listed), "as": "dispatcher::"}, report(listed)
    first, second = send(said(forged, honest), cookie).json["items"]
    assert (first["state"], first["error"]["kind"], second["state"]) == ("refused", "post", "done")


def test_an_area_that_is_not_one_s_own_does_not_exist(cookie):
    here, there = (
        ask(built(), f"/field/{name}/send", method="POST", chunks=[said()], cookie=cookie, **OWN)
        for name in ("mianfang", "nowhere")
    )
    assert here.status == there.status == 404
    assert here.text.replace("mianfang", "nowhere") == there.text


def test_a_photo_that_is_not_what_was_announced_is_incomplete(cookie):
    data = jpeg(5)
    answer = put(data[:-10], cookie, hashlib.sha256(data).hexdigest())
    assert (answer.status, answer.json["error"]) == (400, "incomplete")
    assert put(data, cookie).status == 200
    assert put(data[:3], cookie, hashlib.sha256(data).hexdigest()).status == 200  # it is there already
    parts = [path.name for path in (HERE / FOLDER).rglob("*.part")]
    assert parts == []


@pytest.mark.parametrize("digest", ["0", "G" * 64, "0" * 63, "0" * 65, "A" * 64, ".." + "0" * 62])
def test_a_photo_has_a_digest_for_its_name(cookie, digest):
    assert put(b"x", cookie, digest).status in {400, 404}


def test_a_photo_has_twenty_megabytes_at_most(cookie):
    data = bytes(20 * 2**20 + 1)
    answer = put(data, cookie)
    assert (answer.status, answer.json["error"]) == (413, "large")
    assert list((HERE / FOLDER).rglob("*.part")) == []


def test_nobody_reads_a_photo_back_that_waits(cookie):
    digest = put(jpeg(66), cookie).json["photo"]
    for path in (f"/photo/{AREA}/{digest}", f"/field/{AREA}/photo/{digest}"):
        assert ask(built(), path, cookie=cookie).status in {404, 405}
    folder = next((HERE / FOLDER).iterdir())
    assert folder.stat().st_mode & 0o077 == 0


def test_who_sends_all_the_time_waits(cookie, listed):
    limit = LIMITS._limits["field_requests.account"]
    kept = limit._gap, limit._ahead
    limit._due.clear()
    limit._gap, limit._ahead = 1.0, 3.0
    try:
        answers = [send(said(), cookie) for _ in range(5)]
    finally:
        limit._gap, limit._ahead = kept
        limit._due.clear()
    assert [one.status for one in answers][:3] == [200] * 3
    assert answers[-1].status == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_who_sends_too_many_things_is_told_when_to_go_on(cookie, listed):
    limit = LIMITS._limits["field_items.account"]
    kept = limit._gap, limit._ahead
    limit._due.clear()
    limit._gap, limit._ahead = 30.0, 60.0
    try:
        answer = send(said(*(report(listed) for _ in range(4))), cookie).json["items"]
    finally:
        limit._gap, limit._ahead = kept
        limit._due.clear()
    assert [one["state"] for one in answer] == ["done", "done", "wait", "wait"]
    assert answer[2]["error"]["kind"] == "often"
    assert 0 < answer[2]["error"]["seconds"] <= 31


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["report", "note", "2026-11-22T00:00:00Z", "0" * 64]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["key", "at", "do", "as", "case", "data", "photos", "x", "lon"]), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    change=st.dictionaries(
        st.sampled_from(["key", "at", "do", "as", "case", "expected", "data", "photos", "clock", "items", "account"]),
        JSON,
        min_size=1,
        max_size=3,
    )
)
def test_no_json_whatever_makes_the_console_stumble(cookie, listed, change):
    item = {**report(listed), "do": "note", "case": "LN-20200101-0001", "data": {"text": "x"}}
    whole = {name: value for name, value in change.items() if name in {"clock", "items", "account"}}
    body = json.dumps(
        {
            "clock": datetime.now(UTC).isoformat(),
            "items": [{**item, **{name: value for name, value in change.items() if name not in whole}}],
            **whole,
        }
    )
    answer = send(body.encode(), cookie)
    assert answer.status in {200, 400}, answer.text
    assert "items" in answer.json or answer.json["error"] in {"json", "form", "many", "account"}
