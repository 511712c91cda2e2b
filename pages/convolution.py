"""Convolution: a small kernel slid over a picture, the matrix behind it, the way of its gradient back, and two layers of it."""

import numpy as np
import streamlit as st

from nnviz.core.convolution import convolve2d
from nnviz.figures import convolution as figures
from nnviz.figures import convolution_views as views
from nnviz.formulas import convolution as formulas
from nnviz.formulas import page_scripts
from nnviz.formulas.numbers import significant
from nnviz.ui import controls, convolution_setup, convolution_view, experiment, page, player, show, take
from nnviz.ui.convolution_setup import DIGIT, GRID, LEARNT, Setup

chosen = experiment.current()
page.head("One small kernel slides over the picture; at each place its numbers are multiplied with what lies under it, and added.")
theme = show.theme()


def slide(given: Setup) -> None:
    walked, T = given.walk(), given.matrix()
    last = len(walked)
    pictures = st.container()
    asked = min(
        int(controls.number("Go to place (0: where the player rests)", 0, 10_000, key="convplace", default=0, step=1, width=300)), last
    )
    most = int(np.nan_to_num(np.abs(walked.totals), nan=np.inf).argmax())
    places = figures.shown_places(last, asked - 1 if asked else most)
    first = int(np.searchsorted(places, asked - 1 if asked else most))
    player_key = f"conv-player-{asked}" if asked else "conv-player"
    start = player.resting(player_key, (given.digest, asked), len(places), first)
    with pictures:
        keys = ("window", "products", "im2col", "toeplitz")
        upper, lower = st.columns(2, gap="medium"), st.columns(2, gap="medium")
        drawn = (
            figures.slide(given.x, walked, places, start, theme),
            figures.products(walked, places, start, theme),
            figures.columns(walked, places, start, theme),
            figures.matrix(T, given.x, walked, places, start, theme),
        )
        size = f"{given.x.shape[0]} × {given.x.shape[1]} picture, {given.kernel.shape[0]} × {given.kernel.shape[1]} kernel, {last} places"
        told = ("The window on its way", "Its products at each place", "The windows as columns of im2col", "The matrix T")
        labels = [f"y = {significant(float(walked.totals[place]), 3)}" for place in places]
        for column, key, figure, alt in zip((*upper, *lower), keys, drawn, told, strict=True):
            with column:
                show.figure(figure, key=f"conv-{key}", alt=f"{alt}: {size}", numbers=lambda: convolution_setup.table(walked), labels=labels)
        moved = [f"conv-{key}" for key in keys]
        stop = player.player(player_key, moved, places + 1, labels, interval=350, start=start, clickable=True)
    place = int(places[min(stop, len(places) - 1)])
    left, right = st.columns(2, gap="medium")
    with left:
        show.heading(f"Place {place + 1} of {last}")
        show.formula(formulas.window(walked, place, theme.symbols), "conv-window")
    with right:
        show.heading("As a row times a column")
        show.formula(formulas.row_times_column(walked, place, theme.symbols), "conv-row")
        show.heading("How many places")
        show.formula(formulas.shape(walked.geometry), "conv-shape")
    off = given.largest_difference(walked, T)
    show.sentence(f"Check: the direct sum, kernel · im2col and T · vec(x) agree; their largest difference is {significant(off, 2)}.")


def both_ways(given: Setup) -> None:
    plain, flipped = (convolve2d(given.x, given.kernel, **given.steps, flip=flip) for flip in (False, True))
    with np.errstate(all="ignore"):
        off = float(np.abs(plain - flipped).max())
    show.figure(
        views.both_ways(given.kernel, plain, flipped, theme), key="strip-conv-flipped", alt=f"Both ways; they differ by at most {off:.4g}"
    )
    show.formula(formulas.both_ways(theme.symbols), "conv-both-ways")
    show.sentence(
        "The two agree for every kernel that a turn by 180° leaves as it is, such as a blur. A learnt kernel is simply learnt turned."
    )


VIEWS = {"Slide": slide, "Flipped or not": both_ways, "Backward": convolution_view.backward, "Two layers": convolution_view.two_layers}
view = controls.view(VIEWS, key="convview")
left, right = st.columns([2.6, 1], gap="large")
with right:
    given = convolution_setup.setup()
take.script(lambda: page_scripts.convolution(given.x, given.kernel, given.steps, given.flip))
with left:
    VIEWS[view](given)

START = {"convinput": DIGIT, "convpad": "valid", "convstride": 1, "convdilation": 1, "convflip": False, "convplace": 0}
controls.try_this(
    [
        controls.Trial(
            "Edges of a ring",
            "Blue where it gets brighter to the right, orange where darker: flat parts and horizontal edges give 0.",
            START | {"convview": "Slide", "convinput": GRID, "convkernel": "sobel_x", "convwidth": 3},
        ),
        controls.Trial(
            "Turn the kernel",
            "Emboss is not symmetric: turned by 180° it lights the digit from the other side.",
            START | {"convview": "Flipped or not", "convkernel": "emboss", "convwidth": 3},
        ),
        controls.Trial(
            "Every second place",
            "Stride 2: a quarter of the places, and T keeps every second row of every second block.",
            START | {"convview": "Slide", "convkernel": "gaussian", "convwidth": 3, "convstride": 2},
        ),
        controls.Trial(
            "Learn it",
            "Nobody drew these numbers: gradient descent made them, because they help to tell digits apart.",
            START | {"convview": "Slide", "convkernel": LEARNT, "convwidth": 5},
        ),
    ]
)
