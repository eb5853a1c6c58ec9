"""Recordings of the user's own in cues, music, and an M&E: heard as they are, in their place, and proven."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from conftest import MakeFilm
from tests.desk import Cues, Desk, S, level_db, music, sound, speech, tone
from tests.test_mix import ClipSource
from vssflow_post.analysis.picture import Analysis
from vssflow_post.audio import AudioClip, Samples, Source
from vssflow_post.cues.sheet import read_cue_sheet
from vssflow_post.errors import FilmRejected
from vssflow_post.generate.take_store import TakeStore, recorded_take
from vssflow_post.media.probe import probe
from vssflow_post.mix import Session, lay_tracks
from vssflow_post.mix.lay import lay
from vssflow_post.render.recordings import checked, digests_of
from vssflow_post.settings.files import load_preset
from vssflow_post.settings.preset import MixSettings, MusicSettings, Preset
from vssflow_post.store.entries import file_digest
from vssflow_post.timeline import Cue, CueSheet, Recording, Scene, Span

EVERYTHING: Cues = [
    speech("d1", 1, 2.5, text="Hello there.", speaker="ANNA"),
    speech("d2", 4, 5.5, text="Good bye.", speaker="TOM", file="line3.wav", in_s=0.2, fade_in_s=0.1),
    sound("s1", 0, 8, layer="bed", sound="click"),
    sound("s2", 3, 3.7, file="sounds/door.flac"),
    music("m1", 0.5, 7, file="theme.wav", gain_db=-12, duck_db=10, fade_out_s=1),
]


def put_everything(desk: Desk) -> None:
    desk.put("line3.wav", tone(2, 500, 0.01, 16_000), 16_000)
    desk.put("sounds/door.flac", 0.2 * np.random.default_rng(0).standard_normal(22_050), 22_050)
    desk.put("theme.wav", np.stack([tone(6, 220, 0.3, 44_100), tone(6, 330, 0.1, 44_100)], axis=1), 44_100)


def test_everything_is_heard_in_its_stem_and_the_sums_are_zero(desk: Desk) -> None:
    put_everything(desk)
    waves = desk.rendered(EVERYTHING)
    assert set(waves) == {"DX", "FX", "MX", "MIX", "ME", "ME_FX", "ME_MX"}
    assert np.array_equal(waves["MIX"], waves["DX"] + waves["FX"] + waves["MX"])
    assert np.array_equal(waves["ME"], waves["ME_FX"] + waves["ME_MX"])
    report = desk.told("report.json")
    assert report["null_test"] == {"stems": ["DX", "FX", "MX"], "largest_difference": 0, "verdict": "pass"}
    assert report["me_null_test"] == {"stems": ["ME_FX", "ME_MX"], "largest_difference": 0, "verdict": "pass"}
    assert [stem["name"] for stem in report["stems"]] == ["DX", "FX", "MX", "MIX", "ME_FX", "ME_MX", "ME"]
    listed = {each["name"] for each in desk.told("manifest.json")["deliverables"]}
    assert {f"a_{name}.wav" for name in waves} <= listed
    said_db = [level_db(waves["DX"], *span) for span in ((1.1, 2.4), (4.2, 5.3))]
    assert said_db[1] == pytest.approx(said_db[0], abs=0.7), "the recorded line was 30 dB softer"
    alone = {name: waves[name].any(axis=0) for name in ("DX", "MX")}
    assert not alone["DX"][: round(0.999 * S)].any()
    assert alone["DX"][round(4.01 * S) : round(5.49 * S)].mean() > 0.9, "the recorded line"
    assert not alone["MX"][: round(0.499 * S)].any()
    assert not alone["MX"][round(6.5 * S) + 10 :].any(), "six seconds of music from 0.5 s on"


def test_music_and_effects_are_as_loud_under_a_line_as_without_it(desk: Desk) -> None:
    desk.put("theme.wav", tone(8, 300))
    rest = [sound("s1", 0, 8, file="theme.wav"), music("m1", 0, 8, file="theme.wav", duck_db=10, gain_db=-6)]
    waves = desk.rendered([speech("d1", 2, 4, text="Hello."), *rest], mix__duck_db=12.0)
    for name, depth_db in (("FX", 12.0), ("MX", 10.0)):
        free, under = level_db(waves[name], 5, 7), level_db(waves[name], 2.1, 3.9)
        assert free - under == pytest.approx(depth_db, abs=0.01), name
        undipped = waves[f"ME_{name}"]
        assert level_db(undipped, 2.1, 3.9) == pytest.approx(level_db(undipped, 5, 7), abs=0.01)
        assert level_db(undipped, 5, 7) == pytest.approx(free, abs=0.01), "the M&E has the mix's gain"
    assert level_db(waves["ME"], 2.1, 3.9) == pytest.approx(level_db(waves["ME"], 5, 7), abs=0.01)


def test_where_nobody_speaks_the_me_is_the_mix_bit_by_bit(desk: Desk) -> None:
    desk.put("theme.wav", tone(8, 300, 0.9))
    waves = desk.rendered([sound("s1", 1, 7, sound="click"), music("m1", 0, 8, file="theme.wav")], preset="web-loud",
                          deliver__picture=False)  # fmt: skip
    assert np.array_equal(waves["ME"], waves["MIX"])
    assert np.array_equal(waves["ME_FX"], waves["FX"])


def test_the_me_keeps_the_ceiling_where_dialogue_ducks_the_mix_out_of_its_reach(desk: Desk) -> None:
    """Undipped music at the mix's gain would be far over it."""
    desk.put("theme.wav", tone(8, 300, 0.9))
    cues = [speech("d1", 0, 8, text="Hello."), music("m1", 0, 8, file="theme.wav", duck_db=30)]
    waves = desk.rendered(cues, loudness__target_lufs=-12.0, loudness__must_hit_target=True)
    by_name = {stem["name"]: stem for stem in desk.told("report.json")["stems"]}
    assert by_name["ME"]["true_peak_dbtp"] <= -1.0
    assert by_name["ME"]["true_peak_dbtp"] > -2.0
    assert np.array_equal(waves["ME"], waves["ME_FX"] + waves["ME_MX"])


