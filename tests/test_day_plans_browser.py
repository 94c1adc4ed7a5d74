"""The page of plans through a browser: a day is planned, one walk is looked at alone, a site is moved by mouse and by keyboard, taken back, kept, and withdrawn."""

from datetime import UTC, datetime, timedelta

from chromium import COMPLETE

from desk.planning import keep
from desk.posts import roster
from desk.posts.roster import Wish as Post
from desk.sites import register
from desk.sites.register import Wish
from incidents.lifecycle import By, PostKind
from inspections.plans import State

CENTRE = By("dispatcher::", PostKind.DISPATCHER)


def test_a_day_is_planned_a_site_moved_and_the_plan_kept_and_withdrawn(desk, room):
    then = datetime.now(UTC) - timedelta(days=400)
    leaf = room.area.net.leaf
    for at, code in enumerate(leaf.codes[:2]):
        point = leaf.geoms[at].representative_point()
        register.put(room, Wish("gas_shop", f"{at}号气瓶店", point.x, point.y), register.hand(room, then), then)
        roster.add(room, Post(PostKind.WORKER, f"网格员{at}", (leaf.key, str(code))), CENTRE, datetime.now(UTC))
    one = desk("dispatcher::").open("/plan", ".st-key-plan_start button")
    page = one.page
    choose = page.locator('[data-testid="stMultiSelect"] input')
    for at in range(2):
        choose.fill(f"网格员{at}")
        page.locator("[role=option]").first.click()
    page.keyboard.press("Escape")
    page.wait_for_selector(COMPLETE, state="attached")
    page.click(".st-key-plan_start button")
    page.wait_for_selector(".bm-route .bm-leg")
    one.says(".st-key-plan", "只按到期日")
    walks = page.locator(".bm-route")
    out = walks.count() - 1
    one.until(lambda: page.locator(".bm-leg").count(), 2)
    drawn = page.frame_locator(".st-key-plan_map iframe").locator(".walk-stop")
    one.until(drawn.count, 2)
    page.locator("button.bm-route-mark").first.click()
    one.until(drawn.count, 1)
    page.locator("button.bm-route-mark").first.click()
    one.until(drawn.count, 2)
    page.locator(".bm-route .bm-leg").first.drag_to(walks.nth(out).locator("h3"))
    one.says(".bm-routes", "人工移出")
    page.wait_for_selector(COMPLETE, state="attached")
    page.click(".st-key-plan_undo button")
    one.until(lambda: "人工移出" in page.inner_text(".bm-routes"), False)
    page.wait_for_selector(COMPLETE, state="attached")
    page.locator(".bm-leg select").first.focus()
    page.locator(".bm-leg select").first.select_option("out")
    one.says(".bm-routes", "人工移出")
    page.wait_for_selector(COMPLETE, state="attached")
    page.reload()  # nothing is lost by it
    one.says(".bm-routes", "人工移出")
    page.wait_for_selector(COMPLETE, state="attached")
    page.click(".st-key-plan_keep button")
    one.says(".st-key-plan", "生效中")
    (plan,) = keep.listed(room)
    assert (plan.ours[0], [why for _, why in plan.out]) == (1, ["taken"])
    page.wait_for_selector(COMPLETE, state="attached")
    page.click(".st-key-plan_withdraw button")
    page.wait_for_selector(".st-key-plan_withdraw_sure button")
    page.wait_for_selector(COMPLETE, state="attached")
    page.click(".st-key-plan_withdraw_sure button")
    one.says(".st-key-plan", "已撤回")
    assert [each.state for each in keep.listed(room)] == [State.WITHDRAWN]
    assert one.complaints == []
