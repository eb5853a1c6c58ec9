"""What a folder of weights is, in some lines of text: `model info` prints them."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from vssflow_dit.checkpoint import weights as weight_files
from vssflow_dit.config import folder_of


def description(name: str) -> Iterator[str]:
    """Lines that say what the weights `name` are. Raises UsageError where there are none, or where they are damaged."""
    folder = folder_of(name)
    loaded = weight_files.load(name)
    config = loaded.unified.config
    size = sum(part.stat().st_size for part in folder.glob("*.safetensors"))
    yield f"{config.name}: {folder}, {size / 1e6:.1f} MB"
    yield f"digest: {loaded.digest}"
    parts = {
        "transformer": loaded.unified.dit,
        "conditions": loaded.unified.conditions,
        "codec": loaded.codec,
        "vocoder": loaded.vocoder,
    }
    yield "parameters: " + ", ".join(
        f"{what} {sum(p.numel() for p in m.parameters()) / 1e6:.2f} M"
        for what, m in parts.items()
        if isinstance(m, nn.Module)
    )
    yield f"transformer: {config.dit.depth} blocks of width {config.dit.width}, window {config.window_s:g} s"
    for stream in config.streams:
        ways = ", ".join((stream.route, *stream.also))
        yield f"stream {stream.name}: {stream.kind}, {ways}"
    yield "voices: " + (", ".join(config.voices) or "by a speaker's features")
    yield "sounds: " + (", ".join(config.sounds) or "what the picture's features say")
