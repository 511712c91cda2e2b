"""The worked example of the first page: its numbers in the address, its passes, one step of gradient descent, its table."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from nnviz.core.losses import LOSSES
from nnviz.core.network import Backward, Forward, Network
from nnviz.figures.theme import Theme
from nnviz.figures.timeline import BACKWARD, COST, Flow
from nnviz.formulas import network as formulas
from nnviz.formulas.numbers import fixed, significant
from nnviz.formulas.quantities import activation, error_signal, weight
from nnviz.ui import controls, show

NETWORK = Network((2, 2, 1), "sigmoid")
LOSS = LOSSES["half_squared_error"]
MOST = 100.0  # of any number that is typed
INPUTS = {"ex1": ("x₁", 0.5), "ex2": ("x₂", 0.8), "ey": ("y", 1.0)}
PARAMETERS = {  # key in the address → label and value, in the order of theta
    "ew111": ("w¹₁₁", 0.2),
    "ew112": ("w¹₁₂", -0.3),
    "ew121": ("w¹₂₁", 0.4),
    "ew122": ("w¹₂₂", 0.1),
    "eb11": ("b¹₁", 0.1),
    "eb12": ("b¹₂", -0.1),
    "ew211": ("w²₁₁", 0.3),
    "ew212": ("w²₁₂", -0.2),
    "eb21": ("b²₁", 0.05),
}
STEPS = "example steps"  # session_state: the costs before and after the last step, and how many there were


@dataclass(frozen=True)
class Example:
    """The network's numbers as they are typed, and all that follows from them."""

    X: np.ndarray  # (2, 1)
    y: np.ndarray  # (1,)
    theta: np.ndarray  # (9,)
    forward: Forward = field(init=False)
    backward: Backward = field(init=False)
    cost: float = field(init=False)

    def __post_init__(self) -> None:
        forward = NETWORK.forward(self.theta, self.X)
        target = self.y[:, None]
        object.__setattr__(self, "forward", forward)
        object.__setattr__(self, "backward", NETWORK.backward(self.theta, forward, target, LOSS))
        object.__setattr__(self, "cost", float(LOSS.values(forward.output, target)[0]))

    def step(self, rate: float) -> Example:
        """One step of gradient descent, `θ ← θ − η·∇C`."""
        return Example(self.X, self.y, self.theta - rate * self.backward.gradient)


def fields() -> Example:
    """The number fields, side by side, and the example that they describe."""
    values = {}
    for title, numbers in (("Inputs and target", INPUTS), ("Weights and biases", PARAMETERS)):
        show.heading(title)
        with st.container(horizontal=True, key=f"example-{title.split()[0].lower()}"):
            for key, (label, default) in numbers.items():
                values[key] = float(controls.number(label, -MOST, MOST, key=key, default=default, step=0.1, format="%.4g", width=142))
    return _example(values)


def typed() -> Example:
    """The example as it stands in the fields, as a callback finds it."""
    return _example({key: float(st.session_state.get(key, default)) for key, (_, default) in (INPUTS | PARAMETERS).items()})


def _example(values: dict[str, float]) -> Example:
    X = np.array([[values["ex1"]], [values["ex2"]]])
    return Example(X, np.array([values["ey"]]), np.array([values[key] for key in PARAMETERS]))


def take_step() -> None:
    """The button's work: new weights into the fields; what the cost was and is."""
    before = typed()
    after = before.step(float(st.session_state["erate"]))
    after = _example(
        dict(zip(("ex1", "ex2", "ey"), (*before.X[:, 0], before.y[0]), strict=True))
        | dict(zip(PARAMETERS, np.clip(after.theta, -MOST, MOST), strict=True))
    )
    for key, value in zip(PARAMETERS, after.theta, strict=True):
        st.session_state[key] = float(value)
    count = st.session_state.get(STEPS, (0, 0.0, 0.0))[0] + 1
    st.session_state[STEPS] = (count, before.cost, after.cost)


def start_over() -> None:
    """All numbers back to the example's, and the count of steps to 0."""
    controls.reset((*INPUTS, *PARAMETERS, "erate"))
    st.session_state.pop(STEPS, None)


