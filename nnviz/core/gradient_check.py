"""Is the gradient right, and how far does it reach? Central differences of every parameter at once, and one step against its prediction.

To first order a step of gradient descent changes the cost by `−η‖∇C‖²`; the second order adds `½η²·∇Cᵀ·∇²C·∇C`, which tells where the
first breaks. Central differences err by `h²·C‴/6` and by rounding `ε|C|/h`; across a kink they are simply wrong, so kinks are counted.

Sources: Nocedal & Wright (2006), Numerical Optimization, section 8.1 (differences) and eq. 2.6 (the expansion); Griewank & Walther (2008),
chapter 14, for kinks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.arrays import generator
from nnviz.core.network import Forward
from nnviz.core.objectives import NetworkCost

Array = NDArray[np.floating]

CHUNK_WORK = 5e7  # multiply-adds of a chunk: about 10 ms
CHECK_WORK = 8e9  # of a whole check: a few seconds
STEP_WORK = 1e9  # of all rates of a step together
FEWEST_SAMPLES, MOST_SAMPLES = 16, 256
BROKEN = 0.1  # a prediction is broken where the change differs from it by this share


# -------------------------------------------------------------------------------------------------------------------- the check


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """Analytic and numerical derivative of the parameters looked at so far."""

    index: NDArray[np.intp]  # places in theta, (c,)
    analytic: Array  # (c,)
    numerical: Array  # (c,)
    crossings: NDArray[np.intp]  # weighted sums and residuals on another side of a kink at θ − h and θ + h, (c,)
    total: int  # parameters that are to be checked
    step: float  # h
    cost: float  # C at theta

    @property
    def difference(self) -> Array:
        """|analytic − numerical|, (c,); what is not finite counts as infinite."""
        with np.errstate(all="ignore"):
            return np.nan_to_num(np.abs(self.analytic - self.numerical), nan=np.inf)

    @property
    def relative_error(self) -> float:
        """`‖analytic − numerical‖ / (‖analytic‖ + ‖numerical‖)`; 0 where both are 0."""
        with np.errstate(all="ignore"):
            sizes = np.linalg.norm(self.analytic) + np.linalg.norm(self.numerical)
            return float(np.linalg.norm(self.analytic - self.numerical) / sizes) if sizes else 0.0

    @property
    def worst(self) -> int:
        """Which of the parameters looked at has the largest difference."""
        return int(self.difference.argmax())

    @property
    def kinked(self) -> int:
        """How many of them have a kink within their step."""
        return int(np.count_nonzero(self.crossings))

    @property
    def rounding(self) -> float:
        """What rounding of the cost alone may do to a difference quotient, `ε|C|/h`."""
        return float(np.finfo(float).eps * abs(self.cost) / self.step)

    def without_kinks(self) -> GradientCheck:
        """The same check of the parameters whose step meets no kink."""
        kept = self.crossings == 0
        return GradientCheck(
            self.index[kept], self.analytic[kept], self.numerical[kept], self.crossings[kept], self.total, self.step, self.cost
        )


def affordable(cost: NetworkCost, passes: int, work: float) -> NetworkCost:
    """The cost on so many of its samples, evenly taken, that so many passes stay within `work` multiply-adds; at least 16, at most 256.

    Examples
    --------
    >>> from nnviz.core.network import Network
    >>> cost = NetworkCost(Network((1, 1)), "half_squared_error", np.ones((1, 1000)), np.ones((1, 1000)))
    >>> affordable(cost, 10, 1e9).samples, affordable(cost, 10, 1000.0).samples
    (256, 16)
    """
    most = int(min(max(work / (passes * per_sample(cost)), FEWEST_SAMPLES), MOST_SAMPLES))
    if cost.samples <= most:
        return cost
    return cost.on(np.linspace(0, cost.samples - 1, most).round().astype(int))


def per_sample(cost: NetworkCost) -> float:
    """Multiply-adds of a pass of one sample; an activation is told as a hundred of them."""
    return cost.dimension + 100.0 * sum(cost.network.sizes[1:])


def checked_parameters(cost: NetworkCost, work: float = CHECK_WORK, seed: int = 0) -> NDArray[np.intp]:
    """Every parameter where that is within `work` multiply-adds, else as many as are, drawn by the seed; ascending."""
    most = int(max(work / (2 * per_sample(cost) * cost.samples), 100))
    P = cost.dimension
    return np.arange(P) if most >= P else np.sort(generator(seed).choice(P, most, replace=False))


def gradient_check(cost: NetworkCost, theta: ArrayLike, step: float = 1e-5, index: ArrayLike | None = None) -> Iterator[GradientCheck]:
    """`∂C/∂θᵢ` against `(C(θ + h·eᵢ) − C(θ − h·eᵢ)) / 2h`, both costs of many parameters as one batch.

    Parameters
    ----------
    cost : NetworkCost
    theta : (P,)
    step : float
        h.
    index : (c,) places in theta; all by default

    Yields
    ------
    GradientCheck
        What is known after each chunk of some 20 ms; the last one holds all.

    Raises
    ------
    ValueError
        A step that is not positive and finite, theta of another shape, or an index outside it.
    """
    theta = np.asarray(theta, dtype=float)
    if theta.shape != (cost.dimension,):
        raise ValueError(f"theta is {theta.shape} and one network is checked: give ({cost.dimension},)")
    if not 0 < step < np.inf:
        raise ValueError(f"the step h is {step}: it needs to be finite and above 0")
    places = np.arange(cost.dimension) if index is None else np.asarray(index, dtype=np.intp)
    if places.ndim != 1 or not places.size or places.min() < 0 or places.max() >= cost.dimension:
        raise ValueError(f"the places to check are {places!r:.60}: give one or more from 0 to {cost.dimension - 1}")
    value, gradient = cost.value_and_gradient(theta)
    chunk = max(1, int(CHUNK_WORK / (2 * per_sample(cost) * cost.samples)))
    numerical, crossings = np.empty(places.size), np.empty(places.size, dtype=np.intp)
    for start in range(0, places.size, chunk):
        part = slice(start, start + chunk)
        numerical[part], crossings[part] = _differences(cost, theta, places[part], step)
        done = slice(0, min(start + chunk, places.size))
        at = places[done]
        yield GradientCheck(at, gradient[at], numerical[done].copy(), crossings[done].copy(), places.size, step, float(value))


def _differences(cost: NetworkCost, theta: Array, places: NDArray[np.intp], step: float) -> tuple[Array, NDArray[np.intp]]:
    """Difference quotients and crossed kinks of some parameters: a batch (2, c, P) of thetas, in one pass."""
    moved = np.broadcast_to(theta, (2, places.size, theta.size)).copy()
    each = np.arange(places.size)
    moved[0, each, places] += step
    moved[1, each, places] -= step
    forward = cost.network.forward(moved, cost.X)
    up, down = cost.value_after(moved, forward)
    with np.errstate(all="ignore"):
        # The step that was really made: θ + h is rounded.
        return (up - down) / (moved[0, each, places] - moved[1, each, places]), _crossings(cost, forward)


def _crossings(cost: NetworkCost, forward: Forward) -> NDArray[np.intp]:
    """Of passes at θ ± h, batch (2, c), how many sums and residuals lie on different sides of a kink, (c,)."""
    sides = [(forward.z(l), kink) for l, f in enumerate(cost.network.layer_activations, start=1) for kink in f.kinks]
    with np.errstate(all="ignore"):
        sides += [(forward.output - cost.Y, kink) for kink in cost.loss.kinks]
    count = np.zeros(forward.output.shape[1], dtype=np.intp)
    for values, kink in sides:
        above = values > kink
        count += np.count_nonzero(above[0] != above[1], axis=(-2, -1))
    return count


# --------------------------------------------------------------------------------------------------------------------- the step


@dataclass(frozen=True, eq=False)
class StepStudy:
    """One step of gradient descent at many rates: the cost after it, and what was predicted."""

    rates: Array  # η, ascending, (r,)
    before: Array  # C(θ), (...)
    after: Array  # C(θ − η∇C), (..., r)
    slope: Array  # ‖∇C‖², (...)
    curvature: Array  # ∇Cᵀ·∇²C·∇C, (...)

    @property
    def predicted(self) -> Array:
        """To first order, `C − η‖∇C‖²`, (..., r)."""
        with np.errstate(all="ignore"):
            return self.before[..., None] - self.rates * self.slope[..., None]

    @property
    def second_order(self) -> Array:
        """`C − η‖∇C‖² + ½η²·∇Cᵀ∇²C∇C`, (..., r)."""
        with np.errstate(all="ignore"):
            return self.predicted + 0.5 * self.rates**2 * self.curvature[..., None]

    @property
    def kept(self) -> Array:
        """The true change over the predicted one, (..., r): 1 where the prediction holds, below 0 where the cost rises."""
        with np.errstate(all="ignore"):
            return (self.before[..., None] - self.after) / (self.rates * self.slope[..., None])

    @property
    def breaks_at(self) -> Array:
        """The smallest rate at which the change differs by a tenth from the predicted one, (...); inf where none does."""
        return self._first(np.abs(np.nan_to_num(self.kept, nan=np.inf) - 1) > BROKEN)

    @property
    def rises_at(self) -> Array:
        """The smallest rate at which the cost rises, (...); inf where it does at none."""
        return self._first(~(self.kept >= 0))

    @property
    def expected_break(self) -> Array:
        """Where the second order says that the first is a tenth off, `η = 0.2·‖∇C‖² / |∇Cᵀ∇²C∇C|`, (...)."""
        with np.errstate(all="ignore"):
            return 2 * BROKEN * self.slope / np.abs(self.curvature)

    def _first(self, where: NDArray[np.bool_]) -> Array:
        # Below it the change is so small that rounding of the cost decides: not looked at.
        with np.errstate(all="ignore"):
            seen = where & (self.rates * self.slope[..., None] > 1e-12 * np.abs(self.before[..., None]))
        return np.where(seen.any(axis=-1), self.rates[seen.argmax(axis=-1)], np.inf)


def step_study(cost: NetworkCost, theta: ArrayLike, rates: ArrayLike) -> StepStudy:
    """One step `θ ← θ − η∇C` from each theta at each rate, all as one batch walked in chunks.

    Parameters
    ----------
    cost : NetworkCost
    theta : (..., P)
    rates : (r,) ascending, above 0

    Raises
    ------
    ValueError
        Rates that are not ascending and above 0.

    Examples
    --------
    >>> from nnviz.core.network import Network
    >>> line = NetworkCost(Network((1, 1), "identity"), "half_squared_error", [[1.0]], [[0.0]])
    >>> study = step_study(line, [1.0, 0.0], [0.1, 0.5])
    >>> study.predicted, study.after, study.second_order
    (array([ 0.3, -0.5]), array([0.32, 0.  ]), array([0.32, 0.  ]))
    """
    theta, rates = np.asarray(theta, dtype=float), np.asarray(rates, dtype=float)
    if rates.ndim != 1 or not rates.size or not rates[0] > 0 or not (np.diff(rates) > 0).all():
        raise ValueError(f"the rates are {rates!r:.60}: they need to be ascending and above 0")
    before, gradient = cost.value_and_gradient(theta)
    chunk = max(1, int(CHUNK_WORK / (per_sample(cost) * cost.samples * max(before.size, 1))))
    parts = []
    with np.errstate(all="ignore"):
        for start in range(0, rates.size, chunk):
            eta = rates[start : start + chunk, None]
            parts.append(cost.value(theta[..., None, :] - eta * gradient[..., None, :]))
        slope = np.sum(gradient**2, axis=-1)
        curvature = np.sum(gradient * cost.hessian_vector_product(theta, gradient), axis=-1)
    return StepStudy(rates, before, np.concatenate(parts, axis=-1), slope, curvature)
