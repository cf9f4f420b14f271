"""Two memberships of one person, made one and parted again, in the trade's words."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from consent.models import Channel, ConsentEntry, Purpose, TermsAcceptance, Text
from consent.selectors import find_acceptance, permissions_of
from consent.services import accept_terms
from enrolment.models import Registration
from members import identity, merging, selectors, services, tasks
from members.merging import MergeForbidden, Refusal, merge_members, undo_merge
from members.models import DuplicatePair, Event, Identifier, Member, Merge
from points import proof
from points.models import Account, Entry, Lot
from points.selectors import entries, summarize_totals
from points.services import MemberMerged, PointsHeld, expire_points, post
from purchases.models import Receipt, ReceiptLine
from stores.models import AuditEntry
from tests.factories.club import buy, line, open_club, returned
from tests.factories.consent import answer, publish_texts
from tests.factories.members import MemberFactory
from tests.factories.messaging import queue
from tests.factories.stores import ProgrammeFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)
KIND, PROOF = Identifier.Kind, Identifier.Proof
GIVEN, REFUSED = ConsentEntry.Action.GIVEN, ConsentEntry.Action.REFUSED
WITHDRAWN = ConsentEntry.Action.WITHDRAWN


@pytest.fixture(autouse=True)
def _ledger_is_sound(db):
    yield
    assert proof.check().differences == []


@pytest.fixture
def rule(programme):
    return open_club(programme)


@pytest.fixture
def vera(programme, rule):
    """Who has been a member for long."""
    return MemberFactory(programme=programme, phone_verified_at=NOW)


@pytest.fixture
def again(programme):
    """Vera once more, who registered anew when she changed her number."""
    return MemberFactory(
        programme=programme, phone_verified_at=NOW, email_verified_at=NOW
    )


@pytest.fixture
def merge(vera, again, mia):
    def do(kept=vera, merged=again, *, now=NOW, **changes):
        row = merge_members(kept=kept, merged=merged, staff=mia, now=now, **changes)
        for member in (kept, merged):
            member.refresh_from_db()
        return row

    return do


@pytest.fixture
def undo(vera, again, mia):
    def do(row, *, now=SOON):
        row = undo_merge(merge=row, staff=mia, now=now)
        vera.refresh_from_db()
        again.refresh_from_db()
        return row

    return do


def earn(member, points, key="e", *, expires_at=None, kind=Entry.Kind.EARN, now=NOW):
    return post(
        member_id=member.pk,
        kind=kind,
        points=points,
        key=key,
        at=now,
        now=now,
        expires_at=expires_at,
    )


def spend(member, points, key="s", *, now=NOW):
    return earn(member, -points, key, kind=Entry.Kind.SPEND, now=now)


def balance(member):
    account = Account.objects.filter(member=member).first()
    return account.balance if account else 0


def open_lots(member):
    found = Lot.objects.filter(member=member, remaining__gt=0)
    return sorted(found.values_list("remaining", "expires_at"))


class TestPoints:
    def test_are_all_with_the_one_who_is_kept(self, vera, again, merge):
        earn(vera, 200)
        earn(again, 300)

        merge()

        assert (balance(vera), balance(again)) == (500, 0)

    def test_keep_the_day_they_expire(self, vera, again, merge):
        may, june = NOW + timedelta(days=60), NOW + timedelta(days=90)
        earn(again, 100, "a", expires_at=may)
        earn(again, 50, "b", expires_at=june)
        spend(again, 30)

        merge()

        assert open_lots(vera) == [(50, june), (70, may)]

    def test_whose_day_has_passed_lapse_where_they_are(self, vera, again, merge):
        earn(again, 100, expires_at=NOW - timedelta(minutes=1))

        merge()

        assert balance(vera) == 0
        assert Entry.objects.get(kind=Entry.Kind.EXPIRE).member == again
        # What is told about it belongs to the one who is there.
        assert Event.objects.get(kind="points.expired").member == vera

    def test_pay_what_the_kept_one_owes(self, vera, again, merge, undo):
        earned = earn(vera, 100)
        spend(vera, 100)
        post(
            member_id=vera.pk,
            kind=Entry.Kind.REVERSE,
            points=-100,
            key="r",
            at=NOW,
            now=NOW,
            reverses_id=earned.entry_id,
        )
        earn(again, 300)

        row = merge()
        assert balance(vera) == 200
        undo(row)

        assert (balance(vera), balance(again)) == (-100, 300)

    def test_that_are_owed_are_owed_by_the_kept_one(self, vera, again, merge, undo):
        may = NOW + timedelta(days=60)
        earn(vera, 300, expires_at=may)
        earned = earn(again, 100)
        spend(again, 100)
        post(
            member_id=again.pk,
            kind=Entry.Kind.REVERSE,
            points=-100,
            key="r",
            at=NOW,
            now=NOW,
            reverses_id=earned.entry_id,
        )

        row = merge()
        assert (balance(vera), balance(again)) == (200, 0)
        undo(row)

        assert (balance(vera), balance(again)) == (300, -100)
        assert {day for _left, day in open_lots(vera)} == {may}

    def test_that_are_owed_and_not_paid_go_back_whole(self, vera, again, merge, undo):
        """The kept one's own points pay half of the other's debt."""
        earn(vera, 40)
        earned = earn(again, 100)
        spend(again, 100)
        post(
            member_id=again.pk,
            kind=Entry.Kind.REVERSE,
            points=-100,
            key="r",
            at=NOW,
            now=NOW,
            reverses_id=earned.entry_id,
        )

        row = merge()
        assert (balance(vera), balance(again)) == (-60, 0)
        undo(row)

        assert (balance(vera), balance(again)) == (40, -100)

    def test_of_nobody_need_no_entries(self, vera, again, merge, undo):
        undo(merge())

        assert not Entry.objects.exists()

    def test_stay_one_statement(self, vera, again, merge):
        earn(vera, 100)
        earn(again, 300)
        spend(again, 50)

        merge()

        assert [entry.points for entry in entries(vera)] == [-50, 300, 100]
        assert summarize_totals(vera) == {
            "earned": 400,
            "used": 50,
            "taken_back": 0,
            "expired": 0,
            "adjusted": 0,
            "merged": 0,
        }

    def test_cannot_be_posted_to_who_was_merged(self, again, merge):
        earn(again, 10)
        merge()

        with pytest.raises(MemberMerged):
            earn(again, 5, "later")
        # What was posted before is still answered.
        assert earn(again, 10).is_replay

    def test_that_were_used_meanwhile_are_used(self, vera, again, merge, undo):
        earn(vera, 200)
        earn(again, 300, expires_at=NOW + timedelta(days=60))
        row = merge()
        spend(vera, 120)

        undo(row)

        # The ones that expire first were used, and they were the other's.
        assert (balance(vera), balance(again)) == (200, 180)
        assert summarize_totals(vera)["merged"] == 120

    def test_come_back_as_they_were_when_nothing_happened(
        self, vera, again, merge, undo
    ):
        may = NOW + timedelta(days=60)
        earn(vera, 200, expires_at=may)
        earn(again, 300, expires_at=may)
        before = open_lots(vera), open_lots(again)

        undo(merge())

        assert (open_lots(vera), open_lots(again)) == before

    def test_that_lapsed_meanwhile_are_gone(self, vera, again, merge, undo):
        earn(again, 300, expires_at=SOON)
        row = merge()

        undo(row, now=SOON)

        assert (balance(vera), balance(again)) == (0, 0)

    def test_are_held_while_either_was_perhaps_taken_over(
        self, vera, again, merge, undo
    ):
        Member.objects.filter(pk=again.pk).update(held_until=SOON)
        earn(vera, 100)
        row = merge()

        with pytest.raises(PointsHeld):
            spend(vera, 10)
        undo(row)

        assert spend(vera, 10, now=SOON).balance_after == 90
        assert vera.held_until is None
        assert again.held_until == SOON


class TestReceipts:
    def test_go_to_the_kept_one_with_their_lines(self, vera, again, merge, undo, store):
        own = buy(vera, store, line("100.00"), now=NOW)
        bought = buy(again, store, line("100.00"), line("50.00"), now=NOW)

        row = merge()
        assert set(Receipt.objects.filter(member=vera)) == {own, bought}
        assert ReceiptLine.objects.filter(member=vera).count() == 3
        undo(row)

        assert list(Receipt.objects.filter(member=again)) == [bought]
        assert ReceiptLine.objects.filter(member=again).count() == 2

    def test_are_returned_out_of_their_own_points(self, vera, again, merge, store):
        earn(vera, 100, expires_at=NOW + timedelta(days=5))
        bought = buy(again, store, line("300.00"), now=NOW)
        merge()

        back = buy(vera, store, returned("300.00"), now=SOON, original=bought)

        assert back.reversed_points == 300
        # Not of those that expire first, which are of another purchase.
        assert [left for left, _day in open_lots(vera)] == [100]

    def test_are_returned_after_two_merges_and_an_undoing(
        self, vera, again, merge, programme, store, mia
    ):
        third = MemberFactory(programme=programme)
        bought = buy(again, store, line("300.00"), now=NOW)
        earn(vera, 100, expires_at=NOW + timedelta(days=5))
        first = merge()
        second = merge(kept=third, merged=vera)
        undo_merge(merge=second, staff=mia, now=SOON)
        undo_merge(merge=first, staff=mia, now=SOON)

        back = buy(again, store, returned("120.00"), now=SOON, original=bought)

        assert back.reversed_points == 120
        assert (balance(vera), balance(again), balance(third)) == (100, 180, 0)

    def test_give_nothing_back_twice_when_points_have_lapsed(
        self, vera, again, merge, store
    ):
        bought = buy(again, store, line("300.00"), now=NOW)
        merge()
        lapsed = Lot.objects.get(remaining__gt=0).expires_at + timedelta(days=1)
        post(
            member_id=vera.pk,
            kind=Entry.Kind.ADJUST,
            points=50,
            key="goodwill",
            at=lapsed,
            now=lapsed,
        )
        expire_points(now=lapsed)

        back = buy(vera, store, returned("300.00"), now=lapsed, original=bought)

        assert back.reversed_points == 0
        assert balance(vera) == 50


class TestDetails:
    def test_that_the_kept_one_lacks_are_filled_in(self, programme, again, mia):
        pending = MemberFactory(programme=programme, pending=True)
        Member.objects.filter(pk=again.pk).update(
            birthday_on=date(1980, 5, 1), postcode="75310"
        )

        merge_members(kept=pending, merged=again, staff=mia, now=NOW)

        pending.refresh_from_db()
        assert pending.status == Member.Status.ACTIVE
        assert pending.activated_at == again.activated_at
        assert (pending.first_name, pending.last_name) == ("Vera", "Lindqvist")
        assert pending.birthday_on == date(1980, 5, 1)
        assert pending.postcode == "75310"
        assert (pending.email, pending.email_verified_at) == (again.email, NOW)

    def test_of_the_kept_one_stay(self, vera, again, merge):
        own = vera.phone, vera.email

        merge()

        assert (vera.phone, vera.email) == own
        assert (again.phone, again.email, again.status) == ("", "", "MERGED")

    def test_are_taken_from_the_other_when_staff_say_so(self, vera, again, merge, undo):
        own, new = vera.phone, again.phone

        row = merge(choices={"phone": "merged", "email": "kept"})
        assert vera.phone == new
        undo(row)

        assert (vera.phone, again.phone) == (own, new)
        assert vera.phone_verified_at == again.phone_verified_at == NOW

    def test_that_nobody_knows_are_refused(self, merge):
        with pytest.raises(ValueError, match="number"):
            merge(choices={"number": "merged"})

    def test_changed_after_the_merge_stay_changed(self, vera, again, merge, undo):
        row = merge()
        services.update_member(member=vera, first_name="Viveka", now=SOON)

        undo(row)

        assert (vera.first_name, again.first_name) == ("Viveka", "Vera")

    def test_stay_with_who_made_them_their_own(self, vera, again, merge, undo):
        """The kept one writes from the other's number now: it is theirs."""
        number = again.phone
        row = merge()
        services.update_member(member=vera, phone=number, now=SOON)

        undo(row)

        assert (vera.phone, again.phone) == (number, "")
        assert again.status == Member.Status.ACTIVE

    def test_are_not_taken_from_who_has_them_meanwhile(
        self, vera, again, merge, undo, programme
    ):
        number = again.phone
        row = merge()
        identifier = identity.live_identifier(
            member=vera, kind=KIND.PHONE, value=number
        )
        identity.end_identifier(
            identifier=identifier, end=Identifier.End.PASSED_ON, now=SOON
        )
        stranger = MemberFactory(programme=programme, phone=number)

        undo(row)

        assert again.phone == ""
        stranger.refresh_from_db()
        assert stranger.phone == number

    def test_of_a_pending_one_come_back(self, programme, again, mia):
        pending = MemberFactory(programme=programme, pending=True)
        row = merge_members(kept=pending, merged=again, staff=mia, now=NOW)

        undo_merge(merge=row, staff=mia, now=SOON)

        pending.refresh_from_db()
        assert pending.status == Member.Status.PENDING
        assert (pending.first_name, pending.email) == ("", "")
        assert pending.activated_at is None

    def test_who_left_once_and_is_active_elsewhere_is_active(
        self, programme, again, mia
    ):
        left = MemberFactory(programme=programme, left=True)

        merge_members(kept=left, merged=again, staff=mia, now=NOW)

        left.refresh_from_db()
        assert (left.status, left.left_at) == (Member.Status.ACTIVE, None)


