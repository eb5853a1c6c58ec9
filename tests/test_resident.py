"""Windows cut on the device are such as `Examples` cuts: the same kinds, as often, and true to their labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from vssflow_dit.config import config_of
from vssflow_dit.sound.codec import Codec
from vssflow_dit.training.examples import FLOOR, Drawing, Examples, Sound, Utterance
from vssflow_dit.training.resident import Resident

N = 600


def spoken(voice: int, seed: int) -> Utterance:
    """Every frame of its mel says, band by band, which voice and which phoneme it is."""
    rng = np.random.default_rng(seed)
    frames = np.repeat(rng.integers(1, 59, 60), rng.integers(2, 8, 60)).astype(np.int16)
    mel = np.tile(frames[:, None] / 64, (1, 64)).astype(np.float16)
    mel[:, 1] = voice
    return Utterance(mel, frames, voice)


def sound(name: int, is_bed: bool) -> Sound:
    """Its speed is its mel's first band; a struck one has its strikes in the second."""
    speed = np.linspace(0, 1, N).astype(np.float32)
    mel = np.full((N, 64), -float(name), np.float16)
    mel[:, 0] = speed
    strikes = () if is_bed else ((1.0, 1.0), (3.0, 0.5), (5.5, 0.8))
    return Sound(mel, strikes, speed, name, is_bed)


def made(shares: tuple[float, float, float], mixed: float = 0.3, batch: int = 64) -> tuple[Examples, Resident]:
    speech = [spoken(voice, 10 * voice + k) for voice in (1, 2, 4) for k in range(4)]
    clips = [sound(0, False), sound(1, False), sound(2, True), sound(3, True)]
    examples = Examples(config_of("starter"), speech, clips, Codec(), Drawing(batch, 5.0, shares, mixed))
    return examples, Resident(examples, torch.device("cpu"))


def told(shares: tuple[float, float, float], mixed: float = 0.3) -> tuple[Tensor, dict[str, Tensor]]:
    return made(shares, mixed)[1].mels(1)


def test_every_frame_of_speech_has_its_own_phoneme_and_voice() -> None:
    mel, values = told((1.0, 0.0, 0.0))
    spoken = values["phoneme"] > 0
    assert 0.6 < spoken.float().mean() < 0.95
    assert torch.allclose(mel[:, 0][spoken], (values["phoneme"] / 64)[spoken], atol=1e-3)
    assert torch.equal(mel[:, 1][spoken].long(), values["voice"].expand_as(spoken)[spoken])
    assert (mel.mT[~spoken] < FLOOR + 0.01).all()
    assert set(values["voice"][:, 0].tolist()) == {1, 2, 4}
    assert not values["sound"].any()
    assert not values["motion"].any()
    opening, seen = values["mouth"].view(64, 500, 2).unbind(-1)
    assert 0.3 < seen.mean() < 0.7
    assert not opening[seen == 0].any()


def test_sounds_come_with_their_motion() -> None:
    mel, values = told((0.0, 1.0, 0.0), mixed=0.0)
    strike, speed = values["motion"].view(64, 500, 2).unbind(-1)
    assert ((speed / mel[:, 0]).nan_to_num(1.0) - 1.0).abs().max() < 0.11
    begins = ((mel[:, 0, 0]) * (N - 1)).round().long()
    for row, begin, label in zip(strike, begins, values["sound"], strict=True):
        struck = {round(100 * t) - int(begin) for t in (1.0, 3.0, 5.5)} if not label[1:3].any() else set()
        inside = [at for at in struck if 5 < at < 495]
        assert all(row[at - 4 : at + 5].max() > 0.3 for at in inside)
        assert int((row > 0).sum()) < 30
    assert not values["voice"].any()
    assert {tuple(row[:3].tolist()) for row in values["sound"]} == {(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)}


def test_beds_are_mixed_by_the_power_of_their_weights() -> None:
    mel, values = told((0.0, 1.0, 0.0), mixed=1.0)
    mixed = (values["sound"] > 0).sum(1) == 2
    weights = values["sound"][mixed][:, 1:3]
    assert mixed.any()
    assert torch.allclose(weights.sum(1), torch.ones(len(weights)))
    power = weights @ torch.tensor([-4.0, -6.0]).exp()
    assert torch.allclose(mel[mixed][:, 2], 0.5 * power.log()[:, None].expand(-1, 500), atol=1e-3)


def test_both_at_once_add_or_insert() -> None:
    mel, values = told((0.0, 0.0, 1.0), mixed=0.0)
    spoken = values["phoneme"] > 0
    inserted = 0
    for k in range(64):
        alone = torch.allclose(mel[k, 1][spoken[k]], values["voice"][k].float(), atol=1e-3)
        inserted += alone and not values["motion"][k].view(500, 2)[spoken[k]].any()
        assert (mel[k, 1][spoken[k]] > values["voice"][k] - 1e-3).all()
    assert 15 < inserted < 50


@pytest.mark.parametrize("step", [0, 7])
def test_a_batch_is_drawn_by_its_step_and_rank(step: int) -> None:
    examples, resident = made((0.5, 0.44, 0.06))
    latent, values = resident.batch(step, 0)
    wanted, told = examples.batch(step, 0)
    assert (latent.shape, latent.dtype) == (wanted.shape, wanted.dtype)
    assert {name: (v.shape, v.dtype) for name, v in values.items()} == {n: (v.shape, v.dtype) for n, v in told.items()}
    assert torch.equal(resident.mels(step)[0], resident.mels(step)[0])
    assert not torch.equal(resident.mels(step)[0], resident.mels(step, rank=1)[0])


def test_windows_are_as_often_of_each_kind_as_those_of_examples() -> None:
    def shares(source: Examples | Resident) -> Tensor:
        batches = [source.mels(step) for step in range(15)]
        mel, values = torch.cat([m for m, _ in batches]), [v for _, v in batches]
        voice, sounds, mouth, motion, phoneme = (
            torch.cat([v[name] for v in values]).float() for name in ("voice", "sound", "mouth", "motion", "phoneme")
        )
        spread = torch.stack([mel.mean(), mel.std(), mouth.mean(), motion.mean()])
        counts = torch.stack([(voice > 0).float().mean(), sounds.sum(1).mean(), (phoneme > 0).float().mean()])
        return torch.cat([spread, counts, (sounds > 0).float().mean(0)[:4]])

    examples, resident = made((0.4, 0.4, 0.2), batch=200)
    assert torch.allclose(shares(examples), shares(resident), rtol=0.12)
