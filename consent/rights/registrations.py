"""What requests hand to others when the house starts."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from consent.rights import kinds
from consent.rights.roles import MAY_CARRY_OUT, MAY_HANDLE


def register() -> None:
    """Register kinds, actions and the pages; called once, when the room is ready."""
    kinds.register()
    navigation.register(
        group="privacy",
        label=_("Requests"),
        url_name="privacy:request-list",
        icon="inbox",
        roles=MAY_HANDLE,
        order=20,
        keywords=_("access erasure rectification objection GDPR"),
    )
    navigation.register(
        group="privacy",
        label=_("Record of processing"),
        url_name="privacy:record",
        icon="list-details",
        roles=MAY_CARRY_OUT,
        order=80,
        keywords=_("article 30 registry personal data"),
    )
