"""The page Maps: which map is asked for, its windows, what is known of it, and the run behind a pixel."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator

import numpy as np
import streamlit as st

from nnviz.core.axes import Axis, factors_left, hyperparameters, spaced
from nnviz.core.sweep import MEASURES as MEASURE_TEXTS
from nnviz.core.sweep import TILE, Map, Sweep, described, empty_map, sweep_chunks
from nnviz.figures import trainability as drawing
from nnviz.formulas.numbers import significant
from nnviz.ui import controls, map_cluster, mistakes, navigation, progress, runs, show
from nnviz.ui.experiment import Experiment

FIGURE, X, Y = "map", "mapwx", "mapwy"  # the figure, and the two windows in the address
SHOWN = "map shown"  # session_state: the sweep on the screen
COARSE = 4  # every so-many-th pixel comes first
WATCH = 0.7  # seconds of work between two pictures
MEASURES = ("convergence", "cost", "test_cost", "accuracy", "test_accuracy", "steps_to_threshold", "diverged_at")
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
CONVERGENCE = (
    r"v_t=\frac{C_t}{C_0},\qquad \begin{cases}-\sum_t v_t&\overline{v}_{\text{last 20}}<1\\[4pt]"
    r"\ \ \sum_t 1/v_t&\text{otherwise}\end{cases}"
)
ADAPTIVE = ("adam", "adamw", "amsgrad", "nadam", "radam", "rmsprop", "adagrad", "lion")


def names_of(chosen: Experiment) -> list[str]:
    """The hyperparameters that can be an axis for this experiment."""
    layers = [f"learning_rate[{layer}]" for layer in range(len(chosen.network.sizes) - 1)]
    own = [name for name in hyperparameters(chosen.optimizer) if name in RANGES]
    return [*dict.fromkeys((*own, "initial_scale", "l2", "batch_size")), *layers]


def usual_range(name: str, chosen: Experiment) -> tuple[float, float, str]:
    """From, to and scale of an axis before anyone has zoomed."""
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


def axis_of(name: str, window: str, count: int, chosen: Experiment) -> Axis:
    """An axis as the controls say."""
    usual = usual_range(name, chosen)
    return spaced(name, *parse_window(window, usual), count, usual[2])


def sweep_of(chosen: Experiment, x: Axis, y: Axis, steps: int, whole: bool) -> Sweep:
    """The map of the experiment's network, data and optimiser."""
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


def layers_of(sweep: Sweep) -> Iterator[tuple[Map, Map]]:
    """The coarse map, then the fine one, tile by tile; both as far as they are known."""
    nothing = Map(sweep, {}, np.zeros(sweep.shape, dtype=bool))
    coarse = sweep.coarse(COARSE)
    rough = empty_map(coarse)
    for rough in sweep_chunks(coarse, TILE):
        yield rough, nothing
    for fine in map_cluster.chunks(sweep, TILE):
        yield rough, fine


def reached(sweep: Sweep) -> tuple[Map, Map] | None:
    """The map as far as it is known; None where nothing is."""
    kept: tuple[str, tuple[Map, Map]] | None = st.session_state.get("map kept")
    return kept[1] if kept is not None and kept[0] == token_of(sweep) else None


def work_on(sweep: Sweep) -> None:
    """Go on with the map for a moment, with a bar and Stop; the page reruns while `progress.unfinished`."""
    token = token_of(sweep)
    both = progress.run("map", token, lambda: layers_of(sweep), lambda both: both[1].share, "Map", WATCH)
    if both is not None:
        st.session_state["map kept"] = (token, both)


def values_of(both: tuple[Map, Map], measure: str) -> np.ndarray:
    """A measure on the fine pixels, from the coarse map where nothing finer is known."""
    rough, fine = both
    rows, columns = fine.sweep.shape
    near = rough.results[measure][np.ix_(np.arange(rows) // COARSE, np.arange(columns) // COARSE)]
    return np.where(fine.known, fine.results[measure], near) if fine.results else near


def zoom_on_box() -> None:
    """Where a box was drawn, make it the window; called before the controls are drawn."""
    chosen, shown = st.session_state.get(FIGURE), st.session_state.get(SHOWN)
    boxes = chosen["selection"].get("box") if chosen else None
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
    chosen = st.session_state.get(FIGURE)
    points = chosen["selection"]["points"] if chosen and not chosen["selection"].get("box") else []
    if len(points) != 1:
        st.session_state.pop("map click", None)
        return None
    place = (round(points[0]["y"]), round(points[0]["x"]))
    if st.session_state.get("map click") == (token_of(sweep), place):
        return None
    st.session_state["map click"] = (token_of(sweep), place)
    return place if place[0] < sweep.shape[0] and place[1] < sweep.shape[1] else None


def open_run(chosen: Experiment, sweep: Sweep, row: int, column: int) -> None:
    """Train the very run of a pixel on the page Training."""
    try:
        arguments = sweep.training_at(row, column)
    except ValueError as error:
        mistakes.tell(error)
        return
    values = sweep.values_at(row, column)
    told = ", ".join(f"{drawing.title_of(name)} {significant(value)}" for name, value in values.items())
    runs.begin(chosen, runs.Exactly(arguments, f"a pixel of a map: {told}, {sweep.steps} steps"), "train")
    # With no query_params Streamlit would clear the address itself, which it refuses while controls are bound to it.
    st.switch_page(navigation.path("training"), query_params={})


def back() -> None:
    """The window before the last zoom; for callbacks."""
    history = st.session_state.get("map history", [])
    if history:
        st.session_state[X], st.session_state[Y] = history.pop()


def whole() -> None:
    """The usual windows; for callbacks."""
    st.session_state["map history"] = []
    controls.reset((X, Y))


def depth_sentence(sweep: Sweep, chosen: Experiment) -> str:
    """How far one has zoomed, and how much deeper float64 carries."""
    deep, left = [], []
    for axis in (sweep.x, sweep.y):
        low, high, scale = usual_range(axis.name, chosen)
        ends = np.log(axis.numbers[[0, -1]]) if scale == "log" else axis.numbers[[0, -1]]
        full = np.log(high / low) if scale == "log" else high - low
        deep.append(full / np.ptp(ends))
        left.append(factors_left(axis) if axis.name != "batch_size" else np.inf)
    factor, further = float(max(deep)), significant(float(min(left)), 2)
    magnified = f"Magnified {significant(factor, 3)} times. " if factor > 1.01 else ""
    return f"{magnified}float64 tells pixels apart for a further factor of {further}; beyond that, neighbours would be the same number."


def explanation(sweep: Sweep, values: np.ndarray, measure: str, chosen: Experiment) -> None:
    """What the colour is, with the numbers of this map, and how deep it is."""
    show.heading("The colour")
    if measure == "convergence":
        show.formula(CONVERGENCE)
        show.sentence(
            f"{np.mean(values < 0):.1%} of the runs converge. The strongest colour is fastest, on both sides; each shade covers as "
            "many pixels (Sohl-Dickstein 2024). A cost above 1,000 times its start counts as diverged."
        )
    else:
        show.sentence(f"{MEASURE_TEXTS[measure].capitalize()}. Grey: there is none.")
    show.heading("How deep")
    show.sentence(depth_sentence(sweep, chosen))
