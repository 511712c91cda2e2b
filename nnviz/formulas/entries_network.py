"""Formulas of the catalogue: neuron and network, activations, losses, back-propagation, the worked example."""

from __future__ import annotations

import re

from nnviz.core.activations import ACTIVATIONS, ELEMENTWISE_NAMES
from nnviz.core.losses import LOSSES
from nnviz.formulas import live
from nnviz.formulas.entry import ETA, A, B, Entry, M, W, Z
from nnviz.formulas.letters import lines

START = {"sizes": ""}

NETWORK = (
    Entry(
        "Weighted sum of a neuron",
        r"@z = \sum_i @w_i\,@x_i + @b",
        (Z, (r"@w_i", "weight of the i-th input"), (r"@x_i", "i-th input"), B),
        "Each product is shown on the edges of the chosen neuron.",
        "network",
        START,
        live.neuron,
    ),
    Entry(
        "Activation of a neuron",
        r"@a = f(@z)",
        (A, ("f", "activation function"), Z),
        "Without f, any number of layers would be one matrix.",
        "network",
        START,
        live.activated,
    ),
    Entry(
        "A layer, for a whole batch",
        r"@Z = @W\cdot@X + @b,\qquad @A = f(@Z)",
        ((r"@X", "n × m: a sample a column"), (r"@W", "k × n"), (r"@b", "k × 1, added to each column")),
        "One product does the work of all neurons on all samples: this is how multiplication is done in batches.",
        "network",
        START | {"netview": "Matrices"},
        live.shapes,
    ),
    Entry(
        "Shapes",
        r"(k\times n)\cdot(n\times m) = (k\times m)",
        (("k", "neurons of the layer"), ("n", "neurons before it"), M),
        "The inner sizes have to agree; what remains are the outer ones.",
        "network",
        START,
        live.layer_shapes,
    ),
    Entry(
        "Layers",
        r"@A^0 = @X,\quad @A^l = f^l(@W^l@A^{l-1} + @b^l),\quad @yhat = @A^L",
        (("l", "layer, 1 to L"), (r"@yhat", "output")),
        "The input layer computes nothing; the layers between are hidden.",
        "network",
        START,
        live.layers,
    ),
    Entry(
        "Route of the data",
        r"@X \to @A^1 \to \dots \to @A^L \to @C,\qquad \frac{\partial @C}{\partial @Z^L} \to \dots "
        r"\to \frac{\partial @C}{\partial @Z^1}",
        ((r"@C", "cost"), (r"@Z^l", "weighted sums of layer l")),
        "Data goes forward, learning goes back over the same edges.",
        "start",
        {},
        live.route,
    ),
    Entry(
        "A small example",
        r"@Z = @W\cdot\begin{pmatrix}1\\2\\3\end{pmatrix} + @b",
        (W, B),
        "Small enough to check by hand: choose the data set in the sidebar.",
        "network",
        START | {"data": "small_example", "layers": 1, "units": 2},
        live.small_example,
    ),
)


def _activation(name: str) -> Entry:
    f = ACTIVATIONS[name]
    notes = {
        "sigmoid": "σ(0) = 0.5, values in (0, 1), and the slope is never above 0.25.",
        "tanh": "Values in (−1, 1), symmetric about 0; the slope is 1 at 0.",
        "relu": "The slope is 0 for z ≤ 0, at 0 too: a unit that is negative for every sample is dead.",
        "identity": "Linear: for outputs of regression.",
        "gelu": "Exact, by the error function.",
    }
    named = {"relu": "ReLU", "elu": "ELU", "selu": "SELU", "gelu": "GELU", "silu": "SiLU", "leaky_relu": "Leaky ReLU"}.get(
        name, name.capitalize()
    )
    formula = lines(rf"f(z) &= {f.formula}", rf"f'(z) &= {f.derivative_formula}")
    return Entry(
        named,
        re.sub(r"(?<![A-Za-z\\])z(?![A-Za-z])", "@z", formula),
        (Z, ("f", "activation"), ("f'", "its slope")),
        notes.get(name, ""),
        "activations",
        {"actview": "Side by side", "acts": [name]},
        lambda here, colours: live.at_neuron(f, here, colours),
    )


