"""Frames as plain dicts: the one place where an animation is put together.

A figure carries at most `MOST_FRAMES` frames; a frame names only the traces that change and holds only what is new in them
(`go.Frame` objects took a hundred times as long to build, 200 frames of four paths were 1.1 MB).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

MOST_FRAMES = 60
DENSE_STEPS = 20  # of these each one is shown: the first steps are where bias correction and overshooting are seen


def frame(
    name: int, changes: Mapping[int, Mapping[str, Any]], kinds: Sequence[str], layout: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One frame: what changes in which trace.

    Parameters
    ----------
    name : its place in the animation; the player asks for it by that
    changes : trace index → the attributes that are new
    kinds : the `type` of each trace of the figure (Plotly needs it in each frame)
    layout : what is new in the layout, such as annotations
    """
    made: dict[str, Any] = {
        "name": str(name),
        "data": [{"type": kinds[index], **attributes} for index, attributes in changes.items()],
        "traces": list(changes),
    }
    if layout:
        made["layout"] = dict(layout)
    return made


def animate(
    figure: dict[str, Any], changes: Iterable[Mapping[int, Mapping[str, Any]]], layouts: Iterable[Mapping[str, Any] | None] | None = None
) -> dict[str, Any]:
    """The figure with one frame for each entry of `changes`.

    Raises
    ------
    ValueError
        More than `MOST_FRAMES` frames: choose them with `dense_steps`.
    """
    kinds = [trace.get("type", "scatter") for trace in figure["data"]]
    changes = list(changes)
    if len(changes) > MOST_FRAMES:
        raise ValueError(f"{len(changes)} frames were given and a figure takes at most {MOST_FRAMES}: choose them with dense_steps")
    each = list(layouts) if layouts is not None else [None] * len(changes)
    return figure | {"frames": [frame(i, change, kinds, layout) for i, (change, layout) in enumerate(zip(changes, each, strict=True))]}


def standing_at(figure: dict[str, Any], place: int) -> dict[str, Any]:
    """The same animated figure, drawn at first as at that frame."""
    chosen, data = figure["frames"][place], list(figure["data"])
    for index, new in zip(chosen["traces"], chosen["data"], strict=True):
        data[index] = data[index] | new
    return figure | {"data": data, "layout": figure["layout"] | chosen.get("layout", {})}


def dense_steps(last: int, most: int = MOST_FRAMES) -> np.ndarray:
    """Which of the steps 0 … last are shown: 0 to 20 each, then geometrically sparser, the last one always.

    Returns
    -------
    (at most `most`,) ascending integers

    Examples
    --------
    >>> dense_steps(3)
    array([0, 1, 2, 3])
    >>> len(dense_steps(500)), int(dense_steps(500)[-1]), int(dense_steps(500)[20])
    (60, 500, 20)
    """
    if last < most:
        return np.arange(last + 1)
    dense = min(DENSE_STEPS, most - 2)
    rest = most - dense - 1
    steps = np.geomspace(dense + 1, last, rest)
    # Rounding may merge the first few: each is at least one past the one before it.
    climbing = np.maximum(np.round(steps), dense + 1 + np.arange(rest)).astype(int)
    return np.concatenate([np.arange(dense + 1), np.minimum(climbing, last - np.arange(rest)[::-1])])


def levels(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values as `uint8` levels 0 … 255 between low and high: all that a screen shows, at a byte a cell.

    Give the trace `zmin=0, zmax=255` and relabel its colour bar. What is not finite becomes the end it points to; NaN the low end.
    """
    span = high - low if high > low else 1.0
    with np.errstate(all="ignore"):
        share = (np.asarray(values, dtype=float) - low) / span
        return np.round(255 * np.fmin(np.fmax(share, 0.0), 1.0)).astype(np.uint8)  # fmax takes the number where the other is NaN
