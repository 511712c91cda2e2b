r"""Live numbers of what the experiment's network is not: a digit under a kernel, and a small recurrent network on a sine.

Both are what the pages Convolution and Recurrent networks start with.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from nnviz.core import complexity, filters
from nnviz.core.convolution import convolution_matrix, convolve2d, gradients
from nnviz.core.datasets import DATASETS
from nnviz.core.far_gradient import radius_sweep, step_factor
from nnviz.core.losses import LOSSES
from nnviz.core.recurrent import RecurrentCost, RecurrentNetwork
from nnviz.core.sequences import make_task
from nnviz.core.walk import Walk, walk
from nnviz.formulas import complexity as counts
from nnviz.formulas import convolution, recurrent
from nnviz.formulas.letters import Colours, in_colours, lines
from nnviz.formulas.live import Here
from nnviz.formulas.numbers import latex

DIGIT, KERNEL = 3, "sobel_x"
STEPS, SAMPLES, HIDDEN = 40, 8, 8


@lru_cache(maxsize=1)
def slid() -> tuple[Walk, Any]:
    """The kernel on its walk over the digit, and the matrix that does the same."""
    x, kernel = _digit(), filters.kernel(KERNEL, 3)
    return walk(x, kernel), convolution_matrix(kernel, x.shape)


def strongest(walked: Walk) -> int:
    """The place with the largest sum."""
    return int(np.abs(walked.totals).argmax())


def both_ways(here: Here, colours: Colours) -> str:
    """One pixel of the digit, the kernel as it is and turned."""
    walked, _ = slid()
    at = np.unravel_index(strongest(walked), walked.geometry.output)
    x, kernel = _digit(), walked.kernel[0]
    plain, turned = (float(convolve2d(x, kernel, flip=flip)[at]) for flip in (False, True))
    where = f"_{{{at[0] + 1},{at[1] + 1}}}"
    return in_colours(lines(rf"(@x\star @w){where} &= {latex(plain)}", rf"(@x * @w){where} &= {latex(turned)}"), colours)


@lru_cache(maxsize=1)
def _digit() -> np.ndarray:
    return DATASETS["digits"](test_fraction=0.3, seed=0).X[:, DIGIT].reshape(8, 8) / 16


def one_place(here: Here, colours: Colours) -> str:
    """The strongest place of the digit."""
    walked, _ = slid()
    return convolution.row_times_column(walked, strongest(walked), colours)


def columns(here: Here, colours: Colours) -> str:
    """The shapes of im2col's product."""
    entries, count = slid()[0].columns.shape
    return rf"(1\times {entries})\cdot({entries}\times {count}) = (1\times {count})"


def as_matrix(here: Here, colours: Colours) -> str:
    """The size of T, how much of it is 0, and how far it is from the direct sum."""
    walked, T = slid()
    rows, pixels = T.shape
    off = float(np.abs(T @ _digit().ravel() - walked.totals).max())
    return lines(
        rf"T &\in \mathbb{{R}}^{{{rows}\times {pixels}}},\quad {T.nnz}\text{{ of }}{rows * pixels}\text{{ entries not }}0",
        rf"&\|T\cdot\mathrm{{vec}}(x) - \mathrm{{vec}}(y)\|_\infty = {latex(off, 2)}",
    )


def adjoint(here: Here, colours: Colours) -> str:
    """Both sides of `⟨T·x, δ⟩ = ⟨x, Tᵀ·δ⟩`, with δ = y."""
    walked, T = slid()
    x = _digit()
    delta = walked.totals.reshape(walked.geometry.output)
    back = gradients(x, walked.kernel[0], delta).x
    return convolution.agreement(float((T @ x.ravel()) @ delta.ravel()), float((x * back).sum()), colours)


def field(here: Here, colours: Colours) -> str:
    """Two 3 × 3 layers."""
    return convolution.receptive([slid()[0].geometry] * 2)


@lru_cache(maxsize=2)
def network(activation: str = "tanh") -> tuple[RecurrentCost, np.ndarray]:
    """The network with which the page starts, on its sine; orthogonal weights."""
    task, made = make_task("sine", STEPS, SAMPLES), RecurrentNetwork(1, HIDDEN, 1, activation)
    theta = made.rescale(made.initialize("orthogonal", seed=0), 1.0)
    return RecurrentCost(made, LOSSES["half_squared_error"], task.X, task.Y), theta


def last_state(here: Here, colours: Colours) -> str:
    """The last step of its first unit."""
    cost, theta = network()
    back = cost.backward(theta)
    return recurrent.step_forward(cost.network.unpack(theta), back, STEPS - 1, 0, "tanh", colours)


def shares(here: Here, colours: Colours) -> str:
    """What each step adds to the first entry of the gradient in W_hh."""
    cost, theta = network()
    back = cost.backward(theta)
    each, total = back.contributions["W_hh"][:, 0, 0], float(cost.network.unpack(back.gradient).W_hh[0, 0])
    return recurrent.summed(each, total, r"\text{row }1\text{, column }1", colours)


def product(here: Here, colours: Colours) -> str:
    """What one step does to a change, with tanh."""
    cost, theta = network()
    return recurrent.product(step_factor(cost.network, theta, cost.X), colours)


def linear(here: Here, colours: Colours) -> str:
    """What is left of a change after 60 steps of a linear network with orthogonal weights, below 1, at 1 and above."""
    return _left("identity", (0.9, 1.0, 1.1), "orthogonal")


def bounded(here: Here, colours: Colours) -> str:
    """The same with tanh and normal weights."""
    return _left("tanh", (1.1, 1.5, 3.0), "normal")


@lru_cache(maxsize=2)
def _left(activation: str, radii: tuple[float, ...], initializer: str) -> str:
    """The median of `‖∂h₆₀/∂h₀‖` over 101 draws, with noise as input, for each spectral radius."""
    found = np.median(radius_sweep(RecurrentNetwork(1, HIDDEN, 1, activation), radii, 60, initializer, draws=101), axis=1)
    told = [rf"\rho = {radius}:\quad & {latex(value, 2)}" for radius, value in zip(radii, found.tolist(), strict=True)]
    return lines(r"& \|\partial h_{60}/\partial h_0\|\text{, median of 101}", *told)


def convolution_counts(here: Here, colours: Colours) -> str:
    """A layer of 16 filters of 3 × 3 over a picture of 32 × 32 with 3 channels."""
    return counts.convolution(complexity.ConvolutionLayer(3, 16, (32, 32), 3, 1), 1)


def memory(here: Here, colours: Colours) -> str:
    """The bytes that the recurrent network keeps."""
    total = int(complexity.bptt_bytes(network()[0].network, [STEPS], SAMPLES)[0])
    return counts.memory_through_time(HIDDEN, SAMPLES, STEPS, total)
