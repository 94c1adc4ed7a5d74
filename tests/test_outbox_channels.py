"""The ways out: what a robot, a mail server and a gateway get, how it is signed, and what is never done (redirects, foreign hosts, plain http, waiting for ever)."""

import base64
import hashlib
import hmac
import json
import os
import ssl
import time
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from console_server import free_port
from cryptography.hazmat.primitives.serialization import Encoding
from outbox import SECRET, mail_server, receiving, robot
from rooms import NOON

from desk.outbox import channels
from desk.outbox.book import (
    Book,
    Books,
    Contact,
    Sms,
    Smtp,
    Webhook,
    checked_contact,
    checked_sms,
    checked_smtp,
    checked_url,
    shown,
)
from desk.outbox.channels import Letter, Unsent, web
from desk.tls import authority
from geo.errors import ChannelError, LedgerError

TEXT = '【网格作战图】派遣 LN-1\n井盖 "破损" & <缺失>\n地点：三号楼 {number}'


def a_letter(contact):
    return Letter("k" * 32, "assignment", "longnan", "LN-1", "head:micro:1", NOON, "派遣 LN-1", TEXT, "https://map.example/case?case=LN-1", contact)  # fmt: skip


def post(url, form="json", secret=SECRET):
    return channels.send("webhook", Book(), a_letter(robot(url, form, secret)), NOON)


# Robots


