"""Audio as a value: float32 samples, channels first, with their rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Samples: TypeAlias = "npt.NDArray[np.float32]"


@dataclass(frozen=True, slots=True, eq=False)
class AudioClip:
    """A stretch of audio."""

    samples: Samples
    """float32, shape (channels, n), full scale is 1.0."""
    rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != "float32":
            raise ValueError(f"audio must be float32 (channels, n), not {self.samples.dtype} {self.samples.shape}")

    @property
    def n_samples(self) -> int:
        return int(self.samples.shape[1])

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.rate_hz
