"""Settings of pictures and sounds: stated, checked, stored, and told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeq.errors import UsageError
from edgeq.ir.store import from_bytes, to_bytes
from edgeq.quantize.preprocessing import (
    NOTE,
    AudioSettings,
    ImageSettings,
    Settings,
    note_of,
    settings_lines,
    settings_of,
    settings_of_note,
)
from tests.quantize_data.networks import network

LINE = "color=bgr, scale=0.0078125, mean=[1.0, 0.5, 0], std=2"
STATED = ImageSettings(color="bgr", scale=0.0078125, mean=(1.0, 0.5, 0.0), std=(2.0,))


def test_a_line_a_file_and_a_mapping_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text('color = "bgr"\nscale = 0.0078125\nmean = [1.0, 0.5, 0]\nstd = 2\n')
    mapping = {"kind": "images", "color": "bgr", "scale": 0.0078125, "mean": (1, 0.5, 0), "std": 2}
    for given in (LINE, "kind=images, " + LINE, 'kind="images", ' + LINE, path, str(path), mapping):
        assert settings_of(given) == STATED


def test_sounds_are_stated_by_their_kind() -> None:
    found = settings_of("kind=audio, feature=logmel, mel_bins=64, fft=1024, frame=1024, step=512")
    assert found == AudioSettings(feature="logmel", mel_bins=64, fft=1024, frame=1024, step=512)


BAD = [
    ("color=cmyk", "color cannot be 'cmyk'"),
    ("colour=rgb", "has no setting 'colour'"),
    ("kind=video", "kind cannot be 'video'"),
    ("scale=big", "the setting scale cannot be 'big'"),
    ("scale=[1, 2]", "the setting scale cannot be"),
    ("scale=true", "the setting scale cannot be"),
    ("height=3.5", "the setting height cannot be 3.5"),
    ("std=[1, 0]", "std none that is 0"),
    ("mean=[]", "mean and std need numbers"),
    ("color=", "cannot be read"),
    ("missing.toml", "cannot be read"),
    ("kind=audio, frame=600", "a frame of 600 samples does not fit"),
    ("kind=audio, high_hz=9000", "mel bins from 20 to 9000 Hz"),
    ("kind=audio, coefficients=41", "41 coefficients of 40 mel bins"),
    ("kind=audio, step=0", "must be positive"),
    ("kind=audio, power=3", "power 1 or 2"),
]


@pytest.mark.parametrize(("given", "said"), BAD)
def test_settings_that_make_no_sense_are_refused(given: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        settings_of(given)


@pytest.mark.parametrize(
    ("given", "shape", "wanted"),
    [
        (ImageSettings(), (1, 8, 9, 3), (8, 9, "rgb", "nhwc")),
        (ImageSettings(), (1, 8, 9, 1), (8, 9, "gray", "nhwc")),
        (ImageSettings(), (1, 3, 8, 9), (8, 9, "rgb", "nchw")),
        (ImageSettings(), (1, 3, 8, 3), (3, 8, "rgb", "nhwc")),
        (ImageSettings(layout="nchw"), (1, 3, 8, 3), (8, 3, "rgb", "nchw")),
        (ImageSettings(color="bgr", height=8), (1, 8, 9, 3), (8, 9, "bgr", "nhwc")),
    ],
)
def test_the_input_decides_what_is_left_open(
    given: ImageSettings, shape: tuple[int, ...], wanted: tuple[Any, ...]
) -> None:
    found = given.fitted(shape)
    assert (found.height, found.width, found.color, found.layout) == wanted


@pytest.mark.parametrize(
    ("given", "shape", "said"),
    [
        (ImageSettings(), (1, 64), "takes no pictures"),
        (ImageSettings(color="gray"), (1, 8, 9, 3), r"pictures of \(8, 9, 1\)"),
        (ImageSettings(height=7), (1, 8, 9, 3), r"pictures of \(7, 9, 3\)"),
        (AudioSettings(), (1, 98, 40), "49 frames of 10 values"),
    ],
)
def test_inputs_that_take_something_else_are_refused(
    given: Settings, shape: tuple[int, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        given.fitted(shape)


@pytest.mark.parametrize("settings", [STATED.fitted((1, 8, 8, 3)), AudioSettings(power=2)])
def test_settings_survive_the_file_of_a_graph(settings: Settings) -> None:
    graph = replace(network(), notes={NOTE: note_of(settings)}, numerics="edgeq")
    stored = from_bytes(to_bytes(graph))
    assert settings_of_note(stored.notes) == settings
    assert stored.numerics == "edgeq"


def test_a_graph_without_settings_has_none() -> None:
    assert settings_of_note(network().notes) is None


@pytest.mark.parametrize("note", ["", "[]", "nonsense", '{"kind": "images", "scale": []}',
                                  '{"kind": [1]}', '{"height": 1e999}'])  # fmt: skip
def test_hostile_notes_are_refused(note: str) -> None:
    with pytest.raises(UsageError):
        settings_of_note({NOTE: note})


def test_settings_are_told_in_sentences() -> None:
    pictures = " ".join(settings_lines(STATED.fitted((1, 8, 9, 3))))
    for word in ("8 rows of 9 pixels", "bgr", "nhwc", "0.0078125", "1, 0.5, 0"):
        assert word in pictures
    sounds = " ".join(settings_lines(AudioSettings()))
    for word in ("16000 Hz", "480 samples every 320", "512 points", "40 triangles", "DCT-II", "ln"):
        assert word in sounds
    assert "DCT" not in " ".join(settings_lines(AudioSettings(feature="logmel")))
