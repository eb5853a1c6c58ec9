"""The engine: lines in, takes out, each by the voice that it names or by one of its language."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from vssflow_dit.lanes import processors
from vssflow_dit.text.timed_line import line_s, timed
from vssflow_piper.listing import listing
from vssflow_piper.reading import reading
from vssflow_piper.voice import NO_TIMES, PiperVoice
from vssflow_post.audio import AudioClip
from vssflow_post.backend import CueRequest, Frame, FrameEncoder, GenerationSettings, Take, Track
from vssflow_post.errors import UsageError
from vssflow_post.timeline import CLOCK_HZ, Scene


class SeesNothing:
    """The picture tells these voices nothing but how a mouth moves, which the line finds."""

    def push(self, frame: Frame) -> None:
        pass

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        return {}


class PiperEngine:
    """A `Backend` of the seam. A voice is opened when a line first asks for it; each line is computed on one thread."""

    name = "piper"
    sees = "nothing"

    def __init__(self, settings: GenerationSettings) -> None:
        found = listing(settings)
        n = settings.threads or processors()
        self.device = f"CPU, {n} threads, float32"
        self.weights_digest = found.digest
        self.problems = found.problems
        """A sentence for each file that is no voice."""
        self.voices: Sequence[str] = tuple(found.speakers)
        self.voice_facts = found.facts
        self.sounds: Sequence[str] = ()
        self._speakers = found.speakers
        self._open: dict[str, PiperVoice | UsageError] = {}
        self._opening = threading.Lock()
        self._pool = ThreadPoolExecutor(n, "piper")

    def encoder(self) -> FrameEncoder:
        return SeesNothing()

    def line_s(self, text: str, voice: str | None) -> tuple[float, float]:
        """Zeros for a line that it refuses."""
        if not text.strip():
            return 0.0, 0.0
        try:
            name, opened = self._voice(voice, "")
            read = reading(text, opened.file)
            return line_s(read.sounds, opened.natural(read, 0, self._speakers[name][1]))
        except UsageError:
            return 0.0, 0.0

    def refuses(self, request: CueRequest) -> str:
        """Why it cannot make this cue, as the end of a sentence; "" where it can."""
        if request.kind != "speech":
            return "speaks, and makes no sounds"
        try:
            _, opened = self._voice(request.voice, request.language)
            if request.text.strip():
                reading(request.text, opened.file)
        except UsageError as error:
            return str(error)
        return ""

    def render(self, requests: Sequence[CueRequest]) -> Iterator[Take]:
        """Each on a thread of its own, the longest first; what it refuses is silent, with the reason."""
        longest_first = sorted(requests, key=lambda request: -request.span.n_samples)
        yield from self._pool.map(self._take, longest_first)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._open.clear()

    def _take(self, request: CueRequest) -> Take:
        if request.kind == "speech" and not request.text.strip():
            return self._silent(request, ())
        why = self.refuses(request)
        if not why:
            try:
                return self._spoken(request)
            except UsageError as error:  # a graph that opens may still fail on what it is given
                why = str(error)
        return self._silent(request, (f"Nothing is heard: {self.name} {why}.",))

    def _spoken(self, request: CueRequest) -> Take:
        started = time.perf_counter()
        name, voice = self._voice(request.voice, request.language)
        speaker = self._speakers[name][1]
        read = reading(request.text, voice.file)
        natural = voice.natural(read, request.seed, speaker)
        line = timed(read.sounds, natural, request.span.duration_s, request.mouth if voice.knows_times else None)
        rate_hz = voice.file.rate_hz
        n_samples = round(request.span.n_samples * rate_hz / CLOCK_HZ)
        wave = voice.say(line, read.mark, n_samples, request.seed, speaker)
        notes = (*line.notes, *read.notes, *(() if voice.knows_times else (f"The voice {name} {NO_TIMES}.",)))
        return Take(request.id, AudioClip(wave[None], rate_hz), notes, time.perf_counter() - started)

    def _silent(self, request: CueRequest, notes: tuple[str, ...]) -> Take:
        rate_hz = self._speakers[self.voices[0]][0].rate_hz
        n_samples = round(request.span.n_samples * rate_hz / CLOCK_HZ)
        return Take(request.id, AudioClip(np.zeros((1, n_samples), np.float32), rate_hz), notes, 0.0)

    def _voice(self, name: str | None, language: str) -> tuple[str, PiperVoice]:
        """The voice of that name; without one, the first that opens of the language, or of English where nobody says.

        Raises UsageError, with the end of a sentence, where there is none.
        """
        language = language.replace("_", "-").split("-")[0].lower()
        if name is not None:
            if name not in self._speakers:
                broken = "".join(
                    f" ({problem})" for problem in self.problems if f"{name.split('/')[0]}.onnx" in problem
                )
                raise UsageError(f"has no voice {name}{broken}")
            spoken = self._speakers[name][0].language
            if language and spoken != language:
                raise UsageError(f"speaks {spoken} with the voice {name}, and the line is in {language}")
            return name, self._opened(name)
        wanted = language or "en"
        fitting = [each for each in self.voices if self._speakers[each][0].language == wanted]
        if not language:
            fitting += [each for each in self.voices if each not in fitting]
        if not fitting:
            raise UsageError(f"has no voice that speaks {language}")
        return self._first_that_opens(fitting)

    def _first_that_opens(self, names: Sequence[str]) -> tuple[str, PiperVoice]:
        errors = []
        for name in names:
            try:
                return name, self._opened(name)
            except UsageError as error:
                errors.append(str(error))
        raise UsageError("; ".join(dict.fromkeys(errors)))

    def _opened(self, name: str) -> PiperVoice:
        file = self._speakers[name][0]
        with self._opening:
            if file.name not in self._open:
                try:
                    self._open[file.name] = PiperVoice(file)
                except UsageError as error:
                    self._open[file.name] = error
            found = self._open[file.name]
        if isinstance(found, UsageError):
            raise UsageError(f"cannot open the voice {name}: {found}")
        return found
