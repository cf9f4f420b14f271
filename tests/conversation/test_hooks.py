"""The providers' webhooks: who may bring messages, and how often."""

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from django.core.checks import Error
from django.db import connection, connections
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from conversation import channels, services
from conversation.channels.contract import Asked, Inbound
from conversation.channels.generic import signature as sign_body
from conversation.channels.twilio import signature as sign_form
from conversation.checks import providers_are_protected
from conversation.models import Conversation, InboundMessage
from members.models import Member
from messaging.models import Message
from tests.factories.club import open_club
from tests.factories.conversation import PHONE, TOKEN, Phone, basic, inbound
from tests.factories.stores import ProgrammeFactory

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes....").decode()
AUTH_TOKEN = "12345"


@pytest.fixture(autouse=True)
def _open(settings):
    settings.SMS_INBOUND = ["46elks", "twilio", "generic"]
    settings.SMS_INBOUND_TOKEN = TOKEN
    settings.SMS_INBOUND_SECRET = SECRET
    settings.TWILIO_AUTH_TOKEN = AUTH_TOKEN
    settings.SMS_REPLY_NUMBER = "+46766861234"


def address(provider, token=TOKEN):
    return reverse("conversation:hook", args=[provider, token])


def elks(client, text="JOIN 1", *, token=TOKEN, headers=None, **fields):
    form = {
        "direction": "incoming",
        "id": "s1234",
        "from": PHONE,
        "to": "+46766861234",
        "message": text,
        "created": "2026-11-23T10:15:02.123456",
        **fields,
    }
    return client.post(address("46elks", token), form, headers=headers or {})


def twilio(client, *, signature=None, url=None, **fields):
    form = {
        "MessageSid": "SM1",
        "From": PHONE,
        "To": "+46766861234",
        "Body": "JOIN 1",
        "NumMedia": "0",
        **fields,
    }
    path = address("twilio")
    url = url or django_settings.PUBLIC_URL.rstrip("/") + path
    signed = sign_form(AUTH_TOKEN, url, {name: [form[name]] for name in form})
    given = signed if signature is None else signature
    return client.post(path, form, headers={"X-Twilio-Signature": given})


def generic(client, now, content=None, *, body=None, headers=None, at=None, key=SECRET):
    body = body or json.dumps(content or {"from": PHONE, "text": "JOIN 1"}).encode()
    stamp = str(int((at or now).timestamp()))
    sent = {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": sign_body(key, "msg_1", stamp, body),
        **(headers or {}),
    }
    return client.post(
        address("generic"), body, content_type="application/json", headers=sent
    )


class TestHook:
    def test_is_there_without_a_csrf_token(self, club):
        client = Client(enforce_csrf_checks=True)

        assert elks(client).status_code == 200
        assert Member.objects.get().phone == PHONE

    @pytest.mark.parametrize("token", ["wrong", TOKEN[:-1], f"{TOKEN}x", "å"])
    def test_does_not_exist_for_another_token(self, client, club, token):
        assert elks(client, token=token).status_code == 404
        assert not InboundMessage.objects.exists()

    def test_does_not_exist_while_no_token_is_set(self, client, club, settings):
        settings.SMS_INBOUND_TOKEN = ""

        assert client.post("/hooks/sms/46elks//").status_code == 404
        assert elks(client).status_code == 404

    def test_does_not_exist_for_providers_that_are_closed(self, client, club, settings):
        settings.SMS_INBOUND = ["twilio"]

        assert elks(client).status_code == 404

    def test_refuses_a_body_that_is_too_large(self, client, club):
        assert elks(client, text="x" * 20_000).status_code == 413
        assert not InboundMessage.objects.exists()

    @pytest.mark.parametrize("method", ["get", "put", "delete"])
    def test_is_only_posted_to(self, client, club, method):
        assert getattr(client, method)(address("46elks")).status_code == 405

    def test_answers_a_second_delivery_like_the_first(self, client, club):
        first, second = elks(client), elks(client)

        assert (first.status_code, second.status_code) == (200, 200)
        assert InboundMessage.objects.count() == 1
        assert Message.objects.count() == 1


