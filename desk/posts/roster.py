"""Posts and who holds them: adding, renaming, abolishing, holding, handing over; and which post answers now, out of hours the one on duty (值班表).

A post answers, never a person, so that a case finds its way while a post is vacant. Names are checked here: a contact in one is refused, for none is stored before
identity exists.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from desk.posts.acting import change
from desk.room import Room
from geo.errors import RosterError, TextError
from incidents.case import Incident
from incidents.lifecycle import Act, By, Entry, PostKind
from incidents.posts import Post, duty_of, post_key
from incidents.text import Personal, clean, find_personal
from ledger import posts, rota
from ledger.posts import Holding, Kept
from ledger.writing import Writing

CONTACT = "A number or an account stands beside the name. Contacts are not stored before accounts exist: leave it out."
LONGEST_NAME, LONGEST_TITLE, LONGEST_KEY = 40, 60, 110
MOST_DIGITS = 4  # a name may say "2号", a fifth digit is a short number
# Kinds that answer for a grid; the others may, or are the command room's and the departments'.
OF_A_GRID = frozenset({PostKind.WORKER, PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.DEPUTY, PostKind.OFFICE})
ONE_A_GRID = frozenset({PostKind.HEAD, PostKind.FIRST_HEAD})


@dataclass(frozen=True)
class Wish:
    """A post that somebody wants to add.

    Attributes
    ----------
    grid
        Key and code of its grid; None for the command room's and the departments'.
    since, until
        First and last day; None for always.
    """

    kind: PostKind
    title: str
    grid: tuple[str, str] | None = None
    volunteer: bool = False
    since: date | None = None
    until: date | None = None


def responsible(writing: Writing, room: Room, incident: Incident, now: datetime) -> Incident:
    """Return an incident with the post that answers for it as it is reported.

    In hours that is the net's; one that was abolished since passes to the next above. Out of hours it is the duty officer, else the night shift, else the leader in
    charge, and the net's post is informed, until the case is handed over: see `handed_over`.
    """
    gone = [key for key in (incident.post, incident.overdue_post) if key and not room.register.alive(key, now)]
    if gone:
        incident = netted(room, incident, now)
    officer = "" if room.in_hours(now) else rota.answering(writing.looking, room.id, now)
    if not officer or officer == incident.post:
        return incident
    return replace(incident, post=officer, informed=incident.post, state=replace(incident.state, duty=officer))


def handed_over(  # noqa: PLR0917
    writing: Writing, room: Room, case: Incident, why: str, by: By, now: datetime, *, to: str = ""
) -> Incident:
    """Hand a case over (交接) to the net's post, or to the next post on duty, in an entry of its own that says why.

    Parameters
    ----------
    why
        ``hours`` (working hours began), ``sorted`` (it was dispatched, or ended), ``signed`` (a hand-over note was signed).
    to
        Post on duty that answers from now on; "" for the net's.
    """
    own = netted(room, case, now)
    if not own.post:  # a net of another edition that knows its codes no more
        own = replace(own, post=case.informed, informed="")
    data = {"why": why, "to": own.post}
    if to and to != own.post:
        own, data = replace(own, post=to, informed=own.post), {"why": why, "to": to, "duty": to}
    entry = Entry(Act.HAND_OVER, by, now.astimezone(UTC), data)
    return writing.act(room.id, case.number, entry, post=own.post, informed=own.informed, overdue_post=own.overdue_post)


def netted(room: Room, incident: Incident, now: datetime) -> Incident:
    """Return an incident with the posts that answer for its place in hours, of those that there are now."""
    found = duty_of(room.area.net, incident.codes, room.register.posts(now))
    return replace(incident, post=_key(found.post), informed=_key(found.informed), overdue_post=_key(found.overdue))


def _key(post: Post | None) -> str:
    return post.key if post else ""


# Posts


def add(room: Room, wish: Wish, by: By, now: datetime) -> Post:
    """Add a post to the area's own, and return it with its key.

    Raises
    ------
    RosterError, TextError
        Why it cannot be; nothing was written.
    """
    return change(room, "posts", by, now, lambda writing: added(writing, room, wish, by, now))


def added(writing: Writing, room: Room, wish: Wish, by: By, now: datetime) -> Post:
    """Add a post in a change that goes on already."""
    title = checked_title(wish.title)
    if wish.kind in OF_A_GRID and wish.grid is None:
        raise RosterError(f"A post of the kind {wish.kind.value} answers for a grid. Choose one.", kind="needs_grid")
    if wish.grid is not None and not has_grid(room, *wish.grid):
        raise RosterError(f"{room.id} has no grid {wish.grid[1]} at {wish.grid[0]}.", kind="no_grid", grid=wish.grid[1])
    known = {**room.own_posts, **{one.post.key: one.post for one in posts.kept(writing.connection, room.id)}}
    key = free_key(known, wish.kind, wish.grid, title)
    post = Post(key, wish.kind, title, wish.grid, wish.volunteer)
    kept = Kept(post, _begin(room, wish.since), _end(room, wish.until))
    _in_order(kept.since, kept.until)
    posts.put(writing, room.id, kept, act="add", by=by, at=now.astimezone(UTC))
    return post


def rename(room: Room, key: str, title: str, by: By, now: datetime, *, volunteer: bool | None = None) -> Post:
    """Give a post another title, or say whether it is a volunteer's.

    Raises
    ------
    UnknownPost, RosterError, TextError
        Why it cannot be; nothing was written.
    """
    kept = _kept(room, key)
    flag = kept.post.volunteer if volunteer is None else volunteer
    post = replace(kept.post, title=checked_title(title), volunteer=flag)
    _put(room, replace(kept, post=post), "rename", by, now)
    return post


def abolish(room: Room, key: str, last_day: date, by: By, now: datetime) -> None:
    """Let a post end after a day; who holds it then holds it no longer.

    Raises
    ------
    UnknownPost, RosterError
        Why it cannot be; nothing was written.
    """
    if key in room.own_posts and room.own_posts[key].grid is None:
        raise RosterError(f"{key} belongs to the room itself and stays.", kind="stays")
    kept = replace(_kept(room, key), until=_end(room, last_day))
    _in_order(kept.since, kept.until)
    _put(room, kept, "abolish", by, now)


def restore(room: Room, key: str, by: By, now: datetime) -> None:
    """Let a post that was abolished go on."""
    _put(room, replace(_kept(room, key), until=None), "restore", by, now)


def undo(room: Room, key: str, by: By, now: datetime) -> None:
    """Take the last change of a post or its holders back, within a minute."""
    change(room, "posts", by, now, lambda writing: posts.undo(writing, room.id, key, by=by, at=now.astimezone(UTC)))


# Holders


def hold(  # noqa: PLR0917
    room: Room, key: str, holder: str, since: date, by: By, now: datetime,
    *, until: date | None = None, stand_in: bool = False,
) -> Holding:  # fmt: skip
    """Let somebody hold a post from a day on, as one of several; a stand-in (代理) until a last day.

    Raises
    ------
    UnknownPost, RosterError, TextError
        Why it cannot be; nothing was written.
    """
    wanted = Holding(0, key, checked_name(holder), stand_in, day_start(room, since), _end(room, until))
    return change(room, "posts", by, now, lambda writing: held(writing, room, wanted, by, now))


def held(writing: Writing, room: Room, wanted: Holding, by: By, now: datetime) -> Holding:
    """Let somebody hold a post in a change that goes on already."""
    room.post(wanted.post)
    _checked(posts.holdings(writing.connection, room.id, key=wanted.post), wanted)
    return posts.hold(writing, room.id, wanted, by, now.astimezone(UTC))


def hand_over(  # noqa: PLR0917
    room: Room, key: str, holder: str, on: date, by: By, now: datetime
) -> Holding:
    """Hand a post over (交接): who holds it until that day holds it no longer, its stand-in included, and another does.

    Raises
    ------
    UnknownPost, RosterError, TextError
        Why it cannot be; nothing was written.
    """
    room.post(key)
    name, at = checked_name(holder), day_start(room, on)

    def work(writing: Writing) -> Holding:
        running = [
            one for one in posts.holdings(writing.connection, room.id, key=key) if one.until is None or one.until > at
        ]
        late = [one for one in running if one.since >= at]
        if late:
            raise RosterError(
                f"{key} is held from {late[0].since:%Y-%m-%d} on, which is not before {on}. End or correct that first.",
                kind="handover_early",
                date=on.isoformat(),
            )
        wanted = Holding(0, key, name, stand_in=False, since=at)
        return posts.hold(writing, room.id, wanted, by, now.astimezone(UTC), ended={one.id: at for one in running})

    return change(room, "posts", by, now, work)


def end(room: Room, id_: int, last_day: date, by: By, now: datetime) -> None:
    """Let a holding end after a day."""
    until = _end(room, last_day)

    def work(writing: Writing) -> None:
        was = posts.find_holding(writing.connection, room.id, id_)
        _in_order(was.since, until)
        posts.correct(writing, room.id, replace(was, until=until), act="end", by=by, at=now.astimezone(UTC))

    change(room, "posts", by, now, work)


def correct(  # noqa: PLR0917
    room: Room, id_: int, holder: str, since: date, until: date | None, by: By, now: datetime,
    *, stand_in: bool = False,
) -> None:  # fmt: skip
    """Set right what was written of a holding."""
    name = checked_name(holder)

    def work(writing: Writing) -> None:
        was = posts.find_holding(writing.connection, room.id, id_)
        wanted = replace(was, holder=name, stand_in=stand_in, since=day_start(room, since), until=_end(room, until))
        _checked([one for one in posts.holdings(writing.connection, room.id, key=was.post) if one.id != id_], wanted)
        posts.correct(writing, room.id, wanted, act="correct", by=by, at=now.astimezone(UTC))

    change(room, "posts", by, now, work)


def erase(room: Room, id_: int, by: By, now: datetime) -> None:
    """Erase the name of a holder; that somebody held the post stays on record."""

    def work(writing: Writing) -> None:
        was = posts.find_holding(writing.connection, room.id, id_)
        posts.correct(writing, room.id, replace(was, holder=""), act="erase", by=by, at=now.astimezone(UTC))

    change(room, "posts", by, now, work)


def holders(room: Room, now: datetime) -> dict[str, list[Holding]]:
    """Return who holds each post now, by its key, stand-ins last; a post that nobody holds is not in it."""
    with room.ledger.reading() as connection:
        found = posts.holdings(connection, room.id, at=now)
    by_post: dict[str, list[Holding]] = {}
    for one in found:
        by_post.setdefault(one.post, []).append(one)
    return by_post


def vacant(room: Room, now: datetime, held_by: Mapping[str, Sequence[Holding]]) -> list[Post]:
    """Return the posts of grids that nobody holds now but perhaps a stand-in, in their order."""
    return [
        post
        for key, post in room.register.posts(now).items()
        if post.grid and all(one.stand_in for one in held_by.get(key, ()))
    ]


# What can be written


def checked_name(text: str) -> str:
    """Return a holder's name as it is stored.

    Raises
    ------
    RosterError
        It is empty, or holds a number or an account.
    TextError
        It is too long.
    """
    name = clean(text, most=LONGEST_NAME, what="holder", lines=False)
    if not re.search(r"\w", name):
        raise RosterError("A holder needs a name. Write it, or leave the post vacant.", kind="name_empty")
    if sum(letter.isdigit() for letter in name) > MOST_DIGITS:
        raise RosterError(CONTACT, kind="contact")
    _no_contact(name)
    return name


def checked_title(text: str) -> str:
    """Return a post's title as it is stored; raises as `checked_name`."""
    title = clean(text, most=LONGEST_TITLE, what="title", lines=False)
    if not re.search(r"\w", title):
        raise RosterError("A post needs a title. Write how people call it.", kind="title_empty")
    _no_contact(title)
    return title


