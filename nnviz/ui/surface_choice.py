"""The choice of a test surface on every page that has one, under the same keys: what is chosen on one page stands on the others."""

from __future__ import annotations

from typing import Any

import streamlit as st

from nnviz.core.surfaces import SURFACES, Surface
from nnviz.ui import controls, mistakes, show
from nnviz.ui.descent_view import OWN, ground, surface_of, written_bounds

FORMER = "former surface"  # session_state: the last one that could be read
KAPPA, FORMULA, BOUNDS = "kappa", "fxy", "reach"
LOW, HIGH = 0, 3  # powers of ten between which the ravine's condition number lies


def asked(name: str) -> Surface:
    """The surface of that name; what only some of them need is asked here. A formula that cannot be read is answered, the former stays."""
    condition, formula, bounds = 50.0, "", "5"
    if name == "ravine":
        condition = controls.powers("Condition number κ", LOW, HIGH, key=KAPPA, default=condition)
    if name == OWN:
        formula = controls.text("f(x, y) =", key=FORMULA, default="(1 - x)**2 + 5*(y - x**2)**2", longest=controls.LONG)
        bounds = controls.text("x and y up to ±, or from, to", key=BOUNDS, default="3", longest=120, placeholder="3, or -1, 2, 0, 7")
    try:
        st.session_state[FORMER] = surface_of(name, condition, formula, bounds)
    except ValueError as error:
        mistakes.tell(error)
    surface = st.session_state.get(FORMER, SURFACES["himmelblau"])
    if is_flat(surface):
        show.sentence("f is the same everywhere here: its gradient is 0, so that only noise and weight decay move a run.")
    return surface


def is_flat(surface: Surface) -> bool:
    """Whether the heights in the picture are all the same.

    >>> is_flat(Surface.from_expression("3", ((-1.0, 1.0), (-1.0, 1.0)))), is_flat(SURFACES["plateau"])
    (True, False)
    """
    z = ground(surface).z
    return bool((z == z[0, 0]).all())


def settings_of(surface: Surface, key: str) -> dict[str, Any]:
    """The values of the controls that choose a surface; `key` is that of the menu."""
    if surface == SURFACES.get(surface.name):
        return {key: surface.name} | ({KAPPA: 50.0} if surface.name == "ravine" else {})
    if surface.name == "ravine":
        condition = float(surface.hessian([0.0, 0.0])[1, 1])
        if condition >= 1 and controls.nearest_power(condition, LOW, HIGH) == condition:
            return {key: surface.name, KAPPA: condition}
    return {key: OWN, FORMULA: surface.text, BOUNDS: written_bounds(surface.bounds)}