ACTIVATION = (
    *(_activation(name) for name in ELEMENTWISE_NAMES),
    Entry(
        "Softmax",
        lines(
            r"@a_i &= \frac{e^{@z_i}}{\sum_j e^{@z_j}}",
            r"\frac{\partial @a_i}{\partial @z_j} &= @a_i(\delta_{ij} - @a_j),\quad J = \mathrm{diag}(@a) " r"- @a\,@a^\top",
        ),
        ((r"@z_i", "logit of class i"), (r"@a_i", "probability of class i"), (r"\delta_{ij}", "1 where i = j, else 0")),
        "Sums to 1, and a number added to all logits changes nothing. Divided by a temperature T, they become sharper (T < 1) or flatter.",
        "activations",
        {"actview": "Softmax"},
        live.softmax,
    ),
)


def _loss(name: str, title: str, note: str, more: str = "") -> Entry:
    loss = LOSSES[name]
    rows = [rf"L &= {loss.formula}", rf"\frac{{\partial L}}{{\partial \hat y}} &= {loss.derivative_formula}"] + ([more] if more else [])
    formula = re.sub(r"\\hat y", "@yhat", lines(*rows))
    formula = re.sub(r"(?<![A-Za-z\\@])(y|L)(?![A-Za-z])", r"@\1", formula)
    state = {"lossview": "Over ŷ", "losses": [name]}
    symbols = ((r"@L", "loss of one sample"), (r"@yhat", "prediction"), (r"@y", "target"))
    return Entry(title, formula, symbols, note, "losses", state, lambda here, colours: live.first_loss(name, here, colours))


LOSS = (
    _loss("half_squared_error", "Half squared error", "Summed over the outputs. The ½ makes the derivative plain."),
    _loss(
        "binary_cross_entropy",
        "Binary cross-entropy",
        "With a sigmoid output the slope in z is ŷ − y: the sigmoid's own slope cancels.",
        r"\hat y = \sigma(@z):\quad \frac{\partial L}{\partial @z} &= \hat y - y",
    ),
    _loss(
        "cross_entropy",
        "Categorical cross-entropy",
        "With a softmax output the slope in z is a − y.",
        r"\hat y = \mathrm{softmax}(@z):\quad \frac{\partial L}{\partial @z} &= \hat y - y",
    ),
    _loss("huber", "Huber loss", "Squared near the target, straight farther out: an outlier pulls no harder than any other error."),
    _loss("absolute_error", "Absolute error", "Its slope does not tell how near the target is."),
    Entry(
        "Cost",
        r"@C = \frac1m\sum_{i=1}^m @L_i",
        ((r"@C", "cost: what is minimised"), (r"@L_i", "loss of sample i"), M),
        "The mean of the single losses.",
        "losses",
        {"lossview": "On the data"},
        live.cost,
    ),
    Entry(
        "Cross-entropy from logits",
        r"@L = \ln\!\big(1 + e^{@z}\big) - @y\,@z,\qquad \ln\sum_j e^{@z_j} = @z_{\max} + \ln\sum_j " r"e^{@z_j - @z_{\max}}",
        (Z, (r"@y", "target")),
        "Exact at z = ±1000, where a clipped probability stops learning.",
        "losses",
        {"lossview": "Over the logit"},
        live.from_logits,
    ),
)

