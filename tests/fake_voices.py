"""Voices of Piper's that nobody trained, for tests: a VITS's inputs and inner nodes, and a tone for each symbol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs the extra `piper`")
pytest.importorskip("onnxruntime", reason="needs the extra `piper`")
TensorProto, helper = onnx.TensorProto, onnx.helper
RATE_HZ, HOP = 22_050, 256
MARKS = ["_", "^", "$", " ", "!", ",", ".", "?", ";", ":"]
"""Symbols 0 to 9, which are silent."""
LETTERS = "abcdefghijklmnopqrstuvwxyzäöüßæçðøħŋœɐɑɒɔɕəɚɛɜɟɡɣɪɲɹɾʁʃʊʌʏʒʔˈˌːθχ\u0329\u032f\u0303"  # noqa: RUF001
IDS = {symbol: [k] for k, symbol in enumerate([*MARKS, *LETTERS])}


def config(language: str = "de_DE", espeak: str = "de", **other: Any) -> dict[str, Any]:
    return {
        "audio": {"sample_rate": RATE_HZ, "quality": "medium"},
        "espeak": {"voice": espeak},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_id_map": IDS,
        "num_symbols": len(IDS),
        "num_speakers": 1,
        "speaker_id_map": {},
        "language": {"code": language},
        **other,
    }


def write_voice(path: Path, settings: dict[str, Any], *, ceil: bool = True, names: str = "") -> Path:
    """The voice and its config. Without `ceil`, times are rounded otherwise; `names` goes before those of tensors."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(f"{path.name}.json").write_text(json.dumps(settings), "utf-8")
    path.write_bytes(graph(len(settings.get("speaker_id_map", {})) > 1, ceil, names).SerializeToString())
    return path


def graph(has_speakers: bool, ceil: bool, names: str) -> onnx.ModelProto:
    """Marks last one frame, letters six, more or less by the noise; each letter is a tone of its own."""
    constants = {
        "one": 1.0, "five": 5.0, "fifth": 0.2, "letters": 9.5, "pads": 2.5, "base_hz": 80.0, "apart_hz": 8.0,
        "speaker_hz": 300.0, "turns": 2 * np.pi / RATE_HZ, "loud": 0.3, "grain": 0.01, "hop": float(HOP),
    }  # fmt: skip
    whole = {"axis_0": [0], "axis_1": [1], "axis_2": [2], "axes_0_2": [0, 2], "axes_1_2": [1, 2], "flat": [1, 1, -1]}
    scalars = {"n0": 0, "n1": 1, "n2": 2}
    initial = [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in constants.items()]
    initial += [helper.make_tensor(name, TensorProto.INT64, [len(values)], values) for name, values in whole.items()]
    initial += [helper.make_tensor(name, TensorProto.INT64, [], [value]) for name, value in scalars.items()]
    in_hop = np.arange(HOP, dtype=np.float32)
    initial.append(helper.make_tensor("in_hop", TensorProto.FLOAT, [1, 1, HOP], in_hop))
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch", "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    if has_speakers:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, ["batch"]))
    nodes = [*_times(ceil), *_sound(has_speakers)]
    outer = {value.name for value in inputs} | {"output"} | {each.name for each in initial}
    for node in nodes:
        for tensors in (node.input, node.output):
            tensors[:] = [each if each in outer else names + each for each in tensors]
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 1, "time"])
    made = helper.make_graph(nodes, "voice", inputs, [output], initial)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def _times(ceil: bool) -> list[onnx.NodeProto]:
    node = helper.make_node
    rounding = [node("Ceil", ["w"], ["w_ceil"])]
    if not ceil:
        rounding = [node("Neg", ["w"], ["-w"]), node("Floor", ["-w"], ["-w_"]), node("Neg", ["-w_"], ["w_ceil"])]
    return [
        node("Gather", ["scales", "n0"], ["noise"]),
        node("Gather", ["scales", "n1"], ["length"]),
        node("Gather", ["scales", "n2"], ["noise_w"]),
        node("Cast", ["input"], ["x"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["x", "axis_1"], ["x3"]),
        node("Concat", ["x3", "x3"], ["like_times"], axis=1),
        node("RandomNormalLike", ["like_times"], ["z"]),
        node("ReduceMean", ["z"], ["z1"], axes=[1], keepdims=1),
        node("Mul", ["z1", "noise_w"], ["lively"]),
        node("Mul", ["lively", "fifth"], ["little"]),
        node("Exp", ["little"], ["pace"]),
        node("Greater", ["x3", "pads"], ["is_said"]),
        node("Cast", ["is_said"], ["said"], to=TensorProto.FLOAT),
        node("Mul", ["said", "five"], ["more"]),
        node("Add", ["more", "one"], ["frames"]),
        node("Mul", ["frames", "length"], ["slow"]),
        node("Mul", ["slow", "pace"], ["w"]),
        *rounding,
        node("ReduceSum", ["w_ceil", "axes_1_2"], ["total"], keepdims=0),
        node("CumSum", ["w_ceil", "n2"], ["ends"]),
    ]


def _sound(has_speakers: bool) -> list[onnx.NodeProto]:
    node = helper.make_node
    speaker = [node("Cast", ["sid"], ["who"], to=TensorProto.FLOAT), node("Mul", ["who", "speaker_hz"], ["higher"])]
    return [
        node("Squeeze", ["total"], ["total_"]),
        node("Cast", ["total_"], ["n"], to=TensorProto.INT64),
        node("Range", ["n0", "n", "n1"], ["at_"]),
        node("Cast", ["at_"], ["at"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["at", "axes_0_2"], ["at3"]),
        node("LessOrEqual", ["ends", "at3"], ["is_past"]),
        node("Cast", ["is_past"], ["past"], to=TensorProto.FLOAT),
        node("ReduceSum", ["past", "axis_2"], ["index_"], keepdims=0),
        node("Cast", ["index_"], ["index"], to=TensorProto.INT64),
        node("Squeeze", ["x", "axis_0"], ["ids"]),
        node("Gather", ["ids", "index"], ["symbol"]),
        node("Greater", ["symbol", "letters"], ["is_letter"]),
        node("Cast", ["is_letter"], ["letter"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["symbol", "axis_1"], ["symbol3"]),
        node("Concat", ["symbol3", "symbol3", "symbol3"], ["like_sound"], axis=1),
        node("RandomNormalLike", ["like_sound"], ["e"]),
        node("ReduceMean", ["e"], ["e1"], axes=[1], keepdims=0),
        node("Mul", ["e1", "noise"], ["e2"]),
        node("Mul", ["e2", "grain"], ["e3"]),
        node("Add", ["e3", "loud"], ["level"]),
        node("Mul", ["level", "letter"], ["heard"]),
        node("Mul", ["symbol", "apart_hz"], ["above"]),
        node("Add", ["above", "base_hz"], ["hz_" if has_speakers else "hz"]),
        *([*speaker, node("Add", ["hz_", "higher"], ["hz"])] if has_speakers else []),
        node("Mul", ["at3", "hop"], ["first"]),
        node("Add", ["first", "in_hop"], ["sample"]),
        node("Mul", ["hz", "turns"], ["step_"]),
        node("Unsqueeze", ["step_", "axis_2"], ["step"]),
        node("Mul", ["sample", "step"], ["phase"]),
        node("Sin", ["phase"], ["tone"]),
        node("Unsqueeze", ["heard", "axis_2"], ["heard3"]),
        node("Mul", ["tone", "heard3"], ["wave"]),
        node("Reshape", ["wave", "flat"], ["output"]),
    ]
