"""The film as laid, on disk: every take is read, resampled and placed once, however often the mix passes over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING

import numpy as np

from vssflow_post.audio import LAYOUTS
from vssflow_post.media.ahead import ahead
from vssflow_post.mix.laid_take import LaidTake
from vssflow_post.mix.lay import StemBlock, lay
from vssflow_post.timeline import Span

if TYPE_CHECKING:
    from vssflow_post.settings.preset import MixSettings

_BLOCKS_AHEAD = 2
_SAMPLE_BYTES = 4


class LaidFilm:
    """Stems before any gain, float32, block after block."""

    def __init__(
        self, duration: Span, takes: Sequence[LaidTake], settings: MixSettings, file: IO[bytes], undipped: bool = False
    ) -> None:
        """`file` is empty, and closed by whoever opened it; `undipped` as in `lay`."""
        self._duration, self._takes, self._settings, self._undipped = duration, takes, settings, undipped
        self._file = file
        self._names: tuple[str, ...] = ()
        """What a block holds, in this order."""
        self._lengths: list[int] = []
        """Samples of each block."""

    def blocks(self, names: Sequence[str]) -> Iterator[StemBlock]:
        """These stems of all blocks in order: laid in the first pass, which must go to the end, then read.

        Raises what `lay` raises; OSError when the disk is full.
        """
        if self._lengths:
            yield from self._read(names)
            return
        with ahead(lay(self._duration, self._takes, self._settings, self._undipped), _BLOCKS_AHEAD) as laid:
            for block in laid:
                for stem in block.stems.values():
                    self._file.write(stem.data)
                self._names = tuple(block.stems)
                yield block.only(names)
                self._lengths.append(block.n_samples)

    def _read(self, names: Sequence[str]) -> Iterator[StemBlock]:
        n_channels, start = LAYOUTS[self._settings.layout].n_channels, self._duration.start
        for n in self._lengths:
            stems = {}
            for name in names:
                self._file.seek(self._at(name, start, n))
                piece = self._file.read(n_channels * n * _SAMPLE_BYTES)
                stems[name] = np.frombuffer(piece, np.float32).reshape(n_channels, n)
            yield StemBlock(start, stems)
            start += n

    def _at(self, name: str, start: int, n: int) -> int:
        """Where the block of `n` samples from `start` on has this stem, in bytes."""
        n_channels = LAYOUTS[self._settings.layout].n_channels
        before = (start - self._duration.start) * len(self._names) + self._names.index(name) * n
        return before * n_channels * _SAMPLE_BYTES