BACKPROPAGATION = (
    Entry(
        "Error of the output layer",
        r"@delta^L = \frac{\partial @C}{\partial @Z^L}",
        ((r"@delta^l", "derivative of the cost in layer l's weighted sums"), ("L", "last layer")),
        "The cost's 1/m is in it, once.",
        "backpropagation",
        {"backview": "δ of every layer"},
        live.output_delta,
    ),
    Entry(
        "Error of a hidden layer",
        r"@delta^l = \big(@W^{l+1}\big)^\top @delta^{l+1} \odot f'(@Z^l)",
        ((r"\odot", "product entry by entry"), ("f'", "slope of the activation")),
        "Each neuron collects the errors it has caused, times its own slope.",
        "backpropagation",
        {"backview": "δ of every layer"},
        live.hidden_delta,
    ),
    Entry(
        "Gradient of the weights",
        r"\frac{\partial @C}{\partial @W^l} = \frac{\partial @C}{\partial @Z^l}\cdot\frac{\partial "
        r"@Z^l}{\partial @W^l} = @delta^l\,\big(@A^{l-1}\big)^\top",
        ((r"@A^{l-1}", "what came into the layer"),),
        "Error at its end times activation at its beginning, for each weight.",
        "backpropagation",
        {"backview": "One weight"},
        live.weight_gradient,
    ),
    Entry(
        "Gradient of the biases",
        r"\frac{\partial @Z}{\partial @b} = 1,\qquad \frac{\partial @C}{\partial @b^l} = " r"\sum_{\text{samples}} @delta^l",
        ((r"@b^l", "biases of layer l"),),
        "",
        "backpropagation",
        {"backview": "One weight"},
        live.bias_gradient,
    ),
    Entry(
        "Update",
        r"@W \leftarrow @W - @eta\,@delta\,@A_{\text{prev}}^\top,\qquad @b \leftarrow @b - @eta\sum " r"@delta",
        (W, B, ETA),
        "A step against the gradient.",
        "backpropagation",
        {"backview": "One step"},
        live.update,
    ),
    Entry(
        "Chain rule along a path",
        r"\frac{\partial @C}{\partial @w} = \sum_{\text{paths}} \prod_{\text{edges}} " r"@w\,f'(@z)\;\cdots",
        ((r"@w", "a weight"),),
        "All ways from a weight to the cost, each a product of weights and slopes; there are many, and back-propagation never lists them.",
        "backpropagation",
        {"backview": "One weight"},
        live.paths,
    ),
    Entry(
        "Central difference",
        r"\frac{\partial @C}{\partial @theta_i} \approx \frac{@C(@theta + h e_i) - @C(@theta - h " r"e_i)}{2h}",
        (("h", "a small step"), ("e_i", "the i-th axis")),
        "The check of every gradient on these pages.",
        "backpropagation",
        {"backview": "Gradient check"},
        live.difference,
    ),
)

EXAMPLE = (
    Entry(
        "The worked example, forward",
        lines(
            r"@A^1 &= \sigma\!\left(\begin{pmatrix}0.2 & -0.3\\ 0.4 & 0.1\end{pmatrix}\begin{pmatrix}0.5\\0.8\end{pmatrix} + "
            r"\begin{pmatrix}0.1\\-0.1\end{pmatrix}\right)",
            r"@A^2 &= \sigma\big((0.3\ \ {-0.2})\,@A^1 + 0.05\big)",
        ),
        ((r"\sigma", "sigmoid"), (r"@A^1", "hidden layer"), (r"@A^2", "output; the target is 1")),
        "Two inputs, two hidden neurons, one output: each number can be followed by hand.",
        "start",
        {},
        live.example_forward,
    ),
    Entry(
        "The worked example, back",
        lines(
            r"@delta^2 &= (@A^2 - @y)\,\sigma'(@Z^2)",
            r"@delta^1 &= (@W^2)^\top @delta^2 \odot \sigma'(@Z^1)",
            r"@L &= \tfrac12(@A^2 - @y)^2",
        ),
        ((r"@delta^l", "error of layer l"), (r"@L", "loss")),
        "",
        "start",
        {},
        live.example_back,
    ),
)