class TestIdentifiers:
    def test_all_find_the_one(self, vera, again, merge, programme):
        phone, email = again.phone, again.email
        identity.add_identifier(
            member=again, kind=KIND.CARD, value="998877", proof=PROOF.STAFF, now=NOW
        )

        merge()

        for kind, value in (
            (KIND.PHONE, vera.phone),
            (KIND.PHONE, phone),
            (KIND.EMAIL, email),
            (KIND.CARD, "998877"),
        ):
            found = selectors.find_by_identifier(
                programme=programme, kind=kind, value=value
            )
            assert found == vera
        for number in (vera.number, again.number):
            assert selectors.find_by_number(programme=programme, number=number) == vera

    def test_that_nobody_has_proven_find_nobody(self, vera, programme, mia):
        mistyped = MemberFactory(programme=programme)
        number = mistyped.phone

        merge_members(kept=vera, merged=mistyped, staff=mia, now=NOW)

        assert selectors.find_by_phone(programme=programme, phone=number) is None
        holder = selectors.find_holder(
            programme=programme, kind=KIND.PHONE, value=number
        )
        assert holder == vera

    def test_that_were_lost_stay_lost(self, vera, again, merge, programme):
        old = again.number
        identity.replace_card(member=again, end=Identifier.End.LOST, now=NOW)
        again.refresh_from_db()

        merge()

        assert selectors.find_by_number(programme=programme, number=old) is None
        assert identity.ended_card(programme=programme, value=old).member == vera


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


