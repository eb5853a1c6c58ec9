"""What leaves beside the stems: subtitles, the film with its mix, takes, timelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from vssflow_post.audio import MIX
from vssflow_post.deliver.aaf import write_aaf
from vssflow_post.deliver.bwf import WaveReader
from vssflow_post.deliver.containers import picture_name
from vssflow_post.deliver.edit_lists import write_edit_lists
from vssflow_post.deliver.fcpxml import write_fcpxml
from vssflow_post.deliver.picture import write_picture
from vssflow_post.deliver.reaper import write_reaper
from vssflow_post.deliver.rests import with_rests
from vssflow_post.deliver.review.page import REVIEW, write_review
from vssflow_post.deliver.subtitles import write_subtitles
from vssflow_post.deliver.take_files import Lanes, write_takes
from vssflow_post.deliver.timeline_otio import Edit, write_timeline
from vssflow_post.media import Film
from vssflow_post.media.frame_rates import edit_rate, meant_rate
from vssflow_post.progress import OnProgress, Progress
from vssflow_post.settings.preset import DeliverSettings
from vssflow_post.timeline import Caption, CueSheet, Subtitle


@dataclass(frozen=True, slots=True)
class Delivery:
    """One film's deliverables."""

    folder: Path
    film_stem: str
    """What every file's name starts with."""
    film: Film
    sheet: CueSheet
    stems: Mapping[str, Path]
    """WAVs by name, `MIX` among them."""
    stem_of: Mapping[str, str]
    """Cue id -> name of the stem it is heard in."""
    settings: DeliverSettings
    subtitles: Sequence[Subtitle] = ()
    """Of the script."""
    music: Sequence[Caption] = ()
    """Where its captions tell of music."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Name of a stem -> what lies in it that is no cue's."""
    lanes: Lanes = field(default_factory=lambda: Lanes({}, {}))
    """What sounds at the same time as something else of its stem, where WAVs for each cue are asked for; temporary."""

    @property
    def picture(self) -> Path | None:
        """The film with the mix, where it is wanted."""
        name = picture_name(self.film, self.film_stem, self.settings)
        return self.folder / name if self.settings.picture else None


def deliver(delivery: Delivery, progress: OnProgress) -> list[Path]:
    """Writes all that goes with the stems and the cue sheets, which are there; returns every file written."""
    folder, stem, film = delivery.folder, delivery.film_stem, delivery.film
    delivered: list[Path] = []
    if delivery.settings.subtitles:
        shown = delivery.subtitles if delivery.settings.captions else ()
        delivered += write_subtitles(folder, stem, delivery.sheet.cues, shown, film.duration)
    if delivery.picture is not None:
        progress(Progress("deliver", 1, 3, delivery.picture.name))
        write_picture(film, delivery.stems[MIX], delivery.picture, delivery.settings)
        delivered.append(delivery.picture)
    if delivery.settings.review:
        progress(Progress("deliver", 1, 3, REVIEW))
        delivered.append(write_review(folder, stem, film, delivery.sheet, delivery.stems[MIX]))
    progress(Progress("deliver", 2, 3, f"{stem}.otio"))
    delivered += _timelines(delivery)
    progress(Progress("deliver", 3, 3))
    return delivered


def wants_takes(wanted: DeliverSettings) -> bool:
    """Whether each cue gets a WAV: an AAF has no clips that are turned off, so that what sounds at once needs them."""
    return wanted.takes or wanted.aaf


def timeline_notes(film: Film, wanted: DeliverSettings) -> tuple[str, ...]:
    """A sentence where the timelines that the preset asks for cannot count the film's own frames."""
    rate, edited = meant_rate(film.frame_rate), edit_rate(film.frame_rate)
    names = [name for name, is_wanted in (("edit lists", wanted.edl), ("FCPXML", wanted.fcpxml)) if is_wanted]
    if not names or (rate == edited and not film.variable_rate):
        return ()
    why = "its pictures come at a varying rate" if film.variable_rate else f"editors know no {float(rate):.5g}"
    return (
        f"Its {' and '.join(names)} count {float(edited):.5g} frames a second, since {why}: in a project at "
        f"{float(edited):.5g} all clips lie right to the frame. The .otio keeps every sample.",
    )


def _timelines(delivery: Delivery) -> list[Path]:
    """The timeline in the formats that the preset asks for, and the takes that it refers to."""
    folder, stem, film, wanted = delivery.folder, delivery.film_stem, delivery.film, delivery.settings
    n_channels = WaveReader(delivery.stems[MIX]).n_channels
    edit = Edit(
        film,
        delivery.sheet,
        delivery.picture or film.path,
        delivery.stems,
        delivery.stem_of,
        n_channels=n_channels,
        music=delivery.music,
    )
    edit = with_rests(edit, delivery.beside, wants_takes(wanted))
    if wants_takes(wanted):
        cues, stem_of = edit.sheet.cues, {cue.id: edit.stem_for(cue) for cue in edit.sheet.cues}
        takes = write_takes(folder, stem, film, cues, delivery.stems, stem_of, wanted.handles_s, delivery.lanes)
        edit = replace(edit, takes=takes)
    for path in delivery.lanes.paths.values():
        path.unlink()
    formats = [
        (".otio", write_timeline, True),
        (".fcpxml", write_fcpxml, wanted.fcpxml),
        (".aaf", write_aaf, wanted.aaf),
        (".rpp", write_reaper, wanted.reaper),
    ]
    written = {folder / f"{stem}{ending}": write for ending, write, is_wanted in formats if is_wanted}
    for path, write in written.items():
        write(path, edit)
    lists = write_edit_lists(folder, stem, edit) if wanted.edl else []
    return [*(take.path for take in edit.takes.values()), *written, *lists]