def test_the_span_cuts_a_recording_and_its_fades_are_heard(desk: Desk) -> None:
    desk.put("a.wav", tone(6, 1000))
    cues = [sound("s1", 1, 4, file="a.wav", fade_in_s=1.0, fade_out_s=0.5), sound("s2", 5, 6, file="a.wav", gain_db=-9)]
    effects = desk.rendered(cues)["FX"]
    full = level_db(effects, 2.5, 3.4)
    assert level_db(effects, 1.45, 1.55) == pytest.approx(full - 6.0, abs=0.2), "a raised cosine, half of the way"
    assert level_db(effects, 3.70, 3.80) == pytest.approx(full - 6.0, abs=0.2)
    assert not effects[:, 4 * S : 5 * S].any()
    assert level_db(effects, 5.2, 5.8) == pytest.approx(full - 9.0, abs=0.05)


def test_a_recorded_line_takes_no_voice_and_nothing_is_made_for_it(desk: Desk, fake_backend: Path) -> None:
    put_everything(desk)
    desk.rendered(EVERYTHING)
    assert {line.split()[0] for line in fake_backend.read_text().splitlines()} == {"d1", "s1"}
    cues = {cue["id"]: cue for cue in desk.told("report.json")["cues"]}
    assert (cues["d2"]["voice"], Path(cues["d2"]["file"]).name) == (None, "line3.wav")
    page = (desk.out / "a" / "report.html").read_text("utf-8")
    assert "your recording line3.wav from 0.2 s" in page
    assert "your recording door.flac" in page


