"""What this room hands to the rooms below it."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from enrolment import actions, faults, merging
from messaging import templates
from stores.roles import Role

_MAY_SEE = frozenset({Role.OWNER, Role.MARKETER, Role.STORE_MANAGER, Role.ANALYST})


def register() -> None:
    """Register everything; called once, in `AppConfig.ready()`."""
    actions.register()
    faults.register()
    merging.register()
    templates.register("join_reminder", fields={"link"})
    templates.register("already_member", fields=set())
    navigation.register(
        group="stores",
        label=_("Registrations"),
        url_name="enrolment:registrations",
        icon="user-plus",
        roles=_MAY_SEE,
        order=5,
        keywords=_("poster join new members figures competition"),
    )
