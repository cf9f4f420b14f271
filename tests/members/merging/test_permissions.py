"""Consents after a merge: a no survives."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from consent.models import Channel, ConsentEntry, Purpose, TermsAcceptance, Text
from consent.selectors import find_acceptance, permissions_of
from consent.services import accept_terms
from tests.factories.consent import answer, publish_texts
from tests.members.merging.steps import GIVEN, NOW, REFUSED, SOON, WITHDRAWN

pytestmark = pytest.mark.django_db


class TestPermissions:
    def state(self, member):
        return {
            channel: entry.action
            for (_purpose, channel), entry in permissions_of(member).items()
        }

    @pytest.mark.parametrize(
        ("own", "other", "then"),
        [
            (GIVEN, GIVEN, GIVEN),
            (GIVEN, REFUSED, REFUSED),
            (REFUSED, GIVEN, REFUSED),
            (WITHDRAWN, GIVEN, WITHDRAWN),
            (GIVEN, None, GIVEN),
            (None, GIVEN, GIVEN),
            (None, REFUSED, REFUSED),
            (None, None, None),
        ],
    )
    @pytest.mark.parametrize("own_is_later", [True, False])
    def test_end_with_the_more_restrictive_and_come_back(
        self, vera, again, merge, undo, own, other, then, own_is_later
    ):
        hours = (2, 1) if own_is_later else (1, 2)
        for member, said, hour in zip((vera, again), (own, other), hours, strict=True):
            if said:
                answer(member, said, at=NOW - timedelta(days=1, hours=-hour))
        before = self.state(vera), self.state(again)

        row = merge()
        assert self.state(vera).get(Channel.SMS) == then
        undo(row)

        assert (self.state(vera), self.state(again)) == before

    def test_say_which_word_they_repeat(self, vera, again, merge, undo, mia):
        no = answer(again, REFUSED, at=NOW - timedelta(days=2))
        yes = answer(vera, GIVEN, at=NOW - timedelta(days=1))

        row = merge()
        undo(row)

        repeated, restored = ConsentEntry.objects.filter(source="MERGE").order_by("pk")
        assert (repeated.action, restored.action) == (REFUSED, GIVEN)
        assert repeated.evidence["entry"] == str(no.public_id)
        assert restored.evidence == {
            "merge": str(row.public_id),
            "entry": str(yes.public_id),
        }
        assert restored.text == yes.text
        assert restored.actor == str(mia.public_id)

    def test_of_an_imported_club_come_back_without_our_text(
        self, vera, again, merge, undo
    ):
        ConsentEntry.objects.create(
            member=vera,
            purpose=Purpose.MARKETING,
            channel=Channel.SMS,
            action=GIVEN,
            at=NOW - timedelta(days=1),
            source=ConsentEntry.Source.IMPORT,
            actor="import",
        )
        answer(again, REFUSED, at=NOW - timedelta(days=2))

        undo(merge())

        assert self.state(vera) == {Channel.SMS: GIVEN}

    def test_taken_back_after_the_merge_are_taken_back_by_both(
        self, vera, again, merge, undo
    ):
        """Whichever of the two wrote STOP, neither is written to again."""
        answer(vera, GIVEN, at=NOW - timedelta(days=1))
        answer(again, GIVEN, at=NOW - timedelta(days=1))
        row = merge()
        answer(vera, WITHDRAWN, at=NOW + timedelta(minutes=5))

        undo(row)

        assert self.state(vera) == self.state(again) == {Channel.SMS: WITHDRAWN}

    def test_given_after_the_merge_are_the_kept_ones_alone(
        self, vera, again, merge, undo
    ):
        answer(again, REFUSED, at=NOW - timedelta(days=1))
        row = merge()
        answer(vera, GIVEN, at=NOW + timedelta(minutes=5))

        undo(row)

        assert self.state(vera) == {Channel.SMS: GIVEN}
        assert self.state(again) == {Channel.SMS: REFUSED}

    def test_stay_an_append_only_record(self, vera, again, merge):
        answer(again, GIVEN)
        merge()

        for change in ("SET member_id = member_id", "SET action = 'GIVEN'"):
            with (
                pytest.raises(DatabaseError, match="append-only"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(f"UPDATE consent_consententry {change}")

    def test_and_terms_are_accepted_once(self, vera, again, merge, undo, programme):
        publish_texts(programme)
        terms = Text.objects.filter(kind=Text.Kind.TERMS).order_by("language")
        accept_terms(member=vera, text=terms[0], at=NOW, source="PORTAL")
        accept_terms(member=again, text=terms[0], at=NOW, source="PORTAL")
        accept_terms(member=again, text=terms[1], at=SOON, source="PORTAL")

        row = merge()
        assert find_acceptance(vera).text == terms[1]
        undo(row)

        assert TermsAcceptance.objects.filter(member=vera).count() == 1
        assert TermsAcceptance.objects.filter(member=again).count() == 2
