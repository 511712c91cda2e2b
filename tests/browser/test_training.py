"""Training in a real browser: what is told beside the player is told of the step on which it stands."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import settle


def told_step(page) -> int:
    """The step that the table of costs is about."""
    caption = page.locator(".nnviz-table caption").first.text_content()
    return int(re.search(r"step (\d+)", caption)[1])


def test_numbers_are_those_of_the_step_shown_also_when_the_run_goes_on_and_the_view_changes(visit):
    page = visit("training?epochs=3")
    main = page.locator("[data-testid=stMain]")
    now = main.locator(".now").first
    for name, step in (("Train", 12), ("One step", 13), ("One epoch", 17)):
        main.get_by_role("button", name=name, exact=True).click()
        expect(now).to_have_text(str(step))
        settle(page)
        assert told_step(page) == step
    page.get_by_label("Step", exact=True).focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    settle(page)
    rests = int(now.text_content())
    assert told_step(page) == rests != 17
    main.locator("[data-testid=stButtonGroup] button").filter(has_text="Confusion").click()
    settle(page)
    assert int(now.text_content()) == told_step(page) == rests


def test_a_step_taken_from_an_earlier_place_is_shown(visit):
    page = visit("training?epochs=3")
    main = page.locator("[data-testid=stMain]")
    main.get_by_role("button", name="Train", exact=True).click()
    expect(main.locator(".now")).to_have_text("12")
    settle(page)
    page.get_by_label("Step", exact=True).focus()
    page.keyboard.press("Home")
    settle(page)
    assert told_step(page) == 0
    main.get_by_role("button", name="One step", exact=True).click()
    expect(main.locator(".now")).to_have_text("13")
    settle(page)
    assert told_step(page) == 13


def test_a_run_that_diverged_stands_where_its_cost_is_least_in_every_view(visit):
    page = visit("training?data=Slope+(regression)&optimizer=sgd&rate=10&activation=identity&epochs=20")
    main = page.locator("[data-testid=stMain]")
    main.get_by_role("button", name="Train", exact=True).click()
    expect(main.get_by_text("The run diverged at step")).to_be_visible()
    settle(page)
    least = int(re.search(r"least at step (\d+)", main.get_by_text("The run diverged at step").text_content())[1])
    assert told_step(page) == least
    expect(main.get_by_role("button", name="Continue", exact=True)).to_be_enabled()
    main.locator("[data-testid=stButtonGroup] button").filter(has_text="Weights").click()
    settle(page)
    assert main.locator(".st-key-weightspread .bars path").count() > 0
