"""Maps that the command line has stored, on the page Maps: those in the folder that whoever runs the server has named, and no others."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core.axes import Axis, hyperparameters
from nnviz.core.losses import get_loss
from nnviz.core.store import Store, open_stored, thinned
from nnviz.core.surfaces import Surface
from nnviz.core.sweep import Map, Sweep
from nnviz.figures import trainability as drawing
from nnviz.formulas.numbers import significant
from nnviz.ui import controls, maps_view, mistakes, progress, show
from nnviz.ui.experiment import Experiment
from nnviz.ui.tuning import title_of

FOLDER = "NNVIZ_MAPS"  # an environment variable: a folder of stored maps
OWN = "of this experiment"
MOST_MAPS, MOST_SIDE = 200, 512  # pixels a side that are sent to the browser: more is thinned
EXAMPLE = "all of it; such as 0.1, 10"


def there() -> dict[str, Path]:
    """The stored maps by name; none where no folder is named."""
    folder = os.environ.get(FOLDER, "")
    if not folder:
        return {}
    try:
        found = sorted(one for one in Path(folder).iterdir() if (one / "zarr.json").is_file() and not one.is_symlink())
    except OSError:
        return {}
    return {one.name: one for one in found[:MOST_MAPS]}


def choose() -> Store | None:
    """The stored map that is chosen; None for the experiment's own, or where it cannot be read, which is told."""
    maps = there()
    if not maps:
        return None
    name = controls.choice(
        "Map", [OWN, *maps], key="mapstored", default=OWN, width=320, help="Or one that the command line has stored.", on_change=_other
    )
    try:
        return None if name == OWN else open_stored(maps[name])
    except ValueError as error:
        mistakes.tell(error)
        return None


def _other() -> None:
    """Windows are those of a map; for callbacks."""
    st.session_state.pop(maps_view.SHOWN, None)
    maps_view.whole()


def window(axis: Axis, text: str) -> NDArray[np.integer]:
    """The places along an axis that a typed range holds, thinned to at most MOST_SIDE; ValueError where it holds less than two."""
    if axis.name == "optimizer":
        return np.arange(len(axis.values))
    numbers = axis.numbers
    low, high = maps_view.parse_window(text, (numbers[0], numbers[-1], "linear"))
    first, last = np.searchsorted(numbers, low * (1 - 1e-12 * np.sign(low))), np.searchsorted(numbers, high * (1 + 1e-12 * np.sign(high)))
    if last - first < 2:
        raise ValueError(f"the stored map has {last - first} pixels between {low:g} and {high:g}: take a wider range")
    return thinned(int(first), int(last), MOST_SIDE)


def read(store: Store, measure: str, x: str, y: str) -> Map | None:
    """A measure in a window, read with a bar and Stop; ValueError where the window is none."""
    columns, rows = window(store.sweep.x, x), window(store.sweep.y, y)
    token = (str(store.path), repr(store.sweep.description()), measure, x, y)
    path, needed = store.path, drawing.needed(store.sweep, measure)
    found = progress.run(
        "stored map",
        token,
        lambda: open_stored(path).thinned_chunks(needed, rows, columns),
        lambda pair: pair[0],
        "Reading",
        shared=progress.ALONE,  # it may be one that is still being written: each session reads what stands there now
    )
    return None if found is None else found[1]


def told(store: Store, found: Map) -> str:
    """What is shown of a stored map."""
    part = drawing.told_of(store.sweep.shape, found.sweep.shape, store.sweep.steps)
    return part if found.known.all() else f"{part}, {found.share:.0%} known"


def runs_of(sweep: Sweep) -> str:
    """What runs on a stored map."""
    axes = {sweep.x.name, sweep.y.name}
    if axes == {"learning_rate[0]", "learning_rate[1]"} and len(sweep.subject.sizes) == 3:
        axes.add("learning_rate")  # each layer has its own
    fixed = [name for name in hyperparameters(sweep.optimizer) if name not in axes]
    numbers = [f"{drawing.title_of(name)} {significant(getattr(sweep.optimizer, name))}" for name in fixed]
    by = "" if "optimizer" in axes else f" {', '.join([title_of(sweep.optimizer.name), *numbers])}."
    if isinstance(sweep.subject, Surface):
        return f"On `{sweep.subject.text[:200]}`.{by}"
    size = sweep.batch_size if "batch_size" not in axes else None
    batch = "" if size is None else f", {'all' if size >= len(sweep.data.train) else size} samples in each step"
    return f"A network {sweep.subject.brief()}{batch}.{by}"


def opens_here(store: Store, chosen: Experiment) -> bool:
    """Whether a pixel's run can be opened: of a surface always, in Optimisers; of a network where it is the experiment's, in Training."""
    mine = store.sweep
    if isinstance(mine.subject, Surface):
        return True
    return (mine.subject, repr(mine.loss), mine.data.digest) == (chosen.network, repr(get_loss(chosen.loss)), chosen.data.digest)


def view(store: Store, chosen: Experiment) -> None:
    """The stored map: its windows, its picture, and the run behind a pixel where it is one of the experiment's."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        x = controls.text("Range across", key=maps_view.X, default="", longest=80, placeholder=EXAMPLE, width=190)
        y = controls.text("Range up", key=maps_view.Y, default="", longest=80, placeholder=EXAMPLE, width=190)
        measure = controls.choice("Colour", store.sweep.measures, key="mapshows", names=drawing.written_measure, width=170)
        zooms = maps_view.mouse(opens_here(store, chosen))
    try:
        found = read(store, measure, x, y)
    except ValueError as error:
        mistakes.tell(error)
        found = read(store, measure, "", "")
    scene = progress.standing("stored map", (store, measure, found) if found is not None else None)
    if scene is None:
        return
    store, measure, found = scene
    place = None if zooms else maps_view.clicked(found.sweep)
    if place is not None:
        maps_view.open_run(chosen, found.sweep, *place)
    st.session_state[maps_view.SHOWN] = found.sweep
    key = f"{told(store, found)}; {'draw a box to zoom into it' if zooms else maps_view.opens(store.sweep)}"
    named, token, values = drawing.named(measure), maps_view.token_of(found.sweep), drawing.pictured(found, measure)
    figure = drawing.trainability(show.theme(), found, values, measure, title=named, key=key, token=token, boxes=zooms)
    alt = drawing.described(found, measure, told(store, found))
    picture, beside = st.columns([1.75, 1], gap="medium")
    with picture:
        show.figure(figure, maps_view.FIGURE, alt, numbers=lambda: drawing.table(found), on_select=True)
    with beside:
        maps_view.colour(found, measure)
        show.heading("The runs")
        show.sentence(runs_of(store.sweep))
