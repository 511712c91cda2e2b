"""Dense networks written as ONNX graphs: `Gemm` or `MatMul` + `Add`, and the activations that we have, told by what is computed.

The graph is read as data and never run. Its nodes are walked in order; each value is a constant, or an elementwise expression of the
last layer's `z`, in a normal form (`Mul(x, Sigmoid(x))` and `Swish(x)` are both silu, GELU is known by its erf). Samples lie in rows, as
PyTorch and Keras write them, or in columns.

Source: ONNX operator specification, https://onnx.ai/onnx/operators/.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nnviz.core.convolution import Array
from nnviz.core.state_dict import MOST_LAYERS, Dense, Refused, check_finite, check_size

MOST_NODES = 10_000
UNCHANGED = ("Identity", "Dropout", "Cast")  # a cast between floating-point types only rounds
FLOATS = ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16")
# The attributes of an activation, in order, with ONNX's defaults.
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "Sigmoid": {},
    "Tanh": {},
    "Relu": {},
    "Softplus": {},
    "Softsign": {},
    "Mish": {},
    "Erf": {},
    "Abs": {},
    "LeakyRelu": {"alpha": 0.01},
    "Elu": {"alpha": 1.0},
    "Selu": {"alpha": 1.6732632, "gamma": 1.0507010},
    "HardSigmoid": {"alpha": 0.2, "beta": 0.5},
    "Swish": {"alpha": 1.0},
    "Gelu": {"approximate": b"none"},
}
KNOWN = {
    "x": "identity",
    "Sigmoid(x)": "sigmoid",
    "Tanh(x)": "tanh",
    "Relu(x)": "relu",
    "Softplus(x)": "softplus",
    "Softsign(x)": "softsign",
    "1/(1+Abs(x))·x": "softsign",
    "Mish(x)": "mish",
    "Tanh(Softplus(x))·x": "mish",
    "LeakyRelu[0.01](x)": "leaky_relu",
    "Elu[1](x)": "elu",
    "Selu[1.673,1.051](x)": "selu",
    "HardSigmoid[0.1667,0.5](x)": "hardsigmoid",
    "Clip[-1,1](x)": "hardtanh",
    "Swish[1](x)": "silu",
    "Sigmoid(x)·x": "silu",
    "Gelu[none](x)": "gelu",
    "0.5·(1+Erf(0.7071·x))·x": "gelu",
    "Softmax(x)": "softmax",
}


@dataclass(frozen=True)
class Value:
    """An elementwise expression of the last layer's z: a scale times factors."""

    stamp: int  # which state of the last layer it was made from
    columns: bool | None  # samples in columns, in rows, or not known yet
    scale: float = 1.0
    factors: tuple[str, ...] = ("x",)

    @property
    def expression(self) -> str:
        """The normal form."""
        scale = [] if self.scale == 1.0 else [f"{self.scale:.4g}"]
        return "·".join([*scale, *sorted(self.factors)])


@dataclass
class Reading:
    """What was understood of the graph so far."""

    constants: dict[str, Array]
    values: dict[str, Value]
    opset: int
    layers: list[Dense] = field(default_factory=list)
    activations: list[str] = field(default_factory=list)
    stamp: int = 0
    numbers: int = 0

    def value(self, name: str, node: str) -> Value:
        """The value of that name; it must belong to the last layer as it now is."""
        if name not in self.values:
            raise Refused(
                f"the ONNX node {node} reads {name[:60]!r}, which no node before it gives: only a chain of dense layers can be read"
            )
        if self.values[name].stamp != self.stamp:
            raise Refused(f"the ONNX node {node} reads {name[:60]!r} past a later layer: a graph with branches is no chain of dense layers")
        return self.values[name]


def read_onnx(data: bytes) -> tuple[list[Dense], list[str]]:
    """The layers and the names of their activations, from the bytes of an ONNX model.

    Raises
    ------
    ValueError
        Bytes that are no model, weights kept in another file, a node that is no dense layer and no activation of ours, branches.
    """
    import onnx  # half a second, and only who brings an ONNX file needs it

    try:
        with np.errstate(all="ignore"):  # what is no number any more is told by check_finite
            return _read_model(onnx.load_model_from_string(data))
    except Refused:
        raise
    except Exception as error:  # protobuf's own errors, and what Python and NumPy say of a missing input or an odd attribute
        raise Refused(
            f"the ONNX file is broken, cut short, or has a node without the inputs and attributes of its kind ({str(error)[:100]}): "
            "export it again"
        ) from None


