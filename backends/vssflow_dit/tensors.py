"""Safetensors files, read and written tensor by tensor: never more of a file in memory than what is kept of it."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from vssflow_post.errors import UsageError

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
LONGEST_HEADER = 100_000_000
"""Bytes; safetensors' own limit."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A tensor that will be written: its shape and type are known before it is made."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    make: Callable[[], Tensor]


def write_tensors(path: Path, tensors: Mapping[str, Planned], metadata: Mapping[str, str]) -> None:
    """Writes each tensor as soon as it is made, and forgets it: `safetensors.torch.save_file` wants all at once.

    The format: 8 bytes length of the header, the header as JSON, then the tensors' bytes end to end.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for name, tensor in tensors.items():
        size = torch.Size(tensor.shape).numel() * tensor.dtype.itemsize
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of eight
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, tensor in tensors.items():
            made = tensor.make().to(tensor.dtype).contiguous()
            if tuple(made.shape) != tensor.shape:
                raise ValueError(f"{name}: made as {tuple(made.shape)}, planned as {tensor.shape}")
            file.write(made.view(-1).view(torch.uint8).numpy().data)


def metadata_of(path: Path) -> dict[str, str]:
    """The file's metadata. Raises UsageError for a file that is no safetensors file, or names a tensor twice."""
    try:
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            if size > LONGEST_HEADER:
                raise ValueError("its header is too long")
            header = json.loads(file.read(size), object_pairs_hook=_without_doubles)
            if not isinstance(header, dict) or not isinstance(header.get("__metadata__", {}), dict):
                raise ValueError("its header is no table")
    except (struct.error, ValueError, OSError, RecursionError) as error:
        raise UsageError(f"{path} is no safetensors file: {error}") from error
    found = header.get("__metadata__", {})
    return {str(key): str(value) for key, value in found.items()}


def configuration_in(path: Path) -> dict[str, Any]:
    """The table that the file's metadata holds as `config`. Raises UsageError where it holds none."""
    try:
        return dict(json.loads(metadata_of(path)["config"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} says no configuration: {error}") from error


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        doubles = sorted({key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1})
        raise ValueError(f"{', '.join(doubles)} stands in its header twice")
    return table


def fill(module: nn.Module, path: Path, dtype: Callable[[str], torch.dtype]) -> None:
    """Reads every parameter and buffer of a module, which may lie on the `meta` device, from a file, tensor by tensor.

    `dtype(name)` says what each is kept in. Raises UsageError naming a tensor that is missing, extra, of another shape
    or type, or has values that are not finite.
    """
    wanted = module.state_dict()
    loaded: dict[str, Tensor] = {}
    for name, tensor in tensors_in(path):
        if name not in wanted:
            raise UsageError(f"{path}: tensor {name} does not belong there")
        if tensor.shape != wanted[name].shape:
            raise UsageError(f"{path}: tensor {name} is {list(tensor.shape)}, expected {list(wanted[name].shape)}")
        loaded[name] = tensor.to(dtype(name))
    missing = sorted(set(wanted) - set(loaded))
    if missing:
        raise UsageError(
            f"{path}: tensor {missing[0]} is missing" + (f", and {len(missing) - 1} more" * (len(missing) > 1))
        )
    module.load_state_dict(loaded, strict=True, assign=True)


def tensors_in(path: Path, besides: Container[torch.dtype] = ()) -> Iterator[tuple[str, Tensor]]:
    """(name, tensor) one after the other, each read from the file into memory of its own: floats, and types `besides`.

    Raises UsageError for a file that is damaged, for another type, and for values that are not finite.
    """
    metadata_of(path)
    try:
        # `pread` and not `mmap`: pages of a mapped file count as this process's memory beside what is made of them.
        with safe_open(path, framework="pt", backend="pread") as file:
            for name in file.keys():  # noqa: SIM118 (safe_open is no mapping)
                tensor = file.get_tensor(name)
                if tensor.dtype not in NAMES and tensor.dtype not in besides:
                    raise UsageError(f"{path}: tensor {name} is of type {tensor.dtype}, expected one of floats")
                if not _is_finite(tensor):
                    raise UsageError(f"{path}: tensor {name} has values that are not finite")
                yield name, tensor
    except SafetensorError as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _is_finite(tensor: Tensor) -> bool:
    """Told by the extremes, which are NaN where any value is: `torch.isfinite` takes fifty times as long."""
    return tensor.numel() == 0 or all(math.isfinite(extreme) for extreme in torch.aminmax(tensor))
