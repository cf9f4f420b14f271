"""Reading vouchers: what can be used now, what is open, what it adds up to."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    CharField,
    Count,
    DateTimeField,
    Func,
    Q,
    QuerySet,
    Sum,
    Value,
)

from members.models import Member
from offers.models import Voucher, VoucherEvent
from offers.vouchers.steps import steps_at
from points.selectors import BalanceView, balance_of, find_rule, runs_down_until
from points.terms import VoucherMode, VoucherStep
from stores.models import Programme

OPEN = (Voucher.Status.ISSUED, Voucher.Status.RESERVED)


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
    """Add up a club's vouchers."""
    status = Voucher.Status
    money = Q(kind=Voucher.Kind.MONEY)
    is_open = Q(status__in=OPEN)
    found = Voucher.objects.filter(programme=programme).aggregate(
        issued=Count("pk"),
        used=Count("pk", filter=Q(status=status.USED)),
        lapsed=Count("pk", filter=Q(status=status.LAPSED)),
        withdrawn=Count("pk", filter=Q(status=status.VOID)),
        open=Count("pk", filter=is_open),
        outstanding=Sum("worth", filter=is_open),
        with_purchase=Sum("worth", filter=is_open & Q(needs_purchase=True)),
        without_purchase=Sum("worth", filter=is_open & Q(needs_purchase=False)),
        goods=Count("pk", filter=is_open & ~money),
        used_value=Sum("value", filter=Q(status=status.USED)),
        lapsed_value=Sum("worth", filter=Q(status=status.LAPSED)),
    )
    values: dict[str, Any] = {name: value or 0 for name, value in found.items()}
    return Figures(**values)


def _open(member: Member) -> QuerySet[Voucher]:
    return Voucher.objects.filter(member=member, status__in=OPEN).select_related(
        "programme"
    )
