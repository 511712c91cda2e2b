r"""Recurrent networks in LaTeX: one step forward and one back with their numbers, the product through time, the sum over steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnviz.core.far_gradient import StepFactor, flows
from nnviz.core.recurrent import RecurrentCost, ThroughTime
from nnviz.core.recurrent_network import Blocks
from nnviz.formulas.activations import coloured
from nnviz.formulas.letters import Colours, at_equals, in_colours
from nnviz.formulas.numbers import latex

Array = NDArray[np.floating]
STATE = r"@h_{t} = f\big(@W_{hh}\,@h_{t-1} + @W_{xh}\,@x_{t} + @b_h\big)"
OUTPUT = r"@y_{t} = @W_{hy}\,@h_{t} + @b_y"
ERROR = r"@delta_{t} = f'(@z_{t}) \odot \big(@W_{hy}^\top e_{t} + @W_{hh}^\top @delta_{t+1}\big)"
LAST_ERROR = r"@delta_{t} = f'(@z_{t}) \odot @W_{hy}^\top e_{t}"  # nothing comes from a later step
SUM = r"\frac{\partial @C}{\partial @W_{hh}} = \sum_{t=1}^{T} @delta_t\,@h_{t-1}^\top"
PRODUCT = r"\frac{\partial @h_t}{\partial @h_s} = \prod_{i=s+1}^{t} \mathrm{diag}\,f'(@z_i)\cdot @W_{hh}"
LENGTH = r"\Big\|\frac{\partial C}{\partial W_{hh}}\Big\|"  # of the whole gradient, for `summed`
CLIPPED = r"@g \leftarrow @g\cdot\min\Big(1,\ \frac{c}{\|@g\|}\Big)"
MOST_WRITTEN = 3  # products of a sum that are written


def aligned(lines: list[str]) -> str:
    """Lines under each other, with a little air between them."""
    return r"\begin{aligned}" + r" \\[6pt] ".join(lines) + r"\end{aligned}"


def at_step(formula: str, t: int, colours: Colours) -> str:
    r"""A formula of step t with the step's number put in, aligned at its `=`.

    Examples
    --------
    >>> at_step(r"@y_{t} = @h_{t-1}", 4, {"y": "#1", "a": "#2"})
    '\\textcolor{#1}{y}_{4} &= \\textcolor{#2}{h}_{3}'
    """
    for name, value in (("{t-1}", t - 1), ("{t}", t), ("{t+1}", t + 1)):
        formula = formula.replace(name, f"{{{value}}}")
    return at_equals(in_colours(formula, colours))


def dot(left: Array, right: Array, colours: tuple[str, str]) -> str:
    r"""`Σ left·right` product by product; of a long sum the first ones.

    Examples
    --------
    >>> dot(np.array([1.0, 2.0]), np.array([0.5, -3.0]), ("#000001", "#000002")).count("cdot")
    2
    """
    pairs = list(zip(left.tolist(), right.tolist(), strict=True))
    terms = [rf"{coloured(latex(a, 3, True), colours[0])}\cdot{coloured(latex(b, 3, True), colours[1])}" for a, b in pairs[:MOST_WRITTEN]]
    return "+".join(terms) + (r"+\cdots" if len(pairs) > MOST_WRITTEN else "")


def step_forward(p: Blocks, back: ThroughTime, step: int, unit: int, f: str, colours: Colours) -> str:
    """`hₜ = f(W_hh·hₜ₋₁ + W_xh·xₜ + b_h)` and `yₜ` of the first sample, for one unit with its numbers; units from 0."""
    h, z = (in_colours(letter, colours) for letter in ("@h", "@z"))
    before, now = back.unrolled.h[step, :, 0], back.unrolled.h[step + 1, :, 0]
    t = step + 1
    weights, hidden = colours["w"], colours["a"]
    bias = coloured(latex(p.b_h[unit, 0], 3, True), colours["b"])
    weighted = coloured(latex(back.unrolled.z[step, unit, 0]), colours["z"])
    return aligned(
        [
            at_step(STATE, t, colours) + rf",\quad f = \text{{{f}}}",
            rf"{z}_{{{t}}}^{{({unit + 1})}} &= {dot(p.W_hh[unit], before, (weights, hidden))}",
            rf"&\quad + {dot(p.W_xh[unit], back.X[step, :, 0], (weights, colours['x']))} + {bias}",
            rf"&= {weighted}",
            rf"{h}_{{{t}}}^{{({unit + 1})}} &= f({weighted}) = {coloured(latex(now[unit]), hidden)}",
            at_step(OUTPUT, t, colours),
            rf"&= {dot(p.W_hy[0], now, (weights, hidden))} + {coloured(latex(p.b_y[0, 0], 3, True), colours['b'])}",
            rf"&= {coloured(latex(back.unrolled.output[step, 0, 0]), colours['y'])}",
        ]
    )


def step_back(cost: RecurrentCost, p: Blocks, back: ThroughTime, step: int, unit: int, colours: Colours) -> str:
    """`δₜ = f′(zₜ) ⊙ (W_hyᵀ·eₜ + W_hhᵀ·δₜ₊₁)` of the first sample, for one unit with its numbers; units from 0."""
    delta, w = coloured(r"\delta", colours["delta"]), coloured("W", colours["w"])
    T, t = len(back.delta), step + 1
    e = back.output_delta[step, :, 0]
    later = t < T and flows(cost, t)
    told = coloured(latex(back.unrolled.z[step, unit, 0]), colours["z"])
    with np.errstate(all="ignore"):
        slope = float(cost.network.f.derivative(back.unrolled.z[step, unit, 0]))
    weights, error = colours["w"], colours["delta"]
    lines = [
        at_step(ERROR if later else LAST_ERROR, t, colours),
        rf"f'({told}) &= {latex(slope)}",
        rf"{w}_{{hy}}^\top e_{{{t}}} &= {dot(p.W_hy[:, unit], e, (weights, error))}",
    ]
    if later:
        lines.append(rf"{w}_{{hh}}^\top {delta}_{{{t + 1}}} &= {dot(p.W_hh[:, unit], back.delta[t, :, 0], (weights, error))}")
    elif t < T:
        lines.append(rf"&\text{{cut here: nothing comes from step {t + 1}}}")
    value = coloured(latex(back.delta[step, unit, 0]), colours["delta"])
    return aligned([*lines, rf"{delta}_{{{t}}}^{{({unit + 1})}} &= {value}"])


def product(factor: StepFactor, colours: Colours) -> str:
    """`∂h_t/∂h_s` as a product over the steps, and what one factor amounts to."""
    h, w = (in_colours(letter, colours) for letter in ("@h", "@W"))
    whole = rf"\Big\|\frac{{\partial {h}_{{{factor.span + 1}}}}}{{\partial {h}_1}}\Big\|^{{1/{factor.span}}}"
    return aligned(
        [
            at_equals(in_colours(PRODUCT, colours)),
            rf"\rho({w}_{{hh}}) &= {coloured(latex(factor.radius), colours['w'])}, \qquad \sigma_{{\max}} = {latex(factor.stretch)}",
            rf"\overline{{f'}} &= {latex(factor.slope)}, \qquad \max f' = {latex(factor.largest_slope)}",
            rf"\rho\cdot\overline{{f'}} &= {latex(factor.expected)}\text{{ a step}}",
            rf"{whole} &= {latex(factor.measured)}\text{{ a step, measured}}",
        ]
    )


def entry(row: int, column: int) -> str:
    """An entry of W_hh, for `summed`."""
    return rf"W_{{hh}}^{{({row},{column})}}"


def summed(shares: Array, gradient: float, entry: str, colours: Colours) -> str:
    """The gradient as the sum of each step's share, the first and the last of them written."""
    few = shares.tolist() if len(shares) <= 4 else [*shares[:2].tolist(), None, *shares[-2:].tolist()]
    terms = [r"\cdots" if value is None else latex(value, 3, True) for value in few]
    return aligned(
        [
            at_equals(in_colours(SUM.replace("{T}", f"{{{len(shares)}}}"), colours)),
            rf"{entry}: &\quad {' + '.join(terms)}",
            rf"&= {coloured(latex(gradient, 6), colours['delta'])}",
        ]
    )


def clipped(norm: float, max_norm: float, colours: Colours) -> str:
    """Clipping by the norm, with the numbers of one gradient."""
    return rf"{in_colours(CLIPPED, colours)}, \qquad {clip_numbers(norm, max_norm, colours)}"


def clip_numbers(norm: float, max_norm: float, colours: Colours) -> str:
    """The numbers of clipping one gradient."""
    with np.errstate(all="ignore"):
        factor = min(1.0, max_norm / (norm + 1e-6)) if np.isfinite(norm) else np.nan
    return in_colours(rf"c = {latex(max_norm)},\quad \|@g\| = {latex(norm)},\quad \text{{factor }} {latex(factor)}", colours)
