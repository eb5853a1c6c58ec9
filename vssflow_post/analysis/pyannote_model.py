"""pyannote.audio models: found, checked and loaded.

A user's model is a folder or `config.yaml` of a pipeline, the checkpoint of a segmentation model, or the id of
either on the Hugging Face hub (token from HF_TOKEN or HUGGINGFACE_TOKEN). pyannote's checkpoints are pickles and
its pipelines name the classes to make, so both could run any program: here pickles may hold tensors and pyannote's
own records only, and classes come from pyannote.audio only.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from vssflow_post.errors import BackendUnavailable

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_CONFIG = "config.yaml"
_CHECKPOINT = "pytorch_model.bin"
_PLAIN_RECORDS = (
    "pyannote.audio.core.task.Specifications",
    "pyannote.audio.core.task.Problem",
    "pyannote.audio.core.task.Resolution",
    "pyannote.audio.core.model.Introspection",
    "torch.torch_version.TorchVersion",
    "omegaconf.base.ContainerMetadata",
    "omegaconf.base.Metadata",
    "omegaconf.dictconfig.DictConfig",
    "omegaconf.listconfig.ListConfig",
    "omegaconf.nodes.AnyNode",
    "collections.defaultdict",
    "typing.Any",
    "builtins.dict",
    "builtins.int",
    "builtins.list",
)
"""What the checkpoints that pyannote publishes hold, old ones too."""
_FOREIGN = re.compile(r"GLOBAL (\S+)")
_WEIGHTS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
"""With it torch reads pickles by its restricted reader, also where pyannote asks for the other."""


def missing(model: str) -> str | None:
    """Why the setting `speech.pyannote_model` names no model, as a sentence; None when it may. Imports nothing."""
    if not model:
        return "no model is configured (speech.pyannote_model)"
    path = Path(model).expanduser()
    if path.is_file() or (path.is_dir() and any((path / name).is_file() for name in (_CONFIG, _CHECKPOINT))):
        return None
    if path.is_dir():
        return f"the folder {model} holds neither {_CONFIG} nor {_CHECKPOINT}"
    if path.exists():
        return f"{model} is neither a file nor a folder"
    return None if _HUB_ID.fullmatch(model) else f"there is no file or folder {model}"


def load_pipeline(model: str) -> Any:
    """The pyannote pipeline that `model` names, ready to be applied.

    A bare segmentation model becomes a voice activity detection pipeline. Raises BackendUnavailable.
    """
    if reason := missing(model):
        raise BackendUnavailable(reason)
    # Read when pyannote.audio is imported: a studio's tool calls nobody.
    os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "false")
    try:
        with _guarded():
            path = Path(model).expanduser()
            config = _local_config(path) if path.exists() else _hub_file(model, _CONFIG)
            if config is not None and _is_pipeline(config):
                return _pipeline(path if path.exists() else model, model)
            if config is not None and config == path:
                raise BackendUnavailable(f"{model} describes no pyannote pipeline")
            checkpoint = _local_checkpoint(path) if path.exists() else _hub_file(model, _CHECKPOINT)
            return _from_segmentation(checkpoint, model)
    except ImportError as error:
        raise BackendUnavailable(f"pyannote.audio cannot be imported ({error})") from error


def _local_config(path: Path) -> Path | None:
    if path.is_dir():
        return path / _CONFIG if (path / _CONFIG).is_file() else None
    return path if path.suffix.lower() in (".yaml", ".yml") else None


def _local_checkpoint(path: Path) -> Path:
    return path / _CHECKPOINT if path.is_dir() else path


def _token() -> str | None:
    return os.environ.get("HF_TOKEN") or os.environ.get("HUGGINGFACE_TOKEN") or None


def _hub_file(model: str, name: str) -> Path | None:
    """The file of a hub repository, from the cache where it is there; None where the repository has no such file."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(model, name, token=_token()))
    except LocalEntryNotFoundError as error:
        raise BackendUnavailable(f"{model} is not in the local cache and the hub cannot be reached") from error
    except EntryNotFoundError:
        return None
    except (HfHubHTTPError, OSError) as error:
        hint = "" if _token() else "; a model with conditions needs a token in HF_TOKEN"
        raise BackendUnavailable(f"{model} cannot be fetched ({type(error).__name__}){hint}") from error


