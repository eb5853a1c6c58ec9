"""One film rendered in this process, as a worker does it but without the workers; and a server that forks such renders.

The server (`python one_film.py`) has imported all that a render needs, so that a render under strace costs a fork.
It reads lines: `FILM<tab>OUT` makes a child that waits and prints its pid, `go` lets it render and prints how it ended.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

from vssflow_post.batch.inputs import Films, find_jobs
from vssflow_post.batch.worker import work_on
from vssflow_post.errors import UsageError
from vssflow_post.plugins import load_plugins
from vssflow_post.progress import silent
from vssflow_post.render.job import FilmResult, Order
from vssflow_post.render.studio import open_studio
from vssflow_post.settings.files import load_preset
from vssflow_post.store.output_folder import OutputFolder, output_lock

EXIT_CODES = {"done": 0, "done_with_warnings": 0, "failed:io": 10, "failed:no_space": 11, "usage": 12}


def render_here(film: Path, out: Path, fresh: bool = False, seed: int = 0, preset: str = "ci") -> FilmResult:
    """Renders `film` with a shipped preset."""
    settings = load_preset(preset, {"generate.seed": seed})
    (job,) = find_jobs(Films([film]), out)
    order = Order(settings, OutputFolder(out), fresh)
    with output_lock(order.out), closing(open_studio(settings, order.out, load_plugins())) as studio:
        return work_on(job, order, studio, silent)


def _serve() -> None:
    os.environ["XDG_CACHE_HOME"] = os.devnull  # what forecasts remember is no part of a render: none may depend on it
    first = Path(sys.argv[1])
    render_here(first, Path(sys.argv[2]), preset="draft")  # imports what is imported late
    for line in sys.stdin:
        film, out = line.rstrip("\n").split("\t")
        gate, opener = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(gate, 1)
            _render_and_exit(Path(film), Path(out))
        print(pid, flush=True)
        sys.stdin.readline()
        os.write(opener, b".")
        _, status = os.waitpid(pid, 0)
        os.close(gate)
        os.close(opener)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _render_and_exit(film: Path, out: Path) -> None:
    code = 99
    try:
        result = render_here(film, out, preset="draft")
        code = EXIT_CODES.get(result.verdict, 98)
        if code == 98:
            print(result, file=sys.stderr, flush=True)
    except UsageError:
        code = EXIT_CODES["usage"]
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
