"""A network as a graph: neurons are nodes, weights are edges, and what was computed at them stands on them.

The graph is NetworkX's own, so that it can be looked at, measured and exported; every drawing of the network is made from it alone.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import networkx as nx
import numpy as np

from nnviz.core.network import Backward, Forward, Network

MOST_DRAWN, DEEP_DRAWN = 16, 6  # neurons of one layer; of a network of more than ten columns


def neuron(layer: int, unit: int) -> str:
    """The node's name in the graph; layer 0 is the input, units count from 0."""
    return f"{layer}.{unit}"


def layer_name(layer: int, layers: int) -> str:
    """`input`, `hidden layer 2`, `output`; `layers` is L, the number of layers that compute."""
    if layer == 0:
        return "input"
    if layer == layers:
        return "output"
    return "hidden layer" if layers == 2 else f"hidden layer {layer}"


def most_active(forward: Forward, sample: int = 0, most: int | None = None, keep: tuple[int, int] | None = None) -> tuple[np.ndarray, ...]:
    """The units of each layer with the largest |a| for one sample, at most `most` a layer, in their own order.

    By default that is 16; in a network of more than ten columns 6, but for its outputs.

    Parameters
    ----------
    forward : of one network: A[l] (k, m)
    keep : a neuron (layer, unit) that is among them in any case

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> [units.tolist() for units in most_active(SimpleNamespace(A=[np.array([[3.0], [-9.0], [1.0]])]), most=2)]
    [[0, 1]]
    """
    inner = (MOST_DRAWN if len(forward.A) <= 10 else DEEP_DRAWN) if most is None else most
    last = MOST_DRAWN if most is None else most
    chosen = []
    for layer, A in enumerate(forward.A):
        size = np.nan_to_num(np.abs(A[:, sample]), nan=np.inf)
        if keep is not None and keep[0] == layer:
            size = np.where(np.arange(len(size)) == keep[1], np.inf, size)
        chosen.append(np.sort(np.argsort(-size, kind="stable")[: last if layer == len(forward.A) - 1 else inner]))
    return tuple(chosen)


def network_graph(
    network: Network,
    theta: np.ndarray,
    forward: Forward,
    backward: Backward | None = None,
    *,
    sample: int = 0,
    feature_names: Sequence[str] = (),
    target_names: Sequence[str] = (),
    target: np.ndarray | None = None,
    cost: float | None = None,
    units: Sequence[np.ndarray] | None = None,
) -> nx.DiGraph:
    """The network with the numbers of one sample on it.

    Parameters
    ----------
    theta : (P,)
    forward, backward : of theta over samples one of which is column `sample`
    feature_names, target_names : of the inputs and the outputs
    target, cost : (k,) and the loss of the sample, where they are known
    units : of each layer those that are in the graph; all by default

    Returns
    -------
    networkx.DiGraph
        Nodes `"l.u"` with layer, unit, role, name, a, and where there are any bias, z, delta, target; edges with weight and gradient.
        `graph.graph` has sizes (`"4-8-3"`), activations (`"tanh,softmax"`) and cost.

    Raises
    ------
    ValueError
        theta is not one vector of the network's parameters.
    """
    theta = np.asarray(theta, dtype=float)
    if theta.shape != (network.parameter_count,):
        raise ValueError(f"theta has shape {theta.shape} and the graph shows one network: give ({network.parameter_count},)")
    units = [np.arange(size) for size in network.sizes] if units is None else list(units)
    graph: nx.DiGraph = nx.DiGraph(sizes="-".join(map(str, network.sizes)), activations=",".join(network.activations))
    if cost is not None:
        graph.graph["cost"] = float(cost)
    _add_neurons(graph, network, theta, forward, backward, sample, units)
    _add_weights(graph, network, theta, backward, units)
    _add_names(graph, units, feature_names, target_names, target)
    return graph


def _add_neurons(
    graph: nx.DiGraph,
    network: Network,
    theta: np.ndarray,
    forward: Forward,
    backward: Backward | None,
    sample: int,
    units: Sequence[np.ndarray],
) -> None:
    layers = network.unpack(theta)
    for layer, kept in enumerate(units):
        columns = {"a": forward.A[layer][kept, sample]}
        if layer:
            columns |= {"z": forward.z(layer)[kept, sample], "bias": layers[layer - 1].b[kept, 0]}
            delta = None if backward is None else backward.delta[layer]
            if delta is not None:
                columns["delta"] = delta[kept, sample]
        role = "input" if layer == 0 else "output" if layer == len(layers) else "hidden"
        numbers = [dict(zip(columns, values, strict=True)) for values in zip(*(c.tolist() for c in columns.values()), strict=True)]
        for unit, its_own in zip(kept.tolist(), numbers, strict=True):
            graph.add_node(
                neuron(layer, unit), layer=layer, unit=unit, role=role, name=f"{layer_name(layer, len(layers))}, {unit + 1}", **its_own
            )


def _add_weights(graph: nx.DiGraph, network: Network, theta: np.ndarray, backward: Backward | None, units: Sequence[np.ndarray]) -> None:
    gradients = network.unpack(backward.gradient) if backward is not None else None
    for layer, of_layer in enumerate(network.unpack(theta), start=1):
        targets, sources = units[layer], units[layer - 1]
        weights = of_layer.W[np.ix_(targets, sources)].tolist()
        slopes = gradients[layer - 1].W[np.ix_(targets, sources)].tolist() if gradients is not None else None
        for row, target in enumerate(targets.tolist()):
            for column, source in enumerate(sources.tolist()):
                gradient = {} if slopes is None else {"gradient": slopes[row][column]}
                graph.add_edge(neuron(layer - 1, source), neuron(layer, target), weight=weights[row][column], **gradient)


def _add_names(
    graph: nx.DiGraph, units: Sequence[np.ndarray], feature_names: Sequence[str], target_names: Sequence[str], target: np.ndarray | None
) -> None:
    last = len(units) - 1
    for layer, names in ((0, feature_names), (last, target_names)):
        for unit in units[layer].tolist():
            if unit < len(names):
                graph.nodes[neuron(layer, unit)]["name"] = str(names[unit])
    if target is not None:
        for unit in units[last].tolist():
            graph.nodes[neuron(last, unit)]["target"] = float(target[unit])


def graphml(graph: nx.DiGraph) -> bytes:
    """The graph as GraphML, with all numbers that stand on it; characters that XML forbids are left out of names."""
    clean = graph.copy()
    for _, attributes in clean.nodes(data=True):
        attributes["name"] = "".join(c for c in attributes["name"] if c.isprintable())
    out = io.BytesIO()
    nx.write_graphml(clean, out)
    return out.getvalue()
