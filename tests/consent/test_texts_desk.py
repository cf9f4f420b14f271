"""The pages on which texts are written, reviewed and published."""

from datetime import timedelta

import pytest
from django.urls import reverse

from common.periods import local_day
from consent.models import Edition
from consent.texts import editing
from stores.roles import Role
from tests.factories.consent import answer, edited, publish_change, publish_texts
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory, StaffFactory

HTMX = {"HX-Request": "true"}
SMS = {"kind": "CONSENT", "purpose": "MARKETING", "channel": "SMS"}
NEWS = {"sv": "Vi skriver om kurser.", "da": "Kurser.", "en": "Courses too."}


@pytest.fixture(autouse=True)
def _in_english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def dora(programme):
    """The data-protection officer."""
    return StaffFactory(
        programme=programme, name="Dora", role=Role.DATA_PROTECTION_OFFICER
    )


@pytest.fixture
def draft(programme, mia, now):
    publish_texts(programme)
    return editing.write_draft(programme=programme, staff=mia, now=now, **SMS)


@pytest.fixture
def material(programme, now):
    return {
        "is_material": True,
        "news": NEWS,
        "answer_by": local_day(now, programme.zone) + timedelta(days=30),
    }


@pytest.fixture
def sent(draft, mia, now, material):
    saved = editing.save_draft(
        edition=draft, content=edited(draft, **material), staff=mia, now=now
    )
    return editing.send_for_review(edition=saved, staff=mia, now=now)


def at(name, edition):
    return reverse(f"privacy:edition-{name}", args=[edition.public_id])


def typed(draft, **changes):
    """Return what the form sends for an edited draft."""
    content = edited(draft)
    data = {"opened": draft.written_at.isoformat(), "tab": "sv"}
    for language, wording in content.wordings.items():
        data[f"title_{language}"] = wording.title
        data[f"body_{language}"] = wording.body
        data[f"news_{language}"] = ""
    return {**data, **changes}


class TestTextList:
    def test_tells_what_holds_from_what_is_in_work(self, desk_client, mia, draft):
        page = desk_client(mia).get(reverse("privacy:text-list"))

        rows = {name: row for row, name in page.context["in_use"]}
        sms = rows["Offers and news by SMS"]
        assert (sms.in_force.number, sms.in_work) == (1, draft)
        unused = [name for _row, name in page.context["unused"]]
        assert unused[0] == "Sharing with partners"

    def test_begins_empty(self, desk_client, mia):
        page = desk_client(mia).get(reverse("privacy:text-list"))

        assert "No texts yet" in page.content.decode()

    def test_asks_the_database_no_more_for_more_texts(
        self, desk_client, mia, draft, programme, now, django_assert_max_num_queries
    ):
        client = desk_client(mia)
        editing.write_draft(programme=programme, kind="TERMS", staff=mia, now=now)

        with django_assert_max_num_queries(9):
            client.get(reverse("privacy:text-list"))


class TestTextDetail:
    def test_shows_the_words_in_force_in_each_language(
        self, desk_client, mia, draft, programme
    ):
        client = desk_client(mia)
        address = reverse("privacy:text-detail", args=["marketing-sms"])

        swedish = client.get(address).content.decode()
        danish = client.get(f"{address}?language=da").content.decode()

        assert "Erbjudanden och nyheter via sms" in swedish
        assert "Tilbud og nyheder på sms" in danish
        assert "Go on writing" in swedish

    def test_knows_no_other_texts(self, desk_client, mia):
        address = reverse("privacy:text-detail", args=["marketing-any"])

        assert desk_client(mia).get(address).status_code == 404

    def test_counts_who_agreed_to_which_edition(
        self, desk_client, mia, dora, programme, draft, now, material
    ):
        answer(MemberFactory(programme=programme), "GIVEN")
        edition = publish_change(draft, writer=mia, publisher=dora, now=now, **material)
        for _each in range(2):
            answer(MemberFactory(programme=programme), "GIVEN", at=now)
        elsewhere = ProgrammeFactory(name="Annan")
        answer(MemberFactory(programme=elsewhere), "GIVEN")
        client = desk_client(mia)
        address = reverse("privacy:text-agreed-panel", args=["marketing-sms"])

        panel, page = client.get(address, headers=HTMX), client.get(address)

        counted = [(row.version, row.members) for row in panel.context["agreed"]]
        assert counted == [(edition.number, 2), (1, 1)]
        assert "<html" not in panel.content.decode()
        assert "<html" in page.content.decode()


