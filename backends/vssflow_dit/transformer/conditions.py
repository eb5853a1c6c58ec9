"""Conditions to the two things the transformer reads: channels joined to the latent, and tokens to attend to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from vssflow_dit.config import ModelConfig, Stream


@dataclass(frozen=True, slots=True)
class Condition:
    """Conditions of a batch; the unconditional one is zeros of the same shapes."""

    concat: Tensor
    """(B, C, T)"""
    cross: Tensor
    """(B, N, cross width): the tokens of each cross-attended stream, one stream after the other."""
    timed: tuple[bool, ...] = ()
    """Of each cross-attended stream: T tokens that follow the latent's (True), or one that holds throughout (False)."""
    modulating: Tensor | None = None
    """(B, M): what modulates the blocks besides t; None in models of which only t does."""

    @property
    def n_tokens(self) -> int:
        """T: latent tokens that this is for."""
        return self.concat.shape[2]

    def dropped(self, keep: Tensor) -> Condition:
        """All conditions of the examples where keep (B,) is 0 become zeros: the paper's condition dropout."""
        kept = keep[:, None, None]
        modulating = None if self.modulating is None else self.modulating * keep[:, None]
        return Condition(self.concat * kept, self.cross * kept, self.timed, modulating)

    def example(self, k: int) -> Condition:
        """Example k, as a batch of one."""
        modulating = None if self.modulating is None else self.modulating[k : k + 1]
        return Condition(self.concat[k : k + 1], self.cross[k : k + 1], self.timed, modulating)

    def window(self, first: int, n: int) -> Condition:
        """The conditions of tokens first..first + n - 1."""
        if first == 0 and n == self.n_tokens:
            return self
        at, kept = 0, []
        for timed in self.timed:
            length = self.n_tokens if timed else 1
            kept.append(self.cross[:, at + first : at + first + n] if timed else self.cross[:, at : at + 1])
            at += length
        cross = torch.cat(kept, dim=1) if kept else self.cross
        return Condition(self.concat[..., first : first + n], cross, self.timed, self.modulating)


def in_time(values: Tensor, stream: Stream, n: int) -> Tensor:
    """A stream's values laid on n tokens by its timing.

    Features (B, ..., size) become (B, n, size), ids (B, k) become (B, n * per_token); a `once` stream (B, size) or
    (B, 1) becomes (B, 1, size) or (B, 1). A mixture of ids stays as it is.
    """
    if is_mixture(values, stream):
        return values
    if stream.kind == "ids":
        wanted = 1 if stream.once else n * stream.per_token
        return functional.pad(values[:, :wanted], (0, max(0, wanted - values.shape[1])))
    rows = values.reshape(len(values), -1, stream.size)  # (B, k, size)
    if stream.once:
        return rows[:, :1]
    if stream.timing == "pad":
        return functional.pad(rows[:, :n], (0, 0, 0, max(0, n - rows.shape[1])))
    return functional.interpolate(rows.transpose(1, 2), size=n, mode=stream.timing).transpose(1, 2)


def is_mixture(values: Tensor, stream: Stream) -> bool:
    """Whether these are weights (B, size) of the ids 1 to `size` instead of one id: a sound between two classes."""
    return stream.kind == "ids" and stream.once and values.is_floating_point()


