"""The formula of a step of training holds the run's own rule, penalties and numbers."""

import numpy as np
import pytest

from nnviz.core.datasets import DATASETS
from nnviz.core.network import Network
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.core.training import train
from nnviz.figures.theme import LIGHT
from nnviz.formulas import training
from nnviz.formulas.numbers import latex

NETWORK = Network((2, 3, 1), ("tanh", "sigmoid"))


def run_of(optimizer="sgd", **settings):
    data = DATASETS["moons"](samples=40, test_fraction=settings.pop("test", 0.25))
    return train(NETWORK, "binary_cross_entropy", data, optimizer, steps=3, **settings)


def test_cost_gap_and_gradient_are_the_runs():
    run = run_of(batch_size=8)
    told = training.step(run, 2, LIGHT.symbols)
    assert r"\frac{1}{8}" in told
    for value in (run.train_cost[2], run.test_cost[2] - run.train_cost[2], np.linalg.norm(run.gradient_norm[2])):
        assert f"= {latex(float(value))}" in told or f"{latex(float(value))}" in told.split("&=")[-1]
    assert "{2}" in told


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name not in ("newton", "lbfgs")])
def test_every_rule_is_written_with_its_rate_and_whole(name):
    rate = 0.0123
    optimizer = OPTIMIZERS[name](rate, shapes=((3, 2), (1, 3))) if name == "muon" else OPTIMIZERS[name](rate)
    told = training.step(run_of(optimizer), 1, LIGHT.symbols)
    assert "= 0.0123" in told
    assert told.count("{") == told.count("}")
    assert "leftarrow" in told


def test_an_optimiser_whose_rule_is_not_written_is_not_given_another_s(monkeypatch):
    run = run_of("lion")
    monkeypatch.delitem(training.RULES, "lion")
    told = training.step(run, 1, LIGHT.symbols)
    assert r"+\Delta\theta,\quad" in told
    assert "U" not in told


def test_penalties_and_clipping_are_told_only_where_they_are():
    plain, changed = (training.step(run, 1, LIGHT.symbols) for run in (run_of(), run_of(l2=0.25, l1=0.125, clip_norm=2.0)))
    for part in (r"0.25\,W", r"0.125\operatorname{sign} W", r"\lVert g\rVert\le 2"):
        assert part in changed
        assert part not in plain


def test_without_a_test_part_there_is_no_gap():
    assert "test" not in training.step(run_of(test=0.0), 1, LIGHT.symbols)


def test_the_length_of_the_gradient_stands_on_a_line_of_its_own():
    told = training.step(run_of(), 1, LIGHT.symbols)
    root, value = told.rsplit(r"\\[6pt]", 1)
    assert r"\sqrt{" in root.rsplit(r"\\[6pt]", 1)[1]
    assert value.startswith(" &= ")
