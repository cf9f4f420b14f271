"""A part of a replay: read some members, compare the two versions, add up."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta

from django.db import connection
from django.db.models import QuerySet

from common.periods import add_months, local_day, start_of_day
from points.models import EarningRule
from points.rules import EarningRule as Version
from points.selectors import value_of
from purchases.replay.comparing import Comparison
from purchases.replay.ladder import Climb, Day, Had
from purchases.replay.models import Replay, ReplayPart
from purchases.replay.quick import Quick
from purchases.replay.reading import Known, Period, acts_of, read_articles, read_known
from purchases.replay.selectors import digest_of
from purchases.replay.simulating import Setting
from purchases.replay.sums import Sums
from purchases.replay.wallet import micros
from purchases.rules import Club
from stores.models import Store

# As far back as what was done before can still count for a level.
_BEFORE = 25
# What was done before the first day, and the actions of the time itself: receipts say
# nothing of them, and both versions count them alike.
_DAYS = """
SELECT a.member_id, a."on",
    CASE WHEN a."on" < %(begins)s THEN a.spend ELSE 0 END,
    CASE WHEN a."on" < %(begins)s THEN a.visits ELSE 0 END,
    CASE WHEN a."on" < %(begins)s THEN a.points ELSE 0 END,
    a.actions
FROM points_activity a
WHERE a.member_id >= %(first)s AND a.member_id < %(after)s
    AND a."on" >= %(since)s AND a."on" < %(ends)s
    AND (a."on" < %(begins)s OR a.actions > 0)
"""
_HAD = """
SELECT p.member_id, p.key, p.holds_until, p.below_key, p.below_until, (
        SELECT array_agg(t.tier ->> 'key' ORDER BY t.place)
        FROM jsonb_array_elements(r.terms -> 'ladder' -> 'tiers')
            WITH ORDINALITY t(tier, place))
FROM points_tierperiod p JOIN points_earningrule r ON r.id = p.rule_id
WHERE p.member_id >= %s AND p.member_id < %s
    AND p.starts_at <= %s AND (p.ends_at IS NULL OR p.ends_at > %s)
"""


class Changed(Exception):
    """Raised when the version is no longer what it was when it was asked about."""


class Trial:
    """A replay in a worker's hands: what is read once for all of its parts.

    Raises:
        Changed: the version is gone, or says something else.
        Unreadable: its terms are not in the form.
    """

    def __init__(self, replay: Replay) -> None:
        programme = replay.programme
        self._replay = replay
        self._zone = programme.zone
        # Kept from part to part: what was learnt of goods holds for all of them.
        self._draft = Quick(value_of(self._as_asked()))
        beside = replay.beside
        self._force = Quick(value_of(beside)) if beside else None
        self._versions = tuple(
            each.rule.terms for each in (self._draft, self._force) if each
        )
        self._period = Period(
            programme_id=programme.pk,
            begins=start_of_day(replay.from_month, self._zone),
            ends=start_of_day(replay.until_month, self._zone),
            recorded=replay.asked_at,
        )
        self._bounds = [
            micros(start_of_day(month, self._zone)) for month in months_of(replay)
        ]
        self._bounds.append(micros(self._period.ends))
        self._articles = read_articles(programme.pk, *self._versions)
        stores = Store.objects.filter(programme=programme)
        self._setting = Setting(
            club=Club(
                programme_id=programme.pk,
                currency=programme.currency,
                country=programme.country,
                zone=self._zone,
            ),
            stores={pk: (code, kind) for pk, code, kind in _places(stores)},
        )
        self._last = min(replay.asked_at, self._period.ends - timedelta(microseconds=1))

    def sum_part(self, part: ReplayPart, beat: Callable[[], None]) -> Sums:
        """Return the sums of a part's members."""
        self._as_asked()
        first, after = part.first_member, part.after_member
        # All of it before the first look: one connection does one thing at a time.
        acts = list(
            acts_of(
                self._period,
                first=first,
                after=after,
                zone=self._zone,
                articles=self._articles,
                versions=self._versions,
            )
        )
        known = read_known(
            self._period,
            first=first,
            after=after,
            zone=self._zone,
            versions=self._versions,
        )
        comparison = Comparison(
            setting=self._setting,
            draft=self._draft,
            force=self._force,
            bounds=self._bounds,
            last=micros(self._last),
            today=local_day(self._last, self._zone),
            beat=beat,
            starts=self._starts(first, after),
        )
        return comparison.run(acts, known)

    def _as_asked(self) -> EarningRule:
        rule = EarningRule.objects.filter(pk=self._replay.rule_id).first()
        if rule is None or digest_of(rule) != bytes(self._replay.digest):
            raise Changed
        return rule

    def _starts(
        self, first: int, after: int
    ) -> Callable[[Version, int, Known], Climb | None]:
        """Return how a member begins on a version's ladder."""
        begins = self._replay.from_month
        days: dict[int, list[Day]] = defaultdict(list)
        had: dict[int, Had] = {}
        if any(terms.ladder for terms in self._versions):
            with connection.cursor() as cursor:
                cursor.execute(
                    _DAYS,
                    {
                        "first": first,
                        "after": after,
                        "since": add_months(begins, -_BEFORE),
                        "begins": begins,
                        "ends": self._replay.until_month,
                    },
                )
                for member, *day in cursor.fetchall():
                    days[member].append((day[0], day[1], day[2], day[3], day[4]))
                moment = self._period.begins
                cursor.execute(_HAD, [first, after, moment, moment])
                for member, key, until, below, below_until, keys in cursor.fetchall():
                    had[member] = Had(key, until, keys or (), below, below_until)

        def start(version: Version, member: int, known: Known) -> Climb | None:
            ladder = version.terms.ladder
            if ladder is None or not ladder.tiers:
                return None
            climb = Climb(ladder, known.joined_on)
            climb.begin(begins, days.get(member, ()), had.get(member))
            return climb

        return start


def months_of(replay: Replay) -> list[date]:
    """Return the first days of a replay's months."""
    months = []
    month = replay.from_month
    while month < replay.until_month:
        months.append(month)
        month = add_months(month, 1)
    return months


def _places(stores: QuerySet[Store]) -> list[tuple[int, str, str]]:
    return list(stores.values_list("pk", "code", "kind"))
