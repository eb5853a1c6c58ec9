"""What goes to other programs: tables for spreadsheets, subtitles, takes with handles, edit lists."""

from __future__ import annotations

import csv
import dataclasses
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import MakeFilm
from tests.test_deliver import sheet, stand_in
from vssflow_post.cli import cli
from vssflow_post.cues.script import read_script
from vssflow_post.cues.sheet import MAX_SEED, read_cue_sheet, write_cue_sheet
from vssflow_post.cues.sheet_table import guarded, unguarded
from vssflow_post.cues.times import label_of, sample_of
from vssflow_post.deliver.edit_lists import write_edit_lists
from vssflow_post.deliver.subtitles import write_subtitles
from vssflow_post.deliver.timeline_otio import Edit
from vssflow_post.errors import ScriptError
from vssflow_post.media.frame_rates import label_rate
from vssflow_post.media.timecode import samples_from_timecode
from vssflow_post.store.entries import file_digest
from vssflow_post.timeline import Cue, CueSheet, Scene, Span

SCRIPT = "1\n00:00:00,300 --> 00:00:01,100\nANNA: Hello there.\n\n2\n00:00:01,200 --> 00:00:01,800\nTOM: Good bye.\n"
RATES = (
    Fraction(24_000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30_000, 1001),
    Fraction(60_000, 1001),
    Fraction(60),
)
DAY = 48_000 * 86_400


@given(st.sampled_from(RATES), st.integers(0, 3 * DAY), st.booleans())
def test_every_sample_has_a_label_that_gives_it_back(rate: Fraction, sample: int, drop: bool) -> None:
    drop = drop and round(rate) % 30 == 0
    assert sample_of(label_of(sample, rate, drop), rate) == sample


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_no_cell_is_a_formula_and_none_is_changed(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).lstrip().startswith(("=", "+", "-", "@"))


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40) | st.sampled_from(
    ["=1+1", "-20 degrees", "'tis", "a\nb", 'say "x", now; or\tthen', "@SUM(A1)", "+49", " =x", ""]
)


@given(words, words, words, st.sampled_from((-6.0, 0.0, -0.1, 3.25)), st.integers(0, MAX_SEED), st.integers(0, 240_000))
@settings(max_examples=60, deadline=None)
def test_a_table_gives_the_sheet_back(
    tmp_path_factory: pytest.TempPathFactory, text: str, speaker: str, sound: str, gain_db: float, seed: int, at: int
) -> None:
    film = stand_in()
    cues = (
        Cue("s1", 0, "sound", Span(at, at + 240_001), sound=sound, gain_db=gain_db, seed=seed, origin="picture"),
        Cue("d.2-x", 1, "speech", Span(at + 7, 480_480), text, speaker or None, "slt", origin="script", seed=seed),
    )
    given_sheet = CueSheet((Scene(0, Span(0, 100_100)), Scene(1, Span(100_100, 480_480))), cues)
    path = tmp_path_factory.mktemp("table") / "film.cues.csv"
    write_cue_sheet(path, film, given_sheet)
    assert read_cue_sheet(path, film) == given_sheet


def test_a_table_typed_in_a_spreadsheet_is_read(tmp_path: Path) -> None:
    film, path = stand_in(), tmp_path / "typed.csv"
    path.write_text(
        "Kind;ID;Start;End;Text;Speaker;gain_db\nspeech;d1;01:00:01:00;01:00:02:12;Hello;ANNA;-3,5\nsound;s1;01:00:00:00;01:00:05:00;;;\n;;;;;;\n"
    )
    read = read_cue_sheet(path, film, 7)
    assert [cue.id for cue in read.cues] == ["s1", "d1"]
    assert read.cues[1].span == Span(48_048, 48_048 + 36 * 2002)
    assert (read.cues[1].gain_db, read.cues[1].speaker, read.cues[1].origin) == (-3.5, "ANNA", "user")
    assert read.scenes == (Scene(0, Span(0, 480_480)),)


