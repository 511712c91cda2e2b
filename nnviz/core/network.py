"""A network of dense layers: `Zˡ = Wˡ·Aˡ⁻¹ + bˡ`, `Aˡ = f(Zˡ)`, and the way back. `kernel.py` is its fast twin.

All parameters are one flat vector theta, (..., P): W of layer 1 row by row, its b, W of layer 2, …, the order of
torch.nn.utils.parameters_to_vector. Leading dimensions of theta, X and Y broadcast against each other, so that one network, many runs and a
whole loss landscape are the same code.

Source: Nielsen (2015), Neural Networks and Deep Learning, eq. BP1–BP4; Bishop (2006), section 5.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.activations import Activation
from nnviz.core.architecture import checked_sizes, draw_shape, layer_activations
from nnviz.core.arrays import generator, numbers
from nnviz.core.initializers import Initializer, get_initializer
from nnviz.core.losses import Loss, get_loss

Array = NDArray[np.floating]


class Layer(NamedTuple):
    """The parameters of one layer of k units with n inputs."""

    W: Array  # (..., k, n)
    b: Array  # (..., k, 1)


class ParameterName(NamedTuple):
    """Where a parameter sits: `layer` counts from 1, and a bias is column 0 of its (k, 1) column."""

    layer: int
    kind: str  # "W" or "b"
    row: int
    column: int


@dataclass(frozen=True, eq=False)
class Forward:
    """What a forward pass computed. Index l is the layer, 0 the input."""

    Z: list[Array | None]  # weighted sums, (..., k, m); Z[0] is None
    A: list[Array]  # activations, (..., k, m); A[0] is X

    @property
    def output(self) -> Array:
        """Activations of the last layer, (..., k, m)."""
        return self.A[-1]

    @property
    def logits(self) -> Array:
        """Weighted sums of the last layer, (..., k, m)."""
        return self.z(-1)

    def z(self, layer: int) -> Array:
        """Weighted sums of a layer from 1 on, (..., k, m)."""
        Z = self.Z[layer]
        if Z is None:
            raise ValueError("layer 0 is the input: it has no weighted sum")
        return Z


@dataclass(frozen=True, eq=False)
class Backward:
    """What a backward pass computed. Index l is the layer; the input has no δ."""

    delta: list[Array | None]  # ∂C/∂Z of each layer, (..., k, m), the 1/m of the cost in it; delta[0] is None
    gradient: Array  # ∂C/∂theta, (..., P)

    def d(self, layer: int) -> Array:
        """δ of a layer from 1 on, (..., k, m)."""
        delta = self.delta[layer]
        if delta is None:
            raise ValueError("layer 0 is the input: it has no δ")
        return delta


@dataclass(frozen=True, init=False)
class Network:
    """Layer sizes and activations: all there is to a network but its parameters.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, units of each hidden layer, outputs.
    activations : str, Activation, or one of them for each layer
        Registered names, formulas such as "=z*sigmoid(z)", or objects; a single one stands for every layer.

    Raises
    ------
    ValueError
        A size that is no positive whole number, fewer than two sizes, an unknown activation, or not one for each layer.

    Examples
    --------
    >>> network = Network(sizes=(2, 8, 8, 1), activations=("tanh", "tanh", "sigmoid"))
    >>> network.parameter_count, network.predict(network.initialize(), [[0.5], [0.8]]).shape
    (105, (1, 1))
    """

    sizes: tuple[int, ...]
    activations: tuple[str, ...]  # names, one a layer
    layer_activations: tuple[Activation, ...] = field(repr=False, init=False)

    def __init__(self, sizes: Iterable[int], activations: str | Activation | Sequence[str | Activation] = "tanh") -> None:
        checked = checked_sizes(sizes)
        chosen = layer_activations(activations, len(checked) - 1)
        for name, value in (("sizes", checked), ("activations", tuple(f.name for f in chosen)), ("layer_activations", chosen)):
            object.__setattr__(self, name, value)

    # ------------------------------------------------------------------------------------------------------------ parameters

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """(k, n) of each layer's W."""
        return tuple((k, n) for n, k in pairwise(self.sizes))

    @property
    def parameter_count(self) -> int:
        """P, the length of theta."""
        return sum(k * (n + 1) for k, n in self.shapes)

    def initialize(self, initializer: str | Initializer = "glorot_uniform", seed: int = 0, batch: int | Sequence[int] = ()) -> Array:
        """Parameters to start from, (*batch, P). Run r of a batch does not depend on the batch's size; run 0 is the one without a batch.

        Raises
        ------
        ValueError
            An unknown initialiser, a seed or batch that is no whole number of 0 or more, or more than 2 GB of numbers.
        """
        chosen = get_initializer(initializer)
        theta = chosen.draw(generator(seed), draw_shape(batch, self.parameter_count))
        for layer in self.unpack(theta):
            layer.W[...] = chosen.weights(layer.W)
            layer.b[...] = chosen.biases(layer.b, layer.W.shape[-1])
        return theta

    def unpack(self, theta: ArrayLike) -> list[Layer]:
        """The layers as views of theta (..., P), never copies: who writes to a layer writes to theta."""
        theta = np.asarray(theta)
        if theta.ndim == 0 or theta.shape[-1] != self.parameter_count:
            raise ValueError(
                f"theta is {theta.shape} and the network {self.brief()} has {self.parameter_count} parameters: "
                f"theta needs the shape (..., {self.parameter_count})"
            )
        batch, layers, start = theta.shape[:-1], [], 0
        for k, n in self.shapes:
            W, b = theta[..., start : start + k * n], theta[..., start + k * n : start + k * (n + 1)]
            layers.append(Layer(W.reshape(*batch, k, n), b.reshape(*batch, k, 1)))
            start += k * (n + 1)
        return layers

    def pack(self, layers: Iterable[tuple[ArrayLike, ArrayLike]]) -> Array:
        """Parameters (..., P) from (W, b) of each layer, `W` (..., k, n) and `b` (..., k, 1) or (k,); the inverse of `unpack`."""
        given = [(numbers(W, "W"), numbers(b, "b")) for W, b in layers]
        if len(given) != len(self.shapes):
            raise ValueError(f"{len(given)} layers were given and the network {self.brief()} has {len(self.shapes)}: give (W, b) of each")
        parts = []
        for l, ((W, b), (k, n)) in enumerate(zip(given, self.shapes, strict=True), start=1):
            b = b[:, None] if b.shape == (k,) else b
            if W.shape[-2:] != (k, n) or b.shape[-2:] != (k, 1):
                raise ValueError(f"layer {l} has W {W.shape} and b {b.shape}: it needs W (..., {k}, {n}) and b (..., {k}, 1)")
            parts += [W.reshape(*W.shape[:-2], k * n), b.reshape(*b.shape[:-2], k)]
        batch = np.broadcast_shapes(*(part.shape[:-1] for part in parts))
        return np.concatenate([np.broadcast_to(part, (*batch, part.shape[-1])) for part in parts], axis=-1)

    def parameter_name(self, index: int) -> ParameterName:
        """Layer, kind, row and column of `theta[..., index]`.

        Examples
        --------
        >>> Network((2, 3, 1)).parameter_name(3), Network((2, 3, 1)).parameter_name(8).kind
        (ParameterName(layer=1, kind='W', row=1, column=1), 'b')
        """
        if not 0 <= index < self.parameter_count:
            raise ValueError(f"there is no parameter {index}: the network {self.brief()} has {self.parameter_count}, counted from 0")
        for l, (k, n) in enumerate(self.shapes, start=1):
            if index < k * n:
                return ParameterName(l, "W", *divmod(int(index), n))
            if index < k * (n + 1):
                return ParameterName(l, "b", int(index) - k * n, 0)
            index -= k * (n + 1)
        raise AssertionError("unreachable: the layers hold every parameter")

    def parameter_index(self, layer: int, kind: str, row: int, column: int = 0) -> int:
        """Where in theta a parameter stands; the inverse of `parameter_name`."""
        if not 1 <= layer <= len(self.shapes) or kind not in ("W", "b"):
            raise ValueError(
                f"there is no {kind!r:.20} in layer {layer}: the network {self.brief()} has W and b in layers 1 to {len(self.shapes)}"
            )
        k, n = self.shapes[layer - 1]
        columns = n if kind == "W" else 1
        if not (0 <= row < k and 0 <= column < columns):
            raise ValueError(f"{kind} of layer {layer} is ({k}, {columns}): it has no entry ({row}, {column})")
        start = sum(k * (n + 1) for k, n in self.shapes[: layer - 1])
        return int(start + (row * n + column if kind == "W" else k * n + row))

    # --------------------------------------------------------------------------------------------------------------- the passes

    def forward(self, theta: ArrayLike, X: ArrayLike) -> Forward:
        """`Zˡ = Wˡ·Aˡ⁻¹ + bˡ` and `Aˡ = f(Zˡ)` of every layer.

        Parameters
        ----------
        theta : (..., P)
        X : (..., n, m)
            One sample a column; its leading dimensions broadcast against theta's.

        Raises
        ------
        ValueError
            Shapes that do not fit.
        """
        theta, X = numbers(theta, "theta"), numbers(X, "X")
        layers = self.unpack(theta)
        self.check_input(theta, X)
        Z: list[Array | None] = [None]
        A = [X]
        with np.errstate(all="ignore"):
            for (W, b), f in zip(layers, self.layer_activations, strict=True):
                z = W @ A[-1] + b
                Z.append(z)
                A.append(f(z))
        return Forward(Z, A)

    def backward(self, theta: ArrayLike, forward: Forward, Y: ArrayLike, loss: str | Loss) -> Backward:
        """`δᴸ = ∂C/∂Zᴸ`, `δˡ⁻¹ = (Wˡ)ᵀ·δˡ ⊙ f′(Zˡ⁻¹)`, `∂C/∂Wˡ = δˡ·(Aˡ⁻¹)ᵀ` and `∂C/∂bˡ = Σ δˡ` over the samples, of `C = (1/m)·Σ L`.

        Parameters
        ----------
        theta : (..., P)
        forward : what `forward(theta, X)` gave
        Y : (..., k, m)
        loss : str or Loss

        Raises
        ------
        ValueError
            Shapes that do not fit, or targets outside the loss's domain.
        """
        theta = numbers(theta, "theta")
        delta: list[Array | None] = [None] * len(self.sizes)
        with np.errstate(all="ignore"):
            d = self.output_delta(forward, Y, get_loss(loss))
            gradient = np.empty((*d.shape[:-2], self.parameter_count))
            layers, slopes = self.unpack(theta), self.unpack(gradient)
            for l in range(len(layers), 0, -1):
                delta[l] = d
                np.matmul(d, transposed(forward.A[l - 1]), out=slopes[l - 1].W)
                d.sum(axis=-1, keepdims=True, out=slopes[l - 1].b)
                if l > 1:
                    d = self.layer_activations[l - 2].vjp(forward.z(l - 1), forward.A[l - 1], transposed(layers[l - 1].W) @ d)
        return Backward(delta, gradient)

    def output_delta(self, forward: Forward, Y: ArrayLike, loss: Loss) -> Array:
        """`δᴸ = ∂C/∂Zᴸ`, (..., k, m): from the logits where output and loss belong together, else through f′."""
        m, f = forward.output.shape[-1], self.layer_activations[-1]
        if loss.fuses_with(f):
            return loss.derivative_from_logits(forward.logits, Y) / m
        return f.vjp(forward.logits, forward.output, loss.derivative(forward.output, Y)) / m

    def predict(self, theta: ArrayLike, X: ArrayLike) -> Array:
        """The output, (..., k, m), for samples X (..., n, m)."""
        return self.forward(theta, X).output

    # ---------------------------------------------------------------------------------------------------------------- Jacobians

    def layer_jacobians(self, theta: ArrayLike, X: ArrayLike) -> list[Array]:
        """`∂Aˡ/∂Aˡ⁻¹` of each layer and sample, (..., m, k, n): what the layer makes of a small change of its input."""
        forward = self.forward(theta, X)
        return [samples_first(self.tangent(theta, forward, l, np.eye(n)[:, :, None])) for l, n in enumerate(self.sizes[:-1], start=1)]

    def input_jacobian(self, theta: ArrayLike, X: ArrayLike) -> Array:
        """`∂Aᴸ/∂X` of each sample, (..., m, k, n): the product of the layers' Jacobians."""
        forward = self.forward(theta, X)
        moved: Array = np.eye(self.sizes[0])[:, :, None]
        for l in range(1, len(self.sizes)):
            moved = self.tangent(theta, forward, l, moved)
        return samples_first(moved)

    def tangent(self, theta: ArrayLike, forward: Forward, layer: int, moved: Array) -> Array:
        """How a layer's output moves, (..., d, k, m), as its input moves in d directions, (..., d, n, m)."""
        W = self.unpack(np.asarray(theta, dtype=float))[layer - 1].W[..., None, :, :]
        Z, A = forward.z(layer)[..., None, :, :], forward.A[layer][..., None, :, :]
        with np.errstate(all="ignore"):
            return self.layer_activations[layer - 1].jvp(Z, A, W @ moved)

    # -------------------------------------------------------------------------------------------------------------------- words

    def check_input(self, theta: Array, X: Array) -> None:
        """ValueError unless X is one sample of n features a column, under batch dimensions that fit theta's."""
        n = self.sizes[0]
        if X.ndim < 2 or X.shape[-2] != n:
            k = self.sizes[1]
            raise ValueError(f"W is ({k}, {n}) and X is {X.shape}: X needs {n} rows, one for each input, and a column for each sample")
        try:
            np.broadcast_shapes(theta.shape[:-1], X.shape[:-2])
        except ValueError as error:
            raise ValueError(f"theta is {theta.shape} and X is {X.shape}: their leading batch dimensions need to be equal or 1") from error

    def brief(self) -> str:
        """The sizes as 2-8-8-1, cut where there are many."""
        text = "-".join(map(str, self.sizes))
        return text if len(text) <= 40 else f"{text[:30]}…{text[-8:]}"


def transposed(A: Array) -> Array:
    """The matrices of a stack transposed, a view."""
    return A.swapaxes(-1, -2)


def samples_first(moved: Array) -> Array:
    """Directions, units, samples (..., n, k, m) as a Jacobian a sample, (..., m, k, n)."""
    return moved.swapaxes(-1, -3)


def weight_mask(network: Network) -> Array:
    """1 for each weight and 0 for each bias, (P,)."""
    mask = np.zeros(network.parameter_count)
    for layer in network.unpack(mask):
        layer.W[...] = 1.0
    return mask
