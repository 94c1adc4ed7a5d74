"""The audit trail: append-only, chained, proved by verify, kept for six months at least; and what a restore makes of accounts."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from accounts import IDENTITY, PASSWORD
from ledgers import NOW, drive
from sqlalchemy import delete, exc, insert, text, update

from desk.access.accounts import Accounts
from geo.errors import LedgerBroken
from incidents.access import EVERYWHERE, Role, Scope, Who
from ledger import audit, tables
from ledger.backup import backup, restore
from ledger.migrations import triggers
from ledger.store import open_ledger
from ledger.tables import milliseconds
from ledger.verify import verify
from locales import translator
from reports.trail import act_name

KEY = b"k" * 32
CAME = {"address": "10.0.0.7", "agent": "Firefox"}
LI = Who("a1", "li", Role.HEAD, Scope("longnan", ("micro", "0305")), "s1")


@pytest.fixture
def accounts(ledger):
    return Accounts(ledger, IDENTITY, KEY)


def wrote(accounts, count=5, *, at=NOW):
    for number in range(count):
        accounts.trail.write("export", LI, area="longnan", what=f"file {number}", data={"rows": number}, now=at)


def tamper(ledger, *statements):
    """Change the trail as one who knows the database, but not our key; the triggers are put back."""
    with ledger.engine.begin() as connection:
        triggers.drop(connection)
        for statement in statements:
            connection.execute(statement)
        triggers.create(connection)


def forgot(ledger, now):
    """Delete what the rules keep no longer, as the day's erasure does; return how many lines."""
    return ledger.change(lambda writing: audit.forget(writing.connection, ledger.key, before=now - IDENTITY.keep))


def said(ledger):
    return [found.what for found in verify(ledger, now=NOW).breaks]


def test_a_line_says_who_did_what_to_what(accounts):
    accounts.trail.write(
        "unmask", LI, area="longnan", what="LN-1", address="10.0.0.7", data={"reason": "回访"}, now=NOW
    )
    line = accounts.trail.read()[0]
    assert (line.number, line.at, line.act, line.account, line.name, line.role) == (
        1,
        NOW,
        "unmask",
        "a1",
        "li",
        "head",
    )
    assert (line.area, line.what, line.address, line.data) == ("longnan", "LN-1", "10.0.0.7", {"reason": "回访"})


@pytest.mark.parametrize("name", sorted(audit.SECRET))
def test_a_secret_is_not_taken(accounts, name):
    with pytest.raises(ValueError, match=name):
        accounts.trail.write("log_in", LI, data={name: "x"}, now=NOW)
    assert accounts.trail.read() == []


def test_the_trail_is_read_by_filters_and_pages(accounts):
    wrote(accounts, 7)
    accounts.trail.write("print", None, area="dc", what="100%_x", now=NOW + timedelta(hours=1))
    assert [line.number for line in accounts.trail.read(limit=3)] == [8, 7, 6]
    assert [line.number for line in accounts.trail.read(limit=3, before=6)] == [5, 4, 3]
    assert [line.number for line in accounts.trail.read(act="print")] == [8]
    assert [line.number for line in accounts.trail.read(area="dc")] == [8]
    assert [line.number for line in accounts.trail.read(text="%_")] == [8]
    assert len(accounts.trail.read(name="li")) == 7
    assert len(accounts.trail.read(until=NOW + timedelta(minutes=1))) == 7
    assert len(accounts.trail.read(since=NOW + timedelta(minutes=1))) == 1


def test_a_trail_that_nobody_touched_holds(ledger, accounts):
    assert said(ledger) == []
    wrote(accounts)
    assert said(ledger) == []


def test_the_database_refuses_to_change_or_delete_a_line(ledger, accounts):
    wrote(accounts, at=datetime.now(UTC))
    statements = ["UPDATE audit SET name = 'x'", "DELETE FROM audit WHERE number = 1", "DELETE FROM audit"]
    if ledger.engine.dialect.name == "postgresql":
        statements.append("TRUNCATE audit")
    for statement in statements:
        with pytest.raises(exc.DBAPIError, match="append-only"), ledger.engine.begin() as connection:
            connection.execute(text(statement))
    assert len(accounts.trail.read()) == 5


