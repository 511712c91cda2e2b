"""What must hold on every page, in a real browser: it opens in each mode and width, plays, is worked by keyboard, survives odd files."""

import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from nnviz.ui import assets, chart, navigation
from tests.browser.conftest import settle

PAGES = ["", *(name for files in navigation.SECTIONS.values() for name in files if name != "start")]
OVERFLOW = "() => { const main = document.querySelector('[data-testid=stMain]'); return main.scrollWidth - main.clientWidth; }"
UNNAMED = """() => [...document.querySelectorAll('[data-testid=stPlotlyChart]')].filter(
    chart => !chart.querySelector('[aria-label], [role=img]') && !chart.getAttribute('aria-label')).length"""


def step(page):
    return int(page.get_by_role("slider", name="Step").first.input_value())


@pytest.mark.parametrize("name", PAGES, ids=lambda name: name or "start")
def test_a_page_opens_without_an_error_and_stays_so_when_the_window_turns_narrow_and_dark(visit, name):
    page = visit(name, color_scheme="light")
    assert page.locator("[data-testid=stMain] h1").inner_text()
    assert page.evaluate(UNNAMED) == 0
    assert page.evaluate(OVERFLOW) <= 0
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    assert page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme") == "dark"
    assert page.evaluate(OVERFLOW) <= 0
    assert page.locator(".katex-error").count() == 0


def test_the_worked_example_plays_to_its_end_and_rests_there(visit):
    page = visit("")
    page.get_by_test_id("player-toggle").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(e => e.shadowRoot && e.shadowRoot.querySelector('[aria-label=Pause]'))"
    )
    page.get_by_role("button", name="Play").wait_for(timeout=20_000)
    settle(page)
    assert page.get_by_role("slider", name="Step").input_value() == page.get_by_role("slider", name="Step").get_attribute("max")
    assert page.locator(".katex").count() >= 3


def test_the_player_is_worked_by_keyboard_alone(visit):
    page = visit("")
    for _ in range(200):
        page.keyboard.press("Tab")
        if (
            page.evaluate(
                "() => { let e = document.activeElement; while (e.shadowRoot) e = e.shadowRoot.activeElement || e; return e.ariaLabel; }"
            )
            == "Step"
        ):
            break
    before = step(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("slider", name="Step").first).to_have_value(str(before + 2))
    assert page.get_by_role("slider", name="Step").get_attribute("aria-valuetext")


def test_with_reduced_motion_the_player_goes_from_stop_to_stop(visit):
    page = visit("", reduced_motion="reduce")
    page.evaluate("""() => { window.__frames = new Set(); const plot = document.querySelector('.js-plotly-plot');
        plot.on('plotly_animatingframe', e => window.__frames.add(e.name)); }""")
    page.get_by_test_id("player-toggle").click()
    page.get_by_role("button", name="Play").wait_for(timeout=30_000)
    stops = int(page.get_by_role("slider", name="Step").get_attribute("max"))
    assert page.evaluate("() => window.__frames.size") <= stops + 1


def test_a_clicked_neuron_is_written_out_beside_the_graph(visit):
    page = visit("network?layers=1&units=3&data=Two+moons")
    marks = page.evaluate("""() => {
        const plot = document.querySelector('.st-key-network-graph .js-plotly-plot'), box = plot.getBoundingClientRect();
        const neurons = plot._fullData.find(trace => trace.name === 'neurons'), layout = plot._fullLayout;
        const i = neurons.customdata.findIndex(place => place[0] === 1 && place[1] === 2);
        return [box.x + layout._size.l + layout.xaxis.l2p(neurons.x[i]), box.y + layout._size.t + layout.yaxis.l2p(neurons.y[i])]; }""")
    page.mouse.click(*marks)
    page.get_by_text("Neuron 3", exact=False).first.wait_for()


def test_a_link_opens_the_state_it_was_taken_from(visit):
    page = visit("network?data=Palmer+penguins&units=5&layers=1&activation=relu&seed=3")
    assert page.get_by_text("4-5-3", exact=False).count() >= 1
    assert "Palmer penguins" in page.locator("[data-testid=stMain]").inner_text()


def test_a_malformed_link_opens_with_a_notice(visit):
    page = visit("network?noise=loud&layers=99&data=Nothing&edits=:::")
    expect(page.locator(".nnviz-notice")).to_have_count(4)


def upload(page, path):
    page.locator("[data-testid=stFileUploaderDropzoneInput], [data-testid=stFileUploader] input[type=file]").first.set_input_files(path)


def test_a_table_of_ones_own_becomes_the_data_and_a_bad_one_leaves_it(visit, tmp_path: Path):
    good, bad, link = tmp_path / "trees.csv", tmp_path / "ragged.csv", "network?data=Your+own+file"
    rows = "\n".join(f"{i % 7},{(i * 3) % 11},{'oak' if i % 2 else 'elm'}" for i in range(60))
    good.write_text("height,girth,kind\n" + rows + "\n")
    bad.write_text("a,b\n1,2\n3,4,5\n")
    page = visit(link)
    upload(page, good)
    page.get_by_text("2-8-8-1", exact=False).first.wait_for()
    page.wait_for_url("**file=trees**")
    settle(page)
    upload(page, bad)
    page.locator("[data-testid=stAlertContentError]").first.wait_for()
    assert page.get_by_text("2-8-8-1", exact=False).count() >= 1


def test_a_link_to_a_file_says_which_file_to_drop(visit):
    page = visit("network?data=Your+own+file&file=trees.csv~0123abcd")
    assert page.get_by_text("trees.csv").count() >= 1


def test_ten_quick_moves_of_a_slider_leave_nothing_running(visit, server):
    page = visit("training?data=Handwritten+digits+8%C3%978&units=32&layers=4&epochs=3000")
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_timeout(1500)
    slider = page.get_by_label("Units per layer").first
    for _ in range(10):
        slider.press("ArrowRight")
        page.wait_for_timeout(60)
    page.get_by_role("button", name="Stop", exact=True).click(timeout=30_000)
    settle(page)
    for _ in range(5):  # the last answer may still be on its way; what was left behind is busy for much longer
        if server.busy() < 0.3:
            return
    pytest.fail("the server is still busy: a computation was left behind")


def test_stop_keeps_what_was_reached(visit):
    page = visit("training?data=Handwritten+digits+8%C3%978&units=64&layers=4&epochs=2000")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("button", name="Stop", exact=True).click(timeout=30_000)
    page.get_by_text("Stopped at", exact=False).first.wait_for()
    settle(page)
    assert page.get_by_test_id("player-toggle").count() == 1


def test_a_pages_address_is_a_whole_app_also_as_the_first_request(visit):
    page = visit("eigenvalues")
    titles = page.locator("[data-testid=stSidebarNavLink]").all_inner_texts()
    assert "Start" in titles
    assert "Eigenvalues" in titles


def test_the_server_answers_for_files_out_of_memory(address):
    with urllib.request.urlopen(address + chart.bundle({"data": []}), timeout=10) as answer:
        assert answer.headers["Cache-Control"] == assets.FOREVER
