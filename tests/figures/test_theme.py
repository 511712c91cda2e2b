"""The palette holds what it promises, in both modes."""

import itertools

import pytest

from nnviz.figures import theme as look
from nnviz.figures.theme import THEMES, contrast


@pytest.fixture(params=THEMES.values(), ids=THEMES)
def theme(request):
    return request.param


def test_black_on_white_has_the_largest_contrast():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("symbol", look.LIGHT.symbols)
def test_a_symbol_is_legible_as_text(theme, symbol):
    assert contrast(theme.symbols[symbol], theme.background) >= 4.5
    assert contrast(theme.symbols[symbol], theme.surface) >= 4.5


@pytest.mark.parametrize("role", ["text", "muted", "accent"])
def test_words_are_legible_on_every_ground(theme, role):
    assert min(contrast(getattr(theme, role), ground) for ground in (theme.background, theme.surface, theme.raised)) >= 4.5


@pytest.mark.parametrize("sign", ["plus", "minus"])
def test_signs_are_legible_and_no_symbols_colour(theme, sign):
    assert contrast(theme.sign[sign], theme.background) >= 4.5
    assert theme.sign[sign] not in theme.symbols.values()


def test_run_colours_are_visible_as_lines_and_legible_as_words_over_a_landscape(theme):
    assert min(contrast(colour, theme.background) for colour in theme.categorical) >= 3
    grounds = (theme.background, theme.surface, *theme.landscape)
    assert min(contrast(text, ground) for text, ground in itertools.product(theme.categorical_text, grounds)) >= 4.5


@pytest.mark.parametrize("scale", ["sequential", "landscape"])
def test_a_scale_of_values_is_monotone_in_lightness(theme, scale):
    lightness = [look.luminance(colour) for colour in getattr(theme, scale)]
    steps = [after - before for before, after in itertools.pairwise(lightness)]
    assert all(step < 0 for step in steps) or all(step > 0 for step in steps)


def test_ink_is_legible_on_any_fill(theme):
    fills = [look.sample(theme.diverging, i / 50) for i in range(51)] + [look.sample(theme.sequential, i / 50) for i in range(51)]
    assert min(contrast(look.ink(fill), fill) for fill in fills) >= 4.5


def test_signed_colours_are_centred_on_zero(theme):
    middle = theme.diverging[len(theme.diverging) // 2]
    assert look.signed_colour(theme, 0.0, 3.0) == middle
    assert look.signed_colour(theme, 0.0, 0.0) == middle
    assert look.signed_colour(theme, -9.0, 3.0) == theme.diverging[0]
    assert look.signed_colour(theme, 3.0, 3.0) == theme.diverging[-1]
    assert look.signed_colour(theme, float("nan"), 3.0) == theme.surface
