"""Tables of what a model costs, and of where it fits."""

from __future__ import annotations

from math import inf

from edgeq.measure.analysis import Analysis
from edgeq.report.table import Table, shape_text, short, table
from edgeq.targets import Target

TENS = 10  # from here on percents are whole


def layer_table(analysis: Analysis) -> Table:
    """One row for each layer."""
    rows = [
        (i, short(layer.name), layer.op, shape_text(layer.shape), layer.dtype, layer.macs,
         layer.constant_bytes, short(layer.kernel), layer.chosen_by)
        for i, layer in enumerate(analysis.layers)
    ]  # fmt: skip
    columns = (">", "layer", "operator", "output", "type", ">MACs", ">constants", "kernel",
               "chosen by")  # fmt: skip
    return table(f"{short(analysis.model)} on {analysis.target}", columns, rows)


def total_table(analysis: Analysis) -> Table:
    """The sums, in bytes but for the MACs."""
    bound = analysis.arena_lower_bound
    rows = [
        ("MACs", analysis.macs, ""),
        ("arena", analysis.arena_bytes, f"no placement is below {bound:,}" if bound else ""),
        ("  of it scratch", analysis.scratch_bytes, "the largest of one step"),
        ("stack", analysis.stack_bytes, "worst case of a run, without interrupts"),
        ("constants", analysis.constant_bytes, "weights, tables, parameters"),
        ("code", analysis.code_bytes, "of the model and its kernels"),
        ("flash", flash_bytes(analysis), "constants and code"),
    ]
    return table(f"totals in bytes, numerics {analysis.numerics}", ("", ">", ""), rows)


def level_table(analysis: Analysis) -> Table:
    """One row for each level of a fat target."""
    rows = [(x.level, x.arena_bytes, x.scratch_bytes, x.constant_bytes, x.costs or "order")
            for x in analysis.levels]  # fmt: skip
    columns = ("level", ">arena", ">of it scratch", ">constants", "kernels by")
    return table("levels, of which the program takes the best that the CPU has", columns, rows)


def memory_table(analysis: Analysis, target: Target) -> Table:
    """What the target has of each kind of memory, and what the model takes of it."""
    ram, flash = ram_bytes(analysis), flash_bytes(analysis)
    if target.flash_bytes is None:
        both = ram + flash if ram is not None and flash is not None else None
        rows = [_memory("RAM", both, target.ram_bytes)]
    else:
        rows = [_memory("RAM", ram, target.ram_bytes), _memory("flash", flash, target.flash_bytes)]
    return table(f"memory of {target.name}", ("", ">has", ">takes", ">of it", "fits"), rows)


def weight_error_table(analysis: Analysis) -> Table:
    """One row for each layer with weights: theory and measurement, SQNR in dB."""
    rows = [
        (short(e.name), e.scheme, w.step, w.bound, w.max_error, w.rms_error,
         _percent(100 * w.clipped) if w.clipped else "0 %", decibels(w.predicted_sqnr),
         decibels(w.sqnr))
        for e in analysis.errors if (w := e.weights) is not None
    ]  # fmt: skip
    columns = ("layer", "scheme", ">step D", ">D/2", ">max error", ">rms error", ">clipped",
               ">predicted", ">measured")  # fmt: skip
    title = f"quantization error of the weights of {short(analysis.model)}, SQNR in dB"
    return table(title, columns, rows)


def output_error_table(analysis: Analysis) -> Table:
    """One row for each layer that rounds, quantized alone: SQNR of its output, and of the last."""
    rows = [
        (short(e.name), e.scheme, e.output_step, decibels(e.predicted_sqnr), decibels(e.sqnr),
         decibels(e.sensitivity))
        for e in analysis.errors
    ]  # fmt: skip
    columns = ("layer", "scheme", ">step D", ">predicted", ">measured", ">of the network")
    title = f"outputs when one layer alone is quantized, {analysis.measured_samples} samples"
    return table(f"{title}, SQNR in dB", columns, rows)


def decibels(value: float | None) -> str | None:
    """A ratio in dB; exact is what has no noise."""
    if value is None:
        return None
    return "exact" if value == inf else f"{value:.1f}"


def _memory(kind: str, need: int | None, has: int) -> tuple[object, ...]:
    if need is None:
        return kind, has, None, None, "unknown"
    return kind, has, need, _percent(100 * need / has), need <= has


def _percent(share: float) -> str:
    return f"{share:,.0f} %" if share >= TENS else f"{share:.2g} %"


def ram_bytes(analysis: Analysis) -> int | None:
    """Arena and stack; the arena alone while no compiler has told the stack."""
    if analysis.arena_bytes is None:
        return None
    return analysis.arena_bytes + (analysis.stack_bytes or 0)


def flash_bytes(analysis: Analysis) -> int | None:
    """Constants and code; None while no compiler has told the code."""
    if analysis.constant_bytes is None or analysis.code_bytes is None:
        return None
    return analysis.constant_bytes + analysis.code_bytes