def steps_sentence(example: Example) -> str:
    """What the steps did to the cost; nothing of it where numbers were typed since."""
    count, before, after = st.session_state.get(STEPS, (0, 0.0, 0.0))
    now = f"C = **{fixed(example.cost, 6)}**"
    if count == 0:
        return f"{now} before the first step."
    told = f"Step {count} took C from {fixed(before, 6)} to **{fixed(after, 6)}**"
    if abs(after - example.cost) > 1e-12:
        return f"{told}; numbers were changed since, and now {now}."
    return f"{told}, {'down' if after < before else 'up'} by {fixed(abs(after - before), 6)}."


def explanation(example: Example, flow: Flow, stop: int, theme: Theme) -> None:
    """The formulas of the step on which the player rests."""
    kind, layer, colours = flow.kinds[stop], flow.layers[stop], theme.symbols
    passes = (NETWORK, example.theta, example.forward)
    if kind == COST:
        show.heading("The loss of the sample")
        show.formula(formulas.cost_of_one(NETWORK, example.forward, LOSS, example.y, example.cost, colours), "loss")
        show.sentence("How far the output is from the target. From here the error signal δ flows back.")
    elif layer == 0:
        show.heading("The input")
        pairs = [activation(NETWORK, example.forward, 0, unit) for unit in range(2)]
        show.formula(formulas.aligned([f"{x.symbol(colours)} &= {x.number(colours)}" for x in pairs]), "input")
        show.sentence("The input layer computes nothing: it hands the numbers on.")
    else:
        for unit in range(NETWORK.sizes[layer]):
            show.heading("The output neuron" if layer == 2 else f"Hidden neuron {unit + 1}")
            if kind == BACKWARD:
                show.formula(
                    formulas.neuron_backward(
                        *passes, example.backward, LOSS, example.y, layer, unit, colours, range(NETWORK.sizes[layer - 1])
                    ),
                    f"neuron-{unit}",
                )
            else:
                show.formula(formulas.neuron_forward(*passes, layer, unit, colours), f"neuron-{unit}")


def step_formula(example: Example, rate: float, theme: Theme) -> None:
    """The step as a formula, with the numbers of one weight."""
    w, colours = weight(NETWORK, example.theta, 2, 0, 0), theme.symbols
    terms = error_signal(example.backward, 2, 0), activation(NETWORK, example.forward, 1, 0)
    show.formula(formulas.gradient_step(w, terms, rate, colours), "gradient-step")


def table(example: Example, theme: Theme) -> None:
    """Every intermediate with six digits."""
    heads = ("neuron", "z", "a", "σ′(z)", "δ = ∂C/∂b", "∂C/∂w₁", "∂C/∂w₂")
    gradients, rows = NETWORK.unpack(example.backward.gradient), []
    for layer, unit, name in ((1, 0, "hidden 1"), (1, 1, "hidden 2"), (2, 0, "output")):
        z, a = example.forward.z(layer)[unit, 0], example.forward.A[layer][unit, 0]
        slope, gradient = formulas.slope(NETWORK, example.forward, layer, unit), gradients[layer - 1]
        numbers = (z, a, slope, gradient.b[unit, 0], *gradient.W[unit])
        rows.append([name, *(fixed(float(value), 6) for value in numbers)])
    symbols = theme.symbols
    colours = {"z": symbols["z"], "a": symbols["a"], heads[4]: symbols["delta"], heads[5]: symbols["w"], heads[6]: symbols["w"]}
    show.table(heads, rows, "Every number that the network computes, six digits", colours)


def alt(example: Example) -> str:
    """What the graph shows, in words."""
    hidden = " and ".join(fixed(float(a)) for a in example.forward.A[1][:, 0])
    inputs = " and ".join(significant(float(x)) for x in example.X[:, 0])
    output, target = fixed(float(example.forward.output[0, 0])), significant(float(example.y[0]))
    return (
        f"A network of two inputs {inputs}, two hidden neurons with activations {hidden}, "
        f"an output of {output} for the target {target}, cost {fixed(example.cost)}"
    )