class TestElks:
    def test_takes_a_form_and_answers_with_nothing(self, client, club):
        answer = elks(client)

        # Whatever stood here would be sent as an SMS.
        assert (answer.status_code, answer.content) == (200, b"")
        message = InboundMessage.objects.get()
        assert (message.provider, message.provider_id) == ("46elks", "s1234")
        assert message.text == "JOIN 1"
        assert message.sent_to == "+46766861234"
        assert message.sent_at.isoformat() == "2026-11-23T10:15:02.123456+00:00"

    def test_leaves_reports_alone(self, client, club):
        assert elks(client, direction="outgoing").status_code == 200
        assert not InboundMessage.objects.exists()

    @pytest.mark.parametrize("gap", ["id", "from"])
    def test_refuses_a_form_with_a_gap(self, client, club, gap):
        assert elks(client, **{gap: ""}).status_code == 400

    def test_lives_with_a_time_it_cannot_read(self, client, club):
        assert elks(client, created="yesterday").status_code == 200
        assert InboundMessage.objects.get().sent_at is None

    def test_asks_for_name_and_password_where_they_are_set(
        self, client, club, settings
    ):
        settings.ELKS_INBOUND_LOGIN = "elks:hemlig"

        assert elks(client).status_code == 403
        for wrong in ("Basic x", "Bearer y", basic("elks:fel"), "Basic /////w=="):
            headers = {"Authorization": wrong}
            assert elks(client, headers=headers).status_code == 403
        right = {"Authorization": basic("elks:hemlig")}
        assert elks(client, headers=right).status_code == 200

    def test_comes_only_from_the_networks_that_are_set(self, client, club, settings):
        settings.ELKS_INBOUND_ADDRESSES = ["176.10.154.0/24"]
        assert elks(client).status_code == 403

        settings.ELKS_INBOUND_ADDRESSES = ["176.10.154.0/24", "127.0.0.1"]
        assert elks(client).status_code == 200


class TestTwilio:
    def test_signs_as_its_documentation_shows(self):
        signed = sign_form(
            "12345",
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            {
                "CallSid": ["CA1234567890ABCDE"],
                "Caller": ["+14158675309"],
                "Digits": ["1234"],
                "From": ["+14158675309"],
                "To": ["+18005551212"],
            },
        )

        assert signed == "RSOYDt4T1cUTdK1PDd93/VVr8B8="

    def test_takes_a_form_and_answers_with_empty_twiml(self, client, club):
        answer = twilio(client)

        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/xml"
        assert answer.content == b"<Response/>"
        assert InboundMessage.objects.get().sent_at is None
        assert Member.objects.get().phone == PHONE

    @pytest.mark.parametrize("signature", ["", "x", "RSOYDt4T1cUTdK1PDd93/VVr8B8="])
    def test_refuses_a_bad_signature_or_none(self, client, club, signature):
        assert twilio(client, signature=signature).status_code == 403
        assert not InboundMessage.objects.exists()

    def test_refuses_a_form_that_was_changed(self, client, club):
        path = address("twilio")
        url = django_settings.PUBLIC_URL.rstrip("/") + path
        fields = {"MessageSid": ["SM1"], "From": [PHONE], "Body": ["JOIN 1"]}
        signed = sign_form(AUTH_TOKEN, url, fields)

        answer = client.post(
            path,
            {"MessageSid": "SM1", "From": "+46701740699", "Body": "JOIN 1"},
            headers={"X-Twilio-Signature": signed},
        )

        assert answer.status_code == 403

    def test_refuses_a_signature_for_another_address(self, client, club):
        assert twilio(client, url="https://example.com/").status_code == 403

    def test_does_nothing_for_a_form_that_is_sent_again(self, client, club):
        assert [twilio(client).status_code for _time in range(3)] == [200] * 3
        assert Message.objects.count() == 1

    def test_refuses_everything_without_a_token(self, client, club, settings):
        settings.TWILIO_AUTH_TOKEN = ""
        url = django_settings.PUBLIC_URL.rstrip("/") + address("twilio")

        assert twilio(client, signature=sign_form("", url, {})).status_code == 403

    def test_leaves_reports_alone(self, client, club):
        assert twilio(client, MessageStatus="delivered").status_code == 200
        assert not InboundMessage.objects.exists()

    def test_refuses_a_form_with_a_gap(self, client, club):
        assert twilio(client, From="").status_code == 400


