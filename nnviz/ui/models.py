"""A person's own model: weights from a file become the experiment's network on every page, and the current weights go out as a file.

The network that a file holds is written into the sidebar's own controls, so that it can be looked at, changed and linked as any other.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.datasets import DATASETS, DataSet, DataSource
from nnviz.core.features import PLAYGROUND_FEATURES, shortened
from nnviz.core.network import Network
from nnviz.core.weights import load_weights, save_weights
from nnviz.ui import experiment, mistakes, uploads

MOST_LAYERS, MOST_UNITS, MOST_PARAMETERS = 50, 512, 300_000
OWN_FORMULA, AUTO = "own formula", "auto"
FILE, WAITING, TROUBLE = "modelfile", "model waiting", "model trouble"


@dataclass(frozen=True, eq=False)
class Model:
    """What a file held."""

    name: str
    network: Network
    theta: np.ndarray  # (P,)


def arrive(data: DataSet) -> None:
    """Take over a model that was dropped since the last run, as soon as the data fit it; before the network's controls are drawn."""
    file = st.session_state.get(FILE)
    if uploads.fresh(file, FILE):
        forget()
        try:
            network, theta = load_weights(file)
            _check_controls(network)
            st.session_state[WAITING] = Model(shortened(file.name, 60), network, theta)
        except ValueError as error:
            st.session_state[TROUBLE] = f"{shortened(file.name, 60)}: {error}"
    model: Model | None = st.session_state.get(WAITING)
    if model is None:
        return
    trouble = unfit(model.network, data)
    if trouble:
        st.session_state[TROUBLE] = f"{model.name}: {trouble}"
        return
    forget()
    _enter(model)


def dropped() -> bool:
    """Whether a file has come that was not looked at."""
    return uploads.unseen(st.session_state.get(FILE), FILE)


def forget() -> None:
    """Let go of a model that waits for other data, and of what was said about a file."""
    st.session_state.pop(WAITING, None)
    st.session_state.pop(TROUBLE, None)


def menu(point: experiment.Point) -> None:
    """The sidebar's fold: a file in, the current weights out. What is wrong with a file stands beside it."""
    fold = st.popover("Own model and weights", key="modelmenu", on_change="rerun", width="stretch")
    if fold.open:
        with fold:
            told = "Dense layers as .npz or .safetensors (names as PyTorch's nn.Sequential writes them) or .onnx; the content tells which."
            st.file_uploader("Your model's weights", key=FILE, help=told, max_upload_size=256)
            for kind in ("npz", "safetensors"):
                st.download_button(
                    f"Weights on the screen (.{kind})",
                    partial(saved, point.network, point.theta, kind),
                    f"nnviz-weights.{kind}",
                    "application/octet-stream",
                    key=f"save-weights-{kind}",
                    on_click="ignore",
                    width="stretch",
                )
    if TROUBLE in st.session_state:
        mistakes.tell(st.session_state[TROUBLE])
    if WAITING in st.session_state:
        st.button("Forget this model", on_click=forget)


def saved(network: Network, theta: np.ndarray, kind: str) -> bytes:
    """The weights as the bytes of a file."""
    buffer = io.BytesIO()
    save_weights(buffer, network, theta, kind)
    return buffer.getvalue()


def unfit(network: Network, data: DataSet) -> str:
    """Why a network cannot look at these data, and at which it could; empty where it can."""
    inputs, outputs = network.sizes[0], network.sizes[-1]
    features, targets = data.X.shape[0], data.Y.shape[0]
    if (inputs, outputs) == (features, targets):
        return ""
    fitting = "; ".join(fitting_data(inputs, outputs))
    return (
        f"the model takes {_counted(inputs, 'input')} and gives {_counted(outputs, 'output')}, and {shortened(data.title, 40)} has "
        f"{_counted(features, 'feature')} and {_counted(targets, 'target')}. Choose data that fit: {fitting}."
    )


def fitting_data(inputs: int, outputs: int) -> list[str]:
    """The data that a network of so many inputs and outputs can look at, as they are called in the menu.

    Examples
    --------
    >>> fitting_data(64, 10)
    ['Handwritten digits 8×8']
    """
    fitting = [source for source in DATASETS.values() if _outputs(source) == outputs]
    plain = [source.title for source in fitting if len(source.feature_names) == inputs]
    planes = [source.title for source in fitting if len(source.feature_names) == 2 and 1 <= inputs <= len(PLAYGROUND_FEATURES)]
    if plain:
        return plain
    if planes:
        return [f"{title} with {_counted(inputs, 'feature')}" for title in planes[:3]]
    return [f"a table of your own with {_counted(inputs, 'column')} of numbers and {_counted(outputs, 'target')}"]


def _outputs(source: DataSource) -> int:
    classes = len(source.class_names)
    return classes if classes > 2 else 1 if classes else len(source.target_names)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _check_controls(network: Network) -> None:
    """ValueError where the sidebar's controls cannot hold the network."""
    hidden, names = network.sizes[1:-1], network.activations
    if len(hidden) > MOST_LAYERS or max(hidden, default=1) > MOST_UNITS or network.parameter_count > MOST_PARAMETERS:
        raise ValueError(
            f"the model {network.brief()} has {network.parameter_count:,} parameters: at most {MOST_LAYERS} hidden layers of "
            f"{MOST_UNITS} units and {MOST_PARAMETERS:,} parameters can be looked at; take a smaller one"
        )
    typed = [name for name in names if name not in ACTIVATIONS]
    if typed and (names[-1] in typed or len(set(names[:-1])) > 1):
        raise ValueError(f"the activation {typed[0][:40]!r} is a formula: it can stand in all hidden layers, not in some or at the output")


def _layers(hidden: tuple[int, ...]) -> dict[str, int | str]:
    """The controls of the hidden layers: the two sliders where they can say it, else the list of sizes."""
    if not hidden:
        return {"layers": 0, "sizes": ""}
    if len(set(hidden)) == 1 and len(hidden) <= 8 and hidden[0] <= 64:
        return {"layers": len(hidden), "units": hidden[0], "sizes": ""}
    return {"sizes": " ".join(map(str, hidden))}


def _enter(model: Model) -> None:
    """Write the network into the sidebar's controls, and make its weights the current point."""
    hidden, names = model.network.sizes[1:-1], model.network.activations
    inner = names[:-1]
    alike = len(set(inner)) <= 1
    chosen = inner[0] if inner and alike else "tanh"
    formula = chosen.removeprefix("=")
    settings = {
        **_layers(hidden),
        "activation": OWN_FORMULA if chosen.startswith("=") else chosen,
        "activations": "" if alike else " ".join(inner),
        "output": names[-1],
        "loss": AUTO,
    } | ({"formula": formula} if chosen.startswith("=") else {})
    for key, value in settings.items():
        st.session_state[key] = value
    experiment.reset_point()
    experiment.set_point("loaded", f"the weights loaded from {model.name}", model.network, model.theta)
