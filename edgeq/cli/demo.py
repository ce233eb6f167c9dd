"""`edgeq demo`: the whole way, on a model that ships with edgeq.

What needs a tool that is missing is left out, and a sentence says what to install.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeq.cli.options import Json, Target
from edgeq.cli.screen import show_json, show_table, show_text, working
from edgeq.errors import ToolError

if TYPE_CHECKING:
    from edgeq.ir import Graph
    from edgeq.report.table import Table

Output = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write.")]
FOLDER = Path("edgeq-demo")
NAME = "digits"
SAMPLES = 50


@dataclass(slots=True)
class _Tour:
    """What has been found so far, and where it is told.

    notes    what could not be done, and why
    said     what is still to be told: after a stage, when no progress is shown
    """

    found: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    said: list[str | Table] = field(default_factory=list)
    ok: bool = True

    def say(self, what: str | Table) -> None:
        self.said.append(what)

    def leave_out(self, what: str, why: str) -> None:
        """Note what is missing; a reason that was told is not told again."""
        told = any(why in note for note in self.notes)
        self.notes.append(f"{what}: {why}")
        self.say(f"{what}: left out{', as above' if told else _indented(why)}")

    def tell(self, *, quiet: bool) -> None:
        """Print what was said since, unless JSON is wanted."""
        for what in () if quiet else self.said:
            if isinstance(what, str):
                show_text(what)
            else:
                show_table(what)
        self.said.clear()

    @contextmanager
    def stage(self, what: str) -> Iterator[None]:
        """A part of the tour; a missing tool ends that part alone."""
        try:
            with working(what):
                yield
        except ToolError as error:
            self.leave_out(what, error.text())


def demo(output: Output = FOLDER, target: Target = "cortex-m4", json: Json = False) -> int:
    """The whole way from a .tflite of handwritten digits to a folder of C and its figures."""
    from edgeq import pipeline
    from edgeq.demo import model_path
    from edgeq.report.tour import tour_table

    tour = _Tour()
    graph = pipeline.load(model_path())
    tour.say(f"model: {model_path().name}, {len(graph.nodes)} operators, 8x8 handwritten digits")
    tour.found = {"target": target, "folder": str(output)}
    for part in _parts(output, target):
        part(tour, graph)
        tour.tell(quiet=json)
    tour.found |= {"ok": tour.ok, "notes": tour.notes}
    if json:
        show_json(tour.found)
    else:
        show_table(tour_table(tour.found))
    return 0 if tour.ok else 1


def _parts(output: Path, target: str) -> tuple[Callable[[_Tour, Graph], None], ...]:
    return (
        lambda tour, graph: _compile(tour, graph, output, target),
        lambda tour, graph: _analyze(tour, graph, target),
        _accuracy,
        _verify,
        lambda tour, graph: _count(tour, graph, target),
        _time,
    )


def _compile(tour: _Tour, graph: Graph, output: Path, target: str) -> None:
    from edgeq import pipeline

    with working("compiling"):
        package = pipeline.compile(graph, target, name=NAME)
        package.write(output)
    tour.found |= {"arena_bytes": package.arena_bytes, "constant_bytes": package.constant_bytes,
                   "files": sorted(package.files)}  # fmt: skip
    tour.say(f"compile: {len(package.files)} files for {target} in {output}")


def _analyze(tour: _Tour, graph: Graph, target: str) -> None:
    from edgeq import pipeline
    from edgeq.report.cost import flash_bytes, layer_table

    with working("analyzing"):
        costs = pipeline.analyze(graph, target)
    tour.found |= {"macs": costs.macs, "code_bytes": costs.code_bytes,
                   "stack_bytes": costs.stack_bytes, "flash_bytes": flash_bytes(costs)}  # fmt: skip
    tour.say(layer_table(costs))
    if costs.note:
        tour.leave_out(f"code and stack on {target}", costs.note)


def _accuracy(tour: _Tour, graph: Graph) -> None:
    from edgeq import pipeline
    from edgeq.demo import test_data
    from edgeq.measure.accuracy import top1

    x, y = test_data()
    tour.found |= {"accuracy": None, "n": len(y)}
    with tour.stage("accuracy"):
        score = top1(pipeline.build(graph), x, y)
        tour.found |= {"accuracy": score.c, "accuracy_numpy": score.fixed}
        tour.ok &= score.same_as_c == score.n
        tour.say(
            f"accuracy: {100 * score.c:.2f} % of {score.n} test digits in C, "
            f"{100 * score.fixed:.2f} % in numpy, the same answer to {score.same_as_c} of them"
        )


def _verify(tour: _Tour, graph: Graph) -> None:
    from edgeq import pipeline
    from edgeq.demo import test_data
    from edgeq.report.found import verify_text

    x, _ = test_data()
    tour.found |= {"verified": None, "against": "tflm"}
    for against in ("tflm", ""):
        with tour.stage(f"verify against {against}" if against else "verify"):
            report = pipeline.verify(graph, samples=SAMPLES, against=against, data={"x": x})
            tour.found |= {"verified": report.ok, "against": against}
            tour.ok &= report.ok
            tour.say(f"verify: {verify_text(report)}")
            return


def _count(tour: _Tour, graph: Graph, target: str) -> None:
    from edgeq import pipeline
    from edgeq.report.found import bench_text
    from edgeq.targets import load_target
    from edgeq.verify.emulated import runs_in_process

    tour.found["instructions"] = None
    with tour.stage(f"instructions on {target}"):
        if runs_in_process(load_target(target)):
            return  # here time is measured, which comes next
        report = pipeline.bench(graph, target)
        tour.found |= {"instructions": report.instructions, "classes": report.classes}
        tour.say(f"bench: on {target} {bench_text(report)}")


def _time(tour: _Tour, graph: Graph) -> None:
    from edgeq import pipeline
    from edgeq.report.found import bench_text

    tour.found["median_us"] = None
    with tour.stage("latency on this machine"):
        report = pipeline.bench(graph)
        tour.found["median_us"] = report.median_us
        tour.say(f"bench: on this machine {bench_text(report)}")


def _indented(text: str) -> str:
    return "".join(f"\n  {line}" for line in text.splitlines())
