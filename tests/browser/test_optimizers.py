"""Optimisers in a real browser: all paths play, a click sets the start, the formula follows the step."""

from tests.browser.conftest import click_plot, settle


def test_play_scrub_and_click(visit):
    page = visit("optimizers?steps=20&opt=SGD&opt=Adam&surface=Bowl")
    page.wait_for_selector(".st-key-landscape .js-plotly-plot")
    step = page.get_by_label("Step", exact=True)
    step.focus()
    page.keyboard.press("Home")
    page.wait_for_selector("text=Adam, step 0 → 1")
    head = "() => { const d = document.querySelector('.st-key-landscape .js-plotly-plot').data; return Array.from(d[d.length - 1].x) }"
    assert all(abs(x + 2.5) < 1e-6 for x in page.evaluate(head))
    page.get_by_test_id("player-toggle").click()
    page.wait_for_selector("text=Adam, step 19 → 20", timeout=15_000)
    assert all(abs(x + 2.5) > 0.1 for x in page.evaluate(head))

    settle(page)
    click_plot(page, "landscape", 0.75, 0.25)
    page.wait_for_function("() => document.querySelector('input[aria-label=\"Start x, y\"]').value.includes(',')")
    typed = page.get_by_label("Start x, y").input_value()
    x, y = (float(number) for number in typed.split(","))
    assert abs(x - 1.5) < 0.2
    assert abs(y - 1.5) < 0.2


def test_a_bad_formula_is_answered_and_the_picture_stays(visit):
    page = visit("optimizers?surface=Own%20formula&steps=30")
    page.wait_for_selector(".st-key-landscape .js-plotly-plot")
    formula = page.get_by_label("f(x, y) =")
    formula.fill("x**2 + y**")
    formula.press("Enter")
    page.wait_for_selector("[data-testid=stAlert]")
    assert page.locator(".st-key-landscape .js-plotly-plot").count() == 1
    formula.fill("x**2 + 3*y**2")
    formula.press("Enter")
    page.wait_for_selector("[data-testid=stAlert]", state="detached")
    page.wait_for_selector(".st-key-figure-landscape >> text=Own formula, 30 steps")


def test_from_the_results_to_a_map_and_back_and_the_click_sets_the_start(visit):
    page = visit("optimizers?steps=30&basinres=50")
    page.get_by_role("radio", name="Basins").click()
    page.wait_for_selector(".st-key-basins .js-plotly-plot")
    settle(page)
    assert "optview=Basins" in page.url
    page.get_by_role("radio", name="Results").click()
    page.wait_for_selector(".st-key-basins", state="detached")
    page.get_by_label("Start x, y").fill("1, 1")
    page.get_by_label("Start x, y").press("Enter")
    settle(page)
    page.get_by_role("radio", name="Learning rates").click()
    page.wait_for_selector(".st-key-rates .js-plotly-plot")
    assert page.get_by_label("Start x, y").input_value() == "1, 1"


def test_the_same_place_can_be_clicked_again_after_the_start_was_typed(visit):
    page = visit("optimizers?surface=Bowl&steps=20&opt=SGD")
    page.wait_for_selector(".st-key-landscape .nsewdrag")
    start = page.get_by_label("Start x, y")
    for typed in ("", "1, -1"):
        start.fill(typed)
        start.press("Enter")
        settle(page)
        click_plot(page, "landscape", 0.75, 0.25)
        page.wait_for_function("() => document.querySelector('input[aria-label=\"Start x, y\"]').value.startsWith('1.5')")
        settle(page)


def test_a_setting_that_does_not_fit_is_answered_beside_it_and_the_former_one_stays(visit):
    page = visit("optimizers?opt=SGD&opt=Momentum", height=1600)
    beta = page.get_by_label("β", exact=True)
    before = beta.input_value()
    beta.fill("2")
    beta.press("Enter")
    page.wait_for_selector("[data-testid=stAlert]")
    settle(page)
    assert beta.input_value() == before
    field, answer, text = (
        place.bounding_box()["y"] for place in (beta, page.get_by_test_id("stAlert"), page.get_by_label("All settings as text"))
    )
    assert field < answer < text < field + 300


def test_no_row_of_a_formula_is_wider_than_a_phone(visit):
    names = ("AdamW", "RAdam", "Nesterov", "Adadelta")
    page = visit(f"optimizers?{'&'.join(f'opt={name}' for name in names)}&gclip=1&gdecay=0.01", width=390)
    page.wait_for_selector(".katex-display")
    wide = "formulas => formulas.map(formula => formula.scrollWidth - formula.clientWidth)"
    for name in names:
        page.get_by_role("radio", name=name).click()
        page.get_by_role("heading", name=f"{name}, step").wait_for()
        settle(page)
        assert page.locator(".katex-display").evaluate_all(wide) == [0] * page.locator(".katex-display").count()
