"""Operators, their order and names that are broken or hostile: refused, or read safely."""

from __future__ import annotations

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeq.errors import Problems
from edgeq.frontends.tflite import read_tflite
from edgeq.frontends.tflite_tensors import MAX_NAME
from edgeq.ir.spec import check
from tests.frontends.bent import reasons, relu, written
from tests.models import TfliteModel
from tests.one_op import act, const, one_op

HOSTILE_NAMES = [
    "*/ system(); /*", 'say "hi"', "it's", "two\nlines", "../../etc/passwd", "nul\0inside",
    "x" * 10_000, "while", "", "int", "\u202egnp.exe", "\ud7ff\U0001f600", "a b", "%s%n", "{{ x }}",
]  # fmt: skip


def test_no_subgraph_is_refused() -> None:
    builder = TfliteModel()
    builder.model.subgraphs = []
    out = flatbuffers.Builder(64)
    out.Finish(builder.model.Pack(out), b"TFL3")
    assert "no subgraph" in reasons(bytes(out.Output()))


def test_several_subgraphs_are_refused() -> None:
    model = schema.ModelT.InitFromPackedBuf(relu(), 0)
    model.subgraphs = [model.subgraphs[0], model.subgraphs[0]]
    assert "the model has 2 subgraphs" in reasons(written(model))


@pytest.mark.parametrize("index", [-2, 2, 7, 2**31 - 1, -(2**31)])
def test_tensor_indices_out_of_range(index: int) -> None:
    def inputs(model: TfliteModel) -> None:
        model.operators[0].inputs = [index]

    def outputs(model: TfliteModel) -> None:
        model.operators[0].outputs = [index]

    assert f"tensor {index} does not exist" in reasons(relu(inputs))
    assert f"tensor {index} does not exist" in reasons(relu(outputs))
    ends = schema.ModelT.InitFromPackedBuf(relu(), 0)
    ends.subgraphs[0].inputs, ends.subgraphs[0].outputs = [index], [index]
    text = reasons(written(ends))
    assert f"input 0: tensor {index} does not exist" in text
    assert f"output 0: tensor {index} does not exist" in text


def test_an_absent_input_that_is_needed() -> None:
    def bend(model: TfliteModel) -> None:
        model.operators[0].inputs = [-1]

    assert "input 0 (x) is missing" in reasons(relu(bend))


@pytest.mark.parametrize("count", [0, 2, 300])
def test_a_wrong_number_of_inputs(count: int) -> None:
    def bend(model: TfliteModel) -> None:
        model.operators[0].inputs = [0] * count

    assert f"it has {count} inputs, not 1 to 1" in reasons(relu(bend))


@pytest.mark.parametrize("index", [1, 2**31])
def test_operator_codes_out_of_range(index: int) -> None:
    def bend(model: TfliteModel) -> None:
        model.operators[0].opcodeIndex = index

    assert f"operator code {index} does not exist" in reasons(relu(bend))


def test_unknown_operator_codes() -> None:
    def bend(model: TfliteModel) -> None:
        model.codes[0].builtinCode = 9999

    assert "unknown operator code 9999" in reasons(relu(bend))


def test_a_cycle_is_refused() -> None:
    def bend(model: TfliteModel) -> None:
        model.tensor((1, 4), "int8", scale=0.1)
        model.op("RELU", [2], [1])
        model.operators[0].inputs, model.operators[0].outputs = [1], [2]

    text = reasons(relu(bend))
    assert "operator 0 (RELU): tensor 1 is read before it is computed" in text


def test_a_node_that_reads_what_it_writes_is_refused() -> None:
    def bend(model: TfliteModel) -> None:
        model.operators[0].inputs = [1]

    assert "tensor 1 is read before it is computed" in reasons(relu(bend))


def test_a_tensor_written_twice_is_refused() -> None:
    def bend(model: TfliteModel) -> None:
        model.op("RELU", [0], [1])

    assert "operator 1 (RELU): tensor 1 is written, but already has a value" in reasons(relu(bend))


def test_an_input_that_is_written_is_refused() -> None:
    def bend(model: TfliteModel) -> None:
        model.operators[0].outputs = [0]

    assert "tensor 0 is written, but already has a value" in reasons(relu(bend))


def test_an_output_that_nothing_computes_is_refused() -> None:
    ends = schema.ModelT.InitFromPackedBuf(relu(), 0)
    ends.subgraphs[0].operators = []
    assert "tensor 1 is an output, but no operator computes it" in reasons(written(ends))
    ends.subgraphs[0].outputs = []
    assert "the model has no output" in reasons(written(ends))


