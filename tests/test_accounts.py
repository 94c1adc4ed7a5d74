"""Accounts, log-in, lock-out, sessions and walls, on both databases."""

import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from accounts import IDENTITY, PASSWORD
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgers import DISPATCHER, NOW, do, report
from sqlalchemy import select

from desk.access.accounts import Accounts
from desk.access.rules import Cost
from desk.access.walls import CODE_ALPHABET
from geo.errors import AccessError, LedgerError, LoginError, NoAccess, PasswordError
from incidents.access import EVERYWHERE, GIVEN, Role, Scope, Who
from incidents.lifecycle import Act, By, PostKind
from ledger import sessions, tables
from ledger.accounts import FOREVER, Steps
from ledger.sessions import KEY_FILE, session_key
from ledger.store import open_ledger
from ledger.tables import milliseconds
from ledger.verify import verify

KEY = b"k" * 32
GRID = Scope("longnan", ("micro", "0305"))
CAME = {"address": "10.0.0.7", "agent": "Firefox"}
BETTER = "Ahorn-am-Bach-58"
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def accounts(ledger):
    return Accounts(ledger, IDENTITY, KEY)


def made(accounts, name="li", role=Role.HEAD, scope=GRID, *, at=NOW, **options):
    options = {"password": PASSWORD, "must_change": False, **options}
    return accounts.add(name, role, scope, by=None, now=at, **options)


def came_in(accounts, name="li", password=PASSWORD, *, at=NOW):
    return accounts.log_in(name, password, now=at, **CAME)


def refused(accounts, name="li", password="wrong", *, at=NOW):
    """Return how a log-in is refused: kind and seconds to wait."""
    with pytest.raises(LoginError) as caught:
        accounts.log_in(name, password, now=at, **CAME)
    return caught.value.kind, caught.value.wait


def administrator(accounts, role):
    made(accounts, role.value, role, Scope(EVERYWHERE))
    return came_in(accounts, role.value).who


def acts(accounts):
    return [line.act for line in reversed(accounts.trail.read())]


def everything(ledger):
    """All that the ledger holds of accounts, as one text."""
    names = ("account", "past_password", "attempt", "session", "device", "audit", "history")
    with ledger.reading() as connection:
        return "\n".join(str(row) for name in names for row in connection.execute(select(tables.METADATA.tables[name])))


def test_who_comes_with_a_cookie_is_the_account_as_it_is_now(accounts):
    added = made(accounts)
    entered = came_in(accounts)
    assert accounts.sessions.who(entered.token, NOW) == Who(added.key, "li", Role.HEAD, GRID, entered.who.session)
    assert not entered.must_change
    community = Scope("longnan", ("community", "410102003"))
    accounts.grant(added.key, Role.COMMUNITY, community, by=None, now=NOW)
    moved = accounts.sessions.who(entered.token, NOW)
    assert (moved.role, moved.scope, moved.session) == (Role.COMMUNITY, community, entered.who.session)
    accounts.grant(added.key, None, None, by=None, now=NOW)
    assert accounts.sessions.who(entered.token, NOW) is None


def test_there_is_no_account_until_there_is_one(accounts):
    assert not accounts.any(NOW)
    made(accounts)
    assert accounts.any(NOW)


def test_a_name_is_the_same_in_any_case_and_width(accounts):
    made(accounts, "Li.Na")
    assert came_in(accounts, " ｌｉ．ＮＡ ").who.name == "li.na"
    with pytest.raises(AccessError, match="already") as caught:
        made(accounts, "LI.NA")
    assert caught.value.kind == "taken"


@pytest.mark.parametrize("name", ["", "a", "a b", "a\nb", "a" * 65, "<b>", "../etc", "a;b"])
def test_what_is_no_name_is_refused(accounts, name):
    with pytest.raises(AccessError) as caught:
        made(accounts, name)
    assert caught.value.kind == "name"


def test_a_made_password_holds_once_and_has_to_be_changed(accounts):
    added = made(accounts, password=None, must_change=True)
    assert len(added.once) == 19
    entered = came_in(accounts, password=added.once)
    assert entered.must_change
    assert accounts.sessions.must_change(entered.who, NOW)
    changed = accounts.change_password(entered.who, added.once, BETTER, NOW)
    assert not changed.must_change
    assert not accounts.sessions.must_change(changed.who, NOW)
    assert refused(accounts, password=added.once)[0] == "wrong"


def test_a_first_password_holds_72_hours(accounts):
    added = made(accounts, password=None, must_change=True)
    assert came_in(accounts, password=added.once, at=NOW + timedelta(hours=71)).must_change
    assert refused(accounts, password=added.once, at=NOW + timedelta(hours=72))[0] == "expired"


