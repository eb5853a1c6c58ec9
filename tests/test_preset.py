"""Presets: what is shipped, what may be said, who wins, and what a mistake is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vssflow_post.errors import PresetError
from vssflow_post.settings.files import as_toml, faults_of, find_preset, list_presets, load_preset, shipped_folder
from vssflow_post.settings.preset import CHOICES, RANGES, SECTIONS, CastMember, Preset


@pytest.fixture(autouse=True)
def own_presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "vssflow-post" / "presets"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("name", "target_lufs", "ceiling_dbtp"),
    [
        ("film", -23.0, -1.0),
        ("broadcast-ebu", -23.0, -1.0),
        ("atsc", -24.0, -2.0),
        ("netflix", -27.0, -2.0),
        ("web", -16.0, -1.0),
        ("web-loud", -14.0, -1.0),
    ],
)
def test_shipped_delivery_levels(name: str, target_lufs: float, ceiling_dbtp: float) -> None:
    loudness = load_preset(name).loudness
    assert (loudness.target_lufs, loudness.ceiling_dbtp) == (target_lufs, ceiling_dbtp)


def test_all_shipped_presets_load_and_describe_themselves() -> None:
    names = [preset.name for preset in list_presets()]
    assert {"film", "broadcast-ebu", "atsc", "netflix", "web", "web-loud", "draft", "ci"} <= set(names)
    assert all(load_preset(name).description for name in names)


def test_every_delivery_names_its_clause_and_only_netflix_measures_dialogue() -> None:
    loudness = {preset.name: load_preset(preset.name).loudness for preset in list_presets()}
    assert all(settings.clause for settings in loudness.values())
    assert {name for name, settings in loudness.items() if settings.measure == "dialogue"} == {"netflix"}
    assert (loudness["broadcast-ebu"].tolerance_lu, loudness["netflix"].tolerance_lu) == (0.2, 2.0)


def test_what_would_be_sent_back_must_hit_its_target_and_all_else_is_limited_gently() -> None:
    loudness = {preset.name: load_preset(preset.name).loudness for preset in list_presets()}
    assert {name for name, settings in loudness.items() if settings.must_hit_target} == {
        "atsc", "broadcast-ebu", "netflix",
    }  # fmt: skip
    assert {settings.max_limiting_db for settings in loudness.values()} == {6.0}


def test_film_names_every_key_with_the_built_in_value() -> None:
    text = (shipped_folder() / "film.toml").read_text()
    preset, built_in = load_preset("film").as_table(), Preset().as_table()
    for section in SECTIONS:
        for key, value in built_in[section].items():
            assert any(line.startswith(f"{key} ") and "#" in line for line in text.splitlines()), key
            if key != "specification":
                assert preset[section][key] == value


def test_every_limit_is_of_a_key_that_exists() -> None:
    table = Preset().as_table()
    for name in (*RANGES, *CHOICES):
        section, key = name.split(".")
        assert key in table[section]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[mix]\nfade = 3\n", ":2: unknown key 'fade' in [mix]. Did you mean 'fade_ms'?"),
        ("[mixx]\n", ":1: unknown section [mixx]. Did you mean 'mix'?"),
        ("fade_ms = 3\n", "unknown key 'fade_ms'"),
        ("[mix]\nfade_ms = nan\n", ":2: mix.fade_ms must be a finite number"),
        ("[mix]\nfade_ms = -1\n", "must lie between 0.0 and 1000.0, not -1.0"),
        ("[mix]\nfade_ms = '3'\n", "mix.fade_ms must be a number, not text"),
        ("[generate]\nsteps = true\n", "generate.steps must be a whole number, not true or false"),
        ("[generate]\nsteps = 2.5\n", "generate.steps must be a whole number, not a number"),
        ("[generate]\nsampler = 'eular'\n", "Did you mean 'euler'?"),
        ("[mix]\nlayout = '7.1'\n", ":2: mix.layout must be one of mono, stereo, 5.1"),
        ("[mix]\nduck_db = 50\n", "mix.duck_db must lie between 0.0 and 40.0"),
        ("[loudness]\nmeasure = 'dialog'\n", "Did you mean 'dialogue'?"),
        ("[cast]\nANNA = 3\n", "cast.ANNA must be text"),
        ("mix = 3\n", ":1: [mix] must be a section"),
        ("extends = 'flim'\n", "extends: there is no preset named 'flim'"),
        ("extends = 3\n", "extends must be text"),
        ("extends = 'bad.toml'\n", "extends itself"),
        ("x =\n", "not TOML"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(PresetError) as error:
        load_preset(str(path))
    assert str(error.value).startswith(str(path))
    assert told in str(error.value)


def test_what_is_no_small_regular_text_file_is_not_read(tmp_path: Path) -> None:
    large, fifo, latin = tmp_path / "large.toml", tmp_path / "fifo.toml", tmp_path / "latin.toml"
    large.write_bytes(b"#" * 300_000)
    os.mkfifo(fifo)
    latin.write_bytes(b"description = '\xff'\n")
    for path, told in ((large, "larger than"), (fifo, "not a regular file"), (latin, "not UTF-8")):
        with pytest.raises(PresetError, match=told):
            load_preset(str(path))


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(PresetError, match="Did you mean 'broadcast-ebu'"):
        load_preset("broadcast-eub")


def test_extending_overrides_key_by_key(own_presets: Path) -> None:
    (own_presets / "house.toml").write_text("extends = 'atsc'\n[loudness]\nceiling_dbtp = -3\n[cast]\nANNA = 'slt'\n")
    preset = load_preset("house")
    assert (preset.loudness.target_lufs, preset.loudness.ceiling_dbtp) == (-24.0, -3.0)
    assert preset.cast == {"ANNA": CastMember("slt")}


def test_the_users_preset_wins_and_may_extend_the_shipped_one_of_its_name(own_presets: Path) -> None:
    (own_presets / "film.toml").write_text("extends = 'film'\n[generate]\nsteps = 3\n")
    assert find_preset("film").origin == "yours"
    preset = load_preset("film")
    assert preset.generate.steps == 3
    assert preset.loudness.specification.startswith("film")


def test_overrides_win_and_are_checked_as_strictly() -> None:
    assert load_preset("ci", {"generate.seed": 7}).generate.seed == 7
    with pytest.raises(PresetError, match=r"the command line: generate\.seed"):
        load_preset("ci", {"generate.seed": -1})


def test_digest_follows_what_is_heard_and_nothing_else(tmp_path: Path) -> None:
    same, other = tmp_path / "same.toml", tmp_path / "other.toml"
    same.write_text("extends = 'film'\n[generate]\nthreads = 3\n")
    other.write_text("extends = 'film'\n[mix]\nfade_ms = 11\n")
    film = load_preset("film").digest
    assert load_preset(str(same)).digest == film
    assert load_preset(str(other)).digest != film


def test_a_shown_preset_reads_back_as_itself(tmp_path: Path) -> None:
    odd = tmp_path / "odd.toml"
    odd.write_text('extends = "web"\n[cast]\n"the \\"old\\" man" = "rms"\n')
    shown = tmp_path / "shown.toml"
    shown.write_text(as_toml(load_preset(str(odd))))
    assert load_preset(str(shown)).as_table() == load_preset(str(odd)).as_table()


BAD = """\
extends = "film"
descriptoin = "typed in a hurry"

