"""The stretch written is the stretch measured."""

from nnviz.figures.theme import LIGHT
from nnviz.formulas import ripples as formulas


def test_the_gain_of_a_layer_is_the_change_behind_it_over_the_change_before_it():
    assert formulas.gain(2, 0.5, 2.0, 4.0) == r"\frac{\|\Delta a^{2}\|}{\|\Delta a^{1}\|} = \frac{2}{0.5} = 4"


def test_the_stretch_is_told_in_symbols_and_as_it_was_measured():
    text = formulas.stretch(-0.25, LIGHT.symbols)
    assert "@" not in text
    assert text.endswith(r"\ln\sqrt\chi = -0.25\text{ a layer}")