class TestGeneric:
    def test_takes_signed_json(self, client, club, now):
        content = {
            "from": PHONE,
            "to": "+46766861234",
            "text": "JOIN 1",
            "sent_at": "2026-11-23T10:15:02Z",
        }

        assert generic(client, now, content).status_code == 204
        message = InboundMessage.objects.get()
        assert (message.provider, message.provider_id) == ("generic", "msg_1")
        assert message.sent_at.isoformat() == "2026-11-23T10:15:02+00:00"

    def test_takes_one_of_several_signatures(self, client, club, now):
        body = json.dumps({"from": PHONE, "text": "JOIN"}).encode()
        stamp = str(int(now.timestamp()))
        both = "v1,AAAA " + sign_body(SECRET, "msg_1", stamp, body)

        answer = generic(client, now, body=body, headers={"webhook-signature": both})

        assert answer.status_code == 204

    @pytest.mark.parametrize(
        "headers",
        [
            {"webhook-signature": ""},
            {"webhook-signature": "v1,AAAA"},
            {"webhook-signature": "v2,AAAA"},
            {"webhook-id": ""},
            {"webhook-id": "msg_2"},
            {"webhook-timestamp": ""},
            {"webhook-timestamp": "now"},
            {"webhook-timestamp": "-1"},
            {"webhook-timestamp": "9" * 40},
        ],
    )
    def test_refuses_headers_that_prove_nothing(self, client, club, now, headers):
        assert generic(client, now, headers=headers).status_code == 403
        assert not InboundMessage.objects.exists()

    def test_refuses_another_secret(self, client, club, now):
        assert generic(client, now, key="another").status_code == 403

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_refuses_what_was_kept_and_sent_again(self, client, club, now, minutes):
        at = now + timedelta(minutes=minutes)

        assert generic(client, now, at=at).status_code == 403

    def test_takes_what_is_a_little_late(self, client, club, now):
        assert generic(client, now, at=now - timedelta(minutes=4)).status_code == 204

    def test_does_nothing_for_what_is_sent_again_in_time(self, client, club, now):
        assert [generic(client, now).status_code for _time in range(3)] == [204] * 3
        assert Message.objects.count() == 1

    @pytest.mark.parametrize(
        "body",
        [
            b"no json",
            b"[]",
            b"{}",
            b'{"from": 7, "text": "JOIN"}',
            b'{"from": "", "text": "JOIN"}',
            b'{"from": "+46701740605", "text": null}',
            b'{"from": "+46701740605", "text": "J", "sent_at": "soon"}',
            b'{"from": "+46701740605", "text": "J", "sent_at": "2026-11-23T10:15:02"}',
            b"\xff\xfe",
            b"[" * 10_000,
        ],
    )
    def test_refuses_what_it_cannot_read(self, client, club, now, body):
        assert generic(client, now, body=body).status_code == 400
        assert not InboundMessage.objects.exists()

    def test_takes_a_secret_that_is_any_text(self, client, club, now, settings):
        settings.SMS_INBOUND_SECRET = "ljungen blommar"

        assert generic(client, now, key="ljungen blommar").status_code == 204


