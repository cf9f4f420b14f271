from datetime import date, timedelta

import pytest
from django.utils import timezone

from consent.models import ConsentEntry
from members import cards, duplicates, identity, merging
from members.models import DuplicatePair, Identifier, Member, Merge
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.club import buy, line, open_club
from tests.factories.consent import answer
from tests.factories.members import REGISTERED_AT as NOW
from tests.factories.members import MemberFactory
from tests.factories.stores import StaffFactory

BORN = date(1984, 3, 9)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def desk(desk_client, siv):
    client = desk_client(siv)
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def vera(programme, store):
    return MemberFactory(
        programme=programme,
        birthday_on=BORN,
        postcode="753 10",
        phone="+46701234567",
        email="vera@ljung.se",
        home_store=store,
    )


@pytest.fixture
def other(vera):
    return MemberFactory(
        programme=vera.programme,
        first_name="VERA",
        birthday_on=BORN,
        postcode="75310",
        phone="+46707654321",
        email="v.l@arbete.se",
        registered_at=NOW + timedelta(days=30),
    )


@pytest.fixture
def pair(vera, other):
    duplicates.look_at([vera.pk], now=NOW)
    return DuplicatePair.objects.get()


def url(pair, page=""):
    return f"/members/duplicates/{pair.public_id}/{page}"


def text_of(response):
    return response.content.decode()


def merge_of(kept, merged, **more):
    return merging.merge_members(
        kept=kept,
        merged=merged,
        **({"staff": None, "reason": "Both", "now": timezone.now()} | more),
    )


class TestDuplicateList:
    def test_shows_the_likeliest_first_with_why(self, desk, pair, programme):
        for _each in range(2):
            MemberFactory(
                programme=programme,
                first_name="Olle",
                last_name="Ek",
                birthday_on=BORN,
            )
        duplicates.find_all(programme=programme, now=NOW)

        response = desk.get("/members/duplicates/")

        shown = [row.record.score for row in response.context["table"].rows]
        assert shown == [95, 70]
        assert "Same name, birthday and postcode" in text_of(response)

    def test_shows_no_contact_details_and_exports_none(self, desk, pair, vera, other):
        page = text_of(desk.get("/members/duplicates/"))
        file = b"".join(
            desk.get("/members/duplicates/?format=csv").streaming_content
        ).decode()

        for each in (page, file):
            for secret in ("vera@ljung.se", "v.l@arbete.se", "1234567", "7654321"):
                assert secret not in each
        assert "Same name, birthday and postcode" in file
        assert other.number[:4] in file
        assert AuditEntry.objects.filter(action="member.duplicates_exported").exists()

    def test_is_filtered_by_likeness(self, desk, pair):
        address = "/members/duplicates/?likeness="

        assert len(desk.get(f"{address}MAILBOX").context["table"].rows) == 0
        found = desk.get(f"{address}NAME_BIRTHDAY_POSTCODE").context["table"].rows
        assert len(found) == 1

    def test_says_so_when_there_is_nothing(self, desk):
        assert "Nobody looks like somebody else" in text_of(
            desk.get("/members/duplicates/")
        )

    def test_asks_as_many_questions_for_many_pairs_as_for_one(
        self, desk, vera, pair, programme, django_assert_max_num_queries
    ):
        for _each in range(6):
            MemberFactory(programme=programme, birthday_on=BORN)
        duplicates.look_at([vera.pk], now=NOW)

        with django_assert_max_num_queries(13):
            assert len(desk.get("/members/duplicates/").context["table"].rows) == 7

    def test_is_closed_to_the_marketer(self, desk_client, mia, pair):
        client = desk_client(mia)

        assert client.get("/members/duplicates/").status_code == 403
        assert client.get(url(pair)).status_code == 403


