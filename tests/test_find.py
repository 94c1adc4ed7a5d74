"""Questions to the ledger: the answers, and the indexes that find them among a million; the plans are read on both databases."""

import json
from datetime import timedelta

import pytest
from ledgers import AREA, NOW, bulk, case, report
from postgres import DATABASES, fresh
from sqlalchemy import select

from geo.errors import UnknownIncident
from incidents.model import OPEN
from incidents.within import Within
from ledger import find, tables
from ledger.find import Wanted
from ledger.store import open_ledger

COUNT = 12_000
DAY = timedelta(days=1)
MICRO, GRID = frozenset({"m033"}), frozenset({"g03"})
RED, GREEN = frozenset({"red"}), frozenset({"green"})
KIND = frozenset({"m1.c1"})
TURN = frozenset({"dispatched", "in_hand", "returned"})
OF_GRID = {"ix_incident_grid_code"}
WORKER = Within("micro", MICRO, frozenset({"worker:micro:m033"}))
HANDLED = Within(posts=frozenset({"worker:micro:m012"}))

# Every view that a page saves or asks: the question, its order, and the indexes of which one must lead to it.
VIEWS = {
    "newest": (Wanted(AREA), "newest", {"ix_incident_reported"}),
    "oldest": (Wanted(AREA), "oldest", {"ix_incident_reported"}),
    "a class": (Wanted(AREA, classes=KIND), "newest", {"ix_incident_class"}),
    "a major": (Wanted(AREA, majors=frozenset({"m1"})), "newest", {"ix_incident_major"}),
    "all red": (Wanted(AREA, marks=RED), "newest", {"ix_incident_mark", "ix_incident_due"}),
    "red of a class": (Wanted(AREA, marks=RED, classes=KIND), "newest", {"ix_incident_mark_class"}),
    "to verify": (Wanted(AREA, statuses=frozenset({"feedback"})), "newest", {"ix_incident_status"}),
    "to sample": (Wanted(AREA, statuses=frozenset({"self_cleared"})), "newest", {"ix_incident_status"}),
    "inbox of a handler": (Wanted(AREA, handler="department::3", statuses=TURN), "newest", {"ix_incident_handler"}),
    "open of a post": (Wanted(AREA, post="head:micro:m033", marks=RED), "newest", {"ix_incident_post"}),
    "my turn": (Wanted(AREA, mine="department::3"), "newest", {"ix_incident_handler"}),
    "overdue": (Wanted(AREA, due_before=NOW - DAY), "due", {"ix_incident_due"}),
    "changed since": (Wanted(AREA, after_version=COUNT - 50), "changed", {"ix_incident_version"}),
    "my grid": (Wanted(AREA, grid="micro", codes=MICRO), "newest", OF_GRID),
    "red of my grid": (Wanted(AREA, grid="micro", codes=MICRO, marks=RED), "newest", OF_GRID),
    "done in my grid": (Wanted(AREA, grid="grid", codes=GRID, marks=GREEN, classes=KIND), "newest", OF_GRID),
    "my grid this week": (Wanted(AREA, grid="grid", codes=GRID, active_since=NOW - 7 * DAY), "newest", OF_GRID),
    "three filters": (
        Wanted(AREA, grid="grid", codes=GRID, marks=RED, classes=KIND),
        "newest",
        {"ix_incident_mark_class"},
    ),
    "three rare filters": (
        Wanted(AREA, grid="grid", codes=GRID, statuses=frozenset({"in_hand"}), handler="department::3"),
        "newest",
        {"ix_incident_handler"},
    ),
    "a worker's": (Wanted(AREA, within=WORKER), "newest", OF_GRID),
    "a worker's by post": (Wanted(AREA, within=WORKER), "newest", {"ix_incident_post_post"}),
    "red of a worker": (Wanted(AREA, within=WORKER, marks=RED), "newest", OF_GRID),
    "what a post handled": (Wanted(AREA, within=HANDLED), "newest", {"ix_incident_post_post"}),
    "a number of a worker": (
        Wanted(AREA, within=WORKER, numbers=frozenset({"LN-20261121-1653"})),
        "newest",
        {"uq_incident_area_number"},
    ),
    "a number": (Wanted(AREA, numbers=frozenset({"LN-20261122-7"})), "newest", {"uq_incident_area_number"}),
}


@pytest.fixture(scope="module", params=DATABASES)
def full(request, tmp_path_factory):
    """A ledger of many incidents, counted by its database."""
    url = ""
    if request.param == "postgresql":
        url = fresh(request.getfixturevalue("postgres"), request.getfixturevalue("migrated"))
    ledger = open_ledger(tmp_path_factory.mktemp("full"), url)
    bulk(ledger, COUNT, micros=70, still_open=0.2)
    yield ledger
    ledger.close()


@pytest.fixture(scope="module")
def everything(full):
    with full.reading() as connection:
        return find.incidents(connection, Wanted(AREA))


def plan(connection, wanted, order):
    """The indexes that a question uses, and the tables that it would read whole."""
    asked = find.question(wanted, *tables.incident.columns, order=order).limit(100)
    said = str(asked.compile(connection.engine, compile_kwargs={"literal_binds": True})).replace("%%", "%")
    if connection.dialect.name == "postgresql":
        (top,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {said}").scalar_one()
        return walk(top["Plan"])
    lines = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}")]
    indexes = {line.partition("INDEX ")[2].split()[0] for line in lines if "INDEX " in line}
    named = {name: "uq_incident_area_number" for name in indexes if name.startswith("sqlite_autoindex_incident_1")}
    return {named.get(name, name) for name in indexes}, {line for line in lines if line.startswith("SCAN")}


