"""The graph of a Piper voice, opened in two parts: how long it makes each symbol, and its sound for any such times.

A Piper voice is a VITS (arXiv 2106.06103) as ONNX: symbols and three scales in, a waveform out. It draws noise inside,
and rounds up the frames of each symbol by the graph's one `Ceil` (section 2.2); the nodes are found by what they do,
since exporters name them as they like. Noise and times become inputs, so that a line is repeatable and times are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vssflow_post.errors import UsageError

if TYPE_CHECKING:
    import onnx
    from onnxruntime import InferenceSession

Values = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
READ = "input", "input_lengths", "scales"
"""What every Piper voice reads; one of several speakers reads `sid` as well."""
TIMING_NOISE, VOICE_NOISE = "timing_noise", "voice_noise"
RANDOM = frozenset(["RandomNormal", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"])
"""Draws that no voice is known to make, and that would not be repeatable."""


class PiperGraph:
    """One voice file on one thread. Raises UsageError, in one sentence with its name, for a file that is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _named(path):
            self._open()

    def _open(self) -> None:
        import onnx

        path = self._path
        model = onnx.load(str(path), load_external_data=False)
        graph = model.graph
        if not set(READ) <= {value.name for value in graph.input} or not graph.output:
            raise UsageError(f"{path} is no voice of Piper's: it does not read {', '.join(READ)}")
        ceil = _rounding(graph)
        self.knows_times = ceil is not None
        """Whether it says how long its symbols last, and can be told."""
        times = ceil.output[0] if ceil is not None else ""
        try:
            _noise_from_inputs(graph, _needed(graph, [times]) if times else set())
        except ValueError as error:
            raise UsageError(f"{path} is no voice of Piper's that can be repeated: {error}") from error
        self._times = times
        self._timing = _part(model, [times]) if times else None
        if ceil is not None:
            graph.node.remove(ceil)
            graph.input.append(_value(times, 3))
        self._sound = _part(model, [graph.output[0].name])
        self._output = graph.output[0].name

    def frames(self, ids: Ids, scales: Values, noise: Values, speaker: int = 0) -> Values:
        """How many frames the voice makes each symbol (n,) last. `noise` is (1, 2, n or more)."""
        assert self._timing is not None, "a graph that knows no times was asked for them"
        given = {**self._read(ids, scales, speaker), TIMING_NOISE: noise}
        with _named(self._path):
            return _run(self._timing, self._times, given).reshape(-1)

    def wave(
        self,
        ids: Ids,
        scales: Values,
        noises: Mapping[str, Values],
        frames: Values | None = None,
        speaker: int = 0,
    ) -> Values:
        """The symbols' sound (n,), each as many `frames` long as it is told, or as the graph itself finds.

        `noises`: by VOICE_NOISE (1, channels or more, frames or more), and by TIMING_NOISE where no frames are given.
        """
        given = {**self._read(ids, scales, speaker), **noises}
        if frames is not None:
            given[self._times] = frames.reshape(1, 1, -1)
        with _named(self._path):
            return _run(self._sound, self._output, given).reshape(-1)

    def _read(self, ids: Ids, scales: Values, speaker: int) -> dict[str, npt.NDArray[np.generic]]:
        return {
            "input": ids[None],
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": scales,
            "sid": np.array([speaker], np.int64),
        }


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What goes wrong with a file becomes a sentence that names it."""
    from google.protobuf.message import DecodeError
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    broken = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented)
    try:
        yield
    except (OSError, DecodeError, *broken, state.RuntimeException) as error:
        why = " ".join(str(error).split())[:200]
        raise UsageError(f"{path} is no voice of Piper's, or a broken one: {why}") from error


def _run(session: InferenceSession, output: str, given: Mapping[str, npt.NDArray[np.generic]]) -> Values:
    """Of what is given, what this part reads."""
    read = {value.name for value in session.get_inputs()}
    (found,) = session.run([output], {name: values for name, values in given.items() if name in read})
    return np.asarray(found, np.float32)


def _part(model: onnx.ModelProto, outputs: Iterable[str]) -> InferenceSession:
    """A session of those nodes alone that `outputs` come from."""
    import onnx
    from onnxruntime import InferenceSession, SessionOptions, disable_telemetry_events

    disable_telemetry_events()  # nothing here calls anybody
    wanted = list(outputs)
    needed = _needed(model.graph, wanted)
    part = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    nodes = [node for node in model.graph.node if set(node.output) & needed]
    part.graph.name = model.graph.name
    part.graph.node.extend(nodes)
    part.graph.initializer.extend(each for each in model.graph.initializer if each.name in needed)
    part.graph.input.extend(each for each in model.graph.input if each.name in needed)
    part.graph.output.extend(_value(name) for name in wanted)
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return InferenceSession(part.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _needed(graph: onnx.GraphProto, outputs: Iterable[str]) -> set[str]:
    """Every tensor that these come from, themselves included."""
    needed = set(outputs)
    for node in reversed(graph.node):  # a graph lies in the order in which it is computed
        if needed & set(node.output):
            needed |= set(_read_by(node))
    return needed


def _read_by(node: onnx.NodeProto) -> Iterator[str]:
    """What a node reads, inside its branches too."""
    yield from node.input
    for attribute in node.attribute:
        for branch in (attribute.g, *attribute.graphs):
            for inner in branch.node:
                yield from _read_by(inner)
            yield from (each.name for each in branch.output)


def _rounding(graph: onnx.GraphProto) -> onnx.NodeProto | None:
    """The `Ceil` whose frames are both summed up (how long the line is) and accumulated (when each symbol ends)."""
    node: onnx.NodeProto
    for node in graph.node:
        if node.op_type == "Ceil":
            readers = {other.op_type for other in graph.node if node.output[0] in other.input}
            if {"ReduceSum", "CumSum"} <= readers:
                return node
    return None


def _noise_from_inputs(graph: onnx.GraphProto, timing: set[str]) -> None:
    """Each node that draws noise is given it instead; `timing` are the tensors before the times.

    Raises ValueError for draws that a voice of Piper's does not make.
    """
    other = sorted({node.op_type for node in graph.node} & RANDOM)
    if other:
        raise ValueError(f"it draws by {', '.join(other)}")
    draws = [node for node in graph.node if node.op_type == "RandomNormalLike"]
    names = [TIMING_NOISE if node.output[0] in timing else VOICE_NOISE for node in draws]
    if not timing and len(draws) == 2:
        names = [TIMING_NOISE, VOICE_NOISE]
    if len(set(names)) < len(names):
        raise ValueError(f"it draws noise in {len(draws)} places")
    for node, name in zip(draws, names, strict=True):
        _draw_from_input(graph, node, name)


def _draw_from_input(graph: onnx.GraphProto, node: onnx.NodeProto, name: str) -> None:
    """The node becomes an input of that name, cut to the size that the node would have drawn."""
    from onnx import TensorProto, helper

    zeros, size = f"{name}_zeros", f"{name}_size"
    place = next(k for k, each in enumerate(graph.node) if each is node or each == node)
    graph.input.append(_value(name, 3))
    graph.initializer.append(helper.make_tensor(zeros, TensorProto.INT64, [3], [0] * 3))
    cut = [
        helper.make_node("Shape", [node.input[0]], [size]),
        helper.make_node("Slice", [name, zeros, size], [node.output[0]]),
    ]
    graph.node.remove(node)
    for k, made in enumerate(cut):
        graph.node.insert(place + k, made)


def _value(name: str, rank: int = 0) -> onnx.ValueInfoProto:
    """float32, of any size; of any rank where none is given."""
    from onnx import TensorProto, helper

    value: onnx.ValueInfoProto = helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank or None)
    return value
