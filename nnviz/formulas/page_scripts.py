"""What a single page computes, as a program for nnviz.core alone: each function below is one page's, and prints the numbers shown there.

`scripts.py` tells the experiment itself. To give a page a script, write its function here and hand it to `take.script` in the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nnviz.core.landscape import Plane
from nnviz.core.optimizers import ClippedByNorm, Decayed, Optimizer
from nnviz.core.surfaces import SURFACES, Surface
from nnviz.core.sweep import Sweep
from nnviz.formulas.scripts import MOST_NUMBERS, Recipe, data_imports, optimizer_code, packed, plain

NETWORK = "from nnviz.core.network import Network"
COST = "from nnviz.core.objectives import NetworkCost"


def program(title: str, imports: Iterable[str], lines: Iterable[str]) -> str:
    """The whole text."""
    body = "\n".join(lines)
    unpacks = ["import base64", "import zlib", ""] if "b64decode" in body else []
    needs = f'"""{plain(title)}, as nnviz shows it. Needs nnviz.core: NumPy and SciPy."""'
    return "\n".join([needs, "", *unpacks, "import numpy as np", "", *sorted(set(imports)), "", body]) + "\n"


def say(name: str, value: str) -> str:
    """The line that prints a number by its name."""
    return f'print(f"{name}: {{float({value})!r}}")'


def array(values: ArrayLike) -> str:
    """An array as Python: written out where it is small, else packed. ValueError where it is too large for a script."""
    values = np.asarray(values, dtype=float)
    if values.size > MOST_NUMBERS:
        raise ValueError(f"{values.size:,} numbers are needed, and a script carries at most {MOST_NUMBERS:,}: take a smaller network")
    if values.size <= 40 and np.isfinite(values).all():
        return f"np.array({values.tolist()!r})"
    return f"np.frombuffer(zlib.decompress(base64.b64decode({packed(values, '<f8')}))).reshape({values.shape})"


def _network(recipe: Recipe) -> str:
    return f"network = Network(sizes={recipe.network.sizes}, activations={recipe.network.activations})"


def _initial(recipe: Recipe) -> str:
    return f"network.initialize({recipe.initializer!r}, seed={recipe.seed})"


def _point(recipe: Recipe) -> list[str]:
    """Data, network and the current point."""
    return [*recipe.data_lines, _network(recipe), f"theta = {array(recipe.theta) if recipe.moved else _initial(recipe)}"]


def _cost(recipe: Recipe, l2: float, l1: float = 0.0, part: str = "train") -> str:
    return f"cost = NetworkCost(network, {recipe.loss.name!r}, data.{part}.X, data.{part}.Y, l2={l2!r}, l1={l1!r})"


def example(title: str, X: ArrayLike, y: ArrayLike, theta: ArrayLike) -> str:
    """Start: the worked example."""
    lines = [
        'network = Network((2, 2, 1), "sigmoid")',
        f"X, Y = {array(X)}, {array(np.reshape(y, (-1, 1)))}",
        f"theta = {array(theta)}",
        'value, gradient = NetworkCost(network, "half_squared_error", X, Y).value_and_gradient(theta)',
        say("prediction", "network.predict(theta, X)[0, 0]"),
        say("cost", "value"),
        *(say(f"derivative {i}", f"gradient[{i}]") for i in range(np.size(theta))),
    ]
    return program(title, [NETWORK, COST], lines)


def neuron(recipe: Recipe, row: int, layer: int, unit: int) -> str:
    """Network: one sample's passes and one neuron in them."""
    lines = [
        *_point(recipe),
        f"X, Y = data.inputs[:, [{row}]], data.target_scale(data.Y[:, [{row}]])",
        "forward = network.forward(theta, X)",
        f"backward = network.backward(theta, forward, Y, {recipe.loss.name!r})",
        *([say("z", f"forward.z({layer})[{unit}, 0]"), say("delta", f"backward.d({layer})[{unit}, 0]")] if layer else []),
        say("a", f"forward.A[{layer}][{unit}, 0]"),
    ]
    return program(f"Sample {row}, layer {layer}, neuron {unit + 1} of {recipe.title}", [data_imports(recipe), NETWORK], lines)


