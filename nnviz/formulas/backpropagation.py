r"""Backpropagation written out: the chain of one weight, the product along a path, the sum of all paths, a layer's step, its prediction.

As in `network`, each is written in symbols and with the live numbers from the same quantities; long products, sums and matrices are
shortened in the middle.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nnviz.core.backpropagation import BIAS, Path
from nnviz.core.gradient_check import GradientCheck, StepStudy
from nnviz.core.losses import Loss
from nnviz.core.network import Backward, Forward, Network
from nnviz.formulas.activations import coloured
from nnviz.formulas.network import neuron_backward, slope
from nnviz.formulas.numbers import latex
from nnviz.formulas.quantities import (
    Colours,
    Quantity,
    activation,
    aligned,
    bias,
    error_signal,
    function_name,
    in_numbers,
    in_symbols,
    index,
    product_in_numbers,
    weight,
    weighted_sum,
)

Array = NDArray[np.floating]

MOST_FACTORS = 3  # edges of a path that are written before its middle is left out
MOST_CELLS = 3  # rows and columns of a matrix


def parameter(network: Network, theta: Array, layer: int, unit: int, column: int) -> Quantity:
    """The weight, or with column −1 the bias, of a neuron."""
    return bias(network, theta, layer, unit) if column == BIAS else weight(network, theta, layer, unit, column)


def held(network: Network, forward: Forward, layer: int, column: int) -> Quantity:
    """What a weight is multiplied by, `∂z/∂w`; of a bias 1."""
    return Quantity("1", "b", 1.0) if column == BIAS else activation(network, forward, layer - 1, column)


def partial(above: str, below: str) -> str:
    r"""`\frac{\partial …}{\partial …}`."""
    return rf"\frac{{\partial {above}}}{{\partial {below}}}"


def chain(
    network: Network, theta: Array, forward: Forward, backward: Backward, layer: int, unit: int, column: int, colours: Colours
) -> str:
    """`∂C/∂w = ∂C/∂z · ∂z/∂w = δ·a` of one parameter and one sample, with the numbers."""
    w, z = parameter(network, theta, layer, unit, column), weighted_sum(forward, layer, unit)
    delta, a = error_signal(backward, layer, unit), held(network, forward, layer, column)
    cost = coloured("C", colours["cost"])
    gradient = network.unpack(backward.gradient)[layer - 1]
    value = Quantity("", w.colour, float(gradient.b[unit, 0] if column == BIAS else gradient.W[unit, column]))
    parts = rf"{partial(cost, z.symbol(colours))} \cdot {partial(z.symbol(colours), w.symbol(colours))}"
    return aligned(
        [
            f"{partial(cost, w.symbol(colours))} &= {parts}",
            rf"&= {delta.symbol(colours)} \cdot {a.symbol(colours)}",
            f"&= {in_numbers([(delta, a)], colours)}",
            f"&= {value.number(colours)}",
        ]
    )


def error_signal_of(
    network: Network, theta: Array, forward: Forward, backward: Backward, loss: Loss, target: Array, layer: int, unit: int, colours: Colours
) -> str:
    """How δ of a neuron comes about: at the output from the loss, else from all δ of the next layer and its own slope."""
    f = network.layer_activations[layer - 1]
    if layer == len(network.sizes) - 1 or not f.elementwise:
        return neuron_backward(network, theta, forward, backward, loss, target, layer, unit, colours, columns=())
    terms = [(weight(network, theta, layer + 1, k, unit), error_signal(backward, layer + 1, k)) for k in range(network.sizes[layer + 1])]
    delta, z = error_signal(backward, layer, unit), weighted_sum(forward, layer, unit)
    shown = terms if len(terms) <= MOST_CELLS else [terms[0], terms[1], None, terms[-1]]
    products = [r"\cdots" if t is None else product_in_numbers(t, colours, follows=i > 0) for i, t in enumerate(shown)]
    number = latex(slope(network, forward, layer, unit))
    return aligned(
        [
            rf"{delta.symbol(colours)} &= {function_name(f.name)}'({z.symbol(colours)})\,({in_symbols(terms, colours)})",
            rf"&= {coloured(number, colours['z'])} \cdot \bigl({products[0]}" + (r"\bigr)" if len(products) == 1 else ""),
            *(rf"&\qquad + {product}" + (r"\bigr)" if product is products[-1] else "") for product in products[1:]),
            f"&= {delta.number(colours)}",
        ]
    )


def path_terms(network: Network, theta: Array, forward: Forward, path: Path, layer: int, column: int) -> list[Quantity]:
    """The factors of one path: the weight's input, `w` and `f′(z)` of each edge (under a softmax its entry of `∂z/∂z`), δ of the output."""
    terms = [held(network, forward, layer, column)]
    for step, (source, target, factor) in enumerate(zip(path.units, path.units[1:], path.factors, strict=False)):
        k = layer + step
        f = network.layer_activations[k - 1]
        if f.elementwise:
            name = f"{function_name(f.name)}'(z^{{{k}}}_{index(source)})"
            terms += [Quantity(name, "z", slope(network, forward, k, source)), weight(network, theta, k + 1, target, source)]
        else:
            through = partial(f"z^{{{k + 1}}}_{index(target)}", f"z^{{{k}}}_{index(source)}")
            terms.append(Quantity(through, "z", factor))
    return [*terms, Quantity(rf"\delta^{{{len(network.sizes) - 1}}}_{index(path.units[-1])}", "delta", path.end)]


