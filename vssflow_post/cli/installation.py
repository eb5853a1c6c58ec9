"""`vssflow-post backends` and `vssflow-post doctor`: what is installed, what can be used here, and what is missing."""

from __future__ import annotations

import click


@click.command(short_help="List every backend, speech detector and recogniser: usable, or why not.")
def backends() -> None:
    """List every backend, speech detector and recogniser that is installed: usable here, or why not.

    Broken plugins are named.

    \b
    Example:
      vssflow-post backends
    """
    from vssflow_post.cli.console import print_rows
    from vssflow_post.cli.doctor import detector_state, recogniser_state
    from vssflow_post.errors import BackendUnavailable
    from vssflow_post.plugins import choose_backend, load_plugins

    plugins = load_plugins()
    offers, detectors = plugins.backends(), plugins.speech_detectors()
    rows = [("backend", offer.name, "unusable" if offer.unavailable else "usable", offer.unavailable or "")
            for offer in offers]  # fmt: skip
    rows += [("detector", offer.name, *detector_state(offer)) for offer in detectors]
    rows += [("recogniser", offer.name, *recogniser_state(offer)) for offer in plugins.recognisers()]
    rows += [("plugin", broken.name, "broken", broken.reason) for broken in plugins.broken]
    print_rows(rows, ("kind", "name", "state", "why"))
    try:
        click.echo(f"auto takes {choose_backend(offers)[1]}")
    except BackendUnavailable as error:
        click.echo(str(error))


@click.command(short_help="Check this installation; one line per check.")
def doctor() -> None:
    """Check what is installed, which device there is and which models; one line per check.

    Ends with exit code 1 when something is missing that every render needs.

    \b
    Example:
      vssflow-post doctor
    """
    from vssflow_post.cli.console import safe
    from vssflow_post.cli.doctor import run_checks

    is_fit = True
    for check in run_checks():
        click.echo(f"{check.state:<7} {check.name:<16} {safe(check.finding)}")
        is_fit = is_fit and check.state != "missing"
    if not is_fit:
        click.get_current_context().exit(1)
