"""The stages in order: the only package that knows it, and the public Python API."""

from __future__ import annotations

from edgeq.pipeline.compiling import (
    analyze,
    build,
    compile,
    from_torch,
    load,
    plan_of,
    profile_of,
)
from edgeq.pipeline.measuring import ORACLE_PROFILES, bench, evaluate, verify
from edgeq.pipeline.quantizing import quantize
from edgeq.pipeline.tuning import tune

__all__ = [
    "ORACLE_PROFILES", "analyze", "bench", "build", "compile", "evaluate", "from_torch", "load",
    "plan_of", "profile_of", "quantize", "tune", "verify",
]  # fmt: skip
