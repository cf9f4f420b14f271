"""What the till answers to a number or a card."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from common.limits import take
from enrolment.models import Registration
from members import cards
from members.models import Member
from messaging.models import Message
from stores.models import AuditEntry
from tests.factories.members import MemberFactory
from tests.factories.tiers import did, publish_ladder
from till import limits, selectors

pytestmark = pytest.mark.django_db


@pytest.fixture
def vera(programme, store):
    return MemberFactory(
        programme=programme,
        first_name="Vera",
        last_name="Lindqvist",
        phone="+46701740605",
        email="vera@example.se",
        registered_store=store,
    )


def find(client, number, *, htmx=True):
    headers = {"hx-request": "true"} if htmx else {}
    return client.post("/till/find/", {"number": number}, headers=headers)


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


class TestFind:
    @pytest.mark.parametrize(
        "typed", ["0701740605", "070-174 06 05", "+46 70 174 06 05", "0046701740605"]
    )
    def test_greets_a_member_by_name(self, till_client, vera, typed):
        answer = text(find(till_client, typed))

        assert "Vera" in answer
        assert cards.display_number(vera.number) in answer

    def test_names_the_tier_where_the_club_has_any(self, till_client, vera, programme):
        assert 'class="level' not in text(find(till_client, "0701740605"))
        publish_ladder(programme)
        now = datetime.now(UTC)
        did(vera, now.date(), 5000, now=now)

        answer = text(find(till_client, "0701740605"))

        assert '<span class="level level--silver">Silver</span>' in answer

    def test_finds_by_membership_number(self, till_client, vera):
        assert "Vera" in text(find(till_client, vera.number))
        assert "Vera" in text(find(till_client, cards.display_number(vera.number)))

    def test_finds_by_the_card_s_code(self, till_client, vera):
        token = cards.card_token(vera, now=datetime.now(UTC))

        assert "Vera" in text(find(till_client, token))
        assert "Vera" in text(find(till_client, token.lower()))

    def test_refuses_a_card_s_code_that_is_too_old(self, till_client, vera):
        token = cards.card_token(vera, now=datetime.now(UTC) - timedelta(minutes=16))

        answer = text(find(till_client, token))

        assert "Vera" not in answer
        assert "qrcode-off" in answer

    def test_shows_contact_details_masked(self, till_client, vera):
        answer = text(find(till_client, vera.phone))

        assert "06 05" not in answer.replace("•• 05", "")
        assert "0701740605" not in answer
        assert vera.phone not in answer
        assert vera.email not in answer

    def test_offers_to_register_an_unknown_number(self, till_client, programme):
        answer = text(find(till_client, "070-174 06 99"))

        assert 'action="/till/register/"' in answer
        assert "070-174 06 99" in answer
        assert not Member.objects.exists()

    @pytest.mark.parametrize(
        ("typed", "sign"),
        [
            ("08-123 456 78", "alert-triangle"),
            ("12", "alert-triangle"),
            ("", "alert-triangle"),
            ("+", "alert-triangle"),
            ("0" * 39, "alert-triangle"),
            ("٠٧٠١٧٤٠٦٠٥", None),
            ("+1 202 555 0123", None),
            ("+358 40 123 4567", "world"),
            ("\x00\x01", "alert-triangle"),
            ("ABCDEFGH" * 20, "qrcode-off"),
            ("' OR 1=1 --", "qrcode-off"),
        ],
    )
    def test_says_what_is_wrong_with_a_number(self, till_client, typed, sign):
        answer = text(find(till_client, typed))

        assert 'action="/till/register/"' not in answer or sign is None
        assert sign is None or f"#{sign}" in answer

    def test_finds_a_member_with_a_number_that_gets_no_new_sms(
        self, till_client, programme
    ):
        MemberFactory(programme=programme, phone="+358401234567", first_name="Aino")

        assert "Aino" in text(find(till_client, "+358 40 123 4567"))

    @pytest.mark.parametrize(
        ("trait", "has", "has_not"),
        [
            ("pending", "/till/resend/", "/till/register/"),
            ("left", "/till/register/", "/till/resend/"),
            ("blocked", "#ban", "/till/register/"),
        ],
    )
    def test_tells_the_other_states_apart(
        self, till_client, programme, trait, has, has_not
    ):
        MemberFactory(programme=programme, phone="+46701740610", **{trait: True})

        answer = text(find(till_client, "0701740610"))

        assert has in answer
        assert has_not not in answer

    def test_does_not_find_an_erased_member_by_an_old_card(
        self, till_client, programme
    ):
        gone = MemberFactory(programme=programme, erased=True)
        token = cards.card_token(gone, now=datetime.now(UTC))

        assert "qrcode-off" in text(find(till_client, token))
        assert gone.number not in text(find(till_client, gone.number))

    def test_does_not_show_the_phone_of_who_showed_a_number_only(
        self, till_client, programme
    ):
        member = MemberFactory(programme=programme, phone="+46701740610", pending=True)

        answer = text(find(till_client, member.number))

        assert "701740610" not in answer
        assert "/till/resend/" not in answer

    def test_matches_exactly_and_lists_nobody(self, till_client, vera):
        for typed in ("070174060", "07017406", "Vera", "vera@example.se", "%", "*"):
            assert "Lindqvist" not in text(find(till_client, typed))

    def test_works_without_scripts(self, till_client, vera):
        page = text(find(till_client, vera.phone, htmx=False))

        assert "<html" in page
        assert "Vera" in page

    def test_answers_htmx_with_the_pane_alone(self, till_client, vera):
        pane = text(find(till_client, vera.phone))

        assert "<html" not in pane
        assert 'id="answer"' in pane

    def test_is_not_answered_to_get(self, till_client, vera):
        assert till_client.get(f"/till/find/?number={vera.phone}").status_code == 405

    def test_leaves_a_trace_without_the_number(self, till_client, vera, carl, device):
        find(till_client, vera.phone)

        entry = AuditEntry.objects.get(action="till.looked_up")
        assert entry.actor_id == carl.public_id
        assert entry.member_id == vera.public_id
        assert entry.subject == f"device:{device.public_id}"
        assert entry.data == {"store": "1", "by": "phone", "outcome": "known"}

    def test_keeps_numbers_out_of_the_logs(self, till_client, vera, caplog):
        with caplog.at_level(logging.DEBUG):
            find(till_client, vera.phone)
            find(till_client, "070-174 06 99")

        lines = json.dumps([record.getMessage() for record in caplog.records])
        assert "7017406" not in lines

    def test_asks_the_database_a_few_times_only(
        self, till_client, vera, django_assert_max_num_queries
    ):
        find(till_client, vera.phone)

        with django_assert_max_num_queries(25):
            find(till_client, vera.phone)


class TestLookUpBudget:
    @pytest.fixture(autouse=True)
    def _stopped_clock(self, till_client):
        # Buckets refill while a test runs.
        with time_machine.travel(datetime.now(UTC), tick=False):
            yield

    def test_ends_after_sixty_a_minute(self, till_client, vera):
        for _ in range(limits.LOOKUPS_PER_MINUTE.amount):
            last = text(find(till_client, "070-174 06 99"))

        refused = text(find(till_client, vera.phone))

        assert "#hand-stop" not in last
        assert "#hand-stop" in refused
        assert "Vera" not in refused

    def test_ends_after_a_thousand_a_day(self, till_client, device, vera):
        taken = [(limits.LOOKUPS_PER_DAY, str(device.public_id))]
        now = datetime.now(UTC)
        for _ in range(limits.LOOKUPS_PER_DAY.amount):
            take(taken, now=now)

        assert "#hand-stop" in text(find(till_client, vera.phone))

    def test_counts_registrations_too(self, till_client):
        for _ in range(limits.LOOKUPS_PER_MINUTE.amount):
            find(till_client, "070-174 06 99")

        till_client.post("/till/register/", {"phone": "+46701740699"})

        assert not Member.objects.exists()


class TestRegister:
    def register(self, client, phone="+46701740699"):
        return client.post(
            "/till/register/", {"phone": phone}, headers={"hx-request": "true"}
        )

    def test_sends_the_link_with_one_tap(self, till_client, store, carl, device):
        answer = text(self.register(till_client))

        assert "#circle-check" in answer
        assert "070-174 06 99" in answer
        member = Member.objects.get()
        assert member.status == Member.Status.PENDING
        assert member.registered_store == store
        message = Message.objects.get()
        assert (message.kind, message.address) == ("join_link", "+46701740699")
        link = member.join_links.get()
        assert (link.staff, link.device) == (carl, device)
        entry = AuditEntry.objects.get(action="till.registered")
        assert entry.member_id == member.public_id

    def test_gives_the_same_answer_when_the_first_was_lost(self, till_client):
        first = text(self.register(till_client))

        again = text(self.register(till_client))

        assert Member.objects.count() == 1
        assert Message.objects.count() == 1
        assert again == first

    def test_shows_what_another_device_registered_as_begun(
        self, till_client, programme
    ):
        MemberFactory(programme=programme, phone="+46701740699", pending=True)

        assert "/till/resend/" in text(self.register(till_client))
        assert not Message.objects.exists()

    def test_shows_who_became_a_member_meanwhile(self, till_client, vera):
        assert "Vera" in text(self.register(till_client, vera.phone))
        assert not Message.objects.exists()

    def test_brings_back_who_left(self, till_client, programme):
        MemberFactory(programme=programme, phone="+46701740611", left=True)

        assert "#circle-check" in text(self.register(till_client, "+46701740611"))
        assert Message.objects.get().kind == "join_link"

    @pytest.mark.parametrize("phone", ["+358401234567", "+4681234567", "", "x"])
    def test_registers_no_number_that_gets_no_sms(self, till_client, phone):
        text(self.register(till_client, phone))

        assert not Member.objects.exists()
        assert not Message.objects.exists()

    def test_works_without_scripts(self, till_client):
        page = text(till_client.post("/till/register/", {"phone": "+46701740699"}))

        assert "<html" in page
        assert "#circle-check" in page


class TestResend:
    def resend(self, client):
        return text(client.post("/till/resend/", {"phone": "+46701740699"}))

    def test_waits_a_minute(self, till_client):
        start = datetime.now(UTC)
        till_client.post("/till/register/", {"phone": "+46701740699"})

        early = self.resend(till_client)
        with time_machine.travel(start + timedelta(seconds=61)):
            later = self.resend(till_client)

        assert "#clock" in early
        assert "#circle-check" in later
        assert Message.objects.filter(kind="join_link").count() == 2

    def test_sends_nothing_to_a_stranger(self, till_client):
        self.resend(till_client)

        assert not Message.objects.exists()


class TestNewMembersToday:
    def test_counts_finished_registrations_of_the_store(
        self, till_client, programme, store, other_store
    ):
        now = datetime.now(UTC)
        here = {"programme": programme, "registered_store": store}
        MemberFactory.create_batch(3, **here, activated_at=now)
        MemberFactory(**here, activated_at=now - timedelta(days=1, hours=1))
        MemberFactory(**here, pending=True)
        MemberFactory(
            programme=programme, registered_store=other_store, activated_at=now
        )

        page = text(till_client.get("/till/"))

        assert "<b>3</b>" in page


class TestWeek:
    def test_counts_what_was_finished_since_monday(
        self, till_client, programme, store, other_store, carl, olga
    ):
        now = datetime(2026, 11, 25, 10, tzinfo=UTC)
        monday = datetime(2026, 11, 22, 23, tzinfo=UTC)
        for place, staff, ended in [
            (store, carl, now),
            (store, carl, monday),
            (store, olga, now),
            (store, carl, monday - timedelta(seconds=1)),
            (other_store, carl, now),
        ]:
            Registration.objects.create(
                programme=programme,
                member=MemberFactory(programme=programme),
                way=Registration.Way.TILL,
                store=place,
                staff=staff,
                started_at=ended,
                outcome=Registration.Outcome.FINISHED,
                ended_at=ended,
            )
        Registration.objects.create(
            programme=programme,
            member=MemberFactory(programme=programme, pending=True),
            way=Registration.Way.TILL,
            store=store,
            staff=carl,
            started_at=now,
        )

        week = selectors.summarize_week(store, carl, now=now)

        assert (week.store, week.person) == (3, 2)
