from datetime import timedelta

import pytest
from django.test import RequestFactory

from common.ui import search as palette
from members import events, panels
from members.models import Member
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.members import REGISTERED_AT, MemberFactory

HTMX = {"HX-Request": "true"}


@pytest.fixture
def vera(programme):
    return MemberFactory(
        programme=programme,
        first_name="Vera",
        phone="+46701234567",
        email="vera@ljung.se",
    )


@pytest.fixture
def desk(desk_client, siv):
    return desk_client(siv)


def url(member, page=""):
    return f"/members/{member.public_id}/{page}"


def text_of(response):
    return response.content.decode()


def audited(action):
    return AuditEntry.objects.filter(action=action)


class TestMemberDetail:
    def test_shows_the_member_with_contact_details_masked(self, desk, vera):
        page = text_of(desk.get(url(vera)))

        assert "Vera Lindqvist" in page
        assert "07•-••• •• 67" in page
        assert "v•••@l•••.se" in page
        assert "vera@ljung.se" not in page
        assert "1234567" not in page

    def test_is_on_record_each_time(self, desk, vera, siv):
        desk.get(url(vera))
        desk.get(url(vera))

        entries = audited("member.viewed")
        assert entries.count() == 2
        assert {entry.member_id for entry in entries} == {vera.public_id}
        assert {entry.actor_id for entry in entries} == {siv.public_id}

    def test_is_kept_in_no_cache(self, desk, vera):
        assert "no-store" in desk.get(url(vera))["Cache-Control"]

    def test_hides_the_erased_and_other_programmes(self, desk, programme):
        for member in (
            MemberFactory(programme=programme, erased=True),
            MemberFactory(),
        ):
            assert desk.get(url(member)).status_code == 404

    def test_is_closed_to_store_staff(self, desk_client, carl, vera):
        client = desk_client(carl)

        for page in ("", "timeline/", "contact/", "edit/"):
            assert client.get(url(vera, page)).status_code == 403
        assert (
            client.post(url(vera, "reveal/"), {"reason": "Curious"}).status_code == 403
        )

    def test_calls_a_nameless_member_by_their_number(self, desk, programme):
        member = MemberFactory(programme=programme, pending=True, phone="+46701234567")

        assert "07•-••• •• 67" in text_of(desk.get(url(member)))

    def test_fetches_the_panels_that_rooms_registered(self, desk, vera, monkeypatch):
        monkeypatch.setattr(panels, "_panels", {})
        panels.register(title="Points", url_name="members:contact-panel", order=1)
        panels.register(
            title="Secrets", url_name="members:timeline-panel", roles={Role.OWNER}
        )
        panels.register(title="Later", url_name="nowhere:panel")

        page = text_of(desk.get(url(vera)))

        assert f'hx-get="{url(vera, "contact/")}"' in page
        assert "Secrets" not in page
        assert "Later" not in page


