"""What sound workstations open: AAF, read back by pyaaf2, and Reaper's project, read back as its nested lines."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import aaf2
import numpy as np
import pytest
import soundfile

from tests.test_deliver import stand_in
from vssflow_post.audio import layout_of
from vssflow_post.deliver.aaf import write_aaf
from vssflow_post.deliver.bwf import BroadcastWave
from vssflow_post.deliver.edit_lists import write_edit_lists
from vssflow_post.deliver.fcpxml import as_fcpxml
from vssflow_post.deliver.reaper import write_reaper
from vssflow_post.deliver.rests import with_rests
from vssflow_post.deliver.take_files import write_takes
from vssflow_post.deliver.timeline_otio import Edit
from vssflow_post.deliver.wave_header import Origin
from vssflow_post.media.frame_rates import edit_rate
from vssflow_post.media.timecode import samples_from_timecode
from vssflow_post.timeline import Cue, CueSheet, Recording, Scene, Span, samples_from_frame

RATES = [
    (Fraction(24_000, 1001), "01:00:00:00", (24, False, 86_400), "24 2"),
    (Fraction(25), "10:00:00:00", (25, False, 900_000), "25 0"),
    (Fraction(30_000, 1001), "00:59:59;28", (30, True, 107_890), "30 1"),
    (Fraction(30_000, 1001), "00:59:59:28", (30, False, 107_998), "30 2"),
    (Fraction(50), None, (50, False, 0), "50 0"),
    (Fraction(25, 2), None, (25, False, 0), "25 0"),
    (Fraction(120), "01:00:00:00", (60, False, 216_000), "60 0"),
]
"""Frame rate, start timecode, what AAF says of it (frames a second, whether they drop, the first), and what Reaper."""


def edit_of(
    folder: Path, rate: Fraction = Fraction(25), timecode: str | None = None, n_channels: int = 2, takes: bool = True
) -> Edit:
    """Four seconds with two lines, a bed and a door over it, in noise so that every sample tells where it is from."""
    duration = Span(0, samples_from_frame(4 * round(rate), rate))
    start = samples_from_timecode(timecode, rate) if timecode else 0
    film = dataclasses.replace(
        stand_in(), frame_rate=rate, n_frames=4 * round(rate), duration=duration, start_timecode=timecode,
        start_sample=start,
    )  # fmt: skip
    cues = (
        Cue("s1", 0, "sound", duration, sound="rain", layer="bed"),
        Cue("d1", 0, "speech", Span(24_001, 60_003), 'Come "in",\nyou.', "ANNA"),
        Cue("s2", 0, "sound", Span(70_000, 80_000), sound="door", layer="spot"),
        Cue("d2", 0, "speech", Span(100_000, 150_001), "Да?", "Анна"),
    )
    noise = np.random.default_rng(7)
    stems = {}
    for name in ("DX", "FX", "MIX"):
        stems[name] = folder / f"a & b_{name}.wav"
        wave = BroadcastWave(stems[name], Origin("", "", layout=layout_of(n_channels)))
        wave.write(noise.integers(-9999, 9999, (n_channels, duration.n_samples), np.int32))
        wave.close()
    edit = Edit(film, CueSheet((Scene(0, duration),), cues), folder / "a & b.mp4", stems, n_channels=n_channels)
    if not takes:
        return edit
    stem_of = {cue.id: edit.stem_for(cue) for cue in cues}
    return dataclasses.replace(edit, takes=write_takes(folder, "a & b", film, cues, stems, stem_of, 0.25))


def clips(slot: Any) -> Iterator[tuple[int, int, list[Any]]]:
    """(start, length, source clips) of all that lies on a track."""
    at = 0
    for component in slot.segment.components:
        if isinstance(component, aaf2.components.OperationGroup):
            assert str(component.operation.auid) == "6b46dd7a-132d-4856-ab21-8b751d8462ec"
            yield at, component.length, list(component.segments)
        elif isinstance(component, aaf2.components.SourceClip):
            yield at, component.length, [component]
        at += component.length
    assert at == slot.segment.length


def wav_of(clip: Any) -> tuple[str, str, int, int]:
    """(name of the clip, its WAV, channel from 1, samples in the WAV) behind a composition's source clip."""
    master = clip.mob
    inner = clip.slot.segment
    (locator,) = inner.mob.descriptor["Locator"].value
    address = unquote(locator["URLString"].value)
    return master.name, address, inner.slot["PhysicalTrackNumber"].value, inner.mob.descriptor.length


