"""``/field/{area}/data``, ``/field/{area}/checklists`` and ``/field/{area}/case/{number}``: what a phone shows. Small, and only once where nothing changed."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import NO_SOONER, QUICK, SAFE, answering, language_of
from api.field.inspection_words import words as inspection_words
from api.identity import room as room_of
from desk.bridge.cases import number_inside
from desk.bridge.crossing import WEEK
from desk.field.inspections import Errand as Round
from desk.field.inspections import errands as rounds_of
from desk.field.inspections import may_do
from desk.field.mine import Mine, Task, grids, mine, task
from desk.field.notices import Told, told
from desk.field.orders import Job, jobs
from desk.field.patrols import Errand as Walk
from desk.field.patrols import choices as choices_of_patrols
from desk.field.patrols import errands as patrols_of
from desk.field.places import building_at, buildings, towers
from desk.field.visits import Errand, errands
from desk.field.warnings import DONE as WARNING_DONE
from desk.field.warnings import Errand as Duty
from desk.field.warnings import errands as duties_of
from desk.inspections.expiring import thing_name
from desk.posts.acting import reads
from desk.room import Room
from desk.rooms import Rooms
from desk.sites import watering
from incidents.access import Who
from incidents.posts import Post
from inspections.answers import LONGEST_NOTE
from inspections.warnings import Kind as TaskKind
from inspections.watering import Wet
from ledger import bridge, campaigns, find
from ledger.campaigns import Try
from ledger.findings import Filed
from ledger.warnings import key_of
from locales import LANGUAGES, Translator, translator
from reports.bridge_words import said_of_refusal
from reports.case_words import post_name, timeline
from reports.field_checklists import said_of_checklists
from reports.intake_words import stack_spans
from reports.order_words import PHASE, place_name
from reports.patrol_words import STATE as PATROL_STATE
from reports.patrol_words import grid_title
from reports.patrol_words import place_name as patrol_place
from reports.plan_words import clock
from reports.visit_words import PHASE as VISIT_PHASE
from reports.visit_words import place_name as visit_place
from reports.warning_lists import asks as asks_of
from reports.whistles import kind_name, phase_name, told_of_case
from reports.words import post_title
from settings import Settings

MOST_OLDER = 30  # versions of checklists that somebody asks for beside the current ones
ASK_AGAIN = "private, no-cache"  # no cache that others share keeps it; the phone asks whether it changed


def routes(rooms: Rooms, settings: Settings) -> list[Route]:
    """Return the routes of the list and of one case."""

    def listed(request: Request) -> Response:
        now = datetime.now(UTC)
        room, _ = room_of(request, rooms, now), translator(language_of(request, settings.language))
        return _tagged(request, plain(said_of_all(room, now, _)), now)

    def checklists(request: Request) -> Response:
        now = datetime.now(UTC)
        room = room_of(request, rooms, now)
        also = [
            one for name in request.query_params.get("also", "").split(",")[:MOST_OLDER] if (one := _versioned(name))
        ]
        words = {language: inspection_words(translator(language)) for language in LANGUAGES}
        said = {**said_of_checklists(room.rules.checklists, also), "words": words, "longest_note": LONGEST_NOTE}
        return _tagged(request, plain(said), now)

    def case(request: Request) -> Response:
        now, language = datetime.now(UTC), language_of(request, settings.language)
        room = room_of(request, rooms, now)
        return _tagged(request, plain(said_of_case(room, request.path_params["number"], now, language)), now)

    return [
        Route("/field/{area}/data", answering(listed)),
        Route("/field/{area}/checklists", answering(checklists)),
        Route("/field/{area}/case/{number}", answering(case)),
    ]


def said_of_all(room: Room, now: datetime, _: Translator) -> dict[str, Any]:
    """Return the whole list of who looks through a room as plain values."""
    return {
        **said_of_list(room, mine(room, now), _),
        "orders": [said_of_order(room, one, _) for one in jobs(room, now)],
        "refused": _refused(room, now),
        **said_of_visits(room, now, _),
        **said_of_sites(room, now, _),
        **said_of_patrols(room, now, _),
        **said_of_warnings(room, now),
        "notices": [_said_of_notice(room, one, _) for one in told(room, now)],
    }


def etag_of(body: bytes) -> str:
    """Return by what one tells whether JSON changed."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'


