"""Vouchers go with their members: merged, parted again, and erased long ago."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache

from consent.erasure import erase_member
from consent.retention.kinds import Due, find
from members.merging import merge_members, undo_merge
from offers.models import Redemption, Voucher, VoucherEvent
from offers.vouchers import selectors, services
from offers.vouchers.services import Gift
from tests.factories.members import MemberFactory
from tests.factories.offers import BOUGHT_AT, back, kr, line

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def gift(member, value=50, **changes):
    return services.give_voucher(
        member=member,
        gift=Gift(kr(value)),
        reason="",
        key=str(uuid4()),
        now=changes.pop("now", BOUGHT_AT),
        **changes,
    )


def belongings(member):
    """How many vouchers, uses and lines of logs are a member's."""
    return tuple(
        model.objects.filter(member=member).count()
        for model in (Voucher, Redemption, VoucherEvent)
    )


class TestPartingAgain:
    def test_takes_the_uses_and_the_log_along_with_the_voucher(
        self, programme, member, till, olga
    ):
        """Vera and her other membership are one for a day, and shop."""
        other = MemberFactory(programme=programme)
        theirs, own = gift(other), gift(member)
        merge = merge_members(kept=member, merged=other, staff=olga, now=BOUGHT_AT)
        till.buy(member, vouchers=[theirs.code, own.code])

        undo_merge(merge=merge, staff=olga, now=BOUGHT_AT + DAY)

        # Issued and used; its use.
        assert belongings(other) == (1, 1, 2)
        assert belongings(member) == (1, 1, 2)
        for voucher in (theirs, own):
            voucher.refresh_from_db()
            assert {use.member for use in voucher.redemptions.all()} == {voucher.member}

    def test_leaves_what_was_given_since_with_the_kept_member(
        self, programme, member, till, olga
    ):
        other = MemberFactory(programme=programme)
        merge = merge_members(kept=member, merged=other, staff=olga, now=BOUGHT_AT)
        since = gift(member)
        till.buy(member, vouchers=[since.code])

        undo_merge(merge=merge, staff=olga, now=BOUGHT_AT + DAY)

        assert belongings(other) == (0, 0, 0)
        assert belongings(member) == (1, 1, 2)


class TestForgetting:
    def test_deletes_what_was_used_while_two_were_one(
        self, programme, member, till, olga
    ):
        other = MemberFactory(programme=programme)
        long_ago = BOUGHT_AT - 9 * 366 * DAY
        voucher = gift(other, now=long_ago)
        merge = merge_members(kept=member, merged=other, staff=olga, now=long_ago)
        till.buy(member, vouchers=[voucher.code], at=long_ago)
        undo_merge(merge=merge, staff=olga, now=long_ago + DAY)
        other.refresh_from_db()
        erase_member(member=other, now=long_ago + 2 * DAY)

        assert belongings(other) == (1, 1, 2)

        find("offers-books").prune(
            Due(programme, BOUGHT_AT - 8 * 366 * DAY, BOUGHT_AT), 100
        )

        assert belongings(other) == (0, 0, 0)


class TestFigures:
    @pytest.fixture(autouse=True)
    def _nothing_known(self):
        cache.clear()

    def test_count_what_was_used_and_did_not_come_back(self, programme, member, till):
        """40 kr off a shirt of 300 and socks of 100; the socks come back."""
        voucher = gift(member, 40)
        gift(member, 25)
        bought = till.buy(member, line("300"), line("100"), vouchers=[voucher.code])
        till.take_back(member, bought, back(2, "100"))

        figures = selectors.figures_of(programme)

        assert (figures.used_value, figures.outstanding) == (kr(30), kr(35))
        assert (figures.issued, figures.open) == (2, 2)

    def test_add_up_what_has_ended_once_an_hour(
        self, programme, member, till, django_assert_num_queries
    ):
        used = gift(member, 40)
        till.buy(member, vouchers=[used.code])
        selectors.figures_of(programme)
        gift(member, 25)

        with django_assert_num_queries(1):
            figures = selectors.figures_of(programme)

        assert (figures.used, figures.used_value) == (1, kr(40))
        assert (figures.open, figures.outstanding) == (1, kr(25))