class TestMerge:
    def test_is_an_event_and_on_the_trail(self, vera, again, merge, mia):
        row = merge(reason="Two cards, one purse")

        event = Event.objects.get(kind="member.merged")
        assert (event.member, event.subject_id) == (vera, row.public_id)
        assert set(event.data.values()) == {str(vera.public_id), str(again.public_id)}
        entry = AuditEntry.objects.get(action="member.merged")
        assert (entry.actor_id, entry.member_id) == (mia.public_id, vera.public_id)
        assert entry.reason == "Two cards, one purse"

    def test_hands_on_the_timeline_and_the_messages(self, vera, again, merge, undo):
        services.update_member(member=again, postcode="75310", now=NOW)
        message = queue(again, now=NOW)

        row = merge()
        message.refresh_from_db()
        assert message.member == vera
        assert not Event.objects.filter(member=again).exists()
        undo(row)

        message.refresh_from_db()
        assert message.member == again
        kinds = Event.objects.filter(member=again).values_list("kind", flat=True)
        assert set(kinds) == {"member.updated", "member.unmerged"}

    def test_again_changes_nothing(self, vera, again, merge):
        earn(again, 300)
        row = merge()
        events, trail = Event.objects.count(), AuditEntry.objects.count()

        assert merge(now=SOON) == row
        assert merge(kept=again, merged=vera, now=SOON) == row

        assert balance(vera) == 300
        assert (Event.objects.count(), AuditEntry.objects.count()) == (events, trail)

    def test_again_after_an_undoing_is_another_one(self, vera, again, merge, undo):
        earn(again, 300)
        first = merge()
        undo(first)

        second = merge(now=SOON)

        assert second != first
        assert balance(vera) == 300

    def test_of_three_leads_to_the_last_in_one_step(
        self, vera, again, merge, programme, mia
    ):
        earn(again, 300)
        merge()
        third = MemberFactory(programme=programme)
        second = merge(kept=third, merged=vera)

        again.refresh_from_db()
        assert again.merged_into == third
        assert selectors.find_by_number(programme=programme, number=again.number) == (
            third
        )
        assert balance(third) == 300

        undo_merge(merge=second, staff=mia, now=SOON)
        again.refresh_from_db()
        assert again.merged_into == vera

    @pytest.mark.parametrize(
        ("traits", "reason"),
        [
            ({"erased": True}, Refusal.ERASED),
            ({"blocked": True}, Refusal.BLOCKED),
            ({"programme": None}, Refusal.OTHER_PROGRAMME),
        ],
    )
    @pytest.mark.parametrize("is_kept", [True, False])
    def test_is_refused_with_a_reason(self, vera, mia, traits, reason, is_kept):
        programme = ProgrammeFactory() if "programme" in traits else vera.programme
        other = MemberFactory(**{**traits, "programme": programme})
        kept, merged = (other, vera) if is_kept else (vera, other)

        with pytest.raises(MergeForbidden) as refused:
            merge_members(kept=kept, merged=merged, staff=mia, now=NOW)

        assert refused.value.reason == reason
        assert not Merge.objects.exists()

    def test_of_a_member_with_themselves_is_refused(self, vera, merge):
        with pytest.raises(MergeForbidden) as refused:
            merge(kept=vera, merged=vera)

        assert refused.value.reason == Refusal.SAME

    def test_of_one_who_was_merged_elsewhere_is_refused(
        self, vera, again, merge, programme
    ):
        merge()
        third = MemberFactory(programme=programme)

        with pytest.raises(MergeForbidden) as refused:
            merge(kept=third, merged=again)

        assert refused.value.reason == Refusal.ALREADY_MERGED

    def test_closes_the_pair_that_was_looked_at(self, vera, again, merge, undo):
        first, second = sorted((vera, again), key=lambda member: member.pk)
        pair = DuplicatePair.objects.create(
            programme=vera.programme,
            first=first,
            second=second,
            score=90,
            found_at=NOW,
        )

        row = merge()
        pair.refresh_from_db()
        assert pair.state == DuplicatePair.State.MERGED
        undo(row)

        pair.refresh_from_db()
        assert pair.state == DuplicatePair.State.DISMISSED


