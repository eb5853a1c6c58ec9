"""A trained model as the start of another that knows more: the same transformer, tables with new rows."""

from __future__ import annotations

import torch

from vssflow_dit.config import ModelConfig
from vssflow_dit.model import UnifiedModel


def grown(trained: UnifiedModel, config: ModelConfig) -> UnifiedModel:
    """A model of `config` with the trained one's weights; voices and sounds that it lacks begin at the mean of its own.

    Raises ValueError where anything but the voices and sounds differs in shape.
    """
    model = UnifiedModel(config)
    weights = trained.state_dict()
    known = {"voice": trained.config.voices, "sound": trained.config.sounds}
    wanted = {"voice": config.voices, "sound": config.sounds}
    for stream, names in wanted.items():
        name = f"conditions.streams.{stream}.table"
        weights[name] = _rows(weights[name], known[stream], names)
    for name, value in model.state_dict().items():
        if name not in weights or weights[name].shape != value.shape:
            raise ValueError(f"cannot start from these weights: {name} differs")
    model.load_state_dict(weights)
    return model


def _rows(table: torch.Tensor, known: tuple[str, ...], wanted: tuple[str, ...]) -> torch.Tensor:
    """The table (names + 1, width) with a row for each wanted name; row 0 is "nothing" in both."""
    mean = table[1:].mean(0)
    rows = [table[1 + known.index(name)] if name in known else mean for name in wanted]
    return torch.stack([table[0], *rows])
