"""Golden renders: what is recorded, what passes, what is told and how, on films of the backend without a model."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pytest
from click.testing import CliRunner, Result

from benchmarks.seeded_changes import CHANGES, Change, Stems, read_stems, write_stems
from conftest import MakeFilm, install_fake_backend, put_anew, write_film
from vssflow_post.cli import cli
from vssflow_post.mix.dither import FULL_SCALE, Quantiser, as_float
from vssflow_post.regress.distances import distances
from vssflow_post.regress.facts import Rendered, rendered_in
from vssflow_post.regress.reference import reference_of

SCRIPT = "1\n00:00:00,300 --> 00:00:01,100\nANNA: Hello there.\n\n2\n00:00:01,400 --> 00:00:02,600\nTOM: Good bye.\n"
SUITE = 'preset = "ci"\n[[clip]]\nname = "a"\nfilm = "films/a.mp4"\n'


def regress(command: str, *arguments: object) -> Result:
    result = CliRunner().invoke(cli, ["regress", command, *(str(argument) for argument in arguments), "-q"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def findings(suite: Path, rendered: Path) -> list[dict[str, Any]]:
    """What a check of the clip `a` finds."""
    result = regress("check", suite, "--rendered", rendered, "--json")
    [clip] = json.loads(result.stdout)["clips"]
    assert result.exit_code == (clip["status"] != "pass")
    assert isinstance(clip["findings"], list)
    return clip["findings"]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a suite of one film, its goldens, and a render of it in `kept/a`."""
    from fractions import Fraction

    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("suite")
    try:
        install_fake_backend(folder, patch)
        (folder / "films").mkdir()
        write_film(folder / "films" / "a.mp4", 100, Fraction(25), 2, None, "10:00:00:00")
        (folder / "films" / "a.srt").write_text(SCRIPT)
        suite = folder / "suite.toml"
        suite.write_text(SUITE)
        (folder / "with-picture.toml").write_text(
            "extends = 'ci'\n[deliver]\npicture = true\nedl = true\nixml = true\n"
        )
        suite.write_text(SUITE.replace('"ci"', '"with-picture.toml"'))
        result = regress("record", suite)
        assert result.exit_code == 0, result.output
        result = regress("check", suite, "--keep", folder / "kept")
        assert result.exit_code == 0, result.output
        assert "byte for byte the same" in result.output
    finally:
        patch.undo()
    return folder


