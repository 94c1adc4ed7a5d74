"""Backups: whole, checked, restored into either database, and damaged ones refused."""

import hashlib
import itertools
import json
import re
import threading
import zipfile
from datetime import timedelta

import pytest
from ledgers import AREA, NOW, do, drive, report
from postgres import fresh
from sqlalchemy import select, update
from test_history import tamper

from geo.errors import LedgerBroken, LedgerError
from incidents.lifecycle import Act
from incidents.rota import Role, Shift
from ledger import files, find, heads, migrations, rota, tables
from ledger.backup import backup, restore
from ledger.find import Wanted
from ledger.history import Head
from ledger.store import open_ledger
from ledger.verify import verify
from ledger.writing import Attached


def filled(ledger):
    """Three incidents, one of them with a photo and a reporter; a view, a shift and a link."""
    drive(ledger)
    photo, thumbnail = files.put(ledger.folder, b"a photo"), files.put(ledger.folder, b"its thumbnail")
    one = report(ledger, photos=[Attached(photo, thumbnail, 4, 3)], unit=2.0, edge_m=0.1 + 0.2, restricted=True)
    two = report(ledger, key="abc", title='井盖"破损"\u2028🕳')

    def more(writing):
        writing.reporter(one, name="王*", phone="138****0000", caller="")
        writing.relate(AREA, one.number, two.number, "apart")
        shift = Shift(NOW, NOW + timedelta(hours=12), Role.OFFICER, "deputy:grid:1", "甲")
        rota.replace(writing, AREA, "2026-11-22", [], [shift], "dispatcher::", NOW)

    ledger.change(more)
    return ledger


def rows(ledger):
    with ledger.reading() as connection:
        return {
            name: sorted(json.dumps(list(row)) for row in connection.execute(select(table)))
            for name, table in tables.METADATA.tables.items()
            if name not in {"head", "audit", "audit_head"}  # a restore is a line of the trail by itself
        }


@pytest.fixture
def other(tmp_path, request):
    """Opens empty ledgers, of either kind, each in a folder of its own."""
    opened = []

    def make(kind):
        url = (
            fresh(request.getfixturevalue("postgres"), request.getfixturevalue("migrated"))
            if kind == "postgresql"
            else ""
        )
        opened.append(open_ledger(tmp_path / f"other{len(opened)}", url))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def sound(ledger):
    return [str(found) for found in verify(ledger, now=NOW).breaks]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_of_either_database_restores_into_either(ledger, other, tmp_path, kind):
    filled(ledger)
    seen = []
    made = backup(ledger, tmp_path / "b.zip", now=NOW, progress=lambda *at: seen.append(at))
    assert (made.head, made.photos, made.signed, made.missing) == (ledger.head(), 2, True, ())
    assert seen[-1][0] == seen[-1][1] > 0
    assert (tmp_path / "b.zip").stat().st_mode & 0o777 == 0o600
    target = other(kind)
    put = restore(target, tmp_path / "b.zip", now=NOW)
    assert rows(target) == rows(ledger)
    assert (put.head.version, put.head.hash, put.signed) == (made.head.version, made.head.hash, False)
    assert sound(target) == []
    assert report(target).number == "LN-20261122-0004"
    assert report(target, key="abc").number == "LN-20261122-0003"
    photo = files.put(target.folder, b"another")
    report(target, photos=[Attached(photo, photo, 4, 3)])
    assert sound(target) == []


def test_a_backup_of_an_empty_ledger_restores(ledger, other, tmp_path):
    backup(ledger, tmp_path / "b.zip", now=NOW)
    target = other("sqlite")
    restore(target, tmp_path / "b.zip", now=NOW)
    assert target.version() == 0
    assert sound(target) == []


def test_a_backup_while_others_write_is_one_moment(ledger, other, tmp_path):
    drive(ledger)
    stop = threading.Event()

    def write():
        for number in itertools.count():
            if stop.is_set():
                return
            photo = files.put(ledger.folder, b"%d" % number)
            made = report(ledger, photos=[Attached(photo, photo, 4, 3)])
            do(ledger, made.number, Act.FILE)

    writer = threading.Thread(target=write)
    writer.start()
    made = [backup(ledger, tmp_path / f"{n}.zip", now=NOW) for n in range(3)]
    stop.set()
    writer.join(30)
    assert made[0].head.version < made[2].head.version <= ledger.version()
    for number, one in enumerate(made):
        target = other("sqlite")
        restore(target, tmp_path / f"{number}.zip", now=NOW)
        assert target.version() == one.head.version
        assert sound(target) == []


def test_a_file_that_exists_is_replaced_only_by_force(ledger, tmp_path):
    path = tmp_path / "b.zip"
    path.write_text("mine")
    with pytest.raises(LedgerError, match="exists already"):
        backup(ledger, path, now=NOW)
    assert path.read_text() == "mine"
    backup(ledger, path, now=NOW, force=True)
    assert zipfile.is_zipfile(path)


