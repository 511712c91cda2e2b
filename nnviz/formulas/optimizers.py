r"""The rule of each optimiser, line by line as symbols and with the numbers of one step.

A line is one template: filled with symbols it is the rule, filled with numbers it is what the rule did. `{m0}` is m before the step, `{m}`
after it; at `\allowbreak` it may go on in another row, where it would not fit a phone. To show another optimiser, write its lines here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nnviz.core.anatomy import Anatomy
from nnviz.formulas.numbers import latex, significant
from nnviz.formulas.widths import EQUALS, PHONE, ems

Array = NDArray[np.floating]

BREAK = r"\allowbreak"
_DECAYED = ("next", r"(1-{alpha}\cdot{weight_decay})\,{theta}\allowbreak-{alpha}\,\frac{{{mh}}}{{\sqrt{{{vh}}}+{epsilon}}}")
_CORRECTED = [("mh", r"\frac{{{m}}}{{1-{beta1}^{{{t}}}}}"), ("vh", r"\frac{{{v}}}{{1-{beta2}^{{{t}}}}}")]
_MOMENTS = [("m", r"{beta1}\,{m0}\allowbreak+(1-{beta1})\,{g}"), ("v", r"{beta2}\,{v0}\allowbreak+(1-{beta2})\,{g}^2")]
_ADAM = ("next", r"{theta}\allowbreak-{alpha}\,\frac{{{mh}}}{{\sqrt{{{vh}}}+{epsilon}}}")

AS_TAKEN = [("next", r"{theta}+{step}")]  # of a rule that is not written below

RULES: dict[str, list[tuple[str, str]]] = {
    "sgd": [("next", r"{theta}\allowbreak-{alpha}\,{g}")],
    "momentum": [("velocity", r"{beta}\,{velocity0}\allowbreak+(1-{beta})\,{g}"), ("next", r"{theta}\allowbreak-{alpha}\,{velocity}")],
    "heavy_ball": [("velocity", r"{beta}\,{velocity0}\allowbreak+{g}"), ("next", r"{theta}\allowbreak-{alpha}\,{velocity}")],
    "nesterov": [
        ("velocity", r"{beta}\,{velocity0}\allowbreak+{g}"),
        ("next", r"{theta}\allowbreak-{alpha}\left({g}+{beta}\,{velocity}\right)"),
    ],
    "adagrad": [("s", r"{s0}\allowbreak+{g}^2"), ("next", r"{theta}\allowbreak-{alpha}\,\frac{{{g}}}{{\sqrt{{{s}}}+{epsilon}}}")],
    "rmsprop": [
        ("v", r"{beta}\,{v0}\allowbreak+(1-{beta})\,{g}^2"),
        ("next", r"{theta}\allowbreak-{alpha}\,\frac{{{g}}}{{\sqrt{{{v}}}+{epsilon}}}"),
    ],
    "adadelta": [
        ("v", r"{rho}\,{v0}\allowbreak+(1-{rho})\,{g}^2"),
        ("delta", r"\frac{{\sqrt{{{u0}+{epsilon}}}}}{{\sqrt{{{v}+{epsilon}}}}}\,{g}"),
        ("u", r"{rho}\,{u0}\allowbreak+(1-{rho})\,{delta}^2"),
        ("next", r"{theta}\allowbreak-{alpha}\,{delta}"),
    ],
    "adam": [*_MOMENTS, *_CORRECTED, _ADAM],
    "adamw": [*_MOMENTS, *_CORRECTED, _DECAYED],
    "amsgrad": [
        *_MOMENTS,
        ("largest", r"\max\left({largest0},\ {v}\right)"),
        _CORRECTED[0],
        ("vh", r"\frac{{{largest}}}{{1-{beta2}^{{{t}}}}}"),
        _ADAM,
    ],
    "nadam": [
        *_MOMENTS,
        ("mh", r"{of_gradient}\,{g}\allowbreak+{of_moment}\,{m}"),
        _CORRECTED[1],
        _ADAM,
    ],
    "radam": [
        *_MOMENTS,
        _CORRECTED[0],
        ("next", r"{theta}\allowbreak-{alpha}\,{ratio}\,{mh}\allowbreak\,\frac{{\sqrt{{1-{beta2}^{{{t}}}}}}}{{\sqrt{{{v}}}+{epsilon}}}"),
    ],
    "lion": [
        ("direction", r"{beta1}\,{m0}\allowbreak+(1-{beta1})\,{g}"),
        ("m", r"{beta2}\,{m0}\allowbreak+(1-{beta2})\,{g}"),
        ("next", r"{theta}\allowbreak-{alpha}\left(\operatorname{{sign}}{direction}+{weight_decay}\,{theta}\right)"),
    ],
    "newton": [("hessian", r"\nabla^2 f+{damping}\,I"), ("next", r"{theta}\allowbreak-{alpha}\,{hessian}^{{-1}}\,{g}")],
    "lbfgs": AS_TAKEN,
}
DIGITS = 3  # of gradients and memory: a line of Adam is to fit beside its picture; θ has four
NOTES = {
    "adadelta": "As PyTorch and the paper: ε stands inside both roots.",
    "adagrad": "As PyTorch: ε stands outside the root.",
    "nesterov": "PyTorch's form: written without a look-ahead, θ is where the gradient is taken.",
    "amsgrad": "As PyTorch: the maximum is taken before the bias correction.",
    "nadam": "As PyTorch: μ rises slowly towards β₁ (momentum decay), and m̂ mixes the gradient with the next step's moment.",
    "radam": "As PyTorch: while ρₜ ≤ 5 the variance is not trusted and the step is momentum alone, θ − α·m̂.",
    "momentum": "The exponential average from v = 0; PyTorch's SGD with dampening starts from the full gradient instead.",
    "newton": "It goes where the gradient is 0: to a saddle just as to a minimum.",
    "lbfgs": "The direction is the gradient times an inverse Hessian estimated from the last steps; a line search gives its length.",
}
SYMBOLS = {
    "alpha": r"\alpha", "theta": r"\theta", "beta": r"\beta", "beta1": r"\beta_1", "beta2": r"\beta_2", "rho": r"\rho",
    "epsilon": r"\epsilon", "g": "g", "velocity": "v", "velocity0": "v", "m": "m", "m0": "m", "v": "v", "v0": "v", "s": "s", "s0": "s",
    "u": "u", "u0": "u", "mh": r"\hat m", "vh": r"\hat v", "largest": r"v_{\max}", "largest0": r"v_{\max}", "delta": r"\Delta",
    "direction": "c", "t": "t", "hessian": "H", "damping": r"\lambda", "weight_decay": r"\lambda", "ratio": "r", "step": r"\Delta\theta",
    "next": r"\theta",
    "of_gradient": r"\frac{1-\mu_t}{1-\prod\mu}", "of_moment": r"\frac{\mu_{t+1}}{1-\mu_{t+1}\prod\mu}",
    "given": r"\nabla f", "max_norm": "c", "max_value": "c", "decay": r"\lambda_0", "coupled_decay": r"\lambda_0",
}  # fmt: skip
QUANTITIES = {  # letter → the quantity's name in the engine
    "g": "gradient", "velocity": "velocity", "m": "first_moment", "v": "second_moment", "s": "sum_of_squares", "u": "squared_updates",
    "mh": "corrected_first", "vh": "corrected_second", "largest": "max_second_moment", "delta": "delta", "direction": "direction",
    "ratio": "rectification",
    "of_gradient": "weight_of_gradient", "of_moment": "weight_of_moment", "hessian": "hessian", "step": "step", "given": "given",
}  # fmt: skip


def vector(values: Array, digits: int = 4) -> str:
    r"""A column of numbers, or a matrix, in LaTeX.

    Examples
    --------
    >>> vector(np.array([0.5, -2.0]))
    '\\begin{pmatrix}0.5\\\\-2\\end{pmatrix}'
    """
    rows = values if values.ndim == 2 else values[:, None]
    body = r"\\".join("&".join(latex(value, digits) for value in row) for row in rows.tolist())
    return rf"\begin{{pmatrix}}{body}\end{{pmatrix}}"


def _lines(inside: Anatomy, step: int) -> list[tuple[str, str]]:
    """The rule's lines for this optimiser as it is set, with what is done around it."""
    optimizer = inside.optimizer
    changed: dict[str, str] = {}
    if not getattr(optimizer, "bias_correction", True):
        changed = {"mh": "{m}", "vh": "{largest}" if optimizer.name == "amsgrad" else "{v}"}
        if optimizer.name == "nadam":
            changed["mh"] = r"{of_gradient}\,{g}+{of_moment}\,{m}"
        if optimizer.name == "radam":
            changed["next"] = r"{theta}-{alpha}\,{ratio}\,\frac{{{mh}}}{{\sqrt{{{v}}}+{epsilon}}}"
    if optimizer.name == "radam" and not np.isfinite(inside.quantities["rectification"][step]).all():
        changed["next"] = r"{theta}-{alpha}\,{mh}"
    first = []
    if "max_norm" in inside.around:
        first.append(("g", r"{given}\cdot\min\left(1,\ {max_norm}/\lVert{given}\rVert\right)"))
    if "max_value" in inside.around:
        first.append(("g", r"\operatorname{{clip}}\left({given},\ \pm{max_value}\right)"))
    if "coupled_decay" in inside.around:
        first.append(("g", r"{given}+{coupled_decay}\,{theta0}"))
    if "decay" in inside.around:
        first.append(("theta", r"(1-{alpha}\cdot{decay})\,{theta0}"))
    return first + [(result, changed.get(result, template)) for result, template in RULES.get(optimizer.name, AS_TAKEN)]


