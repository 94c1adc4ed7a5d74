"""How often something may be done: what is counted, by whom, and what it costs to count."""

import re
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from accounts import accounts_in, close
from http_client import ask
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from test_guard import UPLOAD
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import login, serving
from api.limited import Limited
from api.login import enter
from data import rules
from desk.access.entrance import Entrance
from desk.access.limits import KEYS, NAMES, Limit, limits_from, limits_of, network_of
from desk.access.permissions import permissions_of
from desk.rooms import Rooms
from geo.errors import RulesError, SettingsError, TooOften
from incidents.access import Role, Scope, Who
from layers.areas import areas_of
from settings import Settings

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PERSON = {"accept": "text/html"}


def test_so_many_at_once_and_then_one_after_another():
    limit = Limit(at_once=3, per_minute=6)
    assert [limit.wait("a", NOW) for _ in range(5)] == [0, 0, 0, 10, 10]
    assert limit.wait("a", NOW + 9 * SECOND) == 1
    assert limit.wait("a", NOW + 10 * SECOND) == 0
    assert limit.wait("a", NOW + 10 * SECOND) == 10


def test_after_a_pause_all_of_them_are_allowed_again():
    limit = Limit(at_once=3, per_minute=6)
    for _ in range(3):
        limit.wait("a", NOW)
    assert [limit.wait("a", NOW + 60 * SECOND) for _ in range(4)] == [0, 0, 0, 10]


def test_who_waits_is_not_made_to_wait_longer_by_asking():
    limit = Limit(at_once=1, per_minute=1)
    limit.wait("a", NOW)
    for _ in range(100):
        limit.wait("a", NOW)
    assert limit.wait("a", NOW + 60 * SECOND) == 0


def test_one_does_not_wait_for_another():
    limit = Limit(at_once=1, per_minute=1)
    assert [limit.wait(key, NOW) for key in "aba"] == [0, 0, 60]


def test_a_clock_that_is_set_back_locks_nobody_out():
    limit = Limit(at_once=2, per_minute=60)
    assert [limit.wait("a", NOW) for _ in range(2)] == [0, 0]
    assert limit.wait("a", NOW - timedelta(days=365)) == 0


@example(
    1, 9, [0, 0]
)  # 60 / 9 s was more than itself once it was added to the time, and taken for a clock that was set back
@given(st.integers(1, 20), st.integers(1, 600), st.lists(st.integers(0, 5000), min_size=1, max_size=200))
def test_within_any_time_no_more_is_allowed_than_the_limit_says(at_once, per_minute, pauses):
    limit, at, allowed = Limit(at_once, per_minute), NOW, []
    for pause in pauses:
        at += timedelta(milliseconds=pause)
        if limit.wait("a", at) == 0:
            allowed.append(at)
    for first in range(len(allowed)):
        for last in range(first, len(allowed)):
            minutes = (allowed[last] - allowed[first]) / timedelta(minutes=1)
            assert last - first + 1 <= at_once + per_minute * minutes + 0.002  # what rounding leaves


def test_a_flood_of_addresses_takes_no_more_memory():
    limit = Limit(at_once=5, per_minute=5)
    for i in range(3 * KEYS):
        limit.wait(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", NOW)
    assert len(limit) == KEYS
    assert sys.getsizeof(limit._due) < 2**21


def test_who_is_active_is_not_forgotten_for_who_came_later():
    limit = Limit(at_once=50, per_minute=1, keys=3)
    for key in "abcad":
        limit.wait(key, NOW)
    assert set(limit._due) == {"a", "c", "d"}


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("unknown" * 100, ("unknown" * 100)[:64]),
        ("", ""),
    ],
)
def test_an_ipv6_subscriber_is_one_whatever_address_of_theirs_asks(address, counts_as):
    assert network_of(address) == counts_as


def test_every_limit_of_the_file_is_known_and_the_reverse():
    said = rules.read("limits")
    assert {f"{group}.{by}" for group, table in said.items() for by in table} == set(NAMES)
    assert limits_of(None) is limits_of(None)


@pytest.mark.parametrize(
    "wrong", [{}, {"at_once": 0, "per_minute": 1}, {"at_once": 1}, {"at_once": True, "per_minute": 1}, 7]
)
def test_a_limit_that_is_none_is_named(wrong):
    said = rules.read("limits")
    said["code"]["all"] = wrong
    with pytest.raises(RulesError, match=r"\[code\.all\]"):
        limits_from(said)


def few(**numbers):
    """The limits as shipped, but for those that are given."""
    said = rules.read("limits")
    for name, number in numbers.items():
        group, _, by = name.rpartition("_")
        said[group][by] = {"at_once": number, "per_minute": 1}
    return limits_from(said)


