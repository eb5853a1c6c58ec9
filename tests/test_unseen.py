"""What is heard though the picture need not show it: at once, as often as such sounds come, by what is seen or not."""

from __future__ import annotations

import numpy as np
import pytest

from vssflow_dit.picture.strikes import pulses
from vssflow_dit.picture.unseen import FIRST_S, SPEED, Motion, calls, heard_anyway

N = 300
"""Three seconds."""


def motion(*strikes: tuple[float, float], speed: float = 0.0) -> Motion:
    return np.stack([pulses(strikes, N), np.full(N, speed, np.float32)], axis=1)


def onsets_s(heard: Motion) -> list[float]:
    struck = heard[:, 0] > 0
    return [float(k) / 100 for k in np.flatnonzero(struck & ~np.roll(struck, 1))]


@pytest.mark.parametrize("name", ["gunshot", "dog"])
def test_a_nod_is_no_shot_and_a_blow_that_is_seen_is(name: str) -> None:
    nodded = heard_anyway(motion((2.1, 0.35)), name, 3.0, 7)
    assert onsets_s(nodded)[0] < FIRST_S
    assert nodded[200:220, 0].max() == 0.0
    seen = motion((2.1, 0.9))
    assert np.array_equal(heard_anyway(seen, name, 3.0, 7), seen)


@pytest.mark.parametrize(("name", "most"), [("footsteps_gravel", 6), ("knock", 3), ("explosion", 1), ("typing", 20)])
def test_what_comes_in_a_row_is_heard_in_one(name: str, most: int) -> None:
    found = onsets_s(heard_anyway(motion(), name, 3.0, 7))
    assert most * 0.8 <= len(found) <= most
    assert heard_anyway(motion(), name, 3.0, 7)[:, 0].max() > 0.7


def test_what_comes_alone_is_heard_once_whatever_the_seed() -> None:
    for seed in range(30):
        assert len(onsets_s(heard_anyway(motion(), "door", 3.0, seed))) == 1


def test_what_goes_keeps_its_pace_or_has_an_even_one() -> None:
    assert heard_anyway(motion(), "car_engine", 3.0, 7)[:, 1] == pytest.approx(SPEED)
    seen = motion(speed=0.9)
    assert np.array_equal(heard_anyway(seen, "car_engine", 3.0, 7), seen)
    assert not heard_anyway(motion((1.0, 0.2)), "rain", 3.0, 7)[:, 1].any()


@pytest.mark.parametrize("seed", range(20))
def test_thunder_rolls_for_longer_than_an_animal_calls(seed: int) -> None:
    """Within four seconds it begins once; in a minute it comes again, and never before it is over."""
    assert len(calls("thunder", 4.0, seed)) == 1
    times = [at for at, _ in calls("thunder", 60.0, seed)]
    assert times[0] == FIRST_S
    assert min(np.diff(times)) >= 6.0
    assert len(calls("dog", 60.0, seed)) > 2 * len(times)