def _read_model(model: Any) -> tuple[list[Dense], list[str]]:
    graph = model.graph
    if not graph.node or len(graph.node) > MOST_NODES:
        raise Refused(f"the ONNX graph has {len(graph.node)} nodes: between 1 and {MOST_NODES:,} can be read; is the file whole?")
    opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=1)
    reading = Reading({}, {}, opset)
    for tensor in graph.initializer:
        reading.constants[tensor.name] = _array(reading, tensor)
    inputs = [entry.name for entry in graph.input if entry.name not in reading.constants]
    if len(inputs) != 1 or len(graph.output) != 1:
        raise Refused(f"the ONNX graph has {len(inputs)} inputs and {len(graph.output)} outputs: a chain of dense layers has one of each")
    reading.values[inputs[0]] = Value(0, None)
    for node in graph.node:
        _read_node(reading, node)
    last = reading.value(graph.output[0].name, "output")
    if not reading.layers:
        raise Refused("the ONNX graph has no Gemm or MatMul with constant weights: only dense layers can be read")
    reading.activations.append(_activation(last))
    return reading.layers, reading.activations


def _read_node(reading: Reading, node: Any) -> None:
    inputs, output = list(node.input), node.output[0] if node.output else ""
    constant = [name in reading.constants for name in inputs]
    if node.op_type == "Constant":
        reading.constants[output] = _constant(reading, node)
    elif node.op_type in (*UNCHANGED, "Transpose") and constant[0]:
        reading.constants[output] = _rearranged(reading.constants[inputs[0]], node)
    elif node.op_type in UNCHANGED or _is_flat_input(reading, node):
        _cast_type(node)
        _check_dropout(reading, node)
        reading.values[output] = reading.value(inputs[0], node.op_type)
    elif node.op_type == "Transpose":
        reading.values[output] = _transposed(reading.value(inputs[0], node.op_type), node)
    elif node.op_type in ("Gemm", "MatMul"):
        reading.values[output] = _affine(reading, node)
    elif node.op_type in ("Add", "Mul", "Div"):
        reading.values[output] = _arithmetic(reading, node)
    elif node.op_type in ("Softmax", "Clip", *ATTRIBUTES):
        reading.values[output] = _function(reading, node)
    else:
        raise Refused(
            f"the ONNX graph holds the node {node.op_type[:40]!r}: only Gemm, MatMul, Add and the activations of this app can be "
            "read; export the dense part of the model alone"
        )


def _rearranged(array: Array, node: Any) -> Array:
    """A constant transposed, cast, or as it is."""
    if node.op_type == "Transpose":
        return np.transpose(array, _attributes(node).get("perm"))
    return array.astype(_cast_type(node)).astype(float)


def _cast_type(node: Any) -> Any:
    """The NumPy type that a node makes of numbers: a Cast's, which must be floating-point, else float."""
    from onnx import TensorProto, helper

    if node.op_type != "Cast":
        return float
    to = _attributes(node)["to"]
    if TensorProto.DataType.Name(to) not in FLOATS:
        raise Refused(f"the ONNX node Cast makes its numbers {TensorProto.DataType.Name(to)}: only {', '.join(FLOATS)} can be read")
    return helper.tensor_dtype_to_np_dtype(to)


def _check_dropout(reading: Reading, node: Any) -> None:
    """A Dropout passes its data on as they are, but for one in training mode (its third input), which draws at random."""
    if node.op_type != "Dropout" or len(node.input) < 3 or not node.input[2]:
        return
    if _known_constant(reading, node.input[2], node.op_type).any():
        raise Refused("the ONNX node Dropout is in training mode, where it answers at random: export the model after model.eval()")