def test_a_backup_that_cannot_be_finished_leaves_nothing(ledger, tmp_path, monkeypatch):
    drive(ledger)
    with pytest.raises(LedgerError, match="cannot be written"):
        backup(ledger, tmp_path / "none" / "b.zip", now=NOW)

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    (tmp_path / "out").mkdir()
    with pytest.raises(LedgerError, match="No space left"):
        backup(ledger, tmp_path / "out" / "b.zip", now=NOW)
    assert not list((tmp_path / "out").iterdir())


def test_a_ledger_that_does_not_hold_is_not_called_a_backup(ledger, tmp_path):
    drive(ledger)
    tamper(ledger, update(tables.history).where(tables.history.c.version == 3).values(post="forged"))
    with pytest.raises(LedgerBroken, match="version 3: dispatch"):
        backup(ledger, tmp_path / "b.zip", now=NOW)
    assert not (tmp_path / "b.zip").exists()


def test_a_missing_photo_is_named_and_the_rest_is_saved(ledger, other, tmp_path):
    filled(ledger)
    digest = files.put(ledger.folder, b"a photo")
    files.path(ledger.folder, digest).write_bytes(b"damaged")
    made = backup(ledger, tmp_path / "b.zip", now=NOW)
    assert (made.missing, made.photos) == ((digest,), 1)
    target = other("sqlite")
    restore(target, tmp_path / "b.zip", now=NOW)
    assert rows(target) == rows(ledger)
    assert [digest in line for line in sound(target)] == [True]


def test_a_ledger_that_holds_something_is_replaced_only_by_force_and_kept_aside(ledger, other, tmp_path):
    filled(ledger)
    backup(ledger, tmp_path / "b.zip", now=NOW)
    target = other(ledger.engine.dialect.name)
    report(target)
    heads.note(target.folder, target.head(), "start", now=NOW)
    before = rows(target)
    with pytest.raises(LedgerError, match="--force"):
        restore(target, tmp_path / "b.zip", now=NOW)
    assert rows(target) == before
    put = restore(target, tmp_path / "b.zip", now=NOW, force=True)
    assert put.aside == target.folder / "before-restore-20261122T080000.zip"
    assert rows(target) == rows(ledger)
    assert sound(target) == []
    again = other("sqlite")
    restore(again, put.aside, now=NOW)
    assert rows(again) == before


def test_the_signature_is_checked_by_a_key_that_was_kept(ledger, other, tmp_path):
    drive(ledger)
    backup(ledger, tmp_path / "b.zip", now=NOW)
    assert restore(other("sqlite"), tmp_path / "b.zip", now=NOW, key=ledger.key).signed
    assert not restore(other("sqlite"), tmp_path / "b.zip", now=NOW, key=b"another").signed
    assert restore(other("sqlite"), tmp_path / "b.zip", now=NOW, known=[ledger.head()]).head.version == 7
    with pytest.raises(LedgerBroken, match="written elsewhere"):
        restore(other("sqlite"), tmp_path / "b.zip", now=NOW, known=[Head(7, "f" * 64)])


