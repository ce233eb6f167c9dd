"""Schemes by name, by pattern and from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeq.errors import UsageError
from edgeq.ir import DType
from edgeq.quantize import Options, quantize
from edgeq.quantize.errors import layer_errors
from edgeq.quantize.samples import samples_of
from edgeq.quantize.schemes import scheme, scheme_map
from tests.quantize.random_networks import network, samples


def test_names_say_what_is_stored() -> None:
    assert scheme("int8").weight is DType.INT8
    assert scheme("int16x8").activation is DType.INT16
    assert scheme("int4").weight is DType.INT4
    assert scheme("int4g32").group_size == 32


@pytest.mark.parametrize("name", ["", "int9", "int4g0", "int4g", "INT8", "int4g32; rm"])
def test_unknown_schemes_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="choose from"):
        scheme(name)


def test_the_first_pattern_found_decides(tmp_path: Path) -> None:
    table = {"default": "int4", "^conv_2d_0$": "int8", "conv": "int16x8"}
    path = tmp_path / "map.toml"
    path.write_text("\n".join(f"'{k}' = '{v}'" for k, v in table.items()), encoding="utf-8")
    for given in (table, str(path)):
        schemes = scheme_map(given)
        assert schemes.of("conv_2d_0").name == "int8"
        assert schemes.of("conv_2d_01").name == "int16x8"
        assert schemes.of("fully_connected_3").name == "int4"


@pytest.mark.parametrize("text", ["x = 3", "not toml", "'(' = 'int8'", "a = 'int9'"])
def test_bad_maps_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError):
        scheme_map(str(path))


def test_missing_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        scheme_map(str(tmp_path / "none.toml"))


def test_a_rule_for_no_layer_is_refused_before_calibration() -> None:
    graph, x = network(["conv", "joined"], 1), {"x": samples(0)}
    given = {"default": "int8", "^conv_2d_0$": "int16x8", "^conv_2d_O$": "int16x8"}
    said: list[int] = []
    with pytest.raises(UsageError, match=r"no layer's name has the pattern '\^conv_2d_O\$'"):
        quantize(graph, x, given, options=Options(progress=said.append))
    with pytest.raises(UsageError, match=r"'\^conv_2d_O\$'"):
        layer_errors(graph, samples_of(graph, x), scheme_map(given), Options())
    assert said == []
