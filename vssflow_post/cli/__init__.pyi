from .group import cli as cli
from .start import main as main