class TestGatherStrays:
    """What was written by somebody who had found the member before the merge."""

    def test_hands_a_no_on_and_keeps_it(self, vera, again, merge, undo):
        answer(vera, GIVEN, at=NOW - timedelta(days=1))
        answer(again, GIVEN, at=NOW - timedelta(days=1))
        row = merge()
        stop = answer(again, WITHDRAWN, at=NOW)

        assert merging.gather_strays(now=SOON) == 1
        assert merging.gather_strays(now=SOON) == 0

        stop.refresh_from_db()
        assert stop.member == vera
        assert permissions_of(vera)["MARKETING", "SMS"].action == WITHDRAWN
        row.refresh_from_db()
        undo(row)
        assert permissions_of(again)["MARKETING", "SMS"] == stop
        assert permissions_of(vera)["MARKETING", "SMS"].action == GIVEN

    def test_leads_through_a_later_merge(self, again, vera, merge, programme):
        merge()
        third = MemberFactory(programme=programme)
        merge(kept=third, merged=vera)
        stop = answer(again, REFUSED, at=NOW)

        # From the first to the second, and from there to the third.
        assert merging.gather_strays(now=SOON) + merging.gather_strays(now=SOON) == 2

        stop.refresh_from_db()
        assert stop.member == third

    def test_moves_no_points_again(self, vera, again, merge):
        earn(again, 300)
        merge()
        answer(again, REFUSED, at=NOW)

        tasks.gather_strays()

        assert (balance(vera), balance(again)) == (300, 0)
        assert not Event.objects.filter(member=again).exists()

    def test_finds_nothing_after_a_merge_or_an_undoing(self, merge, undo):
        row = merge()
        assert merging.gather_strays(now=SOON) == 0

        undo(row)
        assert merging.gather_strays(now=SOON) == 0


