"""What the page Convolution asks: the picture, the kernel and the steps of the window. What does not fit leaves the former in place."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core import filters
from nnviz.core.convolution import Geometry, Padding, convolution_matrix, convolve2d, geometry
from nnviz.core.datasets import DATASETS, DataSet
from nnviz.core.descent import Descent, descending
from nnviz.core.images import decode_image
from nnviz.core.learned_kernel import KernelClassifier
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.walk import Walk, walk
from nnviz.figures import convolution as figures
from nnviz.ui import caching, controls, editing, mistakes, progress, show, uploads

Array = NDArray[np.floating]
DIGIT, GRID, OWN = "Digit", "Drawn grid", "Own picture"
LEARNT, FILTERS, RATE = "learnt", 4, 0.02
PADDINGS = ("valid", "same", "full", "1", "2", "3")
TITLES = {"sobel_x": "slope across (Sobel)", "sobel_y": "slope down (Sobel)", LEARNT: "learnt from the digits"}


@dataclass(frozen=True, eq=False)
class Setup:
    """A picture, a kernel and how the window steps; they fit each other."""

    x: Array  # (h, w)
    kernel: Array  # (k, k)
    stride: int
    padding: Padding
    dilation: int
    flip: bool

    @property
    def shape(self) -> tuple[int, int]:
        """The picture's rows and columns."""
        return self.x.shape[0], self.x.shape[1]

    @property
    def steps(self) -> dict[str, Any]:
        """What the engine's functions are told besides picture and kernel."""
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}

    @property
    def digest(self) -> Hashable:
        """What all of it is told by."""
        return self.x.tobytes(), self.kernel.tobytes(), self.shape, self.stride, self.padding, self.dilation, self.flip

    def placed(self) -> Geometry:
        """Where the windows lie; ValueError where they do not fit."""
        return geometry(self.shape, self.kernel.shape, self.stride, self.padding, self.dilation)

    def walk(self) -> Walk:
        """The window's way."""
        return walk(self.x, self.kernel, **self.steps, flip=self.flip)

    def matrix(self) -> Any:
        """T."""
        return convolution_matrix(self.kernel, self.shape, **self.steps, flip=self.flip)

    def largest_difference(self, walked: Walk, T: Any) -> float:
        """Between the direct sum, the product with im2col and the product with T."""
        with np.errstate(all="ignore"):
            ways = [walked.totals, convolve2d(self.x, self.kernel, **self.steps, flip=self.flip).ravel(), T @ self.x.ravel()]
            return float(np.ptp(np.stack(ways), axis=0).max())


def setup() -> Setup:
    """Draw the controls and give back what they describe; where the parts do not fit, a sentence and what was there before."""
    x = _picture()
    kernel = _kernel()
    st.markdown("#### Window")
    padding = controls.choice("Padding", PADDINGS, key="convpad", default="valid", help="A number is that many zeros on each side.")
    stride = int(controls.slider("Stride s", 1, 4, key="convstride", default=1, step=1))
    dilation = int(controls.slider("Dilation d", 1, 3, key="convdilation", default=1, step=1))
    flip = controls.toggle("Flip the kernel", key="convflip", help="Turned by 180° it is the convolution of mathematics.")
    wanted = Setup(x, kernel, stride, int(padding) if padding.isdigit() else padding, dilation, flip)
    try:
        wanted.placed()
    except ValueError as error:
        mistakes.tell(error, after="The former window is shown.")
        return st.session_state.get("conv former") or Setup(x, kernel[:1, :1], 1, "valid", 1, False)
    st.session_state["conv former"] = wanted
    return wanted


@lru_cache(maxsize=1)
def digits() -> DataSet:
    """The digits, with their part held out."""
    return DATASETS["digits"](test_fraction=0.3, seed=0)


def _picture() -> Array:
    st.markdown("#### Picture")
    kind = controls.segments("Picture", (DIGIT, GRID, OWN), key="convinput", default=DIGIT, label_visibility="collapsed")
    if kind == GRID:
        return _drawn()
    own = _own() if kind == OWN else None
    if own is not None:
        return own
    data = digits()
    number = int(controls.number("Digit number", 0, data.samples - 1, key="convdigit", default=3, step=1))
    show.sentence(f"A {data.class_names[int(data.Y[:, number].argmax())]} of the data set, 8 × 8.")
    return data.X[:, number].reshape(8, 8) / 16


def _drawn() -> Array:
    """The grid that is drawn by clicks, or typed number by number."""
    side = int(controls.slider("Cells a side", 3, 16, key="convside", default=8, step=1))
    default = ring(side)
    editing.array("convgrid", side, default)
    by = controls.segments("Edit by", ("Clicks", "Numbers"), key="convby", default="Clicks")
    if by == "Numbers":
        drawn = editing.table("convgrid", default, "Its numbers; type another one into a cell.")
    else:
        editing.toggle_clicked("convgrid")
        drawn = editing.array("convgrid", side, default)
        show.figure(
            figures.drawing(drawn, show.theme()),
            key=editing.picture_of("convgrid"),
            alt="The drawn grid; a click turns a cell",
            on_select=True,
        )
    left, right = st.columns(2)
    left.button("Clear", on_click=editing.put, args=("convgrid", np.zeros((side, side))), width="stretch", key="convclear")
    right.button("Ring", on_click=editing.put, args=("convgrid", default), width="stretch", key="convring")
    return drawn


