r"""Points of a plane through the parameters, and barriers between solutions, as symbols and with the numbers on the screen."""

from __future__ import annotations

from nnviz.formulas.letters import Colours, at_equals, in_colours
from nnviz.formulas.numbers import latex

PLANE = r"@theta(\alpha,\beta) = @theta_0 + \alpha\,u + \beta\,v"
SHADOW = r"(\alpha_t,\beta_t) = \arg\min_{\alpha,\beta} \left\|@theta_t - @theta(\alpha,\beta)\right\|"
NORMALISED = r"u_j \leftarrow u_j\,\frac{\|@w_j\|}{\|u_j\|}"
LINE = r"@theta(t) = (1-t)\,@theta_0 + t\,@theta_1"
BARRIER = r"B = \max_t\; @C(@theta(t)) \\ &\quad - \big[(1-t)\,@C(@theta_0) + t\,@C(@theta_1)\big]"


def on_plane(step: int, alpha: float, beta: float, off: float, cost: float, shadow: float, colours: Colours) -> str:
    """A run's point at a step: its place on the plane, its distance from it, its cost and that of the plane's point under it."""
    theta, C = rf"\textcolor{{{colours['theta']}}}{{\theta}}", rf"\textcolor{{{colours['cost']}}}{{C}}"
    at = rf"{theta}_0 + {latex(alpha)}\,u + {latex(beta, brackets=True)}\,v"
    return (
        rf"\begin{{aligned}} {at_equals(in_colours(PLANE, colours))} \\[4pt] {at_equals(in_colours(SHADOW, colours))} \\[8pt]"
        rf" {theta}(\alpha_{{{step}}},\beta_{{{step}}}) &= {at} \\[4pt]"
        rf" \left\|{theta}_{{{step}}} - {theta}(\alpha_{{{step}}},\beta_{{{step}}})\right\| &= {latex(off)} \\[4pt]"
        rf" {C}({theta}_{{{step}}}) &= {_value(cost, colours)} \\[4pt]"
        rf" {C}({theta}(\alpha_{{{step}}},\beta_{{{step}}})) &= {_value(shadow, colours)} \end{{aligned}}"
    )


def barrier(name: str, at: float, top: float, chord: float, height: float, colours: Colours, whole: bool = True) -> str:
    """The height of the barrier between two solutions: at which t, and what is subtracted from what; `whole` with the definition."""
    definition = in_colours(rf"{at_equals(LINE)} \\[4pt] {at_equals(BARRIER)} \\[8pt]", colours)
    numbers = rf" B_{{\text{{{name}}}}} &= {_value(top, colours)} - {_value(chord, colours)} = {latex(height)} \\"
    return rf"\begin{{aligned}} {definition if whole else ''}{numbers} &\quad\text{{at }} t = {latex(at, 3)} \end{{aligned}}"


def _value(value: float, colours: Colours) -> str:
    return rf"\textcolor{{{colours['cost']}}}{{{latex(value)}}}"
