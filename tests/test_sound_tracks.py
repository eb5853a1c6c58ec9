"""A film's own sound on any tracks: which are listened to, which are kept, and that no layout ends the process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from av.stream import Disposition
from many_tracks import Sound, Track, silence, spoil_sound, voice, write_tracks

from conftest import TESTS
from vssflow_post.analysis.listening import Heard, hear
from vssflow_post.backend import DetectorOffer, SpeechEvidence, SpeechSettings
from vssflow_post.deliver.picture import write_picture
from vssflow_post.errors import FilmRejected, PresetError
from vssflow_post.media import Film, production_audio
from vssflow_post.media.pickups import Pickup
from vssflow_post.media.probe import probe
from vssflow_post.media.sound import pickup_blocks
from vssflow_post.settings.files import load_preset
from vssflow_post.settings.preset import DeliverSettings, DialogueSettings
from vssflow_post.timeline import CLOCK_HZ, Span, SpeakingSegment

RATE_HZ = 8000


class LoudnessDetector:
    """Takes whatever is louder than -40 dBFS for speech, in steps of 0.1 s: the detectors have tests of their own."""

    name = "loud"

    def detect(self, evidence: SpeechEvidence) -> Sequence[SpeakingSegment]:
        assert evidence.audio is not None
        samples = evidence.audio(RATE_HZ).samples[0]
        steps = samples[: len(samples) // 800 * 800].reshape(-1, 800)
        loud = np.sqrt(np.mean(steps**2, axis=1)) > 0.01
        return [
            SpeakingSegment(Span(k * CLOCK_HZ // 10, (k + 1) * CLOCK_HZ // 10), self.name)
            for k in np.flatnonzero(loud).tolist()
        ]


OFFERS = (
    DetectorOffer(
        "loud",
        5,
        lambda settings: LoudnessDetector(),
        lambda evidence, settings: "the film has no audio" if evidence.audio is None else None,
    ),
)


def heard_in(film: Film, wanted: DialogueSettings | None = None) -> Heard:
    evidence = SpeechEvidence(film.path, film.duration, None, None, ())
    return hear(film, evidence, wanted or DialogueSettings(production="speech"), SpeechSettings(), OFFERS)


def kept(heard: Heard) -> list[tuple[int, int | None]]:
    return [(pickup.track.number, pickup.channel) for pickup in heard.pickups]


def spans(heard: Heard) -> list[tuple[float, float]]:
    return [(segment.span.start_s, segment.span.end_s) for segment in heard.segments]


def spoken(film: Film, heard: Heard) -> Sound:
    return production_audio(film, CLOCK_HZ, heard.pickups).samples


SPEECH = voice(1, (0.5, 1.2))
OTHER = voice(2, (1.4, 1.8))


# --- which tracks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mkv", ".mov", ".mxf"])
@pytest.mark.parametrize("at", [0, 1, 4, 7])
def test_the_microphone_may_be_on_any_of_eight_mono_tracks(tmp_path: Path, suffix: str, at: int) -> None:
    tracks = [Track(SPEECH if number == at else silence()) for number in range(8)]
    film = probe(write_tracks(tmp_path / f"film{suffix}", tracks, picture="mpeg2video"))
    heard = heard_in(film)
    assert kept(heard) == [(at + 1, None)]
    assert spans(heard) == [(0.5, 1.2)]
    assert np.abs(spoken(film, heard) - SPEECH).max() < 2**-15
    assert any("plays first, is silent" in sentence for sentence in heard.warnings) == (at > 0)
    assert f"speech in track {at + 1}" in heard.notes[0]


def test_a_microphone_beside_the_desktops_sound_is_kept_alone(tmp_path: Path) -> None:
    desktop = Track(np.vstack([0.02 * SPEECH[:, ::-1]] * 2), title="Desktop")
    film = probe(write_tracks(tmp_path / "obs.mkv", [desktop, Track(SPEECH, title="Mic")]))
    heard = heard_in(film)
    assert kept(heard) == [(2, None)]
    assert "speech in track 2 (Mic)" in heard.notes[0]
    assert "no speech in track 1 (Desktop)" in heard.notes[0]
    assert not heard.warnings


def test_two_microphones_with_a_voice_each_are_both_kept(tmp_path: Path) -> None:
    film = probe(write_tracks(tmp_path / "two.mov", [Track(SPEECH), Track(OTHER)]))
    heard = heard_in(film)
    assert kept(heard) == [(1, None), (2, None)]
    assert spans(heard) == [(0.5, 1.2), (1.4, 1.8)]
    assert np.abs(spoken(film, heard) - (SPEECH + OTHER)).max() < 2**-14


def later(sound: Sound, n: int) -> Sound:
    return np.concatenate([np.zeros((1, n), np.float32), sound[:, :-n]], axis=1)


@pytest.mark.parametrize(
    "twin",
    [SPEECH, -SPEECH, 0.5 * SPEECH, later(SPEECH, 480), -later(SPEECH, 2000)],
    ids=["same", "upside down", "fainter", "later", "later and upside down"],
)
def test_the_same_microphone_on_two_tracks_counts_once(tmp_path: Path, twin: Sound) -> None:
    film = probe(write_tracks(tmp_path / "twins.mov", [Track(SPEECH), Track(twin)]))
    heard = heard_in(film)
    assert kept(heard) == [(1, None)]
    assert np.abs(spoken(film, heard) - SPEECH).max() < 2**-15
    assert "track 2 sounds as track 1 does" in heard.notes[0]


@pytest.mark.parametrize(
    ("left", "right", "channel", "level"),
    [(1, 1, None, 1.0), (1, -1, 1, 1.0), (1, 0, 1, 1.0), (0, 1, 2, 1.0)],
    ids=["both", "upside down", "left alone", "right alone"],
)
def test_one_microphone_in_a_stereo_track_keeps_its_level(
    tmp_path: Path, left: int, right: int, channel: int | None, level: float
) -> None:
    film = probe(write_tracks(tmp_path / "dual.mov", [Track(np.vstack([left * SPEECH, right * SPEECH]))]))
    heard = heard_in(film)
    assert kept(heard) == [(1, channel)]
    assert np.abs(spoken(film, heard) - level * SPEECH).max() < 2**-14


def test_a_mix_beside_what_it_was_mixed_from_is_kept_alone(tmp_path: Path) -> None:
    """Stereo and separate tracks: the sum of all would be twice as loud."""
    mix = Track(np.vstack([SPEECH + OTHER] * 2))
    film = probe(write_tracks(tmp_path / "mix.mov", [mix, Track(SPEECH), Track(OTHER)]))
    heard = heard_in(film)
    assert kept(heard) == [(1, None)]
    assert spans(heard) == [(0.5, 1.2), (1.4, 1.8)]


@pytest.mark.parametrize("n_channels", [3, 5, 9, 12, 16, 24])
def test_channels_without_names_are_microphones(tmp_path: Path, n_channels: int) -> None:
    sound = silence(n_channels)
    sound[1], sound[-1] = SPEECH, OTHER
    film = probe(write_tracks(tmp_path / "poly.mkv", [Track(sound)]))
    heard = heard_in(film)
    assert kept(heard) == [(1, 2), (1, n_channels)]
    assert np.abs(spoken(film, heard) - (SPEECH + OTHER)).max() < 2**-14
    assert f"speech in track 1, channels 2 and {n_channels}" in heard.notes[0]


@pytest.mark.parametrize(
    ("layout", "channel", "level"),
    [
        ("7.1.4", 9, 0.3536),
        ("5.1", 2, 0.7071),
        ("7.1", 2, 0.7071),
        ("7.1(wide)", 2, 0.7071),
        ("ambisonic 1", 0, 1.0),
        ("ambisonic 2", 0, 1.0),
    ],
)
def test_a_voice_in_one_channel_of_a_named_layout_is_heard(
    tmp_path: Path, layout: str, channel: int, level: float
) -> None:
    sound = silence(av.AudioLayout(layout).nb_channels)
    sound[channel] = SPEECH
    suffix, codec = (".mkv", "libopus") if "ambisonic" in layout else (".mov", "pcm_s16le")
    film = probe(write_tracks(tmp_path / f"film{suffix}", [Track(sound, layout, codec=codec)]))
    (track,) = film.audio_streams
    assert len(track.labels) == track.channels
    heard = heard_in(film)
    assert kept(heard) == [(1, None)]
    found = spoken(film, heard)[0, 24_000:57_600]
    assert found.std() == pytest.approx(level * SPEECH[0, 24_000:57_600].std(), rel=0.1 if codec == "libopus" else 0.01)


def test_tracks_of_other_lengths_and_rates_lie_where_they_belong(tmp_path: Path) -> None:
    short = voice(3, (0.1, 0.45), seconds=0.5, rate_hz=16_000)
    long = voice(4, (1.5, 1.9), seconds=4.0, rate_hz=44_100)
    film = probe(write_tracks(tmp_path / "film.mkv", [Track(short, rate_hz=16_000), Track(long, rate_hz=44_100)]))
    heard = heard_in(film)
    assert kept(heard) == [(1, None), (2, None)]
    assert [tuple(round(second, 1) for second in span) for span in spans(heard)] == [(0.1, 0.5), (1.5, 1.9)]
    assert spoken(film, heard).shape == (1, 96_000)


@pytest.mark.parametrize(
    ("second", "word"),
    [
        (Track(OTHER, language="fre"), "fre"),
        (Track(OTHER, title="Director's commentary"), "commentary"),
        (Track(OTHER, language="eng", disposition=int(Disposition.comment)), "commentary"),
        (Track(OTHER, language="eng", disposition=int(Disposition.visual_impaired)), "audio description"),
    ],
    ids=["language", "title", "commentary", "description"],
)
def test_another_language_or_a_commentary_is_named_and_left_out(tmp_path: Path, second: Track, word: str) -> None:
    film = probe(write_tracks(tmp_path / "disc.mkv", [Track(SPEECH, language="eng"), second]))
    heard = heard_in(film)
    assert kept(heard) == [(1, None)]
    assert spans(heard) == [(0.5, 1.2)]
    (told,) = [note for note in heard.notes if "left out" in note]
    assert word in told
    assert "dialogue.tracks = [2]" in told


def test_the_only_speech_in_another_language_is_kept_and_told_loudly(tmp_path: Path) -> None:
    tracks = [Track(0.02 * SPEECH[:, ::-1], language="eng"), Track(SPEECH, language="fre")]
    heard = heard_in(probe(write_tracks(tmp_path / "disc.mkv", tracks)))
    assert kept(heard) == [(2, None)]
    assert "No speech is heard in track 1 (eng): dialogue is kept from track 2 (fre)" in heard.warnings[0]


def test_speech_in_a_commentary_alone_is_not_kept(tmp_path: Path) -> None:
    tracks = [Track(0.02 * SPEECH[:, ::-1]), Track(SPEECH, title="Commentary")]
    heard = heard_in(probe(write_tracks(tmp_path / "disc.mkv", tracks)))
    assert not heard.segments
    assert "Speech is heard in track 2 (Commentary) alone" in heard.warnings[0]
    assert "dialogue.tracks = [2]" in heard.warnings[0]


def test_a_first_track_that_cannot_be_decoded_is_told_and_the_other_kept(tmp_path: Path) -> None:
    path = write_tracks(tmp_path / "film.mkv", [Track(OTHER, codec="flac"), Track(SPEECH)])
    spoil_sound(path)
    heard = heard_in(probe(path))
    assert kept(heard) == [(2, None)]
    assert any("track 1" in sentence and "damaged" in sentence for sentence in heard.warnings)


def test_values_that_are_not_finite_end_a_film_only_on_its_first_track(tmp_path: Path) -> None:
    bad = OTHER.copy()
    bad[0, 80_000:80_100] = np.nan
    tracks = [Track(SPEECH), Track(bad, codec="pcm_f32le")]
    heard = heard_in(probe(write_tracks(tmp_path / "film.mkv", tracks)))
    assert kept(heard)[0] == (1, None)
    assert any("track 2" in sentence and "damaged" in sentence for sentence in heard.warnings)
    film = probe(write_tracks(tmp_path / "first.mkv", tracks[::-1]))
    with pytest.raises(FilmRejected, match="not finite"):
        heard_in(film)


# --- the preset's choice ---------------------------------------------------------------------------------------------


def test_the_preset_chooses(tmp_path: Path) -> None:
    film = probe(write_tracks(tmp_path / "film.mkv", [Track(SPEECH), Track(OTHER, language="fre")]))
    heard = heard_in(film, DialogueSettings(tracks=(2,)))
    assert kept(heard) == [(2, None)]
    assert spans(heard) == [(1.4, 1.8)]


def test_a_chosen_track_that_is_silent_is_told(tmp_path: Path) -> None:
    film = probe(write_tracks(tmp_path / "film.mkv", [Track(silence()), Track(SPEECH, title="Mic")]))
    (told,) = heard_in(film, DialogueSettings(tracks=(1,))).warnings
    assert "is silent (track 1)" in told
    assert "track 2 (Mic) is not" in told


@pytest.mark.parametrize("production", ["speech", "whole"])
def test_no_other_track_is_kept_where_the_chosen_one_is_silent(tmp_path: Path, production: str) -> None:
    film = probe(write_tracks(tmp_path / "film.mkv", [Track(SPEECH), Track(silence())]))
    heard = heard_in(film, DialogueSettings(tracks=(2,), production=production))
    assert kept(heard) == [(2, None)]
    assert not any("kept from  " in sentence for sentence in heard.notes)


def test_a_track_that_is_not_there_is_told(tmp_path: Path) -> None:
    film = probe(write_tracks(tmp_path / "film.mkv", [Track(SPEECH)]))
    heard = heard_in(film, DialogueSettings(tracks=(3,)))
    assert kept(heard) == [(1, None)]
    assert "dialogue.tracks names track 3" in heard.warnings[0]


@pytest.mark.parametrize(("said", "means"), [('"auto"', ()), ("[]", ()), ("[2]", (2,)), ("[3, 1, 3]", (3, 1))])
def test_a_presets_tracks(tmp_path: Path, said: str, means: tuple[int, ...]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f"extends = 'film'\n[dialogue]\ntracks = {said}\n")
    assert load_preset(str(path)).dialogue.tracks == means
    assert (load_preset(str(path)).digest == load_preset("film").digest) == (not means)


@pytest.mark.parametrize("said", ['"all"', "2", "[0]", "[true]", '["2"]', "[1.5]", "[257]"])
def test_what_is_no_choice_of_tracks(tmp_path: Path, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f"extends = 'film'\n[dialogue]\ntracks = {said}\n")
    with pytest.raises(PresetError, match=r"mine.toml:3: dialogue.tracks"):
        load_preset(str(path))


def test_the_whole_sound_is_every_track_of_the_film_once(tmp_path: Path) -> None:
    hum = 0.02 * voice(5, (0.0, 2.0))
    tracks = [Track(SPEECH), Track(hum), Track(SPEECH), Track(OTHER, language="fre"), Track(silence(), language="eng")]
    film = probe(write_tracks(tmp_path / "film.mkv", tracks))
    heard = heard_in(film, DialogueSettings(production="whole"))
    assert kept(heard) == [(1, None), (2, None)]


# --- layouts ---------------------------------------------------------------------------------------------------------

CHILD = """
import json, sys
from pathlib import Path
from vssflow_post.deliver.trial import check_picture
from vssflow_post.media import production_audio
from vssflow_post.media.probe import probe
from vssflow_post.media.sound import pickup_blocks
from vssflow_post.settings.preset import DeliverSettings
for name in sys.argv[1:]:
    film = probe(Path(name))
    heard = float(production_audio(film, 16_000).samples.std())
    check_picture(film, DeliverSettings(keep_audio=True))
    (track,) = film.audio_streams
    print(json.dumps([Path(name).name, track.channels, heard]), flush=True)
