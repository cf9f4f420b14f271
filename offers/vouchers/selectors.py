"""Reading vouchers: what can be used now, what is open, what it adds up to."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import (
    CharField,
    Count,
    DateTimeField,
    F,
    Func,
    Q,
    QuerySet,
    Sum,
    Value,
)

from members.models import Member
from offers.models import Redemption, Voucher, VoucherEvent
from offers.vouchers.steps import steps_at
from points.selectors import BalanceView, balance_of, find_rule, runs_down_until
from points.terms import VoucherMode, VoucherStep
from stores.models import Programme

OPEN = (Voucher.Status.ISSUED, Voucher.Status.RESERVED)
_ENDED_FOR = 3600


class WhyNot(Func):
    """Why a voucher cannot be used at a moment; null when it can."""

    function = "offers_why_not"
    template = "offers_why_not(offers_voucher, %(expressions)s)"
    output_field = CharField()

    def __init__(self, at: datetime, now: datetime) -> None:
        super().__init__(
            Value(at, output_field=DateTimeField()),
            Value(now, output_field=DateTimeField()),
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """A voucher that a member may choose, and whether their points are enough."""

    step: VoucherStep
    is_enough: bool
    missing: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What a member may turn points into.

    `version` and `until` are what they are shown: which version is in force, and the
    last day on which better terms than its own hold.
    """

    version: int
    until: date | None
    balance: BalanceView
    steps: list[Choice]
    valid_days: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What has become of a club's vouchers, and what is outstanding, in money."""

    issued: int
    used: int
    lapsed: int
    withdrawn: int
    open: int
    outstanding: Decimal
    # Of what is outstanding: what only lowers the price of something that is bought,
    # and what goods are given for alone. VAT treats them differently.
    with_purchase: Decimal
    without_purchase: Decimal
    goods: int
    used_value: Decimal
    lapsed_value: Decimal


def list_of_club(programme: Programme) -> QuerySet[Voucher]:
    """Return a club's vouchers with their members, newest first."""
    return (
        Voucher.objects.filter(programme=programme)
        .select_related("member__programme", "programme", "stamp_card")
        .order_by("-pk")
    )


def usable_now(member: Member, *, now: datetime) -> list[Voucher]:
    """Return what a member may use in a purchase now, as tills decide it.

    Those accepted out of kindness are among them: tills take them.
    """
    return list(
        _open(member)
        .annotate(why_not=WhyNot(now, now))
        .filter(why_not=None)
        .order_by("expires_at", "pk")
    )


def shown_to_member(member: Member, *, now: datetime) -> list[Voucher]:
    """Return the vouchers that a member is told are theirs: no day is over."""
    return list(_open(member).filter(expires_at__gt=now).order_by("expires_at", "pk"))


def past_of(member: Member, *, now: datetime) -> QuerySet[Voucher]:
    """Return what a member had: used, lapsed, withdrawn, over."""
    return (
        Voucher.objects.filter(member=member)
        .exclude(status__in=OPEN, expires_at__gt=now)
        .select_related("programme")
        .order_by("-pk")
    )


def log_of(voucher: Voucher) -> QuerySet[VoucherEvent]:
    """Return what happened to a voucher, first things first."""
    return voucher.log.select_related("store", "staff").order_by("pk")


def codes_used_by(receipt: UUID) -> list[str]:
    """Return the codes of the vouchers that a receipt used, in their order."""
    used = Redemption.objects.filter(receipt=receipt).order_by("voucher__code")
    return list(used.values_list("voucher__code", flat=True))


def choices_for(member: Member, *, now: datetime) -> Choices | None:
    """Return what a member may choose; None where nobody chooses."""
    rule = find_rule(programme_id=member.programme_id, at=now)
    if rule is None or rule.terms.vouchers.mode is not VoucherMode.CHOICE:
        return None
    version, steps = steps_at(member, now)
    balance = balance_of(member, now)
    return Choices(
        version=version,
        until=runs_down_until(member.programme, now),
        balance=balance,
        steps=[
            Choice(
                step=step,
                is_enough=balance.points >= step.points,
                missing=max(step.points - balance.points, 0),
            )
            for step in steps
        ],
        valid_days=rule.terms.vouchers.valid_days,
    )


def figures_of(programme: Programme) -> Figures:
    """Add up a club's vouchers: what is open now, and what has ended by this hour.

    What is open are few and found by an index. What has ended are all that there ever
    were, so they are added up once an hour.
    """
    is_open = Q(status__in=OPEN)
    found = Voucher.objects.filter(is_open, programme=programme).aggregate(
        open=Count("pk"),
        outstanding=Sum("worth"),
        with_purchase=Sum("worth", filter=Q(needs_purchase=True)),
        without_purchase=Sum("worth", filter=Q(needs_purchase=False)),
        goods=Count("pk", filter=~Q(kind=Voucher.Kind.MONEY)),
    )
    ended: dict[str, Any] = cache.get_or_set(  # type: ignore[assignment]
        f"offers.ended:{programme.pk}", partial(_ended_of, programme), _ENDED_FOR
    )
    values: dict[str, Any] = {name: value or 0 for name, value in found.items()}
    values |= {name: value or 0 for name, value in ended.items()}
    return Figures(issued=values["open"] + values.pop("over"), **values)


def _ended_of(programme: Programme) -> dict[str, Any]:
    status = Voucher.Status
    found: dict[str, Any] = (
        Voucher.objects.filter(programme=programme)
        .exclude(status__in=OPEN)
        .aggregate(
            over=Count("pk"),
            used=Count("pk", filter=Q(status=status.USED)),
            lapsed=Count("pk", filter=Q(status=status.LAPSED)),
            withdrawn=Count("pk", filter=Q(status=status.VOID)),
            lapsed_value=Sum("worth", filter=Q(status=status.LAPSED)),
        )
    )
    # Of every use what did not come back: a voucher may be used in parts.
    uses = Redemption.objects.filter(voucher__programme=programme)
    found |= uses.aggregate(used_value=Sum(F("value") - F("given_back")))
    return found


def _open(member: Member) -> QuerySet[Voucher]:
    return Voucher.objects.filter(member=member, status__in=OPEN).select_related(
        "programme"
    )
