"""What can be done to stores, tills, devices, staff and keys, one verb each."""

from stores.services.devices import (
    DeviceCodeRefused,
    add_device,
    mark_seen,
    redeem_device_code,
    renew_device_code,
    revoke_device,
)
from stores.services.keys import (
    KeyLivesTooLong,
    KeyNotUsable,
    issue_key,
    revoke_key,
    rotate_key,
)
from stores.services.pins import PinNotUsable, check_pin, clear_pin, set_pin
from stores.services.places import (
    CodeTaken,
    add_store,
    add_till,
    update_store,
    update_till,
)
from stores.services.staff import (
    EmailTaken,
    Grant,
    LastOwner,
    NotYours,
    accept_invitation,
    deactivate_staff,
    invite_staff,
    reactivate_staff,
    renew_invitation,
    reset_second_factor,
    update_staff,
)

__all__ = [
    "CodeTaken",
    "DeviceCodeRefused",
    "EmailTaken",
    "Grant",
    "KeyLivesTooLong",
    "KeyNotUsable",
    "LastOwner",
    "NotYours",
    "PinNotUsable",
    "accept_invitation",
    "add_device",
    "add_store",
    "add_till",
    "check_pin",
    "clear_pin",
    "deactivate_staff",
    "invite_staff",
    "issue_key",
    "mark_seen",
    "reactivate_staff",
    "redeem_device_code",
    "renew_device_code",
    "renew_invitation",
    "reset_second_factor",
    "revoke_device",
    "revoke_key",
    "rotate_key",
    "set_pin",
    "update_staff",
    "update_store",
    "update_till",
]
