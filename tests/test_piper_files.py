"""A folder of voices: what their files say of them, and one sentence for each that is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fake_voices import config, onnx, write_voice
from vssflow_piper.engine import PiperEngine
from vssflow_piper.listing import identify
from vssflow_post.backend import CueRequest, GenerationSettings
from vssflow_post.errors import BackendUnavailable
from vssflow_post.timeline import Span

EN = config("en_GB", "en-gb", phoneme_type="text")


def opened(folder: Path) -> PiperEngine:
    return PiperEngine(GenerationSettings(piper_voices=str(folder), threads=1))


def line(voice: str | None = None) -> CueRequest:
    return CueRequest("d", "speech", Span.of_seconds(0, 2), 1, "Hello there.", voice)


def test_language_and_licence_are_what_the_files_state(tmp_path: Path) -> None:
    write_voice(tmp_path / "de" / "anna.onnx", config())
    (tmp_path / "de" / "MODEL_CARD").write_text("# Model card\n\n## Dataset\n\n* License: CC-BY 4.0\n", "utf-8")
    write_voice(tmp_path / "own" / "emma.onnx", {**EN, "license": "ours alone"})
    write_voice(tmp_path / "bare.onnx", {**EN, "language": {}})
    write_voice(tmp_path / "zh" / "li.onnx", config("", "cmn"))
    (tmp_path / "zh" / "LICENSE").write_text("\nMIT License\n\nCopyright ...", "utf-8")
    facts = opened(tmp_path).voice_facts
    assert {name: (each.language, each.licence) for name, each in facts.items()} == {
        "anna": ("de", "CC-BY 4.0"), "emma": ("en", "ours alone"), "bare": ("en", ""), "li": ("zh", "MIT License"),
    }  # fmt: skip


def test_the_digest_is_of_contents_and_known_unopened(tmp_path: Path) -> None:
    write_voice(tmp_path / "one" / "emma.onnx", EN)
    write_voice(tmp_path / "two" / "emma.onnx", EN)
    write_voice(tmp_path / "three" / "emma.onnx", {**EN, "inference": {"length_scale": 1.1}})
    one, two, three = (
        identify(GenerationSettings(piper_voices=str(tmp_path / each))).weights_digest
        for each in ("one", "two", "three")
    )
    assert one == two == opened(tmp_path / "one").weights_digest
    assert one != three


def test_each_broken_file_is_one_sentence_and_stops_no_other(tmp_path: Path) -> None:
    good = write_voice(tmp_path / "good.onnx", EN).read_bytes()
    write_voice(tmp_path / "cut.onnx", EN).write_bytes(good[:2000])
    write_voice(tmp_path / "empty.onnx", EN).write_bytes(b"")
    write_voice(tmp_path / "unmapped.onnx", {key: value for key, value in EN.items() if key != "phoneme_id_map"})
    write_voice(tmp_path / "pinyin.onnx", {**EN, "phoneme_type": "pinyin"})
    write_voice(tmp_path / "deaf.onnx", {**EN, "audio": {"sample_rate": "many"}})
    write_voice(tmp_path / "list.onnx", EN).with_name("list.onnx.json").write_text("[1]", "utf-8")
    write_voice(tmp_path / "garbled.onnx", EN).with_name("garbled.onnx.json").write_text("{", "utf-8")
    write_voice(tmp_path / "again" / "good.onnx", EN)
    (tmp_path / "alone.onnx").write_bytes(good)
    backend = opened(tmp_path)
    assert tuple(backend.voices) == ("good",)
    for name in ("cut", "empty", "unmapped", "pinyin", "deaf", "list", "garbled", "alone"):
        [problem] = [each for each in backend.problems if f"{name}.onnx" in each and "again" not in each.split()[0]]
        assert "\n" not in problem
        assert str(tmp_path) in backend.refuses(line(name))
    assert len(backend.problems) == 9
    assert backend.refuses(line()) == ""
    assert identify(GenerationSettings(piper_voices=str(tmp_path))).voices == ("good",)


def test_a_graph_that_is_no_voice_is_refused_when_it_is_asked_for(tmp_path: Path) -> None:
    write_voice(tmp_path / "b_good.onnx", EN)
    model = onnx.load(write_voice(tmp_path / "a_other.onnx", EN))
    for each in (*model.graph.input, *model.graph.node):
        if getattr(each, "input", None):
            each.input[:] = ["tokens" if name == "input" else name for name in each.input]
        elif each.name == "input":
            each.name = "tokens"
    onnx.save(model, tmp_path / "a_other.onnx")
    backend = opened(tmp_path)
    assert "a_other.onnx is no voice of Piper's" in backend.refuses(line("a_other"))
    assert backend.refuses(line()) == ""  # another voice of the language speaks
    [made] = backend.render([line()])
    assert made.audio.samples.any()


def test_a_folder_without_voices_is_told_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match=r"no \.onnx with an \.onnx\.json beside it lies in"):
        opened(tmp_path)
    with pytest.raises(BackendUnavailable, match="there is no folder"):
        opened(tmp_path / "nowhere")
    (tmp_path / "x.onnx").write_bytes(b"")
    with pytest.raises(BackendUnavailable, match=r"x\.onnx has no x\.onnx\.json"):
        identify(GenerationSettings(piper_voices=str(tmp_path)))


def test_symbols_may_be_replaced_and_names_be_any(tmp_path: Path) -> None:
    write_voice(tmp_path / "Ünï cøde.onnx", {**EN, "phoneme_map": {"h": ["o", "o"]}})
    backend = opened(tmp_path)
    [made] = backend.render([line("Ünï cøde")])
    assert made.notes == ()
    assert json.loads((tmp_path / "Ünï cøde.onnx.json").read_text("utf-8"))["phoneme_map"]


def test_a_voice_that_fails_on_a_line_leaves_it_silent_with_the_reason(tmp_path: Path) -> None:
    ids = {**EN["phoneme_id_map"], "h": [10_000]}
    model = onnx.load(write_voice(tmp_path / "short.onnx", {**EN, "phoneme_id_map": ids}))
    table = onnx.helper.make_tensor("table", onnx.TensorProto.INT64, [99], range(99))
    model.graph.initializer.append(table)
    first = next(node for node in model.graph.node if node.op_type == "Cast")
    first.input[0] = "looked_up"
    model.graph.node.insert(0, onnx.helper.make_node("Gather", ["table", "input"], ["looked_up"]))
    onnx.save(model, tmp_path / "short.onnx")
    [made] = opened(tmp_path).render([line()])
    assert not made.audio.samples.any()
    [note] = made.notes
    assert note.startswith("Nothing is heard: piper")
    assert "short.onnx" in note
