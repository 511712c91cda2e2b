"""The folds of the sidebar: what stands in them is drawn when it is wanted, and is never forgotten."""

from tests.browser.conftest import settle


def fold(page, label):
    return page.locator("[data-testid=stExpander]").filter(has_text=label)


def test_a_closed_fold_with_nothing_changed_holds_no_controls_and_an_opened_one_does(visit):
    page = visit("network")
    batch = fold(page, "Output, loss, optimiser").get_by_label("Batch size")
    assert not batch.count()
    fold(page, "Output, loss, optimiser").locator("summary").press("Enter")
    batch.wait_for()
    settle(page)
    assert batch.input_value() == "32"
    assert "batch=" not in page.url


def test_what_was_changed_in_a_fold_stays_when_it_is_closed_and_on_another_page(visit):
    page = visit("training")
    fold(page, "Output, loss, optimiser").locator("summary").click()
    batch = page.get_by_label("Batch size")
    batch.wait_for()
    batch.fill("7")
    batch.press("Enter")
    page.wait_for_function("location.search.includes('batch=7')")
    settle(page)
    fold(page, "Output, loss, optimiser").locator("summary").click()
    settle(page)
    assert "batch=7" in page.url
    page.get_by_role("link", name="Losses").click()
    page.wait_for_selector("h1:has-text('Losses')")
    settle(page)
    assert "batch=7" in page.url
    fold(page, "Output, loss, optimiser").locator("summary").click()
    batch.wait_for()
    assert batch.input_value() == "7"


def test_a_link_reaches_into_a_closed_fold_and_reset_takes_it_back(visit):
    page = visit("network?samples=20&noise=0.5")
    page.get_by_role("figure", name="among 20 samples").wait_for()
    assert "samples=20" in page.url
    page.get_by_role("button", name="Reset all").click()
    page.wait_for_function("!location.search.includes('samples')")
    settle(page)
    assert "noise" not in page.url
    page.get_by_role("figure", name="among 150 samples").wait_for()
