"""After erasure nothing in the database tells who it was, and the books still hold."""

from datetime import UTC, date, datetime

import pytest
from django.apps import apps
from django.db import connection, models

from consent import erasure, registry
from consent.erasure import erase_member
from consent.models import ConsentEntry
from consent.registry import Erase
from enrolment import services as enrolment
from members import identity
from members.models import Event, Identifier, Member
from members.selectors import find_by_number, find_by_phone
from members.services import update_member
from messaging.models import Message
from points import proof
from points.models import Account, Entry
from portal.models import LoginCode, Session
from portal.services import open_session
from purchases.models import Receipt, ReceiptLine
from tests.factories.consent import publish_texts
from tests.factories.enrolment import register, token_in
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import (
    BOUGHT_AT,
    TillClient,
    line,
    receipt,
    return_line,
)

NOW = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)
# Found nowhere else, whatever the case and however the number is written.
CANARIES = ("kanariensson", "zebulonia", "701740605", "kanarie@example.se", "98765")


@pytest.fixture
def programme(programme):
    publish_texts(programme)
    EarningRuleFactory(programme=programme, published=True)
    return programme


@pytest.fixture
def till(store, api_key):
    store.code = "101"
    store.save()
    return TillClient(api_key)


@pytest.fixture
def bought(programme, store, till):
    """A pending member with a purchase, as the till made them."""
    member = register(programme, now=BOUGHT_AT, store=store).member
    till.record(receipt(line("249.00"), phone="070-174 06 05"))
    return member


@pytest.fixture
def known(bought, carl):
    """The same, finished, signed in, and with everything that can be known."""
    link = enrolment.find_link(token_in(Message.objects.get(kind="join_link")))
    member = enrolment.finish_registration(
        link=link,
        first_name="Zebulonia",
        last_name="Kanariensson",
        email="Kanarie@example.se",
        language="sv",
        accepts_terms=True,
        channels={"SMS": True, "EMAIL": True},
        birthday=date(1980, 2, 29),
        now=BOUGHT_AT,
    )
    update_member(member=member, postcode="98765", now=NOW)
    identity.add_identifier(
        member=member, kind="EXTERNAL", system="webshop", value="kanarie-98765", now=NOW
    )
    open_session(member=member, channel="SMS", device="Zebulonia", now=NOW)
    return member


