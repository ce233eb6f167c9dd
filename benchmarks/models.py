"""Latency on this machine beside LiteRT (XNNPACK), OpenVINO and ONNX Runtime, one thread.

    python -m benchmarks.models [--against litert,openvino,onnxruntime] [--write] [MODEL ...]

Every runtime is in a process of its own on the same core, and blocks of runs take turns; a ratio
is the median of those of neighbouring blocks.  The peak is what the machine's multiply-accumulate
instructions do at most, measured in the same run (targets/timing/peak.c).  A peer that does not
take a model has "refused" in its row; without `--against`, those that are not installed have no
column.  `--write` keeps the table in benchmarks/results/.
"""

from __future__ import annotations

import argparse
import platform
import sys
from importlib.util import find_spec
from pathlib import Path

from benchmarks.collection import REPOSITORY, model_path, run
from edgeq.ir import Graph
from edgeq.measure.bench import BenchReport
from edgeq.measure.rival import PeerRefused
from edgeq.pipeline import bench, load

MODELS = (
    "mlperf_tiny_kws_int8", "mlperf_tiny_vww_int8", "mlperf_tiny_ic_int8", "mlperf_tiny_ad_int8",
    "mlperf_tiny_sww_int8", "xtensa_mobilenet_v2_224_int8", "coral_mobilenet_v1_025_128_uint8",
)  # fmt: skip
PACKAGES = {
    "litert": ("ai_edge_litert",), "openvino": ("openvino",),
    "onnxruntime": ("onnxruntime", "onnx"),
}  # fmt: skip
"""What each peer needs."""

RESULTS = REPOSITORY / "benchmarks" / "results"
CPUINFO = Path("/proc/cpuinfo")


def line(stem: str, report: BenchReport, peers: tuple[str, ...]) -> str:
    """A row of the Markdown table."""
    median = report.median_us or 0.0
    share = report.macs / median / 1000 / (report.peak_gmacs or 1.0)
    cells = [stem, f"{median:,.1f}", f"{report.low_us:,.1f}-{report.high_us:,.1f}", f"{share:.0%}"]
    for name in peers:
        peer = report.peers.get(name)
        cells += [f"{peer.median_us:,.1f}", f"{peer.ratio:.2f}"] if peer else ["refused", ""]
    return f"| {' | '.join(cells)} |"


def measured(graph: Graph, peers: tuple[str, ...]) -> BenchReport:
    """Ours beside the peers that take the model."""
    try:
        return bench(graph, against=",".join(peers))
    except PeerRefused as refusal:
        sys.stderr.write(f"{refusal.text()}\n")
        return measured(graph, tuple(name for name in peers if name != refusal.peer))


def installed() -> tuple[str, ...]:
    """The peers that can be asked."""
    return tuple(
        name for name, needed in PACKAGES.items() if all(find_spec(package) for package in needed)
    )


def head(peers: tuple[str, ...]) -> str:
    """The head of the table."""
    columns = ["model", "us", "80 % between", "of peak"]
    columns += [word for name in peers for word in (name, "ours / theirs")]
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def machine() -> str:
    """The processor, as the system names it."""
    lines = CPUINFO.read_text(encoding="utf-8").splitlines() if CPUINFO.exists() else []
    names = [text.partition(":")[2].strip() for text in lines if text.startswith("model name")]
    return names[0] if names else platform.processor()


def main() -> None:
    """Print the table, and keep it when asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--against", default=",".join(installed()))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    peers = tuple(filter(None, options.against.split(",")))
    rows = [head(peers)]
    sys.stdout.write(rows[0] + "\n")
    for stem in options.models or MODELS:
        report = measured(load(model_path(stem)), peers)
        rows.append(line(stem, report, peers))
        sys.stdout.write(rows[-1] + "\n")
        sys.stdout.flush()
    if options.write:
        RESULTS.mkdir(parents=True, exist_ok=True)
        text = [f"One core of {machine()}, one thread.", "", *rows]
        (RESULTS / "x86.md").write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
