"""The report of a warning (重污染天气预警落实情况) at its fixed hours, or as of any moment since: counted from the history, so that a report that is asked for later says the same. The street urges, checks and reports; it orders nothing."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from desk.room import Room
from desk.sites import register
from desk.warnings import acts
from geo.errors import DraftError, FilterError
from inspections.sites import Site
from inspections.warnings import LAPSED, Tally, Task, Warned, tally
from layers.grid_names import full_names
from ledger.sites import Asked
from locales import Translator, translator
from reports.alerts import LEVEL
from reports.case_words import local, post_name
from reports.figures import level_of
from reports.sheet_files.paper import Column, Paper, Row, Section, fixed
from reports.warning_lists import asks

MOST = 60  # sources that a section names
COUNTS = ("done", "open", "late", "broken", "closed")


def report(room: Room, number: str, at: datetime, now: datetime, language: str) -> Paper:
    """Return the report of a warning as it stood at a moment, ready for paper.

    Raises
    ------
    FilterError
        The moment lies in the future.
    DraftError
        There is no such warning, or there was none then.
    """
    zone, _ = room.area.pack.timezone, translator(language)
    if at > now:
        raise FilterError(f"at={at:%Y-%m-%dT%H:%M}: that hour is not there yet.")
    stood = acts.then(room, number, at)
    if stood is None:
        raise DraftError(f"{room.id} had no warning {number.replace(chr(0), '')!r} at that hour.", field="warning_gone")
    one, tasks = stood
    places = _places(room, tasks)
    key, grace = level_of(room).key, acts.grace(room)
    names = full_names(room.area.net).get(key, {})
    counted = {each.key: each for each in tally(((_code(places.get(task.site), key), task) for task in tasks), at, grace)}  # fmt: skip
    whole = next(iter(tally((("", task) for task in tasks), at, grace)), Tally(""))
    rows = tuple(Row(names.get(code, code) or _("In no grid"), _values(each)) for code, each in sorted(counted.items(), key=lambda item: (not item[0], item[0])))  # fmt: skip
    said = _(
        "{done} tasks are done, at {broken} of them it was not kept; {open} are to be done, {late} of them overdue."
    )
    lapsed = _(" {n} tasks were never done and overdue when it was stood down.").format(n=whole.lapsed) if whole.lapsed else ""  # fmt: skip
    title = _("{level} warning of heavy pollution: what was done").format(level=_(LEVEL[one.level]))
    return Paper(
        title=title[:1].upper() + title[1:],
        organ=room.area.pack.name.in_(language),
        number=one.number,
        period=_("As of {time}").format(time=local(room, at)),
        unit=_("Unit: tasks"),
        first=level_of(room).name.in_(language),
        columns=(
            Column("done", _("Tasks done")), Column("broken", _("of them not kept")), Column("open", _("To be done")),
            Column("late", _("of them overdue")), Column("closed", _("Of no use any more")),
        ),
        rows=rows,
        total=Row(_("Total"), _values(whole)),
        at=at.astimezone(zone),
        notes=(_("The city orders and lifts; the street urges, looks and reports."),),
        comment=f"{_order(room, one, _)}{said.format(**_values(whole))}{lapsed}",
        sections=tuple(part for part in (
            _by(room, tasks, at, _("By kind of source"), lambda task: _kind(room, places.get(task.site), language), _),
            _by(room, tasks, at, _("By responsible post"), lambda task: _post(room, places.get(task.site), _), _),
            _named(_("Not kept"), (_broken(room, task, places, _, language) for task in tasks if task.kept is False), _),
            _named(_("Overdue"), (_late(room, task, places, _, language) for task in tasks if task.overdue(at, grace)), _),
            _named(_("Overdue when it was stood down"), (_late(room, task, places, _, language) for task in tasks if task.reason == LAPSED), _),
        ) if part.sentences),
        state=_("Not signed"),
        synthetic=_("Illustrative") if room.area.pack.synthetic else "",
        language=language,
        words={**fixed(_), "sheet": _("Heavy-pollution warnings")},
    )  # fmt: skip


def moment(room: Room, text: str) -> datetime:
    """Read the hour of an address, ``2026-11-23T17:00``, in the area's zone.

    Raises
    ------
    FilterError
        It is none.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=room.area.pack.timezone).astimezone(UTC)
    except ValueError:
        raise FilterError(f"at={text[:40]}: write it as 2026-11-23T17:00.") from None


def _places(room: Room, tasks: Sequence[Task]) -> dict[str, Site]:
    numbers = frozenset(task.site for task in tasks)
    return {one.number: one for one in register.listed(room, Asked(room.id, numbers=numbers), most=None)} if numbers else {}  # fmt: skip


def _order(room: Room, one: Warned, _: Translator) -> str:
    ended = _("stood down {time}") if one.over else _("expected until {time}")
    since = _("since {time}").format(time=local(room, one.starts))
    return _("{issuer} {order}, {since}, {ended}. ").format(issuer=one.issuer, order=one.order, since=since, ended=ended.format(time=local(room, one.ends)))  # fmt: skip


def _values(one: Tally) -> dict[str, Any]:
    return {name: getattr(one, name) for name in COUNTS}


def _by(room: Room, tasks: Iterable[Task], at: datetime, heading: str, key: Callable[[Task], str], _: Translator) -> Section:  # fmt: skip
    said = _("{name}: {done} done, {broken} of them not kept; {open} to be done, {late} of them overdue.")
    found = tally(((key(task), task) for task in tasks), at, acts.grace(room))
    return Section(heading, tuple(said.format(name=one.key, **_values(one)) for one in found))


def _named(heading: str, sentences: Iterable[str], _: Translator) -> Section:
    found = list(sentences)
    more = [_("… and {n} more; the table has all.").format(n=len(found) - MOST)] if len(found) > MOST else []
    return Section(heading, (*found[:MOST], *more))


def _broken(room: Room, task: Task, places: dict[str, Site], _: Translator, language: str) -> str:
    return _("{site}, {task}: {note}").format(site=_site(places, task), task=asks(room, task, _, language), note=task.note)  # fmt: skip


def _late(room: Room, task: Task, places: dict[str, Site], _: Translator, language: str) -> str:
    said = _("{site}, {task}: due {time}, {post}")
    return said.format(site=_site(places, task), task=asks(room, task, _, language), time=local(room, task.due), post=_post(room, places.get(task.site), _))  # fmt: skip


def _site(places: dict[str, Site], task: Task) -> str:
    return places[task.site].name if task.site in places else task.site


def _code(site: Site | None, key: str) -> str:
    return site.codes.get(key, "").split(";")[0] if site else ""


def _kind(room: Room, site: Site | None, language: str) -> str:
    kinds = room.rules.sites.kinds
    return kinds[site.kind].name.in_(language) if site and site.kind in kinds else "—"


def _post(room: Room, site: Site | None, _: Translator) -> str:
    return post_name(room, site.post, _) if site and site.post else _("no post")
