"""Methods that improve on rounding every weight to the nearest, by name.

A method is a module of this package with a function `rewrite(graph) -> graph`, called on the
float graph before calibration, or `improve(prepared, samples, options, adjust) -> adjust`,
called after it, or both.  Modules are imported when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module

from edgeq.errors import UsageError
from edgeq.ir import DType, Graph
from edgeq.quantize.apply import Adjustments, Prepared
from edgeq.quantize.options import Options
from edgeq.quantize.samples import Samples
from edgeq.quantize.schemes import SchemeMap

METHODS = ("equalize", "gptq", "adaround", "bias_correction")

Rewrite = Callable[[Graph], Graph]
Improve = Callable[[Prepared, Samples, Options, Adjustments], Adjustments]


@dataclass(frozen=True, slots=True)
class Method:
    """What one method does before and after calibration."""

    name: str
    rewrite: Rewrite
    improve: Improve


@dataclass(frozen=True, slots=True)
class Default:
    """What `Options` leaves open for a scheme: the row that the rule of docs/accuracy.md picks."""

    observer: str
    methods: tuple[str, ...]


DEFAULTS = {
    "int4": Default("mse", ("gptq", "adaround")),
    "int16x8": Default("minmax", ("gptq", "adaround")),
    "int8": Default("mse", ("equalize", "bias_correction")),
}


def methods_of(names: tuple[str, ...]) -> tuple[Method, ...]:
    """The methods of these names, in this order.

    Raises:
        UsageError: there is no such method, or one is named twice.
    """
    for name in names:
        if name not in METHODS:
            raise UsageError(f"no method is called {name!r}",
                             fix=f"choose from {', '.join(METHODS)}")  # fmt: skip
        if names.count(name) > 1:
            raise UsageError(f"the method {name} is named twice")
    return tuple(_load(name) for name in names)


def defaults(options: Options, schemes: SchemeMap) -> Options:
    """`options` with the scheme's defaults for what they leave open.

    A map takes those of its finest rule: int4 before int16x8 before int8.
    """
    kinds = (schemes.default, *(s for _, s in schemes.rules))
    name = "int8"
    if any(s.activation is DType.INT16 for s in kinds):
        name = "int16x8"
    if any(s.weight is DType.INT4 for s in kinds):
        name = "int4"
    default = DEFAULTS[name]
    methods = default.methods if options.methods is None else options.methods
    return replace(options, observer=options.observer or default.observer, methods=methods)


def _load(name: str) -> Method:
    module = import_module(f"edgeq.quantize.{name}")
    return Method(name, getattr(module, "rewrite", _same), getattr(module, "improve", _nothing))


def _same(graph: Graph) -> Graph:
    return graph


def _nothing(
    prepared: Prepared, samples: Samples, options: Options, adjust: Adjustments
) -> Adjustments:
    del prepared, samples, options
    return adjust