def test_a_password_of_90_days_has_to_be_changed(accounts):
    made(accounts)
    assert not came_in(accounts, at=NOW + timedelta(days=89)).must_change
    assert came_in(accounts, at=NOW + timedelta(days=90)).must_change


def test_a_password_that_the_policy_refuses_changes_nothing(accounts):
    made(accounts)
    entered = came_in(accounts)
    for new, fault in (("short", "short"), ("Li-2026!!", "name"), (PASSWORD, "past")):
        with pytest.raises(PasswordError) as caught:
            accounts.change_password(entered.who, PASSWORD, new, NOW)
        assert fault in caught.value.faults
    assert accounts.sessions.who(entered.token, NOW)
    with pytest.raises(PasswordError):
        made(accounts, "wang", password="Password1!")
    assert [one.name for one in accounts.every()] == ["li"]


def test_the_last_five_passwords_do_not_come_again(accounts):
    made(accounts)
    used, entered = [PASSWORD], came_in(accounts)
    for number in range(6):
        used.append(f"{BETTER}{number}")
        entered = accounts.change_password(entered.who, used[-2], used[-1], NOW)
    for old in used[1:6]:
        with pytest.raises(PasswordError) as caught:
            accounts.change_password(entered.who, used[-1], old, NOW)
        assert caught.value.faults == ("past",)
    accounts.change_password(entered.who, used[-1], used[0], NOW)  # the sixth before


def test_changing_the_password_ends_every_session_and_goes_on_with_a_new_one(accounts):
    made(accounts)
    one, other = came_in(accounts), came_in(accounts)
    changed = accounts.change_password(one.who, PASSWORD, BETTER, NOW)
    assert accounts.sessions.ended([one.who.session, other.who.session, changed.who.session], NOW) == {
        one.who.session,
        other.who.session,
    }
    assert accounts.sessions.who(one.token, NOW) is accounts.sessions.who(other.token, NOW) is None
    assert accounts.sessions.who(changed.token, NOW).session == changed.who.session


def test_a_wrong_old_password_counts_as_a_failed_log_in(accounts):
    made(accounts)
    entered = came_in(accounts)
    for _ in range(5):
        with pytest.raises(LoginError):
            accounts.change_password(entered.who, "wrong", BETTER, NOW)
    assert refused(accounts, password=PASSWORD) == ("locked", 60)


def test_an_unknown_name_and_a_wrong_password_look_alike(accounts):
    made(accounts)
    assert [refused(accounts, "li") for _ in range(7)] == [refused(accounts, "nobody") for _ in range(7)]


def test_an_unknown_name_costs_a_hash_as_a_known_one_does(ledger):
    accounts = Accounts(ledger, IDENTITY, KEY)
    made(accounts)
    verified = []
    real = accounts._passwords._hasher
    accounts._passwords._hasher = type(
        "Counting",
        (),
        {"verify": lambda self, hashed, password: verified.append(hashed) or real.verify(hashed, password)},
    )()
    refused(accounts, "li")
    refused(accounts, "nobody")
    refused(accounts, "x" * 5000, "y" * 100_000)
    assert len(verified) == 3
    assert len({hashed.rpartition("$")[0].rpartition("$")[0] for hashed in verified}) == 1  # the same parameters


def test_names_are_locked_twice_as_long_after_every_further_failure(accounts):
    made(accounts)
    at, waits = NOW, []
    for _ in range(5):
        assert refused(accounts, at=at) == ("wrong", 0)
    for _ in range(8):
        kind, wait = refused(accounts, password=PASSWORD, at=at)
        assert kind == "locked"
        waits.append(wait // 60)
        assert refused(accounts, at=at + wait * SECOND - SECOND)[0] == "locked"
        at += wait * SECOND
        assert refused(accounts, at=at) == ("wrong", 0)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_the_right_password_after_the_wait_lets_in_and_forgets_the_failures(accounts):
    made(accounts)
    for _ in range(5):
        refused(accounts)
    assert came_in(accounts, at=NOW + MINUTE)
    for _ in range(4):
        assert refused(accounts, at=NOW + MINUTE)[0] == "wrong"
    assert came_in(accounts, at=NOW + MINUTE)


def test_a_lock_out_survives_a_restart_and_a_clock_that_is_set_back(ledger, accounts):
    made(accounts)
    for _ in range(5):
        refused(accounts)
    again = Accounts(ledger, IDENTITY, KEY)
    assert refused(again, password=PASSWORD, at=NOW - timedelta(hours=1)) == ("locked", 3660)
    again.attempts.unlock(again.every()[0].key, by=None, now=NOW)
    assert came_in(again)


def test_a_hundred_failures_lock_until_somebody_unlocks(ledger):
    accounts = Accounts(ledger, replace(IDENTITY, steps=replace(IDENTITY.steps, most_failures=7)), KEY)
    added = made(accounts)
    at = NOW
    for _ in range(7):
        refused(accounts, at=at)
        at += timedelta(hours=1)
    assert refused(accounts, password=PASSWORD, at=at + timedelta(days=3650)) == ("locked", 0)
    assert accounts.attempts.locked(at) == {added.key: None}
    accounts.attempts.unlock(added.key, by=None, now=at)
    assert came_in(accounts, at=at)


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=60))
def test_however_attempts_are_spread_few_are_looked_at(gaps):
    """A guesser gets five tries, then one for every wait: in a day fewer than thirty, whatever the moments."""
    steps, failures, locked, at, looked = IDENTITY.steps, 0, 0, NOW, 0
    for gap in gaps:
        at += gap * SECOND
        if milliseconds(at) < locked:
            continue
        looked, failures = looked + 1, failures + 1
        locked = steps.lock(failures, at)
    hours = (at - NOW) / timedelta(hours=1)
    assert looked <= 5 + 7 + hours
    assert steps.lock(100, at) == FOREVER


