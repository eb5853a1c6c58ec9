"""Films that have their verdict already: recognised by their receipts at a glance, by their contents where that fails.

A skip trusts that a file whose size, times and inode are those of its receipt holds what it held; `vssflow-post verify`
trusts nothing. A receipt is a shortcut and nothing else: where it is lost, or a file does not look as it says, contents
are digested.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vssflow_post.backend import BackendIdentity
from vssflow_post.cues.casting import check_cast, choose_voices, sexes_of
from vssflow_post.deliver.manifest import MANIFEST, is_complete, listed, tool_version
from vssflow_post.errors import FilmRejected, VssflowError
from vssflow_post.media import Film
from vssflow_post.progress import OnProgress
from vssflow_post.render.job import DONE, WARNINGS, FilmResult, InputDigests, Job
from vssflow_post.render.recognition import table_file
from vssflow_post.render.recordings import digests_of
from vssflow_post.render.studio import Studio
from vssflow_post.store.entries import address, digest_or_not
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.store.reading import read_json

VERSION = 1
"""Of receipts."""
COMPLETE, REFUSED = "was complete already", "was rejected before; --fresh looks again"


def render_unless_known(job: Job, studio: Studio, fresh: bool, progress: OnProgress) -> FilmResult:
    """The verdict of an earlier run where nothing has changed since and it is not to be made `fresh`; else the film is
    rendered.

    Raises FilmError for a verdict other than done, and UsageError for what is wrong with the whole order.
    """
    # Imported here: whoever hires workers asks for verdicts too, and needs nothing that renders.
    from vssflow_post.render.film import Clock, render_film
    from vssflow_post.render.first_half import probed

    clock = Clock()
    if not fresh and (known := verdict_at_a_glance(job, studio)) is not None:
        return replace(known, seconds=clock.elapsed())
    if (identity := studio.identity()) is not None:  # a cast that nobody can speak meets every film
        check_cast(studio.preset.cast, identity.voices)
    with remembered_rejection(job, studio):
        film = probed(job, progress)
        inputs = inputs_of(job, film, studio)
        known = None if fresh else verdict_by_contents(job, inputs)
        result = known or render_film(job, film, inputs, studio, clock, progress)
        if result.is_final:
            remember_verdict(job, film, inputs, studio, result)
        return result


def verdict_at_a_glance(job: Job, studio: Studio) -> FilmResult | None:
    """The verdict of an earlier run where nothing has changed since; None where that takes more than a glance.

    Nothing is decoded, digested or opened for it but the film's script, cue sheet, features and recordings.
    """
    receipt = read_receipt(studio.out.receipt(job.stem))
    identity = studio.identity() if receipt is not None else None
    if receipt is None or identity is None:
        return None
    inputs = _inputs(job, studio, identity, receipt.inputs.source)
    if receipt.inputs != inputs or not receipt.fits(job.film, job.folder):
        return None
    if receipt.deliverables:
        return FilmResult(job.film, receipt.verdict, job.folder, receipt.reason, detail=COMPLETE)
    return FilmResult(job.film, receipt.verdict, None, receipt.reason, detail=REFUSED)


def verdict_by_contents(job: Job, inputs: InputDigests) -> FilmResult | None:
    """The verdict of the folder's deliverables where they are whole and were made from just this; every file is
    digested."""
    if not is_complete(job.folder, inputs.source, inputs.settings, inputs.weights):
        return None
    verdict, reason = _told(job.folder / "report.json")
    return FilmResult(job.film, verdict, job.folder, reason, detail=COMPLETE)


def inputs_of(job: Job, film: Film, studio: Studio) -> InputDigests:
    """Digests of all that decides about a film's deliverables; opens the backend where only that tells what it is."""
    return _inputs(job, studio, studio.known_identity(), film.digest)


