"""Counts against the formulas and against a count by hand, growth against its exponent, and the clock within its chunks."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.core.complexity import (
    ConvolutionLayer,
    DenseLayer,
    bptt_bytes,
    count,
    count_layers,
    count_recurrent,
    dense_growth,
    fitted_slope,
    kernel_growth,
    measure,
    pixel_growth,
)
from nnviz.core.convolution import convolve2d
from nnviz.core.network import Network
from nnviz.core.recurrent import RecurrentCost, RecurrentNetwork

sizes = st.integers(1, 50)


@given(n=sizes, k=sizes, m=sizes)
def test_a_dense_layer_is_the_formula(n, k, m):
    row = DenseLayer(n, k).cost(m)
    assert row.flops_forward == 2 * k * n * m + k * m + k * m
    assert row.flops_backward == 4 * k * n * m + 2 * k * m
    assert (row.parameters, row.weight_bytes, row.activation_bytes) == (k * n + k, 8 * (k * n + k), 8 * k * m)


def test_a_network_has_a_row_a_layer_and_their_total():
    network = Network((2, 8, 8, 1), "tanh")
    rows = count(network, samples=10)
    assert [row.parameters for row in rows] == [24, 72, 9]
    assert rows.total.parameters == network.parameter_count
    for name in ("flops_forward", "flops_backward", "weight_bytes", "activation_bytes", "flops"):
        assert getattr(rows.total, name) == sum(getattr(row, name) for row in rows)
    assert rows.total.weight_bytes == network.initialize().nbytes
    forward = network.forward(network.initialize(), np.ones((2, 10)))
    assert rows.total.activation_bytes == sum(A.nbytes for A in forward.A[1:])


def test_a_convolution_is_counted_as_its_window_goes():
    layer = ConvolutionLayer(3, 5, (9, 8), kernel=(3, 2), stride=(2, 1), padding=1, dilation=(1, 2))
    y = convolve2d(np.ones((4, 3, 9, 8)), np.ones((5, 3, 3, 2)), (2, 1), 1, (1, 2))
    row = layer.cost(samples=4)
    assert row.flops_forward == y.size * (2 * 3 * 3 * 2 + 1 + 1)
    assert row.activation_bytes == y.nbytes
    assert row.parameters == 5 * (3 * 3 * 2 + 1)


def test_a_convolution_as_wide_as_its_picture_is_a_dense_layer():
    rows = count_layers([ConvolutionLayer(1, 10, (8, 8), kernel=8, name="x"), DenseLayer(64, 10, name="x")], samples=7)
    assert rows[0] == rows[1]


def test_a_recurrent_network_is_a_layer_of_inputs_and_states_at_every_step():
    network = RecurrentNetwork(3, 8, 2)
    rows = count_recurrent(network, steps=20, samples=4)
    assert rows.total.parameters == network.parameter_count
    assert rows[0].flops_forward == 20 * DenseLayer(11, 8).cost(4).flops_forward
    assert rows[1].flops_forward == DenseLayer(8, 2).cost(80).flops_forward


def test_memory_through_time_is_what_the_engine_keeps():
    network = RecurrentNetwork(1, 8, 1)
    X = np.zeros((30, 1, 4))
    unrolled = RecurrentCost(network, "half_squared_error", X, X).backward(network.initialize()).unrolled
    assert bptt_bytes(network, 30, samples=4) == unrolled.z.nbytes + unrolled.h[1:].nbytes
    T = np.array([10, 100, 1000])
    assert fitted_slope(T, bptt_bytes(network, T)) == pytest.approx(1.0)
    assert bptt_bytes(network, T, truncation=50).tolist() == bptt_bytes(network, [10, 50, 50]).tolist()


@pytest.mark.parametrize(("growth", "exponent"), [(dense_growth, 2), (pixel_growth, 1), (kernel_growth, 2)])
def test_growth_has_the_exponent_of_theory(growth, exponent):
    grown = growth()
    assert (np.diff(grown.flops) > 0).all()
    assert grown.slope == pytest.approx(exponent, abs=0.05)


@given(power=st.floats(-3, 3), factor=st.floats(0.01, 100))
def test_the_slope_of_a_power_is_its_exponent(power, factor):
    x = np.array([1.0, 2.0, 5.0, 30.0])
    assert fitted_slope(x, factor * x**power) == pytest.approx(power, abs=1e-9)


@pytest.mark.parametrize("layer", [DenseLayer(64, 32, "tanh"), ConvolutionLayer(2, 4, (16, 16), 3, padding="same"), DenseLayer(2048, 2048)])
def test_a_measurement_counts_what_it_ran_in_short_chunks(layer):
    told = list(measure([layer], samples=16, seconds=0.1))
    last = told[-1]
    assert last.seconds >= 0.1
    assert last.share == 1
    assert last.flops % layer.cost().flops == 0
    assert last.flops_per_second == last.flops / last.seconds > 1e6
    assert all(a.flops < b.flops and a.share <= b.share for a, b in pairwise(told))
    assert len(told) > 1  # others are answered between two chunks


def test_layers_are_measured_one_after_the_other():
    told = list(measure([DenseLayer(8, 8, name="a"), DenseLayer(8, 8, name="b")], seconds=0.02))
    assert [m.name for m in told] == sorted(m.name for m in told)
    assert {m.layer for m in told} == {0, 1}
    assert [m.share for m in told] == sorted(m.share for m in told)


@pytest.mark.parametrize(
    "call",
    [
        lambda: DenseLayer(0, 5),
        lambda: DenseLayer(5, 2.5),
        lambda: DenseLayer(10**5, 10**5),
        lambda: ConvolutionLayer(1, 1, (3, 3), kernel=5),
        lambda: ConvolutionLayer(0, 1, (3, 3)),
        lambda: ConvolutionLayer(1, 1, (10**5, 10**5)),
        lambda: count(Network((2, 1)), samples=0),
        lambda: count_layers([DenseLayer(1, 1)], samples=-1),
        lambda: count_recurrent(RecurrentNetwork(1, 1, 1), steps=0),
        lambda: bptt_bytes(RecurrentNetwork(1, 1, 1), [0, 5]),
        lambda: fitted_slope([1, 1], [2, 3]),
        lambda: fitted_slope([1, 2], [0, 3]),
        lambda: fitted_slope([1, 2, 3], [1, 3]),
        lambda: next(measure([DenseLayer(1, 1)], seconds=0)),
        lambda: next(measure([DenseLayer(4096, 4096)])),
        lambda: next(measure([DenseLayer(1, 1)], samples=0)),
    ],
)
def test_bad_input_is_a_sentence(call):
    with pytest.raises(ValueError, match=r"give|smaller|at least|needs|must|can be|at most") as error:
        call()
    assert 11 <= len(str(error.value)) < 600
