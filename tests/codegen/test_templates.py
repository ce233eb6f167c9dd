"""Templates loop and substitute: no decision, no arithmetic, no filter (ARCHITECTURE, 10)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeq.resources import data_root

TEMPLATES = sorted((data_root() / "templates").rglob("*.j2"))
NAME = r"[a-z][a-z0-9_]*"
STATEMENT = re.compile(rf"(for {NAME}(, {NAME})* in {NAME}(\.{NAME})*|endfor)")
EXPRESSION = re.compile(rf"{NAME}(\.{NAME})*")


def test_there_are_templates() -> None:
    assert {p.name for p in TEMPLATES} >= {"model.c.j2", "model.h.j2", "selftest.c.j2"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_statements_are_loops(path: Path) -> None:
    for statement in re.findall(r"\{%(.*?)%\}", path.read_text(encoding="utf-8"), re.DOTALL):
        assert STATEMENT.fullmatch(statement.strip("-+ ")), statement


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_expressions_are_names(path: Path) -> None:
    for expression in re.findall(r"\{\{(.*?)\}\}", path.read_text(encoding="utf-8"), re.DOTALL):
        assert EXPRESSION.fullmatch(expression.strip("-+ ")), expression


def test_the_rule_refuses_what_it_should() -> None:
    refused = [
        "if x",
        "set x = 1",
        "for x in y|sort",
        "for x in y if z",
        "macro f()",
        "for x in f()",
    ]
    assert not any(STATEMENT.fullmatch(text) for text in refused)
    refused = ["x + 1", "x|upper", "x()", "x[0]", "x if y", "'x'", "x ~ y", "loop.index - 1"]
    assert not any(EXPRESSION.fullmatch(text) for text in refused)
