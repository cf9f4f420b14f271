"""What a poster says, in the language that is active."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from enrolment.selectors import key_of
from points import words
from points.selectors import find_version
from stores.models import Programme, Store


@dataclass(frozen=True, slots=True)
class Poster:
    """The words of a poster, its colour, and what its code opens."""

    club: str
    company: str
    color: str
    headline: str
    gains: tuple[str, ...]
    asks: str
    steps: tuple[str, ...]
    scan: str
    or_go_to: str
    # The address as one types it, and in full as the code holds it.
    address: str
    url: str
    # Where it belongs, for the staff who hang it.
    place: str


def poster_for(
    *, programme: Programme, store: Store, placement: str, now: datetime
) -> Poster:
    """Return the poster of a store; what one gets is said by the rule in force."""
    rule = find_version(programme_id=programme.pk, at=now)
    path = reverse("enrolment:join", args=[key_of(store)])
    base = settings.PUBLIC_URL.rstrip("/")
    query = "?" + urlencode({"poster": 1} | ({"via": placement} if placement else {}))
    return Poster(
        club=programme.name,
        company=programme.company_name,
        color=programme.brand_color,
        headline=pgettext("poster", "Become a member"),
        gains=(
            (
                words.earning(rule, programme.currency),
                words.reward(rule, programme.currency),
            )
            if rule
            else ()
        ),
        asks=_("All it takes is your mobile number."),
        steps=(
            _("Scan the code"),
            _("Give your mobile number"),
            _("Open the link in the SMS"),
        ),
        scan=_("Scan with your camera"),
        or_go_to=_("or go to"),
        address=f"{urlsplit(base).netloc}{urlsplit(base).path}{path}".rstrip("/"),
        url=f"{base}{path}{query}",
        place=" · ".join(part for part in (store.name, placement) if part),
    )
