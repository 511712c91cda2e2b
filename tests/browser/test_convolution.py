"""The page Convolution as a person uses it: the figures walk together, a cell is drawn, a broken file is told."""

from tests.browser.conftest import settle

WORDS = """key => document.querySelector(`.st-key-conv-${key} .js-plotly-plot`).data.flatMap(t => t.text || []).join(" | ")"""


def test_the_four_figures_walk_together_and_a_place_is_reached_exactly(visit):
    page = visit("convolution?convinput=Drawn+grid&convside=16&convpad=same&convplace=101")
    page.wait_for_function("document.querySelectorAll('[class*=st-key-conv-] .js-plotly-plot').length >= 4")
    assert page.get_by_role("heading", name="Place 101 of 256").is_visible()
    page.get_by_role("slider", name="Step").press("ArrowRight")
    page.wait_for_selector("h4:has-text('of 256'):not(:has-text('Place 101'))")
    settle(page)
    place = page.locator("h4:has-text('of 256')").inner_text().split()[1]
    assert f"column {place} |" in page.evaluate(WORDS, "im2col")
    assert f"row {place} of T" in page.evaluate(WORDS, "toeplitz")


def test_a_click_draws_a_cell_and_the_next_one_takes_it_away(visit):
    page = visit("convolution?convinput=Drawn+grid")
    for expected in (True, False):
        cells = page.locator("[class*=st-key-convgrid-picture] .nsewdrag")
        box = cells.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 16, box["y"] + box["height"] / 16)
        page.wait_for_timeout(150)
        page.mouse.down()
        page.mouse.up()
        page.wait_for_function("there => location.search.includes('convgrid=1') === there", arg=expected)
        settle(page)


def test_a_broken_picture_gets_a_sentence_and_the_page_stays(visit):
    page = visit("convolution?convinput=Own+picture")
    page.set_input_files("input[type=file]", {"name": "mine.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\nnothing"})
    page.wait_for_selector("text=cannot be read")
    assert page.locator("[class*=st-key-conv-window] .js-plotly-plot").is_visible()
