"""The page of the daily sheet: one account draws it up with photos, another checks it, a third signs it."""

from datetime import UTC, datetime

from accounts import signed_in
from chromium import another
from desk_browser import AREA, Desk, jpeg, reported

from api.identity import COOKIE
from desk.acts import Doing, do
from desk.sheets import acts
from incidents.lifecycle import Act, By, PostKind
from incidents.posts import post_key
from incidents.sheet_life import State
from incidents.sheets import day_of


def of_account(shared, console, name):
    """Return somebody of the command room with an account of their own."""
    found = another(shared)
    found.__dict__["people"] = {"dispatcher::": found}
    token = signed_in(console.folder, "dispatcher", AREA, name=name)
    found.add_cookies([{"name": COOKIE, "value": token, "url": str(console), "httpOnly": True, "sameSite": "Lax"}])
    return Desk(found, console)


def cleared(room, now):
    made = reported(room, "楼道堆放杂物", now=now, photos=[jpeg("#777777")])
    level = room.area.net.leaf.key
    worker = By(post_key(PostKind.WORKER, level, made.codes[level].split(";")[0]), PostKind.WORKER, "w9")
    return do(room, Doing(made.number, Act.SELF_CLEAR, photos=[jpeg("#336633")]), worker, now)


def test_a_sheet_is_drawn_up_checked_and_signed_by_three_accounts(shared, console, room):
    now = datetime.now(UTC)
    case, day = cleared(room, now), day_of(now, room.rules.sheets.cutoff, room.area.pack.timezone)
    writer, checker, signer = (of_account(shared, console, name) for name in ("writer", "checker", "signer"))
    writer.open("/sheet", ".st-key-sheet_draw", day=day)
    writer.page.click(".st-key-sheet_life summary")
    writer.page.click(f".st-key-sheet_life button:has-text('{case.number}')")
    writer.page.fill(".st-key-sheet_life textarea >> nth=0", "今日平稳。")
    writer.page.keyboard.press("Tab")
    writer.page.click(".st-key-sheet_draw button")
    writer.says(".st-key-sheet_life", "拟稿")
    writer.says(".bm-daily", "今日平稳。", "整改前", case.number)
    writer.until(lambda: writer.page.eval_on_selector_all(".bm-shown img", "all => all.map(one => one.naturalWidth > 0)"), [True, True])  # fmt: skip
    writer.says(".st-key-sheet_life", "另一人")
    assert writer.page.is_disabled(".st-key-sheet_check button")
    number = acts.of(room, day).number
    checker.open("/inbox", ".bm-piles")
    checker.page.click(".bm-piles a[href*='/sheet?'] >> nth=-1")
    checker.says(".st-key-sheet_life", number)
    checker.page.click(".st-key-sheet_check button")
    checker.says(".st-key-sheet_life", "已核稿")
    signer.open("/sheet", ".st-key-sheet_sign", number=number)
    signer.page.click(".st-key-sheet_sign button")
    signer.says(".st-key-sheet_life", "已签发")
    sheet = acts.of(room, day)
    assert (sheet.state, sheet.issue) == (State.SIGNED, 1)
    assert writer.complaints == checker.complaints == signer.complaints == []
