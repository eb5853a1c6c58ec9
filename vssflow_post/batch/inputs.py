"""From what the user named to jobs: folders walked, films told by content, the scripts and features beside them found,
and films refused whose results would go to one folder. Who speaks in the scripts of a batch."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from vssflow_post.batch.selection import EVERYTHING, Selection
from vssflow_post.cues.script import MAX_SCRIPT_BYTES, speakers_of
from vssflow_post.cues.sheet import require_good_sheet
from vssflow_post.cues.sidecar import names_in, sidecar_of
from vssflow_post.deliver.manifest import MANIFEST, TOOL
from vssflow_post.errors import FilmRejected, ScriptError, UsageError
from vssflow_post.media import looks_like_film
from vssflow_post.media.signature import FILM_SUFFIXES
from vssflow_post.render.job import Job
from vssflow_post.store.output_folder import LEDGER, LEDGER_OF_OLD, STATE_FOLDER
from vssflow_post.store.reading import read_json

NOT_FILMS = (
    *(".gif", ".ogg", ".oga", ".opus", ".spx", ".m4a", ".m4b", ".m4r", ".mka", ".wma"),
    *(".heic", ".heif", ".avif", ".cr3"),
)
"""Sound and pictures that come in a film's container format."""
MAX_STEM_BYTES = 200
"""File names may have 255 bytes; deliverables add their own endings to the film's."""


@dataclass(frozen=True, slots=True)
class Films:
    """The films of a run, as the user names them."""

    inputs: Sequence[Path]
    """Films, and folders, which are walked."""
    selection: Selection = EVERYTHING
    """Which of them are meant."""
    script: Path | None = None
    """Of the only film, instead of the one that lies beside it; or a folder of scripts, named as their films are."""
    cues: Path | None = None
    """Edited cue sheet of the only film."""
    salvage: bool = False
    """Whether a film that is cut off is taken as far as it goes."""


def find_jobs(films: Films, out: Path) -> list[Job]:
    """A job for each film, in order, each film once; a folder's are sorted by path.

    Raises UsageError for an input that does not exist, when there is no film at all, and when a script or cue sheet is
    meant for several films.
    """
    jobs = jobs_now(films, out)
    if not jobs:
        left = "" if films.selection == EVERYTHING else " that --since, --only and --exclude leave"
        raise UsageError(f"there is no film in {', '.join(map(str, films.inputs))}{left}")
    script_of_one = None if films.script is not None and films.script.is_dir() else films.script
    for option, path in (("--script", script_of_one), ("--cues", films.cues)):
        if path is not None and len(jobs) != 1:
            raise UsageError(f"{option} is for one film, and there are {len(jobs)}")
    if films.script is not None:
        jobs = _with_scripts(jobs, films.script)
    return with_batch_speakers([_unless_bad_cues(replace(job, cues=films.cues)) for job in jobs])


def _with_scripts(jobs: Sequence[Job], named: Path) -> list[Job]:
    """The jobs, each with the script that the user names; in a folder, with the one that is called as its film."""
    if not named.is_dir():
        return [replace(job, script=named, untaken="") for job in jobs]
    names = names_in(named)
    found = [(job, sidecar_of(named / job.film.name, names)) for job in jobs]
    return [
        replace(job, script=beside.script, untaken=beside.untaken or ("" if beside.script else _no_script(job, named)))
        for job, beside in found
    ]


def _no_script(job: Job, folder: Path) -> str:
    return f"No script is taken: in {folder} lies none that is called as the film, {job.film.stem}.srt or the like."


def _unless_bad_cues(job: Job) -> Job:
    """The job, refused where its cue sheet is wrong whatever the film: that is told before the film is opened."""
    if job.cues is None or job.refused is not None:
        return job
    try:
        require_good_sheet(job.cues)
    except ScriptError as error:
        return replace(job, refused=error)
    return job


def jobs_now(films: Films, out: Path) -> list[Job]:
    """The jobs of the films that are there by now, which may be none; script and cue sheet of the user's left out.

    Raises UsageError for an input that does not exist.
    """
    jobs: list[Job] = []
    seen: set[Path] = set()
    names = cache(names_in)  # a large folder is read once
    for path in films.inputs:
        if not os.path.lexists(path):
            raise UsageError(f"there is no file or folder {path}")
        found = _walk(path, out) if path.is_dir() else iter([(path, None)])
        for film, refused in found:
            key = _identity(film)
            if key not in seen and films.selection.takes(film, path):
                seen.add(key)
                jobs.append(_job(film, out, refused, path if path.is_dir() else None, names(film.parent)))
    return [replace(job, salvage=films.salvage) for job in _without_collisions(jobs)]


def _job(
    film: Path, out: Path, refused: FilmRejected | None, root: Path | None, names: Sequence[tuple[str, str]]
) -> Job:
    """The job of a film in the walked folder `root`; without one the user named the film itself."""
    stem = deliverable_stem(film)
    sidecar, features = sidecar_of(film, names), features_beside(film)
    script = sidecar.script
    for path, code in ((script, "bad_script"), (features, "bad_features")):
        if path is not None and refused is None:
            refused = _unusable(path, code, MAX_SCRIPT_BYTES if path is script else None, root)
    if refused is not None:
        return Job(film, stem, out / stem, refused=refused)
    return Job(film, stem, out / stem, script, features=features, untaken=sidecar.untaken)


