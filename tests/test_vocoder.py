"""The vocoder keeps silence, level and pitch even before it is trained, and its training can be interrupted."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.fabric import Fabric

from vssflow_dit.checkpoint import weights
from vssflow_dit.config import VOCODER, folder_of
from vssflow_dit.engine import cpu_engine
from vssflow_dit.sound.codec import Codec
from vssflow_dit.sound.mel import LOG_FLOOR, SAMPLE_RATE_HZ, log_mel
from vssflow_dit.sound.oscillators import band_geometry, cycles, pulse_train, tone_bank
from vssflow_dit.sound.vocoder import WIDE, Vocoder, VocoderConfig
from vssflow_dit.training import vocoder as training
from vssflow_dit.training import vocoder_run
from vssflow_dit.training.clips import Clips
from vssflow_dit.training.listening import (
    energy_distance,
    is_narrow,
    phase_distance,
    true_detune,
    true_phase,
    true_pitch,
    without_upper,
)
from vssflow_dit.training.upper_band import UpperBandTrainer
from vssflow_post.backend import CueRequest, GenerationSettings
from vssflow_post.errors import UsageError
from vssflow_post.timeline import Span

SMALL = VocoderConfig(width=32, hidden=48, n_blocks=1, reader_width=32, reader_blocks=1)
ALONE = Fabric(accelerator="cpu", devices=1)
SMALL_WIDE = replace(SMALL, rate_hz=WIDE.rate_hz, upper_bands=WIDE.upper_bands, n_fft=WIDE.n_fft)
CONFIGS = pytest.mark.parametrize("config", [SMALL, SMALL_WIDE], ids=["16 kHz", "24 kHz"])


def small_vocoder(config: VocoderConfig = SMALL) -> Vocoder:
    torch.manual_seed(0)
    return Vocoder(config).eval().requires_grad_(False)


def white_noise(rate_hz: int, seconds: float = 1.0, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(1, int(seconds * rate_hz), generator=torch.Generator().manual_seed(seed))


def power_between(waveform: torch.Tensor, low_hz: float, high_hz: float, rate_hz: int) -> float:
    """The share of a waveform's power."""
    power = torch.fft.rfft(waveform).abs().square()
    hz = torch.linspace(0.0, rate_hz / 2.0, power.shape[1])
    return float(power[:, (hz >= low_hz) & (hz < high_hz)].sum() / power.sum())


def steady_voice(pitch_hz: float, seconds: float = 1.0, rate_hz: int = SAMPLE_RATE_HZ) -> torch.Tensor:
    """A buzz with eight harmonics at one pitch: (1, n)."""
    time = torch.arange(int(seconds * rate_hz)) / rate_hz
    return torch.stack([0.3 / k * torch.cos(2.0 * math.pi * k * pitch_hz * time) for k in range(1, 9)]).sum(0)[None]


@pytest.mark.parametrize("n_frames", [1, 7, 100])
@CONFIGS
def test_each_frame_becomes_10_ms(config: VocoderConfig, n_frames: int) -> None:
    waveform = small_vocoder(config)(torch.full((2, 64, n_frames), -4.0))
    assert waveform.shape == (2, n_frames * config.rate_hz // 100)
    assert waveform.dtype == torch.float32
    assert waveform.isfinite().all()


def test_a_mel_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="64"):
        small_vocoder()(torch.zeros(1, 80, 10))


@CONFIGS
def test_silence_in_is_silence_out(config: VocoderConfig) -> None:
    waveform = small_vocoder(config)(torch.full((1, 64, 50), math.log(LOG_FLOOR)))
    assert 20.0 * math.log10(float(waveform.abs().max()) + 1e-12) < -75.0


@CONFIGS
def test_the_level_follows_the_mel_without_training(config: VocoderConfig) -> None:
    vocoder = small_vocoder(config)
    mel = log_mel(white_noise(config.rate_hz), rate_hz=config.rate_hz)
    loud, soft = (vocoder(mel - drop).square().mean().sqrt() for drop in (0.0, math.log(10.0)))
    assert 0.04 < float(loud) < 0.2
    assert 0.05 < float(soft / loud) < 0.2


def test_at_24_khz_the_sound_goes_on_above_the_mel() -> None:
    mel = log_mel(white_noise(24_000), rate_hz=24_000)
    made = small_vocoder(SMALL_WIDE)(mel)
    assert 0.1 < power_between(made, 8_200, 12_000, 24_000) < 0.6
    low = log_mel(without_upper(white_noise(24_000), torch.tensor([[True]]), 24_000), rate_hz=24_000)
    low[:, 40:] = math.log(LOG_FLOOR)
    assert power_between(small_vocoder(SMALL_WIDE)(low), 8_200, 12_000, 24_000) < 1e-4


