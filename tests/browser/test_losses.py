"""Losses in a real browser: bad input beside its control, and a Try this that shows what it says."""

from tests.browser.conftest import settle


def test_a_logit_of_1e308_is_answered_and_the_picture_stays(visit):
    page = visit("losses?lossview=Far out")
    field = page.get_by_label("Logit z")
    field.fill("1e308")
    field.press("Enter")
    page.get_by_test_id("stAlert").wait_for()
    assert page.locator(".st-key-figure-far-out .js-plotly-plot").is_visible()


def test_squared_error_stalls_where_cross_entropy_does_not(visit):
    page = visit("losses")
    page.get_by_role("button", name="Squared error stalls").click()
    settle(page)
    figure = page.locator(".st-key-figure-over-logit .js-plotly-plot")
    squared, exact = figure.evaluate("plot => [3, 7].map(trace => plot._fullData[trace].y[0])")
    assert abs(squared) < 0.01
    assert exact < -0.99
