"""Where a member complains who is not content with us, by country."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Authority:
    """A supervisory authority (GDPR art. 51)."""

    name: str
    site: str


_AUTHORITIES = {
    "SE": Authority("Integritetsskyddsmyndigheten (IMY)", "imy.se"),
    "DK": Authority("Datatilsynet", "datatilsynet.dk"),
    "NO": Authority("Datatilsynet", "datatilsynet.no"),
}


def authority_of(country: str) -> Authority | None:
    """Return a country's authority; None for a country that we do not know."""
    return _AUTHORITIES.get(country)
