"""`edgeq quantize`, `evaluate` and `analyze --data`: from a float model to measured integers."""

from __future__ import annotations

import errno
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import edgeq
from edgeq.frontends import load
from edgeq.ir.store import save as store
from edgeq.quantize.preprocessing import ImageSettings, settings_of_note
from tests.cli.conftest import Run
from tests.quantize_data.networks import images, network, npy, save
from tests.tools import need_tool

SharedFile = Callable[[str], Path]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    store(network(), tmp_path / "float.edgeq")
    return tmp_path / "float.edgeq"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return save(tmp_path / "data.npz", x=images(40), y=np.arange(40) % 4)


def test_help_tells_of_the_new_commands(run: Run) -> None:
    said = run("--help")
    assert "quantize" in said.out
    assert "evaluate" in said.out
    for command in ("quantize", "evaluate", "analyze"):
        assert "--data" in run(command, "--help").out


@pytest.mark.parametrize("scheme", ["int8", "int16x8", "int4"])
def test_from_a_float_model_to_verified_c(
    run: Run, model: Path, data: Path, tmp_path: Path, scheme: str
) -> None:
    need_tool("gcc")
    out = tmp_path / "out.edgeq"
    said = run("quantize", model, "--data", data, "--scheme", scheme, "-o", out)
    assert (said.code, said.err) == (0, "")
    assert f"scheme {scheme}, numerics edgeq" in said.out
    verified = run("verify", out, "--samples", 5, "--json")
    assert verified.code == 0
    assert verified.json["numerics"] == "edgeq"
    assert verified.json["ok"] is True
    found = run("evaluate", out, "--data", data, "--float", model, "--json").json
    assert (found["n"], found["metric"]) == (40, "top1")
    assert found["fixed"] == found["c"]
    assert found["same_outputs"] == 40
    assert [row["class"] for row in found["classes"]] == ["0", "1", "2", "3"]
    assert found["sqnr_db"] > 10


