"""The checks of `vssflow-post doctor`: what this installation has, one line each."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vssflow_post.audio import AudioClip
from vssflow_post.backend import (
    DetectorOffer,
    MouthTrack,
    RecogniserOffer,
    RecogniserSettings,
    SpeechEvidence,
    SpeechSettings,
    Track,
)
from vssflow_post.errors import BackendUnavailable, VssflowError
from vssflow_post.plugins import Plugins, choose_backend, load_plugins
from vssflow_post.timeline import CLOCK_HZ, Span

LOW_DISK_BYTES = 5 * 2**30
"""Two hours of stems and takes need about this much."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor."""

    name: str
    state: str
    """`ok`, `absent` (something optional is not there), `warning`, or `missing` (no render can do without it)."""
    finding: str


def run_checks() -> Iterator[Check]:
    """Every check, each as it is done."""
    plugins = load_plugins()
    yield Check("python", "ok", f"{platform.python_version()} ({sys.executable})")
    for name, check in (
        ("torch", _torch),
        ("CUDA", _cuda),
        ("FFmpeg (PyAV)", _ffmpeg),
        ("OpenCV", _opencv),
        ("face nets", _face_nets),
        ("scenedetect", _scenedetect),
        ("silero-vad", _silero),
    ):
        yield _guarded(name, check)
    yield _pyannote()
    yield from _backends(plugins)
    yield from _recognisers(plugins)
    yield _guarded("weights", lambda: _weights(plugins))
    yield _disk()
    yield _cache()


def detector_state(offer: DetectorOffer) -> tuple[str, str]:
    """(`usable` or `unusable`, why) of a detector: asked about a film that has everything, and one that has not."""
    reason = offer.unavailable(_everything(), SpeechSettings())
    if reason is not None:
        return "unusable", reason
    lacking = offer.unavailable(SpeechEvidence(Path("film"), Span(0, 0), None, None, ()), SpeechSettings())
    return "usable", "" if lacking is None else f"but not where {lacking}"


def recogniser_state(offer: RecogniserOffer) -> tuple[str, str]:
    """(`usable` or `unusable`, why) of a recogniser, with the settings of the default preset."""
    reason = offer.unavailable(RecogniserSettings(words=("a picture",)))
    return ("usable", "") if reason is None else ("unusable", reason)


def _recognisers(plugins: Plugins) -> Iterator[Check]:
    for offer in plugins.recognisers():
        state, reason = recogniser_state(offer)
        yield Check(f"recogniser {offer.name}", "ok" if state == "usable" else "absent", reason or state)


def _everything() -> SpeechEvidence:
    """Of a film with script, sound and a face."""
    nothing = np.zeros((1, 1), np.float32)
    mouth = MouthTrack(Span(0, CLOCK_HZ), Track(nothing, 1.0), (0.0, 0.0, 1.0, 1.0))
    return SpeechEvidence(
        Path("film"),
        Span(0, CLOCK_HZ),
        (),
        lambda rate_hz: AudioClip(np.zeros((1, rate_hz), np.float32), rate_hz),
        (mouth,),
    )


def _guarded(name: str, check: Callable[[], tuple[str, str]]) -> Check:
    """A check whose failure to import or to answer is its finding."""
    try:
        return Check(name, *check())
    except (ImportError, OSError, RuntimeError, AttributeError, VssflowError) as error:
        return Check(name, "missing", f"{type(error).__name__}: {' '.join(str(error).split())}")


def _torch() -> tuple[str, str]:
    import torch

    flags = torch.backends.cpu.get_cpu_capability()
    bf16 = "bf16 in hardware" if _has_bf16() else "bf16 emulated (slow)"
    return "ok", f"{torch.__version__}, {torch.get_num_threads()} threads, {flags}, {bf16}"


def _has_bf16() -> bool:
    """Whether the CPU multiplies bf16 matrices in hardware (x86 as Linux reports it; elsewhere unknown, so no)."""
    try:
        flags = Path("/proc/cpuinfo").read_text("ascii", "replace")
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags or " bf16" in flags


