"""What this room hands to others when the house starts."""

from django.utils.translation import gettext_lazy as _

from consent.services import register_receipts
from members import panels, silence
from members.panels import Column
from points.books import liability
from points.programme import goods, naming
from points.tiers import history
from purchases import (
    catalogue,
    comparison,
    customers,
    faults,
    kinds,
    list_columns,
    merging,
    proof,
    tier_days,
)
from purchases.selectors import earning_sales


def register() -> None:
    """Register codes, kinds of events, merging, and the panel of a member's page."""
    faults.register()
    kinds.register()
    merging.register()
    comparison.register()
    register_receipts(customers.when_bought)
    silence.register_sign_of_life(customers.has_bought_since)
    liability.register_sales(earning_sales)
    proof.register()
    goods.register(catalogue.Catalogue())
    history.register(tier_days.fill)
    naming.register_articles(catalogue.names_of)
    list_columns.register()
    panels.register(
        title=_("Purchases"),
        url_name="purchases:member-panel",
        order=10,
        column=Column.MAIN,
    )
