"""How an edition comes about: written, reviewed, published, by two people."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, connection, transaction

from common.periods import local_day
from consent import selectors, texts
from consent.models import Edition, Text
from consent.texts import editing
from consent.texts.editing import (
    ChangedMeanwhile,
    NeedsAnotherPerson,
    NotInWork,
    NotReady,
)
from consent.texts.rules import Code
from consent.texts.wording import Wording
from stores.models import AuditEntry
from stores.roles import Role
from tests.factories.consent import edited, publish_texts
from tests.factories.stores import ProgrammeFactory, StaffFactory

SMS = {"kind": "CONSENT", "purpose": "MARKETING", "channel": "SMS"}
NEWS = {"sv": "Vi skriver också om kurser.", "da": "Kurser.", "en": "Courses too."}


@pytest.fixture
def dora(programme):
    """The data-protection officer."""
    return StaffFactory(programme=programme, role=Role.DATA_PROTECTION_OFFICER)


@pytest.fixture
def draft(programme, mia, now):
    publish_texts(programme)
    return editing.write_draft(programme=programme, staff=mia, now=now, **SMS)


def save(draft, staff, now, **changes):
    content = replace(edited(draft), **changes)
    return editing.save_draft(edition=draft, content=content, staff=staff, now=now)


def in_review(draft, staff, now, **changes):
    saved = save(draft, staff, now, **changes)
    return editing.send_for_review(edition=saved, staff=staff, now=now)


def current(programme, language="sv"):
    return selectors.current_text(programme=programme, language=language, **SMS)


class TestWriteDraft:
    def test_starts_from_the_words_in_force(self, draft, programme):
        assert (draft.state, draft.number) == (Edition.State.DRAFT, 2)
        assert editing.words_of(draft)["sv"].body == current(programme).body
        assert current(programme).version == 1

    def test_starts_from_our_own_wording_where_nothing_was_published(
        self, programme, mia, now
    ):
        draft = editing.write_draft(
            programme=programme,
            kind="CONSENT",
            purpose="PARTNERS",
            channel="ANY",
            staff=mia,
            now=now,
        )

        ours = texts.default_wordings(programme, "partners")
        assert editing.words_of(draft) == ours

    def test_starts_empty_where_we_have_no_wording(self, programme, mia, now):
        draft = editing.write_draft(
            programme=programme,
            kind="CONSENT",
            purpose="MARKETING",
            channel="POST",
            staff=mia,
            now=now,
        )

        assert set(editing.words_of(draft).values()) == {Wording("", "")}

    def test_gives_a_second_writer_the_same_draft(self, draft, programme, olga, now):
        again = editing.write_draft(programme=programme, staff=olga, now=now, **SMS)

        assert again == draft
        assert AuditEntry.objects.filter(action=editing.DRAFTED).count() == 1


class TestSaveDraft:
    def test_keeps_what_is_not_right_yet(self, draft, mia, now):
        half = {each: Wording("", "[x] Ja") for each in editing.LANGUAGES}

        saved = save(draft, mia, now, wordings=half, is_material=True)

        assert editing.words_of(saved) == half
        assert saved.is_material
        entry = AuditEntry.objects.get(action=editing.SAVED)
        assert entry.actor_id == mia.public_id

    def test_refuses_to_write_over_what_somebody_else_saved(
        self, draft, mia, olga, now
    ):
        opened_at = draft.written_at
        save(draft, olga, now + timedelta(minutes=1))

        with pytest.raises(ChangedMeanwhile):
            editing.save_draft(
                edition=draft,
                content=edited(draft),
                staff=mia,
                now=now + timedelta(minutes=2),
                opened_at=opened_at,
            )

    def test_refuses_what_is_in_review(self, draft, mia, now):
        in_review(draft, mia, now)

        with pytest.raises(NotInWork):
            save(draft, mia, now)


class TestSendForReview:
    def test_refuses_what_the_rules_refuse(self, draft, mia, now):
        words = dict(edited(draft).wordings)
        words["en"] = Wording("Offers", f"{words['en'].body}\n\nThe box is checked.")
        saved = save(draft, mia, now, wordings=words)

        with pytest.raises(NotReady) as refused:
            editing.send_for_review(edition=saved, staff=mia, now=now)

        (fault,) = refused.value.faults
        assert (fault.code, fault.quote) == (Code.TICKED, "The box is checked.")

    def test_refuses_what_says_nothing_new(self, draft, mia, now):
        with pytest.raises(NotReady) as refused:
            editing.send_for_review(edition=draft, staff=mia, now=now)

        assert [fault.code for fault in refused.value.faults] == [Code.UNCHANGED]

    def test_hands_it_over(self, draft, mia, now):
        sent = in_review(draft, mia, now)

        assert (sent.state, sent.sent_for_review_at) == (Edition.State.REVIEW, now)


class TestReturnDraft:
    def test_gives_it_back_with_the_reason(self, draft, mia, dora, now):
        sent = in_review(draft, mia, now)

        back = editing.return_draft(
            edition=sent, because="Nämn kurserna.", staff=dora, now=now
        )

        assert (back.state, back.returned_because) == (
            Edition.State.DRAFT,
            "Nämn kurserna.",
        )
        assert AuditEntry.objects.get(action=editing.RETURNED).reason

    def test_refuses_what_is_not_in_review(self, draft, dora, now):
        with pytest.raises(NotInWork):
            editing.return_draft(edition=draft, because="", staff=dora, now=now)


class TestPublishEdition:
    def test_lets_it_hold_in_every_language(self, draft, programme, mia, dora, now):
        sent = in_review(draft, mia, now)

        done = editing.publish_edition(edition=sent, staff=dora, now=now)

        assert (done.state, done.published_by, done.published_at) == (
            Edition.State.PUBLISHED,
            dora,
            now,
        )
        for language in editing.LANGUAGES:
            text = current(programme, language)
            assert (text.version, text.edition) == (2, done)
            assert bytes(text.text_hash) == texts.digest(Wording(text.title, text.body))
        assert AuditEntry.objects.get(action=editing.PUBLISHED).data == {
            "edition": str(done.public_id),
            "is_material": False,
        }

    def test_refuses_who_wrote_it_when_another_can(self, draft, olga, dora, now):
        sent = in_review(draft, olga, now)

        with pytest.raises(NeedsAnotherPerson):
            editing.publish_edition(edition=sent, staff=olga, now=now)

    def test_lets_the_only_one_who_may_publish_their_own(self, draft, olga, mia, now):
        gone = StaffFactory(
            programme=olga.programme, role=Role.OWNER, name="Gone", is_active=False
        )
        StaffFactory(programme=ProgrammeFactory(), role=Role.OWNER)
        sent = in_review(draft, olga, now)

        done = editing.publish_edition(edition=sent, staff=olga, now=now)

        assert done.published_by == olga
        assert gone.roles.exists()

    def test_refuses_a_draft(self, draft, dora, now):
        with pytest.raises(NotInWork):
            editing.publish_edition(edition=draft, staff=dora, now=now)

    def test_refuses_a_day_that_has_come_closer_in_review(
        self, programme, mia, dora, now
    ):
        publish_texts(programme)
        draft = editing.write_draft(
            programme=programme, kind="TERMS", staff=mia, now=now
        )
        today = local_day(now, programme.zone)
        sent = in_review(draft, mia, now, holds_from=today + timedelta(days=30))

        with pytest.raises(NotReady) as refused:
            editing.publish_edition(
                edition=sent, staff=dora, now=now + timedelta(days=1)
            )

        assert [fault.code for fault in refused.value.faults] == [Code.NOTICE_SHORT]

    def test_is_never_changed_afterwards(self, draft, mia, dora, now):
        done = editing.publish_edition(
            edition=in_review(draft, mia, now), staff=dora, now=now
        )

        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Edition.objects.filter(pk=done.pk).update(is_material=True)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Text.objects.filter(edition=done).update(body="Allt är tillåtet")

    def test_holds_over_what_was_published_beside_it(
        self, draft, programme, mia, dora, now
    ):
        texts.publish(
            programme=programme, **SMS, wordings={"sv": Wording("A", "B")}, now=now
        )

        done = editing.publish_edition(
            edition=in_review(draft, mia, now), staff=dora, now=now
        )

        assert current(programme).edition == done


@pytest.mark.django_db(transaction=True)
class TestTwoPublishers:
    def both(self, edition, publishers, now, publish):
        barrier, ends = Barrier(2), []

        def one(staff):
            try:
                barrier.wait(timeout=10)
                publish(edition=edition, staff=staff, now=now)
                ends.append("published")
            except NotInWork:
                ends.append("refused")
            finally:
                connection.close()

        threads = [Thread(target=one, args=(each,)) for each in publishers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(ends)

    def test_publish_once(self, draft, mia, olga, dora, now):
        sent = in_review(draft, mia, now)

        ends = self.both(sent, [olga, dora], now, editing.publish_edition)

        assert ends == ["published", "refused"]
        assert AuditEntry.objects.filter(action=editing.PUBLISHED).count() == 1

    def test_would_both_find_it_in_review_without_the_lock(
        self, draft, mia, olga, dora, now
    ):
        sent = in_review(draft, mia, now)
        looked = Barrier(2)

        def publish_without_lock(*, edition, staff, now):
            with transaction.atomic():
                found = Edition.objects.get(pk=edition.pk)
                looked.wait(timeout=10)
                if found.state != Edition.State.REVIEW:
                    raise NotInWork

        ends = self.both(sent, [olga, dora], now, publish_without_lock)

        assert ends == ["published", "published"]


class TestDiscard:
    def test_makes_room_for_another_draft(self, draft, programme, mia, now):
        editing.discard(edition=draft, staff=mia, now=now)

        again = editing.write_draft(programme=programme, staff=mia, now=now, **SMS)
        assert (again.number, again.state) == (3, Edition.State.DRAFT)

    def test_refuses_what_holds(self, draft, mia, dora, now):
        done = editing.publish_edition(
            edition=in_review(draft, mia, now), staff=dora, now=now
        )

        with pytest.raises(NotInWork):
            editing.discard(edition=done, staff=mia, now=now)
