"""Second derivatives of a network's cost `C = (1/m)·Σ L`, exact: a product with the Hessian, the Hessian itself, and Gauss–Newton's.

The product (Pearlmutter's R-operator) differentiates the forward and the backward pass once more, along one direction v; an Ṙ before a name
below is that derivative. The Hessian itself does not take P products. A weight acts on its layer's weighted sum z alone, so per sample
one small Hessian over all z suffices: with Hˡˡ = ∂²L/∂zˡ∂zˡ and the inputs âˡ⁻¹ = [aˡ⁻¹; 1] of each layer,

    ∂²C/∂[W|b]ᵖ∂[W|b]ˡ = (1/m)·Σ  Hᵖˡ ⊗ (âᵖ⁻¹ ⊗ âˡ⁻¹) + δᵖ ⊗ (∂âᵖ⁻¹/∂zˡ) ⊗ âˡ⁻¹      for p ≥ l, the second term for p > l only,

and each block is one matrix product over the samples. Going down a layer multiplies by the same W for all samples:
`Hᵖˡ = Hᵖˡ⁺¹·Wˡ⁺¹·diag(f′(zˡ))`, and `Hˡˡ` gains `diag(f″(zˡ) ⊙ ∂L/∂aˡ)`.

Sources: Pearlmutter (1994), Fast exact multiplication by the Hessian, section 4; Bishop (1992), Exact calculation of the Hessian matrix for
the multi-layer perceptron; Schraudolph (2002), Fast curvature matrix-vector products (Gauss–Newton).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nnviz.core.activations import Activation
from nnviz.core.architecture import MOST_NUMBERS
from nnviz.core.kernel import block_order
from nnviz.core.losses import Loss
from nnviz.core.network import Forward, Network, transposed

Array = NDArray[np.floating]

CACHE_BYTES, CHUNK_BYTES = 3 << 17, 1 << 25  # of the widest array of a chunk: what stays in cache, and what is the most

# The C library hands freed memory back to the system, and every call pays for fresh pages (0.5 of 1.2 ms here), until a block of some size
# was once freed: from then on it keeps up to twice that. Nothing is written into this one, so that it costs no memory.
np.empty(1 << 19)


@dataclass(frozen=True, eq=False)
class Pass:
    """A network seen at theta on its samples: what every second derivative starts from."""

    network: Network
    loss: Loss
    theta: Array  # (..., P)
    X: Array  # (..., n, m)
    Y: Array  # (..., k, m)
    forward: Forward = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "forward", self.network.forward(self.theta, self.X))

    @property
    def fused(self) -> bool:
        """Whether the loss is told from the logits."""
        return self.loss.fuses_with(self.network.layer_activations[-1])

    def output_slope(self) -> tuple[Array, Array]:
        """`∂C/∂aᴸ` and the diagonal of `∂²C/∂aᴸ∂aᴸ`, (..., k, m), the 1/m in them."""
        m, output = self.X.shape[-1], self.forward.output
        return self.loss.derivative(output, self.Y) / m, self.loss.second_derivative(output, self.Y) / m


def hessian_vector_product(network: Network, loss: Loss, theta: Array, X: Array, Y: Array, v: Array) -> Array:
    """`∇²C·v`, (..., P), by the R-operator: exact, in the time of about two gradients. Leading dimensions of theta and v broadcast.

    Parameters
    ----------
    theta, v : (..., P)
    X, Y : (..., n, m), (..., k, m)
    """
    seen = Pass(network, loss, theta, X, Y)
    with np.errstate(all="ignore"):
        moved = moved_forward(seen, v)
        return moved_backward(seen, v, moved)


def moved_forward(seen: Pass, v: Array) -> tuple[list[Array], list[Array]]:
    """`ṘZˡ = Wˡ·ṘAˡ⁻¹ + Ẇˡ·Aˡ⁻¹ + ḃˡ` and `ṘAˡ = f′·ṘZˡ` for l = 1…L, where (Ẇ, ḃ) is v; index 0 is the input, which does not move."""
    still: Array = np.zeros(1)
    Z_dot, A_dot = [still], [still]
    layers = zip(seen.network.unpack(seen.theta), seen.network.unpack(v), seen.network.layer_activations, strict=True)
    for l, ((W, _), (W_dot, b_dot), f) in enumerate(layers, start=1):
        z_dot = W_dot @ seen.forward.A[l - 1] + b_dot
        if l > 1:
            z_dot += W @ A_dot[-1]
        Z_dot.append(z_dot)
        A_dot.append(f.jvp(seen.forward.z(l), seen.forward.A[l], z_dot))
    return Z_dot, A_dot


def moved_backward(seen: Pass, v: Array, moved: tuple[list[Array], list[Array]]) -> Array:
    """`Ṙ` of the backward pass: `Ṙ∂C/∂Wˡ = Ṙδˡ·(Aˡ⁻¹)ᵀ + δˡ·(ṘAˡ⁻¹)ᵀ`, as one vector (..., P)."""
    (Z_dot, A_dot), forward, functions = moved, seen.forward, seen.network.layer_activations
    layers, directions = seen.network.unpack(seen.theta), seen.network.unpack(v)
    d, d_dot = output_deltas(seen, Z_dot[-1], A_dot[-1])
    product = np.empty((*np.broadcast_shapes(d.shape, d_dot.shape)[:-2], seen.network.parameter_count))
    results = seen.network.unpack(product)
    for l in range(len(layers), 0, -1):
        results[l - 1].W[...] = d_dot @ transposed(forward.A[l - 1])
        results[l - 1].b[...] = d_dot.sum(axis=-1, keepdims=True)
        if l > 1:
            results[l - 1].W[...] += d @ transposed(A_dot[l - 1])
            g, g_dot = transposed(layers[l - 1].W) @ d, transposed(directions[l - 1].W) @ d + transposed(layers[l - 1].W) @ d_dot
            f, z, a = functions[l - 2], forward.z(l - 1), forward.A[l - 1]
            d, d_dot = f.vjp(z, a, g), f.vjp_tangent(z, a, Z_dot[l - 1], g, g_dot)
    return product


def output_delta(seen: Pass) -> Array:
    """`δᴸ`, (..., k, m)."""
    return seen.network.output_delta(seen.forward, seen.Y, seen.loss)


def output_deltas(seen: Pass, z_dot: Array, a_dot: Array) -> tuple[Array, Array]:
    """`δᴸ` and `Ṙδᴸ`. Where the loss is told from the logits, δ = (a − y)/m and so Ṙδ = Ṙa/m."""
    if seen.fused:
        return output_delta(seen), a_dot / seen.X.shape[-1]
    f, z, a = seen.network.layer_activations[-1], seen.forward.logits, seen.forward.output
    g, curvature = seen.output_slope()
    return f.vjp(z, a, g), f.vjp_tangent(z, a, z_dot, g, curvature * a_dot)


def gauss_newton_product(network: Network, loss: Loss, theta: Array, X: Array, Y: Array, v: Array) -> Array:
    """`Jᵀ·(∂²C/∂zᴸ∂zᴸ)·J·v`, (..., P), with `J = ∂zᴸ/∂θ`: the Hessian without the network's own curvature (Schraudolph, section 3.1).

    Where the loss is not told from the logits, the output activation counts as part of the network: `J = ∂aᴸ/∂θ`.
    """
    seen = Pass(network, loss, theta, X, Y)
    forward, layers = seen.forward, network.unpack(theta)
    with np.errstate(all="ignore"):
        a_dot = moved_forward(seen, v)[1][-1]
        f, z, a = network.layer_activations[-1], forward.logits, forward.output
        u = a_dot / X.shape[-1] if seen.fused else f.vjp(z, a, seen.output_slope()[1] * a_dot)
        product = np.empty((*u.shape[:-2], network.parameter_count))
        results = network.unpack(product)
        for l in range(len(layers), 0, -1):
            results[l - 1].W[...] = u @ transposed(forward.A[l - 1])
            results[l - 1].b[...] = u.sum(axis=-1, keepdims=True)
            if l > 1:
                u = network.layer_activations[l - 2].vjp(forward.z(l - 1), forward.A[l - 1], transposed(layers[l - 1].W) @ u)
    return product


# ----------------------------------------------------------------------------------------------------------- the whole matrices


def hessian(network: Network, loss: Loss, theta: Array, X: Array, Y: Array) -> Array:
    """`∇²C`, (..., P, P). The module's first lines tell how.

    Parameters
    ----------
    theta : (..., P)
    X, Y : (..., n, m), (..., k, m)
    """
    if all(f.elementwise for f in network.layer_activations[:-1]):
        return over_samples(hessian_blocks, network, loss, theta, X, Y)
    return by_products(hessian_vector_product, network, loss, theta, X, Y)


def gauss_newton(network: Network, loss: Loss, theta: Array, X: Array, Y: Array) -> Array:
    """The Gauss–Newton matrix of `gauss_newton_product`, (..., P, P): never a negative eigenvalue where L is convex in the output."""
    if all(f.elementwise for f in network.layer_activations[:-1]):
        return over_samples(gauss_newton_blocks, network, loss, theta, X, Y)
    return by_products(gauss_newton_product, network, loss, theta, X, Y)


def by_products(product: Callable[..., Array], network: Network, loss: Loss, theta: Array, X: Array, Y: Array) -> Array:
    """A (..., P, P) matrix from its products with all unit vectors, as many at once as fit: for hidden layers that are not elementwise."""
    P, m = network.parameter_count, X.shape[-1]
    check_size(network, run_count(theta, X, Y))
    at_once = max(1, CHUNK_BYTES // (8 * run_count(theta, X, Y) * (P + 4 * m * max(network.sizes))))
    X, Y = X[..., None, :, :], Y[..., None, :, :]
    units = (np.eye(P)[start : start + at_once] for start in range(0, P, at_once))
    H = np.concatenate([product(network, loss, theta[..., None, :], X, Y, unit) for unit in units], axis=-2)
    return (H + transposed(H)) / 2


def over_samples(matrix: Callable[[Pass], Array], network: Network, loss: Loss, theta: Array, X: Array, Y: Array) -> Array:
    """A (..., P, P) matrix that is a mean over samples, chunk by chunk, brought from the order of the blocks into theta's."""
    m, order = X.shape[-1], np.argsort(block_order(network))
    check_size(network, run_count(theta, X, Y))
    chunks = chunk_count(network, run_count(theta, X, Y), m)
    edges = [round(m * chunk / chunks) for chunk in range(chunks + 1)]
    with np.errstate(all="ignore"):
        parts = (Pass(network, loss, theta, X[..., start:stop], Y[..., start:stop]) for start, stop in pairwise(edges))
        total = sum(matrix(part) * (part.X.shape[-1] / m) for part in parts)
    return np.asarray(total)[..., order[:, None], order]


