r"""Live numbers of linear algebra, curvature and learning rates: of the experiment's first square layer, and of its cost's Hessian."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnviz.core.eigen import singular_values, spectral_radius
from nnviz.core.objectives import NetworkCost
from nnviz.core.schedules import SCHEDULES, as_schedule
from nnviz.core.stability import stability_limit, transient_growth
from nnviz.formulas import curvature, recurrent
from nnviz.formulas.letters import Colours, in_colours, lines
from nnviz.formulas.live import Here, aligned
from nnviz.formulas.numbers import latex

Array = NDArray[np.floating]
STEPS, BETA = 100, 0.9  # of the schedules; of the momenta


def _square(here: Here) -> tuple[int, Array] | None:
    """The first square layer's number and weights."""
    for number, layer in enumerate(here.network.unpack(here.theta), 1):
        if layer.W.shape[0] == layer.W.shape[1] and np.isfinite(layer.W).all():
            return number, layer.W
    return None


def area(here: Here, colours: Colours) -> str:
    """The determinant of the first square layer."""
    found = _square(here)
    return "" if found is None else in_colours(rf"\det @W^{found[0]} = {latex(float(np.linalg.det(found[1])))}", colours)


def square(here: Here, colours: Colours) -> str:
    """The spectral radius of the first square layer, where there is one."""
    found = _square(here)
    return "" if found is None else in_colours(rf"\rho\big(@W^{found[0]}\big) = {latex(float(spectral_radius(found[1])))}", colours)


def powers(here: Here, colours: Colours) -> str:
    """The first square layer, ten times: the norm of its power, and what the spectral radius alone would make of it."""
    found = _square(here)
    if found is None:
        return ""
    norm, rho = float(transient_growth(found[1], 10).norm[10]), spectral_radius(found[1])
    with np.errstate(over="ignore"):
        alone = float(rho**10)
    return in_colours(rf"\big\|(@W^{found[0]})^{{10}}\big\| = {latex(norm)},\qquad \rho^{{10}} = {latex(alone)}", colours)


def singular(here: Here, colours: Colours) -> str:
    """The largest and smallest singular value of the first layer."""
    W = here.network.unpack(here.theta)[0].W
    if not np.isfinite(W).all():
        return ""
    values = singular_values(W)
    told = rf"@W^1:\quad \sigma_{{\max}} = {latex(float(values[0]))},\quad \sigma_{{\min}} = {latex(float(values[-1]))}"
    return in_colours(told, colours)


def jacobian(here: Here, colours: Colours) -> str:
    """The largest singular value of the network's Jacobian at the first sample."""
    J = here.network.input_jacobian(here.theta, here.X[:, :1])[0]
    return rf"\sigma_{{\max}}(J) = {latex(float(np.linalg.norm(J, 2)))}" if np.isfinite(J).all() else ""


def hessian(here: Here, colours: Colours) -> str:
    """The largest and smallest eigenvalue, and what kind of point it is."""
    point = here.point
    if point is None:
        return ""
    return lines(
        rf"\lambda_{{\max}} &= {latex(point.sharpness)},\quad \lambda_{{\min}} = {latex(point.most_negative)}",
        rf"&\text{{{point.positive} positive, {point.negative} negative: {point.kind}}}",
    )


def limit(here: Here, colours: Colours) -> str:
    """The limit of the rate at the experiment's point, beside its rate."""
    point, told = here.point, rf"@alpha = {latex(here.learning_rate)}"
    if point is None or point.sharpness <= 0:
        return in_colours(told, colours)
    return in_colours(rf"\frac{{2}}{{{latex(point.sharpness)}}} = {latex(2 / point.sharpness)},\qquad {told}", colours)


def momentum_limits(here: Here, colours: Colours) -> str:
    """The limits of the rate with momentum 0.9 at the experiment's point."""
    point = here.point
    if point is None or point.sharpness <= 0:
        return ""
    named = (("heavy_ball", "heavy ball"), ("momentum", "exponential average"), ("nesterov", "Nesterov"))
    limits = [(title, float(stability_limit(name, BETA, point.sharpness))) for name, title in named]
    given = rf"\beta &= {BETA},\quad \lambda_{{\max}} = {latex(point.sharpness)}"
    return lines(given, *(rf"\text{{{title}:}}\ & {latex(most)}" for title, most in limits))


def edge(here: Here, colours: Colours) -> str:
    """2/α at the experiment's learning rate, beside the sharpness at its point."""
    point, rate = here.point, here.learning_rate
    told = rf"\frac{{2}}{{@alpha}} = \frac{{2}}{{{latex(rate)}}} = {latex(2 / rate)}"
    return in_colours(told if point is None else rf"\lambda_{{\max}} = {latex(point.sharpness)},\qquad {told}", colours)


def factor(here: Here, colours: Colours) -> str:
    """What a step at the experiment's rate does to an error along the steepest direction."""
    point = here.point
    return "" if point is None else curvature.step_factor(here.learning_rate, point.sharpness, colours)


def flatness(here: Here, colours: Colours) -> str:
    """What a step of 0.1 along the steepest direction costs."""
    point = here.point
    return "" if point is None else rf"r = 0.1:\quad {latex(point.sharpness / 2 * 0.01)}"


def clipping(here: Here, colours: Colours) -> str:
    """The experiment's gradient clipped at 1."""
    cost = NetworkCost(here.network, here.loss, here.X, here.Y)
    return recurrent.clip_numbers(float(np.linalg.norm(cost.gradient(here.theta))), 1.0, colours)


def schedules(here: Here, colours: Colours) -> str:
    """The factor of each in the middle of a run of 100 steps."""
    factors = [(name.replace("_", " "), float(as_schedule(name, STEPS)(STEPS // 2))) for name in SCHEDULES]
    return aligned(rf"& t = {STEPS // 2}\text{{ of }}T = {STEPS}:", *(rf"&\text{{{name}}}\ {latex(value)}" for name, value in factors))