def _cuda() -> tuple[str, str]:
    import torch

    if not torch.cuda.is_available():
        return "absent", "no NVIDIA GPU that torch can use"
    return "ok", ", ".join(torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count()))


def _ffmpeg() -> tuple[str, str]:
    import av

    missing = [name for name in ("aac", "libx264") if not _has_encoder(name)]
    if "ebur128" not in av.filter.filters_available:
        missing.append("ebur128")
    version = f"PyAV {av.__version__}, libavformat {'.'.join(map(str, av.library_versions['libavformat']))}"
    if "aac" in missing:
        return "missing", f"{version}, without {', '.join(missing)}"
    if missing:
        return "warning", f"{version}, without {', '.join(missing)}"
    return "ok", f"{version}: aac, libx264, ebur128"


def _has_encoder(name: str) -> bool:
    import av

    try:
        av.Codec(name, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def _opencv() -> tuple[str, str]:
    import cv2

    return "ok", str(cv2.__version__)


def _face_nets() -> tuple[str, str]:
    """Opens the nets, whose digests are verified, and looks at a grey picture with them."""
    from importlib.metadata import version

    from vssflow_post.analysis.face_nets import PACKAGE, FaceNets

    FaceNets().find(np.full((48, 48, 3), 128, np.uint8), 24.0)
    return "ok", f"{PACKAGE} {version(PACKAGE)}: P-Net, R-Net and O-Net verified"


def _scenedetect() -> tuple[str, str]:
    return "ok", str(importlib.import_module("scenedetect").__version__)


def _silero() -> tuple[str, str]:
    from importlib.metadata import version

    importlib.import_module("silero_vad")
    return "ok", f"{version('silero-vad')}, its model ships with it"


def _pyannote() -> Check:
    from vssflow_post.errors import PresetError
    from vssflow_post.settings.files import load_preset

    try:
        model = load_preset(os.environ.get("VSSFLOW_POST_PRESET", "film")).speech.pyannote_model
    except PresetError as error:
        return Check("pyannote.audio", "warning", str(error))
    if not model:
        return Check("pyannote.audio", "absent", "no speech.pyannote_model in the preset; silero-vad takes its place")
    return Check("pyannote.audio", "ok", f"configured: {model}")


def _backends(plugins: Plugins) -> Iterator[Check]:
    for offer in plugins.backends():
        yield Check(f"backend {offer.name}", "absent" if offer.unavailable else "ok", offer.unavailable or "usable")
    for broken in plugins.broken:
        yield Check(f"plugin {broken.name}", "warning", broken.reason)
    try:
        yield Check("backend", "ok", f"auto takes {choose_backend(plugins.backends())[1]}")
    except BackendUnavailable as error:
        yield Check("backend", "missing", str(error))


def _weights(plugins: Plugins) -> tuple[str, str]:
    """Opens the backend that `auto` takes, which reads its weights and verifies their digest."""
    from vssflow_post.settings.preset import GenerateSection

    offer, _ = choose_backend(plugins.backends())
    backend = offer.open(GenerateSection())
    try:
        voices = ", ".join(backend.voices) or "none"
        return "ok", f"{offer.name} on {backend.device}: sha256 {backend.weights_digest[:16]}, voices: {voices}"
    finally:
        backend.close()


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free
    state = "warning" if free < LOW_DISK_BYTES else "ok"
    return Check("disk", state, f"{free / 2**30:.1f} GiB free in {Path.cwd()}")


def _cache() -> Check:
    """Takes lie beside the results; here lie only what torch's compiler keeps and what renders took, for forecasts."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    parent = next(path for path in (folder, *folder.parents) if path.exists())
    state = "ok" if os.access(parent, os.W_OK) else "warning"
    return Check("cache folder", state, f"{folder} ({'writable' if state == 'ok' else 'not writable'})")
