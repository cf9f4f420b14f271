"""Staff accounts: invited, given roles, let go."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction

from stores import audit
from stores.access import grantable_roles, managed_stores_of
from stores.models import Programme, RoleGrant, Staff, Store
from stores.roles import STORE_ROLES, Role


class EmailTaken(Exception):
    """Raised when an account with the e-mail address exists."""


class LastOwner(Exception):
    """Raised when a change would leave the club without an active owner."""


class NotYours(Exception):
    """Raised when somebody gives or takes roles beyond their own reach."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, and the store it is held in (None for the whole chain)."""

    role: Role
    store: Store | None = None


@transaction.atomic
def invite_staff(
    *,
    programme: Programme,
    email: str,
    name: str,
    grants: Iterable[Grant],
    actor: Staff,
    now: datetime,
) -> Staff:
    """Create an account without a password; its owner sets one by the link.

    Raises:
        EmailTaken: somebody has an account with this address.
        NotYours: the actor may not give one of the roles.
    """
    wanted = _checked(grants, actor)
    try:
        with transaction.atomic():
            staff = Staff.objects.create_user(
                email=email.strip(), name=name.strip(), programme=programme
            )
    except IntegrityError as error:
        raise EmailTaken from error
    _replace_grants(staff, wanted, actor, now)
    audit.record(
        programme=programme,
        actor=actor,
        action="staff.invited",
        now=now,
        subject=_subject(staff),
        data={"roles": _written(wanted)},
    )
    return staff


@transaction.atomic
def update_staff(
    *, staff: Staff, name: str, grants: Iterable[Grant], actor: Staff, now: datetime
) -> Staff:
    """Change a person's name and roles.

    Raises:
        NotYours: the person, or one of the roles, is beyond the actor's reach.
        LastOwner: nobody would be left who may do everything.
    """
    wanted = _checked(grants, actor)
    staff = _locked(staff)
    before = _current(staff)
    if not may_change(actor, before):
        raise NotYours
    if Grant(Role.OWNER) in before and Grant(Role.OWNER) not in wanted:
        _check_other_owner(staff)
    name = name.strip()
    fields = ["name"] if name != staff.name else []
    if fields:
        staff.name = name
        staff.save(update_fields=fields)
    if set(wanted) != set(before):
        _replace_grants(staff, wanted, actor, now)
        fields.append("roles")
    if fields:
        audit.record(
            programme=staff.programme,
            actor=actor,
            action="staff.changed",
            now=now,
            subject=_subject(staff),
            data={
                "fields": fields,
                "roles_before": _written(before),
                "roles": _written(wanted),
            },
        )
    return staff


@transaction.atomic
def deactivate_staff(*, staff: Staff, actor: Staff, now: datetime) -> Staff:
    """Close an account: its sessions, links and PIN end at once.

    Raises:
        NotYours: the person is beyond the actor's reach.
        LastOwner: nobody would be left who may do everything.
    """
    staff = _locked(staff)
    grants = _current(staff)
    if not may_change(actor, grants):
        raise NotYours
    if Grant(Role.OWNER) in grants:
        _check_other_owner(staff)
    staff.is_active = False
    staff.pin_hash = ""
    # Sessions hold a hash of the password: without one they are over, and stay over
    # if the account is opened again.
    staff.set_unusable_password()
    staff.save(update_fields=["is_active", "pin_hash", "password"])
    _record(staff, actor, "staff.deactivated", now)
    return staff


@transaction.atomic
def reactivate_staff(*, staff: Staff, actor: Staff, now: datetime) -> Staff:
    """Open a closed account again; a new link is needed to set a password.

    Raises:
        NotYours: the person is beyond the actor's reach.
    """
    staff = _locked(staff)
    if not may_change(actor, _current(staff)):
        raise NotYours
    staff.is_active = True
    staff.save(update_fields=["is_active"])
    _record(staff, actor, "staff.reactivated", now)
    return staff


