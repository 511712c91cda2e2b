"""A sweep described by a TOML file, as the command line takes it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from nnviz.core.axes import Axis, as_axis, spaced
from nnviz.core.datasets import DATASETS
from nnviz.core.network import Network
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.sweep_description import Sweep, described

TABLES = ("data", "network", "optimizer", "x", "y")
SETTINGS = ("loss", "steps", "measures", "batch_size", "seed", "initializer", "l2", "l1", "threshold")


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
    ... loss = "binary_cross_entropy"
    ... data = {name = "spiral", samples = 64}
    ... network = {sizes = [2, 8, 1], activations = ["tanh", "sigmoid"]}
    ... optimizer = {name = "sgd"}
    ... x = {name = "learning_rate", low = 0.01, high = 100, count = 64, scale = "log"}
    ... y = {name = "initial_scale", low = 0.1, high = 10, count = 64, scale = "log"}
    ... ''')
    >>> sweep.shape, sweep.steps
    ((64, 64), 200)
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"the description is no TOML: {str(error)[:200]}") from None
    for name in given:
        if name not in (*TABLES, *SETTINGS):
            raise ValueError(f"the description sets {name[:40]!r}, which is not known: it takes {', '.join((*TABLES, *SETTINGS))}")
    tables = {name: _table(given, name) for name in TABLES}
    data = _made(DATASETS, tables["data"], "data set")
    settings = {name: given[name] for name in SETTINGS if name in given and name not in ("steps", "measures")}
    try:
        network = Network(tuple(tables["network"].get("sizes", ())), _activations(tables["network"]))
        optimizer = _made(OPTIMIZERS, tables["optimizer"], "optimiser")
        x, y = (_axis(tables[side], side) for side in ("x", "y"))
        return described(network, data, optimizer, x, y, given.get("steps", 200), given.get("measures", "convergence"), **settings)
    except TypeError as error:
        raise ValueError(f"the description has a value of the wrong kind: {str(error)[:200]}") from None


def _table(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = given.get(name)
    if not isinstance(table, dict):
        raise ValueError(f"the description has no table [{name}]: it needs {', '.join(f'[{one}]' for one in TABLES)}")
    return dict(table)


def _activations(table: Mapping[str, Any]) -> Any:
    given = table.get("activations", "tanh")
    return given if isinstance(given, str) else tuple(given)


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
