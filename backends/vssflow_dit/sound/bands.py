"""Convolutions in bands of time, each computed in a lane of its own: one cue fills the processor.

Where a picture is cut depends on its length alone, so that its bits depend on no count of threads. A band is read with
as much of its neighbours as reaches into it, and what that margin comes to is thrown away.

Pictures lie with their channels last, where convolutions are quicker by a tenth and more; a waveform is a picture one
pixel high.

`brief` layers multiply in bfloat16 and add up in float32: which ones may is measured (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import torch
from torch import Tensor, channels_last, nn
from torch.nn.functional import conv2d, leaky_relu, pad, scaled_dot_product_attention

from vssflow_dit.lanes import Lanes

BANDS = 4
"""Of a picture that is long enough; more would read more margins twice."""


def in_bands(work: Callable[[Tensor], Tensor], x: Tensor, margin: int, lanes: Lanes, scale: int = 1) -> Tensor:
    """`work` on x (B, C, T, ...), which gives `scale` columns for each and reads `margin` to either side of it.

    At the ends of x it pads as it always does.
    """
    n = x.shape[2]
    if lanes.n == 0 or n < 4 * BANDS * max(1, margin):
        return work(x)
    edges = [n * k // BANDS for k in range(BANDS + 1)]

    def band(k: int) -> Tensor:
        first, last = max(0, edges[k] - margin), min(n, edges[k + 1] + margin)
        made = work(x[:, :, first:last])
        kept = None if k == BANDS - 1 else (edges[k + 1] - first) * scale
        return made[:, :, (edges[k] - first) * scale : kept]

    return torch.cat(lanes.map(band, range(BANDS)), dim=2)


class BandedConv(nn.Module):
    """A 3x3 convolution on pictures (B, C, T, F), in bands of T."""

    def __init__(self, conv: nn.Conv2d, lanes: Lanes, brief: bool) -> None:
        super().__init__()
        conv = conv.to(memory_format=channels_last)
        self.conv, self._lanes = conv.to(torch.bfloat16) if brief else conv, lanes

    def forward(self, x: Tensor) -> Tensor:
        margin = self.conv.kernel_size[0] // 2
        return in_bands(lambda part: self.conv(part.to(self.conv.weight.dtype)).to(x.dtype), x, margin, self._lanes)


class FoldedUpsampling(nn.Module):
    """Each pixel doubled both ways, then a 3x3 convolution: as four 2x2 convolutions before the doubling, since a
    doubled pixel meets two of the three weights in each direction. The same sums with fewer than half of the products.
    """

    def __init__(self, conv: nn.Conv2d, lanes: Lanes) -> None:
        super().__init__()
        self._lanes, self.bias = lanes, conv.bias
        # (phase, tap, weight): of a pair of rows the even one sees the row before and its own, the odd one its own and
        # the row after.
        near_far = torch.tensor([[[1.0, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]]).to(conv.weight)
        folded = torch.einsum("aiu,bjv,ocuv->abocij", near_far, near_far, conv.weight.detach()).flatten(0, 1)
        # One for each (row, column) of the four that a pixel becomes.
        self.weights = nn.ParameterList(
            nn.Parameter(weight.contiguous(memory_format=channels_last), requires_grad=False) for weight in folded
        )

    def forward(self, x: Tensor, output_size: int | None = None) -> Tensor:
        """(B, C, T, F) to (B, C, 2T, 2F)."""
        return in_bands(self._upsampled, x, 1, self._lanes, 2)

    def _upsampled(self, x: Tensor) -> Tensor:
        b, _, t, f = x.shape
        padded = pad(x, (1, 1, 1, 1))
        out = x.new_empty(b, t, 2, f, 2, len(self.weights[0]))
        for (row, column), weight in zip(product(range(2), range(2)), self.weights, strict=True):
            seen = padded[:, :, row : row + t + 1, column : column + f + 1]
            out[:, :, row, :, column] = conv2d(seen, weight, self.bias).permute(0, 2, 3, 1)
        return out.view(b, 2 * t, 2 * f, -1).permute(0, 3, 1, 2)


class BandedAttention(nn.Module):
    """diffusers' attention of every pixel to every other on pictures (B, C, T, F), its queries in bands."""

    def __init__(self, attention: Any, lanes: Lanes) -> None:
        super().__init__()
        self.attention, self._lanes = attention, lanes

    def forward(self, x: Tensor, temb: Tensor | None = None) -> Tensor:
        inner = self.attention
        tokens = inner.group_norm(x.flatten(2)).transpose(1, 2)  # (B, T F, C)
        q, k, v = (
            project(tokens).unflatten(-1, (inner.heads, -1)).transpose(1, 2)
            for project in (inner.to_q, inner.to_k, inner.to_v)
        )  # (B, heads, T F, head)
        found = in_bands(lambda part: scaled_dot_product_attention(part, k, v), q, 0, self._lanes)
        out: Tensor = inner.to_out[0](found.transpose(1, 2).flatten(2))
        return x + out.transpose(1, 2).view_as(x)


class BandedUpsampling(nn.Module):
    """A transposed convolution on (B, C, T), in bands of T."""

    def __init__(self, conv: Any, lanes: Lanes) -> None:
        super().__init__()
        self.conv, self._lanes = conv, lanes

    def forward(self, x: Tensor) -> Tensor:
        stride = self.conv.stride[0]
        return in_bands(self.conv, x, -(-self.conv.kernel_size[0] // stride), self._lanes, stride)


class BandedResidual(nn.Module):
    """HiFi-GAN's residual block on (B, C, T), in bands of T: what is added up stays in float32."""

    def __init__(self, block: Any, lanes: Lanes, brief: bool) -> None:
        super().__init__()
        self._lanes, self._slope = lanes, block.leaky_relu_slope
        self._dtype = torch.bfloat16 if brief else torch.float32
        self.first, self.second = (
            nn.ModuleList(_as_picture(conv).to(self._dtype) for conv in convs) for convs in (block.convs1, block.convs2)
        )
        self._margin = sum(conv.padding[0] for conv in (*block.convs1, *block.convs2))

    def forward(self, x: Tensor) -> Tensor:
        return in_bands(self._passed, x, self._margin, self._lanes)

    def _passed(self, x: Tensor) -> Tensor:
        x = x[:, :, None].contiguous(memory_format=channels_last)  # (B, C, 1, T)
        for first, second in zip(self.first, self.second, strict=True):
            inner = first(leaky_relu(x, self._slope).to(self._dtype))
            x = x + second(leaky_relu(inner, self._slope))
        return x[:, :, 0]


def _as_picture(conv: nn.Conv1d) -> nn.Conv2d:
    """The same convolution on (B, C, 1, T)."""
    n, m, (k,), (dilation,) = conv.out_channels, conv.in_channels, conv.kernel_size, conv.dilation
    made = nn.Conv2d(m, n, (1, k), padding=(0, int(conv.padding[0])), dilation=(1, dilation), device="meta")
    made.weight = nn.Parameter(conv.weight[:, :, None].contiguous(memory_format=channels_last), requires_grad=False)
    made.bias = conv.bias
    return made
