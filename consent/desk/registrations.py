"""What the privacy desk hands to the side bar and to the audit trail."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from consent.desk import audits, panels
from consent.desk.roles import OFFICERS
from members import panels as member_panels
from members.panels import Column
from stores import audit

_ACTIONS = {
    audits.EXPORTED: _("Exported a list of the privacy desk"),
    audits.LOOKS_VIEWED: _("Read who looked at members"),
    audits.COULD_HAVE_ASKED: _("Asked whether a member could have been written to"),
    audits.BREACH_OPENED: _("Wrote down a breach"),
    audits.BREACH_CHANGED: _("Added to the log of a breach"),
    audits.BREACH_CLOSED: _("Closed a breach"),
    audits.BREACH_EXPORTED: _("Opened a breach's report"),
    audits.YES_TRIED: _("Tried to say yes for a member"),
    audits.MEMBER_ASKED: _("Sent a member the question about permissions"),
}


def register() -> None:
    """Register the pages; called once, when the room is ready."""
    navigation.register(
        group="privacy",
        label=_("Privacy overview"),
        url_name="privacy:overview",
        icon="shield-lock",
        roles=OFFICERS,
        order=10,
        keywords=_("data protection GDPR officer"),
    )
    navigation.register(
        group="privacy",
        label=_("Consent rates"),
        url_name="privacy:consent-rates",
        icon="chart-pie",
        roles=OFFICERS,
        order=45,
        keywords=_("yes no permission share"),
    )
    navigation.register(
        group="privacy",
        label=_("Could we have?"),
        url_name="privacy:could-have",
        icon="scale",
        roles=OFFICERS,
        order=65,
        keywords=_("past allowed gate proof"),
    )
    navigation.register(
        group="privacy",
        label=_("Breaches"),
        url_name="privacy:breach-list",
        icon="alert-triangle",
        roles=OFFICERS,
        order=70,
        keywords=_("incident 72 hours authority"),
    )
    navigation.register(
        group="privacy",
        label=_("Who looked"),
        url_name="privacy:look-list",
        icon="eye",
        roles=OFFICERS,
        order=75,
        keywords=_("snooping staff audit"),
    )
    panels.register(_("Breaches"), "privacy:breaches-panel", 20)
    panels.register(_("Consent rates today"), "privacy:rates-panel", 40)
    member_panels.register(
        title=_("Who looked"),
        url_name="consent:looks-panel",
        order=80,
        column=Column.SIDE,
        roles=OFFICERS,
    )
    for action, label in _ACTIONS.items():
        audit.register_action(action, label)
