"""Backpropagation taken apart: the paths by which a weight acts on the cost, the factors of its gradient, the neurons that let none pass.

Between two layers a change of `zˡ` is multiplied by `∂zˡ⁺¹/∂zˡ = Wˡ⁺¹·f′(zˡ)`, an entry of it for each edge. The gradient of a weight is
its input times the sum, over all paths from its neuron to the outputs, of the products of these factors; it is also the product of one
factor of size after another, so that a small gradient has a smallest factor, and that is its reason.

Source: Goodfellow, Bengio & Courville (2016), Deep Learning, section 6.5; Nielsen (2015), chapter 5, for the factors by layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.activations import Activation, saturated
from nnviz.core.losses import Loss
from nnviz.core.network import Backward, Forward, Network, transposed

Array = NDArray[np.floating]

BIAS = -1  # the column that stands for a neuron's bias
MOST_SATURATED = 0.9  # a neuron is called saturated where its slope is flat for this share of the samples


# -------------------------------------------------------------------------------------------------------------------------- paths


@dataclass(frozen=True, eq=False)
class Paths:
    """By which ways the weighted sum of one neuron acts on the cost of one sample; index k is the layer, None up to the neuron's own.

    On every layer `passing` sums to δ of the neuron, and so does `carried`: nothing is lost between layers but what the factors take.
    """

    layer: int
    unit: int
    factors: list[Array | None]  # ∂zᵏ/∂zᵏ⁻¹, a factor an edge into layer k, (n_k, n_(k−1))
    reach: list[Array | None]  # ∂zᵏ/∂z of the neuron, (n_k,)
    carried: list[Array | None]  # what all paths through an edge add to δ of the neuron, (n_k, n_(k−1))
    passing: list[Array | None]  # what all paths through a neuron add to it, (n_k,)
    ends: Array  # δ of the outputs, (n_L,)

    @property
    def count(self) -> int:
        """How many paths there are to the outputs."""
        return prod(len(passing) for passing in self.passing[self.layer + 1 :] if passing is not None)


@dataclass(frozen=True)
class Path:
    """One way to an output: the neuron of each layer that it passes, the factor of each edge, δ at its end, and the product of all."""

    units: tuple[int, ...]
    factors: tuple[float, ...]
    end: float
    value: float


def edge_factors(network: Network, theta: ArrayLike, forward: Forward, layer: int) -> Array:
    """`∂zˡ/∂zˡ⁻¹ = Wˡ·f′(zˡ⁻¹)`, a factor for each edge into a layer from 2 on and each sample, (..., n_l, n_(l−1), m).

    Under a softmax it is the row of W times the softmax's Jacobian.

    Raises
    ------
    ValueError
        Layer 1: its sums follow from the data, not from other sums.
    """
    if not 2 <= layer < len(network.sizes):
        raise ValueError(f"layer {layer} has no layer of sums before it: choose one from 2 to {len(network.sizes) - 1}")
    W = network.unpack(theta)[layer - 1].W
    f, Z, A = network.layer_activations[layer - 2], forward.z(layer - 1), forward.A[layer - 1]
    with np.errstate(all="ignore"):
        # Each row of W is a gradient in a: f carries it back to z, whatever f is.
        return f.vjp(Z[..., None, :, :], A[..., None, :, :], W[..., None])


def paths_of(network: Network, theta: ArrayLike, forward: Forward, backward: Backward, layer: int, unit: int) -> Paths:
    """All ways from one neuron to the cost of one sample.

    Parameters
    ----------
    theta : (P,)
    forward, backward : of one sample, m = 1
    layer, unit : the neuron; layers count from 1, units from 0

    Raises
    ------
    ValueError
        More than one sample, or no such neuron.
    """
    check_single(forward)
    if not (1 <= layer < len(network.sizes) and 0 <= unit < network.sizes[layer]):
        raise ValueError(
            f"there is no neuron {unit} in layer {layer}: the network {network.brief()} has layers 1 to {len(network.sizes) - 1}"
        )
    none: list[Array | None] = [None] * len(network.sizes)
    factors, reach, carried, passing = list(none), list(none), list(none), list(none)
    here = np.eye(network.sizes[layer])[unit]
    with np.errstate(all="ignore"):
        reach[layer], passing[layer] = here, here * backward.d(layer)[:, 0]
        for k in range(layer + 1, len(network.sizes)):
            F, delta = edge_factors(network, theta, forward, k)[..., 0], backward.d(k)[:, 0]
            factors[k], carried[k] = F, delta[:, None] * F * here
            here = F @ here
            reach[k], passing[k] = here, here * delta
    return Paths(layer, unit, factors, reach, carried, passing, backward.d(len(network.sizes) - 1)[:, 0])


def strongest_paths(paths: Paths, most: int = 5) -> list[Path]:
    """The paths whose products are largest in size, largest first: exact, by keeping the best tails of each neuron from the output on.

    Examples
    --------
    >>> none = [None, None]
    >>> ways = Paths(1, 0, [*none, np.array([[2.0], [-3.0]])], none, none, [None, np.ones(1), np.ones(2)], np.array([1.0, 0.5]))
    >>> [(path.units, path.value) for path in strongest_paths(ways)]
    [((0, 0), 2.0), ((0, 1), -1.5)]
    """
    if most < 1:
        raise ValueError(f"{most} paths were asked for: ask for at least 1")
    tails = paths.ends[:, None]  # of each neuron the products of its best ways on, (n, ≤ most)
    choices: list[tuple[Array, Array]] = []
    last = len(paths.passing) - 1
    for k in range(last, paths.layer, -1):
        F = paths.factors[k]
        assert F is not None, "every layer after the neuron's has factors"
        columns = F.T if k > paths.layer + 1 else F.T[[paths.unit]]
        with np.errstate(all="ignore"):
            every = (columns[:, :, None] * tails).reshape(len(columns), -1)
        order = np.argsort(-np.nan_to_num(np.abs(every), nan=np.inf), axis=1, kind="stable")[:, :most]
        choices.append((order // tails.shape[1], order % tails.shape[1]))
        tails = np.take_along_axis(every, order, axis=1)
    if not choices:
        end = float(paths.ends[paths.unit])
        return [Path((paths.unit,), (), end, end)]
    return [_traced(paths, choices[::-1], slot, float(tails[0, slot])) for slot in range(tails.shape[1])]


def _traced(paths: Paths, choices: Sequence[tuple[Array, Array]], slot: int, value: float) -> Path:
    """The path that was kept in a slot, neuron by neuron."""
    units, factors, row = [paths.unit], [], 0
    for step, (targets, slots) in enumerate(choices):
        target, slot = int(targets[row, slot]), int(slots[row, slot])
        F = paths.factors[paths.layer + 1 + step]
        assert F is not None, "every layer after the neuron's has factors"
        factors.append(float(F[target, units[-1]]))
        units.append(target)
        row = target
    return Path(tuple(units), tuple(factors), float(paths.ends[units[-1]]), value)


# ------------------------------------------------------------------------------------------------------------- factors of the size


@dataclass(frozen=True)
class Factor:
    """One factor of the size of a gradient: the `error` at the output, `weights` or `slope` of a layer, or the weight's own `input`."""

    kind: str
    layer: int
    value: float  # ≥ 0; nan where something infinite meets a 0