def test_the_shipped_vocoder_is_read_at_its_own_rate() -> None:
    shipped = Vocoder.load(folder_of("starter") / VOCODER)
    assert shipped(torch.full((1, 64, 20), -4.0)).shape == (1, 20 * shipped.rate_hz // 100)


def test_takes_have_the_rate_of_the_weights_vocoder(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folder_of("starter"), tmp_path / "weights"))
    vocoder_run.grown(Vocoder.load(folder / VOCODER), WIDE).save(folder / VOCODER)
    weights.write_index(folder)
    span = Span.of_seconds(0, 1.37)
    for weights_of, rate_hz in (
        ("starter", Vocoder.load(folder_of("starter") / VOCODER).rate_hz),
        (str(folder), 24_000),
    ):
        engine = cpu_engine(GenerationSettings(weights=weights_of, steps=2))
        (take,) = engine.render([CueRequest("s", "sound", span, seed=1, sound="rain")])
        assert take.audio.rate_hz == rate_hz
        assert take.audio.samples.shape == (1, round(1.37 * rate_hz))
        assert np.abs(take.audio.samples).max() > 1e-3


def test_a_vocoder_grows_to_a_higher_rate_and_sounds_the_same_where_it_was_heard() -> None:
    mel = log_mel(steady_voice(140.0) + 0.1 * white_noise(SAMPLE_RATE_HZ))
    narrow = small_vocoder()
    wide = vocoder_run.grown(narrow, SMALL_WIDE).eval().requires_grad_(False)
    before, after = log_mel(narrow(mel)), log_mel(wide(mel), rate_hz=24_000)
    assert float((before - after).abs()[:, :62, 5:-5].median()) < 0.35
    with pytest.raises(ValueError, match="cannot start"):
        vocoder_run.grown(narrow, replace(SMALL_WIDE, width=64))


def test_the_seed_decides_the_noise() -> None:
    vocoder, mel = small_vocoder(), torch.full((1, 64, 20), -4.0)
    assert torch.equal(vocoder(mel, seed=3), vocoder(mel, seed=3))
    assert not torch.equal(vocoder(mel, seed=3), vocoder(mel, seed=4))


def test_what_is_saved_can_be_loaded(tmp_path: Path) -> None:
    vocoder, mel = small_vocoder(), torch.full((1, 64, 20), -4.0)
    vocoder.save(tmp_path / "v.safetensors", {"steps": "7"})
    loaded = Vocoder.load(tmp_path / "v.safetensors")
    assert loaded.config == SMALL
    assert torch.allclose(loaded(mel), vocoder(mel), atol=0.02)
    assert [path.name for path in tmp_path.iterdir()] == ["v.safetensors"]


def test_another_models_weights_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors", {"format": "something-else"})
    with pytest.raises(UsageError, match="not a vocoder"):
        Vocoder.load(tmp_path / "other.safetensors")


@CONFIGS
def test_analysis_and_overlap_add_are_inverses(config: VocoderConfig) -> None:
    vocoder, hop = small_vocoder(config), config.hop
    waveform = torch.randn(1, 40 * hop, generator=torch.Generator().manual_seed(2))
    again = vocoder.overlap_add(vocoder.analyse(waveform))
    assert torch.allclose(again[:, hop:-hop], waveform[:, hop:-hop], atol=1e-4)


@pytest.mark.parametrize("rate_hz", [16_000, 24_000])
@pytest.mark.parametrize("pitch_hz", [80.0, 210.0])
def test_the_pulse_train_has_the_pitch_it_is_given(pitch_hz: float, rate_hz: int) -> None:
    frames = torch.full((1, 100), pitch_hz)
    phase = cycles(frames, rate_hz, torch.Generator().manual_seed(0))
    pulses = pulse_train(phase, frames, torch.ones(1, 100), rate_hz)
    heard, voicing = true_pitch(pulses, rate_hz)
    assert voicing[0, 10:-10].all()
    assert torch.allclose(heard[0, 10:-10], frames[0, 10:-10], rtol=0.01)
    assert 0.5 < float(pulses.square().mean()) < 1.5


