"""One film rendered in this process: as a worker does it, without the workers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from vssflow_post.cli.render import jobs_for
from vssflow_post.outcome import FilmResult
from vssflow_post.output_folder import output_lock
from vssflow_post.plugins import load_plugins
from vssflow_post.preset_files import load_preset
from vssflow_post.progress import silent
from vssflow_post.studio import open_studio
from vssflow_post.work import Order, work_on


def render_here(film: Path, out: Path, fresh: bool = False, seed: int = 0) -> FilmResult:
    """Renders `film` with the preset `ci`."""
    preset = load_preset("ci", {"generate.seed": seed})
    (job,) = jobs_for([film], out, None, None)
    with output_lock(out), closing(open_studio(preset, out, load_plugins())) as studio:
        return work_on(job, Order(preset, out, fresh), studio, silent)
