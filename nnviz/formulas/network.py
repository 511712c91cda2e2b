r"""A network's formulas in LaTeX: a neuron's sum and activation, its error signal, its gradients, a step and the shapes.

Each formula is written twice from one description, once with the symbols and once with the live numbers in their place; every symbol and
its number wear the same colour. Sums of many terms are shortened in the middle.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnviz.core.losses import Loss
from nnviz.core.network import Backward, Forward, Network
from nnviz.formulas.activations import coloured
from nnviz.formulas.numbers import latex
from nnviz.formulas.quantities import (
    Colours,
    Quantity,
    Term,
    activation,
    aligned,
    bias,
    error_signal,
    function_name,
    in_numbers,
    in_symbols,
    index,
    product_in_numbers,
    shortened,
    weight,
    weighted_sum,
)

MOST_ROWS = 8  # of a sum written a product a line
MOST_LINES = 5  # terms of a neuron's sum that are all written beside the graph; of longer ones the bars below tell the products


def forward_terms(network: Network, theta: np.ndarray, forward: Forward, layer: int, unit: int, sample: int = 0) -> list[Term]:
    """`w·a` of each input, then the bias."""
    inputs = range(network.sizes[layer - 1])
    products = [(weight(network, theta, layer, unit, j), activation(network, forward, layer - 1, j, sample)) for j in inputs]
    return [*products, (bias(network, theta, layer, unit),)]


def neuron_forward(network: Network, theta: np.ndarray, forward: Forward, layer: int, unit: int, colours: Colours, sample: int = 0) -> str:
    """`z = Σ w·a + b` and `a = f(z)` of one neuron, in symbols and numbers."""
    terms = forward_terms(network, theta, forward, layer, unit, sample)
    z, a = weighted_sum(forward, layer, unit, sample), activation(network, forward, layer, unit, sample)
    numbers = _a_line_each(terms, colours) if 3 < len(terms) <= MOST_LINES else [f"&= {in_numbers(terms, colours)}"]
    total = [f"{z.symbol(colours)} &= {in_symbols(terms, colours)}", *numbers, f"&= {z.number(colours)}"]
    return aligned(total, _activation_lines(network, forward, layer, z, a, colours, sample))


def _a_line_each(terms: list[Term], colours: Colours) -> list[str]:
    """A sum with a product a line, shortened in the middle where it is long."""
    numbers = [product_in_numbers(term, colours, follows=place > 0) for place, term in enumerate(terms)]
    shown = numbers if len(numbers) <= MOST_ROWS else [*numbers[:4], r"\cdots", *numbers[-2:]]
    return [("&= " if place == 0 else r"&\quad + ") + text for place, text in enumerate(shown)]


def _activation_lines(network: Network, forward: Forward, layer: int, z: Quantity, a: Quantity, colours: Colours, sample: int) -> list[str]:
    f = network.layer_activations[layer - 1]
    if f.elementwise:
        name = function_name(f.name)
        line = f"{a.symbol(colours)} &= {name}({z.symbol(colours)}) = {name}({z.number(colours)})"
        return [line, f"&= {a.number(colours)}"]
    everyone = [weighted_sum(forward, layer, unit, sample) for unit in range(network.sizes[layer])]
    below = [rf"e^{{{q.symbol(colours)}}}" for q in everyone], [rf"e^{{{q.number(colours)}}}" for q in everyone]
    symbols = rf"\frac{{e^{{{z.symbol(colours)}}}}}{{{shortened(below[0], 3)}}}"
    numbers = rf"\frac{{e^{{{z.number(colours)}}}}}{{{shortened(below[1], 3)}}}"
    return [f"{a.symbol(colours)} &= {symbols}", f"&= {numbers} = {a.number(colours)}"]


def slope(network: Network, forward: Forward, layer: int, unit: int, sample: int = 0) -> float:
    """`f′(z)` of an elementwise neuron."""
    f = network.layer_activations[layer - 1]
    return float(f.derivative(forward.z(layer)[unit, sample]))


def neuron_backward(
    network: Network,
    theta: np.ndarray,
    forward: Forward,
    backward: Backward,
    loss: Loss,
    target: np.ndarray,
    layer: int,
    unit: int,
    colours: Colours,
    columns: Sequence[int] = (0,),
) -> str:
    """δ of one neuron for the loss of one sample, and the gradients of some of its weights and of its bias.

    Parameters
    ----------
    forward, backward : of one sample, m = 1
    target : (k,)
    columns : of the weights whose gradients are written

    Raises
    ------
    ValueError
        More than one sample: their error signals would be shares of a mean.
    """
    if forward.output.shape[-1] != 1:
        raise ValueError(f"the passes hold {forward.output.shape[-1]} samples and the formula tells of one: give a single column")
    delta = error_signal(backward, layer, unit)
    last = layer == len(network.sizes) - 1
    if last:
        lines = _output_delta(network, forward, loss, target, unit, delta, colours)
    else:
        lines = _hidden_delta(network, theta, forward, backward, layer, unit, delta, colours)
    slopes = [weight_gradient_lines(network, forward, backward, layer, unit, column, colours) for column in columns]
    return aligned(lines, *slopes, _bias_gradient(layer, unit, delta, colours))


def _output_delta(
    network: Network, forward: Forward, loss: Loss, target: np.ndarray, unit: int, delta: Quantity, colours: Colours
) -> list[str]:
    layer, f = len(network.sizes) - 1, network.layer_activations[-1]
    a, z = activation(network, forward, layer, unit), weighted_sum(forward, layer, unit)
    y = Quantity(f"y_{index(unit)}" if network.sizes[-1] > 1 else "y", "y", float(target[unit]))
    difference = f"{a.symbol(colours)} - {y.symbol(colours)}", f"{a.number(colours)} - {y.number(colours, brackets=True)}"
    if loss.fuses_with(f):
        return [f"{delta.symbol(colours)} &= {difference[0]}", f"&= {difference[1]}", f"&= {delta.number(colours)}"]
    if not f.elementwise:
        cost, z_symbol = coloured("C", colours["cost"]), z.symbol(colours)
        jacobian = rf"\sum_j \frac{{\partial {cost}}}{{\partial \hat{{y}}_j}}\,\frac{{\partial \hat{{y}}_j}}{{\partial {z_symbol}}}"
        return [f"{delta.symbol(colours)} &= {jacobian}", f"&= {delta.number(colours)}"]
    slope_symbol = f"{function_name(f.name)}'({z.symbol(colours)})"
    slope_number = latex(slope(network, forward, layer, unit), brackets=True)
    if loss.name == "half_squared_error":
        outer = f"({difference[0]})", f"({difference[1]})"
    else:
        value = float(loss.derivative(forward.output, np.asarray(target)[:, None])[unit, 0])
        outer = rf"\frac{{\partial {coloured('C', colours['cost'])}}}{{\partial {a.symbol(colours)}}}", latex(value)
    return [
        rf"{delta.symbol(colours)} &= {outer[0]}\,{slope_symbol}",
        rf"&= {outer[1]} \cdot {slope_number}",
        f"&= {delta.number(colours)}",
    ]


def _hidden_delta(
    network: Network, theta: np.ndarray, forward: Forward, backward: Backward, layer: int, unit: int, delta: Quantity, colours: Colours
) -> list[str]:
    above = range(network.sizes[layer + 1])
    terms = [(weight(network, theta, layer + 1, k, unit), error_signal(backward, layer + 1, k)) for k in above]
    f, z = network.layer_activations[layer - 1], weighted_sum(forward, layer, unit)
    if not f.elementwise:
        through = rf"\sum_j \frac{{\partial a^{{{layer}}}_j}}{{\partial {z.symbol(colours)}}}"
        return [
            rf"{delta.symbol(colours)} &= {through} \sum_k w^{{{layer + 1}}}_{{kj}}\,\delta^{{{layer + 1}}}_k",
            f"&= {delta.number(colours)}",
        ]
    symbols, numbers = in_symbols(terms, colours, most=2), in_numbers(terms, colours, most=2)
    if len(terms) > 1:
        symbols, numbers = f"({symbols})", f"({numbers})"
    return [
        rf"{delta.symbol(colours)} &= {symbols}\,{function_name(f.name)}'({z.symbol(colours)})",
        rf"&= {numbers} \cdot {latex(slope(network, forward, layer, unit), brackets=True)}",
        f"&= {delta.number(colours)}",
    ]


def weight_gradient_lines(
    network: Network, forward: Forward, backward: Backward, layer: int, unit: int, column: int, colours: Colours
) -> list[str]:
    """`∂C/∂w = δ·a` of one weight, for one sample."""
    delta, a = error_signal(backward, layer, unit), activation(network, forward, layer - 1, column)
    w = coloured(f"w^{{{layer}}}_{index(unit, column)}", colours["w"])
    value = Quantity("", "w", float(network.unpack(backward.gradient)[layer - 1].W[unit, column]))
    symbols, numbers = in_symbols([(delta, a)], colours), in_numbers([(delta, a)], colours)
    return [f"{_slope_in(w, colours)} &= {symbols} = {numbers}", f"&= {value.number(colours)}"]


def _bias_gradient(layer: int, unit: int, delta: Quantity, colours: Colours) -> list[str]:
    b = coloured(f"b^{{{layer}}}_{index(unit)}", colours["b"])
    return [f"{_slope_in(b, colours)} &= {delta.symbol(colours)} = {delta.number(colours)}"]


def _slope_in(symbol: str, colours: Colours) -> str:
    return rf"\frac{{\partial {coloured('C', colours['cost'])}}}{{\partial {symbol}}}"


def cost_of_one(network: Network, forward: Forward, loss: Loss, target: np.ndarray, value: float, colours: Colours) -> str:
    """The loss of one sample; squared error term by term, the others by their name."""
    layer = len(network.sizes) - 1
    cost = Quantity("C", "cost", value)
    outputs = [activation(network, forward, layer, unit) for unit in range(network.sizes[-1])]
    targets = [Quantity(f"y_{index(k)}" if len(outputs) > 1 else "y", "y", float(v)) for k, v in enumerate(target)]
    if loss.name != "half_squared_error":
        letters = (outputs[0].letter, targets[0].letter) if len(outputs) == 1 else (r"\hat{y}", "y")
        inside = ", ".join(coloured(letter, colours[name]) for letter, name in zip(letters, ("yhat", "y"), strict=True))
        return aligned([rf"{cost.symbol(colours)} &= L({inside})", f"&= {cost.number(colours)}"])
    pairs = list(zip(outputs, targets, strict=True))
    symbols = shortened([f"({a.symbol(colours)} - {y.symbol(colours)})^2" for a, y in pairs], 3)
    numbers = shortened([f"({a.number(colours)} - {y.number(colours, brackets=True)})^2" for a, y in pairs], 3)
    whole = (symbols, numbers) if len(pairs) == 1 else (rf"\left[{symbols}\right]", rf"\left[{numbers}\right]")
    return aligned(
        [rf"{cost.symbol(colours)} &= \tfrac{{1}}{{2}}{whole[0]}", rf"&= \tfrac{{1}}{{2}}{whole[1]}", f"&= {cost.number(colours)}"]
    )


def gradient_step(w: Quantity, gradient: Term, eta: float, colours: Colours) -> str:
    """`w ← w − η·δ·a` with its numbers; `gradient` is δ and a."""
    rate = Quantity(r"\eta", "eta", eta)
    new = Quantity("", w.colour, w.value - eta * float(np.prod([q.value for q in gradient])))
    return aligned(
        [
            rf"{w.symbol(colours)} &\leftarrow {w.symbol(colours)} - {in_symbols([(rate, *gradient)], colours)}",
            rf"&= {w.number(colours)} - {in_numbers([(rate, *gradient)], colours)}",
            f"&= {new.number(colours)}",
        ]
    )


def shapes(network: Network, layer: int, samples: int) -> str:
    """`(k×n)·(n×m) + (k×1) = (k×m)` of one layer."""
    k, n = network.shapes[layer - 1]
    return rf"({k} \times {n}) \cdot ({n} \times {samples}) + ({k} \times 1) = ({k} \times {samples})"


def cell(network: Network, theta: np.ndarray, forward: Forward, layer: int, unit: int, sample: int, colours: Colours) -> str:
    """One cell of `Z = W·X + b`: its row times its column."""
    terms = forward_terms(network, theta, forward, layer, unit, sample)
    z = Quantity(f"z_{index(unit, sample)}", "z", float(forward.z(layer)[unit, sample]))
    name = "x" if layer == 1 else "a"
    w = coloured(f"w_{{{unit + 1}j}}", colours["w"])
    held = coloured(f"{name}_{{j{',' if sample > 8 else ''}{sample + 1}}}", colours[name])
    every = rf"\sum_{{j=1}}^{{{network.sizes[layer - 1]}}} {w}\,{held}"
    lines = [*_a_line_each(terms, colours), f"&= {z.number(colours)}"]
    return aligned([f"{z.symbol(colours)} &= {every} + {coloured(f'b_{index(unit)}', colours['b'])}"], lines)
