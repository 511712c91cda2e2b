r"""Points of a plane through the parameters, and barriers between solutions, as symbols and with the numbers on the screen."""

from __future__ import annotations

from collections.abc import Mapping

from nnviz.formulas.numbers import latex


def on_plane(step: int, alpha: float, beta: float, off: float, cost: float, shadow: float, colours: Mapping[str, str]) -> str:
    """A run's point at a step: its place on the plane, its distance from it, its cost and that of the plane's point under it."""
    theta, C = rf"\textcolor{{{colours['theta']}}}{{\theta}}", rf"\textcolor{{{colours['cost']}}}{{C}}"
    at = rf"{theta}_0 + {latex(alpha)}\,u + {latex(beta, brackets=True)}\,v"
    return (
        rf"\begin{{aligned}} {theta}(\alpha,\beta) &= {theta}_0 + \alpha\,u + \beta\,v \\[4pt]"
        rf" (\alpha_t,\beta_t) &= \arg\min_{{\alpha,\beta}} \left\|{theta}_t - {theta}(\alpha,\beta)\right\| \\[8pt]"
        rf" {theta}(\alpha_{{{step}}},\beta_{{{step}}}) &= {at} \\[4pt]"
        rf" \left\|{theta}_{{{step}}} - {theta}(\alpha_{{{step}}},\beta_{{{step}}})\right\| &= {latex(off)} \\[4pt]"
        rf" {C}({theta}_{{{step}}}) &= {_value(cost, colours)} \\[4pt]"
        rf" {C}({theta}(\alpha_{{{step}}},\beta_{{{step}}})) &= {_value(shadow, colours)} \end{{aligned}}"
    )


def barrier(name: str, at: float, top: float, chord: float, height: float, colours: Mapping[str, str], whole: bool = True) -> str:
    """The height of the barrier between two solutions: at which t, and what is subtracted from what; `whole` with the definition."""
    theta, C = rf"\textcolor{{{colours['theta']}}}{{\theta}}", rf"\textcolor{{{colours['cost']}}}{{C}}"
    definition = (
        rf"{theta}(t) &= (1-t)\,{theta}_0 + t\,{theta}_1 \\[4pt]"
        rf" B &= \max_t\; {C}({theta}(t)) \\ &\quad - \big[(1-t)\,{C}({theta}_0) + t\,{C}({theta}_1)\big] \\[8pt]"
    )
    numbers = rf" B_{{\text{{{name}}}}} &= {_value(top, colours)} - {_value(chord, colours)} = {latex(height)} \\"
    return rf"\begin{{aligned}} {definition if whole else ''}{numbers} &\quad\text{{at }} t = {latex(at, 3)} \end{{aligned}}"


def _value(value: float, colours: Mapping[str, str]) -> str:
    return rf"\textcolor{{{colours['cost']}}}{{{latex(value)}}}"
