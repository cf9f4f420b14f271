import pytest
from django.db import connection

from points import proof
from tests.factories.purchases import line, receipt, return_line

pytestmark = pytest.mark.django_db
DAMAGE = {
    "UPDATE purchases_receipt SET points = points + 1": (
        "a receipt gave what the ledger has"
    ),
    "UPDATE purchases_receipt SET returned_points = 0": (
        "returns took no more than came back"
    ),
}


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