def chunk_count(network: Network, runs: int, m: int) -> int:
    """Into how many chunks m samples are cut: small ones stay in cache, but each costs one addition of the whole matrix."""
    row = 8 * runs * max(max(n + 1, k) for k, n in network.shapes) ** 2
    return -(-m // max(CACHE_BYTES // row, min(256, CHUNK_BYTES // row), 1))


def check_size(network: Network, runs: int) -> None:
    """ValueError where a (P, P) matrix for each of the runs is more than can be held."""
    P = network.parameter_count
    if runs * P * P > MOST_NUMBERS:
        raise ValueError(f"{runs} matrices of ({P}, {P}) are more than the {MOST_NUMBERS} numbers held at once: use products with vectors")


def run_count(theta: Array, X: Array, Y: Array) -> int:
    """How many networks the leading dimensions make."""
    return int(np.prod(np.broadcast_shapes(theta.shape[:-1], X.shape[:-2], Y.shape[:-2])))


@lru_cache(maxsize=64)
def symmetric_pairs(n: int) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], NDArray[np.intp]]:
    """The pairs i ≥ j of n numbers, and where each pair (i, j) stands among them, (n, n)."""
    lower = np.tril_indices(n)
    place = np.empty((n, n), dtype=np.intp)
    place[lower] = place.T[lower] = np.arange(len(lower[0]))
    return lower, place


