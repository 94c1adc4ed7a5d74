"""Who reported a case: masked on every screen, encrypted in the ledger, opened one at a time with a reason and a trace, and erased by rule."""

import zipfile
from datetime import timedelta

import pytest
import shapely
from sqlalchemy import select, update

from desk.access.permissions import permissions_of
from desk.access.rules import identity_of
from desk.acts import Doing, do
from desk.people import contacts
from desk.people.retention import run
from desk.reports import Draft, report
from geo.errors import LedgerError, NoAccess, TextError, UnknownIncident
from incidents.access import Role, Scope, Who
from incidents.lifecycle import Act, By, PostKind
from ledger import audit, tables
from ledger.backup import backup
from ledger.contacts import KEY_FILE, Contact, contact_key, seal, unseal
from ledger.verify import verify
from reports import exports
from tests.rooms import DISPATCHER, NOON, room_of, shipped

NAME, PHONE, REASON = "张小明", "13812345678", "回访核实地址"
BY = By(DISPATCHER.post, DISPATCHER.kind, account="a1")
GRID, OTHER = "41010299900100301", "41010299900100302"


def somebody(role, scope="longnan", account="a1"):
    return permissions_of(None).given(Who(account, "li", Role(role), Scope.read(scope), "s1"))


@pytest.fixture
def room(tmp_path, database):
    room = room_of(shipped("longnan"), tmp_path, database)
    yield room
    room.ledger.close()


def reported(room, by=BY, grid=GRID, class_="06010", **more):
    level = room.area.net.leaf
    spot = shapely.maximum_inscribed_circle(level.geoms[level.position(grid)]).coords[0]
    said = {"text": "西门口垃圾", "reporter": NAME, "phone": PHONE, **more}
    return report(room, Draft(class_, *spot[:2], **said), by, NOON)


def everything(room):
    """All that the database holds, as text."""
    with room.ledger.reading() as connection:
        return "\n".join(str(connection.execute(select(table)).all()) for table in tables.METADATA.tables.values())


def lines(room):
    with room.ledger.reading() as connection:
        return audit.read(connection)


def test_a_contact_is_shown_masked_and_stands_nowhere_in_the_ledger_in_plain_words(room):
    case = reported(room)
    found = contacts.shown(room, case.number)
    assert (found.name, found.phone, found.has_more, found.looks) == ("张*明", "138****5678", True, ())
    assert NAME not in everything(room)
    assert PHONE not in everything(room)
    assert NAME not in repr(found)
    assert verify(room.ledger, now=NOON).breaks == ()


def test_who_has_no_account_leaves_a_masked_contact_only(room):
    case = reported(room, by=DISPATCHER)
    assert contacts.shown(room, case.number).has_more is False
    with pytest.raises(UnknownIncident):
        contacts.unmask(room, somebody("dispatcher"), case.number, REASON, BY, NOON)
    assert not (room.ledger.folder / KEY_FILE).exists()


def test_a_case_without_a_reporter_shows_none(room):
    assert contacts.shown(room, reported(room, reporter="", phone="").number) is None


def test_a_contact_is_opened_with_a_reason_and_leaves_a_trace_in_audit_and_history(room):
    case = reported(room)
    who, later = somebody("dispatcher"), NOON + timedelta(minutes=5)
    found = contacts.unmask(room, who, case.number, REASON, BY, later, address="10.0.0.7")
    assert (found.name, found.phone) == (NAME, PHONE)
    assert PHONE not in repr(found)
    line = lines(room)[0]
    assert (line.act, line.name, line.role, line.area, line.what, line.address, line.at) == (
        "unmask", "li", "dispatcher", "longnan", case.number, "10.0.0.7", later,
    )  # fmt: skip
    assert line.data == {"reason": REASON, "post": "dispatcher::"}
    assert contacts.shown(room, case.number).looks == ((later, "dispatcher::"),)
    assert NAME not in everything(room)
    assert REASON not in "".join(str(row) for row in history(room))
    assert verify(room.ledger, now=later).breaks == ()


def history(room):
    with room.ledger.reading() as connection:
        return connection.execute(select(tables.history)).all()


@pytest.mark.parametrize(
    "role", ["worker", "head", "department", "inspector", "analyst", "system", "security", "audit", "demo", "wall"]
)
def test_a_role_that_may_not_is_refused_and_nothing_is_opened(room, role):
    case = reported(room)
    with pytest.raises(NoAccess):
        contacts.unmask(room, somebody(role), case.number, REASON, BY, NOON)
    assert lines(room) == []
    assert contacts.shown(room, case.number).looks == ()


@pytest.mark.parametrize(
    ("scope", "may"),
    [(f"longnan:micro:{GRID}", True), (f"longnan:micro:{OTHER}", False), ("dc", False), ("dc:micro:1", False)],
)
def test_a_community_opens_contacts_of_its_own_cases_only(room, scope, may):
    case, head = reported(room), By(f"head:micro:{GRID}", PostKind.HEAD, account="a1")
    if may:
        assert contacts.unmask(room, somebody("community", scope), case.number, REASON, head, NOON).phone == PHONE
    else:
        with pytest.raises(UnknownIncident):
            contacts.unmask(room, somebody("community", scope), case.number, REASON, BY, NOON)
        assert lines(room) == []