class StreamEmbedding(nn.Module):
    """One stream to vectors: (B, T, per-token values), (B, symbols) or, of a mixture, (B, size) to (B, n, channels);
    "nothing" is zeros."""

    def __init__(self, stream: Stream, cross_width: int) -> None:
        super().__init__()
        self.stream = stream
        channels = stream.size
        if stream.kind == "ids":
            # Never on `meta`: a normal draw there has torch import its compiler, which takes two seconds.
            self.table = nn.Parameter(torch.randn(stream.size + 1, stream.width, device="cpu") * 0.5)
            channels = max(1, stream.per_token) * stream.width
        elif stream.width:
            self.project = nn.Sequential(
                nn.Linear(stream.size, 2 * stream.width, bias=False),
                nn.SiLU(),
                nn.Linear(2 * stream.width, stream.width, bias=False),
            )
            channels = stream.width
        if stream.route == "cross" and channels != cross_width:
            self.widen = nn.Linear(channels, cross_width, bias=False)
            channels = cross_width
        self.channels = channels

    def forward(self, values: Tensor) -> Tensor:
        if is_mixture(values, self.stream):
            out = (values.to(self.table.dtype) @ self.table[1:])[:, None]
        elif self.stream.kind == "ids":
            rows = functional.embedding(values, self.table)
            if self.stream.silent_zero:
                rows = rows * (values > 0)[..., None]
            out = rows.view(len(values), -1, max(1, self.stream.per_token) * self.stream.width)
        else:
            out = self.project(values) if self.stream.width else values
        return self.widen(out) if hasattr(self, "widen") else out


class ConditionEncoder(nn.Module):
    """All streams of a model, each by its configured route."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.streams = nn.ModuleDict({s.name: StreamEmbedding(s, config.dit.cross_width) for s in config.streams})
        self.timed = tuple(not s.once for s in config.streams if s.route == "cross")

    @property
    def concat_channels(self) -> int:
        return self._channels("concat")

    @property
    def modulating_channels(self) -> int:
        return self._channels("modulation")

    def _channels(self, way: str) -> int:
        embeddings = [e for e in self.streams.values() if isinstance(e, StreamEmbedding)]
        return sum(e.channels for e in embeddings if way == e.stream.route or way in e.stream.also)

    def forward(self, values: Mapping[str, Tensor | None], n_tokens: int) -> Condition:
        """values[name]: features (B, ..., size), ids (B, k) or a mixture of them (B, size), see `in_time`; None or left
        out means nothing.

        Raises ValueError for a stream that the model does not have, or one of another width.
        """
        names = [stream.name for stream in self.config.streams]
        unknown = sorted(set(values) - set(names))
        if unknown:
            raise ValueError(f"model {self.config.name} has no stream {', '.join(unknown)}; it has {', '.join(names)}")
        n_examples = max((len(value) for value in values.values() if value is not None), default=1)
        parts = {s.name: self._embedded(s, values.get(s.name), n_examples, n_tokens) for s in self.config.streams}
        streams = self.config.streams
        joining = [s for s in streams if s.route == "concat"] + [s for s in streams if "concat" in s.also]
        concat = [parts[s.name].expand(-1, n_tokens, -1) for s in joining]
        cross = [parts[s.name] for s in streams if s.route == "cross"]
        modulating = [parts[s.name][:, 0] for s in streams if "modulation" in s.also]
        like = next(iter(parts.values()))
        joined = torch.cat(concat, dim=-1) if concat else like.new_zeros(n_examples, n_tokens, 0)
        attended = torch.cat(cross, dim=1) if cross else like.new_zeros(n_examples, 0, self.config.dit.cross_width)
        return Condition(
            joined.transpose(1, 2), attended, self.timed, torch.cat(modulating, dim=-1) if modulating else None
        )

    def _embedded(self, stream: Stream, values: Tensor | None, n_examples: int, n_tokens: int) -> Tensor:
        like = next(self.parameters())  # every stream is embedded where, and in the type in which, the others are
        if values is None:
            shape = (n_examples, 1) if stream.kind == "ids" else (n_examples, 1, stream.size)
            dtype = torch.long if stream.kind == "ids" else torch.float32
            values = torch.zeros(shape, dtype=dtype)
            if stream.timing.startswith("nearest"):  # zeros stay zeros however they are stretched
                values = values.expand(-1, n_tokens, -1)
        elif stream.kind == "features" and values.shape[-1] != stream.size:
            raise ValueError(f"stream {stream.name}: vectors of {values.shape[-1]} where {stream.size} are wanted")
        fitted = in_time(values.to(like.device), stream, n_tokens)
        if stream.kind == "features":
            fitted = fitted.to(like.dtype)
        return self.streams[stream.name](fitted)  # type: ignore[no-any-return]