class Blocks:
    """A symmetric matrix over the blocks [W|b] of all layers, filled block by block for p ≥ l, then mirrored."""

    def __init__(self, network: Network, runs: tuple[int, ...]) -> None:
        self.runs, self.shapes = runs, [(k, n + 1) for k, n in network.shapes]
        ends = np.cumsum([k * n for k, n in self.shapes])
        self.spans = [slice(end - k * n, end) for end, (k, n) in zip(ends, self.shapes, strict=True)]
        self.matrix = np.empty((*runs, ends[-1], ends[-1]))

    def block(self, p: int, l: int) -> Array:
        """The block of layers p and l, a view (..., k_p, n_p+1, k_l, n_l+1)."""
        part = self.matrix[..., self.spans[p - 1], self.spans[l - 1]]
        return part.reshape(*self.runs, *self.shapes[p - 1], *self.shapes[l - 1])

    def place(self, p: int, l: int, H: Array, inputs: Array) -> None:
        """`Σ H ⊗ (âᵖ⁻¹ ⊗ âˡ⁻¹)` over the samples, from H (..., k_p, k_l, m) and the pairs of inputs (..., n_p+1, n_l+1, m)."""
        (k, n), (j, i) = self.shapes[p - 1], self.shapes[l - 1]
        summed = paired(H) @ transposed(paired(inputs))
        self.block(p, l)[...] = summed.reshape(*summed.shape[:-2], k, j, n, i).swapaxes(-2, -3)

    def place_own(self, l: int, H: Array, inputs: Array) -> None:
        """`place` for a layer with itself: H and `â ⊗ â` are symmetric, so that half of either is enough."""
        k, n = self.shapes[l - 1]
        (a, b), units = symmetric_pairs(k)
        (c, d), columns = symmetric_pairs(n)
        half = H[..., a, b, :] @ transposed(inputs[..., c, :] * inputs[..., d, :])
        self.block(l, l)[...] = half[..., units[:, None, :, None], columns[None, :, None, :]]

    def add_neighbours(self, p: int, through: Array, slope: Array) -> None:
        """`Σ δᵖ ⊗ diag(f′) ⊗ âˡ⁻¹` for l = p − 1, where unit c of layer l is input c of layer p; `through` is the pairs of δ and â."""
        (k, n), (j, i) = self.shapes[p - 1], self.shapes[p - 2]
        summed = slope @ transposed(paired(through))
        unit = np.arange(n - 1)
        self.block(p, p - 1)[..., :, unit, unit, :] += summed.reshape(*summed.shape[:-2], j, k, i).swapaxes(-2, -3)

    def add_through(self, p: int, l: int, through: Array, G: Array) -> None:
        """`Σ δᵖ ⊗ G ⊗ âˡ⁻¹` for l < p − 1, from `G = ∂aᵖ⁻¹/∂zˡ` (..., n_p, k_l, m)."""
        (k, n), (j, i) = self.shapes[p - 1], self.shapes[l - 1]
        summed = (paired(G) @ transposed(paired(through))).reshape(*self.runs, n - 1, j, k, i)
        self.block(p, l)[..., :, :-1, :, :] += np.moveaxis(summed, -2, -4)

    def mirrored(self) -> Array:
        """The whole matrix, the other half filled in."""
        for p, below in enumerate(self.spans):
            for above in self.spans[:p]:
                self.matrix[..., above, below] = transposed(self.matrix[..., below, above])
        return self.matrix


