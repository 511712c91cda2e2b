"""Models in and out: every way a state_dict is written, and files that lie, break or would run something."""

import io
import json
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save as safetensors_bytes

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.network import Network
from nnviz.core.weights import load_weights, save_weights

random = np.random.default_rng(0)
NETWORK = Network((3, 5, 4, 2), ("tanh", "relu", "sigmoid"))
THETA = NETWORK.initialize("torch_linear", seed=1)
TENSORS = {
    name: array
    for i, (W, b) in enumerate(NETWORK.unpack(THETA))
    for name, array in ((f"{2 * i}.weight", np.ascontiguousarray(W)), (f"{2 * i}.bias", b.reshape(-1).copy()))
}


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def loaded(data, activations=None):
    return load_weights(io.BytesIO(data), activations)


def refusal(data, activations=None):
    with pytest.raises(ValueError, match=r".") as error:
        loaded(data, activations)
    assert 11 <= len(str(error.value)) < 600
    return str(error.value)


# ------------------------------------------------------------------------------------------------------------------- npz, safetensors


@pytest.mark.parametrize("format", ["npz", "safetensors"])
def test_what_is_saved_is_loaded_bit_for_bit(format):
    file = io.BytesIO()
    save_weights(file, NETWORK, THETA, format)
    network, theta = loaded(file.getvalue())
    assert network == NETWORK
    assert np.array_equal(theta, THETA)


@pytest.mark.parametrize("format", ["npz", "safetensors"])
def test_a_path_will_do_and_the_name_says_nothing(tmp_path, format):
    path = tmp_path / "weights.something"
    save_weights(path, NETWORK, THETA, format)
    assert np.array_equal(load_weights(str(path))[1], THETA)


