"""Signed webhooks: a body of JSON to a post's robot, generic or in the form that 企业微信, 钉钉 and 飞书 take.

Every request carries ``Idempotency-Key`` and ``X-Battlemap-Signature: t=<seconds>,v1=<hex>``: HMAC-SHA256 with the secret over ``<seconds>.<body>``. docs/outbox.md shows how to
check it. 钉钉 and 飞书 want their own signature beside it: https://open.dingtalk.com/document/robots/custom-robot-access, https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from desk.outbox.book import DINGTALK, FEISHU, WECOM, Book, Webhook
from desk.outbox.channels import web
from desk.outbox.channels.outcome import Letter, Outcome, Unsent

# Where a robot's answer says that it was taken: 0.
TAKEN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {WECOM: ("errcode",), DINGTALK: ("errcode",), FEISHU: ("code", "StatusCode")}
)


def send(_book: Book, letter: Letter, now: datetime) -> Outcome:
    """Post a letter to the robot of its contact; raises Unsent."""
    hook = letter.contact.webhook
    if hook is None:
        raise Unsent("The post has no robot.", for_good=True)
    body = json.dumps(_body(hook, letter, now), ensure_ascii=False, separators=(",", ":")).encode()
    answer = web.request("POST", _address(hook, now), body, _headers(hook, letter, body, now))
    said = answer.json()
    found = said if isinstance(said, dict) else {}
    if hook.format in TAKEN:
        code = next((found[name] for name in TAKEN[hook.format] if name in found), None)
        if code != 0:
            raise Unsent(f"The robot did not take it: {str(code)[:20]}.")
    return Outcome(delivered=True, receipt=_plain(found.get("id")))


def signature(secret: str, seconds: int, body: bytes) -> str:
    """Return what ``X-Battlemap-Signature`` says of a body that is sent at a time."""
    said = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={said}"


def _headers(hook: Webhook, letter: Letter, body: bytes, now: datetime) -> dict[str, str]:
    plain = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "battlemap-outbox",
        "Idempotency-Key": letter.key,
    }
    signed = {"X-Battlemap-Signature": signature(hook.secret, int(now.timestamp()), body)} if hook.secret else {}
    return plain | signed


def _body(hook: Webhook, letter: Letter, now: datetime) -> Mapping[str, Any]:
    if hook.format in {WECOM, DINGTALK}:
        return {"msgtype": "text", "text": {"content": letter.text}}
    if hook.format == FEISHU:
        plain = {"msg_type": "text", "content": {"text": letter.text}}
        seconds = str(int(now.timestamp()))
        return {"timestamp": seconds, "sign": _signed(f"{seconds}\n{hook.secret}", ""), **plain} if hook.secret else plain  # fmt: skip
    return {
        "id": letter.key,
        "kind": letter.kind,
        "area": letter.area,
        "number": letter.number,
        "post": letter.post,
        "at": letter.at.isoformat(timespec="seconds"),
        "text": letter.text,
        "link": letter.link,
    }


def _address(hook: Webhook, now: datetime) -> str:
    """Return where to post; 钉钉 wants time and signature in the address."""
    if hook.format != DINGTALK or not hook.secret:
        return hook.url
    stamp = str(int(now.timestamp() * 1000))
    query = urlencode({"timestamp": stamp, "sign": _signed(hook.secret, f"{stamp}\n{hook.secret}")})
    return f"{hook.url}{'&' if '?' in hook.url else '?'}{query}"


def _signed(key: str, said: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), said.encode(), hashlib.sha256).digest()).decode()


def _plain(value: object) -> str:
    return "".join(letter for letter in str(value or "") if letter.isprintable())[:100]
