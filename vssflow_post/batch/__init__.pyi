from .dispatch import Batch as Batch
from .inputs import find_jobs as find_jobs
from .run import run_films as run_films
