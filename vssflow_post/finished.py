"""Films that have their verdict already: recognised by their receipts at a glance, by their contents where that fails.

A skip trusts that a file whose size, times and inode are those of its receipt holds what it held; `vssflow-post verify`
trusts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vssflow_post.backend import BackendIdentity
from vssflow_post.casting import choose_voices
from vssflow_post.deliver import MANIFEST, is_complete, listed, tool_version
from vssflow_post.errors import FilmRejected, VssflowError
from vssflow_post.inputs import Job
from vssflow_post.media import Film
from vssflow_post.outcome import DONE, WARNINGS, FilmResult
from vssflow_post.receipts import FileState, Inputs, Receipt, read_receipt, write_receipt
from vssflow_post.store import address, file_digest
from vssflow_post.studio import Studio

COMPLETE, REFUSED = "was complete already", "was rejected before; --fresh looks again"


def known_result(job: Job, studio: Studio) -> FilmResult | None:
    """The verdict of an earlier run where nothing has changed since; None where that takes more than a glance.

    Nothing is decoded, digested or opened for it but the film's script, cue sheet and features.
    """
    receipt = read_receipt(job.receipt(studio.out))
    identity = studio.identity() if receipt is not None else None
    if receipt is None or identity is None:
        return None
    try:
        inputs = _inputs(job, studio, identity, receipt.inputs.source)
    except OSError:  # a script that cannot be read: the film's verdict, and not ours
        return None
    if receipt.inputs != inputs or not receipt.fits(job.film, job.folder):
        return None
    if receipt.deliverables:
        return FilmResult(job.film, receipt.verdict, job.folder, receipt.reason, detail=COMPLETE)
    return FilmResult(job.film, receipt.verdict, None, receipt.reason, detail=REFUSED)


def complete_result(job: Job, film: Film, studio: Studio) -> FilmResult | None:
    """The verdict of the folder's deliverables where they are whole and were made from just this; every file is
    digested, and a receipt saves doing so again."""
    inputs = inputs_of(job, film, studio)
    if not is_complete(job.folder, inputs.source, inputs.settings, inputs.weights):
        return None
    verdict, reason = _told(job.folder / "report.json")
    remember_delivery(job, film, inputs, studio, verdict, reason)
    return FilmResult(job.film, verdict, job.folder, reason, detail=COMPLETE)


def inputs_of(job: Job, film: Film, studio: Studio) -> Inputs:
    """Digests of all that decides about a film's deliverables; opens the backend where only that tells what it is."""
    return _inputs(job, studio, studio.known_identity(), film.digest)


def remember_delivery(job: Job, film: Film, inputs: Inputs, studio: Studio, verdict: str, reason: str | None) -> None:
    """Leaves the receipt of deliverables that are committed, unless the film has just changed."""
    state = FileState.of(film.path)
    if (state.n_bytes, state.modified_ns) == (film.size_bytes, film.modified_ns):
        receipt = Receipt(inputs, verdict, reason, state, _states(job.folder))
        write_receipt(job.receipt(studio.out), receipt)


@contextmanager
def remembered_rejection(job: Job, studio: Studio) -> Iterator[None]:
    """Leaves the receipt of a film that cannot be worked on, so that nobody tries again until something changes."""
    before = _state_or_none(job.film)
    try:
        yield
    except FilmRejected as rejected:
        with suppress(OSError, VssflowError):  # of the two troubles, the film's is told
            identity = studio.identity()
            if identity is not None and before is not None and before == _state_or_none(job.film):
                receipt = Receipt(_inputs(job, studio, identity, ""), rejected.full_verdict, str(rejected), before)
                write_receipt(job.receipt(studio.out), receipt)
        raise


def _state_or_none(path: Path) -> FileState | None:
    with suppress(OSError):
        return FileState.of(path)
    return None


def _inputs(job: Job, studio: Studio, identity: BackendIdentity, source: str) -> Inputs:
    words: dict[str, object] = {
        name: path and file_digest(path)
        for name, path in (("script", job.script), ("cues", job.cues), ("features", job.features))
    }
    voices = choose_voices(job.speakers, studio.preset.cast, identity.voices, job.company)
    words["salvage"] = job.salvage
    words["cast"] = {name: voices.get(name) for name in job.speakers}
    settings = address({**words, "preset": studio.preset.digest, "backend": studio.offer.name, "plugin": studio.plugin})
    return Inputs(source, settings, identity.weights_digest, tool_version())


def _states(folder: Path) -> dict[str, FileState]:
    return {name: FileState.of(folder / name) for name in sorted({*listed(folder / MANIFEST), MANIFEST})}


def _told(report: Path) -> tuple[str, str | None]:
    """Verdict and reason as the report says them."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        table = json.loads(report.read_text("utf-8"))
        if table["verdict"] in (DONE, WARNINGS):
            return table["verdict"], " ".join(map(str, table["warnings"])) or None
    return DONE, None
