"""What can be had of a film whose file is cut off or damaged: everything up to the last picture that is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from vssflow_post.errors import FilmRejected
from vssflow_post.media.decode import OPEN_ENDED, picture_sample, pictures
from vssflow_post.media.film import Film
from vssflow_post.media.opening import open_film, read_only
from vssflow_post.media.packets import Gap, PacketScan
from vssflow_post.media.verdicts import Damage, pictures_at
from vssflow_post.timeline import CLOCK_HZ, Span

_LONG_ROW = 12
"""Pictures that never come out, one behind the other, are lost from so many on."""
_LONGEST_REORDERING = 16
"""Pictures; no codec reorders further."""


def salvaged(film: Film, scan: PacketScan, missing: str, declared_s: Fraction | None) -> Film:
    """`film` with whatever of it can be decoded, which is found out by decoding it: up to its last whole picture, and
    past what is damaged before. What is lost is named.

    `missing` says why it is known to be incomplete ("" where that is to be found out), `declared_s` how long it claims
    to be. Raises FilmRejected `truncated` where no picture is whole.
    """
    damage = Damage(is_known=True)
    whole = _whole_pictures(film, damage)
    may_be_cut = bool(missing) or film.container in OPEN_ENDED
    hole = hole_at_the_end(scan.coded_pts) if not scan.lost else np.zeros(0, np.int64)
    coded_pts = np.concatenate([scan.coded_pts, hole])
    n_kept = _in_one_piece(coded_pts, _n_good(scan.coded_pts, whole, damage, may_be_cut))
    if not n_kept:
        raise FilmRejected(
            "truncated", f"The file is cut off ({missing or 'no picture is whole'}): nothing can be salvaged."
        )
    kept, lost = np.sort(coded_pts[:n_kept]), coded_pts[n_kept:]
    end = film.sample_of_pts(int(lost.min())) if len(lost) else film.duration.end
    damage.lost = sorted({*damage.lost, *_never_shown(film, scan.coded_pts[:n_kept], whole, damage)})
    losses = [*_cut_off(end, missing, declared_s, is_cut=bool(missing) or len(lost) > 0)]
    losses += _damaged(film, damage, scan.lost, end)
    return replace(
        film,
        n_frames=n_kept,
        duration=Span(0, end),
        last_frame_sample=film.sample_of_pts(int(kept[-1])),
        losses=tuple(losses),
    )


def require_all_packets(film: Film, scan: PacketScan) -> None:
    """Raises FilmRejected for a film that is not salvaged: `corrupt` where pictures are missing in its middle,
    `truncated` where they are among its last ones and nowhere else."""
    if scan.lost:
        told = " ".join(_damaged(film, Damage(), scan.lost, film.duration.end))
        raise FilmRejected("corrupt", f"{told} With --salvage it is taken as it is.")
    if film.container not in OPEN_ENDED:
        return
    hole = hole_at_the_end(scan.coded_pts)
    if len(hole) and scan.is_even_but_for(_LONGEST_REORDERING):
        at_s = film.sample_of_pts(int(hole[0])) / CLOCK_HZ
        raise FilmRejected("truncated", f"The file is cut off: a picture is missing at {at_s:.3f} s, next to its end.")


def _cut_off(end: int, missing: str, declared_s: Fraction | None, is_cut: bool) -> Iterator[str]:
    """A sentence where the end is missing: how far the film goes, and how much of it is lost."""
    if is_cut:
        why = f": {missing}" if missing else ""
        sentence = f"The file is cut off{why}. What is here covers 0.000 s to {end / CLOCK_HZ:.3f} s"
        rest_s = float(declared_s or 0) - end / CLOCK_HZ
        if declared_s:
            sentence += f" of the {float(declared_s):.3f} s that it declares"
        yield f"{sentence}; the last {rest_s:.3f} s are lost." if rest_s > 0 else f"{sentence}."


def _damaged(film: Film, damage: Damage, gaps: Sequence[Gap], end: int) -> Iterator[str]:
    """Sentences about what is not whole before the end."""
    if spoilt := [sample for sample in damage.spoilt if sample < end]:
        yield f"{pictures_at(spoilt)} damaged in the file, and kept as found."
    if lost := [sample for sample in damage.lost if sample < end]:
        yield f"{pictures_at(lost)} lost: they cannot be decoded."
    for gap in gaps:
        start, stop = (film.sample_of_pts(pts) / CLOCK_HZ for pts in (gap.start_pts, gap.end_pts))
        if start * CLOCK_HZ < end:
            many = f"{gap.n_pictures} pictures are" if gap.n_pictures > 1 else "1 picture is"
            yield f"{many} missing from {start:.3f} s to {stop:.3f} s ({stop - start:.3f} s): the file lacks them."


def _whole_pictures(film: Film, damage: Damage) -> set[int]:
    """Timestamps of the pictures that come out whole; what does not is told to `damage`."""
    whole: set[int] = set()
    with open_film(film.path, film.container) as container:
        stream = container.streams.video[[one.index for one in container.streams.video].index(film.video_index)]
        read_only(container, stream)
        stream.thread_type = "AUTO"
        for picture in pictures(container, stream, film, damage):
            sample = picture_sample(film, picture, damage.n_pictures)
            damage.shown(sample, picture.width, picture.height, picture.is_corrupt)
            if picture.pts is not None and not picture.is_corrupt:
                whole.add(picture.pts)
    return whole


def _never_shown(film: Film, coded_pts: npt.NDArray[np.int64], whole: set[int], damage: Damage) -> Iterator[int]:
    """Where a long row of packets gives no picture and no error either. (A few are none: codecs have hidden ones.)"""
    spoilt = set(damage.spoilt)
    row: list[int] = []
    for pts in coded_pts.tolist():
        sample = film.sample_of_pts(pts)
        if pts in whole or sample in spoilt or not whole:
            yield from row if len(row) >= _LONG_ROW else ()
            row = []
        else:
            row.append(sample)


def _n_good(coded_pts: npt.NDArray[np.int64], whole: set[int], damage: Damage, may_be_cut: bool) -> int:
    """How many pictures, in decoding order, there are up to the last one that comes out whole; in a file that may be
    cut off, up to the first one near its end that does not."""
    if not whole:  # a container without timestamps of presentation: pictures count for themselves
        return min(damage.n_pictures, len(coded_pts)) if not damage.errors else 0
    is_good = [pts in whole for pts in coded_pts.tolist()]
    near = max(0, len(is_good) - _LONGEST_REORDERING)
    if may_be_cut and not all(is_good[near:]) and True in is_good[: near + 1]:
        return near + is_good[near:].index(False)
    return len(is_good) - is_good[::-1].index(True)


def _in_one_piece(coded_pts: npt.NDArray[np.int64], n_good: int) -> int:
    """The most of the first `n_good` pictures that are all shown before any other: none refers to what is lost."""
    if n_good in (0, len(coded_pts)):
        return n_good
    latest = np.maximum.accumulate(coded_pts[:n_good])
    earliest_after = np.minimum.accumulate(coded_pts[::-1])[::-1][1 : n_good + 1]
    whole = np.flatnonzero(latest < earliest_after)
    return int(whole[-1]) + 1 if len(whole) else 0


def hole_at_the_end(coded_pts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The timestamp of a picture that is missing among the last ones: its packet would have come behind the cut."""
    pts = np.sort(coded_pts)
    steps = np.diff(pts)
    typical = np.median(steps) if len(steps) else 0
    holes = np.flatnonzero(2 * steps[-_LONGEST_REORDERING:] > 3 * typical)
    if not len(holes):
        return np.zeros(0, np.int64)
    before = pts[max(0, len(steps) - _LONGEST_REORDERING) + holes[0]]
    return np.array([before + int(typical)], np.int64)
