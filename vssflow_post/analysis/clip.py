"""The recogniser `clip`: CLIP (arXiv 2103.00020) says which of given words a picture shows, trained on none of them.

Its weights are the user's: a folder, or the hub's cache. Nothing is downloaded, and only safetensors are read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vssflow_post.analysis.one_thread import one_thread
from vssflow_post.backend import RecogniserSettings
from vssflow_post.errors import BackendUnavailable
from vssflow_post.store.entries import file_digest

if TYPE_CHECKING:  # whoever only hires workers asks whether it can work
    import numpy as np
    import numpy.typing as npt

SENTENCE = "a photo of {}"
"""What CLIP is asked about each picture, with the words in it."""
LEAST = 0.002
_NEEDED = ("config.json", "model.safetensors")
_WORDS = ("tokenizer.json", "vocab.json")
"""One of them tells how words are cut for it."""


class ClipRecogniser:
    """Each picture by itself, in float32, on one thread."""

    name = "clip"

    def __init__(self, settings: RecogniserSettings) -> None:
        """Raises BackendUnavailable where weights or words are missing, or the weights are of another model."""
        folder = _folder(settings.clip)
        if folder is None or not settings.words:
            raise BackendUnavailable(f"recogniser clip does not open: {unavailable(settings)}")
        self.digest = identify(settings)
        self._words = settings.words
        from transformers import AutoTokenizer, CLIPModel

        try:
            model: Any = CLIPModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
            cut: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError) as error:
            raise BackendUnavailable(f"recogniser clip does not open {folder}: {error}") from error
        self._model = model.eval().requires_grad_(False)
        self._size = int(model.config.vision_config.image_size)
        self._asked = cut([SENTENCE.format(words) for words in settings.words], padding=True, return_tensors="pt")

    def recognise(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> list[Mapping[str, float]]:
        with one_thread():
            return [self._labels(picture) for picture in pictures]

    def _labels(self, picture: npt.NDArray[np.uint8]) -> Mapping[str, float]:
        import numpy as np
        import torch

        with torch.no_grad():
            seen = self._model(pixel_values=torch.from_numpy(_prepared(picture, self._size)), **self._asked)
            confidences = seen.logits_per_image[0].softmax(0).numpy()
        order = np.argsort(-confidences, kind="stable")
        kept = order[confidences[order] >= LEAST]
        return {self._words[k]: round(float(confidences[k]), 4) for k in kept}


def _prepared(picture: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.float32]:
    """(1, 3, size, size): the whole picture, with the mean and spread of CLIP's training."""
    import cv2
    import numpy as np

    smaller = picture.shape[0] > size and picture.shape[1] > size
    resized = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    mean, spread = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
    pixels = (resized.astype(np.float32) / 255 - np.asarray(mean, np.float32)) / np.asarray(spread, np.float32)
    return np.ascontiguousarray(pixels[None].transpose(0, 3, 1, 2), np.float32)


def unavailable(settings: RecogniserSettings) -> str | None:
    if _folder(settings.clip) is None:
        return f"there are no CLIP weights in {settings.clip!r}: no such folder, and not in the hub's cache"
    return None if settings.words else "it was given no words to look for"


def identify(settings: RecogniserSettings) -> str:
    """sha256 over the weights and the words. Raises BackendUnavailable where there are no weights."""
    folder = _folder(settings.clip)
    if folder is None:
        raise BackendUnavailable(f"recogniser clip: {unavailable(settings)}")
    parts = (file_digest(folder / "model.safetensors"), SENTENCE, *settings.words)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _folder(name: str) -> Path | None:
    """Where CLIP's files lie: `name` as a folder, or what the hub's cache holds of it; None where that is not whole."""
    snapshots = _hub_cache() / f"models--{name.replace('/', '--')}" / "snapshots"
    cached = sorted(snapshots.iterdir()) if snapshots.is_dir() else []
    return next((folder for folder in (Path(name), *cached) if _is_whole(folder)), None)


def _is_whole(folder: Path) -> bool:
    return all((folder / each).is_file() for each in _NEEDED) and any((folder / each).is_file() for each in _WORDS)


def _hub_cache() -> Path:
    """As huggingface_hub finds it, which takes half a second to import."""
    if "HF_HUB_CACHE" in os.environ:
        return Path(os.environ["HF_HUB_CACHE"])
    general = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return Path(os.environ.get("HF_HOME") or general / "huggingface").expanduser() / "hub"
