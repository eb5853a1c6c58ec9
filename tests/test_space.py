"""Space: constant power, no jumps, the place of what moves, and a down-mix that loses nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.drawn_films import Picture, texture, write_film
from tests.test_loudness import by_ffmpeg
from tests.test_mix import Shelf, knocks, noise, take
from vssflow_post.analysis.features import KnownFeatures
from vssflow_post.analysis.motion import PLACES_PER_S
from vssflow_post.analysis.picture import Analysis, analyse
from vssflow_post.audio import LAYOUTS, MONO, STEREO, SURROUND, Layout, Samples, layout_of
from vssflow_post.media.probe import probe
from vssflow_post.mix import lay_and_mix
from vssflow_post.mix.laid_take import LaidTake
from vssflow_post.mix.lay import BLOCK, lay
from vssflow_post.mix.panning import PanCurve, pan_gains, wide_gains
from vssflow_post.settings.preset import LoudnessSettings, MixSettings, PictureSettings
from vssflow_post.timeline import CLOCK_HZ, Span


def laid(takes: list[LaidTake], n: int, stem: str = "FX", **settings: object) -> Samples:
    mix = MixSettings(effects_gain_db=0.0, fade_ms=0.0, **settings)  # type: ignore[arg-type]
    return np.concatenate([block[stem] for block in lay(Span(0, n), takes, mix)], axis=1)


@pytest.mark.parametrize("layout", list(LAYOUTS.values()), ids=list(LAYOUTS))
def test_power_is_the_same_wherever_a_sound_stands(layout: Layout) -> None:
    gains = pan_gains(np.linspace(-1, 1, 501), layout)
    np.testing.assert_allclose((gains**2).sum(axis=0), 1.0, rtol=1e-6)
    assert (gains >= 0).all(), "a negative gain would cancel in a down-mix"
    np.testing.assert_allclose((wide_gains(layout) ** 2).sum(), 1.0, rtol=1e-6)
    if layout is SURROUND:
        assert not gains[3:].any()
        assert not wide_gains(layout)[2:4].any()


def test_edges_and_centre_feed_the_loudspeakers_they_should() -> None:
    left, centre, right = pan_gains([-1, 0, 1], SURROUND).T
    assert [list(gains.round(6)) for gains in (left, centre, right)] == [
        [1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 1, 0, 0, 0, 0],
    ]  # fmt: skip
    np.testing.assert_allclose(pan_gains([-1, 0, 1], STEREO), [[1, 0.5**0.5, 0], [0, 0.5**0.5, 1]], atol=1e-6)


def test_a_pan_moves_without_steps_across_blocks() -> None:
    n = BLOCK + 48_000
    curve = PanCurve(np.array([48_000, BLOCK + 24_000]), np.array([-1.0, 1.0], np.float32))
    audio = laid([LaidTake(Span(0, n), "FX", take("FX", 0, np.ones(n)).source, pan=curve)], n)
    np.testing.assert_allclose((audio**2).sum(axis=0), 1.0, rtol=1e-5)
    np.testing.assert_allclose(audio[:, 0], [1, 0], atol=1e-6)
    np.testing.assert_allclose(audio[:, -1], [0, 1], atol=1e-6)
    assert np.abs(np.diff(audio, axis=1)).max() < 1e-4


def test_the_downmix_to_mono_loses_no_take() -> None:
    """Whatever the position, the fold-down (ITU-R BS.775) holds at least the power of the take itself."""
    one = noise(24_000)
    for name in ("stereo", "5.1"):
        for position in np.linspace(-1, 1, 9):
            where = PanCurve.fixed(float(position))
            audio = laid([LaidTake(Span(0, 24_000), "FX", take("FX", 0, one).source, pan=where)], 24_000, layout=name)
            fold = {"L": 1.0, "R": 1.0, "C": 2**0.5, "Ls": 1.0, "Rs": 1.0}
            mono = sum(fold.get(channel, 0.0) * audio[k] for k, channel in enumerate(LAYOUTS[name].channels))
            assert np.square(mono).mean() >= 0.99 * np.square(one).mean()


def test_a_stereo_take_keeps_its_sides_and_folds_to_mono() -> None:
    sides = np.stack([np.full(100, 0.5), np.full(100, 0.25)])
    np.testing.assert_allclose(laid([take("FX", 0, sides)], 100, layout="5.1")[:3, 50], [0.5, 0.25, 0], atol=1e-6)
    assert laid([take("FX", 0, sides)], 100, layout="mono").shape == (1, 100)


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_every_layout_sums_exactly_and_meets_target_and_ceiling(name: str) -> None:
    """Judged by FFmpeg's meter."""
    n, shelf = 10 * 48_000, Shelf()
    left = PanCurve.fixed(-0.8)
    takes = [
        LaidTake(Span(0, n), "FX", take("FX", 0, knocks(n)).source, pan=left),
        LaidTake(Span(0, n), "BG", take("BG", 0, noise(n, 0.02, 3)).source, wide=True),
        take("DX", 48_000, noise(96_000, 0.05)),
        take("PD", 200_000, noise(48_000, 0.05, 9)),
    ]
    settings = MixSettings(layout=name, background_stem=True, production_stem=True)
    report = lay_and_mix(Span(0, n), takes, settings, LoudnessSettings(target_lufs=-18.0), shelf.open)
    parts = [shelf.stem(stem) for stem in ("DX", "FX", "BG", "PD")]
    np.testing.assert_array_equal(shelf.stem("MIX"), sum(parts))
    assert all(part.any() for part in parts)
    assert shelf.stem("MIX").shape == (LAYOUTS[name].n_channels, n)
    ffmpeg = by_ffmpeg((shelf.stem("MIX") / 2**23).astype(np.float32), name)
    assert ffmpeg["I"] == pytest.approx(-18.0, abs=0.1)
    assert 20 * np.log10(ffmpeg["peak"]) <= -1.0
    assert report.verdict == "pass"
    assert set(report.stem_loudness) == {"DX", "FX", "BG", "PD"}


