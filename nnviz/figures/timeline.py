"""The order in which a network computes: forward layer by layer, the cost, then the error signal layer by layer back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nnviz.figures.animation import MOST_FRAMES
from nnviz.figures.graph import layer_name

FEWER = ((10, 24), (5, 40))  # a frame of more layers than that carries so much that at most so many are sent
BETWEEN = 8  # frames between two stops, where there is room for so many
FORWARD, COST, BACKWARD = "forward", "cost", "backward"


@dataclass(frozen=True)
class Moment:
    """What is known and what moves at one frame."""

    reached: int  # the layers up to this one show their activation
    returned: int  # the layers from this one on show their error signal; L + 1: none does
    cost: bool  # the cost is known
    kind: str  # forward, cost or backward
    layer: int  # the numbers move on the edges into this layer; 0: nothing moves; L + 1: between the output and the cost
    way: float  # how far they are, 0 at the neuron they leave, 1 at the one they reach
    rests: bool = True


@dataclass(frozen=True)
class Flow:
    """Where the player may rest.

    `stops` has the frame of each stop, `labels` what happens there, `kinds` forward, cost or backward, and `layers` the layer that was just
    computed there: 0 at the input, L at the output and at the cost.
    """

    stops: tuple[int, ...]
    labels: tuple[str, ...]
    kinds: tuple[str, ...]
    layers: tuple[int, ...]
    frames: int

    @property
    def output(self) -> int:
        """The stop at which the data have reached the output."""
        return max(i for i, kind in enumerate(self.kinds) if kind == FORWARD)

    @property
    def frame_labels(self) -> tuple[str, ...]:
        """The label of each frame: that of the stop it leads to."""
        return tuple(self.labels[int(np.searchsorted(self.stops, frame))] for frame in range(self.frames))


def stop_moments(layers: int) -> list[Moment]:
    """The moments at which something has just become known, for L layers: the input, each layer, the cost, each layer back.

    Examples
    --------
    >>> [moment.kind for moment in stop_moments(2)]
    ['forward', 'forward', 'forward', 'cost', 'backward', 'backward']
    """
    nowhere = layers + 1
    forward = [Moment(layer, nowhere, False, FORWARD, layer, 1.0) for layer in range(layers + 1)]
    cost = [Moment(layers, nowhere, True, COST, nowhere, 1.0)]
    backward = [Moment(layers, layer, True, BACKWARD, layer + 1, 1.0) for layer in range(layers, 0, -1)]
    return forward + cost + backward


def timeline(layers: int) -> tuple[list[Moment], Flow]:
    """All moments of the animation, at most `MOST_FRAMES`, and where it may rest; a very deep network rests at some of its layers only."""
    stops, most = stop_moments(layers), next((frames for deep, frames in FEWER if layers > deep), MOST_FRAMES)
    if len(stops) > most:
        stops = [stops[i] for i in np.linspace(0, len(stops) - 1, most).round().astype(int)]
    between = min(BETWEEN, (most - len(stops)) // max(len(stops) - 1, 1))
    moments, places = [stops[0]], [0]
    for before, after in pairwise(stops):
        known = (before.reached, before.returned, before.cost)
        ways = np.linspace(0, 1, between + 2)[1:-1]
        moments += [Moment(*known, after.kind, after.layer, float(way), rests=False) for way in ways]
        places.append(len(moments))
        moments.append(after)
    names = tuple(_label(stop, layers) for stop in stops)
    computed = tuple(_computed(stop, layers) for stop in stops)
    return moments, Flow(tuple(places), names, tuple(stop.kind for stop in stops), computed, len(moments))


def _computed(stop: Moment, layers: int) -> int:
    if stop.kind == COST:
        return layers
    return stop.layer if stop.kind == FORWARD else stop.returned


def _label(stop: Moment, layers: int) -> str:
    if stop.kind == COST:
        return "cost"
    name = layer_name(_computed(stop, layers), layers)
    return name if stop.layer == 0 else f"{name}, {stop.kind}"
