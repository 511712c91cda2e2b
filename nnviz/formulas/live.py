r"""The live numbers beside the catalogue's formulas: those of the experiment at its current point, for one sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from nnviz.core import complexity
from nnviz.core.activations import Activation
from nnviz.core.convolution import geometry
from nnviz.core.curvature import DENSE_DIMENSION, PointKind, classify
from nnviz.core.losses import LOSSES, Loss
from nnviz.core.network import Backward, Forward, Network
from nnviz.core.objectives import NetworkCost
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.formulas import activations, convolution, losses, network
from nnviz.formulas.activations import coloured
from nnviz.formulas.complexity import whole
from nnviz.formulas.eigenvalues import matrix
from nnviz.formulas.numbers import latex

Array = NDArray[np.floating]
Colours = Mapping[str, str]
MOST = 3  # numbers of a vector that are written


@dataclass(frozen=True, eq=False)
class Here:
    """Where the experiment stands; the numbers are those of its first sample."""

    network: Network
    theta: Array
    loss: Loss
    X: Array  # (n, m): the training part
    Y: Array  # (k, m)
    learning_rate: float
    batch_size: int

    @cached_property
    def forward(self) -> Forward:
        """The pass of the first sample."""
        return self.network.forward(self.theta, self.X[:, :1])

    @cached_property
    def backward(self) -> Backward:
        """Its way back."""
        return self.network.backward(self.theta, self.forward, self.Y[:, :1], self.loss)

    @cached_property
    def point(self) -> PointKind | None:
        """The Hessian here; None where it is too large to be had at once, or has overflowed."""
        if self.network.parameter_count > DENSE_DIMENSION or not np.isfinite(self.theta).all():
            return None
        try:
            return classify(NetworkCost(self.network, self.loss, self.X, self.Y), self.theta)
        except ValueError:
            return None

    def z(self, layer: int) -> Array:
        """The weighted sums of a layer, (k,)."""
        found = self.forward.Z[layer]
        assert found is not None
        return found[:, 0]

    def delta(self, layer: int) -> Array:
        """The errors of a layer, (k,)."""
        found = self.backward.delta[layer]
        assert found is not None
        return found[:, 0]

    @property
    def depth(self) -> int:
        """L."""
        return len(self.network.sizes) - 1


def neuron(here: Here, colours: Colours) -> str:
    """The first neuron of the first layer, product by product."""
    return network.neuron_forward(here.network, here.theta, here.forward, 1, 0, colours)


def activated(here: Here, colours: Colours) -> str:
    """The same neuron's z and a."""
    z, a = float(here.z(1)[0]), float(here.forward.A[1][0, 0])
    return rf"{coloured('a', colours['a'])} = f({coloured(latex(z), colours['z'])}) = {coloured(latex(a), colours['a'])}"


def shapes(here: Here, colours: Colours) -> str:
    """The first layer's shapes with all samples."""
    return network.shapes(here.network, 1, here.X.shape[1])


def layer_shapes(here: Here, colours: Colours) -> str:
    """The last layer's shapes with all samples."""
    return network.shapes(here.network, here.depth, here.X.shape[1])


def layers(here: Here, colours: Colours) -> str:
    """The layers' sizes and the number of parameters."""
    return r" \to ".join(map(str, here.network.sizes)) + rf",\qquad {here.network.parameter_count}\text{{ parameters}}"


def at_neuron(f: Activation, here: Here, colours: Colours) -> str:
    """A function and its slope at the first neuron's z."""
    z = float(here.z(1)[0])
    written = coloured(latex(z), colours["z"])
    return rf"f({written}) = {coloured(latex(float(f(z))), colours['a'])},\qquad f'({written}) = {latex(float(f.derivative(z)))}"


def softmax(here: Here, colours: Colours) -> str:
    """The output's probabilities, where it has them."""
    if here.network.layer_activations[-1].name != "softmax":
        return ""
    return activations.softmax(here.z(here.depth), here.forward.output[:, 0], 1.0, colours)


def cost(here: Here, colours: Colours) -> str:
    """The cost on the training part as the mean of its losses."""
    objective = NetworkCost(here.network, here.loss, here.X, here.Y)
    with np.errstate(all="ignore"):
        forward = here.network.forward(here.theta, here.X)
        logits = forward.Z[-1]
        assert logits is not None
        each = here.loss.values_from_logits(logits, here.Y) if fused(here) else here.loss.values(forward.output, here.Y)
    return losses.mean(each, float(objective.value(here.theta)), colours)


