"""The shared sidebar: data, network, initialiser and what is folded away; it makes the experiment that all pages look at.

Each part is drawn by one function and understood by another, from the values of the controls alone: where one of them has changed that
changes no other, the sidebar stays as it is and only the page is drawn anew (`now`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import streamlit as st

from nnviz.core.activations import ACTIVATIONS, get_activation
from nnviz.core.datasets import DATASETS, DataSet, with_features
from nnviz.core.features import PLAYGROUND_FEATURES
from nnviz.core.initializers import INITIALIZERS
from nnviz.core.losses import LOSSES, Loss, fitting_losses, usual_pair
from nnviz.core.network import Network
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.ui import caching, controls, mistakes, models, notices, redraw, runs, show, uploads
from nnviz.ui import experiment as current_experiment
from nnviz.ui.experiment import Experiment
from nnviz.ui.models import AUTO, MOST_LAYERS, MOST_PARAMETERS, MOST_UNITS, OWN_FORMULA

OWN_FILE = "own file"
SPLIT = ("samples", "test", "dataseed", "showtest", "features")  # what is folded away: the keys of the controls
LAYERS = ("sizes", "activations")
LEARNING = ("output", "loss", "optimizer", "rate", "batch", "l2")
KEYS = (  # the address and the session know the controls of the sidebar by these
    *("data", "noise", "expression", *SPLIT),
    *("layers", "units", "activation", "formula", "init", "seed", *LAYERS),
    *LEARNING,
)
WHERE = "where"  # the part of the sidebar that tells where the network stands
LATEST, MOVED = "experiment", "sidebar moved"  # session_state: the experiment as it was made last; whether one with `_moved` was moved


def data_title(name: str) -> str:
    """How a data set is called in the menu."""
    return "Your own file" if name == OWN_FILE else DATASETS[name].title


def experiment() -> Experiment:
    """Draw the sidebar and give back the experiment it describes."""
    with st.sidebar:
        st.markdown("#### Experiment")
        data = _draw_data()
        models.arrive(data)
        hidden, activations = _draw_layers()
        activation = _draw_activation()
        controls.choice("Initialiser", INITIALIZERS, key="init", default="glorot_uniform", on_change=_moved)
        controls.number("Seed", 0, 9999, key="seed", default=0, step=1, on_change=_moved)
        with controls.fold("Output, loss, optimiser", LEARNING):
            output, loss = _draw_output_and_loss(data)
            controls.choice("Optimiser", OPTIMIZERS, key="optimizer", default="adam", on_change=_moved)
            controls.powers("Learning rate η", -5, 1, key="rate", default=0.01, on_change=_moved)
            controls.number("Batch size", 1, runs.ALL, key="batch", default=32, step=1, on_change=_moved)
            controls.number("L2 penalty", 0.0, 10.0, key="l2", default=0.0, step=0.001, format="%.4g", on_change=_moved)
        network = _draw_network(data, hidden, activations or (activation,) * len(hidden), output)
        initializer, seed = _initial()
        trouble = current_experiment.edits_from_address(network, initializer, seed)
        if trouble:
            notices.tell(trouble)
        made = _made(data, network, loss)
        st.session_state[LATEST] = made
        st.session_state.pop(MOVED, None)
        where()
    return made


def now() -> Experiment:
    """The experiment, for a part that runs by itself; where more has changed than a part can show, the whole app runs."""
    latest: Experiment = st.session_state[LATEST]
    moved = st.session_state.pop(MOVED, False)
    if latest.settings == _settings() and _stands_at(latest):
        return latest
    if not moved or models.WAITING in st.session_state:
        st.rerun()
    try:
        made = _understood()
    except ValueError:
        st.rerun()
    if made.loss.name != latest.loss.name:
        st.rerun()  # a label of the sidebar names it
    st.session_state[LATEST] = made
    return made


def _moved() -> None:
    """A control that changes no other one of the sidebar was moved."""
    st.session_state[MOVED] = True
    redraw.only(WHERE, redraw.PAGE, where=lambda: st.session_state.get("data") != OWN_FILE)()


def _settings() -> tuple[tuple[str, Any], ...]:
    return tuple((key, st.session_state.get(key)) for key in KEYS)


def _stands_at(latest: Experiment) -> bool:
    """Whether the network still stands where it did."""
    point = current_experiment.point_of(latest.network, latest.initializer, latest.seed)
    return point.theta is latest.point.theta and point.description == latest.point.description


def _understood() -> Experiment:
    """The experiment that the controls describe, without drawing them. ValueError where one of them has something to say."""
    data = _data(*_asked_data())
    hidden, activations = _layers()
    output, loss = _output_and_loss(data)
    return _made(data, _network(data, hidden, activations or (_activation(),) * len(hidden), output), loss)


def _made(data: DataSet, network: Network, loss: Loss) -> Experiment:
    state, (initializer, seed) = st.session_state, _initial()
    return Experiment(
        data, network, loss, initializer, seed, state["optimizer"], state["rate"], int(state["batch"]), float(state["l2"]),
        state["showtest"], current_experiment.point_of(network, initializer, seed), _settings(),
    )  # fmt: skip


def _initial() -> tuple[str, int]:
    return st.session_state["init"], int(st.session_state["seed"])


def _draw_data() -> DataSet:
    name = controls.choice("Data", [*DATASETS, OWN_FILE], key="data", default="iris", names=data_title)
    told = "Relative to each feature's own spread."
    controls.slider("Noise", 0.0, 1.0, key="noise", default=0.0, step=0.05, help=told, on_change=_moved)
    if name == "function":
        controls.text("f(x) =", key="expression", default="sin(3*x)")
    with controls.fold("Samples and split", SPLIT, held_open=name == OWN_FILE) as folded:
        controls.number("Samples (0: all)", 0, 100_000, key="samples", default=0, step=10, on_change=_moved)
        controls.slider("Held out for testing", 0.0, 0.9, key="test", default=0.3, step=0.05, on_change=_moved)
        controls.number("Seed of the data", 0, 9999, key="dataseed", default=0, step=1, on_change=_moved)
        if folded:
            st.button("Regenerate", on_click=_regenerate, width="stretch", help="Draw samples, noise and split anew.")
        controls.toggle("Show test data", key="showtest", default=False, on_change=_moved)
        if _has_features(name):
            told = "What the network sees of x₁ and x₂."
            controls.several("Features", PLAYGROUND_FEATURES, key="features", default=PLAYGROUND_FEATURES[:2], help=told)
        asked = _asked_data()
        own = uploads.data_set(asked.test_fraction, asked.seed, asked.noise, asked.samples) if name == OWN_FILE else None
    if name == OWN_FILE:
        return own or _former()
    try:
        data = _data(*asked)
    except ValueError as error:
        mistakes.tell(error)
        return _former()
    if folded:
        folded.caption(f"Source: {data.source}. Licence: {data.licence}.")
    st.session_state["former data"] = data
    return data


class _Asked(NamedTuple):
    """What is asked of a data set."""

    name: str
    samples: int | None
    noise: float
    test_fraction: float
    seed: int
    options: tuple[tuple[str, str], ...]
    features: tuple[str, ...]


def _asked_data() -> _Asked:
    state, name = st.session_state, st.session_state["data"]
    options = (("expression", state["expression"]),) if name == "function" else ()
    wanted = tuple(state["features"]) if _has_features(name) else ()
    features = wanted if wanted != PLAYGROUND_FEATURES[:2] else ()
    return _Asked(name, int(state["samples"]) or None, state["noise"], state["test"], int(state["dataseed"]), options, features)


def _has_features(name: str) -> bool:
    """Whether the network may see more of the data than two coordinates: their squares, product and sines."""
    return name != OWN_FILE and len(DATASETS[name].feature_names) == 2


def _data(
    name: str,
    samples: int | None,
    noise: float,
    test_fraction: float,
    seed: int,
    options: tuple[tuple[str, str], ...],
    features: tuple[str, ...],
) -> DataSet:
    size = DATASETS[name].size
    data = made(name, samples if samples is None or size is None else min(samples, size), noise, test_fraction, seed, options)
    return with_features(data, features) if features else data


@caching.kept(megabytes=64, entries=48)
def made(name: str, samples: int | None, noise: float, test_fraction: float, seed: int, options: tuple[tuple[str, str], ...]) -> DataSet:
    """A data set that comes with the app; frozen, so that sessions may share it."""
    return DATASETS[name](samples=samples, noise=noise, test_fraction=test_fraction, seed=seed, **dict(options))


def _former() -> DataSet:
    """What was there before something went wrong."""
    return st.session_state.get("former data") or made("iris", None, 0.0, 0.3, 0, ())


def _regenerate() -> None:
    st.session_state["dataseed"] = (int(st.session_state.get("dataseed", 0)) + 1) % 10_000


def _draw_layers() -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The units of each hidden layer, and their activations where each has its own."""
    controls.slider("Hidden layers", 0, 8, key="layers", default=2, step=1, on_change=_moved)
    controls.slider("Units per layer", 1, 64, key="units", default=8, step=1, on_change=_moved)
    with controls.fold("Layers of their own sizes", LAYERS):
        controls.text("Hidden layers, one number each", key="sizes", default="", longest=200, placeholder="such as 16, 8, 4")
        controls.text("Their activations, one each", key="activations", default="", longest=800, placeholder="such as relu, tanh")
    try:
        chosen = _layers()
    except ValueError as error:
        mistakes.tell(error)
        return st.session_state.get("former layers", (_alike(), ()))
    st.session_state["former layers"] = chosen
    return chosen