@pytest.mark.parametrize("rate_hz", [16_000, 24_000])
def test_the_tone_bank_plays_each_bands_frequency(rate_hz: int) -> None:
    centres, widths = band_geometry(64)
    wanted = centres + 0.2 * widths
    tones = tone_bank(wanted.expand(1, 100, 64), widths, rate_hz, torch.Generator().manual_seed(0))
    spectrum = torch.fft.rfft(tones[0]).abs()
    for hz in wanted[[5, 30, 60]]:
        near = spectrum[int(hz) - 20 : int(hz) + 21]
        assert abs(int(near.argmax()) - 20) <= 1


def test_true_pitch_tells_voice_from_noise() -> None:
    _, of_voice = true_pitch(steady_voice(140.0))
    _, of_noise = true_pitch(white_noise(SAMPLE_RATE_HZ))
    assert of_voice.mean() > 0.9
    assert of_noise.mean() < 0.1


def gliding_voice(rate_hz: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A second of twenty harmonics whose pitch swings by a fifth four times, and that pitch in each frame."""
    time = torch.arange(rate_hz, dtype=torch.float64) / rate_hz
    cycles_so_far = 180.0 * time + 18.0 * torch.sin(2.0 * math.pi * 4.0 * time) / (2.0 * math.pi * 4.0)
    voice = sum(torch.cos(2.0 * math.pi * k * cycles_so_far) / k for k in range(1, 21))
    assert isinstance(voice, torch.Tensor)
    centres = (torch.arange(100, dtype=torch.float64) + 0.5) / 100.0
    return 0.1 * voice.float()[None], (180.0 + 18.0 * torch.cos(2.0 * math.pi * 4.0 * centres)).float()


@pytest.mark.parametrize("rate_hz", [16_000, 24_000])
def test_true_pitch_follows_a_voice_that_glides(rate_hz: int) -> None:
    voice, pitch = gliding_voice(rate_hz)
    heard, voicing = true_pitch(voice, rate_hz)
    assert voicing[0, 10:-10].all()
    # At the tenth harmonic a hundredth, as autocorrelation misses it, is a tenth of the way to the next.
    assert float((heard[0, 10:-10] / pitch[10:-10] - 1.0).abs().max()) < 0.003


def test_where_pulses_cannot_be_followed_their_phases_are_not_judged() -> None:
    voice = steady_voice(140.0, rate_hz=24_000)
    broken = torch.cat([voice[:, :12_000], voice.roll(86, 1)[:, 12_000:24_000]], 1)  # half a period later from then on
    _, is_steady = true_phase(broken, torch.full((1, 100), 140.0), 24_000)
    assert not is_steady[0, 45:60].all()
    assert is_steady[0, 15:45].all()
    assert is_steady[0, 60:85].all()


def test_pulses_can_stand_where_the_voices_own_do() -> None:
    voice = steady_voice(140.0, rate_hz=24_000)[:, 77:24_077].contiguous()
    voice = torch.nn.functional.pad(voice, (0, 24_000 - voice.shape[1]))
    pitch, voicing = torch.full((1, 100), 141.0), torch.ones(1, 100)  # read a little wrong, as it is in use
    phase, is_steady = true_phase(voice, pitch, 24_000)
    assert is_steady[:, 15:-15].all()
    ahead = torch.angle(torch.exp(2j * math.pi * (phase.flatten(1) - 140.0 * (torch.arange(24_000) + 77) / 24_000)))
    assert float(ahead[:, 2_000:-2_000].abs().max()) < 0.3  # a twentieth of a period
    pulses = pulse_train(phase, pitch, voicing, 24_000)
    similar = torch.nn.functional.cosine_similarity
    other = pulse_train(phase + 0.5, pitch, voicing, 24_000)
    assert float(similar(pulses, voice)) > 0.2 > abs(float(similar(other, voice)))


def test_the_phase_distance_hears_what_magnitudes_do_not() -> None:
    truth, voicing = steady_voice(140.0, rate_hz=24_000), torch.ones(1, 100)
    late = truth.roll(30, 1)
    apart = [float(phase_distance(truth, made, voicing, 24_000)) for made in (truth, 0.5 * truth, late, -truth)]
    assert max(apart[:2]) < 0.3 < apart[2] < 1.6 < apart[3]
    assert float(phase_distance(truth, -truth, 0.0 * voicing, 24_000)) == 0.0


def test_a_source_of_16_khz_is_told_and_its_upper_band_is_not_judged() -> None:
    wide = white_noise(24_000)
    narrow = without_upper(wide, torch.tensor([[True]]), 24_000)
    assert is_narrow(narrow, 24_000).all()
    assert not is_narrow(torch.cat([wide, torch.zeros_like(wide)]), 24_000).any()
    assert power_between(narrow, 8_000, 12_000, 24_000) < 1e-6
    assert torch.allclose(without_upper(wide, torch.tensor([[False]]), 24_000), wide, atol=1e-5)


def test_true_detune_finds_a_partial_between_two_centres() -> None:
    centres, widths = band_geometry(64)
    hz = float(centres[20] + 0.3 * widths[20])
    time = torch.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    detune, weight = true_detune(torch.sin(2.0 * math.pi * hz * time)[None], centres, widths)
    assert float(detune[0, 50, 20]) == pytest.approx(0.6, abs=0.05)
    assert float(weight[0, 50, 20]) > 0.9


def test_the_energy_distance_prefers_noise_of_the_right_colour_to_the_average_of_noises() -> None:
    generator = torch.Generator().manual_seed(0)
    truth, first, second = (0.1 * torch.randn(8, 8000, generator=generator) for _ in range(3))
    fair = energy_distance(truth, first, second)
    # A vocoder that always says the same cannot gain from the distance between its two tries.
    assert fair < energy_distance(truth, first, first)
    assert fair < energy_distance(truth, 0.5 * first, 0.5 * second)


def codec() -> Codec:
    """One that loses nothing that matters here."""
    fitted = Codec()
    fitted.fit(torch.randn(2000, 256) @ torch.randn(256, 256) * 0.1 - 5.0)
    return fitted


def audio_in(folder: Path, *kinds: str) -> Path:
    """Noise as the training's audio."""
    noise = np.random.default_rng(0)
    for kind in kinds:
        (folder / kind / "part").mkdir(parents=True)
        rows = (8000 * noise.standard_normal((3, 24_000))).clip(-32768, 32767).astype(np.int16)
        np.save(folder / kind / "part" / "00.npy", rows)
    return folder


def trainer_in(folder: Path, recipe: training.VocoderTraining) -> training.Trainer:
    clips = Clips.of(folder, 24_000, torch.device("cpu"))
    return training.Trainer(clips, folder, 1.0, recipe, codec(), vocoder_run.grown(small_vocoder(), SMALL_WIDE), ALONE)


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    audio_in(tmp_path, "speech", "sounds")
    recipe = replace(training.WARM, clips=2, frames=16, judged_frames=12)
    trainer = trainer_in(tmp_path, recipe)
    before = [weight.clone() for weight in trainer.vocoder.parameters()]
    for _ in range(2):
        values = trainer.train_step()
    assert all(math.isfinite(value) for value in values.values())
    assert {"phase", "verdict"} <= set(values)
    moved = [not torch.equal(a, b) for a, b in zip(before, trainer.vocoder.parameters(), strict=True)]
    assert all(moved)
    trainer.spent_s = 5.0
    trainer.save()
    again = trainer_in(tmp_path, recipe)
    assert (again.step, again.judged_steps, again.spent_s) == (2, 2, 5.0)
    assert all(torch.equal(a, b) for a, b in zip(again.vocoder.parameters(), trainer.vocoder.parameters(), strict=True))
    assert Vocoder.load(tmp_path / "vocoder.safetensors").config == SMALL_WIDE


class Echo(Fabric):
    """The first of two processes, whose other one has gradients three times as large."""

    world_size = 2

    def all_reduce(self, data: Any, group: Any = None, reduce_op: Any = "mean") -> Any:
        assert reduce_op == "mean"
        return 2.0 * data


def test_processes_take_the_mean_of_what_they_learn(tmp_path: Path) -> None:
    trainer = trainer_in(audio_in(tmp_path, "speech", "sounds"), replace(training.WARM, clips=2, frames=16))
    trainer.fabric = Echo(accelerator="cpu", devices=1)
    own = [torch.randn_like(weight) for weight in trainer.vocoder.parameters()]
    for weight, gradient in zip(trainer.vocoder.parameters(), own, strict=True):
        weight.grad = gradient.clone()
    trainer.agree(trainer.vocoder)
    for weight, gradient in zip(trainer.vocoder.parameters(), own, strict=True):
        assert weight.grad is not None
        assert torch.equal(weight.grad, 2.0 * gradient)


def test_a_vocoder_that_grew_learns_above_the_mel_and_keeps_what_it_was_below(tmp_path: Path) -> None:
    narrow = small_vocoder()
    kind, recipe, first = vocoder_run.begun(narrow)
    assert kind is UpperBandTrainer
    assert first.config == SMALL_WIDE
    assert vocoder_run.begun(first)[0] is training.Trainer, "once it is wide, all of it is trained"
    assert vocoder_run.begun(None)[0] is training.Trainer
    before = Vocoder(SMALL_WIDE)
    before.load_state_dict(first.state_dict())
    clips = Clips.of(audio_in(tmp_path, "speech", "sounds"), 24_000, torch.device("cpu"))
    trainer = kind(clips, tmp_path, 1.0, replace(recipe, clips=2, frames=16, warm_up_steps=1), codec(), first, ALONE)
    for _ in range(3):
        assert trainer.train_step()["distance"] >= 0.0
    mel = log_mel(white_noise(24_000), 64, 24_000)
    spectra = [torch.fft.rfft(vocoder(mel)[0].detach()).abs() for vocoder in (before, trainer.vocoder)]
    below, above = slice(0, int(7600 * 1.0)), slice(8300, 12_000)  # a second: a bin is 1 Hz
    change = [float((b - a)[band].norm() / a[band].norm()) for a, b in [spectra] for band in (below, above)]
    assert change[0] < 1e-4
    assert change[1] > 1e-2


def test_what_a_gpu_has_saved_goes_on_here(tmp_path: Path) -> None:
    audio_in(tmp_path, "speech", "sounds")
    recipe = replace(training.WARM, clips=2, frames=16, judged_frames=12)
    trainer = trainer_in(tmp_path, recipe)
    trainer.train_step()
    for optimizer in (trainer.optimizer, trainer.judges_optimizer):
        optimizer.param_groups[0]["capturable"] = True
    trainer.save()
    again = trainer_in(tmp_path, recipe)
    assert not again.optimizer.param_groups[0]["capturable"]
    values = again.train_step()
    assert all(math.isfinite(value) for value in values.values())
    assert again.step == 2


def test_the_upper_band_of_narrow_clips_teaches_nothing(tmp_path: Path) -> None:
    """Two truths that differ only above 8 kHz give the same gradients where the clips are narrow, others where not."""
    trainer = trainer_in(audio_in(tmp_path, "speech", "sounds"), replace(training.WARM, clips=2, frames=16))
    wide = white_noise(24_000)[:, : 16 * 240].repeat(2, 1)
    cut = without_upper(wide, torch.ones(2, 1, dtype=torch.bool), 24_000)

    def gradient(truth: torch.Tensor, narrow: bool) -> torch.Tensor:
        torch.manual_seed(0)
        trainer.optimizer.step = lambda: None  # type: ignore[method-assign, assignment]
        trainer.update(truth, torch.full((2, 1), narrow), False)
        return torch.cat([weight.grad.flatten() for weight in trainer.vocoder.parameters() if weight.grad is not None])

    similar = torch.nn.functional.cosine_similarity
    assert float(similar(gradient(wide, True), gradient(cut, True), dim=0)) > 0.999
    assert float(similar(gradient(wide, False), gradient(cut, False), dim=0)) < 0.99


def test_clips_keep_a_voice_upright_and_tell_narrow_sources(tmp_path: Path) -> None:
    click = np.tile(np.eye(1, 240, 100, dtype=np.int16)[0] * 20_000, 200)  # one-sided, 100 a second
    (tmp_path / "speech").mkdir()
    np.save(tmp_path / "speech" / "00.npy", click)
    (tmp_path / "sounds").mkdir()
    hiss = 0.5 * without_upper(white_noise(24_000, 2.0), torch.tensor([[True]]), 24_000)
    np.save(tmp_path / "sounds" / "00.npy", (32_767 * hiss[0]).round().to(torch.int16).numpy())
    clips = Clips.of(tmp_path, 24_000, torch.device("cpu"))
    torch.manual_seed(0)
    speech, narrow = clips.speech.drawn(8, 4_800)
    assert float(speech.min()) > -1e-3
    assert not narrow.any()
    assert clips.sounds.drawn(8, 4_800)[1].all()
    audio, narrow = clips.batch(64, 4_800)
    assert audio.shape == (64, 4_800)
    assert float(audio.abs().max()) <= 1.0
    assert 0 < int(narrow.sum()) < 64


def test_training_needs_both_kinds_of_audio(tmp_path: Path) -> None:
    audio_in(tmp_path, "speech")
    with pytest.raises(FileNotFoundError, match="sounds"):
        Clips.of(tmp_path, 24_000, torch.device("cpu"))
