"""What this room hands to the kit below it: pages, the search, words, event kinds."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from common.ui import search as palette
from members import care, duplicates, kinds, merging, merging_rows, panels, search
from members.cards import display_number
from members.models import Member
from stores import audit
from stores.middleware import programme_of
from stores.roles import Role

# Store staff find members at the till, one by one and by the whole number.
MAY_SEE = frozenset(
    {
        Role.OWNER,
        Role.MARKETER,
        Role.CUSTOMER_SERVICE,
        Role.DATA_PROTECTION_OFFICER,
    }
)
MAY_SEE_DUPLICATES = MAY_SEE - {Role.MARKETER}

_ACTIONS = {
    care.VIEWED: _("Looked at a member"),
    care.REVEALED: _("Saw a member's contact details"),
    care.CHANGED: _("Changed a member's details"),
    care.EXPORTED: _("Exported members"),
    care.CARD_ADDED: _("Gave a member a further card"),
    care.CARD_REPLACED: _("Gave a member a new membership number"),
    care.IDENTIFIER_ENDED: _("Ended what a member was known by"),
    duplicates.DISMISSED: _("Took two members for two people"),
    duplicates.EXPORTED: _("Exported the duplicates"),
    duplicates.REOPENED: _("Put two members back among the duplicates"),
    merging.MERGED: _("Made two memberships one"),
    merging.UNMERGED: _("Parted two memberships again"),
}


def register() -> None:
    """Register everything; called once, in `AppConfig.ready()`."""
    kinds.register()
    merging_rows.register()
    navigation.register(
        group="overview",
        label=_("Members"),
        url_name="members:member-list",
        icon="users",
        roles=MAY_SEE,
        order=20,
        keywords=_("customer person card"),
    )
    navigation.register(
        group="overview",
        label=_("Duplicates"),
        url_name="members:duplicate-list",
        icon="user-search",
        roles=MAY_SEE_DUPLICATES,
        order=21,
        keywords=_("merge double same person"),
    )
    panels.register(
        title=_("Known by"),
        url_name="members:identifiers-panel",
        order=40,
        column=panels.Column.SIDE,
    )
    palette.register(
        key="members", label=_("Members"), find=_find, roles=MAY_SEE, order=10
    )
    for action, label in _ACTIONS.items():
        audit.register_action(action, label)


def _find(request: HttpRequest, words: str, limit: int) -> Iterator[palette.Hit]:
    matches = search.find(words, programme=programme_of(request))
    if matches is None:
        return
    found = Member.objects.select_related("programme").in_bulk(matches.ids[:limit])
    for pk in matches.ids[:limit]:
        member = found.get(pk)
        if member is None or member.status == Member.Status.ERASED:
            continue
        known_by = matches.known_by.get(pk)
        yield palette.Hit(
            title=care.label_of(member),
            subtitle=care.found_by(known_by)
            if known_by
            else display_number(member.number),
            url=reverse("members:member-detail", args=[member.public_id]),
            icon="user",
        )