class TestEditor:
    def test_keeps_what_was_typed(self, desk_client, mia, draft):
        client = desk_client(mia)

        answer_ = client.post(at("detail", draft), typed(draft, tab="da"))

        assert answer_.status_code == 302
        assert answer_["Location"].endswith("?language=da")
        page = client.get(answer_["Location"])
        assert "Vi skriver højst en gang om ugen." in page.content.decode()
        assert page.context["tab"] == "da"

    def test_saves_a_text_that_is_wrong_but_does_not_send_it(
        self, desk_client, mia, draft
    ):
        words = "Genom att bli medlem godkänner du också sms från Ljung & Dal AB."

        page = desk_client(mia).post(
            at("detail", draft), typed(draft, body_sv=words, review="1")
        )

        assert page.status_code == 422
        said = page.content.decode()
        assert "a yes must not be the price of being a member" in said
        draft.refresh_from_db()
        assert draft.state == Edition.State.DRAFT
        assert editing.words_of(draft)["sv"].body == words

    def test_shows_what_was_typed_when_it_cannot_be_saved(
        self, desk_client, mia, olga, draft, now
    ):
        data = typed(draft, body_sv="Mina egna ord")
        editing.save_draft(edition=draft, content=edited(draft), staff=olga, now=now)
        Edition.objects.filter(pk=draft.pk).update(
            written_at=now + timedelta(minutes=1)
        )

        page = desk_client(mia).post(at("detail", draft), data)

        assert page.status_code == 422
        assert "Olga Berg saved this draft" in page.content.decode()
        assert "Mina egna ord" in page.content.decode()

    def test_refuses_a_title_that_is_too_long(self, desk_client, mia, draft):
        page = desk_client(mia).post(
            at("detail", draft), typed(draft, title_sv="x" * 121)
        )

        assert page.status_code == 422
        assert "x" * 121 in page.content.decode()

    def test_previews_without_saving(self, desk_client, mia, draft):
        data = typed(draft, body_sv="## Rubrik\n\n<b>[x]</b> Ja")

        part = desk_client(mia).post(at("preview", draft), data, headers=HTMX)

        said = part.content.decode()
        assert "<h3>Rubrik</h3>" in said
        assert "&lt;b&gt;[x]&lt;/b&gt; Ja" in said
        assert "nothing may be ticked beforehand" in said
        draft.refresh_from_db()
        assert "Rubrik" not in editing.words_of(draft)["sv"].body

    def test_is_begun_and_given_up(self, desk_client, mia, programme):
        client = desk_client(mia)
        client.post(reverse("privacy:text-write", args=["partners-any"]))
        draft = Edition.objects.get()

        client.post(at("discard", draft))

        draft.refresh_from_db()
        assert draft.state == Edition.State.DISCARDED


class TestReview:
    def test_shows_what_changes_beside_the_words_in_force(self, desk_client, mia, sent):
        page = desk_client(mia).get(at("detail", sent))

        assert "<ins>Vi hör av oss högst en gång i veckan.</ins>" in (
            page.content.decode()
        )
        assert "Publish…" not in page.content.decode()

    def test_is_sent_back_with_a_reason(self, desk_client, dora, sent):
        client = desk_client(dora)

        without = client.post(at("return", sent), {"because": ""})
        client.post(at("return", sent), {"because": "Nämn kurserna."})

        assert without.status_code == 422
        sent.refresh_from_db()
        assert (sent.state, sent.returned_because) == ("DRAFT", "Nämn kurserna.")


class TestPublish:
    def test_says_how_many_are_asked_again_and_by_when(
        self, desk_client, dora, sent, programme
    ):
        for _each in range(2):
            answer(MemberFactory(programme=programme), "GIVEN")

        page = desk_client(dora).get(at("publish", sent))

        said = page.content.decode()
        assert page.context["to_ask"] == 2
        assert "<b>2 members</b> said yes to an earlier edition" in said
        assert "They answer by" in said

    def test_publishes(self, desk_client, dora, sent):
        response = desk_client(dora).post(at("publish", sent))

        assert response["Location"] == reverse(
            "privacy:text-detail", args=["marketing-sms"]
        )
        sent.refresh_from_db()
        assert (sent.state, sent.published_by) == ("PUBLISHED", dora)

    def test_refuses_the_writer(self, desk_client, olga, dora, draft, now, material):
        saved = editing.save_draft(
            edition=draft, content=edited(draft, **material), staff=olga, now=now
        )
        sent = editing.send_for_review(edition=saved, staff=olga, now=now)
        client = desk_client(olga)

        asked, page = client.get(at("publish", sent)), client.post(at("publish", sent))

        assert "You wrote this." in asked.content.decode()
        assert page.status_code == 422
        sent.refresh_from_db()
        assert sent.state == "REVIEW"

    def test_says_that_somebody_else_was_first(
        self, desk_client, olga, dora, sent, now
    ):
        editing.publish_edition(edition=sent, staff=dora, now=now)

        page = desk_client(olga).post(at("publish", sent), follow=True)

        assert "Somebody else has published it." in page.content.decode()

    @pytest.mark.parametrize(
        "role", [Role.MARKETER, Role.CUSTOMER_SERVICE, Role.ANALYST]
    )
    def test_is_for_owners_and_the_officer(self, desk_client, programme, sent, role):
        staff = StaffFactory(programme=programme, role=role)

        assert desk_client(staff).post(at("publish", sent)).status_code == 403


class TestAnotherClub:
    def test_sees_nothing_of_it(self, desk_client, draft):
        stranger = StaffFactory(
            programme=ProgrammeFactory(name="Annan"), role=Role.OWNER
        )

        assert desk_client(stranger).get(at("detail", draft)).status_code == 404
