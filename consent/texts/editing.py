"""Write, review and publish an edition of a text: by two people, and on the record.

A draft starts from the words in force. It may be as unfinished as it likes; what is
sent for review and published must pass the rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from common.periods import local_day
from consent import renewals
from consent.models import Edition, Text
from consent.texts import rules
from consent.texts.publishing import default_name, default_wordings
from consent.texts.rules import Change, Fault, Subject
from consent.texts.wording import Wording, digest
from stores import audit
from stores.models import Programme, Staff
from stores.roles import Role

WRITERS = frozenset({Role.MARKETER, Role.OWNER, Role.DATA_PROTECTION_OFFICER})
PUBLISHERS = frozenset({Role.OWNER, Role.DATA_PROTECTION_OFFICER})

# Acts in the audit trail.
DRAFTED = "text.drafted"
SAVED = "text.saved"
SENT_FOR_REVIEW = "text.sent_for_review"
RETURNED = "text.returned"
PUBLISHED = "text.published"
DISCARDED = "text.discarded"

LANGUAGES = tuple(language for language, _name in settings.LANGUAGES)
_IN_WORK = (Edition.State.DRAFT, Edition.State.REVIEW)


class NotReady(Exception):
    """Raised when the rules find something wrong with what would be published."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(", ".join(fault.code for fault in faults))
        self.faults = faults


class NotInWork(Exception):
    """Raised when an edition is not where this can be done with it any more."""


class ChangedMeanwhile(Exception):
    """Raised when somebody else saved the draft after it was opened."""


class NeedsAnotherPerson(Exception):
    """Raised when who wrote an edition would publish it, and another could."""


@dataclass(frozen=True, slots=True)
class Content:
    """All of an edition that is written."""

    wordings: Mapping[str, Wording]
    is_material: bool = False
    news: Mapping[str, str] = field(default_factory=dict)
    holds_from: date | None = None
    answer_by: date | None = None


def write_draft(
    *,
    programme: Programme,
    kind: str,
    purpose: str = "",
    channel: str = "",
    staff: Staff,
    now: datetime,
) -> Edition:
    """Begin an edition from the words in force; return the one in work if there is one.

    A text that was never published starts from our own wording, or empty.
    """
    what = {"kind": kind, "purpose": purpose, "channel": channel}
    with transaction.atomic():
        # The programme's row, so that two who begin at once share one draft.
        Programme.objects.select_for_update().get(pk=programme.pk)
        editions = Edition.objects.filter(programme=programme, **what)
        in_work = editions.filter(state__in=_IN_WORK).first()
        if in_work is not None:
            return in_work
        latest = editions.aggregate(latest=Max("number"))["latest"] or 0
        edition = Edition.objects.create(
            programme=programme,
            **what,
            number=latest + 1,
            written_by=staff,
            written_at=now,
        )
        _write_texts(edition, _starting_words(edition))
        _note(edition, DRAFTED, staff, now)
    return edition


def save_draft(
    *,
    edition: Edition,
    content: Content,
    staff: Staff,
    now: datetime,
    opened_at: datetime | None = None,
) -> Edition:
    """Keep what was written, right or not yet; who saved last is who wrote it.

    `opened_at` is the `written_at` of the draft as it was when the page was opened.

    Raises:
        NotInWork: it is in review, published or discarded.
        ChangedMeanwhile: somebody else saved it since `opened_at`.
    """
    with transaction.atomic():
        held = _held(edition, Edition.State.DRAFT)
        if opened_at is not None and held.written_at != opened_at:
            raise ChangedMeanwhile
        held.is_material = content.is_material
        held.changes = {each: content.news.get(each, "") for each in LANGUAGES}
        held.holds_from, held.answer_by = content.holds_from, content.answer_by
        held.written_by, held.written_at = staff, now
        held.save()
        _write_texts(held, content.wordings)
        _note(held, SAVED, staff, now)
    return held


def send_for_review(*, edition: Edition, staff: Staff, now: datetime) -> Edition:
    """Hand a draft to whoever publishes; it cannot be changed meanwhile.

    Raises:
        NotInWork: it is not a draft.
        NotReady: the rules find something wrong with it.
    """
    with transaction.atomic():
        held = _held(edition, Edition.State.DRAFT)
        _refuse_faults(held, now)
        held.state = Edition.State.REVIEW
        held.sent_for_review_at = now
        held.returned_because = ""
        held.save()
        _note(held, SENT_FOR_REVIEW, staff, now)
    return held


def return_draft(
    *, edition: Edition, because: str, staff: Staff, now: datetime
) -> Edition:
    """Give an edition back to be rewritten, with the reason.

    Raises:
        NotInWork: it is not in review.
    """
    with transaction.atomic():
        held = _held(edition, Edition.State.REVIEW)
        held.state = Edition.State.DRAFT
        held.sent_for_review_at = None
        held.returned_because = because
        held.save()
        _note(held, RETURNED, staff, now, reason=because)
    return held


def publish_edition(*, edition: Edition, staff: Staff, now: datetime) -> Edition:
    """Let an edition hold from now on; a material one asks members again.

    Raises:
        NotInWork: it is not in review, or another has published it.
        NeedsAnotherPerson: who wrote it publishes it, and another could.
        NotReady: the rules find something wrong, as with a day that has come closer.
    """
    with transaction.atomic():
        # First the programme's row, as in `publish`, so that versions keep their order.
        Programme.objects.select_for_update().get(pk=edition.programme_id)
        held = _held(edition, Edition.State.REVIEW)
        if needs_another(held, staff):
            raise NeedsAnotherPerson
        _refuse_faults(held, now)
        held.number = _number_in_force(held)
        held.texts.update(version=held.number, published_at=now)
        held.state = Edition.State.PUBLISHED
        held.published_by, held.published_at = staff, now
        held.save()
        _note(held, PUBLISHED, staff, now)
        if held.is_material:
            renewals.ask_on_commit()
    return held


