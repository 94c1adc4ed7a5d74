"""The theme: readable by everybody, and told apart by colour-blind eyes."""

import itertools
import re

import numpy as np
import pytest

from layers import style

# Machado, Oliveira and Fernandes (2009), "A Physiologically-based Model for Simulation of Color Vision Deficiency", severity 1.0; linear RGB.
EYES = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
SCREEN = ("light", "dark")


def linear(colour: str) -> np.ndarray:
    return linear_of(np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255)


def linear_of(rgb: np.ndarray) -> np.ndarray:
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    low, high = sorted(float(linear(c) @ np.array([0.2126, 0.7152, 0.0722])) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    t = (XYZ @ np.clip(rgb, 0, 1)) / XYZ.sum(axis=1)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("name", SCREEN)
def test_no_two_tints_look_alike_to_any_eye(name, eye):
    seen = [lab(EYES[eye] @ linear(tint)) for tint in style.style(name).tints]
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert nearest >= 7  # CIE 1976; 2.3 is just noticeable side by side


def over(top: np.ndarray, under: np.ndarray, share: float) -> np.ndarray:
    return top * share + under * (1 - share)


def rgba(colour: str) -> tuple[np.ndarray, float]:
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in range(1, len(colour), 2)])
    return channels[:3], float(channels[3]) if len(channels) > 3 else 1.0


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("name", SCREEN)
def test_no_two_states_of_a_filled_grid_look_alike_to_any_eye(name, eye):
    theme, share = style.style(name), style.tables()["state"]
    ground = rgba(theme.colours["ground"])[0]
    neutral = [over(rgba(tint)[0], ground, share["tint"]) for tint in theme.tints]
    painted = {"neutral": neutral}
    for mark, look in theme.marks.items():
        colour, alpha = rgba(look.state)
        painted[mark] = [over(colour, over(ground, under, share["ground"]), alpha) for under in neutral]
    edge = [over(rgba(theme.marks["red"].fill)[0], under, share["edge"]) for under in painted["red"]]

    def apart(some, others):
        seen = [[lab(EYES[eye] @ linear_of(rgb)) for rgb in colours] for colours in (some, others)]
        return min(np.linalg.norm(a - b) for a, b in itertools.product(*seen))

    assert (
        min(apart(*pair) for pair in itertools.combinations(painted.values(), 2)) >= 5
    )  # each carries a shape as well
    assert min(apart(edge, other) for mark, other in painted.items() if mark not in {"red", "yellow"}) >= 25


@pytest.mark.parametrize("name", style.NAMES)
def test_text_is_readable_on_every_surface(name):
    theme = style.style(name)
    for surface in ("surface", "sunken", "ground"):
        for text in ("text", "quiet", "accent", "danger", "warning"):
            assert contrast(theme.colours[text], theme.colours[surface]) >= 4.5, (text, surface)
        for mark in style.MARKS:
            assert contrast(theme.marks[mark].text, theme.colours[surface]) >= 4.5, (mark, surface)


@pytest.mark.parametrize("name", style.NAMES)
def test_labels_are_readable_on_every_tint(name):
    theme = style.style(name)
    for tint in theme.tints:
        for label in ("leaf_label", "level_label", "dedicated_label", "street_label"):
            assert contrast(theme.colours[label], tint) >= 4.5, (label, tint)


@pytest.mark.parametrize("name", style.NAMES)
def test_a_mark_stands_out_from_every_tint_by_its_fill_or_its_edge(name):
    theme = style.style(name)
    for look, tint in itertools.product(theme.marks.values(), theme.tints):
        assert max(contrast(look.fill, tint), contrast(look.edge, tint)) >= 3


def test_every_class_has_a_glyph_that_exists():
    assert set(style.tables()["class"].values()) <= set(style.tables()["glyph"])


def test_a_class_without_its_own_glyph_has_the_square():
    assert style.glyph("no_such_class") == style.tables()["glyph"]["square"]


def test_the_three_marks_have_three_shapes():
    assert len({look.path for look in style.style("light").marks.values()}) == 3


def test_themes_name_the_same_colours():
    assert set(style.style("light").colours) == set(style.style("dark").colours) == set(style.style("print").colours)


def test_every_colour_is_written_as_six_or_eight_digits():
    for name in style.NAMES:
        for colour in style.style(name).colours.values():
            assert re.fullmatch(r"#[0-9A-F]{6}([0-9A-F]{2})?", colour)


def test_an_unknown_theme_is_refused():
    with pytest.raises(ValueError, match="light, dark, print"):
        style.style("neon")


def test_the_leaf_has_the_last_outline_whatever_the_number_of_levels():
    assert [style.outline(d, 2, ("a", "b", "c", "leaf")) for d in range(2)] == ["a", "leaf"]
    assert [style.outline(d, 6, ("a", "b", "c", "leaf")) for d in range(6)] == ["a", "b", "c", "c", "c", "leaf"]


def test_a_title_in_a_mark_is_escaped():
    assert "<script>" not in style.mark_svg("red", title='"><script>')


def test_custom_properties_carry_every_colour():
    text = style.css("dark")
    assert "--ground: #0D141D;" in text
    assert "--red-fill: #FF4D4F;" in text
    assert "--wall-body: calc(24px * var(--k, 1));" in text
