"""The system administrator's page of the bridge, and what a phone is told of what the command room could not do."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from admin_pages import Seat, doors
from rooms import NOON, room_of, shipped

from desk.bridge import crossing, keys
from desk.bridge.cases import number_inside
from incidents.case import Incident
from incidents.lifecycle import CaseState
from incidents.model import Status
from ledger import audit, bridge
from ledger.bridge import Refusal, Side
from reports import trail

GRID = "micro:41010299900100101"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("console")
    made = doors(folder), folder
    room = room_of(shipped("longnan"), folder)
    peer = keys.own(tmp_path_factory.mktemp("peer")).public
    crossing.join(room, peer, Side.OUTSIDE, datetime.now(UTC))
    yield made, room, peer
    room.ledger.close()


def test_the_system_administrator_sees_how_the_bridge_stands_and_nobody_else(house):
    made, room, peer = house
    page = Seat(*made, "system").get("/bridge").text
    assert peer.fingerprint in page
    assert keys.own(room.ledger.folder).public.fingerprint in page
    assert "外网（手机端）" in page
    assert "outside (phones)" in Seat(*made, "system").get("/bridge", lang="en").text
    for role in ("security", "audit"):
        assert Seat(*made, role).get("/bridge").status != 200


def test_the_auditor_reads_of_the_bridge_in_words(house, tmp_path):
    made, room, _ = house
    crossing.write(room, tmp_path / "out", datetime.now(UTC))
    (tmp_path / "x.bridge").write_bytes(b"none")
    crossing.take_all(room, tmp_path / "x.bridge", datetime.now(UTC))
    with room.ledger.reading() as connection:
        found = [line for line in audit.read(connection, area=room.id, limit=100) if line.act.startswith("bridge_")]
    assert {line.act for line in found} >= {"bridge_join", "bridge_refuse"}
    assert {line.act for line in found} <= trail.ACT.keys()
    assert not {key for line in found for key in line.data} - trail.DATA.keys()
    page = Seat(*made, "audit").get("/audit", area=room.id).text
    assert "拒收网闸文件" in page
    assert "问题：文件损坏或不是网闸文件" in page
    assert "本侧位置：外网（手机端）" in page


def test_a_phone_hears_in_both_languages_what_the_command_room_could_not_do(house):
    made, room, _ = house
    seat = Seat(*made, "worker", scope=f"longnan:{GRID}")
    key = json.loads(seat.get("/field/longnan/data").text)["who"]["account"]
    refused = Refusal(
        key, "377c9814-0000-4000-8000-000000000001", "LNW-20261122-0001", "feedback", "closed", datetime.now(UTC)
    )
    room.ledger.change(lambda writing: bridge.refuse(writing, room.id, refused))
    other = Refusal(
        "somebody", "377c9814-0000-4000-8000-000000000002", "LNW-20261122-0002", "accept", "closed", datetime.now(UTC)
    )
    room.ledger.change(lambda writing: bridge.refuse(writing, room.id, other))
    (told,) = json.loads(seat.get("/field/longnan/data").text)["refused"]
    assert (told["number"], told["kind"]) == ("LNW-20261122-0001", "closed")
    assert told["zh"] == "指挥室已办结或作废该案件。您写的内容和照片已作为备注记入案件。"
    assert (
        told["en"]
        == "The case was over in the command room already. What you wrote, and its photos, stand as a note in the case."
    )
    assert told["what"] == "如问题仍在，请重新上报。"


def test_a_phone_shows_the_number_that_a_case_has_in_the_command_room():
    made = Incident("longnan", "06010", NOON, 113.6, 34.7, CaseState(Status.REPORTED), number="LNW-20261122-0001")
    inner = replace(made, number="LN-20261122-0007", source=bridge.ORIGIN, external_id="LNW-20261122-0001/377c9814")
    outer = replace(made, source=bridge.ORIGIN, external_id="LN-20261122-0007")
    assert [number_inside(case) for case in (made, inner, outer)] == ["", "", "LN-20261122-0007"]