def laid(path: Path, seconds: float, layout: str = "stereo", **more: float) -> Samples:
    """A recording as music at the start of ten seconds of film, float32 (channels, n)."""
    recording = Recording(path, **more)  # type: ignore[arg-type]
    span = Span.of_seconds(0, seconds)
    store = TakeStore(path.parent / "store")
    take = recorded_take(recording, span, file_digest(path), store)
    assert take == recorded_take(recording, span, file_digest(path), store), "the second one comes from the store"
    cue = Cue("m1", 0, "music", span, recording=recording)
    film = Span(0, 10 * S)
    session = Session(film, (Scene(0, film),), (), (), (), None, False, music=[(cue, take)])
    settings = MixSettings(layout=layout, room_tone=False)
    takes = lay_tracks(session, Analysis((), (), {}, (), ()), settings)
    return np.concatenate([block["MX"] for block in lay(film, takes, settings)], axis=1)


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
def test_a_recording_keeps_its_channels_where_the_layout_has_them(tmp_path: Path, layout: str) -> None:
    """Each channel of a recording has a pitch of its own."""
    nothing: set[int] = set()
    expected: dict[str, list[list[set[int]]]] = {
        "mono": [[{300, 700}], [{300, 700, 1100, 1500, 1900}], [{1100}]],
        "stereo": [[{300}, {700}], [{300, 1100, 1500}, {700, 1100, 1900}], [{1100}, {1100}]],
        "5.1": [
            [{300}, {700}, nothing, nothing, nothing, nothing],
            [{300}, {700}, {1100}, {60}, {1500}, {1900}],
            [nothing, nothing, {1100}, nothing, nothing, nothing],
        ],
    }
    for pitches_hz, channels in zip(
        [(300, 700), (300, 700, 1100, 60, 1500, 1900), (1100,)], expected[layout], strict=True
    ):
        soundfile.write(tmp_path / "a.wav", np.stack([tone(2, hz) for hz in pitches_hz], axis=1), S, subtype="FLOAT")
        strengths = np.abs(np.fft.rfft(laid(tmp_path / "a.wav", 2, layout)[:, S // 2 : 3 * S // 2], axis=1))
        heard = [
            {hz for hz in (60, 300, 700, 1100, 1500, 1900) if row[hz] > 0.1 * strengths.max()} for row in strengths
        ]
        assert heard == channels


@pytest.mark.parametrize(
    ("name", "rate_hz", "subtype"),
    [("a.wav", 8_000, "PCM_U8"), ("a.wav", 44_100, "PCM_24"), ("a.wav", 96_000, "FLOAT"), ("a.wav", 48_000, "DOUBLE"),
     ("a.flac", 48_000, "PCM_16"), ("a.ogg", 22_050, "VORBIS"), ("a.aiff", 11_025, "PCM_16"),
     ("a.w64", 192_000, "PCM_32"), ("a.mp3", 32_000, "MPEG_LAYER_III"), ("a.caf", 44_100, "PCM_16")],
)  # fmt: skip
def test_a_recording_of_any_rate_is_heard_at_its_pitch_from_its_in_point(
    tmp_path: Path, name: str, rate_hz: int, subtype: str
) -> None:
    path = tmp_path / name
    said = np.concatenate([tone(2, 900, 0.3, rate_hz), tone(1.5, 500, 0.3, rate_hz)])
    soundfile.write(path, said, rate_hz, subtype=subtype)
    heard = laid(path, 3, in_s=2.0)[0]
    spectrum = np.abs(np.fft.rfft(heard[S // 5 : S // 5 + S]))
    assert int(spectrum.argmax()) == 500
    assert spectrum[900] < 0.01 * spectrum[500]
    assert np.abs(heard[480:1440]).max() > 0.1
    assert np.abs(heard[round(1.4 * S) : round(1.48 * S)]).max() > 0.1
    assert not heard[round(1.56 * S) :].any(), "it is as long as it is: nothing is stretched"
    cut = laid(path, 1, in_s=2.0)[0]
    assert not cut[S:].any()
    assert np.abs(cut[S - 960 : S - 480]).max() > 0.1


def said(number: int, level: float, seconds: float = 1.5, rate_hz: int = S, **more: object) -> tuple[Cue, Source]:
    span = Span.of_seconds(2 * number, 2 * number + seconds)
    cue = Cue(f"d{number}", 0, "speech", span, text="Well.", **more)  # type: ignore[arg-type]
    return cue, ClipSource(AudioClip(tone(seconds, 250, level, rate_hz)[None], rate_hz))


def gains_db(*speech: tuple[Cue, Source]) -> dict[str, float]:
    film = Span(0, 20 * S)
    takes = lay_tracks(Session(film, (), (), speech, (), None, False), Analysis((), (), {}, (), ()), MixSettings())
    return {take.name: take.gain_db for take in takes}


@pytest.mark.parametrize("seconds", [1.5, 0.2])
def test_a_recorded_line_is_as_loud_as_the_others_unless_told_otherwise(seconds: float) -> None:
    """Also one that is too short for a loudness of its own."""
    others = [said(0, 0.1), said(1, 0.2), said(2, 0.4)]
    recorded = Recording(Path("line.wav"))
    found = gains_db(
        *others,
        said(3, 0.02, seconds, recording=recorded),
        said(4, 0.8, seconds, recording=recorded, gain_db=-3.0),
        said(5, 0.8, seconds, recording=replace(recorded, match_loudness=False)),
        said(6, 0.0, seconds, recording=recorded),
        said(7, 0.02, seconds, 8_000, recording=recorded),
        said(8, 0.02, seconds, 11_025, recording=recorded),
    )
    assert found == pytest.approx(
        {"d0": 0, "d1": 0, "d2": 0, "d3": 20, "d4": -12.04 - 3, "d5": 0, "d6": 0, "d7": 20, "d8": 20}, abs=0.3
    )  # fmt: skip


def test_recorded_lines_alone_are_matched_to_each_other() -> None:
    recorded = Recording(Path("line.wav"))
    found = gains_db(*(said(k, level, recording=recorded) for k, level in enumerate((0.5, 0.05, 0.02))))
    assert found == pytest.approx({"d0": -20, "d1": 0, "d2": 7.96}, abs=0.05)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: None, "there is no such file"),
        (lambda path: path.mkdir(), "it is not a regular file"),
        (lambda path: os.mkfifo(path), "it is not a regular file"),
        (lambda path: path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHi.\n"), "it is no file of sound"),
        (lambda path: path.write_bytes(b""), "reading it as sound fails"),
        (lambda path: path.write_text("no sound at all\n" * 100), "reading it as sound fails"),
        (lambda path: path.write_text("ffconcat version 1.0\nfile other.wav\n"), "reading it as sound fails"),
        (lambda path: path.write_text("#EXTM3U\n#EXTINF:9,\nother.wav\n"), "reading it as sound fails"),
        (lambda path: path.symlink_to(path.parent / "gone.wav"), "cannot be read"),
        (lambda path: soundfile.write(path, tone(0.5), S), "it is over by 1 s"),
        (lambda path: soundfile.write(path, tone(0.5), S, format="FLAC"), "it is over by 1 s"),
        (lambda path: soundfile.write(path, np.full(4 * S, np.nan, np.float32), S, subtype="FLOAT"), "no numbers"),
        (lambda path: soundfile.write(path, tone(4), 3), "its rate of 3 Hz is none of sound"),
        (lambda path: _cut(path, "WAV"), "it is cut off: it should have 8.00 s, and has 2."),
        (lambda path: _cut(path, "AIFF"), "it is cut off: it should have 8.00 s, and has 2."),
        (lambda path: _cut(path, "FLAC"), "it is damaged at"),
        (lambda path: _without_sound(path), "there is no sound in it"),
    ],
)
def test_a_recording_that_cannot_be_heard_is_one_sentence(tmp_path: Path, make: Any, sentence: str) -> None:
    path = tmp_path / "line.wav"
    make(path)
    for kind in ("speech", "sound", "music"):
        cue = Cue("d7", 0, kind, Span.of_seconds(2, 6), recording=Recording(path, in_s=1.0))
        with pytest.raises(FilmRejected) as caught:
            checked(CueSheet((), (cue,)))
        told = str(caught.value)
        assert caught.value.full_verdict == "rejected:bad_recording"
        assert told.startswith(f"d7: the recording {path}: ")
        assert sentence in told
        assert "\n" not in told
    assert file_digest_or_not(path) == (file_digest(path) if path.is_file() else "unreadable")


def file_digest_or_not(path: Path) -> str:
    """As runs that go on see it: nothing hangs, whatever the path leads to."""
    ((_, digest),) = digests_of(None, Preset(music=(MusicSettings(str(path)),)))
    return digest


CHILD = """
import json, sys
from pathlib import Path
import numpy as np
from vssflow_post.media.recording import recorded
for name in sys.argv[1:]:
    heard = np.concatenate([piece.samples for piece in recorded(Path(name), 0.0, 0.5)], axis=1)
    print(json.dumps([Path(name).name, heard.std(axis=1).tolist()]), flush=True)
"""


def test_no_layout_of_a_recording_ends_the_process(tmp_path: Path) -> None:
    layouts = ("stereo", "5.1", "6.1", "7.1", "7.1(wide)", "7.1(wide-side)", "octagonal", "16 channels")
    names = [f"{layout}{suffix}" for layout in layouts for suffix in (".caf", ".mov", ".mkv", ".wav")]
    for name in names:
        layout = av.AudioLayout(Path(name).stem)
        with av.open(str(tmp_path / name), "w") as container:
            stream = container.add_stream("pcm_s16le", rate=S, layout=layout)
            waves = [tone(0.5, 300 + 40 * k, 0.05 * (1 + k % 8)) for k in range(layout.nb_channels)]
            frame = av.AudioFrame.from_ndarray(
                np.round(np.stack(waves, axis=1) * 32768).astype(np.int16).reshape(1, -1), "s16", layout
            )
            frame.sample_rate, frame.pts = S, 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    command = [sys.executable, "-c", CHILD, *(str(tmp_path / name) for name in names)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-300:]
    told = dict(map(json.loads, done.stdout.splitlines()))
    assert list(told) == names
    for suffix in (".caf", ".mov"):  # Matroska does not name the channels of plain samples
        assert told[f"7.1{suffix}"] == pytest.approx(told["7.1.wav"], rel=1e-3)
        assert told[f"5.1{suffix}"] == pytest.approx(told["5.1.wav"], rel=1e-3)


def _cut(path: Path, kind: str) -> None:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 8 * S)
    soundfile.write(path, noise, S, format=kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 10])


def _without_sound(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 96, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))


def test_a_missing_recording_rejects_the_film_before_anything_is_made_and_is_looked_for_again(
    desk: Desk, fake_backend: Path
) -> None:
    cues = [sound("s1", 0, 8, sound="click"), speech("d7", 2, 3, file="line.wav", in_s=1)]
    for _ in range(2):
        result = desk.render(cues)
        assert result.verdict == "rejected:bad_recording"
        assert result.reason == f"d7: the recording {desk.folder / 'line.wav'}: there is no such file"
    assert not fake_backend.exists()
    desk.put("line.wav", tone(4))
    assert desk.render(cues).is_done


def test_a_line_that_is_cut_within_a_word_is_told(tmp_path: Path) -> None:
    path = tmp_path / "line.wav"
    soundfile.write(path, np.concatenate([tone(1.5), np.zeros(S, np.float32)]), S)

    def told(kind: str, seconds: float, **more: float) -> tuple[str, ...]:
        recording = Recording(path, **more)  # type: ignore[arg-type]
        return checked(CueSheet((), (Cue("d1", 0, kind, Span.of_seconds(1, 1 + seconds), recording=recording),)))

    (warning,) = told("speech", 1)
    assert warning.startswith("d1: its recording line.wav is cut in the middle of a sound at 2.00 s")
    assert told("speech", 1, fade_out_s=0.3) == told("speech", 1.7) == told("speech", 3) == told("music", 1) == ()


def test_the_delivered_sheets_find_the_recordings_again(desk: Desk) -> None:
    """From where they lie, as JSON and as a table, with every key."""
    put_everything(desk)
    kept = [{**cue, "match_loudness": False} if cue["id"] == "d2" else cue for cue in EVERYTHING]
    assert desk.render(kept).is_done
    film = probe(desk.film)

    def read(path: Path) -> list[Cue]:
        """Without voices, which casting adds, and with paths that can be compared."""
        cues = [replace(cue, voice=None) for cue in read_cue_sheet(path, film).cues]
        found = [cue.recording and replace(cue.recording, file=cue.recording.file.resolve()) for cue in cues]
        return [replace(cue, recording=recording) for cue, recording in zip(cues, found, strict=True)]

    given = read(desk.folder / "edit.cues.json")
    assert all(cue.recording.file.is_file() for cue in given if cue.recording)
    for name in ("a.cues.json", "a.cues.csv"):
        assert read(desk.out / "a" / name) == given, name
    cue = next(cue for cue in desk.told("a.cues.json")["cues"] if cue["id"] == "d2")
    assert {key: cue[key] for key in ("file", "in_s", "fade_in_s", "match_loudness")} == {
        "file": "../../line3.wav", "in_s": 0.2, "fade_in_s": 0.1, "match_loudness": False,
    }  # fmt: skip


def test_what_changes_in_a_recording_is_heard_and_all_else_is_left_alone(desk: Desk) -> None:
    put_everything(desk)
    desk.rendered(EVERYTHING)
    files = {path.name: file_digest(path) for path in (desk.out / "a").iterdir()}
    assert desk.render(EVERYTHING).detail == "was complete already"
    (desk.out / "a" / "manifest.json").unlink()
    assert desk.render(EVERYTHING).is_done
    told = ("report.json", "report.html", "manifest.json")
    now = {path.name: file_digest(path) for path in (desk.out / "a").iterdir()}
    assert {name: digest for name, digest in now.items() if name not in told} == {
        name: digest for name, digest in files.items() if name not in told
    }
    recordings = desk.told("manifest.json")["recordings"]
    assert [each["name"] for each in recordings] == ["door.flac", "line3.wav", "theme.wav"]
    assert recordings[1]["sha256"] == file_digest(desk.folder / "line3.wav")
    desk.put("line3.wav", tone(2, 900, 0.01, 16_000), 16_000)
    result = desk.render(EVERYTHING)
    assert (result.is_done, result.detail == "was complete already") == (True, False)
    assert file_digest(desk.out / "a" / "a_DX.wav") != files["a_DX.wav"]


def test_no_dialogue_leaves_recorded_lines_out_and_says_so(desk: Desk) -> None:
    desk.put("line.wav", tone(1))
    waves = desk.rendered([speech("d1", 1, 2, file="line.wav")], dialogue__source="none")
    assert not waves["DX"].any()
    assert "the recordings of d1 are not heard" in desk.told("report.json")["warnings"][0]


def test_a_recorded_line_replaces_what_the_film_itself_says(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film = make_film("a.mp4", 200, 25, 1, sound=tone(8, 300, 0.2))
    desk = Desk(film, tmp_path)
    desk.put("line.wav", tone(2, 800, 0.02))
    cues = [speech("d1", 1, 3, origin="silero"), speech("d2", 4, 6, origin="silero", file="line.wav")]
    dialogue = desk.rendered(cues, dialogue__source="production")["DX"]
    for start_s, hz in ((1.5, 300), (4.5, 800)):
        spectrum = np.abs(np.fft.rfft(dialogue[0, round(start_s * S) : round((start_s + 1) * S)]))
        assert int(spectrum.argmax()) == hz
    assert level_db(dialogue, 4.2, 5.8) == pytest.approx(level_db(dialogue, 1.2, 2.8), abs=0.7)


@pytest.mark.parametrize(
    ("cue", "sentence"),
    [
        (music("x", 1, 2), "'file' is missing: music is a recording"),
        (music("x", 1, 2, file=" "), "'file' is missing"),
        (music("x", 1, 2, file="a.wav", text="la la"), "'text' has no meaning for a music cue"),
        (speech("x", 1, 2, file="a.wav", duck_db=3), "'duck_db' has no meaning for a speech cue"),
        (sound("x", 1, 2, file="a.wav", match_loudness=True), "'match_loudness' has no meaning for a sound cue"),
        (sound("x", 1, 2, in_s=1), "'in_s' is of a recording, and the cue has no 'file'"),
        (speech("x", 1, 2, file=3), "'file' must be a text"),
        (speech("x", 1, 2, file="a.wav", in_s=-1), "'in_s' must lie between 0"),
        (speech("x", 1, 2, file="a.wav", match_loudness="yes"), "'match_loudness' must be true or false"),
        (speech("x", 1, 2, file="a.wav", fade_out_s="1"), "'fade_out_s' must be a number"),
    ],
)
def test_what_a_sheet_may_not_say_of_a_recording(desk: Desk, cue: dict[str, Any], sentence: str) -> None:
    result = desk.render([cue])
    assert (result.verdict, sentence in (result.reason or "")) == ("rejected:bad_cues", True), result.reason


PRESET = """extends = "ci"
[deliver]
me = true
[mix]
room_tone = false

[[music]]
file = "music/theme.wav"
start_s = 1.0
gain_db = -3.0

[[music]]
file = "music/end.wav"
start_s = 5
end_s = 30
in_s = 0.5
duck_db = 0
"""


def write_preset(desk: Desk, text: str = PRESET) -> str:
    path = desk.folder / "presets" / "mine.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return str(path)


def test_the_music_of_a_preset_lies_under_every_film_and_stands_in_its_sheet(desk: Desk) -> None:
    desk.put("presets/music/theme.wav", tone(2, 300))
    desk.put("presets/music/end.wav", tone(9, 700))
    preset = write_preset(desk)
    found = desk.rendered([speech("d1", 5, 7, text="Hello.")], preset)["MX"]
    assert not found[:, : round(0.99 * S)].any()
    assert not found[:, round(3.01 * S) : round(4.99 * S)].any(), "two seconds of the theme"
    assert level_db(found, 1.1, 2.9) == pytest.approx(level_db(found, 7.1, 7.9) - 3.0, abs=0.1)
    assert level_db(found, 5.5, 6.5) == pytest.approx(level_db(found, 7.2, 7.9), abs=0.1), "duck_db = 0"
    cues = {cue["id"]: cue for cue in desk.told("a.cues.json")["cues"]}
    assert [(cues[id]["start_s"], cues[id]["end_s"], cues[id]["origin"]) for id in ("m0001", "m0002")] == [
        (1.0, 3.0, "preset"), (5.0, 8.0, "preset"),
    ]  # fmt: skip
    assert cues["m0002"]["file"] == "../../presets/music/end.wav"
    assert desk.told("report.json")["warnings"] == []
    own = desk.rendered([music("mine", 0, 1, file="presets/music/end.wav")], preset)["MX"]
    assert not own[:, S:].any(), "the sheet's own music wins"
    assert desk.told("report.json")["verdict"] == "done"
    assert desk.told("report.json")["warnings"] == [
        "The preset's music is left out, since the cue sheet has music of its own."
    ]


def test_music_of_a_preset_is_checked_with_it_and_each_fault_has_its_line(desk: Desk) -> None:
    from vssflow_post.settings.files import as_toml, faults_of

    desk.put("presets/music/theme.wav", tone(2))
    preset = write_preset(desk)
    (fault,) = faults_of(preset)
    assert "mine.toml:13: music.file: there is no file" in fault
    assert fault.endswith("music/end.wav")
    desk.put("presets/music/end.wav", tone(2))
    assert faults_of(preset) == []
    shown = desk.folder / "shown.toml"
    shown.write_text(as_toml(load_preset(preset)))
    assert load_preset(str(shown)).digest == load_preset(preset).digest
    broken = (
        PRESET.replace("in_s = 0.5", "in_s = -1")
        .replace("duck_db = 0", "duck = 3")
        .replace("5\nend_s = 30", "5\nend_s = 4")
    )
    told = faults_of(write_preset(desk, broken))
    assert [sentence.split("mine.toml:")[1].split(" (")[0] for sentence in told] == [
        "16: music.in_s must lie between 0.0 and 604800.0, not -1.0",
        "17: music.duck: unknown key. Did you mean 'duck_db'?",
        "15: music.end_s must lie after start_s",
    ]
    assert "needs a file" in faults_of(write_preset(desk, "[music]\ngain_db = -3\n"))[0]
    assert faults_of(write_preset(desk, '[music]\nfile = "music/theme.wav"\n')) == []


def test_music_that_starts_after_the_film_is_told(desk: Desk) -> None:
    desk.put("presets/music/theme.wav", tone(2))
    preset = write_preset(desk, 'extends = "ci"\n[music]\nfile = "music/theme.wav"\nstart_s = 60\n')
    assert set(desk.rendered([speech("d1", 1, 2, text="Hello.")], preset, deliver__me=False)) == {"DX", "FX", "MIX"}
    assert "The music theme.wav starts at 60 s" in desk.told("report.json")["warnings"][0]
    (desk.folder / "presets/music/theme.wav").write_text("no music")
    result = desk.render(
        [speech("d1", 1, 2, text="Hello.")], write_preset(desk, PRESET.split('[[music]]\nfile = "music/end')[0])
    )
    assert result.verdict == "rejected:bad_recording"
    assert "[[music]]" in (result.reason or "")


def test_timelines_headers_and_takes_know_the_music(desk: Desk) -> None:
    import opentimelineio as otio
    import wavinfo

    put_everything(desk)
    desk.rendered(EVERYTHING, deliver__takes=True, deliver__edl=True, deliver__fcpxml=True, deliver__ixml=True)
    folder = desk.out / "a"
    timeline = otio.adapters.read_from_file(str(folder / "a.otio"))
    assert [track.name for track in timeline.tracks] == ["Picture", "DX", "FX", "FX 2", "MX"]
    (clip,) = timeline.tracks[-1].find_clips()
    assert (clip.name, clip.metadata["vssflow"]["recording"]) == ("m1 theme", "theme.wav")
    assert clip.media_reference.target_url == "a_MX_m1_theme.wav"
    assert (folder / "a_MX_m1_theme.wav").exists()
    assert "theme" in (folder / "a_MX.edl").read_text()
    assert 'audioRole="music.MX"' in (folder / "a.fcpxml").read_text()
    assert wavinfo.WavInfoReader(str(folder / "a_ME.wav")).bext.description == "Music and effects of a"
    assert wavinfo.WavInfoReader(str(folder / "a_MX.wav")).bext.description == "Music stem of a"


@pytest.mark.slow
def test_a_golden_knows_the_music_and_the_me_wherever_the_recordings_lie(desk: Desk, tmp_path: Path) -> None:
    from vssflow_post.regress.facts import facts_of, rendered_in
    from vssflow_post.regress.measuring import measure

    put_everything(desk)
    desk.rendered(EVERYTHING)
    first = measure(rendered_in(desk.out / "a"))
    assert {"DX", "FX", "MX", "MIX", "ME"} == set(first.golden.sounds)
    assert (first.golden.facts["stems less mix"], first.golden.facts["M&E null test"]) == (0, 0)
    desk.out = tmp_path / "some" / "where" / "else"
    desk.rendered(EVERYTHING)
    again = facts_of(rendered_in(desk.out / "a"))
    assert again == {name: first.golden.facts[name] for name in again}
