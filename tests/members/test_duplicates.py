import json
import threading
from datetime import date, timedelta

import pytest
from django.db import connection, connections, transaction

from members import duplicates, events, identity, services, tasks
from members.alike import _NEAR, ALIVE
from members.models import DuplicatePair, EventCursor, Member, Merge
from stores.models import AuditEntry
from tests.factories.members import REGISTERED_AT as NOW
from tests.factories.members import MemberFactory

BORN = date(1984, 3, 9)
State = DuplicatePair.State
_CROWD = """
INSERT INTO members_member (public_id, programme_id, number, status, phone, email,
    first_name, last_name, birthday_on, postcode, language, source, registered_at,
    activated_at)
SELECT gen_random_uuid(), %s, '88' || lpad(g::text, 10, '0'), 'ACTIVE',
    '+4670' || lpad((g * 1009 %% 10000000)::text, 7, '0'), g || '.vera@example.se',
    'Vera' || g %% 7, 'Ek' || g %% 11,
    CASE WHEN g %% 3 = 0 THEN date '1900-01-01'
        ELSE date '1940-01-01' + (g * 97 %% 24000) END,
    (10000 + g %% 900)::text, 'sv', 'IMPORT', now(), now()
FROM generate_series(1, 9000) g
"""


@pytest.fixture
def vera(programme):
    return MemberFactory(
        programme=programme,
        birthday_on=BORN,
        postcode="753 10",
        email="vera.lindqvist@gmail.com",
    )


def alike(vera, **fields):
    """Another membership of Vera's, alike in name and birthday unless told."""
    return MemberFactory(
        programme=vera.programme, **({"birthday_on": vera.birthday_on} | fields)
    )


def look(*members):
    return duplicates.look_at([member.pk for member in members], now=NOW)


def reasons():
    return DuplicatePair.objects.values_list("reasons", flat=True)


class TestLookAt:
    def test_finds_the_same_name_and_birthday(self, vera):
        other = alike(vera, first_name="LINDQVIST", last_name="véra")

        look(other)

        pair = DuplicatePair.objects.get()
        assert (pair.first, pair.second) == (vera, other)
        assert (pair.reasons, pair.score) == (["NAME_BIRTHDAY"], 70)
        assert (pair.state, pair.found_at) == (State.OPEN, NOW)

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"postcode": "75310"}, "NAME_BIRTHDAY_POSTCODE"),
            (
                {"birthday_on": None, "email": "veralindqvist+x@googlemail.com"}
                | {"first_name": "", "last_name": ""},
                "MAILBOX",
            ),
        ],
    )
    def test_finds_other_likenesses(self, vera, fields, reason):
        look(alike(vera, **fields))

        assert list(reasons()) == [[reason]]

    def test_finds_a_name_and_postcode_when_addresses_begin_alike(self, vera):
        other = alike(
            vera,
            birthday_on=None,
            postcode="75310",
            email="vera_lindqvist@hotmail.com",
        )

        look(other)

        assert list(reasons()) == [["NAME_POSTCODE", "MAIL_NAME"]]

    def test_finds_the_same_number_with_another_countrys_code(self, programme):
        blank = {"programme": programme, "pending": True}
        dane = MemberFactory(**blank, phone="+4541234567")
        MemberFactory(**blank, phone="+4741234567")
        MemberFactory(**blank, phone="+46741234567")

        look(dane)

        assert list(reasons()) == [["NUMBER_ABROAD"]]

    @pytest.mark.parametrize("whose", ["old owner", "new owner"])
    def test_finds_who_had_the_number_of_the_other(self, programme, vera, whose):
        number = vera.phone
        identity.change_contact(
            member=vera, kind="PHONE", value="+46701799999", proof="CODE", now=NOW
        )
        other = MemberFactory(programme=programme, pending=True, phone=number)

        look(vera if whose == "old owner" else other)

        assert list(reasons()) == [["FORMER_CONTACT"]]

    def test_knows_when_a_number_was_passed_on(self, programme, vera):
        number = vera.phone
        identity.pass_on(member=vera, kind="PHONE", now=NOW)
        other = MemberFactory(programme=programme, pending=True, phone=number)

        look(vera, other)

        assert not DuplicatePair.objects.exists()

    @pytest.mark.parametrize("status", ["left", "erased"])
    def test_looks_past_who_is_no_member(self, vera, status):
        look(alike(vera, **{status: True}))

        assert not DuplicatePair.objects.exists()

    def test_looks_past_other_clubs(self, vera):
        other = MemberFactory(
            birthday_on=BORN, postcode="75310", email="veralindqvist@gmail.com"
        )

        look(other, vera)

        assert not DuplicatePair.objects.exists()

    def test_finds_a_pair_once_however_often_it_looks(self, vera):
        other = alike(vera)

        found = [look(vera), look(other), look(vera, other)]

        assert [each.found for each in found] == [1, 0, 0]
        assert DuplicatePair.objects.count() == 1

    def test_takes_what_many_share_for_a_placeholder(self, vera):
        crowd = [alike(vera) for _each in range(26)]

        look(crowd[0])

        assert not DuplicatePair.objects.exists()

    def test_of_nobody_is_nothing(self, db):
        assert look() == duplicates.Looked()

    def test_asks_as_many_questions_for_many_members_as_for_two(
        self, vera, django_assert_num_queries
    ):
        others = [alike(vera) for _each in range(10)]
        with django_assert_num_queries(13):
            look(vera, *others)

        assert DuplicatePair.objects.count() == 55


