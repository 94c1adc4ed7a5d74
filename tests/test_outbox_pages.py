"""The outbox at its doors: the system administrator's page and the command line."""

import json
import re
import time
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from admin_pages import Seat, doors
from click.testing import CliRunner
from console_server import served
from outbox import DISPATCHER, SECRET, case_in, leaf, receiving, robot, sent_to
from rooms import room_of, shipped
from sqlalchemy import select

from cli import battlemap
from desk.acts import Doing, do
from desk.outbox import channels, undelivered
from desk.outbox.book import Book, Books
from desk.outbox.derive import derive
from desk.outbox.rules import outbox_rules
from geo.errors import NoAccess
from incidents.access import GIVEN, Role, Scope, Who
from incidents.lifecycle import Act
from ledger import audit, outbox, tables
from ledger.backup import backup
from ledger.outbox import State
from reports.channel_words import why_unsent

PAGE = "/channels"
NUMBER, MAIL = "0371-60001234", "zhiban@street.example"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("console")
    return doors(folder), folder


@pytest.fixture
def system(house):
    Books(house[1]).write(Book())
    return Seat(*house, "system")


@pytest.fixture
def room(house):
    found = room_of(shipped("longnan"), house[1])
    yield found
    found.ledger.close()


def saved(house):
    return Books(house[1]).read()


def dead_letter(room):
    """A message that was given up."""
    now, handler = datetime.now(UTC) - timedelta(minutes=5), leaf(room, 1)[1]
    book = Book(contacts={room.id: {handler: robot("http://localhost:1/")}})
    sent_to(room, case_in(room, now, place=30).number, handler, now)
    while derive(room, outbox_rules(None), book, now):
        pass
    with room.ledger.reading() as connection:
        one = outbox.listed(connection, channels=("webhook",), posts={handler}, most=1)[0]

    def give_up(writing):
        outbox.claim(writing, one.id, "test", now=now + timedelta(hours=12), until=now + timedelta(hours=13))
        return outbox.settle(writing, replace(one, state=State.DEAD, error="The receiver answered 500."), "test")

    assert room.ledger.change(give_up)
    return one


def state_of(room, one):
    with room.ledger.reading() as connection:
        return outbox.listed(connection, ids={one.id})[0].state


def test_addresses_are_saved_and_never_shown_again(house, system):
    fields = {"name": "duty", "number": NUMBER, "mail": MAIL, "url": "https://robot.example/send?key=ROBOTKEY", "format": "wecom", "secret": SECRET}  # fmt: skip
    page = system.send(PAGE, {"act": "contact", "area": "longnan"}, fields).text
    contact = saved(house).contact("longnan", "duty")
    assert (contact.sms, contact.smtp, contact.webhook.secret) == (NUMBER, MAIL, SECRET)
    system.send(PAGE, {"act": "smtp"}, {"host": "mail.example", "port": "587", "security": "starttls", "user": "map", "password": SECRET, "sender": "map@street.example", "authority": ""})  # fmt: skip
    sms = {"method": "POST", "url": "https://sms.example/x?key=SMSKEY", "headers": f"Authorization: {SECRET}\nContent-Type: application/json", "body": '{"to":"{number}","t":"{text}"}', "path": "", "value": ""}  # fmt: skip
    system.send(PAGE, {"act": "sms"}, sms)
    page += system.text(PAGE)
    for hidden in (SECRET, NUMBER, MAIL, "ROBOTKEY", "SMSKEY"):
        assert hidden not in page
    for seen in ("https://robot.example/…", "https://sms.example/…", "mail.example", "企业微信", "@street.example"):
        assert seen in page
    # what is left empty stays, but goes to no other host
    system.send(PAGE, {"act": "smtp"}, {"host": "mail.example", "port": "465", "security": "tls", "user": "map", "password": "", "sender": "map@street.example", "authority": ""})  # fmt: skip
    assert (saved(house).smtp.port, saved(house).smtp.password) == (465, SECRET)
    system.send(PAGE, {"act": "smtp"}, {"host": "other.example", "port": "465", "security": "tls", "user": "map", "password": "", "sender": "map@street.example", "authority": ""})  # fmt: skip
    assert saved(house).smtp.password == ""
    system.send(PAGE, {"act": "sms"}, {**sms, "url": "https://evil.example/{number}/{text}", "headers": "", "body": ""})
    assert (saved(house).sms.headers, saved(house).sms.body) == ({}, "")


