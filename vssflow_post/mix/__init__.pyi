from .loudness import LoudnessMeter as LoudnessMeter
from .mixdown import MixReport as MixReport
from .mixdown import lay_and_mix as lay_and_mix
from .tracklaying import Session as Session
from .tracklaying import lay_tracks as lay_tracks