def first_loss(name: str, here: Here, colours: Colours) -> str:
    """The loss of the first sample, where it is the experiment's."""
    if here.loss.name != name:
        return ""
    with np.errstate(all="ignore"):
        y = here.Y[:, :1]
        values = here.loss.values_from_logits(here.z(here.depth)[:, None], y) if fused(here) else here.loss.values(here.forward.output, y)
    return rf"{coloured('L_1', colours['cost'])} = {coloured(latex(float(values[0])), colours['cost'])}"


def fused(here: Here) -> bool:
    """Whether output and loss are a pair that is worked out from the logits."""
    pair = here.loss.from_logits
    return pair is not None and pair.activation == here.network.layer_activations[-1].name


def vector(values: Array) -> str:
    """A column of numbers on one line, the first ones of a long one."""
    shown = [latex(value) for value in values[:MOST].tolist()]
    return r"(" + r",\ ".join(shown) + (r",\ \dots" if len(values) > MOST else "") + r")^\top"


def error(layer: int, colours: Colours) -> str:
    """The letter δ of a layer."""
    return coloured(rf"\delta^{{{layer}}}", colours["delta"])


def output_delta(here: Here, colours: Colours) -> str:
    """δ of the last layer."""
    return f"{error(here.depth, colours)} = {vector(here.delta(here.depth))}"


def hidden_delta(here: Here, colours: Colours) -> str:
    """δ of the layer before the last one, where there is one."""
    if here.depth < 2:
        return ""
    return f"{error(here.depth - 1, colours)} = {vector(here.delta(here.depth - 1))}"


def weight_gradient(here: Here, colours: Colours) -> str:
    """The gradient of the first weight of the last layer, for the first sample."""
    delta, a = float(here.delta(here.depth)[0]), float(here.forward.A[-2][0, 0])
    left = rf"\frac{{\partial C}}{{\partial w^{{{here.depth}}}_{{11}}}}"
    product = coloured(latex(delta, brackets=True), colours["delta"]) + r"\cdot" + coloured(latex(a, brackets=True), colours["a"])
    return f"{left} = {product} = {latex(delta * a)}"


def bias_gradient(here: Here, colours: Colours) -> str:
    """The gradient of the last layer's first bias, for the first sample."""
    delta = float(here.delta(here.depth)[0])
    return rf"\frac{{\partial C}}{{\partial b^{{{here.depth}}}_1}} = {coloured(latex(delta), colours['delta'])}"


def update(here: Here, colours: Colours) -> str:
    """The last layer's first weight, one step on."""
    w = float(here.network.unpack(here.theta)[-1].W[0, 0])
    g = float(here.delta(here.depth)[0] * here.forward.A[-2][0, 0])
    rate = coloured(latex(here.learning_rate), colours["eta"])
    old, new = coloured(latex(w), colours["w"]), coloured(latex(w - here.learning_rate * g), colours["w"])
    return rf"{old} - {rate}\cdot{latex(g, brackets=True)} = {new}"


def route(here: Here, colours: Colours) -> str:
    """Where the first sample's data arrives, and how large the errors are that come back to the first layer."""
    forward = here.forward.output[:, 0]
    sizes = float(np.linalg.norm(here.delta(here.depth))), float(np.linalg.norm(here.delta(1)))
    told = rf"\|{error(here.depth, colours)}\| = {latex(sizes[0])} \;\to\; \|{error(1, colours)}\| = {latex(sizes[1])}"
    return aligned(coloured(r"\hat y", colours["yhat"]) + f" &= {vector(forward)}", f"&{told}")


def paths(here: Here, colours: Colours) -> str:
    """How many ways lead from the first weight to the outputs."""
    later = here.network.sizes[2:]
    told = r"\cdot".join(map(str, later)) or "1"
    count = int(np.prod(later, dtype=object)) if later else 1
    return rf"w^1_{{11}}:\quad {told}" + (rf" = {whole(count)}" if len(later) > 1 else "") + r"\text{ paths}"


def difference(here: Here, colours: Colours) -> str:
    """The slope of the cost in the first weight: by a central difference, and by back-propagation."""
    cost, h = NetworkCost(here.network, here.loss, here.X, here.Y), 1e-5
    step = np.zeros_like(here.theta)
    step[0] = h
    up, down = float(cost.value(here.theta + step)), float(cost.value(here.theta - step))
    slope = float(cost.gradient(here.theta)[0])
    return aligned(rf"h &= 10^{{-5}}:\quad {latex((up - down) / (2 * h), 8)}", rf"\text{{back-propagation}} &:\quad {latex(slope, 8)}")


def from_logits(here: Here, colours: Colours) -> str:
    """The first sample's logits and its loss from them, where output and loss are such a pair."""
    if not fused(here):
        return ""
    z = here.z(here.depth)
    loss = float(here.loss.values_from_logits(z[:, None], here.Y[:, :1])[0])
    return (
        rf"{coloured('z', colours['z'])} = {vector(z)},\qquad {coloured('L', colours['cost'])} = {coloured(latex(loss), colours['cost'])}"
    )


