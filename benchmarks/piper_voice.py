"""How well a voice of Piper's speaks through its backend: judged as docs/evaluation.md judges, beside the teacher joe.

    python benchmarks/piper_voice.py [--sentences 50] [--faces 24] [--seed 0] [--drawn 4712] [--held-out] [--espeak]

Sentences are drawn as those of training are, none of them one that judges; with `--held-out` they are those that do.
The spans are those of natural length, and subtitles' (0.6 s and 0.33 s a word), to which lines are fitted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from vssflow_cpu.engine import open_engine
from vssflow_dit.evaluation import dnsmos, lips, word_errors
from vssflow_dit.evaluation.heldout import JUDGED_HZ, SENTENCES, judged, teachers_speech
from vssflow_dit.evaluation.measures import TRUTH, Measure, table
from vssflow_dit.evaluation.renders import line_requests, takes
from vssflow_dit.synthesis.sentences import sentences
from vssflow_dit.synthesis.speech import Utterance
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_piper import voice_files
from vssflow_piper.engine import PiperEngine
from vssflow_post.backend import Backend, CueRequest, GenerationSettings
from vssflow_post.progress import Progress
from vssflow_post.timeline import Span

SEED = 4_712
OTHERS = "kal", "awb", "slt", "rms"
"""Whose rhythm the drawn faces have."""


def silently(progress: Progress) -> None:
    pass


def natural(backend: PiperEngine, requests: Sequence[CueRequest]) -> list[CueRequest]:
    """Each line in a span that is as long as the voice naturally takes."""
    return [
        replace(request, span=Span.of_seconds(0, backend.line_s(request.text, request.voice)[1]))
        for request in requests
    ]


def spoken(backend: PiperEngine, lines: Sequence[Utterance], seed: int) -> list[Measure]:
    said = {TRUTH: [judged(line.audio / 32768, RATE_HZ) for line in lines]}
    asked = [replace(request, seed=seed + request.seed) for request in line_requests(lines)]
    for column, requests in (("natural span", natural(backend, asked)), ("subtitle's", asked)):
        started, used = time.perf_counter(), time.process_time()
        said[column] = takes(backend, requests, column, silently).waves
        seconds = sum(map(len, said[column])) / JUDGED_HZ
        print(f"{column}: {seconds / (time.perf_counter() - started):.1f} s of speech a second, ", end="")
        print(f"{seconds / (time.process_time() - used):.1f} s a second of processor", flush=True)
    return [*word_errors.measures(said, lines, silently), *dnsmos.measures(said, lines, silently)]


def followed(backend: PiperEngine, lines: Sequence[Utterance], n_faces: int) -> list[Measure]:
    """Drawn faces that say lines in another voice's rhythm, as docs/evaluation.md has them; and by the starter."""
    talks = [replace(talk, voice="joe") for talk in lips.talks(lines, n_faces, silently)]
    engines: dict[str, Backend] = {"piper": backend, "starter": open_engine(GenerationSettings(threads=1))}
    return [
        replace(measure, subject=name)
        for name, engine in engines.items()
        for measure in lips.measures(talks, lips.spoken(engine, talks, silently))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=50)
    parser.add_argument("--faces", type=int, default=0)
    parser.add_argument("--drawn", type=int, default=SEED, help="which sentences are drawn")
    parser.add_argument("--seed", type=int, default=0, help="of the first line; the next has the next")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--espeak", action="store_true", help="by espeak-ng's phonemes, not our own")
    asked = parser.parse_args()
    if asked.espeak:
        voice_files.OURS = ""
    n = asked.sentences or asked.faces
    texts = SENTENCES[:n] if asked.held_out else sentences(n, asked.drawn, SENTENCES)
    backend = PiperEngine(GenerationSettings(threads=1))
    found: list[Measure] = []
    if asked.sentences:
        with TemporaryDirectory() as folder:
            found += spoken(backend, teachers_speech(Path(folder), ("joe",), texts, silently), asked.seed)
    if asked.faces:
        with TemporaryDirectory() as folder:
            others = teachers_speech(Path(folder), OTHERS, texts[: -(-asked.faces // len(OTHERS))], silently)
            found += followed(backend, others, asked.faces)
    print(table(found))


if __name__ == "__main__":
    main()
