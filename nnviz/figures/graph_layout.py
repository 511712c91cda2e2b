"""Where the neurons of a graph stand and how large they are: columns placed by NetworkX, sizes by the largest layer.

Across, a place is a share of the figure's width, so that the same picture fits a desk and a phone; down, it is pixels from the top.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from nnviz.figures.theme import HEIGHTS, MARGINS


@dataclass(frozen=True)
class Form:
    """How a network of a certain size is drawn; lengths in px."""

    size: int  # of a neuron
    font: int  # of the numbers in it; 0 where there is no room for any
    height: str  # a name in theme.HEIGHTS
    worked: bool  # z and a in each neuron, w on each edge, b below, and the cost as a square
    names: int  # from the top to the middle of the layers' names
    above: int  # from the top to the first row
    below: int  # from the last row to the bottom
    spread: int  # the most between two rows


WORKED = Form(size=60, font=14, height="network", worked=True, names=10, above=76, below=58, spread=190)
MEDIUM = Form(size=36, font=12, height="network_tall", worked=False, names=16, above=62, below=22, spread=66)
SMALL = Form(size=20, font=0, height="network_tall", worked=False, names=16, above=56, below=34, spread=44)
TINY = Form(size=12, font=0, height="network_tall", worked=False, names=16, above=52, below=34, spread=36)


def sizes_of(graph: nx.DiGraph) -> list[int]:
    """The sizes of the network's layers, drawn or not."""
    return [int(size) for size in graph.graph["sizes"].split("-")]


def form_of(graph: nx.DiGraph) -> Form:
    """The form in which a network is drawn, by its largest layer and its depth.

    Examples
    --------
    >>> [form_of(nx.DiGraph(sizes=sizes)).size for sizes in ("2-2-1", "4-8-8-3", "4-16-3", "64-64-10")]
    [60, 36, 20, 12]
    """
    sizes = sizes_of(graph)
    largest, columns = max(sizes), len(sizes)
    if largest <= 3 and columns <= 3:
        return WORKED
    if largest <= 8 and columns <= 6:
        return MEDIUM
    return SMALL if largest <= 16 and columns <= 10 else TINY


def column_places(columns: int, worked: bool) -> list[float]:
    """The share of the width at which each column stands; in the worked form the last one is the cost, which stands nearer."""
    if not worked:
        return np.linspace(0, 1, columns).tolist()
    steps = np.array([0.0] + [1.0] * (columns - 2) + [0.72])
    return (steps.cumsum() / steps.sum()).tolist()


def plot_height(form: Form) -> int:
    """The px between title and lower edge."""
    return HEIGHTS[form.height] - MARGINS["graph"][2] - MARGINS["graph"][3]


def place(graph: nx.DiGraph) -> nx.DiGraph:
    """The same graph with `x` (share of the width) and `y` (px from the top) on each node; gives it back.

    In the worked form the place of the cost, one column past the output, stands on the graph as `cost_x` and `cost_y`.
    """
    form, columns = form_of(graph), len(sizes_of(graph))
    across = column_places(columns + form.worked, form.worked)
    # Lists, not the name of an attribute: NetworkX then keeps the units in their order.
    drawn = {column: [node for node, layer in graph.nodes(data="layer") if layer == column] for column in range(columns)}
    rows = nx.multipartite_layout(graph, subset_key=drawn, align="vertical")
    largest = max(len(nodes) for nodes in drawn.values())
    top, bottom = form.above, plot_height(form) - form.below
    gap = min(form.spread, (bottom - top) / max(largest - 1, 1))
    # Columns come centred on 0 with even gaps, in a unit of their own.
    reach = max(abs(float(row)) for _, row in rows.values())
    scale = gap * (largest - 1) / (2 * reach) if reach > 0 else 0.0
    for node, attributes in graph.nodes(data=True):
        attributes["x"] = across[attributes["layer"]]
        attributes["y"] = (top + bottom) / 2 + scale * float(rows[node][1])
    if form.worked:
        graph.graph["cost_x"], graph.graph["cost_y"] = across[-1], (top + bottom) / 2
    return graph
