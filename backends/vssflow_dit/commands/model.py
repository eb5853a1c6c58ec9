"""`vssflow-post model`: look at weights, and make them. What is heavy is imported when a command runs."""

from __future__ import annotations

from pathlib import Path

import click

from vssflow_post.backend import GenerationSettings


@click.group()
def model() -> None:
    """Look at the model's weights, import the reference's, or train and evaluate your own.

    \b
    vssflow-post model info                                  the shipped starter
    vssflow-post model import official.ckpt -o weights       the reference's checkpoint
    vssflow-post model synthesise data --hours 5 --seed 1    data to learn from
    vssflow-post model train --config starter --data data --run runs/starter
    vssflow-post model pack data -o pack                     the same data, to be carried to another machine
    vssflow-post model evaluate runs/starter/weights -o report
    """


@model.command()
@click.argument("weights", default="starter")
def info(weights: str) -> None:
    """What WEIGHTS (a folder, or `starter`) is: sizes, streams and their routes, voices, sounds, digest.

    \b
    vssflow-post model info
    vssflow-post model info runs/starter/weights
    """
    from vssflow_dit.checkpoint.describe import description

    for line in description(weights):
        click.echo(line)


@model.command("import")
@click.argument("checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON with the configurations of dit, vae and vocoder; the released ones without it.",
)
@click.option("-o", "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A new folder.")
def import_(checkpoint: Path, config: Path | None, out: Path) -> None:
    """Make a folder of weights from CHECKPOINT, VSSFlow's own: a Lightning checkpoint, or its tensors in safetensors.

    Every tensor must be there under its name and with its shape; each one that is not is named. Nothing in the file
    is executed. Head counts cannot be read from shapes: another size than the released one needs --config.

    \b
    vssflow-post model import official.ckpt -o weights/vssflow
    vssflow-post model import small.ckpt --config small.json -o weights/small
    vssflow-post render film.mp4 -o out --weights weights/vssflow
    """
    from vssflow_dit.checkpoint.reference import import_checkpoint

    import_checkpoint(checkpoint, config, out, click.echo)
    click.echo(f"weights: {out}")


@model.command()
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--hours", default=5.0, show_default=True, help="Hours of speech; sounds come on top.")
@click.option("--seed", default=1, show_default=True, help="Another seed gives other sentences and other sounds.")
@click.option(
    "--exclude",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of sentences, one a line, that are never spoken, besides the fifty that `evaluate` asks for.",
)
@click.option(
    "--recordings",
    is_flag=True,
    help="Take in recorded sounds as well: those in Debian's 0ad-data, openttd-opensfx, supertuxkart-data and "
    "minetest-data.",
)
@click.option(
    "--recorded-speech",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Recorded speech for the vocoder: the prompts of Debian's asterisk-core-sounds-en-g722.",
)
@click.option("--workers", default=2, show_default=True, help="Processes.")
def synthesise(
    out: Path,
    hours: float,
    seed: int,
    exclude: Path | None,
    recordings: bool,
    recorded_speech: Path | None,
    workers: int,
) -> None:
    """Make training data in OUT: spoken sentences and sounds, with exact times. Needs flite and fortunes (Debian).

    OUT/data.json says what was made, from what, and its digest; the same command gives the same digest again. A run
    that was stopped goes on where it was.

    \b
    vssflow-post model synthesise data --hours 5 --seed 1
    """
    from vssflow_dit.bars import bars
    from vssflow_dit.evaluation.heldout import SENTENCES
    from vssflow_dit.synthesis import synthesise_all

    excluded = [*SENTENCES, *(exclude.read_text("utf-8").splitlines() if exclude else ())]
    with bars() as report:
        synthesise_all(out, hours, seed, excluded, recordings, recorded_speech, workers, click.echo, report)


@model.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A new folder.")
@click.option("--megabytes", default=60.0, show_default=True, help="Its size at most: sentences that do not fit stay.")
@click.option("--workers", default=2, show_default=True, help="Files that are coded at once.")
def pack(data: Path, out: Path, megabytes: float, workers: int) -> None:
    """Pack DATA, made by `synthesise`, to be carried elsewhere: speech and recordings as Opus, the rest as recipes.

    `train --data` takes a pack as it takes a folder. OUT/data.json says what is in it, and its digest.

    \b
    vssflow-post model pack data -o pack
    vssflow-post model train --start starter --data pack --run runs/more --device cuda --time-budget 9
    """
    from vssflow_dit.bars import bars
    from vssflow_dit.synthesis.pack import write_pack

    with bars() as report:
        digest = write_pack(data, out, megabytes, workers, report)
    click.echo(f"digest: {digest}")


