"""The programme, its shops and tills, the people who work there, and their keys."""

from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.ids import uuid7
from stores.roles import Role, Scope


class Programme(models.Model):
    """A customer club: one currency, one time zone, one set of terms.

    Holds no personal data.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=80)
    company_name = models.CharField(_("company"), max_length=120)
    currency = models.CharField(_("currency"), max_length=3, default="SEK")
    country = models.CharField(_("country"), max_length=2, default="SE")
    time_zone = models.CharField(
        _("time zone"), max_length=40, default="Europe/Stockholm"
    )
    language = models.CharField(_("language"), max_length=2, default="sv")
    # Countries whose mobile numbers get SMS (SMS pumping: an allow-list, not a map).
    sms_countries = ArrayField(
        models.CharField(max_length=2), default=list, verbose_name=_("SMS countries")
    )
    sms_sender = models.CharField(_("SMS sender"), max_length=11, default="Klubben")
    email_sender = models.EmailField(_("e-mail sender"), blank=True)
    brand_color = models.CharField(_("brand colour"), max_length=7, default="#1d4a44")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(currency__regex=r"^[A-Z]{3}$"),
                name="programme_currency_is_iso",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """Return the programme's time zone; its days are the club's days."""
        return ZoneInfo(self.time_zone)


class Store(models.Model):
    """A shop, a web shop, or any place that sells. Holds no personal data."""

    class Kind(models.TextChoices):
        SHOP = "SHOP", _("Shop")
        WEB = "WEB", _("Web shop")

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="stores"
    )
    code = models.CharField(
        _("code"),
        max_length=40,
        help_text=_("The number or short name the till system uses for the store."),
    )
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(
        _("kind"), max_length=8, choices=Kind.choices, default=Kind.SHOP
    )
    city = models.CharField(_("city"), max_length=60, blank=True)
    is_active = models.BooleanField(_("open"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "code"], name="store_code_once_per_programme"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Till(models.Model):
    """A till point in a store, as receipts name it. Holds no personal data."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="tills")
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store", "code"], name="till_code_once_per_store"
            )
        ]

    def __str__(self) -> str:
        return self.name


class StaffManager(BaseUserManager["Staff"]):
    """Makes staff accounts with a hashed password."""

    def create_user(
        self, email: str, password: str | None = None, **fields: object
    ) -> "Staff":
        """Create a staff account; without a password nobody can sign in to it."""
        staff = self.model(email=self.normalize_email(email).lower(), **fields)
        staff.set_password(password)
        staff.save(using=self._db)
        return staff

    def get_by_natural_key(self, username: str | None) -> "Staff":
        """Return the account with an e-mail address, whatever its case."""
        return self.get(email=(username or "").lower())


class Staff(AbstractBaseUser):
    """A person who works in the club. Personal data: name and e-mail of an employee."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="staff", null=True
    )
    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    # Identifies a person on a till device; hashed like a password, never alone enough.
    pin_hash = models.CharField(max_length=160, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[StaffManager] = StaffManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        """Return the name as people say it."""
        return self.name

    def get_short_name(self) -> str:
        """Return the first name."""
        return self.name.split(" ", 1)[0]


class RoleGrant(models.Model):
    """A role a person holds: in one store, or (without store) in the whole chain."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(max_length=24, choices=Role.choices)
    store = models.ForeignKey(
        Store, on_delete=models.CASCADE, related_name="role_grants", null=True
    )
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "role", "store"],
                name="rolegrant_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=(
                    models.Q(
                        role__in=["STORE_MANAGER", "STORE_STAFF"],
                        store__isnull=False,
                    )
                    | (
                        ~models.Q(role__in=["STORE_MANAGER", "STORE_STAFF"])
                        & models.Q(store__isnull=True)
                    )
                ),
                name="rolegrant_store_roles_name_a_store",
            ),
        ]

    def __str__(self) -> str:
        return self.role


class TillDevice(models.Model):
    """A tablet or till browser that was enrolled in a store. No personal data."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="devices")
    till = models.ForeignKey(
        Till, on_delete=models.SET_NULL, related_name="devices", null=True, blank=True
    )
    name = models.CharField(_("name"), max_length=60)
    # ENROLMENT: a code that a manager reads out, good once and for fifteen minutes.
    code_hash = models.BinaryField(max_length=32, null=True, unique=True)
    code_expires_at = models.DateTimeField(null=True)
    # The device's own secret, set when the code is used.
    key_hash = models.BinaryField(max_length=32, null=True, unique=True)
    enrolled_at = models.DateTimeField(null=True)
    enrolled_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    last_seen_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A key by which another system calls us: hashed, scoped, for some stores.

    The secret has 256 bits, so that a plain SHA-256 suffices (ASVS 5.0 6.5.2). Two
    keys can live side by side: that is how one is rotated. No personal data.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="api_keys"
    )
    name = models.CharField(_("name"), max_length=60)
    prefix = models.CharField(max_length=24, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope.choices))
    # Empty: every store of the programme.
    stores = models.ManyToManyField(Store, related_name="api_keys", blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    expires_at = models.DateTimeField()
    last_used_on = models.DateField(null=True)
    revoked_at = models.DateTimeField(null=True)
    replaces = models.ForeignKey(
        "self", on_delete=models.SET_NULL, related_name="replaced_by", null=True
    )

    def __str__(self) -> str:
        return self.name


class AuditLane(models.Model):
    """The end of one chain of audit entries: how many there are, and the last hash.

    Many chains and not one, since a writer holds its chain's row until it commits:
    five thousand shops must not wait in one line. The count is kept here so that the
    removal of the newest entries shows too. No personal data.
    """

    lane = models.PositiveSmallIntegerField(primary_key=True)
    entries = models.BigIntegerField()
    last_hash = models.BinaryField(max_length=32)
    # How many of the oldest have been let go, and the hash of the last of them: the
    # chain that is left begins there.
    let_go = models.BigIntegerField(default=0, db_default=0)
    let_go_hash = models.BinaryField(max_length=32, default=b"", db_default=b"")

    def __str__(self) -> str:
        return f"{self.lane}: {self.entries}"


class AuditEntry(models.Model):
    """Something a person did: who, what, about which member, why.

    Append-only (a trigger refuses UPDATE, and DELETE but of what its lane has let go);
    each entry's hash covers the entry and the hash before it, so that a removed or
    changed row shows. Names the
    member by public id only, and staff, stores and devices likewise.
    """

    class Actor(models.TextChoices):
        STAFF = "STAFF", _("Staff")
        DEVICE = "DEVICE", _("Till device")
        API_KEY = "API_KEY", _("API key")
        SYSTEM = "SYSTEM", _("System")

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", null=True
    )
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=8, choices=Actor.choices)
    actor_id = models.UUIDField(null=True)
    action = models.CharField(max_length=64)
    member_id = models.UUIDField(null=True)
    subject = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    data = models.JSONField(default=dict)
    # THE CHAIN, filled by a trigger: which of the chains, the place in it, the hashes.
    lane = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32, unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lane", "number"], name="auditentry_number_once_per_lane"
            )
        ]
        indexes = [
            models.Index(fields=["programme", "-at"], name="auditentry_programme_at"),
            models.Index(fields=["member_id", "-at"], name="auditentry_member_at"),
            models.Index(fields=["actor_id", "-at"], name="auditentry_actor_at"),
        ]

    def __str__(self) -> str:
        return self.action
