"""What changed from one picture to the next when the camera's own motion is taken off.

The optical flow between two small pictures is fitted, robustly, by one shift, turn and zoom of the whole picture: the
camera. The picture before is moved along with it; what still differs, and what still flows, moves by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from vssflow_post.backend import Frame

SIDE = 160
"""Longer side of the compared pictures, in pixels."""
CELL = 5
"""Side of a cell, in pixels: what moves is parted and its motion counted cell by cell."""
FLOOR = 5.0
"""Grey levels of difference that noise and compression make."""
CEILING = 25.0
"""More difference than this counts no more: a thing's place shall depend on its shape, not on its contrast."""
SLACK = 0.15
"""Part of a pixel by which a camera's motion may be misjudged: edges may differ by as much."""
STILL = 0.0001
"""Share of the pixels that must differ for anything to have moved."""
TEXTURE = 30.0
"""Mean squared slope (grey levels a pixel) from which a cell's flow is believed in full."""
FAST = 0.3
"""Pixels from which a camera is fast: its picture is moved and looked at again."""
_LEAST_SIDE = 40
"""Pixels of a side of what OpenCV's flow is given: at the coarsest of its three scales its patches of 8 must fit."""
_ROUNDS = 4
"""Of the robust fit: what does not follow the camera counts less and less."""

Grey: TypeAlias = npt.NDArray[np.uint8]
Plane: TypeAlias = npt.NDArray[np.float32]
Wide: TypeAlias = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Similarity:
    """A shift, turn and zoom of the plane as one complex line, z to `factor` * z + `shift`; pixels, x + iy."""

    factor: complex = 1.0 + 0.0j
    shift: complex = 0.0j

    def __call__(self, z: Any) -> Any:
        return self.factor * z + self.shift

    def inverse(self) -> Similarity:
        return Similarity(1 / self.factor, -self.shift / self.factor)

    def after(self, first: Similarity) -> Similarity:
        """`first`, then this one."""
        return Similarity(self.factor * first.factor, self.factor * first.shift + self.shift)

    def is_rest(self, size: int = SIDE) -> bool:
        """Whether no point of a picture of this size moves by a twentieth of a pixel."""
        return abs(self.factor - 1) * size + abs(self.shift) < 0.05

    def matrix(self) -> npt.NDArray[np.float64]:
        """As OpenCV takes it, (2, 3)."""
        a, b = self.factor.real, self.factor.imag
        return np.array([[a, -b, self.shift.real], [b, a, self.shift.imag]])


REST = Similarity()


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What happened between two pictures, seen in the later one; cells are (rows, columns)."""

    change: Plane
    """(height, width), grey levels beyond what noise and the camera make, up to CEILING."""
    rise: Plane
    """Cells: how much brighter they became, in grey levels; a thing that passes brings as much as it takes."""
    flow: Wide
    """Cells: own motion in pixels, x + iy; 0 where there is no texture to tell."""
    camera: Similarity
    """Where a point of the earlier picture lies in the later one, were it still."""
    light: float
    """How much brighter the whole picture became, in grey levels."""

    @classmethod
    def rest(cls, camera: Camera) -> Step:
        """Nothing happened."""
        none = np.zeros(camera.cells, np.float32)
        return cls(np.zeros(camera.size, np.float32), none, np.zeros(camera.cells, np.complex128), REST, 0.0)

    @property
    def changed(self) -> float:
        """Share of the pixels that the camera does not explain."""
        return float(np.count_nonzero(self.change)) / self.change.size


class Camera:
    """Makes steps of pictures of one size."""

    def __init__(self, height: int, width: int) -> None:
        import cv2

        self._flow: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._flow.setUseSpatialPropagation(False)  # it would make the flow depend on the number of threads
        self.size = height, width
        self.cells = max(1, round(height / CELL)), max(1, round(width / CELL))
        rows, columns = self.cells
        y, x = (np.arange(n) + 0.5 for n in self.cells)
        across, down = np.meshgrid(x * (width / columns), y * (height / rows))
        self.places: Wide = np.asarray(across + 1j * down - (0.5 + 0.5j), np.complex128)
        """Middles of the cells, in pixels."""

    def step(self, before: Grey, after: Grey) -> Step:
        texture, slope = self._texture(after)
        camera, flow = self._camera(before, after, texture)
        difference: Plane = np.subtract(after, before, dtype=np.float32)
        if camera is not REST:
            found = np.subtract(after, _moved(before, camera, onto=after), dtype=np.float32)
            if np.abs(found).sum() < np.abs(difference).sum():
                difference = found
            else:
                camera = REST
        light = middle_of(difference[::3, ::3])
        difference -= np.float32(light)
        change: Plane = np.abs(difference) - np.float32(FLOOR)
        if camera is not REST:
            change -= np.float32(SLACK) * slope
        carried = self.places - camera.inverse()(self.places)
        own: Wide = np.asarray((flow - carried) * texture, np.complex128)
        return Step(np.clip(change, 0.0, CEILING, out=change), self.in_cells(difference), own, camera, light)

    def _camera(self, before: Grey, after: Grey, texture: Plane) -> tuple[Similarity, Wide]:
        """The camera's motion, and the whole flow of the cells; a fast camera is looked at twice."""
        flow = self._flow_to(before, after)
        back = _fitted(self.places.ravel(), -flow.ravel(), texture.ravel())
        if abs(back(self.places.mean()) - self.places.mean()) > FAST:
            first = back.inverse()
            flow = self._flow_to(_moved(before, first), after)
            rest = _fitted(self.places.ravel(), -flow.ravel(), texture.ravel())
            flow = flow + self.places - back(self.places)
            back = back.after(rest)
        return (REST if back.is_rest() else back.inverse()), flow

    def _flow_to(self, before: Grey, after: Grey) -> Wide:
        """How far what is in each cell of `after` has come since `before`, in pixels."""
        height, width = self.size
        flow = self._flow.calc(_widened(after), _widened(before), None)[:height, :width]
        small = self.in_cells(np.ascontiguousarray(flow))
        return np.asarray(-(small[..., 0] + 1j * small[..., 1]), np.complex128)

    def in_cells(self, plane: Plane) -> Plane:
        """(height, width, ...) to the cells' means."""
        import cv2

        return np.asarray(cv2.resize(plane, self.cells[::-1], interpolation=cv2.INTER_AREA), np.float32)

    def _texture(self, plane: Grey) -> tuple[Plane, Plane]:
        """How far each cell's flow is to be believed, 0 to 1, and the slope at each pixel."""
        import cv2

        across, down = (cv2.Sobel(plane, cv2.CV_32F, *axis, scale=0.25) for axis in ((1, 0), (0, 1)))
        square = across * across + down * down
        believed = np.minimum(self.in_cells(square) / TEXTURE, 1.0)
        believed[believed < 0.1] = 0.0
        return believed, np.sqrt(square)


