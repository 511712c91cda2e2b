"""Recurrent networks in a real browser: play through time, take a clicked entry apart, drop a series and a bad one."""

from tests.browser.conftest import click_plot, settle


def test_data_flows_forward_and_delta_back(visit):
    page = visit("recurrent?recsteps=4&rechidden=2")
    player = page.get_by_label("Step", exact=True)
    player.focus()
    player.press("Home")
    settle(page)
    assert page.get_by_text("Nothing has been put in yet").is_visible()
    player.press("ArrowRight")
    settle(page)
    assert page.get_by_role("heading", name="Forward, step 1").is_visible()
    player.press("End")
    settle(page)
    assert page.get_by_role("heading", name="Back, step 1").is_visible()


def test_a_clicked_entry_is_taken_apart_and_a_series_dropped(visit):
    page = visit("recurrent?recview=Contributions&rechidden=3")
    click_plot(page, "figure-rec-matrix", 0.5, 0.5)
    settle(page)
    assert page.get_by_label("Row (0: all)").input_value() == "2"
    assert page.get_by_label("Column (0: all)").input_value() == "2"
    page = visit("recurrent?recview=States&rectask=Your+own+series")
    rows = "\n".join(f"{t % 9}.5" for t in range(80))
    drop = page.locator(".st-key-recfile input[type=file]")
    drop.set_input_files({"name": "sales.csv", "mimeType": "text/csv", "buffer": f"sales\n{rows}".encode()})
    page.get_by_text("80 values of sales").wait_for()
    drop.set_input_files({"name": "bad.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n\x1a\n0000"})
    page.get_by_test_id("stAlert").filter(has_text="bad.csv").wait_for()
    assert page.get_by_text("80 values of sales").is_visible()
