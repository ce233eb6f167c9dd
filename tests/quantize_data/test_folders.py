"""Folders of pictures and sounds as samples."""

from __future__ import annotations

import struct
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeq.errors import UsageError
from edgeq.quantize.audio import dct, features, mel_filters, read_wav
from edgeq.quantize.files import FolderSamples, folder_samples
from edgeq.quantize.images import MAX_PIXELS
from edgeq.quantize.preprocessing import AudioSettings, ImageSettings, Settings

SharedFile = Callable[[str], Path]


def picture(path: Path, height: int = 8, width: int = 8, mode: str = "RGB") -> np.ndarray:
    rng = np.random.default_rng(len(path.name))
    pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def read(folder: Path, settings: Settings | None, shape: tuple[int, ...]) -> np.ndarray:
    samples = folder_samples(folder, settings, "x", shape)
    return np.concatenate([b["x"] for b in samples.batches(0, len(samples), 2)])


def test_pictures_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    wanted = [picture(tmp_path / name) for name in ("a.png", "b.bmp", "sub/c.PNG")]
    (tmp_path / "notes.txt").write_text("no picture")
    found = read(tmp_path, None, (1, 8, 8, 3))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.stack(wanted) / 255, rtol=1e-6)


def test_a_batch_reads_its_own_files(tmp_path: Path) -> None:
    for i in range(5):
        picture(tmp_path / f"{'x' * i}{i}.png")
    samples = folder_samples(tmp_path, None, "x", (1, 8, 8, 3))
    whole = next(samples.batches(0, 5, 5))["x"]
    (tmp_path / "0.png").unlink()
    assert np.array_equal(next(samples.batches(1, 3, 2))["x"], whole[1:3])
    with pytest.raises(UsageError, match=r"0\.png: is no picture"):
        next(samples.batches(0, 1, 1))


def test_colors_normalization_and_layout(tmp_path: Path) -> None:
    pixels = picture(tmp_path / "a.png")
    settings = ImageSettings(color="bgr", scale=1 / 128, mean=(1, 2, 3), std=(4, 5, 6),
                             layout="nchw")  # fmt: skip
    wanted = (pixels[..., ::-1] / 128 - [1, 2, 3]) / [4, 5, 6]
    np.testing.assert_allclose(
        read(tmp_path, settings, (1, 3, 8, 8))[0], wanted.transpose(2, 0, 1), rtol=1e-6, atol=1e-7
    )


def test_gray_and_resized_as_pillow_does(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 20, 30)
    with Image.open(tmp_path / "a.png") as image:
        wanted = np.asarray(image.convert("L").resize((9, 7), Image.Resampling.BILINEAR))
    found = read(tmp_path, ImageSettings(scale=1), (1, 7, 9, 1))
    assert np.array_equal(found[0, ..., 0], wanted)


def test_folders_without_what_is_needed_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are no pictures"):
        folder_samples(tmp_path, None, "x", (1, 8, 8, 3))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    with pytest.raises(UsageError, match=r"a\.png: is no picture"):
        read(tmp_path, None, (1, 8, 8, 3))
    with pytest.raises(UsageError, match="there are no WAV files"):
        folder_samples(tmp_path, AudioSettings(), "x", (1, 490))


def test_a_picture_of_more_pixels_than_are_bearable_is_refused(tmp_path: Path) -> None:
    side = 1 << 16
    assert side * side > MAX_PIXELS
    (tmp_path / "a.pgm").write_bytes(b"P5 %d %d 255\n" % (side, side))
    with pytest.raises(UsageError, match=r"a\.pgm: (has|is no)"):
        read(tmp_path, None, (1, 8, 8, 1))


