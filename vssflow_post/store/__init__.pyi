from .entries import Missing as Missing
from .entries import Store as Store
from .entries import address as address
from .output_folder import OutputFolder as OutputFolder
from .publishing import publish as publish