def size_factors(
    network: Network, theta: ArrayLike, forward: Forward, backward: Backward, loss: Loss, Y: ArrayLike, layer: int, unit: int, column: int
) -> list[Factor]:
    """`|∂C/∂w|` of one weight and sample as a product of sizes, from the cost back to the weight.

    The error at the output, then for each layer on the way what its weights make of ‖δ‖ and what its slopes f′(z) make of that, at the
    weight's own layer for its own neuron alone, and last the size of the weight's input. Their product is |∂C/∂w| exactly.

    Parameters
    ----------
    forward, backward : of one sample, m = 1
    Y : (k, 1)
    layer, unit, column : the weight; column −1 is the bias, whose input is 1

    Raises
    ------
    ValueError
        More than one sample.
    """
    check_single(forward)
    L, layers = len(network.sizes) - 1, network.unpack(theta)
    with np.errstate(all="ignore"):
        found = _output_factors(network, forward, backward, loss, Y, unit if layer == L else None)
        size = _size(backward.d(L), unit if layer == L else None)
        for k in range(L - 1, layer - 1, -1):
            arrived = transposed(layers[k].W) @ backward.d(k + 1)
            own = unit if k == layer else None
            # The softmax of a layer mixes its units: what arrives at one of them alone does not tell what leaves it.
            own_arrived = own if network.layer_activations[k - 1].elementwise else None
            found.append(Factor("weights", k + 1, _ratio(_size(arrived, own_arrived), size)))
            found.append(Factor("slope", k, _ratio(_size(backward.d(k), own), _size(arrived, own_arrived))))
            size = _size(backward.d(k), own)
        held = 1.0 if column == BIAS else float(np.abs(forward.A[layer - 1][column, 0]))
    return [*found, Factor("input", layer - 1, held)]


