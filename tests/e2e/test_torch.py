"""From training in torch to the right answers on an emulated Cortex-M4, in one test."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from edgeq.errors import ModelError
from edgeq.frontends.torch import from_torch, read_pt2
from edgeq.ir import Graph
from edgeq.ir.values import quantize as to_integers
from edgeq.pipeline import load, plan_of
from edgeq.quantize import quantize
from edgeq.reference.exact import Exact
from edgeq.reference.float import FloatModel
from edgeq.targets import load_target
from edgeq.verify.program import run_traced
from tests.tools import need_target

TRAIN, CALIBRATE, TEST = slice(0, 1000), slice(1000, 1100), slice(1100, 1450)
FLOAT_TOLERANCE = 1e-4  # of probabilities: sums of at most 288 products of float32, each way round


class DigitsNet(torch.nn.Module):  # type: ignore[misc]
    """A small network of the layers that exporters tend to fuse."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(1, 12, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(12)
        self.depthwise = torch.nn.Conv2d(12, 12, 3, padding=1, groups=12)
        self.point = torch.nn.Conv2d(12, 32, 1)
        self.last = torch.nn.Linear(32 * 4 * 4, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.norm(self.first(x)))
        x = torch.nn.functional.relu6(self.point(torch.relu(self.depthwise(x))))
        x = torch.nn.functional.max_pool2d(x, 2)
        return torch.softmax(self.last(torch.flatten(x, 1)), 1)


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Pixels (N, 1, 8, 8) in [0, 1] and labels."""
    data = load_digits()
    return (data.images[:, None] / 16).astype(np.float32), data.target


@pytest.fixture(scope="module")
def trained(digits: tuple[np.ndarray, np.ndarray]) -> DigitsNet:
    """A network that knows the digits, trained in a few seconds."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    x, y = torch.tensor(digits[0][TRAIN]), torch.tensor(digits[1][TRAIN])
    net = DigitsNet()
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(25):
        for rows in torch.randperm(len(x)).split(64):
            loss = torch.nn.functional.nll_loss(torch.log(net(x[rows]) + 1e-9), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    net.eval()
    return net


@pytest.fixture(scope="module")
def graph(trained: DigitsNet) -> Graph:
    """The trained network as a float graph."""
    return from_torch(trained, torch.zeros(1, 1, 8, 8))


def test_float_graph_means_what_torch_computes(
    graph: Graph, trained: DigitsNet, digits: tuple[np.ndarray, np.ndarray]
) -> None:
    pixels = digits[0][TEST]
    with torch.no_grad():
        expected = trained(torch.tensor(pixels)).numpy()
    found = FloatModel(graph).run({graph.inputs[0]: pixels.transpose(0, 2, 3, 1)})
    assert np.abs(found[graph.outputs[0]] - expected).max() <= FLOAT_TOLERANCE
    assert "transpose" not in {node.op for node in graph.nodes}


def test_trained_network_gives_right_answers_on_cortex_m4(
    graph: Graph, digits: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    need_target(load_target("cortex-m4"))
    pixels, labels = digits[0].transpose(0, 2, 3, 1), digits[1]
    plan = plan_of(quantize(graph, pixels[CALIBRATE], "int8"), "cortex-m4", numerics="edgeq")
    tensor, output = plan.inputs[0].tensor, plan.graph.outputs[0]
    samples = [{tensor.name: to_integers(x[None], tensor)} for x in pixels[TEST][:100]]
    exact = Exact(plan.graph, plan.lowered)
    right = 0
    for sample, found, label in zip(
        samples, run_traced(plan, samples, tmp_path), labels[TEST][:100], strict=True
    ):
        assert np.array_equal(found[output], exact.run(sample)[output])
        right += int(found[output].argmax() == label)
    assert right >= 97


def test_exported_program_is_read_from_a_file(trained: DigitsNet, tmp_path: Path) -> None:
    path = tmp_path / "digits.pt2"
    torch.export.save(torch.export.export(trained, (torch.zeros(1, 1, 8, 8),)), path)
    assert [n.op for n in load(path).nodes][:2] == ["conv_2d", "depthwise_conv_2d"]


def test_open_dimensions_of_a_program_are_given(trained: DigitsNet, tmp_path: Path) -> None:
    path = tmp_path / "open.pt2"
    sizes = {"x": {0: torch.export.Dim("n", min=1, max=8)}}
    program = torch.export.export(trained, (torch.zeros(2, 1, 8, 8),), dynamic_shapes=sizes)
    torch.export.save(program, path)
    for batch, given, shape in (
        (None, None, (1, 8, 8, 1)),
        (3, None, (3, 8, 8, 1)),
        (None, {"x": (2, 1, 8, 8)}, (2, 8, 8, 1)),
    ):
        graph = load(path, batch=batch, input_shape=given)
        assert graph.tensors[graph.inputs[0]].shape == shape


class Hostile:
    """Pickled, it makes a file when it is restored."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.proof,)  # type: ignore[return-value]


def test_code_in_a_file_is_not_run(trained: DigitsNet, tmp_path: Path) -> None:
    path, proof = tmp_path / "hostile.pt2", tmp_path / "proof"
    torch.export.save(torch.export.export(trained, (torch.zeros(1, 1, 8, 8),)), path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    stream = io.BytesIO()
    torch.save((Hostile(proof),), stream)
    (inputs,) = (name for name in members if "sample_inputs" in name)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, stream.getvalue() if name == inputs else content)
    with pytest.raises(ModelError, match="objects that only code in the file could restore"):
        load(path)
    assert not proof.exists()
    pickle.loads(pickle.dumps(Hostile(proof)))
    assert proof.exists()  # it would have


def test_what_is_no_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.pt2"
    for content in (b"", b"PK\x03\x04", b"nothing of the kind" * 100):
        path.write_bytes(content)
        with pytest.raises(ModelError, match="not an exported torch program"):
            read_pt2(path)
    stream = io.BytesIO()
    torch.save({"state": torch.zeros(3)}, stream)
    path.write_bytes(stream.getvalue())
    with pytest.raises(ModelError, match="not an exported torch program"):
        read_pt2(path)


def test_module_that_cannot_be_captured_says_why() -> None:
    class Branches(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2 if x.sum() > 0 else x

    with pytest.raises(ModelError, match="cannot capture"):
        from_torch(Branches(), torch.zeros(1, 4))
