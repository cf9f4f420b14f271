"""What is said while worse terms run down: what holds still, and what comes then.

Which terms are better is decided by the SQL of points' migrations; here they are only
said, each with its day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common.periods import start_of_day
from points.models import EarningRule
from points.programme import telling, versions
from points.programme.sentences import Kind, Sentence
from points.selectors import better_of, runs_down_until, value_at, value_of
from stores.models import Programme

# What is said of points that members have; the rest holds from the start.
_KINDS = (Kind.CURRENCY, Kind.WORTH, Kind.STEP, Kind.VOUCHER)
_DAY = timedelta(days=1)


def said_at(programme: Programme, *, now: datetime) -> list[Sentence]:
    """Say the version in force in the active language, as it holds at a moment.

    While terms run down, what holds until a day or from the day after is said with it.
    Empty without a version in force.
    """
    row = versions.find_in_force(programme, now)
    if row is None:
        return []
    until = runs_down_until(programme, now)
    if until is None:
        return telling.in_words(programme, value_of(row))
    then = start_of_day(until + _DAY, programme.zone)
    return list(
        _woven(
            telling.in_words(programme, value_at(row, now)),
            telling.in_words(programme, value_at(row, then)),
            until,
        )
    )


def held_by(row: EarningRule, before: EarningRule | None) -> list[str]:
    """Say what holds longer than the version before, while a version runs down.

    Of a draft too, whose last day is not chosen yet.
    """
    if before is None:
        return []
    programme = row.programme
    own = telling.in_words(programme, value_of(row))
    both = telling.in_words(programme, better_of(row, before))
    return [each.text for each in _only_in(both, own)]


def _woven(
    now: Sequence[Sentence], then: Sequence[Sentence], until: date
) -> Iterator[Sentence]:
    held, coming = _only_in(now, then), _only_in(then, now)
    for sentence in then:
        for each in [each for each in held if each.kind is sentence.kind]:
            held.remove(each)
            yield _dated(each, _("Up to and including %(day)s: %(sentence)s"), until)
        if sentence in coming:
            yield _dated(sentence, _("From %(day)s: %(sentence)s"), until + _DAY)
        else:
            yield sentence


def _only_in(some: Sequence[Sentence], others: Sequence[Sentence]) -> list[Sentence]:
    texts = {each.text for each in others}
    return [each for each in some if each.kind in _KINDS and each.text not in texts]


def _dated(sentence: Sentence, text: str, day: date) -> Sentence:
    words = {"day": date_format(day, "DATE_FORMAT"), "sentence": sentence.text}
    return replace(sentence, text=text % words)
