"""What this package hands to the privacy desk and to the audit trail."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from consent.desk import asking, looks, panels
from consent.desk.roles import OFFICERS
from messaging.desk import proof
from messaging.desk.asking import ask
from stores import audit


def register() -> None:
    """Register pages, panels and words; called once, when the room is ready."""
    navigation.register(
        group="privacy",
        label=_("Messages"),
        url_name="message-desk:message-list",
        icon="message-2",
        roles=OFFICERS,
        order=50,
        keywords=_("what allowed this message proof sent"),
    )
    navigation.register(
        group="privacy",
        label=_("Withdrawals"),
        url_name="message-desk:withdrawal-list",
        icon="message-off",
        roles=OFFICERS,
        order=55,
        keywords=_("objection unsubscribe stop"),
    )
    navigation.register(
        group="privacy",
        label=_("Stopped messages"),
        url_name="message-desk:stop-list",
        icon="hand-stop",
        roles=OFFICERS,
        order=60,
        keywords=_("gate quiet hours limit"),
    )
    panels.register(_("Withdrawals"), "message-desk:withdrawals-panel", 50)
    panels.register(_("Stopped messages"), "message-desk:stops-panel", 60)
    audit.register_action(proof.VIEWED, _("Looked at a message"))
    looks.register(proof.VIEWED)
    asking.register(ask)
