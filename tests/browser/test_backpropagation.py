"""A person clicks on edges and reads why a gradient is small."""

from tests.browser.conftest import settle

POINTS = """(name) => {
  const figure = [...document.querySelectorAll('.js-plotly-plot')].find(f => f.data.some(t => t.name === name));
  const trace = figure.data.findLast(t => t.name === name && t.customdata);
  const box = figure.getBoundingClientRect(), {xaxis, yaxis} = figure._fullLayout;
  return trace.customdata.map((place, i) => ({
    place, x: box.left + xaxis._offset + xaxis.d2p(trace.x[i]), y: box.top + yaxis._offset + yaxis.d2p(trace.y[i])}));
}"""


def click(page, name, place):
    """Click the point of a trace that stands for a parameter."""
    found = next(point for point in page.evaluate(POINTS, name) if point["place"] == place)
    page.mouse.move(found["x"] - 1, found["y"])
    page.mouse.click(found["x"], found["y"])
    settle(page)


def test_a_click_on_an_edge_chooses_its_weight_and_one_on_a_neuron_its_bias(visit):
    page = visit("backpropagation?data=Two+moons&layers=1&units=3", height=1400)
    heading = page.locator("[data-testid=stMain] h4").first
    click(page, "weights", [1, 2, 1])
    assert "from input x2 to neuron 3" in heading.inner_text()
    click(page, "weights", [2, 0, 1])
    assert "from neuron 2 of the hidden layer" in heading.inner_text()
    assert "backlayer=output" in page.url
    click(page, "neurons", [1, 1, -1])
    assert "The bias of neuron 2" in heading.inner_text()
    page.get_by_role("button", name="A lost gradient").click()
    settle(page)
    assert page.get_by_text("No single factor is to blame").count() == 1
    page.get_by_role("button", name="A kink in the way").click()
    settle(page)
    assert page.get_by_text("have a kink (of ReLU or the loss)").count() == 1
