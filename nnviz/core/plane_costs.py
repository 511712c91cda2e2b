"""The cost on a grid of a plane, with the first layer taken apart: half of a grid's time. Private to the core.

On the plane `θ = θ₀ + α·u + β·v` the weighted sums of the first layer are a sum, `Z(α, β) = a(α) + b(β)`, because they are linear in θ. So

    tanh(a + b) = 1 − 2p/(p + e)   with p = e^(−2a), e = e^(2b),      σ(a + b) = e/(p + e)   with p = e^(−a), e = e^b,

two cheap calls in place of a product and a tanh; the exponentials are taken once a column and once a row. `1 − 2·` goes into the next
layer's weights, `W·(1 − 2q) + c = −2W·q + (c + Σ W)`, which are linear in θ too and folded once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nnviz.core.kernel import apply, blocks, in_place, play, transposed
from nnviz.core.many_costs import Samples

Array = NDArray[np.floating]

SCALES = {"tanh": 2.0, "sigmoid": 1.0}
LARGEST_EXPONENT = 300.0  # of each factor: neither a product nor a sum of two can overflow
MOST_NUMBERS = 2**22  # of all factors: 32 MB
CHUNK_SECONDS, ROWS = 0.03, 64  # so many rows take some milliseconds


def plane_costs(samples: Samples, origin: Array, u: Array, v: Array, alpha: Array, beta: Array) -> Iterator[tuple[float, Array]] | None:
    """The mean loss at `origin + α·u + β·v`, in chunks: (share done, (rows, columns) with NaN where nothing is known yet).

    None where the first layer cannot be taken apart: no hidden layer, another activation than tanh or sigmoid, weights so large that
    a factor would overflow, or more samples than fit into the cache.

    Parameters
    ----------
    samples : the network, the loss and the data
    origin, u, v : (P,), PyTorch's order
    alpha, beta : (columns,), (rows,)
    """
    network, f = samples.network, samples.network.layer_activations[0]
    numbers = (len(alpha) + len(beta)) * network.sizes[1] * samples.m
    if (
        len(network.sizes) < 3
        or f.name not in SCALES
        or not in_place(f)
        or samples.own
        or len(samples.passes) > 1
        or numbers > MOST_NUMBERS
    ):
        return None
    vectors = [vector[samples.order] for vector in (origin, u, v)]
    start, along_u, along_v = (SCALES[f.name] * first_sums(samples, vector) for vector in vectors)
    with np.errstate(all="ignore"):
        a, b = start + alpha[:, None, None] * along_u, beta[:, None, None] * along_v
    if not max(np.abs(a).max(), np.abs(b).max()) < LARGEST_EXPONENT:
        return None
    if f.name == "tanh":
        vectors = [folded(samples, vector) for vector in vectors]
    theta0, u, v = vectors
    return _walk(samples, np.exp(-a), np.exp(b), theta0 + alpha[:, None] * u, beta[:, None] * v)


def first_sums(samples: Samples, vector: Array) -> Array:
    """Weighted sums of the first layer, (k, m), for parameters in block layout."""
    return blocks(samples.network, vector)[0] @ transposed(samples.X)


def folded(samples: Samples, vector: Array) -> Array:
    """Parameters in block layout whose second layer takes q where it took 1 − 2q."""
    vector = vector.copy()
    block = blocks(samples.network, vector)[1]
    block[:, -1] += block[:, :-1].sum(axis=-1)
    block[:, :-1] *= -2
    return vector


def _walk(samples: Samples, p: Array, e: Array, by_column: Array, by_row: Array) -> Iterator[tuple[float, Array]]:
    """Columns in chunks that stay in cache, and for each of them one row after the other."""
    _, one = samples.passes[0]
    first, f = one.units[0].A, one.f[0]
    rest = one.to_logits[len(apply(f, first, first)) :]
    columns, rows = len(by_column), len(by_row)
    values, began = np.full((rows, columns), np.nan), time.perf_counter()
    for start in range(0, columns, samples.count):
        chunk = slice(start, min(start + samples.count, columns))
        n = chunk.stop - start
        here, q, parameters = p[chunk], first[:n], samples.parameters[:n]
        for top in range(0, rows, ROWS):
            with np.errstate(all="ignore"):
                for row in range(top, min(top + ROWS, rows)):
                    np.add(by_column[chunk], by_row[row], parameters)
                    np.add(here, e[row], q)
                    np.divide(here if f.name == "tanh" else e[row], q, q)
                    play(rest)
                    values[row, chunk] = np.vecdot(samples.losses(one, samples.Y), samples.share)[:n]
            if time.perf_counter() - began > CHUNK_SECONDS:
                yield (start + n * min(1.0, (top + ROWS) / rows)) / columns, values
                began = time.perf_counter()
    yield 1.0, values
