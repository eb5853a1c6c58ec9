"""Is the speech pleasant? DNSMOS predicts what listeners would say (arXiv 2110.01763; speechmos ships the models).

A clip is repeated until it fills the network's 9.01 s and judged once; further windows would hear the same again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vssflow_dit.bars import watched
from vssflow_dit.evaluation.heldout import JUDGED_HZ, Waveform
from vssflow_dit.evaluation.measures import TRUTH, Measure
from vssflow_dit.synthesis.speech import Utterance
from vssflow_post.progress import OnProgress

GROUP = "Is the speech pleasant?"
ABOUT = (
    "DNSMOS (P.835 overall quality, and P.808), 1 bad to 5 excellent, as speechmos predicts it; the last rows say how "
    "much of the teacher's overall quality is kept."
)
WINDOW = 144_160
"""Samples of the network's 9.01 s."""


class Judge:
    """speechmos' DNSMOS on one thread: its own sessions take every core, and wait for one another on a busy machine."""

    def __init__(self) -> None:
        from onnxruntime import InferenceSession, SessionOptions, disable_telemetry_events
        from speechmos import dnsmos

        disable_telemetry_events()

        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        models = Path(dnsmos.__file__).parent / "dnsmos_models"
        overall, p808 = str(models / "sig_bak_ovr.onnx"), str(models / "model_v8.onnx")
        self._dnsmos: Any = dnsmos.DNSMOS(overall, p808)
        self._dnsmos.onnx_sess = InferenceSession(overall, options)
        self._dnsmos.p808_onnx_sess = InferenceSession(p808, options)

    def scores(self, wave: Waveform) -> tuple[float, float]:
        """(overall P.835, P.808) of speech at 16 kHz."""
        whole = np.clip(np.resize(wave, WINDOW), -1.0, 1.0)
        scores = self._dnsmos(whole, JUDGED_HZ, False)
        return float(scores["ovrl_mos"]), float(scores["p808_mos"])


def measures(said: Mapping[str, Sequence[Waveform]], lines: Sequence[Utterance], report: OnProgress) -> list[Measure]:
    """`said`: column -> a waveform for each line."""
    judge = Judge()
    tasks = [(column, line.voice, wave) for column in said for line, wave in zip(lines, said[column], strict=True)]
    scores: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for column, voice, wave in watched("how pleasant", tasks, report):
        scores.setdefault((voice, column), []).append(judge.scores(wave))
    means = {key: np.mean(rows, axis=0) for key, rows in scores.items()}
    found = []
    for k, what in enumerate(("DNSMOS overall", "DNSMOS P.808")):
        for (voice, column), mean in means.items():
            found.append(Measure(GROUP, what, voice, column, float(mean[k]), "", len(scores[voice, column])))
    for (voice, column), mean in means.items():
        if column != TRUTH:
            share = 100 * float(mean[0] / means[voice, TRUTH][0])
            n = len(scores[voice, column])
            found.append(Measure(GROUP, "DNSMOS overall, share of the teacher's", voice, column, share, "%", n))
    return found
