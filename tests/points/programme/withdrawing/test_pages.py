"""A version is withdrawn at the desk."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from points.models import EarningRule
from tests.points.programme.withdrawing.coming import STARTS, coming

pytestmark = pytest.mark.django_db


class TestVersionWithdraw:
    """At the desk."""

    def act(self, desk, row):
        return desk.post(reverse("points:version-withdraw", args=[row.public_id]))

    def page(self, desk, row):
        url = reverse("points:version-detail", args=[row.public_id])
        return desk.get(url).content.decode()

    def test_asks_first_and_says_what_becomes_of_it(self, desk, programme, in_force):
        row = coming(programme)
        address = reverse("points:version-withdraw", args=[row.public_id])

        assert f'action="{address}"' in self.page(desk, row)
        assert "Withdraw version 2?" in self.page(desk, row)
        answer = self.act(desk, row)

        assert answer["Location"] == reverse(
            "points:version-detail", args=[row.public_id]
        )
        page = self.page(desk, row)
        assert "it never holds" in page
        assert "Would have held from" in page
        assert f'action="{address}"' not in page
        overview = desk.get(reverse("points:programme")).content.decode()
        assert "Withdrawn before they started" in overview

    def test_does_not_offer_it_of_what_holds_or_is_followed(
        self, desk, programme, in_force
    ):
        first = coming(programme)
        second = coming(programme, starts_at=STARTS + timedelta(days=30))

        offered = [
            "Withdraw version" in self.page(desk, row)
            for row in (in_force, first, second)
        ]

        assert offered == [False, False, True]

    @pytest.mark.parametrize(
        ("number", "said"),
        [
            (0, "It has started and cannot be withdrawn."),
            (1, "Another version follows"),
        ],
        ids=["started", "followed"],
    )
    def test_says_why_it_cannot_be(self, desk, programme, in_force, number, said):
        rows = [in_force, coming(programme)]
        coming(programme, starts_at=STARTS + timedelta(days=30))

        self.act(desk, rows[number])

        assert said in self.page(desk, rows[number])
        rows[number].refresh_from_db()
        assert rows[number].status == EarningRule.Status.PUBLISHED

    def test_says_that_it_was_withdrawn_already(self, desk, programme, in_force):
        row = coming(programme)
        self.act(desk, row)

        self.act(desk, row)

        assert "There is nothing to withdraw." in self.page(desk, row)

    def test_copies_it_to_a_draft(self, desk, programme, in_force):
        row = coming(programme)
        self.act(desk, row)

        desk.post(reverse("points:draft-add"), {"source": str(row.public_id)})

        draft = EarningRule.objects.get(status=EarningRule.Status.DRAFT)
        assert (draft.points_per_unit, draft.version) == (Decimal(10), 3)
