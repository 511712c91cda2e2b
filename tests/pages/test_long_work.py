"""What pages hand over to the process of long work is the engine's alone: nothing there imports Streamlit."""

import sys

import pytest

from nnviz.core import background

SMALL = {"data": "Two moons", "samples": 30, "layers": 1, "units": 3}
ASKED = [
    ("loss_landscape", {"landres": "51"}),
    ("loss_landscape", {"landview": "Between two solutions"}),
    ("curvature", {"curvview": "Spectrum"}),
    ("curvature", {"curvview": "Learning rate"}),
    ("curvature", {"curvview": "Edge of stability", "edgesteps": "50"}),
    ("curvature", {"curvview": "Flat and sharp minima", "minsteps": "100"}),
    ("curvature", {"units": "30", "layers": "2"}),
    ("maps", {"mapsize": 16, "mapsteps": 5}),
    ("optimizers", {"optview": "Learning rates", "steps": 20}),
    ("optimizers", {"optview": "Basins", "steps": 20, "basinres": 50}),
    ("eigenvalues", {"eigview": "Growth on the way"}),
    ("backpropagation", {"backview": "Gradient check"}),
    ("convolution", {"convkernel": "learnt from the digits", "convsteps": 10}),
    ("recurrent", {"recview": "Vanish or explode"}),
    ("recurrent", {"recview": "Training"}),
    ("cost_of_computation", {"costview": "Clock"}),
]


@pytest.mark.parametrize(("page", "address"), ASKED, ids=[f"{page} {next(iter(address.values()))}" for page, address in ASKED])
def test_long_work_needs_no_drawing(open_page, page, address):
    app = open_page(page, **(SMALL | address))
    assert not app.exception
    assert app.session_state["jobs"]
    loaded = background.submit(lambda: iter([sorted(sys.modules)]), lambda _: 1.0)
    assert loaded.wait(60)
    assert not {"streamlit", "plotly", "nnviz.ui", "nnviz.figures"} & set(loaded.latest)
