"""What every request passes: names, lengths, and pages that are none of ours."""

import re
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
import streamlit
from http_client import ask
from small_pack import write_small_pack
from starlette.applications import Starlette
from starlette.responses import Response

import api
from api import guard
from geo.errors import SettingsError
from settings import Settings

INDEX = Path(streamlit.__file__).with_name("static") / "index.html"
PERSON = {"accept": "text/html"}
EMPTY = Path(
    tempfile.mkdtemp(prefix="battlemap-guard-")
)  # nobody has an account: what is invented is open on this machine


def application(**settings):
    chosen, console = (
        Settings(**{"data_dir": EMPTY, **settings}),
        api.Console(index=INDEX, paths=("/", "/facts"), assets={}),
    )
    return Starlette(routes=api.routes(chosen, console), middleware=api.middleware(chosen, console))


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packs")
    write_small_pack(folder / "small")
    write_small_pack(folder / "broken")
    (folder / "broken" / "micro.geojson").unlink()
    write_small_pack(folder / "bad_toml")
    (folder / "bad_toml" / "area.toml").write_text("name = ", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def app(packs):
    return application(packs=(packs,), area="small")


@pytest.mark.parametrize(
    "host", ["localhost:8501", "LOCALHOST", "127.0.0.1", "10.0.0.7", "[::1]:8501", "[::1]", "command_room", "wall-1:80"]
)
def test_a_host_that_nobody_outside_can_point_here_is_taken(app, host):
    assert ask(app, "/healthz", host=host).status == 200


def test_a_name_from_outside_is_refused_until_it_is_set(app):
    """A page of evil.example that lets its name point at 127.0.0.1 would read the console as its own (DNS rebinding)."""
    assert ask(app, "/live/small", host="evil.example:8501").status == 401
    answer = ask(app, "/healthz", host="evil.example:8501")
    assert answer.status == 400
    assert "BATTLEMAP_NAMES" in answer.json["error"]
    named = application(names=("wangge.example.gov.cn",))
    assert ask(named, "/healthz", host="Wangge.Example.gov.cn.:8501").status == 200
    assert ask(named, "/healthz", host="evil.example").status == 400


def test_a_console_on_a_network_takes_any_name_unless_names_are_set():
    assert ask(application(host="0.0.0.0"), "/healthz", host="wangge.example.gov.cn").status == 200
    assert ask(application(host="0.0.0.0", names=("a.cn",)), "/healthz", host="wangge.example.gov.cn").status == 400


@pytest.mark.parametrize("days", ["9" * 4000, "²", "1e3", "-1", " 1"])
def test_a_number_that_is_none_is_a_bad_filter(app, days):
    assert ask(app, f"/live/small?days={quote(days)}").status == 400


@pytest.mark.parametrize(
    "address",
    [
        "/live/small?class=" + "a," * 50_000,
        "/live/small?since=" + "9" * 5000,
        "/live/small?days=" + "9" * 5000,
        "/tiles/" + "9" * 5000 + "/0/0",
    ],
    ids=["class", "since", "days", "tile"],
)
def test_an_address_beyond_all_measure_is_refused_before_anybody_reads_it(app, address):
    """int() refuses more than 4,300 digits with an error of its own, which was answered with 500."""
    assert ask(app, address).status == 414
    assert "无法识别该请求" in ask(app, address, **PERSON).text


def test_no_page_of_streamlits_own_gets_out():
    """It answers what it does not know with its own front page, which has an inline script and no policy."""

    async def like_streamlit(scope, receive, send):
        await Response("<html>", media_type="text/html")(scope, receive, send)

    guarded = guard.Guard(like_streamlit, paths=["/"], prefixes=())
    assert ask(guarded, "/").text == "<html>"
    for address in ("/static/index.html", "/static/js", "/media/x", "/_stcore/bidi-components/x"):
        assert ask(guarded, address).status == 404


def test_files_of_streamlits_get_out():
    async def like_streamlit(scope, receive, send):
        await Response("1;", media_type="text/javascript")(scope, receive, send)

    answer = ask(guard.Guard(like_streamlit, paths=[], prefixes=()), "/static/js/a.js")
    assert (answer.status, answer.body) == (200, b"1;")


@pytest.mark.parametrize("area", ["broken", "bad_toml"])
@pytest.mark.parametrize("door", ["live", "map", "search", "print"])
def test_a_broken_area_is_told_without_the_paths_of_this_machine(app, packs, area, door):
    for headers in ({}, PERSON):
        answer = ask(app, f"/{door}/{area}", **headers)
        assert answer.status == 503
        assert area in answer.text
        assert str(packs) not in answer.text


def test_an_area_may_have_any_name_that_a_folder_may_have(tmp_path):
    name = "第1街道 #2&%41'"
    write_small_pack(tmp_path / name)
    app, there = application(packs=(tmp_path,), area=name), quote(name, safe="")
    named = re.findall(r'src="([^"]+)"', ask(app, f"/map/{there}").text)
    assert ask(app, next(address for address in named if address.endswith("/map.js"))).status == 200
    back = re.search(r'id="back" href="\.\.([^"?]+)', ask(app, f"/print/{there}").text)
    assert ask(app, back[1]).status == 200


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"x" * 200])
def test_a_basemap_that_is_none_stops_the_start_and_is_named(tmp_path, content):
    """It was found out at the first tile, with 500."""
    file = tmp_path / "base#1?mode=rwc.mbtiles"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"BATTLEMAP_TILES.*base#1"):
        application(tiles=file)
    assert file.read_bytes() == content


