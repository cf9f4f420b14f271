"""Versions are drafted, changed, discarded and published."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import translation

from points.models import EarningRule
from points.programme import drafts, worsened
from points.programme.comparing import worsenings
from points.programme.drafts import (
    CannotPublish,
    ChangedMeanwhile,
    NeedsNotice,
    NotADraft,
    Start,
    content_of,
)
from points.selectors import find_rule
from points.terms import Multiplier, Stacking, Vouchers, When
from stores.models import AuditEntry
from tests.factories.points import EarningRuleFactory
from tests.points.programme import test_comparing
from tests.points.programme.versions import TERMS

pytestmark = pytest.mark.django_db

SOON = datetime(2026, 12, 1, tzinfo=UTC)
LATER = datetime(2027, 2, 1, tzinfo=UTC)
DOUBLE = Multiplier("helg", Decimal(2), When(weekdays=(6, 7)))


@pytest.fixture
def draft(programme, mia, now, in_force):
    return drafts.create_draft(programme=programme, staff=mia, now=now)


def change(draft, staff, now, **changes):
    content = content_of(draft)
    terms = {k: v for k, v in changes.items() if hasattr(content.terms, k)}
    columns = {k: v for k, v in changes.items() if k not in terms}
    content = replace(content, terms=replace(content.terms, **terms), **columns)
    return drafts.change_draft(draft=draft, content=content, staff=staff, now=now)


def publish(draft, staff, now, starts_at=SOON, **promised):
    return drafts.publish(
        draft=draft, start=Start(starts_at, **promised), staff=staff, now=now
    )


class TestCreateDraft:
    def test_copies_the_version_in_force(self, draft, in_force):
        assert draft.status == EarningRule.Status.DRAFT
        assert draft.version == in_force.version + 1
        assert content_of(draft) == content_of(in_force)

    def test_copies_any_version(self, programme, mia, now, in_force):
        other = EarningRuleFactory(programme=programme, reward_points=700)

        draft = drafts.create_draft(
            programme=programme, staff=mia, now=now, source=other
        )

        assert draft.reward_points == 700

    def test_begins_a_club_that_has_none(self, programme, mia, now):
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)

        assert (draft.version, draft.points_per_unit) == (1, 1)

    def test_suggests_a_start_that_leaves_time_for_a_notice(self, draft, now):
        assert draft.starts_at - now > drafts.NOTICE

    def test_suggests_one_after_what_is_published(self, programme, mia, now, in_force):
        EarningRuleFactory(programme=programme, starts_at=LATER, published=True)

        draft = drafts.create_draft(programme=programme, staff=mia, now=now)

        assert draft.starts_at > LATER

    def test_is_audited(self, draft, mia):
        entry = AuditEntry.objects.get(action=drafts.DRAFTED)

        assert (entry.actor_id, entry.subject) == (
            mia.public_id,
            str(draft.public_id),
        )


class TestChangeDraft:
    def test_keeps_what_is_not_right_yet(self, draft, mia, now):
        saved = change(draft, mia, now, pending_days=9999)

        assert content_of(saved).terms.pending_days == 9999

    def test_keeps_the_whole_form(self, draft, mia, now):
        change(
            draft,
            mia,
            now,
            **{
                name: getattr(TERMS, name)
                for name in (
                    "multipliers",
                    "actions",
                    "vouchers",
                    "ladder",
                    "currencies",
                )
            },
        )

        draft.refresh_from_db()
        assert content_of(draft).terms == TERMS

    def test_refuses_when_somebody_else_saved_meanwhile(self, draft, mia, olga, now):
        opened = now
        change(draft, olga, now + timedelta(minutes=1), pending_days=1)

        with pytest.raises(ChangedMeanwhile):
            drafts.change_draft(
                draft=draft,
                content=content_of(draft),
                staff=mia,
                now=now + timedelta(minutes=2),
                opened_at=opened,
            )

    def test_lets_the_same_person_save_from_two_windows(self, draft, mia, now):
        change(draft, mia, now + timedelta(minutes=1), pending_days=1)

        drafts.change_draft(
            draft=draft, content=content_of(draft), staff=mia, now=now, opened_at=now
        )

    def test_refuses_a_version_that_is_published(self, in_force, mia, now):
        with pytest.raises(NotADraft):
            change(in_force, mia, now, pending_days=3)


class TestDiscardDraft:
    def test_leaves_nothing_but_a_note_in_the_trail(self, draft, mia, now):
        drafts.discard_draft(draft=draft, staff=mia, now=now)

        assert not EarningRule.objects.filter(pk=draft.pk).exists()
        assert AuditEntry.objects.filter(action=drafts.DISCARDED).count() == 1

    def test_refuses_a_version_that_is_published(self, in_force, mia, now):
        with pytest.raises(NotADraft):
            drafts.discard_draft(draft=in_force, staff=mia, now=now)


class TestPublish:
    def test_lets_better_terms_start_soon(self, programme, draft, mia, now):
        change(draft, mia, now, multipliers=(DOUBLE,))

        row = publish(draft, mia, now)

        assert (row.status, row.published_by, row.published_at) == (
            EarningRule.Status.PUBLISHED,
            mia,
            now,
        )
        assert (row.told_on, row.runs_down_until) == (None, None)
        before = find_rule(programme_id=programme.pk, at=SOON - timedelta(seconds=1))
        after = find_rule(programme_id=programme.pk, at=SOON)
        assert before.terms.multipliers == ()
        assert after.terms.multipliers == (DOUBLE,)

    def test_is_audited(self, draft, mia, now):
        publish(draft, mia, now)

        entry = AuditEntry.objects.get(action=drafts.PUBLISHED)
        assert entry.data["version"] == draft.version

    def test_freezes_it(self, draft, mia, now):
        row = publish(draft, mia, now)

        with pytest.raises(DatabaseError), transaction.atomic():
            EarningRule.objects.filter(pk=row.pk).update(points_per_unit=99)

    def test_refuses_what_is_wrong_with_its_place(self, draft, mia, now):
        change(draft, mia, now, multipliers=(replace(DOUBLE, factor=Decimal(21)),))

        with pytest.raises(CannotPublish) as refused:
            publish(draft, mia, now)

        assert [fault.pointer for fault in refused.value.faults] == [
            "/multipliers/0/factor"
        ]

    def test_refuses_what_cannot_be_said(self, draft, mia, now):
        # Half the points and double points make nothing that adds up.
        half = replace(DOUBLE, factor=Decimal("0.5"))
        change(draft, mia, now, multipliers=(half,), stacking=Stacking.ADD)

        with pytest.raises(CannotPublish) as refused:
            publish(draft, mia, now)

        assert refused.value.faults[0].pointer == "/multipliers/0"

    @pytest.mark.parametrize("back", [timedelta(), timedelta(days=1)], ids=str)
    def test_refuses_a_start_that_has_passed(self, draft, mia, now, back):
        with pytest.raises(CannotPublish) as refused:
            publish(draft, mia, now, starts_at=now - back)

        assert refused.value.faults[0].pointer == "/starts_at"

    def test_refuses_to_start_before_what_is_published(
        self, programme, draft, mia, now
    ):
        EarningRuleFactory(programme=programme, starts_at=LATER, published=True)

        with pytest.raises(CannotPublish) as refused:
            publish(draft, mia, now, starts_at=SOON)

        assert refused.value.faults[0].pointer == "/starts_at"

    def test_refuses_to_publish_twice(self, draft, mia, now):
        publish(draft, mia, now)

        with pytest.raises(NotADraft):
            publish(draft, mia, now, starts_at=LATER)

    def test_lets_the_first_version_reach_back(self, programme, mia, now):
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)

        publish(draft, mia, now, starts_at=now - timedelta(days=900))


class TestPublishWorseTerms:
    @pytest.fixture
    def fewer(self, draft, mia, now):
        return change(draft, mia, now, points_per_unit=Decimal("0.5"))

    @pytest.fixture
    def cheaper(self, draft, mia, now):
        return change(
            draft,
            mia,
            now,
            point_value=Decimal("0.08"),
            vouchers=Vouchers(valid_days=90),
        )

    def test_needs_a_notice(self, fewer, mia, now):
        with pytest.raises(NeedsNotice) as refused:
            publish(fewer, mia, now, starts_at=LATER)

        assert [each.what.value for each in refused.value.worsenings] == ["rate"]

    def test_needs_it_30_days_before(self, fewer, mia, now):
        with pytest.raises(NeedsNotice):
            publish(fewer, mia, now, starts_at=LATER, told_on=date(2027, 1, 3))

        row = publish(fewer, mia, now, starts_at=LATER, told_on=date(2027, 1, 2))
        assert row.told_on == date(2027, 1, 2)

    def test_counts_the_days_in_the_zone_of_the_club(self, fewer, mia, now):
        # Half past eleven in the evening of 31 January in UTC is 1 February in Sweden.
        starts_at = datetime(2027, 1, 31, 23, 30, tzinfo=UTC)

        publish(fewer, mia, now, starts_at=starts_at, told_on=date(2027, 1, 2))

    def test_lets_points_that_are_worth_less_run_down(self, cheaper, mia, now):
        told = date(2026, 12, 1)
        with pytest.raises(NeedsNotice):
            publish(cheaper, mia, now, starts_at=LATER, told_on=told)
        with pytest.raises(NeedsNotice):
            publish(
                cheaper,
                mia,
                now,
                starts_at=LATER,
                told_on=told,
                runs_down_until=date(2027, 2, 15),
            )

        row = publish(
            cheaper,
            mia,
            now,
            starts_at=LATER,
            told_on=told,
            runs_down_until=date(2027, 3, 3),
        )

        assert row.runs_down_until == date(2027, 3, 3)

    def test_asks_nothing_of_the_first_version(self, programme, mia, now):
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)

        assert drafts.worse_than_before(draft) == []

    def test_is_compared_with_the_last_one_published(self, programme, draft, mia, now):
        EarningRuleFactory(
            programme=programme, starts_at=SOON, points_per_unit=2, published=True
        )

        worse = drafts.worse_than_before(draft)

        assert [each.what.value for each in worse] == ["rate"]


class TestSay:
    @pytest.mark.parametrize("name", test_comparing.SINGLE)
    def test_says_every_worsening(self, programme, name):
        old, new, _what = test_comparing.SINGLE[name]
        (worse,) = worsenings(old, new)

        text = worsened.say(worse, programme=programme, old=old, new=new)

        assert text.endswith(".")
        assert "%" not in text
        assert "None" not in text

    def test_says_a_multiplier_that_counts_less_often(self, programme):
        old, new = test_comparing.VERSION, test_comparing.with_multiplier(weekdays=(6,))
        (worse,) = worsenings(old, new)

        with translation.override("en"):
            text = worsened.say(worse, programme=programme, old=old, new=new)

        assert "at weekends" in text
        assert "on Saturdays" in text

    def test_names_the_numbers(self, programme):
        old, new, _what = test_comparing.SINGLE["rate"]
        (worse,) = worsenings(old, new)

        with translation.override("en"):
            text = worsened.say(worse, programme=programme, old=old, new=new)

        assert text == "A purchase gives fewer points: 0.5 instead of 1."


class TestTwoMarketers:
    @pytest.mark.django_db(transaction=True)
    def test_get_two_numbers_at_the_same_moment(self, programme, mia, now, in_force):
        barrier = Barrier(2)
        made = []

        def draw_up():
            barrier.wait()
            made.append(
                drafts.create_draft(programme=programme, staff=mia, now=now).version
            )
            connection.close()

        threads = [Thread(target=draw_up) for _time in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(made) == [in_force.version + 1, in_force.version + 2]

    @pytest.mark.django_db(transaction=True)
    def test_publish_one_draft_once(self, programme, mia, olga, now, in_force):
        draft = drafts.create_draft(programme=programme, staff=mia, now=now)
        barrier = Barrier(2)
        answers = []

        def put_out(person):
            barrier.wait()
            try:
                publish(draft, person, now)
                answers.append("published")
            except NotADraft:
                answers.append("refused")
            connection.close()

        threads = [Thread(target=put_out, args=[each]) for each in (mia, olga)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(answers) == ["published", "refused"]
