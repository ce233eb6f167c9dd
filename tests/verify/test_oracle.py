"""The oracles: which operators each takes, what they say when they refuse, how they die."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeq.errors import ToolError, UsageError
from edgeq.verify._oracle_worker import read_frame, write_frame
from edgeq.verify.oracle import ORACLES, Oracle, OracleRefused, run_oracle
from tests import operators as ops
from tests.examples import DTYPES, EXAMPLES
from tests.models import Array, TfliteModel, faces, random_inputs
from tests.one_op import act

SharedFile = Callable[[str], Path]

OPERATORS = """
    CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED ADD SUB MUL AVERAGE_POOL_2D MAX_POOL_2D MEAN PAD
    PADV2 RESHAPE SQUEEZE EXPAND_DIMS SHAPE SOFTMAX LOGISTIC TANH RELU RELU6 RELU_N1_TO_1
    LEAKY_RELU HARD_SWISH CONCATENATION SPLIT SPLIT_V PACK UNPACK SLICE STRIDED_SLICE TRANSPOSE
    QUANTIZE DEQUANTIZE MAXIMUM MINIMUM ARG_MAX RESIZE_NEAREST_NEIGHBOR RESIZE_BILINEAR
"""

# What an oracle takes of the examples: its usual dtypes, but for these.
ALL = set(DTYPES)
NO_UINT8 = ALL - {"uint8"}
TAKES: dict[str, dict[str, set[str]]] = {
    "tflm": {
        "RESHAPE": ALL,
        "RESHAPE option": ALL,
        "SQUEEZE": ALL,
        "SHAPE": ALL,
        "RELU_N1_TO_1": set(),
        "HARD_SWISH": {"int8", "float32"},
        "QUANTIZE to int8": ALL,
        "QUANTIZE to uint8": {"int8"},
        "DEQUANTIZE": ALL - {"float32"},
        "ARG_MAX": {"int8", "float32"},
        "RESIZE_BILINEAR": {"int8", "float32"},
    },
    "litert": {
        "RELU_N1_TO_1": ALL - {"int16"},
        "HARD_SWISH": ALL - {"int16"},
        "QUANTIZE to uint8": ALL - {"int16"},
        "DEQUANTIZE": ALL - {"float32"},
        "ARG_MAX": ALL - {"int16"},
    },
}


@pytest.fixture
def oracles(tflm: Oracle, litert: Oracle) -> dict[str, Oracle]:
    return {"tflm": tflm, "litert": litert}


@pytest.fixture
def fresh() -> Iterator[Oracle]:
    with Oracle("litert") as oracle:
        yield oracle


def test_every_operator_has_an_example() -> None:
    assert {name.split()[0] for name in EXAMPLES} == set(OPERATORS.split())


@pytest.mark.parametrize("usual", [("tflm", NO_UINT8), ("litert", ALL)], ids=lambda u: str(u[0]))
@pytest.mark.parametrize("name", EXAMPLES)
def test_oracle_takes_exactly_these_dtypes(
    name: str,
    usual: tuple[str, set[str]],
    oracles: dict[str, Oracle],
    rng: np.random.Generator,
) -> None:
    oracle, dtypes = usual
    taken = {d for d in DTYPES if _runs(oracles[oracle], EXAMPLES[name](d, rng), rng)}
    assert taken == TAKES[oracle].get(name, dtypes)


def _runs(oracle: Oracle, model: bytes, rng: np.random.Generator) -> bool:
    """Whether the oracle runs it; then its outputs have the shapes and dtypes of the file."""
    try:
        (sample,) = oracle.run(model, [random_inputs(model, rng)])
    except OracleRefused:
        return False
    assert [(y.shape, y.dtype) for y in sample.outputs] == faces(model)[1]
    return True


@pytest.mark.parametrize("name", ["ADD", "CONV_2D", "STRIDED_SLICE", "UNPACK", "SOFTMAX"])
def test_both_oracles_get_the_same_inputs_in_the_same_order(
    name: str, oracles: dict[str, Oracle], rng: np.random.Generator
) -> None:
    model = EXAMPLES[name]("int8", rng)
    inputs = random_inputs(model, rng)
    got = [oracle.run(model, [inputs])[0].outputs for oracle in oracles.values()]
    for a, b in zip(*got, strict=True):
        np.testing.assert_array_equal(a, b)
        assert len(np.unique(a)) > 1


def test_every_written_tensor_is_shown(
    oracles: dict[str, Oracle], rng: np.random.Generator
) -> None:
    model = _two_steps()
    (x,) = random_inputs(model, rng)
    for oracle in oracles.values():
        (sample,) = oracle.run(model, [[x]], intermediates=True)
        assert set(sample.tensors) == {1, 2}
        np.testing.assert_array_equal(sample.tensors[1], x.reshape(3, 2))
        np.testing.assert_array_equal(sample.tensors[2], x.reshape(3, 2).T)
        np.testing.assert_array_equal(sample.tensors[2], sample.outputs[0])


def test_default_litert_shows_its_outputs_only(rng: np.random.Generator) -> None:
    model = _two_steps()
    (x,) = random_inputs(model, rng)
    (sample,) = run_oracle("litert-default", model, [[x]], intermediates=True)
    np.testing.assert_array_equal(sample.outputs[0], x.reshape(3, 2).T)
    assert sample.tensors == {}


def test_tensors_are_not_shown_unasked(tflm: Oracle, rng: np.random.Generator) -> None:
    model = _two_steps()
    assert tflm.run(model, [random_inputs(model, rng)])[0].tensors == {}


def _two_steps() -> bytes:
    model = TfliteModel()
    shapes = ((2, 3), (3, 2), (2, 3))
    x, t, y = (model.tensor(s, "int8", scale=0.1, zero_point=2) for s in shapes)
    perm = model.tensor((2,), "int32", data=np.array([1, 0], np.int32))
    model.op("RESHAPE", [x], [t], new_shape=[3, 2])
    model.op("TRANSPOSE", [t, perm], [y], version=2)
    return model.build([x], [y])


def test_scalar_and_several_outputs_keep_their_shapes(
    oracles: dict[str, Oracle], rng: np.random.Generator
) -> None:
    model = ops.unpack(act((2,)), 0)
    (x,) = random_inputs(model, rng)
    for oracle in oracles.values():
        outputs = oracle.run(model, [[x]])[0].outputs
        assert [(y.shape, int(y)) for y in outputs] == [((), int(x[0])), ((), int(x[1]))]


def test_refusal_carries_the_runtimes_own_words(tflm: Oracle, rng: np.random.Generator) -> None:
    with pytest.raises(OracleRefused) as caught:
        tflm.load(EXAMPLES["CONV_2D"]("uint8", rng))
    assert "Hybrid models are not supported" in caught.value.why


def test_words_of_an_earlier_refusal_are_not_repeated(
    tflm: Oracle, rng: np.random.Generator
) -> None:
    for name, words in (("CONV_2D", "Hybrid"), ("RELU_N1_TO_1", "RELU_N1_TO_1")):
        with pytest.raises(OracleRefused) as caught:
            tflm.load(EXAMPLES[name]("uint8", rng))
        assert words in caught.value.why
    assert "Hybrid" not in caught.value.why


def test_litert_takes_another_batch_than_the_files(litert: Oracle) -> None:
    model = TfliteModel()
    signature = {"scale": 0.1, "zero_point": 2, "signature": (-1, 3)}
    x, y = (model.tensor((1, 3), "int8", **signature) for _ in range(2))  # type: ignore[arg-type]
    model.op("RELU", [x], [y], version=2)
    litert.load(model.build([x], [y]), intermediates=True)
    for batch in (4, 1, 2):
        values = np.arange(-3, 3 * batch - 3, dtype=np.int8).reshape(batch, 3)
        sample = litert.invoke([values])
        assert sample.outputs[0].tolist() == np.maximum(values, 2).tolist()
        assert sample.tensors[y].tolist() == sample.outputs[0].tolist()


@pytest.mark.parametrize("name", ["tflm", "litert"])
def test_wrong_inputs_are_refused(name: str, oracles: dict[str, Oracle]) -> None:
    oracles[name].load(_two_steps())
    for inputs in ([np.zeros((2, 3), np.int16)], [np.zeros((9, 9), np.int8)]):
        with pytest.raises(OracleRefused):
            oracles[name].invoke(inputs)


def test_an_oracle_that_aborts_is_an_answer_and_starts_again(
    fresh: Oracle, rng: np.random.Generator
) -> None:
    # LiteRT's reference ADD of int16 by shifts does not broadcast: it aborts the process.
    a, b = act((2, 3, 4), "int16"), act((3, 1), "int16", 2.0**-12, 0)
    model = ops.binary("ADD", a, b, act((), "int16"))
    fresh.load(model)
    with pytest.raises(OracleRefused, match="SIGABRT"):
        fresh.invoke(random_inputs(model, rng))
    with pytest.raises(UsageError, match="has no model"):
        fresh.invoke(random_inputs(model, rng))
    assert _runs(fresh, _two_steps(), rng)


def test_garbage_is_refused() -> None:
    for name in ORACLES:
        with pytest.raises(OracleRefused):
            run_oracle(name, b"\x00" * 64, [])


def test_an_oracle_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(ToolError, match=r"did not answer within 0\.001 s"):
        run_oracle("tflm", _two_steps(), [], timeout=0.001)


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("tflm", "tflite_micro", "verify"),
        ("litert", "ai_edge_litert", "verify"),
        ("litert-default", "ai_edge_litert", "verify"),
        ("onnxruntime", "onnxruntime", "verify"),
        ("openvino", "openvino", "peers"),
    ],
)
def test_a_missing_package_names_the_extra(
    name: str, package: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A folder of this name hides the installed one; what it prints must not break a reply.
    (tmp_path / package).mkdir()
    text = f'print("noise", flush=True)\nraise ImportError("no {package}")\n'
    (tmp_path / package / "__init__.py").write_text(text, encoding="ascii")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ToolError) as caught:
        run_oracle(name, _two_steps(), [])
    assert caught.value.fix == f"pip install edgeq[{extra}]"
    assert package in caught.value.why


def test_unknown_oracle_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match="tflm, litert, litert-default"):
        Oracle("onnx")


def test_frames_carry_arrays_of_any_shape_and_end_with_the_stream() -> None:
    arrays = [np.arange(6, dtype=np.int16).reshape(2, 3), np.array(7.5), np.zeros((0, 4), np.int8)]
    stream = io.BytesIO()
    write_frame(stream, {"do": "it"}, arrays)
    stream.seek(0)
    header, got = read_frame(stream)
    assert header == {"do": "it"}
    for a, b in zip(got, arrays, strict=True):
        assert (a.dtype, a.shape, a.tolist()) == (b.dtype, b.shape, b.tolist())
    for cut in (0, 5, len(stream.getvalue()) - 1):
        with pytest.raises(EOFError):
            read_frame(io.BytesIO(stream.getvalue()[:cut]))


@pytest.mark.parametrize(
    ("intermediates", "samples"),
    [(False, 3), (True, 2), pytest.param(False, 1000, marks=pytest.mark.slow)],
)
def test_shared_models_give_the_recorded_bytes_of_tflm(
    intermediates: bool, samples: int, tflm: Oracle, shared_file: SharedFile
) -> None:
    with np.load(shared_file("models/reference_outputs.npz")) as recorded:
        names = [k.removesuffix("/tflm") for k in recorded.files if k.endswith("/tflm")]
        wrong = {}
        for name in names:
            model = shared_file(f"models/{name}.tflite").read_bytes()
            inputs = recorded[f"{name}/input"][:samples]
            got = _outputs(tflm, model, inputs, intermediates=intermediates)
            wrong[name] = int((got != recorded[f"{name}/tflm"][:samples]).sum())
    assert wrong
    assert {name: n for name, n in wrong.items() if n} == {}


def test_a_shared_model_gives_the_recorded_bytes_of_litert(
    litert: Oracle, shared_file: SharedFile
) -> None:
    name = "wakevision_mcunet_vww_144_int8"
    with np.load(shared_file("models/reference_outputs.npz")) as recorded:
        inputs, want = (recorded[f"{name}/{k}"] for k in ("input", "litert_1_2_0_builtin_ref"))
    got = _outputs(litert, shared_file(f"models/{name}.tflite").read_bytes(), inputs)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", ["tflm", "litert"])
def test_variables_are_reset_before_each_sample(
    name: str, oracles: dict[str, Oracle], shared_file: SharedFile, rng: np.random.Generator
) -> None:
    model = shared_file("models/microwakeword_okay_nabu_v2_int8.tflite").read_bytes()
    (first, middle) = ([random_inputs(model, rng)[0] % 50] for _ in range(2))
    samples = oracles[name].run(model, [first, middle, first], intermediates=True)
    for index, tensor in samples[0].tensors.items():
        np.testing.assert_array_equal(tensor, samples[2].tensors[index])


def _outputs(oracle: Oracle, model: bytes, inputs: Array, *, intermediates: bool = False) -> Array:
    """The first output of every sample, flat: (samples, values)."""
    ((shape, _),), _ = faces(model)
    rows = [[x.reshape(shape)] for x in inputs]
    samples = oracle.run(model, rows, intermediates=intermediates)
    return np.stack([s.outputs[0].ravel() for s in samples])
