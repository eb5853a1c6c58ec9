"""What every worker does with a film, in whatever process or machine: any error becomes the film's verdict."""

from __future__ import annotations

import time
import traceback
from contextlib import suppress
from pathlib import Path

from vssflow_post.errors import FilmError, FilmFailed, UsageError
from vssflow_post.progress import OnProgress
from vssflow_post.render.forecast import plan_film
from vssflow_post.render.job import FilmResult, Job, Order, result_of
from vssflow_post.render.resume import render_unless_known
from vssflow_post.render.studio import Studio
from vssflow_post.store.output_folder import OutputFolder
from vssflow_post.store.publishing import DISK_FULL


def work_on(job: Job, order: Order, studio: Studio, progress: OnProgress) -> FilmResult:
    """One film to its verdict. Only UsageError comes out: it would meet every film."""
    started = time.monotonic()
    try:
        if order.dry_run:
            return plan_film(job, studio, order.fresh, progress)
        return render_unless_known(job, studio, order.fresh, progress)
    except UsageError:
        raise
    except FilmError as error:
        return result_of(error, job.film, time.monotonic() - started)
    except OSError as error:
        code = "no_space" if error.errno in DISK_FULL else "io"
        failure = FilmFailed(code, f"{error.strerror or error}: {error.filename or job.film}")
    except MemoryError:
        failure = FilmFailed("no_memory", "the machine has not enough memory for this film")
    except Exception as error:  # noqa: BLE001  a bug costs one film; its traceback is kept
        log = _keep_traceback(job, order.out)
        failure = FilmFailed("internal", f"{type(error).__name__}: {error} (traceback: {log})")
    return result_of(failure, job.film, time.monotonic() - started)


def _keep_traceback(job: Job, out: OutputFolder) -> Path:
    log = out.traceback(job.stem)
    with suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc(), "utf-8", "backslashreplace")
    return log