def derivative(recipe: Recipe, row: int, place: int) -> str:
    """Backpropagation: one parameter's derivative, of a sample and of the whole cost."""
    lines = [
        *_point(recipe),
        _cost(recipe, recipe.l2),
        f"X, Y = data.inputs[:, [{row}]], data.target_scale(data.Y[:, [{row}]])",
        f"backward = network.backward(theta, network.forward(theta, X), Y, {recipe.loss.name!r})",
        say("derivative of the sample's loss", f"backward.gradient[{place}]"),
        say("derivative of the cost", f"cost.gradient(theta)[{place}]"),
    ]
    return program(f"Parameter {place} of {recipe.title}, sample {row}", [data_imports(recipe), NETWORK, COST], lines)


def activations(names: Sequence[str], z: float) -> str:
    """Activations: values and slopes at one z."""
    lines = [f"z = {z!r}", f"for name in {tuple(names)!r}:", "    f = get_activation(name)"]
    lines += ['    print(f"{name}: {float(f(z))!r}")', '    print(f"{name}, slope: {float(f.derivative(z))!r}")']
    return program(f"Activations at z = {z:g}", ["from nnviz.core.activations import get_activation"], lines)


def losses(names: Sequence[str], prediction: float, target: float) -> str:
    """Losses: what one prediction costs, and the slope."""
    lines = [
        f"a, y = np.array([[{prediction!r}]]), np.array([[{target!r}]])",
        f"for name in {tuple(names)!r}:",
        "    loss = get_loss(name)",
    ]
    lines += ['    print(f"{name}: {float(loss.values(a, y)[0])!r}")']
    lines += ['    print(f"{name}, slope: {float(loss.derivative(a, y)[0, 0])!r}")']
    return program(f"Losses of {prediction:g} for {target:g}", ["from nnviz.core.losses import get_loss"], lines)


def descent(
    surface: Surface, start: Sequence[float], runs: Mapping[str, Optimizer], steps: int, schedule: str, noise: float, seed: int
) -> str:
    """Optimisers: where each run on the surface ends, and how high."""
    made, source = _surface(surface)
    objective = f"Noisy(surface, {noise!r}, {seed})" if noise else "surface"
    imports = ["from nnviz.core.descent import descend"]
    imports += [f"from nnviz.core.surfaces import {', '.join([*(['Noisy'] if noise else []), source])}"]
    imports += [f"from nnviz.core.optimizers import {', '.join(['OPTIMIZERS', *_wrappers(runs.values())])}"]
    lines = [f"surface = {made}", f"start = {list(start)!r}"]
    for name, optimizer in runs.items():
        scheduled = "" if schedule == "constant" else f", schedule={schedule!r}"
        lines += [
            f"run = descend({objective}, {optimizer_code(optimizer)}, start, steps={steps}{scheduled})",
            say(f"{name}, value", "run.value[-1]"),
            *(say(f"{name}, {axis}", f"run.theta[-1, {i}]") for i, axis in enumerate("xy")),
        ]
    return program(f"{len(runs)} optimisers on {surface.name.replace('_', ' ')}", imports, lines)


def _surface(surface: Surface) -> tuple[str, str]:
    """Python that makes a surface, and what it needs of the module."""
    if surface.name == "ravine":
        return f"ravine({float(surface.hessian([0.0, 0.0])[1, 1])!r})", "ravine"
    if surface == SURFACES.get(surface.name):
        return f"SURFACES[{surface.name!r}]", "SURFACES"
    return f"Surface.from_expression({surface.text!r}, {surface.bounds!r})", "Surface"


def _wrappers(optimizers: Iterable[Optimizer]) -> list[str]:
    """Names of what is wrapped around some of them."""
    found = set()
    for optimizer in optimizers:
        while isinstance(optimizer, ClippedByNorm | Decayed):
            found.add(type(optimizer).__name__)
            optimizer = optimizer.optimizer
    return sorted(found)


def landscape(
    recipe: Recipe, plane: Plane, across: tuple[tuple[float, float], tuple[float, float]], resolution: int, part: str, l2: float, l1: float
) -> str:
    """Loss landscape: the cost over the plane that is drawn."""
    (left, right), (bottom, top) = across
    lines = [
        *recipe.data_lines,
        _network(recipe),
        _cost(recipe, l2, l1, part),
        f"plane = Plane({array(plane.origin)}, {array(plane.u)}, {array(plane.v)})",
        f"alpha = np.linspace({float(left)!r}, {float(right)!r}, {resolution})",
        f"beta = np.linspace({float(bottom)!r}, {float(top)!r}, {resolution})",
        "grid = evaluate_grid(cost, plane, alpha, beta)  # a row for each beta",
        say("lowest", "np.nanmin(grid)"),
        say("highest", "np.nanmax(grid)"),
        say("at the origin of the plane", "cost.value(plane.origin)"),
    ]
    imports = [data_imports(recipe), NETWORK, COST, "from nnviz.core.landscape import Plane, evaluate_grid"]
    return program(f"The cost of {recipe.title} on a plane", imports, lines)