def test_nobody_looks_in_the_name_of_another_post_or_account(room):
    case, who = reported(room), somebody("dispatcher")
    for by in (By("inspector::", PostKind.INSPECTOR, account="a1"), By(BY.post, BY.kind, account="a2"), DISPATCHER):
        with pytest.raises(NoAccess):
            contacts.unmask(room, who, case.number, REASON, by, NOON)
    assert lines(room) == []


def test_a_number_that_there_is_not_is_answered_like_one_out_of_scope(room):
    case = reported(room)
    said = []
    for number, scope in ((case.number, f"longnan:micro:{OTHER}"), ("LN-20200101-0001", "longnan")):
        with pytest.raises(UnknownIncident) as refused:
            contacts.unmask(room, somebody("community", scope), number, REASON, BY, NOON)
        said.append(str(refused.value).replace(number, "N"))
    assert said[0] == said[1]


@pytest.mark.parametrize("reason", ["", "   ", "看", "x" * 500])
def test_a_contact_is_not_opened_without_a_reason(room, reason):
    case = reported(room)
    with pytest.raises(TextError):
        contacts.unmask(room, somebody("dispatcher"), case.number, reason, BY, NOON)
    assert lines(room) == []


def test_people_in_a_reason_are_struck_out_before_it_is_kept(room):
    case = reported(room)
    contacts.unmask(room, somebody("dispatcher"), case.number, f"回访{PHONE}核实", BY, NOON)
    assert PHONE not in lines(room)[0].data["reason"]
    assert "核实" in lines(room)[0].data["reason"]


def test_a_visitor_without_an_account_opens_nothing_even_with_a_table_that_says_so(room):
    case = reported(room)
    nobody = Who("", "", Role.DEMO, Scope("*"), "demonstration", frozenset({"unmask"}))
    with pytest.raises(UnknownIncident):
        contacts.unmask(room, nobody, case.number, REASON, BY, NOON)


def test_a_contact_does_not_open_in_another_case_nor_with_another_key(room):
    one, other = reported(room), reported(room, grid=OTHER, reporter="李四", phone="13900000000")
    reporter = tables.reporter.c
    with room.ledger.alone() as connection:
        mine = select(reporter.sealed).where(reporter.incident == one.version)
        moved = connection.execute(mine).scalar_one()
        connection.execute(update(tables.reporter).where(reporter.incident == other.version).values(sealed=moved))
    with pytest.raises(LedgerError, match="cannot be opened"):
        contacts.unmask(room, somebody("dispatcher"), other.number, REASON, BY, NOON)
    (room.ledger.folder / KEY_FILE).unlink()
    with pytest.raises(LedgerError, match="Put the key back"):
        contacts.unmask(room, somebody("dispatcher"), one.number, REASON, BY, NOON)
    assert lines(room) == []  # what could not be opened was not shown


def test_the_key_is_its_owners_alone_and_in_no_backup(room, tmp_path):
    reported(room)
    key = room.ledger.folder / KEY_FILE
    assert key.stat().st_mode & 0o077 == 0
    backup(room.ledger, tmp_path / "backup.zip", now=NOON)
    with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
        assert "manifest.json" in archive.namelist()
        for name in archive.namelist():
            said = archive.read(name)
            assert KEY_FILE not in name
            assert key.read_bytes().strip() not in said
            assert PHONE.encode() not in said
    key.chmod(0o644)
    with pytest.raises(LedgerError, match="0600"):
        contact_key(room.ledger.folder)


def test_what_was_sealed_opens_as_it_was_and_is_never_the_same_twice():
    key, said = b"k" * 32, Contact("欧阳 Anna", "+86 138")
    one, other = seal(key, "longnan", "LN-1", said), seal(key, "longnan", "LN-1", said)
    assert one != other
    assert unseal(key, "longnan", "LN-1", one) == said
    for broken in ("", "AAAA", one[:-4], one[:-4] + "AAAA", "é"):
        with pytest.raises(LedgerError):
            unseal(key, "longnan", "LN-1", broken)


def test_the_full_contact_goes_with_the_masked_one_when_its_time_is_over(room):
    case = reported(room)
    do(room, Doing(case.number, Act.REFUSE, {"reason": "不属于本辖区"}), BY, NOON)
    run(room.ledger, {room.id: room.rules.settings}, identity_of(None), NOON + timedelta(days=31))
    assert contacts.shown(room, case.number) is None
    with pytest.raises(UnknownIncident):
        contacts.unmask(room, somebody("dispatcher"), case.number, REASON, BY, NOON)


def test_no_contact_is_in_a_table_that_goes_out(room):
    case = reported(room)
    contacts.unmask(room, somebody("dispatcher"), case.number, REASON, BY, NOON)
    for language in ("zh", "en"):
        text = exports.table(room, room.wanted(), NOON, language).to_csv()
        assert case.number in text
        for secret in (NAME, PHONE, "张*明", "138****5678"):
            assert secret not in text


def test_a_restricted_case_opens_for_the_posts_that_read_it(room):
    case = reported(room, class_="L3001", text="甲方与乙方争执")
    head = By(f"head:micro:{GRID}", PostKind.HEAD, account="a1")
    assert contacts.unmask(room, somebody("community", f"longnan:micro:{GRID}"), case.number, REASON, head, NOON)
