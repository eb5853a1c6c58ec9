"""How a mouth moves when it says a line: its sounds, how long each takes, and the shape of the lips for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


def _table(text: str) -> dict[str, float]:
    """`AA 1.5, AE 1.6` as a dictionary."""
    return {sound: float(value) for sound, value in (entry.split() for entry in text.split(", "))}


RELATIVE_LENGTH = _table(
    "AA 1.5, AE 1.6, AH 0.8, AO 1.5, AW 1.8, AY 1.8, EH 1.2, ER 1.2, EY 1.6, IH 0.9, IY 1.2, OW 1.6, "
    "OY 1.9, UH 0.9, UW 1.3, B 0.8, CH 1.2, D 0.7, DH 0.6, F 1.1, G 0.8, HH 0.8, JH 1.1, K 1.0, L 0.8, "
    "M 0.9, N 0.8, NG 0.9, P 1.1, R 0.8, S 1.2, SH 1.2, T 0.9, TH 1.0, V 0.8, W 0.8, Y 0.7, Z 1.0"
)
"""Mean lengths of American English sounds, relative to each other."""

OPENING = _table(
    "AA 1.0, AE 0.95, AH 0.6, AO 0.85, AW 0.9, AY 0.9, EH 0.7, ER 0.4, EY 0.6, IH 0.45, IY 0.35, OW 0.6, "
    "OY 0.7, UH 0.4, UW 0.25, B 0.0, M 0.0, P 0.0, F 0.08, V 0.08, W 0.12, R 0.25, L 0.35, TH 0.2, DH 0.2, "
    "HH 0.4, K 0.3, G 0.3, NG 0.3"
)
"""0 closed to 1 wide open; what is not listed is said with the teeth nearly closed: 0.18."""

WIDTH = _table(
    "IY 0.8, EY 0.7, IH 0.4, EH 0.4, AE 0.5, S 0.3, Z 0.3, AY 0.3, UW -1.0, OW -0.8, W -1.0, AO -0.5, "
    "OY -0.6, UH -0.6, R -0.4, SH -0.6, CH -0.5, JH -0.5, ER -0.3"
)
"""-1 rounded to 1 spread."""


@dataclass(frozen=True)
class Lips:
    opening: float
    width: float


class Mouth:
    """Lips over time while a line of sounds (ARPAbet, words parted by `|`) is said from `start_s` to `end_s`."""

    def __init__(self, sounds: str, start_s: float, end_s: float) -> None:
        said = [sound for sound in sounds.split() if sound != "|"]
        lengths = np.array([RELATIVE_LENGTH[sound] for sound in said])
        edges = start_s + np.concatenate([[0.0], np.cumsum(lengths)]) * (end_s - start_s) / lengths.sum()
        self._clock = np.arange(0.0, end_s + 1.5, 0.005)
        self._opening = self._curve(edges, [OPENING.get(sound, 0.18) for sound in said])
        self._width = self._curve(edges, [WIDTH.get(sound, 0.0) for sound in said])

    def at(self, time_s: float) -> Lips:
        return Lips(
            float(np.interp(time_s, self._clock, self._opening)), float(np.interp(time_s, self._clock, self._width))
        )

    def _curve(self, edges: npt.NDArray[np.float64], targets: list[float]) -> npt.NDArray[np.float64]:
        """The targets as steps, smoothed over some 50 ms: lips are never anywhere at once."""
        which = np.searchsorted(edges, self._clock, side="right") - 1
        steps = np.array([targets[k] if 0 <= k < len(targets) else 0.0 for k in which])
        window = np.hanning(15)
        return np.convolve(np.pad(steps, 7, mode="edge"), window / window.sum(), mode="valid")
