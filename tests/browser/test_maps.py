"""Maps in a real browser: a box becomes the window, a click opens the very run in Training."""

from tests.browser.conftest import click_plot, settle


def test_zoom_into_a_box_and_open_a_run(visit):
    page = visit("maps?data=Two%20moons&samples=30&layers=1&units=3&optimizer=sgd&mapsize=16&mapsteps=20")
    page.wait_for_selector(".st-key-map .js-plotly-plot")
    settle(page)
    place = page.locator(".st-key-map .nsewdrag").first.bounding_box()
    at = [(place["x"] + share * place["width"], place["y"] + share * place["height"]) for share in (0.5, 0.6, 0.7)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1])
    page.mouse.move(*at[2])
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('input[aria-label=\"Range across\"]').value.includes(',')")
    low, high = (float(word) for word in page.get_by_label("Range across").input_value().split(","))
    assert 0.5 < low < 2 < high < 20

    page.get_by_text("opens a run", exact=True).click()
    settle(page)
    click_plot(page, "map", 0.32, 0.32)
    page.wait_for_url("**/training*")
    page.wait_for_selector("text=/20 . 20/")


def test_a_coarse_map_comes_first_and_stop_keeps_it(visit):
    page = visit("maps?optimizer=sgd&mapsize=16&mapsteps=5")
    steps = page.get_by_label("Steps", exact=True)
    steps.fill("1500")
    steps.press("Enter")
    page.wait_for_selector("text=16 × 16 runs of 1500 steps")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_selector("text=Stopped at")
    settle(page)
    assert page.locator(".st-key-map .js-plotly-plot").count() == 1


def test_a_pixel_of_a_map_of_minima_opens_its_start_in_optimisers(visit):
    page = visit("maps?mapof=Ravine&kappa=100&optimizer=heavy_ball&mapx=start%20x&mapy=start%20y&mapsize=16&mapmeasure=which%20minimum")
    page.get_by_text("opens a run", exact=True).click()
    settle(page)
    click_plot(page, "map", 0.7, 0.3)
    page.wait_for_url("**/optimizers?*")
    settle(page)
    x, y = (float(word) for word in page.get_by_label("Start x, y").input_value().split(","))
    assert 0.6 < x < 1.8
    assert 0.6 < y < 1.8
    assert "surface=Ravine" in page.url
    assert "kappa=100" in page.url
    assert "tune=heavy_ball" in page.url
