"""The document of a card: shown, printed, and its forms taken. It works without a script; with one, a phone keeps the last copy and sends later what was done without a network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import DOCUMENT_POLICY, SAFE, answering, failure
from api.emergency.words import CUT, FAULTS, WHY, WORDS
from api.forms import ForeignForm, Forms, foreign
from api.frame import OTHER, Frame, Said, go, templates, to
from api.identity import room as room_of
from api.marking import over_page, printed
from api.places import Places
from desk.access.entrance import Entrance
from desk.emergency import events
from desk.emergency.building import Building, Near, titles
from desk.emergency.card import Card, card
from desk.emergency.events import ACT, KINDS, MUSTER, PLACES, PLANS, UNITS
from desk.emergency.units import read_units
from desk.posts.acting import acting, posts_of
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import BattlemapError, DraftError, NetError, NoAccess, TextError, UnknownPost
from geo.scheme import Name
from incidents.lifecycle import By
from incidents.posts import Post
from layers.style import css, css_by_system
from ledger import emergencies
from ledger.emergencies import Event, Line
from locales import Translator, translator
from reports.case_words import local, post_name, short
from reports.roster import post_full
from reports.words import post_title
from settings import Settings

PATH = "/emergency/{area}/{building:path}"
WORKER, FILE = "/emergency/sw.js", "field-sw.js"
POLICY = DOCUMENT_POLICY.replace("form-action 'none'", "form-action 'self'") + "; worker-src 'self'"
KILOMETRE = 1000
TOKENS = Markup(css_by_system())  # noqa: S704  our own style sheet
PAPER_TOKENS = Markup(css("light"))  # noqa: S704  our own style sheet
Fields = Mapping[str, str]


@dataclass(frozen=True)
class Cards(Frame):
    """What every card needs."""

    rooms: Rooms

    def room(self, request: Request, now: datetime) -> Room:
        """Return the room of an address, as who asks sees it."""
        return room_of(request, self.rooms, now)

    def show(self, request: Request, *, fault: str = "", kept: Fields | None = None) -> Response:
        """Answer with a card, or with the paper of it; with what was written, where it was not taken."""
        now = datetime.now(UTC)
        room, _ = self.room(request, now), translator(self.language(request))
        kind = request.query_params.get("class", "") or next(iter(room.rules.emergencies.plans))
        found = card(room, request.path_params["building"], kind, now)
        if request.query_params.get("paper") == "1" and not fault:
            return self._paper(request, room, _of_past(found, request.query_params.get("event", "")), now, _)
        said = {**self._said(request, room, found, now, _), **self._acts(request, room, found, now, _)}
        said |= _rewritten(said, kept) if kept else {}
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        title = Said("{building} · {card}", building=found.building.title, card=_(WORDS["card"]))
        answer = self.answer(
            request, "emergency", title, words=WORDS, status=status, tokens=TOKENS, fault=_(FAULTS[fault]) if fault else "", **said
        )  # fmt: skip
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    def list(self, request: Request) -> Response:
        """Answer with the emergencies of an area."""
        now = datetime.now(UTC)
        room, _ = self.room(request, now), translator(self.language(request))
        known = titles(room)
        with room.ledger.reading() as connection:
            planned = len(emergencies.planned(connection, room.id, PLACES) & known.keys())
        rows = {
            name: [self._row(request, room, one, known, _) for one in events.listed(room, running=name == "now")]
            for name in ("now", "over")
        }
        answer = self.answer(
            request, "emergencies", Said(WORDS["list"]), words=WORDS, tokens=TOKENS, area=room.area.pack.name.in_(self.language(request)),
            other=to(request, request.url.path, lang=OTHER[self.language(request)][0]), rows=rows,
            planned=Said(WORDS["planned"], n=planned, total=len(known)), map=to(request, f"/map/{quote(room.id, safe='')}"),
        )  # fmt: skip
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    def take(self, request: Request, fields: Fields) -> Response:
        """Do what a form asks for, and show the card as it stands then."""
        now = datetime.now(UTC)
        room, code = self.room(request, now), request.path_params["building"]
        try:
            by = _by(room, fields, now)
            ACTS.get(fields.get("act", ""), _nothing)(room, code, fields, by, now)
        except (DraftError, NoAccess, TextError, UnknownPost) as error:
            return self.show(request, fault=_kind(error), kept=fields if fields.get("act") == "plan" else None)
        query = {"class": request.query_params.get("class", ""), "saved": "1" if fields.get("act") == "plan" else ""}
        return go(
            to(request, request.url.path, **query) + "#steps" * (fields.get("act") in {"step", "strike", "begin"})
        )

    def _row(
        self, request: Request, room: Room, one: Event, known: Mapping[str, str], _: Translator
    ) -> Mapping[str, Any]:
        plan = room.rules.emergencies.plans.get(one.kind)
        return {
            "address": to(request, _address(room, one.building), **{"class": one.kind}),
            "building": known.get(one.building, one.building),
            "kind": plan.name.in_(self.language(request)) if plan else one.kind,
            "begun": local(room, one.begun),
            "ended": local(room, one.ended),
            "lines": sum(line.struck is None for line in one.lines),
            "post": post_name(room, one.post, _),
        }

    def _said(self, request: Request, room: Room, found: Card, now: datetime, _: Translator) -> dict[str, Any]:
        """Return what stands on a card, in words."""
        language, rules = self.language(request), room.rules.emergencies
        at, plan = found.building, found.plan
        path = _address(room, at.code)
        return {
            "building": at.title,
            "address": at.address if at.address != at.title else "",
            "area": room.area.pack.name.in_(language),
            "area_id": room.id,
            "synthetic": room.area.pack.synthetic,
            "kind": {"key": plan.key, "name": plan.name.in_(language)},
            "classes": [
                {"name": one.name.in_(language), "address": to(request, path, **{"class": one.key}), "chosen": one is plan}
                for one in rules.plans.values()
            ],
            "confirmed": rules.by if rules.confirmed else "",
            "is_confirmed": rules.confirmed,
            "numbers": [{"name": one.name.in_(language), "number": one.number} for one in found.numbers],
            "reach": [
                {"why": _(WHY[one.why]), "post": post_full(room, one.post.key, _), "phone": one.phone}
                for one in found.reach
            ],
            "cutoffs": [_point(room, found, kind, _) for kind in plan.cutoffs],
            "muster": _point(room, found, MUSTER, _),
            "counts": _counts(found, _),
            "near": [_near(one, language) for one in found.near],
            "steps": [_step(room, found.event, one.key, one.text.in_(language), one.counts, now, _) for one in plan.steps.values()],
            "log": _log(room, found.event, plan.steps, language, _),
            "event": _event(room, found.event, now, _),
            "past": [{"begun": local(room, one.begun), "ended": local(room, one.ended), "log": _log(room, one, plan.steps, language, _), "paper": to(request, path, **{"class": plan.key, "paper": "1", "event": str(one.id)})} for one in found.past],
            "others": [
                {"name": rules.plans[one.kind].name.in_(language) if one.kind in rules.plans else one.kind, "address": to(request, path, **{"class": one.kind})}
                for one in found.others
            ],
        }  # fmt: skip

    def _acts(self, request: Request, room: Room, found: Card, now: datetime, _: Translator) -> dict[str, Any]:
        """Return what who asks may do here."""
        language, path = self.language(request), _address(room, found.building.code)
        posts = posts_of(room, room.who, now) if room.who and room.who.can(ACT) else ()
        plans = bool(posts) and room.who is not None and room.who.can(PLANS)
        query = {"class": found.plan.key}
        return {
            "posts": [(post.key, post_title(post, _)) for post in posts],
            "plan": [_written(room, found, kind, _) for kind in PLACES] if plans else [],
            "units": found.points[UNITS].place if UNITS in found.points else "",
            "kept": False,
            "keepers": [(post.key, post_title(post, _)) for post in _keepers(room, found.building, now)]
            if plans
            else [],
            "send_to": to(request, path, **query),
            "paper": to(request, path, **query, paper="1"),
            "list": to(request, f"/emergency/{quote(room.id, safe='')}"),
            "field": f"/field/{quote(room.id, safe='')}" if room.who and room.who.can("field") else "",
            "other": to(request, path, **query, lang=OTHER[language][0]),
            "account": room.who.account if room.who else "",
            "saved": request.query_params.get("saved") == "1",
        }

    def _paper(self, request: Request, room: Room, found: Card, now: datetime, _: Translator) -> Response:
        at, language = found.building, self.language(request)
        what = f"{found.plan.name.in_(language)} {at.title}"
        data = {"sheet": "emergency", "rows": 1, "class": found.plan.key, "building": at.code}
        mark = printed(request, room, now, _, language, what=at.code, said=[_(WORDS["card"]), what], data=data)
        said = self._said(request, room, found, now, _)
        answer = self.answer(
            request, "emergency_paper", Said("{card} · {what}", card=_(WORDS["card"]), what=what), words=WORDS, tokens=PAPER_TOKENS,
            **said, foot=_("Printed by {mark}").format(mark=mark), over=Markup(over_page(mark)),  # noqa: S704  drawn here
            back_to=to(request, _address(room, at.code), **{"class": found.plan.key}),
        )  # fmt: skip
        answer.headers["Content-Security-Policy"] = DOCUMENT_POLICY
        return answer


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str, files: Mapping[str, Path]) -> list[Route]:
    """Return the routes of the list, the worker that keeps cards, and the cards."""
    cards = Cards(settings, Places(rooms, settings.packs), Forms(entrance.key), assets, templates(), rooms)

    def worker(_request: Request) -> Response:
        headers = {**SAFE, "Cache-Control": "no-cache"}
        return Response(files[FILE].read_bytes(), headers=headers, media_type="text/javascript")

    return [
        Route(WORKER, worker),
        Route("/emergency/{area}", answering(cards.list)),
        Route(PATH, _taking(cards), methods=["GET", "POST"]),
    ]


def _taking(cards: Cards) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        try:
            if request.method != "POST":
                return await run_in_threadpool(cards.show, request)
            fields = await cards.forms.read(request)
            return await run_in_threadpool(cards.take, request, fields)
        except ForeignForm:
            return foreign(request)
        except DraftError as error:  # a class that there is not, in the address
            return failure(request, NetError(str(error)))
        except BattlemapError as error:
            return failure(request, error)

    return answer


# What forms ask for


def _begin(room: Room, code: str, _fields: Fields, by: By, now: datetime) -> None:
    events.begin(room, code, _fields.get("class", ""), by, now)


def _log_step(room: Room, code: str, fields: Fields, by: By, now: datetime) -> None:
    ago = _whole(fields.get("ago", "0"))
    done = now - timedelta(seconds=min(ago or 0, int(events.OLDEST.total_seconds())))
    count = _whole(fields["count"]) if fields.get("count", "").strip() else None
    events.log(room, code, _number(fields), fields.get("step", ""), fields.get("key", ""), by, now, count=count, done=done)  # fmt: skip


def _strike(room: Room, code: str, fields: Fields, by: By, now: datetime) -> None:
    events.strike(room, code, _number(fields), _whole(fields.get("line", "")) or 0, by, now)


def _end(room: Room, code: str, fields: Fields, by: By, now: datetime) -> None:
    events.end(room, code, _number(fields), by, now)


def _plan(room: Room, code: str, fields: Fields, by: By, now: datetime) -> None:
    wanted = {kind: (fields.get(f"{kind}_place", ""), fields.get(f"{kind}_keeper", "")) for kind in KINDS}
    events.write_points(room, code, wanted, by, now)


def _nothing(*_said: object) -> None:
    raise DraftError("The form names no act.", field="step")


ACTS = {"begin": _begin, "step": _log_step, "strike": _strike, "end": _end, "plan": _plan}


def _by(room: Room, fields: Fields, now: datetime) -> By:
    posts = posts_of(room, room.who, now) if room.who else ()
    found = next((post for post in posts if post.key == fields.get("as", "")), None)
    if found is None:
        raise NoAccess("Choose a post of your own.", "post")
    return acting(room, found)


def _number(fields: Fields) -> int:
    return _whole(fields.get("event", "")) or 0


def _whole(text: str) -> int | None:
    text = text.strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 15:  # noqa: PLR2004  digits
        raise DraftError(f"{text[:20]!r} is no whole number.", field="count")
    return int(text)


def _kind(error: BattlemapError) -> str:
    if isinstance(error, NoAccess):
        return "post" if error.kind == "post" else "access"
    if isinstance(error, DraftError) and error.field in FAULTS:
        return error.field
    return "place"


# What stands on a card


def _address(room: Room, code: str) -> str:
    return f"/emergency/{quote(room.id, safe='')}/{quote(code, safe='/')}"


def _of_past(found: Card, id_: str) -> Card:
    """Return a card with a past emergency of its class in place of the running one; itself where there is none of that number."""
    past = next((one for one in found.past if str(one.id) == id_), None)
    return replace(found, event=past) if past else found


def _point(room: Room, found: Card, kind: str, _: Translator) -> Mapping[str, str]:
    point = found.points.get(kind)
    keeper = post_name(room, point.keeper, _) if point else ""
    return {"kind": kind, "name": _(CUT[kind]), "place": point.place if point else "", "keeper": keeper}


def _written(room: Room, found: Card, kind: str, _: Translator) -> Mapping[str, str]:
    point = found.points.get(kind)
    return {**_point(room, found, kind, _), "key": point.keeper if point else ""}


def _rewritten(said: Mapping[str, Any], kept: Fields) -> Mapping[str, Any]:
    """Return what a form of places and households shows again as it was filled in."""
    plan = [
        {**one, "place": kept.get(f"{one['kind']}_place", ""), "key": kept.get(f"{one['kind']}_keeper", "")}
        for one in said["plan"]
    ]
    return {"plan": plan, "units": kept.get(f"{UNITS}_place", ""), "kept": True}


def _keepers(room: Room, at: Building, now: datetime) -> list[Post]:
    """Return the posts that may have a key: those of the building's grids, the command room's and the departments'."""
    codes = {code for joined in at.codes.values() for code in joined.split(";")}
    posts = room.register.posts(now).values()
    return [post for post in posts if post.grid is None or post.grid[1] in codes]


