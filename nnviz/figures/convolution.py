"""The window on its walk over the picture: at each place its products and their sum, the column of im2col and the row of T, lit together.

Four figures with the same frames, moved by one player. A frame holds only what changes: outlines, a byte a cell for what fills up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from nnviz.core.walk import Walk
from nnviz.figures.animation import MOST_FRAMES, animate
from nnviz.figures.grids import (
    CLEAR,
    VEIL,
    Area,
    borders,
    brief,
    canvas,
    cells,
    clicks,
    fitted,
    grid,
    joined,
    lit,
    minus_signs,
    outline,
    scale_of,
    signed_scale,
    together,
    words,
    written,
)
from nnviz.figures.theme import Figure, Theme, axis, bare_axis, layout, symbol
from nnviz.formulas.numbers import significant

Array = NDArray[np.floating]
SIZE, HEIGHT = (430, 244), 268  # of the four canvases, and of their figures in px
MOST_SIDE = 256  # rows and columns of T that are drawn one by one
WRITTEN_COLUMN = 16  # entries of a column of im2col that are written out


def shown_places(count: int, wanted: int | None = None) -> NDArray[np.intp]:
    """Which places have a frame: all, or 60 chosen evenly with the first, the last and the wanted one among them.

    Examples
    --------
    >>> shown_places(4), len(shown_places(256)), 100 in shown_places(256, 100)
    (array([0, 1, 2, 3]), 60, True)
    """
    if count <= MOST_FRAMES:
        return np.arange(count)
    even = np.linspace(0, count - 1, MOST_FRAMES).round().astype(int)
    if wanted is not None and wanted not in even:
        even[1 + np.abs(even[1:-1] - wanted).argmin()] = wanted
    return even


def told_places(count: int) -> str:
    """How many of the places are played, for the figure's second line."""
    return f"{count} places" if count <= MOST_FRAMES else f"{MOST_FRAMES} of {count} places, evenly chosen"


def slide(x: Array, walk: Walk, places: NDArray[np.intp], start: int, theme: Theme) -> Figure:
    """The picture with the window on it, and the output as it fills up.

    Parameters
    ----------
    x : (h, w)
    walk : of the same picture
    places, start : the place of each frame, and the frame at which the figure stands
    """
    placed = walk.geometry
    around = fitted(0, 26, 204, 216, placed.padded)  # the picture with its zeros
    cell, (top, left) = around.across, placed.before
    inner = Area(around.left + left * cell, around.top + top * cell, cell, cell, *placed.size)
    out = fitted(226, 26, 204, 216, placed.output)
    y = walk.totals.reshape(placed.output)
    of_x, of_y = scale_of(x, theme), signed_scale(y, theme)
    filled = of_y.levels(y).ravel()
    taps = _taps(walk)

    reach = [d * (k - 1) + 1 for d, k in zip(placed.dilation, placed.kernel, strict=True)]
    shown = np.where(np.arange(len(walk)) <= places[:, None], filled, CLEAR).astype(np.uint8).reshape(-1, *placed.output)

    def moment(frame: int) -> list[dict[str, Any]]:
        pixel = divmod(int(places[frame]), placed.output[1])
        row, column = (at * step for at, step in zip(pixel, placed.stride, strict=True))
        moved = [{"z": shown[frame]}, joined(around.box(row, column, *reach), out.box(*pixel))]
        if taps.size:
            rows, columns = taps[:, 0] + row + 0.5, taps[:, 1] + column + 0.5
            moved.append({"x": (around.left + columns * cell).astype(np.float32), "y": (around.top + rows * cell).astype(np.float32)})
        return moved

    moving = [lit(out, np.zeros(placed.output, np.uint8), of_y, "y so far"), outline(theme, "window and pixel")]
    if taps.size:
        dots = {"type": "scatter", "mode": "markers", "name": "taps", "marker": {"size": 5, "color": theme.text}, "hoverinfo": "skip"}
        moving.append(dots)
    still = [
        borders(theme, around, out),
        grid(inner, x, of_x, "x", "x, %{text} = %{z:.6g}"),
        *minus_signs(inner, x, of_x),
        grid(out, y, of_y, "y", "y, %{text} = %{z:.6g}", (VEIL, theme.background)),
        *minus_signs(out, y, of_y),
        words(theme, [_head(theme, "x", placed.size, around), _head(theme, "y", placed.output, out)]),
    ]
    words_below = f"{told_places(len(walk))} · outlined: the window and its pixel of y"
    frame = layout(theme, "graph", "The window slides", words_below, height=HEIGHT, **canvas(*SIZE))
    return _played(still, moving, frame, [moment(i) for i in range(len(places))], start)


