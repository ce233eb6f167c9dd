"""What kernels were measured to take: the tables by which the plan chooses among them.

A table is written by `edgeq tune`, never by hand: `kernels/ISA/costs.toml` for targets whose best
instruction set ISA is, and one in the user's cache for this very machine.  The cost of a call is

    sum of factor * amount

over the amounts of work that the contract's header names (`@work`), and 1 for the call itself.
It is time in units of the machine's measured peak: how many int8 multiply-accumulates the best
instruction could have done meanwhile.  So rows of a slow and of a fast clock are comparable.
"""

from __future__ import annotations

import hashlib
import json
import platform
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from edgeq.errors import KernelError
from edgeq.kernels.contract import contracts
from edgeq.kernels.expr import evaluate
from edgeq.kernels.isa import cpu_flags
from edgeq.resources import cache_folder, data_root

FILE = "costs.toml"
CALL = "1"
"""The amount of work of a call by itself."""

HEAD = """\
# What kernels take on one machine, measured by `edgeq tune`: renew it, do not edit it.
#
# cost    of a call, as factors of amounts of work: multiply-accumulates that the machine's best
#         instruction could have done in the same time
# error   of these sums, relative to what was measured: the median over the shapes
# shapes  how many were measured
"""


@dataclass(frozen=True, slots=True)
class Row:
    """The measured cost of one kernel.

    factors   expression over the params fields -> factor, > 0
    error     median relative error of the sum over the shapes that were measured
    """

    factors: Mapping[str, float]
    error: float
    shapes: int

    def cost(self, values: Mapping[str, int]) -> float:
        """The cost of a call with params fields `values`."""
        return sum(f * evaluate(amount, values) for amount, f in self.factors.items())


@dataclass(frozen=True, slots=True)
class CostTable:
    """Rows by the kernel's symbol without its rounding form.

    made     how it was measured: machine, date, command, compiler, peak
    origin   where it is, for people: "avx2/costs.toml" or the cache; "" for no table
    sha256   of its text, "" for no table; of the two sums where two tables stand together
    """

    rows: Mapping[str, Row] = field(default_factory=dict)
    made: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    sha256: str = ""

    @property
    def label(self) -> str:
        """Which table it is, in a word and the start of its sum; "" for none."""
        return f"{self.origin} {self.sha256[:16]}" if self.origin else ""

    def text(self) -> str:
        """The table as a file."""
        lines = [HEAD, "[made]", *(f"{k} = {json.dumps(v)}" for k, v in self.made.items())]
        for symbol, row in sorted(self.rows.items()):
            cost = ", ".join(f"[{json.dumps(a)}, {f:.6g}]" for a, f in row.factors.items())
            lines += ["", f"[kernels.{symbol}]", f"shapes = {row.shapes}",
                      f"error = {row.error:.3f}", f"cost = [{cost}]"]  # fmt: skip
        return "\n".join(lines) + "\n"


NO_TABLE = CostTable()


def costs_for(isa: Sequence[str], *, own: bool) -> CostTable:
    """The table for a machine with instruction sets `isa`, best first.

    own   whether it is this very machine: then its table in the user's cache comes first, and
          contracts that it lacks, as when a few kernels were measured, have the costs that ship

    Raises:
        KernelError: the file is no table of costs.
    """
    folders = (data_root() / "kernels" / name / FILE for name in isa)
    path = next((p for p in folders if p.is_file()), None)
    shipped = NO_TABLE if path is None else read_costs(path, f"{path.parent.name}/{FILE}")
    if not own or not cached_table().is_file():
        return shipped
    return _with_others(read_costs(cached_table(), "the user's cache"), shipped)


def _with_others(table: CostTable, other: CostTable) -> CostTable:
    """The table, and of the other one the rows of contracts that it has none of."""
    known = {_contract_of(symbol) for symbol in table.rows}
    rows = {symbol: row for symbol, row in other.rows.items() if _contract_of(symbol) not in known}
    if not rows:
        return table
    sums = hashlib.sha256(f"{table.sha256}{other.sha256}".encode()).hexdigest()
    return CostTable(
        {**rows, **table.rows}, table.made, f"{table.origin}, else {other.origin}", sums
    )


def _contract_of(symbol: str) -> str:
    return symbol.removeprefix("eq_").partition("__")[0]


def cached_table() -> Path:
    """Where the table of this machine is, once it was tuned; another kind of CPU has another."""
    known = "\n".join((machine_name(), *sorted(cpu_flags())))
    return cache_folder() / f"costs-{hashlib.sha256(known.encode()).hexdigest()[:12]}.toml"


def machine_name() -> str:
    """What this machine's processor is called."""
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    models = (line.split(":", 1)[1].strip() for line in text.splitlines()
              if line.startswith("model name"))  # fmt: skip
    return f"{next(models, platform.processor() or 'unknown')} ({platform.machine()})"


def read_costs(path: Path, origin: str) -> CostTable:
    """Parse one table.

    Raises:
        KernelError: it is not TOML, or not of the form that `CostTable.text` writes.
    """
    fix = f"run edgeq tune --target host --out {path} again, or remove the file"
    try:
        data = path.read_bytes()
        found = tomllib.loads(data.decode("utf-8"))
        rows = {name: _row(name, entry) for name, entry in _table(found, "kernels").items()}
        made = {key: str(value) for key, value in _table(found, "made").items()}
    except (OSError, ValueError, TypeError, KeyError, KernelError) as error:
        raise KernelError(
            "is no table of costs", where=str(path), why=str(error) or type(error).__name__, fix=fix
        ) from None
    return CostTable(rows, made, origin, hashlib.sha256(data).hexdigest())


def _table(found: Mapping[str, object], name: str) -> Mapping[str, object]:
    entry = found.get(name)
    if not isinstance(entry, dict):
        raise ValueError(f"it has no table [{name}]")
    return entry


def _row(symbol: str, entry: object) -> Row:
    """One row; ValueError or KernelError says what is wrong with it."""
    if not isinstance(entry, dict):
        raise ValueError("a kernel's entry is no table")
    factors = {str(amount): float(factor) for amount, factor in entry["cost"]}
    if not factors or not all(isfinite(f) and f >= 0 for f in factors.values()):
        raise ValueError("a cost needs factors, each a number >= 0")
    contract = contracts().get(_contract_of(symbol))
    for amount in factors if contract else ():
        evaluate(amount, dict.fromkeys(contract.fields if contract else (), 1))
    return Row(factors, float(entry["error"]), int(entry["shapes"]))
