import pytest
from django.db import connection

from points import proof, reading
from points.models import Entry
from points.services import post
from points.terms import ReturnPolicy, Terms
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import line, receipt, return_line

pytestmark = pytest.mark.django_db
DAMAGE = {
    "UPDATE purchases_receipt SET points = points + 1": (
        "a receipt gave what the ledger has"
    ),
    "UPDATE purchases_receipt SET returned_points = 0": (
        "returns took no more than came back"
    ),
    "UPDATE purchases_receipt SET returned_points = 41 WHERE points > 0": (
        "returns took all that their version says"
    ),
}
LENIENT = Terms(returns=ReturnPolicy.BALANCE)


class TestTheLawsOfReceipts:
    @pytest.mark.parametrize(("statement", "law"), DAMAGE.items())
    def test_find_receipts_that_say_other_than_the_ledger(
        self, till, vera, statement, law
    ):
        bought = receipt(line("100.00"), phone=vera.phone)
        till.record(bought)
        till.record(
            receipt(
                return_line("40.00"),
                phone=vera.phone,
                originalReceipt=bought["uniqueReceiptId"],
            )
        )
        assert not proof.check().differences

        with connection.cursor() as cursor:
            cursor.execute(statement)

        (difference, *_others) = proof.check().differences
        assert (difference.law, difference.member_id) == (law, vera.pk)

    def test_find_a_return_that_was_never_taken_back(self, till, vera):
        """Vera brings shoes back; the shop has them, the ledger knows nothing."""
        till.record(receipt(line("100.00"), phone=vera.phone))
        assert not proof.check().differences

        with connection.cursor() as cursor:
            cursor.execute("UPDATE purchases_receipt SET returned_points = 40")

        (difference,) = proof.check().differences
        assert difference.law == "returns took all that their version says"
        assert (difference.found, difference.expected) == (0, 40)


class TestALenientVersion:
    @pytest.fixture
    def rule(self, programme):
        return EarningRuleFactory(
            programme=programme, published=True, terms=reading.dump(LENIENT)
        )

    def test_may_let_the_member_keep_what_was_used(self, till, vera, now):
        bought = receipt(line("100.00"), phone=vera.phone)
        till.record(bought)
        post(
            member_id=vera.pk,
            kind=Entry.Kind.SPEND,
            points=-90,
            key="used",
            at=now,
            now=now,
        )
        till.record(
            receipt(
                return_line("100.00"),
                phone=vera.phone,
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        assert Entry.objects.get(kind=Entry.Kind.REVERSE).points == -10
        assert not proof.check().differences
