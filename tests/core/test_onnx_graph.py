"""ONNX graphs of dense layers: what they compute is the network that is read, and what is no chain of dense layers is a sentence."""

import io
import tracemalloc
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.network import Network
from nnviz.core.weights import load_weights

EXPORTED = np.load(Path(__file__).parents[1] / "references" / "onnx.npz")
random = np.random.default_rng(0)


def loaded(data, activations=None):
    return load_weights(io.BytesIO(data), activations)


def refusal(data, activations=None):
    with pytest.raises(ValueError, match=r".") as error:
        loaded(data, activations)
    assert 11 <= len(str(error.value)) < 600
    return str(error.value)


def outcome(data):
    try:
        return loaded(data)
    except ValueError as error:
        return str(error)


def onnx_bytes(nodes, constants, opset=21, inputs=("x",), outputs=("y",)):
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]).SerializeToString()


W1, b1, W2, b2 = (random.normal(size=shape) for shape in ((4, 3), (4,), (2, 4), (2,)))
FLAT = np.concatenate([part.ravel() for part in (W1, b1, W2, b2)])
GRAPHS = {
    "PyTorch's Gemm": (
        [("Gemm", ["x", "W1", "b1"], "h", {"transB": 1}), ("Relu", ["h"], "a", {}), ("Gemm", ["a", "W2", "b2"], "y", {"transB": 1})],
        {"W1": W1, "b1": b1, "W2": W2, "b2": b2},
    ),
    "MatMul and Add": (
        [
            ("MatMul", ["x", "W1"], "p", {}),
            ("Add", ["p", "b1"], "h", {}),
            ("Relu", ["h"], "a", {}),
            ("MatMul", ["a", "W2"], "q", {}),
            ("Add", ["b2", "q"], "y", {}),
        ],
        {"W1": W1.T, "b1": b1[None], "W2": W2.T, "b2": b2},
    ),
    "alpha and beta": (
        [
            ("Gemm", ["x", "W1", "b1"], "h", {"alpha": 0.5, "beta": 2.0}),
            ("Relu", ["h"], "a", {}),
            ("Gemm", ["a", "W2", "b2"], "y", {"transB": 1}),
        ],
        {"W1": 2 * W1.T, "b1": b1 / 2, "W2": W2, "b2": b2},
    ),
    "samples in columns": (
        [("Gemm", ["W1", "x", "b1"], "h", {}), ("Relu", ["h"], "a", {}), ("MatMul", ["W2", "a"], "q", {}), ("Add", ["q", "b2"], "y", {})],
        {"W1": W1, "b1": b1[:, None], "W2": W2, "b2": b2[:, None]},
    ),
    "columns turned into rows": (
        [
            ("Gemm", ["x", "W1", "b1"], "h", {"transA": 1, "transB": 1}),
            ("Relu", ["h"], "a", {}),
            ("Transpose", ["a"], "t", {}),
            ("Gemm", ["W2", "t", "b2"], "y", {"transA": 1}),
        ],
        {"W1": W1, "b1": b1, "W2": W2.T, "b2": b2[:, None]},
    ),
    "flatten, dropout, cast": (
        [
            ("Flatten", ["x"], "f", {}),
            ("Cast", ["f"], "c", {"to": TensorProto.DOUBLE}),
            ("Gemm", ["c", "W1", "b1"], "h", {"transB": 1}),
            ("Relu", ["h"], "r", {}),
            ("Dropout", ["r"], "a", {}),
            ("Identity", ["W2"], "U", {}),
            ("Cast", ["U"], "V", {"to": TensorProto.DOUBLE}),
            ("Gemm", ["a", "V", "b2"], "y", {"transB": 1}),
        ],
        {"W1": W1, "b1": b1, "W2": W2, "b2": b2},
    ),
    "a transposed constant": (
        [
            ("Transpose", ["W1"], "V", {}),
            ("MatMul", ["x", "V"], "p", {}),
            ("Add", ["p", "b1"], "h", {}),
            ("Relu", ["h"], "a", {}),
            ("Gemm", ["a", "W2", "b2"], "y", {"transB": 1}),
        ],
        {"W1": W1, "b1": b1, "W2": W2, "b2": b2},
    ),
    "data and constants transposed by perm": (
        [
            ("Transpose", ["W1"], "V", {"perm": [1, 0]}),
            ("Transpose", ["W2"], "U", {"perm": [0, 1]}),
            ("MatMul", ["x", "V"], "p", {}),
            ("Add", ["p", "b1"], "h", {}),
            ("Relu", ["h"], "r", {}),
            ("Transpose", ["r"], "s", {"perm": [0, 1]}),
            ("Transpose", ["s"], "a", {"perm": [1, 0]}),
            ("Gemm", ["U", "a", "b2"], "y", {}),
        ],
        {"W1": W1, "b1": b1, "W2": W2, "b2": b2[:, None]},
    ),
}