class TestSideBySide:
    def test_marks_what_differs_and_masks_contacts(self, desk, pair, vera):
        response = desk.get(url(pair))

        differs = {row.name: row.is_different for row in response.context["rows"]}
        assert differs["phone"]
        assert differs["first_name"]
        assert not differs["birthday_on"]
        # 753 10 and 75310 are one postcode.
        assert not differs["postcode"]
        page = text_of(response)
        assert "07•-••• •• 67" in page
        assert "vera@ljung.se" not in page
        viewed = AuditEntry.objects.filter(action="member.viewed")
        assert set(viewed.values_list("member_id", flat=True)) == {
            vera.public_id,
            pair.second.public_id,
        }

    def test_says_what_becomes_of_points_receipts_and_permissions(
        self, desk, pair, vera, other, programme, store
    ):
        open_club(programme)
        buy(other, store, line("450.00"), now=timezone.now())
        answer(vera, ConsentEntry.Action.GIVEN)
        answer(other, ConsentEntry.Action.WITHDRAWN)

        outcome = " ".join(desk.get(url(pair)).context["outcome"])

        assert "450 points, worth 45" in outcome
        assert "1 receipt, 450" in outcome
        assert "(SMS): no, because one of them said no" in outcome

    def test_says_it_anew_for_the_other_choice(self, desk, pair, vera, other):
        first = desk.get(f"{url(pair)}?kept=first", headers=HTMX)
        second = desk.get(f"{url(pair)}?kept=second", headers=HTMX)

        assert "<html" not in text_of(first)
        assert first.context["kept"] == vera
        assert second.context["kept"] == other
        assert desk.get(f"{url(pair)}?kept=nobody").context["kept"] == vera

    def test_offers_the_data_protection_officer_nothing_to_decide(
        self, desk_client, dag, pair
    ):
        client = desk_client(dag)
        client.cookies["language"] = "en"

        page = text_of(client.get(url(pair)))

        assert "Merge" not in page.split("<main")[1]
        assert client.post(url(pair, "merge/")).status_code == 403
        assert client.post(url(pair, "dismiss/")).status_code == 403

    def test_hides_pairs_of_other_clubs(self, desk_client, pair):
        stranger = StaffFactory(role=Role.OWNER)

        assert desk_client(stranger).get(url(pair)).status_code == 404

    def test_says_that_a_blocked_member_is_not_merged(self, desk, pair, other):
        Member.objects.filter(pk=other.pk).update(status="BLOCKED")

        page = text_of(desk.get(url(pair)))

        assert "is blocked" in page
        assert "What merging does" not in page

    def test_shows_contacts_in_the_open_to_who_says_why(self, desk, pair):
        assert desk.post(url(pair, "reveal/"), {"reason": ""}).status_code == 422

        page = text_of(desk.post(url(pair, "reveal/"), {"reason": "On the phone"}))

        assert "vera@ljung.se" in page
        assert "v.l@arbete.se" in page
        revealed = AuditEntry.objects.filter(action="member.contact_revealed")
        assert revealed.count() == 2


class TestDuplicateMerge:
    def test_keeps_whom_and_what_was_chosen(self, desk, pair, vera, other, siv):
        response = desk.post(
            url(pair, "merge/"),
            {
                "kept": "second",
                "phone": "first",
                "email": "second",
                "first_name": "first",
                "reason": "Both cards",
            },
        )

        other.refresh_from_db()
        vera.refresh_from_db()
        pair.refresh_from_db()
        assert response.url == f"/members/{other.public_id}/"
        assert vera.merged_into == other
        assert (other.phone, other.email) == ("+46701234567", "v.l@arbete.se")
        assert other.first_name == "Vera"
        assert pair.state == DuplicatePair.State.MERGED
        merge = Merge.objects.get()
        assert (merge.staff, merge.reason) == (siv, "Both cards")
        page = text_of(desk.get(response.url))
        assert "It can be undone." in page
        assert f"/members/merges/{merge.public_id}/undo/" in page

    def test_wants_a_reason_and_keeps_what_was_chosen(self, desk, pair):
        response = desk.post(url(pair, "merge/"), {"kept": "second", "phone": "first"})

        assert response.status_code == 422
        assert not Merge.objects.exists()
        chosen = {row.choice: row.chosen for row in response.context["rows"]}
        assert chosen["phone"] == "first"
        assert [side.is_kept for side in response.context["sides"]] == [False, True]

    def test_says_why_it_cannot_be(self, desk, pair, other):
        Member.objects.filter(pk=other.pk).update(status="BLOCKED")

        response = desk.post(url(pair, "merge/"), {"kept": "first", "reason": "Same"})

        assert response.status_code == 422
        assert not Merge.objects.exists()
        assert "blocked" in str(response.context["form"].non_field_errors())