def text_of_the_database():
    """Return every value of every table as one text, with the table before each."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
            found[table] = " ".join(row[0] for row in cursor.fetchall()).lower()
    return found


def tables_with_canaries():
    return sorted(
        {
            f"{table}: {canary}"
            for table, text in text_of_the_database().items()
            for canary in CANARIES
            if canary in text
        }
    )


@pytest.mark.django_db
class TestEraseMember:
    def test_leaves_no_trace_of_the_person_in_any_table(self, known):
        # All of them are there to begin with, or their absence would say nothing.
        before = tables_with_canaries()
        assert {entry.split(": ")[1] for entry in before} == set(CANARIES)

        erase_member(member=known, now=NOW)

        assert tables_with_canaries() == []

    def test_leaves_a_row_that_finds_nobody(self, programme, known):
        number = known.number

        erase_member(member=known, now=NOW)

        known.refresh_from_db()
        assert known.status == Member.Status.ERASED
        assert (known.phone, known.email, known.name) == ("", "", "")
        assert known.number != number
        assert find_by_number(programme=programme, number=number) is None
        assert find_by_phone(programme=programme, phone="+46701740605") is None
        for model in (Identifier, Event, Session, LoginCode):
            assert not model.objects.filter(member=known).exists()

    def test_keeps_the_proof_of_what_was_agreed_to(self, known):
        erase_member(member=known, now=NOW)

        assert ConsentEntry.objects.filter(member=known).count() == 2

    def test_frees_the_number_for_somebody_new(self, programme, known):
        erase_member(member=known, now=NOW)

        again = register(programme, now=NOW)

        assert again.is_new
        assert again.member != known

    def test_makes_receipts_nobodys(self, bought):
        erase_member(member=bought, now=NOW)

        kept = Receipt.objects.get()
        assert (kept.member, kept.contact_index) == (None, None)
        assert kept.total == 249
        assert ReceiptLine.objects.get().member is None

    def test_drops_what_was_left_to_claim(self, programme, known, till):
        till.record(
            receipt(
                contact={"matchKeyType": "Email", "matchKey": "annan@example.se"},
            )
        )
        unclaimed = Receipt.objects.get(member=None)
        assert unclaimed.contact_index is not None
        update_member(member=known, email="annan@example.se", now=NOW)

        erase_member(member=known, now=NOW)

        unclaimed.refresh_from_db()
        assert unclaimed.contact_index is None

    def test_lets_points_lapse_by_an_entry(self, bought):
        assert Account.objects.get(member=bought).balance == 249

        erase_member(member=bought, now=NOW)

        assert Account.objects.get(member=bought).balance == 0
        last = Entry.objects.filter(member=bought).latest("pk")
        assert (last.kind, last.points) == ("EXPIRE", -249)
        assert proof.check().differences == []

    def test_lets_the_goods_come_back_afterwards(self, programme, bought, till):
        original = Receipt.objects.get()
        erase_member(member=bought, now=NOW)

        till.record(
            receipt(
                return_line("249.00", originalLine=1),
                originalReceipt=original.unique_receipt_id,
            )
        )

        assert Account.objects.get(member=bought).balance == 0
        assert proof.check().differences == []

    def test_answers_a_receipt_that_is_sent_again(self, bought, till):
        body = receipt(line("100.00"), phone="070-174 06 05")
        first = till.send(body, key="call-again-1")
        erase_member(member=bought, now=NOW)

        again = till.send(body, key="call-again-1")

        assert (first.status_code, again.status_code) == (201, 201)
        assert Receipt.objects.filter(member__isnull=False).count() == 0

    def test_stops_what_waits_to_be_sent(self, bought):
        assert Message.objects.get().state == Message.State.NEW

        erase_member(member=bought, now=NOW)

        message = Message.objects.get()
        assert (message.state, message.error) == (Message.State.STOPPED, "erased")
        assert (message.address, message.body) == ("", "")

    def test_takes_merged_memberships_along(self, programme, known):
        other = Member.objects.create(
            programme=programme,
            number="402188371150",
            status=Member.Status.MERGED,
            merged_into=known,
            first_name="Zebulonia",
            source=Member.Source.TILL,
            registered_at=NOW,
        )

        erase_member(member=known, now=NOW)

        other.refresh_from_db()
        assert (other.status, other.first_name) == (Member.Status.ERASED, "")

    def test_changes_nothing_the_second_time(self, bought):
        erase_member(member=bought, now=NOW)
        number = Member.objects.get().number

        erase_member(member=bought, now=NOW)

        assert Member.objects.get().number == number
        assert Entry.objects.filter(kind="EXPIRE").count() == 1

    def test_leaves_others_alone(self, programme, known):
        other = register(programme, now=NOW, phone="070-174 16 05").member

        erase_member(member=known, now=NOW)

        other.refresh_from_db()
        assert (other.status, other.phone) == ("PENDING", "+46701741605")
        assert Identifier.objects.filter(member=other).count() == 1


class TestRegister:
    def test_names_only_fields_that_can_be_emptied(self):
        """A model that reaches a member and cannot be erased fails here, not then."""
        for model, fields in registry.registered().items():
            if model is Member or erasure.condition(model) is None:
                continue
            if any(field.erase is Erase.DELETE for field in fields.values()):
                continue
            for name in erasure.blanked(model, fields):
                erasure.empty_value(model, name)

    def test_finds_the_rows_of_every_model_that_links_to_a_member(self):
        for model in apps.get_models():
            links = any(
                isinstance(field, models.ForeignKey) and field.related_model is Member
                for field in model._meta.concrete_fields
            )
            if links:
                assert erasure.condition(model) is not None