@pytest.mark.parametrize(("held", "status"), [(None, 204), ("<script>", 200), (b"<script>", 200), (7, 200)])
def test_whatever_a_tile_holds_it_is_no_page(tmp_path, held, status):
    with closing(sqlite3.connect(tmp_path / "base.mbtiles")) as database:
        database.execute("CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data)")
        database.execute("INSERT INTO tiles VALUES (0, 0, 0, ?)", (held,))
        database.commit()
    answer = ask(application(tiles=tmp_path / "base.mbtiles"), "/tiles/0/0/0")
    assert answer.status == status
    assert answer.headers.get("content-type", "application/octet-stream") == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_basemap_that_is_taken_away_leaves_the_map_without_it(tmp_path):
    file = tmp_path / "base.mbtiles"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data)")
    app = application(tiles=file)
    file.unlink()
    assert ask(app, "/tiles/0/0/0").status == 204


def test_what_an_area_holds_stays_out_of_shared_caches(app):
    """A cache of a proxy behind a login would hand a public answer to anybody."""
    answer = ask(app, "/map/small")
    assert answer.headers["cache-control"] == "private, no-cache"
    named = re.findall(r'src="([^"]+)"', answer.text)
    said = {address.split("/")[1]: ask(app, address).headers["cache-control"] for address in named}
    assert said == {"map": "private, max-age=31536000, immutable", "assets": "public, max-age=31536000, immutable"}
    assert ask(app, "/live/small").headers["cache-control"] == "no-store"


UPLOAD = "/_stcore/upload_file/77660fd1-2dc7-4f6a-b8e9-3d2d18b8589c/8f6459a0-a1f2-447d-a84e-4ea261e42fbe"
OWN = {"origin": "http://localhost:8501"}


@pytest.fixture
def uploads():
    """A guard before something that takes what comes in whole, and remembers how much that was."""
    taken = []

    async def taking(_scope, receive, send):
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message["body"]), message["more_body"]
        taken.append(size)
        await Response(status_code=204)(_scope, receive, send)

    return guard.Guard(taking, paths=["/"], prefixes=()), taken


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_photo_comes_in_from_a_page_of_our_own(uploads, method):
    app, taken = uploads
    assert ask(app, UPLOAD, method=method, **OWN).status == 204
    assert taken == [0]


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("PUT", {}, 403),
        ("PUT", {"origin": "http://evil.example"}, 403),
        ("PUT", {"origin": "null"}, 403),
        ("POST", OWN, 405),
        ("GET", OWN, 405),
        ("PUT", {**OWN, "content_length": str(guard.LARGEST + 1)}, 413),
        ("PUT", {**OWN, "content_length": "-1"}, 413),
        ("PUT", {**OWN, "content_length": "1e3"}, 413),
        ("PUT", {**OWN, "content_length": "9" * 400}, 413),
    ],
)
def test_nothing_else_comes_in_where_photos_do(uploads, method, headers, status):
    app, taken = uploads
    answer = ask(app, UPLOAD, method=method, **headers)
    assert answer.status == status
    assert taken == []


def test_what_is_larger_than_it_says_is_stopped_while_it_comes(uploads):
    app, taken = uploads
    answer = ask(app, UPLOAD, method="PUT", chunks=[b"x" * 2**20] * 26, **OWN)
    assert answer.status == 413
    assert "too large" in answer.text
    assert taken == []


def test_a_photo_of_the_largest_size_comes_in(uploads):
    app, taken = uploads
    assert ask(app, UPLOAD, method="PUT", chunks=[b"x" * 2**20] * 25, **OWN).status == 204
    assert taken == [guard.LARGEST]


@pytest.mark.parametrize(
    "path", ["/_stcore/upload_file", "/_stcore/upload_file/a/b", UPLOAD + "/more", UPLOAD.replace("8f", "..")]
)
def test_only_a_session_and_a_file_are_an_address_for_photos(uploads, path):
    app, taken = uploads
    assert ask(app, path, method="PUT", **OWN).status == 404
    assert taken == []


def test_streamlit_takes_no_more_than_the_guard_lets_in():
    assert api.streamlit_options()["server.maxUploadSize"] * 2**20 == guard.LARGEST