def curvature(recipe: Recipe, theta: ArrayLike, l2: float, l1: float, whole: bool) -> str:
    """Curvature: the Hessian at one step of the run; of a large network its ends alone."""
    lines = [*recipe.data_lines, _network(recipe), _cost(recipe, l2, l1), f"theta = {array(theta)}"]
    imports = [
        data_imports(recipe),
        NETWORK,
        COST,
        "from nnviz.core.curvature import " + ("hessian_spectrum" if whole else "top_eigenpairs"),
    ]
    lines += ["spectrum = hessian_spectrum(cost, theta)"] if whole else ["largest, _ = top_eigenpairs(cost, theta, k=1)"]
    lines += [say("largest eigenvalue", "spectrum[-1]" if whole else "largest[0]")]
    lines += [say("lowest eigenvalue", "spectrum[0]"), say("trace", "spectrum.sum()")] if whole else []
    lines += [say("gradient norm", "np.linalg.norm(cost.gradient(theta))")]
    return program(f"The Hessian of {recipe.title}", imports, lines)


def linear_map(W: ArrayLike, steps: int) -> str:
    """Eigenvalues: one matrix, once and again and again."""
    lines = [
        f"W = {array(W)}",
        "values = spectrum(W)",
        "for number, value in enumerate(values, start=1):",
        '    print(f"eigenvalue {number}, real: {float(value.real)!r}")',
        '    print(f"eigenvalue {number}, imaginary: {float(value.imag)!r}")',
        say("spectral radius", "spectral_radius(W)"),
        say("spectral norm", "singular_values(W)[0]"),
        f"growth = transient_growth(W, {steps})",
        say("largest norm of a power", "growth.peak"),
        say("reached at step", "growth.peak_step"),
    ]
    imports = [
        "from nnviz.core.eigen import singular_values, spectral_radius, spectrum",
        "from nnviz.core.stability import transient_growth",
    ]
    return program("A matrix and its powers", imports, lines)


def random_matrix(ensemble: str, n: int, seed: int, gain: float) -> str:
    """Eigenvalues: a large random matrix."""
    lines = [
        f"values = spectrum(random_matrix({ensemble!r}, {n}, seed={seed}, gain={gain!r}))",
        say("spectral radius", "np.abs(values).max()"),
    ]
    imports = ["from nnviz.core.eigen import spectrum", "from nnviz.core.linear_maps import random_matrix"]
    return program(f"{n} eigenvalues", imports, lines)


def ripple(recipe: Recipe, row: int, change: ArrayLike) -> str:
    """Ripples: one change on its way through the network."""
    lines = [
        *_point(recipe),
        f"x, change = data.inputs[:, {row}], {array(change)}",
        "found = ripple(network, theta, x, change)",
        *(say(f"size at layer {layer}", f"found.size[{layer}]") for layer in range(len(recipe.network.sizes))),
        say("strongest stretch", "most_amplified_direction(network, theta, x)[1]"),
    ]
    imports = [data_imports(recipe), NETWORK, "from nnviz.core.ripples import most_amplified_direction, ripple"]
    return program(f"A ripple through {recipe.title}", imports, lines)


def depth(activation: str, layers: int, width: int, initializer: str, gains: Sequence[float], bias: float, seed: int, gain: float) -> str:
    """Ripples: two inputs through random networks of many layers."""
    arguments = f"{activation!r}, {layers}, {width}, {tuple(gains)!r}, {initializer!r}, seeds=8, seed={seed}, bias_scale={bias!r}"
    at = list(gains).index(gain)
    lines = [
        f"study = depth_study({arguments})",
        say("growth a layer", f"np.nanmean(study.growth[{at}])"),
        say("distance at the end", f"np.nanmean(study.distance[-1, {at}])"),
    ]
    return program(f"{layers} layers of {activation}", ["from nnviz.core.ripples import depth_study"], lines)


