"""What the privacy desk shows of messages."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from consent.models import Channel, ConsentEntry
from messaging.desk import selectors
from messaging.desk.proof import proof_of, sender_of
from messaging.models import Message
from messaging.unsubscribe import read_token
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.consent import answer
from tests.factories.members import MemberFactory
from tests.factories.messaging import queue
from tests.factories.stores import ProgrammeFactory, StaffFactory

Action = ConsentEntry.Action
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _in_english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def dpo(programme):
    return StaffFactory(programme=programme, role=Role.DATA_PROTECTION_OFFICER)


@pytest.fixture
def member(programme):
    return MemberFactory(programme=programme)


def write(member, now, /, **changes):
    """Put a message into the table as it stands after a while; by default sent."""
    values = {
        "programme": member.programme,
        "member": member,
        "channel": Channel.SMS,
        "message_class": Message.Class.MARKETING,
        "kind": "autumn_offer",
        "language": "sv",
        "address": member.phone,
        "body": "Höstrea till söndag.",
        "dedupe_key": f"desk:{Message.objects.count()}",
        "state": Message.State.SENT,
        "gate": {"code": "consent_given", "entry_id": None},
        "queued_at": now,
        "send_after": now,
        "sent_at": now,
        **changes,
    }
    return Message.objects.create(**values)


def stopped(member, now, code, **changes):
    return write(
        member,
        now,
        state=Message.State.STOPPED,
        error=code,
        gate={"code": code, "entry_id": None},
        sent_at=None,
        **changes,
    )


def detail(client, message):
    return client.get(reverse("message-desk:message-detail", args=[message.public_id]))


class TestProofOf:
    def test_names_the_entry_that_allowed_it(self, member, now):
        entry = answer(member, Action.GIVEN, at=now - timedelta(days=5))
        # What was said since changes nothing about it.
        answer(member, Action.WITHDRAWN, at=now - timedelta(days=1))
        message = write(
            member,
            now - timedelta(days=2),
            gate={"code": "consent_given", "entry_id": entry.pk},
        )
        proof = proof_of(message)

        assert proof.is_allowed
        assert proof.grant.entry == entry
        assert proof.grant.text_hash == bytes(entry.text.text_hash).hex()

    def test_shows_no_entry_of_another_member(self, member, now):
        entry = answer(MemberFactory(programme=member.programme), Action.GIVEN, at=now)
        message = write(
            member, now, gate={"code": "consent_given", "entry_id": entry.pk}
        )

        assert proof_of(message).grant is None

    def test_says_why_service_needs_no_permission(self, member, now):
        message = queue(member, now=now)
        proof = proof_of(message)

        assert proof.is_allowed
        assert proof.grant is None
        assert "contract" in str(proof.answer.text)

    def test_tells_a_late_message_from_a_yes_that_ran_out(self, member, now):
        late = write(member, now, state="STOPPED", error="expired", sent_at=None)
        old = stopped(member, now, "expired")

        assert str(proof_of(late).answer.title) == "Came too late"
        assert proof_of(late).gate_answer is not None
        assert not proof_of(old).is_allowed

    def test_tells_what_waits_from_what_was_allowed(self, member, now):
        message = write(
            member,
            now,
            state=Message.State.NEW,
            error="quiet_hours",
            gate={"code": "quiet_hours", "entry_id": None},
        )

        assert not proof_of(message).is_allowed
        assert proof_of(message).answer.tone == "warn"

    @pytest.mark.parametrize("gate", [{}, {"code": "new_code"}, {"entry_id": "x"}])
    def test_stands_what_it_does_not_know(self, member, now, gate):
        proof = proof_of(write(member, now, gate=gate))

        assert not proof.is_allowed
        assert proof.grant is None


class TestMessageDetail:
    def test_shows_wording_evidence_and_masked_address(
        self, desk_client, dpo, member, now
    ):
        entry = answer(member, Action.GIVEN, at=now - timedelta(days=5))
        message = write(
            member, now, gate={"code": "consent_given", "entry_id": entry.pk}
        )
        text = detail(desk_client(dpo), message).content.decode()

        assert "Ljung &amp; Dal AB får skicka mig" in text
        assert bytes(entry.text.text_hash).hex() in text
        assert str(entry.public_id) in text
        assert "Höstrea till söndag." in text
        assert member.phone not in text

    def test_hides_codes(self, desk_client, dpo, member, now):
        message = write(
            member,
            now,
            message_class=Message.Class.CODE,
            kind="login_code",
            body="481923 är din kod",
            gate={"code": "code", "entry_id": None},
        )

        assert "481923" not in detail(desk_client(dpo), message).content.decode()

    def test_is_a_look_on_record(self, desk_client, dpo, member, now):
        message = write(member, now)
        detail(desk_client(dpo), message)

        written = AuditEntry.objects.get(action="message.viewed")
        assert written.member_id == member.public_id

    def test_shows_what_went_to_nobody_in_the_club(self, desk_client, dpo, member, now):
        message = write(
            member, now, member=None, message_class=Message.Class.CODE, kind="join_link"
        )

        assert detail(desk_client(dpo), message).status_code == 200

    def test_knows_no_message_of_another_club(self, desk_client, dpo, now):
        stranger = MemberFactory(programme=ProgrammeFactory(name="Andra"))

        assert detail(desk_client(dpo), write(stranger, now)).status_code == 404

    @pytest.mark.parametrize("role", [Role.ANALYST, Role.MARKETER, Role.STORE_MANAGER])
    def test_is_for_officers_only(
        self, desk_client, programme, store, member, now, role
    ):
        staff = StaffFactory(programme=programme, role=role, store=store)

        assert detail(desk_client(staff), write(member, now)).status_code == 403


class TestMessageList:
    def test_finds_by_member_kind_day_and_stop(self, desk_client, dpo, member, now):
        other = MemberFactory(programme=member.programme)
        write(other, now - timedelta(days=9), kind="welcome")
        wanted = stopped(member, now, "quiet_hours", kind="welcome")
        client = desk_client(dpo)

        for query in (
            {"q": member.number},
            {"since": f"{now - timedelta(days=1):%Y-%m-%d}"},
            {"kind": "welcome", "q": member.phone},
            {"stop": "quiet_hours"},
        ):
            page = client.get(reverse("message-desk:message-list"), query)
            rows = [row.record for row in page.context["table"].page.object_list]
            assert rows == [wanted], query

    def test_masks_and_asks_the_database_little(
        self, desk_client, dpo, programme, now, django_assert_max_num_queries
    ):
        members = [MemberFactory(programme=programme) for _each in range(12)]
        for member in members:
            write(member, now)
        client = desk_client(dpo)

        with django_assert_max_num_queries(9):
            page = client.get(reverse("message-desk:message-list")).content.decode()
        assert all(member.phone[3:] not in page for member in members)


class TestCountStops:
    def test_counts_what_was_stopped_and_what_waits(self, member, now):
        stopped(member, now, "quiet_hours")
        stopped(member, now, "quiet_hours")
        stopped(member, now, "withdrawn", channel=Channel.EMAIL)
        write(
            member,
            now,
            state="NEW",
            error="gap",
            gate={"code": "gap", "entry_id": None},
            sent_at=None,
        )
        # Sent, tried again after a fault, or of long ago.
        write(member, now)
        write(member, now, state="NEW", error="NotSent: busy", sent_at=None)
        stopped(member, now - timedelta(days=40), "gap")
        counts = selectors.count_stops(
            programme=member.programme,
            since=now - timedelta(days=30),
            zone=member.programme.zone,
        )

        assert selectors.sum_by(counts, 0) == [
            ("quiet_hours", 2),
            ("gap", 1),
            ("withdrawn", 1),
        ]
        assert selectors.sum_by(counts, 2) == [("SMS", 3), ("EMAIL", 1)]


class TestStopList:
    def test_leads_to_the_messages(self, desk_client, dpo, member, now):
        message = stopped(member, now, "never_asked")
        client = desk_client(dpo)
        page = client.get(reverse("message-desk:stop-list"))
        listed = client.get(page.context["rows"][0]["url"])

        rows = [row.record for row in listed.context["table"].page.object_list]
        assert rows == [message]

    def test_stands_empty(self, desk_client, dpo):
        page = desk_client(dpo).get(reverse("message-desk:stop-list"))

        assert "circle-check" in page.content.decode()

    def test_is_exported(self, desk_client, dpo, member, now):
        stopped(member, now, "gap")
        answered = desk_client(dpo).get(
            reverse("message-desk:stop-list"), {"format": "csv"}
        )

        assert len(b"".join(answered.streaming_content).decode().splitlines()) == 2
        assert AuditEntry.objects.get(action="privacy.exported").subject == "stops"


class TestWithdrawals:
    def test_stand_beside_the_message_before(self, member, now):
        answer(member, Action.GIVEN, at=now - timedelta(days=30))
        write(member, now - timedelta(days=6))
        before = write(member, now - timedelta(days=2), kind="winter_offer")
        # Of the house, after it, or never sent: none of them preceded it.
        write(member, now - timedelta(days=1), message_class="SERVICE", kind="welcome")
        stopped(member, now - timedelta(days=1), "gap", kind="stopped_offer")
        write(member, now + timedelta(hours=1), kind="later_offer")
        answer(member, Action.WITHDRAWN, at=now)
        (entry,) = selectors.list_taken_back(programme=member.programme)

        assert (entry.before_id, entry.before_kind) == (
            before.public_id,
            "winter_offer",
        )

    def test_stand_alone_after_a_silent_week(self, member, now):
        write(member, now - timedelta(days=7, minutes=1))
        answer(member, Action.WITHDRAWN, at=now)
        (entry,) = selectors.list_taken_back(programme=member.programme)

        assert entry.before_id is None

    def test_are_counted_by_kind(self, programme, now):
        for number in range(3):
            one = MemberFactory(programme=programme)
            if number:
                write(one, now - timedelta(hours=2))
            answer(one, Action.WITHDRAWN, at=now)
        counts = selectors.count_taken_back_by_kind(
            selectors.list_taken_back(programme=programme)
        )

        assert counts == [("autumn_offer", 2), (None, 1)]

    def test_page_masks_and_filters(
        self, desk_client, dpo, programme, now, django_assert_max_num_queries
    ):
        members = [MemberFactory(programme=programme) for _each in range(10)]
        for one in members:
            write(one, now - timedelta(hours=2))
            answer(one, Action.WITHDRAWN, at=now)
        client = desk_client(dpo)

        with django_assert_max_num_queries(9):
            page = client.get(reverse("message-desk:withdrawal-list"))
        text = page.content.decode()
        assert all(one.phone[3:] not in text for one in members)
        none = client.get(reverse("message-desk:withdrawal-list"), {"after": "none"})
        assert not none.context["table"].page.object_list

    def test_panels_are_cards_for_the_overview(self, desk_client, dpo, member, now):
        answer(member, Action.WITHDRAWN, at=now)
        stopped(member, now, "gap")
        client = desk_client(dpo)

        for name in ("withdrawals-panel", "stops-panel"):
            url = reverse(f"message-desk:{name}")
            card = client.get(url, headers=HTMX).content.decode()
            assert "<html" not in card
            assert "<html" in client.get(url).content.decode()


class TestAskingTheMember:
    @pytest.fixture
    def clara(self, programme):
        return StaffFactory(
            programme=programme, name="Clara Ek", role=Role.CUSTOMER_SERVICE
        )

    @staticmethod
    def post(client, name, member, **data):
        return client.post(
            reverse(f"consent:{name}", args=[member.public_id]), data, headers=HTMX
        )

    def test_is_what_staff_get_for_a_yes(self, desk_client, clara, member):
        page = self.post(
            desk_client(clara),
            "permission-give",
            member,
            purpose="MARKETING",
            channel="SMS",
        )

        assert page.status_code == 422
        assert 'role="alert"' in page.content.decode()
        assert not ConsentEntry.objects.exists()
        tried = AuditEntry.objects.get(action="consent.yes_tried")
        assert (tried.actor_id, tried.member_id, tried.subject) == (
            clara.public_id,
            member.public_id,
            "MARKETING SMS",
        )

    def test_sends_a_link_that_leads_to_the_members_own_choices(
        self, desk_client, clara, member
    ):
        self.post(desk_client(clara), "permission-ask", member, channel="SMS")

        message = Message.objects.get()
        assert (message.message_class, message.address) == ("SERVICE", member.phone)
        token = message.body.rstrip().split("/")[-2]
        reader = read_token(token)
        assert reader.member_id == member.public_id
        assert reader.message_id == message.public_id
        assert sender_of(message).title == clara.name

    def test_happens_once_a_day_on_each_channel(self, desk_client, clara, member):
        client = desk_client(clara)
        for channel in ("SMS", "SMS", "EMAIL"):
            self.post(client, "permission-ask", member, channel=channel)

        assert Message.objects.count() == 2
        assert AuditEntry.objects.filter(action="consent.member_asked").count() == 2

    def test_is_refused_where_nothing_reaches_them(self, desk_client, clara, programme):
        member = MemberFactory(programme=programme, email="")
        answered = self.post(
            desk_client(clara), "permission-ask", member, channel="EMAIL"
        )

        assert answered.status_code == 400
        assert not Message.objects.exists()

    def test_is_not_for_marketers(self, desk_client, mia, member):
        for name in ("permission-give", "permission-ask"):
            answered = self.post(
                desk_client(mia), name, member, purpose="MARKETING", channel="SMS"
            )
            assert answered.status_code == 403
