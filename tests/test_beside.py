"""What stands beside the cases is proved by the history too: posts, holders, rota, hand-overs, groups, views, relations, origins, photos, numbers."""

from dataclasses import replace
from datetime import timedelta

import pytest
from ledgers import AREA, DISPATCHER, NOW, do, report
from sqlalchemy import delete, insert, select, update

from incidents.lifecycle import Act, PostKind
from incidents.posts import Post
from incidents.rota import Role, Shift
from ledger import files, groups, posts, rota, tables, views
from ledger.posts import Holding, Kept
from ledger.rota import Handover
from ledger.verify import verify
from ledger.views import View
from ledger.writing import Attached

BY = DISPATCHER.post
DAY = timedelta(days=1)
KEY = "worker:micro:0305"


def said(ledger):
    return [str(found) for found in verify(ledger, now=NOW).breaks]


def tamper(ledger, *statements):
    """Change tables as one who knows the database; they have no triggers."""
    with ledger.engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def full(ledger):
    """Something of everything, each changed, taken back and removed at least once."""
    photo = files.put(ledger.folder, b"a photo")
    one = report(ledger, key="first", photos=[Attached(photo, photo, 4, 3)]).number
    two, three = report(ledger, at=NOW + DAY).number, report(ledger, at=NOW + DAY, key="third").number
    do(ledger, two, Act.FILE)

    def work(writing):
        writing.begin(AREA, "empty", edition="2026", digest="d" * 64, at=NOW)
        writing.relate(AREA, two, one, "apart")
        writing.relate(AREA, two, one, "linked")
        writing.relate(AREA, three, one, "linked")
        writing.unrelate(AREA, three, one)
        post = Kept(Post(KEY, PostKind.WORKER, "微网格员", ("micro", "0305")))
        posts.put(writing, AREA, post, act="add", by=BY, at=NOW)
        posts.put(writing, AREA, replace(post, post=replace(post.post, volunteer=True)), act="rename", by=BY, at=NOW)
        gone = Kept(Post("worker:micro:0306", PostKind.WORKER, "二号", ("micro", "0306")))
        posts.put(writing, AREA, gone, act="add", by=BY, at=NOW)
        writing.flush()
        posts.undo(writing, AREA, "worker:micro:0306", by=BY, at=NOW)
        held = posts.hold(writing, AREA, Holding(0, KEY, "甲", stand_in=False, since=NOW), BY, NOW)
        posts.hold(
            writing, AREA, Holding(0, KEY, "乙", stand_in=False, since=NOW + DAY), BY, NOW, ended={held.id: NOW + DAY}
        )
        posts.correct(writing, AREA, replace(held, holder="", until=NOW + DAY), act="erase", by=BY, at=NOW)
        shifts = [Shift(NOW + day * DAY, NOW + (day + 1) * DAY, Role.OFFICER, BY, "丙") for day in range(3)]
        made = rota.replace(writing, AREA, "2026-11-22", [], shifts, BY, NOW, act="fill")
        rota.replace(writing, AREA, "2026-11-22", [made.added[2].id], [replace(shifts[2], post=KEY)], BY, NOW)
        first = rota.write_handover(writing, AREA, Handover(0, NOW, BY, "", "钥匙", (one,)), by=BY)
        rota.take(writing, AREA, first.id, by=KEY, at=NOW + DAY)
        second = rota.write_handover(writing, AREA, Handover(0, NOW, BY, KEY, "", (two,)), by=BY)
        rota.withdraw(writing, AREA, second.id, by=BY, at=NOW)
        rota.write_handover(writing, AREA, Handover(0, NOW, BY, KEY, "", (two,)), by=BY)
        group = groups.put(writing, AREA, groups.Group("一号院", covers=(("micro", "0305"),)), by=BY, at=NOW)
        groups.put(writing, AREA, replace(group, members=200), by=BY, at=NOW)
        other = groups.put(writing, AREA, groups.Group("二号院"), by=BY, at=NOW)
        groups.remove(writing, AREA, other.id, by=BY, at=NOW)
        for query in ({"mark": "red"}, {"mark": "green"}):
            views.save(writing, AREA, View("超期", BY, query), by=BY, at=NOW)
        views.save(writing, AREA, View("旧", "", {}), by=BY, at=NOW)
        views.drop(writing, AREA, View("旧", "", {}), by=BY, at=NOW)

    ledger.change(work)
    return ledger


def test_what_was_not_touched_holds(full):
    assert said(full) == []


