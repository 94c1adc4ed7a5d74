"""Secrets are never written down: whatever is done, no password, cookie, code or contact is in a log, on the console's output, in the audit trail, in the history, or anywhere in the database."""

import logging
import re
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from accounts import IDENTITY, PASSWORD
from click.testing import CliRunner
from http_client import ask
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.middleware import Middleware

from api import documents, live, login, lookup, marking, papers, rota
from api import print as paper
from api.headers import SafeHeaders
from api.identity import Gate
from cli import battlemap
from desk.access.accounts import Accounts
from desk.access.entrance import Entrance
from desk.access.permissions import permissions_of
from desk.acts import Doing, do
from desk.people import contacts, retention
from desk.reports import Draft, report
from desk.rooms import Rooms
from geo.errors import LoginError, NoAccess
from incidents.access import Role, Scope
from incidents.lifecycle import Act, By, PostKind
from layers.areas import areas_of
from ledger import tables
from ledger.contacts import KEY_FILE
from ledger.sessions import session_key
from ledger.store import open_ledger
from settings import Settings

WRONG, NEXT = "Falsch-im-Regen-9143", "Ulme-am-Bach-6258"
NAME, PHONE = "欧阳小明", "13987654321"
PERSON = {"accept": "text/html"}


class House:
    """A console with its gate, in this process, so that every logger is heard."""

    def __init__(self, folder, url):
        settings = Settings(area="longnan", data_dir=folder, database_url=url, demo=False, host="0.0.0.0")
        self.ledger = open_ledger(folder, url)
        self.accounts = Accounts(self.ledger, IDENTITY, session_key(folder))
        self.rooms = Rooms(areas_of((), "longnan"), self.ledger, demo=False)
        entrance = Entrance(self.accounts, permissions_of(None), session_key(folder))
        found = [
            *login.routes(settings, self.rooms, entrance, "/assets/x/"),
            *documents.routes(self.rooms, settings, {}),
            *live.routes(self.rooms),
            *lookup.routes(self.rooms, settings),
            *paper.routes(self.rooms, settings, "/assets/x/"),
            *papers.routes(self.rooms, settings, "/assets/x/"),
            *rota.routes(self.rooms, settings, "/assets/x/"),
        ]
        self.app = Starlette(routes=found, middleware=[Middleware(SafeHeaders), Middleware(Gate, entrance=entrance)])
        self.secrets = {PASSWORD, WRONG, NEXT, PHONE, NAME}
        self.jar = {}

    def ask(self, address, method="GET", fields=None, **headers):
        if self.jar:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        if fields is not None:
            headers |= {"content-type": "application/x-www-form-urlencoded", "origin": "http://localhost:8501", "sec-fetch-site": "same-origin"}  # fmt: skip
        body = urlencode(fields or {}).encode()
        headers = {name.replace("-", "_"): value for name, value in {**PERSON, **headers}.items()}
        answer = ask(self.app, address, method=method, chunks=(body,), **headers)
        for cookie in [value for name, value in answer.headers.items() if name == "set-cookie"]:
            name, _, value = cookie.split(";")[0].partition("=")
            self.jar[name] = value
            self.keep(value)
        return answer

    def keep(self, secret):
        """Remember what must not be written down; of a signed value also the part before the signature."""
        self.secrets |= {part for part in (secret, secret.rsplit(".", 1)[0]) if len(part) > 7}

    def post(self, path, **fields):
        found = re.search(r'name="form" value="([^"]*)"', self.ask(path).text)
        assert found, path
        self.keep(found[1])
        return self.ask(path, "POST", {"form": found[1], **fields})

    def room(self):
        return self.rooms.get("longnan", datetime.now(UTC))


@pytest.fixture
def house(tmp_path, database):
    house = House(tmp_path, database)
    yield house
    house.ledger.close()


def written(house, caplog, captured):
    """All that was written down: log lines of every logger with their traces, the output, and every row of the database."""
    formatter = logging.Formatter("%(name)s %(message)s")
    logs = "\n".join(formatter.format(record) + repr(record.args) for record in caplog.records)
    with house.ledger.reading() as connection:
        rows = {
            name: str([tuple(row) for row in connection.execute(select(table))])
            for name, table in tables.METADATA.tables.items()
        }
    return {"log": logs, "stdout": captured.out, "stderr": captured.err, **rows}


def clean(house, found):
    """The places in which a secret stands; there are none."""
    return [(place, secret) for place, text in found.items() for secret in house.secrets if secret in text]