def sound(path: Path, values: np.ndarray, rate: int = 16000, width: int = 2) -> None:
    """values (N, channels) in -1..1"""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(values.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        top = 1 << (8 * width - 1)
        integers = np.clip(np.round(values * top), -top, top - 1).astype(np.int64)
        raw = b"".join(
            struct.pack("<q", int(v) + (128 if width == 1 else 0))[:width]
            for v in integers.reshape(-1)
        )
        file.writeframes(raw)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_samples_of_every_width_are_read(tmp_path: Path, width: int) -> None:
    values = np.sin(np.arange(600) / 7)[:, None] * 0.9
    sound(tmp_path / "a.wav", values, width=width)
    found = read_wav(tmp_path / "a.wav", AudioSettings(samples=700))
    np.testing.assert_allclose(found[:600], values[:, 0], atol=1.01 * 2.0 ** (1 - 8 * width))
    assert not found[600:].any()


def test_channels_are_averaged_long_clips_cut_and_peaks_divided(tmp_path: Path) -> None:
    values = np.stack([np.linspace(-0.5, 0.5, 1000), np.linspace(0, 0.25, 1000)], axis=1)
    sound(tmp_path / "a.wav", values)
    found = read_wav(tmp_path / "a.wav", AudioSettings(samples=600))
    np.testing.assert_allclose(found, values[:600].mean(axis=1), atol=1e-4)
    peak = read_wav(tmp_path / "a.wav", AudioSettings(samples=600, normalize="peak"))
    np.testing.assert_allclose(peak, found / np.abs(found).max())


def test_other_rates_and_other_files_are_refused(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav", np.zeros((20, 1)), rate=8000)
    with pytest.raises(UsageError, match="has 8000 samples per second"):
        read(tmp_path, AudioSettings(), (1, 49, 10, 1))
    for content in (b"", b"RIFF\0\0\0\0WAVE", b"no sound at all" * 9):
        (tmp_path / "a.wav").write_bytes(content)
        with pytest.raises(UsageError, match=r"a\.wav: is no WAV file"):
            read(tmp_path, AudioSettings(), (1, 49, 10, 1))


def test_the_cosines_are_orthonormal_but_for_the_first() -> None:
    products = dct(40).T @ dct(40)
    np.testing.assert_allclose(products, np.diag([2.0] + [1.0] * 39), atol=1e-12)


def test_a_tone_lights_its_mel_bin() -> None:
    settings = AudioSettings(feature="logmel", frame=512, power=2)
    filters = mel_filters(settings)
    assert filters.shape == (257, 40)
    assert filters.min() == 0
    for bin_ in (30, 64, 100):
        tone = np.sin(2 * np.pi * bin_ * 16000 / 512 * np.arange(16000) / 16000)
        found = features(tone, settings)
        assert (found.argmax(axis=1) == filters[bin_].argmax()).all()


def by_hand(clip: np.ndarray, s: AudioSettings) -> np.ndarray:
    """The definition, value by value, with nothing of the implementation but its constants."""
    rows = []
    mel = [2595 * np.log10(1 + f / 700) for f in (s.low_hz, s.high_hz)]
    edges = [mel[0] + i * (mel[1] - mel[0]) / (s.mel_bins + 1) for i in range(s.mel_bins + 2)]
    for frame in range(s.frames):
        part = clip[frame * s.step : frame * s.step + s.frame]
        n = np.arange(s.frame)
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / s.frame)
        k = np.arange(s.fft // 2 + 1)
        spectrum = np.abs(np.exp(-2j * np.pi * np.outer(k, n) / s.fft) @ (part * hann)) ** s.power
        logs = []
        for left, middle, right in zip(edges, edges[1:], edges[2:], strict=False):
            total = 0.0
            for i in range(1, s.fft // 2 + 1):
                m = 2595 * np.log10(1 + i * s.rate / s.fft / 700)
                weight = min((m - left) / (middle - left), (right - m) / (right - middle))
                total += max(0.0, weight) * spectrum[i]
            logs.append({"ln": 1, "log10": 1 / np.log(10), "db": 10 / np.log(10)}[s.log]
                        * np.log(total + s.offset))  # fmt: skip
        if s.feature == "mfcc":
            logs = [
                np.sqrt(2 / s.mel_bins) * sum(v * np.cos(np.pi * c * (2 * i + 1) / 2 / s.mel_bins)
                                              for i, v in enumerate(logs))
                for c in range(s.coefficients)
            ]  # fmt: skip
        rows.append(logs)
    return np.array(rows)


@pytest.mark.parametrize(
    "settings",
    [
        AudioSettings(samples=900, frame=60, step=400, fft=64, mel_bins=8, coefficients=5),
        AudioSettings(samples=500, frame=64, step=200, fft=64, mel_bins=6, feature="logmel",
                      power=2, log="db", low_hz=0, high_hz=8000),
        AudioSettings(samples=500, frame=50, step=450, fft=128, mel_bins=7, feature="logmel",
                      log="log10"),
    ],
)  # fmt: skip
def test_features_are_their_definition(settings: AudioSettings) -> None:
    clip = np.random.default_rng(3).normal(0, 0.3, settings.samples)
    found = features(clip, settings)
    assert found.shape == (settings.frames, settings.features)
    np.testing.assert_allclose(found, by_hand(clip, settings), rtol=1e-5, atol=1e-5)


def test_recorded_words_become_the_input_of_keyword_spotting(shared_file: SharedFile) -> None:
    folder = shared_file("data/audio/yes_1000ms.wav").parent
    settings = AudioSettings(normalize="peak")
    samples = folder_samples(folder, settings, "x", (1, 49, 10, 1))
    assert isinstance(samples, FolderSamples)
    assert len(samples) == 4
    (batch,) = samples.batches(0, 4, 4)
    assert batch["x"].shape == (4, 49, 10, 1)
    assert np.isfinite(batch["x"]).all()
    assert batch["x"].std() > 1
