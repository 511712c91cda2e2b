"""Ripples through a network: what each layer makes of a small change of its input, and what becomes of it with depth.

A layer's Jacobian is `∂Aˡ/∂Aˡ⁻¹ = f′(Zˡ)·Wˡ`; the whole network's is their product. Singular values above 1 amplify, below 1 damp.
Through many random layers a change either dies out (order), grows (chaos) or keeps its size, at the edge between them, which is where
deep networks can be trained.

Sources: Saxe, McClelland & Ganguli (2014), Exact solutions to the nonlinear dynamics of learning; Poole, Lahiri, Raghu, Sohl-Dickstein
& Ganguli (2016), Exponential expressivity in deep neural networks through transient chaos, eqs. 3 to 7; Schoenholz, Gilmer, Ganguli &
Sohl-Dickstein (2017), Deep information propagation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.activations import Activation, get_activation
from nnviz.core.arrays import generator
from nnviz.core.eigen import singular_values
from nnviz.core.initializers import Initializer
from nnviz.core.network import Network

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Gains:
    """By how much small changes are stretched, at each sample."""

    layers: list[Array]  # singular values of each layer's Jacobian, (..., m, min(k, n)), descending
    whole: Array  # of the input–output Jacobian, (..., m, min(k_L, n_0))


def gains(network: Network, theta: ArrayLike, X: ArrayLike) -> Gains:
    """Singular values of the Jacobians of every layer and of the whole network at samples X (n, m), for theta (..., P).

    NaN at diverged members of a batch; where all are, a `ValueError` says so.
    """
    return Gains([singular_values(J) for J in network.layer_jacobians(theta, X)], singular_values(network.input_jacobian(theta, X)))


def most_amplified_direction(network: Network, theta: ArrayLike, x: ArrayLike) -> tuple[Array, Array]:
    """The unit change of one sample's input that the network amplifies most, and by how much.

    Parameters
    ----------
    network : of n inputs
    theta : (..., P)
    x : (n,)

    Returns
    -------
    (..., n), (...)
        The first right singular vector of the input–output Jacobian, its largest component positive, and its singular value.
    """
    J = network.input_jacobian(theta, _sample(network, x)[:, None])[..., 0, :, :]
    strongest = singular_values(J)[..., 0]  # refuses what is not finite with a sentence
    _, _, right = np.linalg.svd(np.where(np.isfinite(strongest)[..., None, None], J, 0.0), full_matrices=False)
    direction = right[..., 0, :]
    largest = np.take_along_axis(direction, np.abs(direction).argmax(axis=-1)[..., None], axis=-1)
    return np.where(largest < 0, -direction, direction), strongest


def _sample(network: Network, x: ArrayLike, name: str = "x") -> Array:
    x = np.asarray(x, dtype=float)
    if x.shape != (network.sizes[0],) or not np.isfinite(x).all():
        raise ValueError(f"{name} has shape {x.shape}: {network.sizes[0]} finite numbers, one for each input of the network, are needed")
    return x


@dataclass(frozen=True, eq=False)
class Ripple:
    """One sample and its disturbed twin on their way through the layers; index l is the layer, 0 the input."""

    activations: list[Array]  # (..., k), of the sample
    disturbed: list[Array]  # (..., k), of the twin
    change: list[Array]  # (..., k), their exact difference
    first_order: list[Array]  # (..., k), the product of the Jacobians with the input's change
    size: Array  # (L + 1, ...), ‖change‖₂
    first_order_size: Array  # (L + 1, ...)
    gain: Array  # (L, ...), size after a layer over size before it: above 1 amplified, below 1 damped


def ripple(network: Network, theta: ArrayLike, x: ArrayLike, change: ArrayLike) -> Ripple:
    """How a change of one sample's input runs through the network, exactly and to first order.

    Parameters
    ----------
    network : of n inputs
    theta : (..., P)
    x, change : (n,)

    Examples
    --------
    >>> network = Network((2, 2, 1), "identity")
    >>> seen = ripple(network, network.pack([([[1, 0], [0, 3]], [0, 0]), ([[1, 1]], [0])]), [1, 1], [0, 0.5])
    >>> seen.size.tolist(), seen.gain.tolist()
    ([0.5, 1.5, 1.5], [3.0, 1.0])
    """
    x, change = _sample(network, x), _sample(network, change, "change")
    forward = network.forward(theta, np.stack([x, x + change], axis=-1))
    at_sample = network.forward(theta, x[:, None])
    with np.errstate(all="ignore"):
        differences, moved = [change], [change[None, :, None]]
        for l, A in enumerate(forward.A[1:], 1):
            differences.append(A[..., 1] - A[..., 0])
            moved.append(network.tangent(theta, at_sample, l, moved[-1]))
        first_order = [tangent[..., 0, :, 0] for tangent in moved]
        size, linear = _sizes(differences), _sizes(first_order)
        gain = np.where(size[:-1] > 0, size[1:] / size[:-1], 0.0)
    return Ripple([A[..., 0] for A in forward.A], [A[..., 1] for A in forward.A], differences, first_order, size, linear, gain)


def _sizes(vectors: list[Array]) -> Array:
    return np.stack(np.broadcast_arrays(*[np.linalg.norm(vector, axis=-1) for vector in vectors]))


# Depth and initialisation ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class DepthStudy:
    """Two inputs on their way through random networks, for each gain g of the weights and each seed s."""

    gains: Array  # (g,)
    length: Array  # (depth + 1, g, s), root mean square of the first sample's activations
    distance: Array  # (depth + 1, g, s), root mean square of the difference of the two
    cosine: Array  # (depth + 1, g, s), of the angle between them; NaN once one has died to 0
    growth: Array  # (g, s), mean of ln(stretch of an infinitesimal change) a layer, over the second half: negative order, positive chaos


def depth_study(
    activation: str | Activation,
    depth: int = 30,
    width: int = 64,
    weight_gains: ArrayLike = (0.5, 1.0, 2.0),
    initializer: str | Initializer = "lecun_normal",
    seeds: int = 8,
    seed: int = 0,
    distance: float = 0.1,
    bias_scale: float = 0.0,
) -> DepthStudy:
    """Order, the edge of chaos, chaos: measured on random networks, all gains and seeds at once.

    The inputs have root mean square 1 and differ by `distance`. Each layer's weights are the initialiser's times the gain: with
    lecun_normal (variance 1/n) the gain is σ_w of the theory. Biases are Gaussian with standard deviation bias_scale.

    Raises
    ------
    ValueError
        A depth outside 1 … 500, a width outside 2 … 512, more than 64 seeds, or gains that are not finite.

    Examples
    --------
    >>> study = depth_study("tanh", depth=40, width=100, weight_gains=[0.7, 2.0])
    >>> bool((study.growth[0] < 0).all()), bool((study.growth[1] > 0).all())
    (True, True)
    """
    for name, value, low, high in (("depth", depth, 1, 500), ("width", width, 2, 512), ("seeds", seeds, 1, 64)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
            raise ValueError(f"{name} is {str(value)[:40]}: a whole number from {low} to {high} is needed")
    weights = np.asarray(weight_gains, dtype=float)
    if weights.ndim != 1 or not 1 <= weights.size <= 201 or not np.isfinite(weights).all():
        raise ValueError(f"weight_gains has shape {weights.shape}: 1 to 201 finite numbers in a row are needed")
    f, rng, layer = get_activation(activation), generator(seed), Network((width, width), "identity")
    A: Array = np.empty((weights.size, seeds, width, 2))
    A[...] = _pair(rng, seeds, width, distance)
    tangent: Array = np.broadcast_to(rng.normal(size=(seeds, width, 1)), (*A.shape[:-1], 1))
    lengths, distances, cosines, stretch = [], [], [], np.empty((depth, weights.size, seeds))
    with np.errstate(all="ignore"):
        for l in range(depth + 1):
            lengths.append(np.sqrt(np.mean(A[..., 0] ** 2, axis=-1)))
            distances.append(np.sqrt(np.mean((A[..., 0] - A[..., 1]) ** 2, axis=-1)))
            cosines.append(np.mean(A[..., 0] * A[..., 1], axis=-1) / (lengths[-1] * np.sqrt(np.mean(A[..., 1] ** 2, axis=-1))))
            if l == depth:
                break
            # Layer by layer, so that 500 layers of 512 units are never in memory at once.
            drawn = layer.unpack(layer.initialize(initializer, seed=int(rng.integers(2**31)), batch=(seeds,)))[0].W
            # The change is kept at length 1 and its stretch noted: it can neither vanish nor overflow on the way.
            unit = tangent / np.linalg.norm(tangent, axis=-2, keepdims=True)
            moved = weights[:, None, None, None] * _times(drawn, np.concatenate([A, unit], axis=-1))
            Z = moved[..., :2] + bias_scale * rng.normal(size=(seeds, width, 1))
            A = f(Z)
            tangent = f.jvp(Z[..., :1], A[..., :1], moved[..., 2:])
            # Past the overflow of the sample itself its slopes mean nothing.
            stretch[l] = np.where(np.isfinite(Z[..., 0]).all(axis=-1), np.linalg.norm(tangent, axis=-2)[..., 0], np.nan)
        growth = _mean_of_known(np.log(stretch[depth // 2 :]), np.log(stretch))
    return DepthStudy(weights, np.stack(lengths), np.stack(distances), np.stack(cosines), growth)


def _times(W: Array, A: Array) -> Array:
    """Each seed's W (s, k, k) times its columns at every gain, (g, s, k, c): one product a seed."""
    gains, seeds, width, columns = A.shape
    side_by_side = A.transpose(1, 2, 0, 3).reshape(seeds, width, gains * columns)
    return (W @ side_by_side).reshape(seeds, width, gains, columns).transpose(2, 0, 1, 3)


