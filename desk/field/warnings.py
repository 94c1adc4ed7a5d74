"""Heavy-pollution warnings on a phone: what is to be done at the sources that one sees while one holds, and what was seen there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from desk.posts.acting import posts_of
from desk.room import Room
from desk.sites.register import sight
from desk.warnings.acts import DOES as MAY
from desk.warnings.acts import Seen
from geo.errors import DraftError
from incidents.posts import Post
from inspections.sites import Site
from inspections.warnings import Kind, Task, Warned
from ledger import sites, warnings

MOST = 200  # tasks of a list
DONE = "warning_done"
DOES = frozenset({DONE})


@dataclass(frozen=True)
class Errand:
    """A task of a list.

    Attributes
    ----------
    post, mine
        As which one would do it, and whether that one answers for the source.
    since
        From when it may be done; None from now on.
    """

    warned: Warned
    task: Task
    site: Site
    post: Post
    mine: bool
    since: datetime | None


def errands(room: Room, now: datetime) -> tuple[tuple[Errand, ...], int]:
    """Return what is to be done, while warnings hold, at the sources that who looks through a room sees, and how many are left out: at those of their own posts first, then at those of their grid, each by when it is due."""
    posts = posts_of(room, room.who, now) if room.who and room.who.can(MAY) else ()
    if not posts:
        return (), 0
    own = {post.key: post for post in posts}
    with room.ledger.reading() as connection:
        holding = {one.number: one for one in warnings.listed(connection, room.id, holding=True)}
        if not holding:
            return (), 0
        found, more = warnings.open_of(connection, room.id, holding, own, sight(room), most=MOST)
        places = sites.named(connection, room.id, {task.site for _number, task in found})
    early = timedelta(minutes=room.rules.warnings.early_minutes)
    made = []
    for number, task in found:
        site = places[task.site]
        since = None if task.kind is Kind.STOP else task.due - early
        made.append(Errand(holding[number], task, site, own.get(site.post, posts[0]), site.post in own, since))
    return tuple(made), more


def place_of(number: str) -> tuple[str, int]:
    """Return the warning and the number of a task that a phone names, as `ledger.warnings.key_of` writes it.

    Raises
    ------
    DraftError
        It names none.
    """
    warning, slash, serial = number.rpartition("/")
    if not (slash and serial.isascii() and serial.isdecimal() and len(serial) < 9):  # noqa: PLR2004  digits
        raise DraftError("A task of a warning is named by the warning and its number.", field="form.case")
    return warning, int(serial)


def seen_of(data: Mapping[str, Any], photos: Sequence[bytes], *, item: str, at: datetime) -> Seen:
    """Return what a phone saw at a source.

    Parameters
    ----------
    data
        As `desk.field.items.facts` gives it.
    """
    if "kept" not in data:
        raise DraftError("Say whether what is asked for is kept.", field="warning_kept")
    return Seen(data["kept"], data.get("meter", ""), data.get("text", ""), photos, item, at)
