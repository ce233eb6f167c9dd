"""Sounds as inputs: log-mel spectrograms and mel-frequency cepstral coefficients in numpy.

Sources: S. B. Davis, P. Mermelstein, "Comparison of Parametric Representations for
Monosyllabic Word Recognition", IEEE Trans. ASSP 28(4), 1980 (MFCC); S. Young et al., The HTK
Book, section 5.4 (mel scale 2595 log10(1 + f / 700), triangles in mel).
"""

from __future__ import annotations

import wave
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError
from edgeq.quantize.preprocessing import AudioSettings

Array = NDArray[np.float64]
LOGS = {"ln": (np.log, 1.0), "log10": (np.log10, 1.0), "db": (np.log10, 10.0)}
WIDTHS = (1, 2, 3, 4)


def clip_features(path: Path, settings: AudioSettings) -> NDArray[np.float32]:
    """The features (frames, values) of a WAV file.

    Raises:
        UsageError: it is no PCM file, or of another rate.
    """
    return features(read_wav(path, settings), settings)


def features(clip: Array, settings: AudioSettings) -> NDArray[np.float32]:
    """The features (frames, values) of `samples` values -1..1."""
    s = settings
    starts = np.arange(s.frames)[:, None] * s.step
    frames = clip[starts + np.arange(s.frame)]
    # periodic, as for spectra: sin^2(pi n / N)
    window = np.sin(np.pi * np.arange(s.frame) / s.frame) ** 2
    spectrum = np.abs(np.fft.rfft(frames * window, s.fft)) ** s.power
    logarithm, factor = LOGS[s.log]
    logmel = factor * logarithm(spectrum @ mel_filters(s) + s.offset)
    found = logmel @ dct(s.mel_bins)[:, : s.coefficients] if s.feature == "mfcc" else logmel
    return found.astype(np.float32)


@lru_cache(maxsize=8)
def mel_filters(settings: AudioSettings) -> Array:
    """Triangles over the FFT's bins, (fft / 2 + 1, mel_bins): 1 at their middle, in mel."""
    s = settings
    bins = _mel(np.arange(s.fft // 2 + 1, dtype=np.float64) * s.rate / s.fft)[:, None]
    low, high = _mel(np.array([s.low_hz, s.high_hz], np.float64))
    edges = np.linspace(low, high, s.mel_bins + 2)
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - left) / (middle - left), (right - bins) / (right - middle)
    filters: Array = np.maximum(0.0, np.minimum(rising, falling))
    filters[0] = 0.0  # a constant is no sound
    return filters


@lru_cache(maxsize=8)
def dct(size: int) -> Array:
    """DCT-II as a matrix (values, coefficients) scaled by sqrt(2 / size), the first one too.

    x @ dct(size) is what speech front ends compute: orthonormal but for coefficient 0, which
    an orthonormal transform would divide by sqrt(2).
    """
    n, k = np.arange(size)[:, None], np.arange(size)
    matrix: Array = np.sqrt(2 / size) * np.cos(np.pi * k * (2 * n + 1) / (2 * size))
    return matrix


def read_wav(path: Path, settings: AudioSettings) -> Array:
    """The first `samples` values of a PCM file, channels averaged, zeros behind a short one.

    Raises:
        UsageError: it is no PCM file, or of another rate.
    """
    try:
        with wave.open(str(path), "rb") as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            raw = file.readframes(settings.samples)
    except (wave.Error, EOFError, OSError, ValueError) as error:
        raise UsageError("is no WAV file of PCM samples", where=str(path),
                         why=str(error)) from None  # fmt: skip
    if rate != settings.rate:
        raise UsageError(f"has {rate} samples per second", where=str(path),
                         why=f"the settings say {settings.rate}",
                         fix="resample it, or state another rate")  # fmt: skip
    if width not in WIDTHS or not channels:
        raise UsageError(f"has {channels} channels of {width} bytes", where=str(path))
    usable = len(raw) // (channels * width) * channels * width
    values = _pcm(raw[:usable], width).reshape(-1, channels).mean(axis=1)
    clip = np.zeros(settings.samples)
    clip[: len(values)] = values
    peak = np.abs(clip).max(initial=0.0)
    return clip / peak if settings.normalize == "peak" and peak > 0 else clip


def _pcm(raw: bytes, width: int) -> Array:
    """Little-endian samples as -1..1; those of one byte are unsigned."""
    if width == 1:
        return (np.frombuffer(raw, np.uint8).astype(np.float64) - 128) / 128
    parts = np.frombuffer(raw, np.uint8).reshape(-1, width).astype(np.int64)
    unsigned = parts @ (1 << 8 * np.arange(width, dtype=np.int64))
    signed = unsigned - ((unsigned >> (8 * width - 1)) << (8 * width))
    values: Array = signed / float(1 << (8 * width - 1))
    return values


def _mel(hertz: NDArray[Any]) -> Array:
    mel: Array = 2595 * np.log10(1 + hertz / 700)
    return mel
