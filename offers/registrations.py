"""What this room hands to others when the house starts."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from members import panels
from members.panels import Column
from offers import faults, kinds, merging, proof, reminding
from offers.roles import SEE_CARDS, SEE_VOUCHERS
from offers.stamps import services as stamps
from offers.vouchers import care
from offers.vouchers.owed import owed_at
from points.books import liability
from points.books import panels as books
from stores import audit


def register() -> None:
    """Register codes, kinds of events, merging, pages and panels."""
    faults.register()
    kinds.register()
    merging.register()
    reminding.register()
    audit.register_action(care.VOIDED, _("Withdrew a voucher"))
    audit.register_action(care.REACTIVATED, _("Made a voucher valid again"))
    audit.register_action(stamps.PUBLISHED, _("Published a stamp card"))
    audit.register_action(stamps.ENDED, _("Ended a stamp card"))
    navigation.register(
        group="loyalty",
        label=_("Vouchers"),
        url_name="offers:voucher-list",
        icon="ticket",
        roles=SEE_VOUCHERS,
        order=30,
        keywords=_("bonus cheque code redeem"),
    )
    navigation.register(
        group="loyalty",
        label=_("Stamp cards"),
        url_name="offers:card-list",
        icon="checklist",
        roles=SEE_CARDS,
        order=40,
        keywords=_("stamps punch card free"),
    )
    panels.register(
        title=_("Vouchers and stamp cards"),
        url_name="offers:member-panel",
        order=15,
        column=Column.SIDE,
    )
    books.register(title=_("Outstanding vouchers"), url_name="offers:liability-panel")
    liability.register_beside(owed_at)
    proof.register()