def test_every_table_of_the_ledger_is_proved_or_named_here_as_personal_or_not_of_the_ledger():
    """Who reported and who may come in is personal and erasable; the head is signed, the audit trail is its own."""
    proved = {
        *("history", "head", "incident", "incident_grid", "incident_post", "wording", "attachment"),
        *("origin", "sent", "serial", "relation"),
        *("area", "post", "holding", "shift", "handover", "chat_group", "saved_view"),
    }
    assert {"reporter"} <= set(tables.METADATA.tables) - proved
    assert proved <= set(tables.METADATA.tables)


first_shift = select(tables.shift.c.id).order_by(tables.shift.c.id).limit(1).scalar_subquery()
photo, origin, relation, serial = tables.attachment, tables.origin, tables.relation, tables.serial
TAMPERED = {
    "a shift that another post serves": (
        update(tables.shift).where(tables.shift.c.id == first_shift).values(post=KEY),
        "shift 1 in longnan stands with another post",
    ),
    "a shift that ends at another time": (
        update(tables.shift).where(tables.shift.c.id == first_shift).values(until=tables.shift.c.until + 1),
        "shift 1 in longnan stands with another until",
    ),
    "a shift that was taken off": (delete(tables.shift).where(tables.shift.c.id == first_shift), "was removed"),
    "a shift that was put in": (
        insert(tables.shift).values(area=AREA, role="leader", post=BY, holder="", since=1, until=2),
        "shift 5 in longnan was put in",
    ),
    "a holding of another time": (
        update(tables.holding).where(tables.holding.c.until.is_(None)).values(since=1),
        "holding 2 in longnan stands with another since",
    ),
    "a holding that became a stand-in's": (
        update(tables.holding).where(tables.holding.c.id == 1).values(stand_in=True),
        "holding 1 in longnan stands with another stand_in",
    ),
    "a holding that was removed": (
        delete(tables.holding).where(tables.holding.c.id == 1),
        "holding 1 in longnan was removed",
    ),
    "a post of another title": (
        update(tables.post).values(title="另一个"),
        f"post {KEY} in longnan stands with another title",
    ),
    "a post that was removed": (delete(tables.post), f"post {KEY} in longnan was removed"),
    "a hand-over that somebody else took": (
        update(tables.handover).where(tables.handover.c.taken.is_not(None)).values(to_post=BY),
        "handover 1 in longnan stands with another to_post",
    ),
    "a hand-over that carries other cases": (
        update(tables.handover).where(tables.handover.c.taken.is_(None)).values(cases="[]"),
        "handover 3 in longnan stands with another cases",
    ),
    "a group that covers something else": (
        update(tables.chat_group).values(covers="[]"),
        "chat_group 1 in longnan stands with another covers",
    ),
    "a view that asks something else": (update(tables.saved_view).values(query="{}"), "stands with another query"),
    "an area that began otherwise": (update(tables.area).values(how="demo"), "area longnan stands with another how"),
    "a link that became another": (update(relation).values(kind="apart"), "stands with another kind"),
    "a link that was removed": (delete(relation), "was removed"),
    "a link that was put in": (
        insert(relation).values(one=2, other=3, kind="linked"),
        "was put in",
    ),
    "an origin of another key": (
        update(origin).where(origin.c.key == "first").values(key="other"),
        "comes from another origin",
    ),
    "an origin that was removed": (delete(origin).where(origin.c.key == "first"), "comes from another origin"),
    "an origin that leads to another case": (
        update(origin).where(origin.c.key == "first").values(incident=2),
        "comes from another origin",
    ),
    "a photo of another kind": (
        update(photo).values(kind="after"),
        "stands with another kind, thumbnail, size or time",
    ),
    "a photo of another size": (update(photo).values(width=5), "stands with another kind, thumbnail, size or time"),
    "a photo with another thumbnail": (
        update(photo).values(thumbnail=""),
        "stands with another kind, thumbnail, size or time",
    ),
    "a number that would be given again": (update(serial).values(last=0), "go on after 0, its last case is 1"),
    "a day whose count was removed": (
        delete(serial).where(serial.c.day == "20261122"),
        "go on after 0, its last case is 1",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_changed_beside_the_history_is_named(full, name):
    statement, what = TAMPERED[name]
    tamper(full, statement)
    found = said(full)
    assert found
    assert any(what in line for line in found), found


def test_what_the_history_says_in_a_form_that_we_do_not_know_is_named_and_stops_nothing(ledger):
    ledger.change(lambda writing: writing.enter(AREA, "rota", "2026-11-22", "change", post=BY, at=NOW, after={}))
    (line,) = said(ledger)
    assert "change of rota 2026-11-22 in longnan cannot be read" in line
