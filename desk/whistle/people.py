"""Who has to do with a whistle: who sees it, who may ask, who approves, who can be called."""

from collections.abc import Mapping
from datetime import datetime

from desk.posts.acting import NOBODY
from desk.posts.own import seeing_posts
from desk.room import DISPATCHER, Room
from incidents.access import Role, Who
from incidents.lifecycle import By, PostKind
from incidents.posts import Post
from incidents.whistle_rules import Kind
from incidents.whistles import ASKERS, Blow, Phase, Whistle, allowed
from ledger.whistles import Filed, Sight, seen_in

CALLED = frozenset({PostKind.DEPARTMENT})  # kinds of posts that can be called
CENTRE = By(DISPATCHER, PostKind.DISPATCHER)


def sight(room: Room) -> Sight:
    """Return whose whistles who looks through a room sees: those of their posts and of their grid; None for all of the area.

    What they may do decides first: without the capability ``whistles`` nobody sees any.
    """
    who = room.who
    if who is None or who.role is Role.DEMO:
        return None
    if not who.can("whistles"):
        return frozenset()
    if who.scope.whole and who.role is not Role.DEPARTMENT:
        return None
    return seeing_posts(room.register.ever(), who) | _grids(room, who)


def _grids(room: Room, who: Who) -> frozenset[str]:
    key = who.scope.grid[0] if who.scope.grid else ""
    return frozenset(seen_in(key, code) for code in room.within.codes) if key else frozenset()


def line(room: Room, post: Post) -> dict[str, str]:
    """Return the grid of a post and those above it, level -> code; none for one that has no grid of a level."""
    net, (key, code) = room.area.net, post.grid or ("", "")
    keys = [level.key for level in net.levels]
    if key not in keys:
        return {}
    leaf, place = net.leaf, net.level(key).positions.get(code)
    if place is None:
        return {key: code} if key == leaf.key else {}
    inside = next((one for one in leaf.codes if room.codes_of(str(one)).get(key) == code), None)
    above = room.codes_of(str(inside)) if inside is not None else {key: code}
    return {name: above[name] for name in keys[: keys.index(key) + 1] if above.get(name)}


def may_ask(room: Room, post: Post) -> bool:
    """Tell whether a post may whistle: the centre, or a community or street, and no volunteer or micro-grid, which report upward."""
    if post is NOBODY or post.kind not in ASKERS:
        return False
    if post.kind is PostKind.DISPATCHER:
        return True
    levels = [level.key for level in room.area.net.levels]
    return post.grid is not None and not post.volunteer and post.grid[0] in levels[:-1]


def approving(room: Room, kind: Kind, asker: str, above: Mapping[str, str], now: datetime) -> list[Post]:
    """Return the posts that may approve a whistle of a kind; the centre where the register has nobody who may.

    Parameters
    ----------
    above
        The line of who asks.
    """
    posts = room.register.posts(now)
    own = posts[asker].grid if asker in posts else None
    found = [post for post in posts.values() if post.key != asker and _may(kind, post, own, above)]
    centre = posts.get(DISPATCHER) or room.post(DISPATCHER)
    return found or ([centre] if asker != DISPATCHER else [])


def _may(kind: Kind, post: Post, own: tuple[str, str] | None, above: Mapping[str, str]) -> bool:
    if post.kind not in kind.approvers:
        return False
    if post.kind is PostKind.DISPATCHER:
        return True
    return post.grid is not None and post.grid in above.items() and not (kind.above and post.grid == own)


def departments(room: Room, now: datetime) -> list[Post]:
    """Return the posts that can be called, by title."""
    return sorted(
        (post for post in room.register.posts(now).values() if post.kind in CALLED), key=lambda post: post.title
    )


def offered(room: Room, filed: Filed, by: By, now: datetime) -> tuple[Blow, ...]:
    """Return what a post may do to a whistle now: what its lifecycle allows, and approving only where it may for that asker."""
    found = allowed(filed.state, by)
    if filed.state.phase is not Phase.ASKED or by.post in {post.key for post in approvers(room, filed, now)}:
        return found
    return tuple(act for act in found if act not in {Blow.APPROVE, Blow.DECLINE})


def approvers(room: Room, filed: Filed, now: datetime) -> list[Post]:
    """Return the posts that may approve a whistle that was asked for."""
    return approving(room, room.rules.whistles.kind(filed.state.kind), filed.state.asker, filed.line, now)


def waits_for(room: Room, filed: Filed, now: datetime) -> frozenset[str]:
    """Return the posts on whom a whistle waits: who may approve it; parties with a clock that runs, a task to do, or everything done; who asked, when the lead is done; the centre, for a dispute."""
    state = filed.state
    if state.phase is Phase.ASKED:
        return frozenset(post.key for post in approvers(room, filed, now))
    if state.phase is Phase.FINISHED:
        return frozenset({state.asker})
    return _working(state) if state.phase is Phase.BLOWN else frozenset()


def _working(state: Whistle) -> frozenset[str]:
    running = {party.post for party in state.active if party.running}
    owners = {task.owner for task in state.open_tasks}
    disputed = {DISPATCHER} if any(party.disputed for party in state.active) else set()
    found = running | owners | disputed
    return frozenset(found or ({state.lead.post} if state.lead else set()))
