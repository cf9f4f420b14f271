"""What templates know of where they are."""

from django.http import Http404, HttpRequest
from django.utils.functional import SimpleLazyObject

from stores.middleware import programme_of
from stores.models import Programme


def programme(request: HttpRequest) -> dict[str, object]:
    """Give templates the programme, read from the database only if used."""

    def load() -> Programme | None:
        try:
            return programme_of(request)
        except Http404:
            return None

    return {"programme": SimpleLazyObject(load)}