def _mean_of_known(late: Array, whole: Array) -> Array:
    """Mean over the first axis of what is not NaN in `late`, or in `whole` where all of late is."""
    known, early = (~np.isnan(late)).sum(axis=0), (~np.isnan(whole)).sum(axis=0)
    return np.where(known > 0, np.nansum(late, axis=0) / known, np.nansum(whole, axis=0) / early)


def _pair(rng: np.random.Generator, seeds: int, width: int, distance: float) -> Array:
    """Two inputs of root mean square 1, `distance` apart, for each seed; (seeds, width, 2)."""
    if not 0 < distance <= 2:
        raise ValueError(f"distance is {distance}: two inputs of length 1 are more than 0 and at most 2 apart")
    first, other = rng.normal(size=(2, seeds, width))
    first /= np.sqrt(np.mean(first**2, axis=-1, keepdims=True))
    other -= first * np.mean(first * other, axis=-1, keepdims=True)
    other /= np.sqrt(np.mean(other**2, axis=-1, keepdims=True))
    angle = 2 * np.arcsin(distance / 2)
    return np.stack([first, np.cos(angle) * first + np.sin(angle) * other], axis=-1)


@dataclass(frozen=True, eq=False)
class MeanField:
    """What infinitely wide random networks do, for each weight scale."""

    length: Array  # (g,), q*: the mean square of Z that the layers settle on; 0 where it dies, inf where it grows without end
    stretch: Array  # (g,), χ₁: by which the square of an infinitesimal change grows a layer; below 1 order, above 1 chaos
    depth_scale: Array  # (g,), layers after which a change has shrunk or grown e-fold, 2/|ln χ₁|; inf at the edge


