"""Convolutions in bands of time, each computed in a lane of its own: one cue fills the processor.

Where a picture is cut depends on its length alone, so that its bits depend on no count of threads. A band is read with
as much of its neighbours as reaches into it, and what that margin comes to is thrown away.

`brief` layers multiply in bfloat16 and add up in float32: which ones may is measured (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
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
        made = work(x[:, :, first:last].contiguous())
        kept = None if k == BANDS - 1 else (edges[k + 1] - first) * scale
        return made[:, :, (edges[k] - first) * scale : kept]

    return torch.cat(lanes.map(band, range(BANDS)), dim=2)


class BandedConv(nn.Module):
    """A 3x3 convolution on pictures (B, C, T, F), in bands of T."""

    def __init__(self, conv: nn.Conv2d, lanes: Lanes, brief: bool) -> None:
        super().__init__()
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
        near_far = torch.tensor([[[1.0, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]]).to(conv.weight)
        """(phase, tap, weight): the even row of a pair sees the row before and its own, the odd one its own and the
        row after."""
        folded = torch.einsum("aiu,bjv,ocuv->abocij", near_far, near_far, conv.weight.detach())
        self.weights = nn.Parameter(folded, requires_grad=False)

    def forward(self, x: Tensor, output_size: int | None = None) -> Tensor:
        """(B, C, T, F) to (B, C, 2T, 2F)."""
        return in_bands(self._upsampled, x, 1, self._lanes, 2)

    def _upsampled(self, x: Tensor) -> Tensor:
        b, _, t, f = x.shape
        padded = pad(x, (1, 1, 1, 1))
        out = x.new_empty(b, self.weights.shape[2], t, 2, f, 2)
        for row in range(2):
            for column in range(2):
                seen = padded[:, :, row : row + t + 1, column : column + f + 1]
                out[:, :, :, row, :, column] = conv2d(seen, self.weights[row, column], self.bias)
        return out.view(b, -1, 2 * t, 2 * f)


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
        self.block, self._lanes = block.to(torch.bfloat16) if brief else block, lanes
        self._margin = sum(conv.padding[0] for conv in (*block.convs1, *block.convs2))

    def forward(self, x: Tensor) -> Tensor:
        return in_bands(self._passed, x, self._margin, self._lanes)

    def _passed(self, x: Tensor) -> Tensor:
        slope = self.block.leaky_relu_slope
        for first, second in zip(self.block.convs1, self.block.convs2, strict=True):
            inner = first(leaky_relu(x, slope).to(first.weight.dtype))
            x = x + second(leaky_relu(inner, slope))
        return x
