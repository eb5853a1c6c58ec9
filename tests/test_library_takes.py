"""What the library lays: hits on strikes, loops that go with a motion, beds without a seam, nothing where it cannot."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from drawn_films import hammering

import vssflow_library
from recorded_library import RATE_HZ, hit, make, steady
from vssflow_dit.picture.motion import MotionReader, of_picture
from vssflow_dit.picture.strikes import SharpStrikeNet, StrikeNet, pulses
from vssflow_library.choosing import in_turn
from vssflow_library.engine import Library
from vssflow_library.heard import onsets
from vssflow_library.index import Recording
from vssflow_library.indexing import update
from vssflow_library.layers.loops import crossfade, ring
from vssflow_library.moments import AT_ONCE_S, pulses_in
from vssflow_post.analysis.things import ThingFinder
from vssflow_post.backend import BackendIdentity, CueRequest, Frame, GenerationSettings, Take, Track
from vssflow_post.errors import FilmFailed
from vssflow_post.progress import silent
from vssflow_post.render.facts import backend_facts
from vssflow_post.settings.preset import Preset
from vssflow_post.timeline import CLOCK_HZ, CueSheet, Scene, Span

STRUCK = ((0.5, 1.0), (1.2345, 0.7), (2.0, 0.4), (3.3, 0.9), (4.0, 0.8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    make(folder, loop_s=10.0)
    for number in range(2):
        wave = steady(np.random.default_rng(number), 2.0, channels=6)
        soundfile.write(folder / f"AMBTraf_Wide {number}_A_B.wav", wave.T, RATE_HZ)
    return folder


@pytest.fixture(scope="module")
def place(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("index") / "library.sqlite"
    update(place, [folder], 1, silent)
    return place


@pytest.fixture(scope="module")
def library(place: Path) -> Library:
    return Library(GenerationSettings(library=str(place)))


def motion(strikes: Sequence[tuple[float, float]] = (), pace: float = 0.0, seconds: float = 6.0) -> dict[str, Track]:
    values = np.zeros((round(100 * seconds), 2), np.float32)
    values[:, 0] = pulses(list(strikes), len(values))
    values[:, 1] = pace
    return {"motion": Track(values, 100.0)}


def request(sound: str, layer: str = "", seconds: float = 6.0, seed: int = 3, **more: object) -> CueRequest:
    asked = CueRequest("c1", "sound", Span.of_seconds(0, seconds), seed, sound=sound, layer=layer)
    return replace(asked, **{"visual": motion(STRUCK), **more})


def heard(library: Library, asked: CueRequest) -> npt.NDArray[np.float32]:
    [take] = library.render([asked])
    assert take.audio.rate_hz == CLOCK_HZ
    assert take.audio.n_samples == asked.span.n_samples
    assert np.isfinite(take.audio.samples).all()
    assert np.abs(take.audio.samples).max() <= 0.9001
    assert take.notes == ()
    return take.audio.samples


def test_it_says_before_it_is_opened_what_it_is(library: Library, place: Path) -> None:
    [offer] = vssflow_library.vssflow_backends()
    assert offer.priority == 0
    assert offer.identify is not None
    identity = offer.identify(GenerationSettings(library=str(place)))
    assert (identity.weights_digest, identity.sees) == (library.weights_digest, library.sees)
    assert library.in_turn
    assert {"door", "rain", "car_engine"} <= set(library.sounds)
    assert library.sound_of("a heavy door slam") == "door"
    assert library.sound_of("a cow moos") == ""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sound", ["metal", "door slam", "wood"])
def test_a_hit_lies_on_each_strike(library: Library, sound: str, seed: int) -> None:
    """Within a twelfth of a millisecond: what was recorded at another rate rings a little before it is struck."""
    take = heard(library, request(sound, "spot", seed=seed))
    assert take.shape[0] == 1
    struck = np.array(onsets(np.abs(take[0]), CLOCK_HZ)) / CLOCK_HZ
    for at_s, _ in STRUCK:
        assert np.abs(struck - at_s).min() <= 4e-4


def test_what_only_leads_up_to_a_hit_is_none(tmp_path: Path) -> None:
    wave = np.zeros(3 * RATE_HZ, np.float32)
    for start, level in ((0.2, 0.12), (1.0, 0.9), (2.0, 0.13)):
        at = round(start * RATE_HZ)
        wave[at : at + RATE_HZ // 2] += level * hit(np.random.default_rng(at), length_s=0.5)
    soundfile.write(tmp_path / "DOORWood_Latch And Slam_A_B.wav", wave, RATE_HZ)
    update(tmp_path / "a.sqlite", [tmp_path], 1, silent)
    library = Library(GenerationSettings(library=str(tmp_path / "a.sqlite")))
    takes = [heard(library, request("door", "spot", seed=seed, visual=motion([(1.0, 1.0)]))) for seed in range(6)]
    assert len({take.tobytes() for take in takes}) == 1


def test_a_harder_strike_is_louder(library: Library) -> None:
    hard, soft = (
        np.abs(heard(library, request("metal", "spot", visual=motion([(1.0, strength)])))).max()
        for strength in (1.0, 0.4)
    )
    assert 5.0 < 20 * np.log10(hard / soft) < 15.0


def test_the_time_of_a_pulse_is_read_back_from_between_the_grid() -> None:
    strikes = [(0.5123, 1.0), (1.2345, 0.7), (2.0, 0.4), (3.3391, 0.25)]
    found = pulses_in(motion(strikes)["motion"])
    assert [row / 100 for row, _ in found] == pytest.approx([at_s for at_s, _ in strikes], abs=1e-6)
    assert [hard for _, hard in found] == pytest.approx([hard for _, hard in strikes], abs=1e-6)


def recordings(n: int) -> list[Recording]:
    whole = Recording("", "/", 1, 1, "", "door", "", 48_000, 1, 10, -20, 1, (0,), False, 0, 10)
    return [replace(whole, path=f"/{k}.wav", digest=str(k)) for k in range(n)]


@pytest.mark.parametrize("n_files", [3, 4, 5, 8, 30])
def test_no_recording_is_heard_twice_in_a_row(n_files: int) -> None:
    rng = np.random.default_rng(n_files)
    found, before = recordings(n_files), ""
    for turn in range(300):
        chosen = in_turn(found, int(rng.integers(1, 6)), int(rng.integers(1 << 30)), turn)
        for one in chosen:
            assert one.path != before
            before = one.path


def test_of_two_recordings_each_is_heard_in_its_turn() -> None:
    paths = [one.path for one in in_turn(recordings(2), 6, 1, 0)]
    assert all(a != b for a, b in pairwise(paths))
    assert len(in_turn(recordings(1), 3, 1, 0)) == 3


def test_a_call_that_is_not_seen_is_heard_now_and_then(library: Library) -> None:
    take = heard(library, request("dog", "spot", visual=motion(), seconds=12.0))
    struck = onsets(np.abs(take[0]), CLOCK_HZ)
    assert struck[0] / CLOCK_HZ == pytest.approx(AT_ONCE_S, abs=1e-3)
    assert len(struck) >= 3


def test_thunder_is_not_struck_by_what_is_seen(tmp_path: Path) -> None:
    wave = np.concatenate([np.zeros(2000, np.float32), hit(np.random.default_rng(1), length_s=1.5)])
    soundfile.write(tmp_path / "THUN_Rolling Near_A_B.wav", wave, RATE_HZ)
    update(tmp_path / "a.sqlite", [tmp_path], 1, silent)
    library = Library(GenerationSettings(library=str(tmp_path / "a.sqlite")))
    seen, unseen = (heard(library, request("thunder", "spot", 4.0, visual=motion(struck))) for struck in (STRUCK, ()))
    assert np.array_equal(seen, unseen)
    assert onsets(np.abs(seen[0]), CLOCK_HZ)[0] / CLOCK_HZ == pytest.approx(AT_ONCE_S, abs=1e-3)


def test_what_the_picture_does_not_show_is_silent_unless_somebody_says_it(library: Library) -> None:
    assert not heard(library, request("door", "spot", visual=motion())).any()
    told = heard(library, request("door", "spot", visual=motion(), may_be_unseen=True))
    assert onsets(np.abs(told[0]), CLOCK_HZ)[0] / CLOCK_HZ == pytest.approx(AT_ONCE_S, abs=1e-3)


def test_a_loop_goes_with_the_speed(library: Library) -> None:
    pace = np.repeat(np.array([0.0, 0.3, 0.9, 0.0], np.float32), 200)
    values = np.stack([np.zeros(800, np.float32), pace], axis=1)
    take = heard(library, request("car", "follows", seconds=8.0, visual={"motion": Track(values, 100.0)}))[0]
    levels, centres = [], []
    for second in (1.0, 3.0, 5.0, 7.0):
        part = take[round(second * CLOCK_HZ) - 24_000 : round(second * CLOCK_HZ) + 24_000].astype(np.float64)
        power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
        levels.append(np.sqrt((part**2).mean()))
        centres.append(float((power * np.arange(len(power))).sum() / max(power.sum(), 1e-12)))
    assert levels[0] == levels[3] == 0
    assert 1.5 < levels[2] / levels[1] < 4
    assert centres[2] / centres[1] == pytest.approx(2 ** (0.6 * 0.6), rel=0.15)


def test_what_comes_and_goes_is_loudest_where_the_motion_is_fastest(tmp_path: Path) -> None:
    at = np.arange(RATE_HZ) / RATE_HZ
    for number in range(4):
        noise = np.random.default_rng(number).normal(0, 0.2, RATE_HZ)
        swell = (noise * np.exp(-(((at - 0.4) / 0.1) ** 2))).astype(np.float32)
        soundfile.write(tmp_path / f"WHSH_Fast {number}_A_B.wav", swell, RATE_HZ)
    update(tmp_path / "a.sqlite", [tmp_path], 1, silent)
    library = Library(GenerationSettings(library=str(tmp_path / "a.sqlite")))
    grid = np.arange(600) / 100
    pace = sum(np.exp(-(((grid - middle) / 0.2) ** 2)) for middle in (1.5, 4.0))
    values = np.stack([np.zeros(600), 0.9 * pace], axis=1).astype(np.float32)
    take = heard(library, request("whoosh", "follows", visual={"motion": Track(values, 100.0)}))[0]
    level = (take.reshape(-1, 480) ** 2).mean(axis=1)
    level = np.convolve(level, np.ones(10) / 10, "same")
    assert abs(np.argmax(level[:275]) / 100 - 1.5) < 0.1
    assert abs((np.argmax(level[275:]) + 275) / 100 - 4.0) < 0.1
    assert level[250:300].max() < level.max() / 1000


def seams(take: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Of a bed: the largest step in level from one second to the next, and in any octave, in decibels."""
    mono = take.mean(axis=0)
    parts = mono[: len(mono) // CLOCK_HZ * CLOCK_HZ].reshape(-1, CLOCK_HZ)
    power = np.abs(np.fft.rfft(parts * np.hanning(CLOCK_HZ), axis=1)) ** 2
    bands = np.stack([power[:, hz : 2 * hz].sum(axis=1) for hz in (125, 250, 500, 1000, 2000, 4000, 8000)], axis=1)
    whole = 10 * np.log10(power.sum(axis=1))
    return float(np.abs(np.diff(whole)).max()), float(np.abs(np.diff(10 * np.log10(bands), axis=0)).max())


def test_a_bed_of_two_minutes_has_no_seam(library: Library, folder: Path) -> None:
    """No step is larger than those of the recordings themselves, which go on without any loop."""
    take = heard(library, request("rain", "bed", seconds=120.0))
    assert take.shape[0] == 2
    own = [soundfile.read(path)[0].T for path in sorted(folder.glob("RAIN_*"))]
    most = np.max([seams(one) for one in own], axis=0)
    level, octave = seams(take)
    assert level <= most[0] + 0.5
    assert octave <= most[1] + 0.7
    fine = (take.mean(axis=0)[: 120 * CLOCK_HZ].reshape(-1, 4800) ** 2).mean(axis=1)
    assert 10 * np.log10(fine.max() / fine.min()) < 6.0
    assert np.abs(np.diff(take, axis=1)).max() < 0.6


def test_a_ring_may_follow_itself() -> None:
    rng = np.random.default_rng(8)
    drifting = steady(rng, 10.0) * np.linspace(0.8, 1.2, 10 * RATE_HZ, dtype=np.float32)
    tone = np.sin(2 * np.pi * 220.3 * np.arange(10 * RATE_HZ) / RATE_HZ)[None].astype(np.float32)
    for wave, most_db in ((drifting, 2.0), (tone, 0.3)):
        loop = ring(wave)
        assert loop.shape[1] >= wave.shape[1] * 0.49
        twice = np.tile(loop, (1, 3))
        level = 10 * np.log10((twice[0][: len(twice[0]) // 4800 * 4800].reshape(-1, 4800) ** 2).mean(axis=1))
        around = level[len(level) // 3 - 20 : len(level) // 3 + 20]
        assert np.abs(np.diff(around)).max() < most_db
    assert pytest.approx(np.ones(100), abs=1e-5) == np.array(crossfade(100, 0.0)).T ** 2 @ [1, 1]
    assert pytest.approx(np.ones(100), abs=1e-5) == np.array(crossfade(100, 1.0)).T @ [1, 1]


def test_two_beds_are_mixed_and_six_channels_are_two(library: Library) -> None:
    assert heard(library, request("rain and wind", "bed")).shape[0] == 2
    assert heard(library, request("city traffic", "bed")).shape[0] == 2


def test_a_prompt_may_name_a_file(library: Library) -> None:
    named = request("DOORWood_Slam Light 01_VP_TEST.flac", "spot", visual=motion())
    assert library.refuses(named) == ""
    take = heard(library, named)
    assert onsets(np.abs(take[0]), CLOCK_HZ)[0] / CLOCK_HZ == pytest.approx(AT_ONCE_S, abs=1e-3)
    assert heard(library, request("RAIN_Heavy Street_VP_TEST.wav", "bed")).any()


def test_a_take_says_which_recordings_are_heard_in_it(library: Library) -> None:
    bed, door, strange = library.render(
        [
            request("RAIN_Heavy Street_VP_TEST.wav", "bed"),
            request("door", "spot", visual=motion(), may_be_unseen=True),
            request("dragon", "spot", visual=motion()),
        ]
    )
    assert bed.made_of == ("RAIN_Heavy Street_VP_TEST.wav",)
    assert [name[:8] for name in door.made_of] == ["DOORWood"]
    assert strange.made_of == ()


def test_its_licence_is_that_of_each_recording(library: Library) -> None:
    maker = SimpleNamespace(
        offer=SimpleNamespace(name="library", priority=0),
        renderer=SimpleNamespace(backend=library),
        identity=lambda: BackendIdentity(library.weights_digest, ()),
        origin=SimpleNamespace(package="vssflow-post"),
        why="",
    )
    studio = SimpleNamespace(makers=[maker], main=maker, preset=Preset())
    [facts] = backend_facts(studio, CueSheet((), ()))  # type: ignore[arg-type]
    assert "each recording's own" in facts.licence
    assert "made_of" in facts.licence


def test_it_says_what_it_cannot_make(library: Library) -> None:
    assert library.refuses(replace(request(""), kind="speech", text="Hello.")) == "speaks no lines"
    assert library.refuses(request("a cow moos")) == "has no recording of cow"
    assert library.refuses(request("rain and surf", "bed")) == "has no recording of surf"
    assert library.refuses(request("Missing_03.wav")) == "has no file Missing_03.wav"
    assert library.refuses(request(""))
    assert library.refuses(request("zzz"))
    assert library.refuses(request("door slam", "spot")) == ""
    [take] = library.render([request("a cow moos")])
    assert not take.audio.samples.any()
    assert take.notes == ("The library has no recording of cow: silent.",)


def test_takes_are_the_same_in_any_order_and_company(library: Library, place: Path) -> None:
    asked = [
        replace(request(sound, seed=seed), id=f"{sound}{seed}")
        for sound in ("metal", "rain", "car", "dog")
        for seed in (1, 2)
    ]
    asked = [replace(one, visual=motion(STRUCK, 0.5)) for one in asked]

    def bytes_of(takes: Sequence[Take]) -> dict[str, bytes]:
        return {take.id: take.audio.samples.tobytes() for take in takes}

    together = bytes_of(list(library.render(asked)))
    other = Library(GenerationSettings(library=str(place)))
    alone = bytes_of([take for one in reversed(asked) for take in other.render([one])])
    assert together == alone
    assert together["metal1"] != together["metal2"]


def test_what_is_gone_or_changed_is_told_and_another_is_heard(tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    make(folder, loop_s=3.0)
    update(tmp_path / "a.sqlite", [folder], 1, silent)
    doors = sorted(folder.glob("DOORWood*"))
    touched, changed, *gone = doors
    os.utime(touched, (1, 1))
    changed.write_bytes(changed.read_bytes()[:-1] + b"?")
    for path in gone:
        path.unlink()
    library = Library(GenerationSettings(library=str(tmp_path / "a.sqlite")))
    [take] = library.render([request("door", "spot")])
    assert take.audio.samples.any()
    [*_, last] = take.notes
    assert all(path.name in " ".join(take.notes) or "more" in last for path in [changed, *gone])
    assert not take.is_final, "the next run looks whether they are back"
    assert touched.name not in " ".join(take.notes)
    assert "library index" in last
    for path in folder.glob("RAIN*"):
        path.unlink()
    [take] = library.render([request("rain", "bed")])
    assert not take.audio.samples.any()
    assert "Nothing is left" in take.notes[-1]


def test_an_index_that_is_written_anew_while_it_is_used_is_told(tmp_path: Path) -> None:
    make(tmp_path, loop_s=2.0)
    update(tmp_path / "a.sqlite", [tmp_path], 1, silent)
    library = Library(GenerationSettings(library=str(tmp_path / "a.sqlite")))
    next(tmp_path.glob("DOOR*")).unlink()
    update(tmp_path / "a.sqlite", [tmp_path], 1, silent)
    with pytest.raises(FilmFailed, match="indexed anew"):
        list(library.render([request("metal")]))


def frames_of(strikes: Sequence[float], seconds: float, rate: float, sparks: bool = False) -> list[Frame]:
    return [
        Frame(round(k / rate * CLOCK_HZ), picture, np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8))
        for k, picture in enumerate(hammering(strikes, seconds, rate, sparks=sparks))
    ]


def away_from_strikes(library: Library, sparks: bool) -> list[float]:
    """Seconds between each strike of a drawn hammer and the hit that is nearest to it."""
    strikes, away = [0.91, 1.55, 2.333, 3.017, 3.64, 4.4, 5.1], []
    for rate in (24.0, 25.0, 29.97):
        encoder, finder = library.encoder(), ThingFinder()
        for frame in frames_of(strikes, 6.0, rate, sparks):
            encoder.push(frame)
            finder.push(frame)
        span = Span.of_seconds(0, 6)
        shown, things = encoder.finish([Scene(0, span)]), finder.finish([Scene(0, span)])[0]
        asked = request("metal", "spot", visual=shown, things=things)
        struck = np.array(onsets(np.abs(heard(library, asked)[0]), CLOCK_HZ)) / CLOCK_HZ
        away += [float(np.abs(struck - at_s).min()) for at_s in strikes]
    return away


@pytest.mark.slow
def test_hits_fall_within_ten_milliseconds_of_drawn_strikes(library: Library) -> None:
    away = away_from_strikes(library, sparks=False)
    assert np.mean(np.array(away) <= 0.010) >= 0.95
    assert np.median(away) <= 0.005


@pytest.mark.slow
def test_sparks_are_no_blow(library: Library) -> None:
    away = away_from_strikes(library, sparks=True)
    assert np.median(away) <= 0.022
    assert np.mean(np.array(away) <= 0.010) >= 0.3


def test_sharp_strikes_are_those_of_the_grid(tmp_path: Path) -> None:
    from vssflow_dit.config import folder_of

    weights = folder_of("starter") / "strikes.safetensors"
    reader = MotionReader()
    for frame in frames_of([0.91, 1.55], 2.4, 25.0):
        reader.push(frame)
    curves = of_picture(np.array(reader.times_s), np.array(reader.rows), 240)
    plain, sharp = StrikeNet.load(weights).strikes(curves), SharpStrikeNet.load(weights).strikes(curves)
    assert len(plain) == len(sharp) > 0
    assert all(abs(a - b) <= 0.0071 and s == t for (a, s), (b, t) in zip(plain, sharp, strict=True))
