"""Golden numbers of PyTorch's conv2d, unfold, fold and pooling in float64, kept in convolution.npz beside this file.

Run with a Python that has PyTorch: `python tests/references/make_convolution.py`. The tests read the numbers, never PyTorch.
"""

from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
PICTURES = torch.randn(2, 3, 9, 8)
KERNELS = {"3x3": torch.randn(2, 3, 3, 3), "2x4": torch.randn(4, 3, 2, 4)}
GRID = product(KERNELS, (1, 2, (2, 3)), (0, 2, (1, 3), "valid", "same"), (1, 2))


def main() -> None:
    """Write every case as `case/<kernel>/<stride>/<padding>/<dilation>/<output | x_gradient | kernel_gradient>`."""
    kept = {"pictures": PICTURES.numpy()} | {f"kernel/{name}": kernel.numpy() for name, kernel in KERNELS.items()}
    for name, stride, padding, dilation in GRID:
        if padding == "same" and stride != 1:
            continue
        x, kernel = PICTURES.clone().requires_grad_(), KERNELS[name].clone().requires_grad_()
        y = functional.conv2d(x, kernel, stride=stride, padding=padding, dilation=dilation)
        (y**3).sum().backward()
        case = f"case/{name}/{stride}/{padding}/{dilation}"
        kept |= {
            f"{case}/output": y.detach().numpy(),
            f"{case}/x_gradient": x.grad.numpy(),
            f"{case}/kernel_gradient": kernel.grad.numpy(),
        }
    columns = functional.unfold(PICTURES, (2, 3), dilation=(2, 1), padding=(1, 2), stride=(1, 2))
    kept["columns"] = columns.numpy()
    kept["folded"] = functional.fold(columns, (9, 8), (2, 3), dilation=(2, 1), padding=(1, 2), stride=(1, 2)).numpy()
    for size, stride in ((2, 2), (3, 2), (3, 1)):
        x = PICTURES.clone().requires_grad_()
        values, indices = functional.max_pool2d(x, size, stride, return_indices=True)
        (values**2).sum().backward()
        kept |= {f"max/{size}/{stride}/values": values.detach().numpy(), f"max/{size}/{stride}/indices": indices.numpy()}
        kept[f"max/{size}/{stride}/gradient"] = x.grad.numpy()
        x = PICTURES.clone().requires_grad_()
        values = functional.avg_pool2d(x, size, stride)
        (values**2).sum().backward()
        kept |= {f"average/{size}/{stride}/values": values.detach().numpy(), f"average/{size}/{stride}/gradient": x.grad.numpy()}
    np.savez_compressed(Path(__file__).with_name("convolution.npz"), **kept)


if __name__ == "__main__":
    main()