def _numbers(inside: Anatomy, step: int) -> dict[str, str]:
    optimizer = inside.optimizer
    filled = {"alpha": latex(inside.rate[step]), "t": str(step + 1), "theta0": vector(inside.theta[step])}
    for name in vars(optimizer):
        value = getattr(optimizer, name)
        if isinstance(value, float | int) and name != "learning_rate":
            filled[name] = latex(float(value))
    filled |= {name: latex(value) for name, value in inside.around.items()}
    for letter, name in QUANTITIES.items():
        if name in inside.quantities:
            value = inside.quantities[name][step]
            filled[letter] = latex(float(value[0])) if value.shape == (1,) else vector(value, DIGITS)
        if name in inside.before:
            filled[f"{letter}0"] = vector(inside.before[name][step], DIGITS)
    filled["theta"] = vector(inside.quantities.get("decayed", inside.theta)[step])
    filled["next"] = vector(inside.theta[step] + inside.quantities["step"][step])
    return filled


def check(inside: Anatomy) -> str:
    """A sentence on the rule, and by how much the rule and the engine differ over the whole run."""
    if inside.optimizer.name not in RULES:
        return "Its rule is not written out here: the step is the one that the run took."
    note = NOTES.get(inside.optimizer.name, "")
    return f"{note} The rule worked out line by line and the run differ by at most {significant(inside.difference, 2)}.".strip()


