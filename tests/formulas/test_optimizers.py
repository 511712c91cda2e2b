"""The rule with its numbers: every optimiser has one, and the numbers are those of the step."""

from dataclasses import replace

import numpy as np
import pytest

from nnviz.core.anatomy import anatomy, recorded
from nnviz.core.descent import descend
from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm, ClippedByValue, Decayed
from nnviz.core.surfaces import SURFACES
from nnviz.figures.theme import LIGHT
from nnviz.formulas.optimizers import RULES, check, update, vector
from nnviz.ui.tuning import title_of

SURFACE = SURFACES["himmelblau"]


def taken_apart(optimizer, steps=20):
    return anatomy(optimizer, descend(SURFACE, optimizer, [0.7, -1.0], steps, record=recorded(optimizer)), SURFACE)


@pytest.mark.parametrize("name", RULES)
def test_the_last_number_is_where_the_run_went(name):
    inside = taken_apart(OPTIMIZERS[name]())
    for step in (0, 7, 19):
        text = update(inside, step, LIGHT.symbols)
        went = vector(inside.theta[step] + inside.update[step])
        assert went in text.rsplit("=", 1)[1]
        assert text.count("{") == text.count("}")


@pytest.mark.parametrize("name", [name for name in RULES if hasattr(OPTIMIZERS[name](), "bias_correction")])
def test_without_bias_correction_nothing_is_divided_by_it(name):
    text = update(taken_apart(replace(OPTIMIZERS[name](), bias_correction=False)), 3, LIGHT.symbols)
    assert "^{4}" not in text
    assert "^{4}" in update(taken_apart(OPTIMIZERS[name]()), 3, LIGHT.symbols)


def test_an_optimiser_whose_rule_is_not_written_out_shows_the_step_it_took():
    class Newcomer(OPTIMIZERS["momentum"]):
        name = "newcomer"

    inside = taken_apart(Newcomer())
    assert vector(inside.theta[3] + inside.update[3]) in update(inside, 3, LIGHT.symbols)
    assert "not written out" in check(inside)
    assert title_of("newcomer-2") == "Newcomer 2"


def test_clipping_and_decay_stand_before_the_rule():
    text = update(taken_apart(ClippedByNorm(Decayed(OPTIMIZERS["sgd"](), 0.1), 2.0)), 0, LIGHT.symbols)
    assert text.index(r"\min") < text.index(r"\lambda") < text.rindex(r"\alpha")
    assert r"\operatorname{clip}" in update(taken_apart(ClippedByValue(OPTIMIZERS["sgd"](), 2.0)), 0, LIGHT.symbols)


def test_the_decay_around_an_optimiser_is_not_taken_for_its_own():
    inside = taken_apart(Decayed(OPTIMIZERS["lion"](weight_decay=0.01), 0.5))
    text = update(inside, 3, LIGHT.symbols)
    assert r"\lambda_0" in text
    assert "0.01" in text
    coupled = update(taken_apart(Decayed(OPTIMIZERS["sgd"](), 0.5, decoupled=False)), 0, LIGHT.symbols)
    assert coupled.index(r"\nabla f") < coupled.index(r"\lambda_0")


def test_the_check_says_how_far_rule_and_run_differ():
    inside = taken_apart(OPTIMIZERS["nesterov"]())
    assert "PyTorch" in check(inside)
    assert float(check(inside).split("at most ")[1].rstrip(".").replace("−", "-")) == pytest.approx(inside.difference, rel=0.1)


def test_a_run_that_overflowed_has_a_formula_too():
    inside = taken_apart(OPTIMIZERS["sgd"](learning_rate=1e6))
    assert "not a number" in update(inside, 19, LIGHT.symbols)
    assert vector(np.array([[1.0, 2.0], [3.0, 4.0]])) == r"\begin{pmatrix}1&2\\3&4\end{pmatrix}"