def _counts(found: Card, _: Translator) -> list[tuple[str, str]]:
    """Return how many live there, in numbers: in the whole building, then in each unit, as it is written down on the card, or else in the parts that the pack knows."""
    at = found.building
    said = [(WORDS["households"], at.households), (WORDS["storeys"], at.storeys), (WORDS["units"], at.units)]
    rows = [(_(name), f"{number:,}") for name, number in said if number]
    written = read_units(found.points[UNITS].place) if UNITS in found.points else {}
    if written:
        of = {_("unit {span}").format(span=unit): households for unit, households in written.items()}
        of |= {_(WORDS["units_all"]): sum(written.values())} if len(written) > 1 else {}
        return [*rows, *((name, _("{n} households").format(n=f"{count:,}")) for name, count in of.items())]
    for part in at.parts:
        where = [_span(_("unit {span}"), part.unit_from, part.unit_to), _span(_("floor {span}"), part.floor_from, part.floor_to)]  # fmt: skip
        named = " · ".join(filter(None, where)) or part.label
        rows += [(named, _("{n} households").format(n=f"{part.households:,}"))] if part.households else []
    return rows if at.parts or not at.households else [*rows, (_(WORDS["by_unit"]), _(WORDS["not_written"]))]


def _span(words: str, low: int | None, high: int | None) -> str:
    if low is None and high is None:
        return ""
    return words.format(span=str(low) if low == high else f"{low or ''}–{high or ''}")


