"""Cost of computation: what each layer costs in parameters, FLOPs and bytes, how that grows, and what the clock says."""

from functools import partial

import numpy as np
import streamlit as st

from nnviz.core import complexity
from nnviz.core.recurrent_network import RecurrentNetwork
from nnviz.figures import complexity as figures
from nnviz.formulas import complexity as formulas
from nnviz.formulas import page_scripts
from nnviz.ui import controls, cost_view, experiment, mistakes, page, programs, progress, show, take

chosen = experiment.current()
page.head("Every layer's products counted exactly, and the same layers run on this machine beside the count.")
theme = show.theme()
layers = complexity.layers_of(chosen.network)


def this_network() -> None:
    samples = int(controls.powers("Samples m", 0, 4, key="costsamples", default=100, per_decade=(1, 2, 5), width=420))
    take.script(lambda: page_scripts.cost_of_computation(programs.recipe(chosen), samples))
    costs = complexity.count(chosen.network, samples)
    picture, formula = st.columns([1.75, 1], gap="large")
    with formula:
        number = int(controls.number("Layer", 1, len(layers), key="costlayer", default=1, step=1))
        show.heading(f"{layers[number - 1].name.capitalize()}, {layers[number - 1].inputs} → {layers[number - 1].outputs}")
        show.formula(formulas.dense(layers[number - 1], samples), "dense")
    with picture:
        alt = f"FLOPs of each layer of {chosen.sizes} for {samples} samples; {costs.total.flops:,} in all"
        show.figure(figures.layer_bars(costs, samples, theme), key="layercost", alt=alt)
    cost_view.table(costs, total=True)


def any_layer() -> None:
    kind = controls.segments("Layer", ("dense", "convolution"), key="costkind", default="convolution")
    left, right = st.columns(2, gap="large")
    try:
        with left:
            layer, samples = cost_view.dense() if kind == "dense" else cost_view.convolution()
            costs = complexity.count_layers([layer], samples)
    except ValueError as error:
        mistakes.tell(error)
        return
    with right:
        dense = isinstance(layer, complexity.DenseLayer)
        show.formula(formulas.dense(layer, samples) if dense else formulas.convolution(layer, samples), "layer")
    cost_view.table(costs, total=False)


def growth() -> None:
    kernel = int(controls.slider("Kernel width of the convolution over n pixels", 1, 15, key="growthkernel", default=3, step=2, width=420))
    curves = [
        ("dense, n in and n out", complexity.dense_growth()),
        (f"convolution {kernel} × {kernel} over n pixels", complexity.pixel_growth(kernel=kernel)),
        ("convolution k × k over 64 × 64 pixels", complexity.kernel_growth()),
    ]
    slopes = "; ".join(f"{name}: slope {curve.slope:.3f}" for name, curve in curves)
    show.figure(figures.growth(curves, theme), key="growth", alt=f"FLOPs over size on log–log axes. {slopes}")
    show.formula(formulas.GROWTH, "growth")
    show.sentence("The slopes lie a little below 2: the bias and the activation grow only with n, and weigh less the larger the layer.")


def clock() -> None:
    samples = int(controls.powers("Samples at once", 0, 3, key="clocksamples", default=100, per_decade=(1, 2, 5), width=420))
    token = (chosen.network, samples, st.session_state.get("measured", 0))
    measuring = partial(complexity.measure, layers, samples, seconds=max(0.05, min(0.3, 3 / len(layers))))

    def work():
        measured = {}
        for measurement in measuring():
            measured[measurement.layer] = measurement
            yield dict(measured), measurement.share

    try:
        # A clock answers otherwise each time: another session's measurement is none of this one.
        reached = progress.run("clock", token, work, share=lambda chunk: chunk[1], label="Measuring", shared=progress.ALONE)
    except ValueError as error:
        mistakes.tell(error)
        return
    reached = progress.standing("clock", reached)
    if reached is not None:
        found = list(reached[0].values())
        show.figure(figures.clock(found, theme), key="clock", alt="FLOPs a second that each layer achieved on this machine")
        rows = [[m.name, f"{m.flops:,}", f"{m.seconds * 1000:.1f}", figures.scaled(m.flops_per_second, "FLOP/s")] for m in found]
        show.table(("layer", "FLOPs run", "milliseconds", "achieved"), rows, "Count and clock of each layer")
    st.button("Measure again", on_click=lambda: st.session_state.update(measured=st.session_state.get("measured", 0) + 1))


def through_time() -> None:
    left, right = st.columns([1.75, 1], gap="large")
    with right:
        hidden = int(controls.slider("Hidden units h", 1, 512, key="timehidden", default=64, step=1))
        samples = int(controls.slider("Samples m", 1, 256, key="timesamples", default=16, step=1))
        steps = int(controls.slider("Steps T", 10, 1000, key="timesteps", default=200, step=10))
        cut = int(controls.slider("Truncated at", 10, 1000, key="timecut", default=50, step=10))
    T = np.unique(np.linspace(1, steps, 60).astype(int))
    network = RecurrentNetwork(1, hidden, 1)
    whole, truncated = complexity.bptt_bytes(network, T, samples), complexity.bptt_bytes(network, T, samples, truncation=cut)
    with left:
        alt = f"Bytes kept over {steps} steps: {whole[-1]:,} whole, {truncated[-1]:,} truncated at {cut}"
        show.figure(figures.memory_through_time(T, whole, truncated, cut, theme), key="throughtime", alt=alt)
    with right:
        show.formula(formulas.memory_through_time(hidden, samples, steps, int(whole[-1])), "memory")


VIEWS = {"This network": this_network, "Any layer": any_layer, "Growth": growth, "Clock": clock, "Through time": through_time}
VIEWS[controls.view(VIEWS, key="costview")]()

controls.try_this(
    [
        controls.Trial(
            "Twice as wide",
            "Twice the units, four times the products between hidden layers: O(n²).",
            {"units": 16, "costview": "This network"},
        ),
        controls.Trial(
            "Digits",
            "Nearly all work is in the first layer: 64 pixels meet every unit.",
            {"data": "digits", "units": 32, "costview": "This network"},
        ),
        controls.Trial(
            "One sample at a time",
            "The same products, but far fewer a second: small matrices leave the machine idle.",
            {"costview": "Clock", "clocksamples": 1.0},
        ),
        controls.Trial(
            "Slopes", "Read the exponent off the line: 2 for dense, 1 in pixels, 2 in the kernel's width.", {"costview": "Growth"}
        ),
    ]
)
