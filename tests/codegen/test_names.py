"""A model file is untrusted: whatever its names hold, C, CMake and Markdown stay as meant."""

from __future__ import annotations

import re
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from edgeq.codegen import emit
from edgeq.codegen.names import (
    KEYWORDS,
    LONGEST_COMMENT,
    LONGEST_NAME,
    RESERVED,
    c_comment,
    c_identifier,
)
from edgeq.ir import Graph, Node, Tensor
from tests.codegen.project import plan_of, run_well, selftest, write
from tests.graphs import dense
from tests.tools import need_tool

HOSTILE = (
    "*/ int main(void) {", '"quoted"', "'single'", "two\nlines", "cr\r\nlf", "..", "../../etc/x",
    "nul\0inside", "x" * 10_000, "int", "class", "restrict", "1st", "9" * 50, "моя модель", "模型",
    "\U0001f600", "", " ", "___", "_Reserved", "__double", "eq_conv", "EQ_CONV", "back\\slash",
    "back\\\nslash", "??/", "%s%n", "$(rm)", "${X}", "`x`", "a;b", "a b", "tab\there", "/*", "//",
    "\ud800", "</script>", "#define", "test", "all", "install", "stdint", "Features",
    "con\u202etxt", "eq", "edgeq", "edgeq_fc_s8", "EdgeQ window",
)  # fmt: skip
COMMENT = re.compile(r"[A-Za-z0-9 _.,:;()=<>+-]*")


@pytest.mark.parametrize("text", HOSTILE)
def test_an_identifier_is_legal_everywhere(text: str) -> None:
    name = c_identifier(text)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)
    assert "__" not in name
    assert len(name) <= LONGEST_NAME
    assert name.lower() not in RESERVED
    assert not name.lower().startswith("eq_")


@given(st.text(max_size=200))
def test_an_identifier_of_any_text_is_legal(text: str) -> None:
    name = c_identifier(text)
    assert re.fullmatch(r"[A-Za-z](_?[A-Za-z0-9])*", name)
    assert len(name) <= LONGEST_NAME
    assert name not in KEYWORDS


@given(st.text(max_size=200))
def test_an_identifier_does_not_change_when_made_again(text: str) -> None:
    name = c_identifier(text)
    assert c_identifier(name) == name


@pytest.mark.parametrize("text", HOSTILE)
def test_a_comment_cannot_be_closed_or_continued(text: str) -> None:
    comment = c_comment(text)
    assert COMMENT.fullmatch(comment)
    assert len(comment) <= LONGEST_COMMENT


def test_plain_names_stay_readable() -> None:
    assert c_identifier("mobilenet_v2-1.0 (int8)") == "mobilenet_v2_1_0_int8"
    assert c_comment("block 3/conv:0") == "block 3_conv:0"
    assert c_identifier("int") == "m_int"
    assert c_identifier("3d") == "m_3d"


def renamed(name: str) -> Graph:
    """The dense graph with everything in it called `name` and a number."""
    graph = dense(name)
    new = {old: f"{name}{i}" for i, old in enumerate(graph.tensors)}
    tensors = {
        new[t.name]: Tensor(new[t.name], t.shape, t.dtype, t.quant, t.data)
        for t in graph.tensors.values()
    }
    nodes = tuple(
        Node(f"{name}/{n.name}", n.op, tuple(new.get(t, "") for t in n.inputs),
             tuple(new[t] for t in n.outputs), n.attrs)
        for n in graph.nodes
    )  # fmt: skip
    ins, outs = (tuple(new[t] for t in side) for side in (graph.inputs, graph.outputs))
    return Graph(name, tensors, nodes, ins, outs)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_appear_nowhere_in_the_project(name: str) -> None:
    files = emit(plan_of(renamed(name)))
    clean = emit(plan_of(renamed("clean")))
    assert len(files) == len(clean)
    for path, text in files.items():
        assert re.fullmatch(r"[A-Za-z0-9_./-]+", path)
        assert ".." not in path
        assert text.isascii() or path.startswith(("kernels/", "include/", "board/"))
        longest = max(map(len, text.splitlines()))
        assert longest < 400 or path.startswith(("kernels/", "include/", "board/"))


@settings(max_examples=5)
@given(st.sampled_from([n for n in HOSTILE if n not in ("", " ")]))
def test_text_differs_from_a_harmless_model_in_names_only(name: str) -> None:
    def shape(text: str) -> str:
        return re.sub(r"[^\n*/\"'\\{}()#;]", "", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))

    hostile, harmless = (emit(plan_of(renamed(n)), name="m") for n in (name, "harmless"))
    for path in ("m.c", "m.h", "m_selftest.c"):
        assert shape(hostile[path]) == shape(harmless[path])


@pytest.mark.parametrize(
    "name", ["*/ #error", "int", "stdint", "x" * 9999, "test", "\\", "edgeq_fc_s8"]
)
def test_a_project_of_a_hostile_model_passes_its_selftest(name: str, tmp_path: Path) -> None:
    need_tool("gcc")
    assert selftest(write(emit(plan_of(renamed(name))), tmp_path)) == "PASS\n"


@pytest.mark.parametrize("name", ["test", "all", "features"])
def test_cmake_takes_the_names_that_it_reserves(name: str, tmp_path: Path) -> None:
    need_tool("cmake")
    folder = write(emit(plan_of(renamed(name), "host")), tmp_path)
    run_well(["cmake", "-S", ".", "-B", "build"], folder)
    run_well(["cmake", "--build", "build"], folder)
