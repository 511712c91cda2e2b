r"""Convolution in LaTeX: one place of the window, the number of places, the two ways to turn a kernel, the way back, what a unit sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nnviz.core.convolution import Geometry
from nnviz.core.walk import Walk
from nnviz.formulas.activations import coloured
from nnviz.formulas.letters import Colours, at_equals, in_colours
from nnviz.formulas.numbers import latex

Array = NDArray[np.floating]
PLACES = r"\left\lfloor\frac{n + 2p - d\,(k-1) - 1}{s}\right\rfloor + 1"
CORRELATION = r"(@x\star @w)_{i,j} = \sum_{m,n} @x_{i+m,\,j+n}\;@w_{m,n}"
CONVOLUTION = r"(@x * @w)_{i,j} = \sum_{m,n} @x_{i-m,\,j-n}\;@w_{m,n}"
INTO_PICTURE = r"\frac{\partial @C}{\partial\,\mathrm{vec}(@x)} = T^{\top}\,\mathrm{vec}(@delta)"
INTO_KERNEL = r"\frac{\partial @C}{\partial @w_{m,n}} = \sum_{i,j} @delta_{i,j}\;@x_{i+m,\,j+n}"
ADJOINT = (r"\langle T@x,\,@delta\rangle", r"\langle @x,\,T^{\top}@delta\rangle")
FIELD = r"r = 1 + \sum_l d_l\,(k_l - 1)\prod_{i<l} s_i"
MOST_WRITTEN = 9  # products of a place that are all written
EACH_LINE = 3  # products on a line


def output_size(placed: Geometry, axis: int = 0) -> str:
    r"""`⌊(n + 2p − d(k−1) − 1)/s⌋ + 1` with the numbers of one axis.

    Examples
    --------
    >>> from nnviz.core.convolution import geometry
    >>> output_size(geometry((64, 64), 5))
    '\\left\\lfloor\\frac{64 + 2\\cdot 0 - 1\\cdot(5-1) - 1}{1}\\right\\rfloor + 1'
    """
    before, after = placed.before[axis], placed.after[axis]
    zeros = rf"2\cdot {before}" if before == after else f"({before}+{after})"
    reach = rf"{placed.dilation[axis]}\cdot({placed.kernel[axis]}-1)"
    upper = f"{placed.size[axis]} + {zeros} - {reach} - 1"
    return rf"\left\lfloor\frac{{{upper}}}{{{placed.stride[axis]}}}\right\rfloor + 1"


def shape(placed: Geometry) -> str:
    """The number of places along an axis, as symbols and with the numbers; both axes where they differ."""
    lines = [rf"\text{{places}} &= {PLACES}"]
    same = output_size(placed, 0) == output_size(placed, 1)
    for axis, name in enumerate(("",) if same else (r"\text{down} ", r"\text{across} ")):
        lines += [f"{name}&= {output_size(placed, axis)}", f"&= {placed.output[axis]}"]
    down, across = placed.output
    return _aligned([*lines, rf"\text{{in all}} &= {down} \times {across} = {down * across}"])


def window(walk: Walk, number: int, colours: Colours) -> str:
    """The sum at one place: as symbols, product by product, and its total."""
    place = walk[number]
    (i, j), kernel = place.output, walk.kernel.ravel()
    y, x, w = (coloured(letter, colours[letter]) for letter in ("y", "x", "w"))
    seen = ",\\,".join(_index(*axis) for axis in zip(place.corner, walk.geometry.dilation, ("m", "n"), strict=True))
    symbols = rf"{y}_{{{i + 1},{j + 1}}} &= \sum_{{m,n}} {x}_{{{seen}}}\;{w}_{{m,n}}"
    terms = [_product(a, b, colours) for a, b in zip(place.column.tolist(), kernel.tolist(), strict=True)]
    if len(terms) > MOST_WRITTEN:
        terms = [*terms[:2], r"\cdots", terms[-1]]
    rows = [" + ".join(terms[at : at + EACH_LINE]) for at in range(0, len(terms), EACH_LINE)]
    numbers = [f"&= {rows[0]}", *(rf"&\quad + {row}" for row in rows[1:])]
    return _aligned([symbols, *numbers, f"&= {coloured(latex(place.total), colours['y'])}"])


def row_times_column(walk: Walk, number: int, colours: Colours) -> str:
    """The kernel as a row times the patch as a column."""
    place = walk[number]
    count = walk.kernel.size
    row = " & ".join(coloured(text, colours["w"]) for text in _ends(walk.kernel, r"\cdots"))
    column = r" \\ ".join(coloured(text, colours["x"]) for text in _ends(place.column, r"\vdots"))
    left = rf"\underbrace{{\begin{{pmatrix}}{row}\end{{pmatrix}}}}_{{1\times{count}}}"
    right = rf"\underbrace{{\begin{{pmatrix}}{column}\end{{pmatrix}}}}_{{{count}\times1}}"
    return _aligned([rf"&{left}\;{right}", f"&= {coloured(latex(place.total), colours['y'])}"])


def both_ways(colours: Colours) -> str:
    """The two definitions under each other."""
    ways = ((r"\text{as it is: }\;", CORRELATION), (r"\text{flipped: }\;", CONVOLUTION))
    return in_colours(_aligned([told + at_equals(formula) for told, formula in ways]), colours)


def backward(colours: Colours) -> str:
    """Where a gradient of the output goes: into the picture and into the kernel."""
    arriving = r"@delta = \frac{\partial @C}{\partial @y}"
    return in_colours(_aligned([at_equals(formula) for formula in (arriving, INTO_PICTURE, INTO_KERNEL)]), colours)


def agreement(forward: float, back: float, colours: Colours) -> str:
    """`⟨T·x, δ⟩ = ⟨x, Tᵀ·δ⟩` with both sides' numbers."""
    left, right = (in_colours(side, colours) for side in ADJOINT)
    return _aligned([f"{left} &= {latex(forward, 10)}", f"{right} &= {latex(back, 10)}"])


def receptive(windows: Sequence[Geometry]) -> str:
    """The side of the receptive field after these windows: `r = 1 + Σ dₗ(kₗ−1)·Πs`, with the numbers of the rows."""
    jump, total, terms = 1, 1, []
    for placed in windows:
        reach = placed.dilation[0] * (placed.kernel[0] - 1)
        if reach:
            terms.append(rf"{reach}\cdot {jump}" if jump > 1 else f"{reach}")
        total += reach * jump
        jump *= placed.stride[0]
    return _aligned([at_equals(FIELD), f"&= {' + '.join(['1', *terms])} = {total}"])


def _aligned(lines: Sequence[str]) -> str:
    return r"\begin{aligned}" + r"\\[4pt]".join(lines) + r"\end{aligned}"


def _index(corner: int, dilation: int, letter: str) -> str:
    """Where entry m or n of the window stands, both counted from 1: `3+m`, `2m-1`, or the letter alone."""
    start = corner + 1 - dilation
    step = letter if dilation == 1 else f"{dilation}{letter}"
    return f"{step}{start:+d}" if start else step


def _product(a: float, b: float, colours: Colours) -> str:
    weight = coloured(latex(b, 3), colours["w"])
    return rf"{coloured(latex(a, 3), colours['x'])}\cdot {f'({weight})' if b < 0 else weight}"


def _ends(values: Array, between: str) -> list[str]:
    """The first two numbers and the last."""
    texts = [latex(value, 2) for value in values.ravel().tolist()]
    return [*texts[:2], between, texts[-1]]
