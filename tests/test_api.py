"""The doors by HTTP."""

import re
import sqlite3
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import streamlit
from http_client import ask
from rooms import NOON
from small_pack import write_small_pack
from starlette.applications import Starlette

import api
from api import guard
from api.front import front_page, is_too_old
from desk.rooms import rooms_of
from geo.errors import SettingsError
from layers import document
from ledger import find
from reports import figures
from reports.figures import Filter
from settings import Settings

ROOT = Path(__file__).parent.parent
INDEX = Path(streamlit.__file__).with_name("static") / "index.html"
PERSON = {"accept": "text/html,application/xhtml+xml"}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packs")
    write_small_pack(folder / "small")
    broken = folder / "broken"
    broken.mkdir()
    (broken / "area.toml").write_text(
        'name = "坏的"\n[[levels]]\nkey = "micro"\nname = "微网格"\nfile = "none.geojson"\ncode = "code"\n',
        encoding="utf-8",
    )
    (folder / "bad_toml").mkdir()
    (folder / "bad_toml" / "area.toml").write_text("name = ", encoding="utf-8")
    return folder


def console():
    assets = ROOT / "pages" / "assets"
    return api.Console(index=INDEX, paths=("/", "/facts"), assets={path.name: path for path in assets.iterdir()})


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("var")


def application(data_dir, **settings):
    chosen = Settings(data_dir=data_dir, **settings)
    return Starlette(routes=api.routes(chosen, console()), middleware=api.middleware(chosen, console()))


@pytest.fixture(scope="module")
def app(packs, data_dir):
    return application(data_dir, packs=(packs,), area="small")


@pytest.fixture(scope="module")
def room(packs, data_dir):
    """The room that the doors serve."""
    return rooms_of((packs,), "small", data_dir, "", None, True).get("small", NOON)


@pytest.fixture(scope="module")
def number(room):
    """The number of an incident, by its id in the pack."""
    with room.ledger.reading() as connection:
        rows = find.rows(connection, room.wanted(), columns=("number", "external_id"))
    return {row["external_id"]: row["number"] for row in rows}


def test_health_says_only_that_it_is_ready(app):
    answer = ask(app, "/healthz")
    assert (answer.status, answer.body) == (200, b"ok")


def test_live_tells_counts_states_and_marks(app, room):
    told = ask(app, "/live/small").json
    assert told["version"] == room.ledger.version()
    assert told["reset"] is True
    chosen = figures.select(room, Filter(), NOON)
    assert told["counts"] == {"red": 6, "yellow": 3, "green": 5} == figures.counts(chosen)
    assert told["overdue"] == 1
    assert told["removed"] == []
    assert len(told["incidents"]) == 14
    assert told["as_of"] == "2026-03-01T08:13:00+08:00"


def test_live_states_stand_at_polygons_a_carrier_has_the_worst_of_its_stack(app):
    grids = ask(app, "/live/small").json["grids"]
    assert set(grids) == {"community", "third", "micro", "dedicated"}
    assert grids["community"] == {"C1": "red"}
    assert grids["micro"]["3-04"] == "red"
    assert not any(code.startswith("3-04") and code != "3-04" for code in grids["micro"])


def test_live_marks_carry_what_the_map_draws(app, number):
    marks = {mark[0]: mark for mark in ask(app, "/live/small").json["incidents"]}
    _uid, lon, lat, mark, class_, leaf, title, reported, flags, due = marks[number["E04"]]
    assert (mark, class_, leaf, title, reported, flags) == (
        "red",
        "litter",
        "2-01",
        "井盖破损",
        "2026-03-01T08:04:00+08:00",
        "o",
    )
    assert (lon, lat) == (113.601, 34.7524)
    assert due == "2026-03-01T08:05:00+08:00"
    assert marks[number["E03"]][-1] == "s"


def seen(told):
    return urlencode({"since": told["version"], "at": told["served"], "pack": told["pack"]})


@pytest.mark.parametrize(
    "said",
    [
        {"version": 10**9},
        {"pack": "another"},
        {"served": "2001-01-01T00:00:00+00:00"},
        {"served": "2999-01-01T00:00:00+00:00"},
    ],
)
def test_live_gives_a_snapshot_to_one_who_saw_what_we_do_not_know(app, said):
    told = ask(app, "/live/small").json
    told = ask(app, f"/live/small?{seen({**told, **said})}").json
    assert told["reset"] is True
    assert len(told["incidents"]) == sum(told["counts"].values())


def test_assets_of_another_version_are_not_there(app):
    assert ask(app, f"/assets/{document.assets_digest()}/main.js").status == 200
    assert ask(app, "/assets/0123456789/main.js").status == 404


def test_live_answers_one_who_is_up_to_date_without_marks(app):
    told = ask(app, f"/live/small?{seen(ask(app, '/live/small').json)}").json
    assert (told["reset"], told["incidents"], told["removed"]) == (False, [], [])
    assert told["counts"]["red"] == 6