def _gaussian() -> tuple[Array, Array]:
    """Nodes and weights (nodes,) with `Σ w·g(z) = E g(z)` for standard normal z.

    Evenly spaced: exact to rounding where f is smooth, as Gauss–Hermite is, and closer where it has a kink; none lies on a kink at 0.
    """
    z = np.linspace(-8.5, 8.5, 256)
    w = np.exp(-0.5 * z * z)
    return z, w / w.sum()


SMALLEST_LENGTH, LARGEST_LENGTH = 1e-40, 1e40  # a mean square beyond these has died or grown without end: f is straight there
LOOK_EVERY = 16  # layers between two looks at which lengths have settled


def mean_field(activation: str | Activation, weight_scales: ArrayLike, bias_scale: float = 0.0, layers: int = 2000) -> MeanField:
    """The theory of very wide layers (Poole et al. 2016, eqs. 3 and 5), from `q = σ_w² + σ_b²`, the first layer of inputs of length 1.

    `q ← σ_w²·E f(√q z)² + σ_b²` is followed for `layers` layers, then `χ₁ = σ_w²·E f′(√q z)²`.

    Examples
    --------
    >>> field = mean_field("tanh", [0.8, 2.0])
    >>> field.stretch.round(3).tolist()
    [0.64, 1.363]
    """
    f, scales = get_activation(activation), np.asarray(weight_scales, dtype=float)
    if not f.elementwise:
        raise ValueError(f"{f.name} is not elementwise: the theory of wide layers is for activations f(z) of one number")
    if scales.ndim != 1 or not scales.size or not np.isfinite(scales).all():
        raise ValueError(f"weight_scales has shape {scales.shape}: finite numbers in a row are needed")
    z, w = _gaussian()
    with np.errstate(all="ignore"):
        q = scales**2 + bias_scale**2
        moving = np.arange(q.size)  # the scales whose length has not settled: at the edge it takes thousands of layers, elsewhere a few
        for _ in range(0, layers, LOOK_EVERY):
            variance, after = scales[moving] ** 2, q[moving]
            for _ in range(LOOK_EVERY):
                before = after
                after = variance * (f(np.sqrt(before)[:, None] * z) ** 2 @ w) + bias_scale**2
                after = np.fmax(np.fmin(after, LARGEST_LENGTH), SMALLEST_LENGTH)
            q[moving] = after
            moving = moving[np.abs(after - before) > 1e-12 * before]
            if not moving.size:
                break
        stretch = scales**2 * (f.derivative(np.sqrt(q)[:, None] * z) ** 2 @ w)
        length = np.where(q >= LARGEST_LENGTH, np.inf, np.where(q <= SMALLEST_LENGTH, 0.0, q))
        return MeanField(length, stretch, 2 / np.abs(np.log(stretch)))


def correlation_map(activation: str | Activation, weight_scale: float, correlations: ArrayLike, bias_scale: float = 0.0) -> Array:
    """The correlation of two inputs after one more wide layer (Poole et al. 2016, eq. 4), at the settled length; like correlations.

    Where its slope at 1, which is χ₁, exceeds 1, two inputs that almost agree move apart.
    """
    field, f, c = mean_field(activation, [weight_scale], bias_scale), get_activation(activation), np.asarray(correlations, dtype=float)
    if not (np.abs(c) <= 1).all():
        raise ValueError(f"correlations is {str(correlations)[:40]}: numbers from −1 to 1 are needed")
    z, w = _gaussian()
    # Where the length has died or overflowed, the map of the next best length has the same limit.
    length = np.clip(field.length[0], 1e-12, 1e12)
    root = np.sqrt(length)
    with np.errstate(all="ignore"):
        second = c[..., None, None] * z[:, None] + np.sqrt(1 - c * c)[..., None, None] * z
        overlap = np.einsum("...ij,i,j->...", f(root * z)[:, None] * f(root * second), w, w)
        same = weight_scale**2 * (f(root * z) ** 2 @ w) + bias_scale**2
        return (weight_scale**2 * overlap + bias_scale**2) / same
