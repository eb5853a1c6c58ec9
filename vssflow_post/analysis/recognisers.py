"""The recognisers that come with the product, offered by a plugin like anybody else's.

Making the list imports none of what they need.
"""

from __future__ import annotations

from collections.abc import Sequence

from vssflow_post.backend import RecogniserOffer
from vssflow_post.hookspecs import hookimpl


@hookimpl
def vssflow_recognisers() -> Sequence[RecogniserOffer]:
    """CLIP where its weights are at hand, and a classifier of ImageNet's labels, whose weights are a dependency."""
    from vssflow_post.analysis import clip, imagenet

    return (
        RecogniserOffer("clip", 60, clip.ClipRecogniser, clip.unavailable, clip.identify),
        RecogniserOffer(
            "imagenet", 50, imagenet.ImageNetRecogniser, imagenet.unavailable, lambda settings: imagenet.DIGEST
        ),
    )
