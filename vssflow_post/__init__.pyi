from .batch.from_python import render_films as render_films
from .progress import Progress as Progress
from .render.job import FilmResult as FilmResult