@pytest.mark.parametrize(
    "query",
    ["mark=yellow", "grid=third:2", "grid=micro:3-04b", "days=1", "class=litter&mark=red,green", "grid=micro:1-01"],
)
def test_live_counts_are_those_of_the_board(app, room, query):
    told = ask(app, f"/live/small?{query}").json
    wanted = Filter.from_query(dict(part.split("=") for part in query.split("&")))
    assert told["counts"] == figures.counts(figures.select(room, wanted, NOON))
    assert len(told["incidents"]) == sum(told["counts"].values())


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/live/small?grid=micro", 400, "grid=micro"),
        ("/live/small?grid=micro:9-99", 400, "9-99"),
        ("/live/small?mark=blue", 400, "blue"),
        ("/live/small?class=none", 400, "none"),
        ("/live/small?days=0", 400, "days=0"),
        ("/live/small?since=x", 400, "since=x"),
        ("/live/small?since=1&at=noon", 400, "at=noon"),
        ("/live/small?since=1&at=2026-01-01T00:00:00", 400, "at=2026"),
        ("/live/small?status=lost", 400, "status=lost"),
        ("/card/small/incident/none", 404, "none"),
        ("/live/nowhere", 404, "nowhere"),
        ("/live/broken", 503, "broken"),
        ("/live/bad_toml", 503, "area.toml"),
        ("/card/small/micro/9-99", 404, "9-99"),
        ("/map/nowhere", 404, "nowhere"),
        ("/map/broken", 503, "broken"),
        ("/nothing", 404, "There is no such page"),
        ("/map/small/data/0/map.js", 404, "There is no such page"),
        ("/map/small/anything/else", 404, "There is no such page"),
    ],
)
def test_what_cannot_be_answered_says_why(app, address, status, says):
    answer = ask(app, address)
    assert answer.status == status
    assert says in answer.json["error"]


@pytest.mark.parametrize(
    ("address", "status", "zh", "en"),
    [
        ("/map/nowhere", 404, "没有这个区域", "There is no such area"),
        ("/map/broken", 503, "无法读取该区域的数据", "battlemap check"),
        ("/nothing", 404, "没有这个页面", "There is no such page"),
    ],
)
def test_people_get_a_page_in_both_languages(app, address, status, zh, en):
    answer = ask(app, address, **PERSON)
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/html")
    assert zh in answer.text
    assert en in answer.text


def test_what_an_address_holds_is_text_on_the_page_of_an_error(app):
    assert "<script>" not in ask(app, "/map/<script>alert(1)</script>", **PERSON).text


def test_the_map_is_a_document_that_is_asked_for_once(app):
    answer = ask(app, "/map/small", accept_encoding="gzip")
    assert answer.status == 200
    assert "小网格" in answer.text
    assert answer.headers["content-encoding"] == "gzip"
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    again = ask(app, "/map/small", if_none_match=answer.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert ask(app, "/map/small?lang=en").headers["etag"] != answer.headers["etag"]
    assert ask(app, "/map/small?theme=dark").headers["etag"] != answer.headers["etag"]


def test_everything_that_the_document_names_is_there_and_never_changes(app):
    html = ask(app, "/map/small").text
    named = re.findall(r'(?:src|href)="(/[^"]+)"', html)
    assert len(named) > 5
    for address in named:
        answer = ask(app, address)
        assert answer.status == 200, address
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["../settings.py", "..%2Fsettings.py", "leaflet/../../style.py", "/etc/passwd", "%2e%2e/style.py", ""]
)
def test_assets_are_only_those_that_are_listed(app, path):
    assert ask(app, f"/assets/0/{path}").status == 404


def test_search(app):
    items = ask(app, "/search/small?q=%E4%BE%BF%E6%B0%91").json["items"]
    assert [(item["kind"], item["code"], item["label"], item["detail"]) for item in items] == [
        ("shops", "S1", "便民超市", "商户")
    ]
    assert ask(app, "/search/small?q=s1&lang=en").json["items"][0]["detail"] == "Shops"
    assert ask(app, "/search/small").json == {"items": []}


def test_a_card(app, number):
    assert ask(app, "/card/small/micro/1-01?lang=en").json["subtitle"] == "micro-grids"
    assert ask(app, f"/card/small/incident/{number['E01']}").json["mark"] == "red"


def test_a_grids_card_counts_as_the_map_does(app):
    rows = dict(ask(app, "/card/small/community/C1?class=litter&days=7&lang=en").json["rows"])
    assert (rows["Reported up"], rows["Period"]) == ("6", "the last 7 days")


