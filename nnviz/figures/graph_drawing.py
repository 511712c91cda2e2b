"""A network on its way to a figure: its graph, placed, and what every part of the drawing asks of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import networkx as nx

from nnviz.figures.graph_layout import Form, form_of, place, sizes_of
from nnviz.figures.graph_marks import Edge, Look, carriers, edge_groups, looks, width_steps
from nnviz.figures.theme import Theme

MOST_TOKENS, DENSE_TOKENS = 32, 24  # at once
MOST_TRACED = 150  # edges; Plotly makes an element of each, and draws all of them anew in each frame
MOST_LIT = 10  # columns of a network whose layers are lit one by one


@dataclass(frozen=True, eq=False)
class Drawing:
    """A network on its way to a figure: its graph, placed, and what is looked at in it."""

    graph: nx.DiGraph
    theme: Theme
    chosen: str | None  # the node with the ring
    subject: str  # what flows

    @cached_property
    def form(self) -> Form:
        """How a network of this size is drawn."""
        return form_of(self.graph)

    @cached_property
    def sizes(self) -> list[int]:
        """Of all layers, the input included."""
        return sizes_of(self.graph)

    @cached_property
    def layers(self) -> int:
        """L, the number of layers that compute."""
        return len(self.sizes) - 1

    @cached_property
    def nodes(self) -> list[str]:
        """The neurons in the order in which every trace holds them."""
        return list(self.graph.nodes)

    @cached_property
    def spots(self) -> dict[str, tuple[float, float]]:
        """Where each neuron stands."""
        return {node: (a["x"], a["y"]) for node, a in self.graph.nodes(data=True)}

    @cached_property
    def outputs(self) -> list[str]:
        """The neurons of the last layer."""
        return [node for node in self.nodes if self.graph.nodes[node]["role"] == "output"]

    @property
    def cost_spot(self) -> tuple[float, float]:
        """Where the cost stands in the worked form."""
        return self.graph.graph["cost_x"], self.graph.graph["cost_y"]

    @cached_property
    def looks(self) -> dict[str, tuple[Look, Look, Look]]:
        """How each neuron looks before, forward and backward."""
        return looks(self.graph, self.form, self.theme)

    @cached_property
    def steps(self) -> dict[Edge, tuple[bool, int]]:
        """Sign and width step of each edge."""
        return width_steps(self.graph, self.form)

    @property
    def dense(self) -> bool:
        """There are so many edges that the receding ones are one path a sign and width, and only what carries most is lit."""
        return len(self.steps) > MOST_TRACED

    @cached_property
    def carriers(self) -> dict[tuple[int, bool], list[tuple[str, str, float]]]:
        """Of each layer, forward (False) and backward (True), the edges that carry most."""
        most = DENSE_TOKENS if self.dense else MOST_TOKENS
        ways = [(layer, backward) for layer in range(1, self.layers + 1) for backward in (False, True)]
        return {way: carriers(self.graph, *way, most) for way in ways}

    @cached_property
    def groups(self) -> dict[tuple[int, bool, int, str], list[Edge]]:
        """The edges that share a trace, and can be lit together."""
        deep = len(self.sizes) > MOST_LIT
        carrying = {(s, t) for found in self.carriers.values() for s, t, _ in found} if self.dense and not deep else set()
        return edge_groups(self.graph, self.steps, self.chosen, carrying if self.dense else None)


def drawing_of(graph: nx.DiGraph, theme: Theme, chosen: tuple[int, int] | None, subject: str) -> Drawing:
    """The drawing of a graph, its nodes given their places."""
    node = next((n for n, a in graph.nodes(data=True) if chosen == (a["layer"], a["unit"])), None)
    return Drawing(place(graph), theme, node, subject)