def served(body: bytes, now: datetime) -> bytes:
    """Return JSON with the time at which it was asked for."""
    return json.dumps({"served": now.isoformat()})[:-1].encode() + b"," + body[1:]


def plain(said: Mapping[str, Any]) -> bytes:
    """Return plain values as JSON."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def said_of_list(room: Room, found: Mine, _: Translator) -> dict[str, Any]:
    """Return a list as plain values."""
    return {
        "version": found.version,
        "who": _who(room.who, found, _) if room.who else None,
        "area": _area(room, _),
        "classes": [
            {
                "key": class_.key,
                "name": class_.name.zh,
                "name_en": class_.name.en,
                "major": class_.major,
                "clear": class_.self_clear,
                "restricted": class_.restricted,
                "notice": class_.notice_days,
            }
            for class_ in room.rules.directory.classes.values()
        ],
        "majors": [
            {"key": key, "name": name.zh, "name_en": name.en} for key, name in room.rules.directory.majors.items()
        ],
        "favourites": list(found.favourites),
        "cases": [_row(room, one, _) for one in found.tasks],
        "more": found.more,
        "orders": [],
    }


def _refused(room: Room, now: datetime) -> list[dict[str, Any]]:
    """Return what the account did here, and the command room on the other side of a bridge could not do."""
    with room.ledger.reading() as connection:
        account = room.who.account if room.who else ""
        found = bridge.refusals(connection, room.id, account=account, since=now - WEEK) if account else []
    return [said_of_refusal(one) for one in found]


def said_of_order(room: Room, one: Job, _: Translator) -> dict[str, Any]:
    """Return one service order as plain values."""
    filed, state = one.filed, one.filed.state
    name = room.rules.services.item(state.item).name
    return {
        "number": filed.number,
        "version": filed.version,
        "item": state.item,
        "name": name.zh,
        "name_en": name.en,
        "phase": state.phase.value,
        "phase_name": _(PHASE[state.phase]),
        "key": state.key,
        "home": state.home,
        "place": place_name(room, filed, _),
        "lon": round(filed.lon, 6),
        "lat": round(filed.lat, 6),
        "since": state.since.isoformat(),
        "until": state.until.isoformat(),
        "due": state.due.isoformat() if state.due else None,
        "every": state.every,
        "text": one.text,
        "address": one.address,
        "asker_title": post_name(room, state.asker, _),
        "mine": one.mine,
        "as": one.post.key,
        "acts": list(one.acts),
    }


def _said_of_notice(room: Room, one: Told, _: Translator) -> dict[str, Any]:
    """Return a notice as plain values: ``asks`` for a receipt, which post ``as`` is to give until ``due``, and ``receipt`` while it has not."""
    found = one.notice
    return {
        "id": str(found.id),
        "title": found.title,
        "text": found.text,
        "from": post_name(room, found.post, _),
        "for": post_title(one.post, _),
        "posts": len(found.posts),
        "at": found.at.isoformat(timespec="seconds"),
        "until": found.until.isoformat(timespec="seconds"),
        "asks": found.receipt,
        "receipt": one.waits,
        "due": one.due.isoformat(timespec="seconds") if one.due else None,
        "acknowledged": one.acknowledged.isoformat(timespec="seconds") if one.acknowledged else None,
        "read": one.is_read,
        "as": one.post.key,
    }


def said_of_patrols(room: Room, now: datetime, _: Translator) -> dict[str, Any]:
    """Return the patrols of one's posts, and what a form of one offers, as plain values; no rules for who walks none."""
    offered, rules = choices_of_patrols(room, now), room.rules.patrols
    if offered is None:
        return {"patrols": [], "patrol_rules": None}
    named = {what: [{"key": key, "name": name.zh, "name_en": name.en} for key, name in names.items()] for what, names in (("outcomes", rules.outcomes), ("topics", rules.topics))}  # fmt: skip
    kinds = [{"key": key, "name": one.name.zh, "name_en": one.name.en, "walkers": one.walkers} for key, one in rules.kinds.items()]  # fmt: skip
    return {
        "patrols": [_said_of_patrol(room, one, _) for one in patrols_of(room, now)],
        "patrol_rules": {
            **named,
            "kinds": kinds,
            "grids": [[level, code, grid_title(room, level, code)] for level, code in offered.grids],
            "posts": [[post.key, post_title(post, _)] for post in offered.posts],
            "longest_note": rules.longest_note,
            "most_count": rules.most_count,
        },
    }