class TestDismiss:
    def test_takes_the_pair_off_the_list_until_it_is_put_back(self, desk, pair, siv):
        assert desk.post(url(pair, "dismiss/"), {"reason": ""}).status_code == 422

        response = desk.post(url(pair, "dismiss/"), {"reason": "Twins"})

        pair.refresh_from_db()
        assert response.url == "/members/duplicates/"
        assert (pair.state, pair.decided_by) == (DuplicatePair.State.DISMISSED, siv)
        assert "Siv Holm noted" in text_of(desk.get(url(pair)))

        desk.post(url(pair, "reopen/"))
        pair.refresh_from_db()
        assert pair.state == DuplicatePair.State.OPEN


class TestMergeWithAnother:
    def test_leads_to_both_side_by_side(self, desk, programme, vera):
        other = MemberFactory(programme=programme, first_name="Olle", last_name="Ek")
        page = f"/members/{vera.public_id}/merge/"

        response = desk.post(page, {"number": other.number})

        pair = DuplicatePair.objects.get()
        assert response.url == url(pair)
        # Nothing is alike: it is no work for anybody else.
        assert pair.state == DuplicatePair.State.GONE
        assert "Merge" in text_of(desk.get(url(pair)))

    @pytest.mark.parametrize("number", ["", "881234567895", "vera", "her own"])
    def test_says_when_there_is_nobody(self, desk, vera, number):
        typed = vera.number if number == "her own" else number

        response = desk.post(f"/members/{vera.public_id}/merge/", {"number": typed})

        assert response.status_code == 422
        assert list(response.context["form"].errors) == ["number"]


class TestMerges:
    def test_lists_who_when_and_until_when(self, desk, vera, other, siv):
        merge_of(vera, other, staff=siv)

        page = text_of(desk.get("/members/merges/"))

        assert "Siv Holm" in page
        assert "Can be undone" in page
        assert vera.number[:4] in page

    def test_are_filtered_by_what_can_be_done(self, desk, programme, vera, other):
        old = MemberFactory(programme=programme)
        merge_of(vera, old, now=timezone.now() - timedelta(days=31))
        merge = merge_of(vera, other)

        def rows(state):
            table = desk.get(f"/members/merges/?state={state}").context["table"]
            return len(table.rows)

        assert [rows(state) for state in ("undoable", "final", "undone")] == [1, 1, 0]
        merging.undo_merge(merge=merge, staff=None, now=timezone.now())
        assert [rows(state) for state in ("undoable", "final", "undone")] == [0, 1, 1]

    def test_asks_as_many_questions_for_many_merges_as_for_one(
        self, desk, programme, vera, django_assert_max_num_queries
    ):
        for _each in range(5):
            merge_of(vera, MemberFactory(programme=programme))

        with django_assert_max_num_queries(12):
            assert len(desk.get("/members/merges/").context["table"].rows) == 5

    def test_can_be_undone_after_asking(self, desk, pair, vera, other, siv):
        merge = merge_of(vera, other)
        page = f"/members/merges/{merge.public_id}/undo/"

        assert "becomes" not in text_of(desk.get(page))
        other.refresh_from_db()
        assert other.status == Member.Status.MERGED
        response = desk.post(page)

        merge.refresh_from_db()
        other.refresh_from_db()
        pair.refresh_from_db()
        assert response.url == f"/members/{vera.public_id}/"
        assert (merge.undone_by, other.status) == (siv, Member.Status.ACTIVE)
        assert pair.state == DuplicatePair.State.DISMISSED

    def test_say_why_they_cannot_be_undone(self, desk, programme, vera, other):
        merge = merge_of(vera, other)
        merge_of(vera, MemberFactory(programme=programme))

        response = desk.post(f"/members/merges/{merge.public_id}/undo/")

        assert response.status_code == 422
        assert "later one" in text_of(response)


