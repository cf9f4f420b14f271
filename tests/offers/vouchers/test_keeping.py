"""Vouchers are kept: nights, the log of each, and what an erasure leaves."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from consent.erasure import erase_member
from members.models import Event
from offers import erasure
from offers.models import VoucherEvent
from offers.vouchers import care, services
from offers.vouchers.nightly import run_nightly
from tests.factories.offers import BOUGHT_AT, rule_with
from tests.offers.vouchers.asking import (
    DAY,
    as_it_is,
    balance,
    gift,
    kinds_of,
    statuses,
)

pytestmark = pytest.mark.django_db


class TestNights:
    def test_let_vouchers_lapse_and_keep_the_points(self, programme, member, till):
        rule_with(programme, valid_days=30, grace_days=14)
        till.buy(member, points=500)

        run_nightly(now=BOUGHT_AT + 44 * DAY)
        assert statuses(member) == ["ISSUED"]
        done = run_nightly(now=BOUGHT_AT + 45 * DAY)

        assert (done["lapsed"], statuses(member)) == (1, ["LAPSED"])
        assert balance(member) == 0
        assert run_nightly(now=BOUGHT_AT + 45 * DAY)["lapsed"] == 0

    def test_remind_once_a_week_before(self, member):
        gift(member, valid_days=30)

        for days in (10, 24, 25):
            run_nightly(now=BOUGHT_AT + days * DAY)

        assert Event.objects.filter(kind="offers.voucher_expires_soon").count() == 1

    def test_let_go_what_no_purchase_finished(self, programme, member):
        voucher = gift(member)
        services.reserve_voucher(
            programme_id=programme.pk, code=voucher.code, key="basket", now=BOUGHT_AT
        )

        done = run_nightly(now=BOUGHT_AT + timedelta(hours=1))

        assert done["let_go"] == 1
        assert statuses(member) == ["ISSUED"]


class TestTheLog:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE offers_voucherevent SET reason = 'x'",
            "UPDATE offers_voucherevent SET reason = '', value = value + 1",
            "DELETE FROM offers_voucherevent",
            "TRUNCATE offers_voucherevent",
        ],
        ids=["change", "blank and change", "delete", "empty"],
    )
    def test_only_grows(self, member, statement):
        gift(member)
        with connection.cursor() as cursor:
            # As after a commit: checks that wait would stop TRUNCATE by themselves.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

        assert VoucherEvent.objects.count() == 1

    def test_codes_are_of_twelve_readable_signs_and_all_different(self, member):
        codes = {gift(member, key=str(n)).code for n in range(200)}

        assert len(codes) == 200
        assert not set("".join(codes)) & set("ILOU")


class TestErasing:
    def test_leaves_no_word_that_staff_wrote(self, member, olga):
        """Olga wrote who had called, and why the voucher was withdrawn."""
        voucher = gift(member)
        care.void_voucher(
            voucher=voucher, staff=olga, reason="Vera's son called", now=BOUGHT_AT
        )

        erase_member(member=member, now=BOUGHT_AT)

        log = VoucherEvent.objects.filter(voucher=voucher).order_by("pk")
        assert list(log.values_list("kind", "reason", "staff")) == [
            ("ISSUED", "", None),
            ("VOIDED", "", olga.pk),
        ]

    def test_withdraws_what_is_open_and_keeps_what_was_used(self, member, till):
        used, still = gift(member, key="used"), gift(member, key="open")
        till.buy(member, vouchers=[used.code])

        erasure.withdraw(member, BOUGHT_AT)

        assert [each.status for each in (as_it_is(used), as_it_is(still))] == [
            "USED",
            "VOID",
        ]
        assert kinds_of(still) == ["ISSUED", "VOIDED"]