def remember_verdict(job: Job, film: Film, inputs: InputDigests, studio: Studio, result: FilmResult) -> None:
    """Leaves the receipt of deliverables that are committed, unless the film has just changed."""
    state = FileState.of(film.path)
    if (state.n_bytes, state.modified_ns) == (film.size_bytes, film.modified_ns):
        receipt = Receipt(inputs, result.verdict, result.reason, state, _states(job.folder))
        write_receipt(studio.out.receipt(job.stem), receipt)


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
                write_receipt(studio.out.receipt(job.stem), receipt)
        raise


def _state_or_none(path: Path) -> FileState | None:
    with suppress(OSError):
        return FileState.of(path)
    return None


def _inputs(job: Job, studio: Studio, identity: BackendIdentity, source: str) -> InputDigests:
    words: dict[str, object] = {
        name: path and digest_or_not(path)
        for name, path in (("script", job.script), ("cues", job.cues), ("features", job.features))
    }
    ranks = studio.ranks(identity)
    voices = choose_voices(job.speakers, studio.preset.cast, sexes_of(identity), job.batch_speakers, ranks)
    words["salvage"] = job.salvage
    if job.untaken:
        words["untaken"] = job.untaken
    words["cast"] = {name: voices.get(name) for name in job.speakers}
    recognition, table = studio.recognition, table_file(studio.preset.cues)
    words["recogniser"] = recognition and [recognition.offer.name, recognition.digest, table and digest_or_not(table)]
    recordings = digests_of(job.cues, studio.preset)
    words["recordings"] = recordings
    settings = address({**words, "preset": studio.preset.digest, "backends": studio.backends})
    return InputDigests(source, settings, identity.weights_digest, tool_version(), recordings)


def _states(folder: Path) -> dict[str, FileState]:
    return {name: FileState.of(folder / name) for name in sorted({*listed(folder / MANIFEST), MANIFEST})}


def _told(report: Path) -> tuple[str, str | None]:
    """Verdict and reason as the report says them."""
    told = read_json(report, lambda table: (str(table["verdict"]), " ".join(map(str, table["warnings"])) or None))
    return told if told is not None and told[0] in (DONE, WARNINGS) else (DONE, None)


@dataclass(frozen=True, slots=True)
class FileState:
    """What the file system says of a file: any writing to it changes this."""

    n_bytes: int
    modified_ns: int
    changed_ns: int
    """Of its content, name or rights: unlike the time of modification, no program sets it."""
    inode: int

    @classmethod
    def of(cls, path: Path) -> FileState:
        """Raises OSError where there is no such file."""
        stat = os.stat(path)  # noqa: PTH116  films come as paths of any kind
        return cls(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One film's."""

    inputs: InputDigests
    verdict: str
    """`done`, `done_with_warnings` or `rejected:<code>`."""
    reason: str | None
    film: FileState
    deliverables: Mapping[str, FileState] = field(default_factory=dict)
    """By name, the manifest among them; none for a film that was rejected."""

    def fits(self, film: Path, folder: Path) -> bool:
        """Whether the film and everything in `folder` look as they did."""
        try:
            return FileState.of(film) == self.film and all(
                FileState.of(folder / name) == state for name, state in self.deliverables.items()
            )
        except OSError:
            return False


def read_receipt(path: Path) -> Receipt | None:
    """None where there is none that can be read."""
    return read_json(path, _receipt_of)


def _receipt_of(table: Mapping[str, Any]) -> Receipt | None:
    if table["version"] != VERSION:
        return None
    recordings = tuple((name, digest) for name, digest in table["inputs"].pop("recordings", ()))
    return Receipt(
        InputDigests(**table["inputs"], recordings=recordings),
        table["verdict"],
        table["reason"],
        FileState(**table["film"]),
        {name: FileState(**state) for name, state in table["deliverables"].items()},
    )


def write_receipt(path: Path, receipt: Receipt) -> None:
    """Raises FilmFailed("no_space") when the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    publish_bytes(path, json.dumps({"version": VERSION, **asdict(receipt)}).encode("ascii"))
