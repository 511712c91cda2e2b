"""What is drawn alone when a control of the sidebar is moved is what a page opened afresh shows."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settle

SHOWN = """() => {
    const drawn = plot => plot.ariaLabel + JSON.stringify(plot.data.map(trace => [trace.name, trace.type]));
    const read = part => { const copy = document.querySelector(`[data-testid=${part}]`).cloneNode(true);
        for (const plot of copy.querySelectorAll('.js-plotly-plot, style')) plot.remove(); return copy.textContent; };
    const said = ['stMain', 'stSidebar'].map(read);
    return [...said, [...document.querySelectorAll('.js-plotly-plot')].map(drawn)]; }"""


def slid(label, key="ArrowRight"):
    def change(page):
        page.locator("[data-testid=stSlider]").filter(has_text=label).locator("input[type=range]").press(key)

    return change


def viewed(view):
    def change(page):
        page.get_by_role("radio", name=view).click()

    return change


def chosen(label, option):
    def change(page):
        page.locator("[data-testid=stSidebar]").get_by_role("combobox", name=label).click()
        page.get_by_role("option", name=option).first.click()

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("network", slid("Noise")),
        ("network", chosen("Activation", "own formula")),
        ("backpropagation", slid("Units per layer", "ArrowLeft")),
        ("optimizers", slid("Steps", "ArrowLeft")),
        ("losses", viewed("Far out")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_drawn_alone_is_what_a_fresh_page_shows(visit, name, change):
    page = visit(name, height=3000)  # a figure out of sight is drawn when it is seen
    page.evaluate("window.scrollTo(0, 0)")
    before = page.evaluate(SHOWN)
    change(page)
    settle(page)
    alone = page.evaluate(SHOWN)
    assert alone != before
    page.reload()
    page.wait_for_selector("[data-testid=stMain] h1")
    settle(page)
    assert page.evaluate(SHOWN) == alone


def test_after_a_slider_was_moved_alone_everything_else_goes_on(visit):
    page = visit("network")
    sidebar = page.locator("[data-testid=stSidebar]")
    slid("Units per layer")(page)
    settle(page)
    expect(sidebar).to_contain_text("4-9-9-3")
    page.get_by_role("button", name="A small one, all numbers").click()
    settle(page)
    expect(sidebar).to_contain_text("2-3-1")
    slid("Noise")(page)
    settle(page)
    page.get_by_text("Change this neuron's weights").click()
    field = page.get_by_test_id("stMain").get_by_role("spinbutton", name="w to input 1").first
    field.fill("0.5")
    page.keyboard.press("Enter")
    settle(page)
    expect(sidebar).to_contain_text("1 weight changed by hand")
    sidebar.get_by_role("button", name="Initial weights").click()
    settle(page)
    expect(sidebar).to_contain_text("initial weights")
    sidebar.get_by_role("button", name="Reset all").click()
    settle(page)
    expect(sidebar).to_contain_text("4-8-8-3")


def test_the_figures_follow_the_system_into_the_dark(visit):
    page = visit("losses", color_scheme="light")
    colour = "getComputedStyle(document.querySelector('.js-plotly-plot .xtick text')).fill"
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{colour} !== '{light}'")