def _alike() -> tuple[int, ...]:
    """Layers of as many units each."""
    return (int(st.session_state["units"]),) * int(st.session_state["layers"])


def _layers() -> tuple[tuple[int, ...], tuple[str, ...]]:
    typed, kinds = st.session_state["sizes"], st.session_state["activations"]
    hidden = parse_sizes(typed) if typed.strip() else _alike()
    return hidden, parse_activations(kinds, len(hidden)) if kinds.strip() else ()


def parse_sizes(text: str) -> tuple[int, ...]:
    """`16, 8, 4` as hidden layers.

    Raises
    ------
    ValueError
        Not whole numbers, none or too many of them, a layer without units or with too many.
    """
    words = text.replace(",", " ").split()
    if len(words) == 1 and not text.strip().startswith("-"):
        words = words[0].split("-")  # as the page writes them, 16-8-4; elsewhere a hyphen is a minus
    if not all(word.isdecimal() and word.isascii() for word in words):
        raise ValueError(f"“{text[:40]}” was given as layers: write whole numbers with commas between them, such as 16, 8, 4")
    sizes = tuple(int(word[:9]) for word in words)
    if not 1 <= len(sizes) <= MOST_LAYERS or not all(1 <= size <= MOST_UNITS for size in sizes):
        raise ValueError(f"“{text[:40]}” was given as layers: give 1 to {MOST_LAYERS} layers of 1 to {MOST_UNITS} units each")
    return sizes


