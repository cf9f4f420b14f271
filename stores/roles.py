"""The roles that staff can hold."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person may do, for the whole chain or in one store."""

    OWNER = "OWNER", _("Owner")
    MARKETER = "MARKETER", _("Marketer")
    STORE_MANAGER = "STORE_MANAGER", _("Store manager")
    STORE_STAFF = "STORE_STAFF", _("Store staff")
    CUSTOMER_SERVICE = "CUSTOMER_SERVICE", _("Customer service")
    DATA_PROTECTION_OFFICER = "DATA_PROTECTION_OFFICER", _("Data-protection officer")
    ANALYST = "ANALYST", _("Analyst")


# Held for one store; the others are held for the whole chain.
STORE_ROLES = frozenset({Role.STORE_MANAGER, Role.STORE_STAFF})


class Scope(models.TextChoices):
    """What an API key may do."""

    RECEIPTS_WRITE = "receipts:write", _("Send receipts")
    MEMBERS_READ = "members:read", _("Look up members")
    MEMBERS_WRITE = "members:write", _("Register members")
    POINTS_WRITE = "points:write", _("Adjust points")
    EVENTS_WRITE = "events:write", _("Send events of members")
