"""`vssflow-post sounds`: what the weights can make heard, and which of it a prompt in words means."""

from __future__ import annotations

import json

import click


@click.command(short_help="List the sounds; say which one a prompt means.")
@click.argument("prompt", default="")
@click.option("--weights", default="starter", show_default=True, help="A folder of weights, or `starter`.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def sounds(prompt: str, weights: str, as_json: bool) -> None:
    """List the classes of sound, what in the picture each follows, and words for it; or, of a PROMPT, its class.

    \b
    Examples:
      vssflow-post sounds
      vssflow-post sounds "a cricket bat hits a ball"
      vssflow-post sounds "rain 70%, wind 30%"
      vssflow-post sounds --weights runs/starter/weights --json
    """
    from vssflow_dit.config import config_of_weights, folder_of
    from vssflow_dit.sounds import ALIASES, follows, loudest, sound_mixture
    from vssflow_post.errors import UsageError

    classes = config_of_weights(folder_of(weights)).sounds
    if not classes:
        raise UsageError(f"the weights {weights} have no classes of sound: they follow the picture's features alone")
    if not prompt:
        rows = [(name, follows(name), ALIASES.get(name, ())) for name in classes]
        if as_json:
            listed = [{"name": name, "follows": what, "aliases": list(words)} for name, what, words in rows]
            click.echo(json.dumps({"weights": weights, "sounds": listed}))
        else:
            for name, what, words in [("sound", "follows", ("also, for example",)), *rows]:
                click.echo(f"{name:<16} {what:<8} {', '.join(words[:6])}".rstrip())
        return
    mixture, note = sound_mixture(prompt, classes)
    name = loudest(mixture)
    if as_json:
        facts = {"weights": weights, "prompt": prompt, "sound": name or None, "mixture": mixture, "note": note}
        click.echo(json.dumps(facts))
    else:
        means = ", ".join(f"{each} {weight:.0%}" for each, weight in mixture.items()) if len(mixture) > 1 else name
        click.echo(f"{means}: follows {follows(name)}" if name else note)
        if name and note:
            click.echo(note)
