"""Writing versions of the programme: drafted, changed, discarded, published.

A draft may be unfinished in every way but its form; what cannot be said, is wrong or
takes from members without notice is refused when it is published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common.periods import add_months, local_day, start_of_day
from points import reading, rules
from points.models import EarningRule
from points.programme import facts, versions
from points.programme.checking import check
from points.programme.comparing import Worsening, worsenings
from points.programme.faults import Fault, blocking
from points.selectors import value_of
from points.services import RuleInvalid, publish_rule
from points.terms import Terms
from stores import audit
from stores.models import Programme, Staff

DRAFTED = "points.programme_drafted"
DISCARDED = "points.programme_discarded"
PUBLISHED = "points.programme_published"

# How long before their start members must be told of worse terms, and how long points
# that they have keep what they were worth after it, at the least.
NOTICE = timedelta(days=30)
RUN_DOWN = timedelta(days=30)


class NotADraft(Exception):
    """Raised when a version that is published, or gone, would be changed."""


class ChangedMeanwhile(Exception):
    """Raised when somebody else saved the draft since it was opened."""


class CannotPublish(Exception):
    """Raised with everything that stands in the way of publishing."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = list(faults)


class NeedsNotice(Exception):
    """Raised for worse terms without notice or transition, with what is worse."""

    def __init__(self, worse: Sequence[Worsening]) -> None:
        super().__init__(", ".join(each.what.value for each in worse))
        self.worsenings = list(worse)


@dataclass(frozen=True, slots=True)
class Content:
    """What a draft says."""

    points_per_unit: Decimal
    excluded_groups: tuple[str, ...]
    expires_after_months: int | None
    point_value: Decimal
    reward_points: int
    terms: Terms
    title: str = ""

    def as_rule(self, row: EarningRule) -> rules.EarningRule:
        """Return it as the value that rules decide with."""
        return rules.EarningRule(
            id=row.pk,
            version=row.version,
            points_per_unit=self.points_per_unit,
            excluded_groups=frozenset(self.excluded_groups),
            expires_after_months=self.expires_after_months,
            point_value=self.point_value,
            reward_points=self.reward_points,
            terms=self.terms,
        )


@dataclass(frozen=True, slots=True)
class Start:
    """When a version begins, and what was promised for worse terms."""

    starts_at: datetime
    told_on: date | None = None
    runs_down_until: date | None = None


def content_of(row: EarningRule) -> Content:
    """Return what a version says."""
    return Content(
        points_per_unit=row.points_per_unit,
        excluded_groups=tuple(row.excluded_groups),
        expires_after_months=row.expires_after_months,
        point_value=row.point_value,
        reward_points=row.reward_points,
        terms=reading.load(row.terms),
        title=row.title,
    )


def create_draft(
    *,
    programme: Programme,
    staff: Staff,
    now: datetime,
    source: EarningRule | None = None,
) -> EarningRule:
    """Begin a draft as a copy of a version, or of the one in force, or of nothing."""
    with transaction.atomic():
        # One at a time, so that two drafts do not get one number.
        Programme.objects.select_for_update().get(pk=programme.pk)
        found = versions.list_versions(programme, now)
        source = source or found.in_force or found.newest
        newest = EarningRule.objects.filter(programme=programme).aggregate(
            version=Max("version")
        )["version"]
        draft = EarningRule(
            programme=programme,
            version=(newest or 0) + 1,
            starts_at=suggested_start(programme, now, found.newest),
        )
        _write(draft, content_of(source) if source else first_content())
        draft.title = ""
        draft.written_by = staff
        draft.changed_at = now
        draft.save(force_insert=True)
        audit.record(
            programme=programme,
            actor=staff,
            action=DRAFTED,
            now=now,
            subject=str(draft.public_id),
            data={
                "version": draft.version,
                "from": source.version if source else None,
            },
        )
    return draft


def change_draft(
    *,
    draft: EarningRule,
    content: Content,
    staff: Staff,
    now: datetime,
    opened_at: datetime | None = None,
) -> EarningRule:
    """Save what a draft says; it need not be right yet.

    Raises:
        NotADraft: it was published or discarded meanwhile.
        ChangedMeanwhile: somebody saved it after `opened_at`.
    """
    with transaction.atomic():
        row = _lock(draft)
        if (
            opened_at is not None
            and row.changed_at is not None
            and row.changed_at > opened_at
            and row.written_by_id != staff.pk
        ):
            raise ChangedMeanwhile
        _write(row, content)
        row.written_by = staff
        row.changed_at = now
        row.save()
    return row


def discard_draft(*, draft: EarningRule, staff: Staff, now: datetime) -> None:
    """Throw a draft away.

    Raises:
        NotADraft: it was published or discarded meanwhile.
    """
    with transaction.atomic():
        row = _lock(draft)
        version, public_id = row.version, row.public_id
        row.delete()
        audit.record(
            programme=draft.programme,
            actor=staff,
            action=DISCARDED,
            now=now,
            subject=str(public_id),
            data={"version": version},
        )


