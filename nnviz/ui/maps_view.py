"""The page Maps: which map is asked for, its windows, what is known of it, and the run behind a pixel."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from nnviz.core import cluster
from nnviz.core.axes import Axis, factors_left, hyperparameters, layer_of, spaced
from nnviz.core.network import Network
from nnviz.core.surfaces import Surface
from nnviz.core.sweep import MEASURES as MEASURE_TEXTS
from nnviz.core.sweep import Map, Sweep, described, empty_map
from nnviz.figures import trainability as drawing
from nnviz.figures.descent_maps import DIVERGED_TEXT
from nnviz.formulas import maps as formulas
from nnviz.formulas.numbers import significant
from nnviz.ui import chart, controls, descent_view, map_cluster, mistakes, navigation, progress, runs, show, surface_choice, tuning
from nnviz.ui.descent_figures import surface_title
from nnviz.ui.experiment import Experiment

FIGURE, X, Y = "map", "mapwx", "mapwy"  # the figure, and the two windows in the address
SHOWN = "map shown"  # session_state: the sweep on the screen
FIRST = 0.4  # seconds of work that the first, coarse map may take
SIDES = (4, 8, 16)  # pixels a side that it may have
OF_UNIT, OF_PARAMETER = 2.5e-8, 2e-10  # seconds of a run for each step, sample and unit or parameter, on a slow machine
NETWORK = "network"  # is swept, where it is no surface
MEASURES = ("convergence", "cost", "test_cost", "accuracy", "test_accuracy", "steps_to_threshold", "diverged_at")
MOST_DESCENT = 500  # steps that the page Optimisers shows
OF_SURFACES = {  # measure → what it is on a surface
    "convergence": "",
    "basin": "which minimum a run ends at: within 2 % of the bounds of it",
    "cost": "height above the lowest value known, after the last step",
    "steps_to_threshold": "first step within 0.1 of the lowest value known, −1 where there is none",
    "diverged_at": MEASURE_TEXTS["diverged_at"],
}
RANGES = {  # hyperparameter → from, to, scale
    "learning_rate": (1e-2, 1e2, "log"),
    "initial_scale": (0.1, 20.0, "log"),
    "l2": (1e-4, 10.0, "log"),
    "beta": (0.0, 0.99, "linear"),
    "beta1": (0.0, 0.99, "linear"),
    "beta2": (0.5, 0.9999, "linear"),
    "rho": (0.5, 0.99, "linear"),
    "epsilon": (1e-10, 1.0, "log"),
    "weight_decay": (1e-4, 1.0, "log"),
}
ON_SURFACES = f"{DIVERGED_TEXT[0].upper()}{DIVERGED_TEXT[1:]}."
OF_HEIGHTS = f"C is the height above the lowest value known. {ON_SURFACES}"
MOST_ENDINGS = 9  # rows of the table of minima
ADAPTIVE = ("adam", "adamw", "amsgrad", "nadam", "radam", "rmsprop", "adagrad", "lion")


def subject_of(swept: str, chosen: Experiment) -> Network | Surface:
    """What is swept: the experiment's network, or a test surface, for which more may be asked here."""
    return chosen.network if swept == NETWORK else surface_choice.asked(swept)


def measures_of(subject: Network | Surface) -> tuple[str, ...]:
    """What the colour can be."""
    return tuple(OF_SURFACES) if isinstance(subject, Surface) else MEASURES


def names_of(chosen: Experiment, subject: Network | Surface) -> list[str]:
    """The hyperparameters that can be an axis; the first two are so until a person says otherwise."""
    if isinstance(subject, Surface):
        own = [name for name in hyperparameters(chosen.optimizer) if name in RANGES]
        return [*dict.fromkeys(("learning_rate", "start[0]", "start[1]", *own))]
    layers = [f"learning_rate[{layer}]" for layer in range(len(chosen.network.sizes) - 1)]
    own = [name for name in hyperparameters(chosen.optimizer) if name in RANGES]
    return [*dict.fromkeys(("learning_rate", "initial_scale", *own, "l2", "batch_size")), *layers]


