"""The life of a daily sheet: three persons, figures that are frozen for good, what comes late stands in the next one."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspected import AREA, kept
from orders import who
from PIL import Image
from pypdf import PdfReader
from rooms import DISPATCHER, NOON
from sqlalchemy import update

from desk.acts import Doing, do
from desk.photos import smaller
from desk.posts.acting import NOBODY
from desk.reports import Draft, report
from desk.sheets import acts, photos
from geo.errors import Conflict, DraftError, LifecycleError, NoAccess
from incidents.access import Role
from incidents.lifecycle import Act as Deed
from incidents.lifecycle import By, PostKind
from incidents.posts import post_key
from incidents.sheet_life import HANDS, KEPT, Act, Sheet, State, apply, is_same
from ledger import backup, files, tables
from ledger.rows import dumps
from ledger.store import open_ledger
from ledger.verify import verify
from reports import figures, inbox
from reports.figures import Filter
from reports.sheet_files import Stock, printed
from reports.sheet_files.paper import Pair
from reports.sheet_frozen import drawn_up, from_json, printable, shown, to_json

DAY, TODAY = timedelta(days=1), date(2026, 11, 20)
WRITER, CHECKER, SIGNER = (By(DISPATCHER.post, PostKind.DISPATCHER, account) for account in ("w1", "c1", "s1"))


@pytest.fixture
def room(tmp_path, database):
    found, _site = kept(tmp_path / "ledger", database)
    yield found
    found.ledger.close()


def drawn(room, day=TODAY, now=NOON, expected=0, by=WRITER, **words):
    frozen, seen = drawn_up(room, day, "", words, now)
    return acts.draw(room, day, "", frozen, seen, expected, by, now)


def signed(room, day=TODAY, now=NOON):
    sheet = acts.do(room, drawn(room, day, now), Act.CHECK, CHECKER, now)
    return acts.do(room, sheet, Act.SIGN, SIGNER, now)


def case(room, reported, now, **more):
    leaf = room.area.net.leaf
    point = leaf.geoms[0].representative_point()
    key = next(iter(room.rules.directory.classes))
    return report(room, Draft(key, point.x, point.y, text="占道堆物", reported=reported, **more), DISPATCHER, now)


def test_three_persons_draw_up_check_and_sign_and_a_fourth_act_sends(room):
    sheet = drawn(room, comment="今日平稳。")
    with pytest.raises(LifecycleError, match="another person"):
        acts.do(room, sheet, Act.CHECK, WRITER, NOON)
    sheet = acts.do(room, sheet, Act.CHECK, CHECKER, NOON)
    for same in (WRITER, CHECKER):
        with pytest.raises(LifecycleError, match="another person"):
            acts.do(room, sheet, Act.SIGN, same, NOON)
    sheet = acts.do(room, sheet, Act.SIGN, SIGNER, NOON)
    assert (sheet.state, sheet.issue, sheet.number) == (State.SIGNED, 1, "日-20261120-0001")
    assert acts.do(room, sheet, Act.SEND, WRITER, NOON).state is State.SENT
    paper = printable(room, acts.of(room, TODAY), "zh")
    assert paper.comment == "今日平稳。"
    assert "1" in paper.number
    assert paper.digest == sheet.digest
    assert not list(verify(room.ledger, now=NOON).breaks)


def test_a_signed_sheet_says_for_ever_what_it_said_and_what_comes_late_stands_in_the_next(room):
    case(room, NOON - timedelta(hours=1), NOON)
    sheet = signed(room, now=NOON + timedelta(hours=1))
    before = {language: printable(room, sheet, language) for language in ("zh", "en")}
    case(room, NOON - timedelta(hours=2), NOON + timedelta(hours=20))
    again = acts.of(room, TODAY)
    assert {language: printable(room, again, language) for language in ("zh", "en")} == before
    assert shown(room, NOON + DAY, "zh", again, day=TODAY, campaign="") == before["zh"]
    listed = figures.look(room, Filter(counted=f"{sheet.number}.new"), NOON + timedelta(hours=20)).cases
    assert len(listed) == before["zh"].total.values["new"] == 1, "it leads to what it was made of"
    next_day = drawn(room, TODAY + DAY, NOON + timedelta(hours=21))
    late = acts.came_late(room, TODAY + DAY)
    assert late is not None
    assert len(late[1]) == 1
    notes = printable(room, next_day, "zh").notes
    assert any("1" in one and "2026-11-20" in one for one in notes)
    assert printable(room, next_day, "zh").total.values["new"] == 0


def test_a_day_that_is_over_has_its_cases_as_they_stood_at_the_cut_off_or_as_they_were_entered_later(room, jpeg):
    names = ("new", "handled", "open")
    first = case(room, NOON - DAY, NOON - DAY)
    late = case(room, NOON - DAY, NOON, photos=[jpeg])
    level = room.area.net.leaf.key
    worker = By(post_key(PostKind.WORKER, level, late.codes[level].split(";")[0]), PostKind.WORKER, "w9")
    for made in (first, late):
        do(
            room,
            Doing(made.number, Deed.SELF_CLEAR, photos=[jpeg[:-2] + b"\xff\xd9"]),
            worker,
            NOON + timedelta(hours=1),
        )
    paper = shown(room, NOON + timedelta(hours=2), "zh", None, day=TODAY - DAY, campaign="")
    assert [paper.total.values[name] for name in names] == [2, 0, 2]
    assert shown(room, NOON + timedelta(hours=2), "zh", None, day=TODAY, campaign="").total.values["change"] == -2


def test_a_draft_has_the_figures_of_the_moment_at_which_it_was_drawn_up(room):
    sheet = drawn(room)
    assert printable(room, sheet, "zh").total.values["new"] == 0
    case(room, NOON, NOON + timedelta(minutes=1))
    assert printable(room, acts.of(room, TODAY), "zh").total.values["new"] == 0
    anew = drawn(room, now=NOON + timedelta(minutes=5), expected=sheet.version)
    assert printable(room, anew, "zh").total.values["new"] == 1
    assert anew.number == sheet.number
    with pytest.raises(Conflict):
        drawn(room, expected=sheet.version)


def test_it_is_returned_and_withdrawn_with_a_reason_and_a_day_can_be_signed_anew(room):
    sheet = acts.do(room, drawn(room), Act.CHECK, CHECKER, NOON)
    with pytest.raises(DraftError) as refused:
        acts.do(room, sheet, Act.RETURN, CHECKER, NOON)
    assert refused.value.field == "sheet_reason"
    back = acts.do(room, sheet, Act.RETURN, CHECKER, NOON, reason="排名有误")
    assert (back.state, back.reason) == (State.DRAFT, "排名有误")
    sheet = acts.do(room, acts.do(room, back, Act.CHECK, CHECKER, NOON), Act.SIGN, SIGNER, NOON)
    gone = acts.do(room, sheet, Act.WITHDRAW, SIGNER, NOON, reason="漏报一户")
    assert gone.state is State.WITHDRAWN
    assert printable(room, gone, "zh").state
    assert acts.of(room, TODAY) is None
    anew = signed(room)
    assert (anew.number, anew.issue) == ("日-20261120-0002", 2)
    assert [one.number for one in acts.listed(room)] == [anew.number, sheet.number]
    assert not list(verify(room.ledger, now=NOON).breaks)


def test_a_sheet_waits_in_the_inbox_of_who_may_check_or_sign_it_and_had_no_hand_in_it(room):
    sheet = drawn(room)
    writer, checker, looks = (room.seen_by(who(role, AREA, name)) for role, name in ((Role.DISPATCHER, "w1"), (Role.DISPATCHER, "c1"), (Role.ANALYST, "a9")))  # fmt: skip
    post = room.posts[DISPATCHER.post]
    assert [inbox.sheets(one, post) for one in (writer, checker, looks)] == [(0, ""), (1, sheet.number), (0, "")]
    assert inbox.sheets(checker, NOBODY) == (0, "")
    acts.do(room, sheet, Act.CHECK, CHECKER, NOON)
    signer = room.seen_by(who(Role.DISPATCHER, AREA, "s1"))
    assert [inbox.sheets(one, post)[0] for one in (writer, checker, signer)] == [0, 0, 1]


def test_nobody_draws_up_tomorrow_nor_acts_on_what_somebody_changed(room):
    with pytest.raises(DraftError):
        acts.draw(room, TODAY + 2 * DAY, "", {}, 1, 0, WRITER, NOON)
    sheet = drawn(room)
    acts.do(room, sheet, Act.CHECK, CHECKER, NOON)
    with pytest.raises(Conflict):
        acts.do(room, sheet, Act.CHECK, CHECKER, NOON)


def test_who_sees_a_part_of_the_area_sees_no_sheet_and_who_only_looks_writes_none(room):
    sheet = drawn(room)
    code = room.area.net.levels[0].codes[0]
    part = room.seen_by(who(Role.COMMUNITY, f"{AREA}:grid:{room.area.net.levels[1].codes[0]}", "a7"))
    assert acts.listed(part) == []
    assert acts.of(part, TODAY) is None
    with pytest.raises(DraftError):
        acts.numbered(part, sheet.number)
    looks = room.seen_by(who(Role.ANALYST, AREA, "a9"))
    assert acts.listed(looks) == [sheet]
    with pytest.raises(NoAccess):
        acts.do(looks, sheet, Act.CHECK, CHECKER, NOON)
    assert code


def test_figures_that_somebody_changed_are_found(room):
    signed(room)
    with room.ledger.engine.begin() as connection:
        connection.execute(update(tables.sheet).values(frozen="{}"))
    assert any("other figures" in str(one) for one in verify(room.ledger, now=NOON).breaks)


def test_a_backup_brings_sheets_back(room, tmp_path):
    sheet, archive = signed(room), tmp_path / "b.zip"
    backup.backup(room.ledger, archive, now=NOON)
    again = open_ledger(tmp_path / "again")
    backup.restore(again, archive, now=NOON)
    try:
        other = replace(room, ledger=again)
        assert acts.of(other, TODAY) == sheet
        assert printable(other, sheet, "en") == printable(room, sheet, "en")
        assert not verify(again, now=NOON).breaks
    finally:
        again.close()


def test_a_sheet_is_read_as_it_was_written(room):
    paper = shown(room, NOON, "zh", None, day=TODAY, campaign="")
    kept_ = {sha256(data).hexdigest(): data for data in (b"one", b"two")}
    paper = replace(paper, pairs=(Pair("垃圾", b"one", b"two"), Pair("堆物", b"", b"one")))
    assert from_json(to_json(paper), lambda digest: kept_.get(digest, b"")) == paper


def cleared(room, jpeg, now=NOON):
    """Return a case that has a photo before and one after."""
    made = case(room, now - timedelta(hours=1), now, photos=[jpeg])
    level = room.area.net.leaf.key
    worker = By(post_key(PostKind.WORKER, level, made.codes[level].split(";")[0]), PostKind.WORKER, "w9")
    return do(room, Doing(made.number, Deed.SELF_CLEAR, photos=[jpeg[:-2] + b"\xff\xd9"]), worker, now)


def test_photos_of_chosen_cases_are_frozen_by_digest_and_a_file_that_is_gone_is_no_photo(room, jpeg):
    done = cleared(room, jpeg)
    other = case(room, NOON - timedelta(hours=1), NOON, photos=[jpeg])
    assert list(photos.candidates(room, TODAY, NOON)) == [done.number]
    assert not photos.candidates(room, TODAY + DAY, NOON)
    assert not photos.candidates(room, TODAY - DAY, NOON)
    with pytest.raises(DraftError) as refused:
        drawn_up(room, TODAY, "", {}, NOON, shots=[other.number])
    assert refused.value.field == "sheet_photos"
    frozen, seen = drawn_up(room, TODAY, "", {}, NOON, shots=[done.number])
    sheet = acts.draw(room, TODAY, "", frozen, seen, 0, WRITER, NOON)
    (pair,) = printable(room, sheet, "zh").pairs
    assert done.number in pair.caption
    assert pair.before[:2] == pair.after[:2] == b"\xff\xd8"
    assert printed(printable(room, sheet, "zh"), "pdf", Stock(room.ledger.folder / "papers")).startswith(b"%PDF")
    _caption, before, _after = frozen["papers"]["zh"]["pairs"][0]
    files.path(room.ledger.folder, before).unlink()
    assert printable(room, sheet, "zh").pairs[0].before == b""
    assert sha256(dumps(acts.figures(room, sheet)).encode()).hexdigest() == sheet.digest


def test_photos_are_printed_from_what_is_kept_and_no_larger_than_paper_shows(room):
    file = BytesIO()
    Image.linear_gradient("L").resize((1600, 1200)).convert("RGB").save(file, "JPEG")
    done = cleared(room, file.getvalue())
    frozen, seen = drawn_up(room, TODAY, "", {}, NOON, shots=[done.number])
    paper = printable(room, acts.draw(room, TODAY, "", frozen, seen, 0, WRITER, NOON), "zh")
    assert Image.open(BytesIO(paper.pairs[0].before)).size == (1600, 1200)
    data = printed(paper, "pdf", Stock(room.ledger.folder / "papers"))
    assert data == printed(paper, "pdf", Stock(room.ledger.folder / "papers"))
    sizes = [one.image.size for page in PdfReader(BytesIO(data)).pages for one in page.images]
    assert sizes.count((1024, 768)) == len(sizes) > 0
    assert smaller(b"no photo", 100) == b"no photo"
    assert smaller(b"", 100) == b""


@given(st.lists(st.tuples(st.sampled_from(Act), st.sampled_from("abcd")), max_size=30))
def test_whatever_is_tried_three_persons_stand_behind_a_signature_and_what_is_kept_keeps_its_digest(tries):
    sheet, made = None, Sheet(TODAY, "", "d0", 1, State.DRAFT)
    at = datetime.combine(TODAY, time(17), UTC)
    for place, (act, account) in enumerate(tries):
        by = By("p", PostKind.DISPATCHER, account)
        before = sheet
        try:
            sheet = apply(
                sheet,
                act,
                by,
                at,
                made=replace(made, digest=f"d{place}"),
                issue=place + 1 if act is Act.SIGN else 0,
                reason="r",
            )
        except LifecycleError:
            continue
        assert Sheet.from_json(sheet.to_json()) == sheet
        if before and before.state in KEPT:
            assert sheet.digest == before.digest
        if sheet.state in {State.SIGNED, State.SENT, State.WITHDRAWN}:
            hands = [sheet.hand(one) for one in HANDS]
            assert len({hand.account for hand in hands}) == len(HANDS)
            assert sheet.issue > 0


def test_without_accounts_posts_are_compared():
    one = apply(None, Act.DRAFT, By("a", PostKind.DISPATCHER), NOON, made=Sheet(TODAY, "", "d", 1, State.DRAFT))
    hand = one.hand(Act.DRAFT)
    assert hand is not None
    assert is_same(hand, By("a", PostKind.DISPATCHER, "x"))
    assert not is_same(hand, By("b", PostKind.DISPATCHER))
