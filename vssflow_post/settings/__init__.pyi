from .files import load_preset as load_preset
from .preset import Preset as Preset