def update(inside: Anatomy, step: int, colours: Mapping[str, str]) -> str:
    """One step of an optimiser as an aligned block: each line of its rule as symbols, with its numbers, and what comes out.

    Parameters
    ----------
    inside : the run taken apart
    step : from this one to the next, counted from 0
    colours : of the symbols: theta, eta
    """
    ink = {"theta": colours["theta"], "theta0": colours["theta"], "next": colours["theta"], "alpha": colours["eta"]}

    def coloured(filled: Mapping[str, str]) -> dict[str, str]:
        return {name: rf"\textcolor{{{ink[name]}}}{{{text}}}" if name in ink else text for name, text in filled.items()}

    plain = {"of_gradient": r"(1-\mu_t)", "of_moment": r"\mu_{t+1}"} if not getattr(inside.optimizer, "bias_correction", True) else {}
    symbols, numbers = coloured(SYMBOLS | {"theta0": r"\theta"} | plain), coloured(_numbers(inside, step))
    blocks = []
    for result, template in _lines(inside, step):
        parts, room = template.split(BREAK), PHONE - ems(symbols[result])
        rule = _rows([part.format(**symbols) for part in parts], room)
        rule[0] = rf"{symbols[result]} &\leftarrow {rule[0]}"
        worked = [] if result == "hessian" else [part.format(**numbers) for part in parts]
        blocks.append(r"\\ ".join(rule) + r" \\[2pt] " + r"\\ ".join(_equals(worked, numbers[result], room)))
    return r"\begin{aligned}" + r"\\[12pt] ".join(blocks) + r"\end{aligned}"


def _rows(parts: Sequence[str], room: float) -> list[str]:
    """The parts of a line in as few rows as are no wider than `room`, in em; all but the first are indented."""
    rows = list(parts[:1])
    for part in parts[1:]:
        if ems(rows[-1] + part) <= room:
            rows[-1] += part
        else:
            rows.append(rf"&\quad {part}")
    return rows


def _equals(worked: Sequence[str], outcome: str, room: float) -> list[str]:
    """A line with its numbers, and what comes out: beside it, or in a row of its own."""
    rows = _rows(worked, room - EQUALS)
    if rows and ems(rows[-1] + outcome) <= room - 2 * EQUALS:
        rows[-1] += f" = {outcome}"
    else:
        rows.append(rf"&= {outcome}")
    if worked:
        rows[0] = f"&= {rows[0]}"
    return rows