def nodes_of(rows):
    return [helper.make_node(kind, inputs, [output], **how) for kind, inputs, output, how in rows]


@pytest.mark.parametrize(("rows", "constants"), GRAPHS.values(), ids=GRAPHS)
def test_an_onnx_graph_is_the_network_it_computes(rows, constants):
    network, theta = loaded(onnx_bytes(nodes_of(rows), constants))
    assert network == Network((3, 4, 2), ("relu", "identity"))
    assert theta == pytest.approx(FLAT, rel=1e-14)


def test_a_perm_that_changes_nothing_leaves_square_weights_as_they_are():
    rows = [("Transpose", ["W"], "V", {"perm": [0, 1]}), ("MatMul", ["x", "V"], "y", {})]
    theta = loaded(onnx_bytes(nodes_of(rows), {"W": np.array([[1.0, 2.0], [3.0, 4.0]])}))[1]
    assert theta[:4].tolist() == [1, 3, 2, 4]


def test_a_cast_rounds_weights_to_its_type():
    rows = [("Cast", ["W1"], "V", {"to": TensorProto.FLOAT16}), ("Gemm", ["x", "V"], "y", {"transB": 1})]
    theta = loaded(onnx_bytes(nodes_of(rows), {"W1": W1}))[1]
    assert np.array_equal(theta[:12], W1.ravel().astype(np.float16))


def test_weights_may_be_constant_nodes():
    constants = [helper.make_node("Constant", [], [name], value=numpy_helper.from_array(a)) for name, a in (("W1", W1), ("b1", b1))]
    network, theta = loaded(onnx_bytes([*constants, helper.make_node("Gemm", ["x", "W1", "b1"], ["y"], transB=1)], {}))
    assert network == Network((3, 4), "identity")
    assert theta == pytest.approx(FLAT[:16])


NODES = {
    "sigmoid": [("Sigmoid", ["z"], "y", {})],
    "tanh": [("Tanh", ["z"], "y", {})],
    "relu": [("Relu", ["z"], "y", {})],
    "leaky_relu": [("LeakyRelu", ["z"], "y", {"alpha": 0.01})],
    "elu": [("Elu", ["z"], "y", {})],
    "selu": [("Selu", ["z"], "y", {})],
    "softplus": [("Softplus", ["z"], "y", {})],
    "softsign": [("Softsign", ["z"], "y", {})],
    "softsign by its formula": [("Abs", ["z"], "s", {}), ("Add", ["s", "high"], "o", {}), ("Div", ["z", "o"], "y", {})],
    "hardsigmoid": [("HardSigmoid", ["z"], "y", {"alpha": 1 / 6})],
    "hardtanh": [("Clip", ["z", "low", "high"], "y", {})],
    "gelu": [("Gelu", ["z"], "y", {})],
    "gelu by erf": [
        ("Div", ["z", "root2"], "s", {}),
        ("Erf", ["s"], "e", {}),
        ("Add", ["e", "high"], "o", {}),
        ("Mul", ["z", "o"], "p", {}),
        ("Mul", ["p", "half"], "y", {}),
    ],
    "gelu, half first": [
        ("Mul", ["z", "half"], "p", {}),
        ("Div", ["z", "root2"], "s", {}),
        ("Erf", ["s"], "e", {}),
        ("Add", ["high", "e"], "o", {}),
        ("Mul", ["o", "p"], "y", {}),
    ],
    "silu": [("Sigmoid", ["z"], "s", {}), ("Mul", ["z", "s"], "y", {})],
    "silu, one node": [("Swish", ["z"], "y", {})],
    "mish": [("Softplus", ["z"], "s", {}), ("Tanh", ["s"], "t", {}), ("Mul", ["t", "z"], "y", {})],
    "mish, one node": [("Mish", ["z"], "y", {})],
    "softmax": [("Softmax", ["z"], "y", {"axis": 1})],
    "softmax, last axis": [("Softmax", ["z"], "y", {})],
    "identity": [("Identity", ["z"], "y", {})],
}
SCALARS = {"low": -1.0, "high": 1.0, "half": 0.5, "root2": np.sqrt(2.0)}


