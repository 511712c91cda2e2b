"""A sweep described by a TOML file, as the command line takes it: of a network on data, or of a test surface."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from nnviz.core.axes import Axis, as_axis, spaced
from nnviz.core.datasets import DATASETS
from nnviz.core.network import Network
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.surfaces import SURFACES, Surface, ravine
from nnviz.core.sweep_description import Sweep, described

TABLES = {
    "network": ("data", "network", "optimizer", "x", "y"),
    "surface": ("surface", "optimizer", "x", "y"),
}  # what is swept → its tables
SETTINGS = {
    "network": ("steps", "measures", "threshold", "loss", "batch_size", "seed", "initializer", "l2", "l1"),
    "surface": ("steps", "measures", "threshold", "start"),
}
STARTS = {"start[0]", "start[1]"}  # axes that leave nothing of `start`


def parse_sweep(text: str) -> Sweep:
    """The sweep that a TOML text describes.

    Raises
    ------
    ValueError
        No TOML, a table that is missing, a name or value that is not known.

    Examples
    --------
    >>> sweep = parse_sweep('''
    ... steps = 200
    ... measures = "basin"
    ... surface = {name = "himmelblau"}
    ... optimizer = {name = "adam", learning_rate = 0.3}
    ... x = {name = "start[0]", low = -5, high = 5, count = 64}
    ... y = {name = "start[1]", low = -5, high = 5, count = 64}
    ... ''')
    >>> sweep.shape, sweep.steps
    ((64, 64), 200)
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"the description is no TOML: {str(error)[:200]}") from None
    kind = "surface" if "surface" in given else "network"
    known = (*TABLES[kind], *SETTINGS[kind])
    for name in given:
        if name not in known:
            raise ValueError(f"the description sets {name[:40]!r}, which is not known: of a {kind} it takes {', '.join(known)}")
    tables = {name: _table(given, name, kind) for name in TABLES[kind]}
    settings = {name: given[name] for name in SETTINGS[kind] if name in given and name not in ("steps", "measures", "start")}
    try:
        optimizer = _made(OPTIMIZERS, tables["optimizer"], "optimiser")
        x, y = (_axis(tables[side], side) for side in ("x", "y"))
        subject: Network | Surface
        if kind == "surface":
            subject, data = _surface(tables["surface"]), None
            settings |= _start(given, {x.name, y.name})
        else:
            data = _made(DATASETS, tables["data"], "data set")
            subject = Network(tuple(tables["network"].get("sizes", ())), _activations(tables["network"]))
        return described(subject, data, optimizer, x, y, given.get("steps", 200), given.get("measures", "convergence"), **settings)
    except TypeError as error:
        raise ValueError(f"the description has a value of the wrong kind: {str(error)[:200]}") from None


def _table(given: Mapping[str, Any], name: str, kind: str) -> dict[str, Any]:
    table = given.get(name)
    if not isinstance(table, dict):
        needed = ", ".join(f"[{one}]" for one in TABLES[kind])
        instead = ", or [surface] in place of [data] and [network]" if kind == "network" else ""
        raise ValueError(f"the description has no table [{name}]: it needs {needed}{instead}")
    return dict(table)


def _activations(table: Mapping[str, Any]) -> Any:
    given = table.get("activations", "tanh")
    return given if isinstance(given, str) else tuple(given)


def _surface(table: dict[str, Any]) -> Surface:
    """A surface by its name, the ravine with its condition number, or one of one's own by its formula and bounds."""
    takes = ("formula", "bounds") if "formula" in table else ("name", "condition") if table.get("name") == "ravine" else ("name",)
    for name in table:
        if name not in takes:
            raise ValueError(f"the table [surface] sets {name[:40]!r} as well: beside a name or a formula it takes {', '.join(takes)}")
    if "formula" in table:
        if not isinstance(table["formula"], str):
            raise ValueError(f'the formula of the surface is {str(table["formula"])[:40]}: it needs to be text, such as "x**2 + y**2"')
        return Surface.from_expression(table["formula"], table.get("bounds", ((-5.0, 5.0), (-5.0, 5.0))))
    name = table.get("name", "")
    if name not in SURFACES:
        raise ValueError(f"the surface {str(name)[:40]!r} is not known: use one of {', '.join(SURFACES)}, or give a formula in x and y")
    return ravine(table["condition"]) if "condition" in table else SURFACES[name]


def _start(given: Mapping[str, Any], axes: set[str]) -> dict[str, Any]:
    """Where the runs on a surface begin, as far as the axes leave it open."""
    if axes == STARTS:
        return {}
    start = given.get("start")
    if not (isinstance(start, list) and len(start) == 2 and all(type(number) in (int, float) for number in start)):
        raise ValueError(f"start is {str(start)[:40]}: runs on a surface need to begin at two numbers, such as start = [-1.5, 2.0]")
    return {"theta0": start}


def _made(registry: Mapping[str, Any], table: dict[str, Any], kind: str) -> Any:
    name = table.pop("name", None)
    if name not in registry:
        raise ValueError(f"the {kind} {str(name)[:40]!r} is not known: use one of {', '.join(registry)}")
    try:
        return registry[name](**table)
    except TypeError as error:
        raise ValueError(f"the {kind} {name} does not take what it was given: {str(error)[:200]}") from None


def _axis(table: Mapping[str, Any], side: str) -> Axis:
    if "values" in table:
        return as_axis((table.get("name", ""), table["values"]))
    absent = [key for key in ("name", "low", "high", "count") if key not in table]
    if absent:
        raise ValueError(f"the axis [{side}] has no {absent[0]}: it needs name, low, high and count, or name and values")
    return spaced(str(table["name"]), table["low"], table["high"], table["count"], table.get("scale", "linear"))
