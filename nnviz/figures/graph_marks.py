"""How a neuron and an edge look: fills, rings, numbers and widths, before, after and on the way back."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np

from nnviz.figures.graph_layout import Form
from nnviz.figures.theme import Theme, coloured, ink, mix, signed_colour, symbol
from nnviz.formulas.numbers import fixed, signed, significant

ROLE_SYMBOL = {"input": "x", "hidden": "a", "output": "yhat"}
BLANK = " "  # Plotly takes a point without text away, and the texts after it move up
TINT = 0.05  # of the ring's colour in a neuron of the worked form: more would cost the error signal its contrast
DASH = {True: "6px,4px", False: "5px,4px"}
DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
Edge = tuple[str, str]
WIDTHS = (0.75, 1.5, 2.5)
WORKED_WIDTHS = (1.0, 2.0, 3.0, 4.0, 5.0)


def steady(theme: Theme) -> dict[str, Any]:
    """What keeps a trace as it is where a click on another one would dim it until the figure is drawn anew."""
    return {"unselected": {"marker": {"opacity": 1}}, "selected": {"textfont": {"color": theme.text}}}


def cut(name: str, longest: int = 14, lines: int = 1) -> str:
    """A name given by a person, short enough for a figure: without its unit in brackets, at most so many lines, no tags read in it.

    Examples
    --------
    >>> cut("sepal length (cm)"), cut("sepal length (cm)", lines=2), cut("a<b>c"), cut("a very long name indeed")
    ('sepal length', 'sepal<br>length', 'a&lt;b&gt;c', 'a very long n…')
    """
    words = re.sub(r"\s*\([^()]*\)\s*$", "", " ".join(str(name).split())) or str(name)
    parts = [words]
    if lines == 2 and len(words) > 8 and " " in words:
        middle = min((i for i, c in enumerate(words) if c == " "), key=lambda i: abs(i - len(words) / 2))
        parts = [words[:middle], words[middle + 1 :]]
    return "<br>".join(html.escape(p if len(p) <= longest else p[: longest - 1] + "…", quote=False) for p in parts)


def worded(theme: Theme, name: str, held: str, longest: int = 14, lines: int = 1) -> str:
    """The name of an input or output; `x1` and `x₁` are the symbol with its index."""
    found = re.fullmatch(r"x_?([0-9₀-₉]{1,3})", name)
    if found and held == "x":
        return symbol(theme, "x", found[1].translate(DIGITS))
    return cut(name, longest, lines)


def short(value: float) -> str:
    """A signed number of three significant digits, two where three take more than seven characters."""
    text = signed(value)
    return text if len(text) <= 7 else signed(value, 2)


def single(values: Any) -> np.ndarray:
    """Numbers as a trace carries them, float32; what is too large for that becomes infinite and is left out by Plotly."""
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(np.float32)


def compact(value: float, sign: bool = True) -> str:
    """At most five characters for a small neuron: `+0.85`, `−12.3`, `+9e−3`.

    Examples
    --------
    >>> compact(0.853), compact(-12.31), compact(0.0091), compact(4321.0), compact(0.0, sign=False), compact(float("nan"))
    ('+0.85', '−12.3', '+9e−3', '+4e3', '0.00', 'nan')
    """
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("+∞" if value > 0 else "−∞")
    size = abs(value)
    if value != 0 and (size < 0.01 or size >= 1000):
        mantissa, exponent = f"{size:.0e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
    else:
        text = f"{size:.{2 if size < 10 else 1 if size < 100 else 0}f}"
    shown = "−" if value < 0 else "+" if sign else ""
    return shown + text.replace("-", "−")


@dataclass(frozen=True)
class Look:
    """A neuron in one state: its fill, its ring, what is written in it and in which colour."""

    fill: str
    ring: str
    text: str
    ink: str


def ring_colour(theme: Theme, node: Mapping[str, Any]) -> str:
    """75 % of the colour of what the neuron holds."""
    return mix(theme.background, theme.symbols[ROLE_SYMBOL[node["role"]]], 0.75)


def looks(graph: nx.DiGraph, form: Form, theme: Theme) -> dict[str, tuple[Look, Look, Look]]:
    """Of each neuron how it looks before it is computed, when it holds its activation, and when it holds its error signal."""
    make = _worked_looks if form.worked else _dense_looks
    scales = {"a": _largest(graph, "a", 1.0), "delta": _largest(graph, "delta", 0.0)}
    return {node: make(attributes, form, theme, scales) for node, attributes in graph.nodes(data=True)}


def _largest(graph: nx.DiGraph, number: str, least: float) -> dict[int, float]:
    """The largest finite |number| of each layer, at least `least`."""
    largest: dict[int, float] = {}
    for _, node in graph.nodes(data=True):
        size = abs(node.get(number, 0.0))
        largest[node["layer"]] = max(largest.get(node["layer"], least), size if math.isfinite(size) else 0.0)
    return largest


def _worked_looks(node: Mapping[str, Any], form: Form, theme: Theme, scales: Any) -> tuple[Look, Look, Look]:
    name, ring = ROLE_SYMBOL[node["role"]], ring_colour(theme, node)
    fill = mix(theme.background, theme.symbols[name], TINT)
    a = coloured(significant(node["a"]) if name == "x" else fixed(node["a"]), theme.symbols[name])
    text = a if name == "x" else coloured(fixed(node["z"]), theme.symbols["z"]) + "<br>" + a
    forward = Look(fill, ring, text, theme.text)
    back = Look(fill, ring, coloured(significant(node["delta"], 3), theme.symbols["delta"]), theme.text) if "delta" in node else forward
    return Look(theme.background, theme.zero, BLANK, theme.text), forward, back


def _dense_looks(node: Mapping[str, Any], form: Form, theme: Theme, scales: Mapping[str, Mapping[int, float]]) -> tuple[Look, Look, Look]:
    def filled(value: float, largest: float) -> Look:
        fill = signed_colour(theme, value, largest)
        text = compact(value, sign=node["role"] != "output" or value < 0) if form.font else BLANK
        return Look(fill, theme.zero, text, ink(fill))

    forward = filled(node["a"], scales["a"][node["layer"]])
    back = filled(node["delta"], scales["delta"][node["layer"]]) if "delta" in node else forward
    return Look(theme.background, theme.zero, BLANK, theme.text), forward, back


def hover(theme: Theme, node: Mapping[str, Any]) -> str:
    """All numbers of a neuron, six digits."""
    held = ROLE_SYMBOL[node["role"]]
    rows = [("z", "z"), ("bias", "b"), ("a", held), ("delta", "delta"), ("target", "y")]
    lines = [f"{symbol(theme, name)} = {significant(node[key], 6)}" for key, name in rows if key in node]
    return "<br>".join([f"<b>{cut(node['name'], 40)}</b>", *lines])


def width_step(weight: float, largest: float, steps: int) -> int:
    """Which of the widths an edge takes: 0 for the thinnest; what is not finite is drawn thickest."""
    if not math.isfinite(weight):
        return steps - 1
    return min(steps - 1, int(abs(weight) / largest * steps)) if largest > 0 else 0


def carriers(graph: nx.DiGraph, layer: int, backward: bool, most: int) -> list[tuple[str, str, float]]:
    """The edges into a layer that carry most, the largest first, with what they carry: `w·a` forward, `w·δ` backward."""
    nodes = graph.nodes
    found = []
    for source, target, edge in graph.edges(data=True):
        if nodes[target]["layer"] == layer:
            found.append((source, target, edge["weight"] * (nodes[target].get("delta", 0.0) if backward else nodes[source]["a"])))
    return sorted(found, key=lambda edge: -abs(edge[2]) if math.isfinite(edge[2]) else 0.0)[:most]


def width_steps(graph: nx.DiGraph, form: Form) -> dict[Edge, tuple[bool, int]]:
    """Of each edge whether its weight is positive (or 0), and its width step; the largest weight of the network has the last."""
    weights = {(source, target): edge["weight"] for source, target, edge in graph.edges(data=True)}
    largest = max((abs(weight) for weight in weights.values() if math.isfinite(weight)), default=0.0)
    steps = len(WORKED_WIDTHS if form.worked else WIDTHS)
    return {edge: (not weight < 0, width_step(weight, largest, steps)) for edge, weight in weights.items()}


def edge_groups(
    graph: nx.DiGraph, steps: Mapping[Edge, tuple[bool, int]], chosen: str | None, only: Set[Edge] | None
) -> dict[tuple[int, bool, int, str], list[Edge]]:
    """The edges that share a trace: those of one layer, sign, width step and part.

    A part is "into" or "out of" the chosen neuron, or neither; of the latter those in `only`, where that is given.
    """
    groups: dict[tuple[int, bool, int, str], list[Edge]] = {}
    for (source, target), (plus, step) in steps.items():
        part = "into" if target == chosen else "out of" if source == chosen else ""
        if part or only is None or (source, target) in only:
            groups.setdefault((graph.nodes[target]["layer"], plus, step, part), []).append((source, target))
    return dict(sorted(groups.items(), key=lambda item: (item[0][3] != "", item[0])))


def edge_text(theme: Theme, value: float, lit: bool) -> str:
    """The number on an edge: in the weight's colour where the edge is lit, else muted."""
    return coloured(short(value), theme.symbols["w"] if lit else theme.muted)