class TestAPair:
    @pytest.fixture
    def other(self, vera):
        return alike(vera)

    @pytest.fixture
    def pair(self, vera, other):
        look(vera)
        return DuplicatePair.objects.get()

    def change(self, member, **fields):
        services.update_member(member=member, now=NOW, **fields)

    def test_is_gone_when_they_are_alike_no_more(self, pair, vera, other):
        self.change(other, birthday_on=date(1990, 1, 1))

        looked = look(other)

        pair.refresh_from_db()
        assert (pair.state, looked.gone) == (State.GONE, 1)

    @pytest.mark.parametrize("how", ["leaves", "is erased"])
    def test_is_gone_when_one_is_a_member_no_more(self, pair, other, how):
        if how == "leaves":
            services.leave(member=other, now=NOW)
        else:
            Member.objects.filter(pk=other.pk).update(
                status="ERASED", phone="", email="", first_name="", last_name=""
            )

        assert list(duplicates.list_open(pair.programme)) == []
        look(other)

        pair.refresh_from_db()
        assert pair.state == State.GONE

    def test_comes_back_when_they_are_alike_again(self, pair, other):
        self.change(other, birthday_on=date(1990, 1, 1))
        look(other)
        self.change(other, birthday_on=BORN)

        looked = look(other)

        pair.refresh_from_db()
        assert (pair.state, looked.reopened) == (State.OPEN, 1)

    def test_stays_dismissed(self, pair, other, siv):
        duplicates.dismiss(pair=pair, staff=siv, reason="Twins", now=NOW)

        look(other)
        self.change(other, postcode="11122")
        look(other)

        pair.refresh_from_db()
        assert (pair.state, pair.decided_by, pair.decided_at) == (
            State.DISMISSED,
            siv,
            NOW,
        )
        entry = AuditEntry.objects.get(action="member.duplicate_dismissed")
        assert (entry.reason, entry.actor_id) == ("Twins", siv.public_id)

    def test_stays_dismissed_when_they_are_alike_in_less(self, pair, other, siv):
        duplicates.dismiss(pair=pair, staff=siv, reason="Twins", now=NOW)
        self.change(other, birthday_on=date(1990, 1, 1))
        look(other)
        self.change(other, birthday_on=BORN)
        look(other)

        pair.refresh_from_db()
        assert pair.state == State.DISMISSED

    def test_comes_back_from_dismissal_with_something_new(self, pair, other, siv):
        duplicates.dismiss(pair=pair, staff=siv, reason="Twins", now=NOW)
        self.change(other, postcode="75310")

        look(other)

        pair.refresh_from_db()
        assert (pair.state, pair.decided_by) == (State.OPEN, None)
        assert pair.reasons == ["NAME_BIRTHDAY_POSTCODE"]

    def test_says_when_one_went_into_the_other(self, pair, vera, other):
        Member.objects.filter(pk=other.pk).update(
            status="MERGED", phone="", email="", merged_into=vera
        )

        look(other)

        pair.refresh_from_db()
        assert pair.state == State.MERGED

    def test_is_two_people_after_a_merge_was_undone(self, pair, vera, other, siv):
        merge = Merge.objects.create(
            programme=vera.programme, kept=vera, merged=other, at=NOW, staff=siv
        )
        duplicates.note_merge(merge=merge, now=NOW)
        pair.refresh_from_db()
        assert (pair.state, pair.decided_by) == (State.MERGED, siv)

        merge.undone_by = siv
        duplicates.note_undone(merge=merge, now=NOW)
        look(vera)

        pair.refresh_from_db()
        assert pair.state == State.DISMISSED


