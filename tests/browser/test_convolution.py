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


def cell(page, row, column):
    return page.get_by_role("textbox", name=f"row {row}, column {column}", exact=True)


def test_a_kernel_is_typed_with_the_keyboard_alone(visit):
    page = visit("convolution")
    before = page.evaluate(WORDS, "products")
    cell(page, 1, 1).focus()
    page.keyboard.type("0.123456789")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("location.search.includes('convw=0.123456789')")
    settle(page)
    assert cell(page, 2, 1).evaluate("field => field === document.activeElement")
    assert cell(page, 1, 1).input_value() == "0.1235"
    page.keyboard.press("ArrowUp")
    assert cell(page, 1, 1).input_value() == "0.123456789"
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    assert cell(page, 1, 2).evaluate("field => field === document.activeElement")
    assert page.evaluate(WORDS, "products") != before


def test_a_word_in_a_cell_is_told_and_the_former_kernel_stays(visit):
    page = visit("convolution?convw=5,0,0,0,1,0,0,0,0")
    cell(page, 2, 3).fill("three")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Row 2, column 3 holds “three”")
    settle(page)
    assert cell(page, 2, 3).get_attribute("aria-invalid") == "true"
    assert "convw=5%2C0%2C0%2C0%2C1%2C0" in page.url
    cell(page, 2, 3).fill("3")
    page.keyboard.press("Enter")
    page.wait_for_function("decodeURIComponent(location.search).includes('convw=5,0,0,0,1,3,0,0,0')")
    settle(page)
    assert not page.locator("text=Row 2, column 3 holds").count()


def test_cells_copied_from_a_table_fill_the_kernel_and_another_kernel_starts_anew(visit):
    page = visit("convolution")
    cell(page, 2, 2).evaluate("""field => {
        const copied = new DataTransfer();
        copied.setData("text", "7,5\\t−8\\n9\\t10\\n11\\t12\\n");
        field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: copied, bubbles: true, cancelable: true }));
    }""")
    page.wait_for_function("decodeURIComponent(location.search).includes(',7.5,-8,')")
    settle(page)
    assert [cell(page, row, column).input_value() for row in (2, 3) for column in (2, 3)] == ["7.5", "-8", "9", "10"]
    page.get_by_role("slider", name="Width k").press("ArrowRight")
    page.wait_for_function("!location.search.includes('convw=')")
    assert cell(page, 4, 4).input_value() != "10"