class TestMergedMember:
    def test_says_into_whom_and_leads_there(self, desk, vera, other):
        merge_of(vera, other)

        page = text_of(desk.get(f"/members/{other.public_id}/"))

        assert "merged into another one" in page
        assert f'href="/members/{vera.public_id}/"' in page
        assert f"/members/{other.public_id}/edit/" not in page

    @pytest.mark.parametrize("page", ["card/add/", "card/replace/", "card/print/"])
    def test_has_no_card_of_their_own(self, desk, vera, other, page):
        merge_of(vera, other)

        assert desk.get(f"/members/{other.public_id}/{page}").status_code == 404


class TestKnownBy:
    @pytest.fixture
    def card(self, vera):
        return identity.add_identifier(
            member=vera, kind="CARD", value="BUTIK-1", proof="STAFF", now=NOW
        )

    def page(self, desk, member, page=""):
        return text_of(desk.get(f"/members/{member.public_id}/{page}"))

    def test_shows_what_is_in_use_and_what_was(self, desk, vera, card):
        identity.change_contact(
            member=vera, kind="PHONE", value="+46701799988", proof="CODE", now=NOW
        )

        response = desk.get(f"/members/{vera.public_id}/identifiers/", headers=HTMX)

        live = [(known.value, known.is_current) for known in response.context["live"]]
        assert live[1:] == [
            ("07•-••• •• 88", True),
            ("v•••@l•••.se", True),
            ("BUTIK-1", False),
        ]
        assert [known.value for known in response.context["ended"]] == ["07•-••• •• 67"]
        assert "1799988" not in text_of(response)

    def test_offers_changes_to_who_may_make_them(self, desk_client, mia, siv, vera):
        for staff, may in ((mia, False), (siv, True)):
            page = self.page(desk_client(staff), vera, "identifiers/")
            assert ("card/replace/" in page) is may

    def test_gets_a_card_that_was_typed_or_scanned(self, desk, vera):
        response = desk.post(
            f"/members/{vera.public_id}/card/add/", {"number": "butik 2"}
        )

        assert response.status_code == 302
        card = Identifier.objects.get(kind="CARD")
        assert (card.value, card.proof, card.member) == ("BUTIK2", "STAFF", vera)
        entry = AuditEntry.objects.get(action="member.card_added")
        assert (entry.member_id, entry.subject) == (
            vera.public_id,
            str(card.public_id),
        )

    @pytest.mark.parametrize("whose", ["hers", "another's", "lost", "none"])
    def test_refuses_a_card_that_is_not_to_be_had(self, desk, vera, other, whose):
        number = {"hers": vera.number, "another's": other.number, "none": "1" * 40}
        if whose == "lost":
            number["lost"] = other.number
            identity.replace_card(member=other, end="LOST", now=NOW)

        response = desk.post(
            f"/members/{vera.public_id}/card/add/", {"number": number[whose]}
        )

        assert response.status_code == 422
        assert list(response.context["form"].errors) == ["number"]
        assert not Identifier.objects.filter(member=vera, kind="CARD").exists()

    def test_gets_a_new_number_for_a_lost_card(self, desk, vera):
        old = vera.number
        page = f"/members/{vera.public_id}/card/replace/"
        assert desk.post(page, {"end": ""}).status_code == 422

        desk.post(page, {"end": "LOST"})

        vera.refresh_from_db()
        assert vera.number != old
        entry = AuditEntry.objects.get(action="member.card_replaced")
        assert entry.data == {"end": "LOST"}

    def test_ends_what_is_not_the_current_contact(self, desk, vera, card):
        page = f"/members/{vera.public_id}/identifiers/{card.public_id}/end/"
        assert desk.post(page, {"end": "LOST"}).status_code == 422
        assert desk.post(page, {"end": "PASSED_ON", "reason": "x"}).status_code == 422

        desk.post(page, {"end": "LOST", "reason": "Wrote to us"})

        card.refresh_from_db()
        assert card.end == "LOST"
        entry = AuditEntry.objects.get(action="member.identifier_ended")
        assert (entry.reason, entry.data["identifier"]) == ("Wrote to us", "CARD")
        phone = Identifier.objects.get(member=vera, kind="PHONE")
        for each in (card, phone):
            page = f"/members/{vera.public_id}/identifiers/{each.public_id}/end/"
            assert desk.get(page).status_code == 404

    def test_is_shown_in_full_with_the_other_contacts(self, desk, vera):
        identity.add_identifier(
            member=vera, kind="EMAIL", value="vera@arbete.se", proof="CODE", now=NOW
        )

        page = text_of(
            desk.post(f"/members/{vera.public_id}/reveal/", {"reason": "Asked to call"})
        )

        assert "vera@arbete.se" in page

    def test_is_on_a_card_for_paper_with_both_codes(self, desk, vera):
        page = self.page(desk, vera, "card/print/")

        assert "code128" in page
        assert 'class="qr"' in page
        assert AuditEntry.objects.filter(action="member.viewed").exists()


