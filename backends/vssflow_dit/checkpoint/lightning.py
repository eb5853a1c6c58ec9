"""A checkpoint to import from, Lightning's or safetensors: tensors by name, one at a time, and what does not fit."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from vssflow_dit.tensors import DTYPES, NAMES, Planned, metadata_of
from vssflow_post.errors import UsageError

NAMED_AT_ONCE = 8
"""Faults that a message lists."""


class Checkpoint:
    """Opened for reading. `take` notes what was asked for; `check` says what was missing, misshapen or left over."""

    def __init__(
        self, path: Path, kinds: Mapping[str, tuple[tuple[int, ...], torch.dtype]], get: Callable[[str], Tensor]
    ) -> None:
        self.path, self._kinds, self._get = path, kinds, get
        self._taken: set[str] = set()
        self._faults: list[str] = []

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Checkpoint]:
        """A Lightning checkpoint (`.ckpt`, `.pt`, ...) or a safetensors file. Raises UsageError for anything else."""
        if not path.is_file():
            raise UsageError(f"there is no checkpoint at {path}")
        if path.suffix != ".safetensors":
            state = _state_dict(path)
            yield cls(path, {name: (tuple(t.shape), t.dtype) for name, t in state.items()}, state.__getitem__)
            return
        metadata_of(path)
        try:
            with safe_open(path, framework="pt", backend="pread") as file:
                kinds = {}
                for name in file.keys():  # noqa: SIM118 (safe_open is no mapping)
                    part = file.get_slice(name)
                    kinds[name] = (tuple(part.get_shape()), DTYPES.get(part.get_dtype(), torch.int64))
                yield cls(path, kinds, file.get_tensor)
        except SafetensorError as error:
            raise UsageError(f"{path} cannot be read: {error}") from error

    def names(self, prefix: str) -> list[str]:
        """What it holds below a prefix."""
        return [name for name in self._kinds if name.startswith(prefix)]

    def shape(self, name: str) -> tuple[int, ...]:
        """Raises UsageError where there is no such matrix."""
        if name not in self._kinds or len(self._kinds[name][0]) != 2:
            raise UsageError(f"{self.path}: tensor {name} is missing, or no matrix")
        return self._kinds[name][0]

    def take(self, name: str, shape: tuple[int, ...]) -> Planned:
        """Plans to read a tensor, of which this shape is expected."""
        self._taken.add(name)
        found, dtype = self._kinds.get(name, (None, torch.float32))
        if found is None:
            self._faults.append(f"tensor {name} is missing")
        elif found != shape:
            self._faults.append(f"tensor {name} is {list(found)}, expected {list(shape)}")
        elif dtype not in NAMES:
            self._faults.append(f"tensor {name} is of type {dtype}, expected one of floats")
        return Planned(shape, dtype, lambda: self._finite(name))

    def part(self, name: str, shape: tuple[int, ...], third: tuple[int, int]) -> Planned | None:
        """Plans to read the k-th of n equal parts of a tensor's rows, `third` being (k, n); None where it has not n
        parts of this shape. Nobody misses what is not there."""
        k, n = third
        found, dtype = self._kinds[name]
        if found != (n * shape[0], *shape[1:]) or dtype not in NAMES:
            return None
        return Planned(shape, dtype, lambda: self._finite(name).chunk(n)[k])

    def check(self, ignoring: str, wanted: str) -> None:
        """Raises UsageError naming every fault of what was taken, and every tensor that nobody took but those below the
        prefix `ignoring`; `wanted` says in words what it was to fit."""
        extra = [name for name in self._kinds if name not in self._taken and not name.startswith(ignoring)]
        faults = self._faults + [f"tensor {name} does not belong there" for name in sorted(extra)]
        if faults:
            more = f"; and {len(faults) - NAMED_AT_ONCE} more" if len(faults) > NAMED_AT_ONCE else ""
            named = "; ".join(faults[:NAMED_AT_ONCE])
            raise UsageError(f"{self.path} does not fit {wanted}: {named}{more}")

    def _finite(self, name: str) -> Tensor:
        tensor = self._get(name)
        if not torch.isfinite(tensor).all():
            raise UsageError(f"{self.path}: tensor {name} has values that are not finite")
        return tensor


def _state_dict(path: Path) -> dict[str, Tensor]:
    """A Lightning checkpoint's tensors, mapped from the file where its format allows. No code in it is run, ever."""
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # an unpickler that reads a stranger's bytes may raise anything
        # torch's own sentence is not passed on: it advises to load what is not trusted.
        raise UsageError(
            f"{path} is no checkpoint of tensors alone, neither a Lightning file nor safetensors; anything that needs "
            f"code to be executed is refused ({type(error).__name__})"
        ) from error
    state = loaded.get("state_dict") if isinstance(loaded, Mapping) else None
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise UsageError(f"{path} is no Lightning checkpoint: it has no state_dict of tensors")
    return dict(state)