def _transposed(value: Value, node: Any) -> Value:
    """The data with samples and features changed over, where perm does not keep them."""
    perm = list(_attributes(node).get("perm", (1, 0)))
    if sorted(perm) != [0, 1]:
        raise Refused(
            f"the ONNX node Transpose has perm {perm[:8]}: the data of dense layers have two dimensions, the samples and the features"
        )
    return value if perm == [0, 1] or value.columns is None else replace(value, columns=not value.columns)


def _is_flat_input(reading: Reading, node: Any) -> bool:
    """Whether it makes rows of the input, as models do that begin with a Flatten."""
    return node.op_type == "Flatten" and not reading.layers and _attributes(node).get("axis", 1) == 1


def _affine(reading: Reading, node: Any) -> Value:
    """Gemm or MatMul of the data with constant weights: a new layer."""
    how = _attributes(node) if node.op_type == "Gemm" else {}
    left, right = node.input[0], node.input[1]
    weights_left = left in reading.constants
    if weights_left == (right in reading.constants):
        raise Refused(f"the ONNX node {node.op_type} needs the data on one side and constant weights on the other: this one has not")
    matrix = reading.constants[left if weights_left else right]
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise Refused(f"the ONNX node {node.op_type} has weights of shape {matrix.shape}: a dense layer's have two dimensions")
    matrix = matrix.T if how.get("transA" if weights_left else "transB", 0) else matrix
    value = reading.value(right if weights_left else left, node.op_type)
    turned = bool(how.get("transB" if weights_left else "transA", 0))
    if value.columns is not None and value.columns != (weights_left != turned):
        raise Refused(f"the ONNX node {node.op_type} multiplies over the samples instead of the features: only dense layers can be read")
    _add_layer(reading, value, float(how.get("alpha", 1.0)) * (matrix if weights_left else matrix.T))
    made = Value(reading.stamp, weights_left)
    if len(node.input) > 2 and node.input[2]:
        made = _add_bias(reading, made, float(how.get("beta", 1.0)) * _known_constant(reading, node.input[2], node.op_type))
    return made


def _add_layer(reading: Reading, value: Value, W: Array) -> None:
    if reading.layers:
        reading.activations.append(_activation(value))
        if W.shape[1] != len(reading.layers[-1][0]):
            raise Refused(
                f"an ONNX layer's weights are {W.shape}, after a layer of {len(reading.layers[-1][0])} outputs: they need as many columns"
            )
    elif value.expression != "x":
        raise Refused(f"the ONNX graph computes {value.expression[:60]} before the first layer: only dense layers can be read")
    if len(reading.layers) >= MOST_LAYERS:
        raise Refused(f"the ONNX graph has more than {MOST_LAYERS} layers: take a smaller network")
    check_finite(f"weights of ONNX layer {len(reading.layers) + 1}", W)
    reading.layers.append((W, np.zeros(len(W))))
    reading.stamp += 1


def _add_bias(reading: Reading, value: Value, bias: Array) -> Value:
    W, b = reading.layers[-1]
    fitting = [(len(W), 1)] if value.columns else [(len(W),), (1, len(W))]
    if bias.size != 1 and bias.shape not in fitting:
        raise Refused(f"an ONNX layer's bias is {bias.shape} and its weights are {W.shape}: the bias needs one number for each output")
    b = b + bias.reshape(-1)
    check_finite(f"bias of ONNX layer {len(reading.layers)}", b)
    reading.layers[-1] = (W, b)
    reading.stamp += 1
    return replace(value, stamp=reading.stamp)


def _arithmetic(reading: Reading, node: Any) -> Value:
    """Add, Mul or Div: a bias, or a step of an activation."""
    left, right = node.input[0], node.input[1]
    if left in reading.constants and node.op_type != "Div":
        left, right = right, left
    value = reading.value(left, node.op_type)
    if right not in reading.constants:
        return _combined(value, reading.value(right, node.op_type), node.op_type)
    constant = reading.constants[right]
    if node.op_type == "Add" and reading.layers and value.expression == "x":
        return _add_bias(reading, value, constant)
    if constant.size != 1:
        raise Refused(f"the ONNX node {node.op_type} takes a constant of shape {constant.shape} outside a dense layer: only a bias can")
    number = float(constant.reshape(-1)[0])
    if node.op_type == "Add":
        return replace(value, scale=1.0, factors=(f"({number:.4g}+{value.expression})",))
    if node.op_type == "Div" and number == 0.0:
        raise Refused("the ONNX graph divides by 0: no activation of this app does")
    return replace(value, scale=value.scale * (number if node.op_type == "Mul" else 1 / number))


