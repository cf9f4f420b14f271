"""No more marketing at all, and what stands beside it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from consent import contact, gate, profile, registry, selectors, services
from consent.models import Channel, ConsentEntry, Purpose, Text, Topic, TopicWish
from consent.registry import Basis, DataClass, Erase, Export, Field, Retention, Use
from members import events
from members.merging import merge_members, undo_merge
from members.models import Event, Member
from tests.factories.consent import answer, publish_texts, purchase_of
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory

Action = ConsentEntry.Action
pytestmark = pytest.mark.django_db


@pytest.fixture
def member(programme):
    publish_texts(programme)
    return MemberFactory(programme=programme)


def text_of(member, channel=Channel.SMS, purpose=Purpose.MARKETING):
    return selectors.current_text(
        programme=member.programme,
        kind=Text.Kind.CONSENT,
        purpose=purpose,
        channel=channel,
        language="sv",
    )


def say_no_to_all(member, now):
    return services.object_to_marketing(
        member=member, source="PORTAL", evidence={"form": "1"}, now=now
    )


def take_back(member, now):
    return services.lift_objection(member=member, source="PORTAL", evidence={}, now=now)


def choose_yes(member, now):
    return services.choose(
        member=member,
        purpose=Purpose.MARKETING,
        channel=Channel.SMS,
        yes=True,
        text=text_of(member),
        source="PORTAL",
        evidence={},
        now=now,
    )


def soften(member, now, **changes):
    return services.record_soft_opt_in(
        **{
            "member": member,
            "channel": Channel.EMAIL,
            "receipt_id": purchase_of(member, now).public_id,
            "bought_at": now - timedelta(minutes=1),
            "source": "TILL",
            "text": text_of(member, Channel.EMAIL),
            "could_refuse": True,
            "evidence": {},
            "now": now,
            **changes,
        }
    )


def code_of(member, now, *, channel=Channel.SMS, purpose="MARKETING", topics=()):
    return gate.may_send(
        member=member,
        channel=channel,
        message_class="MARKETING",
        purpose=purpose,
        topics=topics,
        now=now,
    ).code


class TestObjecting:
    def test_stops_every_way_and_takes_every_yes_back(self, member, now):
        answer(member, Action.GIVEN, at=now)
        answer(member, Action.REFUSED, channel=Channel.EMAIL, at=now)

        written = say_no_to_all(member, now + timedelta(seconds=1))

        assert [(e.purpose, e.channel, e.action) for e in written] == [
            ("MARKETING", "SMS", "WITHDRAWN"),
            ("MARKETING", "ANY", "OBJECTED"),
            ("PROFILING", "ANY", "OBJECTED"),
        ]
        assert selectors.has_objected(member)
        for channel in (Channel.SMS, Channel.EMAIL, Channel.PHONE):
            assert code_of(member, now, channel=channel) == "objected"

    def test_stops_also_a_yes_that_is_written_behind_it(self, member, now):
        say_no_to_all(member, now)
        answer(member, Action.GIVEN, at=now + timedelta(days=1))

        assert code_of(member, now + timedelta(days=2)) == "objected"

    def test_twice_is_once(self, member, now):
        say_no_to_all(member, now)

        assert say_no_to_all(member, now + timedelta(days=1)) == []

    def test_is_told_in_the_timeline(self, member, now, settings):
        settings.LANGUAGE_CODE = "en"
        say_no_to_all(member, now)
        take_back(member, now + timedelta(days=1))

        told = [events.describe(each) for each in Event.objects.order_by("at", "pk")]
        assert told == [
            "Objected to all direct marketing.",
            "Objected to profiling for marketing; what it had led to was deleted.",
            "Took the objection to all direct marketing back.",
            "Took the objection to profiling for marketing back.",
        ]

    def test_leaves_questions_and_service_alone(self, member, now):
        services.record_entry(
            member=member,
            purpose=Purpose.SURVEYS,
            channel=Channel.SMS,
            action=Action.CONFIRMED,
            at=now,
            source="PORTAL",
            actor=services.MEMBER,
        )
        say_no_to_all(member, now)

        for kind, purpose in (("SURVEY", Purpose.SURVEYS), ("SERVICE", "")):
            assert gate.may_send(
                member=member,
                channel=Channel.SMS,
                message_class=kind,
                purpose=purpose,
                now=now,
            ).allowed

    @isolate_apps()
    def test_deletes_what_was_worked_out_about_the_member(
        self, member, now, monkeypatch
    ):
        monkeypatch.setattr(registry, "_models", dict(registry._models))

        class Segment(models.Model):
            member = models.ForeignKey(Member, models.CASCADE, related_name="+")
            name = models.CharField(max_length=20)

            class Meta:
                app_label = "consent"

        class Taste(models.Model):
            member = models.ForeignKey(Member, models.CASCADE, related_name="+")
            favourite = models.CharField(max_length=20)
            size = models.CharField(max_length=20)

            class Meta:
                app_label = "consent"

        field = Field(
            DataClass.PROFILE,
            Use.MESSAGES,
            Basis.CONSENT,
            Retention.MEMBERSHIP,
            Export.YES,
            Erase.DELETE,
        )
        registry.register(Segment, {"name": field})
        registry.register(
            Taste,
            {
                "favourite": Field(
                    **{
                        **{name: getattr(field, name) for name in field.__slots__},
                        "erase": Erase.KEEP,
                    }
                )
            },
        )
        other = MemberFactory(programme=member.programme)
        with connection.schema_editor() as editor:
            editor.create_model(Segment)
            editor.create_model(Taste)
        for who in (member, other):
            Segment.objects.create(member=who, name="kaffe")
            Taste.objects.create(member=who, favourite="mörkrost", size="L")

        say_no_to_all(member, now)

        assert [each.member_id for each in Segment.objects.all()] == [other.pk]
        # A registration that keeps a value when erasing does not keep a profile.
        assert list(Taste.objects.order_by("pk").values_list("favourite", "size")) == [
            ("", "L"),
            ("mörkrost", "L"),
        ]
        assert profile.forget(member) == 1


class TestTakingItBack:
    def test_gives_no_yes_back(self, member, now):
        answer(member, Action.GIVEN, at=now)
        say_no_to_all(member, now + timedelta(minutes=1))

        take_back(member, now + timedelta(minutes=2))

        assert not selectors.has_objected(member)
        assert code_of(member, now + timedelta(minutes=3)) == "withdrawn"

    def test_is_needed_before_a_yes(self, member, now):
        say_no_to_all(member, now)

        with pytest.raises(services.ObjectionStands):
            choose_yes(member, now)
        take_back(member, now + timedelta(minutes=1))
        choose_yes(member, now + timedelta(minutes=2))

        assert code_of(member, now + timedelta(minutes=3)) == "consent_given"

    def test_of_nothing_writes_nothing(self, member, now):
        assert take_back(member, now) == []


@pytest.mark.django_db(transaction=True)
class TestObjectingWhileSayingYes:
    def test_leaves_no_open_gate(self, programme, now):
        publish_texts(programme)
        member = MemberFactory(programme=programme)
        together = threading.Barrier(2)

        def act(what):
            try:
                together.wait(timeout=20)
                what(member, now)
            except services.ObjectionStands:
                return
            finally:
                connection.close()

        threads = [
            threading.Thread(target=act, args=(what,))
            for what in (say_no_to_all, choose_yes)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)

        assert code_of(member, now) == "objected"
        assert selectors.has_objected(member)


class TestACustomerRelation:
    def test_lets_offers_go_and_names_its_purchase(self, member, now):
        entry = soften(member, now)

        assert entry.basis == ConsentEntry.Basis.SOFT_OPT_IN
        decision = gate.may_send(
            member=member,
            channel=Channel.EMAIL,
            message_class="MARKETING",
            purpose=Purpose.MARKETING,
            now=now,
        )
        assert (decision.code, decision.entry_id) == ("soft_opt_in", entry.pk)
        assert Event.objects.get().kind == "consent.soft_opt_in"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"could_refuse": False}, "no_chance_to_refuse"),
            ({"channel": Channel.PHONE}, "not_electronic_mail"),
        ],
    )
    def test_needs_all_that_the_law_asks_for(self, member, now, changes, code):
        with pytest.raises(services.NoCustomerRelation) as refused:
            soften(member, now, **changes)

        assert refused.value.code == code

    def test_needs_a_purchase_that_was_made(self, member, now):
        with pytest.raises(services.NoCustomerRelation, match="bought_later"):
            soften(member, now, bought_at=now + timedelta(minutes=1))

    @pytest.mark.parametrize("said", [Action.REFUSED, Action.WITHDRAWN])
    def test_stands_behind_any_no(self, member, now, said):
        answer(member, said, channel=Channel.EMAIL, at=now)
        answer(member, Action.EXPIRED, channel=Channel.EMAIL, at=now)

        with pytest.raises(services.NoCustomerRelation, match="refused_before"):
            soften(member, now)

    def test_stands_behind_an_objection_also_when_it_was_taken_back(self, member, now):
        say_no_to_all(member, now)
        take_back(member, now)

        with pytest.raises(services.NoCustomerRelation, match="refused_before"):
            soften(member, now)

    def test_adds_nothing_to_a_yes(self, member, now):
        answer(member, Action.GIVEN, channel=Channel.EMAIL, at=now)

        assert soften(member, now) is None

    def test_is_not_for_the_goods_of_partners(self, member, now):
        soften(member, now)
        services.record_entry(
            member=member,
            purpose=Purpose.PARTNERS,
            channel=Channel.ANY,
            action=Action.CONFIRMED,
            at=now,
            source="PORTAL",
            actor=services.MEMBER,
        )

        code = code_of(member, now, channel=Channel.EMAIL, purpose="PARTNERS")
        assert code == "never_asked"


class TestProfiling:
    def test_needs_two_keys_and_names_both(self, member, now):
        first = answer(member, Action.GIVEN, at=now)
        assert code_of(member, now, purpose="PROFILING") == "never_asked"
        second = services.record_entry(
            member=member,
            purpose=Purpose.PROFILING,
            channel=Channel.ANY,
            action=Action.CONFIRMED,
            at=now,
            source="PORTAL",
            actor=services.MEMBER,
        )

        decision = gate.may_send(
            member=member,
            channel=Channel.SMS,
            message_class="MARKETING",
            purpose=Purpose.PROFILING,
            now=now,
        )
        assert decision.allowed
        assert (decision.entry_id, decision.also_entry_id) == (first.pk, second.pk)


class TestAges:
    def test_are_never_below_the_law_of_the_country(self, olga, now):
        danish = ProgrammeFactory(name="Klubben DK", country="DK")

        with pytest.raises(contact.AgeBelowLaw) as refused:
            contact.set_policy(programme=danish, staff=olga, youngest_years=13, now=now)
        assert refused.value.least == 15
        contact.set_policy(
            programme=olga.programme, staff=olga, youngest_years=13, now=now
        )


class TestTopics:
    @pytest.fixture
    def coffee(self, programme):
        return Topic.objects.create(
            programme=programme, kind="INTEREST", names={"sv": "Kaffe"}
        )

    @pytest.fixture
    def nuts(self, programme):
        return Topic.objects.create(
            programme=programme, kind="DIET", names={"sv": "Nötter"}
        )

    def test_that_are_not_wanted_stop_what_is_about_them(self, member, coffee, now):
        answer(member, Action.GIVEN, at=now)
        contact.set_topic_wish(member=member, topic=coffee, wish="UNWANTED", now=now)

        assert code_of(member, now, topics=[coffee.pk]) == "topic_unwanted"
        assert code_of(member, now) == "consent_given"
        contact.set_topic_wish(member=member, topic=coffee, wish=None, now=now)
        assert code_of(member, now, topics=[coffee.pk]) == "consent_given"

    def test_of_diets_only_exclude(self, member, nuts, now):
        with pytest.raises(ValueError, match="only exclude"):
            contact.set_topic_wish(member=member, topic=nuts, wish="WANTED", now=now)
        contact.set_topic_wish(member=member, topic=nuts, wish="UNWANTED", now=now)

        assert contact.topics_of(member) == [(nuts, "UNWANTED")]
        # What it is about stays out of the timeline.
        assert "Nötter" not in str(Event.objects.get().data)

    def test_follow_a_merge_and_its_undoing(self, programme, coffee, nuts, now):
        kept, merged = (MemberFactory(programme=programme) for _each in range(2))
        for who, topic, wish in [
            (kept, coffee, "WANTED"),
            (merged, coffee, "UNWANTED"),
            (merged, nuts, "UNWANTED"),
        ]:
            contact.set_topic_wish(member=who, topic=topic, wish=wish, now=now)

        merge = merge_members(kept=kept, merged=merged, staff=None, now=now)
        assert wishes_of(kept) == {coffee.pk: "UNWANTED", nuts.pk: "UNWANTED"}
        undo_merge(merge=merge, staff=None, now=now)

        assert wishes_of(kept) == {coffee.pk: "WANTED"}
        assert wishes_of(merged) == {coffee.pk: "UNWANTED", nuts.pk: "UNWANTED"}

    def test_keep_an_objection_when_memberships_are_merged(self, programme, now):
        kept, merged = (MemberFactory(programme=programme) for _each in range(2))
        say_no_to_all(merged, now)
        say_no_to_all(kept, now)
        take_back(kept, now + timedelta(minutes=1))

        merge_members(
            kept=kept, merged=merged, staff=None, now=now + timedelta(minutes=2)
        )

        assert selectors.has_objected(kept)


def wishes_of(member):
    return dict(TopicWish.objects.filter(member=member).values_list("topic_id", "wish"))
