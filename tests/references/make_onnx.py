"""Small networks as PyTorch's own exporter writes them to ONNX, with inputs and outputs, kept in onnx.npz beside this file.

Run with a Python that has PyTorch and onnx: `python tests/references/make_onnx.py`. The tests read the files, never PyTorch.
"""

import io
from pathlib import Path

import numpy as np
import torch
from torch import nn

ACTIVATIONS = {
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(),
    "elu": nn.ELU(),
    "selu": nn.SELU(),
    "softplus": nn.Softplus(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "mish": nn.Mish(),
    "hardsigmoid": nn.Hardsigmoid(),
    "hardtanh": nn.Hardtanh(),
    "softsign": nn.Softsign(),
}


def main() -> None:
    """Write `<activation>/<model | x | y>`."""
    torch.manual_seed(0)
    kept = {}
    for name, activation in ACTIVATIONS.items():
        network, x, file = (
            nn.Sequential(nn.Flatten(), nn.Linear(4, 3), activation, nn.Linear(3, 2), nn.Softmax(dim=-1)),
            torch.randn(5, 4),
            io.BytesIO(),
        )
        torch.onnx.export(network, x, file, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "samples"}})
        kept |= {
            f"{name}/model": np.frombuffer(file.getvalue(), dtype=np.uint8),
            f"{name}/x": x.numpy(),
            f"{name}/y": network(x).detach().numpy(),
        }
    np.savez_compressed(Path(__file__).with_name("onnx.npz"), **kept)


if __name__ == "__main__":
    main()
