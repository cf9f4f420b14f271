"""What somebody needs to look around in the demo club, as lines of text."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from loyalty.demo.phones import fictional_number
from loyalty.demo.programme import PASSWORD, PEOPLE, PIN
from members import phones
from members.models import Member
from stores.credentials import spaced
from stores.models import ApiKey, Programme, Staff, Store, TillDevice
from stores.roles import STORE_ROLES, Role, Scope
from stores.services import (
    add_device,
    issue_key,
    renew_device_code,
    revoke_key,
)

DEVICE = "Demo"
KEY = "Demo"
KEY_LIFE = timedelta(days=365)


def lines(*, programme: Programme, now: datetime) -> Iterator[str]:
    """Yield the sign-ins, with a fresh code for a till tablet and a fresh API key."""
    with transaction.atomic():
        owner = Staff.objects.get(email=PEOPLE[0][0], programme=programme)
        code = _device_code(programme, owner, now)
        key = _api_key(programme, owner, now)
    yield f"Sign in to the desk (password for all: {PASSWORD})"
    for email, name, role in PEOPLE:
        yield f"  {email:<20}{name:<16}{Role(role).value.replace('_', ' ').lower()}"
    clerks = [name for _email, name, role in PEOPLE if role in STORE_ROLES]
    yield ""
    yield f"Till: enrol this browser with {spaced(code)} (good for 15 minutes)"
    yield f"  then PIN {PIN} for {' or '.join(clerks)}"
    member = Member.objects.filter(programme=programme, phone=fictional_number(0))
    for each in member:
        number = phones.display(each.phone, programme.country)
        yield ""
        yield f"Member's pages: {number} ({each.name}); the code arrives in the"
        yield "  simulator under Phone and e-mail"
    yield ""
    yield "API key (the one printed before is revoked):"
    yield f"  {key}"


def _device_code(programme: Programme, owner: Staff, now: datetime) -> str:
    shops = programme.stores.filter(kind=Store.Kind.SHOP)
    store = shops.order_by("pk")[:1].get()
    device = TillDevice.objects.filter(
        store=store, name=DEVICE, revoked_at__isnull=True
    ).first()
    if device is not None:
        return renew_device_code(device=device, actor=owner, now=now)
    return add_device(store=store, name=DEVICE, till=None, actor=owner, now=now)[1]


def _api_key(programme: Programme, owner: Staff, now: datetime) -> str:
    old = ApiKey.objects.filter(programme=programme, name=KEY, revoked_at__isnull=True)
    for key in old:
        revoke_key(key=key, actor=owner, now=now)
    _key, plain = issue_key(
        programme=programme,
        name=KEY,
        scopes=Scope.values,
        stores=[],
        expires_at=now + KEY_LIFE,
        actor=owner,
        now=now,
    )
    return plain
