"""What tiers say to people: what is missing, until when, and why.

Said to the member in the second person on their own pages, and about the member on the
desk: the same sentences, for staff read them out.
"""

from collections.abc import Callable
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.money import display
from common.periods import local_day
from points import words
from points.models import TierPeriod
from points.programme.sentences import Names, of_ladder
from points.programme.sentences.saying import Unsayable
from points.programme.sentences.saying import day as long_day
from points.terms import Ladder, Measure
from points.tiers import selectors
from points.tiers.rules import Span
from points.tiers.selectors import Keeping, Progress

_Cause = TierPeriod.Cause


def amount(value: Decimal, measure: Measure, currency: str) -> str:
    """Write what is counted: `1 240 kr`, `500 points`, `3 purchases`."""
    number = int(value)
    match measure:
        case Measure.SPEND:
            return display(value, currency)
        case Measure.POINTS:
            return words.points(number)
        case Measure.VISITS:
            text = ngettext("%(n)s purchase", "%(n)s purchases", number)
        case Measure.ACTIONS:
            text = ngettext(
                "%(n)s thing that gives points", "%(n)s things that give points", number
            )
    return text % {"n": words.number(number)}


def to_next(progress: Progress) -> str:
    """Say what is missing to the tier above; empty at the top.

    `Shop for 1 240 kr more by 31 March and you become Gold.`
    """
    above = progress.next
    if above is None:
        return ""
    missing = amount(above.missing, progress.measure, progress.currency)
    values = {"missing": missing, "tier": above.name}
    if not above.missing:
        return _("You have done enough for %(tier)s.") % values
    if above.by is None:
        text = {
            Measure.SPEND: _(
                "Shop for %(missing)s within twelve months and you become %(tier)s."
            ),
            Measure.POINTS: _(
                "Earn %(missing)s within twelve months and you become %(tier)s."
            ),
            Measure.VISITS: _(
                "Make %(missing)s within twelve months and you become %(tier)s."
            ),
            Measure.ACTIONS: _(
                "Do %(missing)s within twelve months and you become %(tier)s."
            ),
        }[progress.measure]
        return text % values
    values["day"] = long_day(above.by)
    text = {
        Measure.SPEND: _(
            "Shop for %(missing)s more by %(day)s and you become %(tier)s."
        ),
        Measure.POINTS: _("Earn %(missing)s more by %(day)s and you become %(tier)s."),
        Measure.VISITS: _("Make %(missing)s more by %(day)s and you become %(tier)s."),
        Measure.ACTIONS: _("Do %(missing)s more by %(day)s and you become %(tier)s."),
    }[progress.measure]
    return text % values


def to_keep(progress: Progress) -> str:
    """Say until when the tier holds and what keeps it; empty for the lowest.

    `You have Gold until 31 December; shop for 800 kr more by then to keep it.`
    """
    tier = progress.tier
    if tier.until is None:
        return ""
    values = {"tier": tier.name, "day": long_day(tier.until)}
    if tier.is_granted:
        return _("The club has given you %(tier)s until %(day)s.") % values
    keeping = progress.keeping
    if keeping is None:
        return _("You have %(tier)s until %(day)s.") % values
    if not keeping.missing:
        return _(
            "You have %(tier)s until %(day)s, and have done enough to keep it until "
            "%(following)s."
        ) % (values | {"following": long_day(keeping.following)})
    missing = amount(keeping.missing, progress.measure, progress.currency)
    values |= {"missing": missing}
    if progress.day > tier.until:
        return _in_grace(progress, keeping, values)
    if not keeping.has_begun(progress.day):
        values["first"] = long_day(keeping.span.begins)
        text = {
            Measure.SPEND: _(
                "You have %(tier)s until %(day)s; shop for %(missing)s from %(first)s "
                "on to keep it longer."
            ),
            Measure.POINTS: _(
                "You have %(tier)s until %(day)s; earn %(missing)s from %(first)s on "
                "to keep it longer."
            ),
            Measure.VISITS: _(
                "You have %(tier)s until %(day)s; make %(missing)s from %(first)s on "
                "to keep it longer."
            ),
            Measure.ACTIONS: _(
                "You have %(tier)s until %(day)s; do %(missing)s from %(first)s on to "
                "keep it longer."
            ),
        }[progress.measure]
        return text % values
    text = {
        Measure.SPEND: _(
            "You have %(tier)s until %(day)s; shop for %(missing)s more by then to "
            "keep it."
        ),
        Measure.POINTS: _(
            "You have %(tier)s until %(day)s; earn %(missing)s more by then to keep it."
        ),
        Measure.VISITS: _(
            "You have %(tier)s until %(day)s; make %(missing)s more by then to keep it."
        ),
        Measure.ACTIONS: _(
            "You have %(tier)s until %(day)s; do %(missing)s more by then to keep it."
        ),
    }[progress.measure]
    return text % values


