"""Ladders and what members did, for tests of tiers."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import connection

from points import reading
from points.models import TierPeriod
from points.terms import Ladder, Terms, Tier
from points.tiers import services
from tests.factories.points import RULES_SINCE, EarningRuleFactory

MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)


def tier(key, needs=0, keeps=None, **names):
    """A level with names in three languages."""
    said = {"sv": key.title(), "da": key.title(), "en": key.title(), **names}
    return Tier(
        key=key,
        names=said,
        needs=Decimal(needs),
        keeps=None if keeps is None else Decimal(keeps),
    )


THREE = Ladder(
    tiers=(
        tier("bas", en="Basic"),
        tier("silver", 5000, 4000),
        tier("guld", 10000, 8000, en="Gold"),
    )
)


def publish_ladder(programme, ladder=THREE, starts_at=RULES_SINCE, **changes):
    """Publish a version of the programme with a ladder; `changes` are the ladder's."""
    terms = Terms(ladder=replace(ladder, **changes) if changes else ladder)
    return EarningRuleFactory(
        programme=programme,
        starts_at=starts_at,
        terms=reading.dump(terms),
        published=True,
    )


def did(member, on, spend=0, *, visits=1, points=None, now=None):
    """Count a receipt as the till does; a return has a negative amount."""
    spend = Decimal(spend)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT points_after_receipt(%s, %s, %s, %s, %s, %s, %s)",
            [
                member.pk,
                on,
                spend,
                visits if spend >= 0 else 0,
                int(spend) if points is None else points,
                now,
                now,
            ],
        )


def buy(member, spend, at=MARCH, **changes):
    did(member, changes.pop("on", at.date()), spend, now=at, **changes)


def night(member, at):
    return services.settle_members(programme_id=member.programme_id, now=at)


def key_at(member, at):
    with connection.cursor() as cursor:
        cursor.execute("SELECT points_tier_key(%s, %s)", [member.pk, at])
        return cursor.fetchone()[0]


def has(member):
    return [
        (each.key, each.cause)
        for each in TierPeriod.objects.filter(member=member).order_by("starts_at")
    ]


def give(member, key, staff, now=MARCH):
    """Have somebody give a tier until the end of June."""
    return services.grant(
        member=member,
        key=key,
        until=date(2026, 6, 30),
        reason="Flood in the shop",
        staff=staff,
        now=now,
    )
