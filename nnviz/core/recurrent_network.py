"""A recurrent network: its parameters, its way forward through a sequence, and how far a change of its state is felt.

`hₜ = f(W_hh·hₜ₋₁ + W_xh·xₜ + b_h)`, `yₜ = W_hy·hₜ + b_y`, `h₀ = 0`. Time is the first axis, samples are columns, parameters are one flat
vector with any leading batch dimensions. The loops below run over time, which is what is recurrent, and over nothing else.

Source: Elman (1990), Finding structure in time; Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural networks,
equation 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.activations import Activation, get_activation
from nnviz.core.architecture import draw_shape
from nnviz.core.arrays import checked_seed
from nnviz.core.initializers import Initializer, get_initializer

Array = NDArray[np.floating]
MOST_UNITS = 4096
MOST_PARAMETERS = 2**24


class Blocks(dict[str, Array]):
    """What belongs to W_xh, W_hh, b_h, W_hy and b_y, by name: `blocks["W_hh"]` or `blocks.W_hh`."""

    def __getattr__(self, name: str) -> Array:
        """The block of that name."""
        if name not in self:
            raise AttributeError(f"{name!r}: there are {', '.join(self)}")
        return self[name]


class Unrolled(NamedTuple):
    """A network's way through a sequence of T steps."""

    h: Array  # (T + 1, ..., h, m): h[0] = 0, and h[t + 1] is the hidden state that step t computes
    z: Array  # (T, ..., h, m): the weighted sums, h[t + 1] = f(z[t])
    output: Array  # (T, ..., k, m)


