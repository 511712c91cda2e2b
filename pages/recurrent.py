"""Recurrent networks: unrolled in time, their states, how far a change is felt, each step's share of the gradient, and clipping."""

import streamlit as st

from nnviz.formulas import page_scripts
from nnviz.ui import controls, experiment, page, recurrent_setup, recurrent_view, take

VIEWS = {
    "Unrolled": recurrent_view.through_time,
    "States": recurrent_view.states,
    "Vanish or explode": recurrent_view.gradients,
    "Contributions": recurrent_view.shares,
    "Training": recurrent_view.training,
}

experiment.current()
page.head(
    "The same weights at every step: a state is carried forward through time, and the gradient has to find its way back.",
)

view = controls.view(VIEWS, key="recview")
left, right = st.columns([3, 1], gap="large")
with right:
    given = recurrent_setup.setup()
with left:
    VIEWS[view](given)
take.script(lambda: page_scripts.recurrent(given.network, given.theta, given.task.X, given.task.Y, given.truncation))

START = {"rectask": "sine", "recsteps": 40, "recf": "tanh", "rechidden": 8, "recinit": "orthogonal", "recrho": 1.0, "reccut": 0}
controls.try_this(
    [
        controls.Trial(
            "Linear: neither",
            "Identity and orthogonal weights: at ρ = 1 every change keeps its size for ever. Move ρ to 0.9 or 1.1.",
            START | {"recview": "Vanish or explode", "recf": "identity"},
        ),
        controls.Trial(
            "tanh does not follow ρ",
            "At ρ = 1.5 linear weights explode, and with tanh the change still dies: saturated units have small slopes.",
            START | {"recview": "Vanish or explode", "recrho": 1.5},
        ),
        controls.Trial(
            "Overflow",
            "ρ = 3 over 1,000 steps is 3 to the 1,000: more than a number can hold. It is drawn up to there.",
            START | {"recview": "States", "recf": "identity", "recrho": 3.0, "recsteps": 1000, "rectask": "sunspots"},
        ),
        controls.Trial(
            "Two units",
            "The sine drives the two units round a closed curve in their plane.",
            START | {"recview": "States", "rechidden": 2, "recsteps": 100},
        ),
        controls.Trial(
            "Clipping saves a run",
            "Linear at ρ = 1.3: without clipping plain descent overflows within a few steps, clipped it learns.",
            START | {"recview": "Training", "recf": "identity", "recrho": 1.3, "recopt": "sgd", "recrate": 0.02, "recclip": 1.0},
        ),
    ]
)
