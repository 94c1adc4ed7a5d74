"""Migrations: the tables come up to date, once, with their triggers, and never by accident."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from ledgers import NOW, drive, report
from sqlalchemy import String, event, inspect, select
from sqlalchemy.exc import DBAPIError

from geo.errors import LedgerError
from ledger import find, migrations, store, tables
from ledger.find import Wanted
from ledger.migrations import triggers
from ledger.verify import verify

ROOT = Path(__file__).parent.parent
REVISIONS = [script.revision for script in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()][::-1]


def taking_back(revision):
    """Return the statements that take back what a revision and those after it make, what refers to others first."""
    files = sorted((migrations.FOLDER / "versions").glob("0*.py"))
    text = "".join(file.read_text("utf-8") for file in files if file.name >= revision)
    columns = re.findall(r'add_column\("(\w+)", sa.Column\("(\w+)"', text)
    indexes = re.findall(r'create_index\("(\w+)", "(\w+)"', text)
    return [
        *(
            f"DROP INDEX IF EXISTS {index}" for index, of in indexes if of in dict(columns)
        ),  # SQLite drops no column in one
        *(f"ALTER TABLE {table} DROP COLUMN {column}" for table, column in columns),
        *(f"DROP TABLE {table}" for table in re.findall(r'create_table\(\s*"(\w+)"', text)[::-1]),
    ]


@pytest.fixture
def engine(tmp_path, empty_database):
    made = store.engine_of(tmp_path, empty_database)
    yield made
    made.dispose()


def test_the_tables_that_the_revisions_make_are_those_of_tables_py(engine):
    """After a change of tables.py: `python -m ledger.migrations.write what_changed`, read what it wrote, commit it. A revision that was released is never changed."""
    migrations.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [str(one) for one in compare_metadata(context, tables.METADATA)]
    assert differences == [], "run: python -m ledger.migrations.write what_changed"


def test_revisions_do_not_read_tables_py():
    """A revision says what it makes in its own words: tables.py goes on changing."""
    for file in sorted((migrations.FOLDER / "versions").glob("*.py")):
        assert "ledger.tables" not in file.read_text(encoding="utf-8"), file.name


def test_the_history_is_append_only_after_every_revision(engine):
    for revision in REVISIONS:
        migrations.upgrade(engine, revision)
        with engine.connect() as connection:
            assert triggers.missing(connection) == [], revision
            assert connection.exec_driver_sql("SELECT count(*) FROM head").scalar() == 1
    assert migrations.revision(engine) == migrations.newest() == REVISIONS[-1]


def test_migrating_again_does_nothing(tmp_path, empty_database):
    done = store.migrate(tmp_path, empty_database)
    assert (done.before, done.after, done.copy) == (None, migrations.newest(), None)
    again = store.migrate(tmp_path, empty_database)
    assert (again.before, again.after, again.copy) == (migrations.newest(), migrations.newest(), None)


def set_revision(engine, revision):
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


def test_the_next_revision_is_written_from_what_tables_py_says(tmp_path, monkeypatch):
    """As a developer does who adds a table and a column; on a copy, so that the house stays as it is."""
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from sqlalchemy import Column, Integer, Table, Text
from ledger import migrations, tables
assert str(migrations.FOLDER).startswith({str(tmp_path)!r})
Table("route", tables.METADATA, Column("id", tables.Number, primary_key=True), Column("name", Text, index=True))
tables.area.append_column(Column("routes", Integer))
from ledger.migrations.write import write
print(write("patrol_routes"))
from pathlib import Path
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from ledger import store
from ledger.migrations import triggers
from ledger.verify import verify
engine = store.engine_of(Path({str(tmp_path)!r}))
migrations.upgrade(engine)
with engine.connect() as connection:
    print(compare_metadata(MigrationContext.configure(connection), tables.METADATA), triggers.missing(connection))
engine.dispose()
"""
    for room in ("ledger", "geo", "incidents"):
        shutil.copytree(ROOT / room, tmp_path / room)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    written, differences = done.stdout.splitlines()
    assert Path(written).name == f"{int(migrations.newest()) + 1:04d}_patrol_routes.py"
    assert differences == "[] []"


def test_who_works_on_a_case_is_filled_in_for_the_cases_that_are_there(tmp_path, database):
    opened = store.open_ledger(tmp_path, database)
    drive(opened)
    report(opened, informed="head:micro:0306", overdue_post="head:grid:03")
    with opened.engine.begin() as connection:
        before = connection.execute(select(tables.incident_post).order_by("incident", "post")).all()
        for statement in taking_back("0004"):
            connection.exec_driver_sql(statement)
    set_revision(opened.engine, "0003")
    opened.close()
    done = store.migrate(tmp_path, database)
    assert (done.before, done.after) == ("0003", migrations.newest())
    again = store.open_ledger(tmp_path, database)
    with again.reading() as connection:
        assert connection.execute(select(tables.incident_post).order_by("incident", "post")).all() == before
    assert verify(again, now=NOW).breaks == ()
    again.close()