def test_the_json_says_what_was_made(run: Run, model: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.edgeq"
    found = run("quantize", model, "--data", data, "-o", out, "--json").json
    assert found["file"] == str(out)
    assert (found["scheme"], found["numerics"], found["layers"]) == ("int8", "edgeq", 5)
    assert found["constant_bytes"] > 0
    assert found["warnings"] == found["problems"] == []


@pytest.mark.parametrize("numerics", ["", "litert"])
def test_a_tflite_file_computes_as_its_runtime_does(
    run: Run, model: Path, data: Path, tmp_path: Path, numerics: str,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    need_tool("gcc")
    request.getfixturevalue(numerics or "tflm")
    out = tmp_path / "out.tflite"
    words = ("--numerics", numerics) if numerics else ()
    made = run("quantize", model, "--data", data, "-o", out, "--json", *words).json
    assert made["numerics"] == (numerics or "tflm")
    said = run("verify", out, "--against", numerics or "tflm", "--samples", 8, "--json").json
    assert said["ok"] is True
    assert said["oracle_tensors"] > 0


def test_observers_methods_maps_and_processes(
    run: Run, model: Path, data: Path, tmp_path: Path
) -> None:
    schemes = tmp_path / "schemes.toml"
    schemes.write_text('default = "int8"\n"^dense$" = "int16x8"\n')
    out = tmp_path / "out.edgeq"
    said = run("quantize", model, "--data", data, "-o", out, "--scheme", schemes, "--observer",
               "percentile", "--methods", "none", "--jobs", 2, "--seed", 3)  # fmt: skip
    assert said.code == 0
    tensors = load(out).tensors
    assert str(tensors["a"].dtype) == "int8"
    assert str(tensors["z"].dtype) == "int16"


def test_the_same_call_writes_the_same_bytes(
    run: Run, model: Path, data: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        assert run("quantize", model, "--data", data, "-o", tmp_path / f"{name}.edgeq").code == 0
    assert (tmp_path / "one.edgeq").read_bytes() == (tmp_path / "two.edgeq").read_bytes()


def test_a_folder_of_pictures_and_its_preprocessing(run: Run, model: Path, tmp_path: Path) -> None:
    need_tool("gcc")
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(4):
        Image.fromarray(rng.integers(0, 256, (20, 30, 3), np.uint8)).save(folder / f"{i}.png")
    out = tmp_path / "out.edgeq"
    said = run("quantize", model, "--data", folder, "-o", out, "--preprocess",
               "color=bgr, scale=0.00390625, mean=[0.1]")  # fmt: skip
    assert (said.code, said.err) == (0, "")
    assert "order of colors bgr" in said.out
    wanted = ImageSettings(8, 8, "bgr", 0.00390625, (0.1,), (1.0,), "nhwc")
    assert settings_of_note(load(out).notes) == wanted
    assert run("compile", out, "-o", tmp_path / "c").code == 0
    readme = (tmp_path / "c" / "README.md").read_text()
    assert "- resize the picture bilinearly to 8 rows of 8 pixels" in readme
    assert "mean 0.1, std 1" in readme


def test_a_project_without_preprocessing_says_nothing_of_it(
    run: Run, model: Path, data: Path, tmp_path: Path
) -> None:
    assert run("quantize", model, "--data", data, "-o", tmp_path / "out.edgeq").code == 0
    assert run("compile", tmp_path / "out.edgeq", "-o", tmp_path / "c").code == 0
    assert "Prepare the input" not in (tmp_path / "c" / "README.md").read_text()


def test_pixels_at_a_model_of_fractions_make_a_warning(
    run: Run, model: Path, tmp_path: Path
) -> None:
    pixels = save(tmp_path / "p.npz", x=np.floor(images(9) * 256).astype(np.uint8))
    words = ("quantize", model, "--data", pixels, "-o", tmp_path / "out.edgeq")
    said = run(*words)
    assert said.code == 0
    assert "warning: the data of x ranges from 0 to 255, in integers" in said.err
    assert len(run(*words, "--json").json["warnings"]) == 1
    assert run(*words, "--trust-data").err == ""
    assert run(*words, "--preprocess", "scale=0.00392156862745098").err == ""


def test_analysis_of_a_float_model_with_data(run: Run, model: Path, data: Path) -> None:
    said = run("analyze", model, "--data", data, "--scheme", "int4")
    assert said.code == 0
    for word in ("quantization error", "step D", "D/2", "predicted", "network", "dense", "arena"):
        assert word in said.out
    found = run("analyze", model, "--data", data, "--json").json
    assert [e["name"] for e in found["errors"]] == ["first", "second", "mean", "dense", "softmax"]
    first = found["errors"][0]
    assert 0 < first["weights"]["max_error"] <= first["weights"]["bound"] * 1.0001
    assert first["predicted_sqnr"] == pytest.approx(first["sqnr"], abs=3)
    assert found["measured_samples"] == 32
    assert found["arena_bytes"] > 0


def test_metrics_are_shown_by_class(run: Run, model: Path, data: Path) -> None:
    said = run("evaluate", model, "--data", data)
    assert said.code == 0
    for word in ("top1 of 40 samples", "float reference", "by class", "nothing to compare"):
        assert word in said.out
    few = run("evaluate", model, "--data", data, "--metric", "map", "--samples", 12, "--json").json
    assert (few["n"], few["metric"], few["fixed"], few["c"]) == (12, "map", None, None)
    assert 0 < few["float"] < 1


def bad_data(folder: Path) -> dict[str, tuple[Path, str]]:
    """Files that make no sense, and what is said of each."""
    good = images(5)
    infinite = good.copy()
    infinite[3, 0, 0, 0] = np.inf
    arrays = {
        "none": ({"x": good[:0]}, "there are no samples"),
        "one": ({"x": good[:1]}, "there is one sample only"),
        "shape": ({"x": good[..., 0]}, "data for x has shape (5, 8, 8)"),
        "text": ({"x": np.array(["a", "b"])}, "'x.npy' is not a plain array"),
        "key": ({"image": good}, "lacks the key x"),
        "nan": ({"x": good * np.nan}, "sample 0 of x is not finite"),
        "inf": ({"x": infinite}, "sample 3 of x is not finite"),
        "range": ({"x": good.astype(np.float64) * 1e300}, "of x is not finite"),
    }
    found = {n: (save(folder / f"{n}.npz", **a), said) for n, (a, said) in arrays.items()}
    found["missing"] = (folder / "missing.npz", "cannot read the data")
    (folder / "noise.npz").write_bytes(b"noise" * 100)
    found["noise"] = (folder / "noise.npz", "not a sound .npz")
    (folder / "empty").mkdir()
    found["empty"] = (folder / "empty", "there are no pictures")
    with (
        zipfile.ZipFile(folder / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w") as stream,
    ):
        stream.write(npy((3 << 21, 8, 8, 3), "|u1"))
        for _ in range(3 * 8 * 8 * 3 * 2):
            stream.write(bytes(1 << 20))
    found["bomb"] = (folder / "bomb.npz", "'x.npy' would expand")
    return found


def test_bad_data_is_one_clear_error(run: Run, model: Path, tmp_path: Path) -> None:
    for name, (path, wanted) in bad_data(tmp_path).items():
        out = tmp_path / f"{name}.edgeq"
        said = run("quantize", model, "--data", path, "-o", out)
        assert said.code == 2, name
        assert said.err.count("error:") == 1
        assert wanted in said.err, name
        assert not out.exists()
        answer = run("quantize", model, "--data", path, "-o", out, "--json").json
        assert wanted in answer["error"]
        assert answer["constant_bytes"] is None


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--scheme", "int9"), "no scheme is called 'int9'"),
        (("--observer", "median"), "no observer is called 'median'"),
        (("--methods", "magic"), "no method is called 'magic'"),
        (("--numerics", "fast"), "no numeric profile is called 'fast'"),
        (("--preprocess", "colour=rgb"), "no setting 'colour'"),
        (("--preprocess", "kind=audio"), "arrays hold features already"),
        (("--jobs", "0"), "0 jobs do no work"),
        (("--seed", "-1"), "the seed -1 is negative"),
        (("--scheme", "missing.toml"), "missing.toml: cannot be read"),
    ],
)
def test_unknown_words_are_refused(
    run: Run, model: Path, data: Path, tmp_path: Path, words: tuple[str, ...], wanted: str
) -> None:
    said = run("quantize", model, "--data", data, "-o", tmp_path / "out.edgeq", *words)
    assert said.code == 2
    assert wanted in said.err


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("out.onnx", "'.onnx' files are not written"), ("out", "files are not written"),
     ("no/out.edgeq", "its folder does not exist")],
)  # fmt: skip
def test_outputs_that_cannot_be_written_are_refused_at_once(
    run: Run, model: Path, tmp_path: Path, name: str, wanted: str
) -> None:
    said = run("quantize", model, "--data", "missing.npz", "-o", tmp_path / name)
    assert said.code == 2
    assert wanted in said.err


