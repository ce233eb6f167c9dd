"""Calibration streams and spreads: memory does not grow, and processes change no byte."""

from __future__ import annotations

import tracemalloc
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.ir.store import to_bytes
from tests.quantize_data.networks import network, save

SHAPE = (1, 16, 16, 3)
SAMPLE_BYTES = 4 * 16 * 16 * 3
SLACK = 20_000  # bytes: what counts samples, not what holds them


def written(path: Path, count: int, compression: int = zipfile.ZIP_STORED) -> Path:
    x = np.random.default_rng(5).random((1000, *SHAPE[1:])).astype(np.float32)
    return save(path, x=x[:count], compression=compression)


def peak(data: Path, observer: str) -> int:
    graph = network(SHAPE)
    tracemalloc.start()
    try:
        edgeq.quantize(graph, data, observer=observer, methods=())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("observer", "compression"),
    [("minmax", zipfile.ZIP_STORED), ("minmax", zipfile.ZIP_LZMA),
     ("percentile", zipfile.ZIP_DEFLATED)],
)  # fmt: skip
def test_a_thousand_samples_need_the_memory_of_a_hundred(
    tmp_path: Path, observer: str, compression: int
) -> None:
    few = written(tmp_path / "few.npz", 100, compression)
    many = written(tmp_path / "many.npz", 1000, compression)
    peak(few, observer)  # what is imported and cached once
    small, large = peak(few, observer), peak(many, observer)
    assert large <= small + SLACK
    assert SLACK < 900 * SAMPLE_BYTES / 100  # what loading them would add, a hundredfold


@pytest.mark.parametrize("observer", ["minmax", "moving_average", "percentile", "mse", "entropy"])
def test_several_processes_give_the_same_bytes(tmp_path: Path, observer: str) -> None:
    data = written(tmp_path / "d.npz", 37)
    alone = edgeq.quantize(network(SHAPE), data, observer=observer)
    assert to_bytes(edgeq.quantize(network(SHAPE), data, observer=observer, jobs=2)) == to_bytes(
        alone
    )


def test_progress_tells_every_batch_and_the_end(tmp_path: Path) -> None:
    said: list[tuple[int, int]] = []
    edgeq.quantize(network(SHAPE), written(tmp_path / "d.npz", 70), methods=(),
                   progress=lambda done, total: said.append((done, total)))  # fmt: skip
    assert said == [(32, 70), (64, 70), (70, 70)]


@pytest.fixture
def cluster() -> Iterator[Callable[[], int]]:
    """Two Dask workers on this machine, as joblib's back end; tells how often tasks changed."""
    distributed = pytest.importorskip("distributed")
    from joblib import parallel_config

    with (
        warnings.catch_warnings(),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as machines,
        distributed.Client(machines) as client,
        parallel_config(backend="dask"),
    ):
        warnings.simplefilter("ignore")  # of the cluster, about ports and closing connections
        yield lambda: int(
            client.run_on_scheduler(lambda dask_scheduler: dask_scheduler.transition_counter)
        )


def test_a_cluster_runs_the_same_call_and_gives_the_same_bytes(
    tmp_path: Path, cluster: Callable[[], int]
) -> None:
    data, before = written(tmp_path / "d.npz", 60), cluster()
    spread = edgeq.quantize(network(SHAPE), data, jobs=2)
    assert cluster() > before
    assert to_bytes(spread) == to_bytes(edgeq.quantize(network(SHAPE), data, jobs=1))
