"""A stack of stages: what a unit sees by index arithmetic is what its gradient reaches."""

import numpy as np
import pytest

from nnviz.core.conv_stack import (
    Activation,
    AveragePooling,
    Convolution,
    MaxPooling,
    input_gradient,
    receptive_field,
    run_stack,
    two_layer_stack,
)

random = np.random.default_rng(0)


def positive_stack(padding=0, stride=1, dilation=1):
    """Positive weights and average pooling: no gradient is lost on the way, so that its support is the whole field."""
    first = Convolution(random.uniform(0.5, 1, size=(2, 1, 3, 3)), np.zeros(2), stride=stride, padding=padding, dilation=dilation)
    second = Convolution(random.uniform(0.5, 1, size=(1, 2, 3, 2)), np.ones(1), padding=padding)
    return (first, Activation("relu"), AveragePooling(2), second, Activation("softplus"), AveragePooling(3, 1))


def support(gradient):
    rows, columns = np.nonzero(gradient.any(axis=0))
    return slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)


@pytest.mark.parametrize("padding", [0, 1, "same", "full"])
@pytest.mark.parametrize("place", [(0, 0), (1, 2), (2, 2)])
def test_the_receptive_field_is_the_support_of_the_gradient(padding, place):
    stages, x = positive_stack(padding), random.uniform(0.5, 1, size=(1, 18, 19))
    field = receptive_field(stages, (18, 19), place)
    assert tuple(field) == support(input_gradient(stages, x, (0, *place)))


def test_strides_and_dilations_widen_it():
    x = random.uniform(0.5, 1, size=(1, 30, 30))
    for stages in (positive_stack(stride=2), positive_stack(dilation=2)):
        assert tuple(receptive_field(stages, (30, 30), (0, 1))) == support(input_gradient(stages, x, (0, 0, 1)))


def test_max_pooling_and_relu_reach_no_further_than_the_field():
    rng = np.random.default_rng(1)
    stages = two_layer_stack(rng.normal(size=(3, 2, 3, 3)), rng.normal(size=(4, 3, 5, 5)))
    x = rng.normal(size=(2, 16, 16))
    alive = int(run_stack(stages, x)[-1][:, 1, 2].argmax())
    field, gradient = receptive_field(stages, (16, 16), (1, 2)), input_gradient(stages, x, (alive, 1, 2))
    outside = np.ones_like(x, dtype=bool)
    outside[:, field.rows, field.columns] = False
    assert gradient.any()
    assert not gradient[outside].any()


@pytest.mark.parametrize("at", range(7))
def test_the_gradient_of_a_unit_is_the_central_difference(at):
    stages = (*two_layer_stack(random.normal(size=(2, 1, 3, 3)), random.normal(size=(2, 2, 3, 3)))[:5], AveragePooling(2))
    x, direction = random.normal(size=(1, 10, 9)), random.normal(size=(1, 10, 9))
    unit = (0, 1, 1)
    expected = (run_stack(stages[:at], x + 1e-6 * direction)[-1][unit] - run_stack(stages[:at], x - 1e-6 * direction)[-1][unit]) / 2e-6
    assert np.vdot(input_gradient(stages, x, unit, at), direction) == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_a_batch_of_pictures_gives_what_each_gives():
    stages = two_layer_stack(random.normal(size=(3, 2, 3, 3)), random.normal(size=(4, 3, 5, 5)), padding="valid")
    x = random.normal(size=(5, 2, 16, 16))
    outputs = run_stack(stages, x)
    assert [picture.shape[1:] for picture in outputs] == [(2, 16, 16), (3, 14, 14), (3, 14, 14), (3, 7, 7), (4, 3, 3), (4, 3, 3), (4, 1, 1)]
    assert outputs[-1][2] == pytest.approx(run_stack(stages, x[2])[-1])


def test_before_the_first_stage_a_unit_sees_itself():
    stages = two_layer_stack(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)))
    assert receptive_field(stages, (9, 9), (4, 5), at=0) == (slice(4, 5), slice(5, 6))
    assert receptive_field(stages, (9, 9), (4, 5), at=1) == (slice(3, 6), slice(4, 7))


STACK = two_layer_stack(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)))


@pytest.mark.parametrize(
    "call",
    [
        lambda: two_layer_stack(np.ones((2, 1, 3, 3)), np.ones((1, 3, 3, 3))),
        lambda: two_layer_stack(np.ones((3, 3)), np.ones((3, 3))),
        lambda: run_stack(STACK, np.ones((9, 9))),
        lambda: run_stack((MaxPooling(12),), np.ones((1, 9, 9))),
        lambda: receptive_field(STACK, (9, 9), (2, 0)),
        lambda: receptive_field(STACK, (9, 9), (0, 0), at=7),
        lambda: receptive_field(STACK, (2, 2), (0, 0)),
        lambda: input_gradient(STACK, np.ones((1, 9, 9)), (1, 0, 0)),
        lambda: input_gradient(STACK, np.ones((2, 1, 9, 9)), (0, 0, 0)),
        lambda: input_gradient(STACK, np.ones((1, 9, 9)), (0, 0, 0), at=-1),
    ],
)
def test_bad_input_is_a_sentence(call):
    with pytest.raises(ValueError, match=r"asked for|give|needs|must fit") as error:
        call()
    assert 11 <= len(str(error.value)) < 600
