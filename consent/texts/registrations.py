"""What the texts hand to the side bar, the audit trail, the timeline and merging."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from consent import renewals
from consent.models import Renewal
from consent.texts import editing
from members import events, merge_registry
from members.merge_registry import Merging
from members.models import Event
from stores import audit

_ACTIONS = {
    editing.DRAFTED: _("Began a new edition of a text"),
    editing.SAVED: _("Changed the draft of a text"),
    editing.SENT_FOR_REVIEW: _("Sent a text for review"),
    editing.RETURNED: _("Sent a text back to be rewritten"),
    editing.PUBLISHED: _("Published a text"),
    editing.DISCARDED: _("Discarded the draft of a text"),
}


def register() -> None:
    """Register everything; called once, when the room is ready."""
    navigation.register(
        group="privacy",
        label=_("Texts and terms"),
        url_name="privacy:text-list",
        icon="file-text",
        roles=editing.WRITERS,
        order=50,
        keywords=_("consent wording terms conditions versions editions"),
    )
    for action, label in _ACTIONS.items():
        audit.register_action(action, label)
    events.register_kind(
        renewals.TERMS_ACCEPTED, icon="circle-check", describe=_accepted
    )
    events.register_kind(renewals.TERMS_HOLD, icon="file-text", describe=_hold)
    merge_registry.register(Renewal, merge=merge_renewals, undo=restore_renewals)


def merge_renewals(merging: Merging) -> None:
    """Ask whoever is kept what the other membership was asked and they were not."""
    asked = Renewal.objects.filter(member=merging.kept).values("edition")
    missing = Renewal.objects.filter(
        member=merging.merged, outcome=Renewal.Outcome.OPEN
    ).exclude(edition__in=asked)
    merge_registry.hand_on(
        Renewal, merging, only=list(missing.values_list("pk", flat=True))
    )


def restore_renewals(merging: Merging) -> None:
    """Give back the questions that are still open."""
    answered = Renewal.objects.filter(member=merging.kept).exclude(
        outcome=Renewal.Outcome.OPEN
    )
    merge_registry.give_back(
        Renewal, merging, but=list(answered.values_list("pk", flat=True))
    )


def _accepted(event: Event) -> str:
    return gettext("Accepted version %(version)s of the membership terms.") % {
        "version": event.data.get("version")
    }


def _hold(event: Event) -> str:
    return gettext(
        "Version %(version)s of the membership terms holds from %(day)s. We had told "
        "of it and got no answer."
    ) % {
        "version": event.data.get("version"),
        "day": date_format(date.fromisoformat(event.data["holds_from"]), "DATE_FORMAT"),
    }
