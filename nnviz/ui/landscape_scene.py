"""What the page Loss landscape shows: everything that its pictures need, once all of it is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core.landscape import Plane
from nnviz.ui import landscape_view as view
from nnviz.ui import mistakes, runs, show
from nnviz.ui.experiment import Experiment
from nnviz.ui.landscape_view import Asked, Heights, Look, Side, Track
from nnviz.ui.runs import Kept

Array = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Scene:
    """All that the pictures need: the plane with the cost over it, the runs, and the experiment of which they are."""

    chosen: Experiment
    kept: Kept
    tracks: tuple[Track, ...]
    plane: Plane
    kind: str
    marks: list[Array]
    edited: bool  # whether the last mark is the current point
    across: tuple[Side, Side]
    heights: Heights
    test: bool

    def look(self, theme: str, logarithmic: bool, three: bool) -> Look:
        """How it is drawn."""
        part = "test" if self.test else "training"
        title = f"Cost of {self.chosen.sizes} on {self.chosen.data.title}, {part} part"
        marked = " and ".join(["solutions"] * (len(self.marks) > 1) + ["the current point"] * self.edited)
        return Look(theme, title, view.axis_names(self.kind, self.plane), logarithmic, three, marked, self.test)


def _plane_or_former(asked: Asked, chosen: Experiment, tracks: Sequence[Track], kept: Kept) -> tuple[Plane, list[Array], str] | None:
    """The plane, its solutions and its kind; one that cannot be is answered, and the former one stays. None while it is not there yet."""
    try:
        found = view.plane_of(asked, chosen, tracks, kept)
    except ValueError as error:
        mistakes.tell(error)
        former = st.session_state.get("former plane")
        return former if former and former[0].origin.size == chosen.network.parameter_count else None
    if found is None:
        return None
    st.session_state["former plane"] = *found, asked.kind
    return *found, asked.kind


def scene(
    chosen: Experiment, asked: Asked, names: Sequence[str], rates: dict[str, float], test: bool, reach: float, resolution: int
) -> Scene | None:
    """All that the pictures need; None as long as a part of it is computed."""
    kept = runs.ensure(chosen)
    beside = view.others(kept, names, rates) if kept is not None else None
    if kept is None or beside is None:
        return None
    tracks = (view.track_of(kept.run), *beside, *view.left_behind(kept, len(names)))
    found = _plane_or_former(asked, chosen, tracks, kept)
    if found is None:
        return None
    plane, marks, kind = found
    edited = chosen.point.kind in ("edited", "loaded")
    if edited and view.far(chosen.theta):
        edited = False
        show.sentence(f"The current point {view.TOO_FAR}: it is not marked.")
    marks = [*marks, *([chosen.theta] if edited else [])]
    across = view.sides(plane, kind, tracks, marks, reach)
    grid = view.heights(kept.run, test, plane, across, resolution)
    return None if grid is None else Scene(chosen, kept, tracks, plane, kind, marks, edited, across, grid, test)
