"""The numbers in the formulas are those they were given."""

from nnviz.figures.theme import LIGHT
from nnviz.formulas import landscape


def test_a_point_on_the_plane_is_told_with_its_distance_and_both_costs():
    told = landscape.on_plane(12, 0.5, -0.25, 1.5, 0.125, 0.75, LIGHT.symbols)
    assert r"0.5\,u + (-0.25)\,v" in told
    assert "&= 1.5 " in told
    assert all(f"{{{value}}}" in told for value in ("0.125", "0.75"))
    assert told.count("{12}") == 8


def test_the_barrier_is_what_it_is_subtracted_from():
    told = landscape.barrier("train", 0.52, 0.75, 0.25, 0.5, LIGHT.symbols)
    assert "{0.75}" in told
    assert "{0.25} = 0.5" in told
    assert "t = 0.52" in told
    assert r"\max_t" in told
    assert r"\max_t" not in landscape.barrier("test", 0.52, 0.75, 0.25, 0.5, LIGHT.symbols, whole=False)
