"""The vocoder keeps silence, level and pitch even before it is trained, and its training can be interrupted."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vssflow_dit.sound.codec import Codec
from vssflow_dit.sound.mel import HOP, LOG_FLOOR, SAMPLE_RATE_HZ, log_mel
from vssflow_dit.sound.oscillators import band_geometry, pulse_train, tone_bank
from vssflow_dit.sound.vocoder import Vocoder, VocoderConfig
from vssflow_dit.training import vocoder as training
from vssflow_dit.training.listening import energy_distance, true_detune, true_pitch
from vssflow_post.errors import UsageError

SMALL = VocoderConfig(width=32, hidden=48, n_blocks=1, reader_width=32, reader_blocks=1)


def small_vocoder() -> Vocoder:
    torch.manual_seed(0)
    return Vocoder(SMALL).eval().requires_grad_(False)


def steady_voice(pitch_hz: float, seconds: float = 1.0) -> torch.Tensor:
    """A buzz with eight harmonics at one pitch: (1, n)."""
    time = torch.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return torch.stack([0.3 / k * torch.cos(2.0 * math.pi * k * pitch_hz * time) for k in range(1, 9)]).sum(0)[None]


@pytest.mark.parametrize("n_frames", [1, 7, 100])
def test_each_frame_becomes_160_samples(n_frames: int) -> None:
    waveform = small_vocoder()(torch.full((2, 64, n_frames), -4.0))
    assert waveform.shape == (2, n_frames * HOP)
    assert waveform.dtype == torch.float32
    assert waveform.isfinite().all()


def test_a_mel_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="64"):
        small_vocoder()(torch.zeros(1, 80, 10))


def test_silence_in_is_silence_out() -> None:
    waveform = small_vocoder()(torch.full((1, 64, 50), math.log(LOG_FLOOR)))
    assert 20.0 * math.log10(float(waveform.abs().max()) + 1e-12) < -75.0


def test_the_level_follows_the_mel_without_training() -> None:
    vocoder = small_vocoder()
    mel = log_mel(0.1 * torch.randn(1, SAMPLE_RATE_HZ, generator=torch.Generator().manual_seed(1)))
    loud, soft = (vocoder(mel - drop).square().mean().sqrt() for drop in (0.0, math.log(10.0)))
    assert 0.04 < float(loud) < 0.2
    assert 0.05 < float(soft / loud) < 0.2


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


def test_analysis_and_overlap_add_are_inverses() -> None:
    vocoder = small_vocoder()
    waveform = torch.randn(1, 40 * HOP, generator=torch.Generator().manual_seed(2))
    again = vocoder.overlap_add(vocoder.analyse(waveform))
    assert torch.allclose(again[:, HOP:-HOP], waveform[:, HOP:-HOP], atol=1e-4)


@pytest.mark.parametrize("pitch_hz", [80.0, 210.0])
def test_the_pulse_train_has_the_pitch_it_is_given(pitch_hz: float) -> None:
    frames = torch.full((1, 100), pitch_hz)
    pulses = pulse_train(frames, torch.ones(1, 100), torch.Generator().manual_seed(0))
    heard, voicing = true_pitch(pulses)
    assert voicing[0, 10:-10].all()
    assert torch.allclose(heard[0, 10:-10], frames[0, 10:-10], rtol=0.01)
    assert 0.5 < float(pulses.square().mean()) < 1.5


def test_the_tone_bank_plays_each_bands_frequency() -> None:
    centres, widths = band_geometry(64)
    wanted = centres + 0.2 * widths
    tones = tone_bank(wanted.expand(1, 100, 64), widths, torch.Generator().manual_seed(0))
    spectrum = torch.fft.rfft(tones[0]).abs()
    for hz in wanted[[5, 30, 60]]:
        near = spectrum[int(hz) - 20 : int(hz) + 21]
        assert abs(int(near.argmax()) - 20) <= 1


def test_true_pitch_tells_voice_from_noise() -> None:
    _, of_voice = true_pitch(steady_voice(140.0))
    _, of_noise = true_pitch(0.1 * torch.randn(1, SAMPLE_RATE_HZ, generator=torch.Generator().manual_seed(0)))
    assert of_voice.mean() > 0.9
    assert of_noise.mean() < 0.1


def test_true_detune_finds_a_partial_between_two_centres() -> None:
    centres, widths = band_geometry(64)
    hz = float(centres[20] + 0.3 * widths[20])
    time = torch.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    detune, weight = true_detune(torch.sin(2.0 * math.pi * hz * time)[None], 64)
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


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    audio = tmp_path / "audio"
    noise = np.random.default_rng(0)
    for kind in ("speech", "sounds"):
        (audio / kind).mkdir(parents=True)
        np.save(audio / kind / "00.npy", (8000 * noise.standard_normal(40_000)).clip(-32768, 32767).astype(np.int16))
    recipe = replace(training.VocoderTraining(), clips=2, frames=16, adversarial_from=-1.0)
    trainer = training.Trainer(audio, tmp_path, 1.0, recipe, codec(), Vocoder(SMALL))
    values = trainer.train_step()
    assert all(math.isfinite(value) for value in values.values())
    assert "verdict" in values
    trainer.spent_s = 5.0
    trainer.save()
    again = training.Trainer(audio, tmp_path, 1.0, recipe, codec(), Vocoder(SMALL))
    assert (again.step, again.judged_steps, again.spent_s) == (1, 1, 5.0)
    assert all(torch.equal(a, b) for a, b in zip(again.vocoder.parameters(), trainer.vocoder.parameters(), strict=True))
    assert Vocoder.load(tmp_path / "vocoder.safetensors").config == SMALL


def test_training_needs_both_kinds_of_audio(tmp_path: Path) -> None:
    (tmp_path / "speech").mkdir()
    np.save(tmp_path / "speech" / "00.npy", np.zeros(40_000, np.int16))
    with pytest.raises(FileNotFoundError, match="sounds"):
        training.Clips(tmp_path, seed=0)
