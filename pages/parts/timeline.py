"""What was done to a case, as HTML: who, what, when, why, how long it took, with photos."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from pages.parts.visit import Visit
from reports.case_words import Line


def timeline(lines: Sequence[Line], visit: Visit, base: str = "") -> str:
    """Return the entries as HTML, the newest first; ``base`` is where photos are read that belong to no case."""
    return f'<ol class="bm-timeline">{"".join(_entry(line, visit, base) for line in reversed(lines))}</ol>'


def pictures(photos: Sequence[tuple[str, str]], visit: Visit, caption: str = "", base: str = "") -> str:
    """Return photos as small pictures; each opens the whole one."""
    base = base or f"/photo/{quote(visit.name, safe='')}/"
    return "".join(
        f'<a class="bm-photo" href="{base}{whole}" target="_blank" rel="noopener" data-photo title="{escape(caption)}"><img src="{base}{small}" alt="{escape(caption)}" loading="lazy"></a>'
        for small, whole in photos
    )


def _entry(line: Line, visit: Visit, base: str) -> str:
    _ = visit._
    took = f"<small>{escape(_('after {span}').format(span=line.after))}</small>" if line.after else ""
    about = "".join(f"<li>{escape(detail)}</li>" for detail in line.details)
    words = f"<q>{escape(line.said)}</q>" if line.said else ""
    shots = f'<div class="bm-photos">{pictures(line.photos, visit, line.what, base)}</div>' if line.photos else ""
    return (
        f'<li data-act="{escape(line.act)}" data-version="{line.version}"><time>{escape(line.at)}{took}</time><div><p><b>{escape(line.what)}</b> <span>{escape(line.who)}</span></p>'
        f"{words}<ul>{about}</ul>{shots}</div></li>"
    )
