from .decode import frames as frames
from .film import Film as Film
from .film import ensure_unchanged as ensure_unchanged
from .signature import looks_like_film as looks_like_film
from .sound import audio_blocks as audio_blocks
from .sound import production_audio as production_audio
from .timecode import is_drop_frame as is_drop_frame
