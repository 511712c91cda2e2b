"""What the page Network looks at: one sample's passes through the experiment's network, the chosen neuron, and its panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import networkx as nx
import numpy as np
import streamlit as st

from nnviz.core.activations import softmax
from nnviz.core.network import Backward, Forward
from nnviz.core.objectives import NetworkCost
from nnviz.figures import neuron as figures
from nnviz.figures.graph import graphml, layer_name, most_active, network_graph
from nnviz.figures.theme import Theme
from nnviz.figures.timeline import BACKWARD, Flow
from nnviz.formulas import network as formulas
from nnviz.formulas.numbers import significant
from nnviz.ui import caching, controls, experiment, notices, show
from nnviz.ui.experiment import Experiment

MOST_SAMPLES = 20_000  # of a batch that is passed whole for the histogram and the matrices
MOST_FIELDS = 12  # weights of a neuron that are fields at once; of more, one is chosen


@dataclass(frozen=True, eq=False)
class Look:
    """One sample (a row of the data) and one neuron (layer, unit) of an experiment, and what was computed there."""

    chosen: Experiment
    row: int
    layer: int
    unit: int

    @cached_property
    def X(self) -> np.ndarray:
        """The sample as the network sees it, (n, 1)."""
        return self.chosen.data.inputs[:, [self.row]]

    @cached_property
    def Y(self) -> np.ndarray:
        """Its target as the network sees it, (k, 1)."""
        return self.chosen.data.target_scale(self.chosen.data.Y[:, [self.row]])

    @cached_property
    def forward(self) -> Forward:
        """The pass of this sample alone."""
        return self.chosen.network.forward(self.chosen.theta, self.X)

    @cached_property
    def backward(self) -> Backward:
        """The way back of this sample's loss."""
        return self.chosen.network.backward(self.chosen.theta, self.forward, self.Y, self.chosen.loss)

    @cached_property
    def cost(self) -> float:
        """The loss of this sample."""
        cost = NetworkCost(self.chosen.network, self.chosen.loss, self.X, self.Y)
        return float(cost.losses_after(self.forward)[0])

    @property
    def layers(self) -> int:
        """L, the number of layers that compute."""
        return len(self.chosen.network.sizes) - 1

    @property
    def name(self) -> str:
        """The chosen neuron in words."""
        return neuron_name(self.chosen, self.layer, self.unit)

    @property
    def target_names(self) -> Sequence[str]:
        """What the outputs are: the classes where each has one."""
        data = self.chosen.data
        return data.class_names if len(data.class_names) == data.Y.shape[0] else data.target_names

    def graph(self, whole: bool = False) -> nx.DiGraph:
        """The network with this sample's numbers; by default the neurons that are drawn."""
        return network_graph(
            self.chosen.network,
            self.chosen.theta,
            self.forward,
            self.backward,
            feature_names=self.chosen.data.feature_names,
            target_names=self.target_names,
            target=self.Y[:, 0],
            cost=self.cost,
            units=None if whole else most_active(self.forward, keep=(self.layer, self.unit)),
        )


def neuron_name(chosen: Experiment, layer: int, unit: int) -> str:
    """`neuron 3 of hidden layer 2`, `input petal width`."""
    layers = len(chosen.network.sizes) - 1
    if layer == 0:
        return f"input {chosen.data.feature_names[unit]}"
    return f"neuron {unit + 1} of {'the ' if layer == layers or layers == 2 else ''}{layer_name(layer, layers)}"


@caching.kept(megabytes=64, entries=6)
def batch(key: str, _chosen: Experiment) -> Forward:
    """All samples passed at once, the first 20,000 of very many."""
    return _chosen.network.forward(_chosen.theta, _chosen.data.inputs[:, :MOST_SAMPLES])


def choose(chosen: Experiment) -> Look:
    """The controls that choose sample and neuron; clicks in graph and scatter set them."""
    controls.from_click("data-points", ["row"])
    controls.from_click("network-graph", ["layer", "unit"])
    sizes, layers = chosen.network.sizes, len(chosen.network.sizes) - 1
    controls.keep_within("row", chosen.data.samples - 1)
    controls.keep_within("layer", layers)
    with st.container(horizontal=True, key="network-choice"):
        row = int(controls.number("Sample (row)", 0, chosen.data.samples - 1, key="row", default=0, step=1, width=150))
        first = min(1, layers)
        layer = int(
            controls.choice("Layer", range(layers + 1), key="layer", default=first, names=lambda l: layer_name(l, layers), width=180)
        )
        controls.keep_within("unit", sizes[layer] - 1)
        unit = int(controls.choice("Neuron", range(sizes[layer]), key="unit", default=0, names=lambda u: str(u + 1), width=110))
    return Look(chosen, row, layer, unit)


