"""From a number at the till to a finished membership."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection

from consent.models import MESSAGE_CHANNELS, ConsentEntry, TermsAcceptance
from consent.selectors import find_acceptance, permissions_of
from enrolment import services
from enrolment.models import JoinLink
from enrolment.rules import LINK_LIFE, LinkState
from enrolment.services import find_link
from members.models import Event, Member
from members.phones import PhoneInvalid
from members.services import EmailInvalid, leave
from messaging.limits import SmsRefused
from messaging.models import Message
from tests.factories.consent import publish_texts
from tests.factories.enrolment import PHONE, register, token_in
from tests.factories.members import MemberFactory
from tests.factories.stores import DeviceFactory

YES_TO_SMS = {"SMS": True, "EMAIL": False}


@pytest.fixture
def programme(programme):
    publish_texts(programme)
    return programme


@pytest.fixture
def link(programme, store, now):
    registration = register(programme, now=now, store=store)
    return find_link(token_in(registration.message))


def finish(link, now, **changes):
    values = {
        "link": link,
        "first_name": "Vera",
        "last_name": "Lindqvist",
        "email": "vera@example.se",
        "language": "da",
        "accepts_terms": True,
        "channels": YES_TO_SMS,
        "now": now,
        **changes,
    }
    return services.finish_registration(**values)


class TestRegisterAtTill:
    def test_makes_a_pending_member_and_sends_the_link(
        self, programme, store, carl, now
    ):
        device = DeviceFactory(store=store)

        made = services.register_at_till(
            programme=programme,
            phone=PHONE,
            store=store,
            device=device,
            staff=carl,
            language="sv",
            now=now,
        )

        assert made.is_new
        assert (made.member.status, made.member.phone) == ("PENDING", "+46701740605")
        assert made.member.registered_store == store
        assert (made.message.kind, made.message.address) == (
            "join_link",
            "+46701740605",
        )
        kept = JoinLink.objects.get()
        assert (kept.store, kept.device, kept.staff) == (store, device, carl)
        assert kept.expires_at == now + LINK_LIFE

    def test_keeps_the_token_only_as_a_hash(self, programme, now):
        token = token_in(register(programme, now=now).message)

        kept = JoinLink.objects.get()
        assert token.encode() not in bytes(kept.token_hash)
        assert find_link(token) == kept

    def test_gives_an_active_member_and_sends_nothing(self, programme, now):
        member = MemberFactory(programme=programme, phone="+46701740605")

        made = register(programme, now=now)

        assert (made.member, made.is_new, made.message) == (member, False, None)
        assert not Message.objects.exists()

    def test_gives_a_pending_member_a_new_link_when_the_last_is_old_enough(
        self, programme, now
    ):
        first = register(programme, now=now)
        too_soon = register(programme, now=now + timedelta(seconds=59))
        again = register(programme, now=now + timedelta(seconds=60))

        assert first.member == too_soon.member == again.member
        assert (too_soon.is_new, too_soon.message) == (False, None)
        assert token_in(again.message) != token_in(first.message)

    def test_invites_back_who_has_left(self, programme, now):
        member = MemberFactory(programme=programme, phone="+46701740605")
        leave(member=member, now=now)

        assert register(programme, now=now).message is not None

    @pytest.mark.parametrize(
        ("phone", "error"),
        [
            ("08-123 456 78", PhoneInvalid),
            ("hej", PhoneInvalid),
            ("", PhoneInvalid),
            ("+44 7911 123456", SmsRefused),
        ],
    )
    def test_refuses_what_gets_no_sms_and_keeps_nothing(
        self, programme, now, phone, error
    ):
        with pytest.raises(error):
            register(programme, now=now, phone=phone)

        assert not Member.objects.exists()

    def test_registers_nobody_when_no_more_sms_may_go(self, programme, now, settings):
        settings.SMS_PER_DAY = 1
        register(programme, now=now)

        with pytest.raises(SmsRefused):
            register(programme, now=now, phone="070-174 16 05")

        assert Member.objects.count() == 1


class TestResendLink:
    def test_replaces_the_old_link(self, programme, link, now):
        message = services.resend_link(
            member=link.member, now=now + timedelta(minutes=1)
        )

        link.refresh_from_db()
        assert link.replaced_at == now + timedelta(minutes=1)
        assert find_link(token_in(message)).replaced_at is None

    def test_waits_a_minute_between_links(self, link, now):
        with pytest.raises(services.TooSoon) as wait:
            services.resend_link(member=link.member, now=now + timedelta(seconds=20))

        assert wait.value.retry_after == 40

    def test_remembers_the_store_of_the_first_link(self, link, store, now):
        services.resend_link(member=link.member, now=now + timedelta(minutes=1))

        assert JoinLink.objects.latest("created_at").store == store

    @pytest.mark.parametrize("situation", [{}, {"blocked": True}, {"erased": True}])
    def test_has_nothing_for_who_has_nothing_to_finish(self, programme, now, situation):
        member = MemberFactory(programme=programme, **situation)

        with pytest.raises(services.NotPending):
            services.resend_link(member=member, now=now)

    def test_obeys_the_limit_of_the_number(self, link, now):
        for minute in (1, 2):
            services.resend_link(
                member=link.member, now=now + timedelta(minutes=minute)
            )

        with pytest.raises(SmsRefused):
            services.resend_link(member=link.member, now=now + timedelta(minutes=3))
        # The link that works is still the last that was sent.
        assert JoinLink.objects.filter(replaced_at=None).count() == 1


class TestRemind:
    def test_sends_a_link_to_a_pending_member(self, link, now):
        message = services.remind(member=link.member, now=now + timedelta(minutes=1))

        assert message.kind == "join_link"

    def test_is_silent_when_nothing_may_go(self, programme, link, now):
        assert services.remind(member=link.member, now=now) is None
        active = MemberFactory(programme=programme)
        assert services.remind(member=active, now=now) is None


class TestFindLink:
    @pytest.mark.parametrize("token", ["", "x", "x" * 22, "å" * 22, "x" * 500])
    def test_knows_only_its_own(self, link, token):
        assert find_link(token) is None


class TestFinishRegistration:
    def test_makes_an_active_member(self, link, store, now):
        member = finish(link, now, birthday=date(1980, 2, 29))

        assert member.status == Member.Status.ACTIVE
        assert member.name == "Vera Lindqvist"
        assert (member.email, member.language) == ("vera@example.se", "da")
        assert member.birthday_on == date(1980, 2, 29)
        assert (member.home_store, member.activated_at) == (store, now)
        # The link came to the phone, and nobody else has it.
        assert member.phone_verified_at == now
        assert member.email_verified_at is None

    def test_keeps_the_terms_and_each_choice_with_its_proof(self, link, now):
        member = finish(link, now)

        assert find_acceptance(member).text.language == "da"
        found = permissions_of(member)
        sms, mail = found["MARKETING", "SMS"], found["MARKETING", "EMAIL"]
        assert (sms.action, mail.action) == ("GIVEN", "REFUSED")
        for entry in (sms, mail):
            assert entry.source == ConsentEntry.Source.JOIN_LINK
            assert entry.evidence == {"join_link": str(link.public_id)}
            assert entry.actor == "member"
            assert (entry.text.version, entry.text.channel) == (1, entry.channel)

    def test_names_the_version_that_was_on_the_page(self, programme, link, now):
        shown = {
            text.channel or "terms": text
            for text in programme.texts.filter(
                language="en", purpose__in=["", "MARKETING"]
            )
        }

        member = finish(
            link, now, texts={name: text.public_id for name, text in shown.items()}
        )

        assert permissions_of(member)["MARKETING", "SMS"].text == shown["SMS"]
        assert find_acceptance(member).text == shown["terms"]

    def test_tells_the_timeline(self, link, now):
        member = finish(link, now)

        kinds = set(Event.objects.filter(member=member).values_list("kind", flat=True))
        assert kinds == {
            "member.registered",
            "member.activated",
            "consent.given",
            "consent.refused",
        }

    def test_uses_the_link_up(self, link, now):
        finish(link, now)

        with pytest.raises(services.LinkUnusable) as used:
            finish(link, now)
        assert used.value.state == LinkState.USED
        assert TermsAcceptance.objects.count() == 1

    @pytest.mark.parametrize(
        ("later", "state"),
        [(LINK_LIFE, LinkState.EXPIRED), (timedelta(0), LinkState.REPLACED)],
    )
    def test_refuses_an_old_link(self, link, now, later, state):
        if state == LinkState.REPLACED:
            services.resend_link(member=link.member, now=now + timedelta(minutes=1))

        with pytest.raises(services.LinkUnusable) as refused:
            finish(link, now + later)
        assert refused.value.state == state
        link.member.refresh_from_db()
        assert link.member.status == Member.Status.PENDING

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"accepts_terms": False}, services.TermsNotAccepted),
            ({"channels": {}}, services.ChoiceMissing),
            ({"channels": {"SMS": True}}, services.ChoiceMissing),
            ({"email": "vera"}, EmailInvalid),
        ],
    )
    def test_keeps_nothing_of_a_half_answer(self, link, now, changes, error):
        with pytest.raises(error):
            finish(link, now, **changes)

        link.member.refresh_from_db()
        assert link.member.status == Member.Status.PENDING
        assert not ConsentEntry.objects.exists()
        link.refresh_from_db()
        assert link.used_at is None

    def test_takes_a_member_without_e_mail(self, link, now):
        assert finish(link, now, email="").email == ""

    def test_leaves_out_an_address_that_is_anothers_and_tells_its_owner(
        self, programme, link, now
    ):
        owner = MemberFactory(programme=programme, email="Vera@Example.se".lower())

        member = finish(link, now, email="VERA@example.se")

        owner.refresh_from_db()
        assert (member.status, member.email) == (Member.Status.ACTIVE, "")
        assert owner.email == "vera@example.se"
        told = Message.objects.get(kind="email_in_use")
        assert (told.member, told.address) == (owner, "vera@example.se")
        assert "05" in told.body
        assert "0701740605" not in "".join(told.body.split()).replace("-", "")

    def test_brings_back_who_had_left(self, programme, now):
        member = MemberFactory(programme=programme, phone="+46701740605")
        leave(member=member, now=now)
        link = find_link(token_in(register(programme, now=now).message))

        finish(link, now)

        member.refresh_from_db()
        assert (member.status, member.left_at) == (Member.Status.ACTIVE, None)

    def test_refuses_a_member_who_was_blocked_meanwhile(self, link, now):
        Member.objects.filter(pk=link.member_id).update(status=Member.Status.BLOCKED)

        with pytest.raises(services.NotPending):
            finish(link, now)


@pytest.mark.django_db(transaction=True)
class TestFinishTwiceAtOnce:
    @pytest.fixture(autouse=True)
    def _tasks_wait(self, monkeypatch):
        monkeypatch.setattr("django_q.conf.Conf.SYNC", False)

    def test_makes_one_membership_with_one_set_of_choices(self, link, now):
        barrier = threading.Barrier(4)
        outcomes = []

        def tap():
            try:
                barrier.wait(timeout=20)
                finish(link, now)
                outcomes.append("finished")
            except services.LinkUnusable as refused:
                outcomes.append(refused.state)
            finally:
                connection.close()

        threads = [threading.Thread(target=tap) for _tap in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)

        assert sorted(outcomes) == ["finished", "used", "used", "used"]
        assert ConsentEntry.objects.count() == len(MESSAGE_CHANNELS)
        assert Event.objects.filter(kind="member.activated").count() == 1

    def test_registers_a_number_once_from_two_tills(self, programme, now):
        barrier = threading.Barrier(4)
        made = []

        def tap():
            try:
                barrier.wait(timeout=20)
                made.append(register(programme, now=now))
            finally:
                connection.close()

        threads = [threading.Thread(target=tap) for _tap in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)

        assert len(made) == 4
        assert sum(registration.is_new for registration in made) == 1
        assert Member.objects.count() == 1
        assert Message.objects.count() == 1

    def test_sends_one_link_for_two_taps(self, link, now):
        barrier = threading.Barrier(4)
        outcomes = []

        def tap():
            try:
                barrier.wait(timeout=20)
                services.resend_link(member=link.member, now=now + timedelta(minutes=1))
                outcomes.append("sent")
            except services.TooSoon:
                outcomes.append("too soon")
            finally:
                connection.close()

        threads = [threading.Thread(target=tap) for _tap in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)

        assert sorted(outcomes) == ["sent", "too soon", "too soon", "too soon"]
        assert JoinLink.objects.filter(replaced_at=None).count() == 1
