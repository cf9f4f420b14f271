"""Other systems register: new, the same, or a conflict; never one for another."""

import json
import threading
from datetime import date, timedelta
from itertools import count

import pytest
from django.db import connection, transaction
from django.test import Client

from enrolment import services
from enrolment.models import Registration
from enrolment.services import beginning
from members.models import Event, Identifier, Member
from members.selectors import find_by_identifier
from members.services import MemberExists, leave, register_member
from messaging.models import Message
from stores.models import AuditEntry
from tests.factories.consent import publish_texts
from tests.factories.enrolment import register
from tests.factories.members import MemberFactory
from tests.factories.stores import ApiKeyFactory

PHONE = "+46701740605"
WHOLE = {
    "mobile": "070-174 06 05",
    "email": "Vera@Example.se",
    "firstName": " Vera ",
    "lastName": "Lindqvist",
    "birthday": "1980-02-29",
    "postcode": "753 20",
    "language": "en",
    "externalId": {"system": "webshop", "id": "c-48211"},
}
keys = count(1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def programme(programme):
    publish_texts(programme)
    return programme


@pytest.fixture
def send(programme, store, api_key):
    def post(body, *, key=None, by=api_key):
        return Client().post(
            "/api/v1/members",
            data=body if isinstance(body, bytes) else json.dumps(body),
            content_type="application/json",
            headers={
                "Authorization": f"Bearer {by.plain}",
                "Idempotency-Key": key or f"members-{next(keys):06d}",
            },
        )

    return post


def faults(answer):
    return [(each["pointer"], each["code"]) for each in answer.json()["errors"]]


class TestSomebodyNew:
    def test_is_registered_and_gets_the_link(self, send, programme, store):
        answer = send({"mobile": "070-174 06 05", "store": "1"})

        assert answer.status_code == 201
        member = Member.objects.get()
        assert answer.json() == {
            "id": str(member.public_id),
            "status": "PENDING",
            "registrationIncomplete": True,
            "linkSent": True,
        }
        assert (member.phone, member.source, member.home_store) == (PHONE, "API", store)
        assert Message.objects.get().kind == "join_link"
        kept = Registration.objects.get()
        assert (kept.way, kept.store) == ("API", store)

    def test_is_known_with_all_that_was_sent(self, send, programme):
        assert send(WHOLE).status_code == 201

        member = Member.objects.get()
        assert (member.phone, member.email) == (PHONE, "vera@example.se")
        assert (member.name, member.language) == ("Vera Lindqvist", "en")
        assert (member.birthday_on, member.postcode) == (date(1980, 2, 29), "753 20")
        found = find_by_identifier(
            programme=programme, kind="EXTERNAL", value="c-48211", system="webshop"
        )
        assert found == member
        assert Registration.objects.get().placement == "webshop"

    def test_has_proven_nothing_by_that(self, send):
        send(WHOLE)

        member = Member.objects.get()
        assert (member.phone_verified_at, member.email_verified_at) == (None, None)
        assert not member.consent_entries.exists()

    def test_is_told_nothing_when_the_system_says_so(self, send):
        answer = send({"mobile": PHONE, "sendLink": False})

        assert (answer.status_code, answer.json()["linkSent"]) == (201, False)
        assert not Message.objects.exists()

    def test_may_have_an_address_only(self, send):
        assert send({"email": "vera@example.se"}).status_code == 201
        assert Message.objects.get().channel == "EMAIL"

    def test_is_registered_when_no_more_sms_may_go(self, send, settings):
        settings.SMS_PER_DAY = 1
        send({"mobile": "+46701741605"})
        answer = send({"mobile": PHONE})

        assert (answer.status_code, answer.json()["linkSent"]) == (201, False)
        assert Member.objects.count() == 2

    def test_leaves_a_trace_of_who_did_it(self, send, api_key):
        send({"mobile": PHONE})

        entry = AuditEntry.objects.get(action="enrolment.registered")
        assert entry.member_id == Member.objects.get().public_id

    def test_belongs_to_the_store_of_a_key_that_has_one(self, send, programme, store):
        own = ApiKeyFactory(programme=programme, stores=[store])

        assert send({"mobile": PHONE}, by=own).status_code == 201
        assert Member.objects.get().home_store == store


class TestTheSame:
    def test_is_answered_with_200_and_not_changed(self, send):
        first = send(WHOLE)

        again = send(WHOLE)

        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json()["id"] == first.json()["id"]
        assert Member.objects.count() == 1
        assert Registration.objects.count() == 1

    @pytest.mark.parametrize(
        "body",
        [
            {"mobile": "+46 (0)70 174 06 05"},
            {"email": "VERA@example.se"},
            {"mobile": PHONE, "lastName": "LINDQVIST"},
            {"mobile": PHONE, "postcode": "75320"},
            {"mobile": PHONE, "language": "da"},
        ],
    )
    def test_may_be_written_otherwise(self, send, body):
        send(WHOLE)

        assert send(body).status_code == 200
        assert Member.objects.get().language == "en"

    def test_gets_another_systems_id(self, send, programme):
        member = MemberFactory(programme=programme, phone=PHONE)

        answer = send(
            {"mobile": PHONE, "externalId": {"system": "webshop", "id": "c-1"}}
        )

        assert (answer.status_code, answer.json()["status"]) == (200, "ACTIVE")
        known = Identifier.objects.get(member=member, kind="EXTERNAL")
        assert (known.system, known.value, known.proof) == ("webshop", "c-1", "SYSTEM")

    def test_is_completed_while_pending(self, send, programme, now):
        register(programme, now=now)

        assert send({"mobile": PHONE, "firstName": "Vera"}).status_code == 200
        assert Member.objects.get().first_name == "Vera"

    def test_is_left_alone_when_active(self, send, programme):
        member = MemberFactory(programme=programme, phone=PHONE, postcode="")

        assert send({"mobile": PHONE, "postcode": "753 20"}).status_code == 200
        member.refresh_from_db()
        assert member.postcode == ""
        assert not Message.objects.exists()

    def test_is_invited_back_after_leaving(self, send, programme, now):
        member = MemberFactory(programme=programme, phone=PHONE)
        leave(member=member, now=now)

        answer = send({"mobile": PHONE})

        assert (answer.status_code, answer.json()["status"]) == (200, "LEFT")
        assert answer.json()["linkSent"]
        assert Registration.objects.get().is_return

    def test_answers_a_repeat_with_the_first_answer(self, send):
        first = send({"mobile": PHONE}, key="the-same-key")
        again = send({"mobile": PHONE}, key="the-same-key")

        assert (again.status_code, again.json()) == (201, first.json())
        assert again["Idempotency-Replayed"] == "true"
        other = send({"mobile": "+46701740606"}, key="the-same-key")
        assert (other.status_code, other.json()["code"]) == (
            422,
            "idempotency_key_reused",
        )


class TestAConflict:
    def test_of_two_members_names_the_fields_and_changes_nothing(self, send, programme):
        MemberFactory(programme=programme, phone=PHONE, email="vera@example.se")
        MemberFactory(programme=programme, email="eva@example.se")
        before = Event.objects.count()

        answer = send({"mobile": PHONE, "email": "eva@example.se"})

        assert (answer.status_code, answer.json()["code"]) == (409, "members_conflict")
        assert faults(answer) == [
            ("/mobile", "belongs_to_a_member"),
            ("/email", "belongs_to_another"),
        ]
        assert Event.objects.count() == before

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("mobile", "070-174 06 06"),
            ("email", "eva@example.se"),
            ("firstName", "Eva"),
            ("lastName", "Berg"),
            ("birthday", "1981-02-28"),
            ("postcode", "111 22"),
            ("externalId", {"system": "webshop", "id": "c-2"}),
        ],
    )
    def test_of_what_is_known_names_the_field(self, send, field, value):
        send(WHOLE)

        answer = send({**WHOLE, field: value})

        assert (answer.status_code, answer.json()["code"]) == (409, "member_differs")
        assert faults(answer) == [(f"/{field}", "differs")]
        assert Member.objects.count() == 1

    def test_does_not_tell_what_is_known(self, send):
        send(WHOLE)

        text = send({**WHOLE, "email": "eva@example.se"}).content.decode().lower()

        for secret in ("vera", "lindqvist", "1980", "753", "48211", "174"):
            assert secret not in text.replace("/api/docs", "")

    def test_gives_no_way_in_by_an_address_that_is_new(self, send, programme):
        """Whoever has a key could else sign in as any member."""
        member = MemberFactory(programme=programme, phone=PHONE, email="")

        answer = send({"mobile": PHONE, "email": "eva@example.se"})

        assert faults(answer) == [("/email", "differs")]
        member.refresh_from_db()
        assert member.email == ""

    def test_is_not_kept_as_the_answer_of_its_key(self, send, programme):
        MemberFactory(programme=programme, phone=PHONE, last_name="Berg")
        body = {"mobile": PHONE, "lastName": "Lindqvist"}
        assert send(body, key="once-more").status_code == 409

        Member.objects.update(last_name="Lindqvist")

        assert send(body, key="once-more").status_code == 200


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ([], [("/", "not_an_object")]),
            ({}, [("/", "contact_missing")]),
            ({"mobile": ""}, [("/", "contact_missing")]),
            ({"mobile": "hej"}, [("/mobile", "phone_malformed")]),
            ({"mobile": 46701740605}, [("/mobile", "not_text")]),
            ({"mobile": "08-123 456 78"}, [("/mobile", "phone_malformed")]),
            ({"mobile": "+44 7911 123456"}, [("/mobile", "country_not_allowed")]),
            ({"email": "vera"}, [("/email", "email_malformed")]),
            ({"mobile": PHONE, "firstName": "x" * 61}, [("/firstName", "too_long")]),
            (
                {"mobile": PHONE, "lastName": "\x00"},
                [("/lastName", "not_plain_text")],
            ),
            (
                {"mobile": PHONE, "birthday": "29/2 1980"},
                [("/birthday", "not_a_date")],
            ),
            (
                {"mobile": PHONE, "birthday": "1780-01-01"},
                [("/birthday", "not_a_birthday")],
            ),
            ({"mobile": PHONE, "language": "fi"}, [("/language", "unknown_language")]),
            ({"mobile": PHONE, "store": "77"}, [("/store", "unknown_store")]),
            ({"mobile": PHONE, "sendLink": "no"}, [("/sendLink", "not_a_flag")]),
            (
                {"mobile": PHONE, "consents": {"SMS": True}},
                [("/consents", "consents_not_taken")],
            ),
            ({"mobile": PHONE, "externalId": "c"}, [("/externalId", "not_an_object")]),
            (
                {"mobile": PHONE, "externalId": {"system": "x"}},
                [("/externalId/id", "required")],
            ),
            (
                {"mobile": "hej", "email": "vera", "language": "fi"},
                [
                    ("/mobile", "phone_malformed"),
                    ("/email", "email_malformed"),
                    ("/language", "unknown_language"),
                ],
            ),
        ],
    )
    def test_point_to_what_is_wrong(self, send, body, expected):
        answer = send(body)

        assert (answer.status_code, faults(answer)) == (422, expected)
        assert not Member.objects.exists()

    def test_come_for_children(self, send, now):
        born = (now - timedelta(days=15 * 365)).date().isoformat()

        assert faults(send({"mobile": PHONE, "birthday": born})) == [
            ("/birthday", "too_young")
        ]

    def test_come_for_a_key_that_may_not(self, send, programme):
        reader = ApiKeyFactory(programme=programme, scopes=["members:read"])

        assert send({"mobile": PHONE}, by=reader).status_code == 403

    def test_come_for_a_store_that_the_key_does_not_serve(
        self, send, programme, store, other_store
    ):
        own = ApiKeyFactory(programme=programme, stores=[store])

        assert faults(send({"mobile": PHONE, "store": "2"}, by=own)) == [
            ("/store", "unknown_store")
        ]

    def test_come_without_a_store_from_a_key_of_several(
        self, send, programme, store, other_store
    ):
        both = ApiKeyFactory(programme=programme, stores=[store, other_store])

        assert faults(send({"mobile": PHONE}, by=both)) == [("/store", "required")]

    @pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 2000])
    def test_come_for_what_is_no_json(self, send, body):
        assert send(body).status_code == 400

    def test_come_without_a_key_of_the_call(self, send, api_key):
        answer = Client().post(
            "/api/v1/members",
            data="{}",
            content_type="application/json",
            headers={"Authorization": f"Bearer {api_key.plain}"},
        )

        assert answer.json()["code"] == "idempotency_key_missing"