def ring(side: int) -> Array:
    """A grid to start from: a square ring, with edges of all directions."""
    drawn = np.zeros((side, side))
    edge = side // 4
    drawn[edge : side - edge, edge : side - edge] = 1.0
    inner = edge + max(1, side // 8)
    drawn[inner : side - inner, inner : side - inner] = 0.0
    return drawn


def _own() -> Array | None:
    """A person's own picture, shrunk; None as long as there is none."""
    file = st.file_uploader("PNG or JPEG", type=["png", "jpg", "jpeg"], key="convfile", help="It stays in this session.")
    side = int(controls.slider("Shrunk to, pixels", 8, 32, key="convpixels", default=16, step=1))
    if uploads.fresh(file, "convfile"):
        st.session_state.pop("conv file error", None)
        data = file.getvalue()
        try:
            decode_image(data, side)
            st.session_state["conv bytes"] = data
        except ValueError as error:
            st.session_state["conv file error"] = error, f"{file.name[:60]}: "
    if "conv file error" in st.session_state:
        mistakes.tell(*st.session_state["conv file error"])
    kept = st.session_state.get("conv bytes")
    if kept is None:
        show.sentence("Until there is one, a digit is shown.")
        return None
    return _decoded(kept, side)


@caching.recent(entries=8)
def _decoded(data: bytes, side: int) -> Array:
    decoded = decode_image(data, side)
    decoded.setflags(write=False)
    return decoded


def _kernel() -> Array:
    st.markdown("#### Kernel")
    names = [*filters.KERNELS, LEARNT]
    name = controls.choice("Kernel", names, key="convkernel", default="sobel_x", names=_title, label_visibility="collapsed")
    width = int(controls.slider("Width k", 3, 7, key="convwidth", default=3, step=1))
    token: tuple[Any, ...] = (name, width)
    if name == LEARNT:
        default, more = _learnt(width)
        token += more
    else:
        default = filters.kernel(name, width)
    editing.array("convw", token, default)
    return editing.table("convw", default, "Its numbers; type another one into a cell.")


def _title(name: str) -> str:
    return TITLES.get(name, name)


def _learnt(width: int) -> tuple[Array, tuple[int, ...]]:
    """One of four kernels that a small classifier learns here, and what it depends on."""
    seed = int(controls.number("Seed of the start", 0, 999, key="convseed", default=0, step=1))
    most = int(controls.slider("Steps of gradient descent", 10, 300, key="convsteps", default=100, step=10))
    classifier, data = KernelClassifier((8, 8), 10, width, FILTERS), digits()
    X, Y = data.X / 16, data.Y
    cost = classifier.cost(X[:, data.train_index], Y[:, data.train_index])

    work = partial(descending, cost, OPTIMIZERS["adam"](learning_rate=RATE), classifier.initialize(seed), steps=most)
    found: Descent | None = progress.run("convlearn", (width, seed, most), work, lambda run: (len(run.value) - 1) / most, "Learning")
    scene = progress.standing(f"convlearn {width}", (found, seed, most) if found is not None else None)
    if scene is None:
        st.stop()
    run, seed, most = scene
    reached = len(run.value) - 1
    which = int(controls.segments("Which of its kernels", tuple(range(1, FILTERS + 1)), key="convfilter", default=1))
    at = min(int(controls.slider("At step", 0, most, key="convat", default=most, step=1)), reached)
    show.figure(
        figures.learning(run.value, at, width, show.theme()),
        key="convlearning",
        alt=f"Cost over {reached} steps, from {run.value[0]:.4g} to {run.value[-1]:.4g}; step {at} is chosen",
    )
    theta = run.theta[at]
    guess = classifier.network.predict(cost.spread(theta), X[:, data.test_index]).argmax(axis=0)
    right = float((guess == Y[:, data.test_index].argmax(axis=0)).mean())
    show.sentence(f"At step {at} the cost is {run.value[at]:.4g}, and {right:.1%} of the digits held out are told rightly.")
    return classifier.kernels(theta)[which - 1], (seed, most, which, at)


def table(walked: Walk) -> dict[str, Any]:
    """Each place of the window with its sum, what it saw and the products: the numbers behind the four figures."""
    count, across = len(walked), walked.geometry.output[1]
    places = np.arange(count)
    named = {
        f"{what} {i + 1}": row for what, rows in (("seen", walked.columns), ("product", walked.products)) for i, row in enumerate(rows)
    }
    return {"place": places + 1, "row": places // across + 1, "column": places % across + 1, "sum": walked.totals, **named}
