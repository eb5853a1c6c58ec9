from .dispatch import Batch as Batch
from .inputs import Films as Films
from .inputs import find_jobs as find_jobs
from .run import Hiring as Hiring
from .run import run_films as run_films
from .selection import Selection as Selection
