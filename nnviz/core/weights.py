"""Models in and out: the weights of a dense network as npz, safetensors or ONNX.

A file comes from anywhere, so it is data and never code: its kind is told by its first bytes, what it claims is compared with what it
holds before memory is taken, and pickles, which run programs when they are opened, are refused unread.

Source: safetensors format, https://huggingface.co/docs/safetensors; NumPy enhancement proposal 1 (npy format).
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import IO, Any

import numpy as np
from numpy.typing import ArrayLike

from nnviz.core.activations import Activation
from nnviz.core.arrays import numbers
from nnviz.core.convolution import Array
from nnviz.core.network import Network
from nnviz.core.state_dict import MOST_BYTES, Dense, Refused, check_size, dense_layers

File = str | os.PathLike[str] | IO[bytes]
Tensors = dict[str, Array]
MOST_MEMBERS = 2_000
PICKLE = (
    "the file is a pickle ({}): opening one runs whatever program it holds, so it is refused. Where you trust it, convert it: "
    "safetensors.torch.save_file(model.state_dict(), 'model.safetensors') for PyTorch, numpy.savez with plain arrays for NumPy"
)
TEXT = "the file was opened as text: open it in binary, open(path, '{}')"
SAFETENSORS_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4"}


def load_weights(file: File, activations: str | Activation | Sequence[str | Activation] | None = None) -> tuple[Network, Array]:
    """A network and its parameters (P,) from an .npz, .safetensors or .onnx file; the content tells which.

    Parameters
    ----------
    file : path or binary file object
    activations : names, one a layer or one for all, optional
        What the layers do where the file does not say (its metadata, or its ONNX nodes): relu with an identity output if not given.

    Raises
    ------
    ValueError
        Another kind of file, a pickle, one that is broken or claims more than it holds, tensors that make no chain of dense layers.
    """
    data = _bytes_of(file)
    read = _reader(data)
    layers, said = read(data)
    sizes = (layers[0][0].shape[1], *(len(W) for W, _ in layers))
    chosen = said if said is not None else activations
    network = Network(sizes, chosen if chosen is not None else ("relu",) * (len(layers) - 1) + ("identity",))
    return network, np.concatenate([part.reshape(-1) for layer in layers for part in layer])


def save_weights(file: File, network: Network, theta: ArrayLike, format: str = "safetensors") -> None:
    """Write parameters (P,) of a network as "safetensors" or "npz", named as torch.nn.Sequential would, with the activations beside them.

    Raises
    ------
    ValueError
        Another format, theta of another shape, or a file that cannot be written.
    """
    theta = numbers(theta, "theta")
    if theta.shape != (network.parameter_count,):
        raise ValueError(f"theta has shape {theta.shape}: one network's parameters, ({network.parameter_count},), can be saved at a time")
    if format not in ("safetensors", "npz"):
        raise ValueError(f"format is {str(format)[:40]!r}: weights can be saved as 'safetensors' or 'npz'")
    # In nn.Sequential an activation stands after each layer, so that the layers have even numbers.
    tensors = {}
    for number, layer in enumerate(network.unpack(theta)):
        tensors[f"{2 * number}.weight"] = np.ascontiguousarray(layer.W)
        tensors[f"{2 * number}.bias"] = layer.b.reshape(-1).copy()
    make = _safetensors_bytes if format == "safetensors" else _npz_bytes
    _write(file, make(tensors, list(network.activations)))


def _safetensors_bytes(tensors: Tensors, activations: list[str]) -> bytes:
    from safetensors.numpy import save

    return save(tensors, metadata={"activations": json.dumps(activations), "format": "np"})


def _npz_bytes(tensors: Tensors, activations: list[str]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, activations=np.array(activations), **tensors)
    return buffer.getvalue()


def _write(file: File, data: bytes) -> None:
    _check_file(file, "write")
    try:
        if isinstance(file, str | os.PathLike):
            with open(file, "wb") as opened:
                opened.write(data)
        else:
            file.write(data)
    except TypeError:
        raise ValueError(TEXT.format("wb")) from None
    except (OSError, ValueError) as error:
        raise ValueError(f"the file cannot be written ({_reason(error)}): is the path right?") from None


def _check_file(file: File, does: str) -> None:
    if not isinstance(file, str | os.PathLike) and not hasattr(file, does):
        raise ValueError(f"the file is {file!r:.60}: give a path or a binary file object")


def _reason(error: OSError | ValueError) -> str:
    return (getattr(error, "strerror", None) or str(error))[:100]


def _bytes_of(file: File) -> bytes:
    _check_file(file, "read")
    try:
        if isinstance(file, str | os.PathLike):
            with open(file, "rb") as opened:
                data = opened.read(MOST_BYTES + 1)
        else:
            data = file.read(MOST_BYTES + 1)
    except UnicodeDecodeError:
        raise ValueError(TEXT.format("rb")) from None
    except (OSError, ValueError) as error:
        raise ValueError(f"the file cannot be opened ({_reason(error)}): is the path right?") from None
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ValueError(TEXT.format("rb"))
    if len(data) > MOST_BYTES:
        raise ValueError(f"the file is larger than {MOST_BYTES // 2**20} MB: take a smaller network")
    if not data:
        raise ValueError("the file is empty: save the weights again as .npz, .safetensors or .onnx")
    return bytes(data)


def _reader(data: bytes) -> Any:
    """The function that reads this kind of file, told by its first bytes."""
    from nnviz.core.onnx_graph import read_onnx

    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _read_npz
    if data[8:9] == b"{":
        return _read_safetensors
    if data.startswith(b"\x80") or (data.rstrip().endswith(b".") and data[:2] in (b"(d", b"(l", b"c_", b"co", b"cn", b"cc", b"cb")):
        raise ValueError(PICKLE.format("a .pkl or an old .pt file"))
    if data.startswith(b"\x08"):  # ir_version, the first field of every ONNX model
        return read_onnx
    if data.startswith(b"\x93NUMPY"):
        raise ValueError("the file is a single .npy array: save all arrays in one .npz, numpy.savez(file, **{'0.weight': W, '0.bias': b})")
    if data.startswith(b"\x89HDF"):
        raise ValueError("the file is HDF5 (Keras): export the model to ONNX, or save its arrays with numpy.savez")
    raise ValueError("the file is neither .npz, .safetensors nor .onnx, whatever its name says: save the weights as one of these")


def _read_safetensors(data: bytes) -> tuple[list[Dense], list[str] | None]:
    from safetensors import SafetensorError, deserialize

    try:
        entries = deserialize(data)
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"the safetensors file is broken, or its header claims what it does not hold ({str(error)[:120]})") from None
    numbers, tensors = 0, {}
    for name, entry in entries:
        numbers = check_size(name, entry["shape"], numbers)
        tensors[name] = _safetensor(name, entry)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return dense_layers(tensors), _names((header.get("__metadata__") or {}).get("activations"))


def _safetensor(name: str, entry: Mapping[str, Any]) -> Array:
    if entry["dtype"] not in SAFETENSORS_TYPES:
        raise ValueError(f"{name[:80]} is of type {entry['dtype']}: weights in F64, F32, F16 or BF16 can be read; convert the model first")
    raw = np.frombuffer(entry["data"], dtype=SAFETENSORS_TYPES[entry["dtype"]])
    if entry["dtype"] == "BF16":  # the upper half of a float32
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    with np.errstate(all="ignore"):
        return raw.astype(float).reshape(entry["shape"])


def _names(said: str | None) -> list[str] | None:
    """The activations that the metadata names: a JSON list, or names between commas."""
    if said is None:
        return None
    try:
        names = json.loads(said)
    except (ValueError, RecursionError):
        names = [name.strip() for name in said.split(",")]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"the file's metadata says activations {said[:80]!r}: a list of names is needed, one for each layer")
    return names


def _read_npz(data: bytes) -> tuple[list[Dense], list[str] | None]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _refuse_pickles(members)
            tensors, said = _npz_tensors(archive, members)
    except Refused:
        raise
    except Exception as error:  # a broken archive raises BadZipFile, zlib.error, RuntimeError, NotImplementedError, struct.error, …
        raise ValueError(f"the .npz file is broken or cut short ({str(error)[:120]}): save it again with numpy.savez") from None
    return dense_layers(tensors), said


def _refuse_pickles(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise Refused(f"the archive has {len(members):,} members: at most {MOST_MEMBERS:,} can be read")
    for member in members:
        if PurePosixPath(member.filename).suffix in (".pkl", ".pickle"):
            raise Refused(PICKLE.format("a PyTorch .pt file"))
        if not member.filename.endswith(".npy"):
            raise Refused(f"the archive holds {member.filename[:80]!r}: an .npz holds only .npy arrays, as numpy.savez writes them")


def _npz_tensors(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> tuple[Tensors, list[str] | None]:
    numbers, tensors, said = 0, {}, None
    for member in members:
        name = member.filename.removesuffix(".npy")
        with archive.open(member) as stream:
            array, numbers = _npy(name, stream, member.file_size, numbers)
        if array.dtype.kind != "U":
            with np.errstate(over="ignore"):  # a long double beyond float64: told by check_finite
                tensors[name] = array.astype(float)
        elif name == "activations" and array.ndim <= 1:
            said = [str(text) for text in np.atleast_1d(array)]
        else:
            raise Refused(f"the array {name[:80]!r} holds text: only weights, and the names of the activations, can be read")
    return tensors, said


def _npy(name: str, stream: IO[bytes], size: int, before: int) -> tuple[np.ndarray, int]:
    """One array, and the numbers read in all; its header is compared with the member's size before the array is unpacked."""
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read_header(stream)
    if dtype.hasobject:
        raise Refused(PICKLE.format(f"the array {name[:60]!r} holds Python objects"))
    if dtype.kind not in "fiuU":
        raise Refused(f"the array {name[:80]!r} is of type {str(dtype)[:40]}: weights are floating-point numbers")
    total = check_size(name, shape, before)
    claimed = (total - before) * dtype.itemsize
    if claimed != size - stream.tell() or (dtype.kind == "U" and claimed > 2**20):
        raise Refused(f"the array {name[:80]!r} claims shape {str(shape)[:60]}, which is not what the file holds: save it again")
    values = stream.read(claimed + 1)
    if len(values) != claimed:
        raise Refused(f"the array {name[:80]!r} is cut short: {claimed:,} bytes were promised, {len(values):,} are there")
    return np.frombuffer(values, dtype=dtype).reshape(shape, order="F" if fortran else "C"), total