def discard(*, edition: Edition, staff: Staff, now: datetime) -> Edition:
    """Give up an edition in work; it is kept to be looked at.

    Raises:
        NotInWork: it was published or discarded already.
    """
    with transaction.atomic():
        held = _held(edition, *_IN_WORK)
        held.state = Edition.State.DISCARDED
        held.save()
        _note(held, DISCARDED, staff, now)
    return held


def needs_another(edition: Edition, staff: Staff) -> bool:
    """Tell whether another person than this one has to publish an edition.

    Four eyes, unless nobody else in the programme may publish.
    """
    if edition.written_by_id != staff.pk:
        return False
    return (
        Staff.objects.filter(
            programme_id=edition.programme_id,
            is_active=True,
            roles__role__in=PUBLISHERS,
        )
        .exclude(pk=staff.pk)
        .exists()
    )


def content_of(edition: Edition) -> Content:
    """Return what an edition says."""
    return Content(
        wordings=words_of(edition),
        is_material=edition.is_material,
        news=edition.changes,
        holds_from=edition.holds_from,
        answer_by=edition.answer_by,
    )


def words_of(edition: Edition | None) -> dict[str, Wording]:
    """Return the words of an edition by language, in the order of ours."""
    if edition is None:
        return {}
    found = {text.language: text for text in edition.texts.all()}
    return {
        each: Wording(found[each].title, found[each].body)
        for each in LANGUAGES
        if each in found
    }


def before(edition: Edition) -> Edition | None:
    """Return the edition that was in force before this one, or is now."""
    return (
        Edition.objects.filter(
            programme_id=edition.programme_id,
            kind=edition.kind,
            purpose=edition.purpose,
            channel=edition.channel,
            state=Edition.State.PUBLISHED,
        )
        .exclude(pk=edition.pk)
        .filter(**_older(edition))
        .prefetch_related("texts")
        .order_by("-number")
        .first()
    )


def faults_of(
    edition: Edition, content: Content, previous: Edition | None, now: datetime
) -> list[Fault]:
    """Return what stands in the way of publishing an edition with this content."""
    programme = edition.programme
    subject = Subject(
        programme.company_name, edition.kind, edition.purpose, edition.channel
    )
    change = Change(
        is_material=content.is_material,
        news=content.news,
        holds_from=content.holds_from,
        answer_by=content.answer_by,
        before=words_of(previous),
    )
    today = local_day(now, programme.zone)
    return [
        *rules.faults_of(subject, content.wordings, LANGUAGES),
        *rules.change_faults(subject, change, content.wordings, LANGUAGES, today=today),
    ]


def _older(edition: Edition) -> dict[str, int]:
    is_out = edition.state == Edition.State.PUBLISHED
    return {"number__lt": edition.number} if is_out else {}


def _held(edition: Edition, *states: Edition.State) -> Edition:
    """Lock an edition and return it as it is now."""
    held = (
        Edition.objects.select_for_update(of=("self",))
        .select_related("programme")
        .get(pk=edition.pk)
    )
    if held.state not in states:
        raise NotInWork(held.state)
    return held


def _refuse_faults(edition: Edition, now: datetime) -> None:
    faults = faults_of(edition, content_of(edition), before(edition), now)
    if faults:
        raise NotReady(faults)


def _number_in_force(edition: Edition) -> int:
    """Return a number above every published one: the highest is what holds."""
    latest = (
        Edition.objects.filter(
            programme_id=edition.programme_id,
            kind=edition.kind,
            purpose=edition.purpose,
            channel=edition.channel,
        )
        .exclude(pk=edition.pk)
        .aggregate(latest=Max("number"))["latest"]
    )
    return max(edition.number, (latest or 0) + 1)


def _starting_words(edition: Edition) -> dict[str, Wording]:
    in_force = before(edition)
    name = default_name(
        kind=edition.kind, purpose=edition.purpose, channel=edition.channel
    )
    if in_force is not None:
        words = words_of(in_force)
    elif name is not None:
        words = default_wordings(edition.programme, name)
    else:
        words = {}
    return {each: words.get(each, Wording("", "")) for each in LANGUAGES}


def _write_texts(edition: Edition, wordings: Mapping[str, Wording]) -> None:
    for language, wording in wordings.items():
        Text.objects.update_or_create(
            edition=edition,
            language=language,
            defaults={
                "title": wording.title,
                "body": wording.body,
                "text_hash": digest(wording),
            },
            create_defaults={
                "programme_id": edition.programme_id,
                "kind": edition.kind,
                "purpose": edition.purpose,
                "channel": edition.channel,
                "version": edition.number,
                "title": wording.title,
                "body": wording.body,
                "text_hash": digest(wording),
            },
        )


def _note(
    edition: Edition, action: str, staff: Staff, now: datetime, reason: str = ""
) -> None:
    audit.record(
        programme=edition.programme,
        actor=staff,
        action=action,
        now=now,
        subject=str(edition),
        reason=reason,
        data={"edition": edition.public_id, "is_material": edition.is_material},
    )