def convolution(x: ArrayLike, kernel: ArrayLike, steps: Mapping[str, Any], flip: bool) -> str:
    """Convolution: the sums at all places, and the matrix that gives the same."""
    more = ", ".join(f"{name}={value!r}" for name, value in (dict(steps) | {"flip": flip}).items())
    lines = [
        f"x = {array(x)}",
        f"kernel = {array(kernel)}",
        f"y = convolve2d(x, kernel, {more})",
        f"T = convolution_matrix(kernel, x.shape, {more})",
        say("places", "y.size"),
        say("first place", "y[0, 0]"),
        say("last place", "y[-1, -1]"),
        say("largest difference to T times x", "np.abs(T @ x.ravel() - y.ravel()).max()"),
    ]
    return program("A convolution", ["from nnviz.core.convolution import convolution_matrix, convolve2d"], lines)


def recurrent(network: Any, theta: ArrayLike, X: ArrayLike, Y: ArrayLike, truncation: int | None) -> str:
    """Recurrent networks: the cost over time and its gradient."""
    made = f"inputs={network.inputs}, hidden={network.hidden}, outputs={network.outputs}, activation={str(network.activation)!r}"
    lines = [
        f"network = RecurrentNetwork({made})",
        f"theta = {array(theta)}",
        f"X, Y = {array(X)}, {array(Y)}",
        f'cost = RecurrentCost(network, "half_squared_error", X, Y, truncation={truncation})',
        "value, gradient = cost.value_and_gradient(theta)",
        say("cost", "value"),
        say("gradient norm", "np.linalg.norm(gradient)"),
        say("spectral radius", "network.spectral_radius(theta)"),
    ]
    return program("A recurrent network", ["from nnviz.core.recurrent import RecurrentCost, RecurrentNetwork"], lines)


def sweep(recipe: Recipe, chosen: Sweep) -> str:
    """Maps: all runs of the map."""
    optimizer = chosen.optimizer
    settings = f"loss={recipe.loss.name!r}, batch_size={chosen.batch_size}, seed={chosen.seed}, l2={chosen.l2!r}"
    lines = [
        *recipe.data_lines,
        _network(recipe),
        f"optimizer = {optimizer_code(optimizer)}",
        *_swept(chosen, f"network, data, optimizer, x, y, {chosen.steps}, {settings}, theta0={_initial(recipe)}"),
    ]
    imports = [data_imports(recipe), NETWORK, f"from nnviz.core.optimizers import {', '.join(['OPTIMIZERS', *_wrappers([optimizer])])}"]
    return program(f"A map of {recipe.title}", [*imports, "from nnviz.core.sweep import sweep"], lines)


def surface_sweep(chosen: Sweep) -> str:
    """Maps: all runs of a map over a test surface."""
    made, source = _surface(chosen.subject)
    lines = [
        f"surface = {made}",
        f"optimizer = {optimizer_code(chosen.optimizer)}",
        *_swept(chosen, f"surface, None, optimizer, x, y, {chosen.steps}, theta0={chosen.theta0.tolist()!r}"),
    ]
    imports = [f"from nnviz.core.optimizers import {', '.join(['OPTIMIZERS', *_wrappers([chosen.optimizer])])}"]
    imports += [f"from nnviz.core.surfaces import {source}", "from nnviz.core.sweep import sweep"]
    return program(f"A map of {chosen.subject.name.replace('_', ' ')}", imports, lines)


def _swept(chosen: Sweep, arguments: str) -> list[str]:
    """The lines that compute a map and tell what it shows."""
    return [
        f"x, y = ({chosen.x.name!r}, {array(chosen.x.numbers)}), ({chosen.y.name!r}, {array(chosen.y.numbers)})",
        f"found = sweep({arguments})",
        'colour = found.results["convergence"]',
        say("share that converges", "(colour < 0).mean()"),
        say("lowest", "colour.min()"),
        say("highest", "colour.max()"),
    ]


def cost_of_computation(recipe: Recipe, samples: int) -> str:
    """Cost of computation: what the experiment's network costs."""
    lines = [
        _network(recipe),
        f"total = count(network, {samples}).total",
        *(say(name, f"total.{name}") for name in ("parameters", "flops", "weight_bytes", "activation_bytes")),
    ]
    return program(f"What {recipe.title} costs", [NETWORK, "from nnviz.core.complexity import count"], lines)
