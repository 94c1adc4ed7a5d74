"""Checklists as a phone keeps them: all that an inspector sees and all by which answers are judged, in both languages, as plain values."""

from collections.abc import Iterable
from typing import Any

from geo.scheme import Name
from inspections.checklists import Checklist, Checklists, Item


def said_of_checklists(checklists: Checklists, also: Iterable[tuple[str, int]] = ()) -> dict[str, Any]:
    """Return the current version of every checklist, and the grades.

    Parameters
    ----------
    also
        Key and version of further ones, by which somebody began an inspection; those that are not there are left out.
    """
    current = [checklists.current(key) for key in checklists.keys]
    older = [found for one in also if (found := checklists.found.get(one)) and found not in current]
    return {
        "checklists": [said_of_checklist(one) for one in (*current, *older)],
        "current": {one.key: one.version for one in current},
        "grades": {key.value: {**_named(grade.name), "days": grade.days} for key, grade in checklists.grades.grades.items()},
    }  # fmt: skip


def said_of_checklist(checklist: Checklist) -> dict[str, Any]:
    """Return one checklist as plain values."""
    return {
        "key": checklist.key,
        "version": checklist.version,
        **_named(checklist.name),
        "kinds": list(checklist.kinds),
        "groups": list(checklist.groups),
        "party": checklist.party,
        "sections": [{"key": one.key, **_named(one.name)} for one in checklist.sections],
        "items": [_item(one) for one in checklist.items.values()],
    }


def _item(item: Item) -> dict[str, Any]:
    life, applies = item.life, item.applies
    return {
        "key": item.key,
        "section": item.section,
        "kind": item.kind.value,
        "text": item.text.zh,
        "text_en": item.text.en,
        "look": item.look.zh,
        "look_en": item.look.en,
        "clause": item.clause,
        "unit": item.unit,
        "least": item.least,
        "most": item.most,
        "sizes": [int(size) if float(size).is_integer() else size for size in item.sizes],
        "of": list(item.of),
        "steps": [{"above": one.above, **_named(one.text)} for one in item.steps],
        "options": [{"key": one.key, "result": one.result, **_named(one.name)} for one in item.options],
        "means": item.means.value if item.means else "",
        "life": {"months": life.months, "by": life.by, "each": dict(life.each), "since": life.since, "first": dict(life.first)} if life else None,
        "warn": item.warn_days,
        "applies": {"item": applies.item, "above": applies.above, "failed": list(applies.failed), "chosen": list(applies.chosen)} if applies else None,
        "grade": item.grade.value,
        "worse": [grade.value for grade in item.worse],
        "action": item.action.value,
        "days": item.days,
        "photo": item.photo,
        "party": item.party,
        "judges": item.judges,
    }  # fmt: skip


def _named(name: Name) -> dict[str, str]:
    return {"name": name.zh, "name_en": name.en}
