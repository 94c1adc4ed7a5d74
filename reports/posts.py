"""Who is responsible where (责任岗位): posts, never persons.

In a dedicated grid (专属网格) its head is responsible and the micro-grid's is informed (属地兜底); elsewhere the head of the micro-grid is. Heads who are volunteers
are not bound to deadlines: what is overdue goes to the nearest paid post above them. Source: design, "Marks, states and colours".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from geo.net import Net, Overlay


@dataclass(frozen=True)
class Duty:
    """The posts for one place; "" where the pack names none.

    Attributes
    ----------
    post
        Is responsible.
    volunteer
        Whether that post is a volunteer's.
    informed
        Is informed beside it: in a dedicated grid, the micro-grid's head.
    overdue
        Answers for what is overdue: the post itself if it is paid, else the nearest paid one above.
    """

    post: str = ""
    volunteer: bool = False
    informed: str = ""
    overdue: str = ""


def duty_of(net: Net, codes: Mapping[str, str]) -> Duty:
    """Return the posts for a place, given its codes by level and overlay (as `Net.assign` returns them: several are ";"-joined, "" for none)."""
    line = [
        (post_of(net, level.key, _first(codes.get(level.key, ""))), level.volunteer) for level in reversed(net.levels)
    ]
    paid = next((post for post, volunteer in line if post and not volunteer), "")
    post, volunteer = next(((post, volunteer) for post, volunteer in line if post), ("", False))
    dedicated = next(
        (found for overlay in net.overlays if overlay.responsible and (found := _overlay_post(overlay, codes))), ""
    )
    if dedicated:
        return Duty(post=dedicated, informed=post, overdue=dedicated)
    return Duty(post=post, volunteer=volunteer, overdue=paid)


def post_of(net: Net, key: str, code: str) -> str:
    """Return the post of a grid of a level, stacked micro-grids included; "" where there is none."""
    level = net.level(key)
    if code in level.positions:
        return str(level.posts[level.positions[code]])
    if level is net.leaf:
        return next((stack.post for stack in net.stacks if stack.code == code), "")
    return ""


def _overlay_post(overlay: Overlay, codes: Mapping[str, str]) -> str:
    wanted = _first(codes.get(overlay.key, ""))
    return next(
        (str(post) for code, post in zip(overlay.codes, overlay.posts, strict=True) if code == wanted and post), ""
    )


def _first(codes: str) -> str:
    return codes.partition(";")[0]
