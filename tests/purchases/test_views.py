import pytest
from django.urls import reverse

from stores.roles import Role
from tests.factories.purchases import line, receipt, return_line
from tests.factories.stores import StaffFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(programme, desk_client):
    return desk_client(StaffFactory(programme=programme, role=Role.CUSTOMER_SERVICE))


def address(name, member):
    return reverse(f"{name}:member-panel", args=[member.public_id])


class TestPurchasesPanel:
    def test_is_a_page_that_holds_the_card(self, till, service, vera):
        till.record(receipt(line("1249.00"), phone=vera.phone))

        page = service.get(address("purchases", vera)).content.decode()

        assert "<html" in page
        assert "1\u00a0249\u00a0kr" in page
        assert "+1\u00a0249" in page

    def test_is_only_the_card_for_htmx(self, till, service, vera):
        bought = receipt(phone=vera.phone)
        till.record(bought)
        till.record(
            receipt(
                return_line("49.00"),
                phone=vera.phone,
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        card = service.get(
            address("purchases", vera), headers={"HX-Request": "true"}
        ).content.decode()

        assert "<html" not in card
        assert "\u221249" in card

    def test_says_when_there_is_nothing(self, till, service, vera):
        answer = service.get(address("purchases", vera))

        assert answer.status_code == 200
        assert "<table" not in answer.content.decode()

    def test_takes_few_statements_however_many_receipts(
        self, till, service, vera, django_assert_max_num_queries
    ):
        for _time in range(6):
            till.record(receipt(line(), line(), phone=vera.phone))

        with django_assert_max_num_queries(14):
            service.get(address("purchases", vera), headers={"HX-Request": "true"})


class TestPointsPanel:
    def test_shows_points_with_their_worth_and_what_comes_next(
        self, till, service, vera
    ):
        till.record(receipt(line("380.00"), phone=vera.phone))

        page = service.get(address("points", vera)).content.decode()

        assert ">380<" in page
        assert "38\u00a0kr" in page
        assert "120" in page
        assert "2028" in page

    def test_is_only_the_card_for_htmx(self, till, service, vera):
        card = service.get(
            address("points", vera), headers={"HX-Request": "true"}
        ).content.decode()

        assert "<html" not in card
        assert 'id="points-member-panel"' in card