def usual_range(name: str, chosen: Experiment, subject: Network | Surface) -> tuple[float, float, str]:
    """From, to and scale of an axis before anyone has zoomed."""
    if isinstance(subject, Surface) and name == "learning_rate":
        rate = descent_view.usual_rate(chosen.optimizer_name, subject, descent_view.usual_start(subject))
        return rate / 100, rate * 100, "log"
    if isinstance(subject, Surface) and name.startswith("start["):
        return *subject.bounds[layer_of(name) or 0], "linear"
    if name == "batch_size":
        return 1.0, float(len(chosen.data.train)), "log"
    low, high, scale = RANGES["learning_rate" if name.startswith("learning_rate") else name]
    return (1e-4, 10.0, scale) if name.startswith("learning_rate") and chosen.optimizer_name in ADAPTIVE else (low, high, scale)


def parse_window(text: str, usual: tuple[float, float, str]) -> tuple[float, float]:
    """`0.01, 100` as two numbers; an empty text is the usual window.

    Raises
    ------
    ValueError
        Not two numbers, or not in ascending order.
    """
    if not text.strip():
        return usual[:2]
    try:
        low, high = (float(word) for word in text.split(","))
    except ValueError:
        raise ValueError(f"“{text[:40]}” was given as a range: write two numbers with a comma between them, such as 0.01, 100") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"the range goes from {low:g} to {high:g}: it needs to go from the smaller to the larger number")
    return low, high


def axis_of(name: str, window: str, count: int, chosen: Experiment, subject: Network | Surface) -> Axis:
    """An axis as the controls say."""
    usual = usual_range(name, chosen, subject)
    return spaced(name, *parse_window(window, usual), count, usual[2])


def sweep_of(chosen: Experiment, subject: Network | Surface, x: Axis, y: Axis, steps: int, whole: bool) -> Sweep:
    """The map of the experiment's optimiser on its network and data, or on a surface."""
    if isinstance(subject, Surface):
        if chosen.optimizer_name == "muon":
            raise ValueError("Muon needs the layers of a network: choose another optimiser for a surface")
        start = descent_view.usual_start(subject)
        return described(subject, None, chosen.optimizer, x, y, steps, measures_of(subject), theta0=start, threshold=0.1)
    return described(
        chosen.network,
        chosen.data,
        chosen.optimizer,
        x,
        y,
        steps,
        MEASURES,
        loss=chosen.loss,
        batch_size=None if whole else chosen.batch_size,
        seed=chosen.seed,
        theta0=chosen.initial_theta,
        l2=chosen.l2,
        threshold=0.1,
    )


def token_of(sweep: Sweep) -> str:
    """A fingerprint of the map."""
    return hashlib.sha256(repr(sweep.description()).encode()).hexdigest()[:24]


def coarsest(sweep: Sweep) -> int:
    """Every how-many-th pixel makes the first map: as many as are computed in a moment; a power of two."""
    seconds = 1e-5 * sweep.steps
    if isinstance(sweep.subject, Network):
        units, parameters = sum(sweep.subject.sizes[1:]), sweep.subject.parameter_count
        seconds = sweep.steps * sweep.batch_size * (OF_UNIT * units + OF_PARAMETER * parameters)
    side = max((side for side in SIDES if side * side * seconds <= FIRST), default=SIDES[0])
    return 2 ** max(0, math.ceil(math.log2(max(sweep.shape) / side)))


