"""WSGI entry point of the floor: no middleware between the server and the view."""

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

django.setup(set_prefix=False)
# After the apps are ready, since some refuse to start without their middleware.
settings.MIDDLEWARE = []
application = WSGIHandler()