def test_a_day_of_log_ins_reports_exports_prints_and_errors_writes_no_secret_down(
    house, tmp_path, caplog, capfd, monkeypatch
):
    caplog.set_level(logging.DEBUG)
    now, accounts = datetime.now(UTC), house.accounts
    made = accounts.add("keeps", Role.DISPATCHER, Scope("longnan"), PASSWORD, by=None, now=now, must_change=False)
    once = accounts.add("new", None, None, by=None, now=now).once
    again = accounts.reset(made.key, by=None, now=now)
    code = accounts.walls.offer("wall", Scope("longnan"), by=None, now=now)
    house.secrets |= {once, again, code}
    assert house.post("/log-in", name="keeps", password=WRONG).status >= 400
    assert house.post("/log-in", name=PHONE, password=WRONG).status >= 400  # what people type into the wrong field
    house.post("/log-in", name="keeps", password=again)
    answer = house.post("/password", old=again, new=NEXT, again=NEXT)
    assert answer.status < 400, answer.text
    house.post("/password", old=NEXT, new="short", again="short")
    room, who = house.room(), accounts.sessions.who(house.jar["battlemap_session"], datetime.now(UTC))
    assert who.name == "keeps"
    by = By("dispatcher::", PostKind.DISPATCHER, account=who.account)
    spot = room.area.net.leaf.geoms[0].representative_point()
    case = report(room, Draft("06010", spot.x, spot.y, text="垃圾", reporter=NAME, phone=PHONE), by, now)
    do(room, Doing(case.number, Act.FILE), by, now)
    seen = permissions_of(None).given(who)
    assert contacts.unmask(room, seen, case.number, f"回访{PHONE}", by, now).phone == PHONE
    token = house.jar["battlemap_session"]
    for address in (
        "/print/longnan?mark=red",
        f"/dispatch/longnan/{case.number}?post=dispatcher::",
        "/rota/longnan?names=1",
        f"/search/longnan?q={PHONE}",
        f"/print/longnan?view={token}",
        f"/dispatch/longnan/{token}",
        f"/nowhere/{token}",
        f"/live/longnan?mark={token}",
    ):
        house.ask(address)
    assert house.ask("/print/longnan?mark=red").status == 200

    def fails(*_args, **_more):
        raise RuntimeError("nobody foresaw it")

    with monkeypatch.context() as patched:
        patched.setattr(marking, "watermark", fails)
        answer = house.ask("/print/longnan", authorization=f"Bearer {token}")
        assert answer.status == 500
        assert token not in answer.text
    assert "nobody foresaw it" in caplog.text  # the log is heard
    house.ask("/log-out")
    house.post("/log-out")
    retention.run(house.ledger, house.rooms.settings(), IDENTITY, datetime.now(UTC))
    found = written(house, caplog, capfd.readouterr())
    assert case.number in found["history"]
    assert "log_in_failed" in found["audit"]
    assert "unmask" in found["audit"]
    assert clean(house, found) == []
    key = (tmp_path / KEY_FILE).read_text().strip()
    assert not [place for place, text in found.items() if key in text]


def test_what_goes_wrong_says_no_secret_either(house, caplog):
    caplog.set_level(logging.DEBUG)
    now, accounts = datetime.now(UTC), house.accounts
    accounts.add("keeps", Role.HEAD, Scope("longnan", ("micro", "1")), PASSWORD, by=None, now=now, must_change=False)
    came = {"address": "10.0.0.7", "agent": "Firefox"}
    entered = accounts.log_in("keeps", PASSWORD, now=now, **came)
    said = [repr(entered), str(entered), repr(accounts)]
    house.keep(entered.token)
    with pytest.raises(LoginError) as refused:
        accounts.log_in("keeps", WRONG, now=now, **came)
    said.append(repr(refused.value) + str(refused.value))
    who = permissions_of(None).given(entered.who)
    with pytest.raises(NoAccess) as refused:
        contacts.unmask(house.room(), who, "LN-1", f"回访{PHONE}", By("x", PostKind.HEAD), now)
    said.append(repr(refused.value) + str(refused.value))
    assert clean(house, {"said": "\n".join(said) + caplog.text}) == []


def test_the_command_line_says_no_secret_but_the_one_it_makes(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("BATTLEMAP_DATA_DIR", str(tmp_path))
    words = ["user", "add", "keeps", "--role", "dispatcher", "--scope", "longnan", "--password-stdin"]
    done = CliRunner().invoke(battlemap, words, input=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.output
    done_again = CliRunner().invoke(battlemap, words, input=f"{WRONG}\n")
    assert done_again.exit_code != 0
    exported = CliRunner().invoke(
        battlemap, ["incidents", "export", "--area", "longnan", "--out", str(tmp_path / "a.csv"), "--text", PHONE]
    )
    assert exported.exit_code == 0, exported.output
    said = done.output + done_again.output + str(done_again.exception) + exported.output + caplog.text
    ledger = open_ledger(tmp_path)
    with ledger.reading() as connection:
        said += "".join(
            str([tuple(row) for row in connection.execute(select(table))]) for table in tables.METADATA.tables.values()
        )
    ledger.close()
    for secret in (PASSWORD, WRONG, PHONE):
        assert secret not in said