def free_key(known: Iterable[str], kind: PostKind, grid: tuple[str, str] | None, title: str) -> str:
    """Return the key of a new post: that of its kind and grid, a department's by its name; numbered where a grid has several.

    Raises
    ------
    RosterError
        The grid has its head already.
    """
    taken = set(known)
    code = grid[1] if grid else title if kind is PostKind.DEPARTMENT else ""
    key = post_key(kind, grid[0] if grid else "", code)
    if len(key) > LONGEST_KEY:
        raise TextError(
            "The title is too long for a department. Shorten it.", what="title", length=len(key), most=LONGEST_KEY
        )
    if key in taken and (kind in ONE_A_GRID or kind is PostKind.DEPARTMENT):
        raise RosterError(f"There is a post {key} already. Rename it, or let it go on.", kind="post_there", post=key)
    number = 2
    while key in taken:
        key = post_key(kind, grid[0], f"{code}:{number}") if grid else post_key(kind, "", str(number))
        number += 1
    return key


def has_grid(room: Room, level: str, code: str) -> bool:
    """Tell whether the net in force has a grid, stacked micro-grids included."""
    net = room.area.net
    if level not in net.keys:
        return False
    if level == net.leaf.key and any(stack.code == code for stack in net.stacks):
        return True
    overlay = next((one for one in net.overlays if one.key == level), None)
    return code in (overlay.positions if overlay else net.level(level).positions)


