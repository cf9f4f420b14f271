"""The demo club's programme, rule, shops and people, and what it remembers of loads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from common.copying import copy_rows, escaped
from common.periods import local_day, start_of_day
from consent import texts
from loyalty.demo import benefits, goods
from members import events
from messaging import notices
from points import reading
from points.models import EarningRule
from points.terms import Terms
from purchases.models import Product
from purchases.services import claiming
from stores import audit
from stores.models import AuditEntry, Programme, RoleGrant, Staff, Store, Till
from stores.roles import STORE_ROLES, Role
from stores.services import set_pin

# All demo accounts have it: `--sign-ins` prints it, and production has no demo.
PASSWORD = "stamkund-demo-2026"  # noqa: S105
PIN = "7294"
STARTED = "demo.started"
LOADED = "demo.loaded"
# The club is older than the oldest purchase, so that members can have joined before.
HISTORY = timedelta(days=4 * 365)

POINTS_PER_KRONA = Decimal("1.0000")
POINT_VALUE = Decimal("0.1000")
REWARD_POINTS = 500
EXPIRES_AFTER_MONTHS = 24


@dataclass(frozen=True, slots=True)
class Look:
    """What tells one demo club from the other."""

    size: str
    name: str
    company: str
    sender: str
    mail: str
    color: str
    excluded_groups: tuple[str, ...]
    # Without it the programme gives points alone.
    gives: bool = True


GENERATED = Look(
    "small", "Fjäll & Form", "Fjäll & Form Handel AB", "FjallForm",
    "klubben@fjall-form.example", "#1d4a44", (),
)  # fmt: skip
GROCER = Look(
    "journey", "Rågårda", "Rågårda Livs AB", "Ragarda",
    "klubben@ragarda.example", "#1d4a44", goods.EXCLUDED_GROUPS,
)  # fmt: skip
LOOKS = {look.size: look for look in (GENERATED, GROCER)}


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop of the demo club and how many tills it has."""

    code: str
    name: str
    city: str
    tills: int
    is_web: bool = False


# Olga, Mia and Carl are the people that docs and tests talk about.
PEOPLE = (
    ("olga@example.com", "Olga Berg", Role.OWNER),
    ("mia@example.com", "Mia Lind", Role.MARKETER),
    ("otto@example.com", "Otto Dahl", Role.STORE_MANAGER),
    ("carl@example.com", "Carl Ek", Role.STORE_STAFF),
    ("klara@example.com", "Klara Nyström", Role.CUSTOMER_SERVICE),
    ("dag@example.com", "Dag Åström", Role.DATA_PROTECTION_OFFICER),
    ("anja@example.com", "Anja Holst", Role.ANALYST),
)


class AnotherClub(Exception):
    """Raised when the database holds a club that this demo may not be mixed into."""


def find() -> Programme | None:
    """Return the demo's programme, or None."""
    entry = (
        AuditEntry.objects.filter(action=STARTED, programme__isnull=False)
        .select_related("programme")
        .order_by("at", "pk")
        .first()
    )
    return entry.programme if entry else None


def benefits_of(programme: Programme) -> benefits.Benefits:
    """Return what sets this demo club's benefits apart."""
    look = next(look for look in LOOKS.values() if look.name == programme.name)
    return benefits.BY_SIZE[look.size]


def unfinished_size(programme: Programme) -> str | None:
    """Return the size of the latest load if it was broken off, else None."""
    latest = _entries(programme).last()
    if latest is None or latest.action != STARTED:
        return None
    return str(latest.data["size"])


def _entries(programme: Programme) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(
        programme=programme, action__in=[STARTED, LOADED]
    ).order_by("at", "pk")


def begin(*, look: Look, size: str, now: datetime) -> Programme:
    """Return the demo's programme, made at the first load, and note that one began.

    Raises:
        AnotherClub: the database holds another club.
    """
    with transaction.atomic():
        found = find()
        if found is None:
            if Programme.objects.exists():
                raise AnotherClub
            programme = _create(look, now)
        elif found.name != look.name:
            raise AnotherClub
        else:
            programme = found
        audit.record(
            programme=programme,
            actor=None,
            action=STARTED,
            now=now,
            data={"size": size},
        )
    return programme


