"""`Z = W·X + b` as four heat maps: X above Z, W left of Z, so that the lit row and the lit column meet in the lit cell.

Each cell of Z is a stop of the animation. Of a wide layer or a large batch, what matters most to the chosen cell is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nnviz.figures import animation
from nnviz.figures.graph_marks import BLANK, compact, single
from nnviz.figures.theme import Figure, Theme, bare_axis, colorscale, contrast, ink, layout, mix, signed_colour, symbol
from nnviz.formulas.numbers import SUBSCRIPTS, significant

MOST_INPUTS, MOST_UNITS, MOST_SAMPLES = 4, 6, 4  # cells of a size in which a number can be read, on a phone too
VEIL = 0.62  # of background over what is not lit
GAP = 0.75  # between W, b and Z, in cells
HEAD = 0.95  # over a matrix, for its name
Array = np.ndarray


@dataclass(frozen=True)
class Walk:
    """The cells of Z in the order of the frames: the unit and sample of each, its label, and the one at which the figure stands."""

    cells: tuple[tuple[int, int], ...]
    labels: tuple[str, ...]
    rest: int


@dataclass(frozen=True, eq=False)
class Shown:
    """What is drawn of the product, and where: the indices and the numbers of the rows and columns kept."""

    units: Array
    inputs: Array
    samples: Array
    W: Array
    X: Array
    b: Array
    Z: Array
    held: str

    @property
    def places(self) -> dict[str, tuple[Array, float, float]]:
        """Each matrix with the place of its first cell; down is positive, and 0 is the first row of W and Z."""
        n, right = len(self.inputs), len(self.inputs) + 1 + 2 * GAP
        return {"W": (self.W, 0.0, 0.0), "b": (self.b, n + GAP, 0.0), self.held: (self.X, right, -(n + HEAD)), "Z": (self.Z, right, 0.0)}

    @cached_property
    def largest(self) -> float:
        """The end of the one scale for all four."""
        every = np.concatenate([M.ravel() for M in (self.W, self.X, self.b, self.Z)])
        every = np.abs(every[np.isfinite(every)])
        return float(every.max()) if every.size and every.max() > 0 else 1.0


def around(chosen: int, count: int, most: int) -> Array:
    """At most `most` neighbouring indices of `count`, the chosen one among them, as near to the middle as it goes.

    Examples
    --------
    >>> around(0, 10, 3), around(5, 10, 3), around(1, 2, 3)
    (array([0, 1, 2]), array([4, 5, 6]), array([0, 1]))
    """
    first = min(max(chosen - most // 2, 0), max(count - most, 0))
    return np.arange(first, min(first + most, count))


def shown_part(W: Array, X: Array, b: Array, unit: int, sample: int, held: str = "X") -> Shown:
    """The rows and columns that are drawn: the inputs with the largest |w·x| in the chosen cell, and its neighbours.

    Parameters
    ----------
    W : (k, n)
    X : (n, m)
    b : (k, 1)
    held : `X` where the inputs are the network's, else `A`

    Raises
    ------
    ValueError
        Shapes that do not fit, or a cell outside Z.
    """
    W, X, b = (np.asarray(M, dtype=float) for M in (W, X, b))
    k, n = W.shape
    if X.ndim != 2 or X.shape[0] != n or b.shape != (k, 1):
        raise ValueError(f"W is {W.shape}, X is {X.shape} and b is {b.shape}: X needs {n} rows and b needs to be ({k}, 1)")
    if not (0 <= unit < k and 0 <= sample < X.shape[1]):
        raise ValueError(f"Z is ({k}, {X.shape[1]}): it has no cell of unit {unit} and sample {sample}")
    with np.errstate(all="ignore"):
        size = np.nan_to_num(np.abs(W[unit] * X[:, sample]), nan=np.inf)
        inputs = np.sort(np.argsort(-size, kind="stable")[:MOST_INPUTS])
        units, samples = around(unit, k, MOST_UNITS), around(sample, X.shape[1], MOST_SAMPLES)
        Z = W[units] @ X[:, samples] + b[units]
    return Shown(units, inputs, samples, W[np.ix_(units, inputs)], X[np.ix_(inputs, samples)], b[units], Z, held)


def product(W: Array, X: Array, b: Array, theme: Theme, unit: int = 0, sample: int = 0, held: str = "X") -> tuple[Figure, Walk]:
    """The heat maps of `Z = W·X + b`, walking over the cells of Z; before it is played, the cell of `unit` and `sample` is lit.

    Parameters
    ----------
    W, X, b, held : as in `shown_part`
    """
    part = shown_part(W, X, b, unit, sample, held)
    rows, columns = len(part.units), len(part.samples)
    cells = [(row, column) for row in range(rows) for column in range(columns)]
    rest = cells.index((int(np.searchsorted(part.units, unit)), int(np.searchsorted(part.samples, sample))))
    still = [_map(part, theme, name) for name in part.places]
    frames = [_lit(part, theme, row, column) for row, column in cells]
    moving = [trace | frames[rest][i] for i, trace in enumerate(_moving_traces(theme))]
    first = len(still) + 1
    data = [*still, _words(part, theme, np.shape(W), np.shape(X)), *moving]
    changes = [{first + i: change for i, change in enumerate(frame)} for frame in frames]
    walk = Walk(
        tuple((int(part.units[row]), int(part.samples[column])) for row, column in cells),
        tuple(f"cell {_index('z', part.units[row], part.samples[column])}" for row, column in cells),
        rest,
    )
    return animation.animate({"data": data, "layout": _layout(part, theme, np.shape(W), np.shape(X))}, changes), walk


def _index(letter: str, row: int, column: int) -> str:
    comma = "," if max(row, column) > 8 else ""
    return letter + f"{row + 1}".translate(SUBSCRIPTS) + comma + f"{column + 1}".translate(SUBSCRIPTS)


def _map(part: Shown, theme: Theme, name: str) -> dict[str, Any]:
    """One matrix under the veil; the hover has its numbers in full."""
    M, x, y = part.places[name]
    return _heat(theme, M, x, y, part.largest, VEIL) | {
        "name": name,
        "text": [[_cell_name(part, name, row, column) for column in range(M.shape[1])] for row in range(M.shape[0])],
        "hovertemplate": "%{text} = %{z:.8g}<extra></extra>",
    }


def _cell_name(part: Shown, name: str, row: int, column: int) -> str:
    if name == "W":
        return _index("w", part.units[row], part.inputs[column])
    if name == "b":
        return "b" + f"{part.units[row] + 1}".translate(SUBSCRIPTS)
    if name == "Z":
        return _index("z", part.units[row], part.samples[column])
    return _index(name.lower(), part.inputs[row], part.samples[column])


def _heat(theme: Theme, M: Array, x: float, y: float, largest: float, veil: float) -> dict[str, Any]:
    stops = [mix(colour, theme.background, veil) for colour in theme.diverging]
    return {
        "type": "heatmap",
        "z": single(M),
        "x": (x + np.arange(M.shape[1])).tolist(),
        "y": (y + np.arange(M.shape[0])).tolist(),
        "colorscale": colorscale(stops),
        "zmin": -largest,
        "zmax": largest,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
    }


def _moving_traces(theme: Theme) -> list[dict[str, Any]]:
    """What the frames move: four lit maps, the numbers of veiled and of lit cells, the frames of the lit ones, the guide."""
    lit = [{"type": "heatmap", "hoverinfo": "skip", "showscale": False, "xgap": 2, "ygap": 2} for _ in range(4)]
    text = {"type": "scatter", "mode": "text", "hoverinfo": "skip", "cliponaxis": False}
    line = {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "cliponaxis": False}
    return [
        *lit,
        text | {"name": "numbers"},
        text | {"name": "lit numbers"},
        line | {"name": "lit row and column", "line": {"color": theme.text, "width": 2.5}},
        line | {"name": "lit cell", "line": {"color": theme.text, "width": 3}},
        line | {"name": "guide", "line": {"color": theme.text, "width": 1.25, "dash": "2px,3px"}},
    ]


def _lit(part: Shown, theme: Theme, row: int, column: int) -> list[dict[str, Any]]:
    """What the moving traces show while one cell of Z is lit; in the order of `_moving_traces`."""
    (W, wx, wy), (b, bx, by), (X, xx, xy), (Z, zx, zy) = part.places.values()
    parts = [
        (W[row : row + 1], wx, wy + row),
        (b[row : row + 1], bx, by + row),
        (X[:, column : column + 1], xx + column, xy),
        (Z[row : row + 1, column : column + 1], zx + column, zy + row),
    ]
    maps = [_heat(theme, M, x, y, part.largest, 0.0) for M, x, y in parts]
    spots = [(x + j, y + i, float(M[i, j])) for M, x, y in parts for i in range(M.shape[0]) for j in range(M.shape[1])]
    frames = [_box(x, y, *M.shape) for M, x, y in parts]
    # The first columns stand under Z's name and shape: there the guide ends above them.
    guide = {"x": [zx + column] * 2, "y": [xy + len(X) - 0.5, zy - (1.2 if column < 2 else 0.5)]}
    return [
        *maps,
        _veiled_numbers(part, theme, {(x, y) for x, y, _ in spots}),
        {
            "x": [x for x, _, _ in spots],
            "y": [y for _, y, _ in spots],
            "text": [_written(value) for *_, value in spots],
            "textfont": {"size": 12, "weight": 600, "color": [ink(signed_colour(theme, value, part.largest)) for *_, value in spots]},
        },
        {"x": [v for box in frames[:3] for v in (*box[0], None)], "y": [v for box in frames[:3] for v in (*box[1], None)]},
        {"x": frames[3][0], "y": frames[3][1]},
        guide,
    ]


def _box(x: float, y: float, rows: int, columns: int) -> tuple[list[float], list[float]]:
    left, top = x - 0.5, y - 0.5
    return [left, left + columns, left + columns, left, left], [top, top, top + rows, top + rows, top]


def _veiled_numbers(part: Shown, theme: Theme, lit: set[tuple[float, float]]) -> dict[str, Any]:
    """The numbers of all cells but the lit ones."""
    x, y, text, colours = [], [], [], []
    for M, left, top in part.places.values():
        for i, j in np.ndindex(M.shape):
            x.append(left + j)
            y.append(top + i)
            text.append(BLANK if (left + j, top + i) in lit else _written(float(M[i, j])))
            fill = mix(signed_colour(theme, float(M[i, j]), part.largest), theme.background, VEIL)
            colours.append(theme.muted if contrast(theme.muted, fill) >= 4.5 else theme.text)
    return {
        "x": single(x),
        "y": single(y),
        "text": text,
        "textfont": {"size": 12, "color": colours},
    }


def _written(value: float) -> str:
    return compact(value, sign=False)


def _words(part: Shown, theme: Theme, of_W: tuple[int, ...], of_X: tuple[int, ...]) -> dict[str, Any]:
    """Names, shapes, signs, and the indices of rows and columns where not all are drawn."""
    shapes = {"W": of_W, "b": (of_W[0], 1), part.held: of_X, "Z": (of_W[0], of_X[1])}
    colours = {"W": "w", "b": "b", part.held: part.held.lower(), "Z": "z"}
    spots: list[tuple[float, float, str, str]] = []
    for name, (_, x, y) in part.places.items():
        head = _letter(theme, name, colours[name])
        size = f"<span style='font-size:13px;color:{theme.muted}'>&nbsp;{shapes[name][0]} × {shapes[name][1]}</span>"
        spots.append((x - 0.5, y - 0.85, head + size, "middle right"))
    n, rows = len(part.inputs), len(part.units)
    middle = (rows - 1) / 2
    spots += [(n - 0.5 + GAP / 2, middle, "+", "middle center"), (n + 0.5 + 1.5 * GAP, middle, "=", "middle center")]
    (k, inner), m = of_W, of_X[1]
    told = f"({k} × <b>{inner}</b>) · (<b>{inner}</b> × {m})<br>= ({k} × {m})"
    spots.append(
        (
            (n + GAP) / 2,
            -(n + HEAD) / 2 - 0.6,
            told + f"<br><span style='font-size:12px;color:{theme.muted}'>inner sizes agree</span>",
            "middle center",
        )
    )
    return {
        "type": "scatter",
        "mode": "text",
        "name": "names",
        "x": [x for x, *_ in spots],
        "y": [y for _, y, *_ in spots],
        "text": [text for *_, text, _ in spots],
        "textposition": [place for *_, place in spots],
        "textfont": {"size": [16] * 4 + [18, 18, 14], "color": theme.text},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _letter(theme: Theme, letter: str, name: str) -> str:
    """A matrix's name in its symbol's colour."""
    return symbol(theme, name).replace(f">{name}<", f">{letter}<").replace("style='", "style='font-size:20px;")


def _layout(part: Shown, theme: Theme, of_W: tuple[int, ...], of_X: tuple[int, ...]) -> dict[str, Any]:
    n, rows, columns = len(part.inputs), len(part.units), len(part.samples)
    scale = f"one scale for all four, ±{significant(part.largest, 3)}"
    return layout(
        theme,
        "graph",
        f"Z = W · {part.held} + b",
        _drawn(part, of_W, of_X) or f"blue is +, orange is −; {scale}",
        height="matrix",
        xaxis=bare_axis(range=[-0.62, n + 1 + 2 * GAP + columns - 0.38]),
        yaxis=bare_axis(range=[rows - 0.4, -(n + HEAD) - 1.3]),
        hovermode="closest",
    )


def _drawn(part: Shown, of_W: tuple[int, ...], of_X: tuple[int, ...]) -> str:
    """What of the product is drawn, where it is not all."""
    kept = ((len(part.units), of_W[0], "units"), (len(part.inputs), of_W[1], "inputs"), (len(part.samples), of_X[1], "samples"))
    parts = [f"{count} of {total} {name}" for count, total, name in kept if count < total]
    return f"drawn: {', '.join(parts)}; scale ±{significant(part.largest, 3)}" if parts else ""
