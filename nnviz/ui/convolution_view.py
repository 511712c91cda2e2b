"""Two views of the page Convolution: the way of a gradient back, and two layers with what one of their units sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core import conv_stack, convolution, filters
from nnviz.core.conv_stack import Convolution, Stage, two_layer_stack
from nnviz.core.convolution import Geometry, convolve2d
from nnviz.figures import convolution_views as views
from nnviz.formulas import convolution as formulas
from nnviz.formulas.numbers import significant
from nnviz.ui import controls, mistakes, show
from nnviz.ui.convolution_setup import Setup

Array = NDArray[np.floating]
ONE, ALL = "this pixel", "all pixels"
UNIT = (("Stage", "convstage", 6, 6), ("Channel", "convchannel", 2, 1), ("Row", "convunitrow", 32, 1), ("Column", "convunitcolumn", 32, 1))


def backward(given: Setup) -> None:
    """Where the gradient of one output pixel, or of all, goes: into the picture and into the kernel."""
    theme, y = show.theme(), convolve2d(given.x, given.kernel, **given.steps, flip=given.flip)
    controls.from_click("conv-outputs", ("convrow", "convcolumn"))
    pictures, side = st.container(), st.container(horizontal=True)
    with side:
        row, column = (
            min(int(controls.number(f"{name} of y", 1, 100, key=f"conv{name.lower()}", default=3, step=1, width=140)), size)
            for name, size in zip(("Row", "Column"), y.shape, strict=True)
        )
        what = controls.segments("Gradient from", (ONE, ALL), key="convdelta", default=ONE)
    at = (row - 1, column - 1)
    delta = y if what == ALL else _one_hot(y.shape, at)
    back = convolution.gradients(given.x, given.kernel, delta, **given.steps, flip=given.flip)
    seen = conv_stack.receptive_field([_stage(given)], given.shape, at)
    with pictures:
        left, right = st.columns(2, gap="medium")
        told = f"at row {row}, column {column}" if what == ONE else "of half the sum of squares"
        with left:
            show.figure(views.outputs(y, delta, at, theme), key="conv-outputs", alt=f"The output and a gradient {told}", on_select=True)
        with right:
            show.figure(views.gradients(back.x, back.kernel, seen, theme), key="conv-gradients", alt=f"Where the gradient {told} goes")
    _way_back(given, delta, back.x, what)


def _way_back(given: Setup, delta: Array, into_x: Array, what: str) -> None:
    """The formula of the way back, and its check against T."""
    colours, T = show.theme().symbols, given.matrix()
    with np.errstate(all="ignore"):
        arrived = T.T @ delta.ravel()
        forward, back = float((T @ given.x.ravel()) @ delta.ravel()), float(given.x.ravel() @ arrived)
        off = float(np.abs(arrived - into_x.ravel()).max())
    left, right = st.columns(2, gap="medium")
    with left:
        show.formula(formulas.backward(colours), "conv-back")
    with right:
        show.formula(formulas.agreement(forward, back, colours), "conv-agreement")
    if what == ALL:
        show.sentence("C = ½·Σy², so δ = y: each window adds its own copy of the kernel, and overlapping windows add up.")
    else:
        show.sentence("C is this pixel: where the window stood the kernel arrives, and in the kernel the patch that the window saw.")
    show.sentence(f"Check: the sliding adjoint and Tᵀ · δ differ by at most {significant(off, 2)}.")


def two_layers(given: Setup) -> None:
    """Two layers with ReLU and pooling, and the receptive field of a unit."""
    controls.from_click("strip-conv-stack", tuple(key for _, key, *_ in UNIT))
    pictures, side = st.container(), st.container(horizontal=True)
    with side:
        second = controls.choice("Second kernel", filters.KERNELS, key="convsecond", default="gaussian", width=150)
        stage, *wanted = (int(controls.number(name, 1, most, key=key, default=at, step=1, width=105)) for name, key, most, at in UNIT)
    stages = _two_by_two(given.kernel, filters.kernel(second, given.kernel.shape[0]))
    try:
        made = conv_stack.run_stack(stages, given.x[None])
    except ValueError as error:
        mistakes.tell(error, "The picture is too small for two layers with pooling: ")
        return
    channel, row, column = (min(at, size) - 1 for at, size in zip(wanted, made[stage].shape, strict=True))
    region = conv_stack.receptive_field(stages, given.shape, (row, column), at=stage)
    unit = (stage, channel, row, column)
    with pictures:
        alt = f"Two layers of two channels on a {given.shape[0]} × {given.shape[1]} picture"
        show.figure(views.stack(made, unit, region, show.theme()), key="strip-conv-stack", alt=alt, on_select=True)
    value = float(made[stage][unit[1:]])
    told = f"{views.STAGES[stage - 1]}, channel {channel + 1}, row {row + 1}, column {column + 1}"
    _field(given, stages[:stage], unit, f"The unit ({told}) is {significant(value)}.")


def _field(given: Setup, stages: Sequence[Stage], unit: tuple[int, int, int, int], told: str) -> None:
    """What a unit sees, told twice: by counting windows and by its gradient in the picture."""
    region = conv_stack.receptive_field(stages, given.shape, unit[2:])
    gradient = conv_stack.input_gradient(stages, given.x[None], unit[1:])[0]
    outside = gradient.copy()
    outside[region] = 0.0
    rows, columns = (part.stop - part.start for part in region)
    left, right = st.columns(2, gap="medium")
    with left:
        show.figure(views.influence(gradient, region, show.theme()), key="conv-influence", alt=f"What moves it. {told}")
    with right:
        show.heading("Receptive field")
        show.formula(formulas.receptive(_windows(stages, given.shape)), "conv-field")
        show.sentence(f"{told} Cut to the picture it sees {rows} × {columns} pixels.")
        show.sentence(f"Check: outside of them its gradient is at most {significant(float(np.abs(outside).max()), 2)}.")
        if not gradient.any():
            show.sentence("Its gradient is 0 everywhere: the ReLU on its way is off, so no pixel moves it.")
        show.sentence("Each layer has two channels, its kernel and the same turned by 90°; the second adds over both of the first.")


def _one_hot(shape: tuple[int, ...], at: tuple[int, int]) -> Array:
    made: Array = np.zeros(shape)
    made[at] = 1.0
    return made


def _stage(given: Setup) -> Convolution:
    """The same window as a stage of a stack."""
    return Convolution(given.kernel[None, None], np.zeros(1), given.stride, given.padding, given.dilation)


def _two_by_two(first: Array, second: Array) -> tuple[Stage, ...]:
    """Two layers of two channels, made of one kernel each and of it turned by 90°."""
    pair = [np.stack([kernel, np.rot90(kernel)]) for kernel in (first, second)]
    return two_layer_stack(pair[0][:, None], np.stack([pair[1], pair[1][::-1]]))


def _windows(stages: Sequence[Stage], size: tuple[int, int]) -> list[Geometry]:
    """Where the windows of each stage lie."""
    found = []
    for each in stages:
        found.append(each.windows(size))
        size = found[-1].output
    return found
