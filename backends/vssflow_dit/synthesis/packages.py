"""Sound files inside Debian's packages of free games: in folders, in a zip and in OpenTTD's .cat.

Each is found where its package puts it, or in a folder of the package's name, where `pack` does, and read as what it
is; docs/training.md names the packages.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile
import soxr

from vssflow_dit.synthesis.waves import RATE_HZ, Wave
from vssflow_post.errors import UsageError

ROOT = Path("/usr/share/games")
PLACES = {
    "minetest-data": "minetest/games/minetest_game/mods",
    "supertuxkart-data": "supertuxkart/data",
    "0ad-data": "0ad/mods/public/public.zip",
    "openttd-opensfx": "openttd/baseset/opensfx/opensfx.cat",
}
"""Package -> the folder or file of its sounds, from ROOT."""
IN_ZIP = "audio/"
"""What the names in 0ad's zip begin with, which is left out."""
LONGEST_S = 40.0
"""Of a file; what is longer is read as far."""


class Package:
    """The files of one package; raises UsageError where it is not installed."""

    def __init__(self, name: str, root: Path = ROOT) -> None:
        packed = root / name
        self._name, self._place = name, packed if packed.is_dir() else root / PLACES[name]
        if not self._place.exists():
            raise UsageError(f"no {self._place}: install Debian's {name}")
        self._zip = zipfile.ZipFile(self._place) if self._place.suffix == ".zip" else None
        self._held = dict(_in_cat(self._place.read_bytes())) if self._place.suffix == ".cat" else {}

    def found(self, pattern: str) -> dict[str, bytes]:
        """Name -> content of every file whose name the pattern matches, in order of name.

        Raises UsageError where there is none: the package is of another version.
        """
        files = self._found(pattern)
        if not files:
            raise UsageError(f"no {pattern} in {self._place}: install Debian 12's {self._name}")
        return files

    def _found(self, pattern: str) -> dict[str, bytes]:
        if self._zip is not None:
            names = sorted(name for name in self._zip.namelist() if fnmatchcase(name, IN_ZIP + pattern))
            return {name.removeprefix(IN_ZIP): self._zip.read(name) for name in names}
        if self._held:
            return {name: data for name, data in sorted(self._held.items()) if fnmatchcase(name, pattern)}
        paths = sorted(self._place.glob(pattern))
        return {path.relative_to(self._place).as_posix(): path.read_bytes() for path in paths}


def decoded(data: bytes) -> Wave:
    """A file's sound in mono at RATE_HZ."""
    samples, rate_hz = soundfile.read(BytesIO(data), always_2d=True)
    mono = samples[: int(LONGEST_S * rate_hz)].mean(axis=1)
    return np.asarray(soxr.resample(mono, rate_hz, RATE_HZ), np.float64)


def _in_cat(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Offsets and sizes first; at each offset a line about it, the sound, a zero, its name, lengths before."""
    count = (struct.unpack("<I", data[:4])[0] & 0x7FFFFFFF) // 8
    for k in range(count):
        offset, size = struct.unpack("<II", data[8 * k : 8 * k + 8])
        start = (offset & 0x7FFFFFFF) + 1 + data[offset & 0x7FFFFFFF]
        length = data[start + size + 1]
        name = data[start + size + 2 : start + size + 2 + length].rstrip(b"\0").decode("latin-1")
        yield name.rsplit("/", 1)[-1], data[start : start + size]
