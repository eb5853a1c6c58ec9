"""The models that this package knows by name."""

from __future__ import annotations

from vssflow_dit.config import DiTConfig, ModelConfig, Stream
from vssflow_dit.phonemes import SYMBOLS
from vssflow_dit.synthesis.sounds import CLASSES

STARTER = ModelConfig(
    name="starter",
    dit=DiTConfig(
        width=320,
        depth=8,
        heads=5,
        mlp_width=832,
        cross_width=128,
        cross_heads=5,
        time="modulation",
        qk_norm=True,
        rotary_fraction=1.0,
    ),
    streams=(
        # When: joined to the latent. Phonemes at 100 a second, since short stops vanish at 25.
        Stream("phoneme", "concat", "ids", len(SYMBOLS), 4, 16),
        Stream("mouth", "concat", "features", 8, 0, 0),
        Stream("motion", "concat", "features", 8, 0, 0),
        # What: attended to.
        Stream("voice", "cross", "ids", 3, 0, 128),
        Stream("sound", "cross", "ids", len(CLASSES), 0, 128),
    ),
    voices=("slt", "rms", "awb"),
    sounds=CLASSES,
    window_s=5.0,
)
"""Small enough to ship and to run on a laptop's processor."""

CONFIGS: dict[str, ModelConfig] = {"starter": STARTER}