def _in_grace(progress: Progress, keeping: Keeping, values: dict[str, str]) -> str:
    values |= {"last": long_day(keeping.span.ends), "lower": keeping.projected}
    text = {
        Measure.SPEND: _(
            "You had %(tier)s until %(day)s. Shop for %(missing)s more by %(last)s to "
            "keep it; otherwise you have %(lower)s after that."
        ),
        Measure.POINTS: _(
            "You had %(tier)s until %(day)s. Earn %(missing)s more by %(last)s to keep "
            "it; otherwise you have %(lower)s after that."
        ),
        Measure.VISITS: _(
            "You had %(tier)s until %(day)s. Make %(missing)s more by %(last)s to keep "
            "it; otherwise you have %(lower)s after that."
        ),
        Measure.ACTIONS: _(
            "You had %(tier)s until %(day)s. Do %(missing)s more by %(last)s to keep "
            "it; otherwise you have %(lower)s after that."
        ),
    }[progress.measure]
    return text % values


def projected(progress: Progress) -> str:
    """Say where nothing more being done would lead; empty where it changes nothing."""
    keeping = progress.keeping
    if keeping is None or not keeping.missing or progress.day > keeping.until:
        return ""
    return _("If nothing more is bought or done until then, it becomes %(tier)s.") % {
        "tier": keeping.projected
    }


def why(period: TierPeriod | None, name: str, *, currency: str, zone: ZoneInfo) -> str:
    """Say why a member has their tier: what was counted, of which days, by what."""
    if period is None:
        return _("Everybody begins with %(tier)s.") % {"tier": name}
    ladder = selectors.ladder_in(period)
    measure = ladder.measure if ladder else Measure.SPEND
    values = {
        "tier": name,
        "on": long_day(local_day(period.starts_at, zone)),
        "counted": amount(period.measured, measure, currency),
        "days": _days(period),
        "n": words.number(period.rule.version),
    }
    said: dict[str, Callable[[], str]] = {
        _Cause.REACHED: lambda: _(
            "%(tier)s was reached on %(on)s with %(counted)s %(days)s, by version "
            "%(n)s of the programme."
        ),
        _Cause.KEPT: lambda: _(
            "%(tier)s was kept on %(on)s with %(counted)s %(days)s, by version %(n)s "
            "of the programme."
        ),
        _Cause.LANDED: lambda: _(
            "The tier above was not earned again: %(counted)s %(days)s. So it became "
            "%(tier)s on %(on)s, by version %(n)s of the programme."
        ),
        _Cause.GRANTED: lambda: _("The club gave %(tier)s on %(on)s."),
        _Cause.ENDED: lambda: _(
            "A tier that was given had its last day. %(tier)s is what was earned."
        ),
        _Cause.MOVED: lambda: _(
            "The club changed its tiers: since %(on)s this is %(tier)s, by version "
            "%(n)s of the programme."
        ),
        _Cause.MERGED: lambda: _(
            "Two memberships became one on %(on)s, and the higher tier was kept: "
            "%(tier)s."
        ),
        _Cause.PARTED: lambda: _(
            "Two memberships were parted again on %(on)s; %(tier)s is what was had "
            "before."
        ),
    }
    return said[period.cause]() % values


def _days(period: TierPeriod) -> str:
    if period.counted_from is None or period.counted_to is None:
        return ""
    return span(Span(period.counted_from, period.counted_to))


def span(days: Span) -> str:
    """Say which days are meant: `from 1 January 2026 to 31 December 2026`."""
    return _("from %(first)s to %(last)s") % {
        "first": long_day(days.begins),
        "last": long_day(days.ends),
    }


def returns() -> str:
    """Say what returns do to a tier: nothing, before its review."""
    return _(
        "What is returned no longer counts, but nobody loses a tier before its last "
        "day because of it."
    )


def how_it_works(ladder: Ladder, currency: str) -> list[str]:
    """Say the whole ladder, sentence by sentence; what cannot be said is left out."""
    names = Names().with_ladder(ladder)
    try:
        said = [each.text for each in of_ladder(ladder, currency=currency, names=names)]
    except Unsayable:
        return []
    return [*said, returns()]
