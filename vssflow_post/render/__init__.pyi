from .film import render_film as render_film
from .job import FilmResult as FilmResult
from .job import Job as Job
from .job import Order as Order
from .studio import Studio as Studio
from .studio import open_studio as open_studio
