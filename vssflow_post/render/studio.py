"""What one process keeps for all its films: settings, stores, and the backend, opened when a film first needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from vssflow_post.analysis.analysis_store import AnalysisStore, FeatureStore
from vssflow_post.backend import BackendIdentity, DetectorOffer, RecogniserOffer
from vssflow_post.cues.casting import check_cast
from vssflow_post.cues.sound_table import SoundTable
from vssflow_post.errors import FilmError, VssflowError
from vssflow_post.generate.take_store import TakeStore
from vssflow_post.plugins import Plugins
from vssflow_post.render.maker import Maker, each_once, joint, makers_of
from vssflow_post.render.recognition import Recognition, is_wanted, recognition_of, table_of
from vssflow_post.settings.preset import Preset
from vssflow_post.store.output_folder import OutputFolder
from vssflow_post.timeline import Cue


@dataclass(slots=True)
class Studio:
    """What a process works on films with. `close` it when done."""

    preset: Preset
    out: OutputFolder
    named: Mapping[str, Maker]
    """The backends by the names that the preset has for them, the one that makes what others cannot first."""
    detectors: Sequence[DetectorOffer]
    store: TakeStore
    features: FeatureStore
    analyses: AnalysisStore
    recognisers: Sequence[RecogniserOffer] = ()
    _recognition: Recognition | None = field(default=None, init=False)
    _opening: Future[None] | None = field(default=None, init=False)

    @property
    def makers(self) -> tuple[Maker, ...]:
        """Every backend once, in that order."""
        return each_once(self.named.values())

    @property
    def main(self) -> Maker:
        """The backend that makes what others cannot."""
        return next(iter(self.named.values()))

    @property
    def backends(self) -> list[list[str]]:
        """Name, origin and digest of the weights of every backend."""
        return [[maker.offer.name, str(maker.origin), maker.identity().weights_digest] for maker in self.makers]

    def order(self, kind: str, layer: str = "") -> list[Maker]:
        """Who is asked for cues of a kind and layer, first to last."""
        return list(each_once(self.named[name] for name in self.preset.generate.order(kind, layer)))

    def speaker(self, voice: str | None) -> Maker:
        """Who speaks with a voice."""
        order = self.order("speech")
        return next((maker for maker in order if voice in maker.identity().voices), order[-1])

    def ranks(self, identity: BackendIdentity) -> dict[str, int]:
        """Of each voice how many backends are asked before its own."""
        order = self.order("speech")
        return {voice: order.index(self.speaker(voice)) for voice in identity.voices} if len(order) > 1 else {}

    def line_s(self, text: str, voice: str | None) -> tuple[float, float]:
        """Seconds that a line takes, spoken as fast as its voice speaks, and naturally; zeros where nobody can tell."""
        line_s = getattr(self.speaker(voice).renderer.backend, "line_s", None)
        return (0.0, 0.0) if line_s is None else line_s(text, voice)

    def opened(self) -> None:
        """All backends are open after it. Raises BackendUnavailable, UsageError or BackendError."""
        if self._opening is not None:
            self._opening.result()
        else:
            self._open()

    @property
    def is_opening(self) -> bool:
        """Whether to ask for the backends now would mean to wait."""
        return self._opening is not None and not self._opening.done()

    @property
    def recognition(self) -> Recognition | None:
        """Who looks at films; None where the preset wants nobody to. Raises what `recognition_of` raises."""
        if self._recognition is None and is_wanted(self.preset.cues):
            self._recognition = recognition_of(self.preset, self.recognisers)
        return self._recognition

    @property
    def table(self) -> SoundTable:
        """What sounds are called, and what stands in for them. Raises what `table_of` raises."""
        return table_of(self.preset.cues) if self.recognition is None else self.recognition.table

    @contextmanager
    def opening(self) -> Iterator[None]:
        """The backend is opened beside the block, which ends when it is open.

        What opening it raises comes before what is found wrong with a film meanwhile: it would meet every film.
        """
        with ThreadPoolExecutor(1) as worker:
            self._opening = worker.submit(self._open)
            try:
                yield
                self._opening.result()
            except FilmError:
                self._opening.result()
                raise
            finally:
                self._opening = None

    def identity(self) -> BackendIdentity | None:
        """What the backends are together; None where one would have to be opened to know. Raises what opening it would
        raise."""
        return self.known_identity() if all(maker.is_known for maker in self.makers) else None

    def known_identity(self) -> BackendIdentity:
        """The same; a backend is opened where only that can tell."""
        return joint(self.makers, self.order("speech"))

    def _open(self) -> None:
        for maker in self.makers:
            _ = maker.renderer
        check_cast(self.preset.cast, self.known_identity().voices)

    def close(self) -> None:
        for maker in self.makers:
            maker.close()


def voices_of(preset: Preset, plugins: Plugins) -> tuple[str, ...] | None:
    """The voices that the preset's backends have, known without opening one; None where that cannot be known."""
    try:
        makers = makers_of(preset.generate, plugins)
        speaking = [makers[name] for name in preset.generate.order("speech")]
        return joint(speaking, speaking).voices if all(maker.is_known for maker in speaking) else None
    except VssflowError:  # that it cannot run here is not the sheet's, or the preset's, fault
        return None


def not_here(preset: Preset, plugins: Plugins) -> tuple[str, ...]:
    """Sentences: what a preset asks for that this machine does not have (weights, an index, a recogniser), as `render`
    would say it; known without opening anything."""
    found: list[str] = []
    try:
        makers = makers_of(preset.generate, plugins)
    except VssflowError as error:
        return (str(error),)
    for maker in each_once(makers.values()):
        try:
            found += maker.identity().problems if maker.is_known else ()
        except VssflowError as error:
            found.append(str(error))
    try:
        if is_wanted(preset.cues):
            recognition_of(preset, plugins.recognisers())
    except VssflowError as error:
        found.append(str(error))
    return tuple(found)


def lacking(preset: Preset, plugins: Plugins) -> Callable[[Cue], str]:
    """Of the sound of a cue: what it names that the backends which the preset asks for it do not have, as a sentence,
    known without opening one; "" where there is nothing."""
    try:
        makers = makers_of(preset.generate, plugins)
    except VssflowError:  # as in `voices_of`
        return lambda _: ""

    def lack(cue: Cue) -> str:
        if cue.kind != "sound" or not cue.sound:
            return ""
        for name in preset.generate.order(cue.kind, cue.layer):
            with suppress(VssflowError):
                what = makers[name].lacks(cue.sound)
                if what:
                    return what
        return ""

    return lack


def open_studio(preset: Preset, out: OutputFolder, plugins: Plugins) -> Studio:
    """Raises BackendUnavailable when a backend of the preset's does not exist or cannot run here."""
    return Studio(
        preset=preset,
        out=out,
        named=makers_of(preset.generate, plugins),
        detectors=plugins.speech_detectors(),
        store=TakeStore(out.takes),
        features=FeatureStore(out.features),
        analyses=AnalysisStore(out.analyses),
        recognisers=plugins.recognisers(),
    )
