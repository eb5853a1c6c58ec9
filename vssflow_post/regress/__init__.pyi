from .running import Made as Made
from .running import check as check
from .running import found_in as found_in
from .running import golden_audio as golden_audio
from .running import record as record
from .suite import Clip as Clip
from .suite import Suite as Suite
from .suite import read_suite as read_suite