@given(st.integers(1, 20), st.integers(1, 120), st.integers(1, 2000), st.integers(1, 400))
def test_a_wait_never_shrinks_and_never_exceeds_the_most(failures, first, most, upto):
    steps = Steps(failures, timedelta(minutes=first), timedelta(minutes=max(first, most)), 1000, timedelta(hours=24))
    waits = [steps.lock(count, NOW) for count in range(1, upto)]
    assert waits == sorted(waits)
    assert all(not wait for wait in waits[: failures - 1])
    assert all(wait <= milliseconds(NOW + steps.most) for wait in waits)


def test_guesses_at_one_time_share_no_count(ledger):
    accounts = Accounts(ledger, IDENTITY, KEY)
    made(accounts)
    kinds = []
    threads = [threading.Thread(target=lambda: kinds.append(refused(accounts)[0])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kinds) == ["locked"] * 15 + ["wrong"] * 5


def test_a_storm_waits_its_turn_and_is_told_so(ledger, monkeypatch):
    monkeypatch.setattr("desk.access.hashing.PATIENCE", 0.05)
    accounts = Accounts(ledger, replace(IDENTITY, cost=Cost(1, 8, 1, 1)), KEY)
    made(accounts)
    accounts._passwords._turns.acquire()
    assert refused(accounts, password=PASSWORD)[0] == "often"
    accounts._passwords._turns.release()
    assert came_in(accounts)


@pytest.mark.parametrize(
    "change",
    [
        lambda accounts, li: accounts.change_password(li, PASSWORD, BETTER, NOW),
        lambda accounts, _: made(accounts, "wang"),
        lambda accounts, _: made(accounts, "wang", password=None),
        lambda accounts, li: accounts.reset(li.account, by=None, now=NOW),
    ],
)
def test_a_new_password_waits_for_its_turn_to_be_hashed_too(ledger, monkeypatch, change):
    monkeypatch.setattr("desk.access.hashing.PATIENCE", 0.05)
    accounts = Accounts(ledger, replace(IDENTITY, cost=Cost(1, 8, 1, 1)), KEY)
    made(accounts)
    li = came_in(accounts).who
    monkeypatch.setattr(accounts.attempts, "prove", lambda *_, **__: accounts.named("li"))  # its turn was another
    with accounts._passwords.turn(), pytest.raises(LoginError) as caught:
        change(accounts, li)
    assert caught.value.kind == "often"
    assert [one.name for one in accounts.every()] == ["li"]
    assert came_in(Accounts(ledger, IDENTITY, KEY))  # nothing was changed
    change(accounts, li)


def test_a_hash_is_made_anew_when_its_cost_changes(ledger):
    made(Accounts(ledger, IDENTITY, KEY))
    dearer = Accounts(ledger, replace(IDENTITY, cost=Cost(2, 16, 1, 4)), KEY)
    assert "$m=8,t=1,p=1$" in everything(ledger)
    came_in(dearer)
    assert "$m=16,t=2,p=1$" in everything(ledger)
    assert "$m=8,t=1,p=1$" not in everything(ledger)
    assert came_in(dearer)


def test_no_secret_is_in_the_ledger(ledger, accounts):
    added = made(accounts, password=None, must_change=True)
    entered = came_in(accounts, password=added.once)
    again = accounts.change_password(entered.who, added.once, BETTER, NOW)
    once = accounts.reset(added.key, by=None, now=NOW)
    code = accounts.walls.offer("hall", Scope("longnan"), by=None, now=NOW)
    wall = accounts.walls.redeem(code, now=NOW, **CAME)
    refused(accounts, "Geheim-47-xyz", "Geheim-48-xyz")
    held = everything(ledger)
    for token in (entered.token, again.token, wall):
        assert token not in held
        assert token.partition(".")[0] not in held
    for secret in (added.once, BETTER, once, code, "Geheim-47-xyz", "geheim-47-xyz", "Geheim-48-xyz"):
        assert secret not in held
    assert "once" not in repr(added)
    assert entered.token not in repr(entered)


def test_a_token_has_256_random_bits_and_is_new_at_every_log_in(accounts):
    made(accounts)
    one = came_in(accounts)
    other = accounts.log_in("li", PASSWORD, now=NOW, before=one.token, **CAME)
    assert one.token != other.token
    assert len(one.token.partition(".")[0]) == 43  # 32 bytes
    assert accounts.sessions.who(one.token, NOW) is None
    assert accounts.sessions.who(other.token, NOW)
    assert [session.why for session in accounts.sessions.of(one.who.account) if session.ended] == ["again"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_a_forged_cookie_is_nobody(tmp_path_factory, data):
    accounts, token = _shared(tmp_path_factory)
    where = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.characters(codec="utf-8").filter(lambda sign: sign != token[where]))
    for forged in (token[:where] + sign + token[where + 1 :], token[:where], token + sign):
        assert accounts.sessions.who(forged, NOW) is None
    assert accounts.sessions.who(token, NOW)


SHARED = []


def _shared(factory):
    if not SHARED:
        accounts = Accounts(open_ledger(factory.mktemp("forged")), IDENTITY, KEY)
        made(accounts)
        SHARED.extend((accounts, came_in(accounts).token))
    return SHARED


def test_another_key_opens_nothing(ledger, accounts):
    made(accounts)
    token = came_in(accounts).token
    assert Accounts(ledger, IDENTITY, b"o" * 32).sessions.who(token, NOW) is None


def test_a_session_ends_after_an_hour_without_a_sign_of_life(accounts):
    made(accounts)
    token = came_in(accounts).token
    assert accounts.sessions.who(token, NOW + 59 * MINUTE)
    assert accounts.sessions.who(token, NOW + 118 * MINUTE)
    assert accounts.sessions.who(token, NOW + 178 * MINUTE) is None
    assert accounts.sessions.who(token, NOW + 179 * MINUTE) is None


def test_a_page_that_asks_by_itself_is_no_sign_of_life(accounts):
    made(accounts)
    entered = came_in(accounts)
    for minute in range(0, 60, 5):
        assert accounts.sessions.who(entered.token, NOW + minute * MINUTE, touch=False)
        assert accounts.sessions.whose(entered.who.session, NOW + minute * MINUTE)
    assert accounts.sessions.who(entered.token, NOW + 60 * MINUTE, touch=False) is None
    assert accounts.sessions.ended([entered.who.session], NOW + 60 * MINUTE) == {entered.who.session}


def test_a_session_ends_after_twelve_hours_whatever_happens(accounts):
    made(accounts)
    entered = came_in(accounts)
    assert entered.until == NOW + timedelta(hours=12)
    for minute in range(0, 12 * 60, 30):
        assert accounts.sessions.who(entered.token, NOW + minute * MINUTE)
    assert accounts.sessions.who(entered.token, entered.until) is None


def test_signs_of_life_are_written_at_most_every_30_seconds(ledger, accounts):
    made(accounts)
    entered, written = came_in(accounts), []
    real = ledger.change
    ledger.change = lambda work: written.append(1) or real(work)
    for second in range(95):
        accounts.sessions.who(entered.token, NOW + second * SECOND)
    assert len(written) == 3


def test_a_sign_of_life_that_comes_late_takes_none_back(ledger, accounts):
    """Of two processes the one that saw the earlier request may write last."""
    made(accounts)
    entered = came_in(accounts)
    for second in (90, 40):
        ledger.change(lambda work, at=NOW + second * SECOND: sessions.touch(work.connection, entered.who.session, at))
    assert accounts.sessions.of(entered.who.account)[0].seen == NOW + 90 * SECOND


def test_what_is_asked_again_within_a_second_is_not_looked_up(ledger, accounts):
    made(accounts)
    entered, asked = came_in(accounts), []
    real = ledger.reading
    accounts.sessions.who(entered.token, NOW)
    ledger.reading = lambda: asked.append(1) or real()
    for tenth in range(10):
        accounts.sessions.who(entered.token, NOW + tenth * SECOND / 10)
    assert asked == []
    accounts.sessions.who(entered.token, NOW + SECOND)
    assert asked == [1]


def test_logging_out_ends_one_session(accounts):
    made(accounts)
    one, other = came_in(accounts), came_in(accounts)
    accounts.sessions.log_out(one.token, NOW)
    accounts.sessions.log_out(one.token, NOW)
    accounts.sessions.log_out("nonsense", NOW)
    assert accounts.sessions.who(one.token, NOW) is None
    assert accounts.sessions.who(other.token, NOW)
    assert acts(accounts).count("log_out") == 1


def test_disabling_ends_the_sessions_and_lets_in_no_more(accounts):
    added = made(accounts)
    entered = came_in(accounts)
    accounts.disable(added.key, by=None, now=NOW)
    assert accounts.sessions.who(entered.token, NOW) is None
    assert accounts.sessions.ended([entered.who.session, "s-unknown"], NOW) == {entered.who.session, "s-unknown"}
    assert refused(accounts, password=PASSWORD) == ("wrong", 0)
    accounts.enable(added.key, by=None, now=NOW)
    assert accounts.sessions.who(entered.token, NOW) is None
    assert came_in(accounts)


def test_one_ends_ones_own_sessions_and_nobody_elses(accounts):
    made(accounts)
    made(accounts, "wang")
    mine, other, his = came_in(accounts), came_in(accounts), came_in(accounts, "wang")
    with pytest.raises(NoAccess):
        accounts.sessions.end(his.who.session, by=mine.who, now=NOW)
    with pytest.raises(NoAccess):
        accounts.sessions.end_all(his.who.account, by=mine.who, now=NOW)
    accounts.sessions.end(other.who.session, by=mine.who, now=NOW)
    assert [one.key for one in accounts.sessions.current(mine.who.account, NOW)] == [mine.who.session]
    third = came_in(accounts)
    assert accounts.sessions.end_all(mine.who.account, by=mine.who, now=NOW, but=mine.who.session) == 1
    assert accounts.sessions.who(third.token, NOW) is None
    assert accounts.sessions.who(mine.token, NOW)
    assert accounts.sessions.who(his.token, NOW)


# --- the clock


def test_a_clock_that_is_set_back_ends_every_session_and_the_next_log_in_holds(accounts, caplog):
    made(accounts)
    token = came_in(accounts).token
    back = NOW - timedelta(hours=3)
    assert accounts.sessions.who(token, back) is None
    assert "set back" in caplog.text
    again = came_in(accounts, at=back)
    assert accounts.sessions.who(again.token, back + 59 * MINUTE)
    assert acts(accounts).count("clock_back") == 1


def test_a_clock_that_is_set_right_by_seconds_ends_nothing(accounts):
    made(accounts)
    token = came_in(accounts).token
    assert accounts.sessions.who(token, NOW - 59 * SECOND)
    assert accounts.sessions.who(token, NOW)


def test_a_session_that_was_over_does_not_come_alive_when_the_clock_goes_back(ledger, accounts):
    made(accounts)
    made(accounts, "wang")
    forgotten = came_in(accounts)
    late = NOW + timedelta(hours=8)
    came_in(accounts, "wang", at=late)
    for running in (accounts, Accounts(ledger, IDENTITY, KEY)):  # the one that ran on, and one that starts then
        assert running.sessions.who(forgotten.token, NOW + 5 * MINUTE) is None


def test_another_process_does_not_end_what_began_after_the_clock_went_back(ledger, accounts):
    made(accounts)
    other = Accounts(ledger, IDENTITY, KEY)
    token = came_in(accounts).token
    assert other.sessions.who(token, NOW)
    back = NOW - timedelta(hours=3)
    assert accounts.sessions.who(token, back) is None
    again = came_in(accounts, at=back)
    assert other.sessions.who(again.token, back + SECOND)
    assert acts(accounts).count("clock_back") == 1


def test_a_wall_loses_the_time_that_the_clock_went_back(accounts):
    wall = accounts.walls.redeem(accounts.walls.offer("hall", GRID, by=None, now=NOW), now=NOW, **CAME)
    until = accounts.walls.every()[0].until
    code = accounts.walls.offer("stairs", GRID, by=None, now=NOW)
    assert accounts.sessions.who(wall, NOW - timedelta(hours=3))
    assert next(one.until for one in accounts.walls.every() if one.name == "hall") == until - timedelta(hours=3)
    with pytest.raises(LoginError):
        accounts.walls.redeem(code, now=NOW - timedelta(hours=3), **CAME)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-20_000, 20_000), min_size=1, max_size=12))
