"""Answers that take as long whoever asks."""

import time
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse

# Both a member and a stranger are answered after this long, so that the time a lookup
# and a message take does not tell who is a member.
ANSWER_AFTER_SECONDS = 0.3

View = Callable[..., HttpResponse]


def in_even_time(view: View) -> View:
    """Hold the answer to a POST back until its time has come."""

    @wraps(view)
    def evened(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        started = time.monotonic()
        response = view(request, *args, **kwargs)
        if request.method == "POST":
            time.sleep(max(0.0, started + ANSWER_AFTER_SECONDS - time.monotonic()))
        return response

    return evened
