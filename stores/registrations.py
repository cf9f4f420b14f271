"""What this room hands to the kit below it: pages for the side bar, words, signals."""

from django.utils.translation import gettext_lazy as _

from common.ui import navigation, search
from stores import audit, sign_in
from stores.roles import Role

_RUN_A_STORE = {Role.OWNER, Role.STORE_MANAGER}

_ACTIONS = {
    "staff.invited": _("Invited a person"),
    "staff.changed": _("Changed a person's name or roles"),
    "staff.deactivated": _("Closed an account"),
    "staff.reactivated": _("Opened an account again"),
    "staff.invitation_renewed": _("Gave a new link for the password"),
    "staff.password_set": _("Set a password by link"),
    "staff.second_factor_reset": _("Took away a second factor"),
    "pin.set": _("Set a PIN"),
    "pin.cleared": _("Took away a PIN"),
    "store.added": _("Added a store"),
    "store.changed": _("Changed a store"),
    "till.added": _("Added a till"),
    "till.changed": _("Changed a till"),
    "device.added": _("Prepared a device"),
    "device.code_renewed": _("Gave a device a new code"),
    "device.enrolled": _("Enrolled as a device"),
    "device.revoked": _("Revoked a device"),
    "key.issued": _("Issued an API key"),
    "key.rotated": _("Replaced an API key"),
    "key.revoked": _("Revoked an API key"),
    "sign_in.done": _("Signed in"),
    "sign_in.refused": _("Wrong e-mail or password"),
    "sign_in.code_refused": _("Wrong code of the second factor"),
    "sign_out.done": _("Signed out"),
    "password.changed": _("Changed the password"),
    "second_factor.added": _("Set up a second factor"),
    "second_factor.removed": _("Removed a second factor"),
    "second_factor.codes_renewed": _("Made new recovery codes"),
    "audit.exported": _("Exported the audit trail"),
    "audit.checked": _("Checked the audit trail"),
}


def register() -> None:
    """Register everything; called once, in `AppConfig.ready()`."""
    navigation.register(
        group="stores",
        label=_("Stores and tills"),
        url_name="stores:store-list",
        icon="building-store",
        roles={*_RUN_A_STORE, Role.ANALYST},
        order=10,
        keywords=_("shop till"),
    )
    navigation.register(
        group="stores",
        label=_("Devices"),
        url_name="stores:device-list",
        icon="device-tablet",
        roles=_RUN_A_STORE,
        order=20,
        keywords=_("tablet till enrol"),
    )
    navigation.register(
        group="stores",
        label=_("Staff"),
        url_name="stores:staff-list",
        icon="id-badge-2",
        roles=_RUN_A_STORE,
        order=30,
        keywords=_("people account role PIN"),
    )
    navigation.register(
        group="settings",
        label=_("API keys"),
        url_name="stores:key-list",
        icon="key",
        roles={Role.OWNER},
        order=60,
        keywords=_("integration system"),
    )
    navigation.register(
        group="settings",
        label=_("Audit trail"),
        url_name="stores:audit-list",
        icon="shield-check",
        roles={Role.OWNER, Role.DATA_PROTECTION_OFFICER},
        order=70,
        keywords=_("log who did what"),
    )
    search.register_action(
        label=_("Invite a person"),
        url_name="stores:staff-invite",
        icon="user-plus",
        roles=_RUN_A_STORE,
        keywords=_("staff account new"),
    )
    search.register_action(
        label=_("Enrol a device"),
        url_name="stores:device-add",
        icon="device-tablet",
        roles=_RUN_A_STORE,
        keywords=_("tablet till new"),
    )
    for action, label in _ACTIONS.items():
        audit.register_action(action, label)
    sign_in.connect()
