"""Sentences and tables of what a comparison or a measurement found."""

from __future__ import annotations

from collections.abc import Mapping

from edgeq.measure.bench import BenchReport
from edgeq.report.table import Table, short, table
from edgeq.verify.compare import Difference, VerifyReport
from edgeq.verify.distance import Distance


def verify_text(report: VerifyReport) -> str:
    """The verdict, in a line or more."""
    levels = f" ({', '.join(report.levels)})" if report.levels else ""
    sides = [
        "numpy",
        f"C on {report.target}{levels}",
        *([report.against] if report.exact_peer else []),
    ]
    head = f"{' = '.join(sides)}, numerics {report.numerics}, {report.samples} samples"
    seen = f"{report.compared_bytes:,} bytes of {report.computed_tensors} tensors"
    lines = [f"equal: {head}: {seen}, none differs"]
    if not report.ok:
        lines = [f"different: {report.differing_bytes:,} of {seen} differ ({head})"]
        lines += difference_lines(report.first_difference)
    if report.exact_peer:
        lines.append(f"{report.against} showed {report.oracle_tensors} of the tensors")
    if report.distance is not None:
        lines += distance_lines(report.against, report.distance)
    return "\n".join(lines)


def difference_lines(first: Difference | None) -> list[str]:
    """The first node that differs, with its kernel."""
    if first is None:
        return []
    left, right = first.sides.split(", ")
    kernel = f", kernel {first.kernel}" if first.kernel else ""
    return [
        f"  first at node {short(first.node)} ({first.op}{kernel})",
        f"  tensor {short(first.tensor)}{list(first.index)} in sample {first.sample}:"
        f" {left} has {first.expected:g}, {right} has {first.found:g}",
        f"  {first.wrong:,} of its {first.of:,} elements differ",
    ]


def distance_lines(peer: str, far: Distance) -> list[str]:
    """How far another arithmetic is from ours; it promises nothing."""
    return [
        f"{peer} is another arithmetic, no bytes are promised: "
        f"{far.equal:,} of {far.elements:,} output elements are equal",
        f"  largest distance {far.largest:g}, mean {far.mean:.3g} (in steps of the output), "
        f"the same element is largest in {far.same_top:,} of {far.samples:,} samples",
    ]


def bench_table(report: BenchReport, *, layers: bool = True) -> Table:
    """One row for each layer that runs code, unless `layers` is False, and one for the whole."""
    shown = report.layers if layers else ()
    if report.instructions is None:
        rows = [(short(c.name), c.op, c.median_us, short(c.kernel)) for c in shown]
        rows.append((f"total{_sharing(report)}", "", report.median_us, ""))
        clock = ">us" if report.threads == 1 else ">us on one thread"
        return table(_title(report), ("layer", "operator", clock, "kernel"), rows)
    kinds = tuple(report.classes or ())
    rows_counted = [
        (short(c.name), c.op, c.instructions, *_by_kind(c.classes, kinds),
         *_cycles(report, c.estimated_cycles), short(c.kernel))
        for c in shown
    ]  # fmt: skip
    total = ("total", "", report.instructions, *_by_kind(report.classes, kinds),
             *_cycles(report, report.estimated_cycles), "")  # fmt: skip
    estimate = () if report.estimated_cycles is None else (">est. cycles",)
    columns = ("layer", "operator", ">instructions", *(f">{k}" for k in kinds), *estimate, "kernel")
    return table(_title(report), columns, [*rows_counted, total])


def _cycles(report: BenchReport, bounds: tuple[int, int] | None) -> tuple[str, ...]:
    """The column of estimated cycles, where the report has one."""
    if report.estimated_cycles is None:
        return ()
    if bounds is None:
        return ("",)
    low, high = bounds
    return (f"{low:,}" if low == high else f"{low:,}-{high:,}",)


def _by_kind(classes: Mapping[str, int] | None, kinds: tuple[str, ...]) -> tuple[int, ...]:
    return tuple((classes or {}).get(kind, 0) for kind in kinds)


def _title(report: BenchReport) -> str:
    return f"{short(report.model)} on {report.target}, numerics {report.numerics}"


def _sharing(report: BenchReport) -> str:
    """On how many threads, where on several."""
    return "" if report.threads == 1 else f" on {report.threads} threads"


def _share_of_peak(report: BenchReport) -> list[str]:
    if not (report.median_us and report.peak_gmacs and report.macs):
        return []
    done = report.macs / report.median_us / 1000
    peak = report.threads * report.peak_gmacs
    share = f"{done / peak:.0%} of the {peak:.1f}"
    machine = f"this machine's instructions do at most{_sharing(report)}"
    return [f"{done:.1f} GMAC/s, {share} that {machine}"]


def bench_text(report: BenchReport) -> str:
    """The result in a line, and one for each peer."""
    if report.instructions is not None:
        text = f"{report.instructions:,} executed instructions per inference (not cycles)"
        estimate = " to ".join(dict.fromkeys(f"{c:,}" for c in report.estimated_cycles or ()))
        return text + (f"; estimated cycles: {estimate}" if estimate else "")
    lines = [
        f"{report.median_us:,.2f} us per inference{_sharing(report)}: median of {report.blocks} "
        f"blocks, 80 % of them between {report.low_us:,.2f} and {report.high_us:,.2f}"
    ]
    if report.levels:
        each = ", ".join(f"{name} {took:,.2f}" for name, took in report.levels.items())
        lines.append(f"levels, in us: {each}")
    lines += _share_of_peak(report)
    lines += [
        f"{name}: {peer.median_us:,.2f} us (80 % between {peer.low_us:,.2f} and "
        f"{peer.high_us:,.2f}); ours / theirs = {peer.ratio:.3f}, median of pairs"
        f"{'' if peer.native else '; called from Python'}"
        for name, peer in report.peers.items()
    ]
    return "\n".join(lines)