def _said_of_patrol(room: Room, one: Walk, _: Translator) -> dict[str, Any]:
    filed, state, kind = one.filed, one.filed.state, room.rules.patrols.kind(one.filed.state.kind)
    return {
        "number": filed.number,
        "version": filed.version,
        "kind": state.kind,
        "kind_name": kind.name.zh,
        "kind_name_en": kind.name.en,
        "state": state.state.value,
        "state_name": _(PATROL_STATE[state.state]),
        "place": patrol_place(room, filed),
        "since": state.since.isoformat(),
        "until": state.until.isoformat(),
        "walkers": list(state.walkers),
        "outcomes": list(state.outcomes),
        "found": state.found,
        "as": one.post.key,
        "mine": True,
        "acts": list(one.acts),
    }


def said_of_warnings(room: Room, now: datetime) -> dict[str, Any]:
    """Return the tasks of warnings that hold at the sources that one sees, as plain values; nothing of one who has none."""
    found, more = duties_of(room, now)
    return {"warnings": [_said_of_duty(room, one) for one in found], "warnings_more": more} if found else {}


def _said_of_duty(room: Room, one: Duty) -> dict[str, Any]:
    task, site, late = one.task, one.site, timedelta(minutes=room.rules.warnings.grace_minutes)
    zh, en = (asks_of(room, task, translator(language), language) for language in ("zh", "en"))
    return {
        "number": key_of(one.warned.number, task.number),
        "warning": one.warned.number,
        "order": one.warned.order,
        "level": one.warned.level.value,
        "kind": task.kind.value,
        "asks": zh,
        "asks_en": en,
        "site": site.number,
        "name": site.name,
        "address": site.address,
        "lon": round(site.lon, 6),
        "lat": round(site.lat, 6),
        "due": task.due.isoformat(),
        "late": (task.due if task.kind is TaskKind.STOP else task.due + late).isoformat(),
        "since": one.since.isoformat() if one.since else None,
        "as": one.post.key,
        "mine": one.mine,
        "acts": [WARNING_DONE],
    }


def said_of_sites(room: Room, now: datetime, _: Translator) -> dict[str, Any]:
    """Return the sites that are to be inspected, with what stands open there, as plain values."""
    found, more = rounds_of(room, now)
    today = now.astimezone(room.area.pack.timezone).date()
    water = watering.standings(room, [one.due.site for one in found], now)
    ways = [{"key": key, "name": name.zh, "name_en": name.en} for key, name in room.rules.watering.ways.items()]
    with room.ledger.reading() as connection:
        tried = campaigns.unseen(connection, room.id, [one.due.site.number for one in found])
    return {"sites": [{**_said_of_site(room, one, today, water), **_said_of_try(tried.get(one.due.site.number), today)} for one in found], "sites_more": more, "watering": ways if water else []}  # fmt: skip


def _said_of_site(room: Room, one: Round, today: date, water: Mapping[str, tuple[Wet, datetime | None]]) -> dict[str, Any]:  # fmt: skip
    due, site = one.due, one.due.site
    kind = room.rules.sites.kinds.get(site.kind)
    return {
        "number": site.number,
        "version": site.version,
        "kind": site.kind,
        "kind_name": kind.name.zh if kind else site.kind,
        "kind_name_en": kind.name.en if kind else site.kind,
        "name": site.name,
        "address": site.address,
        "lon": round(site.lon, 6),
        "lat": round(site.lat, 6),
        "due": due.due.isoformat(),
        "standing": due.standing.name.lower(),
        "late": one.is_late(today),
        **({} if due.begins is None else {"plan": clock(due.begins)}),
        "last": due.last.isoformat() if due.last else None,
        "lists": [[found.key, found.version] for found in due.checklists],
        "open": [_said_of_finding(room, filed, one.post) for filed in due.open],
        "ends": [
            {
                "name": thing_name(room, end.key, "zh"),
                "name_en": thing_name(room, end.key, "en"),
                "last": end.last.isoformat(),
            }
            for end in due.expiring
        ],
        "mine": one.mine,
        "as": one.post.key,
        "acts": ["inspect", "site_attempt"],
        **_said_of_water(water.get(site.number)),
    }