@pytest.mark.parametrize(
    ("act", "fields", "said"),
    [
        ("contact", {"name": "duty", "url": "http://10.0.0.1/"}, "https://"),
        ("contact", {"name": "duty", "number": "call me"}, "号码"),
        ("contact", {"name": "nobody", "number": "110"}, "岗位"),
        ("smtp", {"host": "mail.example", "port": "25", "security": "plain", "sender": "a@b.example"}, "STARTTLS"),
        ("smtp", {"host": "mail.example", "port": "x", "security": "tls", "sender": "a@b.example"}, "65535"),
        ("sms", {"method": "POST", "url": "https://sms.example/", "body": "{number}"}, "{text}"),
        ("console", {"url": "http://map.example"}, "https://"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_saved(house, system, act, fields, said):
    before = saved(house)
    action, hidden = next(one for one in system.forms(PAGE) if one[1].get("act") == act)
    answer = system.post(action, {**hidden, **fields})
    assert answer.status == 422
    assert said in answer.text
    assert saved(house) == before


def test_a_test_is_sent_and_a_failure_is_said(house, system):
    with receiving() as (url, receiver):
        kept = saved(house).with_contact("longnan", "duty", robot(url))
        Books(house[1]).write(kept)
        wanted = {"act": "test", "name": "duty", "channel": "webhook"}
        assert "测试已发出" in system.send(PAGE, wanted).text
        assert "测试" in receiver.bodies()[0]["text"]
        receiver.answer = 503
        answer = system.send(PAGE, wanted)
        assert (answer.status, "对方服务器返回 503" in answer.text) == (422, True)


def test_what_was_given_up_is_listed_without_a_word_and_sent_again_after_a_question(house, system, room):
    one = dead_letter(room)
    page = system.text(PAGE)
    assert f'data-id="{one.id}"' in page
    assert "对方服务器返回 500" in page
    assert "The receiver answered 500." in system.text(PAGE, lang="en")
    assert one.number not in page
    assert "楼道" not in page
    question = system.text(PAGE, ask="replay", id=str(one.id))
    assert "重新发送" in question
    assert state_of(room, one) is State.DEAD
    system.send(PAGE, {"act": "replay", "id": str(one.id)}, ask="replay", id=str(one.id))
    assert state_of(room, one) is State.QUEUED
    system.send(PAGE, {"act": "cancel", "id": str(one.id)}, ask="cancel", id=str(one.id))
    assert state_of(room, one) is State.CANCELLED
    answer = system.forged(PAGE, act="cancel", id="999999")
    assert answer.status == 422
    with room.ledger.reading() as connection:
        told = {line.act: line for line in audit.read(connection) if line.act.startswith("messages_")}
    assert set(told) == {"messages_replayed", "messages_cancelled"}
    assert {(line.what, line.name, line.data["messages"]) for line in told.values()} == {(str(one.id), system.name, 1)}


@pytest.mark.parametrize("work", [undelivered.replay, undelivered.cancel])
def test_nobody_but_the_system_administrator_looks_after_messages(room, work):
    one = dead_letter(room)
    for role in {*GIVEN} - {Role.SYSTEM}:
        person = Who("a1", role.value, role, Scope("*"), "s1")
        with pytest.raises(NoAccess):
            work(room.ledger, [one.id], by=person, now=datetime.now(UTC))
    assert state_of(room, one) is State.DEAD


@pytest.mark.parametrize("role", ["security", "audit", "dispatcher", "worker"])
def test_nobody_else_comes_near_the_channels(house, role):
    seat = Seat(*house, role, name=f"near-{role}", scope="longnan" if role in {"dispatcher", "worker"} else "*")
    assert seat.get(PAGE).status == 403
    assert seat.ask(PAGE, "POST", b"act=replay&id=all").status == 403


def test_english_says_all_of_it(system):
    page = re.sub(r"<style>.*?</style>|<option.*?</option>", "", system.text(PAGE, lang="en"), flags=re.DOTALL)
    assert re.findall("[一-鿿]+", page) == ["中文"]
    page = system.text(PAGE, lang="en")
    assert "Duty telephone" in page


def test_no_secret_is_in_the_audit_trail_the_database_or_a_backup(house, system, room, tmp_path):
    system.send(PAGE, {"act": "contact", "area": "longnan"}, {"name": "duty", "number": NUMBER, "mail": MAIL, "url": "https://robot.example/send?key=ROBOTKEY", "format": "json", "secret": SECRET})  # fmt: skip
    backup(room.ledger, tmp_path / "b.zip", now=datetime.now(UTC))
    raw = (tmp_path / "b.zip").read_bytes()

    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        names = archive.namelist()
        raw += b"".join(archive.read(name) for name in names)
    with room.ledger.reading() as connection:
        rows = "".join(str([tuple(row) for row in connection.execute(select(table))]) for table in tables.METADATA.tables.values())  # fmt: skip
    for hidden in (SECRET, NUMBER, MAIL, "ROBOTKEY"):
        assert hidden.encode() not in raw
        assert hidden not in rows
    assert not [name for name in names if "channels" in name]


def test_the_command_line_lists_sends_again_cancels_and_tests(house, room, monkeypatch):
    one = dead_letter(room)
    monkeypatch.setenv("BATTLEMAP_DATA_DIR", str(house[1]))
    run = CliRunner().invoke
    listed = run(battlemap, ["outbox", "list", "--json"])
    assert [row["state"] for row in json.loads(listed.output) if row["id"] == one.id] == ["dead"]
    assert str(one.id) in run(battlemap, ["outbox", "list"]).output
    assert run(battlemap, ["outbox", "replay"]).exit_code == 2
    assert run(battlemap, ["outbox", "replay", str(one.id)]).exit_code == 0
    assert state_of(room, one) is State.QUEUED
    assert run(battlemap, ["outbox", "cancel", str(one.id)]).exit_code == 0
    assert state_of(room, one) is State.CANCELLED
    assert isinstance(run(battlemap, ["outbox", "cancel", str(one.id)]).exception, Exception)
    with receiving() as (url, receiver):
        Books(house[1]).write(Book(contacts={"longnan": {"duty": robot(url)}}))
        assert run(battlemap, ["outbox", "test", "duty", "--area", "longnan", "--channel", "webhook"]).exit_code == 0
        assert receiver.bodies()[0]["kind"] == "test"
    assert run(battlemap, ["outbox", "test", "duty", "--area", "longnan", "--channel", "sms"]).exit_code == 1


def test_a_console_that_nobody_looks_at_sends_what_another_process_wrote(tmp_path):
    handler = "inspector::"
    ledger = tmp_path / "ledger"
    now = datetime.now(UTC)
    room = room_of(shipped("longnan"), ledger)
    with receiving() as (url, receiver), served(tmp_path, "--area", "longnan", BATTLEMAP_DATA_DIR=str(ledger), BATTLEMAP_DEMO="false"):  # fmt: skip
        Books(ledger).write(Book(contacts={"longnan": {handler: robot(url)}}))
        case = case_in(room, now)
        do(room, Doing(case.number, Act.NOTE, {"text": "要喷雾器", "help": "material", "to": handler}), DISPATCHER, now)
        for _ in range(300):
            if receiver.came:
                break
            time.sleep(0.05)
        assert [(one["kind"], one["number"]) for one in receiver.bodies()] == [("material", case.number)]
    room.ledger.close()


def test_everything_that_a_channel_notes_has_words_in_both_languages():
    sources = (Path(channels.__file__).parent.glob("*.py")), re.compile(r'(?<!")f?"((?:The|There) [^"]+\.)"(?!")')
    noted = [
        re.sub(r"\{[^}]*\}", "503", text) for path in sources[0] for text in sources[1].findall(path.read_text("utf-8"))
    ]
    assert len(noted) > 10
    assert [text for text in noted if why_unsent(text)[0] == "{what}"] == []
    assert why_unsent("otherwise {x}") == ("{what}", "otherwise {x}")
