"""The 2×2 matrix of the page Eigenvalues, typed entry by entry or put together from rotation, scale and shear; and its pseudospectrum."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from nnviz.core.linear_maps import plane_map
from nnviz.core.stability import pseudospectrum_chunks
from nnviz.figures import linear_maps as figures
from nnviz.ui import controls, progress, show

Array = NDArray[np.floating]
ENTRIES, PARTS = "Entries", "Rotation, scale, shear"
NON_NORMAL = {"matrixby": ENTRIES, "w11": 0.9, "w12": 5.0, "w21": 0.0, "w22": 0.8}


def matrix() -> Array:
    """The matrix as it is set now, (2, 2)."""
    if controls.segments("Matrix by", (ENTRIES, PARTS), key="matrixby", default=ENTRIES) == PARTS:
        return _of_parts()
    defaults = ((1.0, 0.6), (0.4, 1.2))
    rows = []
    for i, row in enumerate(defaults, start=1):
        columns = st.columns(2, gap="small")
        rows.append([_entry(column, i, j, value) for j, (column, value) in enumerate(zip(columns, row, strict=True), start=1)])
    return np.array(rows, dtype=float)


def _entry(column: st.delta_generator.DeltaGenerator, i: int, j: int, value: float) -> float:
    with column:
        return float(controls.number(f"w{i}{j}", -1e6, 1e6, key=f"w{i}{j}", default=value, step=0.1, format="%.6g"))


def _of_parts() -> Array:
    angle = controls.slider("Rotation, degrees", -180.0, 180.0, key="turn", default=30.0, step=5.0)
    x = controls.slider("Scale along x₁", -2.0, 2.0, key="scale1", default=1.2, step=0.05)
    y = controls.slider("Scale along x₂", -2.0, 2.0, key="scale2", default=0.8, step=0.05)
    sheared = controls.slider("Shear", -2.0, 2.0, key="shear", default=0.0, step=0.05)
    return plane_map(np.radians(angle), x, y, sheared)


def pseudospectrum(W: Array, values: Array) -> None:
    """How far each number is from being an eigenvalue of W, on 101 × 101 points around its eigenvalues; with progress."""
    reach = float(np.clip(1.4 * np.nan_to_num(np.abs(values), posinf=50).max(initial=1.0), 1.5, 50))
    real = np.linspace(-reach, reach, 101)
    found = progress.run("pseudo", W.tobytes(), partial(pseudospectrum_chunks, W, real, real), lambda chunk: chunk[0], "Pseudospectrum")
    scene = progress.standing("pseudo", (real, found[1], values, W) if found is not None else None)
    if scene is not None:
        axis, levels, marked, matrix = scene
        alt = f"Pseudospectrum of {matrix.round(4).tolist()} on 101 × 101 points"
        show.figure(figures.pseudospectrum(axis, axis, levels, marked, show.theme()), key="pseudo", alt=alt)
