"""The user's own recordings in one film: found and heard before anything is rendered, then laid in the store.

And the music of the preset, which becomes cues of the film.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from vssflow_post.cues.sheet import cue_seed, recordings_named
from vssflow_post.errors import FilmFailed, FilmRejected
from vssflow_post.generate.take_store import StoredTake, TakeStore, recorded_take
from vssflow_post.media import Film
from vssflow_post.media.recording import extent_of
from vssflow_post.settings.preset import MusicSettings, Preset
from vssflow_post.store.entries import digest_or_not
from vssflow_post.timeline import Cue, CueSheet, Recording, Span, samples_from_seconds

RecordingDigests = tuple[tuple[str, str], ...]
"""(file name, sha256 in hex) of each recording."""


def digests_of(cues: Path | None, preset: Preset) -> RecordingDigests:
    """Of all recordings that a cue sheet and a preset name, each once; a file that cannot be read has "unreadable"."""
    named = [*(recordings_named(cues) if cues is not None else ()), *(Path(piece.file) for piece in preset.music)]
    return tuple(sorted({(path.name, digest_or_not(path)) for path in dict.fromkeys(named)}))


def with_music(sheet: CueSheet, film: Film, preset: Preset) -> tuple[CueSheet, tuple[str, ...]]:
    """The sheet, with the preset's music where it has none of its own; and sentences: what of it the film is too short
    for.

    Raises FilmRejected `bad_recording` for music that cannot be heard.
    """
    if not preset.music or any(cue.kind == "music" for cue in sheet.cues):
        return sheet, ()
    taken = {cue.id for cue in sheet.cues}
    free = (name for number in range(1, len(taken) + len(preset.music) + 1) if (name := f"m{number:04d}") not in taken)
    cues, warnings = list(sheet.cues), []
    for piece in preset.music:
        cue = _music_cue(piece, next(free), film, sheet, preset.generate.seed)
        if cue is None:
            start_s = f"{piece.start_s:g} s"
            warnings.append(f"The music {Path(piece.file).name} starts at {start_s}, and the film is over by then.")
        else:
            cues.append(cue)
    return replace(sheet, cues=tuple(sorted(cues, key=lambda cue: cue.span.start))), tuple(warnings)


def music_left_out(sheet: CueSheet, preset: Preset) -> tuple[str, ...]:
    """A sentence where a sheet has other music than its preset."""
    own = {cue.origin for cue in sheet.cues if cue.kind == "music"}
    if not preset.music or not own or "preset" in own:
        return ()
    return ("The preset's music is left out, since the cue sheet has music of its own.",)


def _music_cue(piece: MusicSettings, name: str, film: Film, sheet: CueSheet, seed: int) -> Cue | None:
    """A piece as a cue of the film; None where the film is over before it starts."""
    wanted = Span(*map(samples_from_seconds, (piece.start_s, max(piece.start_s, piece.end_s or film.duration.end_s))))
    span = wanted.intersect(film.duration)
    if span.n_samples == 0:
        return None
    recording = Recording(Path(piece.file), piece.in_s, piece.fade_in_s, piece.fade_out_s, duck_db=piece.duck_db)
    with _told_of(f"the preset's [[music]], {piece.file}"):
        extent = extent_of(recording.file, recording.in_s, span.duration_s)
    span = Span(span.start, min(span.end, span.start + samples_from_seconds(extent.seconds)))
    scene = max((scene.index for scene in sheet.scenes if scene.span.start <= span.start), default=0)
    return Cue(
        name, scene, "music", span, origin="preset", gain_db=piece.gain_db, recording=recording,
        seed=cue_seed(seed, "music", span, ""),
    )  # fmt: skip


def checked(sheet: CueSheet) -> tuple[str, ...]:
    """Reads every recording of a sheet as far as it is heard; sentences: which lines are cut off.

    Raises FilmRejected `bad_recording`, naming the cue and the file.
    """
    sentences = []
    for cue in sheet.cues:
        if cue.recording is None:
            continue
        with _told_of(f"{cue.id}: the recording {cue.recording.file}"):
            extent = extent_of(cue.recording.file, cue.recording.in_s, cue.span.duration_s)
        if cue.kind == "speech" and extent.is_cut and not cue.recording.fade_out_s:
            sentences.append(
                f"{cue.id}: its recording {cue.recording.file.name} is cut in the middle of a sound at "
                f"{cue.span.end_s:.2f} s, where the cue ends: give it a later end_s, or fade_out_s for a softer end."
            )
    return tuple(sentences)


def fault_of(cue: Cue) -> str:
    """What is wrong with the recording of a cue, as a sentence; "" where it can be heard."""
    assert cue.recording is not None
    try:
        extent_of(cue.recording.file, cue.recording.in_s, cue.span.duration_s)
    except FilmRejected as rejected:
        return f"the recording {cue.recording.file}: {rejected}"
    return ""


def recorded_takes(cues: Sequence[Cue], known: RecordingDigests, store: TakeStore) -> dict[str, StoredTake]:
    """What is heard of each recording, in the store, by cue id.

    Raises FilmRejected `bad_recording`; FilmFailed `source_changed` for a file that is not what it was (`known`).
    """
    takes = {}
    digests = {cue.recording.file: digest_or_not(cue.recording.file) for cue in cues if cue.recording}
    for cue in cues:
        if cue.recording is not None:
            with _told_of(f"{cue.id}: the recording {cue.recording.file}"):
                takes[cue.id] = recorded_take(cue.recording, cue.span, digests[cue.recording.file], store)
    for file, digest in digests.items():
        if (file.name, digest) not in known or digest_or_not(file) != digest:
            raise FilmFailed("source_changed", f"The recording {file} was changed while it was read.")
    return takes


@contextmanager
def _told_of(what: str) -> Iterator[None]:
    try:
        yield
    except FilmRejected as rejected:
        raise FilmRejected(rejected.code, f"{what}: {rejected}") from None