[mix]
fade_ms = -3
duck = true
loud = { very = "yes" }

[deliver]
audio_codec = "mp3"
handles_s = "one"
"language" = 4

[cast]
ANNA = 3
TOM = { voice = "rms", gain_db = 99, pitch = 1 }

[lodness]
target_lufs = -20

[generate]
steps = 2.5
"""


def test_a_check_names_every_fault_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(BAD)
    faults = [fault.removeprefix(str(path)) for fault in faults_of(str(path))]
    told = {
        ":2: unknown key 'descriptoin'",
        ":5: mix.fade_ms must lie between",
        ":6: unknown key 'duck' in [mix]",
        ":7: unknown key 'loud' in [mix]",
        ":10: deliver.audio_codec must be one of aac, pcm, flac, opus",
        ":11: deliver.handles_s must be a number, not text",
        ":12: deliver.language must be text, not a whole number",
        ":15: cast.ANNA must be text (a voice) or a table",
        ":16: cast.TOM.gain_db must lie between -60.0 and 24.0",
        ":16: cast.TOM: unknown key 'pitch'",
        ":18: unknown section [lodness]. Did you mean 'loudness'?",
        ":22: generate.steps must be a whole number",
    }
    assert len(faults) == len(told)
    for sentence in told:
        assert any(fault.startswith(sentence) for fault in faults), (sentence, faults)


def test_a_check_looks_into_what_is_extended(own_presets: Path, tmp_path: Path) -> None:
    (own_presets / "house.toml").write_text("[mix]\nfade_ms = 'x'\n")
    path = tmp_path / "mine.toml"
    path.write_text("extends = 'house'\nmix.fade = 3\n")
    faults = faults_of(str(path))
    assert [fault.split(": ")[0] for fault in faults] == [f"{own_presets / 'house.toml'}:2", f"{path}:2"]
    assert faults_of("film") == []
    assert "no preset named" in faults_of("flim")[0]


def test_a_cast_file_wins_over_the_preset_and_says_nothing_else(tmp_path: Path) -> None:
    preset, cast = tmp_path / "p.toml", tmp_path / "cast.toml"
    preset.write_text("extends = 'film'\n[voices]\nANNA = 'slt'\nTOM = 'rms'\n")
    cast.write_text("[cast]\nANNA = { voice = 'awb', gain_db = -3, pan = 0.5 }\n")
    assert load_preset(str(preset), cast_file=cast).cast == {
        "ANNA": CastMember("awb", -3.0, 0.5), "TOM": CastMember("rms"),
    }  # fmt: skip
    shown = tmp_path / "shown.toml"
    shown.write_text(as_toml(load_preset(str(preset), cast_file=cast)))
    assert load_preset(str(shown)).cast == load_preset(str(preset), cast_file=cast).cast
    cast.write_text("[mix]\nfade_ms = 3\n")
    with pytest.raises(PresetError, match=r"cast\.toml:1: a cast file has the section \[cast\] alone"):
        load_preset("film", cast_file=cast)
