"""A step of fixed shapes on a GPU, recorded once and replayed: thousands of launches become one."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

Step: TypeAlias = Callable[[Tensor, Tensor, bool], dict[str, Tensor]]
"""Two inputs and a switch to losses. What else it reads or writes stays where it is in memory."""
EAGER_STEPS = 4
"""Before a step is recorded: libraries make their plans, optimisers their states."""


class Captured:
    """Calls `step` as it is on a CPU; on a GPU records it, once for each value of the switch.

    A step that cannot be recorded goes on as it is, and a warning says why.
    """

    def __init__(self, step: Step, device: torch.device) -> None:
        self._step, self._records = step, device.type == "cuda"
        self._calls: Counter[bool] = Counter()
        self._graphs: dict[bool, tuple[torch.cuda.CUDAGraph, tuple[Tensor, Tensor], dict[str, Tensor]]] = {}

    def __call__(self, first: Tensor, second: Tensor, switch: bool) -> dict[str, Tensor]:
        self._calls[switch] += 1
        if not self._records or self._calls[switch] <= EAGER_STEPS:
            return self._step(first, second, switch)
        if switch not in self._graphs:
            try:
                self._record(first, second, switch)
            except RuntimeError as error:
                warnings.warn(f"a step could not be recorded and is slower: {error}", stacklevel=2)
                self._records = False
                return self._step(first, second, switch)
        graph, (own_first, own_second), values = self._graphs[switch]
        own_first.copy_(first)
        own_second.copy_(second)
        graph.replay()
        return {name: value.clone() for name, value in values.items()}

    def _record(self, first: Tensor, second: Tensor, switch: bool) -> None:
        graph, own = torch.cuda.CUDAGraph(), (first.clone(), second.clone())
        torch.cuda.synchronize()
        with torch.cuda.graph(graph):
            values = self._step(*own, switch)
        self._graphs[switch] = graph, own, values