def test_a_generic_receiver_gets_json_whose_signature_it_can_check():
    with receiving() as (url, receiver):
        receiver.reply = {"id": "r-7"}
        outcome = post(url)
        (_path, headers, body), seconds = receiver.came[0], int(NOON.timestamp())
        wanted = hmac.new(SECRET.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["X-Battlemap-Signature"] == f"t={seconds},v1={wanted}"
        assert headers["Idempotency-Key"] == "k" * 32
        said = json.loads(body)
        assert said == {"id": "k" * 32, "kind": "assignment", "area": "longnan", "number": "LN-1", "post": "head:micro:1", "at": "2026-11-20T04:00:00+00:00", "text": TEXT, "link": "https://map.example/case?case=LN-1"}  # fmt: skip
        assert (outcome.delivered, outcome.receipt) == (True, "r-7")


def test_wecom_gets_a_text_and_says_whether_it_took_it():
    with receiving() as (url, receiver):
        receiver.reply = {"errcode": 0, "errmsg": "ok"}
        post(f"{url}?key=abc", "wecom", "")
        assert receiver.bodies() == [{"msgtype": "text", "text": {"content": TEXT}}]
        assert "X-Battlemap-Signature" not in receiver.came[0][1]
        receiver.reply = {"errcode": 45009, "errmsg": "api freq out of limit"}
        with pytest.raises(Unsent, match="45009") as found:
            post(f"{url}?key=abc", "wecom", "")
        assert not found.value.for_good


def test_dingtalk_gets_its_signature_in_the_address():
    with receiving() as (url, receiver):
        receiver.reply = {"errcode": 0}
        post(f"{url}?access_token=abc", "dingtalk")
        query = parse_qs(urlsplit(receiver.came[0][0]).query)
        stamp = str(int(NOON.timestamp() * 1000))
        wanted = base64.b64encode(hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest())
        assert query == {"access_token": ["abc"], "timestamp": [stamp], "sign": [wanted.decode()]}


def test_feishu_gets_its_signature_in_the_body():
    with receiving() as (url, receiver):
        for reply in ({"code": 0}, {"StatusCode": 0}):
            receiver.reply = reply
            post(url, "feishu")
        seconds = str(int(NOON.timestamp()))
        wanted = base64.b64encode(hmac.new(f"{seconds}\n{SECRET}".encode(), b"", hashlib.sha256).digest()).decode()
        assert receiver.bodies()[0] == {"timestamp": seconds, "sign": wanted, "msg_type": "text", "content": {"text": TEXT}}  # fmt: skip
        receiver.reply = {}
        with pytest.raises(Unsent):
            post(url, "feishu")


# What is never done


def test_a_redirect_is_not_followed():
    with receiving() as (url, receiver):
        receiver.answer = 307
        with pytest.raises(Unsent, match="307"):
            post(url)
        assert receiver.came == []


@pytest.mark.parametrize(
    "url",
    ["http://map.example/hook", "http://169.254.169.254/latest", "http://10.0.0.1/", "http://[fe80::1]/", "ftp://localhost/x", "file:///etc/passwd", "https://user:pass@map.example/", "https:///x", "https://map.example/a b", "https://map.example/#x", "localhost", "", "http://localhost.evil.example/", "http://127.0.0.1@evil.example/", "https://map.example:0/", "https://map.example:x/"],
)  # fmt: skip
def test_an_address_that_is_not_https_or_this_machine_is_refused_twice(url):
    with pytest.raises(ChannelError):
        checked_url(url)
    with pytest.raises(Unsent) as found:
        post(url)
    assert found.value.for_good


def test_a_receiver_that_never_ends_is_let_go():
    with receiving() as (url, receiver):

        def trickle(file):
            for _ in range(200):
                file.write(b" ")
                file.flush()
                time.sleep(0.05)

        receiver.trickle = trickle
        began = time.monotonic()
        with pytest.raises(Unsent, match="in time"):
            web.request("POST", url, b"{}", {}, seconds=0.5)
        assert time.monotonic() - began < 5


def test_of_a_long_answer_no_more_than_the_beginning_is_read():
    with receiving() as (url, receiver):
        receiver.trickle = lambda file: file.write(b"x" * (4 * web.LARGEST))
        assert len(web.request("POST", url, b"{}", {}).body) == web.LARGEST


def test_nothing_that_is_raised_says_an_address():
    for url in ("http://localhost:1/send?key=SECRETKEY", "https://no.such.host.invalid/send?key=SECRETKEY"):
        with pytest.raises(Unsent) as found:
            post(url)
        assert "SECRETKEY" not in str(found.value)
        assert not found.value.for_good
        assert found.value.__cause__ is None


def test_the_system_s_proxy_is_not_asked(monkeypatch):
    with receiving() as (proxy, other), receiving() as (url, receiver):
        monkeypatch.setenv("http_proxy", proxy)
        post(url)
        assert (len(receiver.came), other.came) == (1, [])


# Text messages


@pytest.mark.parametrize(
    ("headers", "body", "read"),
    [
        ({"Content-Type": "application/json"}, '{"to": "{number}", "say": "{text}", "id": "{key}"}', lambda raw: json.loads(raw)["say"]),
        ({}, '{"say": "{text}", "to": "{number}"}', lambda raw: json.loads(raw)["say"]),
        ({"content-type": "application/x-www-form-urlencoded"}, "mobile={number}&content={text}", lambda raw: parse_qs(raw.decode())["content"][0]),
        ({"Content-Type": "text/xml"}, '<sms to="{number}">{text}</sms>', lambda raw: ET.fromstring(raw).text),
    ],
)  # fmt: skip
def test_a_text_stands_in_a_gateways_template_as_it_is_whatever_it_holds(headers, body, read):
    with receiving() as (url, receiver):
        gateway = checked_sms(Sms(url, "POST", headers, body))
        outcome = channels.send("sms", Book(sms=gateway), a_letter(Contact(sms="+86 371-6000")), NOON)
        assert read(receiver.came[0][2]) == TEXT
        assert not outcome.delivered  # nobody said that it arrived


def test_a_gateway_that_answers_something_else_did_not_take_it():
    with receiving() as (url, receiver):
        book = Book(sms=Sms(f"{url}/{{number}}?t={{text}}", "GET", path="Data.Code", value="OK"))
        receiver.reply = {"Data": {"Code": "isv.BUSINESS_LIMIT_CONTROL"}}
        with pytest.raises(Unsent, match="gateway"):
            channels.send("sms", book, a_letter(Contact(sms="110")), NOON)
        receiver.reply = {"Data": {"Code": "OK"}}
        assert channels.send("sms", book, a_letter(Contact(sms="110")), NOON).delivered
        assert parse_qs(urlsplit(receiver.came[-1][0]).query)["t"] == [TEXT]


# Mail


class Box:
    """What a mail server took in."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, _server, _session, envelope):
        self.mails.append(envelope)
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address.startswith("nobody"):
            return "550 no such box"
        envelope.rcpt_tos.append(address)
        return "250 OK"


def may_come_in(_server, _session, _envelope, _mechanism, said):
    return AuthResult(success=said.password == SECRET.encode())


@pytest.fixture
def posted(tmp_path):
    """A mail server that wants STARTTLS and a password, with a certificate that our own authority signed."""
    now = datetime.now(UTC)
    certificate = authority.server(tmp_path, ("localhost", "127.0.0.1"), now)
    signer = tmp_path / "authority.crt"
    signer.write_bytes(authority.authority(tmp_path, (), now).certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    box = Box()
    server = Controller(
        box, "127.0.0.1", free_port(), tls_context=context, require_starttls=True, authenticator=may_come_in, auth_required=True
    )  # fmt: skip
    server.start()
    yield box, server.port, signer
    server.stop()


def test_mail_goes_by_starttls_with_a_password_and_is_the_same_letter_each_time(posted):
    box, port, ca = posted
    server = checked_smtp(mail_server(port, user="map", password=SECRET, authority=str(ca)))
    letter = a_letter(Contact(smtp="duty@street.example"))
    for _ in range(2):
        assert not channels.send("smtp", Book(smtp=server), letter, NOON).delivered
    first, second = (message_from_bytes(one.content, policy=policy.default) for one in box.mails)
    assert first["Message-ID"] == second["Message-ID"] == f"<{'k' * 32}@street.example>"
    assert first["Subject"] == "派遣 LN-1"
    assert first.get_content().strip().splitlines() == TEXT.splitlines()
    assert box.mails[0].rcpt_tos == ["duty@street.example"]


def test_what_a_mail_server_refuses_is_said_without_address_and_password(posted):
    box, port, ca = posted
    server = mail_server(port, user="map", password=SECRET, authority=str(ca))
    wrong = mail_server(port, user="map", password="other", authority=str(ca))
    strange = mail_server(port, user="map", password=SECRET)
    for book, address, for_good in ((server, "nobody@street.example", True), (wrong, "duty@street.example", False), (strange, "duty@street.example", False)):  # fmt: skip
        with pytest.raises(Unsent) as found:
            channels.send("smtp", Book(smtp=book), a_letter(Contact(smtp=address)), NOON)
        assert found.value.for_good is for_good
        assert "street.example" not in str(found.value)
        assert SECRET not in str(found.value)
    assert box.mails == []


def test_a_mail_server_that_does_not_listen_is_tried_again():
    book = Book(smtp=Smtp("localhost", 1, "plain", sender="map@street.example"))
    with pytest.raises(Unsent) as found:
        channels.send("smtp", book, a_letter(Contact(smtp="duty@street.example")), NOON)
    assert not found.value.for_good


# The address book


def test_the_book_is_kept_for_its_owner_alone_and_read_again_when_it_changed(tmp_path):
    books, others = Books(tmp_path), Books(tmp_path)
    assert books.read() == Book()
    book = Book("https://map.example", mail_server(25), Sms("https://sms.example/{number}/{text}", headers={"A": "b"}), {"longnan": {"duty": robot("https://robot.example/x")}})  # fmt: skip
    others.write(book)
    assert books.read() == book
    again = book.with_contact("longnan", "duty", Contact(sms="110"))
    others.write(again)
    assert books.read() == again
    assert again.with_contact("longnan", "duty", Contact()).contacts == {"longnan": {}}
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    with pytest.raises(LedgerError, match="0600"):
        books.read()
    file.chmod(0o600)
    file.write_text('{"smtp": "SECRETKEY')
    os.utime(file, (1, 1))
    with pytest.raises(LedgerError) as found:
        books.read()
    assert "SECRETKEY" not in str(found.value)


@pytest.mark.parametrize(
    "made",
    [
        lambda: checked_contact("110; DROP", "", None),
        lambda: checked_contact("", "a@b\nBcc: c@d", None),
        lambda: checked_contact("", "", Webhook("https://robot.example/", "other")),
        lambda: checked_smtp(Smtp("mail.example", 25, "plain", sender="a@b.example")),
        lambda: checked_smtp(Smtp("mail.example", 25, sender="a@b.example\nX: y")),
        lambda: checked_smtp(Smtp("mail.example", 99999, sender="a@b.example")),
        lambda: checked_smtp(Smtp("mail.example", 25, sender="a@b.example", authority="/no/such/file")),
        lambda: checked_sms(Sms("https://{number}.example/{text}")),
        lambda: checked_sms(Sms("https://sms.example/{number}")),
        lambda: checked_sms(Sms("https://sms.example/{number}/{text}", "DELETE")),
        lambda: checked_sms(Sms("https://sms.example/{number}/{text}", headers={"A": "b\r\nC: d"})),
        lambda: checked_sms(Sms("https://sms.example/{number}/{text}", headers={"A b": "c"})),
    ],
)
def test_what_cannot_be_an_address_is_refused(made):
    with pytest.raises(ChannelError):
        made()


def test_of_a_saved_address_only_the_host_is_shown():
    assert shown("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=SECRETKEY") == "https://qyapi.weixin.qq.com/…"
    assert SECRET not in repr(robot("https://x/", "json", SECRET))
    assert timedelta(seconds=web.SECONDS) < timedelta(minutes=1)