def changed(path, change):
    """The archive with other entries: ``change`` gets them by name and alters them in place."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    out = path.with_name("changed.zip")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out


def forge(entries, table, old, new):
    """Change rows and the manifest with them, as one who knows the format."""
    import hashlib

    name = f"tables/{table}.ndjson"
    assert old in entries[name]
    entries[name] = entries[name].replace(old, new)
    manifest = json.loads(entries["manifest.json"])
    manifest["tables"][table]["sha256"] = hashlib.sha256(entries[name]).hexdigest()
    entries["manifest.json"] = json.dumps(manifest).encode()


def photo_of(entries):
    return next(name for name in entries if name.startswith("photos/"))


def revised(entries, **changes):
    manifest = json.loads(entries["manifest.json"])
    entries["manifest.json"] = json.dumps({**manifest, **changes}).encode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda entries: entries.update({"../evil": b"x"}), "no backup"),
        (lambda entries: entries.update({"/etc/passwd": b"x"}), "no backup"),
        (lambda entries: entries.update({"tables/../../x.ndjson": b"x"}), "no backup"),
        (lambda entries: entries.pop("manifest.json"), "manifest"),
        (lambda entries: entries.update({"manifest.json": b"{}"}), "manifest"),
        (lambda entries: entries.update({"manifest.json": b"[]"}), "manifest"),
        (lambda entries: revised(entries, format="something else"), "manifest"),
        (lambda entries: revised(entries, tables={}), "other tables"),
        (lambda entries: revised(entries, revision="9999"), "revision 9999, of a newer battlemap"),
        (lambda entries: revised(entries, revision="0001"), "other tables"),
        (lambda entries: entries.pop("tables/history.ndjson"), "damaged"),
        (lambda entries: entries.update({photo_of(entries): b"another"}), "was changed"),
        (lambda entries: entries.pop(photo_of(entries)), "is missing"),
        (lambda entries: entries.update({"tables/view.ndjson": b"x"}), "no backup"),
        (lambda entries: entries.update({"tables/serial.ndjson": b"[]\n"}), "serial in .* was changed"),
        (lambda entries: forge(entries, "history", b'"dispatch"', b'"forged"'), "version 3"),
        (lambda entries: forge(entries, "incident", b'"env.litter"', b'"env.other"'), "another class"),
        (lambda entries: forge(entries, "serial", b"3]", b'"x]'), "damaged"),
        (lambda entries: forge(entries, "origin", b'"key"', b"null"), "refused"),
    ],
)
def test_a_backup_that_was_changed_is_refused_and_nothing_is_restored(tmp_path, other, change, said):
    source, target = filled(other("sqlite")), other("sqlite")
    backup(source, tmp_path / "b.zip", now=NOW)
    with pytest.raises(LedgerError, match=said):
        restore(target, changed(tmp_path / "b.zip", change), now=NOW)
    assert target.version() == 0
    with target.reading() as connection:
        assert find.count(connection, Wanted(AREA)) == 0
    report(target)


FIRST = set(
    re.findall(r'create_table\(\s*"(\w+)"', (migrations.FOLDER / "versions" / "0001_ledger.py").read_text("utf-8"))
)


def without_sealed(table, entries):
    """Take out of the reporters what revision 0003 added."""
    name, place = "tables/reporter.ndjson", table["columns"].index("sealed")
    rows = [json.loads(line) for line in entries[name].splitlines()]
    lines = [json.dumps(row[:place] + row[place + 1 :], ensure_ascii=False) + "\n" for row in rows]
    entries[name] = "".join(lines).encode()
    table["columns"].remove("sealed")
    table["sha256"] = hashlib.sha256(entries[name]).hexdigest()


def of_0001(entries):
    """What the first revision wrote: without accounts and the audit trail."""
    manifest = json.loads(entries["manifest.json"])
    for name in manifest["tables"].keys() - FIRST:
        del manifest["tables"][name], entries[f"tables/{name}.ndjson"]
    without_sealed(manifest["tables"]["reporter"], entries)
    entries["manifest.json"] = json.dumps({**manifest, "revision": "0001"}).encode()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_of_an_older_revision_is_brought_up_to_date(tmp_path, other, kind):
    source, target = filled(other("sqlite")), other(kind)
    backup(source, tmp_path / "b.zip", now=NOW)
    older, seen = changed(tmp_path / "b.zip", of_0001), []
    found = restore(target, older, now=NOW, progress=lambda done, total: seen.append((done, total)))
    assert found.head.hash == source.head().hash
    assert verify(target, now=NOW).breaks == ()
    with source.reading() as one, target.reading() as another:
        assert find.incidents(another, Wanted(AREA)) == find.incidents(one, Wanted(AREA))
    assert migrations.revision(target.engine) == migrations.newest()
    assert report(target).number not in {case.number for case in _cases(source)}


def _cases(ledger):
    with ledger.reading() as connection:
        return find.incidents(connection, Wanted(AREA))


def test_a_directory_that_points_before_the_file_is_said_to_be_damaged(tmp_path, other):
    """Some Pythons answer it with an error of the system (EINVAL), which is not the disk's."""
    path = tmp_path / "b.zip"
    backup(filled(other("sqlite")), path, now=NOW)
    good = path.read_bytes()
    place = good.rindex(b"PK\x05\x06") + 16  # where the directory begins, as the archive says
    begins = int.from_bytes(good[place : place + 4], "little")
    path.write_bytes(good[:place] + (begins + 1000).to_bytes(4, "little") + good[place + 4 :])
    with pytest.raises(LedgerError, match=r"b\.zip"):
        restore(other("sqlite"), path, now=NOW)


def test_every_byte_that_is_cut_off_or_turned_is_found(tmp_path, other):
    source = filled(other("sqlite"))
    path = tmp_path / "b.zip"
    backup(source, path, now=NOW)
    good = path.read_bytes()
    target = other("sqlite")
    for length in (0, 10, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:length])
        with pytest.raises(LedgerError, match=r"b\.zip"):
            restore(target, path, now=NOW)
    harmless = 0
    for place in range(0, len(good), 97):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x41]) + good[place + 1 :])
        try:
            with target.reading():
                from ledger.backup import _opened

                with _opened(path) as archive:
                    archive.check()
        except LedgerError:
            continue
        harmless += 1  # a time or a flag in a header
    assert harmless < len(good) / 97 / 3
    assert target.version() == 0


def test_a_bomb_is_refused_before_it_goes_off(tmp_path, other):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tables/history.ndjson", b"0" * 50_000_000)
        archive.writestr("manifest.json", "{}")
    with pytest.raises(LedgerError, match="would unpack"):
        restore(other("sqlite"), bomb, now=NOW)


def test_what_is_no_archive_is_named(tmp_path, other):
    (tmp_path / "b.zip").write_text("no archive")
    with pytest.raises(LedgerError, match="no backup"):
        restore(other("sqlite"), tmp_path / "b.zip", now=NOW)
    with pytest.raises(LedgerError, match="cannot be read"):
        restore(other("sqlite"), tmp_path / "none.zip", now=NOW + timedelta(hours=1))
