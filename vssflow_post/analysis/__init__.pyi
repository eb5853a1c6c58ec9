from .picture import Analysis as Analysis
from .picture import analyse as analyse
from .speech import find_segments as find_segments
