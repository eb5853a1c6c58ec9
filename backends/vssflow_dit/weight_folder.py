"""Where weights lie and what they are, known without torch: nothing is loaded for it but a file's header."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vssflow_dit.config import ModelConfig
from vssflow_post.backend import BackendIdentity, GenerationSettings
from vssflow_post.errors import UsageError

STARTER = Path(__file__).parent / "weights"
"""The starter ships inside the package."""
INDEX, MODEL = "index.json", "model.safetensors"


def folder_of(name: str) -> Path:
    """The folder that a preset's `weights` means: `starter`, or a path. Raises UsageError where there is none."""
    folder = STARTER if name == "starter" else Path(name)
    if not (folder / INDEX).is_file():
        raise UsageError(f"no weights at {folder}: expected a folder with {INDEX} (or the name 'starter')")
    return folder


def index_digest(index: str) -> str:
    """The digest of weights: sha256 (hex) over the text of their index, which names every byte of every part."""
    return hashlib.sha256(index.encode()).hexdigest()


def identify(settings: GenerationSettings) -> BackendIdentity:
    """What an engine with these weights is, once it is open. Raises UsageError for a folder that holds no weights."""
    from safetensors import SafetensorError, safe_open

    folder = folder_of(settings.weights)
    try:
        with safe_open(folder / MODEL, framework="np") as file:
            config = ModelConfig.from_json(file.metadata()["config"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{folder / MODEL} holds no model: {error}") from error
    voices = config.voices if config.front == "starter" else ()
    return BackendIdentity(index_digest((folder / INDEX).read_text()), voices)
