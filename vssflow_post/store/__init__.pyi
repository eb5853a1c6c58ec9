from .entries import Missing as Missing
from .entries import Store as Store
from .entries import address as address
from .publishing import publish as publish
