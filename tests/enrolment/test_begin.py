"""The one beginning of every way in, and the row that remembers it."""

from datetime import timedelta

import pytest

from consent.gate import MessageClass, may_send
from consent.models import MESSAGE_CHANNELS, Channel, ConsentEntry
from enrolment import services
from enrolment.models import Registration
from members.models import Identifier, Member
from members.phones import PhoneInvalid
from members.services import ContactMissing, EmailInvalid, leave, update_member
from messaging.limits import SmsRefused
from messaging.models import Message
from tests.factories.consent import publish_texts
from tests.factories.enrolment import register, token_in
from tests.factories.members import MemberFactory
from tests.factories.stores import DeviceFactory

PHONE = "+46701740605"
Outcome, Way = Registration.Outcome, Registration.Way


@pytest.fixture
def programme(programme):
    publish_texts(programme)
    return programme


def begin(programme, now, **changes):
    values = {
        "programme": programme,
        "phone": PHONE,
        "way": Way.SMS,
        "language": "sv",
        "now": now,
        **changes,
    }
    return services.begin(**values)


def finish(member, now, **changes):
    values = {
        "member": member,
        "first_name": "Vera",
        "last_name": "Lindqvist",
        "language": "sv",
        "channels": {Channel.SMS: True, Channel.EMAIL: False},
        "texts": None,
        "source": ConsentEntry.Source.SMS_REPLY,
        "evidence": {"conversation": "3f0c"},
        "phone_verified": True,
        "accepts_terms": True,
        "now": now,
        **changes,
    }
    return services.finish_member(**values)


class TestBegin:
    def test_makes_a_pending_member_and_sends_nothing(
        self, programme, store, carl, now
    ):
        device = DeviceFactory(store=store)

        began = begin(
            programme,
            now,
            way=Way.TILL,
            store=store,
            device=device,
            staff=carl,
            placement="  checkout   3 ",
        )

        assert began.is_new
        assert (began.member.status, began.member.phone) == ("PENDING", PHONE)
        assert (began.member.source, began.member.home_store) == ("TILL", store)
        kept = Registration.objects.get()
        assert kept == began.registration
        assert (kept.way, kept.store, kept.device, kept.staff, kept.placement) == (
            "TILL",
            store,
            device,
            carl,
            "checkout 3",
        )
        assert (kept.started_at, kept.outcome, kept.ended_at) == (now, "OPEN", None)
        assert not kept.is_return
        assert not Message.objects.exists()

    @pytest.mark.parametrize(
        ("way", "source"),
        [
            (Way.SMS, "SMS"),
            (Way.POSTER, "WEB"),
            (Way.WEB, "WEB"),
            (Way.API, "API"),
            (Way.IMPORT, "IMPORT"),
        ],
    )
    def test_says_how_the_member_came(self, programme, now, way, source):
        assert begin(programme, now, way=way).member.source == source

    def test_takes_an_address_where_there_is_no_number(self, programme, now):
        began = begin(programme, now, phone="", email="Vera@Example.se")

        assert (began.member.phone, began.member.email) == ("", "vera@example.se")

    def test_goes_on_with_what_is_open(self, programme, store, now):
        first = begin(programme, now, store=store)
        again = begin(programme, now + timedelta(days=1), way=Way.WEB)

        assert (again.member, again.is_new) == (first.member, False)
        assert again.registration == first.registration
        assert Registration.objects.count() == 1

    def test_leaves_an_active_member_alone(self, programme, now):
        member = MemberFactory(programme=programme, phone=PHONE)

        began = begin(programme, now)

        assert (began.member, began.registration, began.is_new) == (member, None, False)

    def test_begins_another_for_who_left(self, programme, now):
        member = MemberFactory(programme=programme, phone=PHONE)
        leave(member=member, now=now)

        began = begin(programme, now)

        assert began.member == member
        assert began.member.status == Member.Status.LEFT
        assert began.registration.is_return

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"phone": "hej"}, PhoneInvalid),
            ({"phone": "", "email": "hej"}, EmailInvalid),
            ({"phone": ""}, ContactMissing),
            ({"phone": "+44 7911 123456"}, SmsRefused),
        ],
    )
    def test_keeps_nothing_of_what_it_refuses(self, programme, now, changes, error):
        with pytest.raises(error):
            begin(programme, now, **changes)

        assert not Member.objects.exists()
        assert not Registration.objects.exists()