def path_product(network: Network, theta: Array, forward: Forward, path: Path, layer: int, column: int, colours: Colours) -> str:
    """The product along one path, in symbols and numbers; its middle is left out where it is long."""
    terms = path_terms(network, theta, forward, path, layer, column)
    long = len(terms) > 2 * MOST_FACTORS + 2
    head, tail = (terms[:3], terms[-3:]) if long else (terms, [])
    dots = r"\,\cdots\," if long else ""
    symbols = in_symbols([head], colours) + dots + (in_symbols([tail], colours) if tail else "")
    # Numbers take more room than letters: the second half has a line of its own.
    first, second = (head, tail) if tail else (head[:3], head[3:])
    lines = [f"&= {product_in_numbers(first, colours, follows=False)}" + (r"\,\cdots" if tail else "")]
    if second:
        lines.append(rf"&\qquad \cdot {product_in_numbers(second, colours, follows=True)}")
    value = Quantity("", "w", terms[0].value * path.value)
    return aligned([rf"&{symbols}", *lines, f"&= {value.number(colours)}"])


def path_sum(values: Sequence[float], total: float, count: int, colours: Colours) -> str:
    """The gradient as the sum over its paths: the strongest ones, what the others add together, and the whole."""
    w = colours["w"]
    shown = [coloured(latex(value, brackets=place > 0), w) for place, value in enumerate(values)]
    rest = total - float(np.sum(values))
    others = count - len(values)
    if others > 0:
        shown.append(rf"\underbrace{{{coloured(latex(rest, brackets=True), w)}}}_{{{_count(others)}}}")
    lines = [f"{partial(coloured('C', colours['cost']), coloured('w', w))} &= " + " + ".join(shown[:2])]
    lines += [rf"&\quad + {part}" for part in shown[2:]]
    return aligned([*lines, f"&= {coloured(latex(total), w)}"])


def _count(others: int) -> str:
    if others >= 1_000_000:
        return r"\text{millions of others}"
    return rf"\text{{{others:,} other{'s' if others > 1 else ''}}}"


# -------------------------------------------------------------------------------------------------------------------- one step


def matrix(M: Array, colour: str) -> str:
    r"""A matrix with its numbers, rows and columns past three left out in the middle.

    Examples
    --------
    >>> matrix(np.array([[1.0, -2.0]]), "#000")
    '\\begin{bmatrix}\\textcolor{#000}{1} & \\textcolor{#000}{-2}\\end{bmatrix}'
    """
    rows, columns = _kept(M.shape[0]), _kept(M.shape[1])
    lines = []
    for i in rows:
        if i is None:
            lines.append(" & ".join([r"\vdots" if j is not None else r"\ddots" for j in columns]))
        else:
            lines.append(" & ".join([r"\cdots" if j is None else coloured(latex(float(M[i, j]), 3), colour) for j in columns]))
    return r"\begin{bmatrix}" + r"\\".join(lines) + r"\end{bmatrix}"


def _kept(count: int) -> list[int | None]:
    """Which rows are written: all of a few, else the first two and the last, with a gap."""
    return list(range(count)) if count <= MOST_CELLS else [0, 1, None, count - 1]