class TestRegistrations:
    def open(self, member, way="TILL"):
        return Registration.objects.create(
            programme=member.programme, member=member, way=way, started_at=NOW
        )

    def test_that_are_open_stay_open_when_the_person_is_active(
        self, vera, programme, mia
    ):
        pending = MemberFactory(programme=programme, pending=True)
        begun = self.open(pending)

        merge_members(kept=vera, merged=pending, staff=mia, now=NOW)

        begun.refresh_from_db()
        assert (begun.member, begun.outcome) == (pending, "OPEN")

    def test_of_two_who_both_wait_stay_one_each(self, programme, mia):
        one, other = MemberFactory.create_batch(2, programme=programme, pending=True)
        self.open(one)
        begun = self.open(other)

        merge_members(kept=one, merged=other, staff=mia, now=NOW)

        begun.refresh_from_db()
        assert begun.member == other

    def test_of_the_only_one_who_waits_are_handed_on(self, programme, mia):
        one, other = MemberFactory.create_batch(2, programme=programme, pending=True)
        begun = self.open(other)

        row = merge_members(kept=one, merged=other, staff=mia, now=NOW)
        begun.refresh_from_db()
        assert begun.member == one
        undo_merge(merge=row, staff=mia, now=SOON)

        begun.refresh_from_db()
        assert begun.member == other