def _near(one: Near, language: str) -> Mapping[str, str]:
    metres = one.metres
    far = "" if metres is None else f"{metres / KILOMETRE:.1f} km" if metres >= KILOMETRE else f"{metres:.0f} m"
    address = one.address if one.address != one.name else ""
    return {"kind": one.kind.name.in_(language), "name": one.name, "address": address, "far": far}


def _step(  # noqa: PLR0917
    room: Room, event: Event | None, key: str, text: str, counts: bool, now: datetime, _: Translator  # noqa: FBT001
) -> Mapping[str, Any]:  # fmt: skip
    lines = event.standing(key) if event else []
    total = sum(line.count or 0 for line in lines)
    said = [
        {"at": short(room, line.at, now), "post": post_name(room, line.post, _), "count": line.count} for line in lines
    ]
    return {"key": key, "text": text, "counts": counts, "lines": said, "total": total or "", "once": str(uuid4())}


def _log(
    room: Room, event: Event | None, steps: Mapping[str, Any], language: str, _: Translator
) -> list[Mapping[str, Any]]:
    return [_line(room, line, steps, language, _) for line in (event.lines if event else ())]


def _line(room: Room, line: Line, steps: Mapping[str, Any], language: str, _: Translator) -> Mapping[str, Any]:
    text: Name = steps[line.step].text if line.step in steps else Name(line.step, line.step)
    struck = f"{post_name(room, line.struck_by, _)} {local(room, line.struck)}" if line.struck else ""
    said = {"at": local(room, line.at), "post": post_name(room, line.post, _), "text": text.in_(language)}
    return {"id": line.id, **said, "count": "" if line.count is None else line.count, "struck": struck}


def _event(room: Room, event: Event | None, now: datetime, _: Translator) -> Mapping[str, Any] | None:
    if event is None:
        return None
    return {
        "id": event.id,
        "begun": short(room, event.begun, now),
        "whole": local(room, event.begun),
        "ended": local(room, event.ended),
        "post": post_name(room, event.post, _),
    }
