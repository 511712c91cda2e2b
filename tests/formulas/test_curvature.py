"""The numbers in the formulas are those they were given."""

from nnviz.figures.theme import LIGHT
from nnviz.formulas import curvature


def test_the_condition_number_is_the_ratio_of_the_moduli():
    told = curvature.condition(8.0, [0.5, 8.0], 0, LIGHT.symbols)
    assert r"\frac{8}{0.5} = 16 " in told
    assert r"\infty" not in told


def test_zeros_make_it_infinite_and_the_others_are_told_too():
    told = curvature.condition(8.0, [0.5, 8.0], 3, LIGHT.symbols)
    assert r"\infty" in told
    assert r"\kappa_{\ne 0} &= \frac{8}{0.5} = 16" in told
    assert r"= \infty" in curvature.condition(0.0, [], 3, LIGHT.symbols)


def test_the_factor_of_a_step_and_its_limit():
    told = curvature.step_factor(0.5, 5.0, LIGHT.symbols)
    assert "= 1.5 " in told
    assert "&= 0.4 " in told
    assert r"\text{none}" in curvature.step_factor(0.5, -5.0, LIGHT.symbols)


def test_the_edge_and_the_cost_of_a_step_away():
    assert "= 4 " in curvature.edge(0.5, 3.0, LIGHT.symbols)
    assert "= 0.75" in curvature.edge(0.5, 3.0, LIGHT.symbols)
    assert r"\text{batch 2: } 1.5\,r^2" in curvature.flatness(("2", 3.0), ("all", 8.0), LIGHT.symbols)
