"""/metrics: who may read it, what it says of requests, streams, ledger, messages, backup and bridge, and what it never says."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit
from accounts import account, accounts_in, close, quick_rules
from http_client import ask
from ledgers import NOW, report
from prometheus_client.parser import text_string_to_metric_families
from small_pack import write_small_pack
from sockets import Socket
from starlette.applications import Starlette

import api
from api.metrics import Measured, Metrics
from desk.rooms import rooms_of
from geo.errors import LoginError, SettingsError
from ledger import heads, outbox
from ledger.outbox import Message, State
from settings import Settings

INDEX = Path(streamlit.__file__).with_name("static") / "index.html"
TOKEN = "0123456789abcdef0123456789abcdef"
BEARER = f"Bearer {TOKEN}"


class House:
    """A console of a small pack, over a ledger of its own."""

    def __init__(self, folder):
        write_small_pack(folder / "packs" / "small")
        (folder / "token").write_text(f"{TOKEN}\n", "ascii")
        given = {
            "packs": (folder / "packs",),
            "area": "small",
            "data_dir": folder / "var",
            "rules": quick_rules(folder),
        }
        console = api.Console(index=INDEX, paths=("/",), assets={})
        self.settings = Settings(metrics_token_file=folder / "token", **given)
        self.app = application(self.settings, console)
        self.closed = application(Settings(**given), console)
        self.rooms = rooms_of(given["packs"], "small", given["data_dir"], "", given["rules"], True)
        self.ledger = self.rooms.get("small", NOW).ledger
        application(self.settings, console)  # again, as a cache forgets: what stands is told once all the same
        self.app = application(self.settings, console)

    def text(self):
        answer = ask(self.app, "/metrics", authorization=BEARER)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        return answer.text

    def read(self):
        """Return every sample: name and labels -> value."""
        samples = [one for family in text_string_to_metric_families(self.text()) for one in family.samples]
        found = {(one.name, *sorted(one.labels.items())): one.value for one in samples}
        assert len(found) == len(samples), "something is told twice"
        return found


def application(settings, console):
    return Starlette(routes=api.routes(settings, console), middleware=api.middleware(settings, console))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    return House(tmp_path_factory.mktemp("house"))


def requests(route, method="GET", status="200"):
    return "battlemap_http_requests_total", ("method", method), ("route", route), ("status", status)


def test_without_a_token_in_the_settings_there_is_no_such_page(house):
    assert ask(house.closed, "/metrics").status == 404
    assert ask(house.closed, "/metrics", authorization="Bearer ").status == 404
    assert ask(house.closed, "/metrics", authorization=BEARER).status == 404


@pytest.mark.parametrize(
    "said", ["", "Bearer", "Bearer ", f"bearer {TOKEN}", TOKEN, f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}0", "Bearer ü"]
)
def test_who_does_not_send_the_token_is_told_nothing(house, said):
    answer = ask(house.app, "/metrics", **({"authorization": said} if said else {}))
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "battlemap_" not in answer.text


def test_it_is_only_read(house):
    assert ask(house.app, "/metrics", method="POST", authorization=BEARER).status == 405
    assert ask(house.app, "/_stcore/metrics", authorization=BEARER).status in {401, 404}


@pytest.mark.parametrize("token", ["", "short", "x" * 31, "é" * 40])
def test_a_token_that_can_be_guessed_or_read_wrong_stops_the_start(tmp_path, token):
    (tmp_path / "token").write_text(token, "utf-8")
    with pytest.raises(SettingsError, match="BATTLEMAP_METRICS_TOKEN_FILE"):
        api.metrics.routes(Settings(metrics_token_file=tmp_path / "token"), Metrics({}))


def test_requests_are_counted_by_address_as_routes_write_it(house):
    before = house.read()
    for _ in range(3):
        assert ask(house.app, "/live/small").status == 200
    assert ask(house.app, "/live/nowhere").status == 404
    found = house.read()
    grown = {key: found[key] - before.get(key, 0) for key in found if key[0] == "battlemap_http_requests_total"}
    assert grown[requests("/live/{area}")] == 3
    assert grown[requests("/live/{area}", status="404")] == 1
    seconds = found["battlemap_http_answer_seconds_count", ("route", "/live/{area}")]
    assert seconds == found[requests("/live/{area}")] + found[requests("/live/{area}", status="404")]


def test_whatever_is_asked_makes_no_new_names(house):
    for address in ("/1", "/2?x=3", "/_stcore/metrics", "/map/a/b/c/d", "/map/e/f/g/h"):
        ask(house.app, address)
        ask(house.app, address, method="BREW")
    names = set(house.read())
    for number in range(20):
        ask(house.app, f"/{number}/secret-{number}")
        ask(house.app, f"/map/{number}/x/y/z")
        ask(house.app, "/x", method=f"BREW{number}")
    assert set(house.read()) == names
    assert requests("other", "other", "404") in names or requests("other", "other", "401") in names
    assert "secret" not in house.text()


def test_an_answer_that_fails_is_counted_as_such():
    metrics = Metrics({"GET /live/{area}": "look"})

    async def broken(_scope, _receive, _send):
        raise ZeroDivisionError

    scope = {"type": "http", "method": "GET", "path": "/live/x"}
    with pytest.raises(ZeroDivisionError):
        asyncio.run(Measured(broken, metrics=metrics)(scope, None, None))
    said = {"method": "GET", "route": "/live/{area}", "status": "500"}
    assert metrics.registry.get_sample_value("battlemap_http_requests_total", said) == 1


@asynccontextmanager
async def reading(app, address):
    """Read a stream until the block is over."""
    begun, over = asyncio.Event(), asyncio.Event()

    async def receive():
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message.get("body"):
            begun.set()

    scope = {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": address, "raw_path": address.encode(), "query_string": b"",
             "root_path": "", "headers": [(b"host", b"localhost:8501")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8501)}  # fmt: skip
    task = asyncio.create_task(app(scope, receive, send))
    await asyncio.wait_for(begun.wait(), 30)
    try:
        yield
    finally:
        over.set()
        await asyncio.wait_for(task, 30)


def test_open_streams_their_groups_and_websockets_are_told_while_they_are_open(house):
    async def watch():
        async with reading(house.app, "/stream/small"), reading(house.app, "/stream/small"):
            return await asyncio.to_thread(house.read)

    during, after = asyncio.run(watch()), house.read()
    names = ("battlemap_streams_open",), ("battlemap_stream_groups",)
    assert [during[name] for name in names] == [2, 1]
    assert [after[name] for name in names] == [0, 0]
    assert during[requests("/stream/{area}")] == after[requests("/stream/{area}")] == 2

    seen, metrics = [], Metrics({})

    async def app(_scope, _receive, send):
        seen.append(metrics.registry.get_sample_value("battlemap_websockets_open"))
        await send({"type": "websocket.close", "code": 1008})

    asyncio.run(Socket("/_stcore/stream").shake(Measured(app, metrics=metrics)))
    assert [*seen, metrics.registry.get_sample_value("battlemap_websockets_open")] == [1, 0]


def test_the_ledger_tells_its_version_and_how_long_commits_take(house):
    before = house.read()
    report(house.ledger, area="small", title="Linde-am-Tor")
    after = house.read()
    assert after["battlemap_ledger_version",] == house.ledger.version() > before["battlemap_ledger_version",]
    assert after["battlemap_ledger_commit_seconds_count",] == before["battlemap_ledger_commit_seconds_count",] + 1
    assert after["battlemap_ledger_readable",] == 1
    assert after["battlemap_areas_open",] == 1
    assert after["battlemap_areas_beginning",] == 0
    assert after["battlemap_data_free_bytes",] > 0
    assert "Linde" not in house.text()


def message(number, state, channel="smtp"):
    at = NOW - timedelta(minutes=number)
    return Message("small", number, "incident", f"LN-{number}", "assignment", "head:micro:1-01", "head:micro:1-01", channel, at, at, at, state)  # fmt: skip


def test_messages_that_wait_or_were_given_up_are_counted(house):
    told = [message(1, State.QUEUED), message(2, State.QUEUED), message(3, State.DEAD), message(4, State.SENT), message(5, State.FAILED, "sms")]  # fmt: skip
    house.ledger.change(lambda writing: outbox.add(writing, told))
    found = house.read()
    piles = {tuple(value for _, value in key[1:]): count for key, count in found.items() if key[0] == "battlemap_outbox_messages"}  # fmt: skip
    assert piles == {("smtp", "queued"): 2, ("smtp", "dead"): 1, ("sms", "failed"): 1}
    oldest = found["battlemap_outbox_oldest_timestamp_seconds", ("channel", "smtp"), ("state", "queued")]
    assert oldest == (NOW - timedelta(minutes=2)).timestamp()
    assert not any(word in house.text() for word in ("LN-", "head:", "assignment"))


def test_log_ins_that_failed_are_counted_and_nobody_is_named(house):
    folder, now = house.settings.data_dir, datetime.now(UTC)
    account(folder, "inspector", "small", "birke")
    accounts = accounts_in(folder)
    for name, at in (("birke", now), ("birke", now), ("nobody", now), ("birke", now - timedelta(hours=2))):
        with pytest.raises(LoginError):
            accounts.log_in(name, "wrong", address="10.1.2.3", agent="test", now=at)
    close(accounts)
    assert house.read()["battlemap_log_ins_failed_last_hour",] == 3
    assert not any(word in house.text() for word in ("birke", "nobody", "10.1.2.3"))


def test_the_last_backup_is_found_in_the_log_of_heads(house):
    assert ("battlemap_backup_timestamp_seconds",) not in house.read()
    head, folder = house.ledger.head(), house.ledger.folder
    for day, why in ((1, "backup"), (2, "backup"), (3, "hour")):
        heads.note(folder, head, why, now=NOW + timedelta(days=day))
    assert house.read()["battlemap_backup_timestamp_seconds",] == (NOW + timedelta(days=2)).timestamp()
    with (folder / heads.FILE).open("ab") as file:
        file.write(b"torn \xff line")
    assert heads.last(folder, "backup") == NOW + timedelta(days=2)
    assert heads.last(folder, "restore") is None
    assert heads.last(folder / "nowhere", "backup") is None


def test_version_build_and_process_are_told(house):
    found = house.read()
    build = next(dict(key[1:]) for key in found if key[0] == "battlemap_build_info")
    assert set(build) == {"version", "assets", "revision"}
    assert all(build.values())
    for name in ("process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"):
        assert found[name,] > 0


def test_a_ledger_that_cannot_be_read_is_said_and_the_rest_is_told(tmp_path):
    house = House(tmp_path)
    with house.ledger.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE message")
    found = house.read()
    assert found["battlemap_ledger_readable",] == 0
    assert ("battlemap_ledger_version",) not in found
    assert found["battlemap_areas_open",] == 1