def formula(look: Look, flow: Flow, stop: int, theme: Theme) -> None:
    """The neuron written out: backward where the player rests on the way back, else forward."""
    chosen, colours = look.chosen, theme.symbols
    show.heading(look.name[0].upper() + look.name[1:])
    if look.layer == 0:
        show.sentence(
            f"An input computes nothing: it hands {significant(float(look.X[look.unit, 0]), 6)} on to every neuron of the next layer."
        )
        return
    if flow.kinds[stop] == BACKWARD:
        passes = (chosen.network, chosen.theta, look.forward, look.backward)
        show.formula(formulas.neuron_backward(*passes, chosen.loss, look.Y[:, 0], look.layer, look.unit, colours), "neuron")
    else:
        show.formula(formulas.neuron_forward(chosen.network, chosen.theta, look.forward, look.layer, look.unit, colours), "neuron")


def products(look: Look, theme: Theme) -> None:
    """The chosen neuron's sum, product by product."""
    if look.layer == 0:
        return
    layer = look.chosen.network.unpack(look.chosen.theta)[look.layer - 1]
    first = look.layer == 1
    figure = figures.product_bars(
        layer.W[look.unit],
        look.forward.A[look.layer - 1][:, 0],
        float(layer.b[look.unit, 0]),
        theme,
        look.unit,
        "x" if first else "a",
        look.chosen.data.feature_names if first else (),
    )
    z = significant(float(look.forward.z(look.layer)[look.unit, 0]), 6)
    show.figure(figure, "products", f"The products of {look.name} for sample {look.row}, step by step to their sum z = {z}")


def curve(look: Look, theme: Theme) -> None:
    """The chosen neuron's point on its activation's curve."""
    if look.layer == 0:
        return
    f, Z = look.chosen.network.layer_activations[look.layer - 1], look.forward.z(look.layer)[:, 0]
    z, a = float(Z[look.unit]), float(look.forward.A[look.layer][look.unit, 0])
    value: Callable[[np.ndarray], np.ndarray] = f if f.elementwise else _share_of(Z, look.unit)
    slope = formulas.slope(look.chosen.network, look.forward, look.layer, look.unit) if f.elementwise else a * (1 - a)
    name = f.title if f.elementwise else "softmax, the other logits held"
    alt = f"The curve of {name} with the point z = {significant(z, 6)}, a = {significant(a, 6)}"
    show.figure(figures.point_on_curve(value, z, a, slope, theme, name), "curve", alt)


def _share_of(Z: np.ndarray, unit: int) -> Callable[[np.ndarray], np.ndarray]:
    """A unit's softmax as its own logit moves and the others stand."""

    def share(z: np.ndarray) -> np.ndarray:
        logits = np.repeat(Z[:, None], len(z), axis=1)
        logits[unit] = z
        return softmax(logits)[unit]

    return share


def histogram(look: Look, theme: Theme) -> None:
    """The chosen neuron over all samples."""
    A = batch(look.chosen.key, look.chosen).A[look.layer][look.unit]
    a = float(look.forward.A[look.layer][look.unit, 0])
    count = f"{len(A)} samples" if len(A) == look.chosen.data.samples else f"the first {len(A)} samples"
    show.figure(figures.batch_histogram(A, a, theme), "histogram", f"How often each activation of {look.name} comes among {count}")


def edit_weights(look: Look) -> None:
    """The chosen neuron's weights and bias as fields; a change becomes the experiment's current point and can be taken back."""
    if look.layer == 0:
        show.sentence("An input has no weights: choose a neuron of a later layer.")
        return
    chosen, network = look.chosen, look.chosen.network
    inputs = network.sizes[look.layer - 1]
    columns: Sequence[int] = range(inputs)
    if inputs > MOST_FIELDS:
        columns = [int(st.selectbox("Weight of input", range(inputs), format_func=lambda j: str(j + 1), key="edit-input", width=150))]
    with st.container(horizontal=True, key="weight-fields"):
        for column in columns:
            _field(chosen, network.parameter_index(look.layer, "W", look.unit, column), f"w to input {column + 1}")
        _field(chosen, network.parameter_index(look.layer, "b", look.unit), "bias b")
    changed = len(experiment.edits())
    with st.container(horizontal=True):
        st.button("Undo the last change", on_click=experiment.undo_edit, disabled=not changed)
        st.button("Back to the initial weights", on_click=experiment.reset_point, disabled=chosen.point.kind == "initial")
    show.sentence(f"{changed} weight{'s' if changed != 1 else ''} changed by hand. Every page looks at the changed network.")


def _field(chosen: Experiment, index: int, label: str) -> None:
    key = f"theta-{index}"
    # The field shows theta as it is now, whoever changed it.
    st.session_state[key] = float(chosen.theta[index])
    st.number_input(label, key=key, step=0.1, format="%.4g", width=130, on_change=_changed, args=(chosen, index, key))


def _changed(chosen: Experiment, index: int, key: str) -> None:
    try:
        experiment.edit(chosen, index, float(st.session_state[key]))
    except ValueError as error:
        notices.tell(str(error).capitalize() + ".")


def download(look: Look) -> None:
    """The whole network as GraphML, made when it is asked for."""
    st.download_button(
        "Network as GraphML",
        lambda: graphml(look.graph(whole=True)),
        f"nnviz-{look.chosen.sizes}.graphml",
        "application/xml",
        on_click="ignore",
        help="Nodes with z, a and δ of this sample, edges with weights and gradients: for NetworkX, Gephi, yEd.",
    )
