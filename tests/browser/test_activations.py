"""Activations in a real browser: one hover for all curves, a slider that moves the point, a formula from the field into the network."""

from tests.browser.conftest import settle


def test_one_hover_tells_every_function_above_and_below(visit):
    page = visit("activations")
    box = page.locator(".st-key-figure-strip-curves .js-plotly-plot").bounding_box()
    for height in (0.35, 0.8):  # over f, and over its derivative
        page.mouse.move(box["x"] + box["width"] * 0.35, box["y"] + box["height"] * height)
        page.wait_for_function("document.querySelector('.hoverlayer .legend, .hoverlayer text') !== null")
        told = " ".join(page.locator(".hoverlayer text").all_text_contents())
        assert all(name in told for name in ("Sigmoid", "Tanh", "ReLU", "GELU", "Softplus"))
        page.mouse.move(5, 5)


def test_a_typed_formula_becomes_the_networks_activation(visit):
    page = visit("activations?actz=2")
    field = page.get_by_label("f(z) of your own")
    field.fill("z +* 2")
    field.press("Enter")
    page.get_by_test_id("stAlert").wait_for()
    assert page.get_by_test_id("stCode").inner_text().split("\n")[1].strip() == "^"
    field.fill("tanh(2*z)")
    field.press("Enter")
    settle(page)
    page.get_by_role("button", name="Use it in the network").click()
    settle(page)
    assert "activation=own" in page.url
    assert page.get_by_test_id("stSidebar").get_by_label("f(z) =").input_value() == "tanh(2*z)"


def test_a_phone_moves_the_strip_within_itself(visit):
    page = visit("activations", width=390, height=800)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    strip = page.locator(".st-key-figure-strip-curves .nnviz-plot")
    assert strip.evaluate("element => element.scrollWidth > element.clientWidth")


def test_a_moved_slider_redraws_the_point_and_the_link_follows(visit):
    page = visit("activations")
    slider = page.get_by_test_id("stMain").get_by_role("slider").first
    slider.press("ArrowRight")
    page.get_by_text("f and f′ at z = 1.25").wait_for()
    page.wait_for_function("() => location.search.includes('actz=1.25')")
    page.reload()
    page.get_by_text("f and f′ at z = 1.25").wait_for()