def _widened(plane: Grey) -> Grey:
    """Drawn out at its edges where a side is so short that OpenCV's flow refuses it, or reads past its end."""
    import cv2

    height, width = plane.shape
    if min(height, width) >= _LEAST_SIDE:
        return plane
    below, beside = max(0, _LEAST_SIDE - height), max(0, _LEAST_SIDE - width)
    return np.asarray(cv2.copyMakeBorder(plane, 0, below, 0, beside, cv2.BORDER_REPLICATE), np.uint8)


def small_grey(frame: Frame) -> Grey:
    """The picture that is compared: its longer side has SIDE pixels, its grain is smoothed."""
    import cv2

    height, width = frame.grey.shape
    scale = SIDE / max(height, width)
    size = (max(CELL, round(width * scale)), max(CELL, round(height * scale)))
    small = cv2.resize(frame.grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (3, 3), 0), np.uint8)


def warped_back(plane: Plane, camera: Similarity) -> Plane:
    """What is seen in the later picture, at its place in the earlier one."""
    return plane if camera is REST else np.asarray(_moved(plane, camera.inverse()), np.float32)


def _moved(plane: Any, camera: Similarity, onto: Grey | None = None) -> Any:
    """The plane as the camera would see it after its motion: at its edges there is `onto`, or they are drawn out."""
    import cv2

    height, width = plane.shape
    if onto is not None:
        size = (width, height)
        return cv2.warpAffine(plane, camera.matrix(), size, dst=onto.copy(), borderMode=cv2.BORDER_TRANSPARENT)
    return cv2.warpAffine(plane, camera.matrix(), (width, height), borderMode=cv2.BORDER_REPLICATE)


def middle_of(values: npt.NDArray[Any]) -> float:
    """The upper median, at a fifth of the cost of numpy's; `values` is not empty."""
    half = values.size // 2
    return float(np.partition(values, half, axis=None)[half])


def _fitted(places: Wide, flow: Wide, weight: npt.NDArray[np.floating[Any]]) -> Similarity:
    """The similarity that most of the weighted flow follows: each round, what lies off it counts less."""
    known = weight > 0
    if np.count_nonzero(known) < 8:
        return REST
    z, f, w = places[known], flow[known], weight[known].astype(np.float64)
    factor, shift = 0j, complex(middle_of(f.real), middle_of(f.imag))
    for _ in range(_ROUNDS):
        off = np.abs(f - factor * z - shift)
        width = max(0.15, 1.5 * middle_of(off))
        trust = w / (1 + (off / width) ** 2) ** 2
        total = trust.sum()
        zm, fm = (trust @ z) / total, (trust @ f) / total
        zc = z - zm
        factor = complex((trust * zc.conj()) @ (f - fm)) / (float(trust @ (zc.real**2 + zc.imag**2)) + 1e3)
        shift = complex(fm - factor * zm)
    return Similarity(1 + factor, shift)