def test_a_folder_is_no_output(run: Run, model: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "out.edgeq").mkdir()
    said = run("quantize", model, "--data", data, "-o", tmp_path / "out.edgeq")
    assert said.code == 2
    assert "why: it is a folder" in said.err


@pytest.mark.parametrize("name", ["out.edgeq", "out.tflite"])
@pytest.mark.parametrize("before", [None, b"an earlier model"])
@pytest.mark.parametrize("fails", ["write_bytes", "replace"])
def test_a_failure_while_writing_leaves_what_was_there(
    run: Run, model: Path, data: Path, tmp_path: Path, name: str, before: bytes | None,
    fails: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    out = tmp_path / "folder" / name
    out.parent.mkdir()
    if before is not None:
        out.write_bytes(before)

    def full(path: Path, content: object) -> None:
        if fails == "write_bytes":
            with path.open("wb") as file:
                file.write(b"a part")
        raise OSError(errno.ENOSPC, "No space left on device", str(content)[:9])

    with monkeypatch.context() as patch:
        patch.setattr(Path, fails, full)
        said = run("quantize", model, "--data", data, "-o", out, "--methods", "none")
    assert said.code == 2
    assert said.err.count("error:") == 1
    assert f"{name}: cannot be written" in said.err
    assert "why: No space left on device" in said.err
    found = {p.name: p.read_bytes() for p in out.parent.iterdir()}
    assert found == ({} if before is None else {name: before})


def test_links_are_written_through(run: Run, model: Path, data: Path, tmp_path: Path) -> None:
    target, link = tmp_path / "there.edgeq", tmp_path / "link.edgeq"
    link.symlink_to(target)
    assert run("quantize", model, "--data", data, "-o", link, "--methods", "none").code == 0
    assert link.is_symlink()
    assert load(target).numerics == "edgeq"


def test_integer_models_are_not_quantized_again(run: Run, digits: Path, tmp_path: Path) -> None:
    data = save(tmp_path / "d.npz", x=np.zeros((3, 8, 8, 1)))
    for words in (("quantize", digits, "-o", tmp_path / "o.edgeq"), ("analyze", digits)):
        said = run(*words, "--data", data)
        assert said.code == 2
        assert "its activations are integers already" in said.err


def test_evaluation_refuses_what_does_not_fit(run: Run, model: Path, tmp_path: Path) -> None:
    unlabelled = save(tmp_path / "u.npz", x=images(4))
    said = run("evaluate", model, "--data", unlabelled)
    assert said.code == 2
    assert "there are no labels" in said.err
    answer = run("evaluate", model, "--data", unlabelled, "--metric", "bleu", "--json")
    assert answer.code == 2
    assert answer.json["c"] is None
    assert "no metric is called 'bleu'" in answer.json["error"]


def test_a_stored_profile_is_the_default_everywhere(
    run: Run, model: Path, data: Path, tmp_path: Path
) -> None:
    need_tool("gcc")
    out = tmp_path / "out.edgeq"
    assert run("quantize", model, "--data", data, "-o", out, "--numerics", "litert").code == 0
    assert load(out).numerics == "litert"
    assert run("analyze", out, "--json").json["numerics"] == "litert"
    assert run("verify", out, "--samples", 2, "--json").json["numerics"] == "litert"
    assert run("compile", out, "-o", tmp_path / "c", "--json").json["numerics"] == "litert"
    named = run("verify", out, "--samples", 2, "--numerics", "edgeq", "--json").json
    assert named["numerics"] == "edgeq"


def test_a_stored_profile_that_does_not_exist_is_refused(run: Run, tmp_path: Path) -> None:
    graph = replace(edgeq.quantize(network(), images(9)), numerics="fast")
    store(graph, tmp_path / "odd.edgeq")
    said = run("analyze", tmp_path / "odd.edgeq")
    assert said.code == 2
    assert "no numeric profile is called 'fast'" in said.err


def test_open_shapes_of_onnx_models_are_given(run: Run, model: Path) -> None:
    said = run("analyze", model, "--input-shape", "x=1,8,8,3")
    assert said.code == 2
    assert "an input shape is taken for .onnx and .pt2 files only" in said.err
    assert "is not a shape" in run("analyze", model, "--input-shape", "x=1,a").err


def test_oracles_read_what_did_not_come_from_their_files(
    run: Run, model: Path, data: Path, tmp_path: Path, tflm: object, shared_file: SharedFile
) -> None:
    del tflm
    need_tool("gcc")
    out = tmp_path / "out.edgeq"
    assert run("quantize", model, "--data", data, "-o", out).code == 0
    for file in (out, shared_file("models/mlperf_tiny_ic_qdq.onnx")):
        said = run("verify", file, "--against", "tflm", "--samples", 2, "--json").json
        assert said["ok"] is True
        assert said["oracle_tensors"] > 0
    said = run("verify", out, "--against", "onnxruntime", "--samples", 2)
    assert said.code == 2
    assert "no .onnx file" in said.err


@pytest.mark.slow
def test_the_image_classifier_keeps_its_accuracy(
    run: Run, shared_file: SharedFile, tmp_path: Path
) -> None:
    need_tool("gcc")
    with np.load(shared_file("data/cifar10.npz")) as file:
        cal = save(tmp_path / "cal.npz", x=file["x_cal"][:100])
        test = save(tmp_path / "test.npz", x=file["x_test"][:200], y=file["y_test"][:200])
    model, out = shared_file("models/mlperf_tiny_ic_float.tflite"), tmp_path / "ic.edgeq"
    made = run("quantize", model, "--data", cal, "-o", out, "--json")
    assert json.loads(made.out)["warnings"] == []
    found = run("evaluate", out, "--data", test, "--float", model, "--json").json
    assert found["fixed"] == found["c"]
    assert abs(found["float"] - found["c"]) <= 0.02
