"""The programme in force explained on one page, from the sentences of its version."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from common.periods import local_day
from points.programme import running_down, versions
from points.programme.sentences import Kind, Sentence
from stores.models import Programme


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the page and what is said under it."""

    key: str
    heading: str
    icon: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaflet:
    """The page: whose it is, which version it explains, and what it says."""

    club: str
    company: str
    color: str
    version: int
    since: date
    sections: tuple[Section, ...]


# The order of kinds is the order on the page.
_HEADINGS: dict[str, tuple[Callable[[], str], str, tuple[Kind, ...]]] = {
    "earn": (
        lambda: _("How you earn"),
        "coins",
        (
            Kind.EARNING,
            Kind.CURRENCY,
            Kind.MULTIPLIER,
            Kind.STACKING,
            Kind.ACTION,
            Kind.EXCLUSIONS,
            Kind.BASE,
            Kind.ROUNDING,
        ),
    ),
    "worth": (
        lambda: _("What points are worth"),
        "scale",
        (Kind.WORTH, Kind.PENDING),
    ),
    "vouchers": (lambda: _("Vouchers"), "ticket", (Kind.STEP, Kind.VOUCHER)),
    "levels": (lambda: _("Levels"), "award", (Kind.TIER, Kind.LADDER)),
    "lapse": (lambda: _("When points lapse"), "hourglass", (Kind.EXPIRY,)),
    "returns": (
        lambda: _("When you return something"),
        "receipt-refund",
        (Kind.RETURNS,),
    ),
}
# What is most worth knowing, for a page that has room for a few sentences.
_IN_SHORT = frozenset({Kind.EARNING, Kind.MULTIPLIER, Kind.WORTH, Kind.STEP})


def leaflet_of(programme: Programme, *, now: datetime) -> Leaflet | None:
    """Explain the version in force in the active language; None while there is none."""
    row = versions.find_in_force(programme, now)
    if row is None:
        return None
    return Leaflet(
        club=programme.name,
        company=programme.company_name,
        color=programme.brand_color,
        version=row.version,
        since=local_day(row.starts_at, programme.zone),
        sections=tuple(sections(said_now(programme, now=now))),
    )


def in_short(programme: Programme, *, now: datetime) -> list[str]:
    """Say the few things about the version in force that are most worth knowing."""
    return [
        sentence.text
        for sentence in said_now(programme, now=now)
        if sentence.kind in _IN_SHORT
    ]


def said_now(programme: Programme, *, now: datetime) -> list[Sentence]:
    """Say the version in force as it holds now, without the campaigns that are over."""
    today = local_day(now, programme.zone)
    said = running_down.said_at(programme, now=now)
    return [sentence for sentence in said if not _is_over(sentence, today)]


def sections(said: list[Sentence]) -> Iterator[Section]:
    """Put sentences under their headings, and end with what a member can do."""
    for key, (heading, icon, kinds) in _HEADINGS.items():
        found = tuple(each.text for kind in kinds for each in said if each.kind is kind)
        if found:
            yield Section(key, heading(), icon, found)
    yield Section("do", _("What you can do"), "circle-check", tuple(_to_do()))


def _to_do() -> Iterator[str]:
    yield _("Show your card or say your mobile number each time you buy something.")
    yield _("On your pages you see what you have, what it is worth and when it lapses.")
    yield _("Every receipt there shows what each item gave, and why.")


def _is_over(sentence: Sentence, today: date) -> bool:
    last_day = sentence.facts.get("last_day")
    return isinstance(last_day, date) and last_day < today