def reached(sweep: Sweep) -> Map | None:
    """The map as far as it is known, from coarse to fine; with a bar and Stop until it is whole. None where nothing is known yet."""
    every = coarsest(sweep)
    first = math.prod(-(-count // every) for count in sweep.shape) / math.prod(sweep.shape)
    start = partial(cluster.coarse_to_fine, sweep, every, map_cluster.address())
    return progress.run("map", token_of(sweep), start, lambda found: found.share, "Map", first)


def spread(found: Map) -> Map:
    """The map with what is known, and elsewhere the results of a coarser pixel where there is one."""
    if found.known.all():
        return found
    whole = empty_map(found.sweep)
    every = 2 ** math.ceil(math.log2(max(found.sweep.shape)))
    while every:
        near = np.ix_(*(np.arange(count) // every * every for count in found.sweep.shape))
        known = found.known[near]
        for name, values in whole.results.items():
            np.copyto(values, found.results[name][near], where=known)
        whole.known[known] = True
        every //= 2
    return whole


def zoom_on_box() -> None:
    """Where a box was drawn, make it the window; called before the controls are drawn."""
    boxes, shown = chart.selection(FIGURE)["box"], st.session_state.get(SHOWN)
    if not boxes or shown is None or st.session_state.get("map box") == boxes:
        return
    st.session_state["map box"] = boxes
    texts = [window_text(axis, *sorted(boxes[0][side])) for axis, side in ((shown.x, "x"), (shown.y, "y"))]
    history = st.session_state.setdefault("map history", [])
    history.append((st.session_state.get(X, ""), st.session_state.get(Y, "")))
    del history[:-60]
    st.session_state[X], st.session_state[Y] = texts


def window_text(axis: Axis, first: float, last: float) -> str:
    """The window between two places counted in pixels, as text that gives the same numbers back."""
    numbers, scale = axis.numbers, "log" if drawing.logarithmic(axis.numbers) else "linear"
    at = np.clip([first, last], 0, len(numbers) - 1)
    if at[1] - at[0] < 1:
        at = np.clip([at.mean() - 0.5, at.mean() + 0.5], 0, len(numbers) - 1)
    places = np.arange(len(numbers))
    found = np.exp(np.interp(at, places, np.log(numbers))) if scale == "log" else np.interp(at, places, numbers)
    return f"{float(found[0])!r}, {float(found[1])!r}"


def clicked(sweep: Sweep) -> tuple[int, int] | None:
    """The row and column of a pixel that was just clicked; a box is no click."""
    chosen = chart.selection(FIGURE)
    points = chosen["points"] if not chosen["box"] else []
    if len(points) != 1:
        st.session_state.pop("map click", None)
        return None
    place = (round(points[0]["y"]), round(points[0]["x"]))
    if st.session_state.get("map click") == (token_of(sweep), place):
        return None
    st.session_state["map click"] = (token_of(sweep), place)
    return place if place[0] < sweep.shape[0] and place[1] < sweep.shape[1] else None


def open_run(chosen: Experiment, sweep: Sweep, row: int, column: int) -> None:
    """Show the very run of a pixel: of a network on the page Training, on a surface on the page Optimisers."""
    try:
        arguments = sweep.training_at(row, column)
    except ValueError as error:
        mistakes.tell(error)
        return
    if isinstance(sweep.subject, Surface):
        _open_descent(sweep.subject, arguments)
        return
    values = sweep.values_at(row, column)
    told = ", ".join(f"{drawing.title_of(name)} {significant(value)}" for name, value in values.items())
    runs.begin(chosen, runs.Exactly(arguments, f"a pixel of a map: {told}, {sweep.steps} steps"), "train")
    # With no query_params Streamlit would clear the address itself, which it refuses while controls are bound to it.
    st.switch_page(navigation.path("training"), query_params={})


def _open_descent(surface: Surface, arguments: Mapping[str, Any]) -> None:
    optimizer, (x, y) = arguments["optimizer"], arguments["theta0"].tolist()
    settings = surface_choice.settings_of(surface, "surface") | {
        "opt": [optimizer.name],
        tuning.TUNE: tuning.exactly(optimizer),
        "start": f"{x!r}, {y!r}",
        "steps": min(max(arguments["steps"], 10), MOST_DESCENT),
        "gnoise": 0.0,
        "sched": "constant",
        "gclip": 0.0,
        "gdecay": 0.0,
        "inner": tuning.title_of(optimizer.name),
    }
    # What this page has asked for stands already, here and in the address, and cannot be set any more.
    new = {key: value for key, value in settings.items() if st.session_state.get(key) != value}
    st.session_state.update(new)
    titles = {"surface": surface_title(settings["surface"]), "opt": tuning.title_of(optimizer.name)}
    st.switch_page(navigation.path("optimizers"), query_params={key: titles.get(key, str(value)) for key, value in new.items() if value})


def mouse(opens_runs: bool = True) -> bool:
    """What the mouse does on the map, and the ways back; whether it zooms."""
    zooms = True
    if opens_runs:
        zooms = controls.segments("The mouse", ("zooms", "opens a run"), key="mapact") == "zooms"
    zoomed = any(st.session_state.get(key, "").strip() for key in (X, Y))
    st.button("Zoom back", on_click=back, disabled=not st.session_state.get("map history"))
    st.button("Whole map", on_click=whole, disabled=not zoomed)
    return zooms


def opens(sweep: Sweep) -> str:
    """What a click does, as a figure says it."""
    if not isinstance(sweep.subject, Surface):
        return "click a pixel to open its run in Training"
    part = f", its first {MOST_DESCENT} steps" if sweep.steps > MOST_DESCENT else ""
    return f"click a pixel to open its run in Optimisers{part}"


def back() -> None:
    """The window before the last zoom; for callbacks."""
    history = st.session_state.get("map history", [])
    if history:
        st.session_state[X], st.session_state[Y] = history.pop()


def anew() -> None:
    """Axes, windows and colour as they usually are; for callbacks."""
    whole()
    controls.reset(("mapx", "mapy", "mapmeasure"))


def whole() -> None:
    """The usual windows; for callbacks."""
    st.session_state["map history"] = []
    controls.reset((X, Y))


def depth_sentence(sweep: Sweep, chosen: Experiment) -> str:
    """How far one has zoomed, and how much deeper float64 carries."""
    deep, left = [], []
    for axis in (sweep.x, sweep.y):
        low, high, scale = usual_range(axis.name, chosen, sweep.subject)
        ends = np.log(axis.numbers[[0, -1]]) if scale == "log" else axis.numbers[[0, -1]]
        full = np.log(high / low) if scale == "log" else high - low
        deep.append(full / np.ptp(ends))
        left.append(factors_left(axis) if axis.name != "batch_size" else np.inf)
    factor, further = float(max(deep)), significant(float(min(left)), 2)
    magnified = f"Magnified {significant(factor, 3)} times. " if factor > 1.01 else ""
    return f"{magnified}float64 tells pixels apart for a further factor of {further}; beyond that, neighbours would be the same number."


def colour(found: Map, measure: str) -> None:
    """What the colour is, with the numbers of this map."""
    show.heading("The colour")
    values, surface = found.results[measure], isinstance(found.sweep.subject, Surface)
    if measure == "convergence":
        show.formula(formulas.CONVERGENCE, "convergence")
        show.sentence(
            f"{np.mean(values < 0):.1%} of the runs converge. The strongest colour is fastest, on both sides; each shade covers as "
            f"many pixels (Sohl-Dickstein 2024). {OF_HEIGHTS if surface else 'A cost above 1,000 times its start counts as diverged.'}"
        )
    elif measure == "basin":
        rows, told = drawing.endings(found), OF_SURFACES[measure]
        show.table(("ends at", "x, y", "share of the runs"), rows[:MOST_ENDINGS], "Share of the runs by ending")
        more = f" {len(rows) - MOST_ENDINGS} further endings are not listed." if len(rows) > MOST_ENDINGS else ""
        show.sentence(f"{told[0].upper()}{told[1:]}. {ON_SURFACES}{more}")
    else:
        told = (OF_SURFACES if surface else {}).get(measure, MEASURE_TEXTS[measure])
        show.sentence(f"{told[0].upper()}{told[1:]}. Grey: there is none.{' ' + ON_SURFACES if surface else ''}")


def explanation(found: Map, measure: str, chosen: Experiment) -> None:
    """What the colour is, and how deep the map is."""
    colour(found, measure)
    show.heading("How deep")
    show.sentence(depth_sentence(found.sweep, chosen))
