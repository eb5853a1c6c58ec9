"""The reference's decoder in bands: the library's own sums, the same bits on any number of lanes, 40 dB where brief."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from vssflow_dit.lanes import Lanes
from vssflow_dit.picture.image_encoder import ImageEncoder, vision_model
from vssflow_dit.sound import bands
from vssflow_dit.sound.audioldm import RELEASED_VAE as VAE
from vssflow_dit.sound.audioldm import RELEASED_VOCODER as VOCODER
from vssflow_dit.sound.audioldm import HiFiGAN, MelVAE

TOKENS = 60
"""2.4 s: long enough that every layer is cut."""


@cache
def plain() -> tuple[MelVAE, HiFiGAN]:
    """At the released size, on random weights."""
    torch.manual_seed(0)
    return MelVAE(VAE).eval().requires_grad_(False), HiFiGAN(VOCODER).eval().requires_grad_(False)


@cache
def latent_and_mel() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    mel = torch.randn(1, 64, 4 * TOKENS, generator=generator) * 1.5 - 4
    return torch.randn(1, 128, TOKENS, generator=generator), mel


def decoded(n_lanes: int | None, brief: bool) -> tuple[Tensor, Tensor]:
    """(mel of the latent, waveform of the mel); None is the libraries' own graph."""
    latent, mel = latent_and_mel()
    vae, gan = copy.deepcopy(plain())
    lanes = Lanes(n_lanes or 1)
    if n_lanes is not None:
        vae, gan = vae.in_lanes(lanes, brief), gan.in_lanes(lanes, brief)
    return lanes.run(lambda: vae.decode(latent)), lanes.run(lambda: gan(mel))


def below_db(found: Tensor, wanted: Tensor) -> float:
    return float(20 * torch.log10(wanted.norm() / (found - wanted).norm().clamp(min=1e-30)))


def test_bands_are_the_librarys_own_sums() -> None:
    for found, wanted in zip(decoded(2, False), decoded(None, False), strict=True):
        assert found.shape == wanted.shape
        assert below_db(found, wanted) > 100


def test_brief_blocks_leave_40_db() -> None:
    exact, brief = decoded(None, False), decoded(2, True)
    assert below_db(brief[0], exact[0]) >= 40
    assert below_db(brief[1], exact[1]) >= 50
    distance = float((brief[0] - exact[0]).abs().mean())
    assert 0 < distance < 0.01  # nepers of a band


@pytest.mark.parametrize("brief", [True, False])
def test_any_number_of_lanes_gives_the_same_bits(brief: bool) -> None:
    one, three = decoded(1, brief), decoded(3, brief)
    assert all(torch.equal(a, b) for a, b in zip(one, three, strict=True))


@pytest.mark.parametrize(("kernel", "stride", "n"), [(16, 5, 400), (16, 4, 401), (4, 2, 399), (8, 2, 333)])
def test_transposed_convolutions_meet_at_the_bands(kernel: int, stride: int, n: int) -> None:
    torch.manual_seed(2)
    conv = torch.nn.ConvTranspose1d(6, 5, kernel, stride, (kernel - stride) // 2).double()
    x = torch.randn(2, 6, n).double()
    lanes = Lanes(2)
    found = lanes.run(lambda: bands.BandedUpsampling(conv, lanes)(x))
    assert torch.allclose(found, conv(x), atol=1e-12)


def test_what_is_too_short_for_bands_is_done_whole() -> None:
    calls: list[int] = []

    def work(x: Tensor) -> Tensor:
        calls.append(x.shape[2])
        return x

    whole: Callable[[int], Tensor] = lambda n: bands.in_bands(work, torch.randn(1, 1, n), 5, Lanes(2))  # noqa: E731
    assert whole(79).shape[2] == 79
    assert calls == [79]
    assert whole(80).shape[2] == 80
    assert sorted(calls[1:]) == [25, 25, 30, 30]


def test_pictures_are_looked_at_one_by_one() -> None:
    torch.manual_seed(3)
    model = vision_model().eval()
    pictures = np.random.default_rng(4).integers(0, 256, (5, 40, 56, 3), np.uint8)
    processor = torch.device("cpu")
    seen = [ImageEncoder(model, processor, torch.float32, Lanes(n)).features(pictures) for n in (1, 3)]
    alone = ImageEncoder(model, processor, torch.float32, Lanes(2)).features(pictures[3:4])
    assert np.array_equal(seen[0], seen[1])
    assert np.array_equal(seen[0][3:4], alone)