def test_an_incident_is_found_by_its_number_and_by_words(app, number):
    found = ask(app, f"/search/small?q={number['E02'].lower()}").json["items"]
    assert [(item["kind"], item["code"]) for item in found][:1] == [("incident", number["E02"])]
    assert (
        len([item for item in ask(app, f"/search/small?q={quote('井盖')}").json["items"] if item["kind"] == "incident"])
        == 8
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_is_written(app, method):
    answer = ask(app, "/live/small", method=method)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("host", ["", "a b", "evil.example/path", "x@y", "localhost:99999999", "a\tb"])
def test_an_odd_host_is_refused(app, host):
    assert ask(app, "/healthz", host=host).status == 400


@pytest.mark.parametrize(
    "address", ["/healthz", "/", "/map/small", "/live/small", "/nothing", "/card/small/micro/1-01"]
)
def test_every_answer_carries_the_safe_headers(app, address):
    headers = ask(app, address, **PERSON).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'self'" in headers.get("content-security-policy", "frame-ancestors 'self'")


@pytest.mark.parametrize(
    "address",
    [
        "/_stcore/agent/openapi.json",
        "/_stcore/agent/mcp",
        "/_stcore/metrics",
        "/_stcore/upload_file/a/b",
        "/_stcore/script-health-check",
        "/component/a/b",
        "/manifest.json",
        "/favicon.png",
    ],
)
def test_doors_of_streamlit_that_nobody_needs_are_shut(app, address):
    assert ask(app, address).status in {404, 405}


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://localhost:8501", "localhost:8501", True),
        ("http://evil.example", "localhost:8501", False),
        (None, "localhost:8501", True),
        ("https://wangge.gov.cn", "wangge.gov.cn", True),
        ("null", "localhost", False),
    ],
)
def test_a_websocket_comes_from_our_own_pages(origin, host, same):
    """Streamlit would ask a service outside for its own public address before it refused a foreign one."""
    headers = {"host": host, **({"origin": origin} if origin else {})}
    assert guard.is_own_page(headers) is same


def test_the_front_page_is_ours_and_names_nothing_outside(app):
    html = ask(app, "/").text
    assert "<title>网格作战图</title>" in html
    assert '<html lang="zh-CN">' in html
    assert "Streamlit</title>" not in html
    assert "_stcore/agent" not in html
    assert not re.search(r"<script>|https?://(?!www\.w3\.org/)", html)
    assert '<html lang="en">' in ask(app, "/facts?lang=en").text


def test_the_front_page_still_finds_streamlits_own():
    html = front_page(INDEX.read_text(encoding="utf-8"), "zh", "/assets/0/")
    assert 'type="module"' in html
    assert '<div id="root"></div>' in html
    assert html.index("boot.js") < html.index('type="module"')


@pytest.mark.parametrize(
    ("agent", "old"),
    [
        (
            "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/86.0.4240.198 Safari/537.36",
            True,
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36", True),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0",
            False,
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", False),
        ("", False),
    ],
)
def test_old_browsers_are_told_apart(agent, old):
    assert is_too_old(agent) is old


def test_an_old_browser_gets_a_page_that_says_so_and_can_go_on(app):
    old = "Mozilla/5.0 Chrome/86.0 Safari/537.36"
    answer = ask(app, "/", user_agent=old)
    assert "浏览器版本过低" in answer.text
    assert "too old" in answer.text
    assert "/map/small" in answer.text
    assert "root" in ask(app, "/?browser=any", user_agent=old).text
    assert ask(app, "/map/small", user_agent=old).status == 200


@pytest.fixture
def folder_of_tiles(tmp_path):
    (tmp_path / "3" / "6").mkdir(parents=True)
    (tmp_path / "3" / "6" / "2.png").write_bytes(PNG + b"folder")
    return tmp_path


@pytest.fixture
def mbtiles(tmp_path):
    file = tmp_path / "base.mbtiles"
    with sqlite3.connect(file) as database:
        database.execute(
            "CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB)"
        )
        database.execute("INSERT INTO tiles VALUES (3, 6, 5, ?)", (PNG + b"mbtiles",))
    database.close()
    return file


def test_tiles_of_a_folder(folder_of_tiles, tmp_path):
    app = application(tmp_path, tiles=folder_of_tiles)
    answer = ask(app, "/tiles/3/6/2")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, PNG + b"folder", "image/png")
    assert ask(app, "/tiles/3/6/3").status == 204


def test_tiles_of_an_mbtiles_file_are_counted_from_the_north(mbtiles, tmp_path):
    app = application(tmp_path, tiles=mbtiles)
    assert ask(app, "/tiles/3/6/2").body == PNG + b"mbtiles"  # row 5 from the south
    assert ask(app, "/tiles/3/6/5").status == 204


@pytest.mark.parametrize("address", ["/tiles/3/8/0", "/tiles/3/0/8", "/tiles/99/0/0", "/tiles/a/b/c", "/tiles/3/6"])
def test_tiles_outside_of_the_world_are_missing(mbtiles, tmp_path, address):
    assert ask(application(tmp_path, tiles=mbtiles), address).status == 404


def test_without_a_basemap_there_are_no_tiles(app):
    assert ask(app, "/tiles/3/6/2").status == 404


def test_a_port_that_is_taken_is_named():
    from api.serving import listen

    first = listen("127.0.0.1", 0)
    try:
        with pytest.raises(SettingsError, match="is taken by another program"):
            listen("127.0.0.1", first.getsockname()[1])
        with pytest.raises(SettingsError, match="no address of this machine"):
            listen("not a host", 8501)
    finally:
        first.close()