@pytest.mark.django_db(transaction=True)
class TestTwoDeliveriesAtOnce:
    def test_of_one_message_have_one_effect(self):
        programme = ProgrammeFactory()
        open_club(programme)
        barrier = threading.Barrier(2)
        codes = []

        def deliver():
            try:
                client = Client()
                barrier.wait(timeout=10)
                codes.append(elks(client).status_code)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=deliver) for _thread in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert codes == [200, 200]
        assert InboundMessage.objects.count() == 1
        assert Member.objects.count() == 1
        assert Message.objects.count() == 1

    def test_would_have_two_without_the_rule_of_the_database(self, now):
        """The same id twice, as the table would take it without its constraint."""
        programme = ProgrammeFactory()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE conversation_inboundmessage"
                " DROP CONSTRAINT inboundmessage_once"
            )
        try:
            for _time in range(2):
                services.receive(
                    programme=programme,
                    inbound=inbound("HELP", provider_id="same"),
                    now=now,
                )
            assert InboundMessage.objects.count() == 2
        finally:
            InboundMessage.objects.all().delete()
            with connection.cursor() as cursor:
                cursor.execute(
                    "ALTER TABLE conversation_inboundmessage ADD CONSTRAINT"
                    " inboundmessage_once UNIQUE (provider, provider_id)"
                )

    def test_of_two_messages_are_taken_one_after_the_other(self, now):
        """Two yeses at once, with different ids, are one answer."""
        programme = ProgrammeFactory()
        open_club(programme)
        phone = Phone(programme, now=now)
        # Here everything is committed, and sent at once by the real clock.
        for text in ("GÅ MED", "Vera Lind"):
            phone.now = datetime.now(UTC)
            phone.write(text, soonest=timedelta(0))
        phone.now = datetime.now(UTC)
        barrier = threading.Barrier(2)

        def deliver(provider_id):
            try:
                barrier.wait(timeout=10)
                phone.write("JA", provider_id=provider_id, soonest=timedelta(0))
            finally:
                connections.close_all()

        threads = [
            threading.Thread(target=deliver, args=[str(number)]) for number in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        conversation = Conversation.objects.get()
        assert conversation.state == "EMAIL"
        assert conversation.context["talk"]["email_offers"] is None
        outcomes = InboundMessage.objects.filter(text="JA").values_list(
            "outcome", flat=True
        )
        assert sorted(outcomes) == ["HEARD", "LATE"]


class MessengerLine:
    """A messaging app, as somebody would add one: its addresses hold the number."""

    name = "messenger"

    def __init__(self):
        self.sent = []

    def address_of(self, sender, programme):
        if not sender.startswith("app:+"):
            raise channels.AddressInvalid(sender)
        return sender

    def phone_of(self, address):
        return address.removeprefix("app:")

    def may_answer(self, programme, address):
        return True

    def answer(self, question, *, now):
        self.sent.append(question)
        return Asked(at=now)


class MessengerProvider:
    name = "messenger"

    def check(self, request, *, now):
        if request.headers.get("X-App") != "right":
            raise channels.NotAllowed("header")

    def read(self, request):
        content = json.loads(request.body)
        return Inbound(
            provider=self.name,
            channel="messenger",
            sender=content["who"],
            to="",
            text=content["says"],
            provider_id=content["id"],
            soonest=timedelta(0),
        )

    def accepted(self):
        return HttpResponse("ok")


class TestAnotherChannel:
    """The contract of decision 0012 is enough for a messaging app."""

    @pytest.fixture
    def line(self, monkeypatch, settings):
        line = MessengerLine()
        monkeypatch.setitem(channels.registry._lines, line.name, line)
        monkeypatch.setitem(channels.registry._providers, line.name, MessengerProvider)
        settings.SMS_INBOUND = ["messenger"]
        return line

    def test_finishes_a_registration(self, client, club, line):
        for number, says in enumerate(["JOIN 1", "Vera Lind", "no", "no", "yes"]):
            answer = client.post(
                address("messenger"),
                json.dumps({"who": f"app:{PHONE}", "says": says, "id": str(number)}),
                content_type="application/json",
                headers={"X-App": "right"},
            )
            assert answer.content == b"ok"

        member = Member.objects.get()
        assert (member.status, member.phone) == (Member.Status.ACTIVE, PHONE)
        assert [question.kind for question in line.sent] == [
            "conversation_name",
            "conversation_sms",
            "conversation_email",
            "conversation_terms",
        ]
        assert Conversation.objects.get().channel == "messenger"
        # Its answers went out by itself; the welcome follows by SMS.
        assert not Message.objects.filter(kind__startswith="conversation").exists()

    def test_refuses_what_its_provider_does_not_know(self, client, club, line):
        answer = client.post(address("messenger"), b"{}", content_type="text/plain")

        assert answer.status_code == 403


class TestText:
    def test_shows_the_whole_text_in_its_version(self, client, club):
        page = client.get("/sms/sv/sms/1/").content.decode()

        assert "får skicka mig erbjudanden" in page
        assert "Det är frivilligt" in page

    def test_shows_the_terms(self, client, club):
        assert client.get("/sms/en/terms/1/").status_code == 200

    @pytest.mark.parametrize(
        "path",
        ["sv/sms/2", "sv/sms/0", "xx/sms/1", "sv/post/1", "sv/sms/x", "sv/sms/²",
         "sv/terms/99999999999999999999"],
    )  # fmt: skip
    def test_does_not_exist_otherwise(self, client, club, path):
        assert client.get(f"/sms/{path}/").status_code == 404


class TestSimulator:
    URL = reverse("conversation:simulator-reply")

    def test_takes_a_text_the_way_a_provider_brings_it(self, client, club):
        answer = client.post(
            self.URL, {"number": "070-174 06 05", "text": "JOIN 1", "to": "0701740605"}
        )

        assert answer.status_code == 302
        assert answer["Location"] == f"/dev/outbox/?{urlencode({'to': '0701740605'})}"
        assert Member.objects.get().phone == PHONE
        page = client.get("/dev/outbox/").content.decode()
        assert "JOIN 1" in page
        assert "Welcome to Ljung &amp; Dal" in page
        assert page.index("JOIN 1") < page.index("Welcome to")

    def test_does_not_exist_without_the_simulator(self, client, club, settings):
        settings.MESSAGE_SIMULATOR = False

        answer = client.post(self.URL, {"number": PHONE, "text": "JOIN"})

        assert answer.status_code == 404

    @pytest.mark.parametrize("number", ["", "hej", "08-123 456 78"])
    def test_says_what_is_no_number(self, client, club, number):
        answer = client.post(self.URL, {"number": number, "text": "JOIN"}, follow=True)

        assert answer.status_code == 200
        assert not InboundMessage.objects.exists()

    def test_asks_for_a_csrf_token(self, club):
        client = Client(enforce_csrf_checks=True)

        assert client.post(self.URL, {"number": PHONE, "text": "J"}).status_code == 403


class TestChecks:
    def test_are_content_with_what_is_protected(self, settings):
        assert providers_are_protected() == []
        settings.SMS_INBOUND = []
        settings.SMS_INBOUND_TOKEN = ""
        assert providers_are_protected() == []

    @pytest.mark.parametrize(
        ("setting", "value", "said"),
        [
            ("SMS_INBOUND", ["pigeon"], "conversation.E001"),
            ("SMS_INBOUND_TOKEN", "short", "conversation.E002"),
            ("TWILIO_AUTH_TOKEN", "", "conversation.E003"),
            ("SMS_INBOUND_SECRET", "", "conversation.E004"),
        ],
    )
    def test_refuse_what_is_open_to_strangers(self, settings, setting, value, said):
        setattr(settings, setting, value)

        (found,) = providers_are_protected()

        assert isinstance(found, Error)
        assert found.id == said

    def test_warn_when_nothing_can_be_answered(self, settings):
        settings.SMS_REPLY_NUMBER = ""

        assert [found.id for found in providers_are_protected()] == [
            "conversation.W001"
        ]
