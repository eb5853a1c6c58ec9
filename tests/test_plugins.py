"""Plugins: loaded one by one, none able to stop the others; and the choice among backends."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from vssflow_post.backend import BackendOffer
from vssflow_post.errors import BackendUnavailable
from vssflow_post.hookspecs import GROUP, hookimpl
from vssflow_post.plugins import choose_backend, load_plugins


def offer(name: str, priority: int, unavailable: str | None = None) -> BackendOffer:
    return BackendOffer(name, priority, lambda settings: pytest.fail("must not be opened"), unavailable)


OFFERS = [offer("slow", 1), offer("fast", 5), offer("gone", 9, "it has no graphics card")]


def test_auto_takes_the_best_usable_and_says_what_it_passed_over() -> None:
    chosen, why = choose_backend(OFFERS)
    assert chosen.name == "fast"
    assert "fast" in why
    assert "gone: it has no graphics card" in why


def test_a_named_backend_is_taken_or_refused_but_never_replaced() -> None:
    assert choose_backend(OFFERS, "slow")[0].name == "slow"
    with pytest.raises(BackendUnavailable, match="gone cannot run here: it has no graphics card"):
        choose_backend(OFFERS, "gone")
    with pytest.raises(BackendUnavailable, match=r"no backend named 'fats'.*Did you mean fast"):
        choose_backend(OFFERS, "fats")


def test_without_a_usable_backend_every_reason_is_given() -> None:
    with pytest.raises(BackendUnavailable, match="gone: it has no graphics card"):
        choose_backend([OFFERS[2]])
    with pytest.raises(BackendUnavailable, match="no plugin offers one"):
        choose_backend([])


def test_installed_plugins_are_found_and_a_broken_one_is_named(fake_backend: Path) -> None:
    plugins = load_plugins()
    assert plugins.backends()[0].name == "absent"
    assert "fake" in [offer.name for offer in plugins.backends()]
    assert any(broken.name == "broken" and "fake_backend_missing" in broken.reason for broken in plugins.broken)


def test_the_origin_of_an_offer_names_plugin_and_version(fake_backend: Path) -> None:
    plugins = load_plugins()
    fake = next(offer for offer in plugins.backends() if offer.name == "fake")
    assert str(plugins.origin_of(fake)) == "fake (fake-backend 1.0)"


def plugin(name: str, source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> EntryPoint:
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    return EntryPoint(name, name, GROUP)


def test_plugins_that_raise_exit_or_misspell_a_hook_do_not_stop_a_good_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    head = "from vssflow_post.hookspecs import hookimpl\n"
    points = [
        plugin("exits_on_import", "raise SystemExit(3)", monkeypatch, tmp_path),
        plugin("raises", head + "@hookimpl\ndef vssflow_backends(): raise KeyError('oh')", monkeypatch, tmp_path),
        plugin("idle", "", monkeypatch, tmp_path),
        plugin("misspells", head + "@hookimpl\ndef vssflow_backend(): return []", monkeypatch, tmp_path),
        plugin(
            "works",
            head + "from vssflow_post.backend import BackendOffer\n"
            "@hookimpl\ndef vssflow_backends(): return [BackendOffer('works', 1, None)]",
            monkeypatch,
            tmp_path,
        ),
    ]
    plugins = load_plugins(points)
    assert [offer.name for offer in plugins.backends()] == ["works"]
    assert {broken.name for broken in plugins.broken} == {"exits_on_import", "raises", "idle", "misspells"}


def test_commands_of_plugins_reach_the_command_line() -> None:
    import click

    class Greeter:
        @hookimpl
        def vssflow_commands(self, cli: click.Group) -> None:
            cli.add_command(click.Command("greet"))

    plugins = load_plugins([])
    plugins.manager.register(Greeter(), "greeter")
    group = click.Group()
    plugins.add_commands(group)
    assert "greet" in group.commands
