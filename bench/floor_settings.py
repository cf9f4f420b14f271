"""Settings of the floor: the same database and Django, nothing else."""

from loyalty.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.floor"
WSGI_APPLICATION = "bench.floor.application"
