"""Loss landscape in a real browser: the paths play on the surface of the cost, and a click takes its place."""

from tests.browser.conftest import click_plot, settle


def test_play_and_click(visit):
    page = visit("loss_landscape?landopt=SGD")
    page.wait_for_selector(".st-key-lossplane .js-plotly-plot")
    head = "() => { const d = document.querySelector('.st-key-lossplane .js-plotly-plot')._fullData; return Array.from(d.at(-1).x) }"
    ends = page.evaluate(head)
    page.get_by_label("Step", exact=True).focus()
    page.keyboard.press("Home")
    page.wait_for_selector("text=Look at step 0 on every page")
    starts = page.evaluate(head)
    assert abs(starts[0] - starts[1]) < 1e-6
    assert max(abs(a - b) for a, b in zip(starts, ends, strict=True)) > 0.5
    settle(page)
    click_plot(page, "lossplane", 0.8, 0.2)
    page.wait_for_selector("text=Clicked: α")
    page.get_by_role("button", name="Look at the clicked point").click()
    page.wait_for_selector("text=The network stands at a point of the loss landscape")