@pytest.mark.parametrize(
    ("rate", "start", "typed", "sample"),
    [
        (Fraction(30_000, 1001), "01:00:00;00", "01:00:01:00", 48_048),
        (Fraction(30_000, 1001), "00:59:59;00", "01:00:00:00", 48_048),
        (Fraction(30_000, 1001), "01:00:59;00", "01:01:00:00", 48_048),  # skipped: the next that exists
        (Fraction(30), "01:00:00;00", "01:00:01;00", 48_000),
        (Fraction(25, 2), "01:00:00:00", "01:00:01:00", 48_000),
        (Fraction(16), "01:00:00:00", "01:00:01:08", 72_000),
        (Fraction(25), "23:59:59:00", "24:00:00:12", 71_040),
    ],
)
def test_a_typed_label_counts_as_the_films_do(
    tmp_path: Path, rate: Fraction, start: str, typed: str, sample: int
) -> None:
    first = samples_from_timecode(start, label_rate(rate))
    film = dataclasses.replace(stand_in(), frame_rate=rate, start_timecode=start, start_sample=first)
    path = tmp_path / "typed.csv"
    path.write_text(f"kind,id,start,end,text\nspeech,d1,{typed},{typed}+4800,Hello\n")
    (cue,) = read_cue_sheet(path, film).cues
    assert cue.span == Span(sample, sample + 4800)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("speech,d1,01:00:01:00,01:00:99:00,x", "line 3: 'end': '01:00:99:00' is not a timecode"),
        ("speech,d1,00:00:01:00,01:00:02:00,x", "line 3: 'start' lies before the start of the film, 01:00:00:00"),
        ("speech,d1,01:00:01:00,01:10:02:00,x", "line 3 (d1): 'end_s' lies after the end"),
        ("noise,d1,01:00:01:00,01:00:02:00,x", "line 3 (d1): 'kind' must be"),
        ("speech,d1,01:00:01:00,01:00:02:00,x,y,z", "line 3: has 7 cells, and there are 5 columns"),
        ("speech,d 1,01:00:01:00,01:00:02:00,x", "'id' must be letters"),
    ],
)
def test_a_fault_in_a_table_is_told_with_its_line(tmp_path: Path, row: str, told: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(f"kind,id,start,end,text\nscene,1,01:00:00:00,01:00:10:00,\n{row}\n")
    with pytest.raises(ScriptError, match=r"bad\.csv") as error:
        read_cue_sheet(path, dataclasses.replace(stand_in()))
    assert told in str(error.value)


def test_a_table_of_another_film_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    write_cue_sheet(path, stand_in(), sheet())
    with pytest.raises(ScriptError, match="24000/1001"):
        read_cue_sheet(path, dataclasses.replace(stand_in(), frame_rate=Fraction(24)))


def test_a_render_from_the_table_is_the_render_byte_by_byte(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film = make_film("a.mp4", 61, Fraction(30_000, 1001), timecode="00:59:59;28")
    film.with_suffix(".srt").write_text(SCRIPT)
    names = ["a_DX.wav", "a_FX.wav", "a_MIX.wav", "a.mp4", "a.cues.json", "a.cues.csv", "a.otio", "a.srt", "a.vtt"]
    digests = []
    for out, more in (("one", ()), ("two", ("--cues", str(tmp_path / "one" / "a" / "a.cues.csv")))):
        result = CliRunner().invoke(cli, ["render", str(film), "-o", str(tmp_path / out), "-q", *more])
        assert result.exit_code == 0, result.output
        digests.append({name: file_digest(tmp_path / out / "a" / name) for name in names})
    assert digests[0] == digests[1]
    rows = list(csv.DictReader((tmp_path / "one" / "a" / "a.cues.csv").read_text("utf-8-sig").splitlines()))
    assert rows[0]["start"] == "00:59:59;28"
    assert next(row["start"] for row in rows if row["text"] == "Good bye.") == "01:00:01;03+1544"


def test_subtitles_say_the_lines_where_they_lie(tmp_path: Path) -> None:
    cues = (
        Cue("d1", 0, "speech", Span(4_800, 52_824), "Come in, <b> & sit --> down.", "ANNA"),
        Cue("s1", 0, "sound", Span(0, 480_000), sound="rain"),
        Cue("d2", 0, "speech", Span(96_000, 144_000), "Two\nlines", None),
        Cue("d3", 0, "speech", Span(150_000, 160_000), "", "TOM"),
    )
    srt, vtt = write_subtitles(tmp_path, "film", cues)
    assert srt.read_text("utf-8").startswith("1\n00:00:00,100 --> 00:00:01,100\nANNA: Come in,")
    assert "<v ANNA>Come in, &lt;b&gt; &amp; sit --&gt; down." in vtt.read_text("utf-8")
    for path in (srt, vtt):
        lines = read_script(path, Fraction(25))
        assert [(line.span.start, line.speaker) for line in lines] == [(4_800, "ANNA"), (96_000, None)]
        assert lines[1].text == "Two lines"
    assert lines[0].text == "Come in, <b> & sit --> down."
    assert write_subtitles(tmp_path, "silent", cues[1:2]) == []


def test_takes_laid_at_their_time_references_give_the_stems_back(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film = make_film("a.mp4", 50, 25, timecode="01:00:00:00")
    film.with_suffix(".srt").write_text(SCRIPT)
    preset = tmp_path / "takes.toml"
    preset.write_text("extends = 'ci'\n[deliver]\ntakes = true\nhandles_s = 0.25\n")
    result = CliRunner().invoke(cli, ["render", str(film), "-o", str(tmp_path / "out"), "-q", "-p", str(preset)])
    assert result.exit_code == 0, result.output
    folder = tmp_path / "out" / "a"
    timeline = otio.adapters.read_from_file(str(folder / "a.otio"))
    cues = {cue["id"]: cue for cue in json.loads((folder / "a.cues.json").read_text())["cues"]}
    n_clips = 0
    for stem in ("DX", "FX"):
        whole, _ = soundfile.read(folder / f"a_{stem}.wav", dtype="int32", always_2d=True)
        rebuilt = np.zeros_like(whole)
        for clip in (
            clip for track in timeline.audio_tracks() if track.name[:2] == stem for clip in track.find_clips()
        ):
            n_clips += 1
            identity = clip.metadata["vssflow"]["id"]
            assert clip.media_reference.target_url == f"a_{stem}_{identity}.wav"
            held = clip.media_reference.available_range
            audio, _ = soundfile.read(folder / clip.media_reference.target_url, dtype="int32", always_2d=True)
            assert len(audio) == held.duration.value
            start = int(clip.source_range.start_time.value)
            first = start - int(held.start_time.value)
            assert first == min(12_000, round(cues[identity]["start_s"] * 48_000))
            at, n = start - 3600 * 48_000, int(clip.source_range.duration.value)
            rebuilt[at : at + n] += audio[first : first + n]
        assert np.array_equal(rebuilt, whole)
    assert n_clips == len(cues)


@pytest.mark.parametrize(
    ("rate", "timecode", "mode", "second"),
    [
        (Fraction(24_000, 1001), "01:00:00:00", "NON-DROP FRAME", "01:00:05:00"),
        (Fraction(25), "10:00:00:00", "NON-DROP FRAME", "10:00:05:00"),
        (Fraction(30_000, 1001), "01:00:00:00", "NON-DROP FRAME", "01:00:05:00"),
        (Fraction(30_000, 1001), "00:59:59;28", "DROP FRAME", "01:00:04;28"),
        (Fraction(30), "00:59:59;28", "DROP FRAME", "01:00:04;28"),
        (Fraction(60), "01:00:59;56", "DROP FRAME", "01:01:05;00"),
        (Fraction(25), "23:59:57:00", "NON-DROP FRAME", "00:00:02:00"),
    ],
)
def test_edit_lists_are_on_the_films_timecode(
    tmp_path: Path, rate: Fraction, timecode: str, mode: str, second: str
) -> None:
    from vssflow_post.media.timecode import samples_from_timecode
    from vssflow_post.timeline import samples_from_frame

    n_frames = 10 * round(rate)
    duration = Span(0, samples_from_frame(n_frames, rate))
    middle = samples_from_frame(n_frames // 2, rate)
    film = dataclasses.replace(
        stand_in(), frame_rate=rate, n_frames=n_frames, duration=duration,
        start_timecode=timecode, start_sample=samples_from_timecode(timecode, rate),
    )  # fmt: skip
    cues = (
        Cue("s1", 0, "sound", Span(0, middle), sound="rain"),
        Cue("s2", 0, "sound", Span(middle, duration.end), sound="wind *"),
    )
    edit = Edit(film, CueSheet((Scene(0, duration),), cues), tmp_path / "film.mp4", {
        name: tmp_path / f"film_{name}.wav" for name in ("DX", "FX", "MIX")
    })  # fmt: skip
    written = write_edit_lists(tmp_path, "film", edit)
    assert [path.name for path in written] == ["film_Picture.edl", "film_FX.edl"]
    text = written[1].read_text()
    assert text.splitlines()[1] == f"FCM: {mode}"
    events = [line.split() for line in text.splitlines() if line[:3].isdigit()]
    assert [event[2] for event in events] == ["A", "A"]
    assert events[1][-4] == events[1][-2] == events[0][-1] == second
    assert events[0][-2] == timecode
    counted = float(Fraction(1000 * round(rate), 1001)) if ";" in timecode else round(rate)
    again = otio.adapters.read_from_string(text, "cmx_3600", rate=counted)
    assert len(list(again.find_clips())) == 2


@pytest.mark.parametrize(
    ("rate", "timecode"),
    [(Fraction(24_000, 1001), "01:00:00:00"), (Fraction(30_000, 1001), "01:00:00;02"), (Fraction(50), None)],
)
def test_fcpxml_times_are_whole_frames_and_clips_lie_inside_their_media(
    tmp_path: Path, rate: Fraction, timecode: str | None
) -> None:
    from xml.etree import ElementTree

    from vssflow_post.deliver.fcpxml import as_fcpxml
    from vssflow_post.media.timecode import samples_from_timecode
    from vssflow_post.timeline import samples_from_frame

    start = samples_from_timecode(timecode, rate) if timecode else 0
    duration = Span(0, samples_from_frame(240, rate))
    film = dataclasses.replace(
        stand_in(), frame_rate=rate, duration=duration, start_timecode=timecode, start_sample=start
    )
    cues = (
        Cue("s1", 0, "sound", Span(0, duration.end), sound="rain \x1b <&>"),
        Cue("d1", 0, "speech", Span(48_001, 96_003), "Hello.", "ANNA"),
    )
    stems = {name: tmp_path / f"a & b_{name}.wav" for name in ("DX", "FX", "MIX")}
    edit = Edit(film, CueSheet((Scene(0, duration),), cues), tmp_path / "a & b.mp4", stems)
    root = ElementTree.fromstring(as_fcpxml(edit, "a & b"))

    def seconds(element: ElementTree.Element, key: str) -> Fraction:
        return Fraction(element.attrib[key].removesuffix("s"))

    assets = {asset.attrib["id"]: asset for asset in root.iter("asset")}
    assert [asset.attrib["src"] for asset in assets.values()] == [
        "./a%20%26%20b.mp4", "./a%20%26%20b_DX.wav", "./a%20%26%20b_FX.wav",
    ]  # fmt: skip
    wide = ElementTree.fromstring(as_fcpxml(dataclasses.replace(edit, n_channels=6), "a & b"))
    assert {asset.attrib["audioChannels"] for asset in wide.iter("asset")} == {"6"}
    assert next(wide.iter("sequence")).attrib["audioLayout"] == "surround"
    (sequence,) = root.iter("sequence")
    assert sequence.attrib["audioLayout"] == "stereo"
    first = round(start * rate / 48_000)
    assert seconds(sequence, "tcStart") * rate == first
    assert sequence.attrib["tcFormat"] == ("DF" if timecode and ";" in timecode else "NDF")
    clips = list(root.iter("asset-clip"))
    assert [clip.attrib.get("lane") for clip in clips] == [None, "-1", "-2"]
    for clip in clips:
        asset = assets[clip.attrib["ref"]]
        assert all((seconds(clip, key) * rate).denominator == 1 for key in ("offset", "start", "duration"))
        half_sample = Fraction(1, 96_000)
        assert seconds(clip, "start") >= seconds(asset, "start") - half_sample
        end = seconds(clip, "start") + seconds(clip, "duration")
        assert end <= seconds(asset, "start") + seconds(asset, "duration") + half_sample
    assert abs((seconds(clips[1], "offset") * rate - first) - 48_001 * rate / 48_000) <= Fraction(1, 2)
    assert clips[2].attrib["name"] == "rain ? <&>"


@pytest.mark.parametrize(
    "name", ["-y", "[red]x:y|z", "new\nline \x1b[31m", "=1+1", "100%d \N{CLAPPER BOARD}", "x" * 199, "byte\udcff"]
)
def test_everything_is_delivered_under_any_name(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, name: str
) -> None:
    film = make_film("plain.mp4", n_frames=50, shots=2)
    film = film.rename(tmp_path / f"{name}.mp4")
    film.with_suffix(".srt").write_text(SCRIPT)
    preset = tmp_path / "all.toml"
    preset.write_text("extends = 'draft'\n[deliver]\ntakes = true\nedl = true\nfcpxml = true\naudio_codec = 'flac'\n")
    result = CliRunner().invoke(cli, ["render", "-q", "-p", str(preset), "-o", str(tmp_path / "out"), "--", str(film)])
    assert result.exit_code == 0, result.output
    (folder,) = [path for path in (tmp_path / "out").iterdir() if path.name not in (".vssflow-post", "batch.json")]
    listed = {entry["name"] for entry in json.loads((folder / "manifest.json").read_text())["deliverables"]}
    assert {path.name for path in folder.iterdir()} == listed | {"manifest.json"}
    endings = {".otio", ".fcpxml", ".srt", ".vtt", ".mkv", ".wav", ".edl", ".json", ".csv", ".html"}
    assert {path.suffix for path in folder.iterdir()} == endings
    for path in folder.iterdir():
        if path.suffix in (".edl", ".fcpxml", ".html", ".csv"):
            assert "\x1b" not in path.read_text("utf-8")


def test_every_source_of_an_edit_list_has_a_reel_of_its_own() -> None:
    from vssflow_post.deliver.edit_lists import _reel

    reels = [_reel(f"./my%20film_FX_s{number:04}.wav") for number in range(1, 300)]
    assert len(set(reels)) == len(reels)
    assert {len(reel) for reel in reels} == {8}
    assert _reel("./a.mp4") == "a       "
