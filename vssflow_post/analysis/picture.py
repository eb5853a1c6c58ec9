"""The analysis of a film's picture, in one decode pass.

Each frame goes to the finders of cuts, mouths, things that move and lightning, to the thumbnails, to the encoder and
to whoever looks at what it shows, and is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vssflow_post.analysis.bolts import BoltFinder, by_daylight
from vssflow_post.analysis.cuts import CutFinder
from vssflow_post.analysis.faces import MouthTracker
from vssflow_post.analysis.looking import Looker
from vssflow_post.analysis.motion import MotionPlaces
from vssflow_post.analysis.things import ThingFinder
from vssflow_post.backend import Frame, FrameEncoder, Look, MouthTrack, Thing, Track
from vssflow_post.media import Film, WholePicture, frames_and_wholes
from vssflow_post.media.ahead import ahead
from vssflow_post.media.verdicts import Damage
from vssflow_post.progress import OnProgress, Progress, silent
from vssflow_post.settings.preset import PictureSettings
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

FRAME_WIDTH = 320
"""Longer side of the analysed pictures: enough for a face in a medium shot, small enough for two cores."""
_FRAMES_AHEAD, _AHEAD_PIXELS = 16, 32_000_000
"""Decoded and waiting, at full size, so that the decoder goes on while a search for faces takes as long as many
pictures: so many, or as many as have these pixels together."""
LEAST_STEP = CLOCK_HZ * 15 // 1000
"""Clock samples between two pictures that motion is read from: at more than 60 a second what moves hardly differs from
one to the next, and a strike is no longer told from what leads up to it."""
_REPORT_EVERY = 25
_THUMBNAIL_WIDTH = 240
_THUMBNAIL_STEP = CLOCK_HZ
"""Clock samples between candidates in a short scene."""
_MAX_CANDIDATES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What the picture says."""

    scenes: tuple[Scene, ...]
    """They tile the film."""
    mouths: tuple[MouthTrack, ...]
    """In order of appearance; none crosses a cut."""
    features: dict[str, Track]
    """The backend's own, from its encoder."""
    pictures: tuple[tuple[bytes, ...], ...]
    """One to three small JPEGs of each scene, in order of the scenes and of time."""
    places: tuple[Track, ...] = ()
    """Where something moves in each scene, from 0 (left) to 1; row 0 lies at the scene's start."""
    things: tuple[tuple[Thing, ...], ...] = ()
    """What moves by itself in each scene, the one that moves most first."""
    moving: tuple[bool, ...] = ()
    """Of each scene, whether something moves in it; black, a title, a photograph do not."""
    looks: tuple[Look, ...] = ()
    """What a recogniser saw in pictures of each scene, by time; none where nothing looked."""
    bolts: tuple[int, ...] = ()
    """When lightning is seen to strike, on the film's clock."""
    flaws: tuple[str, ...] = ()
    """Sentences: what is damaged in the picture, and where."""

    @property
    def thumbnails(self) -> tuple[bytes, ...]:
        """One small JPEG of each scene, from its middle."""
        return tuple(jpegs[len(jpegs) // 2] for jpegs in self.pictures)


def analyse(
    film: Film,
    settings: PictureSettings,
    encoder: FrameEncoder,
    progress: OnProgress = silent,
    looker: Looker | None = None,
) -> Analysis:
    """Decodes the film once. Memory does not grow with its length, but for the features and the thumbnails.

    Raises what `media.frames` raises; UsageError for an unknown shot detector.
    """
    n_ahead = max(2, min(_FRAMES_AHEAD, _AHEAD_PIXELS // (film.width * film.height)))
    _keep_to_one_thread()
    eyes = _Eyes(film, settings, looker)
    damage, last = Damage(), -LEAST_STEP
    with ahead(frames_and_wholes(film, FRAME_WIDTH, damage), n_ahead) as decoded:
        for number, (frame, whole) in enumerate(decoded):
            is_read = frame.sample - last >= LEAST_STEP
            eyes.push(frame, whole, is_read)
            if is_read:
                encoder.push(frame)
                last = frame.sample
            if number % _REPORT_EVERY == 0:
                progress(Progress("analyse", number, film.n_frames))
    progress(Progress("analyse", film.n_frames, film.n_frames))
    return replace(eyes.finish(film.duration, encoder), flaws=tuple(damage.sentences()))


def _keep_to_one_thread() -> None:
    """OpenCV stays on one thread from now on: its others wait by turning, on processors that the decoder needs.

    For good, since its pool of threads cannot be taken down in a process that was forked from one that had it.
    """
    import cv2

    if cv2.getNumThreads() > 1:
        cv2.setNumThreads(1)


class _Eyes:
    """All that looks at the frames of one film."""

    def __init__(self, film: Film, settings: PictureSettings, looker: Looker | None) -> None:
        self._cuts = CutFinder(film.frame_rate, settings.shot_detector, settings.min_scene_s)
        self._mouths = MouthTracker(film.frame_rate)
        self._thumbnails = Thumbnails()
        self._places = MotionPlaces()
        self._things = ThingFinder()
        self._bolts = BoltFinder()
        self._looker = looker

    def push(self, frame: Frame, whole: WholePicture, is_read: bool) -> None:
        """`is_read`: whether motion is read from this picture."""
        for cut in self._cuts.push(frame):
            self._mouths.cut(cut)
            self._thumbnails.cut(cut)
            self._things.cut(cut)
            if self._looker is not None:
                self._looker.cut(cut, self._things.of_last_shot)
        if self._looker is not None:
            self._looker.push(frame, whole)
        self._thumbnails.push(frame)
        self._bolts.push(frame)
        if is_read:
            self._places.push(frame)
            self._things.push(frame)
        self._mouths.push(frame, whole)

    def finish(self, duration: Span, encoder: FrameEncoder) -> Analysis:
        scenes = self._cuts.finish(duration)
        bolts = self._bolts.found
        things = tuple(by_daylight(each, bolts) for each in self._things.finish(scenes))
        return Analysis(
            scenes=scenes,
            mouths=self._mouths.finish(duration),
            features=encoder.finish(scenes),
            pictures=self._thumbnails.of_scenes(scenes),
            places=self._places.finish(scenes),
            things=things,
            moving=tuple(
                bool(found) or moves for found, moves in zip(things, self._places.moving(scenes), strict=True)
            ),
            looks=() if self._looker is None else self._looker.finish(duration, things[-1]),
            bolts=bolts,
        )


class Thumbnails:
    """Pictures to show for each scene, kept as small JPEGs; scenes are known only when they are over."""

    def __init__(self) -> None:
        self._kept: list[tuple[int, bytes]] = []
        """(sample, JPEG) of finished scenes."""
        self._candidates: list[tuple[int, bytes]] = []
        self._step = _THUMBNAIL_STEP
        self._next = 0

    def push(self, frame: Frame) -> None:
        if frame.sample < self._next:
            return
        self._candidates.append((frame.sample, _jpeg(frame.pixels)))
        if len(self._candidates) > _MAX_CANDIDATES:
            # A long shot: keep every second one and look half as often, so that the memory stays the same.
            self._candidates = self._candidates[::2]
            self._step *= 2
        self._next = frame.sample + self._step

    def cut(self, sample: int) -> None:
        """A new scene began at `sample`, a few frames back; the next frame pushed is its first candidate."""
        self._kept += _first_middle_last([one for one in self._candidates if one[0] < sample])
        self._candidates = [one for one in self._candidates if one[0] >= sample]
        self._step, self._next = _THUMBNAIL_STEP, 0

    def of_scenes(self, scenes: tuple[Scene, ...]) -> tuple[tuple[bytes, ...], ...]:
        kept = self._kept + _first_middle_last(self._candidates)
        return tuple(_inside(kept, scene) for scene in scenes)


def _inside(kept: list[tuple[int, bytes]], scene: Scene) -> tuple[bytes, ...]:
    """The scene's own pictures; the nearest one where it was over before it was known."""
    inside = tuple(jpeg for sample, jpeg in kept if scene.span.contains(sample))
    return inside or (min(kept, key=lambda one: abs(one[0] - scene.span.start))[1],)


def _first_middle_last(candidates: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    if len(candidates) <= 2:
        return candidates
    return [candidates[0], candidates[len(candidates) // 2], candidates[-1]]


def _jpeg(pixels: npt.NDArray[np.uint8]) -> bytes:
    import cv2

    scale = min(1.0, _THUMBNAIL_WIDTH / pixels.shape[1])
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 75])
    return bytes(encoded)