def _combined(one: Value, other: Value, operation: str) -> Value:
    if operation == "Add" or len(one.factors + other.factors) > 8 or len(other.expression) > 200:
        raise Refused(f"the ONNX node {operation} joins two branches of the graph: only a chain of dense layers can be read")
    if operation == "Div":
        return replace(one, factors=(*one.factors, f"1/{other.expression}"))
    return replace(one, scale=one.scale * other.scale, factors=one.factors + other.factors)


def _function(reading: Reading, node: Any) -> Value:
    """An activation of one input."""
    value, how = reading.value(node.input[0], node.op_type), _attributes(node)
    if node.op_type == "Softmax":
        axis = how.get("axis", -1 if reading.opset >= 13 else 1)
        if axis not in ((0, -2) if value.columns else (1, -1)):
            raise Refused(f"the ONNX node Softmax works along axis {axis}, over the samples: it must work over the units of its layer")
        name = "Softmax"
    elif node.op_type == "Clip":
        limits = [_known_constant(reading, name, "Clip").item() for name in list(node.input)[1:3] if name]
        limits = limits or [how.get("min", -np.inf), how.get("max", np.inf)]
        name = f"Clip[{_listed(limits)}]"
    else:
        settings = [how.get(key, default) for key, default in ATTRIBUTES[node.op_type].items()]
        name = f"{node.op_type}[{_listed(settings)}]" if settings else node.op_type
    if len(value.expression) > 200:
        raise Refused(f"the ONNX graph computes {value.expression[:60]}… between two layers: no activation of this app does")
    return replace(value, scale=1.0, factors=(f"{name}({value.expression})",))


def _activation(value: Value) -> str:
    if value.expression not in KNOWN:
        raise Refused(
            f"the ONNX graph computes {value.expression[:80]} after a layer (x is its weighted sum): no activation of this app does; "
            f"choose from {', '.join(sorted(set(KNOWN.values())))}"
        )
    return KNOWN[value.expression]


def _array(reading: Reading, tensor: Any) -> Array:
    from onnx import TensorProto, numpy_helper

    name = f"the ONNX tensor {tensor.name[:60]!r}"
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise Refused(f"{name} lies in another file: export the model with its weights inside (save_as_external_data=False)")
    reading.numbers = check_size(name, tensor.dims, reading.numbers)
    if tensor.data_type in (TensorProto.STRING, TensorProto.COMPLEX64, TensorProto.COMPLEX128, TensorProto.UNDEFINED):
        raise Refused(f"{name} holds no real numbers: only weights can be read")
    try:
        return np.asarray(numpy_helper.to_array(tensor)).astype(float).reshape(tuple(tensor.dims))
    except Exception as error:  # what a tensor whose dims and data disagree raises differs from type to type
        raise Refused(
            f"{name} claims shape {tuple(tensor.dims)[:8]}, which is not what it holds ({str(error)[:100]}): export it again"
        ) from None


def _constant(reading: Reading, node: Any) -> Array:
    how = _attributes(node)
    for key in ("value_float", "value_floats", "value_int", "value_ints"):
        if key in how:
            return np.asarray(how[key], dtype=float)
    if "value" not in how:
        raise Refused("an ONNX Constant holds no numbers: only weights can be read")
    return _array(reading, how["value"])


def _known_constant(reading: Reading, name: str, node: str) -> Array:
    if name not in reading.constants:
        raise Refused(f"the ONNX node {node} reads {name[:60]!r}, which is not constant: only a chain of dense layers can be read")
    return reading.constants[name]


def _attributes(node: Any) -> dict[str, Any]:
    import onnx

    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def _listed(numbers: Sequence[Any]) -> str:
    return ",".join(number.decode(errors="replace") if isinstance(number, bytes) else f"{number:.4g}" for number in numbers)