class TestFollow:
    @pytest.fixture
    def member(self, vera):
        duplicates.follow(now=NOW)
        pending = services.register_member(
            programme=vera.programme,
            phone="0701733333",
            source="TILL",
            language="sv",
            now=NOW,
        )
        services.activate_member(
            member=pending,
            first_name="Vera",
            last_name="Lindqvist",
            email="",
            language="sv",
            birthday_on=BORN,
            now=NOW,
        )
        return pending

    def follow(self):
        # Events are read when no older transaction can write any more: at once in
        # a test, whose own is the oldest.
        return duplicates.follow(now=NOW)

    @pytest.mark.django_db(transaction=True)
    def test_finds_who_just_joined(self, member):
        self.follow()

        assert list(reasons()) == [["NAME_BIRTHDAY"]]

    @pytest.mark.django_db(transaction=True)
    def test_reads_each_event_once(self, member):
        assert self.follow() == 2
        assert self.follow() == 0

    @pytest.mark.django_db(transaction=True)
    def test_follows_a_merge_to_both(self, vera, member):
        self.follow()
        Merge.objects.create(programme=vera.programme, kept=vera, merged=member, at=NOW)
        Member.objects.filter(pk=member.pk).update(
            status="MERGED", phone="", email="", merged_into=vera
        )
        events.record(member_id=vera.pk, kind="member.merged", at=NOW, now=NOW)

        self.follow()

        assert DuplicatePair.objects.get().state == State.MERGED

    @pytest.mark.django_db(transaction=True)
    def test_asks_nothing_about_other_events(self, vera, django_assert_num_queries):
        self.follow()
        events.record(member_id=vera.pk, kind="consent.given", at=NOW, now=NOW)

        with django_assert_num_queries(7):
            assert self.follow() == 1


class TestFindAll:
    def test_finds_what_a_look_at_everybody_finds(self, programme, vera):
        alike(vera, first_name="Lindqvist", last_name="Vera")
        alike(vera, birthday_on=None, email="veralindqvist@googlemail.com")
        alike(
            vera,
            birthday_on=None,
            postcode="75310",
            email="vera_lindqvist@hotmail.com",
        )
        dane = MemberFactory(programme=programme, pending=True, phone="+4541234567")
        MemberFactory(programme=programme, pending=True, phone="+4741234567")
        services.update_member(member=dane, phone="+4551234567", now=NOW)
        services.update_member(member=dane, phone="+4541234567", now=NOW)
        MemberFactory(programme=programme, pending=True, phone="+4551234567")
        everybody = Member.objects.filter(programme=programme)

        duplicates.find_all(programme=programme, now=NOW)
        by_groups = set(DuplicatePair.objects.values_list("first", "second", "score"))
        DuplicatePair.objects.all().delete()
        look(*everybody)

        assert len(by_groups) == 5
        assert by_groups == set(
            DuplicatePair.objects.values_list("first", "second", "score")
        )

    def test_closes_what_is_alike_no_more(self, programme, vera):
        other = alike(vera)
        duplicates.find_all(programme=programme, now=NOW)
        Member.objects.filter(pk=other.pk).update(first_name="Olle", last_name="Ek")

        looked = duplicates.find_all(programme=programme, now=NOW)

        assert looked == duplicates.Looked(gone=1)

    def test_passes_a_placeholder_by(self, programme, vera):
        for _each in range(26):
            alike(vera)

        assert duplicates.find_all(programme=programme, now=NOW).found == 0


