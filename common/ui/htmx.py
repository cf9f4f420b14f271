"""Whether a request wants a part of a page or the whole of it."""

from django.http import HttpRequest


def is_partial(request: HttpRequest) -> bool:
    """Say whether htmx asked and will put the answer into a part of a page.

    Not when it restores history or follows a boosted link: both replace the page.
    """
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )
