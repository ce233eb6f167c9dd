"""How pictures and sounds become a model's input: stated once, and kept with the model.

A device that prepares its input in another way gets other results, which is the usual cause of
a model that works on the desk alone; so the settings go into .edgeq files and generated READMEs.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeAlias

from edgeq.errors import UsageError
from edgeq.ir import Shape

NOTE = "preprocessing"
"""The key of `Graph.notes` under which settings are kept."""

COLORS = {"rgb": 3, "bgr": 3, "gray": 1}
IMAGE_RANK = 4
WORD = re.compile(r"(=\s*)([A-Za-z]\w*)")
"""A bare word after an equals sign: quotes may be left out on a command line."""


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """value = (pixel * scale - mean) / std, pixels 0..255 after a bilinear resize.

    height, width  of the input; 0 takes the model's
    color          rgb, bgr or gray (ITU-R 601 luma); "" takes rgb or gray by the channels
    mean, std      one for all channels or one each, in the order of `color`
    layout         nhwc or nchw; "" takes the model's
    """

    height: int = 0
    width: int = 0
    color: str = ""
    scale: float = 1 / 255
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    layout: str = ""

    def __post_init__(self) -> None:
        _choice("color", self.color, ("", *COLORS))
        _choice("layout", self.layout, ("", "nhwc", "nchw"))
        if 0 in self.std or not self.mean or not self.std:
            raise UsageError("mean and std need numbers, and std none that is 0")

    def fitted(self, shape: Shape) -> ImageSettings:
        """The settings with everything that an input of that shape decides.

        Raises:
            UsageError: the input takes no such pictures.
        """
        layout = self.layout or _layout_of(shape)
        if len(shape) != IMAGE_RANK:
            raise UsageError(f"an input of shape {shape} takes no pictures",
                             fix="pictures need (1, height, width, channels)")  # fmt: skip
        height, width, channels = shape[1:] if layout == "nhwc" else (*shape[2:], shape[1])
        color = self.color or ("gray" if channels == 1 else "rgb")
        sizes = self.height or height, self.width or width, COLORS[color]
        if sizes != (height, width, channels):
            raise UsageError(f"pictures of {sizes} (height, width, channels)",
                             why=f"the input takes {(height, width, channels)}")  # fmt: skip
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, channels):
                raise UsageError(f"{name} has {len(values)} numbers for {channels} channels")
        return replace(self, height=height, width=width, color=color, layout=layout)


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """Frames of a clip -> Hann window -> |FFT|**power -> mel bins -> log -> DCT-II for MFCC.

    rate            samples per second that the files must have
    samples         of a clip: shorter ones are followed by zeros, longer ones cut
    normalize       none: -1..1 by the file's bits; peak: divided by the largest magnitude
    frame, step     length of a frame and distance of their beginnings, in samples
    fft             points, at least `frame`: zeros follow the frame
    power           1 for magnitudes, 2 for energies
    mel_bins        triangles from low_hz to high_hz on the HTK mel scale
    feature         logmel or mfcc
    log             ln, log10 or db (10 log10), of the mel value + offset
    coefficients    first ones of the DCT-II, scaled by sqrt(2 / mel_bins), that are kept (mfcc)
    """

    rate: int = 16000
    samples: int = 16000
    normalize: str = "none"
    frame: int = 480
    step: int = 320
    fft: int = 512
    power: int = 1
    mel_bins: int = 40
    low_hz: float = 20.0
    high_hz: float = 4000.0
    feature: str = "mfcc"
    log: str = "ln"
    offset: float = 1e-6
    coefficients: int = 10

    def __post_init__(self) -> None:
        _choice("normalize", self.normalize, ("none", "peak"))
        _choice("feature", self.feature, ("mfcc", "logmel"))
        _choice("log", self.log, ("ln", "log10", "db"))
        counts = (self.rate, self.samples, self.frame, self.step, self.mel_bins, self.coefficients)
        if min(counts) < 1 or self.power not in (1, 2) or self.offset <= 0:
            raise UsageError("settings of audio must be positive, power 1 or 2")
        if not self.frame <= min(self.fft, self.samples):
            raise UsageError(f"a frame of {self.frame} samples does not fit",
                             why=f"fft is {self.fft}, a clip {self.samples}")  # fmt: skip
        if not 0 <= self.low_hz < self.high_hz <= self.rate / 2:
            raise UsageError(f"mel bins from {self.low_hz:g} to {self.high_hz:g} Hz",
                             why=f"sound at {self.rate} Hz has 0 to {self.rate / 2:g}")  # fmt: skip
        if self.feature == "mfcc" and self.coefficients > self.mel_bins:
            raise UsageError(f"{self.coefficients} coefficients of {self.mel_bins} mel bins")

    @property
    def frames(self) -> int:
        """Whole frames in a clip."""
        return 1 + (self.samples - self.frame) // self.step

    @property
    def features(self) -> int:
        """Values of a frame."""
        return self.coefficients if self.feature == "mfcc" else self.mel_bins

    def fitted(self, shape: Shape) -> AudioSettings:
        """The settings, when an input of that shape takes their features.

        Raises:
            UsageError: it does not.
        """
        size = 1
        for extent in shape:
            size *= extent
        if size != self.frames * self.features:
            raise UsageError(
                f"the settings give {self.frames} frames of {self.features} values",
                why=f"the input has shape {shape}",
                fix="look at samples, frame, step, and coefficients or mel_bins",
            )
        return self


Settings: TypeAlias = ImageSettings | AudioSettings
KINDS: Mapping[str, type[Settings]] = {"images": ImageSettings, "audio": AudioSettings}


def settings_of(given: str | Path | Mapping[str, Any]) -> Settings:
    """What a user states.

    Args:
        given: the path of a TOML file; or its content as one line, such as
            "kind=images, scale=0.0078431, mean=[1.0]", where quotes of words may be left
            out; or a mapping. `kind` is images (the default) or audio.

    Raises:
        UsageError: it is no TOML, or holds an unknown key or a senseless value.
    """
    table = dict(given) if isinstance(given, Mapping) else _table(given)
    kind = str(table.pop("kind", "images"))
    _choice("kind", kind, tuple(KINDS))
    known = {f.name: str(f.type) for f in fields(KINDS[kind])}
    unknown = [key for key in table if key not in known]
    if unknown:
        raise UsageError(f"preprocessing of {kind} has no setting {unknown[0]!r}",
                         fix=f"choose from {', '.join(known)}")  # fmt: skip
    return KINDS[kind](**{key: _value(key, v, known[key]) for key, v in table.items()})


def note_of(settings: Settings) -> str:
    """The settings as JSON, for `Graph.notes`."""
    kind = next(name for name, made in KINDS.items() if isinstance(settings, made))
    return json.dumps({"kind": kind, **asdict(settings)})


def settings_of_note(notes: Mapping[str, str]) -> Settings | None:
    """The settings that a graph's notes keep, if any.

    Raises:
        UsageError: they are not what `note_of` writes.
    """
    if NOTE not in notes:
        return None
    try:
        found = json.loads(notes[NOTE])
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError("the preprocessing stored with the model is not readable",
                         fix="state it again")  # fmt: skip
    return settings_of(found)


def settings_lines(settings: Settings) -> list[str]:
    """The settings as sentences, for people who write the device's side."""
    if isinstance(settings, ImageSettings):
        s = settings
        return [
            f"resize the picture bilinearly to {s.height} rows of {s.width} pixels",
            f"order of colors {s.color}, layout {s.layout}",
            f"value = (pixel * {s.scale:.9g} - mean) / std, pixels 0..255, "
            f"mean {_numbers(s.mean)}, std {_numbers(s.std)}",
            "then to integers with the input's scale and zero point",
        ]
    a = settings
    cosine = f", DCT-II scaled by sqrt(2 / {a.mel_bins}), first {a.coefficients} coefficients"
    return [
        f"{a.samples} samples at {a.rate} Hz, normalized: {a.normalize}",
        f"frames of {a.frame} samples every {a.step}, periodic Hann window, FFT of {a.fft} points, "
        f"magnitude to the power {a.power}",
        f"{a.mel_bins} triangles from {a.low_hz:g} to {a.high_hz:g} Hz on the HTK mel scale",
        f"{a.log} of (value + {a.offset:g}){cosine if a.feature == 'mfcc' else ''}",
        "then to integers with the input's scale and zero point",
    ]


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.9g}" for value in values)