@pytest.mark.parametrize("takes", [True, False], ids=["takes", "stems"])
@pytest.mark.parametrize(("n_channels", "order"), [(1, [1]), (2, [1, 2]), (6, [1, 3, 2, 5, 6, 4])])
def test_an_aaf_lays_every_sample_where_the_stem_has_it(
    tmp_path: Path, takes: bool, n_channels: int, order: list[int]
) -> None:
    edit = edit_of(tmp_path, n_channels=n_channels, takes=takes)
    write_aaf(tmp_path / "film.aaf", edit)
    with aaf2.open(str(tmp_path / "film.aaf")) as file:
        (composition,) = file.content.toplevel()
        tracks = {slot.name: slot for slot in composition.slots if slot.media_kind == "Sound"}
        assert list(tracks) == ["DX", "FX", "FX 2"]
        assert {str(slot.edit_rate) for slot in tracks.values()} == {"48000"}
        heard: dict[str, str] = {}
        for track, slot in tracks.items():
            whole, _ = soundfile.read(tmp_path / f"a & b_{track[:2]}.wav", dtype="int32", always_2d=True)
            for at, n_samples, sources in clips(slot):
                assert [wav_of(source)[2] for source in sources] == order
                (name, address, _, n_held), *_ = (wav_of(source) for source in sources)
                heard[name] = address
                audio, _ = soundfile.read(tmp_path / address, dtype="int32", always_2d=True)
                assert len(audio) == n_held
                start = sources[0].start
                assert {(source.start, source.length) for source in sources} == {(start, n_samples)}
                assert np.array_equal(audio[start : start + n_samples], whole[at : at + n_samples])
    names = ['d1 ANNA: Come "in", you.', "d2 Анна: Да?", "s1 rain", "s2 door"]
    assert sorted(heard) == names
    files = [f"a & b_{end}.wav" for end in ("DX_d1_ANNA", "DX_d2_Anna", "FX_s1_rain", "FX_s2_door")]
    assert [heard[name] for name in names] == (files if takes else ["a & b_DX.wav"] * 2 + ["a & b_FX.wav"] * 2)


@pytest.mark.parametrize(("rate", "timecode", "wanted", "reaper"), RATES)
def test_projects_are_on_the_films_timecode(
    tmp_path: Path, rate: Fraction, timecode: str | None, wanted: tuple[int, bool, int], reaper: str
) -> None:
    edit = edit_of(tmp_path, rate, timecode, takes=False)
    write_aaf(tmp_path / "film.aaf", edit)
    with aaf2.open(str(tmp_path / "film.aaf")) as file:
        (composition,) = file.content.toplevel()
        by_kind = {slot.media_kind: slot for slot in composition.slots}
        timecodes = by_kind["Timecode"].segment
        assert (timecodes.fps, timecodes.drop, timecodes.start) == wanted
        counted = edit_rate(rate)
        assert Fraction(str(by_kind["Timecode"].edit_rate)) == Fraction(str(by_kind["Picture"].edit_rate)) == counted
        n_frames = round(edit.film.duration.n_samples * counted / 48_000)
        assert timecodes.length == by_kind["Picture"].segment.length == n_frames
        (event,) = (slot for slot in composition.slots if isinstance(slot, aaf2.mobslots.EventMobSlot))
        marks = [(mark["Position"].value, mark["Comment"].value) for mark in event.segment.components]
        assert Fraction(str(event["EditRate"].value)) == counted
    frames = [round(sample * counted / 48_000) for sample in (0, 24_001, 100_000)]
    assert marks == list(zip(frames, ("scene 1", 'd1 ANNA: Come "in", you.', "d2 Анна: Да?"), strict=True))
    write_reaper(tmp_path / "film.rpp", edit)
    lines = (tmp_path / "film.rpp").read_text("utf-8").splitlines()
    assert f"  TIMEMODE 5 5 -1 {reaper} 0 -1" in lines
    (offset,) = (line.split()[1] for line in lines if line.strip().startswith("PROJOFFS"))
    assert round(Fraction(offset) * 48_000) == edit.film.start_sample