"""
LAYOUTS = ("7.1", "7.1(wide)", "7.1(wide-side)", "octagonal", "5.1.4", "7.1.4", "hexadecagonal", "22.2", "6.1", "quad")
OPUS = ("7.1", "6.1", "5.1", "ambisonic 1", "ambisonic 2")


def test_no_layout_of_any_number_of_channels_ends_the_process(tmp_path: Path) -> None:
    """QuickTime's orders of channels and planes past the eighth are freed or read twice by careless hands."""
    wanted = {}
    for suffix in (".mov", ".mkv"):
        for layout in (*LAYOUTS, *(f"{n} channels" for n in range(1, 25))):
            wanted[f"{layout}{suffix}"] = (layout, "pcm_s16le")
    wanted |= {f"{layout}.mxf": (layout, "pcm_s16le") for layout in LAYOUTS if layout != "22.2"}
    wanted |= {f"{layout} opus.mkv": (layout, "libopus") for layout in OPUS}
    wanted |= {f"{layout}.mp4": (layout, "aac") for layout in ("mono", "5.1", "7.1(wide)", "7.1")}
    for name, (layout, codec) in wanted.items():
        n = av.AudioLayout(layout).nb_channels
        sound = np.repeat(voice(9, (0.0, 0.3), seconds=0.3), n, axis=0)
        picture = "mpeg2video" if name.endswith(".mxf") else "mpeg4"
        write_tracks(tmp_path / name, [Track(sound, layout, codec=codec)], seconds=0.2, picture=picture)
    command = [sys.executable, "-c", CHILD, *(str(tmp_path / name) for name in wanted)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=TESTS, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-300:]
    told = {name: (n, heard) for name, n, heard in map(json.loads, done.stdout.splitlines())}
    assert {name: n for name, (n, _) in told.items()} == {
        name: av.AudioLayout(layout).nb_channels for name, (layout, _) in wanted.items()
    }
    assert all(heard > 0.01 for _, heard in told.values())


@pytest.mark.parametrize("layout", ["7.1", "7.1(wide)", "5.1", "hexadecagonal", "16 channels"])
def test_kept_tracks_keep_their_layout_and_their_samples(tmp_path: Path, layout: str) -> None:
    n = av.AudioLayout(layout).nb_channels
    sound = np.vstack([voice(seed, (0.0, 0.4), seconds=0.4) for seed in range(n)])
    film = probe(write_tracks(tmp_path / "film.mov", [Track(sound, layout)], seconds=0.4))
    soundfile.write(tmp_path / "mix.wav", np.zeros((film.duration.n_samples, 2)), CLOCK_HZ, "PCM_24")
    write_picture(film, tmp_path / "mix.wav", tmp_path / "out.mov", DeliverSettings(keep_audio=True))
    again = probe(tmp_path / "out.mov")
    mix, own = again.audio_streams
    assert (own.layout, own.labels) == (film.audio_streams[0].layout, film.audio_streams[0].labels)
    copied = [np.concatenate(list(pickup_blocks(again, CLOCK_HZ, [Pickup(own, k)])), axis=1) for k in range(1, n + 1)]
    assert np.abs(np.vstack(copied) - sound).max() < 2**-14
    assert mix.default
    assert not own.default
