"""Which sounds are ambience: steady beds that may be crossfaded, spread out, and delivered apart from spot effects."""

from __future__ import annotations

import re

_BEDS = (
    r"rain|drizzle|downpour|wind|breeze|gale|storm|stream|river|brook|creek|waterfall|sea|ocean|surf|waves|fire|campfire"
    r"|fireplace|crickets|cicadas|birdsong|forest|jungle|crowd|murmur|chatter|traffic|hum|drone|ambien(t|ce)|atmos(phere)?"
    r"|atmo|background|room tone|air conditioning"
)


def is_ambience(prompt: str) -> bool:
    """Whether a sound prompt asks for a bed: one of its words names weather, water, a place's air or a crowd."""
    return re.search(rf"\b({_BEDS})\b", prompt.lower()) is not None