@pytest.mark.parametrize("name", NODES)
def test_activations_are_known_by_what_they_compute(name):
    rows = [("Gemm", ["x", "W1", "b1"], "z", {"transB": 1}), *NODES[name]]
    network, _ = loaded(onnx_bytes(nodes_of(rows), {"W1": W1, "b1": b1} | SCALARS, opset=24), activations="elu")
    assert network.activations == (name.split(",")[0].split(" by")[0],)


def test_every_activation_that_we_have_is_known_in_onnx():
    assert {name.split(",")[0].split(" by")[0] for name in NODES} == set(ACTIVATIONS)


@pytest.mark.parametrize("name", sorted({key.split("/")[0] for key in EXPORTED.files}))
def test_what_pytorch_exports_is_read_and_gives_its_outputs(name):
    network, theta = loaded(EXPORTED[f"{name}/model"].tobytes())
    assert network.activations == (name, "softmax")
    output = network.predict(theta, EXPORTED[f"{name}/x"].T)
    assert output == pytest.approx(EXPORTED[f"{name}/y"].T, abs=1e-6)


GEMM = ("Gemm", ["x", "W1", "b1"], "z", {"transB": 1})
BAD_GRAPHS = {
    "another node": ([GEMM, ("Conv", ["z", "W1"], "y", {})], "'Conv'"),
    "a skip connection": ([GEMM, ("Relu", ["z"], "a", {}), ("Add", ["a", "z"], "y", {})], "branches"),
    "a skip over a layer": ([GEMM, ("Gemm", ["z", "S", "b1"], "v", {}), ("Mul", ["z", "v"], "y", {})], "branches"),
    "a stale bias": ([GEMM, ("Add", ["z", "b1"], "v", {}), ("Relu", ["z"], "y", {})], "branches"),
    "leaky with another slope": ([GEMM, ("LeakyRelu", ["z"], "y", {"alpha": 0.2})], r"LeakyRelu\[0.2\]"),
    "ONNX's own hard sigmoid": ([GEMM, ("HardSigmoid", ["z"], "y", {})], "HardSigmoid"),
    "softmax over the samples": ([GEMM, ("Softmax", ["z"], "y", {"axis": 0})], "over the samples"),
    "a scaled output": ([GEMM, ("Mul", ["z", "half"], "y", {})], "0.5·x"),
    "a matrix as a factor": ([GEMM, ("Mul", ["z", "b1"], "y", {})], r"shape \(4,\)"),
    "relu of the input": ([("Relu", ["x"], "a", {}), ("Gemm", ["a", "W1", "b1"], "y", {"transB": 1})], "before the first layer"),
    "no layer": ([("Relu", ["x"], "y", {})], "no Gemm or MatMul"),
    "weights that are data": ([("MatMul", ["x", "x"], "y", {})], "constant weights"),
    "a bias that is data": ([("Gemm", ["x", "W1", "x"], "y", {"transB": 1})], "not constant"),
    "a bias of another length": ([("Gemm", ["x", "W1", "b2"], "y", {"transB": 1})], "one number for each output"),
    "a bias over the samples": ([("Gemm", ["x", "W1", "column"], "y", {"transB": 1})], "one number for each output"),
    "layers that do not fit": ([GEMM, ("Gemm", ["z", "W1", "b1"], "y", {"transB": 1})], "as many columns"),
    "a product over samples": ([GEMM, ("MatMul", ["S", "z"], "y", {})], "over the samples"),
    "three dimensions": ([("MatMul", ["x", "cube"], "y", {})], "two dimensions"),
    "NaN": ([("Gemm", ["x", "W1", "nan"], "y", {"transB": 1})], "not finite"),
    "a sum of biases beyond float64": (
        [("MatMul", ["x", "V1"], "z", {}), ("Add", ["z", "vast"], "v", {}), ("Add", ["v", "vast"], "y", {})],
        "not finite",
    ),
    "a factor beyond float64": ([("Gemm", ["x", "I"], "y", {"alpha": np.inf})], "not finite"),
    "a factor that is three": ([("Gemm", ["x", "S"], "y", {"alpha": [1.0, 2.0, 3.0, 4.0]})], "attributes of its kind"),
    "a factor that is text": ([("Gemm", ["x", "S"], "y", {"alpha": "a"})], "attributes of its kind"),
    "a slope that is two": ([GEMM, ("LeakyRelu", ["z"], "y", {"alpha": [1.0, 2.0]})], "attributes of its kind"),
    "a limit that is empty": ([GEMM, ("Clip", ["z", "none"], "y", {})], "attributes of its kind"),
    "a limit that is two": ([GEMM, ("Clip", ["z", "minus", "pair"], "y", {})], "attributes of its kind"),
    "a Constant that is a number": ([("Constant", [], "c", {"value": 3}), ("Gemm", ["x", "S"], "y", {})], "attributes of its kind"),
    "a Constant that is text": ([("Constant", [], "c", {"value_floats": "a"}), ("Gemm", ["x", "S"], "y", {})], "attributes of its kind"),
    "weights cast to whole numbers": ([("Cast", ["S"], "V", {"to": TensorProto.INT64}), ("Gemm", ["x", "V"], "y", {})], "INT64"),
    "an output cast to whole numbers": ([GEMM, ("Cast", ["z"], "y", {"to": TensorProto.INT64})], "INT64"),
    "a cast to nothing": ([GEMM, ("Cast", ["z"], "y", {})], "attributes of its kind"),
    "weights of another perm": ([("Transpose", ["S"], "V", {"perm": [0]}), ("Gemm", ["x", "V"], "y", {})], "attributes of its kind"),
    "data of another perm": ([GEMM, ("Transpose", ["z"], "y", {"perm": [0, 2, 1]})], r"perm \[0, 2, 1\]"),
    "a value from nowhere": ([("Relu", ["nowhere"], "y", {})], "no node before it"),
    "division by zero": ([GEMM, ("Div", ["z", "zero"], "y", {})], "divides by 0"),
    "an output that is not there": ([("Gemm", ["x", "W1", "b1"], "other", {"transB": 1})], "'y'"),
}
BAD_CONSTANTS = {
    "W1": W1, "b1": b1, "b2": b2, "S": np.ones((4, 4)), "half": 0.5, "column": b1[:, None], "cube": np.ones((1, 3, 4)), "zero": 0.0,
    "nan": np.full(4, np.nan), "V1": W1.T, "vast": np.full(4, 1.7e308), "none": np.ones(0), "minus": -1.0, "pair": np.array([1.0, 5.0]),
    "I": np.eye(4),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "says"), BAD_GRAPHS.values(), ids=BAD_GRAPHS)
