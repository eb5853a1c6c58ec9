"""Presets, casts and cue sheets that are wrong or meant to do harm: one sentence each, with file, line and key."""

from __future__ import annotations

import json
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssflow_post.batch.inputs import deliverable_stem
from vssflow_post.cues.casting import check_cast
from vssflow_post.cues.sheet import MAX_BYTES, read_cue_sheet
from vssflow_post.cues.strict_json import lines_of, values_of
from vssflow_post.cues.times import label_of, sample_of
from vssflow_post.errors import PresetError, ScriptError, UsageError
from vssflow_post.media import Film
from vssflow_post.settings.files import load_preset
from vssflow_post.settings.preset import CastMember
from vssflow_post.timeline import Span

FILM = Film(
    path=Path("film.mp4"), digest="0" * 64, frame_rate=Fraction(25), n_frames=100, duration=Span(0, 192_000),
    start_timecode=None, start_sample=0, width=64, height=48, video_codec="h264", audio_streams=(), container="mov",
    video_index=0, first_pts=0, time_base=Fraction(1, 12_800), last_frame_sample=190_080,
)  # fmt: skip
VOICES = ("alto", "bass")


def sheet_with(**cue: Any) -> dict[str, Any]:
    good = {"id": "d1", "kind": "speech", "start_s": 0.5, "end_s": 1.5, "text": "Hello."}
    return {
        "version": 1,
        "film": {"duration_s": 4.0, "frame_rate": "25/1"},
        "scenes": [{"index": 0, "start_s": 0.0, "end_s": 4.0}],
        "cues": [{"id": "s1", "kind": "sound", "start_s": 0.0, "end_s": 4.0}, {**good, **cue}],
    }


def fault_of(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
    with pytest.raises(ScriptError) as caught:
        read_cue_sheet(path, FILM, voices=VOICES)
    assert caught.value.full_verdict == "rejected:bad_cues"
    return str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("voice", "soprano", "cues[1] (d1): 'voice': there is no voice \"soprano\" (there are: alto, bass)"),
        ("gain_db", 1e9, "'gain_db' must lie between"),
        ("gain_db", "loud", "'gain_db' must be a number"),
        ("gain_db", 10**400, "'gain_db' must lie between"),
        ("gain_db", True, "'gain_db' must be a number"),
        ("id", "../../etc/passwd", "'id' must be letters"),
        ("id", "a/b", "'id' must be letters"),
        ("kind", "song", "'kind' must be"),
        ("start_s", -1, "'start_s' must lie between"),
        ("end_s", 1e300, "'end_s' must lie between"),
        ("seed", -1, "'seed' must lie between"),
        ("seed", 1.5, "'seed' must be a whole number"),
        ("text", "a\u0000b", "'text' holds the control character U+0000"),
        ("text", "\ud800", "'text' holds the control character U+D800"),
        ("text", "x" * 3000, "'text' has more than 2000 characters"),
        ("text", ["Hello"], "'text' must be a text"),
        ("output", "/tmp/x", 'unknown key "output"'),
    ],
)
def test_a_fault_of_a_cue_names_file_line_and_key(tmp_path: Path, key: str, value: object, told: str) -> None:
    text = json.dumps(sheet_with(**{key: value}), indent=1)
    line = max(number for number, row in enumerate(text.split("\n"), 1) if row.startswith(f'   "{key}"'))
    sentence = fault_of(tmp_path / "film.cues.json", text)
    assert sentence.startswith(f"film.cues.json, line {line}: ")
    assert told in sentence


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is not JSON"),
        ("[]", "must be an object"),
        ("null", "must be an object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 50_000, "nested too deeply"),
        ('{"version": 1,\n"version": 1}', "line 2: key"),
        ('{"version": 1,\n\n"cues": [NaN]}', "line 3: holds NaN"),
        ('{"version": -Infinity}', "line 1: holds -Infinity"),
        ('{"version": ' + "9" * 5000 + "}", "is not JSON"),
        ('{"version": 2, "film": {}, "scenes": [], "cues": []}', "'version' must lie between 1 and 1"),
        (b"\xff\xfe{}", "is not UTF-8"),
        (b"\x1f\x8b\x08\0", "is not UTF-8"),
        (json.dumps(sheet_with()) + " " * (270 * 1024), "is larger than 264 KB"),
    ],
)
def test_what_is_no_cue_sheet_is_said_at_once(tmp_path: Path, content: str | bytes, told: str) -> None:
    assert told in fault_of(tmp_path / "film.cues.json", content)


def test_a_voice_in_a_table_is_found_in_its_line(tmp_path: Path) -> None:
    table = "kind,id,start,end,voice\nspeech,d1,00:00:00:00,00:00:01:00,soprano\n"
    assert "line 2 (d1): 'voice': there is no voice" in fault_of(tmp_path / "film.csv", table)