def finish(
    *, programme: Programme, size: str, counts: Mapping[str, Any], now: datetime
) -> None:
    """Note that a load is complete, and let those who follow events start after it."""
    for consumer in (notices.CONSUMER, claiming.CONSUMER):
        events.skip_to_end(consumer, now=now)
    audit.record(
        programme=programme,
        actor=None,
        action=LOADED,
        now=now,
        data={"size": size, **counts},
    )


def last_day(programme: Programme) -> date:
    """Return the day the demo's purchases end on: the day before it was first loaded.

    Read back, so that a load on another day finds the same receipts.
    """
    first = _entries(programme).first()
    began = first.at if first else programme.created_at
    return local_day(began, programme.zone) - timedelta(days=1)


def set_up(
    *,
    programme: Programme,
    shops: Iterable[Shop],
    articles: Iterable[goods.Label],
    now: datetime,
) -> None:
    """Open the shops, put the articles on the shelves, and let the people in."""
    with transaction.atomic():
        _open(programme, list(shops))
        _put_on_shelves(programme, articles)
        _let_in(programme, now)


def _create(look: Look, now: datetime) -> Programme:
    programme = Programme.objects.create(
        name=look.name,
        company_name=look.company,
        sms_countries=["SE", "DK", "NO", "FI"],
        sms_sender=look.sender,
        email_sender=look.mail,
        brand_color=look.color,
    )
    since = start_of_day(local_day(now - HISTORY, programme.zone), programme.zone)
    texts.publish_defaults(programme, since)
    EarningRule.objects.create(
        programme=programme,
        version=1,
        status=EarningRule.Status.PUBLISHED,
        starts_at=since,
        points_per_unit=POINTS_PER_KRONA,
        excluded_groups=list(look.excluded_groups),
        expires_after_months=EXPIRES_AFTER_MONTHS,
        point_value=POINT_VALUE,
        reward_points=REWARD_POINTS,
        terms=reading.dump(
            benefits.terms_of(benefits.BY_SIZE[look.size]) if look.gives else Terms()
        ),
        published_at=since,
    )
    return programme


def _open(programme: Programme, shops: list[Shop]) -> None:
    known = set(programme.stores.values_list("code", flat=True))
    stores = Store.objects.bulk_create(
        [
            Store(
                programme=programme,
                code=shop.code,
                name=shop.name,
                city=shop.city,
                kind=Store.Kind.WEB if shop.is_web else Store.Kind.SHOP,
            )
            for shop in shops
            if shop.code not in known
        ]
    )
    tills = {shop.code: shop.tills for shop in shops}
    Till.objects.bulk_create(
        Till(store=store, code=str(number), name=f"Kassa {number}")
        for store in stores
        for number in range(1, tills[store.code] + 1)
    )


def _put_on_shelves(programme: Programme, articles: Iterable[goods.Label]) -> None:
    known = set(programme.products.values_list("sku", flat=True))
    copy_rows(
        Product._meta.db_table,
        ["programme_id", "sku", "name", "article_group", "category", "brand"],
        (
            "\t".join(
                map(
                    escaped,
                    (
                        str(programme.pk),
                        article.sku,
                        article.name,
                        article.group,
                        article.category,
                        article.brand,
                    ),
                )
            )
            + "\n"
            for article in articles
            if article.sku not in known
        ),
    )


def _let_in(programme: Programme, now: datetime) -> None:
    shop = programme.stores.filter(kind=Store.Kind.SHOP).order_by("pk").first()
    owner: Staff | None = None
    for email, name, role in PEOPLE:
        if Staff.objects.filter(email=email).exists():
            continue
        staff = Staff.objects.create_user(
            email, PASSWORD, name=name, programme=programme, is_demo=True
        )
        RoleGrant.objects.create(
            staff=staff,
            role=role,
            store=shop if role in STORE_ROLES else None,
            granted_at=now,
        )
        owner = owner or staff
        if role in STORE_ROLES:
            set_pin(staff=staff, pin=PIN, actor=owner, now=now)
