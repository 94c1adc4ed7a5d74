"""Notices on a phone: seen, opened, acknowledged without a network, and in the ledger once, with the time at which the button was pressed."""

from datetime import UTC, datetime, timedelta

import pytest
from chromium import expect, until
from desk_browser import AREA, post
from outbox import derived
from test_field_browser import NO_WORKER, SEND, browser, cut, phone, served, unanswered  # noqa: F401  its server and its phones

from desk.outbox import notices
from desk.outbox.notices import Draft
from desk.posts import roster
from desk.posts.roster import Wish
from incidents.lifecycle import By, PostKind
from ledger import find
from ledger.verify import verify

pytestmark = pytest.mark.browser

COMMUNITY = "head:community:410102999001"
WORDS = "三号楼、五号楼停水至十点，请上门告诉独居老人。"


def worker(phone, served, place, **options):  # noqa: F811
    """The phone of a grid worker whose post stands in the register, so that one may write to it."""
    leaf = served.room.area.net.leaf
    wish = Wish(PostKind.WORKER, "网格员", (leaf.key, str(leaf.codes[place])))
    roster.add(served.room, wish, post("dispatcher::"), datetime.now(UTC))
    return phone(place, **options)


def sent_to(served, key, *, receipt=False, title="明早七点停水"):  # noqa: F811
    now = datetime.now(UTC)
    draft = Draft(title, WORDS, (f"post:{key}",), now + timedelta(days=3), receipt=receipt)
    id_ = notices.send(served.room, draft, By(COMMUNITY, PostKind.HEAD), now)
    derived(served.room, now)
    return id_


def history(served, id_, act):  # noqa: F811
    with served.room.ledger.reading() as connection:
        return [one for one in find.entries(connection, AREA, str(id_), subject="notice") if one["act"] == act]


def opened(one, id_):
    one.page.click("#notices")
    one.page.click(f'[data-number="{id_}"] .open')
    one.shows("header.sheet h2", "停水").shows(".words", "独居老人")
    return one


def test_a_receipt_that_was_given_offline_is_in_the_ledger_once_with_its_own_time(phone, served):  # noqa: F811
    one = worker(phone, served, 31)
    id_ = sent_to(served, one.post, receipt=True)
    one.reload("#notices").shows("#notices", "未读通知 1 条 · 1 条待确认")
    one.page.wait_for_selector("html[data-kept~=map]", state="attached")
    one.offline().reload("#notices")
    opened(one, id_).shows("dl", "确认期限")
    before = datetime.now(UTC)
    one.page.dblclick("#acknowledge")
    one.shows(".given", "确认收到").band("离线，1 条待发")
    after = datetime.now(UTC)
    one.reload(".given").box("waiting").shows(".entry h3", "我已收到：明早七点停水")
    assert history(served, id_, "acknowledge") == []
    one.offline(False).entries("done").quiet()
    (entry,) = history(served, id_, "acknowledge")
    done = datetime.fromisoformat(entry["data"]["done_at"])
    assert before - timedelta(seconds=2) <= done <= after + timedelta(seconds=2)
    assert done < entry["at"]
    (got,) = notices.receipts(served.room, notices.get(served.room, id_))
    assert (got.post, got.acknowledged) == (one.post, done)
    one.go("#/notices", ".card.known").shows(".card.known", "确认收到")
    assert verify(served.room.ledger, now=datetime.now(UTC)).breaks == ()


@pytest.mark.parametrize(("place", "step"), [(33, lambda route: route.abort()), (34, unanswered)])
def test_a_cut_between_the_press_and_the_answer_leaves_one_receipt(phone, served, place, step):  # noqa: F811
    one = worker(phone, served, place, **NO_WORKER)
    id_ = sent_to(served, one.post, receipt=True)
    opened(one.reload("#notices"), id_)
    with cut(one.page, SEND, step) as seen:
        one.page.click("#acknowledge")
        one.band("离线，1 条待发").shows(".given", "等待网络").box("waiting")
        one.page.click("#send-now")
        one.entries("done").quiet()
    assert len(seen) > 1
    (entry,) = history(served, id_, "acknowledge")
    assert (entry["post"], entry["data"]["item"]) == (one.post, one.sent[0][0])
    assert {key for keys in one.sent for key in keys} == set(one.sent[0])


def test_a_notice_that_is_opened_is_read_and_nothing_is_said_of_it(phone, served):  # noqa: F811
    one = worker(phone, served, 32)
    first, second = (sent_to(served, one.post, title=title) for title in ("先停水", "后停水"))
    asked = sent_to(served, one.post, receipt=True, title="要回执：停水")
    one.reload("#notices").shows("#notices", "未读通知 3 条 · 1 条待确认")
    opened(one, first)
    until(one.page, lambda: [got.read is not None for got in notices.receipts(served.room, notices.get(served.room, first))], [True])  # fmt: skip
    expect(one.page.locator("#band")).to_be_hidden()
    one.go("#/notices", ".card")
    cards = one.page.locator(".card")
    until(one.page, lambda: cards.evaluate_all("all => all.map((one) => one.dataset.number)"), list(map(str, (asked, second, first))))  # fmt: skip
    expect(one.page.locator(".card.unread")).to_have_count(2)
    notices.withdraw(served.room, second, "时间改了", By(COMMUNITY, PostKind.HEAD), datetime.now(UTC))
    one.page.click("#again")
    expect(cards).to_have_count(2)
    one.page.click("[data-tab=box]")
    one.shows("main", "没有待发")