class TestSearchByWhatTheyAreKnownBy:
    def found(self, desk, words):
        """Return who was found, and what the page says."""
        response = desk.get("/members/", {"q": words})
        members = [row.record for row in response.context["table"].rows]
        return members, text_of(response)

    @pytest.mark.parametrize(
        ("kind", "value", "typed", "said"),
        [
            ("PHONE", "+46701799977", "070-179 99 77", "Mobile number"),
            ("EMAIL", "x@arbete.se", "X@arbete.se", "E-mail"),
            ("CARD", "BUTIK77", "butik 77", "Card BUTIK77"),
            ("EXTERNAL", "C-77", "C-77", "shop C-77"),
        ],
    )
    def test_finds_by_the_whole_value(self, desk, vera, kind, value, typed, said):
        identity.add_identifier(
            member=vera,
            kind=kind,
            value=value,
            system="shop" if kind == "EXTERNAL" else "",
            proof="STAFF",
            now=NOW,
        )

        members, page = self.found(desk, typed)

        assert members == [vera]
        assert said in page
        assert "1799977" not in page
        assert self.found(desk, typed[:-1])[0] == []

    def test_finds_by_no_number_that_is_not_proven(self, desk, vera):
        identity.add_identifier(
            member=vera, kind="PHONE", value="+46701799977", now=NOW
        )

        assert self.found(desk, "070-179 99 77")[0] == []

    def test_says_that_a_card_was_lost(self, desk, vera):
        old = vera.number
        identity.replace_card(member=vera, end="LOST", now=NOW)

        members, page = self.found(desk, old)

        assert members == [vera]
        assert ": lost" in page

    def test_says_nothing_of_it_when_it_is_the_current_number(self, desk, vera):
        identity.prove(
            member=vera, kind="PHONE", value=vera.phone, proof="CODE", now=NOW
        )

        members, page = self.found(desk, "070-123 45 67")

        assert members == [vera]
        assert cards.display_number(vera.number) in page
        assert "Mobile number" not in page
