"""Captions as direction: what they name is heard at their time, and nothing of them is spoken."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from conftest import MakeFilm
from vssflow_dit.sounds import CLASSES, sound_class
from vssflow_post.cli import cli
from vssflow_post.cues.caption_words import is_direction, means_end, means_music
from vssflow_post.cues.captions import without_songs
from vssflow_post.cues.direction import direction_of, unheard
from vssflow_post.cues.layers import Laid, with_asked
from vssflow_post.render.stand_ins import askable
from vssflow_post.timeline import BED, CAPTION, CLOCK_HZ, FOLLOWS, SPOT, Caption, Cue, Recording, Scene, Span

S = CLOCK_HZ
SCENES = (Scene(0, Span(0, 10 * S)), Scene(1, Span(10 * S, 20 * S)))


def caption(start: float, end: float, text: str, is_sung: bool = False) -> Caption:
    return Caption(Span.of_seconds(start, end), text, is_sung)


def asked(*captions: Caption) -> list[list[tuple[str, str, float, float]]]:
    sounds = direction_of(captions, SCENES).sounds
    return [[(each.layer, each.sound, each.span.start_s, each.span.end_s) for each in scene] for scene in sounds]


def test_a_spot_lasts_as_long_as_its_caption_and_a_bed_until_the_scene_ends() -> None:
    found = asked(caption(1, 2.5, "door slams"), caption(4, 6, "rain falling"), caption(12, 13, "gunshot"))
    assert found == [[(SPOT, "door slams", 1, 2.5), (BED, "rain falling", 4, 10)], [(SPOT, "gunshot", 12, 13)]]


def test_none_overlaps_another_of_its_layer_and_none_goes_over_a_cut() -> None:
    found = asked(
        caption(1, 3, "door slams"), caption(1, 3, "dog barks"), caption(2, 4, "gunshot"), caption(9, 12, "explosion"),
        caption(9.9, 9.95, "knock"),
    )[0]  # fmt: skip
    assert found == [
        (FOLLOWS, "dog barks", 1, 2), (SPOT, "door slams", 1, 3), (FOLLOWS, "gunshot", 2, 4),
        (SPOT, "explosion", 9, 10), (FOLLOWS, "knock", 9.9, 10),
    ]  # fmt: skip


def test_what_is_over_ends_and_is_not_heard() -> None:
    found = asked(
        caption(1, 2, "rain falling"), caption(3, 4, "phone rings"), caption(4, 5, "phone stops ringing"),
        caption(6, 7, "raining stops"), caption(8, 9, "sirens fade"), caption(9, 9.5, "thunder"),
    )[0]  # fmt: skip
    assert found == [(BED, "rain falling", 1, 6), (SPOT, "phone rings", 3, 4), (SPOT, "thunder", 9, 9.5)]
    direction = direction_of([caption(4, 5, "phone stops ringing")], SCENES)
    assert unheard(direction) == (
        "Captions that say that a sound is over ask for none: \u201cphone stops ringing\u201d at 4.0 s.",
    )
    assert all(map(means_end, ("crickets go silent", "rain dies down", "footsteps stop", "siren stops.")))
    assert not any(
        map(
            means_end,
            ("bus stop", "door slams", "the end credits roll", "stop sign falls", "car approaches", "siren fading"),
        )
    )


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("gun cocks", "latch"), ("car honks", "car_horn"), ("train whistle blows", "whistle"), ("clock chimes", "bell"),
        ("car alarm blaring", "alarm_siren"), ("water running", "stream"), ("horse neighs", ""), ("car radio", ""),
        ("audience applauding", "applause"), ("camera clicks", "camera_shutter"), ("horse gallops", "horse_hooves"),
    ],
)  # fmt: skip
def test_a_word_for_the_sound_says_more_than_what_makes_it(text: str, sound: str) -> None:
    assert sound_class(text, CLASSES)[0] == sound


@pytest.mark.parametrize(
    ("text", "direction", "music"),
    [
        ("whispering", True, False), ("in French", True, False), ("man whispering", True, False),
        ("angrily", True, False),
        ("door slams", False, False), ("dramatic music", False, True), ("song fades", False, True),
        ("car approaches", False, False), ("thunder", False, False),
    ],
)  # fmt: skip
def test_what_a_caption_tells_of(text: str, direction: bool, music: bool) -> None:
    assert (is_direction(text), means_music(text)) == (direction, music)


def test_music_and_songs_are_told_and_ask_for_nothing() -> None:
    found = direction_of([caption(1, 3, "dark music"), caption(4, 6, "Happy birthday", is_sung=True)], SCENES)
    assert not any(found.sounds)
    assert [each for each in unheard(found) if "dark music” at 1.0 s" in each]
    assert [each for each in unheard(found) if "Happy birthday” at 4.0 s" in each]


def test_what_is_asked_for_takes_the_place_of_what_is_seen_in_its_layer() -> None:
    seen = [Laid(Span(0, 10 * S), BED, "wind"), Laid(Span(0, 10 * S), SPOT, "metal")]
    door = Laid(Span(4 * S, 5 * S), SPOT, "door slams", origin=CAPTION)
    laid = with_asked(seen, [door])
    assert [(each.sound, each.span.start_s, each.span.end_s) for each in laid] == [
        ("wind", 0, 10), ("metal", 0, 4), ("metal", 5, 10), ("door slams", 4, 5),
    ]  # fmt: skip


def test_calls_that_nothing_asked_for_meets_stay_as_they_are() -> None:
    calls = [Laid(Span(at * S, (at + 1) * S), SPOT, "dog") for at in (1, 4, 8)]
    door = Laid(Span(4 * S, 5 * S), SPOT, "door slams", origin=CAPTION)
    assert with_asked(calls, [door]) == [calls[0], calls[2], door]


def test_a_caption_that_names_no_sound_stays_silent_and_is_told() -> None:
    cues = [
        Cue(f"s{k}", 0, "sound", Span(k * S, (k + 1) * S), sound=words, origin=CAPTION)
        for k, words in enumerate(("door slams", "Anna sighs"))
    ]
    known = ("door", "rain")
    recorded = replace(cues[1], id="s2", recording=Recording(Path("sigh.wav")))
    found = askable([*cues, recorded], known, table=None, sound_of=lambda words: sound_class(words, known)[0])  # type: ignore[arg-type]
    assert [cue.id for cue in found.cues] == ["s0", "s2"]
    assert "s1 “Anna sighs” at 1.0 s" in found.notes[0]


def test_captions_of_a_script_are_cues_and_not_words(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    film = make_film("a.mp4", 100, shots=1)
    film.with_suffix(".srt").write_text(
        "1\n00:00:00,500 --> 00:00:01,500\n[door slams]\n\n"
        "2\n00:00:02,000 --> 00:00:03,500\n(whispering) Who is there?\n"
    )
    out = tmp_path / "out"
    result = CliRunner().invoke(cli, ["render", "-q", "-p", "ci", str(film), "-o", str(out)])
    assert result.exit_code == 0, result.output
    cues = json.loads((out / "a" / "a.cues.json").read_text())["cues"]
    door = next(cue for cue in cues if cue["origin"] == "caption")
    assert (door["sound"], door["start_s"], door["end_s"], door["layer"]) == ("door slams", 0.5, 1.5, "spot")
    line = next(cue for cue in cues if cue["kind"] == "speech")
    assert (line["text"], line["direction"]) == ("Who is there?", "whispering")
    again = CliRunner().invoke(
        cli, ["render", "-q", "-p", "ci", str(film), "-o", str(tmp_path / "b"), "--cues", str(out / "a" / "a.cues.csv")]
    )
    assert again.exit_code == 0, again.output
    one, other = ((folder / "a" / "a_MIX.wav").read_bytes() for folder in (out, tmp_path / "b"))
    assert one == other


def test_captions_sound_over_a_films_own_sound(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    hum = np.asarray(0.05 * np.sin(2 * np.pi * 440 * np.arange(4 * S) / S), np.float32)
    film = make_film("a.mp4", 100, shots=1, sound=hum)
    film.with_suffix(".srt").write_text("1\n00:00:01,000 --> 00:00:02,000\n[gunshot]\n")
    out = tmp_path / "out"
    result = CliRunner().invoke(cli, ["render", "-q", "-p", "ci", str(film), "-o", str(out)])
    assert result.exit_code == 0, result.output
    cues = json.loads((out / "a" / "a.cues.json").read_text())["cues"]
    assert [(cue["sound"], cue["origin"]) for cue in cues if cue["kind"] == "sound"] == [("gunshot", "caption")]


def test_music_is_marked_in_the_timelines_and_captions_stay_in_subtitles_or_do_not(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film = make_film("a.mp4", 100, shots=1)
    film.with_suffix(".srt").write_text(
        "1\n00:00:00,500 --> 00:00:01,500\n[dark music]\n\n2\n00:00:02,000 --> 00:00:03,500\nWho is there?\n"
    )
    preset = tmp_path / "words.toml"
    preset.write_text("extends = 'ci'\n[deliver]\nfcpxml = true\naaf = true\nreaper = true\ncaptions = false\n")
    for name, wanted in (("ci", True), (str(preset), False)):
        out = tmp_path / ("with" if wanted else "without")
        result = CliRunner().invoke(cli, ["render", "-q", "-p", name, str(film), "-o", str(out)])
        assert result.exit_code == 0, result.output
        shown = (out / "a" / "a.srt").read_text()
        assert "Who is there?" in shown
        assert ("[dark music]" in shown) == wanted
        assert '"music: dark music"' in (out / "a" / "a.otio").read_text()
    assert 'value="music: dark music"' in (tmp_path / "without" / "a" / "a.fcpxml").read_text()
    assert "music: dark music" in (tmp_path / "without" / "a" / "a.rpp").read_text()


def test_a_folder_of_scripts_gives_each_film_its_own(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    films, scripts = tmp_path / "films", tmp_path / "scripts"
    films.mkdir()
    scripts.mkdir()
    for name in ("a", "b", "c"):
        make_film(f"{name}.mp4", 50).rename(films / f"{name}.mp4")
    for name, words in (("a.srt", "Come in."), ("b.en.srt", "Go away.")):
        (scripts / name).write_text(f"1\n00:00:00,200 --> 00:00:01,800\n{words}\n")
    out = tmp_path / "out"
    words = ["render", "-q", "-p", "ci", str(films), "-o", str(out), "--script", str(scripts), "--workers", "1"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    told = {name: json.loads((out / name / "report.json").read_text()) for name in ("a", "b", "c")}
    said = {name: [cue["text"] for cue in one["cues"] if cue["kind"] == "speech"] for name, one in told.items()}
    assert said == {"a": ["Come in."], "b": ["Go away."], "c": []}
    assert any("lies none that is called as the film, c.srt" in sentence for sentence in told["c"]["warnings"])


@pytest.mark.parametrize("text", ["[\u266a\u266a\u266a]", "\u266a", "(\u266b \u266b)", "\u266a~"])
def test_notes_alone_are_music(text: str) -> None:
    [_, (spoken, told), _] = without_songs(["Come in.", text, "Who is there?"])
    assert (spoken, [means_music(each) for each in told]) == ("", [True])


def test_notes_alone_that_open_a_song_are_no_music() -> None:
    [_, (_, told), *_] = without_songs(["Come in.", "\u266a", "la la \u266a", "Who is there?"])
    assert told == []