class TestFinishMember:
    def test_makes_an_active_member_with_the_proof(self, programme, store, now):
        began = begin(programme, now, store=store)

        member = finish(began.member, now + timedelta(minutes=4))

        assert (member.status, member.name) == ("ACTIVE", "Vera Lindqvist")
        assert member.home_store == store
        kept = Registration.objects.get()
        assert (kept.outcome, kept.ended_at) == (
            "FINISHED",
            now + timedelta(minutes=4),
        )
        entry = ConsentEntry.objects.get(member=member, channel="SMS")
        assert (entry.action, entry.source) == ("GIVEN", "SMS_REPLY")
        assert entry.evidence == {"conversation": "3f0c"}
        proven = Identifier.objects.get(member=member, kind="PHONE")
        assert (proven.proof, proven.proven_at) == ("SMS", now + timedelta(minutes=4))

    def test_keeps_what_a_pending_member_is_known_by(self, programme, now):
        began = begin(programme, now, email="vera@example.se")

        assert finish(began.member, now).email == "vera@example.se"

    def test_keeps_the_known_address_when_the_new_one_is_anothers(self, programme, now):
        began = begin(programme, now, email="vera@example.se")
        MemberFactory(programme=programme, email="eva@example.se")

        assert finish(began.member, now, email="eva@example.se").email == (
            "vera@example.se"
        )
        assert Message.objects.filter(kind="email_in_use").count() == 1

    def test_finishes_who_was_registered_before_rows_were_kept(self, programme, now):
        member = MemberFactory(programme=programme, pending=True)

        finish(member, now)

        kept = Registration.objects.get(member=member)
        assert (kept.outcome, kept.way) == ("FINISHED", "TILL")

    def test_refuses_to_finish_twice(self, programme, now):
        began = begin(programme, now)
        finish(began.member, now)

        with pytest.raises(services.NotPending):
            finish(began.member, now)

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"accepts_terms": False}, services.TermsNotAccepted),
            ({"channels": {Channel.SMS: True}}, services.ChoiceMissing),
        ],
    )
    def test_wants_every_answer(self, programme, now, changes, error):
        began = begin(programme, now)

        with pytest.raises(error):
            finish(began.member, now, **changes)

        assert Registration.objects.get().outcome == "OPEN"

    def test_counts_a_return_once_more(self, programme, now):
        member = finish(begin(programme, now).member, now)
        leave(member=member, now=now)

        finish(begin(programme, now).member, now + timedelta(hours=1))

        kept = Registration.objects.order_by("pk")
        assert [(row.outcome, row.is_return) for row in kept] == [
            ("FINISHED", False),
            ("FINISHED", True),
        ]


class TestRegistrationOfALink:
    def test_is_finished_with_the_link(self, programme, store, now):
        made = register(programme, now=now, store=store)
        link = services.find_link(token_in(made.message))

        services.finish_registration(
            link=link,
            first_name="Vera",
            last_name="Lindqvist",
            email="",
            language="sv",
            accepts_terms=True,
            channels={"SMS": False, "EMAIL": False},
            now=now + timedelta(minutes=2),
        )

        kept = Registration.objects.get()
        assert (kept.way, kept.store, kept.outcome) == ("TILL", store, "FINISHED")
        assert Identifier.objects.get(kind="PHONE").proof == "LINK"

    def test_is_not_begun_again_by_another_link(self, programme, now):
        made = register(programme, now=now)
        services.resend_link(member=made.member, now=now + timedelta(minutes=2))

        assert Registration.objects.count() == 1

    def test_is_begun_when_somebody_who_left_asks_for_a_link(self, programme, now):
        member = MemberFactory(programme=programme, phone=PHONE)
        leave(member=member, now=now)

        services.remind(member=member, now=now)

        kept = Registration.objects.get()
        assert (kept.way, kept.is_return) == ("WEB", True)

    def test_reaches_somebody_without_a_number_by_e_mail(self, programme, now):
        made = services.register(
            programme=programme,
            email="vera@example.se",
            way=Way.WEB,
            language="sv",
            now=now,
        )
        assert (made.message.channel, made.message.address) == (
            "EMAIL",
            "vera@example.se",
        )

        member = services.finish_registration(
            link=services.find_link(token_in(made.message)),
            first_name="Vera",
            last_name="Lindqvist",
            # Not where the link came to, and so proven by nothing.
            email="eva@example.se",
            language="sv",
            accepts_terms=True,
            channels={"SMS": False, "EMAIL": True},
            now=now,
        )

        assert (member.email, member.email_verified_at) == ("vera@example.se", now)
        assert Identifier.objects.get().proof == "LINK"

    def test_proves_only_the_number_that_it_went_to(self, programme, now):
        made = register(programme, now=now)
        update_member(member=made.member, phone="+46701740606", now=now)

        member = services.finish_registration(
            link=services.find_link(token_in(made.message)),
            first_name="Vera",
            last_name="Lindqvist",
            email="",
            language="sv",
            accepts_terms=True,
            channels={"SMS": False, "EMAIL": False},
            now=now,
        )

        assert member.phone_verified_at is None


class TestGateBeforeConsent:
    @pytest.mark.parametrize("channel", MESSAGE_CHANNELS)
    def test_refuses_a_pending_member_all_marketing(self, programme, now, channel):
        member = begin(programme, now).member

        decision = may_send(
            member=member,
            channel=channel,
            message_class=MessageClass.MARKETING,
            purpose="MARKETING",
            now=now,
        )

        assert (decision.allowed, decision.code) == (False, "not_active")
