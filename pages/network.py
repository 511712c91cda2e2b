"""Network: one sample of the data on its way through the experiment's network, neuron by neuron, forward and backward."""

import streamlit as st

from nnviz.figures import matrices, samples
from nnviz.figures.data_flow import data_flow
from nnviz.formulas import network as formulas
from nnviz.formulas import page_scripts
from nnviz.ui import controls, experiment, page, player, programs, show, take
from nnviz.ui import network_view as view

TRIALS = (
    controls.Trial(
        "A small one, all numbers",
        "Two inputs and three hidden units: every z, a and w is written in the picture. Play, and watch δ come back.",
        {"netview": "Graph", "data": "moons", "layers": 1, "units": 3, "sizes": "", "row": 0, "layer": 1, "unit": 0},
    ),
    controls.Trial(
        "A dead ReLU",
        "Neuron 3 of hidden layer 2 answers 0 to every one of the 150 flowers: its z is never positive, δ is 0 too and no step changes it.",
        {"netview": "Graph", "data": "iris", "noise": 0.0, "activation": "relu", "init": "glorot_uniform", "seed": 0}
        | {"layers": 2, "units": 8, "sizes": "", "layer": 2, "unit": 2},
    ),
    controls.Trial(
        "A wide one",
        "64 pixels through two layers of 64: of each layer the 16 most active neurons are drawn, and the rest is counted.",
        {"netview": "Graph", "data": "digits", "layers": 2, "units": 64, "sizes": "", "layer": 1, "unit": 0},
    ),
    controls.Trial(
        "The same as matrices",
        "One row of W meets one column of X in one cell of Z: a layer's work for all samples at once is one product.",
        {"netview": "Matrices", "data": "iris", "layer": 1, "unit": 1, "row": 2},
    ),
)


def show_graph(look: view.Look) -> None:
    """The graph with its player, the neuron beside it, the data and the batch below."""
    theme, chosen = show.theme(), look.chosen
    figure, flow = data_flow(look.graph(), theme, (look.layer, look.unit), f"sample {look.row}")
    picture, panel = st.columns([1.75, 1], gap="large")
    with picture:
        alt = f"The network {chosen.sizes} with the activations of {chosen.data.describe(look.row)}; {look.name} has the ring"
        show.figure(figure, "network-graph", alt, on_select=True, labels=flow.frame_labels)
        steps = range(1, len(flow.stops) + 1)
        stop = player.player(
            "flow-player", ["network-graph"], steps, flow.labels, flow.stops, interval=110, start=flow.output, clickable=True
        )
        view.download(look)
    with panel:
        view.formula(look, flow, stop, theme)
        view.products(look, theme)
    fold = st.expander("Change this neuron's weights", key="weightsfold", on_change="rerun")
    if fold.open:
        with fold:
            view.edit_weights(look)
    data, neuron = st.columns([1.2, 1], gap="medium")
    with data:
        figure = samples.scatter(chosen.data, look.row, theme, show_test=chosen.show_test)
        show.figure(figure, "data-points", f"{chosen.data.title}, one point a sample, sample {look.row} in a ring", on_select=True)
        show.sentence(f"Click a point to choose it. Now {show.as_typed(chosen.data.describe(look.row))}.")
        if chosen.data.image_shape:
            show.figure(samples.picture(chosen.data, look.row, theme), "sample-picture", f"The picture of sample {look.row}")
    with neuron:
        view.curve(look, theme)
        view.histogram(look, theme)


def show_matrices(look: view.Look) -> None:
    """The chosen neuron's layer as one product over all samples."""
    theme, chosen, layer = show.theme(), look.chosen, max(look.layer, 1)
    forward, of_layer = view.batch(chosen.key, chosen), chosen.network.unpack(chosen.theta)[layer - 1]
    before = forward.A[layer - 1]
    unit, sample = look.unit if look.layer else 0, min(look.row, before.shape[1] - 1)
    figure, walk = matrices.product(of_layer.W, before, of_layer.b, theme, unit, sample, "X" if layer == 1 else "A")
    picture, panel = st.columns([1.75, 1], gap="large")
    with picture:
        k, n = chosen.network.shapes[layer - 1]
        alt = f"Z = W·{'X' if layer == 1 else 'A'} + b of layer {layer} as heat maps: W {k} × {n}, Z {k} × {before.shape[1]}"
        show.figure(figure, "matrices", alt, labels=walk.labels)
        steps = range(1, len(walk.cells) + 1)
        stop = player.player("matrix-player", ["matrices"], steps, walk.labels, interval=700, start=walk.rest, clickable=True)
    with panel:
        row, column = walk.cells[stop]
        show.heading(f"Neuron {row + 1}, sample {column}")
        show.formula(formulas.cell(chosen.network, chosen.theta, forward, layer, row, column, theme.symbols), "cell")
        show.formula(formulas.shapes(chosen.network, layer, before.shape[1]), "shapes")


VIEWS = {"Graph": show_graph, "Matrices": show_matrices}

chosen = experiment.current()
page.head(f"One sample of {chosen.data.title} flows through a {chosen.sizes} network; click a neuron to read its sum.")
shown = controls.view(VIEWS, key="netview")
look = view.choose(chosen)
VIEWS[shown](look)
take.script(lambda: page_scripts.neuron(programs.recipe(chosen), look.row, look.layer, look.unit))
controls.try_this(TRIALS)
