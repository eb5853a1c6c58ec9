"""What can be had of a film whose file is cut off: everything up to the first picture that is not whole."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from vssflow_post.errors import FilmRejected
from vssflow_post.media.decode import picture_sample, pictures
from vssflow_post.media.film import Film
from vssflow_post.media.opening import open_film, read_only
from vssflow_post.media.verdicts import Damage
from vssflow_post.timeline import CLOCK_HZ, Span

_LONGEST_REORDERING = 32
"""Pictures; no codec reorders further."""


def salvaged(film: Film, coded_pts: npt.NDArray[np.int64], missing: str, declared_s: Fraction | None) -> Film:
    """`film` as long as it can be decoded without damage, which is found out by decoding it.

    `coded_pts` are the timestamps in decoding order, `missing` says why it is known to be incomplete ("" where
    that is to be found out), `declared_s` how long it claims to be. Raises FilmRejected `truncated` where no picture is
    whole.
    """
    n_good = _n_good(film, coded_pts)
    coded_pts = np.concatenate([coded_pts, _hole_at_the_end(coded_pts)])
    n_whole = _in_one_piece(coded_pts, n_good)
    if n_whole == len(coded_pts) and not missing:
        return film
    if not n_whole:
        raise FilmRejected(
            "truncated", f"The file is cut off ({missing or 'no picture is whole'}): nothing can be salvaged."
        )
    kept, lost = np.sort(coded_pts[:n_whole]), coded_pts[n_whole:]
    end = film.sample_of_pts(int(lost.min())) if len(lost) else film.duration.end
    of = f" of the {float(declared_s):.3f} s that it declares" if declared_s else ""
    why = f": {missing}" if missing else ""
    return replace(
        film,
        n_frames=n_whole,
        duration=Span(0, end),
        last_frame_sample=film.sample_of_pts(int(kept[-1])),
        losses=(f"The file is cut off{why}. What is here covers 0.000 s to {end / CLOCK_HZ:.3f} s{of}.",),
    )


def _n_good(film: Film, coded_pts: npt.NDArray[np.int64]) -> int:
    """How many pictures, in decoding order, come out whole before the first one that does not."""
    good: set[int] = set()
    damage = Damage("pictures", is_known=True)
    n_decoded = 0
    with open_film(film.path, film.container) as container:
        stream = container.streams.video[[one.index for one in container.streams.video].index(film.video_index)]
        read_only(container, stream)
        stream.thread_type = "AUTO"
        for picture in pictures(container, stream, film, damage):
            if picture.is_corrupt:
                damage.add(picture_sample(film, picture, n_decoded))
            elif picture.pts is not None:
                good.add(picture.pts)
            n_decoded += 1
    if not good:  # a container without timestamps of presentation: pictures count for themselves
        return min(n_decoded, len(coded_pts)) if not damage.n_errors else 0
    bad = [k for k, pts in enumerate(coded_pts.tolist()) if pts not in good]
    return bad[0] if bad else len(coded_pts)


def _in_one_piece(coded_pts: npt.NDArray[np.int64], n_good: int) -> int:
    """The most of the first `n_good` pictures that are all shown before any other: none refers to what is lost."""
    if n_good in (0, len(coded_pts)):
        return n_good
    latest = np.maximum.accumulate(coded_pts[:n_good])
    earliest_after = np.minimum.accumulate(coded_pts[::-1])[::-1][1 : n_good + 1]
    whole = np.flatnonzero(latest < earliest_after)
    return int(whole[-1]) + 1 if len(whole) else 0


def _hole_at_the_end(coded_pts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The timestamp of a picture that is missing among the last ones: its packet would have come behind the cut."""
    pts = np.sort(coded_pts)
    steps = np.diff(pts)
    typical = np.median(steps) if len(steps) else 0
    holes = np.flatnonzero(2 * steps[-_LONGEST_REORDERING:] > 3 * typical)
    if not len(holes):
        return np.zeros(0, np.int64)
    before = pts[max(0, len(steps) - _LONGEST_REORDERING) + holes[0]]
    return np.array([before + int(typical)], np.int64)
