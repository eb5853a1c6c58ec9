"""Channel layouts: which loudspeaker each channel of a file feeds, and how much it counts for loudness."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """The channels of a file, in the order of a WAV."""

    name: str
    """As presets and FFmpeg call it."""
    channels: tuple[str, ...]
    weights: tuple[float, ...]
    """How much each channel's power counts for loudness (ITU-R BS.1770-5, annex 1, table 3); the LFE counts nothing."""
    speaker_mask: int
    """Bits of WAVE_FORMAT_EXTENSIBLE's dwChannelMask."""

    @property
    def n_channels(self) -> int:
        return len(self.channels)


MONO = Layout("mono", ("C",), (1.0,), 0x4)
STEREO = Layout("stereo", ("L", "R"), (1.0, 1.0), 0x3)
SURROUND = Layout("5.1", ("L", "R", "C", "LFE", "Ls", "Rs"), (1.0, 1.0, 1.0, 0.0, 1.41, 1.41), 0x3F)
"""The mask says "back" for Ls and Rs, as AAC and most workstations do for a plain 5.1."""

LAYOUTS = {layout.name: layout for layout in (MONO, STEREO, SURROUND)}


def layout_of(n_channels: int) -> Layout:
    """The layout with so many channels; raises ValueError where there is none."""
    for layout in LAYOUTS.values():
        if layout.n_channels == n_channels:
            return layout
    raise ValueError(f"no layout has {n_channels} channels")