def layer_step(W: Array, b: Array, delta: Array, before: Array, eta: float, layer: int, colours: Colours, l2: float = 0.0) -> str:
    """`W ← W − η·δ·A_prevᵀ` and `b ← b − η·Σδ` of one layer with its numbers; with a penalty its `λ·W` too.

    Parameters
    ----------
    W, b : (k, n) and (k, 1)
    delta, before : (k, m) and (n, m), of all samples of the cost
    """
    names = {"W": coloured(f"W^{{{layer}}}", colours["w"]), "b": coloured(f"b^{{{layer}}}", colours["b"])}
    rate, d = coloured(r"\eta", colours["eta"]), coloured(rf"\delta^{{{layer}}}", colours["delta"])
    A_colour = colours["x" if layer == 1 else "a"]
    A = coloured("X" if layer == 1 else f"A^{{{layer - 1}}}", A_colour)
    number = coloured(latex(eta), colours["eta"])
    penalty = rf" - {rate}\,\lambda\,{names['W']}" if l2 else ""
    gradient = delta @ before.T + l2 * W
    sums = delta.sum(axis=1, keepdims=True)
    penalty_numbers = rf" - {number} \cdot {latex(l2)} \cdot {matrix(W, colours['w'])}" if l2 else ""
    product = rf"{matrix(delta, colours['delta'])} {matrix(before.T, A_colour)}"
    return aligned(
        [
            rf"{names['W']} &\leftarrow {names['W']} - {rate}\,{d}\,{A}^{{\mathsf T}}{penalty}",
            rf"&= {matrix(W, colours['w'])} - {number} \cdot {product}{penalty_numbers}",
            rf"&= {matrix(W, colours['w'])} - {number} \cdot {matrix(gradient, colours['w'])}",
            f"&= {matrix(W - eta * gradient, colours['w'])}",
        ],
        [
            rf"{names['b']} &\leftarrow {names['b']} - {rate}\,\textstyle\sum {d}",
            rf"&= {matrix(b, colours['b'])} - {number} \cdot {matrix(sums, colours['delta'])} = {matrix(b - eta * sums, colours['b'])}",
        ],
    )


def prediction(study: StepStudy, chosen: int, colours: Colours) -> str:
    """The cost after the step as predicted to first order, `C − η‖∇C‖²`, as it is, and the share of the change that came true."""
    cost, rate = colours["cost"], colours["eta"]
    C, eta = coloured("C", cost), coloured(r"\eta", rate)
    before, after, slope_ = float(study.before), float(study.after[chosen]), float(study.slope)
    size = r"\lVert\nabla " + C + r"\rVert^2"
    step_ = rf"{coloured(latex(float(study.rates[chosen])), rate)} \cdot {latex(slope_)}"
    return aligned(
        [rf"\text{{before:}}\quad {C} &= {coloured(latex(before), cost)}"],
        [
            rf"\text{{predicted:}}\quad {C} &- {eta}\,{size}",
            rf"&= {coloured(latex(before), cost)} - {step_}",
            f"&= {coloured(latex(float(study.predicted[chosen])), cost)}",
        ],
        [rf"\text{{after:}}\quad {C} &= {coloured(latex(after), cost)}"],
        [rf"\frac{{\text{{true change}}}}{{\text{{predicted}}}} &= {latex(float(study.kept[chosen]), 3)}"],
    )


def central_difference(check: GradientCheck, place: int, colours: Colours) -> str:
    """The difference quotient of one parameter of a check beside its derivative."""
    C, theta = coloured("C", colours["cost"]), coloured(r"\theta", colours["theta"])
    numbers = coloured(latex(float(check.numerical[place]), 6), colours["theta"]), latex(float(check.analytic[place]), 6)
    h = latex(check.step, 1)
    return aligned(
        [
            rf"{partial(C, theta)} &\approx \frac{{{C}({theta} + h) - {C}({theta} - h)}}{{2h}}",
            rf"{numbers[1]} &\approx {numbers[0]},\quad h = {h}",
        ]
    )


def breaking(study: StepStudy, colours: Colours) -> str:
    """Where the first order is a tenth off, by the curvature along the gradient: `η = 0.2·‖∇C‖²/(∇Cᵀ∇²C∇C)`."""
    C, eta = coloured("C", colours["cost"]), coloured(r"\eta", colours["eta"])
    grad, curved = rf"\nabla {C}", latex(abs(float(study.curvature)))
    rate = coloured(latex(float(study.expected_break)), colours["eta"])
    return aligned(
        [
            rf"{eta}_{{10\%}} &\approx \frac{{0.2\,\lVert{grad}\rVert^2}}{{|{grad}^{{\mathsf T}}\,\nabla^2 {C}\,{grad}|}}",
            rf"&= \frac{{0.2 \cdot {latex(float(study.slope))}}}{{{curved}}} = {rate}",
        ]
    )


def depth_factor(first: float, last: float, factor: float, layers: int, colours: Colours) -> str:
    """What many hidden layers make of the gradient: the one of the first hidden matrix against the last, as a factor a layer."""
    C, w = coloured("C", colours["cost"]), colours["w"]

    def norm(layer: int) -> str:
        return rf"\lVert\partial {C}/\partial {coloured(f'W^{{{layer}}}', w)}\rVert"

    return aligned(
        [
            rf"\frac{{{norm(2)}}}{{{norm(layers - 1)}}} &= \frac{{{coloured(latex(first), w)}}}{{{coloured(latex(last), w)}}}",
            rf"&= {latex(factor)}^{{{layers - 3}}}",
        ]
    )