LINE = tables.audit


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (update(LINE).where(LINE.c.number == 3).values(name="wang"), "line 3 .* was changed"),
        (update(LINE).where(LINE.c.number == 3).values(at=LINE.c.at + 1), "line 3 .* was changed"),
        (update(LINE).where(LINE.c.number == 3).values(hash="0" * 64), "line 4 .* does not follow"),
        (delete(LINE).where(LINE.c.number == 3), "lines 3 to 3 .* are missing"),
        (delete(LINE).where(LINE.c.number == 1), "lines 1 to 1 .* are missing"),
        (delete(LINE).where(LINE.c.number == 5), "ends at line 4, its head says 5"),
        (delete(LINE), "ends at line 0, its head says 5"),
        (update(tables.audit_head).values(number=4), "not signed"),
        (update(tables.audit_head).values(first=2), "not signed"),
    ],
)
def test_what_was_changed_behind_our_back_is_found(ledger, accounts, change, found):
    wrote(accounts)
    tamper(ledger, change)
    assert any(re.search(found, line) for line in said(ledger)), said(ledger)


def test_a_trail_that_was_emptied_with_its_head_is_found_while_there_are_accounts(ledger, accounts):
    accounts.add("li", Role.HEAD, Scope("longnan"), PASSWORD, by=None, now=NOW)
    empty = {"first": 1, "number": 0, "hash": "0" * 64, "at": 0, "signature": ""}
    tamper(ledger, delete(LINE), update(tables.audit_head).values(**empty))
    assert "there are accounts and no audit trail: it was emptied" in said(ledger)


def test_a_line_that_was_put_in_is_found(ledger, accounts):
    wrote(accounts)
    with ledger.reading() as connection:
        stored = audit.ends(connection)
    row = {"number": 6, "at": stored.at, "act": "export", "account": "a1", "name": "li", "role": "head", "area": ""}
    row |= {"what": "", "address": "", "data": "{}", "previous": stored.hash}
    tamper(ledger, insert(LINE).values(**row, hash=audit.hash_of(row)))
    assert any("ends at line 6, its head says 5" in line for line in said(ledger))


@pytest.mark.parametrize("name", ["audit_no_delete", "audit_no_change"])
def test_a_trigger_that_was_taken_away_is_found(ledger, name):
    is_postgresql = ledger.engine.dialect.name == "postgresql"
    if is_postgresql is (name == "audit_no_delete"):
        name = "audit_no_truncate" if is_postgresql else "audit_no_update"
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {name}{' ON audit' if is_postgresql else ''}")
    assert any(name in line for line in said(ledger))


def test_what_is_older_than_a_year_goes_and_the_rest_still_holds(ledger, accounts):
    now = datetime.now(UTC)
    wrote(accounts, 3, at=now - timedelta(days=400))
    wrote(accounts, 4, at=now - timedelta(days=300))
    assert forgot(ledger, now) == 3
    assert [line.number for line in accounts.trail.read()] == [7, 6, 5, 4]
    assert said(ledger) == []
    assert forgot(ledger, now) == 0
    wrote(accounts, 1, at=now)
    assert said(ledger) == []
    tamper(ledger, delete(LINE).where(LINE.c.number == 4))
    assert any("lines 4 to 4 of the audit trail are missing" in line for line in said(ledger))


def test_a_trail_of_which_all_is_old_goes_on_where_it_ended(ledger, accounts):
    now = datetime.now(UTC)
    wrote(accounts, 3, at=now - timedelta(days=400))
    assert forgot(ledger, now) == 3
    assert accounts.trail.read() == []
    assert said(ledger) == []
    wrote(accounts, 1, at=now)
    assert [line.number for line in accounts.trail.read()] == [4]
    assert said(ledger) == []


