"""Does a sound have its class? A small classifier, trained on the spot on sounds of another seed, listens.

Its inputs are plain statistics of a clip's log-mel spectrogram, without its level. The Frechet distance compares the
means and covariances of its last hidden layer over two sets of clips (arXiv 1812.08466), 0 for sets alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from vssflow_dit.evaluation.heldout import Clip, Waveform
from vssflow_dit.evaluation.measures import TRUTH, Measure
from vssflow_dit.sound.mel import log_mel

GROUP = "Does a sound have its class?"
ABOUT = (
    "A classifier on log-mel statistics, trained within seconds on sounds of another seed. The Frechet distance is "
    "that of its last hidden layer to ground truth; the ground truth's own is that to as many other clips."
)
EPOCHS = 300
EMBEDDING = 32
Vectors = npt.NDArray[np.float64]


def statistics(wave: Waveform) -> Tensor:
    """What a clip sounds like, (n_features,): spectrum, its spread and movement, and how fast its level beats."""
    mel = log_mel(torch.from_numpy(wave)[None])[0]  # (64, n)
    mel = (mel - mel.max()).clamp(min=-9.0)
    level = mel.exp().mean(0).log()
    beats = torch.fft.rfft(level - level.mean(), n=512).abs() / len(level)  # 0.2 Hz a bin
    bands = [beats[a:b].mean() for a, b in ((1, 4), (4, 8), (8, 16), (16, 32), (32, 64), (64, 128), (128, 256))]
    moved = (mel[:, 1:] - mel[:, :-1]).abs().mean(1)
    loud = torch.quantile(mel, torch.tensor([0.1, 0.5, 0.9]), dim=1).flatten()
    return torch.cat([mel.mean(1), mel.std(1), moved, loud, torch.stack(bands), level.mean()[None], level.std()[None]])


class Classifier(nn.Module):
    """Statistics (B, n) to logits (B, n_classes); made by `learned`."""

    def __init__(self, mean: Tensor, scale: Tensor, n_classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.hidden = nn.Sequential(
            nn.Linear(len(mean), 128), nn.GELU(), nn.Dropout(0.3), nn.Linear(128, EMBEDDING), nn.GELU()
        )
        self.head = nn.Linear(EMBEDDING, n_classes)

    def embedded(self, rows: Tensor) -> Tensor:
        return self.hidden((rows - self.get_buffer("mean")) / self.get_buffer("scale"))  # type: ignore[no-any-return]

    def forward(self, rows: Tensor) -> Tensor:
        return self.head(self.embedded(rows))  # type: ignore[no-any-return]


def learned(clips: Sequence[Clip], classes: Sequence[str]) -> Classifier:
    """Cross-entropy over EPOCHS passes; the same clips give the same classifier."""
    rows = torch.stack([statistics(clip.audio) for clip in clips])
    wanted = torch.tensor([classes.index(clip.name) for clip in clips])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = Classifier(rows.mean(0), rows.std(0) + 1e-3, len(classes))
        optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.05)
        for _ in range(EPOCHS):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(rows), wanted, label_smoothing=0.1).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return net.eval().requires_grad_(False)


def frechet(one: Vectors, other: Vectors) -> float:
    """Between Gaussians fitted to two sets of vectors (n, d)."""
    a, b = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    # The trace of (a b)^(1/2) is the sum of the roots of a b's eigenvalues, which are real and not negative.
    roots = np.sqrt(np.clip(np.linalg.eigvals(a @ b).real, 0.0, None)).sum()
    return float(((one.mean(0) - other.mean(0)) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * roots)


def measures(
    heard: Mapping[str, Sequence[Waveform]], clips: Sequence[Clip], others: Sequence[Clip], net: Classifier,
    classes: Sequence[str],
) -> list[Measure]:  # fmt: skip
    """`heard`: column -> a waveform for each clip; `others`: as many clips, with which ground truth is compared."""
    names = np.array([clip.name for clip in clips])
    reference = net.embedded(torch.stack([statistics(clip.audio) for clip in others])).double().numpy()
    truth: Vectors | None = None
    found: list[Measure] = []
    for column, waves in heard.items():
        rows = torch.stack([statistics(wave) for wave in waves])
        right = np.array(classes)[net(rows).argmax(dim=1).numpy()] == names
        embedded = net.embedded(rows).double().numpy()
        if column == TRUTH:
            truth = embedded
        found.append(Measure(GROUP, "class recognised, all", "", column, 100 * float(right.mean()), "%", len(clips)))
        distance = frechet(embedded, reference if column == TRUTH or truth is None else truth)
        found.append(Measure(GROUP, "Frechet distance", "", column, distance, "", len(clips)))
        for name in dict.fromkeys(names.tolist()):
            own = right[names == name]
            found.append(Measure(GROUP, "class recognised", name, column, 100 * float(own.mean()), "%", len(own)))
    return found