def test_keys_are_those_of_a_sequential_with_activations_between():
    file = io.BytesIO()
    save_weights(file, NETWORK, THETA, "npz")
    assert set(np.load(io.BytesIO(file.getvalue())).files) == {*TENSORS, "activations"}
    assert set(TENSORS) == {"0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_survives(activation):
    network = Network((2, 3, 2), activation)
    file = io.BytesIO()
    save_weights(file, network, network.initialize())
    assert loaded(file.getvalue())[0] == network


NAMINGS = {
    "sequential": ("0", "2", "4"),
    "layers": ("layers.0", "layers.1", "layers.2"),
    "fc": ("fc1", "fc2", "fc3"),
    "nested": ("model.net.2", "model.net.5", "model.net.11"),
    "parallel": ("module.l1", "module.l2", "module.l10"),
    "words": ("encoder.first", "encoder.second", "z_head"),
    "out of order": ("input", "hidden", "decoder"),
}


@pytest.mark.parametrize("make", [safetensors_bytes, lambda tensors: npz(**tensors)], ids=["safetensors", "npz"])
@pytest.mark.parametrize("names", NAMINGS.values(), ids=NAMINGS)
def test_the_ways_a_state_dict_names_its_layers(names, make):
    arrays = list(TENSORS.values())
    tensors = {f"{name}.{part}": arrays[2 * i + j] for i, name in enumerate(names) for j, part in enumerate(("weight", "bias"))}
    network, theta = loaded(make(tensors), NETWORK.activations)
    assert network == NETWORK
    assert np.array_equal(theta, THETA)


def test_numbers_in_names_are_read_as_numbers():
    W = random.normal(size=(12, 3, 3))
    theta = loaded(safetensors_bytes({f"{i}.weight": W[i] for i in range(12)}))[1]
    assert np.array_equal(theta.reshape(12, 12)[:, :9], W.reshape(12, 9))


def test_a_single_linear_layer_and_one_without_bias():
    network, theta = loaded(safetensors_bytes({"weight": np.arange(6.0).reshape(2, 3)}))
    assert network == Network((3, 2), "identity")
    assert theta.tolist() == [0, 1, 2, 3, 4, 5, 0, 0]


def test_activations_are_the_files_own_else_those_given_else_relu_with_an_identity_output():
    assert loaded(npz(**TENSORS))[0].activations == ("relu", "relu", "identity")
    assert loaded(npz(**TENSORS), "tanh")[0].activations == ("tanh",) * 3
    assert loaded(npz(**TENSORS), ["tanh", "elu", "softmax"])[0].activations == ("tanh", "elu", "softmax")
    assert loaded(npz(**TENSORS, activations=np.array(["elu"] * 3)), "tanh")[0].activations == ("elu",) * 3
    said = safetensors_bytes(TENSORS, metadata={"activations": "elu, elu, identity"})
    assert loaded(said, "tanh")[0].activations == ("elu", "elu", "identity")


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", "int8"])
def test_narrow_numbers_become_float64_exactly(dtype):
    W = np.array([[1.0, -2.0], [3.0, 64.0]]).astype(dtype)
    theta = loaded(npz(**{"0.weight": W}))[1]
    assert theta.dtype == np.float64
    assert theta.tolist() == [1, -2, 3, 64, 0, 0]


def test_arrays_in_columns_are_read_in_rows():
    W = np.asfortranarray(random.normal(size=(3, 4)))
    assert np.array_equal(loaded(npz(**{"0.weight": W}))[1][:12], W.ravel(order="C"))


def raw_safetensors(header, data=b""):
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_a_header_with_null_for_metadata_names_no_activations():
    header = {"__metadata__": None, "0.weight": {"dtype": "F64", "shape": [1, 1], "data_offsets": [0, 8]}}
    assert loaded(raw_safetensors(header, np.array(2.0).tobytes()), "tanh")[0] == Network((1, 1), "tanh")


def test_bfloat16_is_the_upper_half_of_a_float32():
    W = np.array([[1.5, -0.0078125, 3.0e38]], dtype=np.float32)
    data = (W.view(np.uint32) >> 16).astype("<u2").tobytes()
    theta = loaded(raw_safetensors({"0.weight": {"dtype": "BF16", "shape": [1, 3], "data_offsets": [0, 6]}}, data))[1]
    assert theta[:3] == pytest.approx(W[0].astype(float), rel=2**-8)
    assert theta[:2].tolist() == [1.5, -0.0078125]


# ------------------------------------------------------------------------------------------------------------ files that lie or break


class Bomb:
    """What it would do if it were ever unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def archive(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members.items():
            opened.writestr(name, data)
    return file.getvalue()


def npy(shape, data, descr="<f8"):
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps({"0.weight": Bomb()}),
        pickle.dumps({"0.weight": Bomb()}, protocol=0),
        pickle.dumps(Bomb(), protocol=2),
        pickle.dumps(Bomb(), protocol=0),
        archive(**{"model/data.pkl": pickle.dumps(Bomb()), "model/data/0": b"1234", "model/version": b"3"}),
        npz(**{"0.weight": np.array([Bomb(), None], dtype=object)}),
        npz(**TENSORS, activations=np.array(["tanh", None], dtype=object)),
    ],
)
def test_a_pickle_is_refused_unread_with_the_way_to_convert_it(data):
    said = refusal(data)
    assert "pickle" in said
    assert "safetensors" in said


SAFE = safetensors_bytes(TENSORS, metadata={"activations": '["tanh", "relu", "sigmoid"]'})
NPZ = npz(**TENSORS)
HUGE = {"0.weight": {"dtype": "F64", "shape": [2**14, 2**13], "data_offsets": [0, 2**30]}}
BROKEN = {
    "nothing": (b"", "is empty"),
    "text": (b"hello, world, this is text", "neither"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), "neither"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(50), "Keras"),
    "one array": (npy((2, 2), bytes(32)), "single .npy"),
    "a cut safetensors": (SAFE[:-5], "broken"),
    "a cut safetensors header": (SAFE[:60], "broken"),
    "a safetensors header of 1 TB": ((10**12).to_bytes(8, "little") + b"{}", "broken"),
    "a safetensors header that is no JSON": ((10).to_bytes(8, "little") + b"{no JSON!}" + bytes(20), "broken"),
    "a safetensors tensor of 1 GB": (raw_safetensors(HUGE, bytes(64)), "broken"),
    "safetensors that overlap": (
        raw_safetensors({n: {"dtype": "F64", "shape": [1, 1], "data_offsets": [0, 8]} for n in ("0.weight", "1.weight")}, bytes(8)),
        "broken",
    ),
    "safetensors of 8-bit floats": (
        raw_safetensors({"0.weight": {"dtype": "F8_E4M3", "shape": [1, 1], "data_offsets": [0, 1]}}, b"1"),
        "F8_E4M3",
    ),
    "no tensors in safetensors": (safetensors_bytes({}), "no weights"),
    "metadata that is no list": (safetensors_bytes(TENSORS, metadata={"activations": '{"a": 1}'}), "list of names"),
    "metadata of another length": (safetensors_bytes(TENSORS, metadata={"activations": '["relu"]'}), "3 layers"),
    "metadata with an unknown name": (safetensors_bytes(TENSORS, metadata={"activations": '["x", "y", "z"]'}), "unknown activation"),
    "metadata nested deeply": (safetensors_bytes(TENSORS, metadata={"activations": "[" * 100_000}), "activation"),
    "a cut npz": (NPZ[: len(NPZ) // 2], "broken or cut"),
    "an npz without its end": (NPZ[:-30], "broken or cut"),
    "an npz with other bytes": (NPZ[:70] + bytes(40) + NPZ[110:], "broken or cut"),
    "an empty archive": (archive(), "no weights"),
    "an archive of text": (archive(**{"readme.txt": b"hello"}), "only .npy"),
    "an array of 1 GB that is not there": (archive(**{"0.weight.npy": npy((2**14, 2**13), b"")}), "at most"),
    "an array longer than it holds": (archive(**{"0.weight.npy": npy((100, 100), bytes(80))}), "not what the file holds"),
    "an array shorter than it holds": (archive(**{"0.weight.npy": npy((2, 2), bytes(10**6))}), "not what the file holds"),
    "a negative shape": (archive(**{"0.weight.npy": npy((-2, -2), bytes(32))}), "numbers"),
    "a header that is no dict": (archive(**{"0.weight.npy": b"\x93NUMPY\x01\x00" + struct.pack("<H", 4) + b"1+1\n"}), "broken or cut"),
    "a header that is a program": (
        archive(**{"0.weight.npy": b"\x93NUMPY\x01\x00" + struct.pack("<H", 30) + b"__import__('os').system('ls') "[:30]}),
        "broken or cut",
    ),
    "a future version": (archive(**{"0.weight.npy": b"\x93NUMPY\x09\x00" + bytes(100)}), "broken or cut"),
    "text as weights": (npz(**{"0.weight": np.array([["a", "b"]])}), "holds text"),
    "complex weights": (npz(**{"0.weight": np.ones((2, 2), dtype=complex)}), "complex"),
    "dates as weights": (npz(**{"0.weight": np.zeros((2, 2), dtype="M8[s]")}), "floating-point"),
    "NaN weights": (npz(**(TENSORS | {"2.weight": np.full((4, 5), np.nan)})), "not finite"),
    "infinite biases": (npz(**(TENSORS | {"2.bias": np.full(4, np.inf)})), "not finite"),
    "numbers beyond float64": (npz(**(TENSORS | {"2.bias": np.full(4, np.longdouble("1e400"))})), "not finite"),
    "shapes that do not fit": (npz(**(TENSORS | {"2.weight": np.ones((4, 6))})), "do not fit together"),
    "a bias of another length": (npz(**(TENSORS | {"2.bias": np.ones(5)})), "one number for each of the 4 rows"),
    "a bias alone": (npz(**{"0.bias": np.ones(5)}), "without 0.weight"),
    "a convolution": (npz(**{"0.weight": np.ones((2, 1, 3, 3))}), r"only dense layers"),
    "an empty layer": (npz(**{"0.weight": np.ones((0, 3))}), "only dense layers"),
    "a batch norm": (npz(**TENSORS, **{"1.running_mean": np.ones(5)}), "running_mean"),
    "a name of 10,000 letters": (npz(**{"x" * 10_000: np.ones((2, 2))}), "xxx"),
    "two orders that fit": (npz(**{"b.weight": np.ones((2, 3)), "a.weight": np.ones((4, 5))}), "do not fit together"),
    "300 layers": (npz(**{f"{i}.weight": np.ones((1, 1)) for i in range(300)}), "at most 256"),
    "3,000 members": (archive(**{f"{i}.weight.npy": b"" for i in range(3_000)}), "at most 2,000"),
}


@pytest.mark.parametrize(("data", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_or_lying_file_is_a_sentence_and_takes_no_memory(data, says):
    refusal(data)  # what is imported at first use is no memory of the file's
    tracemalloc.start()
    said = refusal(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert says in said
    assert peak < 10 * 2**20


def test_a_zip_bomb_is_not_unpacked():
    data = archive(**{"0.weight.npy": npy((2**14, 2**14), bytes(2**26))})
    assert len(data) < 2**17
    tracemalloc.start()
    assert "at most" in refusal(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * 2**20


def test_many_arrays_that_are_too_large_together_are_refused():
    half = npy((2**12, 2**11), b"")
    assert "in all" in refusal(archive(**{f"{i}.weight.npy": half + bytes(2**26) for i in range(3)}))


def test_a_stream_that_never_ends_is_left_after_its_limit(monkeypatch):
    monkeypatch.setattr("nnviz.core.weights.MOST_BYTES", 2**20)

    class Endless(io.RawIOBase):
        def read(self, size=-1):
            return bytes(size) if size >= 0 else pytest.fail("the whole stream was asked for")

    with pytest.raises(ValueError, match="larger than 1 MB"):
        load_weights(Endless())


def test_a_file_that_is_not_there_or_was_opened_as_text_is_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="is the path right"):
        load_weights(tmp_path / "nothing.npz")
    with pytest.raises(ValueError, match="open it in binary"):
        load_weights(io.StringIO("text"))
    (tmp_path / "weights.npz").write_bytes(NPZ)
    with open(tmp_path / "weights.npz", encoding="utf-8") as file, pytest.raises(ValueError, match="open it in binary"):
        load_weights(file)


@pytest.mark.parametrize("file", [5, None, [1], b"PK", "a\0b", "/"])
def test_what_is_no_file_can_be_neither_read_nor_written(file):
    with pytest.raises(ValueError, match=r"give a path or a binary file object|is the path right\?"):
        load_weights(file)
    with pytest.raises(ValueError, match=r"give a path or a binary file object|is the path right\?"):
        save_weights(file, NETWORK, THETA)


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"No such file or directory.*is the path right\?"):
        save_weights(tmp_path / "nowhere" / "weights.npz", NETWORK, THETA)
    with pytest.raises(ValueError, match="open it in binary"):
        save_weights(io.StringIO(), NETWORK, THETA)


@pytest.mark.parametrize("activations", [5, 0, [], ["tanh", 5, "tanh"]])
def test_activations_that_are_no_names_are_a_sentence(activations):
    assert "activation" in refusal(NPZ, activations)


@pytest.mark.parametrize(
    ("theta", "format", "says"),
    [
        (np.ones(3), "npz", "shape"),
        (np.ones((2, NETWORK.parameter_count)), "npz", "one network"),
        (THETA, "pt", "'safetensors' or 'npz'"),
        ("text", "npz", "needs numbers"),
    ],
)
def test_saving_says_what_cannot_be_saved(theta, format, says):
    with pytest.raises(ValueError, match=says):
        save_weights(io.BytesIO(), NETWORK, theta, format)


def outcome(data):
    try:
        return loaded(data)
    except ValueError as error:
        return str(error)


@settings(max_examples=200, deadline=None)
@given(data=st.sampled_from([SAFE, NPZ]), share=st.floats(0, 1), noise=st.binary(min_size=1, max_size=6), cut=st.booleans())
def test_any_broken_bytes_give_a_network_or_a_sentence(data, share, noise, cut):
    at = int(share * (len(data) - 1))
    result = outcome(data[:at] if cut else data[:at] + noise + data[at + len(noise) :])
    if isinstance(result, str):
        assert 11 <= len(result) < 600
    else:
        assert np.isfinite(result[1]).all()
