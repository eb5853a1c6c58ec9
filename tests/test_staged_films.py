"""Staged films say exactly when something strikes: what the skeletons do then is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from vssflow_dit.synthesis import acts
from vssflow_dit.synthesis.acts import Act, Maker
from vssflow_dit.synthesis.pictures import GRID_HZ
from vssflow_dit.synthesis.stage import stage

SECONDS = 6.0


def of(maker: Maker) -> list[Act]:
    """Some acts with strikes."""
    made = [maker(np.random.default_rng((11, k)), SECONDS) for k in range(20)]
    return [act for act in made if act.strikes]


def speed(act: Act, joint: int) -> np.ndarray:
    """Heights a second, each millisecond."""
    return np.abs(np.diff(act.joints[joint])) * GRID_HZ


@pytest.mark.parametrize("maker", [*acts.STRIKING, acts.waver])
def test_all_joints_are_known_at_all_times_and_what_strikes_is_one_of_them(maker: Maker) -> None:
    for k in range(20):
        act = maker(np.random.default_rng((12, k)), SECONDS)
        assert {len(joint) for joint in act.joints} == {round(SECONDS * GRID_HZ)}
        assert all(np.isfinite(joint).all() for joint in act.joints)
        assert all(0 <= a < len(act.joints) and 0 <= b < len(act.joints) and wide > 0 for a, b, wide in act.limbs)
        assert list(act.strikes) == sorted(act.strikes)
        assert all(
            0 <= time < SECONDS and 0 < hard <= 1 and joint < len(act.joints) for time, hard, joint in act.strikes
        )


def test_what_a_drummer_strikes_with_is_stopped_by_it() -> None:
    stopped = []
    for act in of(acts.drummer):
        for time, _, joint in act.strikes:
            k = round(time * GRID_HZ)
            if 30 < k < len(act.joints[0]) - 30:
                stopped.append(
                    speed(act, joint)[k - 12 : k - 2].mean() > 1.5 * speed(act, joint)[k + 2 : k + 12].mean()
                )
    assert np.mean(stopped) > 0.9


def test_a_racket_is_fastest_where_it_strikes() -> None:
    for act in of(acts.player):
        for time, _, joint in act.strikes:
            k = round(time * GRID_HZ)
            if 500 < k < len(act.joints[0]) - 500:
                near = speed(act, joint)[k - 400 : k + 400]
                assert abs(int(near.argmax()) - 400) < 30


def test_a_foot_stands_once_it_has_struck() -> None:
    for act in of(acts.walker):
        ground = act.joints[0].imag.mean()
        for time, _, joint in act.strikes:
            k = round(time * GRID_HZ)
            if 100 < k < len(act.joints[0]) - 50:
                height = ground - act.joints[joint].imag
                assert np.ptp(height[k + 1 : k + 30]) < 1e-3 < np.ptp(height[k - 100 : k])


def test_a_weapon_jumps_when_it_fires_and_flashes_then_or_never() -> None:
    for act in of(acts.shooter):
        for time, _, joint in act.strikes:
            k = round(time * GRID_HZ)
            if 30 < k < len(act.joints[0]) - 30:
                assert speed(act, joint)[k + 1 : k + 9].mean() > 1.5 * speed(act, joint)[k - 20 : k - 2].min()
        assert act.flashes in ((), tuple((time, joint) for time, _, joint in act.strikes))


def test_a_staged_film_is_the_same_twice_and_shows_its_strikes_within_the_picture() -> None:
    n_strikes = 0
    for k in range(12):
        one, other = (stage(np.random.default_rng((13, k)), 2.0) for _ in range(2))
        assert all(np.array_equal(a.grey, b.grey) for a, b in zip(one.frames(), other.frames(), strict=True))
        assert one.strikes() == other.strikes()
        n_strikes += len(one.strikes())
        wide, high = one.size
        assert all(-0.05 < s.x < wide / max(wide, high) + 0.05 for s in one.strikes())
        assert all(-0.05 < s.y < high / max(wide, high) + 0.05 for s in one.strikes())
    assert n_strikes > 10


def test_a_film_brought_to_another_rate_shows_pictures_again() -> None:
    staged = [stage(np.random.default_rng((14, k)), 2.0) for k in range(16)]
    assert {bool(film.repeats) for film in staged} == {True, False}
    for film in staged:
        frames = [frame.grey for frame in film.frames()]
        again = [k for k in range(1, len(frames)) if frames[k] is frames[k - 1]]
        assert again == [k for k in range(1, len(frames)) if film.repeats and k % film.repeats[0] >= film.repeats[1]]
