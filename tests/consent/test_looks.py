"""Who looked at which member, and the counts that stand out."""

from datetime import timedelta

import pytest
from django.urls import reverse

from consent.desk import looks
from members import care, events, kinds
from stores import audit
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.members import MemberFactory
from tests.factories.stores import StaffFactory
from till import actions

HTMX = {"HX-Request": "true"}


@pytest.fixture
def dpo(programme):
    return StaffFactory(programme=programme, role=Role.DATA_PROTECTION_OFFICER)


def look(member, staff, at, action=care.VIEWED, reason=""):
    return audit.record(
        programme=member.programme,
        actor=staff,
        action=action,
        now=at,
        member_id=member.public_id,
        reason=reason,
    )


def lookers(programme, now):
    found = looks.lookers(programme=programme, since=now - timedelta(days=30))
    return {each.name: each for each in found}


class TestLookers:
    def test_count_looks_and_members(self, programme, carl, now):
        member = MemberFactory(programme=programme)
        look(member, carl, now)
        look(member, carl, now, care.REVEALED, "Ringer upp.")
        look(MemberFactory(programme=programme), carl, now - timedelta(days=31))

        found = lookers(programme, now)[carl.name]
        assert (found.looks, found.members) == (2, 1)
        assert not found.stands_out

    def test_mark_many_members_in_one_hour(self, programme, mia, olga, now):
        top = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
        for number in range(looks.MANY_IN_AN_HOUR):
            member = MemberFactory(programme=programme)
            look(member, mia, top + timedelta(minutes=number))
            # As many, over two hours.
            look(member, olga, top + timedelta(minutes=45 + number))

        found = lookers(programme, now)
        assert (found[mia.name].most_in_an_hour, found[mia.name].is_hasty) == (30, True)
        # Half of them before the full hour, half after it.
        assert not found[olga.name].is_hasty

    def test_mark_looks_at_members_of_other_stores(
        self, programme, carl, olga, store, other_store, now
    ):
        own = MemberFactory(programme=programme, home_store=store)
        other = MemberFactory(programme=programme, registered_store=other_store)
        for staff in (carl, olga):
            for _each in range(4):
                look(own, staff, now)
            for _each in range(6):
                look(other, staff, now)

        found = lookers(programme, now)
        assert (found[carl.name].elsewhere, found[carl.name].is_elsewhere) == (6, True)
        # Who works for all stores has no other ones.
        assert found[olga.name].elsewhere is None

    def test_mark_look_ups_at_the_till_that_nothing_followed(
        self, programme, carl, now
    ):
        then = now - timedelta(days=1)
        for number in range(10):
            member = MemberFactory(programme=programme)
            look(member, carl, then, actions.LOOKED_UP)
            if number < 4:
                events.record(
                    member_id=member.pk,
                    kind=kinds.UPDATED,
                    at=then + timedelta(minutes=5),
                    now=now,
                )

        found = lookers(programme, now)[carl.name]
        assert (found.without_sequel, found.expecting) == (6, 10)
        assert found.is_without_sequel

    def test_take_one_pass_whatever_the_number(
        self, programme, carl, mia, now, django_assert_num_queries
    ):
        for staff in (carl, mia):
            look(MemberFactory(programme=programme), staff, now)

        with django_assert_num_queries(2):
            lookers(programme, now)


class TestLookList:
    def test_shows_who_looked_and_why(self, desk_client, dpo, mia, programme, now):
        member = MemberFactory(programme=programme)
        look(member, mia, now, care.REVEALED, "Medlemmen ringde.")
        page = desk_client(dpo).get(reverse("privacy:look-list")).content.decode()

        assert mia.name in page
        assert "Medlemmen ringde." in page

    def test_is_on_record_itself(self, desk_client, dpo, programme):
        member = MemberFactory(programme=programme)
        desk_client(dpo).get(reverse("privacy:look-list"), {"member": member.public_id})

        written = AuditEntry.objects.get(action="privacy.looks_viewed")
        assert (written.actor_id, written.member_id) == (
            dpo.public_id,
            member.public_id,
        )

    def test_finds_by_member_and_by_person(self, desk_client, dpo, mia, olga, now):
        seen, other = (MemberFactory(programme=mia.programme) for _each in range(2))
        look(seen, mia, now)
        look(other, olga, now)
        client = desk_client(dpo)

        for query in (
            {"q": seen.number},
            {"staff": mia.public_id},
            {"member": seen.public_id},
        ):
            page = client.get(reverse("privacy:look-list"), query)
            rows = [row.record.member_id for row in page.context["table"].rows]
            assert rows == [seen.public_id], query

    def test_is_exported_by_ids_alone(self, desk_client, dpo, mia, programme, now):
        member = MemberFactory(programme=programme)
        look(member, mia, now)
        answered = desk_client(dpo).get(reverse("privacy:look-list"), {"format": "csv"})

        text = b"".join(answered.streaming_content).decode()
        assert str(member.public_id) in text
        assert member.last_name not in text
        assert AuditEntry.objects.get(action="privacy.exported").subject == "looks"

    def test_asks_the_database_little(
        self, desk_client, dpo, mia, programme, now, django_assert_max_num_queries
    ):
        for _each in range(24):
            look(MemberFactory(programme=programme), mia, now)
        client = desk_client(dpo)

        with django_assert_max_num_queries(14):
            client.get(reverse("privacy:look-list"))

    def test_is_not_for_the_marketer(self, desk_client, mia):
        assert desk_client(mia).get(reverse("privacy:look-list")).status_code == 403


class TestLooksPanel:
    def test_stands_on_the_members_page_for_officers_only(
        self, desk_client, dpo, mia, programme
    ):
        member = MemberFactory(programme=programme)
        url = reverse("consent:looks-panel", args=[member.public_id])
        detail = reverse("members:member-detail", args=[member.public_id])

        assert url in desk_client(dpo).get(detail).content.decode()
        assert url not in desk_client(mia).get(detail).content.decode()
        assert desk_client(mia).get(url).status_code == 403

    def test_names_the_latest(self, desk_client, dpo, mia, programme, now):
        member = MemberFactory(programme=programme)
        look(member, mia, now)
        url = reverse("consent:looks-panel", args=[member.public_id])

        assert mia.name in desk_client(dpo).get(url, headers=HTMX).content.decode()