def test_whatever_the_clock_does_a_session_lives_no_longer_than_its_hours(tmp_path_factory, steps):
    """Time as it really passes only goes on; what the clock shows may jump. Each step is real seconds of at most 20 minutes, and a jump."""
    if len(CLOCKS) == 0:
        CLOCKS.append(Accounts(open_ledger(tmp_path_factory.mktemp("clock")), IDENTITY, KEY))
        made(CLOCKS[0])
    accounts = Accounts(CLOCKS[0].ledger, IDENTITY, KEY)
    shown = max(NOW, *(line.at for line in accounts.trail.read(limit=1)))
    token, real = came_in(accounts, at=shown).token, timedelta(0)
    for step in steps:
        passed = timedelta(seconds=abs(step) % 1200)
        real += passed
        shown += passed + timedelta(seconds=step if abs(step) % 3 == 0 else 0)
        if accounts.sessions.who(token, shown) is None:
            return
        assert real < IDENTITY.longest


CLOCKS = []


# --- walls


def test_a_wall_comes_in_with_a_code_once_and_until_it_is_revoked(accounts):
    code = accounts.walls.offer("hall", GRID, by=None, now=NOW)
    assert len(code) == 8
    assert set(code) <= set(CODE_ALPHABET)
    token = accounts.walls.redeem(f" {code[:4].lower()}-{code[4:]} ", now=NOW, **CAME)
    found = accounts.sessions.who(token, NOW + timedelta(days=300))
    assert (found.account, found.name, found.role, found.scope) == ("", "hall", Role.WALL, GRID)
    assert accounts.sessions.ended([found.session], NOW + timedelta(days=300)) == set()
    with pytest.raises(LoginError) as caught:
        accounts.walls.redeem(code, now=NOW, **CAME)
    assert caught.value.kind == "code"
    accounts.walls.revoke(found.session, by=None, now=NOW + timedelta(days=300))
    assert accounts.sessions.who(token, NOW + timedelta(days=300)) is None
    assert accounts.sessions.ended([found.session], NOW + timedelta(days=300)) == {found.session}