@transaction.atomic
def renew_invitation(*, staff: Staff, actor: Staff, now: datetime) -> Staff:
    """Let a person set a new password: the old one and earlier links are dead.

    Raises:
        NotYours: the person is beyond the actor's reach.
    """
    staff = _locked(staff)
    if not may_change(actor, _current(staff)):
        raise NotYours
    staff.set_unusable_password()
    staff.save(update_fields=["password"])
    _record(staff, actor, "staff.invitation_renewed", now)
    return staff


@transaction.atomic
def accept_invitation(*, staff: Staff, password: str, now: datetime) -> Staff:
    """Set the password that a link was for; the link is dead from then on."""
    staff = _locked(staff)
    staff.set_password(password)
    staff.save(update_fields=["password"])
    _record(staff, staff, "staff.password_set", now)
    return staff


@transaction.atomic
def reset_second_factor(*, staff: Staff, actor: Staff, now: datetime) -> Staff:
    """Take away a lost second factor; the person sets up a new one at sign-in.

    Raises:
        NotYours: the person is beyond the actor's reach.
    """
    staff = _locked(staff)
    if not may_change(actor, _current(staff)):
        raise NotYours
    Authenticator.objects.filter(user=staff).delete()
    _record(staff, actor, "staff.second_factor_reset", now)
    return staff


def may_change(actor: Staff, grants: Iterable[Grant]) -> bool:
    """Tell whether somebody may change a person who holds these roles.

    A store manager may change store staff of their own stores, and nobody who is
    also something else or works elsewhere too.
    """
    managed = managed_stores_of(actor)
    if managed is None:
        return True
    held = list(grants)
    return bool(held) and all(
        grant.role is Role.STORE_STAFF
        and grant.store is not None
        and grant.store.pk in managed
        for grant in held
    )


def _checked(grants: Iterable[Grant], actor: Staff) -> list[Grant]:
    wanted = list(dict.fromkeys(grants))
    allowed, managed = grantable_roles(actor), managed_stores_of(actor)
    for grant in wanted:
        if grant.role not in allowed or (grant.role in STORE_ROLES) != (
            grant.store is not None
        ):
            raise NotYours
        if managed is not None and (
            grant.store is None or grant.store.pk not in managed
        ):
            raise NotYours
        if grant.store and grant.store.programme_id != actor.programme_id:
            raise NotYours
    return wanted


def _locked(staff: Staff) -> Staff:
    return Staff.objects.select_for_update().get(pk=staff.pk)


def _current(staff: Staff) -> list[Grant]:
    grants = staff.roles.select_related("store").order_by("role", "store_id")
    return [Grant(Role(grant.role), grant.store) for grant in grants]


def _check_other_owner(staff: Staff) -> None:
    # The owners' grants are locked, so that two owners cannot let each other go.
    owners = RoleGrant.objects.select_for_update().filter(
        role=Role.OWNER, staff__programme=staff.programme, staff__is_active=True
    )
    if not [grant for grant in owners if grant.staff_id != staff.pk]:
        raise LastOwner


def _replace_grants(
    staff: Staff, wanted: list[Grant], actor: Staff, now: datetime
) -> None:
    staff.roles.all().delete()
    RoleGrant.objects.bulk_create(
        RoleGrant(
            staff=staff,
            role=grant.role,
            store=grant.store,
            granted_at=now,
            granted_by=actor,
        )
        for grant in wanted
    )


def _written(grants: Iterable[Grant]) -> list[str]:
    return [
        f"{grant.role}@{grant.store.public_id}" if grant.store else str(grant.role)
        for grant in grants
    ]


def _record(staff: Staff, actor: Staff, action: str, now: datetime) -> None:
    audit.record(
        programme=staff.programme,
        actor=actor,
        action=action,
        now=now,
        subject=_subject(staff),
    )


def _subject(staff: Staff) -> str:
    return f"staff:{staff.public_id}"