class TestUndoMerge:
    def test_twice_changes_nothing(self, again, merge, undo):
        earn(again, 300)
        row = undo(merge())
        events = Event.objects.count()

        assert undo(row, now=SOON + timedelta(days=1)).undone_at == SOON
        assert Event.objects.count() == events
        assert balance(again) == 300

    def test_keeps_no_details_of_either(self, merge, undo):
        row = undo(merge())

        row.refresh_from_db()
        assert (row.before, row.after, row.moved, row.notes) == ({}, {}, {}, {})

    def test_is_refused_after_thirty_days(self, merge, undo):
        row = merge()

        with pytest.raises(MergeForbidden) as refused:
            undo(row, now=NOW + timedelta(days=30))

        assert refused.value.reason == Refusal.TOO_LATE

    def test_goes_from_the_last_to_the_first(self, vera, merge, undo, programme):
        first = merge()
        third = MemberFactory(programme=programme)
        second = merge(merged=third)

        with pytest.raises(MergeForbidden) as refused:
            undo(first)

        assert refused.value.reason == Refusal.LATER_MERGE
        assert refused.value.later == second
        undo(second)
        undo(first)
        assert Member.objects.filter(status="ACTIVE").count() == 3

    def test_waits_for_a_later_merge_of_the_kept_one(
        self, vera, merge, undo, programme
    ):
        first = merge()
        third = MemberFactory(programme=programme)
        second = merge(kept=third, merged=vera)

        with pytest.raises(MergeForbidden) as refused:
            undo(first)

        assert refused.value.later == second

    def test_is_refused_when_the_kept_one_was_erased(self, vera, merge, undo):
        row = merge()
        Member.objects.filter(pk=vera.pk).update(
            status="ERASED", phone="", email="", first_name="", last_name=""
        )

        with pytest.raises(MergeForbidden) as refused:
            undo(row)

        assert refused.value.reason == Refusal.ERASED


class TestSealMerges:
    def test_empties_what_could_no_longer_be_undone(self, again, merge):
        row = merge()
        late = NOW + merging.UNDO_WITHIN

        assert merging.seal_merges(now=late - timedelta(seconds=1)) == 0
        assert merging.seal_merges(now=late) == 1
        assert merging.seal_merges(now=late) == 0

        row.refresh_from_db()
        assert (row.before, row.after, row.moved, row.notes) == ({}, {}, {}, {})
        again.refresh_from_db()
        assert (again.first_name, again.last_name, again.birthday_on) == ("", "", None)
        # The old card still leads on.
        assert again.merged_into_id is not None

    def test_leaves_those_that_were_undone(self, merge, undo):
        undo(merge())

        assert merging.seal_merges(now=NOW + timedelta(days=99)) == 0

    def test_is_done_by_the_worker(self, merge, time_machine):
        row = merge()
        time_machine.move_to(NOW + timedelta(days=31))

        assert tasks.seal_merges() == 1
        row.refresh_from_db()
        assert row.sealed_at is not None
