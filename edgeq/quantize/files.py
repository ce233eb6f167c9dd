"""Samples in a folder: each file is read when its batch comes, in the order of their names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError
from edgeq.ir import Shape
from edgeq.quantize.audio import clip_features
from edgeq.quantize.images import picture_values
from edgeq.quantize.preprocessing import AudioSettings, ImageSettings, Settings

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".webp", ".tiff"})
SOUNDS = frozenset({".wav"})


@dataclass(frozen=True, slots=True)
class FolderSamples:
    """One sample a file for the input `name`, whose samples have `shape` each."""

    files: tuple[Path, ...]
    settings: Settings
    name: str
    shape: Shape

    def __len__(self) -> int:
        return len(self.files)

    def batches(self, start: int, stop: int, size: int) -> Iterator[dict[str, NDArray[np.float32]]]:
        """Samples [start, stop) in order, at most `size` at a time."""
        for first in range(start, stop, size):
            chosen = self.files[first : min(first + size, stop)]
            values = [_sample(path, self.settings).reshape(self.shape) for path in chosen]
            yield {self.name: np.stack(values)}


def folder_samples(
    folder: Path, settings: Settings | None, name: str, shape: Shape
) -> FolderSamples:
    """The pictures or sounds in a folder and those below it.

    Args:
        folder: whose files are taken in the order of their paths.
        settings: how they become the input; pictures are taken by their defaults when None.
        name: of the input.
        shape: of the input, with the leading 1 of a batch.

    Raises:
        UsageError: there are none, both kinds, sounds without settings, or an input of a shape
            that the settings do not give.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    pictures = tuple(p for p in files if p.suffix.lower() in PICTURES)
    sounds = tuple(p for p in files if p.suffix.lower() in SOUNDS)
    if isinstance(settings, AudioSettings) or (settings is None and sounds and not pictures):
        chosen, kind, settings = sounds, "WAV files", settings or AudioSettings()
    else:
        chosen, kind, settings = pictures, "pictures", settings or ImageSettings()
    if not chosen:
        raise UsageError(f"there are no {kind}", where=str(folder),
                         why=f"of its {len(files)} files none ends in "
                             f"{', '.join(sorted(SOUNDS if kind == 'WAV files' else PICTURES))}",
                         )  # fmt: skip
    return FolderSamples(chosen, settings.fitted(shape), name, shape[1:])


def _sample(path: Path, settings: Settings) -> NDArray[np.float32]:
    if isinstance(settings, ImageSettings):
        return picture_values(path, settings)
    return clip_features(path, settings)
