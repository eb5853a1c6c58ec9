"""Weights in words."""

from __future__ import annotations

from collections.abc import Iterator

from vssflow_dit import weights as weight_files


def description(name: str) -> Iterator[str]:
    """Lines that say what the weights `name` are. Raises UsageError where there are none, or where they are damaged."""
    folder = weight_files.folder_of(name)
    loaded = weight_files.load(name)
    config = loaded.model.config
    size = sum((folder / part).stat().st_size for part in weight_files.PARTS)
    yield f"{config.name}: {folder}, {size / 1e6:.1f} MB"
    yield f"digest: {loaded.digest}"
    parts = (("transformer", loaded.model.dit), ("conditions", loaded.model.conditions), ("vocoder", loaded.vocoder))
    yield "parameters: " + ", ".join(
        f"{what} {sum(p.numel() for p in m.parameters()) / 1e6:.2f} M" for what, m in parts
    )
    yield f"transformer: {config.dit.depth} blocks of width {config.dit.width}, window {config.window_s:g} s"
    for stream in config.streams:
        yield f"stream {stream.name}: {stream.kind}, {stream.route}"
    yield "voices: " + ", ".join(config.voices)
    yield "sounds: " + ", ".join(config.sounds)