def test_nothing_younger_than_six_months_can_be_forgotten(ledger, accounts):
    now = datetime.now(UTC)
    wrote(accounts, 3, at=now - timedelta(days=triggers.KEPT_DAYS - 1))
    with pytest.raises(Exception, match="append-only"):
        ledger.change(lambda writing: audit.forget(writing.connection, ledger.key, before=now))
    assert len(accounts.trail.read()) == 3
    assert said(ledger) == []


def test_a_change_that_fails_leaves_no_line(ledger, accounts):
    def work(writing):
        audit.append(writing.connection, ledger.key, "export", LI, now=NOW)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        ledger.change(work)
    assert accounts.trail.read() == []
    assert said(ledger) == []


def came_in(accounts):
    return accounts.log_in("li", PASSWORD, now=NOW, **CAME).token


def test_after_a_restore_nobody_is_logged_in_and_the_accounts_are_there(ledger, tmp_path):
    """Not by the cookie of before, not by a wall's, nor by one that was revoked after the backup."""
    accounts = Accounts(ledger, IDENTITY, KEY)
    drive(ledger)
    accounts.add("li", Role.SECURITY, Scope(EVERYWHERE), PASSWORD, by=None, now=NOW, must_change=False)
    tokens = [came_in(accounts)]
    tokens.append(
        accounts.walls.redeem(accounts.walls.offer("hall", Scope("longnan"), by=None, now=NOW), now=NOW, **CAME)
    )
    backup(ledger, tmp_path / "kept.zip", now=NOW)
    tokens.append(came_in(accounts))
    sessions = [accounts.sessions.who(token, NOW).session for token in tokens]
    restore(ledger, tmp_path / "kept.zip", now=NOW, force=True)
    again = Accounts(ledger, IDENTITY, KEY)
    assert [again.sessions.who(token, NOW) for token in tokens] == [None, None, None]
    assert again.sessions.ended(sessions, NOW) == set(sessions)
    assert again.walls.every() == []
    assert [one.name for one in again.every()] == ["li"]
    assert again.trail.read()[0].act == "restored"
    assert act_name("restored", translator("zh")) == "恢复了备份"
    assert came_in(again)
    assert said(ledger) == []


def test_no_token_is_in_a_backup(ledger, tmp_path):
    import zipfile

    accounts = Accounts(ledger, IDENTITY, KEY)
    accounts.add("li", Role.HEAD, Scope("longnan"), PASSWORD, by=None, now=NOW, must_change=False)
    came_in(accounts)
    backup(ledger, tmp_path / "kept.zip", now=NOW)
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        assert not {"tables/session.ndjson", "tables/device.ndjson"} & set(archive.namelist())
        assert "tables/account.ndjson" in archive.namelist()


def test_a_backup_whose_trail_was_changed_is_refused(ledger, tmp_path):
    accounts = Accounts(ledger, IDENTITY, KEY)
    drive(ledger)
    wrote(accounts)
    tamper(ledger, update(LINE).where(LINE.c.number == 2).values(what="nothing"))
    with pytest.raises(LedgerBroken, match="line 2 of the audit trail was changed"):
        backup(ledger, tmp_path / "kept.zip", now=NOW)


def test_a_restore_into_another_ledger_signs_the_trail_with_its_key(ledger, tmp_path):
    wrote(Accounts(ledger, IDENTITY, KEY))
    backup(ledger, tmp_path / "kept.zip", now=NOW)
    other = open_ledger(tmp_path / "other")
    restore(other, tmp_path / "kept.zip", now=NOW)
    assert verify(other, now=NOW).breaks == ()
    assert [line.act for line in Accounts(other, IDENTITY, KEY).trail.read()] == ["restored", *["export"] * 5]
    other.close()


def test_the_time_of_a_line_is_kept_to_the_millisecond(ledger, accounts):
    wrote(accounts, 1, at=NOW + timedelta(microseconds=1_999))
    assert milliseconds(accounts.trail.read()[0].at) == milliseconds(NOW) + 1
    assert json.loads(json.dumps(dict(accounts.trail.read()[0].data))) == {"rows": 0}