def test_a_graph_that_is_no_chain_of_dense_layers_is_a_sentence(rows, says):
    with pytest.raises(ValueError, match=says) as error:
        loaded(onnx_bytes(nodes_of(rows), BAD_CONSTANTS))
    assert 11 <= len(str(error.value)) < 600


ONE_INPUT = ["Relu", "Identity", "Cast", "Transpose", "Clip", "Softmax"]
TWO_INPUTS = ["Gemm", "MatMul", "Add", "Mul", "Div"]


@pytest.mark.parametrize(
    ("kind", "inputs"), [*((kind, []) for kind in ["Flatten", *ONE_INPUT, *TWO_INPUTS]), *((kind, ["z"]) for kind in TWO_INPUTS)]
)
def test_a_node_without_its_inputs_is_a_sentence(kind, inputs):
    before = [] if kind == "Flatten" else [GEMM]
    assert "without the inputs" in refusal(onnx_bytes(nodes_of([*before, (kind, inputs, "y", {})]), BAD_CONSTANTS))


def onnx_with(tensor):
    model = onnx.load_model_from_string(onnx_bytes(nodes_of([GEMM, ("Relu", ["z"], "y", {})]), {"b1": b1}))
    model.graph.initializer.append(tensor)
    return model.SerializeToString()


def test_weights_in_another_file_are_not_opened(tmp_path):
    (tmp_path / "weights.bin").write_bytes(W1.tobytes())
    tensor = TensorProto(name="W1", data_type=TensorProto.DOUBLE, dims=W1.shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=str(tmp_path / "weights.bin"))
    assert "lies in another file" in refusal(onnx_with(tensor))