def publish(
    *, draft: EarningRule, start: Start, staff: Staff, now: datetime
) -> EarningRule:
    """Publish a draft: from its start on it holds, and never changes again.

    Raises:
        NotADraft: it was published or discarded meanwhile.
        CannotPublish: something is wrong with it, it cannot be said, or it would not
            start after now and after the last version.
        NeedsNotice: it takes from members, and they were not told in time, or what
            they have would lose its worth at once.
    """
    with transaction.atomic():
        # The one before it must stay the one before it until this is done.
        Programme.objects.select_for_update().get(pk=draft.programme_id)
        row = _lock(draft)
        found = [
            *blocking(faults_of(row, content_of(row), starts_at=start.starts_at)),
            *_start_faults(row, start.starts_at, now),
        ]
        if found:
            raise CannotPublish(found)
        worse = worse_than_before(row, start.starts_at)
        if not is_notice_enough(worse, start, row.programme):
            raise NeedsNotice(worse)
        row.starts_at = start.starts_at
        row.told_on = start.told_on if worse else None
        row.runs_down_until = start.runs_down_until if worse else None
        row.published_by = staff
        row.published_at = now
        row.save()
        try:
            row = publish_rule(rule=row, now=now)
        except RuleInvalid as error:
            raise CannotPublish([Fault("/starts_at", str(error))]) from error
        audit.record(
            programme=row.programme,
            actor=staff,
            action=PUBLISHED,
            now=now,
            subject=str(row.public_id),
            data={
                "version": row.version,
                "startsAt": row.starts_at,
                "toldOn": row.told_on,
                "runsDownUntil": row.runs_down_until,
                "worse": [each.what.value for each in worse],
            },
        )
    return row


def faults_of(
    row: EarningRule, content: Content, *, starts_at: datetime | None = None
) -> list[Fault]:
    """Return what is wrong with what a version says, unsayable things too."""
    rule = content.as_rule(row)
    known = facts.gather(row.programme, rule, starts_at)
    found = check(rule, known)
    # What is wrong is often unsayable too; once is enough.
    return found if blocking(found) else [*found, *facts.unsayable(row.programme, rule)]


def worse_than_before(
    row: EarningRule, starts_at: datetime | None = None
) -> list[Worsening]:
    """Return in what a version is worse than the one that it follows."""
    before = versions.find_before(row)
    if before is None:
        return []
    day = local_day(starts_at or row.starts_at, row.programme.zone)
    return worsenings(value_of(before), value_of(row), day)


def is_notice_enough(
    worse: Sequence[Worsening], start: Start, programme: Programme
) -> bool:
    """Tell whether members are told early enough and keep what they have."""
    if not worse:
        return True
    day = local_day(start.starts_at, programme.zone)
    if start.told_on is None or start.told_on > day - NOTICE:
        return False
    if any(each.touches_earned for each in worse):
        return (
            start.runs_down_until is not None
            and start.runs_down_until >= day + RUN_DOWN
        )
    return True


def suggested_start(
    programme: Programme, now: datetime, newest: EarningRule | None = None
) -> datetime:
    """Return the first midnight of a month that leaves time for a notice.

    After the newest version that is published already, if that is later.
    """
    day = local_day(now, programme.zone) + NOTICE + timedelta(days=1)
    if newest is not None:
        day = max(day, local_day(newest.starts_at, programme.zone))
    return start_of_day(add_months(day.replace(day=1), 1), programme.zone)


def first_content() -> Content:
    """Return what a club begins with that has no version yet."""
    return Content(
        points_per_unit=Decimal(1),
        excluded_groups=(),
        expires_after_months=24,
        point_value=Decimal("0.1"),
        reward_points=500,
        terms=Terms(),
    )


def _start_faults(row: EarningRule, starts_at: datetime, now: datetime) -> list[Fault]:
    """Say what is wrong with a start: versions follow each other, none reaches back."""
    before = versions.find_before(row)
    if before is None:
        return []
    if starts_at <= now:
        return [Fault("/starts_at", _("It must start after now."))]
    if starts_at <= before.starts_at:
        day = local_day(before.starts_at, row.programme.zone)
        text = _("Version %(n)s starts on %(day)s; this one must start later.")
        words = {"n": before.version, "day": date_format(day, "DATE_FORMAT")}
        return [Fault("/starts_at", text % words)]
    return []


def _lock(draft: EarningRule) -> EarningRule:
    row = (
        EarningRule.objects.select_for_update(of=("self",))
        .select_related("programme")
        .filter(pk=draft.pk)
        .first()
    )
    if row is None or row.status != EarningRule.Status.DRAFT:
        raise NotADraft
    return row


def _write(row: EarningRule, content: Content) -> None:
    row.points_per_unit = content.points_per_unit
    row.excluded_groups = list(content.excluded_groups)
    row.expires_after_months = content.expires_after_months
    row.point_value = content.point_value
    row.reward_points = content.reward_points
    row.terms = reading.dump(content.terms)
    row.title = content.title
