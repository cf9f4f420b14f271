"""What a member may choose, signed in and by the link in a message: one page."""

import threading
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from common.periods import start_of_day
from consent import contact, gate
from consent.models import Channel, ConsentEntry, Purpose, Topic, TopicWish
from consent.selectors import find_permission, has_objected, permissions_of
from consent.services import YES, object_to_marketing, withdraw_all
from messaging import unsubscribe
from portal.preferences.centre import centre_of
from portal.preferences.saving import Outdated, Unchanged, Wanted, save
from portal.preferences.words import said as said_in_words
from tests.factories.club import open_club
from tests.factories.consent import publish_texts
from tests.factories.messaging import queue
from tests.factories.preferences import filled, permit, text_of, topic

GIVEN, WITHDRAWN = ConsentEntry.Action.GIVEN, ConsentEntry.Action.WITHDRAWN


@pytest.fixture(autouse=True)
def _open(programme):
    open_club(programme)
    publish_texts(programme)
    for purpose, channel in (
        (Purpose.SURVEYS, Channel.EMAIL),
        (Purpose.PROFILING, Channel.ANY),
        (Purpose.PARTNERS, Channel.ANY),
    ):
        text_of(programme, purpose, channel)


@pytest.fixture
def link(vera):
    """The way to the choices in an e-mail to Vera."""
    message = queue(vera, now=datetime.now(UTC), channel=Channel.EMAIL)
    return reverse("portal:wishes", args=[unsubscribe.token_of(message)])


@pytest.fixture
def by_link(browser, link):
    return SimpleNamespace(client=browser, url=link, source="LINK")


@pytest.fixture
def by_portal(as_vera):
    as_vera.cookies["language"] = "sv"
    return SimpleNamespace(client=as_vera, url="/me/choices/", source="PORTAL")


@pytest.fixture(params=["link", "portal"])
def way(request):
    """Both ways in, each with its browser."""
    return request.getfixturevalue(f"by_{request.param}")


def send(way, **changes):
    return way.client.post(way.url, filled(way.client.get(way.url), **changes))


def said(member, purpose=Purpose.MARKETING, channel=Channel.SMS):
    entry = find_permission(member, purpose=purpose, channel=channel)
    return entry.action if entry else None


def words(page):
    return " ".join(page.content.decode().replace("\xa0", " ").split())


class TestThePage:
    def test_shows_every_purpose_and_way_there_is_a_text_for(self, way):
        asked = {
            (each.purpose, each.channel)
            for each in way.client.get(way.url).context["centre"].asked
        }

        assert {
            (Purpose.MARKETING, Channel.SMS),
            (Purpose.MARKETING, Channel.EMAIL),
            (Purpose.SURVEYS, Channel.EMAIL),
            (Purpose.PROFILING, Channel.ANY),
            (Purpose.PARTNERS, Channel.ANY),
        } <= asked
        assert (Purpose.MARKETING, Channel.POST) not in asked

    def test_starts_without_a_yes(self, way):
        page = way.client.get(way.url)

        assert not [each for each in page.context["centre"].asked if each.is_given]
        assert 'value="stop"' not in words(page)

    def test_says_when_and_how_a_yes_was_given(self, way, vera):
        vera.language = "en"
        vera.save()
        way.client.cookies["language"] = "en"
        permit(vera, at=datetime(2026, 1, 9, 11, tzinfo=UTC))

        page = words(way.client.get(way.url))

        assert "You said yes on 9 January 2026." in page
        assert "When you joined, by the link we sent you" in page
        assert "07•-••• •• 05" in page
        assert "070-174 06 05" not in page

    def test_says_what_a_customer_relation_is(self):
        entry = ConsentEntry(
            action=GIVEN,
            basis=ConsentEntry.Basis.SOFT_OPT_IN,
            at=datetime(2026, 1, 9, 11, tzinfo=UTC),
        )

        with translation.override("en"):
            assert said_in_words(entry, Purpose.MARKETING).startswith(
                "You bought from us on 9 January 2026 and did not say no"
            )

    def test_keeps_a_yes_in_sight_that_is_no_longer_asked_for(self, by_portal, vera):
        """What was said yes to can be taken back, text or no text, address or none."""
        permit(vera, channel=Channel.EMAIL)
        permit(vera, channel=Channel.POST)
        vera.email = ""
        vera.save()

        send(by_portal, yes_marketing_email=None, yes_marketing_post=None)

        assert said(vera, channel=Channel.EMAIL) == WITHDRAWN
        assert said(vera, channel=Channel.POST) == WITHDRAWN

    def test_leaves_out_a_way_without_an_address(self, by_portal, vera):
        vera.email = ""
        vera.save()

        page = by_portal.client.get(by_portal.url)

        ways = {each.channel for each in page.context["centre"].asked}
        assert Channel.EMAIL not in ways
        assert Channel.SMS in ways

    def test_asks_no_child_about_profiling(self, way, vera):
        vera.birthday_on = timezone.localdate() - timedelta(days=365 * 17)
        vera.save()

        page = way.client.get(way.url)

        purposes = {each.purpose for each in page.context["centre"].asked}
        assert Purpose.PROFILING not in purposes
        assert Purpose.MARKETING in purposes

    def test_changes_nothing_when_it_is_looked_at(self, way, vera):
        permit(vera)
        for method in ("get", "head"):
            query = {"do": "stop", "yes_marketing_email": "on"}
            assert getattr(way.client, method)(way.url, query).status_code == 200

        assert ConsentEntry.objects.filter(member=vera).count() == 1

    def test_is_read_with_few_queries(
        self, by_portal, vera, programme, django_assert_max_num_queries
    ):
        for number in range(12):
            each = topic(programme, f"Ämne {number}", position=number)
            contact.set_topic_wish(
                member=vera, topic=each, wish="WANTED", now=timezone.now()
            )
        by_portal.client.get(by_portal.url)

        with django_assert_max_num_queries(14):
            by_portal.client.get(by_portal.url)

    def test_is_guarded_against_other_sites(self, link, as_vera, vera):
        permit(vera)
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = as_vera.cookies
        for address in (link, "/me/choices/"):
            assert strict.post(address, {"do": "stop"}).status_code == 403
            page = strict.get(address)
            assert page["X-Frame-Options"] == "DENY"
            assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
            assert "no-store" in page["Cache-Control"]

        assert said(vera) == GIVEN


