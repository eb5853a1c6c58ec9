"""EfficientNet-Lite2 (Apache 2.0; Liu and others, 2020): a picture's scores for the 1,000 labels of ImageNet.

It is EfficientNet (arXiv 1905.11946) for small devices: inverted bottlenecks with ReLU6 and without squeeze and
excitation. Every normalisation is folded into the convolution before it, so that the network is convolutions alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu6

N_LABELS = 1000
STAGES = (
    (1, 16, 1, 3, 1),
    (3, 24, 6, 3, 2),
    (3, 48, 6, 5, 2),
    (4, 88, 6, 3, 2),
    (4, 120, 6, 5, 1),
    (5, 208, 6, 5, 2),
    (1, 352, 6, 3, 1),
)
"""(blocks, channels, how many times wider inside, kernel, stride of the first block)."""
STEM, HEAD = 32, 1280
"""Channels after the first convolution, and before the pooling."""
_EPSILON = 1e-3
"""That of the normalisations."""


class Convolution(nn.Conv2d):
    """A convolution padded as TensorFlow pads: with a stride of two and an even size, more at the right and bottom."""

    def __init__(self, n_in: int, n_out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__(n_in, n_out, kernel, stride, padding=kernel // 2 if stride == 1 else 0, groups=groups)

    def forward(self, x: Tensor) -> Tensor:  # (B, n_in, h, w) -> (B, n_out, ceil(h / stride), ceil(w / stride))
        if self.stride[0] > 1:
            missing = [max(0, self.kernel_size[0] - (size % 2 or 2)) for size in (x.shape[3], x.shape[2])]
            x = pad(x, [part for n in missing for part in (n // 2, n - n // 2)])
        return super().forward(x)


class Bottleneck(nn.Module):
    """Widened, filtered channel by channel, narrowed; added to what came in where the shape is the same."""

    def __init__(self, n_in: int, n_out: int, widening: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = n_in * widening
        self.expand = Convolution(n_in, wide) if widening > 1 else None
        self.depthwise = Convolution(wide, wide, kernel, stride, groups=wide)
        self.project = Convolution(wide, n_out)
        self.is_residual = stride == 1 and n_in == n_out

    def forward(self, x: Tensor) -> Tensor:
        inside: Tensor = x if self.expand is None else relu6(self.expand(x), inplace=True)
        inside = self.project(relu6(self.depthwise(inside), inplace=True))
        return x + inside if self.is_residual else inside


class EfficientNetLite2(nn.Module):
    """(B, 3, height, width), pixels about -1 to 1, to (B, 1000): scores before the softmax.

    It was trained on pictures of 260 by 260 and takes any size.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, STEM, 3, 2)
        self.blocks = nn.Sequential(*_blocks())
        self.head = Convolution(STAGES[-1][1], HEAD)
        self.labels = nn.Linear(HEAD, N_LABELS)

    def forward(self, x: Tensor) -> Tensor:
        x = relu6(self.stem(x), inplace=True)  # (B, 32, height / 2, width / 2)
        x = relu6(self.head(self.blocks(x)), inplace=True)  # (B, 1280, height / 32, width / 32)
        return self.labels(x.mean((2, 3)))  # type: ignore[no-any-return]


def _blocks() -> Iterator[Bottleneck]:
    n_in = STEM
    for n_blocks, n_out, widening, kernel, stride in STAGES:
        for k in range(n_blocks):
            yield Bottleneck(n_in, n_out, widening, kernel, stride if k == 0 else 1)
            n_in = n_out


def from_tensors(tensors: Mapping[str, Tensor]) -> EfficientNetLite2:
    """The network with published weights, for inference. Raises KeyError or RuntimeError for those of another shape."""
    with torch.device("meta"):
        network = EfficientNetLite2()
    ours: dict[str, Tensor] = {"labels.weight": tensors["_fc.weight"], "labels.bias": tensors["_fc.bias"]}
    ours |= _folded(tensors, "stem", "_conv_stem", "_bn0") | _folded(tensors, "head", "_conv_head", "_bn1")
    for k, block in enumerate(network.blocks):
        names = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}
        for name, norm in names.items():
            if getattr(block, name) is not None:
                theirs = f"_blocks.{k}."
                ours |= _folded(tensors, f"blocks.{k}.{name}", f"{theirs}_{name}_conv", theirs + norm)
    network.load_state_dict(ours, assign=True)
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def _folded(tensors: Mapping[str, Tensor], name: str, convolution: str, norm: str) -> dict[str, Tensor]:
    """A convolution and the normalisation after it as one convolution, under our name."""
    scale = tensors[f"{norm}.weight"] / (tensors[f"{norm}.running_var"] + _EPSILON).sqrt()
    weight = tensors[f"{convolution}.weight"] * scale[:, None, None, None]
    return {f"{name}.weight": weight, f"{name}.bias": tensors[f"{norm}.bias"] - tensors[f"{norm}.running_mean"] * scale}
