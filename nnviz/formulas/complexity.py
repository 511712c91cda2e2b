r"""The counts of a layer in LaTeX, as symbols and with the layer's own numbers put in."""

from __future__ import annotations

from nnviz.core.complexity import ConvolutionLayer, DenseLayer, LayerCost

DENSE = (r"k\,(n+1)", "2knm + km + km", "4knm + km + km")  # parameters, FLOPs forward, FLOPs backward
CONVOLUTION = (r"f\,(c\,k^2+1)", r"2\,f\,c\,k^2\,p + 2\,f\,p", r"4\,f\,c\,k^2\,p + 2\,f\,p")
GROWTH = r"\text{dense } O(n^2) \qquad \text{convolution } O(k^2\cdot n)"
THROUGH_TIME = r"2\cdot T\cdot h\cdot m\cdot 8"  # bytes


def whole(value: int) -> str:
    r"""A count with thin spaces between its thousands.

    Examples
    --------
    >>> whole(1234567)
    '1\\,234\\,567'
    """
    return f"{value:,}".replace(",", r"\,")


def dense(layer: DenseLayer, samples: int) -> str:
    """Parameters and FLOPs of a dense layer, derived from n, k and m."""
    n, k, m, cost = layer.inputs, layer.outputs, samples, layer.cost(samples)
    return _aligned(
        cost,
        parameters=(DENSE[0], f"{whole(k)}\\cdot({whole(n)}+1)"),
        forward=(DENSE[1], rf"2\cdot{whole(k)}\cdot{whole(n)}\cdot{whole(m)} + 2\cdot{whole(k)}\cdot{whole(m)}"),
        backward=(DENSE[2], rf"4\cdot{whole(k)}\cdot{whole(n)}\cdot{whole(m)} + 2\cdot{whole(k)}\cdot{whole(m)}"),
    )


def convolution(layer: ConvolutionLayer, samples: int) -> str:
    """Parameters and FLOPs of a convolution: a dense layer of c·k² inputs at every place of the window."""
    cost, (rows, columns) = layer.cost(samples), layer.places
    places = rows * columns * samples
    inner = rf"{whole(layer.filters)}\cdot{whole(layer.inputs)}\cdot{whole(places)}"
    rest = rf"2\cdot{whole(layer.filters)}\cdot{whole(places)}"
    return _aligned(
        cost,
        parameters=(CONVOLUTION[0], rf"{whole(layer.filters)}\cdot({whole(layer.inputs)}+1)"),
        forward=(CONVOLUTION[1], rf"2\cdot{inner} + {rest}"),
        backward=(CONVOLUTION[2], rf"4\cdot{inner} + {rest}"),
    )


def _aligned(cost: LayerCost, parameters: tuple[str, str], forward: tuple[str, str], backward: tuple[str, str]) -> str:
    rows = (
        ("parameters", parameters, cost.parameters),
        ("forward", forward, cost.flops_forward),
        ("backward", backward, cost.flops_backward),
    )
    lines = [rf"\text{{{name}}} &= {symbols}\\ &= {numbers}\\ &= {whole(total)}" for name, (symbols, numbers), total in rows]
    return r"\begin{aligned}" + r"\\[12pt]".join(lines) + r"\end{aligned}"


def memory_through_time(hidden: int, samples: int, steps: int, total: int) -> str:
    """Bytes kept for the way back through T steps."""
    return (
        rf"\begin{{aligned}}\text{{bytes}} &= {THROUGH_TIME}\\"
        rf" &= 2\cdot{whole(steps)}\cdot{whole(hidden)}\cdot{whole(samples)}\cdot 8\\ &= {whole(total)}\end{{aligned}}"
    )