def test_a_ledger_of_a_newer_battlemap_is_refused(tmp_path, database):
    opened = store.open_ledger(tmp_path, database)
    made = report(opened)
    set_revision(opened.engine, "9999")
    for attempt in (store.open_ledger, store.migrate, lambda *at: store.open_ledger(*at, migrate=False)):
        with pytest.raises(LedgerError, match="revision 9999, of a newer battlemap"):
            attempt(tmp_path, database)
    with opened.reading() as connection:
        assert find.get(connection, "longnan", made.number) == made
    opened.close()


def test_an_older_ledger_is_not_changed_by_one_who_only_reads(tmp_path, empty_database):
    if not empty_database:
        with pytest.raises(LedgerError, match="There is no ledger"):
            store.open_ledger(tmp_path, migrate=False)
        (tmp_path / "ledger.db").touch()
    with pytest.raises(LedgerError, match="Run `battlemap migrate`"):
        store.open_ledger(tmp_path, empty_database, migrate=False)


def test_an_sqlite_ledger_is_copied_before_it_is_upgraded(tmp_path, monkeypatch):
    opened = store.open_ledger(tmp_path)
    drive(opened)
    opened.close()
    monkeypatch.setattr(migrations, "newest", lambda: "0002x")
    monkeypatch.setattr(migrations, "upgrade", lambda engine: None)
    done = store.migrate(tmp_path)
    monkeypatch.undo()
    assert done.copy == tmp_path / "ledger.before-0002x.db"
    assert done.copy.stat().st_mode & 0o777 == 0o600
    (tmp_path / "old").mkdir()
    done.copy.rename(tmp_path / "old" / "ledger.db")
    (tmp_path / "ledger.key").rename(tmp_path / "old" / "ledger.key")
    old = store.open_ledger(tmp_path / "old")
    assert old.version() == 7
    old.close()


def test_a_revision_that_fails_leaves_the_tables_as_they_were(engine, monkeypatch):
    monkeypatch.setattr(triggers, "create", lambda connection: connection.exec_driver_sql("no such thing"))
    with pytest.raises(DBAPIError):
        migrations.upgrade(engine)
    monkeypatch.undo()
    assert migrations.revision(engine) is None
    assert migrations.upgrade(engine)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_batch_mode_on_sqlite_drops_triggers_and_we_would_see_it(tmp_path):
    """Why every revision has to restore them: Alembic copies the table and drops the old one."""
    ledger = store.open_ledger(tmp_path)
    drive(ledger)
    with ledger.engine.begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("history") as batch:
            batch.alter_column("act", type_=String(40))
        assert triggers.missing(connection) == ["history_no_delete", "history_no_update"]
        triggers.create(connection)
        assert triggers.missing(connection) == []
        assert len(connection.execute(select(tables.history.c.version)).all()) == 7
    ledger.close()


@pytest.mark.parametrize("place", [1, len(REVISIONS) // 2, -1])
def test_revisions_come_all_or_none(engine, place):
    """Else a process that waits for another comes in between two of them, and both do the next."""
    migrations.upgrade(engine, REVISIONS[0])

    def breaks(_connection, _cursor, statement, *_more):
        if f"version_num='{REVISIONS[place]}'" in statement:
            raise OSError("the disk is full")

    event.listen(engine, "before_cursor_execute", breaks)
    with pytest.raises(OSError, match="full"):
        migrations.upgrade(engine)
    event.remove(engine, "before_cursor_execute", breaks)
    assert migrations.revision(engine) == REVISIONS[0]
    with engine.connect() as connection:
        assert not {"whistle", "visit", "bridge"} & set(inspect(connection).get_table_names())
    assert migrations.upgrade(engine)
    assert migrations.revision(engine) == migrations.newest()


def test_processes_that_open_a_new_ledger_at_once_make_it_once(tmp_path, empty_database):
    code = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
from pathlib import Path
from ledgers import report
from ledger.store import open_ledger
print("ready", flush=True)
sys.stdin.readline()
ledger = open_ledger(Path({str(tmp_path / "new")!r}), {empty_database!r})
print(report(ledger).version, ledger.key.hex())
ledger.close()
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].split() for process in processes]
    assert sorted(version for version, _ in said) == ["1", "2", "3", "4"]
    assert len({key for _, key in said}) == 1
    ledger = store.open_ledger(tmp_path / "new", empty_database)
    with ledger.reading() as connection:
        assert find.count(connection, Wanted("longnan")) == 4
    ledger.close()
