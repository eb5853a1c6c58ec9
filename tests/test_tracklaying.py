"""What an editor does before the mix: ducking, crossfades, room tone, stems, and production sound under new lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.test_loudness import by_ffmpeg
from tests.test_mix import ClipSource, noise
from vssflow_post.analysis.picture import Analysis
from vssflow_post.audio import AudioClip, Samples, Source
from vssflow_post.backend import MouthTrack, Track, speaking_mouth
from vssflow_post.generate.requests import request_for
from vssflow_post.mix import Session, lay_tracks
from vssflow_post.mix.ducking import duck_under
from vssflow_post.mix.laid_take import LaidTake
from vssflow_post.mix.lay import lay
from vssflow_post.mix.room_tone import ToneSource, tone_of
from vssflow_post.mix.take_level import DOOR_LUFS, MOST_DB
from vssflow_post.settings.preset import MixSettings
from vssflow_post.timeline import CLOCK_HZ, Cue, Scene, Span, asks_for_ambience

S = CLOCK_HZ


def clip(samples: Samples, rate_hz: int = 16_000) -> Source:
    return ClipSource(AudioClip(np.atleast_2d(samples).astype(np.float32), rate_hz))


def sound(number: int, start_s: float, end_s: float, prompt: str = "", level: float = 0.1) -> tuple[Cue, Source]:
    span = Span.of_seconds(start_s, end_s)
    cue = Cue(f"s{number:04d}", 0 if start_s < 10 else 1, "sound", span, sound=prompt)
    return cue, clip(noise(span.n_samples // 3, level, number))


def line(number: int, start_s: float, end_s: float) -> tuple[Cue, Source]:
    span = Span.of_seconds(start_s, end_s)
    return Cue(f"d{number:04d}", 0, "speech", span, text="Hello."), clip(noise(span.n_samples // 3, 0.05, 50 + number))


def session(
    sounds: Sequence[tuple[Cue, Source]] = (),
    speech: Sequence[tuple[Cue, Source]] = (),
    production: Sequence[Cue] = (),
    track: Source | None = None,
    whole: bool = False,
) -> Session:
    """Twenty seconds with a cut in the middle."""
    scenes = (Scene(0, Span(0, 10 * S)), Scene(1, Span(10 * S, 20 * S)))
    return Session(Span(0, 20 * S), scenes, sounds, speech, production, track, whole)


def picture(*places: float, mouths: tuple[MouthTrack, ...] = ()) -> Analysis:
    """One steady place for each scene of ten seconds."""
    scenes = tuple(Scene(k, Span(10 * k * S, 10 * (k + 1) * S)) for k in range(len(places)))
    tracks = tuple(Track(np.full((100, 1), x, np.float32), 10) for x in places)
    return Analysis(scenes, mouths, {}, (), tracks)


def laid(source: Source, gain_db: float = 0.0) -> LaidTake:
    """A take at the start of the film."""
    return LaidTake(Span(0, source.n_samples * S // source.rate_hz), "FX", source, gain_db)


def heard(takes: Sequence[LaidTake], settings: MixSettings) -> dict[str, Samples]:
    blocks = list(lay(Span(0, 20 * S), takes, settings))
    return {name: np.concatenate([block[name] for block in blocks], axis=1) for name in settings.stems}


def rms(audio: Samples, start_s: float, end_s: float) -> float:
    return float(np.sqrt(np.square(audio[..., round(start_s * S) : round(end_s * S)].astype(float)).mean()))


DRY = MixSettings(effects_gain_db=0.0, duck_db=0.0, room_tone=False, ambience_crossfade_ms=0.0)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("rain", True), ("Heavy WIND in trees", True), ("room tone of a kitchen", True), ("a crowd murmurs", True),
        ("ambience", True), ("metal", False), ("train passing", False), ("window breaks", False), ("", False),
        ("machine gun fire", False), ("dog barks in the background", False), ("campfire in the background", True),
    ],
)  # fmt: skip
def test_beds_are_told_by_their_words(prompt: str, expected: bool) -> None:
    assert asks_for_ambience(prompt) is expected


def test_effects_are_down_at_the_first_word_and_back_after_the_last() -> None:
    curve = duck_under([Span(3 * S, 5 * S), Span(5 * S + 100, 6 * S)], 6.0, 100.0, 500.0)
    decibels = 20 * np.log10(curve.gains(Span(0, 20 * S)))
    assert decibels[: 3 * S - 4801] == pytest.approx(0.0, abs=1e-6)
    assert decibels[3 * S - 2400] == pytest.approx(-3.0, abs=0.01), "half of the way in half of the attack"
    assert decibels[3 * S : 6 * S] == pytest.approx(-6.0, abs=1e-5), "it does not pump between two words"
    assert decibels[6 * S + 12_000] == pytest.approx(-3.0, abs=0.01)
    assert decibels[6 * S + 24_001 :] == pytest.approx(0.0, abs=1e-6)
    assert np.abs(np.diff(decibels)).max() < 0.01


def test_ducking_does_not_know_blocks() -> None:
    curve = duck_under([Span(S, 2 * S), Span(7 * S, 8 * S)], 9.0, 80.0, 300.0)
    whole = curve.gains(Span(0, 10 * S))
    pieces = [curve.gains(Span(a, b)) for a, b in pairwise([0, 1234, S, 5 * S, 7 * S + 1, 10 * S])]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_effects_step_back_under_lines_and_dialogue_does_not() -> None:
    settings = MixSettings(effects_gain_db=0.0, duck_db=12.0, room_tone=False)
    speaking = session([sound(1, 0, 10), sound(2, 10, 20, "rain")], [line(1, 12, 15)])
    ducked, free = (heard(lay_tracks(speaking, picture(0.5, 0.5), each), each) for each in (settings, DRY))
    assert rms(ducked["FX"], 12.1, 14.9) == pytest.approx(rms(free["FX"], 12.1, 14.9) * 10 ** (-12 / 20), rel=1e-3)
    assert rms(ducked["FX"], 1, 9) == pytest.approx(rms(free["FX"], 1, 9), rel=1e-6)
    np.testing.assert_array_equal(ducked["DX"], free["DX"])


def test_nothing_steps_back_under_a_line_that_is_silent() -> None:
    """No voice speaks its language, or nothing in it can be said."""
    settings = MixSettings(effects_gain_db=0.0, duck_db=12.0, room_tone=False, production_stem=True)
    cue, take = line(1, 12, 15)
    mute = (cue, clip(np.zeros(take.n_samples, np.float32)))
    track = clip(noise(20 * S, 0.1, 77), S)
    for speech, step_db in (([mute], 0.0), ([(cue, take)], 12.0)):
        for kept in (
            session([sound(1, 0, 10), sound(2, 10, 20, "rain")], speech),
            session(speech=speech, track=track, whole=True),
        ):
            free = heard(lay_tracks(replace(kept, speech=()), picture(0.5, 0.5), settings), settings)
            now = heard(lay_tracks(kept, picture(0.5, 0.5), settings), settings)
            stem = "PD" if kept.track else "FX"
            assert rms(now[stem], 12.1, 14.9) == pytest.approx(
                rms(free[stem], 12.1, 14.9) * 10 ** (-step_db / 20), rel=1e-3
            )
    assert session(speech=[mute]).spoken == ()


def test_effects_stand_where_the_motion_is_and_beds_in_the_middle() -> None:
    settings = MixSettings(effects_gain_db=0.0, room_tone=False, effects_pan_width=1.0)
    out = heard(lay_tracks(session([sound(1, 0, 10), sound(2, 10, 20, "rain")]), picture(0.1, 0.9), settings), settings)
    left, right = (rms(out["FX"][k], 1, 9) for k in (0, 1))
    assert left / right == pytest.approx(np.tan(np.pi / 4 * 1.8), rel=1e-3)
    assert rms(out["FX"][0], 11, 19) == pytest.approx(rms(out["FX"][1], 11, 19), rel=1e-6)
    centred = heard(lay_tracks(session([sound(1, 0, 10)]), picture(0.1, 0.9), DRY_CENTRE), DRY_CENTRE)
    np.testing.assert_array_equal(centred["FX"][0], centred["FX"][1])


DRY_CENTRE = MixSettings(effects_gain_db=0.0, room_tone=False, effects_pan_width=0.0)


def test_dialogue_stands_at_the_face_only_when_asked() -> None:
    opening = Track(np.tile(np.array([[0.0], [1.0]], np.float32), (50, 1)), 25.0)
    face = MouthTrack(Span(0, 10 * S), opening, (0.8, 0.2, 0.1, 0.2))
    still = MouthTrack(Span(0, 10 * S), Track(np.ones((100, 1), np.float32), 25.0), (0.1, 0.2, 0.1, 0.2))
    analysis = picture(0.5, 0.5, mouths=(still, face))
    for pan, position in (("centre", 0.0), ("speaker", 0.7)):
        settings = MixSettings(dialogue_pan=pan, room_tone=False)
        dialogue = heard(lay_tracks(session(speech=[line(1, 2, 4)]), analysis, settings), settings)["DX"]
        expected = np.tan((position + 1) * np.pi / 4)
        assert rms(dialogue[1], 2.1, 3.9) / rms(dialogue[0], 2.1, 3.9) == pytest.approx(expected, rel=1e-3)


def test_lips_and_pan_follow_the_face_that_moves_most_during_the_line() -> None:
    """One face moves most in its whole track, the other while the line is said."""
    chatter = np.tile(np.array([[0.0], [1.0]], np.float32), (125, 1))
    before, during = chatter.copy(), np.zeros_like(chatter)
    before[50:100], during[50:100] = 0.0, chatter[50:100]
    left = MouthTrack(Span(0, 10 * S), Track(before, 25.0), (0.1, 0.2, 0.1, 0.2))
    right = MouthTrack(Span(0, 10 * S), Track(during, 25.0), (0.8, 0.2, 0.1, 0.2))
    for faces in ((left, right), (right, left)):
        said = line(1, 2, 4)
        settings = MixSettings(dialogue_pan="speaker", room_tone=False)
        laid = lay_tracks(session(speech=[said]), picture(0.5, 0.5, mouths=faces), settings)
        dialogue = heard(laid, settings)["DX"]
        assert rms(dialogue[1], 2.1, 3.9) > 2 * rms(dialogue[0], 2.1, 3.9), "at the right"
        lips = request_for(said[0], {}, faces).mouth
        assert lips is not None
        np.testing.assert_array_equal(lips.values, chatter[50:100])
    assert speaking_mouth((left, right), Span(0, 10 * S)) is left
    assert speaking_mouth((left, right), Span(11 * S, 12 * S)) is None


@pytest.mark.parametrize(("prompts", "crossfaded"), [(("rain", "wind"), True), (("rain", "metal"), False)])
def test_only_beds_are_crossfaded_over_a_cut_at_constant_power(prompts: tuple[str, str], crossfaded: bool) -> None:
    settings = MixSettings(effects_gain_db=0.0, room_tone=False, ambience_crossfade_ms=400.0, effects_pan_width=0.0)
    sounds = [sound(1, 0, 10, prompts[0]), sound(2, 10, 20, prompts[1])]
    takes = lay_tracks(session(sounds), picture(0.5, 0.5), settings)
    effects = heard(takes, settings)["FX"]
    apart = [heard([each], settings)["FX"] for each in takes]
    np.testing.assert_allclose(effects, apart[0] + apart[1], atol=1e-6)
    reach = 0.2 if crossfaded else 0.0
    assert not apart[0][:, round((10 + reach) * S) :].any()
    assert not apart[1][:, : round((10 - reach) * S)].any()
    if crossfaded:
        assert rms(effects, 9.8, 10.2) == pytest.approx(rms(effects, 5, 9), rel=0.05), "no hole and no bump at the cut"
        assert rms(apart[0], 10.0, 10.05) > 0.4 * rms(effects, 5, 9)
    else:
        assert rms(effects, 9.999, 10.001) < 0.3 * rms(effects, 5, 9), "both are faded at the cut"


@pytest.mark.parametrize("hums_first", [True, False])
def test_a_crossfaded_bed_goes_on_through_its_border_without_a_step(hums_first: bool) -> None:
    t = np.arange(10 * 16_000) / 16_000
    hum, nothing = clip(0.2 * np.sin(2 * np.pi * 50.7 * t + 1.0)), clip(np.zeros(160_000))
    takes = (hum, nothing) if hums_first else (nothing, hum)
    cues = (
        Cue("s0001", 0, "sound", Span(0, 10 * S), sound="hum"),
        Cue("s0002", 1, "sound", Span(10 * S, 20 * S), sound="hum"),
    )
    settings = MixSettings(effects_gain_db=0.0, room_tone=False, ambience_crossfade_ms=1000.0)
    laid = lay_tracks(session(list(zip(cues, takes, strict=True))), picture(0.5, 0.5), settings)
    effects = heard(laid, settings)["FX"][0]
    steepest = 0.2 * 0.5**0.5 * 2 * np.pi * 50.7 / S
    assert np.abs(np.diff(effects)).max() < 1.1 * steepest
    beyond = Span.of_seconds(10.3, 10.4) if hums_first else Span.of_seconds(9.6, 9.7)
    assert effects[beyond.start : beyond.end].any()


def test_a_gap_gets_the_tone_of_its_scene_and_is_never_digital_silence() -> None:
    quiet_then_loud = np.concatenate([noise(16_000, 0.001, 1), noise(48_000, 0.1, 2)])
    sounds = [
        (Cue("s0001", 0, "sound", Span(0, 4 * S), sound="metal"), clip(quiet_then_loud)),
        (Cue("s0002", 1, "sound", Span(12 * S, 20 * S), sound="rain"), clip(noise(8 * 16_000, 0.05, 3))),
    ]
    settings = MixSettings(effects_gain_db=0.0, duck_db=0.0, room_tone=True, room_tone_db=-20.0, effects_pan_width=0.0)
    effects = heard(lay_tracks(session(sounds), picture(0.5, 0.5), settings), settings)["FX"]
    assert (np.abs(effects).max(axis=0).reshape(-1, 480).max(axis=1) > 0).all(), "sound in every 10 ms"
    assert rms(effects, 5, 9.5) == pytest.approx(0.001 * 0.5**0.5, rel=0.1), "as loud as the scene's quiet moments"
    bed = rms(effects, 13, 19)
    assert rms(effects, 10.5, 11.5) == pytest.approx(bed * 0.1, rel=0.15), "a bed's tone lies 20 dB under the bed"
    again = heard(lay_tracks(session(sounds), picture(0.5, 0.5), settings), settings)["FX"]
    np.testing.assert_array_equal(effects, again)


def test_a_pause_within_a_take_is_no_digital_silence_either() -> None:
    knock = np.concatenate([np.zeros(32_000), noise(8_000, 0.1, 1), np.zeros(120_000)])
    settings = MixSettings(effects_gain_db=0.0, effects_pan_width=0.0, room_tone_db=-20.0)
    cue = Cue("s0001", 0, "sound", Span(0, 10 * S), sound="metal")
    effects = heard(lay_tracks(session([(cue, clip(knock))]), picture(0.5, 0.5), settings), settings)["FX"]
    assert (np.abs(effects).max(axis=0).reshape(-1, 480).max(axis=1) > 0).all()
    assert rms(effects, 4, 9) < 0.1 * 0.5**0.5 * 10 ** (-20 / 20) * 1.1
    assert rms(effects, 4, 9) > 0.1 * 0.5**0.5 * 10 ** (-50 / 20) * 0.9
    assert rms(effects, 9.95, 10.05) == pytest.approx(rms(effects, 12, 18), rel=0.2), "and none at the cut"


def test_a_tone_is_not_softer_than_thirty_decibels_under_the_loudest() -> None:
    take = clip(np.concatenate([noise(16_000, 0.0001, 1), noise(48_000, 0.1, 2)]))
    for loudest_db, power in ((-20.0, 0.0075 * 1e-5), (-35.0, 0.0001**2)):
        for gain_db in (0.0, -20.0):
            tone = tone_of([laid(take, gain_db)], loudest_db)
            assert tone is not None
            heard_power = np.square(ToneSource(tone, 64_000, 1).read(0, 64_000)).mean()
            assert heard_power == pytest.approx(power * 10 ** (gain_db / 10), rel=0.1), "it goes with its effects"


def test_the_switch_leaves_gaps_silent_and_silence_gets_no_tone() -> None:
    off = heard(lay_tracks(session([sound(1, 0, 4)]), picture(0.5, 0.5), DRY), DRY)["FX"]
    assert not off[:, 4 * S :].any()
    on = MixSettings()
    mute = (Cue("s0001", 0, "sound", Span(0, 4 * S)), clip(np.zeros(64_000)))
    assert not heard(lay_tracks(session([mute]), picture(0.5, 0.5), on), on)["FX"].any()
    assert lay_tracks(session(), picture(0.5, 0.5), on) == []


def test_a_scene_without_effects_borrows_the_nearest_tone() -> None:
    settings = MixSettings(effects_gain_db=0.0)
    effects = heard(lay_tracks(session([sound(1, 0, 10)]), picture(0.5, 0.5), settings), settings)["FX"]
    assert rms(effects, 11, 19) == pytest.approx(0.1 * rms(effects, 1, 9), rel=0.15)


def test_what_rings_out_leaves_no_beep_behind() -> None:
    k = np.arange(64_000)
    bell = sum(np.sin(2 * np.pi * hz * k / 16_000) for hz in (440, 1210, 2550, 3730)) * np.exp(-k / 6000)
    tone = tone_of([laid(clip(0.1 * bell + noise(64_000, 1e-5, 3)))], -20.0)
    assert tone is not None
    around = [np.median(tone.power[max(0, n - 16) : n + 17]) for n in range(len(tone.power))]
    assert 10 * np.log10(tone.power / around).max() < 6
    level = np.square(ToneSource(tone, 64_000, 1).read(0, 64_000)).mean() / np.square(0.1 * bell).mean()
    assert -51 < 10 * np.log10(level) < -20


def test_tone_has_the_colour_of_its_scene_and_no_seams() -> None:
    rate_hz, n = 16_000, 160_000
    spectrum = np.fft.rfft(noise(n, 0.1, 4))
    spectrum[np.fft.rfftfreq(n, 1 / rate_hz) > 1000] *= 0.01
    tone = tone_of([laid(clip(np.fft.irfft(spectrum, n)))], 0.0)
    assert tone is not None
    source = ToneSource(tone, n, 7)
    whole = source.read(0, n)
    assert whole.shape == (1, n)
    np.testing.assert_array_equal(
        np.concatenate([source.read(a, b) for a, b in pairwise([0, 1, 511, 512, 70_000, n])], axis=1), whole
    )
    power = np.abs(np.fft.rfft(whole[0])) ** 2
    low, high = power[: n // 20].mean(), power[n // 8 :].mean()
    assert 10 * np.log10(low / high) == pytest.approx(40, abs=2)
    level = np.sqrt(np.square(whole.reshape(-1, 800)).mean(axis=1))
    assert level.std() / level.mean() < 0.2, "steady: nothing loops, nothing pulses"
    assert not np.array_equal(ToneSource(tone, n, 8).read(0, 100), whole[:, :100])


def burst(level: float) -> Samples:
    """Three quarters of a second of a tone, then silence to the end of the third."""
    k = np.arange(48_000)
    return np.asarray(level * np.sin(2 * np.pi * k / 16) * (k < 12_000), np.float32)


@pytest.mark.parametrize("came_out", [0.05, 0.15])
@pytest.mark.parametrize("sides", [1, 2])
def test_what_the_picture_asks_for_has_its_class_level_however_loud_it_came_out(came_out: float, sides: int) -> None:
    """The loudest 400 ms of a door (level 0) and a page (-12): by FFmpeg on what is laid."""
    knock = np.stack([burst(came_out)] * sides)
    for level_db in (0.0, -12.0):
        cue = Cue("s0001", 0, "sound", Span(0, 3 * S), sound="door", gain_db=level_db, layer="spot")
        effects = heard(lay_tracks(session([(cue, clip(knock))]), picture(0.5, 0.5), DRY), DRY)["FX"]
        assert loudest(effects) == pytest.approx(DOOR_LUFS + level_db, abs=0.2)


def test_what_came_out_far_too_soft_is_not_blown_up_and_a_prompt_keeps_the_level_of_its_take() -> None:
    knock = burst(0.01)
    cue = Cue("s0001", 0, "sound", Span(0, 3 * S), sound="door", layer="spot")
    asked, prompted = (
        loudest(heard(lay_tracks(session([(each, clip(knock))]), picture(0.5, 0.5), DRY), DRY)["FX"])
        for each in (cue, replace(cue, origin="user"))
    )
    assert asked - prompted == pytest.approx(MOST_DB, abs=0.11)
    mute = session([(cue, clip(np.zeros(48_000)))])
    assert not heard(lay_tracks(mute, picture(0.5, 0.5), DRY), DRY)["FX"].any()


def loudest(audio: Samples) -> float:
    """LUFS by FFmpeg of 400 ms within a burst."""
    return by_ffmpeg(audio[:, S // 10 : S // 2])["I"]


def test_beds_and_production_sound_get_stems_of_their_own_when_asked() -> None:
    heard_line = Cue("d0009", 0, "speech", Span(2 * S, 3 * S), origin="silero")
    everything = session(
        [sound(1, 0, 10), sound(2, 10, 20, "rain")],
        [line(1, 12, 13)],
        [heard_line],
        clip(noise(20 * S, 0.1, 77), S),
    )
    apart = MixSettings(background_stem=True, production_stem=True)
    stems = {take.name: take.stem for take in lay_tracks(everything, picture(0.5, 0.5), apart)}
    tones = ("tone-0", "tone-1")
    assert stems == {"s0001": "FX", "s0002": "BG", "d0001": "DX", "d0009": "PD", **dict.fromkeys(tones, "BG")}
    together = {take.name: take.stem for take in lay_tracks(everything, picture(0.5, 0.5), MixSettings())}
    assert together == {"s0001": "FX", "s0002": "FX", "d0001": "DX", "d0009": "DX", **dict.fromkeys(tones, "FX")}
    assert everything.spoken == (Span(2 * S, 3 * S), Span(12 * S, 13 * S))


def test_what_two_cues_keep_is_heard_once_but_where_one_is_moved() -> None:
    cues = [
        Cue(f"d{k}", 0, "speech", Span.of_seconds(start_s, start_s + 2), origin="silero", shift=shift_s * S)
        for k, (start_s, shift_s) in enumerate([(2, 0), (3, 0), (4, 3)])
    ]
    kept = lay_tracks(session(production=cues, track=clip(noise(20 * S, 0.1, 77), S)), picture(0.5, 0.5), DRY)
    told = {take.name: (take.span.start_s, take.span.end_s, take.source_start / S) for take in kept}
    assert told == {"d0": (2, 4, 2), "d1": (4, 5, 4), "d2": (4, 6, 1)}


def test_the_whole_production_track_ducks_under_new_lines_only() -> None:
    heard_line = Cue("d0009", 0, "speech", Span(2 * S, 3 * S), origin="silero")
    track = clip(noise(20 * S, 0.1, 77), S)
    kept = session(speech=[line(1, 12, 14)], production=[heard_line], track=track, whole=True)
    settings = MixSettings(production_stem=True, duck_db=3.0, production_duck_db=10.0)
    production = heard(lay_tracks(kept, picture(0.5, 0.5), settings), settings)["PD"]
    free = rms(production, 5, 10)
    assert rms(production, 2, 3) == pytest.approx(free, rel=0.02)
    assert rms(production, 12, 14) == pytest.approx(free * 10 ** (-10 / 20), rel=0.02)
    assert rms(production, 18, 19.9) == pytest.approx(free, rel=0.02)


def test_a_spot_of_a_caption_ends_softly() -> None:
    """It is as long as its words are read, whatever still sounds then."""
    cue, take = sound(1, 2, 4, "thunder")
    levels = []
    for origin in ("caption", "user"):
        takes = lay_tracks(session([(replace(cue, origin=origin, layer="spot"), take)]), picture(0.5, 0.5), DRY)
        audio = heard(takes, DRY)["FX"]
        levels.append(rms(audio, 3.9, 4.0) / rms(audio, 3.0, 3.6))
    assert levels[0] < 0.3 < 0.9 < levels[1]
