"""Activations: curves and slopes side by side, softmax with its Jacobian, and what many layers make of a signal."""

from functools import partial

import streamlit as st

from nnviz.core.activations import ACTIVATIONS, ELEMENTWISE_NAMES, get_activation
from nnviz.figures import activations as figures
from nnviz.figures import curves, strip
from nnviz.formulas import activations as formulas
from nnviz.formulas import page_scripts
from nnviz.formulas.numbers import fixed, significant
from nnviz.ui import activations_view as view
from nnviz.ui import controls, depth_view, experiment, page, show, softmax_view, take

HEADS = ("function", "range", "zero-centred", "f(0)", "largest |f′|", "saturated (|f′| < 0.01)", "this network's z there")
TRIALS = (
    controls.Trial(
        "Saturate",
        "At z = 4 the sigmoid's slope is 0.0177 and tanh's 0.0013: a gradient that passes here is nearly lost. Softsign still has 0.04.",
        {"actview": "Side by side", "acts": ["sigmoid", "tanh", "softsign", "hardtanh"], "actz": 4.0},
    ),
    controls.Trial(
        "A dead ReLU",
        "Left of 0 the slope of ReLU is exactly 0: a neuron whose z is negative for every sample never learns again. The others still can.",
        {"actview": "Side by side", "acts": ["relu", "leaky_relu", "elu", "gelu", "mish"], "actz": -1.5},
    ),
    controls.Trial(
        "A cold softmax",
        "At T = 0.1 the largest logit takes nearly all, and the Jacobian is almost 0: no gradient passes. At T = 10 all are nearly alike.",
        {"actview": "Softmax", "softk": 3, "softt": 0.1, "logits": "", "logit1": 2.0, "logit2": 1.0, "logit3": 0.1, "softc": 0.0},
    ),
    controls.Trial(
        "Sigmoids vanish",
        "Each sigmoid layer multiplies the gradient by less than a quarter; ReLU under He keeps its size through all 50 layers.",
        {"actview": "Through depth", "deepacts": ["sigmoid", "relu"], "deepinit": ["he_normal"], "deeplayers": 50, "deepgain": 1.0},
    ),
    controls.Trial(
        "Too large a start",
        "Weights twice as large double ReLU's signal in each layer, there and back: it explodes. Tanh saturates instead.",
        {"actview": "Through depth", "deepacts": ["tanh", "relu"], "deepinit": ["he_normal"], "deeplayers": 50, "deepgain": 2.0},
    ),
)


def draw_curves(chosen: experiment.Experiment, together: bool) -> None:
    """Functions and slopes at one z, what each is like, and the formulas with that z put in."""
    names = controls.several("Functions", ELEMENTWISE_NAMES, key="acts", default=("sigmoid", "tanh", "relu", "gelu", "softplus"))
    left, right = st.columns(2, gap="medium")
    with left:
        z = float(controls.slider("z", -figures.REACH, figures.REACH, key="actz", default=1.2, step=0.05))
    with right:
        own = view.own_formula()
    used = get_activation(chosen.network.activations[0])
    functions = [ACTIVATIONS[name] for name in names] + [own] * (own is not None) or [used if used.elementwise else ACTIVATIONS["tanh"]]
    take.script(lambda: page_scripts.activations([f.name for f in functions], z))
    colours, drawn = show.theme(), figures.curves(functions, z)
    words, limits = figures.words(colours), figures.limits(drawn)
    draw = curves.overlaid if together else strip.strip
    key = f"tangent through the point: its slope above is the height below · {len(drawn[0].x)} places a curve"
    listed = ", ".join(f"{f.title} f = {fixed(c.at[1])}, slope {fixed(c.at[2])}" for f, c in zip(functions, drawn, strict=True))
    show.figure(
        draw(colours, drawn, words, f"f and f′ at z = {significant(z)}", key, limits),
        "strip-curves" if not together else "curves",
        f"At z = {z:g}: {listed}.",
        lambda: {"z": drawn[0].x} | {f"{c.name}, {part}": getattr(c, part) for c in drawn for part in ("value", "slope")},
    )
    sums = view.weighted_sums(chosen.key, chosen)
    rows = view.facts(functions, sums)
    lit = next((i for i, f in enumerate(functions) if f.name == chosen.network.activations[0]), None)
    show.table(HEADS, rows, "What each function is like", chosen=lit)
    dead, hidden = view.dead(chosen.key, chosen)
    of = "the" if len(chosen.data.train) <= view.MOST_SAMPLES else f"the first {view.MOST_SAMPLES:,}"
    show.sentence(
        f"The last column counts the {len(sums):,} weighted sums of {chosen.sizes} on {of} training samples. Bold: its own activation, "
        f"under which {dead} of {hidden} hidden neurons are dead (f′(z) = 0 for every sample)."
    )
    for start in range(0, len(functions), 3):
        for column, f in zip(st.columns(3, gap="large"), functions[start : start + 3], strict=False):
            with column:
                show.heading(f.title)
                show.formula(formulas.with_numbers(f, z, colours.symbols), f.name)


chosen = experiment.current()
page.head("What a neuron makes of its weighted sum z, and the slope f′(z) by which every gradient on its way back is multiplied.")
VIEWS = {
    "Side by side": partial(draw_curves, chosen, together=False),
    "On one axis": partial(draw_curves, chosen, together=True),
    "Softmax": softmax_view.draw,
    "Through depth": partial(depth_view.draw, chosen),
}
VIEWS[controls.view(VIEWS, key="actview")]()
controls.try_this(TRIALS)
