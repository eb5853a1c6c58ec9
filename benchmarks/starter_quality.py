"""What the model card states: `python benchmarks/starter_quality.py [WEIGHTS] [--films N]`.

Speech: the fifty held-out sentences by each voice, recognised by PocketSphinx with a grammar of just these, and with
its open vocabulary. Strikes: drawn films of another seed, from frames to audio, counted with `vssflow_dit.onsets`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vssflow_cpu.engine import open_engine
from vssflow_dit.evaluation import closed_set_accuracy, open_vocabulary_wer
from vssflow_dit.onsets import matched, onsets
from vssflow_dit.synthesis import pictures
from vssflow_post.backend import Backend, CueRequest, GenerationSettings
from vssflow_post.timeline import Scene, Span

SENTENCES = (Path(__file__).parent.parent / "tests" / "data" / "sentences.txt").read_text("utf-8").splitlines()
TOLERANCE_S = 0.08
DRAWN_S = 6.0
PROMPTS = ("wood", "metal", "glass", "stone", "plastic", "thud", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", nargs="?", default="starter")
    parser.add_argument("--films", type=int, default=40)
    parser.add_argument("--steps", type=int, default=GenerationSettings().steps)
    parser.add_argument("--no-open", action="store_true", help="leave out the open vocabulary, which is slow")
    chosen = parser.parse_args()
    backend = open_engine(GenerationSettings(weights=chosen.weights, steps=chosen.steps))
    print("| what | measured |\n| --- | --- |")
    started, audio_s = time.perf_counter(), 0.0
    for voice in backend.voices:
        said = [(spoken(backend, k, voice), k) for k in range(len(SENTENCES))]
        audio_s += sum(len(wave) for wave, _ in said) / 16_000
        row = f"{voice}: sentences recognised out of fifty | {closed_set_accuracy(said, SENTENCES):.0%}"
        if not chosen.no_open:
            row += f"; open vocabulary word error rate {open_vocabulary_wer(said, SENTENCES):.1%}"
        print(f"| {row} |", flush=True)
    print(f"| {strikes(backend, chosen.films)} |")
    print(f"| seconds of speech a second, recognition included | {audio_s / (time.perf_counter() - started):.1f} |")


def rendered(backend: Backend, request: CueRequest) -> npt.NDArray[np.float32]:
    (take,) = backend.render([request])
    return take.audio.samples[0]


def spoken(backend: Backend, k: int, voice: str) -> npt.NDArray[np.float32]:
    text = SENTENCES[k]
    span = Span.of_seconds(0, 0.6 + 0.33 * len(text.split()))
    return rendered(backend, CueRequest("d1", "speech", span, seed=k, text=text, voice=voice))


def struck_films(backend: Backend, n_films: int) -> list[tuple[CueRequest, list[float]]]:
    """Drawn films as the backend reads them, and when something is struck in each, in seconds."""
    films = []
    for k in range(n_films):
        rng = np.random.default_rng((90_001, k))
        motion = pictures.STRIKING[k % len(pictures.STRIKING)](rng, DRAWN_S)
        encoder = backend.encoder()
        for frame in pictures.draw(rng, motion):
            encoder.push(frame)
        span = Span.of_seconds(0, DRAWN_S)
        visual = encoder.finish([Scene(0, span)])
        request = CueRequest("s1", "sound", span, seed=k, sound=PROMPTS[k % len(PROMPTS)], visual=visual)
        films.append((request, [time for time, _ in motion.strikes if time < DRAWN_S - 0.1]))
    return films


def strikes(backend: Backend, n_films: int) -> str:
    """Recall, precision and lateness over drawn films, prompts of every material and none."""
    wanted = heard = hits = 0
    late: list[float] = []
    for request, times in struck_films(backend, n_films):
        found = onsets(rendered(backend, request), 16_000)
        hits += matched(times, found, TOLERANCE_S)
        wanted, heard = wanted + len(times), heard + len(found)
        late += [min((f - t for f in found), key=abs) for t in times if any(abs(f - t) <= TOLERANCE_S for f in found)]
    return (
        f"strikes drawn in {n_films} films: {wanted} | heard within 80 ms {hits / wanted:.0%}; onsets that were asked "
        f"for {hits / heard:.0%}; median offset {np.median(late) * 1000:+.0f} ms"
    )


if __name__ == "__main__":
    main()
