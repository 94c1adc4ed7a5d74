"""What the pages share that are for anybody who has their link (a notice board's, a site's self-check): phones told apart, forms that count once, and words that are not lost."""

import secrets
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from api.multipart import MOST_FIELDS, NotAForm, Sent, TooMuch, read

AN_HOUR, A_MINUTE = 3600, 60
MEGABYTE = 2**20
WORDS_ONLY = 2**16  # bytes that are read of what came too often, so that its words are not lost
AT_ONCE = 2  # that are looked at, of the threads of a process: a photo is work


@dataclass(frozen=True)
class Phones:
    """Tells the phones behind one address apart, for an hour, by a cookie of a page.

    Attributes
    ----------
    cookie
        Its name.
    """

    signer: URLSafeTimedSerializer
    cookie: str

    def number(self, request: Request, of: int) -> str:
        """Return the number of a phone at a board or link; "" where it brings none that we gave."""
        try:
            at, number = self.signer.loads(request.cookies.get(self.cookie, ""), max_age=AN_HOUR)
        except (BadData, ValueError, TypeError):
            return ""
        return str(number) if at == of else ""

    def give(self, request: Request, answer: Response, of: int) -> Response:
        """Give a phone that has none a number of its own for a board or link."""
        if not self.number(request, of):
            said = self.signer.dumps([of, secrets.token_urlsafe(9)])
            secure = request.url.scheme == "https"
            answer.set_cookie(self.cookie, said, max_age=AN_HOUR, path=request.url.path, secure=secure, httponly=True, samesite="strict")  # fmt: skip
        return answer


def once(signer: URLSafeTimedSerializer, request: Request, sent: Sent, minutes: int) -> list[Any] | None:
    """Return what a page was signed with after its token; [] where it was open for too long, None for one that is none of ours, or another token's."""
    form = sent.fields.get("form", "")
    try:
        token, *rest = signer.loads(form)
    except (BadData, ValueError, TypeError):
        return None
    if token != request.path_params["token"] or not rest:
        return None
    try:
        signer.loads(form, max_age=minutes * A_MINUTE)
    except BadData:
        return []
    return list(rest)


async def words(request: Request, *, fields: int = MOST_FIELDS) -> Sent:
    """Return what little was sent; nothing of what is more than words."""
    try:
        return await read(request, most=WORDS_ONLY, fields=fields)
    except (TooMuch, NotAForm):
        return Sent({}, {})