@model.command()
@click.option("--config", default="starter", show_default=True, help="Name of the model's configuration.")
@click.option(
    "--part",
    type=click.Choice(["all", "dit", "vocoder", "strikes", "durations", "few_steps"]),
    default="all",
    show_default=True,
    help="`few_steps` distils the weights of --start, and is no part of all.",
)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Made by `model synthesise`, or packed by `model pack`; for the full size, a folder of feature files.",
)
@click.option(
    "--run",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder of the run; it resumes what it finds there.",
)
@click.option("--start", help="Weights to begin with: `starter`, or a folder. Voices and sounds may be added.")
@click.option(
    "--time-budget", default=90.0, show_default=True, help="Minutes for transformer and vocoder, side by side."
)
@click.option("--steps", type=click.IntRange(1), help="Steps of the transformer, if the time does not end it earlier.")
@click.option(
    "--batch", type=click.IntRange(1), default=24, show_default=True, help="Examples of a step, on each device."
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--devices", default="auto", show_default=True, help="How many GPUs, or CPU processes; all GPUs without.")
@click.option("--threads", default=0, show_default=True, help="CPU threads; 0 is all cores. Parts share them.")
def train(
    config: str,
    part: str,
    data: Path,
    run: Path,
    start: str | None,
    time_budget: float,
    steps: int | None,
    batch: int,
    device: str,
    devices: str,
    threads: int,
) -> None:
    """Train a model: RUN/weights is what `render --weights` takes. Resumes where it was stopped.

    RUN/dit/curves.png shows how it learns. docs/training.md says what feature files of the full size hold.

    \b
    vssflow-post model train --config starter --data data --run runs/starter
    vssflow-post model train --start starter --data data --run runs/more --part dit --time-budget 600
    vssflow-post model train --start runs/more/weights --data data --run runs/more --part few_steps --time-budget 40
    vssflow-post model train --config base --data features --run runs/base --devices 8 --time-budget 10000
    """
    from vssflow_dit.bars import training_bar
    from vssflow_dit.training.parts import TrainingOrder, train_parts

    steps = steps or 1_000_000
    order = TrainingOrder(config, data, run, part, time_budget, start, batch, steps, devices, threads, device)
    with training_bar() as on_step:
        train_parts(order, click.echo, on_step)


@model.command()
@click.argument("weights", default="starter")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="The teachers' held-out speech; spoken into it first where there is none. Without it, it is spoken each time.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("evaluation"),
    show_default=True,
    help="Gets evaluation.md, and a folder of its pictures and numbers.",
)
@click.option(
    "--sentences",
    type=click.IntRange(1, 50),
    default=50,
    show_default=True,
    help="Said by each voice: fewer are quicker.",
)
@click.option(
    "--clips",
    type=click.IntRange(2, 100),
    default=6,
    show_default=True,
    help="Of each class of sound; the classifier learns from four times as many.",
)
def evaluate(weights: str, data: Path | None, out: Path, sentences: int, clips: int) -> None:
    """Measure WEIGHTS (a folder, or `starter`): words, voices, strikes, classes, lips and speed, in an hour or less.

    Needs the extra `evaluate`, and the teachers' voices (docs/training.md).

    \b
    vssflow-post model evaluate runs/starter/weights -o report
    vssflow-post model evaluate runs/starter/weights -o quick --sentences 10 --clips 2
    """
    from vssflow_dit.bars import bars
    from vssflow_dit.engine import cpu_engine
    from vssflow_dit.evaluation.run import SampleSizes
    from vssflow_dit.evaluation.run import evaluate as evaluate_weights

    backend = cpu_engine(GenerationSettings(weights=weights))
    with bars() as report:
        sizes = SampleSizes(sentences, clips_each=clips, learned_each=4 * clips)
        page = evaluate_weights(weights, backend, data, out, sizes, report)
    click.echo(f"evaluation: {page}")