class TestSaving:
    def test_takes_a_yes_with_the_text_that_was_shown(self, way, vera):
        send(way, yes_marketing_sms="on")

        entry = find_permission(vera, purpose=Purpose.MARKETING, channel=Channel.SMS)
        assert (entry.action, entry.source) == (GIVEN, way.source)
        assert (entry.text.purpose, entry.text.channel) == ("MARKETING", "SMS")
        assert set(entry.evidence) == {"message" if way.source == "LINK" else "session"}
        assert ConsentEntry.objects.filter(member=vera).count() == 1

    def test_takes_it_back_as_easily(self, way, vera):
        permit(vera)
        permit(vera, Purpose.PROFILING, Channel.ANY)

        answer = send(way, yes_marketing_sms=None)

        assert answer.url == way.url
        assert said(vera) == WITHDRAWN
        assert said(vera, Purpose.PROFILING, Channel.ANY) == GIVEN

    @pytest.mark.parametrize("shown", ["", "x", "another's"])
    def test_takes_no_yes_to_words_that_were_not_shown(self, way, vera, shown):
        if shown == "another's":
            other = text_of(vera.programme, Purpose.MARKETING, Channel.EMAIL)
            shown = str(other.public_id)

        answer = send(way, yes_marketing_sms="on", text_marketing_sms=shown)

        assert answer.status_code == 409
        assert said(vera) is None

    def test_writes_nothing_when_nothing_changes(self, way, vera):
        permit(vera)

        assert send(way).url == way.url

        assert ConsentEntry.objects.filter(member=vera).count() == 1
        assert contact.preference_of(vera).pk is None or not (
            contact.preference_of(vera).changed_at
        )

    def test_stops_everything_with_one_button(self, way, vera):
        for purpose, channel in (
            (Purpose.MARKETING, Channel.SMS),
            (Purpose.MARKETING, Channel.EMAIL),
            (Purpose.SURVEYS, Channel.EMAIL),
            (Purpose.PROFILING, Channel.ANY),
            (Purpose.PARTNERS, Channel.ANY),
        ):
            permit(vera, purpose, channel)

        way.client.post(way.url, {"do": "stop"})

        entries = permissions_of(vera).values()
        assert {entry.action for entry in entries} == {WITHDRAWN}
        assert {entry.source for entry in entries} == {way.source}
        assert not has_objected(vera)

    def test_keeps_how_often(self, way, vera):
        send(way, per_week="2")
        assert contact.preference_of(vera).per_week == 2

        send(way, per_week="")
        assert contact.preference_of(vera).per_week is None

    @pytest.mark.parametrize("field", ["per_week", "pause"])
    @pytest.mark.parametrize("nonsense", ["x", "-1", "99999999999999", "\x00"])
    def test_takes_no_nonsense_for_a_wish(self, way, vera, field, nonsense):
        assert send(way, **{field: nonsense}).status_code == 422

        held = contact.preference_of(vera)
        assert (held.per_week, held.snoozed_until) == (None, None)