def _output_factors(network: Network, forward: Forward, backward: Backward, loss: Loss, Y: ArrayLike, own: int | None) -> list[Factor]:
    """The error, and the output's slope where the loss does not cancel it; of one output or, with own None, of all together."""
    L, f = len(network.sizes) - 1, network.layer_activations[-1]
    delta = _size(backward.d(L), own)
    if loss.fuses_with(f):
        return [Factor("error", L, delta)]
    error = _size(loss.derivative(forward.output, np.asarray(Y, dtype=float)), own if f.elementwise else None)
    return [Factor("error", L, error), Factor("slope", L, _ratio(delta, error))]


def _size(column: Array, own: int | None) -> float:
    """The norm of a column (n, 1), or the size of one of its entries."""
    return float(np.linalg.norm(column)) if own is None else float(np.abs(column[own, 0]))


def _ratio(after: float, before: float) -> float:
    """After against before; where nothing was left before, nothing is made of it either."""
    return float(np.float64(after) / before) if before else 0.0


def decisive(factors: Iterable[Factor]) -> Factor:
    """The factor that makes the gradient smallest: the least of all but the error."""
    return min((factor for factor in factors if factor.kind != "error"), key=lambda factor: factor.value)


# ------------------------------------------------------------------------------------------------------- neurons that let little pass


@dataclass(frozen=True, eq=False)
class UnitStates:
    """How flat the neurons of one layer are over the samples."""

    flat: Array  # share of the samples at which |f′(z)| < 0.01, (..., k)
    dead: NDArray[np.bool_]  # f′(z) = 0 at every sample, (..., k)
    slope: Array  # mean |f′(z)|, (..., k); of softmax the mean of a(1 − a)

    @property
    def saturated(self) -> NDArray[np.bool_]:
        """Flat for at least nine samples in ten, and not dead, (..., k)."""
        return (self.flat >= MOST_SATURATED) & ~self.dead


def unit_states(network: Network, forward: Forward) -> list[UnitStates]:
    """The state of each layer's neurons over the samples of a pass, layer 1 first.

    Examples
    --------
    >>> network = Network((1, 2, 1), ("relu", "identity"))
    >>> states = unit_states(network, network.forward([1.0, 1.0, 0.0, -9.0, 1.0, 1.0, 0.0], [[1.0, 2.0, 3.0]]))
    >>> states[0].dead, states[1].flat
    (array([False,  True]), array([0.]))
    """
    return [_states(f, forward.z(l)) for l, f in enumerate(network.layer_activations, start=1)]


def _states(f: Activation, Z: Array) -> UnitStates:
    with np.errstate(all="ignore"):
        a = f(Z)
        slope = np.abs(f.derivative(Z)) if f.elementwise else a * (1 - a)
    return UnitStates(saturated(f, Z).mean(axis=-1), (slope == 0).all(axis=-1), slope.mean(axis=-1))


def check_single(forward: Forward) -> None:
    """ValueError unless a pass holds one sample of one network."""
    if forward.output.ndim != 2 or forward.output.shape[-1] != 1:
        raise ValueError(f"the output of the pass is {forward.output.shape}: paths are told of one sample of one network, (k, 1)")
