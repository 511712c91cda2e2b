"""The shared sidebar: data, network, initialiser and what is folded away; it makes the experiment that all pages look at."""

from __future__ import annotations

from itertools import pairwise

import streamlit as st

from nnviz.core.activations import ACTIVATIONS, get_activation
from nnviz.core.datasets import DATASETS, DataSet, with_features
from nnviz.core.initializers import INITIALIZERS
from nnviz.core.losses import LOSSES, Loss, fitting_losses, usual_pair
from nnviz.core.network import Network
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.ui import caching, controls, mistakes, models, notices, uploads
from nnviz.ui import experiment as current_experiment
from nnviz.ui.experiment import Experiment
from nnviz.ui.models import AUTO, FEATURES, MOST_LAYERS, MOST_PARAMETERS, MOST_UNITS, OWN_FORMULA

OWN_FILE = "own file"
KEYS = (  # the address and the session know the controls of the sidebar by these
    *("data", "samples", "noise", "test", "dataseed", "showtest", "expression", "features"),
    *("layers", "units", "sizes", "activation", "activations", "formula", "init", "seed"),
    *("output", "loss", "optimizer", "rate", "batch", "l2"),
)


def data_title(name: str) -> str:
    """How a data set is called in the menu."""
    return "Your own file" if name == OWN_FILE else DATASETS[name].title


def experiment() -> Experiment:
    """Draw the sidebar and give back the experiment it describes."""
    with st.sidebar:
        st.markdown("#### Experiment")
        data, show_test = _data()
        models.arrive(data)
        hidden, activations = _hidden_layers()
        activation = _activation()
        initializer = controls.choice("Initialiser", INITIALIZERS, key="init", default="glorot_uniform")
        seed = int(controls.number("Seed", 0, 9999, key="seed", default=0, step=1))
        with st.expander("Output, loss, optimiser"):
            output, loss = _output_and_loss(data)
            optimizer = controls.choice("Optimiser", OPTIMIZERS, key="optimizer", default="adam")
            rate = controls.powers("Learning rate η", -5, 1, key="rate", default=0.01)
            batch_size = int(controls.number("Batch size", 1, 100_000, key="batch", default=32, step=1))
            l2 = float(controls.number("L2 penalty", 0.0, 10.0, key="l2", default=0.0, step=0.001, format="%.4g"))
        network = _network(data, hidden, activations or (activation,) * len(hidden), output)
        trouble = current_experiment.edits_from_address(network, initializer, seed)
        if trouble:
            notices.tell(trouble)
        point = current_experiment.point_of(network, initializer, seed)
        _where(point, network)
        models.menu(point)
    settings = tuple((key, st.session_state.get(key)) for key in KEYS)
    return Experiment(data, network, loss, initializer, seed, optimizer, rate, batch_size, l2, show_test, point, settings)


def _data() -> tuple[DataSet, bool]:
    name = controls.choice("Data", [*DATASETS, OWN_FILE], key="data", default="iris", names=data_title)
    noise = controls.slider("Noise", 0.0, 1.0, key="noise", default=0.0, step=0.05, help="Relative to each feature's own spread.")
    expression = {}
    if name == "function":
        expression = {"expression": controls.text("f(x) =", key="expression", default="sin(3*x)")}
    folded = st.expander("Samples and split", expanded=name == OWN_FILE)
    with folded:
        samples = int(controls.number("Samples (0: all)", 0, 100_000, key="samples", default=0, step=10)) or None
        test_fraction = controls.slider("Held out for testing", 0.0, 0.9, key="test", default=0.3, step=0.05)
        seed = int(controls.number("Seed of the data", 0, 9999, key="dataseed", default=0, step=1))
        st.button("Regenerate", on_click=_regenerate, width="stretch", help="Draw samples, noise and split anew.")
        show_test = controls.toggle("Show test data", key="showtest", default=False)
        wanted = _features(name)
        own = uploads.data_set(test_fraction, seed, noise, samples) if name == OWN_FILE else None
    if name == OWN_FILE:
        return own or _former(), show_test
    size = DATASETS[name].size
    try:
        data = made(
            name, samples if samples is None or size is None else min(samples, size), noise, test_fraction, seed, tuple(expression.items())
        )
    except ValueError as error:
        mistakes.tell(error)
        return _former(), show_test
    folded.caption(f"Source: {data.source}. Licence: {data.licence}.")
    data = with_features(data, wanted) if wanted else data
    st.session_state["former data"] = data
    return data, show_test


