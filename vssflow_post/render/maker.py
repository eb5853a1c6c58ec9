"""The backends of one process: each opened when a film first needs it, and what all of them are together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from threading import Lock

from vssflow_post.backend import BackendIdentity, BackendOffer, Frame, Track
from vssflow_post.generate.renderer import Renderer, as_backend_error
from vssflow_post.plugins import Origin, Plugins, choose_backend
from vssflow_post.settings.preset import GenerateSection
from vssflow_post.store.entries import address
from vssflow_post.timeline import Scene

_MARK = ": "
"""Between a maker and the name of a feature that it alone sees."""


@dataclass(slots=True)
class Maker:
    """One backend, opened at the first call for it."""

    offer: BackendOffer
    why: str
    """Sentence: why this backend."""
    origin: Origin
    settings: GenerateSection
    _renderer: Renderer | None = field(default=None, init=False)
    _identity: BackendIdentity | None = field(default=None, init=False)
    _turn: Lock = field(default_factory=Lock, init=False)

    @property
    def renderer(self) -> Renderer:
        """Raises BackendUnavailable, UsageError or BackendError. Who asks while another thread opens it waits."""
        with self._turn:
            if self._renderer is None:
                with as_backend_error(f"backend {self.offer.name} does not open:"):
                    backend = self.offer.open(self.settings)
                self._renderer = Renderer(backend, str(self.origin), self.settings)
            return self._renderer

    @property
    def is_known(self) -> bool:
        """Whether it need not be opened to say what it is."""
        return self._renderer is not None or self.offer.identify is not None

    def identity(self) -> BackendIdentity:
        """What it is; it is opened where only that can tell. Raises what opening it would raise."""
        if self._renderer is None and self._identity is None and self.offer.identify is not None:
            with as_backend_error(f"backend {self.offer.name} does not say what it is:"):
                self._identity = self.offer.identify(self.settings)
        if self._renderer is None and self._identity is not None:
            return self._identity
        backend = self.renderer.backend
        facts, sees = getattr(backend, "voice_facts", {}), getattr(backend, "sees", "")
        problems = tuple(getattr(backend, "problems", ()))
        return BackendIdentity(backend.weights_digest, tuple(backend.voices), facts, sees, problems)

    def sees(self) -> list[str]:
        """What its features depend on beside the film."""
        identity = self.identity()
        if identity.sees:
            return [identity.sees, self.origin.release]
        return [self.offer.name, str(self.origin), identity.weights_digest]

    def lacks(self, sound: str) -> str:
        """What the words for a sound name that is not there, such as a recording, as a sentence; "" for nothing. It is
        not opened for it; raises what `identity` does."""
        what = self.offer.lacks(self.settings, sound) if self.offer.lacks is not None else ""
        return f"{self.offer.name} {what}" if what else ""

    def close(self) -> None:
        if self._renderer is not None:
            self._renderer.backend.close()
            self._renderer = None


def makers_of(settings: GenerateSection, plugins: Plugins) -> dict[str, Maker]:
    """Everybody whom the preset asks, by the name it has for them, `generate.backend` first; who has two names is one.

    Raises BackendUnavailable when one does not exist or cannot run here.
    """
    offers = plugins.backends()
    makers: dict[str, Maker] = {}
    for name in settings.backends:
        offer, why = choose_backend(offers, name)
        same = next((maker for maker in makers.values() if maker.offer.name == offer.name), None)
        makers[name] = same or Maker(offer, why, plugins.origin_of(offer), settings)
    return makers


def each_once(makers: Iterable[Maker]) -> tuple[Maker, ...]:
    """Without those that were there before: who has two names is one."""
    return tuple({maker.offer.name: maker for maker in makers}.values())


def joint(makers: Sequence[Maker], speaking: Sequence[Maker]) -> BackendIdentity:
    """What all of them are together; the voices are those of who is asked to speak, in that order."""
    identities = [maker.identity() for maker in makers]
    if len(identities) == 1:
        return identities[0]
    voices: dict[str, Maker] = {}
    for maker in speaking:
        for voice in maker.identity().voices:
            voices.setdefault(voice, maker)
    known = {voice: maker.identity().voice_facts.get(voice) for voice, maker in voices.items()}
    digest = address(
        {maker.offer.name: identity.weights_digest for maker, identity in zip(makers, identities, strict=True)}
    )
    problems = tuple(chain.from_iterable(identity.problems for identity in identities))
    told = {voice: facts for voice, facts in known.items() if facts}
    return BackendIdentity(digest, tuple(voices), told, problems=problems)


class SharedEncoder:
    """The encoders of several makers as one; each that sees otherwise than those before it is there once."""

    def __init__(self, makers: Sequence[Maker]) -> None:
        self._encoders = {prefix: maker.renderer.backend.encoder() for prefix, maker in _apart(makers).items()}

    def push(self, frame: Frame) -> None:
        for encoder in self._encoders.values():
            encoder.push(frame)

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        """All features by name; before the names of those that the first maker does not see stands whose they are."""
        found = {prefix: encoder.finish(scenes) for prefix, encoder in self._encoders.items()}
        return {f"{prefix}{name}": track for prefix, tracks in found.items() for name, track in tracks.items()}


def features_of(maker: Maker, makers: Sequence[Maker], features: Mapping[str, Track]) -> dict[str, Track]:
    """A maker's own among all `features` of a film, by the names that it gave them."""
    own = next(prefix for prefix, other in _apart(makers).items() if other.sees() == maker.sees())
    return {
        name.removeprefix(own): track
        for name, track in features.items()
        if (name.startswith(own) if own else _MARK not in name)
    }


def _apart(makers: Sequence[Maker]) -> dict[str, Maker]:
    """The makers that see otherwise than those before them, by what stands before the names of their features."""
    apart: dict[str, Maker] = {}
    for maker in makers:
        if all(maker.sees() != other.sees() for other in apart.values()):
            apart[f"{maker.offer.name}{_MARK}" if apart else ""] = maker
    return apart