def _said_of_try(tried: Try | None, today: date) -> dict[str, Any]:
    """Return the last visit of a site that came to nothing, where nobody looked since, and the day of the next one; nothing of others."""
    if tried is None:
        return {}
    again = tried.again.isoformat() if tried.again else None
    due = tried.again is None or tried.again <= today
    return {"tried": {"at": tried.at.isoformat(), "found": tried.found.value, "again": again, "due": due}}


def _said_of_water(stands: tuple[Wet, datetime | None] | None) -> dict[str, Any]:
    """Return how a site that keeps a watering log stands; nothing of others."""
    if stands is None:
        return {}
    return {"wet": stands[0].value, "watered": stands[1].isoformat() if stands[1] else None}


def _said_of_finding(room: Room, filed: Filed, post: Post) -> dict[str, Any]:
    """Return what stands open at a site; its text is that of the version of the checklist by which it was found."""
    checklist = room.rules.checklists.found.get((filed.checklist, filed.checklist_version))
    item = checklist.items.get(filed.item) if checklist else None
    return {
        "number": filed.number,
        "version": filed.version,
        "item": filed.item,
        "name": item.text.zh if item else filed.item,
        "name_en": item.text.en if item else filed.item,
        "grade": filed.state.grade.value,
        "state": filed.state.state.value,
        "due": filed.state.due.isoformat() if filed.state.due else None,
        "found": filed.found.isoformat(),
        "as": post.key,
        "acts": list(may_do(filed, post)),
    }


def _versioned(said: str) -> tuple[str, int] | None:
    """Return key and version of a checklist, as ``gas_shop-1``."""
    key, _dash, version = said.rpartition("-")
    return (key, int(version)) if version.isascii() and version.isdecimal() and len(version) < 6 else None  # noqa: PLR2004  digits


def said_of_visits(room: Room, now: datetime, _: Translator) -> dict[str, Any]:
    """Return the visits of a list, and the rules by which a phone asks for them, as plain values; no rules for who has none."""
    found, more = errands(room, now)
    rules = room.rules.visits
    named = {
        what: [{"key": key, "name": name.zh, "name_en": name.en} for key, name in names.items()]
        for what, names in (("kinds", {key: kind.name for key, kind in rules.kinds.items()}), ("topics", rules.topics))
    }
    said = {**named, "longest_note": rules.longest_note, "most_households": rules.most_households}
    return {
        "visits": [_said_of_visit(room, one, now, _) for one in found],
        "visits_more": more,
        "visit_rules": said if room.who and room.who.can("visits") else None,
    }


def _said_of_visit(room: Room, one: Errand, now: datetime, _: Translator) -> dict[str, Any]:
    filed, state, kind = one.filed, one.filed.state, room.rules.visits.kind(one.filed.state.kind)
    return {
        "number": filed.number,
        "version": filed.version,
        "kind": state.kind,
        "kind_name": kind.name.zh,
        "kind_name_en": kind.name.en,
        "phase": state.phase.value,
        "phase_name": _(VISIT_PHASE[state.phase]),
        "place": visit_place(room, filed),
        "building": filed.building,
        "lon": round(filed.lon, 6),
        "lat": round(filed.lat, 6),
        "due": state.due.isoformat() if state.due else None,
        "overdue": state.is_overdue(now.astimezone(room.area.pack.timezone).date()),
        "tries": state.tries,
        "most_tries": kind.tries,
        "topics": list(state.topics),
        "households": state.households,
        "text": one.text,
        "asker_title": post_name(room, state.asker, _),
        "visitor": state.visitor,
        "visitor_title": post_name(room, state.visitor, _),
        "mine": one.mine,
        "as": one.post.key,
        "acts": list(one.acts),
        "done_at": state.walked.isoformat() if state.walked else None,
        "cases": list(state.cases),
    }


