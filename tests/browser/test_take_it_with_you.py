"""A link, a session file and a model of one's own, in a real browser: what is taken away opens as what it was."""

import json
from pathlib import Path

from playwright.sync_api import expect

from nnviz.core.network import Network
from nnviz.core.weights import save_weights
from tests.browser.conftest import settle

DROP = """([name, text]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], name, {type: 'application/json'}));
    const drop = new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer});
    document.querySelector('[data-testid=stMain]').dispatchEvent(drop); }"""


def downloaded(page, label):
    with page.expect_download() as download:
        page.get_by_role("button", name=label, exact=True).click()
    return Path(download.value.path()).read_text(encoding="utf-8")


def drop(page, text):
    page.evaluate(DROP, ["mine.nnviz.json", text])


def main(page):
    return page.locator("[data-testid=stMain]")


def sidebar(page):
    return page.locator("[data-testid=stSidebar]")


def test_a_copied_link_opens_as_what_it_was_taken_from(visit):
    page = visit("losses?data=Two+moons&units=3&layers=1", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("button", name="Link copied").wait_for()
    link = page.evaluate("() => navigator.clipboard.readText()")
    assert "units=3" in link
    assert "losses" in link
    again = visit(link.split("/", 3)[3])
    expect(sidebar(again)).to_contain_text("2-3-1")


def test_a_session_file_brings_back_page_controls_and_edits_wherever_it_is_dropped(visit):
    page = visit("network?data=Palmer+penguins&units=5&layers=1&activation=relu&seed=3&edits=2:0.75")
    page.get_by_role("button", name="Take it with you").click()
    settle(page)
    text = downloaded(page, "This page as a session file")
    state = json.loads(text)["states"][0]
    assert state["page"] == "network"
    assert state["controls"]["units"] == 5
    assert state["address"] == {"edits": "2:0.75"}
    other = visit("losses?data=Two+moons&noise=0.3")
    drop(other, text)
    other.wait_for_url("**/network*", timeout=20_000)
    expect(sidebar(other)).to_contain_text("4-5-3")
    expect(sidebar(other)).to_contain_text("1 weight changed by hand")
    other.wait_for_url("**units=5**")
    settle(other)
    assert "/network" in other.url
    assert "noise" not in other.url
    assert other.locator(".nnviz-notice").count() == 0


def test_a_lesson_is_stepped_through(visit):
    states = [
        {"page": "network", "title": "A small one", "sentence": "Four inputs.", "controls": {"units": 3, "mood": "blue"}},
        {"page": "losses", "title": "A loss", "sentence": "How wrong it is.", "controls": {"units": 4}},
    ]
    page = visit("")
    drop(page, json.dumps({"format": "nnviz session", "version": 1, "states": states}))
    expect(main(page)).to_contain_text("Four inputs.")
    expect(page.locator(".nnviz-notice").first).to_contain_text("“mood”")
    settle(page)
    page.get_by_role("button", name="Next", exact=True).click()
    expect(main(page)).to_contain_text("How wrong it is.")
    expect(sidebar(page)).to_contain_text("4-4-4-3")
    page.wait_for_url("**/losses*")
    settle(page)
    page.get_by_role("button", name="Back", exact=True).click()
    expect(main(page)).to_contain_text("Four inputs.")
    expect(sidebar(page)).to_contain_text("4-3-3-3")


def test_a_broken_session_file_and_strange_parameters_are_told(visit):
    page = visit("losses?swirl=3")
    expect(page.locator(".nnviz-notice")).to_contain_text("“swirl”")
    drop(page, "{")
    expect(page.locator(".nnviz-notice")).to_have_count(2)


def test_a_model_of_ones_own_is_the_network_everywhere(visit, tmp_path):
    network = Network((4, 9, 5, 3), ("relu", "tanh", "softmax"))
    path = tmp_path / "flowers.safetensors"
    save_weights(path, network, network.initialize("he_normal", seed=7))
    page = visit("network")
    sidebar(page).get_by_role("button", name="Own model and weights").click()
    page.locator(".st-key-modelfile input[type=file]").set_input_files(path)
    expect(sidebar(page)).to_contain_text("the weights loaded from flowers.safetensors")
    expect(sidebar(page)).to_contain_text("4-9-5-3")
    page.wait_for_url("**activations=relu**")