@dataclass(frozen=True)
class RecurrentNetwork:
    """`hₜ = f(W_hh·hₜ₋₁ + W_xh·xₜ + b_h)`, `yₜ = W_hy·hₜ + b_y`, with any elementwise activation f.

    Examples
    --------
    >>> rnn = RecurrentNetwork(inputs=1, hidden=8, outputs=1)
    >>> rnn.parameter_count, rnn.unpack(rnn.initialize(seed=0)).W_hh.shape
    (89, (8, 8))
    """

    inputs: int
    hidden: int
    outputs: int
    activation: str = "tanh"

    def __post_init__(self) -> None:
        for name in ("inputs", "hidden", "outputs"):
            size = getattr(self, name)
            if not isinstance(size, int | np.integer) or not 1 <= size <= MOST_UNITS:
                raise ValueError(f"{name} is {str(size)[:40]}: give a whole number of units from 1 to {MOST_UNITS}")
            object.__setattr__(self, name, int(size))
        f = get_activation(self.activation)
        if not f.elementwise:
            raise ValueError(
                f"{f.name} is not elementwise: a recurrent network needs an activation of each unit alone, such as tanh or relu"
            )
        object.__setattr__(self, "activation", f.name)
        if self.parameter_count > MOST_PARAMETERS:
            raise ValueError(f"the network would have {self.parameter_count:,} parameters: at most {MOST_PARAMETERS:,}; take fewer units")

    @property
    def f(self) -> Activation:
        """The activation itself."""
        return get_activation(self.activation)

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """The blocks of theta in their order; biases are columns."""
        n, h, k = self.inputs, self.hidden, self.outputs
        return {"W_xh": (h, n), "W_hh": (h, h), "b_h": (h, 1), "W_hy": (k, h), "b_y": (k, 1)}

    @property
    def parameter_count(self) -> int:
        """P."""
        return sum(map(prod, self.shapes.values()))

    def unpack(self, theta: ArrayLike) -> Blocks:
        """The blocks of theta (..., P), each (..., rows, columns): views, never copies."""
        theta = np.asarray(theta)
        if theta.ndim < 1 or theta.shape[-1] != self.parameter_count:
            raise ValueError(f"theta has shape {theta.shape}: this network needs (..., {self.parameter_count})")
        ends = np.cumsum([prod(shape) for shape in self.shapes.values()])
        parts = np.split(theta, ends[:-1], axis=-1)
        shaped = (part.reshape(*theta.shape[:-1], *shape) for part, shape in zip(parts, self.shapes.values(), strict=True))
        return Blocks(zip(self.shapes, shaped, strict=True))

    def pack(self, blocks: Mapping[str, ArrayLike]) -> Array:
        """Theta (..., P) from blocks by name; their batch dimensions broadcast, and a bias may be (h,) where there are none."""
        if set(blocks) != set(self.shapes):
            raise ValueError(f"blocks are {', '.join(map(str, blocks))[:200]}: this network needs {', '.join(self.shapes)}")
        shaped = []
        for name, shape in self.shapes.items():
            block = np.asarray(blocks[name], dtype=float)
            block = block[:, None] if name.startswith("b_") and block.shape == shape[:1] else block
            if block.shape[-2:] != shape:
                raise ValueError(f"{name} is {block.shape}: this network needs (..., {shape[0]}, {shape[1]})")
            shaped.append(block)
        batch = np.broadcast_shapes(*(block.shape[:-2] for block in shaped))
        return np.concatenate([np.broadcast_to(block, batch + block.shape[-2:]).reshape(*batch, -1) for block in shaped], axis=-1)

    def initialize(self, initializer: str | Initializer = "glorot_uniform", seed: int = 0, batch: int | Sequence[int] = ()) -> Array:
        """Theta (*batch, P), drawn by the seed; run r of a batch does not depend on the batch's size.

        "orthogonal" (Saxe et al. 2014) and "identity" (Le, Jaitly & Hinton 2015) say what W_hh is, the other weights being
        glorot_uniform; any other initialiser draws all weights.
        """
        special = getattr(initializer, "name", initializer) in ("orthogonal", "identity")
        chosen = get_initializer("glorot_uniform" if special else initializer)
        seed, shape = checked_seed(seed), draw_shape(batch, self.parameter_count)
        theta = chosen.draw(np.random.default_rng(seed), shape)
        blocks = self.unpack(theta)
        for name, incoming in (("W_xh", self.inputs), ("W_hh", self.hidden), ("W_hy", self.hidden)):
            blocks[name][...] = chosen.weights(blocks[name])
            if name != "W_hh":
                bias = blocks["b_h" if name == "W_xh" else "b_y"]
                bias[...] = chosen.biases(bias, incoming)
        if special:
            orthogonal = get_initializer("orthogonal")
            numbers = orthogonal.draw(np.random.default_rng([seed, 1]), (*shape[:-1], self.hidden, self.hidden))
            blocks["W_hh"][...] = np.eye(self.hidden) if initializer == "identity" else orthogonal.weights(numbers)
        return theta

    def forward(self, theta: ArrayLike, X: ArrayLike) -> Unrolled:
        """All states and outputs over a sequence X (T, n, m)."""
        p, X = self.unpack(theta), sequence(X, self.inputs, "X")
        steps, batch = len(X), np.shape(theta)[:-1]
        h = np.zeros((steps + 1, *batch, self.hidden, X.shape[-1]))
        with np.errstate(all="ignore"):
            z = p.W_xh @ steps_under(X, len(batch)) + p.b_h
            for t in range(steps):
                z[t] += p.W_hh @ h[t]
                h[t + 1] = self.f(z[t])
            return Unrolled(h, z, p.W_hy @ h[1:] + p.b_y)

    def spectral_radius(self, theta: ArrayLike) -> Array:
        """`ρ(W_hh) = max|λ|`, (...)."""
        W = self.unpack(theta)["W_hh"]
        if not np.isfinite(W).all():
            raise ValueError(
                "W_hh holds numbers that are not finite: its eigenvalues are not defined; take weights from before it diverged"
            )
        return np.abs(np.linalg.eigvals(W)).max(axis=-1)

    def rescale(self, theta: ArrayLike, spectral_radius: float) -> Array:
        """Theta with W_hh times what gives it the spectral radius asked for; the rest as it was.

        Raises
        ------
        ValueError
            A negative or infinite radius, or a W_hh whose radius is 0, which no factor changes.
        """
        if not 0 <= spectral_radius < np.inf:
            raise ValueError(f"spectral_radius is {spectral_radius}: give a finite number from 0 on")
        radius = self.spectral_radius(theta)
        if not np.all(radius > 0):
            raise ValueError("W_hh has spectral radius 0: no factor gives it another; initialise it with 'orthogonal' or 'identity'")
        scaled = np.array(theta, dtype=float, order="C")
        self.unpack(scaled)["W_hh"][...] *= (spectral_radius / radius)[..., None, None]
        return scaled

    def jacobian_norms(self, theta: ArrayLike, X: ArrayLike, every: int = 1) -> Array:
        """`‖∂h_t/∂h_s‖₂` of the first sample over steps t (rows) and s, (..., T, T): 1 on the diagonal, 0 where s > t.

        `every` keeps each so-many-th step of both alone, (..., ⌈T/every⌉, ⌈T/every⌉): all of a long sequence's pairs take seconds.
        The products are kept as a mantissa and an exponent, so that a norm is inf or 0 only where it is itself too large or too small
        for a float; where a state has become NaN the slope is not known any more, and the norm is inf.
        """
        return np.stack(list(self.jacobian_norm_rows(theta, X, every)), axis=-2)

    def jacobian_norm_rows(self, theta: ArrayLike, X: ArrayLike, every: int = 1) -> Iterator[Array]:
        """The rows of `jacobian_norms` one after the other, (..., ⌈T/every⌉)."""
        X = sequence(X, self.inputs, "X")[:, :, :1]
        if not isinstance(every, int | np.integer) or every < 1:
            raise ValueError(f"every is {str(every)[:40]}: give a whole number of steps from 1 on")
        W = np.asarray(self.unpack(theta)["W_hh"], dtype=float)
        z = self.forward(theta, X).z
        kept = -(-len(X) // every)
        products = np.zeros((kept, *W.shape))
        exponents = np.zeros((kept, *W.shape[:-2], 1, 1), dtype=int)
        for t in range(len(X)):
            begun = -(-t // every)  # the products that started before this step
            with np.errstate(all="ignore"):
                moved = self._step_jacobian(W, z[t]) @ products[:begun]
                shift = np.frexp(np.abs(moved).max(axis=(-1, -2), keepdims=True, initial=0.0))[1]
                products[:begun], exponents[:begun] = np.ldexp(moved, -shift), exponents[:begun] + shift
                if t % every == 0:
                    products[begun] = np.eye(self.hidden)
                    norms = np.ldexp(_spectral_norms(products[: begun + 1]), exponents[: begun + 1, ..., 0, 0])
                    yield np.concatenate([np.moveaxis(norms, 0, -1), np.zeros((*W.shape[:-2], kept - begun - 1))], axis=-1)

    def _step_jacobian(self, W: Array, z: Array) -> Array:
        """`∂h_t/∂h_{t−1} = diag(f′(z_t))·W_hh`, (..., h, h), for z_t (..., h, 1)."""
        slope = self.f.derivative(z)
        if self.activation != "identity":  # whose slope is 1 wherever z is
            slope = np.where(np.isnan(z), np.nan, slope)
        return slope * W


def _spectral_norms(matrices: Array) -> Array:
    """The largest singular values; inf where a matrix holds what is not finite."""
    finite = np.asarray(np.isfinite(matrices).all(axis=(-1, -2)))
    norms: Array = np.linalg.svd(np.where(finite[..., None, None], matrices, 0.0), compute_uv=False)[..., 0]
    return np.where(finite, norms, np.inf)


def sequence(values: ArrayLike, features: int, name: str) -> Array:
    """A sequence (T, features, m) as an array; a ValueError says what it is instead."""
    array = np.asarray(values, dtype=float)
    if array.ndim != 3 or array.shape[1] != features or min(array.shape) < 1:
        raise ValueError(f"{name} has shape {array.shape}: this network needs (steps, {features}, samples), at least one of each")
    return array


def steps_under(values: Array, batch: int) -> Array:
    """(T, a, b) as (T, 1, …, 1, a, b): to stand under that many batch dimensions of theta."""
    return values.reshape(len(values), *[1] * batch, *values.shape[1:])