def with_one(A: Array) -> Array:
    """`â = [a; 1]`, (..., n+1, m)."""
    return np.concatenate([A, np.ones((*A.shape[:-2], 1, A.shape[-1]))], axis=-2)


def pairs(left: Array, right: Array) -> Array:
    """The products of all pairs of rows, (..., p, q, m) from (..., p, m) and (..., q, m)."""
    return left[..., :, None, :] * right[..., None, :, :]


def paired(B: Array) -> Array:
    """(..., p, q, m) as (..., p·q, m)."""
    return B.reshape(*B.shape[:-3], -1, B.shape[-1])


def push(B: Array, W: Array, slope: Array) -> Array:
    """`B·W·diag(f′)` of each sample: rows (..., r, k, m) over a layer's units become rows over the n units below, (..., r, n, m)."""
    return (transposed(W)[..., None, :, :] @ B) * slope[..., None, :, :]


def pull(N: Array, W: Array, slope: Array) -> Array:
    """`diag(f′)·Wᵀ·N` of each sample, (..., n, n, m) from N (..., k, n, m)."""
    k, n, m = N.shape[-3:]
    product = transposed(W) @ N.reshape(*N.shape[:-3], k, n * m)
    return product.reshape(*product.shape[:-2], n, n, m) * slope[..., :, None, :]


