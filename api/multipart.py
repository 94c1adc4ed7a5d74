"""Forms that bring a file: read whole, no larger than said, with few fields."""

from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

MOST_FIELDS = 20
FIELD_BYTES = 64 * 1024  # of one field that is no file
FRAME = 32 * 1024  # bytes of what frames a file


class TooMuch(Exception):
    """More came than a form of ours has."""


class NotAForm(Exception):
    """What came is no form with files."""


@dataclass(frozen=True)
class Sent:
    """The fields of a form, and its files that hold anything."""

    fields: dict[str, str]
    files: dict[str, tuple[str, bytes]] = field(repr=False)


async def read(request: Request, *, most: int, files: int = 1, fields: int = MOST_FIELDS) -> Sent:
    """Read a form.

    Parameters
    ----------
    most
        Bytes of all its files.
    files, fields
        How many of each it may have.

    Raises
    ------
    TooMuch, NotAForm
        It is larger, or something else; what was read is dropped.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise NotAForm
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:15]) > most + FRAME:
        raise TooMuch
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most + FRAME:
            raise TooMuch
    return await _parsed(request, bytes(body), files, fields)


async def _parsed(request: Request, body: bytes, files: int, fields: int) -> Sent:
    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        form = Request(request.scope, replay).form(max_files=files, max_fields=fields, max_part_size=FIELD_BYTES)
        async with form as said:
            texts, found = {}, {}
            for name, value in said.multi_items():
                if isinstance(value, UploadFile):
                    data = await value.read()
                    if data:
                        found[name] = (value.filename or "", data)
                else:
                    texts[name] = value
            return Sent(texts, found)
    except (MultiPartException, KeyError, ValueError) as error:
        raise NotAForm from error
    except Exception as error:
        if type(error).__name__ == "HTTPException":  # as Starlette says it inside an app
            raise NotAForm from error
        raise
