"""Answers that take as long whoever asks."""

import time
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse

# Both a member and a stranger are answered after this long, so that the time a lookup
# and a message take does not tell who is a member. What takes longer waits for the
# next full step, for on a busy machine a message would show again.
ANSWER_AFTER_SECONDS = 0.3

View = Callable[..., HttpResponse]


def in_even_time(view: View) -> View:
    """Hold the answer to a POST back until its time has come."""

    @wraps(view)
    def evened(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        started = time.monotonic()
        response = view(request, *args, **kwargs)
        if request.method == "POST" and ANSWER_AFTER_SECONDS:
            taken = time.monotonic() - started
            steps = int(taken / ANSWER_AFTER_SECONDS) + 1
            time.sleep(max(0.0, steps * ANSWER_AFTER_SECONDS - taken))
        return response

    return evened
