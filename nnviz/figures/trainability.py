"""A map over two hyperparameters: where training converges, where it diverges, and how each pixel ended."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.axes import Axis
from nnviz.core.minima import DIVERGED, NOWHERE, known_minima, limits_of
from nnviz.core.optimizers import Optimizer, as_optimizer
from nnviz.core.summary import ending as end_of
from nnviz.core.surfaces import Surface
from nnviz.core.sweep_description import Map, Sweep
from nnviz.figures.descent_maps import FLOOR, LOOKS, basin_shares, ending_colours, ending_looks
from nnviz.figures.landscapes import UNSEEN
from nnviz.figures.log_lines import log_ticks
from nnviz.figures.theme import Figure, Theme, axis, colorbar, colorscale, coloured, layout, mix
from nnviz.formulas.numbers import significant

Array = NDArray[np.floating]

LEVELS = 120  # shades on each side
GONE = 250  # of a pixel without a number: its run diverged
SHORT = {NOWHERE: "none", DIVERGED: "diverged"}  # endings that are no minimum, on the map
BAND = 2 * LEVELS // (LOOKS + 2)  # levels of one ending in a map of basins
FEW = 5  # ticks where there are no round numbers; as many values are all written
CLICKS = 64  # pixels along each side that can be clicked: all of a usual map
TITLES = {
    "learning_rate": "learning rate η",
    "initial_scale": "initial scale",
    "l2": "L2 penalty",
    "l1": "L1 penalty",
    "batch_size": "batch size",
    "start[0]": "start x",
    "start[1]": "start y",
}
LOGARITHMIC = ("cost", "test_cost", "sharpness")


def title_of(name: str) -> str:
    """A hyperparameter as it is written on an axis; layers are counted from 1."""
    if name.startswith("learning_rate["):
        return f"learning rate of layer {int(name[14:-1]) + 1}"
    return TITLES.get(name, name.replace("_", " ").replace("beta", "β"))


def written_measure(measure: str) -> str:
    """A measure as it stands in a menu."""
    return "which minimum" if measure == "basin" else measure.replace("_", " ")


def named(measure: str) -> str:
    """The title of a map of a measure."""
    special = {"convergence": "Where training converges", "basin": "Which minimum is reached"}
    return special.get(measure, measure.replace("_", " ").capitalize())


def needed(sweep: Sweep, measure: str) -> tuple[str, ...]:
    """The measures that `pictured` looks at, as far as the sweep has them."""
    more = ("diverged_at",) if measure == "cost" and isinstance(sweep.subject, Surface) and "diverged_at" in sweep.measures else ()
    return (measure, *more)


def pictured(found: Map, measure: str) -> Array:
    """A measure as it is drawn, (rows, columns): a cost on a surface is the height above the lowest value known, NaN where it diverged."""
    values = found.results[measure]
    if measure != "cost" or not isinstance(found.sweep.subject, Surface):
        return values
    lost = found.results["diverged_at"] >= 0 if "diverged_at" in found.results else ~np.isfinite(values)
    return np.where(lost, np.nan, np.maximum(values - limits_of(found.sweep.subject).lowest, FLOOR))


def endings(found: Map) -> list[tuple[str, str, str]]:
    """A row for each ending of the runs that are known on a surface: how it is called, where the minimum is, the share of the runs."""
    reached = found.results["basin"]
    return basin_shares(reached[~np.isnan(reached)].astype(int), known_minima(found.sweep.subject))


def told_of(whole: tuple[int, int], drawn: tuple[int, int], steps: int) -> str:
    """What is drawn of a map.

    Examples
    --------
    >>> told_of((2048, 512), (1024, 512), 200)
    '512 × 1024 of 512 × 2048 runs of 200 steps'
    """
    part = "" if drawn == whole else f"{drawn[1]} × {drawn[0]} of "
    return f"{part}{whole[1]} × {whole[0]} runs of {steps} steps"


def described(found: Map, measure: str, told: str) -> str:
    """The map for those who do not see it: what is drawn, over what, and on a map of basins the share of each ending."""
    over = f"{title_of(found.sweep.x.name)} and {title_of(found.sweep.y.name)}"
    shares = ", ".join(f"{name} {share}" for name, _, share in endings(found)[:12]) if measure == "basin" else ""
    return f"{named(measure)}: a map of {told} over {over}{'. ' + shares if shares else ''}"


def legend(theme: Theme, values: NDArray[Any]) -> str:
    """The colours of a map of basins, as far as they occur: a square and a name each."""
    codes = np.unique(values[~np.isnan(values)]).astype(int)
    looks, colours, told = ending_looks(codes), ending_colours(theme), []
    for look in np.unique(looks):
        mine = [int(code) for code in codes[looks == look]]
        told.append(f"{coloured('■', colours[look])} {SHORT.get(mine[0], mine[0] + 1)}")
    again = " · from the ninth on the colours begin anew" if codes.max(initial=0) >= LOOKS else ""
    return "minimum " + " ".join(sorted(told, key=lambda text: text.endswith(("none", "diverged")))) + again


def equalised(values: Array) -> Array:
    """Each value's rank among all, 0 to 1, so that every shade covers as many pixels; NaN stays.

    Examples
    --------
    >>> equalised(np.array([5.0, 1.0, 1000.0])).tolist()
    [0.5, 0.0, 1.0]
    """
    found = np.full(values.shape, np.nan)
    known = ~np.isnan(values)
    _, place = np.unique(values[known], return_inverse=True)
    found[known] = place / max(1, place.max(initial=0))
    return found


def shades(values: Array, measure: str) -> NDArray[np.uint8]:
    """The level of each pixel: of the convergence measure 0 to 119 converged (darkest: fastest), 120 to 239 diverged; else 0 to 239."""
    if measure == "convergence":
        # Small sums are fast on both sides, and the slowest stand along the border.
        converged = (LEVELS - 1) * (1 - equalised(np.where(values < 0, values, np.nan)))
        diverged = LEVELS + (LEVELS - 1) * (1 - equalised(np.where(values > 0, values, np.nan)))
        level = np.where(values < 0, converged, diverged)
    elif measure == "basin":
        level = BAND * ending_looks(np.nan_to_num(values).astype(int)) + BAND / 2
    else:
        scaled = np.log10(values, where=values > 0, out=np.full(values.shape, np.nan)) if measure in LOGARITHMIC else values.copy()
        if measure in ("steps_to_threshold", "diverged_at"):
            scaled[values < 0] = np.nan
        low, high = ends(scaled)
        level = (2 * LEVELS - 1) * np.clip((scaled - low) / (high - low), 0, 1)
    return np.where(np.isfinite(values) & np.isfinite(level), level, GONE).astype(np.uint8)


def ends(scaled: Array) -> tuple[float, float]:
    """Between which values the colours run: all but the outermost hundredth on each side."""
    finite = scaled[np.isfinite(scaled)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, [1, 99])
    return float(low), float(high) if high > low else float(low) + 1.0


def trainability(theme: Theme, found: Map, values: Array, measure: str, *, title: str, key: str, token: str, boxes: bool = True) -> Figure:
    """The map in shades; a box can be drawn on it, or else a grid over it be clicked.

    Parameters
    ----------
    values : (rows, columns) of the measure, with a coarser map's where nothing is known yet
    token : another one lets go of box and zoom
    """
    picture = {
        "type": "heatmap", "z": shades(values, measure), "zmin": 0, "zmax": 255, "hoverinfo": "skip", "name": "map",
        "colorscale": colours_of(theme, measure), "showscale": False,
    }  # fmt: skip
    if measure not in ("convergence", "basin"):
        picture |= {"showscale": True, "colorbar": _bar(theme, values, measure)}
    if measure == "basin":
        key = f"{key}<br>{legend(theme, values)}"
    made = layout(
        theme, "plot", title, key, height=560, clickmode="event+select", hovermode="closest", dragmode="select" if boxes else False,
        uirevision=token, selectionrevision=token, annotations=_words(theme, values, measure),
        xaxis=axis(theme, title_of(found.sweep.x.name), **_ticks(found.sweep.x)) | {"constrain": "domain"},
        yaxis=axis(theme, title_of(found.sweep.y.name), **_ticks(found.sweep.y)),
        newselection={"line": {"color": theme.text, "width": 1.5, "dash": "solid"}},
    )  # fmt: skip
    return {"data": [picture, _places(found, values, measure)], "layout": made}


def colours_of(theme: Theme, measure: str) -> list[list[Any]]:
    """Stops for levels 0 to 255; the last stretch is that of pixels without a number."""
    share, gone = 2 * LEVELS / 256, mix(theme.background, theme.muted, 0.45)
    if measure == "convergence":
        converged, diverged = theme.diverging[-1], theme.diverging[0]
        near = [mix(theme.background, colour, 0.16) for colour in (converged, diverged)]
        scale = [[0.0, converged], [share / 2, near[0]], [share / 2, near[1]], [share, diverged]]
    elif measure == "basin":
        scale = [[BAND * edge / 256, colour] for i, colour in enumerate(ending_colours(theme)) for edge in (i, i + 1)]
    else:
        scale = [[at * share, colour] for at, colour in colorscale(theme.sequential)]
    return [*scale, [share, gone], [1.0, gone]]


def _bar(theme: Theme, values: Array, measure: str) -> dict[str, Any]:
    powers = measure in LOGARITHMIC
    known = values[values > 0] if powers else values[np.isfinite(values) & ((values >= 0) | (measure not in _COUNTS))]
    low, high = ends(np.log10(known) if powers else known)
    at = np.linspace(low, high, 5)
    told = [significant(10**value if powers else value, 3) for value in at]
    places = np.linspace(0, 2 * LEVELS - 1, 5).tolist()
    return colorbar(theme, measure.replace("_", " "), tickvals=[*places, GONE - 1], ticktext=[*told, "none"], len=0.9)


_COUNTS = ("steps_to_threshold", "diverged_at")


def sides(values: Array, measure: str) -> list[tuple[int, int, str]]:
    """What parts of a map are, where each is widest: (column, row, name). Those of less than a twenty-fifth have no name."""
    parts: list[tuple[str, Any]] = []
    if measure == "convergence":
        parts = [("converges", values < 0), ("diverges", values > 0)]
    if measure == "basin":
        parts = [(SHORT.get(code, str(code + 1)), values == code) for code in np.unique(values[~np.isnan(values)]).astype(int).tolist()]
    words = []
    for text, part in parts:
        if part.mean() < 0.04:
            continue
        rows, columns = np.nonzero(part)
        middle = np.argmin((rows - np.median(rows)) ** 2 + (columns - np.median(columns)) ** 2)
        words.append((int(columns[middle]), int(rows[middle]), text))
    return words


def _words(theme: Theme, values: Array, measure: str) -> list[dict[str, Any]]:
    font = {"size": 14, "weight": 600, "color": theme.text, "shadow": theme.shadow}
    last = values.shape[1] - 1
    return [
        {"x": column, "y": row, "text": text, "font": font, "xanchor": _inwards(column, last)}
        for column, row, text in sides(values, measure)
    ]


def _inwards(column: int, last: int) -> str:
    """To which side of its column a word stands: near an edge it would be cut off in a narrow window."""
    return "left" if column < 0.15 * last else "right" if column > 0.85 * last else "center"


def _ticks(along: Axis) -> dict[str, Any]:
    """Pixels are counted; the ticks tell their values with as many digits as tell them apart."""
    count = len(along.values)
    more = {"showgrid": False, "zeroline": False, "range": [-0.5, count - 0.5]}
    if along.name == "optimizer":
        return more | {"tickvals": list(range(count)), "ticktext": [_value(value) for value in along.values]}
    numbers = along.numbers
    if logarithmic(numbers) and numbers[-1] >= 30 * numbers[0]:
        ticks = log_ticks(numbers[0], numbers[-1], 5)
        at = (count - 1) * np.log(np.array(ticks["tickvals"]) / numbers[0]) / np.log(numbers[-1] / numbers[0])
        return more | {"tickvals": at.tolist(), "ticktext": ticks["ticktext"]}
    values = round_numbers(numbers[0], numbers[-1]) if count > FEW and along.name != "batch_size" else np.empty(0)
    if len(values) > 2:
        return more | {"tickvals": np.interp(values, numbers, np.arange(count)).tolist(), "ticktext": written(values)}
    places = np.unique(np.linspace(0, count - 1, min(FEW, count)).round().astype(int))
    return more | {"tickvals": places.tolist(), "ticktext": written(numbers[places])}


def round_numbers(low: float, high: float) -> Array:
    """At most six round numbers between two ends, evenly apart; of a window too narrow for float64 to tell them exactly none.

    Examples
    --------
    >>> round_numbers(-5.0, 5.0).tolist(), round_numbers(0.0, 0.99).tolist()
    ([-4.0, -2.0, 0.0, 2.0, 4.0], [0.0, 0.2, 0.4, 0.6, 0.8])
    """
    decade = 10.0 ** np.floor(np.log10((high - low) / 5))
    step = next(step for step in decade * np.array([1.0, 2.0, 2.5, 5.0, 10.0]) if (high - low) / step <= 5)
    if step < 1e-9 * max(abs(low), abs(high)):
        return np.empty(0)
    counts = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
    return np.array([float(f"{number:.12g}") for number in counts * step]) + 0.0  # no −0


def ticks_of(along: Axis) -> list[tuple[float, str]]:
    """Where the ticks of an axis stand, counted in pixels, and what is written there."""
    ticks = _ticks(along)
    return list(zip(ticks["tickvals"], ticks["ticktext"], strict=True))


def logarithmic(numbers: Array) -> bool:
    """Whether neighbours have one ratio rather than one difference."""
    if numbers[0] <= 0:
        return False
    return bool(np.ptp(np.diff(np.log(numbers))) <= np.ptp(np.diff(numbers) / np.abs(numbers).max()))


def written(values: Array) -> list[str]:
    """Ascending numbers, each with as many digits (at least 3) as tell it from its neighbours.

    Examples
    --------
    >>> written(np.array([0.01, 0.1, 1.0])), written(np.array([1.00001, 1.00002]))
    (['0.01', '0.1', '1'], ['1.00001', '1.00002'])
    """
    gap = np.min(np.diff(values) / np.maximum(np.abs(values[1:]), 1e-300), initial=np.inf) if len(values) > 1 else 1.0
    digits = int(np.clip(1 - np.floor(np.log10(max(gap, 1e-17))), 3, 17))
    return [significant(value, digits) for value in values]


def _places(found: Map, values: Array, measure: str) -> dict[str, Any]:
    rows, columns = (np.unique(np.linspace(0, n - 1, min(n, CLICKS)).round().astype(int)) for n in values.shape)
    x, y = np.meshgrid(columns, rows)
    told = [ending(value, measure) for value in values[np.ix_(rows, columns)].ravel()]
    across, up = (
        [f"{title_of(along.name)} {_value(along.values[i])}<br>" for i in places]
        for along, places in ((found.sweep.x, columns), (found.sweep.y, rows))
    )
    text = [f"{one}{other}{told[i * len(columns) + j]}" for i, other in enumerate(up) for j, one in enumerate(across)]
    return UNSEEN | {
        "x": x.ravel().astype(np.float32), "y": y.ravel().astype(np.float32), "text": text,
        "hovertemplate": "%{text}<extra></extra>", "name": "pixels",
    }  # fmt: skip


def _value(value: Any) -> str:
    return as_optimizer(value).name if isinstance(value, str | Optimizer) else significant(value)


def ending(value: float, measure: str) -> str:
    """How a pixel ended, in words."""
    if np.isnan(value):
        return "not known yet" if measure in ("convergence", "basin") else "diverged: no number"
    if measure == "basin":
        return end_of(int(value))
    if measure == "convergence":
        return f"converges, Σ C/C₀ = {significant(-value)}" if value < 0 else f"diverges, Σ C₀/C = {significant(value)}"
    if measure in _COUNTS and value < 0:
        return "threshold not reached" if measure == "steps_to_threshold" else "did not diverge"
    return f"{measure.replace('_', ' ')} {significant(value)}"


def table(found: Map) -> dict[str, list[Any]]:
    """A row for each pixel that is known: its hyperparameters and all measures."""
    rows, columns = np.nonzero(found.known)
    sweep = found.sweep
    sides = {along.name: [along.values[i] for i in places] for along, places in ((sweep.x, columns), (sweep.y, rows))}
    sides |= {name: [_value(value) for value in values] for name, values in sides.items() if name == "optimizer"}
    return sides | {name: values[rows, columns].tolist() for name, values in found.results.items()}