def test_a_code_holds_ten_minutes(accounts):
    code = accounts.walls.offer("hall", GRID, by=None, now=NOW)
    with pytest.raises(LoginError):
        accounts.walls.redeem(code, now=NOW + 10 * MINUTE, **CAME)
    accounts.walls.revoke(accounts.walls.every()[0].key, by=None, now=NOW)
    with pytest.raises(LoginError):
        accounts.walls.redeem(code, now=NOW, **CAME)


def test_codes_cannot_be_tried_out(accounts):
    code = accounts.walls.offer("hall", GRID, by=None, now=NOW)
    kinds = []
    for _ in range(7):
        with pytest.raises(LoginError) as caught:
            accounts.walls.redeem("AAAAAAAA", now=NOW, **CAME)
        kinds.append(caught.value.kind)
    assert kinds == ["code"] * 5 + ["locked"] * 2
    with pytest.raises(LoginError):
        accounts.walls.redeem(code, now=NOW, **CAME)
    assert accounts.walls.redeem(code, now=NOW, address="10.0.0.8", agent="")


def test_two_walls_do_not_share_a_code(accounts):
    code = accounts.walls.offer("hall", GRID, by=None, now=NOW)
    done = []

    def redeem(address):
        try:
            done.append(accounts.walls.redeem(code, now=NOW, address=address, agent=""))
        except LoginError:
            done.append(None)

    threads = [threading.Thread(target=redeem, args=(f"10.0.0.{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([token for token in done if token]) == 1


# --- three administrators


WORK = {
    "add": (Role.SYSTEM, lambda accounts, who, key: accounts.add("new", None, None, PASSWORD, by=who, now=NOW)),
    "reset": (Role.SYSTEM, lambda accounts, who, key: accounts.reset(key, by=who, now=NOW)),
    "disable": (Role.SYSTEM, lambda accounts, who, key: accounts.disable(key, by=who, now=NOW)),
    "enable": (Role.SYSTEM, lambda accounts, who, key: accounts.enable(key, by=who, now=NOW)),
    "grant": (Role.SECURITY, lambda accounts, who, key: accounts.grant(key, Role.WORKER, GRID, by=who, now=NOW)),
    "unlock": (Role.SECURITY, lambda accounts, who, key: accounts.attempts.unlock(key, by=who, now=NOW)),
    "end_all": (Role.SECURITY, lambda accounts, who, key: accounts.sessions.end_all(key, by=who, now=NOW)),
    "device_code": (Role.SECURITY, lambda accounts, who, key: accounts.walls.offer("hall", GRID, by=who, now=NOW)),
    "revoke": (Role.SECURITY, lambda accounts, who, key: accounts.walls.revoke("d0", by=who, now=NOW)),
}


@pytest.mark.parametrize("name", WORK)
def test_only_one_administrator_may(tmp_path, name):
    accounts = Accounts(open_ledger(tmp_path), IDENTITY, KEY)
    key = made(accounts).key
    entitled, work = WORK[name]
    for role in set(GIVEN) - {Role.WALL, entitled}:
        with pytest.raises(NoAccess):
            work(accounts, Who("a0", "x", role, Scope(EVERYWHERE)), key)
    before = len(accounts.trail.read())
    work(accounts, administrator(accounts, entitled), key)
    assert len(accounts.trail.read()) >= before + 2
    accounts.ledger.close()


def test_a_system_administrator_gives_no_role_and_so_no_way_in(accounts):
    system, security = administrator(accounts, Role.SYSTEM), administrator(accounts, Role.SECURITY)
    with pytest.raises(NoAccess):
        accounts.add("new", Role.DISPATCHER, Scope("longnan"), PASSWORD, by=system, now=NOW)
    added = accounts.add("new", None, None, PASSWORD, by=system, now=NOW)
    assert refused(accounts, "new", PASSWORD) == ("role", 0)
    accounts.grant(added.key, Role.WORKER, GRID, by=security, now=NOW)
    assert came_in(accounts, "new").who.role is Role.WORKER


def test_no_administrator_becomes_another(accounts):
    system, security = administrator(accounts, Role.SYSTEM), administrator(accounts, Role.SECURITY)
    audit = administrator(accounts, Role.AUDIT)
    for other in (security, audit):
        with pytest.raises(NoAccess):
            accounts.reset(other.account, by=system, now=NOW)
        with pytest.raises(NoAccess):
            accounts.disable(other.account, by=system, now=NOW)
    with pytest.raises(NoAccess):
        accounts.grant(security.account, Role.SYSTEM, Scope(EVERYWHERE), by=security, now=NOW)
    with pytest.raises(NoAccess):
        accounts.disable(system.account, by=system, now=NOW)
    assert [one.role for one in accounts.every()] == [Role.AUDIT, Role.SECURITY, Role.SYSTEM]


def test_a_wall_and_a_visitor_have_no_account(accounts):
    for role in (Role.WALL, Role.DEMO):
        with pytest.raises(AccessError):
            made(accounts, "x1", role)


def test_the_first_account_is_made_once(ledger, accounts):
    done = []

    def begin(number):
        try:
            done.append(made(accounts, f"first{number}", first=True))
        except AccessError as error:
            done.append(error.kind)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(str(one) for one in done).count("first") == 5
    assert len(accounts.every()) == 1


# --- by a provider


def test_a_provider_makes_an_account_and_later_moves_it(accounts):
    subject = ("https://id.example", "u-1")
    entered = accounts.log_in_as(subject, "li", Role.WORKER, GRID, now=NOW, **CAME)
    other = Scope("longnan", ("grid", "41010200301"))
    again = accounts.log_in_as(subject, "li.renamed", Role.HEAD, other, now=NOW, **CAME)
    assert again.who.account == entered.who.account
    assert (again.who.role, again.who.scope) == (Role.HEAD, other)
    assert accounts.sessions.who(entered.token, NOW).role is Role.HEAD
    assert accounts.log_in_as(subject, "li", None, None, now=NOW, **CAME).who.role is Role.HEAD
    assert refused(accounts, "li", "") == ("wrong", 0)
    with pytest.raises(AccessError):
        accounts.reset(entered.who.account, by=None, now=NOW)


def test_a_provider_takes_over_no_account_of_ours(accounts):
    made(accounts, "boss", Role.SECURITY, Scope(EVERYWHERE))
    with pytest.raises(LoginError) as caught:
        accounts.log_in_as(("https://id.example", "u-2"), "BOSS", Role.SECURITY, Scope(EVERYWHERE), now=NOW, **CAME)
    assert caught.value.kind == "provider"


def test_who_is_disabled_here_does_not_come_in_by_a_provider(accounts):
    subject = ("https://id.example", "u-1")
    entered = accounts.log_in_as(subject, "li", Role.WORKER, GRID, now=NOW, **CAME)
    accounts.disable(entered.who.account, by=None, now=NOW)
    with pytest.raises(LoginError):
        accounts.log_in_as(subject, "li", Role.WORKER, GRID, now=NOW, **CAME)


def test_who_was_given_no_role_does_not_come_in_by_a_provider(accounts):
    with pytest.raises(LoginError) as caught:
        accounts.log_in_as(("https://id.example", "u-3"), "li", None, None, now=NOW, **CAME)
    assert caught.value.kind == "role"


# --- the key, two processes, the history


def test_the_key_is_made_at_first_start_for_its_owner_alone(tmp_path):
    key = session_key(tmp_path)
    assert len(key) == 32
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert session_key(tmp_path) == key


def test_a_key_that_others_may_read_is_refused(tmp_path):
    session_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(LedgerError, match=r"0640.*Delete it"):
        session_key(tmp_path)


@pytest.mark.parametrize("text", ["", "00", "no key", "ä"])
def test_a_damaged_key_is_named(tmp_path, text):
    session_key(tmp_path)
    (tmp_path / KEY_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(LedgerError, match=r"session\.key cannot be used.*delete it"):
        session_key(tmp_path)


def test_without_its_key_everybody_logs_in_anew(tmp_path):
    ledger = open_ledger(tmp_path)
    accounts = Accounts(ledger, IDENTITY, session_key(tmp_path))
    made(accounts)
    token = came_in(accounts).token
    (tmp_path / KEY_FILE).unlink()
    again = Accounts(ledger, IDENTITY, session_key(tmp_path))
    assert again.sessions.who(token, NOW) is None
    assert came_in(again)
    ledger.close()


WATCH = """
import sys, time
sys.path.insert(0, "tests")
from datetime import UTC, datetime
from pathlib import Path
from accounts import accounts_in
accounts, tokens = accounts_in(sys.argv[1], sys.argv[2]), sys.argv[3:]
print(all(accounts.sessions.who(token, datetime.now(UTC)) for token in tokens), accounts.any(datetime.now(UTC)), flush=True)
for token in tokens:
    while accounts.sessions.who(token, datetime.now(UTC)):
        time.sleep(0.02)
    print(time.time(), flush=True)
"""


def test_what_one_process_ends_is_over_in_the_other_within_a_second(tmp_path, database):
    folder, now = tmp_path / "shared", datetime.now(UTC)
    ledger = open_ledger(folder, database)
    accounts = Accounts(ledger, IDENTITY, session_key(folder))
    names = ("disabled", "ended", "changed", "gone")
    added = {name: made(accounts, name, at=now) for name in names}
    entered = {name: came_in(accounts, name, at=now) for name in names}
    ways = {
        "disabled": lambda: accounts.disable(added["disabled"].key, by=None, now=now),
        "ended": lambda: accounts.sessions.end(entered["ended"].who.session, by=None, now=now),
        "changed": lambda: accounts.change_password(entered["changed"].who, PASSWORD, BETTER, now),
        "gone": lambda: accounts.sessions.log_out(entered["gone"].token, now),
    }
    command = [sys.executable, "-c", WATCH, str(folder), database, *(one.token for one in entered.values())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent) as other:
        assert other.stdout.readline().split() == ["True", "True"]
        for name in names:
            ways[name]()
            ended = time.time()
            assert float(other.stdout.readline()) - ended < 1.5, name  # a second, and what the machine takes
    ledger.close()


def test_the_history_names_the_account_and_never_its_name(ledger, accounts):
    added = made(accounts, "li.na")
    case = report(ledger, by=By(DISPATCHER.post, PostKind.DISPATCHER, added.key))
    do(ledger, case.number, Act.FILE, By(DISPATCHER.post, PostKind.DISPATCHER, added.key), account="forged")
    do(ledger, case.number, Act.NOTE, text="x")
    with ledger.reading() as connection:
        kept = [row.data for row in connection.execute(select(tables.history).order_by(tables.history.c.version))]
    assert [f'"account":"{added.key}"' in data for data in kept] == [True, True, False]
    assert "li.na" not in "".join(kept)
    assert "forged" not in "".join(kept)


STRANGE = ["a\0b", "\ud800", "é" * 400, "'; DROP TABLE account; --", "%", "😀\u202e"]


@pytest.mark.parametrize("strange", STRANGE)
def test_what_no_database_takes_is_a_wrong_password_and_no_error(accounts, strange):
    made(accounts)
    for name, password in ((strange, PASSWORD), ("li", strange)):
        with pytest.raises(LoginError) as caught:
            accounts.log_in(name, password, address=strange, agent=strange, now=NOW)
        assert caught.value.kind == "wrong"
    entered = accounts.log_in("li", PASSWORD, address=strange, agent=strange, before=strange, now=NOW)
    assert accounts.sessions.who(entered.token, NOW)
    assert accounts.sessions.who(strange, NOW) is None
    with pytest.raises(LoginError):
        accounts.walls.redeem(strange, address=strange, agent=strange, now=NOW)
    accounts.trail.write(
        "search", entered.who, area=strange, what=strange, address=strange, data={"text": strange}, now=NOW
    )
    assert accounts.trail.read()[0].act == "search"
    assert verify(accounts.ledger, now=NOW).breaks == ()
