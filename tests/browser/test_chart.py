"""A figure on its page: it stays, is drawn when it is seen, hands out its downloads, and changes between plane and space."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from nnviz.ui.chart import bundle
from tests.browser.conftest import ROOT, settle

PLOT = ".st-key-figure-{} .js-plotly-plot"
SLIDER = "[data-testid=stMain] [data-testid=stSlider] input[type=range]"


def test_a_changed_figure_is_put_into_the_plot_that_stands(visit):
    page = visit("losses")
    plot = page.locator(PLOT.format("over-prediction"))
    plot.evaluate("plot => { plot.mine = true; window.before = JSON.stringify(plot.layout.annotations) + plot.data.length; }")
    page.locator(SLIDER).first.press("ArrowRight")
    page.wait_for_function(
        "() => { const p = document.querySelector('.st-key-figure-over-prediction .js-plotly-plot');"
        " return JSON.stringify(p.layout.annotations) + p.data.length !== window.before; }"
    )
    assert plot.evaluate("plot => plot.mine")


DRAWN = "plot => { window.draws = 0; plot.on('plotly_afterplot', () => { window.draws += 1; }); }"


def change_the_seed(page):
    page.locator("[data-testid=stSidebar]").get_by_label("Seed", exact=True).fill("7")
    page.keyboard.press("Enter")
    settle(page)


def put_just_below_the_window(page, plot):
    """The window's lower edge 100 px over the plot: out of sight, yet near."""
    page.set_viewport_size({"width": 1440, "height": int(plot.bounding_box()["y"]) - 100})
    settle(page)


def test_a_figure_out_of_sight_is_drawn_when_it_comes_into_sight(visit):
    page = visit("network?data=Iris+flowers", height=700)
    histogram = page.locator(PLOT.format("histogram"))
    histogram.evaluate(DRAWN)
    change_the_seed(page)
    assert page.evaluate("window.draws") == 0
    histogram.scroll_into_view_if_needed()
    page.wait_for_function("window.draws > 0")


def test_a_figure_just_out_of_sight_is_drawn_as_soon_as_the_page_is_scrolled(visit):
    page = visit("network?data=Iris+flowers")
    histogram = page.locator(PLOT.format("histogram"))
    put_just_below_the_window(page, histogram)
    histogram.evaluate(DRAWN)
    change_the_seed(page)
    assert page.evaluate("window.draws") == 0
    page.locator("[data-testid=stMain]").evaluate("main => main.scrollBy(0, 10)")
    page.wait_for_function("window.draws > 0")
    assert histogram.bounding_box()["y"] > page.viewport_size["height"]


def test_a_figure_that_waits_is_not_moved_by_the_player_and_stands_where_that_stands_once_it_is_drawn(visit):
    page = visit("optimizers")
    inside = page.locator(PLOT.format("inside"))
    put_just_below_the_window(page, inside)
    inside.evaluate("plot => { window.before = plot.data; }")
    page.locator(SLIDER).first.press("ArrowRight")
    settle(page)
    page.get_by_role("slider", name="Step", exact=True).first.press("Home")
    settle(page)
    assert inside.evaluate("plot => plot.data === window.before")
    page.locator("[data-testid=stMain]").evaluate("main => main.scrollBy(0, 10)")
    page.wait_for_function(
        """() => { const plot = document.querySelector('.st-key-figure-inside .js-plotly-plot'), first = plot._transitionData._frames[0];
            const at = first.data.findIndex((trace) => trace.text);
            return plot.data !== window.before && String(plot.data[first.traces[at]].text) === String(first.data[at].text); }"""
    )


def test_a_surface_that_stays_is_not_drawn_again_under_new_paths_and_one_that_changes_is(visit):
    page = visit("optimizers")
    page.locator(SLIDER).first.press("ArrowRight")
    settle(page)
    plot = page.locator(PLOT.format("landscape"))
    plot.evaluate(
        """plot => { window.lines = 0; window.paths = 0;
            const count = (name) => (found) => { window[name] += found.length; };
            const watch = (name, layer) => new MutationObserver(count(name)).observe(layer, {subtree: true, attributeFilter: ['d']});
            for (const layer of plot.querySelectorAll('.contourlayer')) watch('lines', layer);
            for (const layer of plot.querySelectorAll('.scatterlayer')) watch('paths', layer); }"""
    )
    page.locator(SLIDER).first.press("ArrowLeft")
    page.wait_for_function("window.paths > 0")
    settle(page)
    assert page.evaluate("window.lines") == 0
    stood = plot.locator(".contourlayer").evaluate("layer => layer.innerHTML")
    page.set_viewport_size({"width": 1100, "height": 900})
    page.wait_for_function("window.lines > 0")
    page.set_viewport_size({"width": 1440, "height": 900})
    settle(page)
    assert plot.locator(".contourlayer").evaluate("layer => layer.innerHTML") == stood
    page.emulate_media(color_scheme="dark")
    page.locator(SLIDER).first.press("ArrowRight")
    page.wait_for_function("stood => document.querySelector('.st-key-figure-landscape .contourlayer').innerHTML !== stood", arg=stood)