def parse_activations(text: str, layers: int) -> tuple[str, ...]:
    """`relu, tanh` as the activations of two hidden layers.

    Raises
    ------
    ValueError
        A name that is not known, or not one for each layer.
    """
    names = tuple(text.replace(",", " ").split())
    unknown = [name for name in names if name not in ACTIVATIONS]
    if unknown:
        raise ValueError(f"“{unknown[0][:40]}” was given as an activation: choose among {', '.join(ACTIVATIONS)}")
    if len(names) != layers:
        raise ValueError(f"{len(names)} activations were given and there are {layers} hidden layers: give one for each, or none")
    return names


def _draw_activation() -> str:
    controls.choice("Activation", [*ACTIVATIONS, OWN_FORMULA], key="activation", default="tanh", on_change=_activation_moved)
    if st.session_state["activation"] == OWN_FORMULA:
        controls.text("f(z) =", key="formula", default="z * sigmoid(z)")
    try:
        name = _activation()
    except ValueError as error:
        mistakes.tell(error)
        return st.session_state.get("former formula", "tanh")
    if name.startswith("="):
        st.session_state["former formula"] = name
    return name


def _activation_moved() -> None:
    """The field of an own formula comes and goes with the choice."""
    if OWN_FORMULA not in (st.session_state["activation"], dict(st.session_state[LATEST].settings)["activation"]):
        _moved()


