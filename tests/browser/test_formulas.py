"""Formulas in a real browser: search one, see its numbers, go to where it can be played with."""

from nnviz.ui.formula import VERSION
from tests.browser.conftest import settle


def test_a_formula_is_found_and_played_with(visit):
    page = visit("formulas")
    page.get_by_label("Search").fill("vanishing linear")
    page.get_by_label("Search").press("Enter")
    settle(page)
    assert page.get_by_role("heading", name="Vanishing and exploding, linear").is_visible()
    assert page.locator(".katex-error").count() == 0
    page.get_by_role("button", name="Play with it: Recurrent networks").first.click()
    page.get_by_role("heading", name="Recurrent networks").wait_for()
    settle(page)
    assert page.get_by_text("Linear: f′ = 1").is_visible()


def test_no_formula_breaks(visit):
    page = visit("formulas?formgroup=Activations")
    for group in ("Losses", "Optimisers", "Stability", "Recurrent", "Worked example", "Convolution"):
        page.get_by_role("button", name=group, exact=True).or_(page.get_by_role("radio", name=group, exact=True)).first.click()
        settle(page)
        assert page.locator(".katex").count() > 3
        assert page.locator(".katex-error").count() == 0


def test_what_sets_the_formulas_is_the_katex_whose_style_sheet_streamlit_has(visit):
    page = visit("eigenvalues")
    styled = page.evaluate("""() => {
        const probe = Object.assign(document.createElement('span'), {className: 'katex', innerHTML: '<span class="katex-version"></span>'});
        document.body.append(probe);
        return getComputedStyle(probe.firstChild, '::after').content; }""")
    assert styled == f'"{VERSION}"' == f'"{page.evaluate("katex.version")}"'


def test_a_formula_follows_its_numbers_and_is_there_for_screen_readers(visit):
    page = visit("losses")
    drawn = page.locator(".katex-display").first
    before = drawn.locator("math").text_content()
    page.locator("[data-testid=stSlider]").filter(has_text="Prediction").locator("input[type=range]").press("ArrowRight")
    settle(page)
    assert drawn.locator("math").text_content() != before
    assert drawn.locator(".katex-html").get_attribute("aria-hidden") == "true"


def test_the_meaning_of_a_symbol_is_a_tap_away(visit):
    page = visit("ripples")
    page.get_by_role("button", name="Symbols", exact=True).click()
    page.get_by_text("an error signal: derivative of the cost in z").wait_for()
    settle(page)
    assert page.get_by_text("Ripple of a small change").is_visible()
    assert page.locator(".katex-error").count() == 0
