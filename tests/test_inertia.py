"""An engine sounds on while nothing of it is seen to move for a moment; what stands for longer is still."""

from __future__ import annotations

import numpy as np
import pytest

from vssflow_dit.engine import cpu_engine
from vssflow_dit.picture.inertia import STANDS_S, Speed, gone_on
from vssflow_dit.sounds import CLASSES, follows, has_an_engine
from vssflow_post.backend import CueRequest, GenerationSettings, Track
from vssflow_post.timeline import Span


def speed(*parts: tuple[float, float]) -> Speed:
    """From (seconds, speed) one after the other, at 100 a second."""
    return np.concatenate([np.full(round(100 * seconds), value, np.float32) for seconds, value in parts])


def test_a_short_dip_is_filled_to_its_lower_side_and_nothing_else_changes() -> None:
    seen = speed((1, 0.0), (2, 0.8), (1.9, 0.1), (1, 0.5), (2.1, 0.0), (1, 0.4), (1.5, 0.0))
    wanted = speed((1, 0.0), (2, 0.8), (1.9, 0.5), (1, 0.5), (2.1, 0.0), (1, 0.4), (1.5, 0.0))
    assert np.array_equal(gone_on(seen, 100.0), wanted)


def test_nothing_gets_slower_and_twice_is_as_once() -> None:
    rng = np.random.default_rng(3)
    for n in (1, 50, 199, 900):
        seen = (rng.random(n) * (rng.random(n) < 0.2)).astype(np.float32)
        heard = gone_on(seen, 100.0)
        assert len(heard) == n
        assert (heard >= seen).all()
        assert heard.max() == seen.max()
        assert np.array_equal(gone_on(heard, 100.0), heard)


def test_only_what_follows_a_speed_has_an_engine() -> None:
    assert {follows(name) for name in CLASSES if has_an_engine(name)} == {"speed"}
    assert not any(has_an_engine(name) for name in ("cloth", "saw", "horse_hooves", "bicycle", "whoosh"))


@pytest.mark.parametrize(("sound", "goes_on"), [("train", True), ("cloth", False)])
def test_a_train_is_heard_between_its_waggons_and_cloth_rests(sound: str, goes_on: bool) -> None:
    seen = speed((2.5, 0.6), (STANDS_S - 0.4, 0.0), (1.9, 0.6))
    motion = Track(np.stack([np.zeros_like(seen), seen], axis=1), 100.0)
    request = CueRequest("s", "sound", Span.of_seconds(0, 6.0), seed=5, sound=sound, visual={"motion": motion})
    take = next(iter(cpu_engine(GenerationSettings()).render([request]))).audio
    level = np.sqrt((take.samples[0].astype(np.float64) ** 2).reshape(60, -1).mean(axis=1))
    gap, moving = np.median(level[29:38]), np.median(level[5:22])
    assert (gap > 0.1 * moving) == goes_on