PRESETS = [
    ("x = " + "[" * 5000 + "]" * 5000, "not TOML"),
    ("x = " + "9" * 5000, "not TOML"),
    ("mix.fade_ms = nan", "must be a finite number"),
    ("mix.fade_ms = inf", "must be a finite number"),
    ("mix.fade_ms = 1e400", "must be a finite number"),
    ("mix.output = '/etc/passwd'", "unknown key 'output'"),
    ("[mix]\n[mix]", "not TOML"),
    ("a.b = 1\na.b = 2", "not TOML"),
    ("a" + ".a" * 3000 + " = 1", "unknown section [a]"),
    ("generate.weights = '\\\\u0000'".replace("'", '"').replace("\\\\", "\\"), "control characters"),
    (f"cues.sound = '{'a' * 501}'", "must not have more than 500 characters, and has 501"),
    ("extends = '/dev/zero.toml'", "there is no preset file"),
    ("extends = 1", "extends must be text"),
    ("extends = 'bad.toml'", "extends itself"),
    ("mix = 3", "must be a section"),
    ("picture.min_scene_s = 1979-05-27", "must be a number"),
    ("\x00", "not TOML"),
    ("#" * (257 * 1024), "larger than 256 KB"),
]


@pytest.mark.parametrize(("content", "told"), PRESETS, ids=range(len(PRESETS)))
def test_a_bad_preset_is_one_sentence(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(content)
    with pytest.raises(PresetError) as caught:
        load_preset(str(path))
    assert str(path) in str(caught.value) or "no preset file" in str(caught.value)
    assert told in str(caught.value)


def test_a_cast_file_tells_all_its_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "cast.toml"
    path.write_text("[cast]\nANNA = 3\nTOM = { voice = 'bass', pan = 7 }\nEVE = { tone = 1 }\n[mix]\nfade_ms = 1\n")
    with pytest.raises(PresetError) as caught:
        load_preset("film", cast_file=path)
    for told in (f"{path}:2", "cast.ANNA", f"{path}:3", "cast.TOM.pan", f"{path}:4", "'tone'", f"{path}:5", "'mix'"):
        assert told in str(caught.value)


def test_all_strange_voices_of_a_cast_are_told() -> None:
    with pytest.raises(UsageError, match=r"ANNA.*soprano.*TOM.*castrato.*there are: alto, bass"):
        check_cast({"ANNA": CastMember("soprano"), "EVE": CastMember("alto"), "TOM": CastMember("castrato")}, VOICES)


@pytest.mark.parametrize(
    "name", ["..mp4", "...mp4", "....mkv", ".vssflow-post.mp4", "batch.jsonl.mp4", "batch.json.mp4"]
)
def test_no_name_of_a_film_leads_out_of_the_output_folder_or_onto_what_lies_in_it(name: str) -> None:
    assert deliverable_stem(Path(name)).startswith("_")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def paths_of(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, item in items for inner in paths_of(item, (*path, key)))]


@given(json_values, st.sampled_from([None, 0, 2]))
def test_every_value_of_a_json_text_is_found(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    assert [path for path, _, _ in values_of(text)] == paths_of(value)
    if indent is not None:  # one value a line, so that lines are in order and none is missing but closing ones
        lines = [line for _, line, _ in values_of(text)]
        assert lines == sorted(set(lines))


def test_lines_are_those_of_an_editor() -> None:
    text = '{\n "a": [1,\n  {"b": "}]\\"",\n   "c": 2}]\n}'
    assert [lines_of(text).get(path) for path in (("a", 0), ("a", 1, "b"), ("a", 1, "c"), ("z",))] == [2, 3, 4, None]


@given(json_values, st.sampled_from(["version", "film", "scenes", "cues"]), st.booleans())
@settings(deadline=None)
def test_any_json_is_a_sheet_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, value: object, key: str, as_item: bool
) -> None:
    sheet = sheet_with()
    sheet[key] = [value] if as_item else value
    path = tmp_path_factory.getbasetemp() / "any.cues.json"
    path.write_text(json.dumps(sheet), "utf-8")
    with suppress(ScriptError):
        read_cue_sheet(path, FILM)


@given(st.binary(max_size=400) | st.text("kindstarec,;\t\n\"'=+-:0123456789", max_size=300).map(str.encode))
def test_any_table_is_a_sheet_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"kind,id,start,end\n" + content)
    with suppress(ScriptError):
        read_cue_sheet(path, FILM)
    assert len(content) < MAX_BYTES


toml_text = st.text("abcmix[]{}=.\"'\n#0123456789-+_ \\", max_size=200)


@given(toml_text | st.text(max_size=100), st.sampled_from(["", "[mix]\n", "[cast]\n", "[generate]\nseed = "]))
@settings(deadline=None)
def test_any_text_is_a_preset_and_a_cast_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, text: str, head: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(head + text, "utf-8", "replace")
    for arguments in ((str(path), None, None), ("film", None, path)):
        with suppress(PresetError):
            load_preset(*arguments)


labels = st.text(max_size=40) | st.text("0123456789:;+.", max_size=20) | st.from_regex(r"\d\d(:[0-5]\d){2}[:;]\d\d")


@given(labels, st.sampled_from(["25", "30000/1001", "24000/1001"]))
def test_any_label_is_a_time_or_one_sentence(label: str, rate: str) -> None:
    with suppress(ValueError):
        sample = sample_of(label, Fraction(rate))
        assert sample_of(label_of(sample, Fraction(rate), ";" in label), Fraction(rate)) == sample
