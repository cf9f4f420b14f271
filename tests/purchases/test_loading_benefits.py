"""Loading in sets does what recording one by one does, whatever a programme gives."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from offers.models import MemberCard, Stamp, Voucher, VoucherEvent
from points import proof, reading
from points.models import Account, Activity, EarningRule
from points.terms import (
    ExpiryKind,
    Goods,
    Ladder,
    Money,
    Multiplier,
    ReturnPolicy,
    Rounding,
    Stacking,
    Terms,
    Tier,
    VoucherMode,
    Vouchers,
    VoucherStep,
    When,
)
from purchases.loading import services as loader
from purchases.loading.services import load_receipts
from purchases.models import Receipt, ReceiptLine
from purchases.rules import Club, ContactIn, ContactKind
from tests.factories.members import MemberFactory
from tests.factories.offers import goods, stamp_card
from tests.factories.stores import StaffFactory, StoreFactory
from tests.purchases.test_loader import (
    NOW,
    answers,
    everything,
    mixture,
    record_all,
    undone,
)

pytestmark = pytest.mark.django_db
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What lapses names the first lot.
LOT = re.compile(r"(?<=^expire:)\d+")
NAMES = {"sv": "Guld", "da": "Guld", "en": "Gold"}
OLD = datetime(2025, 1, 1, tzinfo=UTC)
CHANGED = datetime(2026, 6, 1, tzinfo=UTC)
LADDER = Ladder(
    tiers=(Tier("base", NAMES, Decimal(0)), Tier("gold", NAMES, Decimal(10**7)))
)
SHOES = Multiplier("shoes", Decimal("1.5"), When(goods=Goods(groups=("skor",))))
CLOTHES = Multiplier("clothes", Decimal(2), When(goods=Goods(categories=("Plagg",))))
WEB = Multiplier('web \\ "2"', Decimal(3), When(channels=("WEB",), weekdays=(1, 2)))
GIVING = {
    "multipliers": Terms(
        stacking=Stacking.MULTIPLY,
        rounding=Rounding.NEAREST,
        multipliers=(SHOES, CLOTHES, WEB),
        currencies={"DKK": Money(Decimal("1.5"), Decimal("0.07"))},
    ),
    "waiting points": Terms(
        pending_days=90, expiry=ExpiryKind.FIXED, returns=ReturnPolicy.PENDING
    ),
    "tiers": Terms(ladder=LADDER, returns=ReturnPolicy.BALANCE),
    "what hangs on the member": Terms(
        multipliers=(
            Multiplier("first", Decimal(2), When(first_purchase=True)),
            Multiplier("base", Decimal(2), When(tiers=("base",))),
        ),
        ladder=LADDER,
    ),
    "idle points": Terms(expiry=ExpiryKind.INACTIVITY),
    "vouchers": Terms(
        vouchers=Vouchers(
            VoucherMode.AUTOMATIC, (VoucherStep(300, Decimal(30)),), valid_days=90
        )
    ),
    "vouchers of many sizes": Terms(
        pending_days=7,
        vouchers=Vouchers(
            VoucherMode.AUTOMATIC,
            (
                VoucherStep(90, Decimal("9.5")),
                VoucherStep(1000, Decimal(150), needs_purchase=False),
            ),
            grace_days=0,
        ),
    ),
    "vouchers of points that lapse": Terms(
        expiry=ExpiryKind.FIXED,
        expiry_years=0,
        expiry_day=(8, 31),
        vouchers=Vouchers(VoucherMode.AUTOMATIC, (VoucherStep(300, Decimal(30)),)),
    ),
}


@pytest.fixture
def stores(programme):
    return [
        StoreFactory(programme=programme, code=code, kind=kind)
        for code, kind in (("1", "SHOP"), ("2", "WEB"))
    ]


@pytest.fixture
def people(programme):
    members = MemberFactory.create_batch(4, programme=programme)
    blocked = MemberFactory(programme=programme, blocked=True)
    contacts = [
        ContactIn(ContactKind.PHONE, member.phone) for member in [*members, blocked]
    ]
    return [*contacts, None]


def publish(programme, terms):
    for version, starts_at, said in ((1, OLD, Terms()), (2, CHANGED, terms)):
        EarningRule.objects.create(
            programme=programme,
            version=version,
            status=EarningRule.Status.PUBLISHED,
            starts_at=starts_at,
            points_per_unit=Decimal(1),
            expires_after_months=24,
            point_value=Decimal("0.1"),
            reward_points=500,
            terms=reading.dump(said),
        )


def benefits():
    """Return what receipts did beside points, without the ids that always differ."""
    return {
        "days": list(
            Activity.objects.exclude(spend=0, visits=0, points=0)
            .order_by("member", "on")
            .values_list("member", "on", "spend", "visits", "points")
        ),
        "vouchers": told(Voucher, "code", "caused_by", "entry_id", "used_receipt"),
        "log": told(VoucherEvent, "voucher_id", "receipt"),
        "stamps": told(Stamp, "receipt", "purchase"),
        "cards": told(MemberCard),
        "accounts": list(
            Account.objects.order_by("member").values_list(
                "member", "balance", "pending", "owed"
            )
        ),
    }


def told(model, *without):
    """Return all rows, without the ids of the run."""
    names = {field.attname for field in model._meta.concrete_fields}
    rows = model.objects.values(*sorted(names - {"id", "public_id", *without}))
    return sorted(rows, key=repr)


def differing(found, expected):
    """Return in which fields rows differ: less to read than the rows."""
    if len(found) != len(expected):
        return [(len(found), len(expected))]
    return [
        {key: (one[key], other[key]) for key in one if one[key] != other[key]}
        if isinstance(one, dict)
        else (one, other)
        for one, other in zip(found, expected, strict=True)
        if one != other
    ]


class TestLoadReceipts:
    @pytest.mark.parametrize("size", [7, 1500])
    @pytest.mark.parametrize("gives", list(GIVING))
    def test_does_what_recording_one_by_one_does(
        self, monkeypatch, programme, stores, people, gives, size
    ):
        monkeypatch.setattr(loader, "BATCH", size)
        publish(programme, GIVING[gives])
        programme.products.create(sku="4711", name="x", category="plagg")
        if "vouchers" in gives:
            stamp_card(
                programme, StaffFactory(programme=programme), now=OLD,
                goods=goods(groups=["Skor"]), needed=2,
            )  # fmt: skip
        club = Club(programme.pk, "SEK", "SE", programme.zone)
        sent = [
            replace(each, currency="DKK") if number % 9 == 0 else each
            for number, each in enumerate(mixture(people, 5, count=60))
        ]

        with undone():
            refused = record_all(club, sent)
            expected = everything(), answers(), benefits()
        with undone():
            loaded = load_receipts(programme=programme, receipts=sent, now=NOW)
            found = everything(), answers(), benefits()
            self.is_what_it_is_for(gives)
            assert not proof.check().differences

        for each in (found[0], expected[0]):
            each["order"] = [
                [(LOT.sub("", UUID.sub("", key)), left) for key, left in rows]
                for rows in each["order"]
            ]
            # What is posted about vouchers names them by ids of the run.
            for row in each["entries"]:
                row["key"] = LOT.sub("", UUID.sub("", row["key"]))
        for name, rows in expected[0].items():
            assert differing(found[0][name], rows) == [], name
        assert found[1:] == expected[1:]
        assert sorted(loaded.refused) == sorted(refused)

    def is_what_it_is_for(self, gives):
        lines = ReceiptLine.objects.all()
        if gives == "multipliers":
            keys = {key for line in lines for key in line.multipliers}
            assert keys == {"shoes", "clothes", WEB.key}
            assert Receipt.objects.filter(currency="DKK", points__gt=0).exists()
        elif gives == "waiting points":
            assert Account.objects.filter(pending__gt=0).exists()
        elif gives == "tiers":
            assert Receipt.objects.filter(tier="base").exists()
            assert Activity.objects.filter(visits__gt=0).exists()
        elif gives == "what hangs on the member":
            assert lines.filter(multipliers__contains=["base"]).exists()
        elif "vouchers" in gives:
            assert Voucher.objects.filter(kind="MONEY").exists()
            assert Stamp.objects.exists()