def products(walk: Walk, places: NDArray[np.intp], start: int, theme: Theme) -> Figure:
    """What the window sees, the kernel under it, and their products entry by entry, with the sum."""
    k = walk.geometry.kernel
    seen, under, made = fitted(0, 26, 150, 94, k), fitted(0, 148, 150, 94, k), fitted(192, 26, 238, 216, k)
    kernel = walk.kernel[0]
    of_x, of_w, of_p = scale_of(walk.columns, theme), signed_scale(kernel, theme), signed_scale(walk.products, theme)
    small = max(k) <= 3

    seen_at, made_at = walk.columns[:, places].T, walk.products[:, places].T
    patches, squares = of_x.levels(seen_at).reshape(-1, *k), of_p.levels(made_at).reshape(-1, *k)
    inside = [cells(made_at, of_p), *([cells(seen_at, of_x)] if small else [])]

    def moment(frame: int) -> list[dict[str, Any]]:
        total = [f"Σ = <b>{significant(float(walk.totals[places[frame]]))}</b>"]
        numbers = [grids[frame] for grids in inside]
        return [{"z": patches[frame]}, {"z": squares[frame]}, _told(theme, total, numbers)]

    first = walk[0]
    total = words(theme, [(made.middle, 12, "", "middle center")], 15)
    numbers = written(made, brief(first.products[0]), first.products[0], of_p, 13 if max(k) <= 5 else 11)
    patch = [written(seen, brief(first.patch[0]), first.patch[0], of_x, 11)] if small else []
    nothing = np.zeros(k, np.uint8)
    moving = [lit(seen, nothing, of_x, "patch"), lit(made, nothing, of_p, "products")]
    moving.append(together("products and their sum", total, numbers, *patch))
    centred = [(seen.middle, 12, f"{symbol(theme, 'x')} seen"), (under.middle, 134, f"⊙ {symbol(theme, 'w')} kernel"), (171, 134, "=")]
    heads = words(theme, [(*spot, "middle center") for spot in centred])
    still = [
        borders(theme, seen, under, made),
        grid(under, kernel, of_w, "kernel", "kernel, %{text} = %{z:.6g}"),
        *([] if small else minus_signs(under, kernel, of_w)),
        together("words", heads, *([written(under, brief(kernel), kernel, of_w, 11)] if small else [])),
    ]
    key = "each grid on its own scale · blue +, orange −"
    count = {9: "Nine"}.get(kernel.size, str(kernel.size))
    frame = layout(theme, "graph", f"{count} products", key, height=HEIGHT, **canvas(*SIZE))
    return _played(still, moving, frame, [moment(i) for i in range(len(places))], start)


def columns(walk: Walk, places: NDArray[np.intp], start: int, theme: Theme) -> Figure:
    """im2col: each window a column; the kernel as a row times it is vec(y). The lit column stands beside it, entry by entry."""
    entries, count = walk.columns.shape
    high = 176.0
    whole = Area(0, 26, 286 / count, high / entries, entries, count)
    result = Area(0, 208, 286 / count, 16, 1, count)
    one, weights = Area(368, 26, 46, high / entries, entries, 1), Area(310, 26, 46, high / entries, entries, 1)
    kernel = walk.kernel.reshape(-1, 1)
    of_x, of_w, of_y = scale_of(walk.columns, theme), signed_scale(kernel, theme), signed_scale(walk.totals, theme)
    size, readable = 12 if entries <= 9 else 11, entries <= WRITTEN_COLUMN

    columns_at = walk.columns[:, places].T
    shades, inside = of_x.levels(columns_at)[..., None], cells(columns_at, of_x)

    def moment(frame: int) -> list[dict[str, Any]]:
        place = int(places[frame])
        middle = round((place + 0.5) * whole.across, 3)
        lines = joined(whole.box(0, place, entries), ([middle, middle], [whole.bottom, result.top]), result.box(0, place))
        heads = [f"column {place + 1}", f"Σ = {significant(float(walk.totals[place]), 3)}"]
        return [{"z": shades[frame]}, lines, _told(theme, heads, [inside[frame]] if readable else [])]

    heads = words(theme, [(one.middle, 12, "", "middle center"), ((weights.left + one.right) / 2, 216, "", "middle center")], 12)
    column = [written(one, brief(walk.columns[:, 0]), walk.columns[:, 0], of_x, size)] if readable else []
    moving = [lit(one, np.zeros((entries, 1), np.uint8), of_x, "column"), outline(theme, "column and entry of vec(y)", 2)]
    moving.append(together("column told", heads, *column))
    product = f"vec({symbol(theme, 'y')}) = kernel row · im2col"
    left = [(0, 12, f"im2col, {entries} × {count}", "middle right"), (0, 237, product, "middle right")]
    centred = [(weights.middle, 12, symbol(theme, "w"), "middle center"), (362, 114, "·", "middle center")]
    fixed = words(theme, [*left, *centred], 12)
    still = [
        grid(whole, walk.columns, of_x, "im2col", "im2col, %{text} = %{z:.6g}"),
        grid(result, walk.totals[None], of_y, "vec(y)", "vec(y), %{text} = %{z:.6g}"),
        grid(weights, kernel, of_w, "kernel", "kernel, %{text} = %{z:.6g}"),
        borders(theme, whole, result, one, weights),
        *([] if readable else minus_signs(weights, kernel, of_w)),
        together("words", fixed, *([written(weights, brief(kernel), kernel, of_w, size)] if readable else [])),
    ]
    key = "each window a column, the kernel a row"
    frame = layout(theme, "graph", "im2col", key, height=HEIGHT, **canvas(*SIZE))
    return _played(still, moving, frame, [moment(i) for i in range(len(places))], start)


