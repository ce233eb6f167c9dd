"""torch modules and .pt2 files to graphs, through `torch.export` and the ONNX front end.

torch itself translates the exported program to ONNX (its own, tested decompositions of every
operator), so that one table of operators serves both formats.
"""

from __future__ import annotations

import io
import logging
import os
import pickle
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgeq.errors import ModelError, ToolError, UsageError
from edgeq.frontends.shapes import Given
from edgeq.ir import Graph

FIX_INSTALL = "pip install edgeq[torch]"
MOST_BYTES = 2**31 - 1
NO_PICKLES = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
"""With this variable torch.load refuses what would run code, whatever its caller asks for."""


def from_torch(module: Any, example_input: Any, *, name: str = "") -> Graph:  # noqa: ANN401 (torch's own types)
    """The float graph of a torch module.

    Args:
        module: a `torch.nn.Module`; exported in evaluation mode, its own mode is restored.
        example_input: a tensor, or a tuple of them, of the shapes that the graph will have.
        name: of the graph; the module's class name when empty.

    Raises:
        ToolError: torch or onnxscript is not installed.
        ModelError: `torch.export` cannot capture the module; the message holds its reason.
        Problems: every operator that cannot be read.
    """
    torch = _torch()
    inputs = example_input if isinstance(example_input, tuple) else (example_input,)
    training = module.training
    module.eval()
    try:
        with _quiet():
            program = torch.export.export(module, inputs)
    except Exception as error:  # torch raises many kinds
        raise ModelError("torch.export cannot capture the module", where=type(module).__name__,
                         why=_first_line(error)) from None  # fmt: skip
    finally:
        module.train(training)
    return _read(program, name or type(module).__name__)


def read_pt2(path: Path, batch: int | None = None, input_shape: Given = None) -> Graph:
    """The float graph of an exported program, as `torch.export.save` writes it.

    Objects that only code of the file's own could restore are refused, not run.

    Args:
        path: of the file.
        batch: what an open first dimension is; None reads it as 1.
        input_shape: every dimension in the program's order, where it leaves some open: by
            input, or of the only one.

    Raises:
        ToolError: torch or onnxscript is not installed.
        UsageError: the file cannot be read.
        ModelError: it is no exported program, or larger when unpacked than a model can be.
        Problems: every operator that cannot be read.
    """
    _check_archive(path)
    torch = _torch()
    try:
        with _quiet(), _without_pickles():
            program = torch.export.load(path)
    except pickle.UnpicklingError:
        raise ModelError(
            "holds objects that only code in the file could restore", where=str(path),
            why="a model file must not run code", fix="export plain modules and tensors",
        ) from None  # fmt: skip
    except Exception as error:  # torch raises many kinds
        raise ModelError(
            "is not an exported torch program", where=str(path), why=_first_line(error),
            fix="write it with torch.export.save",
        ) from None  # fmt: skip
    return _read(program, path.stem, batch, input_shape)


def _check_archive(path: Path) -> None:
    """Refuse what is no zip file, or becomes too large, before torch sees it."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except OSError as error:
        raise UsageError(f"cannot read the model: {error.strerror}", where=str(path)) from None
    except zipfile.BadZipFile:
        raise ModelError("is not an exported torch program", where=str(path),
                         fix="write it with torch.export.save") from None  # fmt: skip
    if unpacked > MOST_BYTES:
        raise ModelError(
            f"unpacks to {unpacked} bytes, more than a model can have", where=str(path)
        )


def _read(
    program: Any,  # noqa: ANN401 (torch's own type)
    name: str, batch: int | None = None, input_shape: Given = None,
) -> Graph:  # fmt: skip
    """Through ONNX, in memory."""
    from edgeq.frontends.onnx import read_onnx

    return read_onnx(_onnx_bytes(program, name), name, batch=batch, input_shape=input_shape)


def _onnx_bytes(program: Any, name: str) -> bytes:  # noqa: ANN401 (torch's own type)
    torch = _torch()
    try:
        with _quiet():
            translated = torch.onnx.export(program, dynamo=True, verbose=False)
            stream = io.BytesIO()
            translated.save(stream)
    except Exception as error:  # torch raises many kinds
        raise ModelError("torch cannot translate the program", where=name,
                         why=_first_line(error)) from None  # fmt: skip
    return stream.getvalue()


@contextmanager
def _quiet() -> Iterator[None]:
    """What torch says of its own insides is not what the user asked for."""
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


@contextmanager
def _without_pickles() -> Iterator[None]:
    before = os.environ.get(NO_PICKLES)
    os.environ[NO_PICKLES] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[NO_PICKLES]
        else:
            os.environ[NO_PICKLES] = before


def _torch() -> Any:  # noqa: ANN401 (a module)
    try:
        import onnxscript  # noqa: F401 (torch.onnx needs it)
        import torch
    except ImportError as error:
        raise ToolError("reading torch models needs torch and onnxscript",
                        why=str(error), fix=FIX_INSTALL) from None  # fmt: skip
    return torch


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300]