def test_the_names_beside_the_lines_are_drawn_once_and_stand_where_a_fresh_page_has_them(visit):
    page = visit("losses")
    plot = page.locator(PLOT.format("over-prediction"))
    plot.evaluate(
        """plot => { window.drawn = 0;
            const labels = (nodes) => [...nodes].filter((node) => node.matches?.('g.annotation')).length;
            const count = (found) => { for (const { addedNodes } of found) window.drawn += labels(addedNodes); };
            new MutationObserver(count).observe(plot, {subtree: true, childList: true}); }"""
    )
    page.locator(SLIDER).first.press("ArrowRight")
    page.wait_for_function("window.drawn > 0")
    settle(page)
    standing = (
        "plot => [...plot.querySelectorAll('g.annotation')].map(label => [label.textContent, label.getBoundingClientRect().toJSON()])"
    )
    moved = plot.evaluate(standing)
    assert page.evaluate("window.drawn") == len(moved) > 0
    page.reload()
    page.wait_for_selector("[data-testid=stMain] h1")
    settle(page)
    assert page.locator(PLOT.format("over-prediction")).evaluate(standing) == moved


def menu_of(page, key):
    return page.locator(f".st-key-figure-{key}").get_by_role("button", name="Download this figure")


def test_the_downloads_open_and_close_by_click_and_the_plot_is_not_drawn_anew(visit):
    page = visit("losses")
    button, panel = menu_of(page, "over-prediction"), page.locator(".st-key-menu-over-prediction")
    page.locator(PLOT.format("over-prediction")).evaluate(DRAWN)
    expect(panel).to_have_count(0)
    for close in (button.click, page.get_by_role("heading", level=1).click):
        button.click()
        expect(panel).to_be_visible()
        expect(button).to_have_attribute("aria-expanded", "true")
        close()
        expect(button).to_have_attribute("aria-expanded", "false")
        expect(panel).to_have_count(0)
    assert page.evaluate("window.draws") == 0


def test_the_downloads_are_worked_by_keyboard(visit):
    page = visit("losses")
    button, panel = menu_of(page, "over-prediction"), page.locator(".st-key-menu-over-prediction")
    button.focus()
    page.keyboard.press("Enter")
    first = panel.get_by_role("button", name="Interactive page (HTML)")
    expect(first).to_be_visible()
    page.keyboard.press("Tab")
    expect(first).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(panel).to_have_count(0)
    page.keyboard.press("Space")
    expect(panel).to_be_visible()


def test_the_numbers_that_are_downloaded_are_those_of_the_figure(visit):
    page = visit("losses")
    menu_of(page, "over-prediction").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Numbers (CSV)").click()
    assert download.value.suggested_filename == "nnviz-over-prediction.csv"
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
    first = page.locator(PLOT.format("over-prediction")).evaluate("plot => [plot.data[0].name, [...plot._fullData[0].y]]")
    found = [float(row["y"]) for row in rows if row["trace"] == first[0]]
    assert found == pytest.approx(first[1], rel=1e-6)
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG", exact=True).click()
    assert "<svg" in Path(download.value.path()).read_text(encoding="utf-8")


def test_a_title_stands_over_the_plot_and_changes_with_the_figure(visit):
    page = visit("optimizers")
    title = page.locator(".st-key-figure-landscape .nnviz-figure-title")
    expect(title).to_contain_text("200 steps")
    assert title.bounding_box()["y"] < page.locator(PLOT.format("landscape")).bounding_box()["y"]
    page.locator(SLIDER).first.press("ArrowLeft")
    expect(title).not_to_contain_text("200 steps")


def test_a_title_keeps_its_look_and_nothing_of_it_is_run(visit):
    page = visit("losses")
    title = (
        '<b onclick="x()">bold</b> <i style="color: red; position: fixed">w<sub>1</sub></i><img src=x onerror="window.run = 1"><u>kept</u>'
    )
    head = {"title": title, "alt": "", "bundle": bundle({"data": []}), "height": 100, "token": "", "config": {}}
    shown = page.evaluate(
        """async ([source, data]) => {
            const parentElement = document.body.appendChild(document.createElement('div'));
            const chart = await import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
            const end = chart.default({parentElement, data: new TextEncoder().encode(data), setStateValue: () => {}});
            const shown = parentElement.querySelector('.nnviz-figure-title').innerHTML;
            end();
            return [shown, parentElement.childElementCount, window.run]; }""",
        [
            (ROOT / "nnviz/ui/chart.js").read_text(encoding="utf-8"),
            f"{json.dumps(head)}\n{json.dumps({'data': [], 'layout': {'height': 100}})}\n",
        ],
    )
    assert shown == ['<b>bold</b> <i style="color: red;">w<sub>1</sub></i>kept', 0, None]


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
    page = visit("optimizers?surface=Himmelblau", width=390, height=844)
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