def _table(given: str | Path) -> dict[str, Any]:
    text, where = str(given), ""
    try:
        if isinstance(given, Path) or text.endswith(".toml"):
            where = text
            return tomllib.loads(Path(given).read_text(encoding="utf-8"))
        line = WORD.sub(r'\1"\2"', text.replace('"', "")).replace("\n", " ")
        return dict(tomllib.loads(f"settings = {{{line}}}")["settings"])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError("preprocessing cannot be read", where=where or text, why=said,
                         fix="for example kind=images, color=bgr, scale=0.00392, mean=[0.5]",
                         ) from None  # fmt: skip


def _value(key: str, value: Any, kind: str) -> Any:  # noqa: ANN401 (TOML holds anything)
    """A setting's value in its type; one number may stand for a tuple."""
    numbers = value if isinstance(value, list | tuple) else [value]
    plain = all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers)
    if kind.startswith("tuple") and plain:
        return tuple(float(n) for n in numbers)
    if kind == "float" and plain and not isinstance(value, list | tuple):
        return float(numbers[0])
    if (kind == "int" and isinstance(value, int) and plain) or (
        kind == "str" and isinstance(value, str)
    ):
        return value
    raise UsageError(f"the setting {key} cannot be {value!r}", fix=f"give {kind}")


def _choice(name: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise UsageError(f"{name} cannot be {given!r}",
                         fix=f"choose from {', '.join(k for k in known if k)}")  # fmt: skip


def _layout_of(shape: Shape) -> str:
    """The layout by where the channels are: nhwc when both could be."""
    channels = set(COLORS.values())
    first = len(shape) == IMAGE_RANK and shape[3] not in channels and shape[1] in channels
    return "nchw" if first else "nhwc"
