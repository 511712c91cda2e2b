"""Losses drawn: over the prediction, over the logit, far out, sample by sample, and for classes of unequal size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.imbalance import constant_cost, constant_slope
from nnviz.core.losses import LOSSES, Loss
from nnviz.core.textbook import clipped, clipped_from, clipped_slope
from nnviz.figures.activations import letter
from nnviz.figures.curves import Curve, Words, bounds, grid
from nnviz.figures.theme import Figure, Theme, axis, coloured, layout, symbol
from nnviz.formulas.numbers import significant

Array = NDArray[np.floating]

POINTS = 201
PREDICTIONS, LOGITS = (-1.0, 2.0), (-10.0, 10.0)
EDGE = 1e-6  # nearer to 0 and 1 a cross-entropy leaves every axis
MOST_BARS = 400


def words(theme: Theme, variable: str) -> Words:
    """What the axes of a loss over ŷ ("yhat") or z are called."""
    x, L = symbol(theme, variable), letter("L")
    return Words(x, L, f"∂{L}/∂{x}", theme.symbols[variable])


def finite(values: Array) -> Array:
    """What is infinite or undefined leaves a gap."""
    return np.where(np.isfinite(values), values, np.nan)


def is_pair(loss: Loss) -> bool:
    """Whether the loss is told for two classes, ŷ and 1 − ŷ: its targets must sum to 1."""
    return loss is LOSSES["cross_entropy"]


def of_prediction(loss: Loss, prediction: Array, y: float) -> tuple[Array, Array]:
    """L and ∂L/∂ŷ over predictions (m,) for one target y; cross-entropy over the two classes ŷ and 1 − ŷ.

    Raises
    ------
    ValueError
        A target outside the loss's domain.
    """
    rows, targets = prediction[None, :], np.array([[y]])
    if is_pair(loss):
        rows, targets = np.vstack([prediction, 1 - prediction]), np.array([[y], [1 - y]])
    values, slopes = loss.values(rows, targets), loss.derivative(rows, targets)[0]
    outside = (prediction < 0) | (prediction > 1)
    if loss.from_logits:  # no probability: there is no loss, nor a slope of it
        values, slopes = np.where(outside, np.nan, values), np.where(outside, np.nan, slopes)
    return values, slopes


def of_logit(loss: Loss, z: Array, y: float) -> tuple[Array, Array]:
    """L and ∂L/∂z over the logits (m,) of a sigmoid output; cross-entropy over a softmax of z and 0. Raises as `of_prediction`."""
    rows, targets = z[None, :], np.array([[y]])
    if is_pair(loss):
        rows, targets = np.vstack([z, np.zeros_like(z)]), np.array([[y], [1 - y]])
    if loss.from_logits:
        return loss.values_from_logits(rows, targets), loss.derivative_from_logits(rows, targets)[0]
    values, slopes = of_prediction(loss, expit(z), y)
    return values, slopes * ACTIVATIONS["sigmoid"].derivative(z)


def over_prediction(loss: Loss, y: float, prediction: float) -> Curve:
    """A loss over ŷ, with the chosen prediction. Raises as `of_prediction`."""
    edges = [EDGE, 1 - EDGE] if loss.from_logits else [y + kink for kink in loss.kinks]
    x = np.unique(np.concatenate([grid(*PREDICTIONS, edges, POINTS), edges]))
    return curve(loss.title, x, *of_prediction(loss, x, y), prediction, *of_prediction(loss, np.array([prediction]), y))


def over_logit(loss: Loss, y: float, z: float) -> Curve:
    """A loss over the logit, with the chosen one. Raises as `of_prediction`."""
    x = grid(*LOGITS, points=POINTS)
    return curve(loss.title, x, *of_logit(loss, x, y), z, *of_logit(loss, np.array([z]), y))


def curve(name: str, x: Array, values: Array, slopes: Array, place: float, value: Array, slope: Array) -> Curve:
    """A curve with gaps where it is not finite."""
    return Curve(name, x, finite(values), finite(slopes), (place, float(value[0]), float(slope[0])))


def far_out(y: float, z: float, epsilon: float) -> list[Curve]:
    """Binary cross-entropy from the logit and with a clipped probability, as far out as z."""
    reach, jump = max(60.0, 1.1 * abs(z)), clipped_from(epsilon)
    x, at = np.union1d(grid(-reach, reach, (-jump, jump), POINTS), np.linspace(-20, 20, POINTS)), np.array([z])
    loss = LOSSES["binary_cross_entropy"]
    return [
        curve("from the logit", x, *of_logit(loss, x, y), z, *of_logit(loss, at, y)),
        curve(
            "clipped", x, clipped(x, y, epsilon), clipped_slope(x, y, epsilon), z, clipped(at, y, epsilon), clipped_slope(at, y, epsilon)
        ),
    ]


def constant(losses: Sequence[Loss], share: float, weight: float, prediction: float) -> list[Curve]:
    """The cost of predicting every sample alike, over that prediction, for classes of unequal size."""
    x, at = expit(np.linspace(-14.0, 14.0, POINTS)), np.array([prediction])  # dense at the ends, where logarithms are steep

    def both(loss: Loss, places: Array) -> tuple[Array, Array]:
        return np.add(*constant_cost(loss, places, share, weight)), constant_slope(loss, places, share, weight)

    return [curve(loss.title, x, *both(loss, x), prediction, *both(loss, at)) for loss in losses]


def limits(
    drawn: Sequence[Curve], x: tuple[float, float], value: tuple[float, float] = (0.0, 3.5), slope: tuple[float, float] = (-4.0, 4.0)
) -> dict[str, tuple[float, float]]:
    """The bounds of the axes, which hold every finite value up to `value` and `slope`."""
    return {
        "x": x,
        "value": bounds([curve.value for curve in drawn], value, (0.0, 0.5)),
        "slope": bounds([curve.slope for curve in drawn], slope, (-0.5, 0.5)),
    }


# ------------------------------------------------------------------------------------------------------------- sample by sample


def bars(theme: Theme, losses: Array, samples: Sequence[int], cost: float, key: str, named: int = 3) -> Figure:
    """The loss of each sample and their mean, the cost; the worst are named.

    Parameters
    ----------
    losses : (m,), in the order in which they are drawn
    samples : the number of each in the data set
    cost : their mean
    named : how many of the worst have their number above them
    """
    colour, shown = theme.symbols["cost"], finite(losses)
    worst = [int(index) for index in np.argsort(-np.nan_to_num(shown, nan=-1.0), kind="stable")[:named]]
    labels = [f"{sample}" if index in worst else "" for index, sample in enumerate(samples)]
    top = max(float(np.nanmax(shown, initial=0.0)), cost if np.isfinite(cost) else 0.0, 1e-9)
    bar = {
        "type": "bar", "name": "loss of each sample", "x": np.arange(len(losses)), "y": shown, "customdata": np.asarray(samples),
        "marker": {"color": [colour if index in worst else theme.zero for index in range(len(losses))]}, "text": labels,
        "textposition": "outside", "textangle": 0, "constraintext": "none",
        "textfont": {"size": 12, "color": theme.text}, "cliponaxis": False,
        "hovertemplate": "sample %{customdata}: L = %{y:.6g}<extra></extra>",
    }  # fmt: skip
    mean = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": cost, "y1": cost, "line": {"color": colour, "width": 2}}
    label = {
        "xref": "paper", "x": 1, "xanchor": "right", "y": cost, "yanchor": "bottom", "showarrow": False,
        "text": coloured(f"{symbol(theme, 'cost')} = {significant(cost)}, the mean", colour), "bgcolor": theme.background, "borderpad": 2,
    }  # fmt: skip
    made = layout(
        theme, "plot", "The cost is the mean of the bars", key, height=400, bargap=0.15,
        shapes=[mean] if np.isfinite(cost) else [], annotations=[label] if np.isfinite(cost) else [],
        xaxis=axis(theme, "samples of the batch", showticklabels=False, showgrid=False, fixedrange=True, zeroline=False),
        yaxis=axis(theme, letter("L"), range=[0, 1.15 * top], fixedrange=True),
    )  # fmt: skip
    return {"data": [bar], "layout": made}
