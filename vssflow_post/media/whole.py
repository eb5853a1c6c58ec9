"""A picture at its full size, to cut from: the decoder's own memory; nothing is copied but what is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Affine: TypeAlias = npt.NDArray[np.float64]
"""(2, 3): where a pixel (x, y, 1) lies in another picture."""
_MOST_BITS = 16


class WholePicture:
    """A decoded picture: pieces of its luma, addressed in pixels of the small upright picture that was made of it, or
    all of it in colour.

    It keeps the decoded picture in memory: whoever is done with it lets it go.
    """

    def __init__(self, picture: VideoFrame, small: tuple[int, int], quarter_turns: int) -> None:
        """`small`: width and height of the small picture before it was turned."""
        self._picture = picture
        self._small, self._quarter_turns = small, quarter_turns
        self._to_stored = _to_stored(small, (picture.width, picture.height), quarter_turns)
        self._luma: npt.NDArray[Any] | None = None

    def cut(self, where: Affine, width: int, height: int) -> npt.NDArray[np.uint8]:
        """A piece of `width` x `height` pixels; `where` says where its pixels lie in the small picture.

        Past the picture's edge its border is repeated.
        """
        if self._luma is None:
            self._luma = _luma(self._picture)
        piece = cut(self._luma, combined(self._to_stored, where), width, height)
        if piece.dtype == np.uint8:
            return np.asarray(piece, np.uint8)
        return np.asarray(piece >> (self._picture.format.components[0].bits - 8), np.uint8)

    def in_colour(self, longer_side: int) -> npt.NDArray[np.uint8]:
        """(height, width, 3): all of it, upright, in the small picture's shape and no larger than it is stored."""
        side = min(longer_side, max(self._picture.width, self._picture.height))
        width, height = (max(1, round(side * one / max(self._small))) for one in self._small)
        scaled = self._picture.reformat(width, height, format="rgb24", interpolation="AREA", threads=1)
        return np.ascontiguousarray(np.rot90(np.asarray(scaled.to_ndarray(), np.uint8), self._quarter_turns))


def cut(plane: npt.NDArray[Any], where: Affine, width: int, height: int) -> npt.NDArray[Any]:
    """A piece of a plane; each of its pixels is a mean where it is larger than the plane's."""
    import cv2

    across, down = (max(1, int(np.ceil(np.hypot(*where[:, axis]) - 0.25))) for axis in (0, 1))
    # A finer grid within each pixel, whose middle is the pixel's middle.
    finer = np.array([[1 / across, 0, (1 / across - 1) / 2], [0, 1 / down, (1 / down - 1) / 2]])
    size = width * across, height * down
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    fine = cv2.warpAffine(plane, combined(where, finer), size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA))


def combined(outer: Affine, inner: Affine) -> Affine:
    """`inner` first, then `outer`."""
    return np.asarray(outer @ np.vstack([inner, (0.0, 0.0, 1.0)]), np.float64)


def _to_stored(small: tuple[int, int], stored: tuple[int, int], quarter_turns: int) -> Affine:
    """From a pixel of the small upright picture to the stored one."""
    width, height = small
    unturned = {
        0: [[1, 0, 0], [0, 1, 0]],
        1: [[0, -1, width - 1], [1, 0, 0]],
        2: [[-1, 0, width - 1], [0, -1, height - 1]],
        3: [[0, 1, 0], [-1, 0, height - 1]],
    }[quarter_turns]
    x, y = stored[0] / width, stored[1] / height
    larger = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2]])
    return combined(larger, np.array(unturned, np.float64))


def _luma(picture: VideoFrame) -> npt.NDArray[Any]:
    """The picture's luma where it lies; of a format that has no such plane, a picture in grey."""
    form = picture.format
    first = form.components[0]
    has_plane = form.is_planar and not form.is_rgb and not form.is_big_endian and first.bits <= _MOST_BITS
    if not has_plane or form.name.startswith("p0"):  # p010 and its kin keep their bits at the upper end
        return picture.reformat(format="gray8").to_ndarray()
    plane = picture.planes[0]
    kind: np.dtype[Any] = np.dtype(np.uint8 if first.bits == 8 else "<u2")
    rows = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // kind.itemsize)
    return np.asarray(rows[: picture.height, : picture.width])
