"""Plugins: found by entry point, each loaded in its own try, and the choice among what they offer."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from vssflow_post import hookspecs
from vssflow_post.errors import BackendUnavailable

if TYPE_CHECKING:
    import click

    from vssflow_post.backend import BackendOffer, DetectorOffer, RecogniserOffer, RecogniserSettings

Offer = TypeVar("Offer", "BackendOffer", "RecogniserOffer")
"""What is chosen by name, or by priority among what can run here."""


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """A plugin that could not be loaded, or failed while it registered."""

    name: str
    """Name of its entry point."""
    reason: str
    """What went wrong, in one line."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an offer comes from."""

    plugin: str
    """Name of its entry point."""
    release: str
    """Name and version of the package; "" where that is not known."""

    def __str__(self) -> str:
        """Part of the address of all that is made."""
        return f"{self.plugin} ({self.release or 'version unknown'})"

    @property
    def package(self) -> str:
        """Name of the package; "" where that is not known."""
        return self.release.rpartition(" ")[0]


@dataclass(frozen=True, slots=True)
class Plugins:
    """The plugins of one run, made by `load_plugins` and passed down."""

    manager: pluggy.PluginManager
    broken: list[BrokenPlugin]
    """Grows when a hook of a plugin raises; such a plugin never stops the others."""
    versions: dict[str, str]
    """Plugin -> name and version of the distribution it comes from."""

    def backends(self) -> list[BackendOffer]:
        """Every backend offered, best priority first (ties by name)."""
        offers: list[BackendOffer] = self._gather("vssflow_backends")
        return sorted(offers, key=lambda offer: (-offer.priority, offer.name))

    def speech_detectors(self) -> list[DetectorOffer]:
        """Every speech detector offered, best priority first (ties by name)."""
        offers: list[DetectorOffer] = self._gather("vssflow_speech_detectors")
        return sorted(offers, key=lambda offer: (-offer.priority, offer.name))

    def recognisers(self) -> list[RecogniserOffer]:
        """Every recogniser offered, best priority first (ties by name)."""
        offers: list[RecogniserOffer] = self._gather("vssflow_recognisers")
        return sorted(offers, key=lambda offer: (-offer.priority, offer.name))

    def origin_of(self, offer: BackendOffer) -> Origin:
        """Where a backend offer comes from."""
        for name, plugin in self.manager.list_name_plugin():
            if any(offer.name == other.name for other in self._gather("vssflow_backends", {plugin})):
                return Origin(name, self.versions.get(name, ""))
        return Origin("unknown", "")

    def add_commands(self, cli: click.Group) -> None:
        """Let every plugin add its commands to `cli`."""
        self._call("vssflow_commands", cli=cli)

    def _gather(self, hook: str, among: set[Any] | None = None) -> list[Any]:
        return [offer for offers in self._call(hook, among) for offer in offers]

    def _call(self, hook: str, among: set[Any] | None = None, **arguments: object) -> list[Any]:
        """Calls a hook of one plugin after the other, so that one that raises is named and left out."""
        results = []
        plugins = self.manager.get_plugins()
        for name, plugin in self.manager.list_name_plugin():
            if plugin is None or (among is not None and plugin not in among):
                continue
            try:
                caller = self.manager.subset_hook_caller(hook, plugins - {plugin})
                results += [_as_list(result) for result in caller(**arguments)]
            except (Exception, SystemExit) as error:  # noqa: BLE001  anything a stranger's code may raise
                self._record(BrokenPlugin(name, f"{hook}: {_one_line(error)}"))
        return results

    def _record(self, broken: BrokenPlugin) -> None:
        if broken not in self.broken:
            self.broken.append(broken)


def load_plugins(found: Iterable[EntryPoint] | None = None) -> Plugins:
    """The plugin manager with every plugin that loads; `found` replaces what is installed."""
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(manager, [], {})
    points = entry_points(group=hookspecs.GROUP) if found is None else found
    for point in sorted(set(points), key=lambda point: point.name):
        try:
            plugin = point.load()
            manager.register(plugin, point.name)
            if not manager.get_hookcallers(plugin):
                plugins._record(BrokenPlugin(point.name, f"{point.value} implements no hook of vssflow-post"))
            plugins.versions[point.name] = f"{point.dist.name} {point.dist.version}" if point.dist else "no version"
        except (Exception, SystemExit) as error:  # noqa: BLE001  anything a stranger's import may raise
            plugins._record(BrokenPlugin(point.name, _one_line(error)))
    _drop_unknown_hooks(plugins)
    return plugins


def _drop_unknown_hooks(plugins: Plugins) -> None:
    """Plugins that implement a hook which does not exist are unregistered and reported."""
    while True:
        try:
            plugins.manager.check_pending()
        except pluggy.PluginValidationError as error:
            name = plugins.manager.get_name(error.plugin) or repr(error.plugin)
            plugins.manager.unregister(error.plugin)
            plugins._record(BrokenPlugin(name, _one_line(error)))
        else:
            return


def choose_backend(offers: Sequence[BackendOffer], name: str = "auto") -> tuple[BackendOffer, str]:
    """The offer to use and the sentence that says why.

    Raises BackendUnavailable when `name` is not offered or cannot run here, or when none can.
    """
    return _chosen("backend", offers, [offer.unavailable for offer in offers], name)


def choose_recogniser(
    offers: Sequence[RecogniserOffer], settings: RecogniserSettings, name: str = "auto"
) -> tuple[RecogniserOffer, str]:
    """The same for what looks at the picture; a recogniser says with its settings whether it can run here."""
    return _chosen("recogniser", offers, [offer.unavailable(settings) for offer in offers], name)


def _chosen(kind: str, offers: Sequence[Offer], unavailable: Sequence[str | None], name: str) -> tuple[Offer, str]:
    """The best of the offers that can run here, or the one named; `unavailable` says of each why it cannot."""
    pairs = zip(offers, unavailable, strict=True)
    ranked = sorted(pairs, key=lambda pair: (-pair[0].priority, pair[0].name))
    if name != "auto":
        return _named(kind, ranked, name), f"{name}: asked for by name"
    best = next((k for k, (offer, reason) in enumerate(ranked) if reason is None and offer.priority > 0), None)
    if best is None:
        reasons = "; ".join(f"{offer.name}: {reason}" for offer, reason in ranked) or "no plugin offers one"
        raise BackendUnavailable(f"no {kind} can run here ({reasons})")
    chosen = ranked[best][0]
    why = f"{chosen.name}: best usable {kind}"
    if best:
        why += " (" + "; ".join(f"{offer.name}: {reason}" for offer, reason in ranked[:best]) + ")"
    return chosen, why


def _named(kind: str, offers: Sequence[tuple[Offer, str | None]], name: str) -> Offer:
    found = next((pair for pair in offers if pair[0].name == name), None)
    if found is None:
        names = [offer.name for offer, _ in offers]
        close = difflib.get_close_matches(name, names, 1)
        hint = f" Did you mean {close[0]}?" if close else ""
        known = ", ".join(names) or "none"
        raise BackendUnavailable(f"there is no {kind} named {name!r} (there are: auto, {known}).{hint}")
    offer, reason = found
    if reason is not None:
        raise BackendUnavailable(f"{kind} {name} cannot run here: {reason}")
    return offer


def _as_list(result: object) -> list[Any]:
    return list(result) if isinstance(result, Sequence) else []


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