@pytest.fixture
def copied(recorded: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    shutil.copytree(recorded, tmp_path / "suite")
    return tmp_path / "suite"


def render_of(folder: Path) -> Rendered:
    return rendered_in(folder / "kept" / "a")


def from_another_machine(folder: Path) -> None:
    """As if the golden came from there: bytes need not be the same."""
    golden = folder / "suite.goldens" / "a.json"
    table = json.loads(golden.read_text("utf-8"))
    table["stamp"]["processor"] = "another"
    golden.write_text(json.dumps(table), "utf-8")


def test_a_golden_is_small_and_the_same_when_recorded_again(recorded: Path, tmp_path: Path) -> None:
    goldens = recorded / "suite.goldens"
    assert sorted(path.name for path in goldens.iterdir()) == ["a.json", "a.npz", "a.opus"]
    assert sum(path.stat().st_size for path in goldens.iterdir()) < 200_000
    again = tmp_path / "again"
    shutil.copytree(recorded, again)
    shutil.rmtree(again / "suite.goldens")
    assert regress("record", again / "suite.toml", "--rendered", again / "kept").exit_code == 0
    for path in goldens.iterdir():
        assert (again / "suite.goldens" / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_render_passes_wherever_it_lies_and_from_another_machine(copied: Path) -> None:
    assert findings(copied / "suite.toml", copied / "kept") == []
    from_another_machine(copied)
    assert findings(copied / "suite.toml", copied / "kept") == []


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_every_change_is_told_by_its_sound_alone(copied: Path, change: Change) -> None:
    """Neither bytes nor what headers state help here: what is found is found by a measure of the sound."""
    from_another_machine(copied)
    waves = render_of(copied).waves
    write_stems(waves, change.act(read_stems(waves), change.told_from))
    told = findings(copied / "suite.toml", copied / "kept")
    assert [each for each in told if each["kind"] not in ("fact", "bytes")], told


def test_rounding_alone_is_no_change_on_another_machine(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes that differ by a few millionths, as another processor's do, through the whole line."""
    install_fake_backend(copied / "again", monkeypatch)
    monkeypatch.setenv("FAKE_BACKEND_FAULT", "rounding")
    from_another_machine(copied)
    result = regress("check", copied / "suite.toml", "--json")
    [clip] = json.loads(result.stdout)["clips"]
    assert clip["findings"] == []
    assert "the same within every tolerance" in clip["summary"]


def test_one_bit_is_a_change_on_the_same_machine(copied: Path) -> None:
    waves = render_of(copied).waves
    stems = read_stems(waves)
    stems["FX"][0, 5000] += 1 / (1 << 23)
    write_stems(waves, stems)
    told = findings(copied / "suite.toml", copied / "kept")
    assert {each["kind"] for each in told} == {"bytes"}
    assert {each["where"] for each in told} == {"FX", "MIX"}


def replaced(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert content.count(old) >= 1
    path.write_bytes(content.replace(old, new, 1))


def mix_alone(render: Rendered) -> None:
    """The mix no longer is the sum of its stems."""
    stems = read_stems(render.waves)
    write_stems({"MIX": render.wave("MIX")}, {"DX": stems["DX"]})


def without_sound(render: Rendered) -> None:
    remuxed(render, "copy picture")


def encoded_again(render: Rendered) -> None:
    remuxed(render, "encode picture")


def remuxed(render: Rendered, how: str) -> None:
    import av

    film = render.picture
    assert film is not None
    other = film.with_name(f"other{film.suffix}")
    with av.open(str(film)) as source, av.open(str(other), "w") as target:
        video = source.streams.video[0]
        if how == "copy picture":
            copy = target.add_stream_from_template(video)
            for packet in source.demux(video):
                if packet.size:
                    packet.stream = copy
                    target.mux(packet)
        else:
            sound = target.add_stream_from_template(source.streams.audio[0])
            fresh = target.add_stream("libx264", rate=25, options={"crf": "30"})
            fresh.width, fresh.height, fresh.pix_fmt = video.width, video.height, "yuv420p"
            for packet in source.demux(video, source.streams.audio[0]):
                if packet.stream.type == "audio" and packet.size:
                    packet.stream = sound
                    target.mux(packet)
                elif packet.stream.type == "video":
                    for frame in packet.decode():
                        target.mux(fresh.encode(frame.reformat(format="yuv420p")))
            target.mux(fresh.encode(None))
    other.replace(film)


def edited_json(name: str, edit: Callable[[dict[str, Any]], None]) -> Callable[[Rendered], None]:
    def act(render: Rendered) -> None:
        path = render.folder / name.replace("{clip}", render.stem)
        table = json.loads(path.read_text("utf-8"))
        edit(table)
        path.write_text(json.dumps(table), "utf-8")

    return act


START = (10 * 3600 * 48_000).to_bytes(8, "little")

FACTS: dict[str, tuple[Callable[[Rendered], None], str]] = {
    "start timecode": (
        lambda render: replaced(render.wave("FX"), START, (10 * 3600 * 48_000 + 1920).to_bytes(8, "little")),
        "FX: bext time reference",
    ),
    "originator": (lambda render: replaced(render.wave("DX"), b"vssflow-post", b"somebody-els"), "DX: bext originator"),
    "sampling rate": (
        lambda render: replaced(render.wave("DX"), (48_000).to_bytes(4, "little"), (44_100).to_bytes(4, "little")),
        "DX: format",
    ),
    "iXML": (lambda render: replaced(render.wave("MIX"), b"TIMECODE_RATE", b"TIMECODE_RAT_"), "MIX: iXML"),
    "mix is no sum": (mix_alone, "stems less mix"),
    "subtitles": (lambda render: replaced(render.folder / "a.srt", b"01,400", b"01,420"), "{clip}.srt: content"),
    "words": (lambda render: replaced(render.folder / "a.vtt", b"bye", b"day"), "{clip}.vtt: content"),
    "edit list": (lambda render: replaced(render.folder / "a_FX.edl", b"10:00:00:00", b"10:00:00:01"), "{clip}"),
    "timeline": (lambda render: replaced(render.folder / "a.otio", b'"value": 100', b'"value": 101'), "{clip}.otio"),
    "cue moved": (
        edited_json("{clip}.cues.json", lambda sheet: sheet["cues"][0].update(end_s=sheet["cues"][0]["end_s"] + 0.04)),
        "cue",
    ),
    "another voice": (edited_json("report.json", lambda report: report["cast"][0].update(voice="nobody")), "cast ANNA"),
    "warning": (edited_json("report.json", lambda report: report["warnings"].append("a line is late")), "warnings"),
    "file gone": (lambda render: (render.folder / "a.vtt").unlink(), "files"),
    "stem gone": (lambda render: render.wave("DX").unlink(), "DX"),
    "film gone": (lambda render: render.picture.unlink(), "picture"),  # type: ignore[union-attr]
    "no sound in the film": (without_sound, "film"),
    "picture encoded again": (encoded_again, "picture: stream"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FACTS)
def test_every_fact_is_told_by_its_name(copied: Path, kind: str) -> None:
    act, where = FACTS[kind]
    from_another_machine(copied)
    act(render_of(copied))
    told = findings(copied / "suite.toml", copied / "kept")
    assert any(each["where"].startswith(where) for each in told), told


def test_missing_dither_is_told() -> None:
    """The same sound, through the tool's quantiser and rounded bare."""
    time = np.arange(2 * 48_000) / 48_000
    sound = np.asarray(np.stack([0.1 * np.sin(2 * np.pi * 220.5 * time)] * 2), np.float32)
    dithered, bare = Quantiser(0).quantise(sound), np.rint(sound.astype(np.float64) * FULL_SCALE).astype(np.int32)
    golden, new = (reference_of(as_float(integers), "") for integers in (dithered, bare))
    told = {each.tolerance.name for each in distances(golden, new, as_float(bare)) if not each.is_within}
    assert "noise floor" in told


def test_another_seed_is_told_and_the_same_seed_is_not(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_fake_backend(copied / "again", monkeypatch)
    suite = copied / "suite.toml"
    assert regress("check", suite).exit_code == 0
    suite.write_text("seed = 5\n" + suite.read_text())
    result = regress("check", suite, "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)["clips"][0]["findings"]
    assert {("waveform", "FX"), ("fact", "cue s0001")} <= {(each["kind"], each["where"]) for each in told}


def test_accept_makes_the_new_render_the_golden(copied: Path) -> None:
    suite, waves = copied / "suite.toml", render_of(copied).waves
    stems = read_stems(waves)
    write_stems(waves, {**stems, "FX": stems["FX"] * 0.5})
    assert regress("check", suite, "--rendered", copied / "kept").exit_code == 1
    accepted = regress("check", suite, "--rendered", copied / "kept", "--accept")
    assert accepted.exit_code == 0
    assert accepted.stdout.startswith("accepted a: FX is 6.0 dB softer throughout; its golden weighs ")
    assert findings(suite, copied / "kept") == []


def test_what_would_be_wrong_in_any_film_is_worse(copied: Path) -> None:
    suite, waves = copied / "suite.toml", render_of(copied).waves
    stems = read_stems(waves)
    write_stems(waves, {**stems, "DX": -stems["DX"]})
    told = findings(suite, copied / "kept")
    assert any(each["is_worse"] and "inverted" in each["sentence"] for each in told)
    write_stems(waves, {**stems, "DX": stems["DX"] * 1.05})
    told = findings(suite, copied / "kept")
    assert [each for each in told if each["is_worse"] and each["kind"] != "fact"] == []


def test_a_clip_without_golden_or_without_render_fails(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_fake_backend(copied / "again", monkeypatch)
    suite = copied / "suite.toml"
    (copied / "films" / "bad.mp4").write_bytes(b"no film at all")
    suite.write_text(suite.read_text() + '[[clip]]\nfilm = "films/bad.mp4"\n')
    shutil.rmtree(copied / "suite.goldens")
    result = regress("check", suite, "--json")
    assert result.exit_code == 1
    assert [clip["status"] for clip in json.loads(result.stdout)["clips"]] == ["changed", "failed"]
    result = regress("record", suite)
    assert result.exit_code == 1
    assert (copied / "suite.goldens" / "a.json").is_file()
    assert not (copied / "suite.goldens" / "bad.json").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no clip"),
        ("seed = 'x'", "seed must be a whole number"),
        ("clips = []", "unknown key 'clips'"),
        ("[[clip]]\nname = 'a'", "clip 1 names no film"),
        ("[[clip]]\nfilm = 'none.mp4'", "there is no file"),
        ("[[clip]]\nfilm = 'films/a.mp4'\nname = '../a'", "name may have"),
        ("[[clip]]\nfilm = 'films/a.mp4'\n[[clip]]\nfilm = 'films/a.mp4'", "two clips are called 'a'"),
        ("audio = 'mp3'\n[[clip]]\nfilm = 'films/a.mp4'", "audio must be one of"),
        ("[[clip]]\nfilm = 'films/a.mp4'\nvoice = 'alto'", "unknown key 'voice'"),
        ("= 3", "cannot be read"),
    ],
)
def test_a_faulty_suite_is_refused_by_name(recorded: Path, tmp_path: Path, text: str, words: str) -> None:
    shutil.copytree(recorded / "films", tmp_path / "films")
    suite = tmp_path / "suite.toml"
    suite.write_text(text)
    result = regress("check", suite)
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_suite_tells_all_its_mistakes(copied: Path) -> None:
    suite = copied / "suite.toml"
    suite.write_text(
        "seed = 'x'\naudio = 'mp3'\n[[clip]]\nfilm = 'none.mp4'\nsript = 'a.srt'\n"
        "[[clip]]\nname = '../a'\ncast = 'none.toml'\n"
        "[[clip]]\nfilm = 'films/a.mp4'\n[[clip]]\nfilm = 'films/a.mp4'\n"
    )
    result = regress("check", suite)
    assert result.exit_code == 2
    told = result.stderr.removeprefix("Error: ").strip().split("; ")
    faults = [
        "seed must be a whole number", "audio must be one of", "clip 1: unknown key 'sript'. Did you mean 'script'?",
        "clip 1: film: there is no file", "clip 2 names no film", "clip 2: cast: there is no file",
        "clip 2: name may have", "two clips are called 'a'",
    ]  # fmt: skip
    assert [any(words in each for each in told) for words in faults] == [True] * len(faults)


def test_a_broken_golden_is_named(copied: Path) -> None:
    (copied / "suite.goldens" / "a.npz").write_bytes(b"PK")
    result = regress("check", copied / "suite.toml", "--rendered", copied / "kept")
    assert result.exit_code == 2
    assert "a is broken" in result.stderr


def test_the_film_may_be_called_otherwise_and_lie_elsewhere(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another name, folder, date and container metadata; another order, more workers: nothing is told."""
    install_fake_backend(copied / "again", monkeypatch)
    elsewhere = copied / "elsewhere" / "deep"
    elsewhere.mkdir(parents=True)
    put_anew(copied / "films" / "a.mp4", elsewhere / "Ünders 2.mp4", "10:00:00:00", "Another title")
    os.utime(elsewhere / "Ünders 2.mp4", (1, 1))
    shutil.copy(copied / "films" / "a.srt", elsewhere / "Ünders 2.srt")
    suite = copied / "suite.toml"
    suite.write_text(suite.read_text().replace("films/a.mp4", "elsewhere/deep/Ünders 2.mp4"))
    result = regress("check", suite, "--json")
    told = json.loads(result.stdout)["clips"][0]["findings"]
    assert [each for each in told if not each["where"].startswith("picture: stream")] == []


def test_workers_and_order_change_nothing(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        make_film(f"{name}.mp4", 25 + 5 * ord(name) % 20)
    clips = [f'[[clip]]\nfilm = "{name}.mp4"\n' for name in ("a", "b", "c")]
    suite = tmp_path / "suite.toml"
    suite.write_text("".join(clips))
    assert regress("record", suite).exit_code == 0
    suite.write_text("".join(reversed(clips)))
    assert regress("check", suite, "--workers", 2).exit_code == 0


def headline(folder: Path) -> str:
    """What the terminal says first of the clip `a`, and that JUnit and JSON say the same."""
    result = regress("check", folder / "suite.toml", "--rendered", folder / "kept", "--junit", folder / "junit.xml")
    status, _, told = result.stdout.splitlines()[0].partition(" a: ")
    assert status.strip() in ("changed", "worse")
    assert f'message="{escape(told, {chr(34): "&quot;"})}"' in (folder / "junit.xml").read_text("utf-8")
    return told


def louder(db: float, *names: str) -> Callable[[Stems], Stems]:
    return lambda stems: {name: sound * 10 ** (db / 20) if name in names else sound for name, sound in stems.items()}


HEARD: dict[str, tuple[Callable[[Stems], Stems], str]] = {
    "a stem": (louder(1.0, "FX"), "FX is 1.0 dB louder throughout"),
    "a stem, a little": (louder(-0.1, "DX"), "DX is 0.1 dB softer throughout"),
    "all": (louder(-2.5, "DX", "FX"), "everything is 2.5 dB softer throughout"),
    "late": (lambda stems: {**stems, "DX": np.roll(stems["DX"], 24)}, "DX is 0.5 ms late throughout"),
    "inverted": (lambda stems: {**stems, "FX": -stems["FX"]}, "FX is inverted throughout"),
    "silent": (lambda stems: {**stems, "FX": stems["FX"] * 0}, "FX is silent"),
    "sides": (lambda stems: {**stems, "FX": stems["FX"][::-1]}, "FX has another stereo picture"),
}


@pytest.mark.parametrize("kind", HEARD)
def test_a_headline_says_what_is_heard(copied: Path, kind: str) -> None:
    act, words = HEARD[kind]
    waves = render_of(copied).waves
    write_stems(waves, act(read_stems(waves)))
    assert headline(copied) == words


def edited_cue(number: int, **changes: object) -> Callable[[Rendered], None]:
    return edited_json("{clip}.cues.json", lambda sheet: sheet["cues"][number].update(changes))


def speech(render: Rendered, number: int) -> tuple[int, str]:
    """Place in the sheet and id of a line."""
    cues = json.loads((render.folder / "a.cues.json").read_text("utf-8"))["cues"]
    return [(place, cue["id"]) for place, cue in enumerate(cues) if cue["kind"] == "speech"][number]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": "Something else."}, "says other words"),
        ({"voice": "nobody"}, "has another voice (nobody, was "),
        ({"speaker": "EVE"}, "is said by EVE, not TOM"),
        ({"gain_db": -3.0}, "is asked for 3.0 dB softer"),
        ({"end_s": 3.0}, "lies at 1.40 to 3.00 s, was at 1.40 to "),
        ({"seed": 77}, "has another seed"),
    ],
)
def test_a_headline_says_what_is_asked_otherwise(copied: Path, changes: dict[str, object], words: str) -> None:
    place, identity = speech(render_of(copied), 1)
    edited_cue(place, **changes)(render_of(copied))
    assert headline(copied).startswith(f"{identity} {words}")


def test_a_headline_counts_cues_that_come_go_and_change_alike(copied: Path) -> None:
    def shuffled(sheet: dict[str, Any]) -> None:
        del sheet["cues"][0]
        for cue in sheet["cues"]:
            cue["seed"] += 1

    edited_json("{clip}.cues.json", shuffled)(render_of(copied))
    told = headline(copied)
    cues = json.loads((render_of(copied).folder / "a.cues.json").read_text("utf-8"))["cues"]
    assert told == f"s0001 is gone; {len(cues)} cues have another seed"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ((0.2, 0.5, 0.8, 1.1), (0.2, 1.1), "two strikes are missing in s9"),
        ((0.2, 0.5, 0.8), (0.2, 0.5), "a strike is missing in s9"),
        ((0.2,), (0.2, 0.6, 0.9, 1.2), "three strikes are new in s9"),
        ((0.2, 0.8), (0.2, 0.95), "a strike moved in s9"),
    ],
)
def test_a_headline_counts_strikes(
    copied: Path, before: tuple[float, ...], after: tuple[float, ...], words: str
) -> None:
    """Strikes of 5 ms in a cue of 1.5 s from 2 s on; nothing else is heard in the effects."""
    edited_json("{clip}.cues.json", lambda sheet: sheet["cues"].append(
        {**sheet["cues"][0], "id": "s9", "kind": "sound", "start_s": 2.0, "end_s": 3.5, "layer": "spot"}
    ))(render_of(copied))  # fmt: skip
    waves = render_of(copied).waves
    stems = read_stems(waves)
    for places in (before, after):
        effects = np.zeros_like(stems["FX"])
        for at_s in places:
            start = round((2.0 + at_s) * 48_000)
            effects[:, start : start + 240] = 0.3 * np.sin(np.arange(240) * 0.4)
        write_stems(waves, {**stems, "FX": effects})
        if places is before:
            recorded = regress("record", copied / "suite.toml", "--rendered", copied / "kept")
            assert recorded.stdout.startswith("recorded a: its golden weighs ")
    assert words in headline(copied)


def test_a_headline_says_how_much_louder_one_cue_is(copied: Path) -> None:
    """Tones in two cues far apart, of which one is changed: their stem as a whole is not."""
    edited_json("{clip}.cues.json", lambda sheet: sheet["cues"].extend(
        {**sheet["cues"][0], "id": f"s{n}", "kind": "sound", "start_s": n, "end_s": n + 0.9, "layer": "spot"}
        for n in (1, 2)
    ))(render_of(copied))  # fmt: skip
    waves = render_of(copied).waves
    stems = read_stems(waves)
    tone = 0.1 * np.sin(np.arange(24_000) * 0.05) * np.hanning(24_000) ** 0.1
    for gain in (1.0, 10 ** (-6 / 20)):
        effects = np.zeros_like(stems["FX"])
        for n, level in ((1, 1.0), (2, gain)):
            effects[:, n * 48_000 + 9600 : n * 48_000 + 33_600] = tone * level
        write_stems(waves, {**stems, "FX": effects})
        if gain == 1.0:
            regress("record", copied / "suite.toml", "--rendered", copied / "kept")
    assert headline(copied) == "s2 is 6.0 dB softer"


def test_what_is_wrong_in_any_film_comes_first(copied: Path) -> None:
    """One line has other words and the other swells, the effects have a hole that clicks, and a deliverable is gone."""
    render = render_of(copied)
    stems = read_stems(render.waves)
    place, identity = speech(render, 1)
    edited_cue(place, text="Something else.")(render)
    n = stems["DX"].shape[1]
    effects = stems["FX"].copy()
    effects[:, 30_000:30_960] = 0
    write_stems(render.waves, {"DX": stems["DX"] * (1 - 0.5 * np.hanning(n)), "FX": effects})
    (render.folder / "a.vtt").unlink()
    first, second, third, *_ = headline(copied).split("; ")
    assert (first, third) == ("a.vtt is gone", f"{identity} says other words")
    assert second == "FX clicks or clips at 0.62 s"


def test_a_voice_that_the_cast_changed_is_no_click(copied: Path) -> None:
    """Its lines are brighter at their own times, and nothing else is said of them."""
    render = render_of(copied)
    place, _ = speech(render, 1)
    cue = json.loads((render.folder / "a.cues.json").read_text("utf-8"))["cues"][place]
    cast = {"speaker": cue["speaker"], "voice": "nobody", "gain_db": 0.0, "pan": 0.0, "n_lines": 1, "assigned": False}

    def recast(report: dict[str, Any]) -> None:
        report["cast"] = [cast if each["speaker"] == cue["speaker"] else each for each in report["cast"]]

    edited_json("report.json", recast)(render)
    edited_cue(place, voice="nobody")(render)
    stems = read_stems(render.waves)
    dx, start = stems["DX"].copy(), round((cue["start_s"] + 0.1) * 48_000)
    dx[:, start : start + 480] += 0.1 * np.random.default_rng(0).standard_normal((2, 480))
    write_stems(render.waves, {**stems, "DX": dx})
    told = headline(copied)
    assert told.startswith(f"{cue['speaker']} has another voice (nobody, was ")
    assert "clicks" not in told


def test_what_people_read_names_the_clip(copied: Path) -> None:
    render = render_of(copied)
    replaced(render.folder / "a.srt", b"01,400", b"01,420")
    (render.folder / "a.vtt").unlink()
    regress(
        "check", copied / "suite.toml", "--rendered", copied / "kept", "--junit", copied / "junit.xml", "--html", copied
    )
    shown = regress("check", copied / "suite.toml", "--rendered", copied / "kept").stdout
    for told in (shown, (copied / "junit.xml").read_text("utf-8"), (copied / "index.html").read_text("utf-8")):
        assert "a.srt: content" in told or ">a.srt" in told
        assert "{clip}" not in told


def test_a_loudness_that_is_stated_truly_now_is_not_worse(copied: Path) -> None:
    waves = render_of(copied).waves
    true, stems = waves["FX"].read_bytes(), read_stems(waves)
    mix = waves["MIX"].read_bytes()
    write_stems(waves, {**stems, "FX": stems["FX"] * 1.2})
    regress("record", copied / "suite.toml", "--rendered", copied / "kept")
    waves["FX"].write_bytes(true)
    waves["MIX"].write_bytes(mix)
    told = findings(copied / "suite.toml", copied / "kept")
    stated = [each for each in told if each["where"].endswith("bext loudness")]
    assert stated
    assert not any(each["is_worse"] for each in stated)


def test_a_first_record_says_recorded(copied: Path) -> None:
    shutil.rmtree(copied / "suite.goldens")
    suite = copied / "suite.toml"
    assert "there is no golden of it yet: record it" in regress("check", suite, "--rendered", copied / "kept").stdout
    accepted = regress("check", suite, "--rendered", copied / "kept", "--accept")
    assert accepted.exit_code == 0
    assert accepted.stdout.startswith("recorded a: its golden weighs ")
    assert findings(suite, copied / "kept") == []


def test_a_character_called_mix_is_not_taken_for_the_mix(tmp_path: Path) -> None:
    for name in ("reel_MIX.wav", "reel_DX.wav", "reel_DX_d0001_MIX.wav", "reel.cues.json"):
        (tmp_path / name).touch()
    rendered = rendered_in(tmp_path)
    assert rendered.stem == "reel"
    assert list(rendered.waves) == ["MIX", "DX"]