def walk(node):
    indexes, scans = set(), set()
    if node["Node Type"] == "Seq Scan":
        scans.add(node["Relation Name"])
    if "Index Name" in node:
        indexes.add(node["Index Name"])
    for child in node.get("Plans", ()):
        more = walk(child)
        indexes |= more[0]
        scans |= more[1]
    return indexes, scans


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_is_found_by_its_index_and_no_table_is_read_whole(full, name):
    wanted, order, indexes = VIEWS[name]
    with full.reading() as connection:
        used, scanned = plan(connection, wanted, order)
    assert not scanned, scanned
    assert used & indexes, used


def test_a_question_that_no_index_answers_would_be_seen(full):
    with full.reading() as connection:
        said = "EXPLAIN (FORMAT JSON) " if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        rows = connection.exec_driver_sql(said + "SELECT number FROM incident WHERE lon > 113.65").all()
    if full.engine.dialect.name == "postgresql":
        assert walk(rows[0][0][0]["Plan"])[1] == {"incident"}
    else:
        assert rows[0][3].startswith("SCAN incident")


def holds(one, wanted):
    """The same question in Python, for the filters of the views."""
    state = one.state
    mine = (state.handler == wanted.mine and one.status.value in {"dispatched", "in_hand", "noticed", "returned"}) or (
        one.post == wanted.mine and one.status.value in {"reported", "filed"}
    )
    return (
        (not wanted.classes or one.class_ in wanted.classes)
        and (not wanted.majors or one.major in wanted.majors)
        and (not wanted.marks or one.mark in wanted.marks)
        and (not wanted.statuses or one.status in wanted.statuses)
        and (not wanted.handler or state.handler == wanted.handler)
        and (not wanted.post or one.post == wanted.post)
        and (not wanted.mine or mine)
        and (not wanted.numbers or one.number in wanted.numbers)
        and (not wanted.grid or one.codes[wanted.grid] in wanted.codes)
        and wanted.within.holds(one)
        and (wanted.after_version is None or one.version > wanted.after_version)
        and (not wanted.due_before or (one.status in OPEN and state.due and state.due < wanted.due_before))
        and (
            not wanted.active_since
            or one.status in OPEN
            or one.reported >= wanted.active_since
            or (one.closed and one.closed >= wanted.active_since)
        )
    )


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_answers_what_was_asked_whatever_index_leads_to_it(full, everything, name):
    wanted, order, _ = VIEWS[name]
    right = [one.number for one in everything if holds(one, wanted)]
    with full.reading() as connection:
        found = find.rows(connection, wanted, order=order, columns=("number",))
        assert find.count(connection, wanted) == len(right)
        assert sum(find.counts_by(connection, wanted, "status").values()) == len(right)
        page = find.incidents(connection, wanted, order=order, limit=10, offset=3)
    assert right, "an empty answer proves nothing"
    assert sorted(row["number"] for row in found) == sorted(right)
    assert [one.number for one in page] == [row["number"] for row in found[3:13]]
    if order == "newest":
        assert [row["number"] for row in found] == right


def test_several_grids_count_an_incident_once(ledger):
    made = report(ledger, codes={"micro": "0305;0306", "grid": "03"})
    other = report(ledger, codes={"micro": "0307", "grid": "03"})
    with ledger.reading() as connection:
        for codes, numbers in (
            ({"0305"}, [made.number]),
            ({"0305", "0306"}, [made.number]),
            ({"0306", "0307"}, [other.number, made.number]),
            ({"0308"}, []),
            (set(), []),
        ):
            wanted = Wanted(AREA, grid="micro", codes=frozenset(codes))
            assert [one.number for one in find.incidents(connection, wanted)] == numbers, codes
            assert find.count(connection, wanted) == len(numbers)
        assert find.counts_by(connection, Wanted(AREA, grid="grid", codes=frozenset({"03"})), "mark") == {"red": 2}


def test_another_area_answers_for_itself(ledger):
    report(ledger)
    report(ledger, area="mianfang")
    with ledger.reading() as connection:
        for area in (AREA, "mianfang"):
            assert find.count(connection, Wanted(area)) == 1
            assert find.count(connection, Wanted(area, grid="micro", codes=frozenset({"0305"}))) == 1
        assert find.count(connection, Wanted("elsewhere")) == 0
        with pytest.raises(UnknownIncident, match="LN-20261122-0001"):
            find.get(connection, "elsewhere", "LN-20261122-0001")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("井盖", 1),
        ("井盖 三号", 1),
        ("井盖 四号", 0),
        ("100%", 1),
        ("%", 1),
        ("_", 0),
        ("LN-20261122", 2),
        ("'; --", 0),
    ],
)
def test_words_are_found_as_they_are_written(ledger, text, count):
    report(ledger, title="井盖破损", text="三号楼前", address="")
    report(ledger, title="垃圾", text="堆满 100%", address="")
    with ledger.reading() as connection:
        assert find.count(connection, Wanted(AREA, text=text)) == count


def test_a_count_goes_no_further_than_it_is_told(full):
    with full.reading() as connection:
        assert find.count(connection, Wanted(AREA), most=100) == 100
        assert find.count(connection, Wanted(AREA, grid="community", codes=frozenset({"c0"})), most=100) == 100


def test_a_row_is_read_back_whatever_it_holds(full):
    with full.reading() as connection:
        row = connection.execute(select(tables.incident).where(tables.incident.c.id == 77)).mappings().one()
    assert json.loads(row["codes"]).keys() == {"community", "grid", "micro"}
    assert case().codes
