"""What the page Cost of computation asks and tells: a layer of any size, and the table of counts."""

from __future__ import annotations

from nnviz.core.complexity import ConvolutionLayer, Costs, DenseLayer
from nnviz.ui import controls, show

HEADS = ("layer", "parameters", "FLOPs forward", "FLOPs backward", "bytes of weights", "bytes of activations")


def table(costs: Costs, total: bool) -> None:
    """A layer a row, and their total."""
    rows = [*costs, costs.total] if total else list(costs)
    written = [
        [row.name, *(f"{n:,}" for n in (row.parameters, row.flops_forward, row.flops_backward, row.weight_bytes, row.activation_bytes))]
        for row in rows
    ]
    show.table(HEADS, written, "Parameters, FLOPs and bytes of each layer", chosen=len(costs) if total else None)


def dense() -> tuple[DenseLayer, int]:
    """A dense layer and a number of samples, as typed. Raises ValueError for one too large to count."""
    n, k = (
        int(controls.number(label, 1, 50_000, key=key, default=256, step=1))
        for label, key in (("Inputs n", "costn"), ("Outputs k", "costk"))
    )
    return DenseLayer(n, k), int(controls.number("Samples m", 1, 100_000, key="costm", default=1, step=1))


def convolution() -> tuple[ConvolutionLayer, int]:
    """A convolution and one picture, as typed. Raises ValueError for one too large to count, or a kernel larger than the picture."""
    side = int(controls.number("Picture, pixels a side", 1, 1024, key="costside", default=32, step=1))
    channels = int(controls.number("Channels c", 1, 1024, key="costc", default=3, step=1))
    filters = int(controls.number("Filters f", 1, 1024, key="costf", default=16, step=1))
    kernel = int(controls.slider("Kernel width k", 1, 15, key="costkernel", default=3, step=1))
    stride = int(controls.slider("Stride", 1, 4, key="coststride", default=1, step=1))
    layer = ConvolutionLayer(channels, filters, (side, side), kernel, stride)
    show.sentence(f"The window stands at p = {layer.places[0]} × {layer.places[1]} places.")
    return layer, 1
