"""What goodwill hands to others when the house starts."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation
from members import merge_registry
from points.goodwill import kinds, privacy
from points.models import GoodwillGrant
from stores.roles import Role

SEE = frozenset({Role.OWNER, Role.MARKETER, Role.CUSTOMER_SERVICE, Role.STORE_MANAGER})


def register() -> None:
    """Register everything; called once, when the room is ready."""
    kinds.register()
    privacy.register_all()
    merge_registry.register_handed_on(GoodwillGrant)
    navigation.register(
        group="stores",
        label=_("Goodwill"),
        url_name="goodwill:grant-list",
        icon="heart-handshake",
        roles=SEE,
        order=40,
        keywords=_("compensation complaint apology"),
    )
