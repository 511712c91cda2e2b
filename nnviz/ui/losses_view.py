"""What the views of the page Losses share: the choice of losses, those that a target leaves, and how their curves are shown."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from nnviz.core.losses import LOSSES, Loss, huber
from nnviz.figures import curves
from nnviz.figures import losses as figures
from nnviz.figures.curves import Curve
from nnviz.formulas.numbers import significant
from nnviz.ui import mistakes, show


def with_delta(names: list[str], delta: float) -> list[Loss]:
    """The losses of these names, Huber's with its δ."""
    return [huber(delta) if name == "huber" else LOSSES[name] for name in names]


def within_domain(losses: list[Loss], draw: Callable[[Loss], Curve]) -> tuple[list[Loss], list[Curve]]:
    """The losses that have a value for this target with their curves; a sentence for each that has not."""
    kept: list[Loss] = []
    curves: list[Curve] = []
    told = st.container()  # always there: sentences that come and go would make the browser draw the figure after them anew
    for loss in losses:
        try:
            curves.append(draw(loss))
            kept.append(loss)
        except ValueError as error:
            with told:
                mistakes.tell(error, f"{loss.title} is left out. ")
    return kept, curves


def lines(
    drawn: list[Curve], variable: str, x: tuple[float, float], title: str, key: str, name: str, **bounds: tuple[float, float]
) -> None:
    """The curves on one pair of axes; the alternative text tells the chosen point on each."""
    if not drawn:
        st.info("None of the chosen losses has a value for this target: choose another loss or a target from 0 to 1.")
        return
    told = ", ".join(f"{curve.name} {significant(curve.at[1])} with slope {significant(curve.at[2])}" for curve in drawn)
    colours = show.theme()
    figure = curves.overlaid(
        colours, drawn, figures.words(colours, variable), title, key, figures.limits(drawn, x, **bounds), half_width=0.25
    )
    show.figure(figure, name, f"{title}: {told}.")
