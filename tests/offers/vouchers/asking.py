"""What tests of vouchers ask and give."""

from datetime import timedelta

from offers.models import Voucher
from offers.vouchers import services
from offers.vouchers.services import Gift
from points import proof
from points.models import Account
from tests.factories.offers import BOUGHT_AT, kr

STATUS = Voucher.Status
DAY = timedelta(days=1)


def balance(member):
    return Account.objects.get(member=member).balance


def proven():
    found = proof.check()
    return not found.differences


def statuses(member):
    mine = Voucher.objects.filter(member=member).order_by("pk")
    return list(mine.values_list("status", flat=True))


def kinds_of(voucher):
    return list(voucher.log.order_by("pk").values_list("kind", flat=True))


def gift(member, value="50", *, now=BOUGHT_AT, key="gift", **changes):
    return services.give_voucher(
        member=member,
        gift=Gift(kr(value)),
        reason="A late delivery",
        key=key,
        now=now,
        **changes,
    )


def as_it_is(voucher):
    return Voucher.objects.get(pk=voucher.pk)
