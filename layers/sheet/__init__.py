"""The battle map as one sheet of paper: A3 landscape, SVG in millimetres, drawn here and by nothing else.

The sheet must hang in a command room and survive a photocopier: marks read by shape, states by the form of a plate, levels by the weight of their lines, dedicated
grids by hatching. The scale is true on paper printed at 100 %. Whoever asks gives the incidents, the states and the time; this room knows no rules.
"""

from collections.abc import Callable
from datetime import datetime

import numpy as np

from layers.load import Area
from layers.sheet import frame, grid_labels, ground, marks, net, panel, sites
from layers.sheet.board import Board
from layers.sheet.drawing import Drawing, Wanted, shape_of
from layers.sheet.ink import family, ink
from layers.sheet.plot import Plot, View, around, as_on_screen
from layers.sheet.svg import element, group, rect

__all__ = ["View", "Wanted", "sheet"]


def sheet(area: Area, wanted: Wanted, *, language: str, translate: Callable[[str], str], printed_at: datetime) -> str:
    """Draw the sheet of an area.

    Parameters
    ----------
    area
        The area.
    wanted
        What is to be printed of it.
    language
        ``zh`` or ``en``: of the names in the pack.
    translate
        From a msgid to the text in that language.
    printed_at
        The time to print, with a zone.

    Returns
    -------
    str
        An SVG document of 420 x 297 mm, one user unit a millimetre.

    Raises
    ------
    UnknownGrid
        ``wanted.grid`` names a grid that the net does not have.
    """
    drawing, lay = _begin(area, wanted, language, translate), frame.layout()
    below = ground.lay(drawing)
    shown, hidden = sites.find(drawing)
    under = [
        net.tinted(drawing),
        ground.draw(drawing, below),
        net.veil(drawing),
        net.overlaid(drawing),
        net.outlined(drawing),
    ]
    arrow = frame.north(drawing, lay)
    placed = marks.place(drawing)
    numerals = net.numerals(drawing) if placed.depth in {None, len(area.net.levels) - 1} else ""
    plates = net.overlay_labels(drawing)
    names = [net.level_names(drawing), ground.name_streets(drawing, below["street"], main=True)]
    glyphs, free = sites.draw(drawing, shown)
    numbers, unnumbered = grid_labels.draw(drawing, placed)
    names.append(ground.name_streets(drawing, below["street"], main=False))
    names += [
        sites.name_sites(drawing, free),
        ground.name_places(drawing, below["block"], colour="quiet", class_="place-name"),
        ground.name_places(drawing, below["green"], colour="park_label", class_="place-name"),
        ground.name_places(drawing, below["water"], colour="water_label", font_style="italic", class_="place-name"),
        sites.name_buildings(drawing),
    ]
    notes = _notes(drawing, placed.beyond, unnumbered) + panel.left_out(drawing, hidden)
    window = lay.window
    clip = element("defs", element("clipPath", rect(window.left, window.top, window.right, window.bottom), id="window"))
    content = [
        clip,
        rect(0, 0, lay.paper.right, lay.paper.bottom, fill=drawing.ink["surface"]),
        group(
            [*under[:3], numerals, *under[3:], glyphs, *names, numbers, plates, placed.markup, arrow],
            clip_path="url(#window)",
            class_="map",
        ),
        frame.bordered(drawing, lay),
        frame.titled(drawing, lay),
        panel.draw(drawing, lay.panel, shown, counted=placed.depth is not None),
        frame.scaled(drawing, lay),
        frame.footed(drawing, lay, printed_at, notes),
        frame.watermarked(drawing, lay),
    ]
    return _svg(drawing, lay.paper.right, lay.paper.bottom, content)


def _begin(area: Area, wanted: Wanted, language: str, translate: Callable[[str], str]) -> Drawing:
    focus = shape_of(area.net, *wanted.grid) if wanted.grid else None
    plot = _plot(area, wanted, focus)
    return Drawing(
        area=area,
        wanted=wanted,
        plot=plot,
        ink=ink(wanted.ink),
        board=Board(plot.window),
        language=language,
        translate=translate,
        levels={level.key: plot.draw(level.geoms) for level in area.net.levels},
        overlays={overlay.key: plot.draw(overlay.geoms) for overlay in area.net.overlays},
        focus=plot.draw(np.array([focus]))[0] if focus is not None else None,
    )


def _plot(area: Area, wanted: Wanted, focus: object) -> Plot:
    window = frame.layout().window
    if wanted.view is not None:
        return as_on_screen(wanted.view, window)
    return around(np.array([focus]) if focus is not None else area.net.levels[0].geoms, window)


def _notes(drawing: Drawing, beyond: int, unnumbered: int) -> list[str]:
    _ = drawing.translate
    notes = [_("{count} cases lie beyond the map").format(count=f"{beyond:,}")] if beyond else []
    if drawing.wanted.hidden:
        said = _("{count} cases of restricted classes are counted and not shown")
        notes.append(said.format(count=f"{drawing.wanted.hidden:,}"))
    notes += drawing.wanted.notes
    return notes + ([_("{count} numbers found no room").format(count=f"{unnumbered:,}")] if unnumbered else [])


def _svg(drawing: Drawing, width: float, height: float, content: list[str]) -> str:
    return element(
        "svg",
        [element("title", _escaped(frame.heading(drawing))), *content],
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}mm",
        height=f"{height:g}mm",
        lang="zh-CN" if drawing.language == "zh" else "en",
        role="img",
        font_family=family(),
        fill=drawing.ink["text"],
        data_ink=drawing.ink.name,
    )


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
