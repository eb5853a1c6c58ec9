"""What all films of a run share: the settings, the plugins, and the backend, opened when a film first needs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from vssflow_post.analysis_store import AnalysisStore
from vssflow_post.backend import Backend, BackendIdentity, BackendOffer, DetectorOffer
from vssflow_post.casting import check_cast
from vssflow_post.errors import BackendError, VssflowError
from vssflow_post.features import FeatureStore
from vssflow_post.generate import Renderer
from vssflow_post.inputs import STATE_FOLDER
from vssflow_post.plugins import Plugins, choose_backend
from vssflow_post.preset import Preset
from vssflow_post.take_store import TakeStore


@dataclass(slots=True)
class Studio:
    """One process's working place. `close` it when done."""

    preset: Preset
    out: Path
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
    _renderer: Renderer | None = field(default=None, init=False)
    _identity: BackendIdentity | None = field(default=None, init=False)

    @property
    def renderer(self) -> Renderer:
        """The backend, opened at the first call. Raises BackendUnavailable, UsageError or BackendError."""
        if self._renderer is None:
            backend = _opened(self.offer, self.preset)
            check_cast(self.preset.cast, backend.voices)
            self._renderer = Renderer(backend, self.plugin, self.preset.generate)
        return self._renderer

    def identity(self) -> BackendIdentity | None:
        """What the backend is; None where it would have to be opened to know. Raises what opening it would raise."""
        if self._renderer is not None:
            backend = self._renderer.backend
            return BackendIdentity(backend.weights_digest, tuple(backend.voices))
        if self._identity is None and self.offer.identify is not None:
            with _as_backend_error(f"backend {self.offer.name} does not say what it is"):
                self._identity = self.offer.identify(self.preset.generate)
        return self._identity

    def close(self) -> None:
        if self._renderer is not None:
            self._renderer.backend.close()
            self._renderer = None


def open_studio(preset: Preset, out: Path, plugins: Plugins) -> Studio:
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
        store=TakeStore(out / STATE_FOLDER / "takes"),
        features=FeatureStore(out / STATE_FOLDER / "features"),
        analyses=AnalysisStore(out / STATE_FOLDER / "analyses"),
    )


def _opened(offer: BackendOffer, preset: Preset) -> Backend:
    with _as_backend_error(f"backend {offer.name} does not open"):
        return offer.open(preset.generate)


@contextmanager
def _as_backend_error(what: str) -> Iterator[None]:
    """Whatever a stranger's code may raise, as this film's failure."""
    try:
        yield
    except (VssflowError, OSError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        text = " ".join(str(error).split()) or "no reason given"
        raise BackendError("backend", f"{what}: {type(error).__name__}: {text}") from error
