"""The smallest valid programme, shops, staff, devices and keys."""

from datetime import UTC, datetime, timedelta

import factory
from factory.django import DjangoModelFactory

from stores import credentials
from stores.models import ApiKey, Programme, RoleGrant, Staff, Store, Till, TillDevice
from stores.roles import STORE_ROLES, Role, Scope

# Passes the validators and no list of common passwords.
PASSWORD = "ljungen blommar i augusti"


class ProgrammeFactory(DjangoModelFactory):
    class Meta:
        model = Programme

    name = "Ljung & Dal"
    company_name = "Ljung & Dal AB"
    sms_countries = ["SE", "DK"]


class StoreFactory(DjangoModelFactory):
    class Meta:
        model = Store

    programme = factory.SubFactory(ProgrammeFactory)
    code = factory.Sequence(lambda n: f"{n + 101}")
    name = factory.Sequence(lambda n: f"Butik {n + 1}")
    city = "Uppsala"


class TillFactory(DjangoModelFactory):
    class Meta:
        model = Till

    store = factory.SubFactory(StoreFactory)
    code = factory.Sequence(lambda n: f"{n + 1}")
    name = factory.Sequence(lambda n: f"Kassa {n + 1}")


class StaffFactory(DjangoModelFactory):
    """A member of staff who signs in with PASSWORD, without a second factor.

    `role` grants a role; one that belongs to a store needs `store`, or makes one.
    """

    class Meta:
        model = Staff
        skip_postgeneration_save = True

    programme = factory.SubFactory(ProgrammeFactory)
    email = factory.Sequence(lambda n: f"staff{n}@example.com")
    name = factory.Sequence(lambda n: f"Anna Ek {n}")
    is_demo = True

    @classmethod
    def _create(
        cls, model_class, *args, role=None, store=None, password=PASSWORD, **kw
    ):
        if store is not None:
            kw["programme"] = store.programme
        staff = model_class.objects.create_user(password=password, **kw)
        if role is not None:
            grant(staff, role, store)
        return staff


class DeviceFactory(DjangoModelFactory):
    """An enrolled till device; `device.plain_key` is what the device keeps."""

    class Meta:
        model = TillDevice

    store = factory.SubFactory(StoreFactory)
    name = factory.Sequence(lambda n: f"Surfplatta {n + 1}")
    enrolled_at = factory.LazyFunction(lambda: datetime.now(UTC))

    @classmethod
    def _create(cls, model_class, *args, plain_key=None, **kw):
        key = plain_key or credentials.new_device_key()
        device = model_class.objects.create(key_hash=credentials.digest(key), **kw)
        device.plain_key = key
        return device


class ApiKeyFactory(DjangoModelFactory):
    """A key that may do everything everywhere; `key.plain` goes into the header."""

    class Meta:
        model = ApiKey
        skip_postgeneration_save = True

    programme = factory.SubFactory(ProgrammeFactory)
    name = factory.Sequence(lambda n: f"Kassasystem {n + 1}")
    scopes = factory.LazyFunction(lambda: [scope.value for scope in Scope])
    created_at = factory.LazyFunction(lambda: datetime.now(UTC))
    expires_at = factory.LazyFunction(lambda: datetime.now(UTC) + timedelta(days=365))

    @classmethod
    def _create(cls, model_class, *args, stores=(), **kw):
        new = credentials.new_api_key()
        key = model_class.objects.create(
            prefix=new.prefix, secret_hash=new.secret_hash, **kw
        )
        key.stores.set(stores)
        key.plain = new.plain
        return key


def grant(staff, role, store=None):
    """Give a person a role, in a store when the role belongs to one."""
    if role in STORE_ROLES and store is None:
        store = StoreFactory(programme=staff.programme)
    return RoleGrant.objects.create(
        staff=staff,
        role=Role(role),
        store=store if role in STORE_ROLES else None,
        granted_at=datetime.now(UTC),
    )