def test_layouts_are_found_by_their_channels() -> None:
    assert [layout_of(n).name for n in (1, 2, 6)] == ["mono", "stereo", "5.1"]
    with pytest.raises(ValueError):
        layout_of(4)
    assert MONO.weights == (1.0,)


def moving(x_of: list[float | None], seed: int = 1, width: int = 192, height: int = 108) -> list[Picture]:
    """A bright square at each place (0 left, 1 right; None for none) over a still pattern."""
    pictures = []
    for x in x_of:
        picture = texture(seed, width, height).copy()
        if x is not None:
            at = round(x * (width - 16))
            picture[40:64, at : at + 16] = 255
        pictures.append(picture)
    return pictures


def analysed(path: Path, pictures: list[Picture]) -> Analysis:
    film = probe(write_film(path, pictures, Fraction(25)))
    return analyse(film, PictureSettings(), KnownFeatures({}))


def test_the_place_follows_what_moves_and_stays_where_it_stopped(tmp_path: Path) -> None:
    across = list(np.linspace(0.05, 0.95, 75))
    analysis = analysed(tmp_path / "a.mp4", moving([0.05] * 25 + across + [0.95] * 50))
    [track] = analysis.places
    assert track.rate_hz == PLACES_PER_S
    x = track.values[:, 0]
    assert len(x) == 60
    assert x[:8] == pytest.approx([0.1] * 8, abs=0.08), "before it moves, the sound is where it will start"
    assert x[25] == pytest.approx(0.5, abs=0.1)
    assert x[45:] == pytest.approx([0.92] * 15, abs=0.08)
    assert (np.diff(x) > -0.01).all()


def test_a_leap_becomes_a_move_and_a_cut_is_no_motion(tmp_path: Path) -> None:
    wobble = [0.02 * (k % 2) for k in range(50)]
    first = moving([x + 0.1 for x in wobble] + [x + 0.85 for x in wobble])
    second = moving([x + 0.85 for x in wobble], seed=7)
    analysis = analysed(tmp_path / "a.mp4", first + second)
    assert len(analysis.scenes) == 2
    before, after = (track.values[:, 0] for track in analysis.places)
    assert before[:12] == pytest.approx([0.15] * 12, abs=0.1)
    assert before[-12:] == pytest.approx([0.87] * 12, abs=0.1)
    assert np.abs(np.diff(before)).max() < 0.2, "no jump: a tenth of a second never crosses a fifth of the screen"
    assert after == pytest.approx([0.87] * len(after), abs=0.1)


def test_where_nothing_moves_the_sound_is_in_the_middle(tmp_path: Path) -> None:
    analysis = analysed(tmp_path / "a.mp4", moving([None] * 30))
    assert (analysis.places[0].values == 0.5).all()
    assert len(analysis.places[0].values) == 30 * CLOCK_HZ // 25 * PLACES_PER_S // CLOCK_HZ
