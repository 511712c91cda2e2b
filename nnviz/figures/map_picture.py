"""A map as a PNG: one square a pixel, with its axes written beside it. Drawn by Pillow, which is there anyway."""

from __future__ import annotations

import io

import numpy as np

from nnviz.core.sweep_description import Map
from nnviz.figures.theme import Theme, rgb, sample
from nnviz.figures.trainability import colours_of, pictured, shades, sides, ticks_of, title_of

LEFT, RIGHT, TOP, BOTTOM = 110, 30, 60, 70
LETTERS = str.maketrans(dict(zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−×", "-0123456789-x", strict=True)) | {"η": "eta", "β": "beta "})
LEAST = 768  # px along the longer side of the map


def png(theme: Theme, found: Map, measure: str, title: str) -> bytes:
    """The picture of a measure, a whole number of screen pixels for each of the map."""
    from PIL import Image, ImageDraw, ImageFont

    values = pictured(found, measure)
    level = shades(values, measure)[::-1]
    rows, columns = level.shape
    zoom = max(1, round(LEAST / max(rows, columns)))
    table = np.array([rgb(colour) for colour in _palette(theme, measure)], dtype=np.uint8)
    width, height = columns * zoom, rows * zoom
    picture = Image.new("RGB", (width + LEFT + RIGHT, height + TOP + BOTTOM), theme.background)
    picture.paste(Image.fromarray(table[level]).resize((width, height), Image.Resampling.NEAREST), (LEFT, TOP))
    draw, small, large = ImageDraw.Draw(picture), ImageFont.load_default(15), ImageFont.load_default(19)
    draw.text((LEFT, TOP - 14), plain(title), theme.text, large, anchor="ls")
    for column, line, text in sides(values, measure):
        at = (LEFT + (column + 0.5) * zoom, TOP + height - (line + 0.5) * zoom)
        draw.text(at, text, theme.text, small, anchor="mm", stroke_width=2, stroke_fill=theme.background)
    for place, text in ticks_of(found.sweep.x):
        draw.text((LEFT + (place + 0.5) * zoom, TOP + height + 8), plain(text), theme.muted, small, anchor="mt")
    for place, text in ticks_of(found.sweep.y):
        draw.text((LEFT - 8, TOP + height - (place + 0.5) * zoom), plain(text), theme.muted, small, anchor="rm")
    draw.text((LEFT + width / 2, TOP + height + 36), plain(title_of(found.sweep.x.name)), theme.text, small, anchor="mt")
    upright = Image.new("RGB", (height, 24), theme.background)
    ImageDraw.Draw(upright).text((height / 2, 12), plain(title_of(found.sweep.y.name)), theme.text, small, anchor="mm")
    picture.paste(upright.rotate(90, expand=True), (8, TOP))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def plain(text: str) -> str:
    """Text with the letters that Pillow's own font has.

    Examples
    --------
    >>> plain("10⁻² × η")
    '1e-2 x eta'
    """
    if text.startswith("10") and any(letter in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹" for letter in text[2:3]):
        text = "1e" + text[2:]
    return text.translate(LETTERS)


def _palette(theme: Theme, measure: str) -> list[str]:
    """The colour of each of 256 levels, on the figure's own scale."""
    scale = colours_of(theme, measure)
    at, stops = np.array([place for place, _ in scale]), [colour for _, colour in scale]
    found = []
    for level in range(256):
        share = level / 255
        right = int(np.clip(np.searchsorted(at, share, side="right"), 1, len(at) - 1))
        width = at[right] - at[right - 1]
        found.append(sample(stops[right - 1 : right + 1], (share - at[right - 1]) / width if width else 1.0))
    return found
