from .casting import with_voices as with_voices
from .script import read_script as read_script
from .sheet import read_cue_sheet as read_cue_sheet
from .sheet import write_cue_sheet as write_cue_sheet
from .spotting import spot as spot