def nested(path: Path) -> list[Any]:
    """A Reaper project: of each element its words, then its lines and elements."""
    stack: list[list[Any]] = [[]]
    for line in path.read_text("utf-8").splitlines():
        if line.strip() == ">":
            stack[-2].append(stack.pop())
        elif line.strip().startswith("<"):
            stack.append([shlex.split(line.strip()[1:].replace("`", "'"))])
        else:
            stack[-1].append(shlex.split(line.strip().replace("`", "'")))
    ((project,),) = stack
    return list(project)


def named(element: list[Any], key: str) -> list[Any]:
    return [each for each in element if each[0] == key or each[0][0] == key]


@pytest.mark.parametrize("takes", [True, False], ids=["takes", "stems"])
def test_a_reaper_project_lays_every_sample_where_the_stem_has_it(tmp_path: Path, takes: bool) -> None:
    edit = edit_of(tmp_path, takes=takes)
    write_reaper(tmp_path / "film.rpp", edit)
    project = nested(tmp_path / "film.rpp")
    tracks = named(project, "TRACK")
    assert [named(track, "NAME")[0][1] for track in tracks] == ["Picture", "DX", "FX", "FX 2"]
    assert [named(track, "VOLPAN")[0][1] for track in tracks] == ["0", "1", "1", "1"]
    for track in tracks:
        name = named(track, "NAME")[0][1]
        for item in named(track, "ITEM"):
            (source,) = named(item, "SOURCE")
            values = {key: named(item, key)[0][1] for key in ("POSITION", "LENGTH", "SOFFS", "NAME")}
            at, n, start = (round(Fraction(values[key]) * 48_000) for key in ("POSITION", "LENGTH", "SOFFS"))
            assert named(item, "FADEIN")[0][2] == named(item, "FADEOUT")[0][2] == "0"
            if name == "Picture":
                assert (source[0][1], source[1][1], at, n) == ("VIDEO", "a & b.mp4", 0, edit.film.duration.end)
                continue
            whole, _ = soundfile.read(tmp_path / f"a & b_{name[:2]}.wav", dtype="int32")
            audio, _ = soundfile.read(tmp_path / source[1][1], dtype="int32")
            assert np.array_equal(audio[start : start + n], whole[at : at + n])
    marks = [(mark[1], mark[3], mark[4]) for mark in named(project, "MARKER")]
    assert marks == [
        ("1", "scene 1", "0"),
        ("1", 'd1 ANNA: Come "in", you.', "1"), ("1", "", "1"), ("2", "d2 Анна: Да?", "1"), ("2", "", "1"),
    ]  # fmt: skip


