"""Does a voice sound like its teacher? Resemblyzer hears who speaks (GE2E, arXiv 1710.10467; it ships its weights).

Similarity is the cosine between a line's embedding and the mean of its teacher's other lines, 1 for the same voice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from vssflow_dit.bars import watched
from vssflow_dit.evaluation.heldout import Waveform
from vssflow_dit.evaluation.measures import TRUTH, Measure
from vssflow_dit.synthesis.speech import Utterance
from vssflow_post.progress import OnProgress

GROUP = "Does each voice sound like its teacher?"
ABOUT = (
    "Cosine of Resemblyzer's embeddings, of a line and of the mean of its teacher's other lines; and how many lines "
    "are nearer to their own teacher than to any other."
)
Vectors = npt.NDArray[np.float64]


def installed() -> bool:
    """Resemblyzer's own dependencies need a compiler, so that it is no part of the extra: docs/training.md says how."""
    return find_spec("resemblyzer") is not None and find_spec("webrtcvad") is not None


def measures(said: Mapping[str, Sequence[Waveform]], lines: Sequence[Utterance], report: OnProgress) -> list[Measure]:
    """`said`: column -> a waveform for each line."""
    tasks = [wave for column in said for wave in said[column]]
    vectors = dict(zip(said, np.split(_embeddings(tasks, report), len(said)), strict=True))
    owners = np.array([line.voice for line in lines])
    voices = list(dict.fromkeys(owners.tolist()))
    found: list[Measure] = []
    for column, own in vectors.items():
        near = np.array([_similarities(own[k], vectors[TRUTH], owners, voices, k) for k in range(len(lines))])
        for number, voice in enumerate(voices):
            rows = near[owners == voice]
            nearest = 100 * float(np.mean(rows.argmax(axis=1) == number))
            found.append(Measure(GROUP, "similarity", voice, column, float(rows[:, number].mean()), "", len(rows)))
            found.append(Measure(GROUP, "nearest to its own teacher", voice, column, nearest, "%", len(rows)))
    return found


def _embeddings(waves: Sequence[Waveform], report: OnProgress) -> Vectors:
    from resemblyzer import VoiceEncoder, preprocess_wav

    encoder = VoiceEncoder("cpu", verbose=False)
    return np.stack([encoder.embed_utterance(preprocess_wav(wave)) for wave in watched("whose voice", waves, report)])


def _similarities(
    vector: Vectors, truth: Vectors, owners: npt.NDArray[np.str_], voices: Sequence[str], left_out: int
) -> list[float]:
    """Cosine with the mean of each voice's lines, without the very line."""
    kept = np.arange(len(owners)) != left_out
    means = [truth[kept & (owners == voice)].mean(axis=0) for voice in voices]
    return [float(vector @ mean / np.linalg.norm(vector) / np.linalg.norm(mean)) for mean in means]
