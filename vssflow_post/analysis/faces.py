"""Faces and their mouths, followed through a shot: how open is each mouth, 25 times a second.

A search of the whole picture is dear, so it is done now and then; in between, the last of the nets alone looks where a
face was a moment ago, and says where its eyes and the corners of its mouth are now. By them the mouth is cut from the
picture at its full size: a face of 25 pixels in the analysed picture has no mouth there, but in the film it has.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from vssflow_post.analysis.face_nets import FaceNets, Pixels
from vssflow_post.analysis.face_track import Box, FaceTrack, overlap
from vssflow_post.analysis.mouth_opening import COLUMNS, ROWS, Mouth, mouth_place
from vssflow_post.backend import Frame, MouthTrack
from vssflow_post.media.whole import WholePicture, cut
from vssflow_post.timeline import CLOCK_HZ, Span

MIN_RATE_HZ = 10
"""Slower films show no syllables: they get no mouth tracks."""
_MAX_RATE_HZ = 30
"""Of faster films, mouths are cut this often."""
_FOLLOW_S = 0.06
"""Time between looks at where faces are: every second picture at 25 a second."""
_SEARCH_S, _SELDOM_S = 1.0, 2.0
"""Time between searches of the whole picture: half a second more after each that found nobody new, up to the latter."""
_CONFIRM_S = 0.24
"""Time to the next search where a face was found once, and must be found again to be believed."""
_MAX_CONFIRMS = 3
"""Searches in a row that come so soon."""
_MIN_FACES = (20.0, 24.0)
"""Pixels of the analysed picture. Searches take them by turns, so that each sees the picture at other scales than the
one before: a face that lies badly between two of them is found by the next."""
_MAX_FACES = 4
"""Followed at once, the largest ones."""


class MouthTracker:
    """Takes each frame once, in order; gives one track per face and shot."""

    def __init__(self, frame_rate: Fraction) -> None:
        self._works = frame_rate >= MIN_RATE_HZ
        self._min_step = round(CLOCK_HZ / _MAX_RATE_HZ * 0.9)
        self._nets: FaceNets | None = None
        self._following: list[FaceTrack] = []
        self._in_sight: list[FaceTrack] = []
        """Those that the last look saw."""
        self._done: list[FaceTrack] = []
        self._next_search = self._next_follow = self._next_look = 0
        self._n_searches = self._n_confirms = self._n_in_vain = 0
        self._height = self._width = 1

    def push(self, frame: Frame, whole: WholePicture | None = None) -> None:
        """`whole`: the picture at its full size, if mouths are to be cut from it and not from the frame."""
        if not self._works or frame.sample < self._next_look:
            return
        if self._nets is None:
            self._nets = FaceNets()
        self._next_look = frame.sample + self._min_step
        self._height, self._width = frame.grey.shape
        if frame.sample >= self._next_follow:
            self._next_follow = frame.sample + round(_FOLLOW_S * CLOCK_HZ)
            self._in_sight = self._follow(frame, self._nets)
        if frame.sample >= self._next_search:
            self._in_sight += self._search(frame, self._nets)
        for track in self._in_sight:
            track.keep(_mouth(track, frame, whole), frame.sample)
        self._retire(frame.sample)

    def cut(self, sample: int) -> None:
        """A new shot began at `sample`, which may lie a few frames back: nothing is followed across it."""
        for track in self._following:
            track.end_at(sample)
        self._stop_following()
        self._next_search = self._next_follow = self._next_look = 0
        self._n_searches = self._n_confirms = self._n_in_vain = 0

    def finish(self, duration: Span) -> tuple[MouthTrack, ...]:
        """The tracks of faces that were believed, by the time they appear."""
        self._stop_following()
        tracks = [track.result(duration, (self._width, self._height)) for track in self._done]
        return tuple(sorted((one for one in tracks if one is not None), key=lambda one: (one.span, one.box)))

    def _follow(self, frame: Frame, nets: FaceNets) -> list[FaceTrack]:
        """The followed faces that are still seen."""
        if not self._following:
            return []
        faces = nets.look_at(_colours(frame), np.stack([track.corners() for track in self._following]))
        seen = [track for track, face in zip(self._following, faces, strict=True) if track.see(face, frame.sample)]
        twins = {k for k, one in enumerate(seen) if any(overlap(one.box, other.box) > 0.5 for other in seen[:k])}
        self._following = [track for track in self._following if track not in [seen[k] for k in twins]]
        return [track for k, track in enumerate(seen) if k not in twins]

    def _search(self, frame: Frame, nets: FaceNets) -> list[FaceTrack]:
        """The faces that are new."""
        faces = nets.find(_colours(frame), _MIN_FACES[self._n_searches % len(_MIN_FACES)])
        self._n_searches += 1
        new = []
        for face in faces:
            box = Box(*face.box)
            known = max(self._following, key=lambda track: overlap(box, track.box), default=None)
            if known is not None and overlap(box, known.box) > 0.3:
                known.n_finds += 1
            elif len(self._following) < _MAX_FACES:
                new.append(FaceTrack(frame.sample, face))
                self._following.append(new[-1])
        is_unsure = any(track.n_finds < 2 for track in self._following)
        self._n_confirms = self._n_confirms + 1 if is_unsure and not new else 0
        self._n_in_vain = 0 if new else self._n_in_vain + 1
        seldom_s = min(_SELDOM_S, _SEARCH_S + self._n_in_vain / 2)
        wait_s = _CONFIRM_S if is_unsure and self._n_confirms < _MAX_CONFIRMS else seldom_s
        self._next_search = frame.sample + round(wait_s * CLOCK_HZ)
        return new

    def _retire(self, sample: int) -> None:
        self._done += [track for track in self._following if track.is_lost(sample) and track.believed]
        self._following = [track for track in self._following if not track.is_lost(sample)]

    def _stop_following(self) -> None:
        self._done += [track for track in self._following if track.believed]
        self._following, self._in_sight = [], []


def _colours(frame: Frame) -> Pixels:
    """Of a frame that was kept in grey alone, its grey: faces are found in it as well."""
    return frame.pixels if frame.pixels.size else np.repeat(frame.grey[:, :, None], 3, axis=2)


def _mouth(track: FaceTrack, frame: Frame, whole: WholePicture | None) -> Mouth:
    place = mouth_place(track.points)
    if whole is not None:
        return whole.cut(place, COLUMNS, ROWS)
    return np.asarray(cut(frame.grey, place, COLUMNS, ROWS), np.uint8)
