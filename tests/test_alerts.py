"""Warnings (预警): entered as they were ordered, raised, prolonged and lifted; what cannot be is refused with the reason; the history and every wall say so."""

from dataclasses import replace
from datetime import timedelta

import pytest
from ledgers import NOW
from orders import by, who
from rooms import DISPATCHER, room_of, shipped
from sqlalchemy import update

from data import rules as files
from desk import alerts
from geo.errors import DraftError, NoAccess, RulesError, TextError
from incidents.alerts import Alert, AlertRules, Level
from incidents.wall_views import DEFAULT
from ledger import tables
from ledger.find import entries
from ledger.verify import verify
from locales import translator
from reports import wall
from reports.alerts import name_of, told
from reports.refusals import refusal

AREA = "longnan"
_ = translator("zh")
SMOG = Alert(
    "heavy_pollution",
    Level.YELLOW,
    "市环境污染防治攻坚办",
    "郑环攻坚〔2026〕43号",
    NOW - timedelta(hours=2),
    NOW + timedelta(days=3),
)
RAIN = Alert("rainstorm", Level.BLUE, "市气象台", "", NOW + timedelta(hours=5))


@pytest.fixture
def room(tmp_path, database):
    found = room_of(shipped(AREA), tmp_path / "ledger", database)
    yield found
    found.ledger.close()


def history(room, one):
    with room.ledger.reading() as connection:
        return [entry["act"] for entry in entries(connection, room.id, str(one.id), subject="alert")]


def test_a_warning_is_entered_raised_prolonged_and_lifted_and_the_history_says_so(room):
    assert alerts.alerts(room) == alerts.Alerts([], [])
    one = alerts.issue(room, replace(SMOG, issuer=" 市环境污染防治攻坚办 "), DISPATCHER, NOW)
    assert alerts.alerts(room).running == [one] == [replace(SMOG, id=one.id)]
    later = one.ends + timedelta(days=1)
    raised = alerts.alter(room, one, DISPATCHER, NOW, level=Level.RED, number="郑环攻坚〔2026〕44号", ends=later)
    assert (raised.level, raised.begins, raised.ends) == (Level.RED, one.begins, later)
    alerts.alter(room, raised, DISPATCHER, NOW, level=raised.level, number=raised.number, ends=raised.ends)
    lifted = alerts.lift(room, raised, DISPATCHER, NOW + timedelta(microseconds=1234567))
    assert alerts.alerts(room) == alerts.Alerts([], [lifted])
    assert history(room, one) == ["issue", "change", "lift"], "what changed nothing is not written"
    again = alerts.issue(room, SMOG, DISPATCHER, NOW)
    assert again.id > one.id
    assert verify(room.ledger, now=NOW).breaks == ()


def test_the_most_severe_stands_first_and_each_kind_once(room):
    rain = alerts.issue(room, RAIN, DISPATCHER, NOW)
    smog = alerts.issue(room, SMOG, DISPATCHER, NOW)
    assert alerts.alerts(room).running == [smog, rain]
    with pytest.raises(DraftError, match="holds") as refused:
        alerts.issue(room, RAIN, DISPATCHER, NOW)
    assert refused.value.field == "alert_twice"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "fire"}, "alert_kind"),
        ({"level": Level.BLUE}, "alert_level"),
        ({"issuer": "  "}, "alert_issuer"),
        ({"ends": SMOG.begins}, "alert_ends"),
        ({"ends": SMOG.begins - timedelta(minutes=1)}, "alert_ends"),
    ],
)
def test_what_is_no_warning_is_refused_with_the_reason(room, change, field):
    with pytest.raises(DraftError) as refused:
        alerts.issue(room, replace(SMOG, **change), DISPATCHER, NOW)
    assert refused.value.field == field
    assert refusal(refused.value, _) != refusal(DraftError("", field="nothing"), _)
    assert alerts.alerts(room).running == []


def test_a_name_that_is_too_long_is_refused(room):
    with pytest.raises(TextError):
        alerts.issue(room, replace(SMOG, number="号" * 61), DISPATCHER, NOW)


def test_who_saw_an_older_warning_changes_nothing(room):
    one = alerts.issue(room, SMOG, DISPATCHER, NOW)
    alerts.alter(room, one, DISPATCHER, NOW, level=Level.ORANGE, number="", ends=None)
    with pytest.raises(DraftError) as refused:
        alerts.lift(room, one, DISPATCHER, NOW)
    assert refused.value.field == "alert_changed"
    assert [found.level for found in alerts.alerts(room).running] == [Level.ORANGE]


def test_only_the_command_room_enters_one_and_everybody_reads_it(room):
    worker = room.seen_by(who("worker", f"{AREA}:micro:41010299900100101"))
    with pytest.raises(NoAccess):
        alerts.issue(worker, SMOG, by("worker:micro:41010299900100101"), NOW)
    alerts.issue(room, SMOG, DISPATCHER, NOW)
    assert len(alerts.alerts(worker).running) == 1


def test_a_row_that_was_changed_by_hand_is_found(room):
    one = alerts.issue(room, SMOG, DISPATCHER, NOW)
    with room.ledger.reading() as connection:
        connection.execute(update(tables.alert).where(tables.alert.c.id == one.id).values(level="red"))
        connection.commit()
    assert any("another level" in str(found) for found in verify(room.ledger, now=NOW).breaks)


def test_a_wall_shows_every_warning_with_its_order_and_its_times(room):
    alerts.issue(room, SMOG, DISPATCHER, NOW)
    alerts.issue(room, RAIN, DISPATCHER, NOW)
    smog, rain = wall.panels(room, replace(DEFAULT, area=AREA), NOW, "zh")["alerts"]
    assert smog["name"] == "重污染天气黄色预警（Ⅲ级响应）"
    assert (smog["level"], smog["order"], smog["begun"]) == (
        "yellow",
        "市环境污染防治攻坚办 郑环攻坚〔2026〕43号",
        True,
    )
    assert ("起" in smog["times"], "预计" in smog["times"]) == (True, True)
    assert (rain["name"], rain["begun"]) == ("暴雨蓝色预警", False)
    late = told(room, SMOG.ends + timedelta(hours=1), _, "zh")[0]
    assert "尚未解除" in late["times"]


def test_a_kind_that_the_rules_do_not_have_any_more_is_called_by_its_key(room):
    assert name_of(room, replace(SMOG, kind="locusts"), _, "zh") == "locusts黄色预警"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kinds": []}, "kinds: there is none"),
        ({"kind": []}, "kind is not known"),
        ({"kinds": [{"key": "X", "name": "暴雨", "levels": {"red": {}}}]}, "kinds[1].key: 'X'"),
        ({"kinds": [{"key": "x", "name": " ", "levels": {"red": {}}}]}, "kinds[1].name: ' '"),
        ({"kinds": [{"key": "x", "name": "暴雨", "levels": {"pink": {}}}]}, "kinds[1].levels: write"),
        ({"kinds": [{"key": "x", "name": "暴雨", "levels": {"red": 3}}]}, "kinds[1].levels.red: 3"),
        (
            {"kinds": [{"key": "x", "name": "暴雨", "levels": {"red": {"x": ""}}}]},
            "kinds[1].levels.red.x is not known",
        ),
        ({"kinds": [{"key": "x", "name": "暴雨", "levels": {"red": {}}}] * 2}, "two have one key"),
    ],
)
def test_a_table_that_is_wrong_says_where_and_what_to_write(change, says):
    with pytest.raises(RulesError) as refused:
        AlertRules.from_table({**files.read("alerts"), **change})
    assert says in str(refused.value)
