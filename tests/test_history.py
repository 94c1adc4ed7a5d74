"""The history: nobody changes it unnoticed, and everything else can be proved from it."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import AREA, DEPARTMENT, DISPATCHER, NOW, do, drive, report
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from geo.errors import LedgerBroken, LedgerError
from incidents.lifecycle import Act
from ledger import files, heads, tables
from ledger.history import KEY_FILE, NOTHING, Head, breaks, chained, key_of, sign
from ledger.migrations import triggers
from ledger.rows import dumps
from ledger.verify import require, verify
from ledger.writing import Attached

history, incident, wording = tables.history, tables.incident, tables.wording
OFF = {
    "sqlite": ("DROP TRIGGER history_no_update", "DROP TRIGGER history_no_delete"),
    "postgresql": ("ALTER TABLE history DISABLE TRIGGER USER",),
}
ON = {"postgresql": "ALTER TABLE history ENABLE TRIGGER USER"}


def tamper(ledger, *statements):
    """Change the ledger as one who knows the database, but not our key; the triggers are put back, so that they betray nothing."""
    with ledger.engine.begin() as connection:
        dialect = connection.dialect.name
        if dialect == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for switch in OFF[dialect]:
            connection.exec_driver_sql(switch)
        for statement in statements:
            connection.execute(statement)
        if dialect in ON:
            connection.exec_driver_sql(ON[dialect])
        else:
            triggers.create(connection)


def look(ledger, *known):
    return verify(ledger, now=NOW, known=known)


def said(ledger, *known):
    return [str(found) for found in look(ledger, *known).breaks]


@pytest.fixture
def driven(ledger):
    """Two incidents, one driven to its end: versions 1 to 7, the other reported: 8."""
    drive(ledger)
    photo = files.put(ledger.folder, b"a photo")
    report(ledger, at=NOW + timedelta(days=1), photos=[Attached(photo, photo, 4, 3)])
    return ledger


def test_an_untouched_ledger_holds(driven):
    seen = []
    found = verify(driven, now=NOW, progress=lambda done, total: seen.append((done, total)))
    assert (found.entries, found.incidents, found.photos, found.breaks) == (8, 2, 1, ())
    assert found.head == driven.head()
    assert seen[-1] == (17, 17)
    require(found)


def test_an_empty_ledger_holds(ledger):
    found = look(ledger)
    assert (found.entries, found.incidents) == (0, 0)
    assert [str(one) for one in found.breaks] == []


def test_the_history_refuses_updates_deletes_and_emptying(driven):
    statements = [update(history).values(act="x"), delete(history)]
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), driven.engine.begin() as connection:
            connection.execute(statement)
    if driven.engine.dialect.name == "postgresql":
        with pytest.raises(DBAPIError, match="append-only"), driven.engine.begin() as connection:
            connection.exec_driver_sql("TRUNCATE history")
    assert not said(driven)


@pytest.mark.parametrize("column", ["area", "subject", "key", "act", "post", "data", "before", "after"])
def test_a_changed_entry_is_named(driven, column):
    tamper(driven, update(history).where(history.c.version == 3).values({column: "forged"}))
    found = said(driven)
    assert any(line.startswith("version 3:") and line.endswith("was changed") for line in found), found


def test_a_changed_time_is_named(driven):
    tamper(driven, update(history).where(history.c.version == 3).values(at=history.c.at + 1))
    assert "version 3: dispatch of LN-20261122-0001 in longnan was changed" in said(driven)


def test_an_entry_that_was_changed_with_its_hash_breaks_the_next(driven):
    with driven.reading() as connection:
        row = dict(connection.execute(select(history).where(history.c.version == 3)).mappings().one())
    forged, _ = chained({**row, "post": "dispatcher::forged"}, Head(2, row["previous"]))
    tamper(driven, update(history).where(history.c.version == 3).values(post=forged["post"], hash=forged["hash"]))
    assert any(line.startswith("version 4: does not follow") for line in said(driven))


def test_a_removed_entry_is_named(driven):
    tamper(driven, delete(history).where(history.c.version == 3))
    assert "version 3: entries 3 are missing" in said(driven)
    tamper(driven, delete(history).where(history.c.version == 4))
    assert "version 3: entries 3 to 4 are missing" in said(driven)


def test_an_entry_that_was_put_in_is_named(driven):
    with driven.reading() as connection:
        row = dict(connection.execute(select(history).where(history.c.version == 8)).mappings().one())
    forged, _ = chained({**row, "act": "note"}, driven.head())
    tamper(driven, insert(history).values(**forged))
    assert any("the head was put back" in line for line in said(driven))


def test_a_cut_tail_is_named_though_nothing_else_betrays_it(driven):
    tamper(driven, delete(history).where(history.c.version == 8))
    assert any(line.startswith("version 8: the history ends at version 7") for line in said(driven))


def rewritten(ledger, folder_key):
    """Rewrite all of the history with another act in it, as one who has the key."""
    with ledger.reading() as connection:
        rows = [dict(row) for row in connection.execute(select(history).order_by(history.c.version)).mappings()]
    head, statements = Head(0, NOTHING), [delete(history)]
    for row in rows:
        data = dumps({**json.loads(row["data"]), "forged": "yes"})
        made, head = chained({**row, "data": data}, head)
        statements.append(insert(history).values(**made))
    head = sign(head, folder_key)
    return [*statements, update(tables.head).values(**vars(head))]


def test_a_history_that_was_rewritten_without_the_key_is_found(driven):
    tamper(driven, *rewritten(driven, b"another key"))
    assert said(driven) == ["version 8: the head is not signed by this ledger's key"]


def test_a_history_that_was_rewritten_with_the_key_differs_from_a_head_written_elsewhere(driven):
    head = driven.head()
    tamper(driven, *rewritten(driven, driven.key))
    assert said(driven) == []  # beside the database lay the key: nothing here can tell
    assert any("written elsewhere" in line for line in said(driven, head))


def test_a_tail_that_was_cut_with_the_key_is_missed_by_the_head_in_the_log(driven):
    heads.note(driven.folder, driven.head(), "backup", now=NOW)
    with driven.reading() as connection:
        kept = connection.execute(select(history.c.hash).where(history.c.version == 7)).scalar()
    head = sign(Head(7, kept), driven.key)
    tamper(
        driven,
        delete(tables.attachment),
        delete(tables.incident_grid).where(tables.incident_grid.c.incident == 8),
        delete(tables.incident_post).where(tables.incident_post.c.incident == 8),
        delete(incident).where(incident.c.id == 8),
        delete(wording).where(wording.c.key.startswith("8.")),
        delete(tables.serial).where(tables.serial.c.day == "20261123"),
        delete(history).where(history.c.version == 8),
        update(tables.head).values(**vars(head)),
    )
    assert said(driven) == [
        "version 8: a head written elsewhere says version 8, the history has none: its tail was cut off"
    ]


def test_a_lost_key_cannot_be_replaced_unnoticed(driven):
    (driven.folder / KEY_FILE).unlink()
    other = key_of(driven.folder)
    assert other != driven.key
    with driven.reading() as connection:
        rows = [dict(row) for row in connection.execute(select(history).order_by(history.c.version)).mappings()]
    assert [str(one) for one in breaks(rows, driven.head(), other)] == [
        "version 8: the head is not signed by this ledger's key"
    ]


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"status": "closed"}, "another status"),
        ({"mark": "green"}, "another mark"),
        ({"due": 1}, "another due"),
        ({"class": "env.other"}, "another class"),
        ({"post": "head:micro:0001"}, "another post"),
        ({"lon": 1.5}, "another lon"),
        ({"codes": '{"micro":"0001"}'}, "another codes"),
        ({"state": '{"status":"closed"}'}, "another state"),
        ({"title": "forged"}, "another title"),
        ({"version": 9}, "says version 9"),
        ({"number": "LN-9"}, "without any history"),
    ],
)
def test_an_incident_that_was_changed_beside_its_history_is_named(driven, values, what):
    tamper(driven, update(incident).where(incident.c.id == 8).values(values))
    found = said(driven)
    assert any(what in line for line in found), found


def test_an_incident_that_was_removed_is_named(driven):
    tamper(
        driven,
        delete(tables.incident_grid).where(tables.incident_grid.c.incident == 1),
        delete(tables.incident_post).where(tables.incident_post.c.incident == 1),
        delete(incident).where(incident.c.id == 1),
    )
    assert said(driven) == [
        "version 7: LN-20261122-0001 in longnan has a history and is not in the ledger: it was removed"
    ]


def test_grids_that_do_not_fit_the_codes_are_named(driven):
    tamper(driven, update(tables.incident_grid).where(tables.incident_grid.c.key == "micro").values(code="0001"))
    assert len([line for line in said(driven) if "other grids" in line]) == 2


@pytest.mark.parametrize("what", ["another post", "another time", "taken away", "put in"])
def test_posts_that_do_not_work_on_the_case_are_named(driven, what):
    posts = tables.incident_post
    tampered = {
        "another post": update(posts).where(posts.c.post.startswith("worker")).values(post="worker:micro:0001"),
        "another time": update(posts).where(posts.c.incident == 1).values(reported=1),
        "taken away": delete(posts).where(posts.c.post == "department::城管执法中队"),
        "put in": insert(posts).values(incident=1, post="head:micro:0001", area=AREA, reported=1),
    }
    tamper(driven, tampered[what])
    found = said(driven)
    assert found
    assert all("is shown to other posts than its history says" in line for line in found)


def test_words_that_were_changed_removed_or_put_in_are_named(driven):
    tamper(driven, update(wording).where(wording.c.key == "5.text").values(text="nothing was done"))
    assert said(driven) == ["version 5: the words 5.text of LN-20261122-0001 in longnan were changed"]
    tamper(driven, delete(wording).where(wording.c.key == "5.text"))
    assert said(driven) == [
        "version 5: the words 5.text of LN-20261122-0001 in longnan were removed; erasing leaves their row"
    ]
    row = {"key": "9.text", "area": AREA, "number": "LN-20261122-0001", "salt": "s", "text": "put in"}
    tamper(driven, insert(wording).values(row))
    assert any("9.text" in line and "put in" in line for line in said(driven))


def test_words_that_were_erased_break_nothing(driven):
    tamper(
        driven,
        update(wording).where(wording.c.key.in_(["1.words", "5.text"])).values(text=None),
        update(incident).where(incident.c.id == 1).values(title="", text="", address=""),
    )
    assert not said(driven)


def test_erased_words_are_not_replaced_by_others(driven):
    """Whoever erases what was written cannot put something else in its place: the case says nothing, or what was proved."""
    tamper(
        driven,
        update(wording).where(wording.c.key == "1.words").values(text=None),
        update(incident).where(incident.c.id == 1).values(title="", text="forged"),
    )
    found = said(driven)
    assert "version 7: LN-20261122-0001 in longnan carries another text than was written" in found
    assert not any("another title" in line for line in found)


def test_nothing_is_written_on_a_head_that_our_key_did_not_sign(driven):
    """Otherwise the next change would sign what somebody put there, and verify would hold."""
    tamper(driven, *rewritten(driven, b"another key"))
    forged = driven.head()
    with pytest.raises(LedgerBroken, match=r"version 8, is not signed by .*ledger\.key"):
        report(driven, at=NOW + timedelta(days=2))
    assert driven.head() == forged
    assert said(driven) == ["version 8: the head is not signed by this ledger's key"]


def test_a_head_that_was_taken_out_or_doubled_is_said(driven):
    with driven.reading() as connection:
        head = dict(connection.execute(select(tables.head)).mappings().one())
    tamper(driven, delete(tables.head))
    with pytest.raises(LedgerBroken, match="0 rows that say where its history ends"):
        look(driven)
    tamper(driven, insert(tables.head).values(**head), insert(tables.head).values(**{**head, "id": 2}))
    with pytest.raises(LedgerBroken, match="2 rows that say where its history ends"):
        report(driven, at=NOW + timedelta(days=2))


@pytest.mark.parametrize("content", ["", "00", "ab" * 31])
def test_a_key_that_was_cut_short_is_refused(tmp_path, content):
    (tmp_path / KEY_FILE).write_text(content)
    with pytest.raises(LedgerError, match="a key has 32"):
        key_of(tmp_path)


def test_a_photo_that_is_missing_or_changed_or_taken_off_is_named(driven):
    (path,) = (driven.folder / "photos").rglob("*.jpg")
    good = path.read_bytes()
    path.write_bytes(b"another photo")
    assert [line.partition(":")[0] for line in said(driven)] == ["version 8"]
    assert "was changed" in said(driven)[0]
    path.unlink()
    assert "is missing" in said(driven)[0]
    path.write_bytes(good)
    assert not said(driven)
    tamper(driven, delete(tables.attachment))
    assert any("was taken from" in line for line in said(driven))


def test_a_trigger_that_was_dropped_is_named(driven):
    with driven.engine.begin() as connection:
        for statement in OFF[connection.dialect.name]:
            connection.exec_driver_sql(statement)
    assert any("append-only, is missing" in line for line in said(driven))


def test_a_history_that_cannot_have_happened_is_named(driven):
    """As one who has the key and writes an act that the rules refuse."""

    def forge(writing):
        writing._enter(
            AREA, "incident", "LN-20261122-0001", "close", DEPARTMENT.post, NOW, {"kind": "department"}, {}, {}
        )

    driven.change(forge)
    found = said(driven)
    assert any("cannot be replayed: close cannot be done" in line for line in found), found


def test_undone_reopened_and_imported_cases_replay_to_where_they_stand(ledger):
    made = drive(ledger)
    do(ledger, made.number, Act.REOPEN, reason="又堆上了", at=NOW + timedelta(hours=9))
    other = report(ledger)
    do(ledger, other.number, Act.FILE)
    do(ledger, other.number, Act.UNDO, at=NOW + timedelta(seconds=1))
    do(ledger, other.number, Act.FILE, at=NOW + timedelta(seconds=2))
    times = {"file": "2013-01-01T08:00:00-05:00", "close": "2013-01-03T08:00:00-05:00"}
    report(
        ledger,
        act=Act.IMPORT,
        by=DISPATCHER,
        data={"status": "closed", "handler": DEPARTMENT.post, "times": times},
        source="dc",
        external_id="1",
    )
    assert not said(ledger)


def test_an_orphan_is_found_when_it_is_old_enough_and_can_be_discarded(driven):
    digest = files.put(driven.folder, b"never named")
    path = files.path(driven.folder, digest)
    written = path.stat().st_mtime
    later = datetime.fromtimestamp(written, UTC) + timedelta(minutes=61)
    young = datetime.fromtimestamp(written, UTC) + timedelta(minutes=59)
    assert verify(driven, now=young).orphans == ()
    assert verify(driven, now=later).orphans == (path,)
    assert not files.discard(path, now=young)
    assert path.exists()
    os.utime(path, (written - 1, written - 1))
    files.put(driven.folder, b"never named")  # somebody reports it at last
    assert not files.discard(path, now=later - timedelta(minutes=2))
    os.utime(path, (written, written))
    assert files.discard(path, now=later)
    assert not path.exists()
    assert not files.discard(path, now=later)


def test_a_photo_is_kept_once_for_its_owner_alone(tmp_path):
    digest = files.put(tmp_path, b"x")
    assert files.put(tmp_path, b"x") == digest
    (path,) = [found for found in (tmp_path / "photos").rglob("*") if found.is_file()]
    assert path == files.path(tmp_path, digest)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    path.write_bytes(b"damaged")
    with pytest.raises(LedgerBroken, match="was changed"):
        files.verify(tmp_path, digest)
    files.put(tmp_path, b"x")  # the same photo again mends it
    files.verify(tmp_path, digest)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n"])
def test_what_is_no_digest_is_no_photo(tmp_path, name):
    with pytest.raises(LedgerError, match="no name of a photo"):
        files.path(tmp_path, name)


def test_a_photo_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(LedgerError, match="No space left"):
        files.put(tmp_path, b"x")
    assert not [found for found in tmp_path.rglob("*") if found.is_file()]


def test_the_log_of_heads_is_read_as_it_was_written(tmp_path):
    head = Head(7, "a" * 64, "b" * 64)
    heads.note(tmp_path, Head(0, NOTHING), "start", now=NOW)
    heads.note(tmp_path, head, "start", now=NOW)
    assert (tmp_path / "heads.log").read_text() == f"2026-11-22T08:00:00+00:00 7:{'a' * 64} {'b' * 64} start\n"
    with (tmp_path / "heads.log").open("a") as file:
        file.write("scribbled\n")
    assert heads.noted(tmp_path) == ([head], [f"line 2 of {tmp_path / 'heads.log'} is no head"])


def test_a_console_that_starts_writes_the_head_down(driven):
    from types import SimpleNamespace

    from api import ticker

    ticker.note_head(SimpleNamespace(ledger=driven), NOW, "start")
    assert heads.noted(driven.folder) == ([driven.head()], [])
    (driven.folder / "heads.log").unlink()
    (driven.folder / "heads.log").mkdir()
    ticker.note_head(SimpleNamespace(ledger=driven), NOW, "start")  # says so in its log, and goes on


@pytest.mark.parametrize("text", ["", "7", "7:abc", f"x:{'a' * 64}"])
def test_a_head_that_is_none_is_refused(text):
    with pytest.raises(LedgerError, match="no head"):
        heads.given(text)


def test_a_head_is_read_as_it_is_shown():
    head = Head(7, "a" * 64)
    assert heads.given(str(head)) == head


@st.composite
def chains(draw):
    """A chain of a few entries, with its signed head."""
    rows, head = [], Head(0, NOTHING)
    for number in range(draw(st.integers(2, 6))):
        fields = ("area", "subject", "key", "act", "post", "data", "before", "after")
        row, head = chained({"at": number, **{name: draw(st.text(max_size=3)) for name in fields}}, head)
        rows.append(row)
    return rows, sign(head, b"key")


@given(chains(), st.data())
def test_any_entry_changed_removed_doubled_or_swapped_breaks_the_chain(chain, data):
    rows, head = chain
    assert not list(breaks(rows, head, b"key"))
    place = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from(sorted(rows[0])))
    forged = data.draw(st.integers(90, 99) if name in {"version", "at"} else st.text(min_size=4, max_size=5))
    other = data.draw(st.integers(0, len(rows) - 1).filter(lambda n: n != place))
    swapped = list(rows)
    swapped[place], swapped[other] = swapped[other], swapped[place]
    for changed in (
        [*rows[:place], {**rows[place], name: forged}, *rows[place + 1 :]],
        rows[:place] + rows[place + 1 :],
        [*rows[: place + 1], *rows[place:]],
        swapped,
    ):
        assert list(breaks(changed, head, b"key"))


def test_two_heads_of_one_version_are_both_compared(driven):
    head = driven.head()
    forged = replace(head, hash="f" * 64)
    assert any("written elsewhere" in line for line in said(driven, forged, head))
    assert any("written elsewhere" in line for line in said(driven, head, forged))


def test_a_draft_that_goes_while_orphans_are_looked_for_is_none(driven):
    """Photos come in while a ledger is verified: a draft is listed, and has got its name before it is looked at."""
    (path,) = (driven.folder / "photos").rglob("*.jpg")
    path.with_name(".going.part").symlink_to("gone")
    assert look(driven).orphans == ()