def test_an_input_named_twice_is_refused() -> None:
    ends = schema.ModelT.InitFromPackedBuf(relu(), 0)
    ends.subgraphs[0].inputs = [0, 0]
    assert "input 1: tensor 0 is an input twice" in reasons(written(ends))


def test_an_output_may_be_an_input_or_named_twice() -> None:
    ends = schema.ModelT.InitFromPackedBuf(relu(), 0)
    ends.subgraphs[0].outputs = [1, 0, 1]
    graph = read_tflite(written(ends))
    assert graph.outputs == ("t1", "t0", "t1")
    check(graph, "integer")


def test_unused_tensors_do_no_harm() -> None:
    def bend(model: TfliteModel) -> None:
        model.tensor((2**31 - 1, -7), "complex64", scale=float("nan"), buffer=99)

    graph = read_tflite(relu(bend))
    assert sorted(graph.tensors) == ["t0", "t1"]


def test_custom_operators_are_named() -> None:
    def bend(model: TfliteModel) -> None:
        model.op("CUSTOM", [0], [], custom='Evil\n"*/' + "x" * 5000)

    text = reasons(relu(bend))
    assert "operator 1 (custom operator 'Evil\\n\"*/xxx" in text
    assert "the operator is not supported" in text
    assert len(text) < 400


def test_the_operators_own_options_are_asked_for() -> None:
    data = one_op("SOFTMAX", [act((1, 4))], [act((1, 4))], beta=1.0)
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    model.subgraphs[0].operators[0].builtinOptionsType = schema.BuiltinOptions.Conv2DOptions
    model.subgraphs[0].operators[0].builtinOptions = schema.Conv2DOptionsT()
    assert "its options are not SoftmaxOptions" in reasons(written(model))


def test_every_problem_is_told_at_once() -> None:
    def bend(model: TfliteModel) -> None:
        t = [model.tensor((1, 4), "int8", scale=0.1) for _ in range(5)]
        model.op("UNIDIRECTIONAL_SEQUENCE_LSTM", [0], [t[0]])
        model.op("CUSTOM", [t[0]], [t[1]], custom="Mine")
        model.op("TANH", [t[1]], [t[2]])
        model.op("LOGISTIC", [t[4]], [t[3]])

    data = relu(bend, scale=-1.0)
    with pytest.raises(Problems) as caught:
        read_tflite(data)
    assert [p.where for p in caught.value.problems] == [
        "input 0, tensor 0 't0'",
        "operator 0 (RELU), tensor 0 't0'",
        "operator 1 (UNIDIRECTIONAL_SEQUENCE_LSTM)",
        "operator 2 (custom operator 'Mine')",
        "operator 4 (LOGISTIC)",
    ]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_are_kept_unique_and_bounded(name: str) -> None:
    graph = read_tflite(relu(lambda model: setattr(model.tensors[1], "name", name), name=name))
    first, second = graph.inputs[0], graph.outputs[0]
    assert first == (name[:MAX_NAME] or "tensor#0")
    assert second == (f"{name[:MAX_NAME]}#1" if name else "tensor#1")
    assert dict(graph.file_index) == {first: 0, second: 1}
    check(graph, "integer")


def test_names_that_imitate_unique_ones_stay_unique() -> None:
    def bend(model: TfliteModel) -> None:
        for i, name in enumerate(("a", "a")):
            model.tensors[i].name = name
        model.tensor((1,), name="a#1")

    graph = read_tflite(relu(bend))
    assert graph.inputs + graph.outputs == ("a", "a#1")


def test_names_that_are_not_utf8_are_kept_readable() -> None:
    data = relu(name="abc").replace(b"abc", b"\xff\xfec")
    assert read_tflite(data).inputs == ("\ufffd\ufffdc",)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_messages_show_names_on_one_short_line(name: str) -> None:
    text = reasons(relu(scale=-1.0, name=name))
    assert len(text.splitlines()) == 5
    assert len(text) < 600
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


def test_a_constant_input_is_refused() -> None:
    text = reasons(relu(data=np.ones((1, 4), np.int8)))
    assert "tensor 0 is an input, but constant" in text


def test_a_declared_shape_that_is_not_computed_is_refused() -> None:
    assert "an output is declared (1, 4), but is (1, 5)" in reasons(relu(shape=(1, 5)))


def test_constants_as_parameters_are_bounded() -> None:
    axes = const(np.zeros(5000, np.int32))
    data = one_op("MEAN", [act((2, 3)), axes], [act((3,))])
    assert "not a few integers" in reasons(data)
