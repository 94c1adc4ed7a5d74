"""The report of a warning: the same whenever it is asked for, as files, for who may; and scanned orders as PDF."""

from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from inspected import AREA, shop
from PIL import Image
from pypdf import PdfReader, PdfWriter
from rooms import DISPATCHER, NOON, room_of, shipped
from test_warnings import HOUR, looking, order

from desk.scans import pictures
from desk.warnings import acts
from desk.warnings.acts import Seen
from geo.errors import DraftError, FilterError
from incidents.access import Role
from inspections.warnings import State, Warned, WarningRules, reported
from ledger import files, warnings
from ledger.verify import verify
from locales import translator
from reports.sheet_files import Stock, printed
from reports.warning_report import moment, report

DAY = timedelta(days=1)


@pytest.fixture
def room(tmp_path):
    made = room_of(shipped(AREA), tmp_path)
    shop(made, "康桥工地", "dust")
    shop(made, "老灶餐馆", "fumes")
    yield made
    made.ledger.close()


@pytest.fixture
def warning(room):
    """A warning one hour after which a measure was done and another one was not kept."""
    one = acts.issue(room, order(starts=NOON + 2 * HOUR), DISPATCHER, NOON)
    first, second = acts.tasks(room, one.number)[:2]
    acts.done(room, one.number, first.number, Seen(True, meter="0"), DISPATCHER, NOON + HOUR)
    acts.done(room, one.number, second.number, Seen(False, note="仍在作业"), DISPATCHER, NOON + HOUR)
    return one


def pdf(pages):
    first, *others = (Image.new("RGB", (595, 842), (page, 90, 160)) for page in range(0, 10 * pages, 10))
    file = BytesIO()
    first.save(file, "PDF", save_all=True, append_images=others)
    return file.getvalue()


def test_a_report_of_an_hour_says_the_same_whatever_happened_since(room, warning):
    at = NOON + 3 * HOUR
    before = report(room, warning.number, at, at, "zh")
    assert before.total.values == {"done": 2, "open": 3, "late": 3, "broken": 1, "closed": 0}
    assert report(room, warning.number, NOON, at, "zh").total.values["done"] == 0
    for task in acts.tasks(room, warning.number):
        if task.state is State.OPEN:
            acts.done(room, warning.number, task.number, Seen(True, meter="0"), DISPATCHER, at + HOUR)
    acts.stand_down(room, acts.listed(room)[0], "3号", DISPATCHER, NOON + DAY)
    assert report(room, warning.number, at, NOON + 2 * DAY, "zh") == before
    after = report(room, warning.number, NOON + DAY, NOON + 2 * DAY, "zh")
    assert after.total.values == {"done": 5, "open": 0, "late": 0, "broken": 1, "closed": 0}
    assert all(sum(row.values[name] for row in after.rows) == many for name, many in after.total.values.items())
    assert acts.then(room, warning.number, NOON + DAY)[1] == acts.tasks(room, warning.number)


def test_what_was_never_done_is_not_forgotten_when_the_warning_is_stood_down(room, warning):
    late = report(room, warning.number, NOON + 3 * HOUR, NOON + 3 * HOUR, "zh").total.values["late"]
    acts.stand_down(room, acts.listed(room)[0], "3号", DISPATCHER, NOON + 3 * HOUR)
    made = report(room, warning.number, NOON + 3 * HOUR, NOON + 3 * HOUR, "zh")
    assert (made.total.values["late"], made.total.values["closed"]) == (0, late)
    assert f"始终未完成{late}项" in made.comment
    said = {part.heading: part.sentences for part in made.sections}
    assert len(said["解除时已超期"]) == late