class TestTimeline:
    @pytest.fixture
    def lived(self, vera):
        for day in range(45):
            events.record(
                member_id=vera.pk,
                kind="member.updated",
                at=REGISTERED_AT + timedelta(days=day),
                now=REGISTERED_AT,
                data={"fields": ["email"]},
            )
        return vera

    def test_shows_the_newest_first_and_the_rest_in_pages(self, desk, lived):
        seen = []
        address = url(lived, "timeline/")
        for _page in range(3):
            timeline = desk.get(address, headers=HTMX).context["timeline"]
            seen += [entry.event.at for entry in timeline.entries]
            address = f"{url(lived, 'timeline/')}?before={timeline.older}"

        assert len(seen) == 45
        assert seen == sorted(seen, reverse=True)
        assert timeline.older is None

    def test_skips_nothing_among_events_of_one_moment(self, desk, vera):
        for _each in range(25):
            events.record(
                member_id=vera.pk,
                kind="member.left",
                at=REGISTERED_AT,
                now=REGISTERED_AT,
            )
        first = desk.get(url(vera, "timeline/"), headers=HTMX).context["timeline"]
        older = f"{url(vera, 'timeline/')}?before={first.older}"
        second = desk.get(older, headers=HTMX).context["timeline"]

        pks = [entry.event.pk for entry in [*first.entries, *second.entries]]
        assert len(set(pks)) == 25
        assert [entry.day for entry in second.entries] == [None] * 5

    def test_heads_each_day_once_in_the_programmes_zone(self, desk, vera):
        # Both fall on 2 January in Stockholm, the second also in London.
        for hour in (-1, 1):
            events.record(
                member_id=vera.pk,
                kind="member.left",
                at=REGISTERED_AT.replace(month=1, day=2, hour=0)
                + timedelta(hours=hour),
                now=REGISTERED_AT,
            )

        entries = desk.get(url(vera)).context["timeline"].entries

        assert [entry.day and entry.day.day for entry in entries] == [2, None]

    def test_is_a_page_without_htmx_and_that_is_on_record(self, desk, lived):
        first = desk.get(url(lived, "timeline/"))
        older = first.context["timeline"].older

        page = desk.get(f"{url(lived, 'timeline/')}?before={older}")

        assert "<html" in text_of(page)
        assert audited("member.viewed").count() == 2

    def test_is_a_card_alone_with_htmx(self, desk, lived):
        part = desk.get(url(lived, "timeline/"), headers=HTMX)
        older = part.context["timeline"].older
        more = desk.get(f"{url(lived, 'timeline/')}?before={older}", headers=HTMX)

        assert "<html" not in text_of(part)
        assert "<section" in text_of(part)
        assert text_of(more).strip().startswith("<li")
        assert not audited("member.viewed").exists()

    def test_knows_no_other_place(self, desk, vera, programme):
        other = MemberFactory(programme=programme)
        event = events.record(
            member_id=other.pk, kind="member.left", at=REGISTERED_AT, now=REGISTERED_AT
        )

        for before in ("x", str(event.public_id)):
            address = f"{url(vera, 'timeline/')}?before={before}"
            assert desk.get(address).status_code == 404

    def test_asks_as_many_questions_for_many_events_as_for_one(
        self, desk, lived, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(12):
            desk.get(url(lived, "timeline/"), headers=HTMX)


class TestMemberReveal:
    def test_shows_the_details_to_who_says_why(self, desk, vera, siv):
        response = desk.post(
            url(vera, "reveal/"), {"reason": "Asked us to call"}, headers=HTMX
        )

        assert "070-123 45 67" in text_of(response)
        assert "vera@ljung.se" in text_of(response)
        assert "<html" not in text_of(response)
        assert "no-store" in response["Cache-Control"]
        entry = audited("member.contact_revealed").get()
        assert (entry.actor_id, entry.member_id) == (siv.public_id, vera.public_id)
        assert entry.reason == "Asked us to call"

    def test_is_a_page_without_htmx(self, desk, vera):
        response = desk.post(url(vera, "reveal/"), {"reason": "Asked us to call"})

        assert "<html" in text_of(response)
        assert "070-123 45 67" in text_of(response)

    @pytest.mark.parametrize("reason", ["", "   ", "x"])
    def test_keeps_them_masked_without_a_reason(self, desk, vera, reason):
        response = desk.post(url(vera, "reveal/"), {"reason": reason}, headers=HTMX)

        assert response.status_code == 422
        assert "070-123 45 67" not in text_of(response)
        assert not audited("member.contact_revealed").exists()

    def test_is_nothing_that_a_link_can_do(self, desk, vera):
        assert desk.get(url(vera, "reveal/")).status_code == 405

    def test_is_closed_to_the_marketer(self, desk_client, mia, vera):
        client = desk_client(mia)

        response = client.post(url(vera, "reveal/"), {"reason": "Curious"})

        assert response.status_code == 403
        assert 'action="/members/' not in text_of(client.get(url(vera)))


class TestMemberEdit:
    @pytest.fixture
    def details(self):
        return {
            "first_name": "Vera",
            "last_name": "Lindqvist",
            "language": "sv",
            "reason": "Wrote to us",
        }

    def test_changes_details_and_keeps_it_on_record(self, desk, vera, details, siv):
        response = desk.post(url(vera, "edit/"), details | {"first_name": "Siv"})

        vera.refresh_from_db()
        assert response.status_code == 302
        assert vera.first_name == "Siv"
        assert vera.phone == "+46701234567"
        entry = audited("member.changed").get()
        assert entry.data == {"fields": ["first_name"]}
        assert (entry.reason, entry.actor_id) == ("Wrote to us", siv.public_id)
        assert vera.events.get().kind == "member.updated"

    def test_shows_no_contact_details_in_the_open(self, desk, vera):
        page = text_of(desk.get(url(vera, "edit/")))

        assert "vera@ljung.se" not in page
        assert "1234567" not in page

    def test_sets_a_number_and_removes_an_address(self, desk, vera, details):
        change = {"phone": "0709999999", "remove_email": "on"}
        desk.post(url(vera, "edit/"), details | change)

        vera.refresh_from_db()
        assert vera.phone == "+46709999999"
        assert vera.email == ""

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"reason": ""}, "reason"),
            ({"phone": "08-123 456 78"}, "phone"),
            ({"phone": "vera"}, "phone"),
            ({"email": "vera@"}, "email"),
            ({"email": "a@b.se", "remove_email": "on"}, "email"),
            ({"remove_email": "on", "remove_phone": "on"}, "__all__"),
            ({"language": "xx"}, "language"),
            ({"home_store": "x"}, "home_store"),
            ({"birthday_on": "31/31"}, "birthday_on"),
        ],
    )
    def test_says_what_is_wrong_and_changes_nothing(
        self, desk, vera, details, change, field
    ):
        response = desk.post(url(vera, "edit/"), details | change)

        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]
        assert Member.objects.get(pk=vera.pk).email == "vera@ljung.se"
        assert not audited("member.changed").exists()

    @pytest.mark.parametrize("field", ["phone", "email"])
    def test_names_the_member_who_has_it(self, desk, vera, details, programme, field):
        other = MemberFactory(programme=programme)

        response = desk.post(
            url(vera, "edit/"), details | {field: getattr(other, field)}
        )

        assert list(response.context["form"].errors) == [field]
        assert other.number[:4] in str(response.context["form"].errors[field])

    def test_is_closed_to_who_may_only_look(self, desk_client, dag, mia, vera):
        for staff in (dag, mia):
            assert desk_client(staff).get(url(vera, "edit/")).status_code == 403


class TestPalette:
    @pytest.fixture
    def hits(self, programme):
        def ask(staff, words):
            request = RequestFactory().get("/search/")
            request.user = staff
            groups = palette.search(request, words)
            return [
                hit for group in groups if group.key == "members" for hit in group.hits
            ]

        return ask

    def test_finds_a_member_by_name(self, hits, siv, vera):
        (hit,) = hits(siv, "vera")

        assert hit.title == "Vera Lindqvist"
        assert hit.url == url(vera)

    def test_finds_nobody_for_store_staff(self, hits, carl, vera):
        assert hits(carl, "vera") == []

    def test_leaves_out_the_erased(self, hits, siv, programme):
        member = MemberFactory(programme=programme, erased=True)

        assert hits(siv, member.number) == []
