"""`vssflow-post backends` and `vssflow-post doctor`: what is installed, what can be used here, and what is missing."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from vssflow_post.cli.options import json_option


@click.command(short_help="List every backend, speech detector and recogniser: usable, or why not.")
@json_option
def backends(as_json: bool) -> None:
    """List every backend, speech detector and recogniser that is installed: usable here, or why not.

    Broken plugins are named.

    \b
    Examples:
      vssflow-post backends
      vssflow-post backends --json
    """
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
    try:
        offer, why = choose_backend(offers)
        chosen, choice = offer.name, f"auto takes {why}"
    except BackendUnavailable as error:
        chosen, choice = None, str(error)
    if as_json:
        offered = [dict(zip(("kind", "name", "state", "why"), row, strict=True)) for row in rows]
        click.echo(json.dumps({"offers": offered, "auto": chosen, "why": choice}, indent=2))
        return
    from vssflow_post.cli.console import print_rows, say

    print_rows(rows, ("kind", "name", "state", "why"))
    say(choice)


@click.command(short_help="Check this installation; one line per check.")
@json_option
def doctor(as_json: bool) -> None:
    """Check what is installed, which device there is and which models; one line per check.

    Ends with exit code 1 when something is missing that every render needs.

    \b
    Examples:
      vssflow-post doctor
      vssflow-post doctor --json
    """
    from vssflow_post.cli.console import say
    from vssflow_post.cli.doctor import run_checks

    checks = []
    for check in run_checks():
        checks.append(check)
        if not as_json:
            head = f"{check.state:<7} {check.name:<16} "
            say(f"{head}{check.finding}", len(head))
    is_fit = all(check.state != "missing" for check in checks)
    if as_json:
        click.echo(json.dumps({"checks": [asdict(check) for check in checks], "fit": is_fit}, indent=2))
    if not is_fit:
        click.get_current_context().exit(1)