def test_the_report_names_what_was_not_kept_and_what_is_overdue_with_who_is_to_see_to_it(room, warning):
    made = report(room, warning.number, NOON + 3 * HOUR, NOON + 3 * HOUR, "zh")
    said = {part.heading: part.sentences for part in made.sections}
    _ = translator("zh")
    assert len(said[_("Overdue")]) == 3
    assert "仍在作业" in said[_("Not kept")][0]
    assert any("扬尘" in line or "工地" in line for line in said[_("By kind of source")])
    assert "街道督促、核查、上报" in made.notes[0]


@pytest.mark.parametrize("kind", ["pdf", "xlsx", "docx"])
def test_the_files_say_the_figures(room, warning, kind):
    made = report(room, warning.number, NOON + 3 * HOUR, NOON + 3 * HOUR, "zh")
    data = printed(made, kind, Stock(), foot="取件人")
    if kind == "pdf":
        text = "".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)
        assert "康桥工地" in text
        assert warning.number in text
    elif kind == "xlsx":
        values = [cell for row in openpyxl.load_workbook(BytesIO(data)).active.iter_rows(values_only=True) for cell in row]  # fmt: skip
        assert {2, 3, 1} <= set(values)
    else:
        assert data.startswith(b"PK")


def test_who_sees_no_site_counts_none_and_an_hour_to_come_is_refused(room, warning):
    site = acts.tasks(room, warning.number)[0].site
    with room.ledger.reading() as connection:
        own = warnings.sites.get(connection, AREA, site).codes["micro"].split(";")[0]
    other = next(str(each) for each in room.area.net.leaf.codes if str(each) != own)
    seen = looking(room, Role.WORKER, f"{AREA}:micro:{other}")
    assert not any(report(seen, warning.number, NOON + HOUR, NOON + HOUR, "zh").total.values.values())
    with pytest.raises(FilterError):
        report(room, warning.number, NOON + DAY, NOON, "zh")
    with pytest.raises(DraftError):
        report(room, warning.number, NOON - DAY, NOON, "zh")
    with pytest.raises(FilterError):
        moment(room, "yesterday")
    assert moment(room, "2026-11-23T17:00").hour == 9


def test_reports_are_due_at_their_hours_from_the_start_to_the_end(room):
    rules = room.rules.warnings
    assert isinstance(rules, WarningRules)
    one = Warned("市", "1号", order().level, NOON, NOON + DAY)
    zone = room.area.pack.timezone
    last, following = reported(rules, one, NOON + HOUR, zone)
    hours = {at.hour for at in rules.reports}
    assert last is None or last.astimezone(zone).hour in hours
    assert NOON + HOUR < following <= NOON + DAY
    assert following.astimezone(zone).hour in hours
    assert reported(rules, one, NOON + 2 * DAY, zone)[1] is None


def test_the_pages_of_a_pdf_are_kept_as_pictures(room):
    one = acts.issue(room, order(scans=[pdf(2), pdf(1)]), DISPATCHER, NOON)
    with room.ledger.reading() as connection:
        (told,) = warnings.orders(connection, AREA, one.number)
    kept = [files.path(room.ledger.folder, digest) for digest in told["scans"]]
    assert len(kept) == 2
    assert len({path.read_bytes() for path in kept}) == 2
    with Image.open(kept[0]) as page:
        assert page.format == "JPEG"
        assert page.height > page.width
    looked = verify(room.ledger, now=NOON)
    assert (looked.breaks, looked.photos) == ((), 2)


def test_a_pdf_that_cannot_be_read_or_is_too_long_is_refused_and_nothing_is_written(room):
    locked = PdfWriter()
    locked.add_blank_page(595, 842)
    locked.encrypt("geheim")
    file = BytesIO()
    locked.write(file)
    for scan in (b"%PDF-1.7 rubbish", pdf(acts.MOST_PAGES + 1), b"%PDF-" + bytes(21 * 2**20), file.getvalue()):
        with pytest.raises(DraftError):
            acts.issue(room, order(scans=[scan]), DISPATCHER, NOON)
    assert acts.listed(room) == []
    assert pictures([b"no pdf"], 1) == [b"no pdf"]
