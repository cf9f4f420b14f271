"""Who is asked again when what they agreed to changes, and what becomes of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.periods import local_day
from consent import renewals, services
from consent.models import (
    Channel,
    ConsentEntry,
    Permission,
    Purpose,
    Renewal,
    TermsAcceptance,
)
from consent.selectors import current_text, find_permission
from consent.texts import editing
from members import merging
from members.models import Event, Member
from stores.roles import Role
from tests.factories.consent import answer, publish_change, publish_texts
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory, StaffFactory

GIVEN = ConsentEntry.Action.GIVEN
SMS = {"kind": "CONSENT", "purpose": "MARKETING", "channel": "SMS"}
NEWS = {"sv": "Vi skriver om kurser.", "da": "Kurser.", "en": "Courses too."}
OPEN, YES, NO, EXPIRED = Renewal.Outcome


@pytest.fixture
def dora(programme):
    return StaffFactory(programme=programme, role=Role.DATA_PROTECTION_OFFICER)


@pytest.fixture
def today(programme, now):
    return local_day(now, programme.zone)


@pytest.fixture
def member(programme, now):
    member = MemberFactory(programme=programme)
    answer(member, GIVEN, at=now - timedelta(days=90))
    return member


@pytest.fixture
def change(programme, mia, dora, now, today):
    """Publish another edition of the text about offers by SMS, or another one."""

    def publish(slot=SMS, *, at=now, **changes):
        publish_texts(programme)
        draft = editing.write_draft(programme=programme, staff=mia, now=at, **slot)
        values = {
            "is_material": True,
            "news": NEWS,
            "answer_by": today + timedelta(days=30),
            "holds_from": today + timedelta(days=35)
            if slot["kind"] == "TERMS"
            else None,
            **changes,
        }
        return publish_change(draft, writer=mia, publisher=dora, now=at, **values)

    return publish


def words(programme, slot=SMS):
    return current_text(programme=programme, language="sv", **slot)


def accept(member, at):
    publish_texts(member.programme)
    return services.accept_terms(
        member=member,
        text=words(member.programme, {"kind": "TERMS"}),
        at=at,
        source="PORTAL",
    )


def outcome(renewal):
    renewal.refresh_from_db()
    return renewal.outcome


class TestAskAgain:
    def test_asks_who_said_yes_to_an_earlier_edition(
        self, programme, member, change, now
    ):
        refused = MemberFactory(programme=programme)
        answer(refused, ConsentEntry.Action.REFUSED)
        stopped = MemberFactory(programme=programme)
        answer(stopped, GIVEN, at=now - timedelta(days=3))
        answer(stopped, ConsentEntry.Action.WITHDRAWN, at=now - timedelta(days=2))
        by_email = MemberFactory(programme=programme)
        answer(by_email, GIVEN, channel=Channel.EMAIL)
        left = MemberFactory(programme=programme, left=True)
        answer(left, GIVEN)
        MemberFactory(programme=programme)
        elsewhere = MemberFactory(programme=ProgrammeFactory(name="Annan"))
        answer(elsewhere, GIVEN)

        edition = change()

        assert renewals.count_to_ask(edition) == 1
        assert renewals.ask_again(edition) == 1
        assert [each.member for each in Renewal.objects.all()] == [member]

    def test_asks_about_a_yes_whose_words_are_not_known(self, programme, change, now):
        old_club = MemberFactory(programme=programme)
        services.record_entry(
            member=old_club,
            purpose=Purpose.MARKETING,
            channel=Channel.SMS,
            action=ConsentEntry.Action.IMPORTED,
            at=now - timedelta(days=400),
            source=ConsentEntry.Source.IMPORT,
            actor="import",
        )

        edition = change()

        assert renewals.ask_again(edition) == 1

    def test_leaves_a_customer_relation_alone(self, programme, change, now):
        buyer = MemberFactory(programme=programme)
        entry = ConsentEntry.objects.create(
            member=buyer,
            purpose=Purpose.MARKETING,
            channel=Channel.SMS,
            action=GIVEN,
            at=now - timedelta(days=5),
            source=ConsentEntry.Source.TILL,
            actor="member",
            basis=ConsentEntry.Basis.SOFT_OPT_IN,
            receipt_id="0199b2a6-1c1e-7000-8000-000000000001",
            text=(publish_texts(programme), words(programme))[1],
        )

        assert renewals.ask_again(change()) == 0
        assert entry.basis == "SOFT_OPT_IN"

    def test_asks_nobody_when_the_yes_means_the_same(self, member, change):
        edition = change(is_material=False, answer_by=None)

        assert renewals.ask_again(edition) == 0
        assert Renewal.objects.count() == 0

    def test_asks_every_active_member_who_accepted_earlier_terms(
        self, programme, change, now
    ):
        accepted = [MemberFactory(programme=programme) for _each in range(3)]
        for each in accepted:
            accept(each, now - timedelta(days=30))
        MemberFactory(programme=programme)
        left = MemberFactory(programme=programme, left=True)
        accept(left, now - timedelta(days=30))

        edition = change({"kind": "TERMS"})

        assert renewals.count_to_ask(edition) == 3
        assert renewals.ask_again(edition) == 3
        newcomer = MemberFactory(programme=programme)
        accept(newcomer, now)
        assert renewals.ask_again(edition) == 0

    def test_takes_one_statement_however_many_they_are(self, programme, change):
        for _each in range(25):
            answer(MemberFactory(programme=programme), GIVEN)
        edition = change()

        with CaptureQueriesContext(connection) as queries:
            assert renewals.ask_again(edition) == 25

        assert len(queries) == 1

    def test_is_woken_by_the_publishing(
        self, member, change, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            edition = change()

        assert Renewal.objects.get().edition == edition

    def test_asks_later_who_said_yes_to_the_old_words_meanwhile(
        self, programme, member, change, now
    ):
        publish_texts(programme)
        old = words(programme)
        edition = change()
        renewals.ask_again(edition)
        late = MemberFactory(programme=programme)
        services.record_entry(
            member=late,
            purpose=Purpose.MARKETING,
            channel=Channel.SMS,
            action=GIVEN,
            at=now,
            source=ConsentEntry.Source.JOIN_LINK,
            actor=services.MEMBER,
            text=old,
        )

        assert renewals.ask_all(now=now) == 1
        assert Renewal.objects.filter(member=late, edition=edition).exists()
        assert renewals.ask_all(now=now + timedelta(days=60)) == 0


class TestOpenFor:
    def test_shows_the_latest_edition_once(self, member, change, now):
        renewals.ask_again(change())
        latest = change()
        renewals.ask_again(latest)

        assert [each.edition for each in renewals.open_for(member)] == [latest]

    def test_leaves_out_what_was_taken_back(self, member, change, now):
        renewals.ask_again(change())
        answer(member, ConsentEntry.Action.WITHDRAWN, at=now)

        assert renewals.open_for(member) == []


class TestAnswer:
    def asked(self, member, change, slot=SMS):
        renewals.ask_again(change(slot))
        return renewals.open_for(member)[0]

    def said(self, renewal, *, yes, now):
        return renewals.answer(
            renewal=renewal,
            yes=yes,
            source=ConsentEntry.Source.PORTAL,
            evidence={"session": "0199"},
            now=now,
        )

    def test_makes_a_yes_a_new_yes_to_the_new_words(
        self, programme, member, change, now
    ):
        renewal = self.asked(member, change)

        self.said(renewal, yes=True, now=now)

        entry = find_permission(member, purpose="MARKETING", channel="SMS")
        assert (entry.action, entry.text.version) == (GIVEN, 2)
        assert entry.evidence == {
            "session": "0199",
            "renewal": str(renewal.public_id),
        }
        assert (outcome(renewal), renewal.answered_at) == (YES, now)
        assert renewals.open_for(member) == []

    def test_takes_the_old_yes_back_on_a_no(self, member, change, now):
        renewal = self.asked(member, change)

        self.said(renewal, yes=False, now=now)

        entry = find_permission(member, purpose="MARKETING", channel="SMS")
        assert entry.action == ConsentEntry.Action.WITHDRAWN
        assert outcome(renewal) == NO

    def test_counts_the_first_answer(self, member, change, now):
        renewal = self.asked(member, change)
        self.said(renewal, yes=False, now=now)

        again = self.said(renewal, yes=True, now=now + timedelta(minutes=1))

        assert again.outcome == NO
        assert ConsentEntry.objects.filter(member=member).count() == 2

    def test_answers_all_editions_that_were_open(self, member, change, now):
        renewals.ask_again(change())
        renewal = self.asked(member, change)

        self.said(renewal, yes=True, now=now)

        assert set(Renewal.objects.values_list("outcome", flat=True)) == {YES}

    def test_takes_a_late_yes_as_a_new_one(self, member, change, now):
        renewal = self.asked(member, change)
        late = now + timedelta(days=40)
        renewals.expire_unanswered(now=late)

        self.said(renewal, yes=True, now=late)

        entry = find_permission(member, purpose="MARKETING", channel="SMS")
        assert (entry.action, outcome(renewal)) == (GIVEN, YES)

    def test_notes_the_version_of_the_terms_that_was_accepted(
        self, member, change, now
    ):
        accept(member, now - timedelta(days=30))
        renewal = self.asked(member, change, {"kind": "TERMS"})

        self.said(renewal, yes=True, now=now)

        assert TermsAcceptance.objects.filter(
            member=member, text__version=2, at=now
        ).exists()
        event = Event.objects.get(member=member, kind=renewals.TERMS_ACCEPTED)
        assert event.data["version"] == 2

    def test_takes_no_no_to_terms(self, member, change, now):
        accept(member, now - timedelta(days=30))
        renewal = self.asked(member, change, {"kind": "TERMS"})

        with pytest.raises(renewals.TermsAreLeft):
            self.said(renewal, yes=False, now=now)

        assert outcome(renewal) == OPEN


class TestNoteAnswersElsewhere:
    def test_sees_a_no_on_the_page_of_choices(self, member, change, now):
        renewals.ask_again(change())
        answer(member, ConsentEntry.Action.WITHDRAWN, at=now)

        assert renewals.note_answers_elsewhere() == 1
        renewal = Renewal.objects.get()
        assert (renewal.outcome, renewal.answered_at) == (NO, now)

    def test_sees_a_yes_to_the_new_words(self, member, change, now):
        renewals.ask_again(change())
        answer(member, GIVEN, at=now)

        renewals.note_answers_elsewhere()

        assert Renewal.objects.get().outcome == YES

    def test_leaves_open_what_nobody_answered(self, member, change):
        renewals.ask_again(change())

        assert renewals.note_answers_elsewhere() == 0


class TestExpireUnanswered:
    def test_ends_the_old_yes_after_the_last_day(self, member, change, now, today):
        edition = change()
        renewals.ask_again(edition)

        assert renewals.expire_unanswered(now=now + timedelta(days=30)) == 0
        late = now + timedelta(days=31)
        assert renewals.expire_unanswered(now=late) == 1

        entry = find_permission(member, purpose="MARKETING", channel="SMS")
        assert (entry.action, entry.source, entry.actor, entry.at) == (
            ConsentEntry.Action.EXPIRED,
            ConsentEntry.Source.RULE,
            "rule",
            late,
        )
        assert entry.text.version == 1
        renewal = Renewal.objects.get()
        assert entry.evidence == {
            "renewal": str(renewal.public_id),
            "edition": str(edition.public_id),
        }
        assert renewal.outcome == EXPIRED
        assert Permission.objects.get(member=member).action == "EXPIRED"
        event = Event.objects.get(member=member, kind="consent.expired")
        assert event.subject_id == entry.public_id
        assert event.data == {
            "purpose": "MARKETING",
            "channel": "SMS",
            "source": "RULE",
            "text_version": 1,
        }
        assert renewals.expire_unanswered(now=late) == 0

    def test_goes_through_a_set_in_batches(self, programme, change, now):
        members = [MemberFactory(programme=programme) for _each in range(7)]
        for each in members:
            answer(each, GIVEN)
        renewals.ask_again(change())
        renewals.answer(
            renewal=renewals.open_for(members[0])[0],
            yes=True,
            source="PORTAL",
            evidence={},
            now=now,
        )
        late = now + timedelta(days=31)

        counts = [renewals.expire_unanswered(now=late, limit=4) for _each in range(3)]

        assert counts == [4, 2, 0]
        assert (
            ConsentEntry.objects.filter(action=ConsentEntry.Action.EXPIRED).count() == 6
        )
        assert Permission.objects.filter(action=GIVEN).get().member == members[0]

    def test_writes_nothing_for_who_had_stopped_anyway(self, member, change, now):
        renewals.ask_again(change())
        answer(member, ConsentEntry.Action.WITHDRAWN, at=now)

        renewals.expire_unanswered(now=now + timedelta(days=31))

        assert not ConsentEntry.objects.filter(
            action=ConsentEntry.Action.EXPIRED
        ).exists()


class TestNoteTermsHold:
    @pytest.fixture
    def told(self, member, change, now):
        accept(member, now - timedelta(days=30))
        renewals.ask_again(change({"kind": "TERMS"}))
        renewal = Renewal.objects.get()
        renewals.mark_told({renewal.public_id: now})
        return renewal

    def test_says_what_was_told_and_not_answered(self, told, member, now):
        late = now + timedelta(days=36)

        assert renewals.note_terms_hold(now=late) == 1

        event = Event.objects.get(member=member, kind=renewals.TERMS_HOLD)
        assert event.data["version"] == 2
        assert outcome(told) == EXPIRED
        # Nobody accepted anything.
        assert not TermsAcceptance.objects.filter(
            member=member, text__version=2
        ).exists()

    def test_waits_for_the_day(self, told, now):
        assert renewals.note_terms_hold(now=now + timedelta(days=34)) == 0

    def test_gives_thirty_days_to_who_was_told_late(self, told, now):
        Renewal.objects.update(told_at=now + timedelta(days=20))

        assert renewals.note_terms_hold(now=now + timedelta(days=36)) == 0
        assert renewals.note_terms_hold(now=now + timedelta(days=50)) == 1

    def test_leaves_open_who_was_never_told(self, told, now):
        Renewal.objects.update(told_at=None)

        assert renewals.note_terms_hold(now=now + timedelta(days=90)) == 0


class TestMerging:
    def test_asks_who_is_kept(self, programme, member, change, olga, now):
        kept = MemberFactory(programme=programme, status=Member.Status.ACTIVE)
        renewals.ask_again(change())

        merging.merge_members(
            kept=kept, merged=member, staff=olga, reason="Same person", now=now
        )

        assert Renewal.objects.get().member == kept