class TestAPageThatLayOpen:
    def test_gives_no_yes_again_that_was_taken_back(self, way, vera):
        permit(vera, at=timezone.now() - timedelta(minutes=5))
        old = filled(way.client.get(way.url), per_week="1")
        withdraw_all(member=vera, source="SMS_REPLY", evidence={}, now=timezone.now())

        answer = way.client.post(way.url, old)

        assert answer.status_code == 409
        assert said(vera) == WITHDRAWN
        assert contact.preference_of(vera).per_week is None

    def test_is_not_taken_a_second_time(self, way, vera):
        """A page sent again, from the browser's history or by somebody else."""
        give = filled(way.client.get(way.url), yes_marketing_sms="on")
        way.client.post(way.url, give)
        way.client.post(way.url, {"do": "stop"})

        assert way.client.post(way.url, give).status_code == 409

        assert said(vera) == WITHDRAWN

    def test_sent_twice_at_once_is_saved(self, way, vera):
        give = filled(way.client.get(way.url), yes_marketing_sms="on")

        answers = [way.client.post(way.url, give) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [302, 302]
        assert ConsentEntry.objects.filter(member=vera).count() == 1


@pytest.mark.django_db(transaction=True)
class TestTwoPagesAtOnce:
    def test_of_the_same_state_are_one_after_the_other(self, vera):
        """One is saved, the other told: the lock lets none look at what is passing."""
        now = datetime.now(UTC)
        seal = centre_of(vera, language="sv", now=now).seal
        outcomes, gate_open = [], threading.Barrier(2)

        def choose(limit):
            try:
                gate_open.wait()
                save(
                    member=vera,
                    wanted=Wanted(seal, {}, limit, {}, Unchanged.YES),
                    source="PORTAL",
                    evidence={},
                    language="sv",
                    now=now + timedelta(seconds=limit),
                )
                outcomes.append("saved")
            except Outdated:
                outcomes.append("outdated")
            finally:
                connection.close()

        threads = [threading.Thread(target=choose, args=(n,)) for n in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["outdated", "saved"]


class TestTopics:
    @pytest.fixture
    def jackets(self, programme):
        return topic(programme, "Jackor")

    @pytest.fixture
    def nuts(self, programme):
        return topic(programme, "Nötter", kind=Topic.Kind.DIET, position=2)

    def field(self, of):
        return f"topic_{of.public_id.hex}"

    def test_are_wanted_or_not_or_neither(self, way, vera, jackets):
        for wish in ("WANTED", "UNWANTED", ""):
            send(way, **{self.field(jackets): wish})

            assert dict(contact.topics_of(vera))[jackets] == (wish or None)

    def test_stand_in_the_members_language(self, by_portal, jackets):
        assert "Jackor sv" in words(by_portal.client.get(by_portal.url))
        by_portal.client.cookies["language"] = "da"
        assert "Jackor da" in words(by_portal.client.get(by_portal.url))

    def test_of_diets_are_only_left_out(self, by_portal, vera, nuts):
        assert send(by_portal, **{self.field(nuts): "WANTED"}).status_code == 422
        assert not TopicWish.objects.exists()

        send(by_portal, **{self.field(nuts): "UNWANTED"})
        assert dict(contact.topics_of(vera))[nuts] == "UNWANTED"

        send(by_portal, **{self.field(nuts): None})
        assert dict(contact.topics_of(vera))[nuts] is None

    def test_of_diets_are_not_shown_to_whoever_has_the_link(
        self, by_link, vera, nuts, jackets
    ):
        """A message can be passed on; an allergy tells of health."""
        contact.set_topic_wish(
            member=vera, topic=nuts, wish="UNWANTED", now=timezone.now()
        )

        page = words(by_link.client.get(by_link.url))
        assert "Nötter" not in page
        assert "/me/sign-in/" in page
        send(by_link, **{self.field(jackets): "WANTED", self.field(nuts): None})

        assert dict(contact.topics_of(vera)) == {nuts: "UNWANTED", jackets: "WANTED"}

    def test_that_were_retired_can_still_be_taken_back(self, way, vera, jackets):
        contact.set_topic_wish(
            member=vera, topic=jackets, wish="UNWANTED", now=timezone.now()
        )
        Topic.objects.update(retired_at=timezone.now())

        send(way, **{self.field(jackets): ""})

        assert not TopicWish.objects.exists()


class TestPause:
    @pytest.fixture(autouse=True)
    def _in_november(self):
        # The last of January has no counterpart in February.
        with time_machine.travel(datetime(2027, 1, 31, 12, tzinfo=UTC), tick=True):
            yield

    @pytest.mark.parametrize(
        ("pause", "day"),
        [
            ("2w", date(2027, 2, 14)),
            ("1m", date(2027, 2, 28)),
            ("3m", date(2027, 4, 30)),
        ],
    )
    def test_lasts_to_the_day_that_was_shown(self, by_portal, vera, pause, day):
        send(by_portal, pause=pause)

        until = contact.preference_of(vera).snoozed_until
        assert until == start_of_day(day, vera.programme.zone)

    def test_lasts_to_a_day_of_one_s_own_and_ends(self, by_portal, vera):
        send(by_portal, pause="day", pause_until="2027-03-01")
        until = contact.preference_of(vera).snoozed_until
        assert until == start_of_day(date(2027, 3, 1), vera.programme.zone)

        send(by_portal)
        assert contact.preference_of(vera).snoozed_until == until
        send(by_portal, pause="end")
        assert contact.preference_of(vera).snoozed_until is None

    @pytest.mark.parametrize(
        "day", ["", "x", "2027-01-31", "2026-12-24", "2028-02-02", "9999-12-31"]
    )
    def test_to_no_day_that_makes_sense_is_refused(self, by_portal, vera, day):
        answer = send(by_portal, pause="day", pause_until=day, per_week="2")

        assert answer.status_code == 422
        assert "id_pause_until_error" in words(answer)
        assert contact.preference_of(vera).snoozed_until is None
        # What was typed stays.
        assert answer.context["form"]["per_week"].value() == "2"


class TestObjection:
    def test_stops_all_marketing_and_profiling(self, way, vera):
        permit(vera)
        permit(vera, Purpose.PROFILING, Channel.ANY)
        permit(vera, Purpose.SURVEYS, Channel.EMAIL)

        way.client.post(way.url, {"do": "object"})

        assert has_objected(vera)
        assert said(vera, Purpose.MARKETING, Channel.ANY) == "OBJECTED"
        assert said(vera, Purpose.PROFILING, Channel.ANY) == "OBJECTED"
        assert said(vera) == WITHDRAWN
        # A survey is no marketing: it has its own switch.
        assert said(vera, Purpose.SURVEYS, Channel.EMAIL) == GIVEN
        decision = gate.may_send(
            member=vera,
            channel="SMS",
            message_class="MARKETING",
            purpose="MARKETING",
            now=timezone.now(),
        )
        assert decision.code == gate.Code.OBJECTED

    def test_takes_the_switches_away(self, way, vera):
        way.client.post(way.url, {"do": "object"})

        page = way.client.get(way.url)
        assert 'name="yes_marketing_sms"' not in words(page)
        assert 'name="yes_surveys_email"' in words(page)
        assert send(way, yes_marketing_sms="on").status_code == 409
        assert said(vera) is None

    def test_is_taken_back_by_the_member_and_gives_nothing(self, way, vera):
        permit(vera)
        way.client.post(way.url, {"do": "object"})

        way.client.post(way.url, {"do": "lift"})

        assert not has_objected(vera)
        assert not [
            each for each in permissions_of(vera).values() if each.action in YES
        ]
        send(way, yes_marketing_sms="on")
        assert said(vera) == GIVEN

    def test_made_elsewhere_outdates_an_open_page(self, way, vera):
        give = filled(way.client.get(way.url), yes_marketing_sms="on")
        object_to_marketing(
            member=vera, source="STAFF", evidence={}, now=timezone.now()
        )

        assert way.client.post(way.url, give).status_code == 409

        assert said(vera) is None