def output_hessian(seen: Pass) -> Array:
    """`∂²C/∂zᴸ∂zᴸ` of each sample, (..., k, k, m): how δᴸ moves as each logit does."""
    z, a, unit, f = output_units(seen)
    if seen.fused:
        return f.jvp(z, a, unit) / seen.X.shape[-1]
    g, curvature = (part[..., None, :, :] for part in seen.output_slope())
    return f.vjp_tangent(z, a, unit, g, curvature * f.jvp(z, a, unit))


def output_gauss_newton(seen: Pass) -> Array:
    """`Jᵀ·(∂²C/∂aᴸ∂aᴸ)·J` with `J = ∂aᴸ/∂zᴸ`, (..., k, k, m); where the loss is told from the logits, `∂²C/∂zᴸ∂zᴸ`."""
    z, a, unit, f = output_units(seen)
    if seen.fused:
        return f.jvp(z, a, unit) / seen.X.shape[-1]
    return f.vjp(z, a, seen.output_slope()[1][..., None, :, :] * f.jvp(z, a, unit))


def output_units(seen: Pass) -> tuple[Array, Array, Array, Activation]:
    """Sums and activations of the last layer with an axis for the logit that moves, that logit's direction, and the activation."""
    z, a = seen.forward.logits[..., None, :, :], seen.forward.output[..., None, :, :]
    return z, a, np.eye(z.shape[-2])[:, :, None], seen.network.layer_activations[-1]


def hessian_blocks(seen: Pass) -> Array:
    """`∇²C` over the blocks [W|b], (..., P, P)."""
    network, forward = seen.network, seen.forward
    layers, inputs = network.unpack(seen.theta), [with_one(A) for A in forward.A[:-1]]
    M = output_hessian(seen)  # Hˡˡ
    H: dict[int, Array] = {}  # p → Hᵖˡ, p > l
    G: dict[int, Array] = {}  # p → ∂aᵖ⁻¹/∂zˡ, p > l + 1
    delta = {len(layers): output_delta(seen)}
    result = Blocks(network, np.broadcast_shapes(M.shape[:-3], delta[len(layers)].shape[:-2]))
    slope: Array = np.empty(0)
    for l in range(len(layers), 0, -1):
        result.place_own(l, M, inputs[l - 1])
        for p, Hp in H.items():
            result.place(p, l, Hp, pairs(inputs[p - 1], inputs[l - 1]))
            through = pairs(delta[p], inputs[l - 1])
            if p == l + 1:
                result.add_neighbours(p, through, slope)
            else:
                result.add_through(p, l, through, G[p])
        if l > 1:
            W, f, z, above = layers[l - 1].W, network.layer_activations[l - 2], forward.z(l - 1), slope
            slope, g = f.derivative(z), transposed(W) @ delta[l]
            G = {p: push(Gp, W, slope) for p, Gp in G.items()}
            if l < len(layers):
                G[l + 1] = above[..., :, None, :] * W[..., None] * slope[..., None, :, :]
            H = {p: push(Hp, W, slope) for p, Hp in {**H, l: M}.items()}
            M = pull(H[l], W, slope)
            unit = np.arange(M.shape[-2])
            M[..., unit, unit, :] += f.second_derivative(z) * g
            delta[l - 1] = slope * g
    return result.mirrored()


def gauss_newton_blocks(seen: Pass) -> Array:
    """The Gauss–Newton matrix over the blocks [W|b], (..., P, P): the Hessian's first term, with no curvature but the output's."""
    network, forward = seen.network, seen.forward
    layers, inputs = network.unpack(seen.theta), [with_one(A) for A in forward.A[:-1]]
    M = output_gauss_newton(seen)
    H: dict[int, Array] = {}
    result = Blocks(network, M.shape[:-3])
    for l in range(len(layers), 0, -1):
        result.place_own(l, M, inputs[l - 1])
        for p, Hp in H.items():
            result.place(p, l, Hp, pairs(inputs[p - 1], inputs[l - 1]))
        if l > 1:
            W, slope = layers[l - 1].W, network.layer_activations[l - 2].derivative(forward.z(l - 1))
            H = {p: push(Hp, W, slope) for p, Hp in {**H, l: M}.items()}
            M = pull(H[l], W, slope)
    return result.mirrored()
