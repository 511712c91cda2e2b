"""What else a convolution shows: kernel turned or not, the way of a gradient back, and a stack with what one of its units sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.conv_stack import Region
from nnviz.figures.graph_marks import compact
from nnviz.figures.grids import (
    Area,
    Scale,
    borders,
    brief,
    canvas,
    clicks,
    fitted,
    grid,
    minus_signs,
    outline,
    scale_of,
    signed_scale,
    words,
    written,
)
from nnviz.figures.theme import Figure, Theme, layout, symbol

Array = NDArray[np.floating]
STAGES = ("convolution", "ReLU", "pooling", "convolution", "ReLU", "pooling")


def both_ways(kernel: Array, plain: Array, flipped: Array, theme: Theme) -> Figure:
    """The kernel as it is over the output it gives, the kernel turned by 180° over its own, and the difference of the two.

    Parameters
    ----------
    kernel : (kh, kw), as it was typed
    plain, flipped : (h', w'), cross-correlation and mathematical convolution
    """
    with np.errstate(all="ignore"):
        difference = plain - flipped
    of_w, of_y = signed_scale(kernel, theme), signed_scale(np.stack([plain, flipped, difference]), theme)
    lefts, wide = (0.0, 248.0, 496.0), 224.0
    tops = [fitted(left, 26, wide, 130, kernel.shape) for left in lefts[:2]]
    data: list[dict[str, Any]] = []
    for area, values in zip(tops, (kernel, kernel[::-1, ::-1]), strict=True):
        data += _numbered(theme, area, values, of_w, "kernel")
    for left, values, name in zip(lefts, (plain, flipped, difference), ("not flipped", "flipped", "difference"), strict=True):
        data += _map(theme, fitted(left, 190, wide, wide, plain.shape), values, of_y, name)
    turned = [(area.middle, 12, text, "middle center") for area, text in zip(tops, ("kernel", "turned by 180°"), strict=True)]
    heads = ["cross-correlation", "convolution", "difference"]
    below = [(left + wide / 2, 177, text, "middle center") for left, text in zip(lefts, heads, strict=True)]
    same = bool(np.array_equal(kernel, kernel[::-1, ::-1]))
    told = "the kernel turned is itself:" if same else "the largest difference is"
    middle = [(lefts[2] + wide / 2, 84, told, "middle center"), (lefts[2] + wide / 2, 106, _largest(difference, same), "middle center")]
    data.append(words(theme, [*turned, *below, *middle]))
    key = "what neural networks compute, what mathematics calls convolution · one scale for the three, blue +, orange −"
    return {"data": data, "layout": layout(theme, "graph", "Flipped or not", key, height=488, **canvas(720, 416))}


def outputs(y: Array, delta: Array, chosen: tuple[int, int], theme: Theme) -> Figure:
    """The output, to be clicked, and the gradient that stands at it."""
    data: list[dict[str, Any]] = []
    left, right = fitted(0, 26, 300, 300, y.shape), fitted(324, 26, 300, 300, y.shape)
    data += _map(theme, left, y, signed_scale(y, theme), "y")
    data += _map(theme, right, delta, signed_scale(delta, theme), "δ")
    for area in (left, right):
        x, at = area.box(*chosen)
        data.append(outline(theme, "chosen") | {"x": x, "y": at})
    data.append(
        words(theme, [(left.middle, 12, symbol(theme, "y"), "middle center"), (right.middle, 12, symbol(theme, "delta"), "middle center")])
    )
    places = [[int(i) + 1, int(j) + 1] for i, j in np.ndindex(y.shape)]
    data.append(clicks(left, [f"y, row {i}, column {j} = {v:.6g}" for (i, j), v in zip(places, y.ravel(), strict=True)], places))
    frame = layout(
        theme, "graph", "One pixel of the output", "click a pixel of y · outlined: the chosen one", height=296, **canvas(624, 330)
    )
    return {"data": data, "layout": frame | {"clickmode": "event+select"}}


def gradients(into_x: Array, into_kernel: Array, region: Region, theme: Theme) -> Figure:
    """Where the gradient arrives: in the picture, outlined the window that computed the pixel, and in the kernel."""
    left, right = fitted(0, 26, 300, 300, into_x.shape), fitted(324, 26, 300, 300, into_kernel.shape)
    data = _map(theme, left, into_x, signed_scale(into_x, theme), "∂C/∂x")
    data += _numbered(theme, right, into_kernel, signed_scale(into_kernel, theme), "∂C/∂w")
    data.append(_outlined(theme, left, region))
    x, w, cost = (symbol(theme, name) for name in ("x", "w", "cost"))
    heads = [(left.middle, 12, f"∂{cost}/∂{x}", "middle center"), (right.middle, 12, f"∂{cost}/∂{w}", "middle center")]
    data.append(words(theme, heads))
    key = "in the picture and in the kernel, each on its own scale · outlined: the window of the chosen pixel"
    return {"data": data, "layout": layout(theme, "graph", "Where its gradient goes", key, height=296, **canvas(624, 330))}


def stack(pictures: Sequence[Array], unit: tuple[int, int, int, int], region: Region, theme: Theme) -> Figure:
    """The pictures after each stage of two layers, each channel a row; the receptive field of a chosen unit is outlined in the input.

    Parameters
    ----------
    pictures : (channels, h, w) for the input and after each of the six stages
    unit : stage, channel, row, column of the chosen unit
    region : what it sees of the input
    """
    side, step, top = 108.0, 122.0, 26.0
    data: list[dict[str, Any]] = []
    spots: list[tuple[float, float, str, str]] = []
    targets: list[dict[str, Any]] = []
    for stage, channels in enumerate(pictures):
        scale = scale_of(channels, theme)
        for channel, values in enumerate(channels):
            across = top + channel * step if len(channels) > 1 else top + step / 2
            area = fitted(stage * step, across, side, side, values.shape)
            data += _map(theme, area, values, scale, f"stage {stage}, channel {channel + 1}")
            if stage:
                targets.append(_units(area, values, stage, channel))
            if stage == 0:
                data.append(_outlined(theme, area, region))
            elif (stage, channel) == unit[:2]:
                x, y = area.box(*unit[2:])
                data.append(outline(theme, "unit", 3) | {"x": x, "y": y})
        name = STAGES[stage - 1] if stage else "input"
        size = f"<span style='color:{theme.muted}'>&nbsp;{channels.shape[1]} × {channels.shape[2]}</span>"
        spots.append((stage * step + side / 2, 12, name + size, "middle center"))
    data += [words(theme, spots, 12), *targets]
    key = "click a unit · outlined in the input: its receptive field, all that it can see"
    frame = layout(theme, "graph", "Two layers", key, height=326, **canvas(6 * step + side, top + 2 * step))
    return {"data": data, "layout": frame | {"clickmode": "event+select"}}


def influence(gradient: Array, region: Region, theme: Theme) -> Figure:
    """How much each pixel moves the chosen unit: not 0 only inside its receptive field."""
    area = fitted(0, 4, 300, 300, gradient.shape)
    data = [*_map(theme, area, gradient, signed_scale(gradient, theme), "∂(unit)/∂x"), _outlined(theme, area, region)]
    key = "∂(unit)/∂x, by the way back through both layers · outlined: the field by counting windows"
    return {"data": data, "layout": layout(theme, "graph", "What moves it", key, height=370, **canvas(300, 308))}


def _map(theme: Theme, area: Area, values: Array, scale: Scale, name: str) -> list[dict[str, Any]]:
    return [borders(theme, area), grid(area, values, scale, name, name + ", %{text} = %{z:.6g}"), *minus_signs(area, values, scale)]


def _numbered(theme: Theme, area: Area, values: Array, scale: Scale, name: str) -> list[dict[str, Any]]:
    """A small grid with its numbers in it."""
    readable = area.across >= 30
    numbers = (
        [written(area, brief(values), values, scale, 12 if area.across >= 38 else 11)] if readable else minus_signs(area, values, scale)
    )
    return [borders(theme, area), grid(area, values, scale, name, name + ", %{text} = %{z:.6g}"), *numbers]


def _outlined(theme: Theme, area: Area, region: Region) -> dict[str, Any]:
    rows, columns = region
    x, y = area.box(rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)
    return outline(theme, "receptive field") | {"x": x, "y": y}


def _units(area: Area, values: Array, stage: int, channel: int) -> dict[str, Any]:
    places = [[stage, channel + 1, int(i) + 1, int(j) + 1] for i, j in np.ndindex(values.shape)]
    told = [
        f"{STAGES[stage - 1]}, channel {channel + 1}, row {p[2]}, column {p[3]} = {v:.6g}"
        for p, v in zip(places, values.ravel(), strict=True)
    ]
    return clicks(area, told, places)


def _largest(difference: Array, same: bool) -> str:
    return "no difference" if same else f"<b>{compact(float(np.abs(difference).max(initial=0.0)), sign=False)}</b>"
