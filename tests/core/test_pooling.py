"""Pooling against PyTorch's stored numbers, and a backward pass that is its derivative."""

from pathlib import Path

import numpy as np
import pytest

from nnviz.core.pooling import average_pool2d, average_pool2d_gradient, max_pool2d, max_pool2d_gradient

REFERENCE = np.load(Path(__file__).parents[1] / "references" / "convolution.npz")
WINDOWS = [(2, 2), (3, 2), (3, 1)]


@pytest.mark.parametrize(("size", "stride"), WINDOWS)
def test_max_pooling_its_indices_and_its_gradient_are_pytorchs(size, stride):
    x, case = REFERENCE["pictures"], f"max/{size}/{stride}"
    values, indices = max_pool2d(x, size, stride)
    assert values == pytest.approx(REFERENCE[f"{case}/values"])
    assert np.array_equal(indices, REFERENCE[f"{case}/indices"])
    assert max_pool2d_gradient(2 * values, indices, x.shape[-2:]) == pytest.approx(REFERENCE[f"{case}/gradient"])


@pytest.mark.parametrize(("size", "stride"), WINDOWS)
def test_average_pooling_and_its_gradient_are_pytorchs(size, stride):
    x, case = REFERENCE["pictures"], f"average/{size}/{stride}"
    values = average_pool2d(x, size, stride)
    assert values == pytest.approx(REFERENCE[f"{case}/values"])
    assert average_pool2d_gradient(2 * values, x.shape[-2:], size, stride) == pytest.approx(REFERENCE[f"{case}/gradient"])


def test_windows_lie_side_by_side_unless_a_stride_is_given():
    x = np.arange(30.0).reshape(5, 6)
    assert np.array_equal(max_pool2d(x, 2).values, max_pool2d(x, 2, 2).values)
    assert average_pool2d(x, (2, 3)).shape == (2, 2)


def test_of_equal_numbers_the_first_wins():
    assert max_pool2d(np.zeros((2, 4)), 2).indices.tolist() == [[0, 2]]


@pytest.mark.parametrize(
    "call",
    [
        lambda: max_pool2d(np.ones((2, 2)), 3),
        lambda: max_pool2d(np.ones((2, 2)), 0),
        lambda: average_pool2d(np.ones(4), 2),
        lambda: average_pool2d(np.ones((0, 4)), 2),
        lambda: max_pool2d_gradient(np.ones((2, 2)), np.zeros((1, 2), dtype=int), (4, 4)),
        lambda: max_pool2d_gradient(np.ones((1, 1)), np.full((1, 1), 9), (3, 3)),
        lambda: average_pool2d_gradient(np.ones((3, 3)), (4, 4), 2),
    ],
)
def test_bad_input_is_named(call):
    with pytest.raises(ValueError, match=r"kernel|give|places") as error:
        call()
    assert 11 <= len(str(error.value)) < 600
