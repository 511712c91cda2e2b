"""A figure on its page: it stays, is drawn when it is seen, tells what is clicked, and changes between plane and space."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settle

PLOT = ".st-key-figure-{} .js-plotly-plot"


def test_a_changed_figure_is_put_into_the_plot_that_stands(visit):
    page = visit("losses")
    plot = page.locator(PLOT.format("over-prediction"))
    plot.evaluate("plot => { plot.mine = true; window.before = JSON.stringify(plot.layout.annotations) + plot.data.length; }")
    page.locator("[data-testid=stMain] [data-testid=stSlider] input[type=range]").first.press("ArrowRight")
    page.wait_for_function(
        "() => { const p = document.querySelector('.st-key-figure-over-prediction .js-plotly-plot');"
        " return JSON.stringify(p.layout.annotations) + p.data.length !== window.before; }"
    )
    assert plot.evaluate("plot => plot.mine")


def test_a_figure_out_of_sight_is_drawn_when_it_comes_near(visit):
    page = visit("network?data=Iris+flowers", height=700)
    histogram = page.locator(PLOT.format("histogram"))
    drawn = "plot => { window.draws = 0; plot.on('plotly_afterplot', () => { window.draws += 1; }); }"
    histogram.evaluate(drawn)
    page.locator("[data-testid=stSidebar]").get_by_label("Seed", exact=True).fill("7")
    page.keyboard.press("Enter")
    settle(page)
    assert page.evaluate("window.draws") == 0
    histogram.scroll_into_view_if_needed()
    page.wait_for_function("window.draws > 0")


def test_a_figure_follows_the_width_of_the_window(visit):
    page = visit("losses")
    plot = page.locator(PLOT.format("over-prediction"))
    before = plot.evaluate("plot => plot._fullLayout.width")
    page.set_viewport_size({"width": 900, "height": 900})
    page.wait_for_function(f"document.querySelector('.st-key-figure-over-prediction .js-plotly-plot')._fullLayout.width < {before - 100}")
    assert plot.evaluate("plot => plot.scrollWidth <= plot.parentElement.clientWidth + 1")


def test_it_fills_the_screen_and_comes_back(visit):
    page = visit("losses")
    plot = page.locator(PLOT.format("over-prediction"))
    plot.hover()
    height = plot.evaluate("plot => plot._fullLayout.height")
    plot.locator(".modebar-btn[data-title='Full screen'], [aria-label='Full screen']").first.click()
    seen = "document.querySelector('.st-key-figure-over-prediction .js-plotly-plot')._fullLayout.height"
    page.wait_for_function(f"{seen} > {height + 100}")
    page.evaluate("document.exitFullscreen()")
    page.wait_for_function(f"{seen} === {height}")


@pytest.mark.parametrize("name", ["optimizers", "loss_landscape"])
def test_it_goes_from_the_plane_to_space_and_back(visit, name):
    page = visit(name)
    key = {"optimizers": "landscape", "loss_landscape": "lossplane"}[name]
    for kind, side in (("surface", "3-D"), ("scatter", "contours")):
        page.get_by_role("radio", name=re.compile(side, re.IGNORECASE)).first.click()
        page.wait_for_function(
            "([key, kind]) => { const p = document.querySelector(`.st-key-figure-${key} .js-plotly-plot`);"
            " return p && p._fullData && p._fullData.some(t => t.type === 'surface') === (kind === 'surface'); }",
            arg=[key, kind],
        )
        settle(page)
    expect(page.locator(PLOT.format(key))).to_have_count(1)


def test_on_a_phone_a_square_picture_leaves_no_blank_room(visit):
    page = visit("optimizers?surface=himmelblau", width=390, height=844)
    plot = page.locator(PLOT.format("landscape"))
    room = plot.evaluate("plot => { const s = plot._fullLayout._size; return [s.w, s.h, plot.clientHeight]; }")
    assert abs(room[0] - room[1]) <= 2
    assert room[2] < 400


def test_what_is_drawn_has_its_look_and_a_change_of_the_look_alone_is_shown(visit):
    page = visit("activations")
    plot = page.locator(PLOT.format("strip-curves"))
    first = "plot => getComputedStyle(plot.querySelector('.scatterlayer .trace .js-line').parentElement.parentElement).opacity"
    plot.evaluate("async plot => await plot.Plotly.restyle(plot, {opacity: 0.25}, [...plot.data.keys()])")
    assert plot.evaluate(first) == "0.25"
    seen = "plot => [...plot.querySelectorAll('.scatterlayer .js-line')].map(line => line.style.stroke)"
    shown = plot.evaluate(
        f"""async plot => {{
            const colours = {seen}, data = plot.data.map(trace => ({{...trace, line: {{...trace.line, color: 'rgb(1, 2, 3)'}}}}));
            await plot.Plotly.react(plot, {{data, layout: plot.layout}});
            return colours(plot); }}"""
    )
    assert set(shown) == {"rgb(1, 2, 3)"}