class TestTasks:
    def test_look_at_everybody_first_and_then_at_what_happens(self, vera):
        alike(vera)

        tasks.follow_duplicates()

        assert DuplicatePair.objects.count() == 1
        assert EventCursor.objects.filter(name=duplicates.CONSUMER).exists()
        assert tasks.find_duplicates() == 0

    @pytest.mark.django_db(transaction=True)
    def test_read_the_log_in_batches_to_its_end(self, vera):
        tasks.follow_duplicates()
        other = alike(vera)
        events.record(member_id=other.pk, kind="member.updated", at=NOW, now=NOW)

        assert tasks.follow_duplicates() == 1
        assert DuplicatePair.objects.count() == 1


class TestSpeed:
    """No look reads the whole club."""

    @pytest.fixture
    def batch(self, programme):
        """Members of whom a third have the placeholder that old clubs wrote."""
        with connection.cursor() as cursor:
            cursor.execute(_CROWD, [programme.pk])
            cursor.execute("ANALYZE members_member")
            cursor.execute("ANALYZE members_identifier")
        return list(Member.objects.order_by("-pk").values_list("pk", flat=True)[:60])

    def test_reads_indexes_alone(self, batch):
        given = {"ids": batch, "alive": list(ALIVE), "limit": 27}
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {_NEAR}", given)
            (plan,) = cursor.fetchone()
        plan = json.loads(plan) if isinstance(plan, str) else plan
        nodes = list(self.nodes(plan[0]["Plan"]))

        assert not [
            node
            for node in nodes
            if node["Node Type"] == "Seq Scan"
            and node["Relation Name"].startswith("members_")
        ]
        assert {
            "member_by_birthday_and_name",
            "identifier_by_mail_name",
            "identifier_ended",
            "member_phone_ends",
        } <= {node.get("Index Name") for node in nodes}
        # To read all who share the placeholder would be 40 000 rows.
        assert max(node["Actual Rows"] * node["Actual Loops"] for node in nodes) < 2000

    def nodes(self, plan):
        yield plan
        for child in plan.get("Plans", ()):
            yield from self.nodes(child)


@pytest.mark.django_db(transaction=True)
class TestTwoWorkers:
    def test_find_a_pair_once(self, vera):
        other = alike(vera)
        barrier = threading.Barrier(2)
        failed = []

        def work(member):
            try:
                barrier.wait()
                look(member)
            except Exception as error:  # noqa: BLE001 - shown by the assertion
                failed.append(error)
            finally:
                connections.close_all()

        threads = [
            threading.Thread(target=work, args=(member,)) for member in (vera, other)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failed == []
        assert DuplicatePair.objects.count() == 1

    def test_take_no_decision_back_that_was_made_meanwhile(self, vera, siv):
        """A look that began before somebody decided waits for them, and then sees."""
        other = alike(vera)
        look(vera)
        pair = DuplicatePair.objects.get()
        services.update_member(member=other, language="da", now=NOW)
        has_decided = threading.Event()
        is_looking = threading.Event()

        def decide():
            with transaction.atomic():
                duplicates.dismiss(
                    pair=pair, staff=siv, reason="Twins", now=NOW + timedelta(days=1)
                )
                has_decided.set()
                is_looking.wait(timeout=1)
            connections.close_all()

        thread = threading.Thread(target=decide)
        thread.start()
        has_decided.wait()
        is_looking.set()
        look(vera)
        thread.join()

        pair.refresh_from_db()
        assert pair.state == State.DISMISSED