def matrix(T: scipy.sparse.csr_array, x: Array, walk: Walk, places: NDArray[np.intp], start: int, theme: Theme) -> Figure:
    """The doubly blocked Toeplitz matrix, and below it the lit row over vec(x): where the row has entries, the window sees the picture.

    A matrix of more than 256 rows or columns is drawn in blocks, each as its largest entry; the lit row is always whole.
    """
    rows, columns_ = T.shape
    step = -(-max(T.shape) // MOST_SIDE)
    small = blocks(T, step)
    of_T, of_x = signed_scale(walk.kernel, theme), scale_of(x, theme)
    body = Area(0, 26, 430 / small.shape[1], 156 / small.shape[0], *small.shape)
    strip, pixels = Area(0, 204, 430 / columns_, 14, 1, columns_), Area(0, 220, 430 / columns_, 14, 1, columns_)
    of_levels = of_T.levels(small)

    entries = T[places].toarray()
    lit_rows = np.where(entries == 0, CLEAR, of_T.levels(entries)).astype(np.uint8)[:, None]

    def moment(frame: int) -> list[dict[str, Any]]:
        place = int(places[frame])
        top = body.top + place / rows * (body.bottom - body.top)
        thick = max((body.bottom - body.top) / rows, 3)
        outline_ = Area(0, top - thick / 2 + (body.bottom - body.top) / rows / 2, 430, thick, 1, 1).box(0, 0)
        told = f"row {place + 1} of T, over vec({symbol(theme, 'x')}): Σ = {significant(float(walk.totals[place]), 3)}"
        return [{"z": lit_rows[frame]}, joined(outline_), {"text": [told]}]

    moving = [
        lit(strip, np.zeros((1, columns_), np.uint8), of_T, "row of T"),
        outline(theme, "row of T", 1.5),
        words(theme, [(0, 194, "", "middle right")], 12),
    ]
    still = [
        lit(body, np.where(small == 0, CLEAR, of_levels).astype(np.uint8), of_T, "T"),
        grid(pixels, x.reshape(1, -1), of_x, "vec(x)", "vec(x), %{text} = %{z:.6g}"),
        borders(theme, body, strip, pixels),
        words(theme, [(0, 12, f"T, {rows} × {columns_}", "middle right")], 12),
    ]
    drawn = f"blocks of {step} × {step} as their largest entry" if step > 1 else "a row a place, a column a pixel"
    share = f"{1 - T.nnz / (rows * columns_):.1%} is always 0"
    frame = layout(theme, "graph", f"T · vec({symbol(theme, 'x')}) = vec({symbol(theme, 'y')})", f"{drawn} · {share}", height=HEIGHT)
    frame |= canvas(*SIZE) | {"yaxis": bare_axis(range=[SIZE[1], 0])}
    return _played(still, moving, frame, [moment(i) for i in range(len(places))], start)


def blocks(T: scipy.sparse.csr_array, step: int) -> Array:
    """T with each block of step × step entries as the one of largest size, with its sign.

    Examples
    --------
    >>> blocks(scipy.sparse.csr_array(np.array([[0.0, -3.0], [2.0, 0.0]])), 2)
    array([[-3.]])
    """
    if step <= 1:
        return np.asarray(T.toarray())
    entries = T.tocoo()
    shape = tuple(-(-size // step) for size in T.shape)
    high, low = np.zeros(shape), np.zeros(shape)
    where = (entries.row // step, entries.col // step)
    np.maximum.at(high, where, entries.data)
    np.minimum.at(low, where, entries.data)
    return np.where(high >= -low, high, low)


def learning(cost: Array, step: int, width: int, theme: Theme) -> Figure:
    """The cost while the kernels are learnt, and the step whose kernel is used."""
    colour = theme.symbols["cost"]
    steps = np.arange(len(cost), dtype=np.float32)
    data = [
        {"type": "scatter", "mode": "lines", "x": steps, "y": cost.astype(np.float32), "line": {"color": colour, "width": 2.25},
         "hovertemplate": "step %{x}<br>C = %{y:.5g}<extra></extra>"},
        {"type": "scatter", "mode": "markers", "x": [step], "y": [float(cost[step])], "hoverinfo": "skip",
         "marker": {"size": 12, "color": colour, "line": {"width": 2, "color": theme.halo}}},
    ]  # fmt: skip
    axes = {"xaxis": axis(theme, "step"), "yaxis": axis(theme, symbol(theme, "cost"), rangemode="tozero")}
    key = f"4 kernels {width} × {width}, ReLU, softmax; Adam"
    return {"data": data, "layout": layout(theme, "plot", "Learning the kernel", key, height=280, **axes)}


def _played(
    still: list[dict[str, Any]], moving: list[dict[str, Any]], frame: dict[str, Any], moments: list[list[dict[str, Any]]], start: int
) -> Figure:
    """The figure standing at one of its moments, and a frame for each."""
    first = len(still)
    standing = [_with(trace, change) for trace, change in zip(moving, moments[start], strict=True)]
    changes = [{first + i: change for i, change in enumerate(moment)} for moment in moments]
    return animate({"data": [*still, *standing], "layout": frame}, changes)


def _with(trace: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    both = trace | change
    if "textfont" in change:
        both["textfont"] = trace["textfont"] | change["textfont"]
    return both


def _told(theme: Theme, heads: list[str], numbers: list[tuple[list[str], list[str]]]) -> dict[str, Any]:
    """What of a text is another at each place: its heads, and the numbers of grids with the colours they are read in."""
    texts, inks = [*heads], [theme.text] * len(heads)
    for text, ink in numbers:
        texts += text
        inks += ink
    return {"text": texts, "textfont": {"color": inks}}


def _taps(walk: Walk) -> NDArray[np.intp]:
    """Where a dilated window looks, (k·k, 2) rows and columns within it; empty where it looks everywhere."""
    if walk.geometry.dilation == (1, 1):
        return np.empty((0, 2), dtype=int)
    rows, columns_ = np.indices(walk.geometry.kernel).reshape(2, -1)
    return np.stack([rows * walk.geometry.dilation[0], columns_ * walk.geometry.dilation[1]], axis=1)


def _head(theme: Theme, name: str, size: tuple[int, int], area: Area) -> tuple[float, float, str, str]:
    muted = f"<span style='color:{theme.muted}'>&nbsp;{size[0]} × {size[1]}</span>"
    return area.middle, 12, symbol(theme, name) + muted, "middle center"


def drawing(x: Array, theme: Theme) -> Figure:
    """A grid to be drawn on: a click turns a cell."""
    area = fitted(0, 2, 260, 260, x.shape)
    scale = scale_of(x, theme)
    places = [[int(i) + 1, int(j) + 1] for i, j in np.ndindex(x.shape)]
    names = [f"row {i}, column {j}: {v:.6g}" for (i, j), v in zip(places, x.ravel(), strict=True)]
    data = [
        grid(area, x, scale, "x", "%{z:.6g}"),
        outline(theme, "lines", 1, colour=theme.rule) | _lines(area),
        *minus_signs(area, x, scale),
        clicks(area, names, places),
    ]
    frame = layout(theme, "graph", "Click the cells", "", height=330, **canvas(260, 264))
    return {"data": data, "layout": frame | {"clickmode": "event+select"}}


def _lines(area: Area) -> dict[str, Any]:
    """The lines between the cells, as one trace."""
    x: list[float | None] = []
    y: list[float | None] = []
    for j in range(area.columns + 1):
        x += [area.left + j * area.across] * 2 + [None]
        y += [area.top, area.bottom, None]
    for i in range(area.rows + 1):
        x += [area.left, area.right, None]
        y += [area.top + i * area.down] * 2 + [None]
    return {"x": x, "y": y}