def _unusable(path: Path, code: str, max_bytes: int | None, root: Path | None) -> FilmRejected | None:
    """Why what lies beside a film is not opened: it leads out of the walked folder, may block, or never end."""
    outside = None if root is None else _outside(path, root, root.resolve())
    if outside is not None:
        return outside
    try:
        status = path.stat()
    except OSError as error:
        return FilmRejected(code, f"{path.name}: cannot be read ({error.strerror})")
    if not stat.S_ISREG(status.st_mode):
        return FilmRejected(code, f"{path.name}: is not a file")
    if max_bytes is not None and status.st_size > max_bytes:
        return FilmRejected(code, f"{path.name}: is larger than {max_bytes // 1024**2} MB, too large for a script")
    return None


def deliverable_stem(film: Path) -> str:
    """The film's name without its ending; shortened (and told apart by a digest) where file names could not hold it."""
    stem = film.stem
    raw = os.fsencode(stem)
    if len(raw) > MAX_STEM_BYTES:
        kept = raw[: MAX_STEM_BYTES - 9]
        while kept and kept[-1] & 0xC0 == 0x80:  # never cut a UTF-8 character in half
            kept = kept[:-1]
        kept = kept[:-1] if kept and kept[-1] & 0xC0 == 0xC0 else kept
        return os.fsdecode(kept) + "~" + hashlib.sha256(raw).hexdigest()[:8]
    # "..mp4" and "...mp4" would name the output folder and its parent
    is_taken = stem in (STATE_FOLDER, LEDGER, LEDGER_OF_OLD) or not stem.strip(".")
    return f"_{stem}" if is_taken else stem


def _identity(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a link that points to itself
        return path.absolute()


def _walk(root: Path, out: Path) -> Iterator[tuple[Path, FilmRejected | None]]:
    """Films below `root`. Links to folders are not followed, so that the walk ends; those that lead out are refused."""
    inside, skipped = root.resolve(), out.resolve()
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        for name in list(folders):
            child = here / name
            if name.startswith(".") or _identity(child) == skipped or _is_delivery(child):
                folders.remove(name)
            elif child.is_symlink():
                folders.remove(name)
                if not _identity(child).is_relative_to(inside):
                    yield child, FilmRejected("outside_root", f"this link leads out of {root}: {_identity(child)}")
        folders.sort()
        for name in sorted(files):
            path = here / name
            if not name.startswith(".") and _is_candidate(path):
                yield path, _outside(path, root, inside)


def _is_delivery(folder: Path) -> bool:
    """Whether an earlier run delivered this folder: such folders appear whole, with their manifest."""
    return read_json(folder / MANIFEST, lambda manifest: manifest["tool"]["name"] == TOOL) or False


def _outside(path: Path, root: Path, inside: Path) -> FilmRejected | None:
    if not path.is_symlink() or _identity(path).is_relative_to(inside):
        return None
    return FilmRejected("outside_root", f"this link leads out of {root}: {_identity(path)}")


def _is_candidate(path: Path) -> bool:
    """Whether a file in a walked folder is to get a verdict: it is called like a film, or it is one."""
    suffix = path.suffix.lower()
    if suffix in FILM_SUFFIXES:
        return True
    return suffix not in NOT_FILMS and looks_like_film(path)


def features_beside(film: Path) -> Path | None:
    """The file of features that lies beside a film, by its name; None where there is none."""
    path = film.parent / (film.stem + ".npz")
    return path if os.path.lexists(path) else None


def _without_collisions(jobs: Sequence[Job]) -> list[Job]:
    """Refuses films that would be delivered into one folder, or over a source."""
    by_folder: dict[Path, list[Job]] = {}
    for job in jobs:
        if job.refused is None:
            by_folder.setdefault(_identity(job.folder), []).append(job)
    return [_refused(job, by_folder) for job in jobs]


def _refused(job: Job, by_folder: dict[Path, list[Job]]) -> Job:
    if job.refused is not None:
        return job
    others = [other.film for other in by_folder[_identity(job.folder)] if other is not job]
    why = None
    if others:
        why = f"its results would go to {job.folder}, and so would those of {', '.join(map(str, others))}"
    elif _identity(job.film.parent) == _identity(job.folder):
        why = f"its results would go to {job.folder}, where the film itself lies"
    return job if why is None else replace(job, refused=FilmRejected("output_collision", why))


def with_batch_speakers(jobs: Sequence[Job]) -> list[Job]:
    """The jobs, each knowing who speaks in its script and in those of all: voices are cast over the whole batch."""
    scripts = {job.script for job in jobs if job.script is not None}
    if not scripts:
        return list(jobs)
    known = {script: speakers_of(script) for script in scripts}
    batch_speakers = tuple(sorted({name for names in known.values() for name in names}))
    return [
        replace(job, speakers=known[job.script] if job.script is not None else (), batch_speakers=batch_speakers)
        for job in jobs
    ]
