"""The figure beside proposals: a compass card with the rings, the sector upwind and its core, where the wind comes from, and the sources by their places in the list, as SVG with its own legend.

It has a pale ground and ink of its own, so that it reads alike on a dark screen and on paper.
"""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from math import cos, radians, sin

from inspections.upwind import Proposal, UpwindRules, Wind
from layers.load import Area
from layers.sheet.upwind import upwind
from locales import Translator

SIZE, MIDDLE, OUTER = 320.0, 160.0, 128.0
LEGEND = 78.0
NUMBERED = 9  # sources that carry their place; the others are dots
HALF, EIGHTH = 180, 45
INK = (
    ".ground{fill:#f7f9fb}text{font:12px sans-serif;fill:#17212b}.far,.said{font-size:11px;fill:#4a5a6a}.way,.place{font-weight:700}"
    ".ring{fill:none;stroke:#b7c2cd}.wide{fill:#1864ab;fill-opacity:.12}.core{fill:#1864ab;fill-opacity:.28}.wind,.station{fill:none;stroke:#17212b;stroke-width:2}"
    ".source{fill:#fff;stroke:#17212b}.likely{fill:#17212b;stroke:#17212b}.likely+.place{fill:#fff}"
)


def figure(found: Sequence[Proposal], wind: Wind | None, rules: UpwindRules, _: Translator) -> str:
    """Return the figure as a picture of HTML; north is above, and the rings stand at equal steps.

    Without the wind, or where it has no direction, there is one ring and no sector.
    """
    blows = wind is not None and wind.speed >= rules.calm_m_s
    rings = rules.rings_m if blows else (rules.calm_radius_m,)
    parts = [f'<circle class="ring" cx="{MIDDLE:g}" cy="{MIDDLE:g}" r="{OUTER * (at + 1) / len(rings):.1f}"/>' for at in range(len(rings))]  # fmt: skip
    if wind and blows:
        parts = [_sector(wind.from_deg, rules.wide_deg, "wide"), _sector(wind.from_deg, rules.core_deg, "core"), *parts, _arrow(wind.from_deg)]  # fmt: skip
    parts += [_text(*_at(at * EIGHTH, OUTER + 14), name, "way") for at, name in ((0, _("N")), (2, _("E")), (4, _("S")), (6, _("W")))]  # fmt: skip
    parts += [_text(MIDDLE, MIDDLE + OUTER * (at + 1) / len(rings) - 4, _distance(metres), "far") for at, metres in enumerate(rings)]  # fmt: skip
    parts += [_source(place, one, rings) for place, one in reversed(list(enumerate(found, 1)))]
    parts.append(f'<path class="station" d="M{MIDDLE - 6:g} {MIDDLE:g}h12M{MIDDLE:g} {MIDDLE - 6:g}v12"/>')
    label = _("Sources around the station, and the sector upwind")
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE:g}" height="{SIZE + LEGEND:g}" viewBox="0 0 {SIZE:g} {SIZE + LEGEND:g}"><style>{INK}</style><rect class="ground" width="100%" height="100%"/>{"".join(parts)}{_legend(_, blows=blows)}</svg>'  # fmt: skip
    return f'<img class="bm-rose" alt="{escape(label)}" src="data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}">'


def on_map(area: Area, station: tuple[float, float], found: Sequence[Proposal], wind: Wind | None, rules: UpwindRules, _: Translator, language: str) -> str:  # noqa: PLR0917  # fmt: skip
    """Return the sources on the map around the station, true to scale, as a picture of HTML: as far as the farthest of them, with the rings and the sector upwind."""
    blows = wind is not None and wind.speed >= rules.calm_m_s
    rings = rules.rings_m if blows else (rules.calm_radius_m,)
    far = max((one.metres for one in found), default=rings[0])
    radius = next((ring for ring in rings if ring >= far), rings[-1])
    sectors = [(wind.from_deg, rules.wide_deg), (wind.from_deg, rules.core_deg)] if wind and blows else []
    places = [((one.source.lon, one.source.lat), one.likely) for one in found]
    drawn = upwind(area, station, places, radius_m=radius, rings_m=rings, sectors=sectors, language=language, translate=_)  # fmt: skip
    label = _("Sources around the station on the map")
    return f'<img class="bm-rose" alt="{escape(label)}" src="data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}">'


def _at(bearing: float, radius: float) -> tuple[float, float]:
    """Return where a bearing lies, degrees clockwise from north, at so far from the middle."""
    return MIDDLE + radius * sin(radians(bearing)), MIDDLE - radius * cos(radians(bearing))


def _sector(middle: float, half: float, name: str) -> str:
    if half >= HALF:
        return f'<circle class="{name}" cx="{MIDDLE:g}" cy="{MIDDLE:g}" r="{OUTER:g}"/>'
    (x0, y0), (x1, y1) = _at(middle - half, OUTER), _at(middle + half, OUTER)
    return f'<path class="{name}" d="M{MIDDLE:g} {MIDDLE:g}L{x0:.1f} {y0:.1f}A{OUTER:g} {OUTER:g} 0 {int(half * 2 > HALF)} 1 {x1:.1f} {y1:.1f}Z"/>'  # fmt: skip


def _arrow(bearing: float) -> str:
    """Return an arrow from the rim inwards, as the wind blows."""
    (x0, y0), (x1, y1) = _at(bearing, OUTER + 4), _at(bearing, OUTER - 24)
    tips = [_at(bearing + side, OUTER - 16) for side in (-3, 3)]
    return f'<path class="wind" d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}' + "".join(f"M{x:.1f} {y:.1f}L{x1:.1f} {y1:.1f}" for x, y in tips) + '"/>'  # fmt: skip


def _source(place: int, one: Proposal, rings: Sequence[float]) -> str:
    x, y = _at(one.bearing_deg, OUTER * _step(one.metres, rings))
    name = "likely" if one.likely else "source"
    if place > NUMBERED:
        return f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
    return f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="8"/>{_text(x, y + 4, str(place), "place")}'


def _step(metres: float, rings: Sequence[float]) -> float:
    """Return how far out a distance stands, 0 to 1, where rings stand at equal steps."""
    inner = 0.0
    for at, outer in enumerate(rings):
        if metres <= outer:
            return (at + (metres - inner) / (outer - inner)) / len(rings)
        inner = outer
    return 1.0


def _text(x: float, y: float, said: str, name: str) -> str:
    return f'<text class="{name}" x="{x:.1f}" y="{y + (4 if name == "way" else 0):.1f}" text-anchor="middle">{escape(said)}</text>'


def _distance(metres: float) -> str:
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"  # noqa: PLR2004


def _legend(_: Translator, *, blows: bool) -> str:
    """Return what the signs mean, in two columns."""
    said = [
        (f'<path class="station" d="M6 0h12M12 {-6}v12"/>', _("station")),
        ('<circle class="likely" cx="12" cy="0" r="6"/>', _("source whose kind fits")),
        ('<circle class="source" cx="12" cy="0" r="6"/>', _("other source")),
    ]
    if blows:
        said += [
            ('<path class="wind" d="M2 0h18M14 -4l6 4l-6 4"/>', _("the wind blows so")),
            ('<path class="core" d="M4 -6h16v12h-16z"/>', _("straight upwind")),
            ('<path class="wide" d="M4 -6h16v12h-16z"/>', _("edge of the sector")),
        ]
    return "".join(
        f'<g transform="translate({8 + 156 * (at % 2)} {SIZE + 10 + 24 * (at // 2):g})">{mark}<text class="said" x="28" y="4">{escape(text)}</text></g>'
        for at, (mark, text) in enumerate(said)
    )