@pytest.mark.parametrize(
    ("tensor", "says"),
    [
        (TensorProto(name="W1", data_type=TensorProto.FLOAT, dims=[2**20, 2**10], raw_data=b"1234"), "shape (1048576, 1024)"),
        (TensorProto(name="W1", data_type=TensorProto.FLOAT, dims=[2**62, 2**62]), "numbers"),
        (TensorProto(name="W1", data_type=TensorProto.FLOAT, dims=[2**62] * 20), "shape (4611686018427387904,"),
        (TensorProto(name="W1", data_type=TensorProto.FLOAT, dims=[2**62] * 100_000), "shape (4611686018427387904,"),
        (TensorProto(name="W1", data_type=TensorProto.FLOAT, dims=[4, 3], raw_data=b"1234"), "not what it holds"),
        (TensorProto(name="W1", data_type=TensorProto.FLOAT, dims=[4, 3], float_data=[1.0]), "not what it holds"),
        (TensorProto(name="W1", data_type=TensorProto.FLOAT, dims=[-4, -3], raw_data=bytes(48)), "numbers"),
        (TensorProto(name="W1", data_type=TensorProto.STRING, dims=[1], string_data=[b"cos\nsystem"]), "no real numbers"),
        (TensorProto(name="W1", data_type=99, dims=[4, 3], raw_data=bytes(48)), "not what it holds"),
    ],
)
def test_a_tensor_that_claims_what_it_has_not_is_a_sentence(tensor, says):
    tracemalloc.start()
    assert says in refusal(onnx_with(tensor))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 2**20


def test_more_than_one_input_or_none_is_a_sentence():
    nodes = nodes_of([("Gemm", ["x", "W1", "b1"], "y", {"transB": 1})])
    assert "2 inputs" in refusal(onnx_bytes(nodes, {"W1": W1, "b1": b1}, inputs=("x", "u")))
    assert "2 outputs" in refusal(onnx_bytes(nodes, {"W1": W1, "b1": b1}, outputs=("y", "y2")))


ONNX = onnx_bytes(nodes_of(GRAPHS["MatMul and Add"][0]), GRAPHS["MatMul and Add"][1])
BROKEN = {
    "cut": (ONNX[:150], "ONNX"),
    "without a graph": (b"\x08\x0a", "0 nodes"),
    "noise": (b"\x08" + random.bytes(500), "ONNX"),
}


@pytest.mark.parametrize("training", [True, False])
def test_a_dropout_is_passed_through_but_for_training_mode(training):
    rows = [
        ("Gemm", ["x", "W1", "b1"], "h", {"transB": 1}),
        ("Relu", ["h"], "r", {}),
        ("Dropout", ["r", "ratio", "mode"], "a", {}),
        ("Gemm", ["a", "W2", "b2"], "y", {"transB": 1}),
    ]
    constants = {"W1": W1, "b1": b1, "W2": W2, "b2": b2, "ratio": np.float32(0.5), "mode": np.bool_(training)}
    data = onnx_bytes(nodes_of(rows), constants)
    if training:
        assert "model.eval()" in refusal(data)
    else:
        assert np.array_equal(loaded(data)[1], FLAT)


@pytest.mark.parametrize(("data", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_a_sentence(data, says):
    assert says in refusal(data)


@settings(max_examples=150, deadline=None)
@given(share=st.floats(0, 1), noise=st.binary(min_size=1, max_size=6), cut=st.booleans())
def test_any_broken_bytes_give_a_network_or_a_sentence(share, noise, cut):
    at = int(share * (len(ONNX) - 1))
    result = outcome(ONNX[:at] if cut else ONNX[:at] + noise + ONNX[at + len(noise) :])
    if isinstance(result, str):
        assert 11 <= len(result) < 600
    else:
        assert np.isfinite(result[1]).all()


def test_any_flipped_bytes_give_a_finite_network_or_a_sentence():
    rows = [
        ("Transpose", ["W1"], "V", {"perm": [1, 0]}),
        ("Cast", ["V"], "U", {"to": TensorProto.DOUBLE}),
        ("Flatten", ["x"], "f", {"axis": 1}),
        ("Gemm", ["f", "U", "b1"], "h", {"alpha": 0.5, "beta": 2.0, "transB": 0}),
        ("Constant", [], "c", {"value_floats": [1.0, 2.0, 3.0, 4.0]}),
        ("Add", ["h", "c"], "g", {}),
        ("Clip", ["g", "low", "high"], "a", {}),
        ("Gemm", ["a", "W2", "b2"], "q", {"transB": 1}),
        ("LeakyRelu", ["q"], "y", {"alpha": 0.01}),
    ]
    whole = onnx_bytes(nodes_of(rows), {"W1": W1, "b1": b1, "W2": W2, "b2": b2} | SCALARS)
    assert loaded(whole)[0].activations == ("hardtanh", "leaky_relu")
    rng = np.random.default_rng(5)
    for _ in range(600):
        data = np.frombuffer(whole, np.uint8).copy()
        where = rng.integers(len(data), size=2)
        data[where] = rng.integers(256, size=2)
        result = outcome(data.tobytes())
        assert 11 <= len(result) < 600 if isinstance(result, str) else np.isfinite(result[1]).all()