def test_the_same_film_gives_the_same_projects(tmp_path: Path) -> None:
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        edit = edit_of(folder)
        write_aaf(folder / "film.aaf", edit)
        write_reaper(folder / "film.rpp", edit)
    for name in ("film.aaf", "film.rpp"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_film_without_cues_has_its_tracks(tmp_path: Path) -> None:
    edit = dataclasses.replace(edit_of(tmp_path, takes=False), sheet=CueSheet((), ()))
    write_aaf(tmp_path / "film.aaf", edit)
    write_reaper(tmp_path / "film.rpp", edit)
    with aaf2.open(str(tmp_path / "film.aaf")) as file:
        (composition,) = file.content.toplevel()
        assert [slot.name for slot in composition.slots if slot.media_kind == "Sound"] == ["DX", "FX"]
    assert [named(track, "NAME")[0][1] for track in named(nested(tmp_path / "film.rpp"), "TRACK")] == [
        "Picture", "DX", "FX",
    ]  # fmt: skip


def test_music_has_a_track_and_the_music_and_effects_have_none(tmp_path: Path) -> None:
    edit = edit_of(tmp_path, takes=False)
    theme = Cue("m1", 0, "music", Span(0, 48_000), recording=Recording(tmp_path / "Main theme.wav"))
    stems = dict.fromkeys(("DX", "FX", "MX", "MIX", "ME_FX", "ME_MX", "ME"), edit.stems["DX"])
    sheet = CueSheet(edit.sheet.scenes, (*edit.sheet.cues, theme))
    edit = dataclasses.replace(edit, sheet=sheet, stems=stems)
    write_reaper(tmp_path / "film.rpp", edit)
    tracks = named(nested(tmp_path / "film.rpp"), "TRACK")
    assert [named(track, "NAME")[0][1] for track in tracks] == ["Picture", "DX", "FX", "FX 2", "MX"]
    write_aaf(tmp_path / "film.aaf", edit)
    with aaf2.open(str(tmp_path / "film.aaf")) as file:
        (composition,) = file.content.toplevel()
        sound = {slot.name: slot for slot in composition.slots if slot.media_kind == "Sound"}
        assert list(sound) == ["DX", "FX", "FX 2", "MX"]
        ((_, _, (source, *_)),) = clips(sound["MX"])
        assert wav_of(source)[0] == "m1 Main theme"


def test_what_sounds_beside_cues_has_clips_but_in_frames_none_over_a_cue(tmp_path: Path) -> None:
    """A rest of less than a frame lies between two lines: samples have it, and edit lists and FCPXML do not."""
    edit = edit_of(tmp_path, takes=False)
    lines = (Cue("d1", 0, "speech", Span(1920, 9600), "A."), Cue("own-sound-1", 0, "speech", Span(9700, 19_200), "B."))
    edit = dataclasses.replace(edit, sheet=CueSheet(edit.sheet.scenes, lines))
    edit = with_rests(edit, {"DX": "own-sound"}, is_apart=True)
    (_, _, row), *_ = (track for track in edit.tracks() if track[0] == "DX")
    assert [cue.id for cue in row] == ["own-sound-2", "d1", "own-sound-3", "own-sound-1", "own-sound-4"]
    assert [cue.span.start for cue in row[1:]] == [cue.span.end for cue in row[:-1]]
    assert (row[0].span.start, row[-1].span.end) == (0, edit.film.duration.end)
    root = ElementTree.fromstring(as_fcpxml(edit, "film"))
    names = [clip.get("name", "").split()[0] for clip in root.iter("asset-clip") if clip.get("lane") == "-1"]
    assert names == ["own-sound-2", "d1", "own-sound-1", "own-sound-4"]
    write_edit_lists(tmp_path, "film", edit)
    text = (tmp_path / "film_DX.edl").read_text()
    assert [line.split()[4] for line in text.splitlines() if "FROM CLIP NAME" in line] == names


def test_what_another_clip_plays_already_is_turned_off(tmp_path: Path) -> None:
    edit = with_rests(edit_of(tmp_path, takes=False), {}, is_apart=False)
    assert edit.shown == {"s2"}
    write_reaper(tmp_path / "film.rpp", edit)
    items = [item for track in named(nested(tmp_path / "film.rpp"), "TRACK") for item in named(track, "ITEM")]
    assert {named(item, "NAME")[0][1]: bool(named(item, "MUTE")) for item in items} == {
        "a & b": False, "s1 rain": False, "s2 door": True, 'd1 ANNA: Come "in", you.': False, "d2 Анна: Да?": False,
    }  # fmt: skip
    root = ElementTree.fromstring(as_fcpxml(edit, "film"))
    assert [clip.get("name") for clip in root.iter("asset-clip") if clip.get("enabled") == "0"] == ["s2 door"]


def test_quotation_marks_of_every_kind_stay_in_their_name(tmp_path: Path) -> None:
    edit = edit_of(tmp_path, takes=False)
    cue = Cue("s1", 0, "sound", Span(0, 480), sound="""a "b" 'c' `d`""")
    write_reaper(tmp_path / "film.rpp", dataclasses.replace(edit, sheet=CueSheet((), (cue,))))
    assert """NAME `s1 a "b" 'c' 'd'`\n""" in (tmp_path / "film.rpp").read_text("utf-8")