def _activation() -> str:
    name = st.session_state["activation"]
    if name != OWN_FORMULA:
        return name
    typed = f"={st.session_state['formula']}"
    get_activation(typed)
    return typed


def _draw_output_and_loss(data: DataSet) -> tuple[str, Loss]:
    """By default what goes with the task: probabilities and their cross-entropy, or plain numbers and squared error."""
    controls.choice(f"Output ({AUTO}: {_usual(data)[0]})", [AUTO, *ACTIVATIONS], key="output", default=AUTO)
    output, first, possible = _possible_losses(data)
    name = controls.choice(f"Loss ({AUTO}: {first})", [AUTO, *LOSSES], key="loss", default=AUTO)
    try:
        return _output_and_loss(data)
    except ValueError:
        mistakes.tell(f"{name} does not fit an output of {output} and these targets: {first} is used. Fitting are {', '.join(possible)}.")
    return output, LOSSES[first]


def _usual(data: DataSet) -> tuple[str, str]:
    return usual_pair(data.task, data.Y.shape[0])


def _possible_losses(data: DataSet) -> tuple[str, str, list[str]]:
    """The output, the loss that is taken where none is chosen, and all that fit."""
    usual, chosen = _usual(data), st.session_state["output"]
    output = usual[0] if chosen == AUTO else chosen
    possible = [name for name in fitting_losses(output) if not LOSSES[name].complaint(data.Y)]
    return output, usual[1] if usual[1] in possible else possible[0], possible


def _output_and_loss(data: DataSet) -> tuple[str, Loss]:
    output, first, possible = _possible_losses(data)
    name = st.session_state["loss"]
    if name not in (AUTO, *possible):
        raise ValueError(f"{name} does not fit an output of {output}")
    return output, LOSSES[first if name == AUTO else name]


def _draw_network(data: DataSet, hidden: tuple[int, ...], activations: tuple[str, ...], output: str) -> Network:
    try:
        return _network(data, hidden, activations, output)
    except ValueError as error:
        mistakes.tell(error, after="One hidden layer of 8 is used.")
        return _network(data, (8,), activations[:1], output)


def _network(data: DataSet, hidden: tuple[int, ...], activations: tuple[str, ...], output: str) -> Network:
    sizes = (data.X.shape[0], *hidden, data.Y.shape[0])
    parameters = sum(k * (n + 1) for n, k in pairwise(sizes))
    if parameters > MOST_PARAMETERS:
        raise ValueError(f"{'-'.join(map(str, sizes))} has {parameters:,} parameters and {MOST_PARAMETERS:,} is the most")
    return Network(sizes=sizes, activations=(*activations, output))


@st.fragment(key=WHERE)
def where() -> None:
    """The current point and where it came from; the way back, and back to the beginning of all; files of weights."""
    if models.dropped():
        st.rerun()  # the model's network is written into the controls
    made = now()
    point, network = made.point, made.network
    place = show.as_typed(point.description)
    st.caption(f"{'-'.join(map(str, network.sizes))}, {network.parameter_count:,} parameters. The network stands at {place}.")
    with st.container(horizontal=True):
        if point.kind != "initial":
            st.button("Initial weights", on_click=current_experiment.reset_point, help="Forget edits, training or loaded weights.")
        st.button("Reset all", on_click=_reset, help="All controls of the sidebar back to what they were at the start.")
    models.menu(point)


def _reset() -> None:
    current_experiment.reset_point()
    controls.reset((*KEYS, *uploads.KEYS))
