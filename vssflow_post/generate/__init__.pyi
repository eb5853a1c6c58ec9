from .renderer import Renderer as Renderer
from .renderer import takes as takes