def small_example(here: Here, colours: Colours) -> str:
    """The product with the weights that seed 0 draws for two neurons."""
    made = Network((3, 2), "identity")
    layer = made.unpack(made.initialize("glorot_uniform", seed=0))[0]
    x = np.array([[1.0], [2.0], [3.0]])
    return rf"{coloured(matrix(layer.W, 3), colours['w'])}{matrix(x)} = {coloured(matrix(layer.W @ x, 3), colours['z'])}"


def batches(here: Here, colours: Colours) -> str:
    """How many steps an epoch has."""
    m = here.X.shape[1]
    batch = min(here.batch_size, m)
    return aligned(rf"m &= {m},\quad B = {batch}", rf"\lceil {m}/{batch}\rceil &= {-(-m // batch)}\text{{ steps an epoch}}")


def hyperparameters(name: str, here: Here) -> str:
    """What the optimiser is set to: its defaults, at the experiment's learning rate."""
    told = [rf"\alpha = {latex(here.learning_rate)}"]
    optimizer = OPTIMIZERS[name]
    greek = {
        "beta": r"\beta",
        "beta1": r"\beta_1",
        "beta2": r"\beta_2",
        "rho": r"\rho",
        "epsilon": r"\epsilon",
        "weight_decay": r"\lambda",
        "damping": r"\lambda",
    }
    for known in fields(optimizer):
        if known.name in greek and isinstance(known.default, float):
            told.append(rf"{greek[known.name]} = {latex(known.default)}")
    return aligned(*("&" + r",\quad ".join(told[at : at + 2]) for at in range(0, len(told), 2)))


def example_forward(here: Here, colours: Colours) -> str:
    """The worked example's numbers, forward."""
    there = example()
    rows = []
    for layer in (1, 2):
        rows.append(rf"{coloured(f'Z^{layer}', colours['z'])} &= {six(there.z(layer))}")
        rows.append(rf"{coloured(f'A^{layer}', colours['a'])} &= {six(there.forward.A[layer])}")
    loss = float(there.loss.values(there.forward.output, there.Y)[0])
    return aligned(*rows, rf"{coloured('L', colours['cost'])} &= {loss:.6f}")


def example_back(here: Here, colours: Colours) -> str:
    """The worked example's numbers, back."""
    there = example()
    gradient = there.network.unpack(there.backward.gradient)
    return aligned(
        rf"{error(2, colours)} &= {six(there.delta(2))}",
        rf"{error(1, colours)} &= {six(there.delta(1))}",
        rf"\frac{{\partial C}}{{\partial W^2}} &= {six(gradient[1].W)}",
        rf"\frac{{\partial C}}{{\partial b^2}} &= {six(gradient[1].b)}",
        rf"\frac{{\partial C}}{{\partial W^1}} &= {matrix(gradient[0].W, 6)}",
    )


@lru_cache(maxsize=1)
def example() -> Here:
    """The worked example as a place of its own."""
    theta = np.array([0.2, -0.3, 0.4, 0.1, 0.1, -0.1, 0.3, -0.2, 0.05])
    X, Y = np.array([[0.5], [0.8]]), np.array([[1.0]])
    return Here(Network((2, 2, 1), "sigmoid"), theta, LOSSES["half_squared_error"], X, Y, 0.5, 1)


def six(values: Array) -> str:
    """Numbers with six decimals."""
    return r",\ ".join(f"{value:.6f}" for value in np.ravel(values))


def aligned(*rows: str) -> str:
    """Rows under each other."""
    return r"\begin{aligned}" + r" \\[4pt] ".join(rows) + r"\end{aligned}"


def places(here: Here, colours: Colours) -> str:
    """A digit of 8 × 8 pixels under a 3 × 3 kernel."""
    placed = geometry((8, 8), (3, 3), 1, "valid", 1)
    return rf"{convolution.output_size(placed)} = {placed.output[0]}\qquad\text{{(8 × 8 pixels, 3 × 3 kernel)}}"


def flops(here: Here, colours: Colours) -> str:
    """The network's parameters and forward FLOPs for the training part."""
    costs = complexity.count(here.network, here.X.shape[1])
    forward = sum(row.flops_forward for row in costs)
    return rf"{whole(here.network.parameter_count)}\text{{ parameters}},\quad {whole(forward)}\text{{ FLOPs for {here.X.shape[1]} samples}}"


def backward_flops(here: Here, colours: Colours) -> str:
    """The network's backward FLOPs for the training part."""
    costs = complexity.count(here.network, here.X.shape[1])
    return rf"{whole(sum(row.flops_backward for row in costs))}\text{{ FLOPs for {here.X.shape[1]} samples}}"