def at_once(number, step):
    """Run a step in many threads that start together; return what each gave."""
    barrier = threading.Barrier(number)
    outcomes = []

    def run(place):
        try:
            barrier.wait(timeout=60)
            outcomes.append(step(place))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return outcomes


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    @pytest.fixture(autouse=True)
    def _tasks_wait(self, monkeypatch):
        monkeypatch.setattr("django_q.conf.Conf.SYNC", False)

    def test_fifty_posts_of_one_number_make_one_member(self, send):
        answers = at_once(50, lambda _place: send({**WHOLE, "sendLink": False}))

        assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert Member.objects.count() == 1
        assert Registration.objects.count() == 1

    def test_posts_that_contradict_make_one_member_and_a_conflict(self, send):
        def post(place):
            email = "vera@example.se" if place % 2 else "eva@example.se"
            return send({"mobile": PHONE, "email": email, "sendLink": False})

        answers = at_once(10, post)

        assert sorted(answer.status_code for answer in answers) == (
            [200] * 4 + [201] + [409] * 5
        )
        assert Member.objects.count() == 1

    def test_one_external_id_of_two_numbers_makes_one_member(self, send):
        def post(place):
            return send(
                {
                    "mobile": f"+467017406{place:02d}",
                    "externalId": {"system": "webshop", "id": "c-1"},
                    "sendLink": False,
                }
            )

        answers = at_once(6, post)

        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
        assert Member.objects.count() == 1

    def test_fifty_tills_register_one_number_once(self, programme, now):
        made = at_once(50, lambda _place: register(programme, now=now))

        assert len(made) == 50
        assert sum(each.is_new for each in made) == 1
        assert Member.objects.count() == 1
        assert Registration.objects.count() == 1
        assert Message.objects.count() == 1
        assert Event.objects.filter(kind="member.registered").count() == 1

    def test_somebody_who_left_begins_one_registration(self, programme, now):
        member = MemberFactory(programme=programme, phone=PHONE)
        leave(member=member, now=now)

        at_once(8, lambda _place: register(programme, now=now))

        assert Registration.objects.count() == 1
        assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestWithoutTheKeys:
    """The races are there: without what guards them, there are two of each."""

    @pytest.fixture(autouse=True)
    def _tasks_wait(self, monkeypatch):
        monkeypatch.setattr("django_q.conf.Conf.SYNC", False)

    @pytest.fixture
    def _no_unique_numbers(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexdef FROM pg_indexes WHERE indexname IN"
                " ('member_phone_once_per_programme', 'identifier_live_once')"
            )
            definitions = [row[0] for row in cursor.fetchall()]
            assert len(definitions) == 2
            cursor.execute("DROP INDEX member_phone_once_per_programme")
            cursor.execute("DROP INDEX identifier_live_once")
        yield
        with connection.cursor() as cursor:
            for table in ("members_event", "members_identifier", "members_member"):
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608  # names above
            for definition in definitions:
                cursor.execute(definition)

    @pytest.mark.usefixtures("_no_unique_numbers")
    def test_two_tills_would_make_two_members_of_one_number(self, programme, now):
        both_have_looked = threading.Barrier(2)

        def tap(_place):
            with transaction.atomic():
                found = Member.objects.filter(phone=PHONE).exists()
                both_have_looked.wait(timeout=20)
                assert not found
                Member.objects.create(
                    programme=programme,
                    number=f"40218837115{_place}",
                    phone=PHONE,
                    source="TILL",
                    registered_at=now,
                )

        at_once(2, tap)

        assert Member.objects.filter(phone=PHONE).count() == 2

    def test_with_them_the_second_meets_the_first(self, programme, now):
        def tap(_place):
            try:
                register_member(
                    programme=programme,
                    phone=PHONE,
                    source="TILL",
                    language="sv",
                    now=now,
                )
            except MemberExists:
                return "known"
            return "new"

        assert sorted(at_once(4, tap)) == ["known", "known", "known", "new"]

    def test_two_returns_would_both_see_no_open_registration(
        self, programme, now, monkeypatch
    ):
        """Without the member's lock; the database then refuses the second row."""
        member = MemberFactory(programme=programme, phone=PHONE)
        leave(member=member, now=now)
        both_have_looked = threading.Barrier(2)
        monkeypatch.setattr(
            beginning,
            "lock_member",
            lambda known: Member.objects.select_related("programme").get(pk=known.pk),
        )
        find = beginning.find_open

        def find_slowly(of):
            found = find(of)
            both_have_looked.wait(timeout=20)
            return found

        monkeypatch.setattr(beginning, "find_open", find_slowly)

        def tap(_place):
            try:
                services.begin(
                    programme=programme, phone=PHONE, way="TILL", language="sv", now=now
                )
            except Exception as error:  # noqa: BLE001 - which one is looked at below
                return type(error).__name__
            return "begun"

        assert sorted(at_once(2, tap)) == ["IntegrityError", "begun"]
