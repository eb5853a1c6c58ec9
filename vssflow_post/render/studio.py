"""What one process keeps for all its films: settings, stores, and the backend, opened when a film first needs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from vssflow_post.analysis.analysis_store import AnalysisStore, FeatureStore
from vssflow_post.backend import Backend, BackendIdentity, BackendOffer, DetectorOffer, RecogniserOffer
from vssflow_post.cues.casting import check_cast
from vssflow_post.cues.sound_table import SoundTable
from vssflow_post.errors import FilmError, VssflowError
from vssflow_post.generate.renderer import Renderer, as_backend_error
from vssflow_post.generate.take_store import TakeStore
from vssflow_post.plugins import Plugins, choose_backend
from vssflow_post.render.recognition import Recognition, is_wanted, recognition_of, table_of
from vssflow_post.settings.preset import Preset
from vssflow_post.store.output_folder import OutputFolder


@dataclass(slots=True)
class Studio:
    """What a process works on films with. `close` it when done."""

    preset: Preset
    out: OutputFolder
    offer: BackendOffer
    why: str
    """Sentence: why this backend."""
    plugin: str
    """Name and version of the plugin the backend comes from."""
    distribution: str
    """Name of the package that plugin comes in."""
    detectors: Sequence[DetectorOffer]
    store: TakeStore
    features: FeatureStore
    analyses: AnalysisStore
    recognisers: Sequence[RecogniserOffer] = ()
    _recognition: Recognition | None = field(default=None, init=False)
    _renderer: Renderer | None = field(default=None, init=False)
    _opening: Future[Renderer] | None = field(default=None, init=False)
    _identity: BackendIdentity | None = field(default=None, init=False)

    @property
    def renderer(self) -> Renderer:
        """The backend, opened at the first call. Raises BackendUnavailable, UsageError or BackendError."""
        if self._opening is not None:
            return self._opening.result()
        return self._renderer or self._open()

    @property
    def is_opening(self) -> bool:
        """Whether to ask for the renderer now would mean to wait."""
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
            self._opening = worker.submit(self._open) if self._renderer is None else None
            try:
                yield
            except FilmError:
                if self._opening is not None:
                    self._opening.result()
                raise
            finally:
                self._opening = None

    def identity(self) -> BackendIdentity | None:
        """What the backend is; None where it would have to be opened to know. Raises what opening it would raise."""
        if self._renderer is not None:
            return _identity_of(self._renderer)
        if self._identity is None and self.offer.identify is not None:
            with as_backend_error(f"backend {self.offer.name} does not say what it is:"):
                self._identity = self.offer.identify(self.preset.generate)
        return self._identity

    def known_identity(self) -> BackendIdentity:
        """What the backend is; it is waited for, or opened, where only that can tell."""
        return self.identity() or _identity_of(self.renderer)

    def _open(self) -> Renderer:
        backend = _opened(self.offer, self.preset)
        check_cast(self.preset.cast, backend.voices)
        self._renderer = Renderer(backend, self.plugin, self.preset.generate)
        return self._renderer

    def close(self) -> None:
        if self._renderer is not None:
            self._renderer.backend.close()
            self._renderer = None


def voices_of(preset: Preset, plugins: Plugins) -> tuple[str, ...] | None:
    """The voices that the preset's backend has, known without opening it; None where that cannot be known."""
    try:
        offer, _ = choose_backend(plugins.backends(), preset.generate.backend)
        with as_backend_error(f"backend {offer.name} does not say what it is:"):
            return None if offer.identify is None else tuple(offer.identify(preset.generate).voices)
    except VssflowError:  # that it cannot run here is not the sheet's, or the preset's, fault
        return None


def open_studio(preset: Preset, out: OutputFolder, plugins: Plugins) -> Studio:
    """Raises BackendUnavailable when the preset's backend does not exist or cannot run here."""
    offer, why = choose_backend(plugins.backends(), preset.generate.backend)
    return Studio(
        preset=preset,
        out=out,
        offer=offer,
        why=why,
        plugin=plugins.origin_of(offer),
        distribution=plugins.distribution_of(offer),
        detectors=plugins.speech_detectors(),
        store=TakeStore(out.takes),
        features=FeatureStore(out.features),
        analyses=AnalysisStore(out.analyses),
        recognisers=plugins.recognisers(),
    )


def _identity_of(renderer: Renderer) -> BackendIdentity:
    backend = renderer.backend
    return BackendIdentity(backend.weights_digest, tuple(backend.voices), getattr(backend, "voice_facts", {}))


def _opened(offer: BackendOffer, preset: Preset) -> Backend:
    with as_backend_error(f"backend {offer.name} does not open:"):
        return offer.open(preset.generate)