def _features(name: str) -> tuple[str, ...]:
    """What the network sees of two coordinates: themselves, their squares, product and sines; empty where they are taken as they are."""
    if name == OWN_FILE or len(DATASETS[name].feature_names) != 2:
        return ()
    wanted = controls.several("Features", FEATURES, key="features", default=FEATURES[:2], help="What the network sees of x₁ and x₂.")
    return tuple(wanted) if wanted and tuple(wanted) != FEATURES[:2] else ()


@caching.kept(megabytes=64, entries=48)
def made(name: str, samples: int | None, noise: float, test_fraction: float, seed: int, options: tuple[tuple[str, str], ...]) -> DataSet:
    """A data set that comes with the app; frozen, so that sessions may share it."""
    return DATASETS[name](samples=samples, noise=noise, test_fraction=test_fraction, seed=seed, **dict(options))


def _former() -> DataSet:
    """What was there before something went wrong."""
    return st.session_state.get("former data") or made("iris", None, 0.0, 0.3, 0, ())


def _regenerate() -> None:
    st.session_state["dataseed"] = (int(st.session_state.get("dataseed", 0)) + 1) % 10_000


def _hidden_layers() -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The units of each hidden layer, and their activations where each has its own."""
    depth = int(controls.slider("Hidden layers", 0, 8, key="layers", default=2, step=1))
    units = int(controls.slider("Units per layer", 1, 64, key="units", default=8, step=1))
    with st.expander("Layers of their own sizes"):
        typed = controls.text("Hidden layers, one number each", key="sizes", default="", longest=200, placeholder="such as 16, 8, 4")
        kinds = controls.text("Their activations, one each", key="activations", default="", longest=800, placeholder="such as relu, tanh")
    hidden = (units,) * depth
    try:
        hidden = parse_sizes(typed) if typed.strip() else hidden
        chosen = hidden, parse_activations(kinds, len(hidden)) if kinds.strip() else ()
    except ValueError as error:
        mistakes.tell(error)
        return st.session_state.get("former layers", (hidden, ()))
    st.session_state["former layers"] = chosen
    return chosen


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


def _activation() -> str:
    name = controls.choice("Activation", [*ACTIVATIONS, OWN_FORMULA], key="activation", default="tanh")
    if name != OWN_FORMULA:
        return name
    typed = controls.text("f(z) =", key="formula", default="z * sigmoid(z)")
    try:
        get_activation(f"={typed}")
    except ValueError as error:
        mistakes.tell(error)
        return st.session_state.get("former formula", "tanh")
    st.session_state["former formula"] = f"={typed}"
    return f"={typed}"


def _output_and_loss(data: DataSet) -> tuple[str, Loss]:
    """By default what goes with the task: probabilities and their cross-entropy, or plain numbers and squared error."""
    usual = usual_pair(data.task, data.Y.shape[0])
    output = controls.choice(f"Output ({AUTO}: {usual[0]})", [AUTO, *ACTIVATIONS], key="output", default=AUTO)
    output = usual[0] if output == AUTO else output
    possible = [name for name in fitting_losses(output) if not LOSSES[name].complaint(data.Y)]
    first = usual[1] if usual[1] in possible else possible[0]
    name = controls.choice(f"Loss ({AUTO}: {first})", [AUTO, *LOSSES], key="loss", default=AUTO)
    if name not in (AUTO, *possible):
        st.error(f"{name} does not fit an output of {output} and these targets: {first} is used. Fitting are {', '.join(possible)}.")
    return output, LOSSES[name if name in possible else first]


def _network(data: DataSet, hidden: tuple[int, ...], activations: tuple[str, ...], output: str) -> Network:
    sizes = (data.X.shape[0], *hidden, data.Y.shape[0])
    parameters = sum(k * (n + 1) for n, k in pairwise(sizes))
    if parameters > MOST_PARAMETERS:
        st.error(
            f"{'-'.join(map(str, sizes))} has {parameters:,} parameters and {MOST_PARAMETERS:,} is the most: one hidden layer of 8 is used."
        )
        sizes, activations = (sizes[0], 8, sizes[-1]), activations[:1]
    return Network(sizes=sizes, activations=(*activations, output))


def _where(point: current_experiment.Point, network: Network) -> None:
    """The current point and where it came from; the way back, and back to the beginning of all."""
    st.caption(f"{'-'.join(map(str, network.sizes))}, {network.parameter_count:,} parameters. The network stands at {point.description}.")
    with st.container(horizontal=True):
        if point.kind != "initial":
            st.button("Initial weights", on_click=current_experiment.reset_point, help="Forget edits, training or loaded weights.")
        st.button("Reset all", on_click=_reset, help="All controls of the sidebar back to what they were at the start.")


def _reset() -> None:
    current_experiment.reset_point()
    controls.reset((*KEYS, "targets", "task", "missing", "standardise"))