def application(limits, who=None):
    """An app that answers everything, behind limits; ``who`` has come through the gate."""

    async def through(scope, receive, send):
        scope.setdefault("state", {})["who"] = who() if who else None
        await limited(scope, receive, send)

    limited = Limited(
        Starlette(routes=[Route("/{path:path}", lambda _request: Response("in"), methods=["GET", "POST", "PUT"])]),
        limits=limits,
    )
    return through


def test_too_many_log_ins_from_one_address_are_answered_with_429_in_both_languages():
    app = application(few(log_in_address=2))
    assert [ask(app, "/log-in", method="POST").status for _ in range(3)] == [200, 200, 429]
    answer = ask(app, "/log-in", method="POST", **PERSON)
    assert "尝试次数太多" in answer.text
    assert "Too many attempts" in answer.text
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert ask(app, "/log-in").status == 200, "the page itself stays open"


def test_a_storm_from_many_addresses_ends_at_the_limit_for_all():
    app = application(few(log_in_all=5))
    answers = []
    for i in range(8):
        proxied = ProxyHeadersMiddleware(app, "127.0.0.1")
        answers.append(ask(proxied, "/log-in", method="POST", x_forwarded_for=f"10.0.0.{i}").status)
    assert answers == [200] * 5 + [429] * 3


def test_the_word_of_a_proxy_counts_only_where_the_proxy_is_trusted():
    trusted, nobody = (serving.server(None, proxies=given).config for given in (("127.0.0.1/32",), ()))
    assert (trusted.proxy_headers, nobody.proxy_headers) == (True, False)
    app = application(few(log_in_address=1))
    behind = ProxyHeadersMiddleware(app, list(trusted.forwarded_allow_ips))
    forged = {"x_forwarded_for": "10.9.9.9, 10.0.0.1"}  # what a visitor wrote, then what the proxy added
    assert ask(behind, "/log-in", method="POST", **forged).status == 200
    assert ask(behind, "/log-in", method="POST", x_forwarded_for="10.8.8.8, 10.0.0.1").status == 429
    assert ask(behind, "/log-in", method="POST", x_forwarded_for="10.0.0.2").status == 200
    alone = application(few(log_in_address=1))
    said = [ask(alone, "/log-in", method="POST", x_forwarded_for=f"10.0.0.{i}").status for i in range(2)]
    assert said == [200, 429]


def form_of(app, query=""):
    """Open the log-in page as a browser does; returns what its form has to bring back: its token, and the cookie."""
    page = ask(app, f"/log-in{query}", **PERSON)
    return re.search(r'name="form" value="([^"]+)"', page.text)[1], page.headers["set-cookie"].split(";")[0]


@pytest.mark.parametrize(
    ("query", "fields"), [("", {"name": "zhang", "password": "wrong"}), ("?code=", {"code": "ABCD2345"})]
)
def test_too_many_attempts_on_one_name_or_with_codes_are_told_on_the_page(tmp_path, monkeypatch, query, fields):
    monkeypatch.setattr(enter, "limits_of", lambda _rules: limits)
    limits, accounts = few(log_in_name=2, code_address=2), accounts_in(tmp_path)
    entrance = Entrance(accounts, permissions_of(None), b"k" * 32)
    app = Starlette(
        routes=login.routes(
            Settings(data_dir=tmp_path), Rooms(areas_of((), "longnan"), accounts.ledger), entrance, "/assets/"
        )
    )
    token, cookie = form_of(app, query)
    body = urlencode({"form": token, **fields}).encode()
    sent = {"method": "POST", "chunks": [body], "origin": "http://localhost:8501", "cookie": cookie, **PERSON}
    answers = [ask(app, f"/log-in{query}", **sent) for _ in range(3)]
    close(accounts)
    assert [answer.status for answer in answers] == [401, 401, 429]
    assert "Try again in" in ask(app, f"/log-in{query}{'&' if query else '?'}lang=en", **sent).text
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60


def test_photos_are_counted_by_session():
    sessions = iter("aab")
    app = application(
        few(uploads_session=1),
        lambda: Who("k", "n", Role.WORKER, Scope("longnan"), session=next(sessions)),
    )
    assert [ask(app, UPLOAD, method="PUT").status for _ in range(3)] == [200, 429, 200]


def test_reports_are_counted_and_the_page_says_when_to_go_on():
    from locales import translator
    from reports.refusals import refusal

    limits = few(reports_account=1)
    limits.ask("reports.account", "k", NOW)
    with pytest.raises(TooOften) as caught:
        limits.ask("reports.account", "k", NOW)
    assert caught.value.wait == 60
    assert "60 秒" in refusal(caught.value, translator("zh"))


def test_proxies_are_addresses_and_networks():
    assert Settings.from_env({"BATTLEMAP_PROXIES": "10.0.0.1, 10.1.0.0/16"}).proxies == ("10.0.0.1/32", "10.1.0.0/16")
    with pytest.raises(SettingsError, match="BATTLEMAP_PROXIES"):
        Settings.from_env({"BATTLEMAP_PROXIES": "proxy.local"})
