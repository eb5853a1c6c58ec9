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


class LaidFilm:
    """Stems before any gain, float32, block after block."""

    def __init__(self, duration: Span, takes: Sequence[LaidTake], settings: MixSettings, file: IO[bytes]) -> None:
        """`file` is empty, and closed by whoever opened it."""
        self._duration, self._takes, self._settings = duration, takes, settings
        self._file = file
        self._lengths: list[int] = []
        """Samples of each block."""

    def blocks(self) -> Iterator[StemBlock]:
        """All blocks in order: laid in the first pass, which must go to the end, and read in those that follow.

        Raises what `lay` raises; OSError when the disk is full.
        """
        if self._lengths:
            yield from self._read()
            return
        with ahead(lay(self._duration, self._takes, self._settings), _BLOCKS_AHEAD) as laid:
            for block in laid:
                for stem in block.stems.values():
                    self._file.write(stem.data)
                yield block
                self._lengths.append(block.n_samples)

    def _read(self) -> Iterator[StemBlock]:
        self._file.seek(0)
        n_channels, start = LAYOUTS[self._settings.layout].n_channels, self._duration.start
        for n in self._lengths:
            pieces = {name: self._file.read(n_channels * n * np.float32().nbytes) for name in self._settings.stems}
            stems = {name: np.frombuffer(piece, np.float32).reshape(n_channels, n) for name, piece in pieces.items()}
            yield StemBlock(start, stems)
            start += n
