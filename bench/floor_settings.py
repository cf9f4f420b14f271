"""Settings of the floor: the same Django and database, its own URLs."""

from loyalty.settings import *  # noqa: F403

ROOT_URLCONF = "bench.floor"
WSGI_APPLICATION = "bench.floor_wsgi.application"
