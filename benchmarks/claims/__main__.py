"""See `benchmarks/claims/__init__.py`."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import claims
from benchmarks.claims.page import DOCS, write_page
from benchmarks.claims.runs import Study, kept, plan, results, run_of, runs_of, step_seconds

STEPS, SEEDS = 800, 2


def main() -> None:
    parser = argparse.ArgumentParser(
        "benchmarks.claims", description=claims.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("names", nargs="*", help="`joint` or, its first seed alone, `joint-1`; everything without")
    parser.add_argument("--steps", type=int, default=STEPS, help="N, a multiple of 100")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--plan", action="store_true", help="only say what would run, and how long it takes")
    asked = parser.parse_intermixed_args()
    if asked.steps % 100:
        parser.error("--steps must be a multiple of 100: its quarters are measured at")
    try:
        todo = runs_of(asked.steps, asked.seeds, asked.names)
    except ValueError as error:
        parser.error(str(error))
    done = {run_of(result) for result in results(asked.runs)}
    if asked.plan:
        print(*plan(todo, done, step_seconds()), sep="\n")
        return
    todo = [run for run in todo if run not in done]
    if todo:
        study = Study.of(asked.data, asked.runs)
        if (steps := kept(asked.runs / "steps.pickle", lambda: asked.steps)) != asked.steps:
            parser.error(f"{asked.runs} was begun with --steps {steps}")
        for run in todo:
            result = study.carry_out(run)
            last = result["points"][str(run.updates)]
            said = {name: round(value, 3) for name, value in last.items() if not name.endswith("by t")}
            print(run.name, f"{result['minutes']:.1f} min", said, flush=True)
            write_page(results(asked.runs), DOCS)
    else:
        write_page(results(asked.runs), DOCS)


if __name__ == "__main__":
    main()