def day_start(room: Room, day: date) -> datetime:
    """Return when a day begins in the area, in UTC."""
    return datetime.combine(day, time(), room.area.pack.timezone).astimezone(UTC)


def last_day(room: Room, until: datetime) -> date:
    """Return the last day of what ends at a time."""
    return (until - timedelta(milliseconds=1)).astimezone(room.area.pack.timezone).date()


def _no_contact(text: str) -> None:
    found = [kind for kind in find_personal(text) if kind is not Personal.NAME]
    if found or "@" in text:
        raise RosterError(CONTACT, kind="contact")


def _checked(others: Iterable[Holding], wanted: Holding) -> None:
    _in_order(wanted.since, wanted.until)
    if wanted.stand_in and wanted.until is None:
        raise RosterError("A stand-in needs a last day.", kind="stand_in_end")
    for one in others:
        apart = (one.until is not None and one.until <= wanted.since) or (
            wanted.until is not None and wanted.until <= one.since
        )
        if one.holder == wanted.holder and not apart:
            raise RosterError(f"{wanted.post} is held by the same person in that time already.", kind="held_twice")


def _in_order(since: datetime | None, until: datetime | None) -> None:
    if since is not None and until is not None and until <= since:
        raise RosterError("The last day lies before the first. Exchange them.", kind="dates")


def _kept(room: Room, key: str) -> Kept:
    room.post(key)
    found = room.register.kept().get(key)
    if found is None and key not in room.own_posts:
        raise RosterError(f"{room.id} has no post {key}.", kind="post_gone", post=key)
    return found or Kept(room.own_posts[key])


def _put(room: Room, kept: Kept, act: str, by: By, now: datetime) -> None:
    change(
        room,
        "posts",
        by,
        now,
        lambda writing: posts.put(writing, room.id, kept, act=act, by=by, at=now.astimezone(UTC)),
    )


def _begin(room: Room, day: date | None) -> datetime | None:
    return None if day is None else day_start(room, day)


def _end(room: Room, last: date | None) -> datetime | None:
    return None if last is None else day_start(room, last + timedelta(days=1))