def said_of_case(room: Room, number: str, now: datetime, language: str) -> dict[str, Any]:
    """Return one case with its words, its history and its photos as plain values.

    Raises
    ------
    UnknownIncident
        There is none, or none that who asks may read: the answer does not tell which.
    """
    case, entries, photos = room.sheet(number)
    if not reads(room, case, now):
        raise find.unknown(room.id, number)
    _ = translator(language)
    lines = timeline(room, entries, photos, _, language)
    near = building_at(room, case.lon, case.lat)
    return {
        **_row(room, task(room, case, now), _),
        "building": {"code": near.code, "name": near.name} if near else None,
        "text": case.text,
        "channel": case.channel.value,
        "level": case.state.level,
        "answers": post_name(room, case.post, _),
        "history": [
            {
                "act": line.act,
                "what": line.what,
                "post": line.who,
                "at": entry["at"].isoformat(),
                "done_at": entry["data"].get("done_at"),
                "text": line.said,
                "details": list(line.details),
            }
            for line, entry in zip(lines, entries, strict=True)
        ]
        + [
            {
                "act": "whistle",
                "what": f"{kind_name(room, one.state, language)} · {phase_name(room, one.state, _)}",
                "post": post_name(room, one.state.asker, _),
                "at": one.state.times["ask"].isoformat(),
                "done_at": None,
                "text": "",
                "details": [],
            }
            for one in told_of_case(room, number)
        ],
        "shots": [
            {name: photo[name] for name in ("sha256", "thumbnail", "kind", "width", "height")} for photo in photos
        ],
    }


def _who(who: Who, found: Mine, _: Translator) -> dict[str, Any]:
    posts = [{"key": post.key, "title": post_title(post, _)} for post in found.posts]
    return {"account": who.account, "name": who.name, "role": who.role.value, "posts": posts, "may": sorted(who.may)}


def _area(room: Room, _: Translator) -> dict[str, Any]:
    west, south, east, north = room.area.net.bounds
    name = room.area.pack.name
    return {
        "id": room.id,
        "name": name.zh,
        "name_en": name.en,
        "centre": [round((west + east) / 2, 6), round((south + north) / 2, 6)],
        "grids": [
            {"level": one.level, "code": one.code, "name": one.name, "bounds": one.bounds} for one in grids(room)
        ],
        "buildings": [[one.code, one.name, one.lon, one.lat] for one in buildings(room)],
        "stacked": [{"bounds": one.bounds, "parts": stack_spans(one.parts, _)} for one in towers(room)],
    }


def _row(room: Room, one: Task, _: Translator) -> dict[str, Any]:
    case = one.case
    return {
        "number": case.number,
        "room": number_inside(case),
        "version": case.version,
        "title": case.title,
        "class": case.class_,
        "status": case.status.value,
        "mark": case.mark.value if case.mark else "",
        "urgency": case.urgency.value,
        "address": case.address,
        "lon": round(case.lon, 6),
        "lat": round(case.lat, 6),
        "due": case.state.due.isoformat() if case.state.due else None,
        "until": case.state.until.isoformat() if case.state.until else None,
        "reported": case.reported.isoformat(),
        "handler": case.state.handler,
        "handler_title": post_name(room, case.state.handler, _),
        "help": case.state.help,
        "mine": one.mine,
        "as": one.post.key if one.post else "",
        "acts": list(one.acts),
        "photos": one.photos,
    }


def _tagged(request: Request, body: bytes, now: datetime) -> Response:
    """Answer with JSON and the time; who has it already is told so."""
    etag = etag_of(body)
    headers = {**SAFE, "Cache-Control": ASK_AGAIN, "ETag": etag, "Vary": "Accept-Encoding, Cookie"}
    if etag in {part.strip() for part in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    body = served(body, now)
    if len(body) > NO_SOONER and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = gzip.compress(body, compresslevel=QUICK, mtime=0), "gzip"
    return Response(body, headers=headers, media_type="application/json")
