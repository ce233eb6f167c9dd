"""Writing a project: all or nothing, and never over what somebody else made."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from edgeq.codegen import emit
from edgeq.codegen.folder import MANIFEST, is_safe, write_folder
from edgeq.codegen.package import Package
from edgeq.errors import OutputError
from tests.codegen.folders import FEWER, FILES, content, names, refused
from tests.codegen.project import plan_of
from tests.graphs import dense, tiny


def test_a_package_is_written_as_it_is(tmp_path: Path) -> None:
    plan = plan_of(dense())
    files = emit(plan)
    package = Package.of_plan(plan, files)
    package.write(tmp_path / "out")
    assert content(tmp_path / "out") == files
    assert package.name == "dense"
    assert (package.arena_bytes, package.arena_lower_bound) == (128, 128)
    assert package.constant_bytes == plan.constant_bytes > 8 * 16
    assert package.scratch_bytes == 0
    assert (package.target, package.profile) == ("x86-64-portable", "tflm")


def test_folders_above_are_made(tmp_path: Path) -> None:
    write_folder(tmp_path / "a" / "b" / "out", FILES)
    assert content(tmp_path / "a" / "b" / "out") == FILES
    assert names(tmp_path / "a" / "b") == ["out"]


def test_text_is_utf8_and_line_ends_stay(tmp_path: Path) -> None:
    text = "é\n\r\n"
    write_folder(tmp_path / "out", {**FILES, "t": text})
    assert (tmp_path / "out" / "t").read_bytes() == text.encode()


def test_files_are_readable_as_the_umask_says(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", FILES)
    old = os.umask(0)
    os.umask(old)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o777 & ~old
    assert (tmp_path / "out" / "a.c").stat().st_mode & 0o777 == 0o666 & ~old


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_folder(tmp_path / "out", FILES)
    assert content(tmp_path / "out") == FILES


def test_an_earlier_output_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, FILES)
    write_folder(out, FEWER)
    assert content(out) == FEWER
    assert not (out / "kernels").exists()
    write_folder(out, FILES)
    assert content(out) == FILES
    assert names(out) == ["a.c", "kernels", MANIFEST]


def test_a_package_replaces_another_model(tmp_path: Path) -> None:
    for graph in (dense(), tiny()):
        plan = plan_of(graph)
        Package.of_plan(plan, emit(plan)).write(tmp_path / "out")
    assert content(tmp_path / "out") == emit(plan)


def test_what_the_user_put_beside_it_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, FILES)
    (out / "main.c").write_text("mine", encoding="ascii")
    (out / "kernels" / "mine.c").write_text("mine", encoding="ascii")
    (out / "build").mkdir()
    write_folder(out, FEWER)
    assert content(out) == {**FEWER, "main.c": "mine", "kernels/mine.c": "mine"}
    assert (out / "build").is_dir()


def test_a_folder_of_somebody_else_is_named(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("notes.txt", "b", "c", "d"):
        (out / name).write_text("mine", encoding="ascii")
    message = refused(out)
    assert "holds something that edgeq did not make" in message
    assert "found b, c, d and 1 more" in message
    assert "choose another folder" in message


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '{"files": {}}', '{"edgeq": "1"}', '{"edgeq": "1", "files": []}',
     "\udcff", "[" * 100_000, "nonsense"],
    ids=range(10),
)  # fmt: skip
def test_another_manifest_does_not_make_it_ours(text: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / MANIFEST).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(OutputError, match="did not make"):
        write_folder(out, FILES)
    assert names(out) == [MANIFEST]


def test_a_manifest_that_is_a_link_does_not_make_it_ours(tmp_path: Path) -> None:
    write_folder(tmp_path / "real", FILES)
    out = tmp_path / "out"
    out.mkdir()
    (out / MANIFEST).symlink_to(tmp_path / "real" / MANIFEST)
    assert "did not make" in refused(out)


def test_a_file_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="ascii")
    assert "is a file, not a folder" in refused(tmp_path / "out")


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_refused_and_its_target_named(exists: bool, tmp_path: Path) -> None:
    if exists:
        write_folder(tmp_path / "real", FILES)
    (tmp_path / "out").symlink_to(tmp_path / "real")
    message = refused(tmp_path / "out", FEWER)
    assert "is a symbolic link" in message
    assert str(tmp_path / "real") in message
    assert (tmp_path / "out").is_symlink()


def test_a_file_of_the_user_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, FEWER)
    (out / "kernels").mkdir()
    (out / "kernels" / "k.c").write_text("mine", encoding="ascii")
    message = refused(out)
    assert "has something of yours" in message
    assert "kernels/k.c" in message


@pytest.mark.parametrize("kind", ["folder", "link", "file"])
def test_something_else_in_a_files_place_is_refused(kind: str, tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    write_folder(out, FILES)
    elsewhere.mkdir()
    place = out / "a.c" if kind == "folder" else out / "kernels"
    place.unlink() if kind == "folder" else (out / "kernels" / "k.c").unlink()
    if kind == "folder":
        place.mkdir()
    else:
        place.rmdir()
        place.symlink_to(elsewhere) if kind == "link" else place.write_text("mine")
    assert "has something of yours" in refused(out)
    assert names(elsewhere) == []


def test_a_forged_manifest_leads_nowhere_outside(tmp_path: Path) -> None:
    out, victim, elsewhere = tmp_path / "out", tmp_path / "victim", tmp_path / "elsewhere"
    write_folder(out, FEWER)
    victim.write_text("mine", encoding="ascii")
    elsewhere.mkdir()
    (elsewhere / "x").write_text("mine", encoding="ascii")
    (out / "link").symlink_to(elsewhere)
    (out / "folder").mkdir()
    listed = ["../victim", str(victim), "link/x", "folder", "./a", "..", "", "gone", "a\0b"]
    record = {"edgeq": "0", "files": dict.fromkeys(listed, "")}
    (out / MANIFEST).write_text(json.dumps(record), encoding="ascii")
    (out / "a.c").unlink()
    write_folder(out, FEWER)
    assert victim.read_text(encoding="ascii") == "mine"
    assert (elsewhere / "x").read_text(encoding="ascii") == "mine"
    assert (out / "link").is_symlink()
    assert (out / "folder").is_dir()


@pytest.mark.parametrize(
    "path",
    ["../a", "/a", "a/../../b", "a//b", "", ".", "a/.", "a\\b", "c:a", "a\0b", "a/"],
)
def test_paths_that_leave_the_folder_are_refused(path: str, tmp_path: Path) -> None:
    assert not is_safe(path)
    with pytest.raises(OutputError, match="is not a path inside a folder"):
        write_folder(tmp_path / "out", {**FILES, path: "x"})
    assert names(tmp_path) == []


@pytest.mark.parametrize("path", ["a", "a/b.c", ".clang-format", "a..b/c"])
def test_plain_paths_are_taken(path: str) -> None:
    assert is_safe(path)


def test_a_name_with_nul_or_too_long_is_refused(tmp_path: Path) -> None:
    for name in ("a\0b", "x" * 300):
        with pytest.raises(OutputError, match="cannot be written"):
            write_folder(tmp_path / name, FILES)
    assert names(tmp_path) == []
