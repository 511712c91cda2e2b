r"""One step of training as symbols, and the costs and the gradient at the step on which the player rests in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.runs import Run
from nnviz.core.settings import Settings
from nnviz.formulas.numbers import latex
from nnviz.formulas.optimizers import AS_TAKEN, RULES, SYMBOLS

MUON = [  # matrix by matrix, in Nesterov's form; biases are Adam's
    ("m", r"{beta}\,{m0}+(1-{beta})\,{g},\quad {beta}\,{m}+(1-{beta})\,{g} = U\Sigma V^{{\top}}"),
    ("next", r"{theta}-{alpha}\,\sqrt{{\max(1,k/n)}}\,UV^{{\top}}"),
]
MOST_LAYERS = 3  # whose norms are written out: more are wider than their column


def step(run: Run, snapshot: int, colours: Mapping[str, str]) -> str:
    """What a step does, by the run's own rule and penalties, then cost, gap and length of the gradient at a snapshot.

    Parameters
    ----------
    colours : of the symbols: theta, eta, cost, yhat, y
    """
    settings, at = run.settings, int(run.step[snapshot])
    theta, C = rf"\textcolor{{{colours['theta']}}}{{\theta}}", rf"\textcolor{{{colours['cost']}}}{{C}}"
    rows = [_gradient(settings, colours), *_rule(settings.optimizer, colours)]
    train, test = float(run.train_cost[snapshot]), float(run.test_cost[snapshot])
    rows.append(rf"{C}_{{\text{{train}}}}({theta}_{{{at}}}) &= {latex(train)}")
    if np.isfinite(test):
        rows.append(rf"{C}_{{\text{{test}}}}-{C}_{{\text{{train}}}} &= {latex(test)}-{latex(train, brackets=True)}")
        rows.append(rf"&= {latex(test - train)}")
    rows.append(rf"\lVert\nabla {C}({theta}_{{{at}}})\rVert &= {_length(run.gradient_norm[snapshot])}")
    return r"\begin{aligned}" + r"\\[6pt] ".join(rows) + r"\end{aligned}"


def _gradient(settings: Settings, colours: Mapping[str, str]) -> str:
    """The gradient that the rule takes: the mean over the batch, with penalties and clipping where there are any."""
    theta = rf"\textcolor{{{colours['theta']}}}{{\theta}}"
    yhat, y = (rf"\textcolor{{{colours[name]}}}{{{symbol}_i}}" for name, symbol in (("yhat", r"\hat y"), ("y", "y")))
    batch = min(settings.batch_size, settings.data.train.X.shape[-1])
    terms = [rf"\frac{{1}}{{{batch}}}\sum_{{i\in B}}\nabla_{{\!{theta}}} L({yhat},{y})"]
    if np.any(settings.l2):
        terms.append(rf"{latex(float(np.max(settings.l2)))}\,W")
    if np.any(settings.l1):
        terms.append(rf"{latex(float(np.max(settings.l1)))}\operatorname{{sign}} W")
    clip = getattr(settings.optimizer, "max_norm", None)
    longest = "" if clip is None else rf",\quad \lVert g\rVert\le {latex(float(clip))}"
    return rf"g &= {'+'.join(terms)}{longest}"


def _rule(optimizer: Any, colours: Mapping[str, str]) -> list[str]:
    """The lines of the optimiser's rule."""
    while hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    ink = {"theta": "theta", "next": "theta", "alpha": "eta"}
    symbols = {name: rf"\textcolor{{{colours[ink[name]]}}}{{{text}}}" if name in ink else text for name, text in SYMBOLS.items()}
    lines = MUON if optimizer.name == "muon" else RULES.get(optimizer.name, AS_TAKEN)
    rows = [rf"{symbols[result]} &\leftarrow {template.format(**symbols)}" for result, template in lines]
    rate = latex(float(np.max(optimizer.learning_rate)))
    return [*rows[:-1], rf"{rows[-1]},\quad {symbols['alpha']} = {rate}"]


def _length(norms: NDArray[np.floating]) -> str:
    """The length of the whole gradient from those of the layers, on a line of its own."""
    with np.errstate(all="ignore"):
        whole = latex(float(np.sqrt((norms**2).sum())))
    if not 1 < len(norms) <= MOST_LAYERS:
        return whole
    return r"\sqrt{" + "+".join(rf"({latex(float(norm), 3)})^2" for norm in norms) + rf"}} \\[6pt] &= {whole}"
