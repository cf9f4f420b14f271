"""Receipts of people who were not members yet."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import monotonic

import pytest
from django.db import connection

from members import events, identity
from members.models import Event
from points import proof
from points.models import Account, Lot
from points.selectors import balance_of
from purchases import rules, services, tasks
from purchases.models import Receipt, ReceiptLine
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import BOUGHT_AT, line, receipt, return_line

NOW = BOUGHT_AT + timedelta(days=3)
PHONE = "+46701740605"


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(NOW)


@pytest.fixture
def join(programme):
    """Become a member with a proven number."""

    def become(phone=PHONE, **changes):
        member = MemberFactory(
            programme=programme, phone=phone, **{"phone_verified_at": NOW, **changes}
        )
        events.record(member_id=member.pk, kind="member.activated", at=NOW, now=NOW)
        return member

    return become


def claim():
    # The cursor reads what no open transaction can still precede: the test's own
    # transaction would hide it, so the step it takes is called directly.
    for event in Event.objects.filter(kind="member.activated"):
        services.claiming.claim_for_member(member_id=event.member_id, now=NOW)


@pytest.mark.django_db
class TestAnonymous:
    def test_receipts_are_kept_with_a_keyed_hash_only(self, till):
        answer = till.record(receipt(phone="070-174 06 05"))

        stored = Receipt.objects.get()
        assert answer["isAnonymous"] is True
        assert answer["noPointsReason"] == "member_unknown"
        assert (stored.member, stored.points) == (None, 0)
        assert stored.eligible == Decimal("249.00")
        assert len(bytes(stored.contact_index)) == 32
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT r::text || (SELECT string_agg(l::text, '') "
                "FROM purchases_receiptline l) FROM purchases_receipt r"
            )
            assert "701740605" not in cursor.fetchone()[0]

    def test_receipts_without_contact_have_no_hash(self, till):
        answer = till.record(receipt())

        assert answer["noPointsReason"] == "no_contact"
        assert Receipt.objects.get().contact_index is None


@pytest.mark.django_db
class TestClaim:
    def test_gives_points_by_the_rule_of_the_day_of_purchase(
        self, till, join, programme
    ):
        till.record(receipt(line("100.00"), line("50.00"), phone=PHONE))
        EarningRuleFactory(
            programme=programme,
            published=True,
            version=90,
            starts_at=BOUGHT_AT + timedelta(days=1),
            points_per_unit=Decimal(5),
        )
        member = join()

        claim()

        assert balance_of(member).points == 150
        assert list(
            ReceiptLine.objects.order_by("number").values_list("points", flat=True)
        ) == [100, 50]
        # From the purchase on, not from the day they joined.
        assert Lot.objects.get().expires_at == datetime(2028, 3, 31, 22, tzinfo=UTC)
        assert Event.objects.filter(kind="receipt.claimed").count() == 1
        assert not proof.check().differences

    def test_leaves_the_answer_to_the_till_as_it_was(self, till, join):
        body = receipt(phone=PHONE)
        first = till.send(body)
        join()

        claim()

        assert till.send(body).content == first.content

    def test_counts_what_came_back_before_and_after(self, till, join):
        body = receipt(line("100.00"), line("50.00"), phone=PHONE)
        named = {"originalReceipt": body["uniqueReceiptId"]}
        till.record(body)
        till.record(receipt(return_line("50.00"), **named))
        member = join()

        claim()
        assert balance_of(member).points == 100

        till.record(receipt(return_line("100.00"), **named))
        assert balance_of(member).points == 0
        assert not proof.check().differences

    def test_follows_the_id_of_another_system(self, till, join):
        till.record(
            receipt(
                contact={
                    "matchKeyType": "ExternalId",
                    "matchKeySystem": "webshop",
                    "matchKey": "c-48211",
                }
            )
        )
        member, other = join(), join("+46701740607")
        for each, system in ((member, "webshop"), (other, "erp")):
            identity.add_identifier(
                member=each,
                kind="EXTERNAL",
                system=system,
                value="c-48211",
                proof="SYSTEM",
                now=NOW,
            )

        claim()

        assert (balance_of(member).points, balance_of(other).points) == (249, 0)

    def test_happens_once(self, till, join):
        till.record(receipt(phone=PHONE))
        member = join()

        claim()
        claim()

        assert balance_of(member).points == 249

    @pytest.mark.parametrize(
        "changes",
        [
            {"phone_verified_at": None},
            {"phone": "+46701740606"},
            {"blocked": True},
        ],
    )
    def test_needs_a_proven_contact_and_an_active_member(self, till, join, changes):
        till.record(receipt(phone=PHONE))
        join(**changes)

        claim()

        assert Receipt.objects.get().member is None
        assert not Account.objects.exists()

    def test_by_e_mail_needs_the_address_proven(self, till, join):
        contact = {"matchKeyType": "Email", "matchKey": "Vera@example.se"}
        till.record({**receipt(), "contact": contact})

        join(email="vera@example.se")
        claim()
        assert Receipt.objects.get().member is None

        Event.objects.all().delete()
        other = {"email": "VERA2@example.se", "email_verified_at": NOW}
        till.record(
            {**receipt(), "contact": {**contact, "matchKey": "vera2@example.se"}}
        )
        join(phone="+46701740699", **other)
        claim()
        assert Receipt.objects.filter(member__isnull=False).count() == 1

    def test_leaves_receipts_that_are_too_old(self, till, join):
        till.record(receipt(phone=PHONE, at=NOW - rules.CLAIM_WITHIN))
        till.record(
            receipt(phone=PHONE, at=NOW - rules.CLAIM_WITHIN - timedelta(seconds=1))
        )
        join()

        claim()

        assert Receipt.objects.filter(member__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
class TestClaimFromTheTimeline:
    def test_follows_members_who_become_active(self, till, join):
        till.record(receipt(phone=PHONE))
        member = join()

        # Other databases of the same server may have transactions open, which the
        # cursor waits for too.
        until = monotonic() + 60
        read = 0
        while read < 2 and monotonic() < until:
            read += tasks.claim()
        # The joining, and the event that the claim wrote itself.
        assert read == 2

        assert balance_of(member).points == 249