def _is_pipeline(config: Path) -> bool:
    """Whether the file describes a pipeline; that of a bare model describes its training. Checks what it names."""
    import yaml  # type: ignore[import-untyped,unused-ignore]

    try:
        content = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise BackendUnavailable(f"{config} cannot be read ({type(error).__name__})") from error
    if not isinstance(content, dict) or not isinstance(content.get("pipeline"), dict):
        return False
    name = str(content["pipeline"].get("name", ""))
    if not name.startswith("pyannote.audio.pipelines.") or content.get("preprocessors"):
        raise BackendUnavailable(f"{config} asks for code from outside pyannote.audio ({name or 'no pipeline name'})")
    return True


def _pipeline(checkpoint: Path | str, model: str) -> Any:
    from pyannote.audio import Pipeline

    try:
        pipeline = Pipeline.from_pretrained(checkpoint, token=_token())
    except Exception as error:
        raise _unloadable(model, error) from error
    if pipeline is None:
        raise BackendUnavailable(f"{model} cannot be loaded")
    return pipeline


def _from_segmentation(checkpoint: Path | None, model: str) -> Any:
    from pyannote.audio import Model
    from pyannote.audio.core.task import Resolution
    from pyannote.audio.pipelines import VoiceActivityDetection

    if checkpoint is None:
        raise BackendUnavailable(f"{model} holds neither {_CONFIG} nor {_CHECKPOINT}")
    try:
        _refuse_foreign_architecture(checkpoint)
        segmentation: Any = Model.from_pretrained(checkpoint, strict=False)
    except BackendUnavailable:
        raise
    except Exception as error:
        raise _unloadable(model, error) from error
    specifications = segmentation.specifications
    if isinstance(specifications, tuple) or specifications.resolution is not Resolution.FRAME:
        raise BackendUnavailable(f"{model} is no segmentation model: it gives no answer per moment")
    pipeline = VoiceActivityDetection(segmentation=segmentation)
    thresholds = {} if specifications.powerset else {"onset": 0.5, "offset": 0.5}
    pipeline.instantiate({**thresholds, "min_duration_on": 0.0, "min_duration_off": 0.0})
    return pipeline


def _refuse_foreign_architecture(checkpoint: Path) -> None:
    import torch

    content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    module = str(content["pyannote.audio"]["architecture"]["module"])
    if not module.startswith("pyannote.audio.models."):
        raise BackendUnavailable(f"{checkpoint} asks for code from outside pyannote.audio ({module})")


def _unloadable(model: str, error: Exception) -> BackendUnavailable:
    """pyannote lets whatever its libraries raise through: KeyError, UnpicklingError, RuntimeError and more."""
    if isinstance(error, UnpicklingError) and (foreign := _FOREIGN.search(str(error))):
        return BackendUnavailable(f"{model} is not loaded, since it could run code: it holds {foreign.group(1)}")
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return BackendUnavailable(f"{model} is no model that pyannote.audio can load ({type(error).__name__}: {first})")


@contextmanager
def _guarded() -> Iterator[None]:
    """Loading with restricted pickles, and with pyannote's messages kept off stdout."""
    before = os.environ.get(_WEIGHTS_ONLY)
    os.environ[_WEIGHTS_ONLY] = "1"
    try:
        with redirect_stdout(sys.stderr), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pyannote.audio  # noqa: F401  (first of all, so that its warnings are caught here)
            import torch

            with torch.serialization.safe_globals(_records()):
                yield
    finally:
        os.environ.pop(_WEIGHTS_ONLY)
        if before is not None:
            os.environ[_WEIGHTS_ONLY] = before


def _records() -> list[Any]:
    """(class, its name) of the plain records that pyannote's checkpoints hold beside their tensors."""
    found = []
    for name in _PLAIN_RECORDS:
        module, _, attribute = name.rpartition(".")
        try:
            found.append((getattr(import_module(module), attribute), name))
        except (ImportError, AttributeError):  # a checkpoint that needs it is refused by its name
            continue
    return found
